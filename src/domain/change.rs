//! What must be remembered. The state machines say it, the store obeys it.

use super::changes::Trees;
use super::continuity::DecisionRecord;
use super::conversation::ConversationRecord;
use super::id::{ConversationId, TurnNumber};
use super::session::SessionRecord;
use super::turn::{Answer, TurnRecord, Work};

/// One thing to remember. A record replaces what stood under the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Conversation(ConversationRecord),
    /// The conversation with its sessions, turns and decisions is forgotten.
    ConversationRemoved(ConversationId),
    Session(ConversationId, SessionRecord),
    Turn(ConversationId, TurnRecord),
    /// More was told of a turn that has ended. Without an answer the one that is there stays.
    TurnDetail(ConversationId, TurnNumber, Option<Answer>, Work),
    /// What was noted of the files around a turn.
    TurnTrees(ConversationId, TurnNumber, Trees),
    /// A queued turn was taken back before it went anywhere.
    TurnRemoved(ConversationId, TurnNumber),
    Decision(ConversationId, DecisionRecord),
}
