//! Messages on their way in: accepted, put in line, taken back, sent when their time has come.

use super::*;

impl ConversationState {
    pub(super) fn submit(&mut self, ask: Ask, text: String, place: Place, now: Timestamp, out: &mut Vec<Action>) {
        if let Some(why) = unfit(&text) {
            out.push(Action::Answer(ask, Outcome::MessageRefused(why)));
            return;
        }
        if matches!(self.record.title, Title::Unset) {
            self.record.title = Title::FromPrompt(title_from(&text));
        }
        if place == Place::Behind && self.takes_words_as_answer() {
            self.answer_question(ask, text, out);
            return;
        }
        if let Some(why) = self.does_not_fit_in_line(text.len()) {
            out.push(Action::Answer(ask, Outcome::MessageRefused(why)));
            return;
        }
        self.record.active_at = now;
        // What else stands in a composer is somebody's half thought.
        if self.record.draft == text {
            self.record.draft.clear();
        }
        let turn = self.new_turn(text, Origin::Sent, now);
        match self.waits_in_line() {
            None => self.begin_and_answer(ask, turn, now, out),
            Some(_) => self.put_in_line(ask, turn, place, now, out),
        }
    }

    fn does_not_fit_in_line(&self, bytes: usize) -> Option<Why> {
        self.waits_in_line()?;
        let bytes = bytes + WAITING_BYTES + self.queue.iter().map(bytes_of).sum::<usize>();
        (bytes > MAX_QUEUE_BYTES).then_some(Why::QueueFull { bytes: bytes as u64, most: MAX_QUEUE_BYTES as u64 })
    }

    pub(super) fn new_turn(&mut self, prompt: String, origin: Origin, now: Timestamp) -> TurnRecord {
        self.turns += 1;
        TurnRecord {
            number: TurnNumber(self.turns),
            session: None,
            prompt,
            origin,
            state: TurnState::Queued,
            delivery: Delivery::Held,
            queue_place: 0,
            accepted_at: now,
            started_at: None,
            ended_at: None,
            evidence: None,
            answer: None,
            requests: Vec::new(),
            work: Work::default(),
            trees: None,
        }
    }

    fn begin_and_answer(&mut self, ask: Ask, turn: TurnRecord, now: Timestamp, out: &mut Vec<Action>) {
        let number = turn.number;
        self.record.queue_held = None;
        let (decision, after) = self.begin(turn, now, out);
        if let Some(current) = &self.current {
            let outcome = Outcome::Submitted {
                turn: number,
                session: current.turn.session,
                state: current.turn.state.clone(),
                decision,
            };
            out.push(Action::Answer(ask, outcome));
        }
        out.extend(after);
    }

