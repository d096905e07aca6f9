//! What an agent was seen doing, as the session's thread tells it.

use super::id::TurnNumber;
use super::request::RequestKind;
use super::turn::{Answer, Detail, Evidence, FailureKind};
use serde::{Deserialize, Serialize};

/// Something that an agent was seen doing. Only trusted sources make one: a forged mark never gets here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signal {
    /// At its prompt: it takes a message now.
    Ready,
    /// Not at its prompt: keys that were typed into its screen wait for more (an unclosed quote, say).
    WantsMore,
    /// A turn began. `turn` is ours where the agent named it; `text` is what was typed where it told.
    TurnStarted { turn: Option<TurnNumber>, text: Option<String> },
    /// A turn ended.
    TurnEnded { turn: Option<TurnNumber>, ending: Ending, answer: Option<Answer> },
    /// It waits for the person.
    Asks { kind: RequestKind, text: String },
    /// It waits no more: what was asked is answered or gone.
    GoesOn,
    /// What it does in its turn.
    Doing(String),
    /// More about the turn that runs or has just ended.
    Detail(Detail),
    /// It went to this folder.
    Folder(String),
    /// Its own id of its session.
    Identity(String),
    /// So many children of it work on in the background.
    Background(u32),
    /// Its own name for the conversation.
    Named(String),
}

/// How a turn ended, as the agent tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// By number; 0 is success.
    Status(i32),
    Completed,
    Failed {
        kind: FailureKind,
        text: String,
    },
    Interrupted,
    /// It takes a message again, which for all one can see from outside means that it is done.
    LooksDone,
    /// It is over, and nothing was told of how.
    NotTold,
}

/// A signal and what showed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub signal: Signal,
    pub evidence: Evidence,
}
