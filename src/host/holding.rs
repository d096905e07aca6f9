//! The host's side of the holder: finds it or starts it, has it start agents, hears how they left.
//!
//! A session's thread may wait in here for a moment; the host's loop never does. Without a holder (it was killed) the agents that were in it
//! live on and the host has their ptys; only how they leave nobody learns any more. The next start gets a new holder.
//! Not here: what the holder does (`holder/`), or what becomes of a session that is found in it (`retaking.rs`).

use super::session::Hold;
use crate::holder::journal::Landing;
use crate::holder::message::{Ask, Asking, Held, KEEPS_LEASES, NotStarted, Reply, Start, Told, VERSION};
use crate::holder::wire::{self, Incoming, Outgoing};
use crate::paths::{Paths, own_program};
use crate::protocol::message::BUILD;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Pid;
use std::collections::{HashMap, HashSet};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A holder does nothing that takes long; a start waits for a program to be loaded.
const REPLY_LIMIT: Duration = Duration::from_secs(20);
/// A holder that still has the host before us notices within milliseconds that this one is dead.
const BUSY_LIMIT: Duration = Duration::from_secs(5);
/// A holder that is told to end has nothing more to do.
const END_LIMIT: Duration = Duration::from_secs(2);
const TRY_EVERY: Duration = Duration::from_millis(10);

/// What a session has of the holder.
pub struct Kept {
    pub master: OwnedFd,
    pub landing: Landing,
    pub pid: Pid,
}

#[derive(Clone)]
pub struct Holding {
    shared: Arc<Shared>,
    /// Sessions to forget, for a thread of their own: the host's loop waits for no holder.
    to_forget: Sender<String>,
}

struct Shared {
    paths: Paths,
    /// None while no holder is connected. Never held for long.
    link: Mutex<Option<Arc<Link>>>,
    /// Held by who looks for a holder or starts one, which may take its time.
    starting: Mutex<()>,
    /// Who is told how the process of which session left.
    watchers: Mutex<HashMap<String, Hold>>,
    /// Sessions whose holder died: they end with this host.
    unheld: Mutex<HashSet<String>>,
    /// How many descriptors a holder, and so an agent, may have, where this host was given more.
    descriptors_before: Option<u64>,
}

struct Link {
    pid: u32,
    /// Of the holder's words.
    version: u32,
    out: Mutex<Out>,
}

struct Out {
    outgoing: Outgoing,
    next_id: u64,
    /// Who waits for which reply. Empty, and closed to more, once the holder is gone.
    waiting: Option<HashMap<u64, Sender<Answer>>>,
}

struct Answer {
    reply: Reply,
    descriptors: Vec<OwnedFd>,
}

impl Holding {
    pub fn new(paths: &Paths, descriptors_before: Option<u64>) -> io::Result<Holding> {
        let (link, starting, watchers) = (Mutex::new(None), Mutex::new(()), Mutex::new(HashMap::new()));
        let unheld = Mutex::new(HashSet::new());
        let shared = Arc::new(Shared { paths: paths.clone(), link, starting, watchers, unheld, descriptors_before });
        let (to_forget, forgotten) = channel::<String>();
        let sharing = shared.clone();
        let forget = move || {
            while let Ok(key) = forgotten.recv() {
                sharing.forget(&key);
            }
        };
        std::thread::Builder::new().name("forgotten".into()).spawn(forget)?;
        Ok(Holding { shared, to_forget })
    }

    /// Connects to a holder that lives, and says what it holds. Starts none.
    pub fn find(&self) -> Vec<Held> {
        let link = match self.shared.connect() {
            Ok(Some(link)) => link,
            Ok(None) => {
                crate::holder::clean_up(&self.shared.paths);
                return Vec::new();
            }
            Err(error) => {
                tracing::error!(%error, "the holder does not answer; what it holds cannot be taken up");
                return Vec::new();
            }
        };
        *locked(&self.shared.link) = Some(link.clone());
        match link.ask(Ask::List) {
            Ok(Answer { reply: Reply::Held(held), .. }) => held,
            Ok(_) | Err(_) => {
                tracing::error!("the holder does not say what it holds");
                Vec::new()
            }
        }
    }

