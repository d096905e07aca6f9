//! What is on its way to the agent: bytes that its pty has no room for yet, and steps with pauses between them.
//!
//! A message and its Enter may have a pause between them; keys that a person types meanwhile wait behind both. Not here: what is typed
//! (`agent/submit.rs`).

use crate::agent::profile::GapFrom;
use crate::agent::submit::Typing;
use crate::domain::id::TurnNumber;
use crate::domain::request::RequestNumber;
use crate::host::pty::Pty;
use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

/// Input for an agent that does not read; beyond this there is no room, and whoever wrote it is told.
const MOST_PENDING: usize = 32 * 1024 * 1024;

/// What was written, to the last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Turn(TurnNumber),
    Answer(RequestNumber),
}

/// How soon after a write it is looked at whether the agent has read it, and how often after that.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// An agent that shows nothing of what it read is not waited for any longer.
const PAUSE_LIMIT: Duration = Duration::from_secs(5);
/// One that does not read would take the keys for a part of the text; some are busy with their screen for long. Later than this it hangs.
const READ_LIMIT: Duration = Duration::from_secs(30);

/// Whether something was taken to be typed, all of it or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Taken {
    All,
    NoRoom,
}

#[derive(Default)]
pub struct Keyboard {
    /// Bytes that go out as the pty takes them.
    pending: VecDeque<u8>,
    /// Behind those.
    steps: VecDeque<Step>,
    /// The pause before the next step, once `pending` is out.
    pause: Option<Pause>,
}

struct Step {
    bytes: Vec<u8>,
    then_wait: Duration,
    from: GapFrom,
    /// What is written when these bytes are.
    completes: Option<Written>,
}

impl Keyboard {
    /// Whether the pty is to take bytes now.
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// When the next step goes out by itself.
    pub fn due(&self) -> Option<Instant> {
        let pause = self.pause.as_ref().filter(|_| self.pending.is_empty() && !self.steps.is_empty());
        pause.map(Pause::due)
    }

    /// The agent wrote something.
    pub fn note_output(&mut self, now: Instant) {
        if let Some(pause) = &mut self.pause {
            pause.note_output(now);
        }
    }

    /// Keys of a person and replies to the program: behind what is on its way.
    pub fn push(&mut self, bytes: &[u8]) -> Taken {
        if !self.has_room(bytes.len()) {
            return Taken::NoRoom;
        }
        match self.steps.back_mut() {
            None => self.pending.extend(bytes),
            Some(last) if last.completes.is_none() && last.then_wait.is_zero() => last.bytes.extend_from_slice(bytes),
            Some(_) => {
                let bytes = bytes.to_vec();
                self.steps.push_back(Step { bytes, then_wait: Duration::ZERO, from: GapFrom::Read, completes: None });
            }
        }
        Taken::All
    }

    /// A message or a step of an answer; `written` is told when its last byte is out.
    pub fn type_out(&mut self, steps: Vec<Typing>, written: Option<Written>) -> Taken {
        let bytes = steps.iter().map(|step| step.bytes.len()).sum();
        if !self.has_room(bytes) {
            return Taken::NoRoom;
        }
        let count = steps.len();
        for (number, step) in (1..).zip(steps) {
            let completes = written.filter(|_| number == count);
            let then_wait = Duration::from_millis(step.then_wait_ms);
            self.steps.push_back(Step { bytes: step.bytes, then_wait, from: step.from, completes });
        }
        Taken::All
    }

    /// Whether all that was taken is out.
    pub fn is_idle(&self) -> bool {
        self.pending.is_empty() && self.steps.is_empty()
    }

    fn has_room(&self, bytes: usize) -> bool {
        let waiting: usize = self.steps.iter().map(|step| step.bytes.len()).sum();
        self.pending.len() + waiting + bytes <= MOST_PENDING
    }

    /// Writes what the pty has room for, and says what is written with it. An error means that the other side is gone.
    pub fn write(&mut self, pty: &Pty, now: Instant) -> io::Result<Vec<Written>> {
        let mut written = Vec::new();
        loop {
            if !write_all(&mut self.pending, pty)? {
                return Ok(written);
            }
            if let Some(pause) = &mut self.pause
                && !pause.is_over(now, || pty.is_read())
            {
                return Ok(written);
            }
            self.pause = None;
            let Some(step) = self.steps.front_mut() else {
                return Ok(written);
            };
            if !step.bytes.is_empty() {
                self.pending.extend(std::mem::take(&mut step.bytes));
                continue;
            }
            written.extend(step.completes);
            self.pause = (!step.then_wait.is_zero()).then(|| Pause::begin(step.then_wait, step.from, now));
            self.steps.pop_front();
        }
    }
}

