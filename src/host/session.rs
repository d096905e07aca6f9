//! A session's own thread: it alone has the pty and the screen. Bytes stay here; signals go to the core, pictures to the viewers.
//!
//! Order within a turn of the loop: orders of the core, input of viewers, at most 64 KiB of output, pictures. A pty never waits for a
//! viewer, a viewer never for a pty. Not here: what a signal means for the conversation (`domain/conversation_state.rs`).

mod agent_io;
mod answering;
mod files;
mod hooks;
mod keyboard;
mod lease;
mod output;
mod places;
mod replay;
mod stopping;
mod typing;
mod viewer;
mod watch;

pub use files::files;
pub use lease::{Lease, SESSION_VARIABLE};
pub use watch::Whereabouts;

use super::agents::version_of;
use super::driver::Incoming;
use super::effect::SessionOrder;
use super::event::Event;
use super::holding::{Holding, Kept};
use super::note::Note;
use super::processes;
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
use crate::holder::message as held;
use crate::holder::message::{Held, NotStarted};
use crate::protocol::message::Reply;
use crate::terminal::frame::Size;
use agent_io::AgentIo;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use stopping::{Leader, Stopping};
use viewer::Viewer;

/// So much output is taken before viewers and orders are served again.
const OUTPUT_A_TURN: usize = 64 * 1024;
/// After the process left, what it wrote last is still in the pty; jobs of it that live on may keep the pty open for long.
const DRAIN_LIMIT: Duration = Duration::from_millis(200);
/// Several resizes in this time are one.
const RESIZE_EVERY: Duration = Duration::from_millis(50);
/// What is being typed when the host is to make room for another is typed to its end: pauses in it are a second at most.
const LEAVE_LIMIT: Duration = Duration::from_secs(3);
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
        let (read, write) = wake_pipe()?;
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

fn wake_pipe() -> std::io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC | rustix::pipe::PipeFlags::NONBLOCK)?;
    Ok((read, write))
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
            // The earlier host let go of it when it died.
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

/// What the core is told when the thread ends, however it ends: without it a turn would never end, nor the host.
struct LastWords {
    tell: Tell,
    folder: PathBuf,
    /// None before the process was started.
    pid: Option<Pid>,
    /// None until the end is known: then the thread panicked.
    event: Option<SessionEvent>,
    /// The process goes on without us.
    left: bool,
}

impl LastWords {
    fn new(tell: Tell, folder: PathBuf) -> LastWords {
        LastWords { tell, folder, pid: None, event: None, left: false }
    }

    /// The process is the next host's: nothing of it ends here.
    fn leave(mut self) {
        self.left = true;
    }

    /// The end of a session that nobody could take over: it must not go on unseen.
    fn of_lost(&self) -> SessionEvent {
        if let Some(pid) = self.pid {
            processes::signal_session(pid, Signal::KILL);
        }
        SessionEvent::Exited { exit: Exit::NotSeen, said: String::new() }
    }

    /// The end of a session whose thread panicked: nobody could read from its process or stop it any more.
    fn of_panic(&self) -> SessionEvent {
        tracing::error!(folder = %self.folder.display(), "a session's thread broke off; its process is ended");
        match self.pid {
            None => {
                let why = "an error of threadkeep broke off the start; see the host's log".into();
                SessionEvent::CouldNotStart { why, trouble: StartTrouble::Other }
            }
            Some(pid) => {
                processes::signal_session(pid, Signal::KILL);
                SessionEvent::Exited { exit: Exit::Signal(Signal::KILL.as_raw()), said: String::new() }
            }
        }
    }
}

impl Drop for LastWords {
    fn drop(&mut self) {
        if self.left {
            return self.tell.gone(None);
        }
        let event = self.event.take().unwrap_or_else(|| self.of_panic());
        // Before anybody hears of the end: what comes next must not find it.
        if let Err(error) = std::fs::remove_dir_all(&self.folder)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::debug!(%error, "could not remove a session's folder");
        }
        self.tell.event(event);
        // The leader of a process session of which something lives on: jobs that were told to outlive their shell.
        let left = self.pid.filter(|pid| !processes::members(*pid).is_empty());
        self.tell.gone(left);
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
    Ok((Pty::new(holding.start(start, hold)?), journal.ok()))
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
    let watch = move || {
        while rustix::process::test_kill_process(pid).is_ok() {
            std::thread::sleep(LOOK_EVERY);
        }
        hold.give(Order::Exited(Exit::NotSeen));
    };
    std::thread::Builder::new().name("orphan".into()).stack_size(64 * 1024).spawn(watch).map(drop)
}

