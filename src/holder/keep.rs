//! The holder's loop: one thread that waits for a host, for the ends of its children, and, while no host serves, for their output.
//!
//! It never waits for a host that does not read: what is told waits in memory. Change here: what a request does. Not here: its words
//! (`message.rs`).

use super::journal::{Journal, Landing};
use super::marks::Mark;
use super::message::{Ask, Asking, AskingId, Exit, Held, Reply, Told, VERSION};
use super::wire::{self, Incoming, Outgoing};
use super::{journals, socket, start};
use crate::lock::Held as Lock;
use crate::paths::{Paths, own_program};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, WaitOptions, wait};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// So much of each session is taken while no host serves; from there on its program is held up, as a slow terminal would, and loses nothing.
const MOST_ALONE_BYTES: u64 = 64 * 1024 * 1024;
/// What is read of one session before the next one's turn.
const READ_BYTES: usize = 64 * 1024;
/// A disk that took nothing is tried again.
const RETRY_EVERY: Duration = Duration::from_secs(1);
/// A window whose host died starts the next one within milliseconds. Where none is open somebody else must, and not again and again where
/// it does not come up.
const LAUNCH_AFTER: Duration = Duration::from_secs(1);
const LAUNCH_AFTER_MOST: Duration = Duration::from_secs(60);
/// Without sessions nobody needs a holder. One that was just started waits for its host for so long.
const USELESS_LIMIT: Duration = Duration::from_secs(5);
/// What hosts find the holder by is made again within this time where it was lost.
const LOOK_FOR_SOCKET_EVERY: Duration = Duration::from_secs(10);
/// A connection that says nothing for so long was no host.
const HELLO_LIMIT: Duration = Duration::from_secs(2);

pub struct Keeper {
    paths: Paths,
    door: Door,
    children: UnixStream,
    /// The system asks to end.
    ends: UnixStream,
    sessions: BTreeMap<String, Session>,
    /// Connected and not greeted yet.
    guest: Option<(Host, Instant)>,
    host: Option<Host>,
    /// Since when no host was there.
    alone_since: Instant,
    launch_at: Instant,
    launch_pause: Duration,
    buffer: Vec<u8>,
    told_to_end: bool,
}

/// The socket, its file, and the lock by which no second holder serves here. All of it goes with this.
struct Door {
    listener: UnixListener,
    path: PathBuf,
    file: (u64, u64),
    look_at: Instant,
    /// Declared last: while it is ours nobody else makes a socket here.
    _lock: Lock,
}

struct Host {
    out: Outgoing,
    incoming: Incoming,
}

struct Session {
    pid: Pid,
    master: OwnedFd,
    landing: Landing,
    note: String,
    exit: Option<Exit>,
    alone: Option<Alone>,
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

impl Keeper {
    pub fn begin(paths: &Paths, lock: Lock) -> io::Result<Keeper> {
        // What agents leave behind comes to us, and is waited for. Without it they come to the system, which does the same.
        #[cfg(target_os = "linux")]
        let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
        let now = Instant::now();
        let (children, wake) = UnixStream::pair()?;
        children.set_nonblocking(true)?;
        signal_hook::low_level::pipe::register(SIGCHLD, wake)?;
        let (ends, wake) = UnixStream::pair()?;
        ends.set_nonblocking(true)?;
        for signal in [SIGTERM, SIGINT] {
            signal_hook::low_level::pipe::register(signal, wake.try_clone()?)?;
        }
        // A terminal that closes is nothing to a holder.
        signal_hook::flag::register(SIGHUP, std::sync::Arc::default())?;
        Ok(Keeper {
            paths: paths.clone(),
            door: Door::open(socket(paths), lock)?,
            children,
            ends,
            sessions: BTreeMap::new(),
            guest: None,
            host: None,
            alone_since: now,
            launch_at: now + LAUNCH_AFTER,
            launch_pause: LAUNCH_AFTER,
            buffer: vec![0; READ_BYTES],
            told_to_end: false,
        })
    }

