//! What comes from the session's process and from deadlines. Each names its process or its turn; what is stale changes nothing.

use super::*;
use crate::domain::continuity::Carried;
use crate::domain::signal::Signal;

impl ConversationState {
    pub(super) fn session_event(
        &mut self,
        generation: Generation,
        event: SessionEvent,
        now: Timestamp,
        out: &mut Vec<Action>,
    ) {
        if self.live.as_ref().is_none_or(|live| live.generation != generation) {
            return;
        }
        match event {
            SessionEvent::Started { pid } => {
                if let Some(live) = &mut self.live {
                    live.pid = pid;
                }
            }
            SessionEvent::CouldNotStart { why, folder } => self.could_not_start(why, folder, now, out),
            SessionEvent::Written { turn } => self.written(turn, out),
            SessionEvent::Seen(seen) => self.seen(seen, now, out),
            SessionEvent::Exited(exit) => self.exited(exit, now, out),
        }
    }

    fn could_not_start(&mut self, why: String, folder: FolderState, now: Timestamp, out: &mut Vec<Action>) {
        if folder == FolderState::Gone && self.start_in_own_folder(now, out) {
            return;
        }
        self.fall_asleep(AsleepWhy::CouldNotStart(why.clone()), out);
        let seen = evidence(Source::Process, now, why.clone());
        self.end_turn(TurnEnd::Failed(FailedWhy::CouldNotStart(why)), seen, None, out);
        self.flow(now, out);
    }

    /// The folder that was to be restored is gone: the same session is tried again in the conversation's own folder, and that is said.
    /// False where it was that one already.
    fn start_in_own_folder(&mut self, now: Timestamp, out: &mut Vec<Action>) -> bool {
        let own = self.record.wanted.folder.clone();
        let (Some(session), Some(current)) = (&mut self.session, &self.current) else {
            return false;
        };
        let Some(gone) = session.last_folder.replace(own.clone()).filter(|folder| *folder != own) else {
            return false;
        };
        let made = self.decisions.iter().rev().find(|made| made.turn == current.turn.number);
        let cause = match made.map(|made| &made.decision.why) {
            Some(Why::Asleep { cause, .. }) => cause.clone(),
            _ => AsleepWhy::CouldNotStart(format!("folder {gone} is gone")),
        };
        let why = Why::Asleep { cause, carried: Carried::OwnFolder { gone, folder: own.clone() } };
        let (turn, decision) = (current.turn.clone(), Decision { continuity: Continuity::Fresh, why });
        self.record_decision(&turn, &decision, now, out);
        let mut after = Vec::new();
        self.start_process(own, None, now, out, &mut after);
        self.wait_for_prompt(&mut after);
        out.extend(after);
        true
    }

    pub(super) fn fall_asleep(&mut self, why: AsleepWhy, out: &mut Vec<Action>) {
        self.live = None;
        if let Some(session) = &mut self.session {
            session.asleep = Some(why);
        }
        self.save_session(out);
    }

    fn written(&mut self, turn: TurnNumber, out: &mut Vec<Action>) {
        let Some(current) = &mut self.current else {
            return;
        };
        if current.turn.number == turn && current.turn.delivery == Delivery::Writing {
            current.turn.delivery = Delivery::Written;
            self.save_current(out);
            out.push(Action::SetTimer { after_ms: self.rules.start_deadline_ms, timer: Timer::Start { turn } });
        }
    }

    fn seen(&mut self, seen: Seen, now: Timestamp, out: &mut Vec<Action>) {
        let Seen { signal, evidence } = seen;
        match signal {
            Signal::Ready => {
                self.set_place(AgentPlace::Ready);
                self.end_if_interrupted_before_start(&evidence, now, out);
                self.deliver_held(out);
            }
            Signal::WantsMore => self.set_place(AgentPlace::Busy),
            Signal::TurnStarted { turn: Some(turn), .. } => self.ours_started(turn, evidence, out),
            Signal::TurnStarted { turn: None, text } => self.typed_started(text, evidence, now, out),
            Signal::TurnEnded { turn, status, answer } => self.turn_ended(turn, status, answer, evidence, now, out),
            Signal::Folder(folder) => self.went_to(folder, out),
        }
    }