/// How the thread tells the core.
#[derive(Clone)]
pub(super) struct Tell {
    conversation: ConversationId,
    generation: Generation,
    /// None where nothing is to be told: what is seen was told before.
    incoming: Option<tokio::sync::mpsc::Sender<Incoming>>,
    /// How many events were told.
    told: Arc<AtomicU64>,
}

impl Tell {
    fn new(
        conversation: ConversationId,
        generation: Generation,
        incoming: tokio::sync::mpsc::Sender<Incoming>,
    ) -> Tell {
        Tell { conversation, generation, incoming: Some(incoming), told: Arc::default() }
    }

    /// One that tells nothing.
    pub fn silent(&self) -> Tell {
        Tell { incoming: None, ..self.clone() }
    }

    pub fn is_silent(&self) -> bool {
        self.incoming.is_none()
    }

    /// The number of the last event.
    pub fn told(&self) -> u64 {
        self.told.load(Ordering::Relaxed)
    }

    pub fn event(&self, event: SessionEvent) {
        let (conversation, generation) = (self.conversation, self.generation);
        if let Some(incoming) = &self.incoming {
            let number = self.told.fetch_add(1, Ordering::Relaxed) + 1;
            // The receiver is gone only when the host has ended.
            let _ = incoming.blocking_send(Incoming::FromSession { conversation, generation, number, event });
        }
    }

    /// A person's keys had no room on their way to the agent.
    pub fn keys_dropped(&self) {
        if let Some(incoming) = &self.incoming {
            // The receiver is gone only when the host has ended.
            let _ = incoming.blocking_send(Incoming::Event(Event::KeysDropped(self.conversation)));
        }
    }

    /// A person's paste had a line that would have reached the program cut.
    pub fn line_too_long(&self) {
        if let Some(incoming) = &self.incoming {
            // The receiver is gone only when the host has ended.
            let _ = incoming.blocking_send(Incoming::Event(Event::LineTooLong(self.conversation)));
        }
    }

    /// The last that is told: nothing of the thread comes after it.
    fn gone(&self, left: Option<Pid>) {
        let (conversation, generation) = (self.conversation, self.generation);
        if let Some(incoming) = &self.incoming {
            // The receiver is gone only when the host has ended.
            let _ = incoming.blocking_send(Incoming::SessionGone { conversation, generation, left });
        }
    }
}

/// How a session's loop came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    Exited(Exit),
    /// It was stopped, and this process of it cannot be ended.
    NotKilled(Pid),
    /// The process lives, for the next host.
    Left,
}

struct SessionLoop {
    agent: AgentIo,
    viewers: Vec<Viewer>,
    tell: Tell,
    hold: Hold,
    /// The folder of the journal.
    journal: PathBuf,
    stopping: Option<Stopping>,
    /// Since when it is to leave the process to the next host.
    leaving: Option<Instant>,
    exited: Option<(Exit, Instant)>,
    /// The newest size that a viewer asked for, and since when it waits to be applied.
    wanted_size: Option<(Size, Instant)>,
    last_input: Option<Instant>,
}

impl SessionLoop {
    fn new(begin: Begin, pty: Pty, journal: Option<Journal>, hold: Hold, tell: Tell) -> SessionLoop {
        SessionLoop {
            journal: begin.journal.clone(),
            agent: AgentIo::new(begin, pty, journal),
            viewers: Vec::new(),
            tell,
            hold,
            stopping: None,
            leaving: None,
            exited: None,
            wanted_size: None,
            last_input: None,
        }
    }

