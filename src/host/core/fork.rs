//! Forks: a conversation that leaves another one behind a turn, and what lies before it.
//!
//! A fork keeps only where it left (`domain/conversation.rs`), so the past is walked here, from fork to fork.

use super::{Effect, HostCore};
use crate::domain::conversation::{Begun, Fork, Title};
use crate::domain::conversation_state::ConversationState;
use crate::domain::id::{ConversationId, Timestamp, TurnNumber};
use crate::host::core::views;
use crate::host::effect::{Past, Wanted};
use crate::host::event::ClientId;
use crate::protocol::message::{Refusal, Reply};

/// A chain of more forks is no longer followed: what was said before them helps nobody any more.
const MOST_FORKS: usize = 20;

impl HostCore {
    pub(super) fn fork(
        &mut self,
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        turn: Option<TurnNumber>,
        (agent, model, title): (Option<String>, Option<String>, Option<String>),
        now: Timestamp,
    ) -> Vec<Effect> {
        let Some(state) = self.conversations.get(&conversation) else { return Vec::new() };
        let turn = match fork_point(state, turn) {
            Ok(turn) => turn,
            Err(why) => return vec![Effect::Reply { client, id, reply: Reply::Refused { why } }],
        };
        let of = state.record();
        let left = of.title_text().to_owned();
        let same_agent = agent.is_none();
        let wanted = Wanted {
            agent: agent.or(Some(of.wanted.agent.clone())),
            model: model.or(of.wanted.model.clone().filter(|_| same_agent)),
            title: title.map_or(Title::FromPrompt(format!("{left} (fork)")), Title::ByPerson),
            folder: of.wanted.folder.clone(),
            begun: Begun::Forked(Fork { from: conversation, title: left, turn }),
            // Both work in it then, and it is the other one's to remove.
            worktree: None,
        };
        self.new_conversation(client, id, wanted, now)
    }

    /// What lies before a conversation, the nearest first; as far as it is still there.
    pub(super) fn past(&self, conversation: ConversationId) -> Vec<Past> {
        let fork_of = |of: ConversationId| match &self.conversations.get(&of)?.record().begun {
            Begun::Forked(fork) => Some(Past { conversation: fork.from, to: fork.turn }),
            Begun::New => None,
        };
        let chain = std::iter::successors(fork_of(conversation), |past| fork_of(past.conversation));
        chain.take(MOST_FORKS).collect()
    }
}

/// The turn behind which a fork leaves: one that has ended, for what it came to belongs to it.
fn fork_point(state: &ConversationState, turn: Option<TurnNumber>) -> Result<TurnNumber, Refusal> {
    match turn {
        None => state.newest_ended().map(|ended| ended.number).ok_or(Refusal::NothingSaid),
        Some(turn) if turn.0 == 0 || turn.0 > state.turns() => Err(Refusal::NoTurn(turn)),
        Some(turn) if views::is_open(state, turn) => Err(Refusal::NotEnded(turn)),
        Some(turn) => Ok(turn),
    }
}
