//! The shapes that scripts read. Fields are only added; what they mean never changes.

use super::{CliError, say};
use crate::domain::continuity::DecisionRecord;
use crate::domain::turn::{Evidence, TurnRecord, TurnState};
use crate::protocol::message::{Conversation, Process, Status, Submitted};
use serde::Serialize;
use serde_json::{Value, json};

/// One object on one line.
pub fn print(value: &impl Serialize) -> Result<(), CliError> {
    say(&serde_json::to_string(value)?)
}

/// A message that was sent: what was decided, and where it is.
pub fn sent(submitted: &Submitted) -> Value {
    json!({
        "conversation": submitted.conversation,
        "session": submitted.session,
        "turn": submitted.turn,
        "state": submitted.state.as_ref().map(TurnState::word),
        "decision": submitted.decision.continuity.word(),
        "why": submitted.decision.why.code(),
        "why_text": submitted.decision.why.text(),
    })
}

/// Adds what is known of the turn after its end.
pub fn with_end(mut sent: Value, turn: &TurnRecord) -> Value {
    if let (Value::Object(fields), Value::Object(end)) = (&mut sent, end(turn)) {
        fields.insert("session".into(), json!(turn.session));
        fields.extend(end);
    }
    sent
}

/// A turn of the log.
pub fn turn(turn: &TurnRecord) -> Value {
    let mut value = json!({
        "turn": turn.number,
        "session": turn.session,
        "prompt": turn.prompt,
        "origin": turn.origin,
        "delivery": turn.delivery,
        "accepted_ms": turn.accepted_at,
        "started_ms": turn.started_at,
        "ended_ms": turn.ended_at,
    });
    if let (Value::Object(fields), Value::Object(end)) = (&mut value, end(turn)) {
        fields.extend(end);
    }
    value
}

fn end(turn: &TurnRecord) -> Value {
    let (why, text) = match &turn.state {
        TurnState::Ended(end) => (Some(end.code()), Some(end.why_text())),
        TurnState::Queued
        | TurnState::Sending
        | TurnState::Working
        | TurnState::NeedsApproval
        | TurnState::NeedsAnswer => (None, None),
    };
    json!({
        "state": turn.state.word(),
        "end_why": why,
        "end_text": text,
        "evidence": turn.evidence.as_ref().map(evidence),
        "answer": turn.answer.as_ref().map(|answer| &answer.text),
        "answer_cut_bytes": turn.answer.as_ref().map(|answer| answer.cut_bytes),
    })
}

fn evidence(evidence: &Evidence) -> Value {
    json!({ "source": evidence.source, "at_ms": evidence.at, "text": evidence.text })
}

pub fn decision(made: &DecisionRecord) -> Value {
    json!({
        "turn": made.turn,
        "session": made.session,
        "decision": made.decision.continuity.word(),
        "why": made.decision.why.code(),
        "why_text": made.decision.why.text(),
        "evidence": made.evidence.as_ref().map(evidence),
        "at_ms": made.at,
    })
}

pub fn conversation(conversation: &Conversation) -> Value {
    let session = conversation.session.as_ref();
    json!({
        "conversation": conversation.id,
        "title": conversation.title,
        "agent": conversation.wanted.agent,
        "model": conversation.wanted.model,
        "folder": conversation.wanted.folder,
        "state": status_word(conversation.status),
        "session": session.map(|session| session.number),
        "pid": session.and_then(|session| match &session.process {
            Process::Alive { pid, .. } => *pid,
            Process::Asleep { .. } => None,
        }),
        "turn": conversation.turn.as_ref().map(|turn| turn.number),
        "turn_state": conversation.turn.as_ref().map(|turn| turn.state.word()),
        "queued": conversation.queue.len(),
        "queue_held": conversation.queue_held,
        "unread": conversation.unread.as_ref().map(|end| end.word()),
        "open": matches!(conversation.tab, crate::domain::conversation::Tab::Open { .. }),
        "draft": conversation.draft,
        "turns": conversation.turns,
        "next_decision": conversation.next.continuity.word(),
        "next_why": conversation.next.why.code(),
        "created_ms": conversation.created_at,
        "active_ms": conversation.active_at,
    })
}

/// The conversation in the words of product 8.
pub fn status_word(status: Status) -> &'static str {
    match status {
        Status::Draft => "draft",
        Status::Idle => "idle",
        Status::Sending => "sending",
        Status::Working => "working",
        Status::NeedsApproval => "needs approval",
        Status::NeedsAnswer => "needs answer",
        Status::AsleepWillResume => "asleep (will resume)",
        Status::AsleepCannotResume => "asleep (cannot resume)",
    }
}
