//! The table of sessions.

use super::columns::{Json, Word};
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::{ConversationId, SessionNumber};
use crate::domain::session::SessionRecord;
use rusqlite::{Connection, OptionalExtension, Row, named_params};

pub fn save(connection: &Connection, conversation: ConversationId, record: &SessionRecord) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO sessions
                 (conversation, number, agent, model, folder, agent_session, context, begun_by, last_folder, started_at, asleep,
                 ended)
             VALUES (:conversation, :number, :agent, :model, :folder, :agent_session, :context, :begun_by, :last_folder,
                 :started_at, :asleep, :ended)
             ON CONFLICT (conversation, number) DO UPDATE SET
                 agent = :agent, model = :model, folder = :folder, agent_session = :agent_session, context = :context,
                 begun_by = :begun_by,
                 last_folder = :last_folder, started_at = :started_at, asleep = :asleep, ended = :ended",
        )?
        .execute(named_params! {
            ":conversation": conversation,
            ":number": record.number,
            ":agent": record.fingerprint.agent,
            ":model": record.fingerprint.model,
            ":folder": record.fingerprint.folder,
            ":agent_session": record.agent_session,
            ":context": Word(record.context),
            ":begun_by": Word(record.begun_by),
            ":last_folder": record.last_folder,
            ":started_at": record.started_at,
            ":asleep": record.asleep.as_ref().map(Json),
            ":ended": record.ended.as_ref().map(Word),
        })
        .map(drop)
}

/// The newest session that goes on, of every conversation that has one, by conversation.
pub fn going_on(connection: &Connection) -> rusqlite::Result<Vec<(ConversationId, SessionRecord)>> {
    connection
        .prepare(
            "SELECT sessions.* FROM conversations CROSS JOIN sessions ON sessions.conversation = conversations.id
                 AND sessions.number = (SELECT max(number) FROM sessions AS other
                     WHERE other.conversation = conversations.id AND other.ended IS NULL)
             ORDER BY conversations.id",
        )?
        .query_map([], |row| Ok((row.get("conversation")?, read(row)?)))?
        .collect()
}

pub fn one(
    connection: &Connection,
    conversation: ConversationId,
    number: SessionNumber,
) -> rusqlite::Result<Option<SessionRecord>> {
    connection
        .prepare_cached("SELECT * FROM sessions WHERE conversation = ? AND number = ?")?
        .query_row((conversation, number), read)
        .optional()
}

/// The newest with a smaller number.
pub fn before(
    connection: &Connection,
    conversation: ConversationId,
    number: SessionNumber,
) -> rusqlite::Result<Option<SessionRecord>> {
    connection
        .prepare_cached("SELECT * FROM sessions WHERE conversation = ? AND number < ? ORDER BY number DESC LIMIT 1")?
        .query_row((conversation, number), read)
        .optional()
}

/// The highest number, of every conversation that had a session.
pub fn highest(connection: &Connection) -> rusqlite::Result<Vec<(ConversationId, SessionNumber)>> {
    connection
        .prepare("SELECT conversation, max(number) FROM sessions GROUP BY conversation")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

pub(super) fn read(row: &Row) -> rusqlite::Result<SessionRecord> {
    Ok(SessionRecord {
        number: row.get("number")?,
        fingerprint: Fingerprint { agent: row.get("agent")?, model: row.get("model")?, folder: row.get("folder")? },
        agent_session: row.get("agent_session")?,
        context: row.get::<_, Word<_>>("context")?.0,
        begun_by: row.get::<_, Word<_>>("begun_by")?.0,
        last_folder: row.get("last_folder")?,
        started_at: row.get("started_at")?,
        asleep: row.get::<_, Option<Json<_>>>("asleep")?.map(|json| json.0),
        ended: row.get::<_, Option<Word<_>>>("ended")?.map(|word| word.0),
    })
}