    /// Makes of the record what an earlier host had: screen, readers, and what happened since.
    fn take_over(&mut self, record: Option<Record>) {
        let drawn = self.agent.take_over(record, &self.journal, &self.tell);
        if drawn == replay::Drawn::MaybeNot {
            // Another size makes a program draw all anew, and the right one follows.
            let size = self.agent.size();
            self.agent.resize(Size { rows: size.rows.saturating_sub(1).max(1), ..size });
            self.wanted_size = Some((size, Instant::now()));
        }
    }

    /// Returns how the process left, and what it said last.
    fn run(mut self, orders: &Receiver<Order>, wake: &OwnedFd) -> (Over, String) {
        loop {
            let ready = self.wait(wake);
            if ready.woken {
                let mut rubbish = [0; 64];
                while matches!(rustix::io::read(wake, &mut rubbish), Ok(64)) {}
            }
            for order in orders.try_iter() {
                self.carry_out(order);
            }
            if ready.input {
                self.serve_viewers();
            }
            if ready.output || self.exited.is_some() {
                self.agent.read_output(OUTPUT_A_TURN, &self.tell);
                if self.viewers.is_empty() {
                    typing::step_back();
                }
            }
            self.agent.write_pending(&self.tell);
            let now = Instant::now();
            self.agent.do_what_is_due(now, &self.tell);
            self.apply_size(now);
            self.send_pictures(now);
            if let Some(stopping) = &mut self.stopping {
                stopping.step_if_due(self.agent.pid(), now);
            }
            if let Some(over) = self.over(now) {
                if over != Over::Left {
                    self.say_ended();
                }
                return (over, self.agent.last_words());
            }
        }
    }

    /// Waits for anything to do, no longer than until the next thing that is due by itself.
    fn wait(&self, wake: &OwnedFd) -> Ready {
        let mut fds = Vec::with_capacity(2 + self.viewers.len());
        fds.push(PollFd::new(wake, PollFlags::IN));
        let mut output = PollFlags::empty();
        if !self.agent.is_hung_up() {
            output |= PollFlags::IN;
        }
        if self.agent.has_pending() {
            output |= PollFlags::OUT;
        }
        let pty = self.agent.pty_fd();
        if !output.is_empty() {
            fds.push(PollFd::new(&pty, output));
        }
        let first_viewer = fds.len();
        fds.extend(self.viewers.iter().map(Viewer::poll_fd));
        let now = Instant::now();
        let limit = self.next_due(now).map(|due| due.saturating_duration_since(now));
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        if let Err(error) = poll(&mut fds, limit.as_ref())
            && error != rustix::io::Errno::INTR
        {
            tracing::error!(%error, "could not wait for a session");
        }
        let readable = PollFlags::IN | PollFlags::HUP | PollFlags::ERR;
        Ready {
            woken: fds[0].revents().intersects(PollFlags::IN),
            input: fds.iter().skip(first_viewer).any(|fd| !fd.revents().is_empty()),
            output: !output.is_empty() && fds.get(1).is_some_and(|fd| fd.revents().intersects(readable)),
        }
    }

    fn next_due(&self, now: Instant) -> Option<Instant> {
        let pictures = self
            .viewers
            .iter()
            .filter_map(|viewer| viewer.next_due(&self.agent.screen, self.agent.hold_until(), self.last_input, now))
            .min();
        let size = self.wanted_size.map(|(_, since)| since + RESIZE_EVERY);
        let stop = self.stopping.as_ref().map(|stopping| stopping.next_due(now, self.leader()));
        let leave = self.leaving.map(|since| since + LEAVE_LIMIT);
        let drain = self.exited.map(|(_, at)| at + DRAIN_LIMIT);
        // What was due once stays so; where only a stop is waited for any more, that says itself when to look.
        let drain = drain.filter(|due| stop.is_none() || (*due > now && !self.agent.is_hung_up()));
        [pictures, size, stop, drain, leave, self.agent.next_due()].into_iter().flatten().min()
    }

