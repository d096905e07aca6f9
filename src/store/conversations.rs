//! The table of conversations.

use super::columns::{Json, Word};
use crate::domain::conversation::{Begun, ConversationRecord, FreshWanted, Tab, Title};
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::{ConversationId, TurnNumber};
use crate::domain::turn::Usage;
use rusqlite::types::FromSqlError;
use rusqlite::{Connection, Row, named_params};

const COLUMNS: &str = "id, title_by, title, agent, model, folder, fresh_wanted, queue_held, tab_place, unread, created_at, active_at, draft,
    archived, begun, worktree, input_tokens, output_tokens, cost_micros";

pub fn save(connection: &Connection, record: &ConversationRecord) -> rusqlite::Result<()> {
    let (title_by, title) = match &record.title {
        Title::Unset => ("nobody", None),
        Title::FromPrompt(text) => ("first_message", Some(text)),
        Title::ByPerson(text) => ("person", Some(text)),
    };
    let tab_place = match record.tab {
        Tab::Open { place } => Some(place),
        Tab::Closed | Tab::Archived => None,
    };
    let begun = match &record.begun {
        Begun::New => None,
        other @ Begun::Forked(_) => Some(other),
    };
    connection
        .prepare_cached(
            "INSERT INTO conversations
                 (id, title_by, title, agent, model, folder, fresh_wanted, queue_held, tab_place, unread, created_at, active_at, draft,
                 archived, begun, worktree, input_tokens, output_tokens, cost_micros)
             VALUES (:id, :title_by, :title, :agent, :model, :folder, :fresh_wanted, :queue_held, :tab_place, :unread,
                 :created_at, :active_at, :draft, :archived, :begun, :worktree, :input_tokens, :output_tokens, :cost_micros)
             ON CONFLICT (id) DO UPDATE SET
                 title_by = :title_by, title = :title, agent = :agent, model = :model, folder = :folder,
                 fresh_wanted = :fresh_wanted, queue_held = :queue_held, tab_place = :tab_place, unread = :unread,
                 created_at = :created_at, active_at = :active_at, draft = :draft, archived = :archived, begun = :begun, worktree = :worktree,
                 input_tokens = :input_tokens, output_tokens = :output_tokens, cost_micros = :cost_micros",
        )?
        .execute(named_params! {
            ":id": record.id,
            ":title_by": title_by,
            ":title": title,
            ":agent": record.wanted.agent,
            ":model": record.wanted.model,
            ":folder": record.wanted.folder,
            ":fresh_wanted": number_of(record.fresh_wanted),
            ":queue_held": record.queue_held.map(Word),
            ":tab_place": tab_place,
            ":unread": record.unread.as_ref().map(Json),
            ":created_at": record.created_at,
            ":active_at": record.active_at,
            ":draft": record.draft,
            ":archived": record.tab == Tab::Archived,
            ":begun": begun.map(Json),
            ":worktree": record.worktree.as_ref().map(Json),
            ":input_tokens": integer(record.spent.input_tokens),
            ":output_tokens": integer(record.spent.output_tokens),
            ":cost_micros": record.spent.cost_micros.map(integer),
        })
        .map(drop)
}

/// Takes its sessions, turns, decisions and words along (cascades and triggers of the schema).
pub fn remove(connection: &Connection, id: ConversationId) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM conversations WHERE id = ?1")?.execute([id]).map(drop)
}

/// All, by id, each with the highest number that a turn of it ever had.
pub fn all(connection: &Connection) -> rusqlite::Result<Vec<(ConversationRecord, Option<TurnNumber>)>> {
    connection
        .prepare(&format!("SELECT {COLUMNS}, nullif(highest_turn, 0) AS highest_turn FROM conversations ORDER BY id"))?
        .query_map([], |row| Ok((read(row)?, row.get("highest_turn")?)))?
        .collect()
}

/// The first id that was never given.
pub fn next_id(connection: &Connection) -> rusqlite::Result<ConversationId> {
    let highest: i64 =
        connection.query_row("SELECT value FROM meta WHERE name = 'highest_conversation'", [], |row| row.get(0))?;
    Ok(ConversationId(highest.saturating_add(1)))
}

fn read(row: &Row) -> rusqlite::Result<ConversationRecord> {
    let title_by: String = row.get("title_by")?;
    let title = match title_by.as_str() {
        "nobody" => Title::Unset,
        "first_message" => Title::FromPrompt(row.get("title")?),
        "person" => Title::ByPerson(row.get("title")?),
        other => return Err(FromSqlError::Other(format!("`{other}` gave a title").into()).into()),
    };
    Ok(ConversationRecord {
        id: row.get("id")?,
        title,
        wanted: Fingerprint { agent: row.get("agent")?, model: row.get("model")?, folder: row.get("folder")? },
        fresh_wanted: fresh_wanted(row.get("fresh_wanted")?)?,
        queue_held: row.get::<_, Option<Word<_>>>("queue_held")?.map(|word| word.0),
        tab: match (row.get("tab_place")?, row.get("archived")?) {
            (Some(place), _) => Tab::Open { place },
            (None, true) => Tab::Archived,
            (None, false) => Tab::Closed,
        },
        unread: row.get::<_, Option<Json<_>>>("unread")?.map(|json| json.0),
        draft: row.get("draft")?,
        begun: row.get::<_, Option<Json<_>>>("begun")?.map_or(Begun::New, |json| json.0),
        worktree: row.get::<_, Option<Json<_>>>("worktree")?.map(|json| json.0),
        spent: Usage {
            input_tokens: count(row.get("input_tokens")?),
            output_tokens: count(row.get("output_tokens")?),
            cost_micros: row.get::<_, Option<i64>>("cost_micros")?.map(count),
        },
        created_at: row.get("created_at")?,
        active_at: row.get("active_at")?,
    })
}

/// Older stores know no more than 0 and 1.
fn number_of(fresh_wanted: FreshWanted) -> i64 {
    match fresh_wanted {
        FreshWanted::No => 0,
        FreshWanted::Yes => 1,
        FreshWanted::HandedOver => 2,
    }
}

fn fresh_wanted(number: i64) -> rusqlite::Result<FreshWanted> {
    match number {
        0 => Ok(FreshWanted::No),
        1 => Ok(FreshWanted::Yes),
        2 => Ok(FreshWanted::HandedOver),
        other => Err(FromSqlError::OutOfRange(other).into()),
    }
}

/// SQLite counts no further.
fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn count(integer: i64) -> u64 {
    u64::try_from(integer).unwrap_or(0)
}
