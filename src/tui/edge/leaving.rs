//! The end of a window: nothing that was written goes with it, and nothing of the terminal's answers is left for the person's shell.

use super::{Edge, Ready};
use crate::client::kept::{self, KeptText};
use crate::tui::tty::READ_BYTES;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io;
use std::time::{Duration, Instant};

/// How long a terminal may take to tell its background when the window is left right after it was asked.
const ANSWER_LIMIT: Duration = Duration::from_millis(200);
/// How long a window that is left waits for the host's word that all is saved. It comes within milliseconds; a host that does not answer
/// must not hold the person up.
const CONFIRM_LIMIT: Duration = Duration::from_millis(500);

impl Edge {
    /// An answer of the terminal that is on its way still would be typed into the person's shell.
    pub fn swallow_late_answer(&self) {
        let asked = self.background_asked.filter(|_| self.app.background.is_none());
        let Some(asked) = asked.filter(|asked| asked.elapsed() < ANSWER_LIMIT) else { return };
        let input = rustix::stdio::stdin();
        let left = Timespec::try_from(ANSWER_LIMIT.saturating_sub(asked.elapsed())).ok();
        if poll(&mut [PollFd::new(&input, PollFlags::IN)], left.as_ref()).is_ok_and(|found| found > 0) {
            // Gone or empty: there is nothing to swallow.
            let _ = rustix::io::read(input, &mut [0; READ_BYTES]);
        }
    }

    /// What was written gets a moment to be saved, and is kept for the next window where it is not: nothing is lost with this one.
    pub fn keep_unsaved(&mut self) -> KeptUnsaved {
        let until = Instant::now() + CONFIRM_LIMIT;
        while !self.app.unsaved().is_empty()
            && let Some(control) = &self.control
            && let Ok(left) = Timespec::try_from(until.saturating_duration_since(Instant::now()))
            && matches!(poll(&mut [PollFd::new(control, PollFlags::IN)], Some(&left)), Ok(1..) | Err(Errno::INTR))
        {
            self.receive(&Ready { control: true, ..Ready::default() });
        }
        let unsaved = self.app.unsaved();
        if unsaved.is_empty() {
            return KeptUnsaved::Nothing;
        }
        match kept::keep(&self.paths, &unsaved) {
            Ok(()) => KeptUnsaved::Kept,
            Err(error) => KeptUnsaved::NotKept(error, unsaved),
        }
    }
}

/// What became of texts that the host has not confirmed.
pub enum KeptUnsaved {
    Nothing,
    Kept,
    /// They are told, so that the person can copy them.
    NotKept(io::Error, Vec<KeptText>),
}

impl KeptUnsaved {
    pub fn words(&self) -> String {
        match self {
            KeptUnsaved::Nothing => String::new(),
            KeptUnsaved::Kept => {
                "\nwhat you wrote and the host did not confirm is kept; the next window brings it back".into()
            }
            KeptUnsaved::NotKept(error, texts) => {
                let texts: Vec<&str> = texts.iter().map(|kept| kept.text.as_str()).collect();
                format!("\nwhat you wrote could not be kept ({error}); here it is:\n{}", texts.join("\n"))
            }
        }
    }
}