    /// The prompt is back after an interrupt, and the text that was written started no turn: whatever took it was interrupted with it.
    fn end_if_interrupted_before_start(&mut self, seen: &Evidence, now: Timestamp, out: &mut Vec<Action>) {
        let Some(Current { turn, interrupt: Some(interrupt) }) = &self.current else {
            return;
        };
        if turn.delivery == Delivery::Written {
            let by = interrupt.by;
            self.give_up_on_start(out);
            self.end_turn(TurnEnd::Interrupted(by), seen.clone(), None, out);
            self.flow(now, out);
        }
    }

    /// What starts from now on is not the text that was written last.
    fn give_up_on_start(&self, out: &mut Vec<Action>) {
        if let Some(live) = &self.live {
            out.push(Action::GiveUp { generation: live.generation });
        }
    }

    fn set_place(&mut self, place: AgentPlace) {
        if let Some(live) = &mut self.live {
            live.place = place;
        }
    }

    fn ours_started(&mut self, turn: TurnNumber, seen: Evidence, out: &mut Vec<Action>) {
        self.set_place(AgentPlace::Busy);
        let Some(current) = &mut self.current else {
            return;
        };
        let on_its_way = matches!(current.turn.delivery, Delivery::Writing | Delivery::Written);
        if current.turn.number == turn && on_its_way {
            current.turn.delivery = Delivery::Confirmed;
            current.turn.state = TurnState::Working;
            current.turn.started_at = Some(seen.at);
            current.turn.evidence = Some(seen);
            self.save_current(out);
        }
    }

    /// A command typed into the agent's screen is a turn as well. One of ours that was held for the prompt goes back to the front of the queue.
    fn typed_started(&mut self, text: Option<String>, seen: Evidence, now: Timestamp, out: &mut Vec<Action>) {
        self.set_place(AgentPlace::Busy);
        match self.current.take() {
            Some(Current { mut turn, .. }) if turn.delivery == Delivery::Held => {
                turn.state = TurnState::Queued;
                turn.queue_place = 0;
                self.save_turn(&turn, out);
                self.queue.insert(0, turn);
            }
            Some(other) => {
                self.current = Some(other);
                return;
            }
            None => {}
        }
        let prompt = text.unwrap_or_else(|| "(typed in the agent's screen)".to_owned());
        let mut turn = self.new_turn(prompt, Origin::Typed, now);
        turn.session = self.session.as_ref().map(|session| session.number);
        turn.state = TurnState::Working;
        turn.delivery = Delivery::Confirmed;
        turn.started_at = Some(seen.at);
        turn.evidence = Some(seen);
        self.record.active_at = now;
        self.save_turn(&turn, out);
        self.save_record(out);
        let decision = Decision { continuity: Continuity::Reused, why: Why::AgentAlive };
        self.record_decision(&turn, &decision, now, out);
        self.current = Some(Current { turn, interrupt: None });
    }

    fn turn_ended(
        &mut self,
        turn: Option<TurnNumber>,
        status: Option<i32>,
        answer: Answer,
        seen: Evidence,
        now: Timestamp,
        out: &mut Vec<Action>,
    ) {
        self.set_place(AgentPlace::AfterTurn);
        let Some(current) = &self.current else {
            return;
        };
        let runs = current.turn.delivery == Delivery::Confirmed;
        if !runs || turn.is_some_and(|turn| turn != current.turn.number) {
            return;
        }
        let end = self.end_by_status(current, status);
        self.end_turn(end, seen, Some(answer), out);
        self.flow(now, out);
    }

    fn end_by_status(&self, current: &Current, status: Option<i32>) -> TurnEnd {
        match (current.interrupt, status) {
            (Some(interrupt), _) => TurnEnd::Interrupted(interrupt.by),
            (None, Some(0)) => TurnEnd::Completed,
            (None, Some(status)) if self.rules.interrupted_statuses.contains(&status) => {
                TurnEnd::Interrupted(InterruptedBy::AgentScreen)
            }
            (None, Some(status)) => TurnEnd::Failed(FailedWhy::ExitStatus(status)),
            (None, None) => TurnEnd::Unknown(UnknownWhy::NoStatus),
        }
    }

