//! The table of turns.

use super::columns::{Json, Word, put_together, take_apart};
use super::search;
use crate::domain::changes::Trees;
use crate::domain::id::{ConversationId, TurnNumber};
use crate::domain::turn::{Answer, TurnRecord, TurnState, Work};
use rusqlite::{Connection, OptionalExtension, Row, named_params};

/// The word of `TurnState::Ended`; its content stands in columns of its own.
const ENDED: &str = "ended";

pub fn save(connection: &Connection, conversation: ConversationId, record: &TurnRecord) -> rusqlite::Result<()> {
    let answer = record.answer.as_ref();
    let answer_text = answer.map(|answer| answer.text.as_str());
    // The words are written again only where the text is another one: a turn is saved at each of its steps.
    let same_text: bool = connection
        .prepare_cached("SELECT prompt IS ?3 AND answer IS ?4 FROM turns WHERE conversation = ?1 AND number = ?2")?
        .query_row((conversation, record.number, &record.prompt, answer_text), |row| row.get(0))
        .optional()?
        .unwrap_or(false);
    let (outcome, outcome_why) = match &record.state {
        TurnState::Ended(end) => take_apart(end).map(|(word, why)| (Some(word), why))?,
        TurnState::Queued
        | TurnState::Sending
        | TurnState::Working
        | TurnState::NeedsApproval
        | TurnState::NeedsAnswer => (None, None),
    };
    let row: i64 = connection
        .prepare_cached(
            "INSERT INTO turns
                 (conversation, number, session, origin, state, outcome, outcome_why, delivery, queue_place, accepted_at,
                 started_at, ended_at, evidence, answer_cut_bytes, prompt, answer, requests, work, trees)
             VALUES (:conversation, :number, :session, :origin, :state, :outcome, :outcome_why, :delivery, :queue_place,
                 :accepted_at, :started_at, :ended_at, :evidence, :answer_cut_bytes, :prompt, :answer, :requests, :work,
                 :trees)
             ON CONFLICT (conversation, number) DO UPDATE SET
                 session = :session, origin = :origin, state = :state, outcome = :outcome, outcome_why = :outcome_why,
                 delivery = :delivery, queue_place = :queue_place, accepted_at = :accepted_at, started_at = :started_at,
                 ended_at = :ended_at, evidence = :evidence, answer_cut_bytes = :answer_cut_bytes, prompt = :prompt,
                 answer = :answer, requests = :requests, work = :work, trees = :trees
             RETURNING id",
        )?
        .query_row(
            named_params! {
                ":conversation": conversation,
                ":number": record.number,
                ":session": record.session,
                ":origin": Word(record.origin),
                ":state": take_apart(&record.state)?.0,
                ":outcome": outcome,
                ":outcome_why": outcome_why,
                ":delivery": Word(record.delivery),
                ":queue_place": record.queue_place,
                ":accepted_at": record.accepted_at,
                ":started_at": record.started_at,
                ":ended_at": record.ended_at,
                ":evidence": record.evidence.as_ref().map(Json),
                ":answer_cut_bytes": answer.map(|answer| i64::try_from(answer.cut_bytes).unwrap_or(i64::MAX)),
                ":prompt": record.prompt,
                ":answer": answer_text,
                ":requests": (!record.requests.is_empty()).then_some(Json(&record.requests)),
                ":work": (record.work != Work::default()).then_some(Json(&record.work)),
                ":trees": record.trees.as_ref().map(Json),
            },
            |row| row.get(0),
        )?;
    if same_text { Ok(()) } else { search::save(connection, row, &record.prompt, answer_text.unwrap_or("")) }
}

/// What was told of a turn after its end. Without an answer the one that is there stays.
pub fn save_detail(
    connection: &Connection,
    conversation: ConversationId,
    number: TurnNumber,
    answer: Option<&Answer>,
    work: &Work,
) -> rusqlite::Result<()> {
    let told: Option<TurnRecord> = connection
        .prepare_cached("SELECT * FROM turns WHERE conversation = ?1 AND number = ?2")?
        .query_row((conversation, number), read)
        .optional()?;
    let Some(record) = told else {
        return Ok(());
    };
    let answer = answer.cloned().or(record.answer);
    save(connection, conversation, &TurnRecord { answer, work: work.clone(), ..record })
}

