//! The conversation across the end of a host: what was kept is taken up again, and what ran then is told truthfully.
//!
//! Where the agent lived on its turn goes on as if nothing had happened; where it did not, nobody knows how the turn would have ended.

use super::*;

impl ConversationState {
    /// Takes up what the store kept. Without a process that lived on, a turn that may have reached its agent ended as unknown; one that did
    /// not leave us waits again, and the queue is held for the person.
    pub fn restore(
        kept: Kept,
        rules_of: impl Fn(&str) -> AgentRules,
        lived_on: Option<LivedOn>,
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
        if let Some(lived_on) = lived_on {
            // Late words of a process that has this number touch nothing of a new one.
            state.generations = lived_on.generation.0;
            state.take_over(lived_on);
        }
        if state.live.is_none() && state.session.as_ref().is_some_and(|session| session.asleep.is_none()) {
            state.fall_asleep(AsleepWhy::HostEnded, &mut out);
        }
        for turn in kept.open_turns {
            state.take_up(turn, now, &mut out);
        }
        state.queue.sort_by_key(|turn| (turn.queue_place, turn.number));
        if state.live.is_none() && !state.queue.is_empty() && state.record.queue_held.is_none() {
            state.record.queue_held = Some(QueueHeld::HostEnded);
            state.save_record(&mut out);
        }
        (state, out)
    }

    /// The process is that of the session which goes on, or of one before it that the person left within the agent's own screen.
    fn take_over(&mut self, lived_on: LivedOn) {
        let fits = self.session.as_ref().is_some_and(|session| {
            let same = session.number == lived_on.session;
            let later = session.begun_by == BegunBy::AgentScreen && session.number > lived_on.session;
            session.asleep.is_none() && (same || later)
        });
        if fits {
            self.live = Some(Live {
                generation: lived_on.generation,
                since: lived_on.since,
                pid: lived_on.pid,
                // Where it is its own thread tells once it has seen.
                place: AgentPlace::Busy,
                stopping: Stopping::No,
                taken_up: lived_on.taken_up,
                host: HostSince::Another,
                asks: None,
                warning: None,
                background: 0,
                heard: BTreeMap::new(),
            });
        }
    }

    /// The agent has the turn, as far as is known. How long it may take to begin is counted anew.
    fn take_up_with_agent(&mut self, turn: TurnRecord, out: &mut Vec<Action>) {
        if turn.delivery != Delivery::Confirmed {
            let timer = Timer::Start { turn: turn.number };
            out.push(Action::SetTimer { after_ms: self.rules.start_deadline_ms, timer });
        }
        self.current = Some(Current { turn, interrupt: None });
    }

    /// Whether this turn's text was on its way when an earlier host was killed.
    pub(super) fn is_half_written(&self, turn: TurnNumber) -> bool {
        let of_another = self.live.as_ref().is_some_and(|live| live.host == HostSince::Another);
        let current = self.current.as_ref().map(|current| (current.turn.number, current.turn.delivery));
        of_another && current == Some((turn, Delivery::Writing))
    }

    /// The host before was killed while it wrote, and no turn was seen starting. Whether the agent got it nobody knows, so it is not written
    /// again by itself.
    pub(super) fn end_half_written(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        if let Some(live) = &self.live {
            out.push(Action::GiveUp { generation: live.generation });
        }
        let text = "the host ended while the message was sent; the agent may have got it";
        self.end_turn(TurnEnd::Unknown(UnknownWhy::HostEnded), evidence(Source::Host, now, text), None, out);
        self.flow(now, out);
    }

    fn take_up(&mut self, mut turn: TurnRecord, now: Timestamp, out: &mut Vec<Action>) {
        match (&turn.state, turn.delivery) {
            (TurnState::Queued, _) => self.queue.push(turn),
            // Nothing of it left us: it is decided for anew, and nobody need say so.
            (_, Delivery::Held) => {
                turn.state = TurnState::Queued;
                turn.queue_place = 0;
                self.save_turn(&turn, out);
                self.queue.push(turn);
            }
            (_, _) if self.live.is_some() && self.current.is_none() => self.take_up_with_agent(turn, out),
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
