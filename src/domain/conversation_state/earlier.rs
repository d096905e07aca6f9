//! Going on with an earlier session of the conversation, which the person picked.
//!
//! Nothing starts by that: the next message resumes it, and verifies it like any other. The session that went on until then is over, and can be
//! picked again in its turn.

use super::*;

impl ConversationState {
    pub(super) fn take_up_earlier(
        &mut self,
        ask: Ask,
        picked: SessionRecord,
        rules: AgentRules,
        now: Timestamp,
        out: &mut Vec<Action>,
    ) {
        if let Some(current) = &self.current {
            return out.push(Action::Answer(ask, Outcome::TurnRuns(current.turn.number)));
        }
        let goes_on = self.session.as_ref().is_some_and(|session| session.number == picked.number);
        if !goes_on {
            if let Some(why) = not_resumable(&picked, &rules) {
                return out.push(Action::Answer(ask, Outcome::CannotResume(picked.number, why)));
            }
            self.leave_for(picked, out);
            self.rules = rules;
        }
        // With what it was begun: another wish would end it at once.
        if let Some(session) = &self.session {
            self.record.wanted = session.fingerprint.clone();
        }
        self.next_rules = None;
        self.record.fresh_wanted = FreshWanted::No;
        if self.record.queue_held == Some(QueueHeld::ResumeRefused) {
            self.record.queue_held = None;
        }
        self.save_record(out);
        out.push(Action::Answer(ask, Outcome::Done));
        self.flow(now, out);
    }

    /// The picked session stands in the place of the one that went on, asleep.
    fn leave_for(&mut self, picked: SessionRecord, out: &mut Vec<Action>) {
        if let Some(mut old) = self.session.take() {
            old.ended = Some(SessionEnd::EarlierPicked);
            out.push(Action::Save(Change::Session(self.record.id, old)));
        }
        if let Some(live) = self.live.take() {
            out.push(Action::Stop { generation: live.generation });
        }
        self.session = Some(SessionRecord { ended: None, asleep: Some(AsleepWhy::PickedAgain), ..picked });
        self.save_session(out);
    }
}

fn not_resumable(picked: &SessionRecord, rules: &AgentRules) -> Option<NotResumable> {
    match (rules.resume, picked.context, &picked.agent_session) {
        (CanResume::No, _, _) => Some(NotResumable::AgentCannot),
        (CanResume::Yes, Context::Empty, _) => Some(NotResumable::Empty),
        (CanResume::Yes, Context::Holds, None) => Some(NotResumable::IdUnknown),
        (CanResume::Yes, Context::Holds, Some(_)) => None,
    }
}