    /// The queue's own order is its vector; the stored places follow it.
    fn put_in_line(&mut self, ask: Ask, turn: TurnRecord, place: Place, now: Timestamp, out: &mut Vec<Action>) {
        let number = turn.number;
        let at = match place {
            Place::Behind => self.queue.len(),
            Place::InterruptAndSendNow => 0,
        };
        let in_line = u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1);
        let why = match &self.current {
            Some(current) => Why::TurnRunning { turn: current.turn.number, place: in_line },
            None if self.is_being_stopped() => Why::SessionEnding { place: in_line },
            None => Why::BehindQueue { place: in_line },
        };
        let decision = Decision { continuity: Continuity::Queued, why };
        self.queue.insert(at, turn.clone());
        self.renumber_queue(out);
        self.record_decision(&turn, &decision, now, out);
        // The person is here again: what was held for them flows.
        self.record.queue_held = None;
        self.save_record(out);
        let outcome = Outcome::Submitted { turn: number, session: None, state: TurnState::Queued, decision };
        out.push(Action::Answer(ask, outcome));
        if place == Place::InterruptAndSendNow {
            self.interrupt(InterruptedBy::Person, now, out);
        }
        self.flow(now, out);
    }

    /// Gives every waiting turn a place behind the one before it, and saves those whose place changed. Gaps stay: closing them would save the whole
    /// line again with each that is sent.
    fn renumber_queue(&mut self, out: &mut Vec<Action>) {
        let id = self.record.id;
        let mut least = 1;
        for turn in &mut self.queue {
            if turn.queue_place < least {
                turn.queue_place = least;
                out.push(Action::Save(Change::Turn(id, turn.clone())));
            }
            least = turn.queue_place.saturating_add(1);
        }
    }

    /// Sends the first of the queue if nothing stands in its way.
    pub(super) fn flow(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        let blocked = self.current.is_some() || self.is_being_stopped();
        if blocked || self.queue.is_empty() || self.record.queue_held.is_some() {
            return;
        }
        let turn = self.queue.remove(0);
        let (_, after) = self.begin(turn, now, out);
        self.renumber_queue(out);
        out.extend(after);
    }

    pub(super) fn edit_queued(&mut self, ask: Ask, turn: TurnNumber, text: String, out: &mut Vec<Action>) {
        if let Some(why) = unfit(&text) {
            out.push(Action::Answer(ask, Outcome::MessageRefused(why)));
            return;
        }
        let others = self.queue.iter().filter(|waiting| waiting.number != turn).map(bytes_of);
        let bytes = others.sum::<usize>() + text.len() + WAITING_BYTES;
        if bytes > MAX_QUEUE_BYTES {
            out.push(Action::Answer(ask, Outcome::TooLong { bytes: bytes as u64 }));
            return;
        }
        match self.queue.iter_mut().find(|waiting| waiting.number == turn) {
            Some(waiting) => {
                waiting.prompt = text;
                let waiting = waiting.clone();
                self.save_turn(&waiting, out);
                out.push(Action::Answer(ask, Outcome::Done));
            }
            None => out.push(Action::Answer(ask, Outcome::NotQueued(turn))),
        }
    }

    pub(super) fn remove_queued(&mut self, ask: Ask, turn: TurnNumber, out: &mut Vec<Action>) {
        let Some(at) = self.queue.iter().position(|waiting| waiting.number == turn) else {
            out.push(Action::Answer(ask, Outcome::NotQueued(turn)));
            return;
        };
        self.queue.remove(at);
        out.push(Action::Save(Change::TurnRemoved(self.record.id, turn)));
        self.renumber_queue(out);
        if self.queue.is_empty() && self.record.queue_held.take().is_some() {
            self.save_record(out);
        }
        out.push(Action::Answer(ask, Outcome::Done));
    }

    pub(super) fn move_queued(&mut self, ask: Ask, turn: TurnNumber, to: u32, out: &mut Vec<Action>) {
        let Some(at) = self.queue.iter().position(|waiting| waiting.number == turn) else {
            out.push(Action::Answer(ask, Outcome::NotQueued(turn)));
            return;
        };
        let moved = self.queue.remove(at);
        let to = usize::try_from(to).unwrap_or(usize::MAX).min(self.queue.len());
        self.queue.insert(to, moved);
        self.renumber_queue(out);
        out.push(Action::Answer(ask, Outcome::Done));
    }

    pub(super) fn send_now(&mut self, ask: Ask, turn: TurnNumber, now: Timestamp, out: &mut Vec<Action>) {
        let Some(at) = self.queue.iter().position(|waiting| waiting.number == turn) else {
            out.push(Action::Answer(ask, Outcome::NotQueued(turn)));
            return;
        };
        let chosen = self.queue.remove(at);
        self.queue.insert(0, chosen);
        self.renumber_queue(out);
        self.record.queue_held = None;
        self.save_record(out);
        out.push(Action::Answer(ask, Outcome::Done));
        self.interrupt(InterruptedBy::Person, now, out);
        self.flow(now, out);
    }
}

/// What one that waits counts in line.
pub fn bytes_of(waiting: &TurnRecord) -> usize {
    waiting.prompt.len() + WAITING_BYTES
}

/// Why this text can be no message; none where it can.
fn unfit(text: &str) -> Option<Why> {
    if text.trim().is_empty() {
        return Some(Why::EmptyText);
    }
    (text.len() > MAX_MESSAGE_BYTES)
        .then_some(Why::TooLong { bytes: text.len() as u64, most: MAX_MESSAGE_BYTES as u64 })
}

/// The first line of a message, short enough for a tab.
pub fn title_from(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().filter(|character| !character.is_control()).take(TITLE_CHARACTERS).collect()
}
