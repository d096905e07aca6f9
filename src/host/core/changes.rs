//! What a turn changed in the files of its repository: when that is noted, and who may ask for it.

use super::{Effect, HostCore};
use crate::domain::changes::Span;
use crate::domain::conversation_state::ConversationState;
use crate::domain::id::{ConversationId, Timestamp, TurnNumber};
use crate::host::effect::Query;
use crate::host::event::ClientId;
use crate::protocol::message::{Refusal, Reply};

impl HostCore {
    /// A turn that was not under way before has begun.
    pub(super) fn note_began(&self, id: ConversationId, ran: Option<TurnNumber>, now: Timestamp) -> Option<Effect> {
        let state = self.conversations.get(&id)?;
        let turn = state.current().map(|current| &current.turn).filter(|turn| Some(turn.number) != ran)?;
        // One that was typed on the agent's screen began a little earlier.
        let at = turn.started_at.unwrap_or(now);
        let last = state.newest_ended().and_then(|ended| ended.trees.clone());
        Some(Effect::NoteBegan { conversation: id, turn: turn.number, folder: folder_of(state), at, last })
    }

    /// Of this turn; none: of the one that runs, else of the newest that ended.
    pub(super) fn diff(
        &self,
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        turn: Option<TurnNumber>,
        span: Span,
    ) -> Effect {
        let refused = |why| Effect::Reply { client, id, reply: Reply::Refused { why } };
        let Some(state) = self.conversations.get(&conversation) else {
            return refused(Refusal::NoConversation(conversation));
        };
        let newest = state.current().map(|current| &current.turn).or(state.newest_ended());
        let Some(turn) = turn.or(newest.map(|turn| turn.number)) else { return refused(Refusal::NothingSaid) };
        if turn.0 == 0 || turn.0 > state.turns() {
            return refused(Refusal::NoTurn(turn));
        }
        if state.queue().iter().any(|waiting| waiting.number == turn) {
            return refused(Refusal::NotBegun(turn));
        }
        let folder = state.record().wanted.folder.clone();
        Effect::Query { client, id, query: Query::Diff { conversation, turn, span, folder } }
    }
}

/// Where the agent works, as far as it tells.
fn folder_of(state: &ConversationState) -> String {
    let told = state.session().and_then(|session| session.last_folder.clone());
    told.unwrap_or_else(|| state.record().wanted.folder.clone())
}