    /// Has a process started. `hold` hears how it leaves.
    pub fn start(&self, start: Start, hold: Hold) -> Result<Kept, NotStarted> {
        let failed =
            |error: io::Error| NotStarted::Spawn { program: "the holder of agents".into(), why: error.to_string() };
        let link = self.link().map_err(failed)?;
        let key = start.key.clone();
        // Before it can leave.
        locked(&self.shared.watchers).insert(key.clone(), hold);
        let answer = link.ask(Ask::Start(Box::new(start))).map_err(failed);
        let kept = answer.and_then(|answer| match answer.reply {
            Reply::Started { pid } => kept(pid, answer.descriptors).map_err(failed),
            Reply::CouldNotStart(why) => Err(why),
            other => Err(failed(unexpected(&other))),
        });
        if kept.is_err() {
            locked(&self.shared.watchers).remove(&key);
        }
        kept
    }

    /// Takes a session that the holder has from an earlier host.
    pub fn take(&self, held: &Held, hold: Hold) -> io::Result<Kept> {
        locked(&self.shared.watchers).insert(held.key.clone(), hold);
        let answer = self.link()?.ask(Ask::Take { key: held.key.clone() })?;
        match answer.reply {
            Reply::Taken => kept(held.pid, answer.descriptors),
            other => Err(unexpected(&other)),
        }
    }

    /// Has the lock of a session's agent session kept, so that it outlives this host with its process.
    pub fn keep_lease(&self, key: &str, of: &str, lock: OwnedFd) -> io::Result<()> {
        match self.link_for_leases() {
            Some(link) => link.send_with(Ask::Keep { key: key.to_owned(), of: of.to_owned() }, vec![lock]),
            None => Ok(()),
        }
    }

    /// The lock that was kept of a session of an earlier host, and of which session of its agent it is.
    pub fn lease(&self, key: &str) -> io::Result<Option<(String, OwnedFd)>> {
        let Some(link) = self.link_for_leases() else {
            return Ok(None);
        };
        let answer = link.ask(Ask::Lease { key: key.to_owned() })?;
        match answer.reply {
            Reply::Lease { of } => Ok(answer.descriptors.into_iter().next().map(|lock| (of, lock))),
            Reply::NotHeld => Ok(None),
            other => Err(unexpected(&other)),
        }
    }

    /// One that died keeps nothing; then the lock is this host's alone.
    fn link_for_leases(&self) -> Option<Arc<Link>> {
        locked(&self.shared.link).clone().filter(|link| link.version >= KEEPS_LEASES)
    }

    /// Nothing of this session is needed any more.
    pub fn forget(&self, key: String) {
        // The thread lives as long as this does.
        let _ = self.to_forget.send(key);
    }

    /// The holder's process, for people.
    pub fn pid(&self) -> Option<u32> {
        locked(&self.shared.link).as_ref().map(|link| link.pid)
    }

    /// How many sessions have lost their holder.
    pub fn unheld(&self) -> u32 {
        u32::try_from(locked(&self.shared.unheld).len()).unwrap_or(u32::MAX)
    }

    /// Tells the holder to end, and waits until it is gone, but not for long.
    pub fn end(&self) {
        let link = locked(&self.shared.link).clone();
        // One that this host never needed may keep what an earlier one left.
        let link = link.or_else(|| self.shared.connect().ok().flatten());
        if let Some(link) = link {
            // One that is gone has ended.
            let _ = link.ask_within(Ask::Bye, END_LIMIT);
        }
    }