    fn carry_out(&mut self, order: Order) {
        match order {
            Order::FromCore(SessionOrder::Write { turn, text }) => self.agent.submit(turn, &text, &self.tell),
            Order::FromCore(SessionOrder::Interrupt { step }) => self.agent.interrupt(step),
            Order::FromCore(SessionOrder::AnswerRequest { request, choice, kind: _ }) => {
                self.agent.answer(request, &choice, &self.tell);
            }
            Order::FromCore(SessionOrder::Hook { token, payload }) => self.agent.hook(&token, &payload, &self.tell),
            Order::FromCore(SessionOrder::GiveUp) => self.agent.give_up(),
            Order::FromCore(SessionOrder::Settled(number)) => self.agent.note_settled(number, &self.tell),
            Order::FromCore(SessionOrder::Leave) => self.leaving = self.leaving.or(Some(Instant::now())),
            Order::FromCore(SessionOrder::Stop) => {
                if self.stopping.is_none() && self.exited.is_none() {
                    self.stopping = Some(Stopping::begin(self.agent.stop_steps(), Instant::now()));
                }
            }
            Order::View(handover) => {
                let size = handover.size;
                match Viewer::welcome(handover) {
                    Ok(viewer) => {
                        self.viewers.push(viewer);
                        self.want_size(size);
                    }
                    Err(error) => tracing::debug!(%error, "a viewer went away"),
                }
            }
            Order::Exited(exit) => self.exited = Some((exit, Instant::now())),
            Order::HolderGone if self.exited.is_none() => {
                if let Err(error) = watch_orphan(self.agent.pid(), self.hold.clone()) {
                    tracing::error!(%error, "nobody watches a process; its end will not be heard");
                }
            }
            Order::HolderGone => {}
        }
    }

    fn serve_viewers(&mut self) {
        let mut wanted = None;
        for viewer in &mut self.viewers {
            while let Some(input) = viewer.next_input() {
                if let Some(size) = viewer.take(input, &mut self.agent) {
                    wanted = Some(size);
                }
                if viewer.typed() {
                    let now = Instant::now();
                    self.last_input = Some(now);
                    typing::note(now);
                    wanted = wanted.or(Some(viewer.size()));
                }
            }
        }
        if let Some(size) = wanted {
            self.want_size(size);
        }
        self.viewers.retain(|viewer| !viewer.is_gone());
    }

    /// The window that was used last decides the size.
    fn want_size(&mut self, size: Size) {
        if self.agent.size() == size {
            self.wanted_size = None;
        } else {
            let since = self.wanted_size.map_or_else(Instant::now, |(_, since)| since);
            self.wanted_size = Some((size, since));
        }
    }

    fn apply_size(&mut self, now: Instant) {
        let due = self.wanted_size.filter(|(_, since)| now >= *since + RESIZE_EVERY || self.agent.never_resized());
        if let Some((size, _)) = due {
            self.wanted_size = None;
            self.agent.resize(size);
        }
    }

    fn send_pictures(&mut self, now: Instant) {
        let hold = self.agent.hold_until();
        for viewer in &mut self.viewers {
            viewer.send_picture(&mut self.agent.screen, hold, self.last_input, now);
        }
        self.viewers.retain(|viewer| !viewer.is_gone());
    }

    fn leader(&self) -> Leader {
        if self.exited.is_some() { Leader::Gone } else { Leader::Lives }
    }

    /// Over once the process is gone and what it wrote was read; a stopped one once nothing of it lives, or what lives cannot be ended.
    fn over(&mut self, now: Instant) -> Option<Over> {
        let leader = self.agent.pid();
        if self.leaving.is_some_and(|since| now >= since + LEAVE_LIMIT || self.agent.may_be_left(&self.tell)) {
            return Some(Over::Left);
        }
        if let Some((exit, at)) = self.exited {
            let drained = self.agent.is_hung_up() || now >= at + DRAIN_LIMIT;
            let lives = || !processes::members(leader).is_empty();
            if drained && self.stopping.as_mut().is_none_or(|stopping| stopping.is_over(now, lives)) {
                return Some(Over::Exited(exit));
            }
        }
        if !self.stopping.as_ref().is_some_and(|stopping| stopping.is_given_up(now)) {
            return None;
        }
        let stuck = processes::members(leader).first().copied().unwrap_or(leader);
        tracing::error!(pid = stuck.as_raw_nonzero().get(), "a process of a session could not be killed and is left");
        Some(Over::NotKilled(stuck))
    }

    /// The last pictures go out.
    fn say_ended(&mut self) {
        for viewer in &mut self.viewers {
            viewer.say_ended(&mut self.agent.screen);
        }
    }
}

