//! What comes from the session's process and from deadlines. Each names its process or its turn; what is stale changes nothing.

use super::*;
use crate::domain::continuity::Carried;
use crate::domain::signal::{Ending, Signal};
use crate::domain::title::{self, Known};
use crate::domain::turn::Detail;

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
            SessionEvent::Started { pid, agent_session } => self.started(pid, agent_session, out),
            SessionEvent::CouldNotStart { why, trouble } => self.could_not_start(why, trouble, now, out),
            SessionEvent::TakenOver { place } => self.taken_over(place, now, out),
            SessionEvent::Written { turn } => self.written(turn, out),
            SessionEvent::NotWritten { turn } => self.not_written(turn, now, out),
            SessionEvent::Seen(seen) => {
                self.heard(&seen.evidence);
                self.seen(seen, now, out);
            }
            SessionEvent::SeenAgain(seen) => self.seen_again(seen, now, out),
            SessionEvent::ShellReplaced => self.shell_replaced(now, out),
            SessionEvent::Noted(evidence) => self.heard(&evidence),
            SessionEvent::Warned(warning) => {
                if let Some(live) = &mut self.live {
                    live.warning = Some(warning);
                }
            }
            SessionEvent::AnswerTyped(request) => self.answer_typed(request, out),
            SessionEvent::AnswerNotTyped { request, why } => self.answer_failed(request, why, now, out),
            SessionEvent::Exited { exit, said } => self.exited(exit, &said, now, out),
            SessionEvent::NotKilled { pid } => self.not_killed(pid, now, out),
        }
    }

    /// Turns of a session come one after the other, so whatever was seen no later than the end of the newest one is in the record.
    fn seen_again(&mut self, seen: Seen, now: Timestamp, out: &mut Vec<Action>) {
        let newest = self.newest_ended.as_ref().and_then(|turn| turn.evidence.as_ref());
        let is_saved = newest.is_some_and(|evidence| seen.evidence.at <= evidence.at);
        self.heard(&seen.evidence);
        match &seen.signal {
            Signal::TurnStarted { .. } if is_saved => self.set_place(AgentPlace::Busy),
            Signal::TurnEnded { .. } if is_saved => self.set_place(AgentPlace::AfterTurn),
            _ => self.seen(seen, now, out),
        }
    }

    fn heard(&mut self, evidence: &Evidence) {
        if let Some(live) = &mut self.live {
            live.heard.insert(evidence.source, evidence.clone());
        }
    }

    /// The id that was chosen is kept before the agent is told anything.
    fn started(&mut self, pid: Option<u32>, agent_session: Option<String>, out: &mut Vec<Action>) {
        if let Some(live) = &mut self.live {
            live.pid = pid;
        }
        let Some(session) = &mut self.session else {
            return;
        };
        if agent_session.is_some() && session.agent_session != agent_session {
            session.agent_session = agent_session;
            self.save_session(out);
        }
    }

    /// What happened while no host was there is told behind this.
    fn taken_over(&mut self, place: AgentPlace, now: Timestamp, out: &mut Vec<Action>) {
        self.set_place(place);
        if place == AgentPlace::Ready {
            self.deliver_held(out);
        }
        self.flow(now, out);
    }

    fn could_not_start(&mut self, why: String, trouble: StartTrouble, now: Timestamp, out: &mut Vec<Action>) {
        if trouble == StartTrouble::FolderGone && self.start_in_own_folder(now, out) {
            return;
        }
        let end = match trouble {
            StartTrouble::ProgramMissing => FailedWhy::ProgramMissing(why.clone()),
            StartTrouble::FolderGone => FailedWhy::FolderGone(why.clone()),
            StartTrouble::Other => FailedWhy::CouldNotStart(why.clone()),
        };
        let takes_up = self.live.as_ref().is_some_and(|live| live.taken_up == TakenUp::NotVerified);
        // Without program or folder the agent refused nothing, and the next message can take it up.
        if takes_up && trouble == StartTrouble::Other {
            self.live = None;
            self.resume_refused(&why, now, out);
            return;
        }
        self.fall_asleep(AsleepWhy::CouldNotStart(why.clone()), out);
        let seen = evidence(Source::Process, now, why.clone());
        self.end_turn(TurnEnd::Failed(end), seen, None, out);
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

    fn not_written(&mut self, turn: TurnNumber, now: Timestamp, out: &mut Vec<Action>) {
        let current = self.current.as_ref().map(|current| (current.turn.number, current.turn.delivery));
        if current != Some((turn, Delivery::Writing)) {
            return;
        }
        let end = match self.current.as_ref().and_then(|current| current.interrupt) {
            Some(interrupt) => TurnEnd::Interrupted(interrupt.by),
            None => TurnEnd::Failed(FailedWhy::NotDelivered),
        };
        self.give_up_on_start(out);
        // The next one waits until the prompt shows again.
        self.set_place(AgentPlace::Busy);
        self.end_turn(end, evidence(Source::Host, now, "there was no room for the text"), None, out);
        self.flow(now, out);
    }

    fn seen(&mut self, seen: Seen, now: Timestamp, out: &mut Vec<Action>) {
        let Seen { signal, evidence } = seen;
        match signal {
            Signal::Ready => {
                self.set_place(AgentPlace::Ready);
                self.goes_on(evidence.clone(), out);
                self.end_if_interrupted_before_start(&evidence, now, out);
                self.deliver_held(out);
            }
            Signal::WantsMore => self.set_place(AgentPlace::Busy),
            Signal::TurnStarted { turn: Some(turn), .. } => self.ours_started(turn, evidence, out),
            Signal::TurnStarted { turn: None, text } => self.typed_started(text, evidence, now, out),
            Signal::TurnEnded { turn, ending, answer } => self.turn_ended(turn, ending, answer, evidence, now, out),
            Signal::Asks { kind, text } => self.asked(kind, text, evidence, out),
            Signal::GoesOn => self.goes_on(evidence, out),
            Signal::Doing(step) => self.doing(&step, evidence, out),
            Signal::Detail(detail) => self.told_more(detail, out),
            Signal::Identity(id) => self.told_identity(id, now, out),
            Signal::Background(count) => {
                if let Some(live) = &mut self.live {
                    live.background = count;
                }
            }
            Signal::Named(name) => self.named(&name, out),
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
        self.goes_on(seen.clone(), out);
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
            self.holds_context(out);
        }
    }

    /// A turn was seen starting: from here on there is something to lose.
    fn holds_context(&mut self, out: &mut Vec<Action>) {
        if let Some(session) = &mut self.session
            && session.context == Context::Empty
        {
            session.context = Context::Holds;
            self.save_session(out);
        }
    }

    fn doing(&mut self, step: &str, seen: Evidence, out: &mut Vec<Action>) {
        if let Some(current) = &mut self.current {
            current.turn.work.note(step);
            current.turn.evidence = Some(seen);
            self.save_current(out);
        }
    }

    /// Belongs to the turn that runs, else to the one that ended last: of a message that was not written yet the agent can tell nothing.
    fn told_more(&mut self, detail: Detail, out: &mut Vec<Action>) {
        let Detail { answer, model, usage } = detail;
        let note = |work: &mut Work| {
            work.model = model.or(work.model.take());
            work.usage = usage.or(work.usage);
        };
        match (&mut self.current, &mut self.newest_ended) {
            (Some(Current { turn, .. }), _) if turn.delivery != Delivery::Held => {
                note(&mut turn.work);
                if let Some(text) = answer {
                    turn.answer = Some(Answer { text, cut_bytes: 0 });
                }
                self.save_current(out);
            }
            (_, Some(turn)) => {
                let known = turn.work.usage.unwrap_or_default();
                note(&mut turn.work);
                let counted = turn.work.usage.unwrap_or_default();
                let told = answer.map(|text| Answer { text, cut_bytes: 0 });
                out.push(Action::Save(Change::TurnDetail(self.record.id, turn.number, told, turn.work.clone())));
                if counted != known {
                    self.record.spent.take_off(known);
                    self.record.spent.add(counted);
                    self.save_record(out);
                }
            }
            (_, None) => {}
        }
    }

    /// The agent told which session it has. Another one than before means that the person began it in the agent's own screen.
    fn told_identity(&mut self, id: String, now: Timestamp, out: &mut Vec<Action>) {
        let (Some(session), Some(live)) = (&mut self.session, &mut self.live) else {
            return;
        };
        match &session.agent_session {
            None => {
                session.agent_session = Some(id);
                self.save_session(out);
            }
            Some(known) if *known == id => {
                if live.taken_up == TakenUp::NotVerified {
                    live.taken_up = TakenUp::Verified;
                }
            }
            // Before its first prompt nothing of the person's can have reached it: it took up another session than it was told to.
            Some(_) if live.place == AgentPlace::Starting && live.taken_up == TakenUp::NotVerified => {
                self.resume_refused("it took up another session", now, out);
                self.stop_process(out);
            }
            Some(_) => self.session_replaced(id, now, out),
        }
    }

    fn session_replaced(&mut self, id: String, now: Timestamp, out: &mut Vec<Action>) {
        let Some(mut old) = self.session.take() else {
            return;
        };
        let folder = old.last_folder.clone().unwrap_or_else(|| old.fingerprint.folder.clone());
        let fingerprint = old.fingerprint.clone();
        old.ended = Some(SessionEnd::ReplacedInScreen);
        out.push(Action::Save(Change::Session(self.record.id, old)));
        let session = self.new_session(fingerprint, BegunBy::AgentScreen, folder, now);
        self.session = Some(SessionRecord { agent_session: Some(id), ..session });
        if let Some(live) = &mut self.live {
            live.taken_up = TakenUp::New;
        }
        self.save_session(out);
        self.move_to_new_session(now, out);
    }

    /// Some agents make the new session only with its first message. That one was decided for the old session, which was wrong, and is said.
    fn move_to_new_session(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        let Some(current) = &mut self.current else {
            return;
        };
        if current.turn.delivery == Delivery::Held {
            return;
        }
        current.turn.session = self.session.as_ref().map(|session| session.number);
        let turn = current.turn.clone();
        self.save_turn(&turn, out);
        let decision = Decision { continuity: Continuity::Fresh, why: Why::BegunInScreen };
        self.record_decision(&turn, &decision, now, out);
        if turn.delivery == Delivery::Confirmed {
            self.holds_context(out);
        }
    }

    /// The agent would not take its session up. Its id is kept, and the message waits for the person to decide; nothing is silent.
    fn resume_refused(&mut self, said: &str, now: Timestamp, out: &mut Vec<Action>) {
        if let Some(session) = &mut self.session {
            session.asleep = Some(AsleepWhy::ResumeRefused(said.to_owned()));
        }
        self.save_session(out);
        if let Some(Current { mut turn, .. }) = self.current.take_if(|current| current.turn.delivery == Delivery::Held)
        {
            turn.state = TurnState::Queued;
            turn.queue_place = 0;
            turn.evidence = Some(evidence(Source::Process, now, format!("the agent would not resume: {said}")));
            self.save_turn(&turn, out);
            self.queue.insert(0, turn);
            self.record.queue_held = Some(QueueHeld::ResumeRefused);
            self.save_record(out);
        }
    }

    /// The agent's own name for the conversation is better than its first line; the person's is better than both.
    fn named(&mut self, name: &str, out: &mut Vec<Action>) {
        let name: String = name.trim().chars().take(TITLE_CHARACTERS).collect();
        let known = Known { agent: &self.record.wanted.agent, folder: &self.record.wanted.folder };
        let is_better = match &self.record.title {
            Title::FromPrompt(shown) => title::is_better(&name, shown, known),
            // The first message was typed on the agent's own screen.
            Title::Unset => self.turns > 0 && title::is_better(&name, "", known),
            Title::ByPerson(_) => false,
        };
        if is_better {
            self.record.title = Title::FromPrompt(name);
            self.save_record(out);
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
        let decision = continuity::decide(&self.facts());
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
        // It is typed into what lives, whatever is wanted for the next message of ours.
        let decision = match decision.why {
            Why::BegunInScreen => decision,
            _ => Decision { continuity: Continuity::Reused, why: Why::AgentAlive },
        };
        self.record_decision(&turn, &decision, now, out);
        self.current = Some(Current { turn, interrupt: None });
        self.holds_context(out);
    }

    fn turn_ended(
        &mut self,
        turn: Option<TurnNumber>,
        ending: Ending,
        answer: Option<Answer>,
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
        let end = self.end_by(current, ending);
        self.end_turn(end, seen, answer, out);
        self.flow(now, out);
    }

    /// No prompt will be told any more, so a next message waits, and the person is told to look at the screen.
    fn shell_replaced(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        self.set_place(AgentPlace::Busy);
        let Some(current) = self.current.as_ref().filter(|current| current.turn.delivery == Delivery::Confirmed) else {
            return;
        };
        // The ladder of an interrupt ends the process in a moment, and the next message starts a fresh one.
        if current.interrupt.is_some() {
            return;
        }
        let seen = evidence(Source::Process, now, "its process runs another shell now");
        self.end_turn(TurnEnd::Unknown(UnknownWhy::ShellReplaced), seen, None, out);
        self.flow(now, out);
    }

    fn end_by(&self, current: &Current, ending: Ending) -> TurnEnd {
        match (current.interrupt, ending) {
            // It was done before the interrupt reached it.
            (_, Ending::Completed) => TurnEnd::Completed,
            (Some(interrupt), _) => TurnEnd::Interrupted(interrupt.by),
            (None, Ending::Status(0) | Ending::LooksDone) => TurnEnd::Completed,
            (None, Ending::Status(status)) if self.rules.interrupted_statuses.contains(&status) => {
                TurnEnd::Interrupted(InterruptedBy::AgentScreen)
            }
            (None, Ending::Status(status)) => TurnEnd::Failed(FailedWhy::ExitStatus(status)),
            (None, Ending::Failed { kind, text }) => TurnEnd::Failed(FailedWhy::Reported { kind, text }),
            (None, Ending::Interrupted) if requests::was_denied(&current.turn) => {
                TurnEnd::Interrupted(InterruptedBy::Denied)
            }
            (None, Ending::Interrupted) => TurnEnd::Interrupted(InterruptedBy::AgentScreen),
            (None, Ending::NotTold) => TurnEnd::Unknown(UnknownWhy::NoStatus),
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

    fn exited(&mut self, exit: Exit, said: &str, now: Timestamp, out: &mut Vec<Action>) {
        let stopping = self.live.as_ref().map_or(Stopping::No, |live| live.stopping);
        let refused = self.live.as_ref().is_some_and(|live| {
            live.taken_up == TakenUp::NotVerified && live.place == AgentPlace::Starting && stopping == Stopping::No
        });
        if refused {
            self.live = None;
            let said = if said.is_empty() {
                format!("it left before its prompt ({exit})")
            } else {
                format!("{said} ({exit})")
            };
            self.resume_refused(&said, now, out);
            return;
        }
        let was_refused = self.session.as_ref().and_then(|session| session.asleep.clone());
        if let Some(why @ AsleepWhy::ResumeRefused(_)) = was_refused {
            self.fall_asleep(why, out);
            return;
        }
        self.fall_asleep(
            match stopping {
                Stopping::ByPerson | Stopping::ForRestart => AsleepWhy::Stopped,
                Stopping::No => AsleepWhy::AgentExited(exit),
            },
            out,
        );
        let held = self.current.as_ref().is_some_and(|current| current.turn.delivery == Delivery::Held);
        if stopping == Stopping::ForRestart && held {
            self.restart(now, out);
            return;
        }
        if let Some(current) = &self.current {
            let end = self.end_by_exit(current, exit, said);
            let seen = evidence(Source::Process, now, format!("the agent left: {exit}"));
            self.end_turn(end, seen, None, out);
        }
        self.flow(now, out);
    }

    /// The process made room for the one that the current message was decided for.
    fn restart(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        let mut after = Vec::new();
        self.resume(now, out, &mut after);
        self.wait_for_prompt(&mut after);
        out.extend(after);
    }

    /// Only what was told to end is given up like this, so a turn in it was interrupted.
    fn not_killed(&mut self, pid: u32, now: Timestamp, out: &mut Vec<Action>) {
        let why = AsleepWhy::NotKilled(pid);
        let seen = evidence(Source::Process, now, why.text());
        self.fall_asleep(why, out);
        if let Some(current) = &self.current {
            let by = current.interrupt.map_or(InterruptedBy::SessionStopped, |interrupt| interrupt.by);
            self.end_turn(TurnEnd::Interrupted(by), seen, None, out);
        }
        self.flow(now, out);
    }

    fn end_by_exit(&self, current: &Current, exit: Exit, said: &str) -> TurnEnd {
        if let Some(interrupt) = current.interrupt {
            return TurnEnd::Interrupted(interrupt.by);
        }
        match (current.turn.delivery, self.rules.exit, exit) {
            (Delivery::Held, _, _) if said.is_empty() => {
                TurnEnd::Failed(FailedWhy::CouldNotStart(format!("the agent left before its prompt: {exit}")))
            }
            (Delivery::Held, _, _) => {
                TurnEnd::Failed(FailedWhy::CouldNotStart(format!("the agent left before its prompt ({exit}): {said}")))
            }
            (Delivery::Confirmed, ExitMeans::TurnStatus, Exit::Code(0)) => TurnEnd::Completed,
            (Delivery::Confirmed, ExitMeans::TurnStatus, Exit::NotSeen) => TurnEnd::Unknown(UnknownWhy::NoStatus),
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
                if self.is_half_written(turn) {
                    return self.end_half_written(now, out);
                }
                let waits = self
                    .current
                    .as_ref()
                    .is_some_and(|current| current.turn.number == turn && current.turn.delivery == Delivery::Written);
                let asks = self.live.as_ref().is_some_and(|live| live.asks.is_some());
                if waits && asks {
                    // A dialog is in its way; the person was told.
                    out.push(Action::SetTimer { after_ms: self.rules.start_deadline_ms, timer });
                } else if waits {
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
            Timer::GoesOn { turn, request } => {
                if self.current.as_ref().is_some_and(|current| current.turn.number == turn) {
                    let why = "the answer was typed, and the agent did not go on; look at its screen";
                    self.answer_failed(request, why.to_owned(), now, out);
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
        // What it asks says more than its silence.
        if self.live.as_ref().is_some_and(|live| live.asks.is_some()) {
            return;
        }
        if let Some(current) = &mut self.current {
            current.turn.state = TurnState::NeedsAnswer;
            current.turn.evidence =
                Some(evidence(Source::Silence, now, "the agent is not at its prompt; look at its screen"));
        }
        self.save_current(out);
    }
}