    /// The holder that is connected, else one that lives, else a new one.
    fn link(&self) -> io::Result<Arc<Link>> {
        let _one_at_a_time = locked(&self.shared.starting);
        let current = locked(&self.shared.link).clone();
        if let Some(link) = current {
            return Ok(link);
        }
        let until = Instant::now() + REPLY_LIMIT;
        loop {
            if let Some(found) = self.shared.connect()? {
                *locked(&self.shared.link) = Some(found.clone());
                return Ok(found);
            }
            if Instant::now() > until {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "it did not start; see the host's log"));
            }
            launch(self.shared.descriptors_before)?;
        }
    }
}

impl Shared {
    fn forget(&self, key: &str) {
        locked(&self.watchers).remove(key);
        locked(&self.unheld).remove(key);
        let link = locked(&self.link).clone();
        if let Some(link) = link {
            // A holder that is gone has forgotten it.
            let _ = link.send(Ask::Forget { key: key.to_owned() });
        }
        if let Err(error) = crate::holder::journal::remove(&crate::holder::journals(&self.paths).join(key)) {
            tracing::debug!(%error, "could not remove a journal");
        }
    }

    /// None where no holder serves.
    fn connect(self: &Arc<Shared>) -> io::Result<Option<Arc<Link>>> {
        let until = Instant::now() + BUSY_LIMIT;
        loop {
            let stream = match UnixStream::connect(crate::holder::socket(&self.paths)) {
                Ok(stream) => stream,
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            };
            match self.greet(stream)? {
                Some(link) => return Ok(Some(link)),
                None if Instant::now() > until => return Err(io::Error::other("another host is connected to it")),
                None => std::thread::sleep(TRY_EVERY),
            }
        }
    }

    /// None while another host is connected.
    fn greet(self: &Arc<Shared>, stream: UnixStream) -> io::Result<Option<Arc<Link>>> {
        let (outgoing, mut incoming) = wire::split(stream)?;
        let out = Mutex::new(Out { outgoing, next_id: 0, waiting: Some(HashMap::new()) });
        let mut link = Link { pid: 0, version: 0, out };
        link.send(Ask::Hello { version: VERSION, build: BUILD.to_owned() })?;
        let until = Instant::now() + BUSY_LIMIT;
        let line = loop {
            if let Some(line) = incoming.line() {
                break line;
            }
            wait(&incoming, Some(until))?;
            incoming.read()?;
        };
        match serde_json::from_slice(&line).map_err(io::Error::other)? {
            Told::Reply { reply: Reply::Hello { pid, version, .. }, .. } => (link.pid, link.version) = (pid, version),
            Told::Reply { reply: Reply::Busy, .. } => return Ok(None),
            Told::Reply { reply, .. } => return Err(unexpected(&reply)),
            Told::Exited { .. } => return Err(io::Error::other("it does not greet")),
        }
        let link = Arc::new(link);
        let (shared, hearing) = (self.clone(), link.clone());
        let hear = move || {
            let error = shared.hear(&hearing, &mut incoming);
            shared.note_end(&hearing, &error);
        };
        std::thread::Builder::new().name("holder".into()).spawn(hear)?;
        Ok(Some(link))
    }

    /// Hears what the holder tells until it is gone.
    fn hear(&self, link: &Link, incoming: &mut Incoming) -> io::Error {
        let mut ended: Option<io::Error> = None;
        loop {
            while let Some(line) = incoming.line() {
                match serde_json::from_slice(&line) {
                    Ok(Told::Reply { id, reply, descriptors }) => {
                        let descriptors = incoming.descriptors(descriptors);
                        let waiting = locked(&link.out).waiting.as_mut().and_then(|waiting| waiting.remove(&id));
                        if let Some(waiting) = waiting {
                            // Whoever asked has given up: what came is closed again.
                            let _ = waiting.send(Answer { reply, descriptors });
                        }
                    }
                    Ok(Told::Exited { key, exit }) => {
                        if let Some(hold) = locked(&self.watchers).get(&key) {
                            hold.exited(exit);
                        }
                    }
                    Err(error) => tracing::warn!(%error, "the holder said something that this build does not know"),
                }
            }
            // What came with the end counts, so it is told of behind that.
            match (ended.take(), wait(incoming, None).and_then(|()| incoming.read())) {
                (Some(error), _) => return error,
                (None, Ok(())) => {}
                (None, Err(error)) => ended = Some(error),
            }
        }
    }

