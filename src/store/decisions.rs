//! The table of decisions: why each message went where it went.

use super::columns::{Json, Word};
use crate::domain::continuity::{Decision, DecisionRecord};
use crate::domain::id::{ConversationId, TurnNumber};
use rusqlite::{Connection, Row, named_params};

/// Far more than a page of turns has, and still a small message.
const MOST_OF_TURNS: u32 = 2_000;

pub fn save(connection: &Connection, conversation: ConversationId, record: &DecisionRecord) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO decisions (conversation, number, turn, session, continuity, why, evidence, at)
             VALUES (:conversation, :number, :turn, :session, :continuity, :why, :evidence, :at)
             ON CONFLICT (conversation, number) DO UPDATE SET
                 turn = :turn, session = :session, continuity = :continuity, why = :why, evidence = :evidence, at = :at",
        )?
        .execute(named_params! {
            ":conversation": conversation,
            ":number": record.number,
            ":turn": record.turn,
            ":session": record.session,
            ":continuity": Word(record.decision.continuity),
            ":why": Json(&record.decision.why),
            ":evidence": record.evidence.as_ref().map(Json),
            ":at": record.at,
        })
        .map(drop)
}

/// The last `most` of every conversation, by conversation and number. Decisions are numbered without gaps.
pub fn last_of_all(connection: &Connection, most: u32) -> rusqlite::Result<Vec<(ConversationId, DecisionRecord)>> {
    connection
        .prepare(
            "SELECT decisions.* FROM conversations CROSS JOIN decisions ON decisions.conversation = conversations.id
                 AND decisions.number > (SELECT max(number) FROM decisions AS other
                     WHERE other.conversation = conversations.id) - ?1
             ORDER BY conversations.id, decisions.number",
        )?
        .query_map([most], |row| Ok((row.get("conversation")?, read(row)?)))?
        .collect()
}

/// All of these turns, the last one included, in order.
pub fn of_turns(
    connection: &Connection,
    conversation: ConversationId,
    from: TurnNumber,
    to: TurnNumber,
) -> rusqlite::Result<Vec<DecisionRecord>> {
    connection
        .prepare_cached(
            "SELECT * FROM decisions WHERE conversation = ?1 AND turn BETWEEN ?2 AND ?3 ORDER BY number LIMIT ?4",
        )?
        .query_map((conversation, from, to, MOST_OF_TURNS), read)?
        .collect()
}

fn read(row: &Row) -> rusqlite::Result<DecisionRecord> {
    Ok(DecisionRecord {
        number: row.get("number")?,
        turn: row.get("turn")?,
        session: row.get("session")?,
        decision: Decision { continuity: row.get::<_, Word<_>>("continuity")?.0, why: row.get::<_, Json<_>>("why")?.0 },
        evidence: row.get::<_, Option<Json<_>>>("evidence")?.map(|json| json.0),
        at: row.get("at")?,
    })
}
