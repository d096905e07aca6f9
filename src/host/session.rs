//! A session's own thread: it alone has the pty and the screen. Bytes stay here; signals go to the core, pictures to the viewers.
//!
//! Reading order: this file starts the thread and gives it orders, `run.rs` is its loop, `agent_io.rs` the pty and the screen, `viewer.rs` who looks on,
//! `tell.rs` what the core hears. Not here: what a signal means for the conversation (`domain/conversation_state.rs`).

mod agent_io;
mod answering;
mod event_feed;
mod files;
mod hooks;
mod keyboard;
mod lease;
mod output;
mod places;
mod replay;
mod run;
mod stopping;
mod tell;
mod typing;
mod viewer;
mod watch;

pub use files::files;
pub use lease::{Lease, SESSION_VARIABLE};
pub use watch::Whereabouts;

use super::agents::version_of;
use super::driver::Incoming;
use super::effect::SessionOrder;
use super::holding::{Holding, Kept};
use super::note::Note;
use super::pty::Pty;
use super::socket::Guest;
use crate::agent::identity::AgentId;
use crate::agent::launch::Launch;
use crate::agent::profile::{Profile, Variant};
use crate::agent::token::Token;
use crate::domain::conversation_state::{SessionEvent, StartTrouble};
use crate::domain::id::{ConversationId, Generation};
use crate::domain::session::Exit;
use crate::holder::journal::{Journal, Record};
use crate::holder::landing::pipe;
use crate::holder::message as held;
use crate::holder::message::{Held, NotStarted};
use crate::protocol::message::Reply;
use crate::terminal::frame::Size;
use run::{Over, SessionLoop};
use rustix::process::Pid;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use tell::{LastWords, Tell};

/// Threads of sessions need little; the emulator's rows are on the heap.
const STACK_BYTES: usize = 512 * 1024;

/// Everything a session's thread needs to begin.
pub struct Begin {
    pub conversation: ConversationId,
    pub generation: Generation,
    pub launch: Launch,
    pub profile: Arc<Profile>,
    pub variant: Variant,
    pub token: Token,
    pub whereabouts: Whereabouts,
    /// The session of the agent that the process is to take up.
    pub takes_up: Option<AgentId>,
    /// Of the agent's session; taken here.
    pub lease: Lease,
    /// The session's private folder; made here, removed when the process is gone.
    pub folder: PathBuf,
    pub size: Size,
    /// The folder of its journal.
    pub journal: PathBuf,
    /// What a later host needs to take it over.
    pub note: Note,
}

/// Where the process of a session comes from.
pub enum Comes {
    /// It is started.
    Started,
    /// It lives, or has left meanwhile: an earlier host started it.
    FromEarlier(Held),
}

/// What comes to the thread from outside, besides bytes.
enum Order {
    FromCore(SessionOrder),
    View(Handover),
    Exited(Exit),
    /// Nobody will tell how the process leaves.
    HolderGone,
}

/// A connection that becomes a view.
pub struct Handover {
    pub id: u64,
    pub guest: Guest,
    pub reply: Reply,
    pub size: Size,
}

/// The host's hold on a session's thread.
pub struct SessionThread {
    orders: Sender<Order>,
    wake: Arc<OwnedFd>,
    thread: JoinHandle<()>,
}

impl SessionThread {
    pub fn start(
        begin: Begin,
        comes: Comes,
        holding: Holding,
        incoming: tokio::sync::mpsc::Sender<Incoming>,
    ) -> std::io::Result<SessionThread> {
        let (read, write) = pipe()?;
        let wake = Arc::new(write);
        let (orders, receiver) = channel();
        let hold = Hold { orders: orders.clone(), wake: wake.clone() };
        let name = format!("session {}.{}", begin.conversation, begin.generation.0);
        let thread = std::thread::Builder::new().name(name).stack_size(STACK_BYTES).spawn(move || {
            let tell = Tell::new(begin.conversation, begin.generation, incoming);
            run(begin, comes, &holding, &receiver, &read, hold, tell);
        })?;
        Ok(SessionThread { orders, wake, thread })
    }

    pub fn order(&self, order: SessionOrder) {
        self.give(Order::FromCore(order));
    }

    pub fn view(&self, handover: Handover) {
        self.give(Order::View(handover));
    }