    fn note_end(&self, link: &Arc<Link>, error: &io::Error) {
        tracing::info!(%error, "the holder is gone");
        let mut current = locked(&self.link);
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, link)) {
            *current = None;
        }
        drop(current);
        // Whoever waits hears that nothing comes.
        locked(&link.out).waiting = None;
        for (key, hold) in locked(&self.watchers).drain() {
            locked(&self.unheld).insert(key);
            hold.holder_gone();
        }
    }
}

impl Link {
    fn ask(&self, ask: Ask) -> io::Result<Answer> {
        self.ask_within(ask, REPLY_LIMIT)
    }

    fn ask_within(&self, ask: Ask, limit: Duration) -> io::Result<Answer> {
        let (sender, receiver) = channel();
        self.push(ask, Vec::new(), Some(sender))?;
        receiver
            .recv_timeout(limit)
            .map_err(|error| io::Error::other(format!("the holder of agents is gone ({error})")))
    }

    fn send(&self, ask: Ask) -> io::Result<()> {
        self.send_with(ask, Vec::new())
    }

    fn send_with(&self, ask: Ask, descriptors: Vec<OwnedFd>) -> io::Result<()> {
        self.push(ask, descriptors, None)
    }

    fn push(&self, ask: Ask, descriptors: Vec<OwnedFd>, waits: Option<Sender<Answer>>) -> io::Result<()> {
        let mut out = locked(&self.out);
        out.next_id += 1;
        let id = out.next_id;
        let gone = || io::Error::from(io::ErrorKind::NotConnected);
        let waiting = out.waiting.as_mut().ok_or_else(gone)?;
        waiting.extend(waits.map(|waits| (id, waits)));
        let asking = Asking { id, ask, descriptors: descriptors.len() };
        out.outgoing.push(&asking, descriptors)?;
        let until = Instant::now() + REPLY_LIMIT;
        loop {
            out.outgoing.flush()?;
            if !out.outgoing.has_pending() {
                return Ok(());
            }
            // The holder reads whatever else it does, so this is short.
            let left = until.saturating_duration_since(Instant::now());
            let limit = Timespec::try_from(left).map_err(io::Error::other)?;
            if poll(&mut [PollFd::new(&out.outgoing, PollFlags::OUT)], Some(&limit)) == Ok(0) {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }
}

/// Starts a holder that is nobody's child. Where another one serves already, nothing happens.
fn launch(descriptors: Option<u64>) -> io::Result<()> {
    let said = Command::new(own_program()?)
        .args(["holder", "launch"])
        .args(descriptors.map(|descriptors| format!("--descriptors={descriptors}")))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?
        .wait_with_output()?;
    if said.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&said.stderr);
    Err(io::Error::other(why.trim().trim_start_matches("threadkeep: ").to_owned()))
}

fn wait(incoming: &Incoming, until: Option<Instant>) -> io::Result<()> {
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    let limit = left.map(Timespec::try_from).transpose().map_err(io::Error::other)?;
    match poll(&mut [PollFd::new(incoming, PollFlags::IN)], limit.as_ref()) {
        Ok(0) => Err(io::ErrorKind::TimedOut.into()),
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn kept(pid: i32, descriptors: Vec<OwnedFd>) -> io::Result<Kept> {
    let pid = Pid::from_raw(pid).ok_or_else(|| io::Error::other("it has no process id"))?;
    let [master, read, write] =
        <[OwnedFd; 3]>::try_from(descriptors).map_err(|_| io::Error::other("its descriptors did not come"))?;
    Ok(Kept { master, landing: Landing { read, write }, pid })
}

fn unexpected(reply: &Reply) -> io::Error {
    io::Error::other(format!("the holder of agents said something unexpected: {reply:?}"))
}

/// A panic with one of these locks held is impossible: nothing that could panic is done under them.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
