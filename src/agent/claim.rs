//! What one source says the agent is at: a claim, not yet the truth. The tracker takes that of the best source that speaks.
//!
//! Change here: what can be claimed. Not here: reading a source (one file each beside this) or choosing between them (`tracker.rs`).

use crate::domain::request::RequestKind;
use crate::domain::turn::{Detail, Source};
use serde::{Deserialize, Serialize};

/// One thing that a source said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    pub source: Source,
    pub claim: Claim,
    /// What was seen, in words for the person, for example `done`.
    pub words: String,
}

/// What can be said of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Claim {
    /// Takes a message.
    Idle,
    /// In a turn; what it does where it tells.
    Working {
        doing: Option<String>,
    },
    /// A turn began, with its text where that is told.
    Started {
        prompt: Option<String>,
    },
    /// Waits for the person.
    Asks {
        kind: RequestKind,
        text: String,
    },
    /// A turn completed.
    Done,
    /// A turn failed, in the agent's own words.
    Failed {
        text: String,
    },
    Interrupted,
    /// More about the turn that runs or has just ended: no state. Usage comes in parts that add up.
    Detail(Detail),
    /// The agent's own id of its session.
    Identity(String),
    /// So many children work on in the background.
    Background {
        count: u32,
    },
    /// The agent's own name for the conversation.
    Title(String),
}
