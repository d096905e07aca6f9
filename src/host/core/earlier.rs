//! Going on with an earlier session of a conversation: which one is meant, and whether another conversation has it by now.
//!
//! Sessions that are over are only in the store, so it is read first. What the pick does: `domain/conversation_state/earlier.rs`.

use super::{Effect, HostCore};
use crate::domain::conversation::FreshWanted;
use crate::domain::conversation_state::Input;
use crate::domain::id::{ConversationId, SessionNumber, Timestamp};
use crate::domain::session::SessionRecord;
use crate::host::effect::Earlier;
use crate::host::event::ClientId;
use crate::protocol::message::{Refusal, Reply};

impl HostCore {
    pub(super) fn resume_earlier(
        &mut self,
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        session: Option<SessionNumber>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let refused = |why| vec![Effect::Reply { client, id, reply: Reply::Refused { why } }];
        let Some(state) = self.conversations.get(&conversation) else { return Vec::new() };
        // The same is asked again once the session was read, for a turn may have begun by then.
        if let Some(current) = state.current() {
            return refused(Refusal::TurnRuns(current.turn.number));
        }
        let Some(goes_on) = state.session() else { return refused(Refusal::NoEarlierSession) };
        let which = match session {
            Some(number) => Earlier::This(number),
            None if state.record().fresh_wanted == FreshWanted::No => Earlier::Before(goes_on.number),
            None => Earlier::This(goes_on.number),
        };
        if which == Earlier::This(goes_on.number) {
            let found = Ok(goes_on.clone());
            return self.earlier_read(client, id, conversation, found, now);
        }
        vec![Effect::ReadEarlier { client, id, conversation, which }]
    }

    pub(super) fn earlier_read(
        &mut self,
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        found: Result<SessionRecord, Refusal>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let free = found.and_then(|session| match self.held_elsewhere(conversation, &session) {
            Some(other) => Err(Refusal::SessionKnown(other)),
            None => Ok(session),
        });
        match free {
            Ok(session) => {
                let rules = Box::new(self.rules_of(&session.fingerprint.agent));
                let session = Box::new(session);
                self.ask(client, id, conversation, now, |ask| Input::TakeUpEarlier { ask, session, rules })
            }
            Err(why) => vec![Effect::Reply { client, id, reply: Reply::Refused { why } }],
        }
    }

    /// Another conversation that goes on with the same session of the agent: it was adopted there.
    fn held_elsewhere(&self, conversation: ConversationId, session: &SessionRecord) -> Option<ConversationId> {
        let holders = self.sessions_of(&session.fingerprint.agent);
        let holder = holders.get(session.agent_session.as_ref()?)?;
        (*holder != conversation).then_some(*holder)
    }
}