    fn give(&self, order: Order) {
        Hold { orders: self.orders.clone(), wake: self.wake.clone() }.give(order);
    }

    /// Waits for the thread, which ends when its process has.
    pub fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("a session's thread had panicked");
        }
    }
}

/// What is needed to reach the thread from another one.
#[derive(Clone)]
pub struct Hold {
    orders: Sender<Order>,
    wake: Arc<OwnedFd>,
}

impl Hold {
    fn give(&self, order: Order) {
        // A thread that is gone has nothing to do with an order; a full pipe has woken it already.
        let _ = self.orders.send(order);
        let _ = rustix::io::write(&self.wake, &[1]);
    }

    /// The holder tells how the process left.
    pub fn exited(&self, exit: held::Exit) {
        self.give(Order::Exited(match exit {
            held::Exit::Code(code) => Exit::Code(code),
            held::Exit::Signal(signal) => Exit::Signal(signal),
        }));
    }

    /// The holder is gone, and the process is nobody's any more.
    pub fn holder_gone(&self) {
        self.give(Order::HolderGone);
    }
}

fn run(
    mut begin: Begin,
    comes: Comes,
    holding: &Holding,
    orders: &Receiver<Order>,
    wake: &OwnedFd,
    hold: Hold,
    tell: Tell,
) {
    let mut last_words = LastWords::new(tell.clone(), begin.folder.clone());
    let has = match comes {
        Comes::Started => prepare(&mut begin, holding, hold.clone(), &tell).map(|has| {
            last_words.pid = Some(has.0.pid);
            tell.event(SessionEvent::Started {
                pid: u32::try_from(has.0.pid.as_raw_nonzero().get()).ok(),
                agent_session: begin.whereabouts.id.as_ref().map(|id| id.as_str().to_owned()),
            });
            warn_of_version(&begin, &tell);
            (has.0, has.1, None)
        }),
        Comes::FromEarlier(held) => {
            last_words.pid = Pid::from_raw(held.pid);
            take_back_lease(&mut begin, holding);
            if let Some(id) = &begin.whereabouts.id {
                agent_io::keep_lease(&mut begin.lease, id, &tell);
            }
            match take_over(&begin, &held, holding, &hold) {
                Ok((pty, record)) => Ok((pty, None, Some(record))),
                Err(error) => {
                    tracing::error!(%error, key = held.key, "a session could not be taken over; its process is ended");
                    last_words.event = Some(last_words.of_lost());
                    return;
                }
            }
        }
    };
    match has {
        Ok((pty, journal, record)) => {
            let mut session = SessionLoop::new(begin, pty, journal, hold, tell);
            if let Some(record) = record {
                session.take_over(record);
            }
            let (over, said) = session.run(orders, wake);
            last_words.event = Some(match over {
                Over::Exited(exit) => SessionEvent::Exited { exit, said },
                Over::NotKilled(pid) => SessionEvent::NotKilled { pid: pid.as_raw_nonzero().get().unsigned_abs() },
                Over::Left => return last_words.leave(),
            });
        }
        Err(error) => {
            let trouble = match error {
                NotStarted::FolderGone(_) => StartTrouble::FolderGone,
                NotStarted::Open(_) | NotStarted::Spawn { .. } => StartTrouble::Other,
            };
            last_words.event = Some(SessionEvent::CouldNotStart { why: error.to_string(), trouble });
        }
    }
}

/// Writes the session's files and has its program started, whose end is told to `hold`.
fn prepare(
    begin: &mut Begin,
    holding: &Holding,
    hold: Hold,
    tell: &Tell,
) -> Result<(Pty, Option<Journal>), NotStarted> {
    let failed =
        |error: std::io::Error| NotStarted::Spawn { program: begin.launch.program.clone(), why: error.to_string() };
    agent_io::make_private_folder(&begin.folder).map_err(failed)?;
    for (name, content) in &begin.launch.files {
        agent_io::write_private(&begin.folder.join(name), content.as_bytes()).map_err(failed)?;
    }
    match (&begin.takes_up, &begin.whereabouts.id) {
        (Some(id), _) => begin.lease.take_over(id).map_err(failed)?,
        (None, Some(id)) => agent_io::keep_lease(&mut begin.lease, id, tell),
        (None, None) => {}
    }
    let journal = Journal::create(&begin.journal);
    if let Err(error) = &journal {
        // Its screen would not come back after a crash of the host; the agent itself would.
        tracing::warn!(path = %begin.journal.display(), %error, "a journal could not be begun");
    }
    let launch = &begin.launch;
    let start = held::Start {
        key: begin.note.key(),
        program: launch.program.clone(),
        args: launch.args.clone(),
        env: launch.env.clone(),
        folder: launch.folder.clone(),
        columns: begin.size.columns,
        rows: begin.size.rows,
        note: begin.note.text(),
    };
    let pty = Pty::new(holding.start(start, hold)?);
    share_lease(begin, holding);
    Ok((pty, journal.ok()))
}

