//! The shapes that scripts read: what `--json` prints and what an export holds. `docs/json.md` describes each field, and a test holds the two
//! together.
//!
//! Change here: a field is added, with its line in the document. What a field means never changes; should one have to, `VERSION` grows.
//! Not here: printing (`cli`) or writing a file (`export`).

use crate::domain::changes::{Count, Diff, FileChange, FileKind, Patch};
use crate::domain::continuity::DecisionRecord;
use crate::domain::conversation::Begun;
use crate::domain::id::ConversationId;
use crate::domain::request::{Choice, Request, RequestState};
use crate::domain::search::{Found, Piece};
use crate::domain::turn::{Evidence, TurnRecord, TurnState, Work};
use crate::protocol::message::{BUILD, Conversation, Counts, HostReport, Process, Session, Status, Submitted, TakenUp};
use serde_json::{Value, json};

/// Every object has it as `version`. Within one version fields are only added.
pub const VERSION: u32 = 1;

/// The object with the version of its shape.
pub fn versioned(mut value: Value) -> Value {
    if let Value::Object(fields) = &mut value {
        fields.insert("version".into(), json!(VERSION));
    }
    value
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

/// A turn as it is remembered.
pub fn turn(conversation: ConversationId, turn: &TurnRecord) -> Value {
    let mut value = turn_fields(turn);
    if let Value::Object(fields) = &mut value {
        fields.insert("conversation".into(), json!(conversation));
    }
    value
}

fn turn_fields(turn: &TurnRecord) -> Value {
    let mut value = json!({
        "turn": turn.number,
        "session": turn.session,
        "prompt": turn.prompt,
        "origin": turn.origin,
        "delivery": turn.delivery,
        "accepted_ms": turn.accepted_at,
        "started_ms": turn.started_at,
        "ended_ms": turn.ended_at,
        "changed": turn.trees.as_ref().and_then(|trees| trees.count).map(count),
    });
    if let (Value::Object(fields), Value::Object(end)) = (&mut value, end(turn)) {
        fields.extend(end);
    }
    value
}

fn end(turn: &TurnRecord) -> Value {
    let (why, text) = match &turn.state {
        TurnState::Ended(end) => (Some(end.code()), Some(end.told())),
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
        "requests": turn.requests.iter().map(request).collect::<Vec<_>>(),
        "work": work(&turn.work),
    })
}

fn request(request: &Request) -> Value {
    let (state, answer) = match &request.state {
        RequestState::Open => ("open", None),
        RequestState::Answering(choice) => ("answering", Some(choice)),
        RequestState::Answered(choice @ Choice::Allow) => ("allowed", Some(choice)),
        RequestState::Answered(choice @ Choice::Deny) => ("denied", Some(choice)),
        RequestState::Answered(choice @ Choice::Text(_)) => ("answered", Some(choice)),
        RequestState::AnsweredInScreen => ("answered_in_screen", None),
        RequestState::Expired => ("expired", None),
    };
    let answer = answer.map(|choice| match choice {
        Choice::Allow => "allow",
        Choice::Deny => "deny",
        Choice::Text(text) => text,
    });
    json!({
        "number": request.number,
        "kind": request.kind,
        "text": request.text,
        "state": state,
        "answer": answer,
        "asked_ms": request.asked_at,
    })
}

fn work(work: &Work) -> Value {
    json!({
        "model": work.model,
        "usage": work.usage.map(|usage| json!({
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cost_usd_micros": usage.cost_micros,
        })),
        "steps": work.steps,
        "steps_left_out": work.steps_left_out,
    })
}

fn count(count: Count) -> Value {
    json!({ "files": count.files, "added": count.added, "removed": count.removed })
}

/// Whether a difference is told with its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffLines {
    Told,
    LeftOut,
}

/// What a turn changed.
pub fn diff(conversation: ConversationId, diff: &Diff, lines: DiffLines) -> Value {
    json!({
        "conversation": conversation,
        "turn": diff.turn,
        "until": diff.until,
        "top": diff.top,
        "changed": count(diff.count),
        "files": diff.files.iter().map(|file| file_change(file, lines)).collect::<Vec<_>>(),
        "files_left_out": diff.files_left_out,
        "not_looked_at": diff.not_looked_at,
    })
}

fn file_change(file: &FileChange, lines: DiffLines) -> Value {
    let from = match &file.kind {
        FileKind::Renamed { from } => Some(from),
        FileKind::New | FileKind::Changed | FileKind::Deleted | FileKind::TypeChanged | FileKind::Submodule => None,
    };
    let (patch, is_whole) = match (&file.patch, lines) {
        (Patch::Text(text), DiffLines::Told) => (Some(text), true),
        (Patch::Cut(text), DiffLines::Told) => (Some(text), false),
        (Patch::Text(_) | Patch::Cut(_), DiffLines::LeftOut) | (Patch::Binary | Patch::TooLong, _) => (None, false),
    };
    json!({
        "path": file.path,
        "from": from,
        "kind": file.kind.word(),
        "added": file.lines.map(|lines| lines.added),
        "removed": file.lines.map(|lines| lines.removed),
        "patch": patch,
        "patch_is_whole": is_whole,
    })
}

/// A turn of an export: with all decisions about its message, oldest first.
pub fn exported_turn(record: &TurnRecord, decisions: &[&DecisionRecord]) -> Value {
    let mut value = json!({ "decisions": decisions.iter().map(|made| decision(made)).collect::<Vec<_>>() });
    if let (Value::Object(fields), Value::Object(turn)) = (&mut value, turn_fields(record)) {
        fields.extend(turn);
    }
    value
}