/// What was noted of the files around a turn.
pub fn save_trees(
    connection: &Connection,
    conversation: ConversationId,
    number: TurnNumber,
    trees: &Trees,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE turns SET trees = ?3 WHERE conversation = ?1 AND number = ?2")?
        .execute((conversation, number, Json(trees)))
        .map(drop)
}

/// Takes its words along (a trigger of the schema).
pub fn remove(connection: &Connection, conversation: ConversationId, number: TurnNumber) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM turns WHERE conversation = ?1 AND number = ?2")?
        .execute((conversation, number))
        .map(drop)
}

/// The newest `most` before `before` (none: of all), in order.
pub fn before(
    connection: &Connection,
    conversation: ConversationId,
    before: Option<TurnNumber>,
    most: u32,
) -> rusqlite::Result<Vec<TurnRecord>> {
    let mut turns: Vec<TurnRecord> = connection
        .prepare_cached(
            "SELECT * FROM turns WHERE conversation = ?1 AND number < coalesce(?2, 1 << 32) ORDER BY number DESC LIMIT ?3",
        )?
        .query_map((conversation, before, most), read)?
        .collect::<rusqlite::Result<_>>()?;
    turns.reverse();
    Ok(turns)
}

/// All turns of all conversations that have not ended, by conversation and number.
pub fn open(connection: &Connection) -> rusqlite::Result<Vec<(ConversationId, TurnRecord)>> {
    connection
        .prepare("SELECT * FROM turns WHERE state <> 'ended' ORDER BY conversation, number")?
        .query_map([], |row| Ok((row.get("conversation")?, read(row)?)))?
        .collect()
}

/// The ended turn with the highest number, of every conversation that has one.
pub fn newest_ended(connection: &Connection) -> rusqlite::Result<Vec<(ConversationId, TurnRecord)>> {
    connection
        .prepare(
            "SELECT turns.* FROM conversations CROSS JOIN turns ON turns.conversation = conversations.id
                 AND turns.number = (SELECT max(number) FROM turns AS other
                     WHERE other.conversation = conversations.id AND other.state = 'ended')",
        )?
        .query_map([], |row| Ok((row.get("conversation")?, read(row)?)))?
        .collect()
}

/// The state that stands in this row's three columns.
pub fn state(row: &Row) -> rusqlite::Result<TurnState> {
    let state: String = row.get("state")?;
    Ok(match (state.as_str(), row.get("outcome")?) {
        (ENDED, Some(outcome)) => TurnState::Ended(put_together(outcome, row.get("outcome_why")?)?),
        (_, _) => put_together(state, None)?,
    })
}

fn read(row: &Row) -> rusqlite::Result<TurnRecord> {
    let state = state(row)?;
    let answer_cut_bytes: Option<i64> = row.get("answer_cut_bytes")?;
    let answer = row
        .get::<_, Option<String>>("answer")?
        .zip(answer_cut_bytes)
        .map(|(text, bytes)| Answer { text, cut_bytes: u64::try_from(bytes).unwrap_or(0) });
    Ok(TurnRecord {
        number: row.get("number")?,
        session: row.get("session")?,
        prompt: row.get("prompt")?,
        origin: row.get::<_, Word<_>>("origin")?.0,
        state,
        delivery: row.get::<_, Word<_>>("delivery")?.0,
        queue_place: row.get("queue_place")?,
        accepted_at: row.get("accepted_at")?,
        started_at: row.get("started_at")?,
        ended_at: row.get("ended_at")?,
        evidence: row.get::<_, Option<Json<_>>>("evidence")?.map(|json| json.0),
        answer,
        requests: row.get::<_, Option<Json<_>>>("requests")?.map(|json| json.0).unwrap_or_default(),
        work: row.get::<_, Option<Json<_>>>("work")?.map(|json| json.0).unwrap_or_default(),
        trees: row.get::<_, Option<Json<_>>>("trees")?.map(|json| json.0),
    })
}
