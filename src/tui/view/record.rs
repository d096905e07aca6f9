//! A turn in words: its state, how it ended, how long it took, and the session that began with it.
//!
//! Not here: its texts (`reader.rs`).

use super::super::app::Desk;
use super::text;
use crate::domain::turn::{TurnEnd, TurnRecord, TurnState};
use crate::domain::when;

/// `failed (exit 1) · 12s`.
pub fn state_words(turn: &TurnRecord) -> String {
    let mut words = turn.state.word().to_owned();
    if let TurnState::Ended(end) = &turn.state {
        words.push_str(&why_in_brackets(end));
    }
    if let Some(ms) = worked_ms(turn) {
        words = format!("{words} · {}", when::duration(ms));
    }
    words
}

/// ` (exit 1)`, or nothing where the word says it all.
pub fn why_in_brackets(end: &TurnEnd) -> String {
    let why = text::clean(&end.why_text());
    if why.is_empty() { String::new() } else { format!(" ({why})") }
}

/// How long an ended turn took.
pub fn worked_ms(turn: &TurnRecord) -> Option<u64> {
    Some(turn.ended_at?.since(turn.started_at?))
}

/// What stands between two turns if a session began there: `session 3 · fresh: you asked for a fresh session`.
pub fn session_words(desk: &Desk, turn: &TurnRecord, before: Option<&TurnRecord>) -> Option<String> {
    let session = turn.session?;
    match desk.began(turn.number) {
        Some(record) => {
            let word = record.decision.continuity.word();
            Some(format!("session {session} · {word}: {}", text::clean(&record.decision.why.text())))
        }
        None if before.and_then(|before| before.session) != Some(session) => Some(format!("session {session}")),
        None => None,
    }
}
