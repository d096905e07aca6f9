//! What a host must know of a session to take it up again: written by the host that starts it, kept by the holder, read by a later host.
//!
//! Only ever add, with a default: the next build reads what this one wrote.

use crate::domain::id::{ConversationId, Generation, SessionNumber, Timestamp};
use crate::terminal::frame::Size;
use serde::{Deserialize, Serialize};

/// Has no `Debug`: it holds the token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub conversation: ConversationId,
    pub session: SessionNumber,
    pub generation: Generation,
    /// The name of its profile, and the program by which the variant is found in it.
    pub agent: String,
    pub program: String,
    pub token: String,
    /// Where the agent's files are.
    pub state: Option<String>,
    pub home: Option<String>,
    pub cwd: String,
    pub dir: String,
    /// The id of the agent's session as far as it was known at the start.
    pub id: Option<String>,
    pub resumes: Resumes,
    pub size: Size,
    pub started_at: Timestamp,
    /// The model that its command line asked for.
    #[serde(default)]
    pub model: Option<String>,
    /// Where the agent serves its events.
    #[serde(default)]
    pub port: Option<u16>,
}

/// Whether the process was to take up a session of its agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resumes {
    Yes,
    No,
}

impl Note {
    /// The name of the session at the holder and of its folders.
    pub fn key(&self) -> String {
        key(self.conversation, self.session, self.generation)
    }

    pub fn text(&self) -> String {
        // Numbers, texts and closed words only: all of it can be JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn parse(text: &str) -> Option<Note> {
        serde_json::from_str(text).ok()
    }
}

pub fn key(conversation: ConversationId, session: SessionNumber, generation: Generation) -> String {
    format!("{conversation}.{session}.{}", generation.0)
}
