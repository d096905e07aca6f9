//! One process that is kept: its pty, how it left, and its output while no host serves.
//!
//! Change here: what is read and kept meanwhile. Not here: where it lies (`journal.rs`).

use super::journal::{Journal, Landing};
use super::marks::Mark;
use super::message::{Exit, Held};
use rustix::process::Pid;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// So much of each session is taken while no host serves; from there on its program is held up, as a slow terminal would, and loses nothing.
const MOST_ALONE_BYTES: u64 = 64 * 1024 * 1024;
/// What is read of one session before the next one's turn.
pub const READ_BYTES: usize = 64 * 1024;
/// A disk that took nothing is tried again.
const RETRY_EVERY: Duration = Duration::from_secs(1);

pub struct Session {
    pub pid: Pid,
    master: OwnedFd,
    landing: Landing,
    note: String,
    pub exit: Option<Exit>,
    alone: Option<Alone>,
    /// The lock of its agent's session, and which one that is: it outlives a host, so that no other one takes that session up meanwhile.
    lease: Option<(String, OwnedFd)>,
}

/// How far a session is read while no host serves.
struct Alone {
    /// None where it could not be opened (yet).
    journal: Option<Journal>,
    taken: u64,
    /// Read, and not in the journal yet.
    pending: Vec<u8>,
    /// When the disk is tried again.
    retry_at: Option<Instant>,
    hung_up: bool,
}

impl Session {
    pub fn new(pid: Pid, master: OwnedFd, note: String) -> io::Result<Session> {
        Ok(Session { pid, master, landing: Landing::new()?, note, exit: None, alone: None, lease: None })
    }

    pub fn report(&self, key: &str) -> Held {
        Held { key: key.to_owned(), pid: self.pid.as_raw_nonzero().get(), note: self.note.clone(), exit: self.exit }
    }

    /// The master, and both ends of the landing.
    pub fn descriptors(&self) -> io::Result<Vec<OwnedFd>> {
        [&self.master, &self.landing.read, &self.landing.write].into_iter().map(OwnedFd::try_clone).collect()
    }

    /// Its process has left, so whoever wants its agent's session may have it.
    pub fn note_exit(&mut self, exit: Exit) {
        self.exit = Some(exit);
        self.lease = None;
    }

    pub fn keep_lease(&mut self, of: String, lock: OwnedFd) {
        if self.exit.is_none() {
            self.lease = Some((of, lock));
        }
    }

    pub fn lease(&self) -> Option<(String, OwnedFd)> {
        let (of, lock) = self.lease.as_ref()?;
        Some((of.clone(), lock.try_clone().ok()?))
    }

    /// What to wait for while no host serves; none while its program is to be held up, or can write nothing more.
    pub fn reads_from(&self) -> Option<BorrowedFd<'_>> {
        let alone = self.alone.as_ref()?;
        (!alone.hung_up && alone.retry_at.is_none() && alone.taken < MOST_ALONE_BYTES).then_some(self.master.as_fd())
    }

    /// When a disk that took nothing is tried again.
    pub fn retry_at(&self) -> Option<Instant> {
        self.alone.as_ref()?.retry_at
    }

    /// No host serves from here on.
    pub fn begin_alone(&mut self, journal: PathBuf) {
        let mut alone = Alone { journal: None, taken: 0, pending: Vec::new(), retry_at: None, hung_up: false };
        // What the host had taken from the pty and not brought to its journal.
        let mut landed = vec![0; READ_BYTES];
        while let Ok(bytes @ 1..) = self.landing.read(&mut landed) {
            alone.pending.extend_from_slice(&landed[..bytes]);
        }
        alone.write_down(|| journal);
        self.alone = Some(alone);
    }

    /// A host is here and reads by itself.
    pub fn end_alone(&mut self) {
        if let Some(alone) = self.alone.take()
            && !alone.pending.is_empty()
        {
            tracing::error!(bytes = alone.pending.len(), "output could not be kept: the disk took nothing");
        }
    }

    /// Takes what the program has written, as long as its share and the disk allow; `journal` says where it goes.
    pub fn read_alone(&mut self, buffer: &mut [u8], journal: impl FnOnce() -> PathBuf) {
        if self.reads_from().is_none() && self.alone.as_ref().is_none_or(|alone| alone.retry_at.is_none()) {
            return;
        }
        let Some(alone) = &mut self.alone else {
            return;
        };
        if alone.retry_at.is_none() {
            // Many short reads are one write.
            let mut filled = 0;
            while filled < buffer.len() {
                match rustix::io::read(&self.master, &mut buffer[filled..]) {
                    Ok(0) => alone.hung_up = true,
                    Ok(bytes) => filled += bytes,
                    Err(rustix::io::Errno::INTR) => continue,
                    Err(rustix::io::Errno::AGAIN) => break,
                    Err(_) => alone.hung_up = true,
                }
                if alone.hung_up {
                    break;
                }
            }
            alone.taken += filled as u64;
            alone.pending.extend_from_slice(&buffer[..filled]);
        }
        alone.write_down(journal);
    }
}