/// A pause between two steps. An agent that is busy would take both in one read, and some take them for one text then.
struct Pause {
    length: Duration,
    from: GapFrom,
    began: Instant,
    has_read: HasRead,
    /// The newest output since the agent was last seen not to have read all; before that it shows something else.
    shown_at: Option<Instant>,
}

/// Whether the agent has read what stands before the pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HasRead {
    /// To be looked at then.
    NotYet {
        next_look: Instant,
    },
    At(Instant),
}

impl Pause {
    fn begin(length: Duration, from: GapFrom, now: Instant) -> Pause {
        let has_read = HasRead::NotYet { next_look: now + LOOK_EVERY };
        Pause { length, from, began: now, has_read, shown_at: None }
    }

    fn note_output(&mut self, now: Instant) {
        self.shown_at = Some(now);
    }

    /// From when it counts, as far as that is known.
    fn counts_from(&self) -> Option<Instant> {
        match (self.has_read, self.from) {
            (HasRead::NotYet { .. }, _) => None,
            (HasRead::At(read), GapFrom::Read) => Some(read),
            (HasRead::At(_), GapFrom::Shown) => self.shown_at,
        }
    }

    fn due(&self) -> Instant {
        let limit = self.limit();
        match (self.has_read, self.counts_from()) {
            (HasRead::NotYet { next_look }, _) => next_look.min(limit),
            (HasRead::At(_), Some(from)) => (from + self.length).min(limit),
            (HasRead::At(_), None) => limit,
        }
    }

    fn limit(&self) -> Instant {
        match self.has_read {
            HasRead::NotYet { .. } => self.began + READ_LIMIT,
            HasRead::At(read) => read + PAUSE_LIMIT,
        }
    }

    fn is_over(&mut self, now: Instant, is_read: impl FnOnce() -> bool) -> bool {
        if let HasRead::NotYet { next_look } = self.has_read
            && now >= next_look
        {
            if is_read() {
                self.has_read = HasRead::At(now);
            } else {
                self.has_read = HasRead::NotYet { next_look: now + LOOK_EVERY };
                self.shown_at = None;
            }
        }
        self.counts_from().is_some_and(|from| now >= from + self.length) || now >= self.limit()
    }
}

/// Whether all of it went out.
fn write_all(bytes: &mut VecDeque<u8>, pty: &Pty) -> io::Result<bool> {
    while !bytes.is_empty() {
        let (front, _) = bytes.as_slices();
        match pty.write(front) {
            Ok(count) => drop(bytes.drain(..count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: Duration = Duration::from_millis(100);

    /// When the pause is over, in milliseconds, looked at every 10 of them; `read` and `output` say when the agent reads and when it draws.
    fn over_at(from: GapFrom, read: u64, output: &[u64]) -> u64 {
        let began = Instant::now();
        let mut pause = Pause::begin(GAP, from, began);
        let mut times = (0..).step_by(10);
        let over = times.find(|ms| {
            let now = began + Duration::from_millis(*ms);
            if output.contains(ms) {
                pause.note_output(now);
            }
            pause.is_over(now, || *ms >= read)
        });
        over.unwrap_or_default()
    }

    /// The broken one counted from its own write, and keys and paste of a busy agent were one read.
    #[test]
    fn a_pause_counts_from_when_the_agent_has_read() {
        assert_eq!(over_at(GapFrom::Read, 0, &[]), 110);
        assert_eq!(over_at(GapFrom::Read, 1000, &[20, 30]), 1100);
        assert_eq!(over_at(GapFrom::Read, 12_000, &[]), 12_100, "a slow one is waited for");
        assert_eq!(over_at(GapFrom::Read, u64::MAX, &[]), 30_000);
    }

    #[test]
    fn where_it_counts_from_what_is_shown_the_last_of_it_is_waited_for() {
        assert_eq!(over_at(GapFrom::Shown, 0, &[40]), 140);
        assert_eq!(over_at(GapFrom::Shown, 0, &[500, 560, 700]), 660);
        assert_eq!(over_at(GapFrom::Shown, 0, &[]), 5010);
    }

    /// Seen of an agent that drew on at the end of a long turn: that was taken for the message, and its Enter came too early.
    #[test]
    fn what_is_drawn_before_the_agent_has_read_shows_nothing_of_it() {
        assert_eq!(over_at(GapFrom::Shown, 1000, &[20, 40, 990]), 6000);
        assert_eq!(over_at(GapFrom::Shown, 1000, &[20, 40, 1200]), 1300);
        assert_eq!(over_at(GapFrom::Shown, 1000, &[995, 1000]), 1100, "drawn as soon as it was read");
    }
}
