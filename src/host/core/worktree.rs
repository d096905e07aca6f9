//! Worktrees: a conversation in one of its own, what stands in it, and leaving it.

use super::{Effect, HostCore};
use crate::domain::conversation_state::Input;
use crate::domain::id::{ConversationId, Timestamp};
use crate::domain::worktree::{Worktree, branch_name};
use crate::host::effect::Wanted;
use crate::host::event::ClientId;
use crate::protocol::message::{Refusal, Reply, WorkInIt};

impl HostCore {
    /// Git is asked first; the conversation is made when its worktree is there.
    pub(super) fn new_in_worktree(
        &self,
        client: ClientId,
        id: u64,
        wanted: Wanted,
        branch: Option<String>,
    ) -> Vec<Effect> {
        let agent = wanted.agent.as_ref().unwrap_or(&self.agents.default_agent);
        if !self.agents.rules.contains_key(agent) {
            let why = Refusal::UnknownAgent(agent.clone());
            return vec![Effect::Reply { client, id, reply: Reply::Refused { why } }];
        }
        let written = branch.unwrap_or_else(|| format!("threadkeep/{}", self.next_conversation));
        match branch_name(&written) {
            Some(branch) => vec![Effect::AddWorktree { client, id, wanted, branch }],
            None => {
                let why = Refusal::Git(format!("{written:?} cannot be the name of a branch"));
                vec![Effect::Reply { client, id, reply: Reply::Refused { why } }]
            }
        }
    }

    pub(super) fn worktree_added(
        &mut self,
        client: ClientId,
        id: u64,
        wanted: Wanted,
        added: Result<(Worktree, String), Refusal>,
        now: Timestamp,
    ) -> Vec<Effect> {
        match added {
            Ok((worktree, folder)) => {
                let wanted = Wanted { folder, worktree: Some(worktree), ..wanted };
                self.new_conversation(client, id, wanted, now)
            }
            Err(why) => vec![Effect::Reply { client, id, reply: Reply::Refused { why } }],
        }
    }

    /// What must be asked of git, where the conversation has a worktree.
    pub(super) fn count_worktree(&self, conversation: ConversationId) -> Option<Effect> {
        let worktree = self.conversations.get(&conversation)?.record().worktree.clone()?;
        Some(Effect::CountWorktree { conversation, worktree })
    }

    pub(super) fn remove_worktree(
        &mut self,
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        work: WorkInIt,
        now: Timestamp,
    ) -> Vec<Effect> {
        match (self.worktree_to_leave(conversation), work, self.lives(conversation)) {
            // Its process would be ended for nothing where git refuses.
            (Ok(worktree), WorkInIt::Refuse, true) => {
                vec![Effect::LookIntoWorktree { client, id, conversation, worktree }]
            }
            (Ok(_), WorkInIt::Refuse | WorkInIt::Save, _) => self.leave_worktree(client, id, conversation, work, now),
            (Err(why), _, _) => vec![Effect::Reply { client, id, reply: Reply::Refused { why } }],
        }
    }

    /// None while a turn works in it.
    fn worktree_to_leave(&self, conversation: ConversationId) -> Result<Worktree, Refusal> {
        let state = self.conversations.get(&conversation).ok_or(Refusal::NoWorktree(conversation))?;
        let worktree = state.record().worktree.clone().ok_or(Refusal::NoWorktree(conversation))?;
        match state.current() {
            Some(current) => Err(Refusal::TurnRuns(current.turn.number)),
            None => Ok(worktree),
        }
    }

    fn lives(&self, conversation: ConversationId) -> bool {
        self.conversations.get(&conversation).is_some_and(|state| state.live().is_some())
    }

    /// An agent at its prompt in a folder that goes would be of no use; it is ended, and its session is not.
    pub(super) fn leave_worktree(
        &mut self,
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        work: WorkInIt,
        now: Timestamp,
    ) -> Vec<Effect> {
        // A turn may have begun while git looked.
        let worktree = match self.worktree_to_leave(conversation) {
            Ok(worktree) => worktree,
            Err(why) => return vec![Effect::Reply { client, id, reply: Reply::Refused { why } }],
        };
        let mut effects = match self.lives(conversation) {
            true => self.tell(conversation, now, |ask| Input::StopSession { ask }),
            false => Vec::new(),
        };
        effects.push(Effect::RemoveWorktree { client, id, conversation, worktree, work });
        effects
    }

    pub(super) fn worktree_removed(
        &mut self,
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        removed: Result<Option<String>, Refusal>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let worktree = self.conversations.get(&conversation).and_then(|state| state.record().worktree.clone());
        match (removed, worktree) {
            (Ok(saved), Some(worktree)) => {
                let folder = worktree.repository.clone();
                let mut effects = self.tell(conversation, now, |ask| Input::LeftWorktree { ask, folder });
                let reply = Reply::WorktreeRemoved { worktree, saved };
                effects.push(Effect::Reply { client, id, reply });
                effects
            }
            (Ok(_), None) => vec![Effect::Reply { client, id, reply: Reply::Done }],
            (Err(why), _) => {
                let mut effects = vec![Effect::Reply { client, id, reply: Reply::Refused { why } }];
                effects.extend(self.count_worktree(conversation));
                effects
            }
        }
    }
}
