//! Reads the reports of the program status protocol (OSC 7501): what a program says of itself, in the bytes that it writes.
//!
//! Change here: what a report may say and what it claims. The root record is the agent; records with a name are its children.
//! Not here: answering the query whether we speak it (terminal), or what follows from a claim (`tracker.rs`).
//!
//! A report is `7501;state=S[:app=A][:id=PATH][:kind=K][:progress=N][:title=B64][:msg=B64]`. It replaces the record of its `id`.

use super::base64::decoded_text;
use super::claim::Claim;
use crate::domain::request::RequestKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Limits of the protocol. What goes beyond one is dropped as a whole: half a report would be another report.
const MOST_BYTES: usize = 4096;
const MOST_MESSAGE_BYTES: usize = 2048;
const MOST_TITLE_BYTES: usize = 192;
const MOST_ID_BYTES: usize = 128;
const MOST_SEGMENT_BYTES: usize = 32;
const MOST_RECORDS: usize = 256;

/// Around the payload, in a whole sequence: `ESC ]` before it and `ESC \` behind it.
const FRAME_BYTES: usize = 4;

/// What one program and its children last said of themselves. A new process begins with an empty one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct StatusReports {
    records: BTreeMap<RecordId, State>,
}

/// The path of a record; empty for the root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct RecordId(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Idle,
    Working,
    Blocked,
    Done,
    Error,
}

/// A report that was read.
enum Report {
    Says {
        id: RecordId,
        state: State,
        kind: RequestKind,
        title: String,
        message: String,
    },
    /// Without an id: everything.
    Clears(Option<RecordId>),
}

impl StatusReports {
    /// Takes an OSC, given as the bytes between `ESC ]` and its end, and says what it claims; nothing for any other OSC.
    pub fn see(&mut self, payload: &[u8]) -> Vec<(Claim, String)> {
        match Report::read(payload) {
            Some(Report::Says { id, state, kind, title, message }) if self.has_room(&id) => {
                let before = self.children_at_work();
                let is_root = id.0.is_empty();
                self.records.insert(id, state);
                let words = words(state, kind, &title, &message);
                let own = is_root.then(|| (claim(state, kind, message), words));
                own.into_iter().chain(self.background_since(before)).collect()
            }
            Some(Report::Says { .. }) | None => Vec::new(),
            Some(Report::Clears(id)) => self.clear(id),
        }
    }

    /// The terminal was reset (RIS): nothing that was said counts any more.
    pub fn reset(&mut self) -> Vec<(Claim, String)> {
        self.clear(None)
    }

    fn clear(&mut self, id: Option<RecordId>) -> Vec<(Claim, String)> {
        let before = self.children_at_work();
        match id {
            None => self.records.clear(),
            Some(id) => self.records.retain(|record, _| !record.is_in(&id)),
        }
        self.background_since(before).into_iter().collect()
    }

    fn has_room(&self, id: &RecordId) -> bool {
        id.0.is_empty() || self.records.len() < MOST_RECORDS || self.records.contains_key(id)
    }

    fn children_at_work(&self) -> u32 {
        let at_work =
            |(id, state): &(&RecordId, &State)| !id.0.is_empty() && matches!(state, State::Working | State::Blocked);
        self.records.iter().filter(at_work).count() as u32
    }

    fn background_since(&self, before: u32) -> Option<(Claim, String)> {
        let count = self.children_at_work();
        (count != before).then(|| (Claim::Background { count }, format!("{count} in the background")))
    }
}

impl RecordId {
    fn read(text: &str) -> Option<RecordId> {
        let fits = |segment: &str| (1..=MOST_SEGMENT_BYTES).contains(&segment.len());
        let right = text.len() <= MOST_ID_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic());
        (right && text.split('/').all(fits)).then(|| RecordId(text.to_owned()))
    }

    /// Whether it is this one or below it.
    fn is_in(&self, above: &RecordId) -> bool {
        self.0.strip_prefix(&above.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl Report {
    fn read(payload: &[u8]) -> Option<Report> {
        let fields = payload.strip_prefix(b"7501;").filter(|_| payload.len() + FRAME_BYTES <= MOST_BYTES)?;
        let fields = std::str::from_utf8(fields).ok()?;
        let value = |name: &str| {
            // A name that stands twice: the last one counts.
            fields.split(':').filter_map(|field| field.split_once('=')).rfind(|(key, _)| *key == name).map(|(_, v)| v)
        };
        let id = match value("id") {
            Some(id) => Some(RecordId::read(id)?),
            None => None,
        };
        let title = plain_text(value("title"), MOST_TITLE_BYTES)?;
        let message = plain_text(value("msg"), MOST_MESSAGE_BYTES)?;
        let state = match value("state")? {
            "idle" => State::Idle,
            "working" => State::Working,
            "blocked" => State::Blocked,
            "done" => State::Done,
            "error" => State::Error,
            "clear" => return Some(Report::Clears(id)),
            _ => return None,
        };
        let kind = match value("kind") {
            Some("permission") => RequestKind::Permission,
            Some("auth") => RequestKind::Login,
            // Blocked on the person, it does not say on what: they must look.
            _ => RequestKind::Question,
        };
        Some(Report::Says { id: id.unwrap_or(RecordId(String::new())), state, kind, title, message })
    }
}

/// A decoded text; empty where there is none. None where it makes the report a wrong one.
fn plain_text(encoded: Option<&str>, most_bytes: usize) -> Option<String> {
    let Some(encoded) = encoded else {
        return Some(String::new());
    };
    let text = decoded_text(encoded.as_bytes())?;
    (text.len() <= most_bytes && !text.chars().any(char::is_control)).then_some(text)
}

fn claim(state: State, kind: RequestKind, message: String) -> Claim {
    match state {
        State::Idle => Claim::Idle,
        State::Working => Claim::Working { doing: (!message.is_empty()).then_some(message) },
        State::Blocked => Claim::Asks { kind, text: message },
        State::Done => Claim::Done,
        State::Error => Claim::Failed { text: message },
    }
}

fn words(state: State, kind: RequestKind, title: &str, message: &str) -> String {
    let state = match (state, kind) {
        (State::Idle, _) => "idle",
        (State::Working, _) => "working",
        (State::Blocked, RequestKind::Permission) => "blocked, permission",
        (State::Blocked, RequestKind::Question) => "blocked, question",
        (State::Blocked, RequestKind::Login) => "blocked, login",
        (State::Done, _) => "done",
        (State::Error, _) => "error",
    };
    let texts = [state, title, message];
    texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests;
