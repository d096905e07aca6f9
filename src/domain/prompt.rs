//! A message that was sent once, as a list of earlier ones tells it.

use super::id::{ConversationId, Timestamp, TurnNumber};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    pub conversation: ConversationId,
    pub turn: TurnNumber,
    /// Of a long one the beginning.
    pub text: String,
    /// How long the whole is.
    pub bytes: u64,
    pub at: Timestamp,
}