    pub fn run(mut self) -> io::Result<()> {
        while !self.told_to_end && !self.is_useless() {
            let ready = self.wait()?;
            if ready.ends {
                empty(&self.ends);
                // With a host there, that one was asked too, and ends us when the agents are gone.
                self.told_to_end |= self.host.is_none();
            }
            if ready.children {
                empty(&self.children);
                self.reap();
            }
            self.serve_host();
            self.serve_guest();
            if ready.door {
                self.accept();
            }
            if self.host.is_none() {
                self.read_alone();
                self.launch_if_due();
            }
            self.door.open_again_if_lost(&self.paths);
        }
        // What hosts find us by goes before the connection does: whoever sees its end finds nothing of us.
        drop(self.door);
        Ok(())
    }

    fn is_useless(&self) -> bool {
        self.host.is_none()
            && self.guest.is_none()
            && self.sessions.is_empty()
            && self.alone_since.elapsed() > USELESS_LIMIT
    }

    fn wait(&self) -> io::Result<Ready> {
        let mut fds = vec![
            PollFd::new(&self.door.listener, PollFlags::IN),
            PollFd::new(&self.children, PollFlags::IN),
            PollFd::new(&self.ends, PollFlags::IN),
        ];
        for host in self.host.iter().chain(self.guest.iter().map(|(guest, _)| guest)) {
            let out = if host.out.has_pending() { PollFlags::OUT } else { PollFlags::empty() };
            fds.push(PollFd::from_borrowed_fd(host.incoming.as_fd(), PollFlags::IN | out));
        }
        if self.host.is_none() {
            let wanted = self.sessions.values().filter_map(Session::reads_from);
            fds.extend(wanted.map(|master| PollFd::from_borrowed_fd(master, PollFlags::IN)));
        }
        let limit = Timespec::try_from(self.next_due().saturating_duration_since(Instant::now())).ok();
        match poll(&mut fds, limit.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_ready = |at: usize| !fds[at].revents().is_empty();
        Ok(Ready { door: is_ready(0), children: is_ready(1), ends: is_ready(2) })
    }

    fn next_due(&self) -> Instant {
        let mut due = self.door.look_at;
        if let Some((_, since)) = &self.guest {
            due = due.min(*since + HELLO_LIMIT);
        }
        if self.host.is_none() {
            due = due.min(if self.sessions.is_empty() { self.alone_since + USELESS_LIMIT } else { self.launch_at });
            due = self.sessions.values().filter_map(|session| session.alone.as_ref()?.retry_at).fold(due, Instant::min);
        }
        // A moment later: what is due at this very instant is due then.
        due + Duration::from_millis(1)
    }

    /// Waits for all children that have left, those too that agents left behind and those that we launched.
    fn reap(&mut self) {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            let exit = match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => Exit::Code(code),
                (None, Some(signal)) => Exit::Signal(signal),
                (None, None) => continue,
            };
            let Some((key, session)) =
                self.sessions.iter_mut().find(|(_, held)| held.pid == pid && held.exit.is_none())
            else {
                continue;
            };
            session.exit = Some(exit);
            let key = key.clone();
            self.tell(&Told::Exited { key, exit }, Vec::new());
        }
    }

    fn tell(&mut self, told: &Told, descriptors: Vec<OwnedFd>) {
        if let Some(host) = &mut self.host
            && let Err(error) = host.out.push(told, descriptors).and_then(|()| host.out.flush())
        {
            tracing::debug!(%error, "the host went away");
        }
    }

    fn accept(&mut self) {
        let Ok((stream, _)) = self.door.listener.accept() else {
            return;
        };
        if !is_ours(&stream) {
            tracing::warn!("another user tried to connect");
            return;
        }
        // A newer guest takes the place of one that has said nothing yet.
        if let Ok((out, incoming)) = wire::split(stream) {
            self.guest = Some((Host { out, incoming }, Instant::now()));
        }
    }

    /// The first line of a connection decides whether it is the host's.
    fn serve_guest(&mut self) {
        let Some((mut guest, since)) = self.guest.take() else {
            return;
        };
        let gone = guest.incoming.read().is_err();
        let Some(line) = guest.incoming.line() else {
            if !gone && since.elapsed() < HELLO_LIMIT {
                self.guest = Some((guest, since));
            }
            return;
        };
        let Ok(Asking { id, ask: Ask::Hello { build, .. } }) = serde_json::from_slice(&line) else {
            return;
        };
        if self.host.is_some() {
            let busy = Told::Reply { id, reply: Reply::Busy, descriptors: 0 };
            // It goes away in any case.
            let _ = guest.out.push(&busy, Vec::new()).and_then(|()| guest.out.flush());
            return;
        }
        tracing::info!(build, "a host is here");
        self.host = Some(guest);
        for session in self.sessions.values_mut() {
            session.end_alone();
        }
        let pid = std::process::id();
        self.reply(id, Reply::Hello { version: VERSION, build: env!("THREADKEEP_BUILD").to_owned(), pid }, Vec::new());
        self.serve_host();
    }

