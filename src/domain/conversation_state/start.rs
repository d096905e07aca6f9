//! How a turn gets to its agent: the session is found or started, the text is written once the agent takes it; and how a person
//! stops it: interrupt, fresh, stop.

use super::*;
use crate::domain::fingerprint::Fingerprint;

impl ConversationState {
    /// Makes `turn` the current one. Returns the decision, and what must be done behind the answer: start, write, timers.
    pub(super) fn begin(
        &mut self,
        mut turn: TurnRecord,
        now: Timestamp,
        out: &mut Vec<Action>,
    ) -> (Decision, Vec<Action>) {
        let mut after = Vec::new();
        let decision = continuity::decide(&self.facts());
        match decision.continuity {
            // The person began it: its process lives.
            Continuity::Fresh if decision.why == Why::BegunInScreen => {}
            Continuity::Fresh => self.start_fresh(&decision.why, now, out, &mut after),
            Continuity::Resumed if self.live.is_some() => self.stop(Stopping::ForRestart, &mut after),
            Continuity::Resumed => self.resume(now, out, &mut after),
            // The session is alive, and `decide` gives no other answer.
            Continuity::Reused | Continuity::Queued | Continuity::Answer | Continuity::Refused => {}
        }
        if let Some(live) = &mut self.live {
            // Said once.
            live.host = HostSince::Same;
        }
        turn.session = self.session.as_ref().map(|session| session.number);
        turn.state = TurnState::Sending;
        turn.evidence = Some(evidence(Source::Person, now, "sent"));
        self.record.active_at = now;
        self.save_record(out);
        self.record_decision(&turn, &decision, now, out);
        self.current = Some(Current { turn, interrupt: None });
        self.deliver_or_wait(&mut after);
        self.save_current(out);
        (decision, after)
    }

    fn start_fresh(&mut self, why: &Why, now: Timestamp, out: &mut Vec<Action>, after: &mut Vec<Action>) {
        let folder = match why {
            Why::Asleep { carried: super::continuity::Carried::FolderOnly(folder), .. } => folder.clone(),
            _ => self.record.wanted.folder.clone(),
        };
        if let Some(mut old) = self.session.take() {
            old.ended = Some(match why {
                Why::UserAsked => SessionEnd::UserAsked,
                Why::Asleep { .. } => SessionEnd::CannotResume,
                _ => SessionEnd::Incompatible,
            });
            out.push(Action::Save(Change::Session(self.record.id, old)));
        }
        if let Some(live) = self.live.take() {
            after.push(Action::Stop { generation: live.generation });
        }
        self.record.fresh_wanted = FreshWanted::No;
        if let Some(rules) = self.next_rules.take() {
            self.rules = rules;
        }
        let fingerprint = self.record.wanted.clone();
        self.session = Some(self.new_session(fingerprint, BegunBy::Us, folder.clone(), now));
        self.start_process(folder, None, now, out, after);
    }

    pub(super) fn new_session(
        &mut self,
        fingerprint: Fingerprint,
        begun_by: BegunBy,
        folder: String,
        now: Timestamp,
    ) -> SessionRecord {
        self.sessions += 1;
        SessionRecord {
            number: SessionNumber(self.sessions),
            fingerprint,
            agent_session: None,
            context: Context::Empty,
            begun_by,
            last_folder: Some(folder),
            started_at: now,
            asleep: None,
            ended: None,
        }
    }

    pub(super) fn resume(&mut self, now: Timestamp, out: &mut Vec<Action>, after: &mut Vec<Action>) {
        let Some(session) = &mut self.session else {
            return;
        };
        session.asleep = None;
        session.fingerprint.model = self.record.wanted.model.clone();
        let (folder, id) = (session.fingerprint.folder.clone(), session.agent_session.clone());
        self.start_process(folder, id, now, out, after);
    }

    pub(super) fn start_process(
        &mut self,
        folder: String,
        resume: Option<String>,
        now: Timestamp,
        out: &mut Vec<Action>,
        after: &mut Vec<Action>,
    ) {
        let Some(session) = self.session.as_ref().map(|session| session.number) else {
            return;
        };
        self.save_session(out);
        self.generations += 1;
        let generation = Generation(self.generations);
        self.live = Some(Live {
            generation,
            since: now,
            pid: None,
            place: AgentPlace::Starting,
            stopping: Stopping::No,
            taken_up: if resume.is_some() { TakenUp::NotVerified } else { TakenUp::New },
            host: HostSince::Same,
            asks: None,
            background: 0,
            warning: None,
            heard: BTreeMap::new(),
        });
        after.push(Action::Start(StartOrder {
            generation,
            session,
            agent: self.record.wanted.agent.clone(),
            model: self.record.wanted.model.clone(),
            folder,
            resume,
        }));
    }

    /// Marks the current turn as being written where the agent takes it now, else sets the deadline for that.
    fn deliver_or_wait(&mut self, after: &mut Vec<Action>) {
        let (Some(current), Some(live)) = (&mut self.current, &self.live) else {
            return;
        };
        let (turn, generation) = (current.turn.number, live.generation);
        if live.stopping != Stopping::No {
            self.wait_for_prompt(after);
            return;
        }
        match live.place {
            AgentPlace::Ready => {
                current.turn.delivery = Delivery::Writing;
                after.push(Action::Write { generation, turn, text: current.turn.prompt.clone() });
            }
            AgentPlace::AfterTurn => {
                after.push(Action::SetTimer { after_ms: PROMPT_GRACE_MS, timer: Timer::Prompt { turn, generation } })
            }
            AgentPlace::Starting | AgentPlace::Busy => {
                if let Some((kind, text)) = live.asks.clone() {
                    requests::note(&mut current.turn, kind, text);
                }
                self.wait_for_prompt(after);
            }
        }
    }

