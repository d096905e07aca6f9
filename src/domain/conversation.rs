//! The conversation: the durable thing that a person talks in. One tab.

use super::fingerprint::Fingerprint;
use super::id::{ConversationId, Timestamp, TurnNumber};
use super::turn::{TurnEnd, Usage};
use super::worktree::Worktree;
use serde::{Deserialize, Serialize};

/// Whether the conversation stands in the row of tabs, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tab {
    /// In the row; smaller numbers stand further left.
    Open {
        place: u32,
    },
    Closed,
    /// Closed and put away: lists leave it out unless they are asked for such. A message brings it back.
    Archived,
}

/// What a conversation came from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Begun {
    #[default]
    New,
    Forked(Fork),
}

/// Where a conversation left another one. Of what was said before only the place is kept: turns never change once they ended, so they are
/// read where they stand; a copy would be found twice by each search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    pub from: ConversationId,
    /// The other one's title at that time; it stays readable when the other one is deleted.
    pub title: String,
    /// The last turn that both have.
    pub turn: TurnNumber,
}

/// Whether the person asked for a fresh session, which the next message starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FreshWanted {
    No,
    Yes,
    /// Of another agent, which goes on with what this one did.
    HandedOver,
}

/// Who gave the title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Title {
    /// Nobody yet: the first message or the folder stands in.
    Unset,
    /// Made from the first message.
    FromPrompt(String),
    /// The person's own words; nothing replaces them.
    ByPerson(String),
}

/// What is remembered of a conversation beside its sessions and turns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationRecord {
    pub id: ConversationId,
    pub title: Title,
    /// What the next session is to be started with.
    pub wanted: Fingerprint,
    pub fresh_wanted: FreshWanted,
    /// Why the queue waits for the person; none while it flows.
    pub queue_held: Option<QueueHeld>,
    pub tab: Tab,
    /// The end of a turn that no window has shown yet.
    pub unread: Option<TurnEnd>,
    pub draft: String,
    pub begun: Begun,
    /// Where it works, if that is a worktree made for it.
    pub worktree: Option<Worktree>,
    /// What its ended turns used together.
    pub spent: Usage,
    pub created_at: Timestamp,
    pub active_at: Timestamp,
}

/// Why queued messages are not sent by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueHeld {
    /// The host ended; what ran then is unknown, so nothing is sent without the person.
    HostEnded,
    /// The turn before could not be started or was not seen starting.
    NotStarted,
    /// The agent would not take its session up again; the first in line is the message that it was started for.
    ResumeRefused,
}

impl QueueHeld {
    pub fn text(self) -> &'static str {
        match self {
            QueueHeld::HostEnded => "held since the host ended; send one to go on",
            QueueHeld::ResumeRefused => {
                "held since the agent would not resume; send it to try again, or ask for a fresh session"
            }
            QueueHeld::NotStarted => "held since the last message did not start; send one to go on",
        }
    }
}

impl ConversationRecord {
    /// What the tab is called.
    pub fn title_text(&self) -> &str {
        match &self.title {
            Title::FromPrompt(text) | Title::ByPerson(text) => text,
            Title::Unset => folder_name(&self.wanted.folder),
        }
    }
}

/// What a conversation is called that nobody gave a title.
pub fn folder_name(folder: &str) -> &str {
    folder.rsplit('/').find(|part| !part.is_empty()).unwrap_or("/")
}