/// From here on the holder keeps the lease beside the process.
fn share_lease(begin: &mut Begin, holding: &Holding) {
    let (holding, key) = (holding.clone(), begin.note.key());
    begin.lease.share(Box::new(move |id, lock| holding.keep_lease(&key, id.as_str(), lock)));
}

/// The lease that the earlier host had, or none where its holder keeps none: then it let go of it when it died.
fn take_back_lease(begin: &mut Begin, holding: &Holding) {
    match holding.lease(&begin.note.key()) {
        Ok(Some((of, lock))) => {
            if let Ok(id) = AgentId::try_from(of) {
                begin.lease.take_back(id, lock);
            }
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "the holder does not give the lease of a session"),
    }
    share_lease(begin, holding);
}

/// Takes a process of an earlier host over, and what that one and the holder noted of it.
fn take_over(begin: &Begin, held: &Held, holding: &Holding, hold: &Hold) -> std::io::Result<(Pty, Option<Record>)> {
    let kept: Kept = holding.take(held, hold.clone())?;
    if let Some(exit) = held.exit {
        hold.exited(exit);
    }
    let record = Record::open(&begin.journal);
    if let Err(error) = &record {
        tracing::warn!(path = %begin.journal.display(), %error, "a journal cannot be read; its screen begins empty");
    }
    Ok((Pty::new(kept), record.ok()))
}

/// An agent that is too old is told on its tab. Asked beside the session, which does not wait for that.
fn warn_of_version(begin: &Begin, tell: &Tell) {
    let Some(rules) = begin.profile.version.clone().filter(|rules| rules.at_least.is_some()) else {
        return;
    };
    let mut program = Command::new(&begin.launch.program);
    program
        .current_dir(&begin.launch.folder)
        .env_clear()
        .envs(begin.launch.env.iter().map(|(name, value)| (name, value)));
    let tell = tell.clone();
    let ask = move || {
        if let Some(warning) = version_of(program, &rules).warning() {
            tell.event(SessionEvent::Warned(warning));
        }
    };
    if let Err(error) = std::thread::Builder::new().name("version".into()).stack_size(STACK_BYTES).spawn(ask) {
        tracing::debug!(%error, "an agent was not asked for its version");
    }
}

/// Hears of the end of a process that is nobody's child here, on a thread of its own. How it left nobody tells.
#[cfg(target_os = "linux")]
fn watch_orphan(pid: Pid, hold: Hold) -> std::io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::process::{PidfdFlags, pidfd_open};
    // One that is gone already has no number to open.
    let opened = pidfd_open(pid, PidfdFlags::empty());
    let watch = move || {
        if let Ok(process) = opened {
            while poll(&mut [PollFd::new(&process, PollFlags::IN)], None) == Err(rustix::io::Errno::INTR) {}
        }
        hold.give(Order::Exited(Exit::NotSeen));
    };
    std::thread::Builder::new().name("orphan".into()).stack_size(64 * 1024).spawn(watch).map(drop)
}

#[cfg(not(target_os = "linux"))]
fn watch_orphan(pid: Pid, hold: Hold) -> std::io::Result<()> {
    /// Nobody feels that an end is seen so late.
    const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(200);
    let watch = move || {
        while rustix::process::test_kill_process(pid).is_ok() {
            std::thread::sleep(LOOK_EVERY);
        }
        hold.give(Order::Exited(Exit::NotSeen));
    };
    std::thread::Builder::new().name("orphan".into()).stack_size(64 * 1024).spawn(watch).map(drop)
}