/// In the place of a turn where there is none.
pub fn no_turn(conversation: ConversationId) -> Value {
    json!({ "conversation": conversation, "turn": null })
}

/// A turn that was found. `hits` are the places of the words in `snippet`, from and to, in characters.
pub fn found(found: &Found) -> Value {
    let mut snippet = String::new();
    let mut signs = 0;
    let mut hits = Vec::new();
    for piece in &found.snippet {
        let from = signs;
        signs += piece.text().chars().count();
        snippet += piece.text();
        match piece {
            Piece::Hit(_) => hits.push([from, signs]),
            Piece::Plain(_) => {}
        }
    }
    json!({
        "conversation": found.conversation,
        "turn": found.turn,
        "title": found.title,
        "agent": found.agent,
        "folder": found.folder,
        "state": found.state.word(),
        "accepted_ms": found.at,
        "snippet": snippet,
        "hits": hits,
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
        "session_model": session.and_then(|session| session.fingerprint.model.as_ref()),
        "agent_session": session.and_then(|session| session.agent_session.as_ref()),
        "verified": session.and_then(verified),
        "heard": session.map(|session| session.heard.iter().map(evidence).collect::<Vec<_>>()).unwrap_or_default(),
        "pid": session.and_then(|session| match &session.process {
            Process::Alive { pid, .. } => *pid,
            Process::Asleep { .. } => None,
        }),
        "asks": session.and_then(|session| session.asks.as_ref()).map(|asked| {
            json!({ "kind": asked.kind.word(), "text": asked.text })
        }),
        "warning": session.and_then(|session| session.warning.as_ref()),
        "background": session.map_or(0, |session| match &session.process {
            Process::Alive { background, .. } => *background,
            Process::Asleep { .. } => 0,
        }),
        "turn": conversation.turn.as_ref().map(|turn| turn.number),
        "turn_state": conversation.turn.as_ref().map(|turn| turn.state.word()),
        "queued": conversation.queue.len(),
        "queue_held": conversation.queue_held,
        "unread": conversation.unread.as_ref().map(|end| end.word()),
        "open": matches!(conversation.tab, crate::domain::conversation::Tab::Open { .. }),
        "archived": conversation.tab == crate::domain::conversation::Tab::Archived,
        "forked_from": match &conversation.begun {
            Begun::Forked(fork) => Some(json!({ "conversation": fork.from, "title": fork.title, "turn": fork.turn })),
            Begun::New => None,
        },
        "worktree": conversation.worktree.as_ref().map(|worktree| json!({
            "path": worktree.path,
            "branch": worktree.branch,
            "changed": conversation.tree_work.map(|work| work.changed),
            "untracked": conversation.tree_work.map(|work| work.untracked),
            "ahead": conversation.tree_work.map(|work| work.ahead),
        })),
        "spent": {
            "input_tokens": conversation.spent.input_tokens,
            "output_tokens": conversation.spent.output_tokens,
            "cost_usd_micros": conversation.spent.cost_micros,
        },
        "draft": conversation.draft,
        "turns": conversation.turns,
        "next_decision": conversation.next.continuity.word(),
        "next_why": conversation.next.why.code(),
        "next_why_text": conversation.next.why.text(),
        "created_ms": conversation.created_at,
        "active_ms": conversation.active_at,
    })
}

/// Whether the agent said itself that it took its session up; none where it was told to take up none, or is gone.
fn verified(session: &Session) -> Option<bool> {
    match &session.process {
        Process::Alive { taken_up: TakenUp::Verified, .. } => Some(true),
        Process::Alive { taken_up: TakenUp::NotVerified, .. } => Some(false),
        Process::Alive { taken_up: TakenUp::New, .. } | Process::Asleep { .. } => None,
    }
}

/// The model that is wanted, the one that the session has, and what the next message would make of it.
pub fn model(conversation: &Conversation) -> Value {
    json!({
        "conversation": conversation.id,
        "model": conversation.wanted.model,
        "session_model": conversation.session.as_ref().and_then(|session| session.fingerprint.model.as_ref()),
        "next_decision": conversation.next.continuity.word(),
        "next_why": conversation.next.why.code(),
        "next_why_text": conversation.next.why.text(),
    })
}

/// The session that goes on, and what the next message makes of it.
pub fn resume(conversation: &Conversation) -> Value {
    json!({
        "conversation": conversation.id,
        "session": conversation.session.as_ref().map(|session| session.number),
        "next_decision": conversation.next.continuity.word(),
        "next_why": conversation.next.why.code(),
        "next_why_text": conversation.next.why.text(),
    })
}

/// What a host that runs keeps.
pub fn host(report: &HostReport) -> Value {
    json!({
        "running": true,
        "pid": report.pid,
        "build": report.build,
        "client_build": BUILD,
        "started_ms": report.started_at,
        "conversations": report.conversations,
        "sessions": report.sessions,
        "turns_running": report.turns_running,
        "windows": report.clients,
        "store_trouble": report.store_trouble,
        "holder_pid": report.holder,
        "sessions_without_holder": report.unheld,
    })
}

/// How many conversations are in each state.
pub fn counts(counts: &Counts) -> Value {
    json!({
        "running": true,
        "working": counts.working,
        "asks": counts.asks,
        "idle": counts.idle,
        "asleep": counts.asleep,
        "drafts": counts.drafts,
        "queued": counts.queued,
        "held": counts.held,
        "unread_completed": counts.unread_completed,
        "unread_other": counts.unread_other,
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
