//! What is on its way to the agent: bytes that its pty has no room for yet, and steps with pauses between them.
//!
//! A message and its Enter may have a pause between them; keys that a person types meanwhile wait behind both. Not here: what is typed
//! (`agent/submit.rs`).

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
    pause_until: Option<Instant>,
}

struct Step {
    bytes: Vec<u8>,
    then_wait: Duration,
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
        self.pause_until.filter(|_| self.pending.is_empty() && !self.steps.is_empty())
    }

    /// Keys of a person and replies to the program: behind what is on its way.
    pub fn push(&mut self, bytes: &[u8]) -> Taken {
        if !self.has_room(bytes.len()) {
            return Taken::NoRoom;
        }
        match self.steps.back_mut() {
            None => self.pending.extend(bytes),
            Some(last) if last.completes.is_none() && last.then_wait.is_zero() => last.bytes.extend_from_slice(bytes),
            Some(_) => self.steps.push_back(Step { bytes: bytes.to_vec(), then_wait: Duration::ZERO, completes: None }),
        }
        Taken::All
    }

    /// A message or an answer; `written` is told when its last byte is out.
    pub fn type_out(&mut self, steps: Vec<Typing>, written: Written) -> Taken {
        let bytes = steps.iter().map(|step| step.bytes.len()).sum();
        if !self.has_room(bytes) {
            return Taken::NoRoom;
        }
        let count = steps.len();
        for (number, step) in (1..).zip(steps) {
            let completes = (number == count).then_some(written);
            let then_wait = Duration::from_millis(step.then_wait_ms);
            self.steps.push_back(Step { bytes: step.bytes, then_wait, completes });
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
            if !write_all(&mut self.pending, pty)? || self.pause_until.is_some_and(|until| now < until) {
                return Ok(written);
            }
            self.pause_until = None;
            let Some(step) = self.steps.front_mut() else {
                return Ok(written);
            };
            if !step.bytes.is_empty() {
                self.pending.extend(std::mem::take(&mut step.bytes));
                continue;
            }
            written.extend(step.completes);
            self.pause_until = (!step.then_wait.is_zero()).then(|| now + step.then_wait);
            self.steps.pop_front();
        }
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