struct Ready {
    woken: bool,
    /// Of a viewer, or one is gone.
    input: bool,
    output: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    /// What the core hears of a thread that panics, with or without a process.
    fn hears_of_a_panic(pid: Option<Pid>, folder: PathBuf) -> (SessionEvent, Option<Pid>) {
        let (incoming, mut receiver) = tokio::sync::mpsc::channel(2);
        let tell = Tell::new(ConversationId(1), Generation(2), incoming);
        let thread = std::thread::spawn(move || {
            let mut last_words = LastWords::new(tell, folder);
            last_words.pid = pid;
            panic!("this thread breaks off");
        });
        assert!(thread.join().is_err());
        let Some(Incoming::FromSession { conversation: ConversationId(1), generation, number: 1, event }) =
            receiver.try_recv().ok()
        else {
            panic!("its end is told");
        };
        let Some(Incoming::SessionGone { left, .. }) = receiver.try_recv().ok() else {
            panic!("that it is gone is told");
        };
        assert_eq!(generation, Generation(2));
        (event, left)
    }

    /// The broken one told nobody: the turn did not end, and no stop of the host did.
    #[test]
    fn the_panic_of_a_sessions_thread_is_heard_and_ends_its_process() {
        let folder = tempfile::tempdir().expect("a folder");
        let begun = folder.path().join("1.1.2");
        std::fs::create_dir(&begun).expect("a folder in it");
        let (event, left) = hears_of_a_panic(None, begun.clone());
        assert!(matches!(event, SessionEvent::CouldNotStart { .. }) && left.is_none(), "{event:?}");
        assert!(!begun.exists());

        let mut child = Command::new("sleep").arg("1000").process_group(0).spawn().expect("it starts");
        let pid = Pid::from_child(&child);
        let (event, _) = hears_of_a_panic(Some(pid), begun);
        assert_eq!(event, SessionEvent::Exited { exit: Exit::Signal(9), said: String::new() });
        let status = child.wait().expect("it is our child");
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    }

    /// The broken one went on for ever, and with it the stop of the host.
    #[test]
    fn a_session_that_cannot_be_killed_ends_all_the_same() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = folder.path().to_str().expect("UTF-8").to_owned();
        let agents = super::super::agents::AgentCatalog::read(folder.path(), folder.path());
        let order = crate::domain::conversation_state::StartOrder {
            generation: Generation(2),
            session: crate::domain::id::SessionNumber(1),
            agent: "shell".into(),
            model: None,
            folder: text.clone(),
            resume: None,
        };
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let environment = vec![set("PATH", "/usr/bin:/bin"), set("HOME", &text), set("SHELL", "/bin/bash")];
        let environment = crate::protocol::message::Environment(environment);
        let size = Size { columns: 80, rows: 24 };
        let begin =
            agents.begin(ConversationId(1), &order, &environment, folder.path(), folder.path(), size).expect("a shell");
        let launch = &begin.launch;
        let start = held::Start {
            key: String::new(),
            program: launch.program.clone(),
            args: launch.args.clone(),
            env: launch.env.clone(),
            folder: launch.folder.clone(),
            columns: size.columns,
            rows: size.rows,
            note: String::new(),
        };
        let (master, pid) = crate::holder::start::start(&start).expect("it starts");
        let landing = crate::holder::journal::Landing::new().expect("a pipe");
        let pty = Pty::new(Kept { master, landing, pid });

        let (incoming, _receiver) = tokio::sync::mpsc::channel(64);
        let tell = Tell::new(ConversationId(1), Generation(2), incoming);
        let (orders, receiver) = channel();
        let (read, write) = wake_pipe().expect("a pipe");
        let hold = Hold { orders, wake: Arc::new(write) };
        let mut session = SessionLoop::new(begin, pty, None, hold, tell);
        session.stopping = Some(Stopping::give_up_after(Duration::from_millis(50), Vec::new(), Instant::now()));
        // Nobody waits for the process, so nobody tells of its end: it is like one that hangs within the system.
        assert_eq!(session.run(&receiver, &read).0, Over::NotKilled(pid));
        rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty()).expect("it is our child");
    }
}
