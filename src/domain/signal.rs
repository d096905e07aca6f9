//! What an agent was seen doing, as the session's thread tells it.

use super::id::TurnNumber;
use super::turn::{Answer, Evidence};
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
    /// A turn ended, with its exit status where one was told.
    TurnEnded { turn: Option<TurnNumber>, status: Option<i32>, answer: Answer },
    /// It went to this folder.
    Folder(String),
}

/// A signal and what showed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub signal: Signal,
    pub evidence: Evidence,
}