    fn reply(&mut self, id: u64, reply: Reply, descriptors: Vec<OwnedFd>) {
        let count = descriptors.len();
        self.tell(&Told::Reply { id, reply, descriptors: count }, descriptors);
    }

    fn serve_host(&mut self) {
        let Some(host) = &mut self.host else {
            return;
        };
        let gone = host.incoming.read().is_err() || host.out.flush().is_err();
        while let Some(line) = self.host.as_mut().and_then(|host| host.incoming.line()) {
            match serde_json::from_slice::<Asking>(&line) {
                Ok(Asking { id, ask }) => self.answer(id, ask),
                Err(error) => {
                    tracing::warn!(%error, "a request that is not understood");
                    if let Ok(AskingId { id }) = serde_json::from_slice(&line) {
                        self.reply(id, Reply::NotUnderstood, Vec::new());
                    }
                }
            }
        }
        if gone {
            self.begin_alone();
        }
    }

    fn answer(&mut self, id: u64, ask: Ask) {
        match ask {
            Ask::Hello { .. } => self.reply(id, Reply::NotUnderstood, Vec::new()),
            Ask::Start(start) => self.start(id, &start),
            Ask::List => {
                let held = self.sessions.iter().map(|(key, session)| session.report(key)).collect();
                self.reply(id, Reply::Held(held), Vec::new());
            }
            Ask::Take { key } => match self.sessions.get(&key).map(Session::descriptors) {
                Some(Ok(descriptors)) => self.reply(id, Reply::Taken, descriptors),
                Some(Err(error)) => {
                    tracing::error!(%error, "descriptors could not be given");
                    self.reply(id, Reply::NotHeld, Vec::new());
                }
                None => self.reply(id, Reply::NotHeld, Vec::new()),
            },
            Ask::Forget { key } => {
                self.sessions.remove(&key);
                self.reply(id, Reply::Done, Vec::new());
            }
            Ask::Bye => self.told_to_end = true,
        }
    }

    fn start(&mut self, id: u64, start: &super::message::Start) {
        let started = start::start(start).and_then(|(master, pid)| {
            let failed = |error: io::Error| super::message::NotStarted::Open(error.to_string());
            let landing = Landing::new().map_err(failed)?;
            let session = Session { pid, master, landing, note: start.note.clone(), exit: None, alone: None };
            let descriptors = session.descriptors().map_err(failed)?;
            Ok((session, descriptors))
        });
        match started {
            Ok((session, descriptors)) => {
                let pid = session.pid.as_raw_nonzero().get();
                self.sessions.insert(start.key.clone(), session);
                self.reply(id, Reply::Started { pid }, descriptors);
            }
            Err(why) => self.reply(id, Reply::CouldNotStart(why), Vec::new()),
        }
    }

    /// The host is gone: from here on its work is ours, as far as nobody must wait.
    fn begin_alone(&mut self) {
        tracing::info!(sessions = self.sessions.len(), "the host is gone");
        self.host = None;
        self.alone_since = Instant::now();
        self.launch_pause = LAUNCH_AFTER;
        self.launch_at = self.alone_since + LAUNCH_AFTER;
        let journals = journals(&self.paths);
        for (key, session) in &mut self.sessions {
            session.begin_alone(journals.join(key));
        }
    }

    fn read_alone(&mut self) {
        let journals = journals(&self.paths);
        for (key, session) in &mut self.sessions {
            session.read_alone(&mut self.buffer, || journals.join(key));
        }
    }

