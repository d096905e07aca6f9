//! The holder's loop: one thread that waits for a host, for the ends of its children, and, while no host serves, for their output.
//!
//! It never waits for a host that does not read: what is told waits in memory. Change here: what a request does. Not here: its words
//! (`message.rs`), or what becomes of a session's output (`session.rs`).

use super::door::{Door, is_ours};
use super::message::{Ask, Asking, AskingId, Exit, Reply, Told, VERSION};
use super::session::{READ_BYTES, Session};
use super::wire::{self, Incoming, Outgoing};
use super::{journals, socket, start};
use crate::lock::Held as Lock;
use crate::paths::{Paths, own_program};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{WaitOptions, wait};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A window whose host died starts the next one within milliseconds. Where none is open somebody else must, and not again and again where
/// it does not come up.
const LAUNCH_AFTER: Duration = Duration::from_secs(1);
const LAUNCH_AFTER_MOST: Duration = Duration::from_secs(60);
/// Without sessions nobody needs a holder. One that was just started waits for its host for so long.
const USELESS_LIMIT: Duration = Duration::from_secs(5);
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

struct Host {
    out: Outgoing,
    incoming: Incoming,
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
            due = self.sessions.values().filter_map(|session| session.retry_at()).fold(due, Instant::min);
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
            session.note_exit(exit);
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
        let Ok(Asking { id, ask: Ask::Hello { build, .. }, .. }) = serde_json::from_slice(&line) else {
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
                Ok(Asking { id, ask, descriptors }) => {
                    let descriptors = self.host.as_mut().map(|host| host.incoming.descriptors(descriptors));
                    self.answer(id, ask, descriptors.unwrap_or_default());
                }
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

    fn answer(&mut self, id: u64, ask: Ask, descriptors: Vec<OwnedFd>) {
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
            Ask::Keep { key, of } => {
                let session = self.sessions.get_mut(&key).zip(descriptors.into_iter().next());
                let reply = session.map(|(session, lock)| session.keep_lease(of, lock));
                self.reply(id, reply.map_or(Reply::NotHeld, |()| Reply::Done), Vec::new());
            }
            Ask::Lease { key } => match self.sessions.get(&key).and_then(Session::lease) {
                Some((of, lock)) => self.reply(id, Reply::Lease { of }, vec![lock]),
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
            let session = Session::new(pid, master, start.note.clone());
            let session = session.and_then(|session| Ok((session.descriptors()?, session)));
            session.map_err(|error| super::message::NotStarted::Open(error.to_string()))
        });
        match started {
            Ok((descriptors, session)) => {
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

fn empty(stream: &UnixStream) {
    let mut rubbish = [0; 64];
    while matches!(rustix::io::read(stream, &mut rubbish), Ok(64)) {}
}
