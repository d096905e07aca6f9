//! The conversation across the end of a host: what was kept is taken up again, and what ran then is told truthfully.

use super::*;

impl ConversationState {
    /// Takes up what the store kept. A turn that may have reached its agent ended as unknown; one that did not leave us waits again,
    /// and the queue is held for the person.
    pub fn restore(
        kept: Kept,
        rules_of: impl Fn(&str) -> AgentRules,
        now: Timestamp,
    ) -> (ConversationState, Vec<Action>) {
        let wanted = &kept.record.wanted.agent;
        let own = kept.session.as_ref().map_or(wanted, |session| &session.fingerprint.agent);
        let rules = rules_of(own);
        let next_rules = (own != wanted).then(|| rules_of(wanted));
        let decisions_made = kept.decisions.iter().map(|decision| decision.number).max().unwrap_or(0);
        let mut state = ConversationState {
            session: kept.session,
            newest_ended: kept.newest_ended.map(without_answer),
            decisions: kept.decisions.into(),
            turns: kept.turns,
            sessions: kept.sessions,
            decisions_made,
            next_rules,
            ..ConversationState::new(kept.record, rules)
        };
        let mut out = Vec::new();
        if state.session.as_ref().is_some_and(|session| session.asleep.is_none()) {
            state.fall_asleep(AsleepWhy::HostEnded, &mut out);
        }
        for turn in kept.open_turns {
            state.take_up(turn, now, &mut out);
        }
        state.queue.sort_by_key(|turn| (turn.queue_place, turn.number));
        if !state.queue.is_empty() && state.record.queue_held.is_none() {
            state.record.queue_held = Some(QueueHeld::HostEnded);
            state.save_record(&mut out);
        }
        (state, out)
    }

    fn take_up(&mut self, mut turn: TurnRecord, now: Timestamp, out: &mut Vec<Action>) {
        match (&turn.state, turn.delivery) {
            (TurnState::Queued, _) => self.queue.push(turn),
            (_, Delivery::Held) => {
                turn.state = TurnState::Queued;
                turn.queue_place = 0;
                self.save_turn(&turn, out);
                self.queue.push(turn);
            }
            (_, delivery) => {
                let text = match delivery {
                    Delivery::Confirmed => "the host ended while the turn ran",
                    Delivery::Held | Delivery::Writing | Delivery::Written => {
                        "the host ended while the message was sent; the agent may have got it"
                    }
                };
                self.current = Some(Current { turn, interrupt: None });
                self.end_turn(TurnEnd::Unknown(UnknownWhy::HostEnded), evidence(Source::Host, now, text), None, out);
            }
        }
    }

    /// The person ended the host, so what ran was interrupted by that, and what was not written waits.
    pub(super) fn host_ending(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        if self.live.is_some() {
            self.fall_asleep(AsleepWhy::HostEnded, out);
        }
        match &mut self.current {
            Some(current) if current.turn.delivery == Delivery::Held => {
                let mut turn = current.turn.clone();
                turn.state = TurnState::Queued;
                turn.queue_place = 0;
                self.save_turn(&turn, out);
                self.current = None;
                self.queue.insert(0, turn);
            }
            Some(_) => {
                let seen = evidence(Source::Host, now, "the host was told to end");
                self.end_turn(TurnEnd::Interrupted(InterruptedBy::SessionStopped), seen, None, out);
            }
            None => {}
        }
        if !self.queue.is_empty() && self.record.queue_held.is_none() {
            self.record.queue_held = Some(QueueHeld::HostEnded);
            self.save_record(out);
        }
    }
}