impl Alone {
    /// Brings what is pending into the journal, or tries again later.
    fn write_down(&mut self, journal: impl FnOnce() -> PathBuf) {
        if self.retry_at.is_some_and(|at| Instant::now() < at) {
            return;
        }
        self.retry_at = None;
        if let Err(error) = self.try_to_write_down(journal) {
            tracing::warn!(%error, "output cannot be kept now; its program is held up");
            self.retry_at = Some(Instant::now() + RETRY_EVERY);
        }
    }

    fn try_to_write_down(&mut self, folder: impl FnOnce() -> PathBuf) -> io::Result<()> {
        let journal = match &mut self.journal {
            Some(journal) => journal,
            none => {
                let mut journal = Journal::open(&folder())?;
                journal.mark(&Mark::Alone);
                none.insert(journal)
            }
        };
        if !self.pending.is_empty() {
            journal.append(&self.pending)?;
            self.pending.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A session whose pty is a pipe that the test writes to.
    fn session(journal: &std::path::Path) -> (Session, OwnedFd) {
        Journal::create(journal).expect("a journal");
        let pty = Landing::new().expect("a pipe");
        let session = Session::new(rustix::process::getpid(), pty.read, String::new()).expect("a pipe");
        (session, pty.write)
    }

    fn written(journal: &std::path::Path) -> String {
        std::fs::read_to_string(journal.join("0.out")).expect("it is text")
    }

    #[test]
    fn what_was_on_its_way_and_what_comes_while_no_host_serves_is_kept_in_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = folder.path().join("1.1.1");
        let (mut session, program) = session(&journal);
        assert!(session.reads_from().is_none(), "a host reads it");
        rustix::io::write(&session.landing.write, b"landed ").expect("there is room");
        rustix::io::write(&program, b"written ").expect("there is room");
        session.begin_alone(journal.clone());
        let mut buffer = [0; 64];
        session.read_alone(&mut buffer, || journal.clone());
        rustix::io::write(&program, b"later").expect("there is room");
        session.read_alone(&mut buffer, || journal.clone());
        assert_eq!(written(&journal), "landed written later");
        let marks = std::fs::read_to_string(journal.join("marks")).expect("it is text");
        assert_eq!(marks, "0 alone\n");
        drop(program);
        session.read_alone(&mut buffer, || journal.clone());
        assert!(session.reads_from().is_none(), "nothing more can come");
        session.end_alone();
        assert!(session.alone.is_none());
    }

    #[test]
    fn a_program_is_held_up_where_so_much_was_taken_or_the_disk_takes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = folder.path().join("1.1.1");
        let (mut session, program) = session(&journal);
        session.begin_alone(journal.clone());
        assert!(session.reads_from().is_some());
        if let Some(alone) = &mut session.alone {
            alone.taken = MOST_ALONE_BYTES;
        }
        assert!(session.reads_from().is_none());
        if let Some(alone) = &mut session.alone {
            alone.taken = 0;
            alone.journal = None;
        }
        // No folder: like a disk that takes nothing.
        let nowhere = || folder.path().join("nowhere");
        rustix::io::write(&program, b"not lost").expect("there is room");
        session.read_alone(&mut [0; 64], nowhere);
        assert!(session.reads_from().is_none());
        if let Some(alone) = &mut session.alone {
            alone.retry_at = Some(Instant::now());
        }
        session.read_alone(&mut [0; 64], || journal.clone());
        assert_eq!(written(&journal), "not lost");
        assert!(session.reads_from().is_some());
    }
}
