//! Adopting: a conversation for a session that was begun elsewhere and that the person picked.
//!
//! It is bound to that id like one of ours that is asleep, so that its first message takes it up and is verified in the same way.

use super::{Effect, HostCore};
use crate::domain::change::Change;
use crate::domain::conversation::{Begun, ConversationRecord, FreshWanted, Title};
use crate::domain::conversation_state::{ConversationState, Kept, title_from};
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::{ConversationId, SessionNumber, Timestamp};
use crate::domain::session::{AsleepWhy, BegunBy, Context, SessionRecord};
use crate::domain::turn::Usage;
use crate::host::effect::Lookup;
use crate::host::event::ClientId;
use crate::protocol::message::{AgentSession, Refusal, Reply};
use std::collections::BTreeMap;

impl HostCore {
    /// Which conversation has which session of this agent.
    pub(super) fn sessions_of(&self, agent: &str) -> BTreeMap<String, ConversationId> {
        let own = |state: &ConversationState| {
            let session = state.session().filter(|session| session.fingerprint.agent == agent)?;
            Some((session.agent_session.clone()?, state.record().id))
        };
        self.conversations.values().filter_map(own).collect()
    }

    pub(super) fn session_looked_for(
        &mut self,
        client: ClientId,
        id: u64,
        lookup: Lookup,
        title: Option<String>,
        found: Result<AgentSession, Refusal>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let reply = |reply| Effect::Reply { client, id, reply };
        let free =
            found.and_then(|session| match (self.sessions_of(&lookup.agent).get(&session.id), session.held_by) {
                (Some(conversation), _) => Err(Refusal::SessionKnown(*conversation)),
                (None, Some(pid)) => Err(Refusal::SessionHeld(pid)),
                (None, None) => Ok(session),
            });
        match free {
            Ok(session) => {
                let (conversation, mut effects) = self.adopt(lookup, title, session, now);
                effects.push(reply(Reply::Created { conversation }));
                effects.extend(self.tell_changed(conversation));
                effects
            }
            Err(why) => vec![reply(Reply::Refused { why })],
        }
    }

    fn adopt(
        &mut self,
        lookup: Lookup,
        title: Option<String>,
        session: AgentSession,
        now: Timestamp,
    ) -> (ConversationId, Vec<Effect>) {
        let id = self.next_conversation;
        self.next_conversation = ConversationId(id.0 + 1);
        let wanted = Fingerprint { agent: lookup.agent, model: None, folder: lookup.folder };
        let title = match (title, title_from(&session.prompt)) {
            (Some(title), _) => Title::ByPerson(title),
            (None, prompt) if prompt.is_empty() => Title::Unset,
            (None, prompt) => Title::FromPrompt(prompt),
        };
        let record = ConversationRecord {
            id,
            title,
            wanted: wanted.clone(),
            fresh_wanted: FreshWanted::No,
            queue_held: None,
            tab: self.next_tab(),
            unread: None,
            draft: String::new(),
            begun: Begun::New,
            worktree: None,
            spent: Usage::default(),
            created_at: now,
            active_at: now,
        };
        let session = SessionRecord {
            number: SessionNumber(1),
            last_folder: Some(wanted.folder.clone()),
            fingerprint: wanted,
            agent_session: Some(session.id),
            context: Context::Holds,
            begun_by: BegunBy::Us,
            started_at: now,
            asleep: Some(AsleepWhy::Adopted),
            ended: None,
        };
        let mut effects = vec![
            Effect::Save(Change::Conversation(record.clone())),
            Effect::Save(Change::Session(id, session.clone())),
        ];
        let kept = Kept {
            record,
            session: Some(session),
            open_turns: Vec::new(),
            newest_ended: None,
            decisions: Vec::new(),
            turns: 0,
            sessions: 1,
        };
        let (state, actions) = ConversationState::restore(kept, |agent| self.rules_of(agent), None, now);
        self.conversations.insert(id, state);
        effects.extend(self.effects_of(id, actions));
        (id, effects)
    }
}