    fn launch_if_due(&mut self) {
        let now = Instant::now();
        if self.sessions.is_empty() || self.guest.is_some() || now < self.launch_at {
            return;
        }
        self.launch_at = now + self.launch_pause;
        self.launch_pause = (self.launch_pause * 2).min(LAUNCH_AFTER_MOST);
        let launched = own_program().and_then(|program| {
            let (none, nothing) = (Stdio::null(), Stdio::null());
            // It leaves as soon as its host serves, and is waited for like all others.
            Command::new(program).args(["host", "launch"]).stdin(none).stdout(nothing).stderr(Stdio::null()).spawn()
        });
        if let Err(error) = launched {
            tracing::warn!(%error, "no host could be launched");
        }
    }
}

struct Ready {
    door: bool,
    children: bool,
    ends: bool,
}

impl Session {
    fn report(&self, key: &str) -> Held {
        Held { key: key.to_owned(), pid: self.pid.as_raw_nonzero().get(), note: self.note.clone(), exit: self.exit }
    }

    /// The master, and both ends of the landing.
    fn descriptors(&self) -> io::Result<Vec<OwnedFd>> {
        [&self.master, &self.landing.read, &self.landing.write].into_iter().map(OwnedFd::try_clone).collect()
    }

    /// What to wait for while no host serves; none while its program is to be held up, or can write nothing more.
    fn reads_from(&self) -> Option<BorrowedFd<'_>> {
        let alone = self.alone.as_ref()?;
        (!alone.hung_up && alone.retry_at.is_none() && alone.taken < MOST_ALONE_BYTES).then_some(self.master.as_fd())
    }

    fn begin_alone(&mut self, journal: PathBuf) {
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
    fn end_alone(&mut self) {
        if let Some(alone) = self.alone.take()
            && !alone.pending.is_empty()
        {
            tracing::error!(bytes = alone.pending.len(), "output could not be kept: the disk took nothing");
        }
    }

    fn read_alone(&mut self, buffer: &mut [u8], journal: impl FnOnce() -> PathBuf) {
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

impl Door {
    fn open(path: PathBuf, lock: Lock) -> io::Result<Door> {
        let (listener, file) = bind(&path)?;
        Ok(Door { listener, path, file, look_at: Instant::now() + LOOK_FOR_SOCKET_EVERY, _lock: lock })
    }

    /// Makes anew what somebody took away, a program that cleans up or a hand that slipped.
    fn open_again_if_lost(&mut self, paths: &Paths) {
        if Instant::now() < self.look_at {
            return;
        }
        self.look_at = Instant::now() + LOOK_FOR_SOCKET_EVERY;
        if identity(&self.path).is_ok_and(|file| file == self.file) {
            return;
        }
        match paths.prepare_runtime().map_err(io::Error::other).and_then(|()| bind(&self.path)) {
            Ok((listener, file)) => (self.listener, self.file) = (listener, file),
            Err(error) => tracing::error!(%error, "what hosts find this holder by is gone and could not be made again"),
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // Only our own: while the listener lives, no other file has its number.
        if identity(&self.path).is_ok_and(|file| file == self.file) {
            // Gone since it was looked at: what was wanted.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Binds the socket. What lies there from a holder that died is removed first: the lock is ours, so nobody serves it.
fn bind(path: &PathBuf) -> io::Result<(UnixListener, (u64, u64))> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    listener.set_nonblocking(true)?;
    Ok((listener, identity(path)?))
}

fn identity(path: &PathBuf) -> io::Result<(u64, u64)> {
    let file = std::fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}

/// Whether the other side is the same user.
#[cfg(target_os = "linux")]
fn is_ours(stream: &UnixStream) -> bool {
    rustix::net::sockopt::socket_peercred(stream).is_ok_and(|peer| peer.uid == rustix::process::geteuid())
}

/// The folder lets nobody else in.
#[cfg(not(target_os = "linux"))]
fn is_ours(_stream: &UnixStream) -> bool {
    true
}

fn empty(stream: &UnixStream) {
    let mut rubbish = [0; 64];
    while matches!(rustix::io::read(stream, &mut rubbish), Ok(64)) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A session whose pty is a pipe that the test writes to.
    fn session(journal: &std::path::Path) -> (Session, OwnedFd) {
        Journal::create(journal).expect("a journal");
        let pty = Landing::new().expect("a pipe");
        let landing = Landing::new().expect("a pipe");
        let pid = rustix::process::getpid();
        (Session { pid, master: pty.read, landing, note: String::new(), exit: None, alone: None }, pty.write)
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