    fn went_to(&mut self, folder: String, out: &mut Vec<Action>) {
        let Some(session) = &mut self.session else {
            return;
        };
        if session.last_folder.as_ref() != Some(&folder) {
            session.last_folder = Some(folder);
            self.save_session(out);
        }
    }

    fn exited(&mut self, exit: Exit, now: Timestamp, out: &mut Vec<Action>) {
        let stopping = self.live.as_ref().map_or(Stopping::No, |live| live.stopping);
        self.fall_asleep(
            match stopping {
                Stopping::ByPerson => AsleepWhy::Stopped,
                Stopping::No => AsleepWhy::AgentExited(exit),
            },
            out,
        );
        if let Some(current) = &self.current {
            let end = self.end_by_exit(current, exit);
            let seen = evidence(Source::Process, now, format!("the agent left: {exit}"));
            self.end_turn(end, seen, None, out);
        }
        self.flow(now, out);
    }

    fn end_by_exit(&self, current: &Current, exit: Exit) -> TurnEnd {
        if let Some(interrupt) = current.interrupt {
            return TurnEnd::Interrupted(interrupt.by);
        }
        match (current.turn.delivery, self.rules.exit, exit) {
            (Delivery::Held, _, _) => {
                TurnEnd::Failed(FailedWhy::CouldNotStart(format!("the agent left before its prompt: {exit}")))
            }
            (Delivery::Confirmed, ExitMeans::TurnStatus, Exit::Code(0)) => TurnEnd::Completed,
            (Delivery::Confirmed | Delivery::Writing | Delivery::Written, _, exit) => {
                TurnEnd::Failed(FailedWhy::AgentExited(exit))
            }
        }
    }

    pub(super) fn timer(&mut self, timer: Timer, now: Timestamp, out: &mut Vec<Action>) {
        match timer {
            Timer::Ready { turn, generation } => {
                if self.holds(turn, generation) {
                    self.tell_not_ready(now, out);
                }
            }
            Timer::Prompt { turn, generation } => {
                let after_turn = self.live.as_ref().is_some_and(|live| live.place == AgentPlace::AfterTurn);
                if self.holds(turn, generation) && after_turn {
                    self.set_place(AgentPlace::Ready);
                    self.deliver_held(out);
                }
            }
            Timer::Start { turn } => {
                let waits = self
                    .current
                    .as_ref()
                    .is_some_and(|current| current.turn.number == turn && current.turn.delivery == Delivery::Written);
                if waits {
                    let seen = evidence(Source::Silence, now, "the text was written; no turn was seen starting");
                    let interrupt = self.current.as_ref().and_then(|current| current.interrupt);
                    let end = match interrupt {
                        Some(interrupt) => TurnEnd::Interrupted(interrupt.by),
                        None => TurnEnd::Failed(FailedWhy::NotStarted),
                    };
                    self.give_up_on_start(out);
                    // Something else took the text. The next one waits until the prompt shows again.
                    self.set_place(AgentPlace::Busy);
                    self.end_turn(end, seen, None, out);
                    self.flow(now, out);
                }
            }
            Timer::InterruptStep { turn, step } => {
                let due = self.current.as_ref().filter(|current| current.turn.number == turn);
                if let Some(interrupt) = due.and_then(|current| current.interrupt).filter(|taken| taken.step == step) {
                    self.take_interrupt_step(interrupt.by, step + 1, out);
                }
            }
        }
    }

    /// Whether this turn is current, not yet written, and meant for this process.
    fn holds(&self, turn: TurnNumber, generation: Generation) -> bool {
        let current = self.current.as_ref().map(|current| (current.turn.number, current.turn.delivery));
        let live = self.live.as_ref().map(|live| live.generation);
        current == Some((turn, Delivery::Held)) && live == Some(generation)
    }

    /// The message stays held; the person is told where to look.
    fn tell_not_ready(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        if let Some(current) = &mut self.current {
            current.turn.state = TurnState::NeedsAnswer;
            current.turn.evidence =
                Some(evidence(Source::Silence, now, "the agent is not at its prompt; look at its screen"));
        }
        self.save_current(out);
    }
}