    /// Sets the deadline for the agent's prompt, at which the person is told to look.
    pub(super) fn wait_for_prompt(&self, after: &mut Vec<Action>) {
        if let (Some(current), Some(live)) = (&self.current, &self.live) {
            let timer = Timer::Ready { turn: current.turn.number, generation: live.generation };
            after.push(Action::SetTimer { after_ms: self.rules.ready_deadline_ms, timer });
        }
    }

    /// The agent is at its prompt: what was held for that is written, after it was saved that it may have been.
    pub(super) fn deliver_held(&mut self, out: &mut Vec<Action>) {
        let held = self.current.as_ref().is_some_and(|current| current.turn.delivery == Delivery::Held);
        if !held {
            return;
        }
        if let Some(current) = &mut self.current {
            current.turn.state = TurnState::Sending;
        }
        let mut after = Vec::new();
        self.deliver_or_wait(&mut after);
        self.save_current(out);
        out.extend(after);
    }

    pub(super) fn interrupt_asked(&mut self, ask: Ask, now: Timestamp, out: &mut Vec<Action>) {
        let turn = self.current.as_ref().map(|current| current.turn.number);
        out.push(Action::Answer(ask, Outcome::Interrupting(turn)));
        self.interrupt(InterruptedBy::Person, now, out);
        self.flow(now, out);
    }

    /// Soft first. Asked again, the next step of the ladder is taken at once. A message that did not leave us is ended on the spot.
    pub(super) fn interrupt(&mut self, by: InterruptedBy, now: Timestamp, out: &mut Vec<Action>) {
        let Some(current) = &mut self.current else {
            return;
        };
        if current.turn.delivery == Delivery::Held {
            let seen = evidence(Source::Person, now, "taken back before anything was written");
            self.end_turn(TurnEnd::Interrupted(by), seen, None, out);
            return;
        }
        let step = current.interrupt.map_or(0, |before| before.step + 1);
        self.take_interrupt_step(by, step, out);
    }

    pub(super) fn take_interrupt_step(&mut self, by: InterruptedBy, step: usize, out: &mut Vec<Action>) {
        let (Some(current), Some(live)) = (&mut self.current, &mut self.live) else {
            return;
        };
        current.interrupt = Some(Interrupting { by, step });
        let turn = current.turn.number;
        match self.rules.interrupt_step_ms.get(step) {
            Some(wait_ms) => {
                out.push(Action::Interrupt { generation: live.generation, step });
                out.push(Action::SetTimer { after_ms: *wait_ms, timer: Timer::InterruptStep { turn, step } });
            }
            None => self.stop_process(out),
        }
    }

    /// Tells the living process to end.
    pub(super) fn stop_process(&mut self, out: &mut Vec<Action>) {
        self.stop(Stopping::ByPerson, out);
    }

    fn stop(&mut self, why: Stopping, out: &mut Vec<Action>) {
        if let Some(live) = &mut self.live {
            live.stopping = why;
            out.push(Action::Stop { generation: live.generation });
        }
    }

    pub(super) fn ask_fresh(
        &mut self,
        ask: Ask,
        running: RunningTurn,
        wanted: FreshWanted,
        now: Timestamp,
        out: &mut Vec<Action>,
    ) {
        match (&self.current, running) {
            (Some(current), RunningTurn::Refuse) => {
                out.push(Action::Answer(ask, Outcome::TurnRuns(current.turn.number)));
            }
            (current, _) => {
                // On a conversation without a session the next message is fresh anyway.
                self.record.fresh_wanted = if self.session.is_some() { wanted } else { FreshWanted::No };
                let runs = current.is_some();
                // The person has decided what becomes of a message that the agent's refusal held up.
                if self.record.queue_held == Some(QueueHeld::ResumeRefused) {
                    self.record.queue_held = None;
                }
                self.save_record(out);
                out.push(Action::Answer(ask, Outcome::Done));
                if runs {
                    self.stop_turn_with_its_session(now, out);
                }
                self.flow(now, out);
            }
        }
    }

    pub(super) fn stop_session(&mut self, ask: Ask, now: Timestamp, out: &mut Vec<Action>) {
        out.push(Action::Answer(ask, Outcome::Done));
        self.stop_turn_with_its_session(now, out);
    }

    /// Tells the process to end. A turn in it ends as interrupted when the process is gone.
    fn stop_turn_with_its_session(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        let held = self.current.as_ref().is_some_and(|current| current.turn.delivery == Delivery::Held);
        if held {
            self.interrupt(InterruptedBy::SessionStopped, now, out);
        } else if let Some(current) = &mut self.current {
            let step = self.rules.interrupt_step_ms.len();
            current.interrupt = Some(Interrupting { by: InterruptedBy::SessionStopped, step });
        }
        self.stop_process(out);
    }
}
