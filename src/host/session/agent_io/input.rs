//! What goes to the agent: messages, answers, interrupts, keys and pastes, and the bytes of all of them on their way.

use super::*;

impl AgentIo {
    /// Gives the agent a message as its profile says.
    pub fn submit(&mut self, turn: TurnNumber, text: &str, model: Option<&str>, tell: &Tell) {
        let told = model.filter(|model| self.model.as_deref() != Some(model));
        let switch =
            told.and_then(|model| submit::switch_model(&self.variant, &self.profile.model, model, self.composer));
        let composer = if switch.is_some() { Composer::Empty } else { self.composer };
        let submission = submit::submit(&self.variant, turn, text, composer);
        let steps = switch.into_iter().flatten().chain(submission.steps).collect();
        for (name, content) in &submission.files {
            if let Err(error) = write_private(&self.folder.join(name), content) {
                // The keys go out all the same: the agent says then, on its screen and as the turn's end, that the file is missing.
                tracing::error!(%error, "could not write a message for the agent");
            }
        }
        self.note(&Note::Expect(turn.0));
        self.expect(turn);
        if self.keyboard.type_out(steps, Some(Written::Turn(turn))) == Taken::NoRoom {
            return tell.event(SessionEvent::NotWritten { turn });
        }
        self.model = model.map(str::to_owned);
        self.composer = Composer::Empty;
        self.write_pending(tell);
    }

    /// What was submitted last started no turn; what starts from now on was typed.
    pub fn give_up(&mut self) {
        self.note(&Note::ExpectNothing);
        self.expect_nothing();
        // Wherever it is, it may stand in the composer now.
        self.composer = Composer::AfterInterrupt;
    }

    pub(in crate::host::session) fn expect(&mut self, turn: TurnNumber) {
        self.places.note_sent(turn, &self.screen);
        match &mut self.listener {
            Listener::Marks(observer) => observer.expect(turn),
            Listener::Claims(watch) => watch.expect(turn),
        }
    }

    pub(in crate::host::session) fn expect_nothing(&mut self) {
        match &mut self.listener {
            Listener::Marks(observer) => observer.expect_nothing(),
            Listener::Claims(watch) => watch.expect_nothing(),
        }
    }

    /// Notes in the journal what happened at this place.
    pub(in crate::host::session) fn note(&mut self, mark: &Note) {
        if let Some(journal) = &mut self.journal {
            journal.mark(mark);
        }
    }

    /// Types an answer to what the agent asks, as soon as it is safe to.
    pub fn answer(&mut self, request: RequestNumber, choice: &Choice, tell: &Tell) {
        match Answer::new(&self.profile.request, &self.variant, choice) {
            Some(answer) => self.answering = Some(Answering::begin(request, answer, Instant::now())),
            None => {
                let why = "this agent takes that answer on its own screen only".to_owned();
                tell.event(SessionEvent::AnswerNotTyped { request, why });
            }
        }
    }

    pub(super) fn answer_if_safe(&mut self, now: Instant, tell: &Tell) {
        let Some(answering) = &mut self.answering else {
            return;
        };
        let request = answering.request;
        let screen = &self.screen;
        match answering.look(&self.profile.request, &self.variant, now, || screen.visible_text().join("\n")) {
            Now::Wait => {}
            Now::Type(keys) => self.type_answer(request, keys, None, tell),
            Now::TypeLast(keys) => {
                self.answering = None;
                self.type_answer(request, keys, Some(Written::Answer(request)), tell);
            }
            Now::GiveUp(why) => {
                self.answering = None;
                tell.event(SessionEvent::AnswerNotTyped { request, why: why.to_owned() });
            }
        }
    }

    fn type_answer(&mut self, request: RequestNumber, keys: Vec<Typing>, written: Option<Written>, tell: &Tell) {
        if self.keyboard.type_out(keys, written) == Taken::NoRoom {
            self.answering = None;
            let why = "the agent does not read what is typed to it; look at its screen".to_owned();
            return tell.event(SessionEvent::AnswerNotTyped { request, why });
        }
        self.write_pending(tell);
    }

    /// Takes a step of the interrupt ladder.
    pub fn interrupt(&mut self, step: usize) {
        match self.profile.interrupt.get(step).map(|step| &step.act) {
            Some(StepAct::Keys(keys)) => {
                let keys = keys.clone();
                self.push(&keys);
            }
            Some(StepAct::Signal(named)) => {
                // The agent's own group is not a turn's: the ladder of the whole session deals with that.
                let group = self.pty.foreground_group().filter(|group| *group != self.pty.pid);
                if let Some(group) = group {
                    processes::signal_group(group, processes::signal(*named));
                }
            }
            None => {}
        }
    }

    /// Keys of a person, for the agent's own screen.
    pub fn type_keys(&mut self, bytes: &[u8]) {
        self.composer = Composer::MaybeHolds;
        if self.keyboard.push(bytes) == Taken::NoRoom && self.dropped == Dropped::Nothing {
            self.dropped = Dropped::NotTold;
        }
    }

    /// Whether none of these lines is longer than the agent's terminal takes. One that is would reach the agent cut, so nothing of it is typed,
    /// and that is told.
    pub fn takes_lines_of(&mut self, bytes: &[u8]) -> bool {
        let takes = paste::fits_cooked(bytes) || !self.pty.is_cooked();
        self.line_too_long |= !takes;
        takes
    }

    /// Puts bytes behind those that are on their way to the agent.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.keyboard.push(bytes) == Taken::NoRoom {
            tracing::warn!(bytes = bytes.len(), "the agent does not read; a reply or a mouse report was dropped");
        }
    }

    pub fn write_pending(&mut self, tell: &Tell) {
        if std::mem::take(&mut self.line_too_long) {
            tell.line_too_long();
        }
        if self.hung_up {
            return;
        }
        match self.keyboard.write(&self.pty, Instant::now()) {
            Ok(written) => {
                if !written.is_empty() {
                    point!("after-write");
                }
                for written in written {
                    tell.event(match written {
                        Written::Turn(turn) => SessionEvent::Written { turn },
                        Written::Answer(request) => SessionEvent::AnswerTyped(request),
                    });
                }
            }
            Err(_) => self.hung_up = true,
        }
    }
}
