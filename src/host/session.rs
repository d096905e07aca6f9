//! A session's own thread: it alone has the pty and the screen. Bytes stay here; signals go to the core, pictures to the viewers.
//!
//! Order within a turn of the loop: orders of the core, input of viewers, at most 64 KiB of output, pictures. A pty never waits for a
//! viewer, a viewer never for a pty. Not here: what a signal means for the conversation (`domain/conversation_state.rs`).

mod agent_io;
mod answering;
mod files;
mod keyboard;
mod lease;
mod output;
mod places;
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
use super::processes;
use super::pty::{Pty, PtyError};
use crate::agent::identity::AgentId;
use crate::agent::launch::Launch;
use crate::agent::profile::{Profile, Variant};
use crate::agent::token::Token;
use crate::domain::conversation_state::{FolderState, SessionEvent};
use crate::domain::id::{ConversationId, Generation};
use crate::domain::session::Exit;
use crate::protocol::message::Reply;
use crate::terminal::frame::Size;
use agent_io::AgentIo;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitOptions, waitpid};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
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
}

/// What comes to the thread from outside, besides bytes.
enum Order {
    FromCore(SessionOrder),
    View(Handover),
    Exited(Exit),
}

/// A connection that becomes a view.
pub struct Handover {
    pub id: u64,
    pub stream: UnixStream,
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
    pub fn start(begin: Begin, incoming: tokio::sync::mpsc::Sender<Incoming>) -> std::io::Result<SessionThread> {
        let (read, write) = wake_pipe()?;
        let wake = Arc::new(write);
        let (orders, receiver) = channel();
        let hold = Hold { orders: orders.clone(), wake: wake.clone() };
        let name = format!("session {}.{}", begin.conversation, begin.generation.0);
        let thread = std::thread::Builder::new().name(name).stack_size(STACK_BYTES).spawn(move || {
            let tell = Tell { conversation: begin.conversation, generation: begin.generation, incoming };
            run(begin, &receiver, &read, hold, tell);
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
struct Hold {
    orders: Sender<Order>,
    wake: Arc<OwnedFd>,
}

impl Hold {
    fn give(&self, order: Order) {
        // A thread that is gone has nothing to do with an order; a full pipe has woken it already.
        let _ = self.orders.send(order);
        let _ = rustix::io::write(&self.wake, &[1]);
    }
}

fn wake_pipe() -> std::io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC | rustix::pipe::PipeFlags::NONBLOCK)?;
    Ok((read, write))
}

fn run(mut begin: Begin, orders: &Receiver<Order>, wake: &OwnedFd, hold: Hold, tell: Tell) {
    let mut last_words = LastWords::new(tell.clone(), begin.folder.clone());
    match prepare(&mut begin, hold, &tell) {
        Ok(pty) => {
            last_words.pid = Some(pty.pid);
            tell.event(SessionEvent::Started {
                pid: u32::try_from(pty.pid.as_raw_nonzero().get()).ok(),
                agent_session: begin.whereabouts.id.as_ref().map(|id| id.as_str().to_owned()),
            });
            warn_of_version(&begin, &tell);
            let (over, said) = SessionLoop::new(begin, pty, tell).run(orders, wake);
            last_words.event = Some(match over {
                Over::Exited(exit) => SessionEvent::Exited { exit, said },
                Over::NotKilled(pid) => SessionEvent::NotKilled { pid: pid.as_raw_nonzero().get().unsigned_abs() },
            });
        }
        Err(error) => {
            let folder = match error {
                PtyError::FolderGone(_) => FolderState::Gone,
                PtyError::Open(_) | PtyError::Spawn { .. } => FolderState::There,
            };
            last_words.event = Some(SessionEvent::CouldNotStart { why: error.to_string(), folder });
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
}

impl LastWords {
    fn new(tell: Tell, folder: PathBuf) -> LastWords {
        LastWords { tell, folder, pid: None, event: None }
    }

    /// The end of a session whose thread panicked: nobody could read from its process or stop it any more.
    fn of_panic(&self) -> SessionEvent {
        tracing::error!(folder = %self.folder.display(), "a session's thread broke off; its process is ended");
        match self.pid {
            None => {
                let why = "an error of threadkeep broke off the start; see the host's log".into();
                SessionEvent::CouldNotStart { why, folder: FolderState::There }
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

/// Writes the session's files and starts its program, whose end is told to `hold`.
fn prepare(begin: &mut Begin, hold: Hold, tell: &Tell) -> Result<Pty, PtyError> {
    let failed =
        |error: std::io::Error| PtyError::Spawn { program: begin.launch.program.clone(), why: error.to_string() };
    // First of all: a process whose end nobody would hear of is not started.
    let watch = watch_exit(hold).map_err(failed)?;
    agent_io::make_private_folder(&begin.folder).map_err(failed)?;
    for (name, content) in &begin.launch.files {
        agent_io::write_private(&begin.folder.join(name), content.as_bytes()).map_err(failed)?;
    }
    match (&begin.takes_up, &begin.whereabouts.id) {
        (Some(id), _) => begin.lease.take_over(id).map_err(failed)?,
        (None, Some(id)) => agent_io::keep_lease(&mut begin.lease, id, tell),
        (None, None) => {}
    }
    let pty = Pty::spawn(&begin.launch, begin.size)?;
    // The thread waits for it, so the receiver is there.
    let _ = watch.send(pty.pid);
    Ok(pty)
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

/// Reaps the process on a thread of its own: that is the one way to hear of its end on every system without asking again and again. The
/// thread waits for the process it is to watch, and ends where none comes.
fn watch_exit(hold: Hold) -> std::io::Result<Sender<Pid>> {
    let (started, receiver) = channel();
    let watch = move || {
        let Ok(pid) = receiver.recv() else {
            return;
        };
        let exit = loop {
            match waitpid(Some(pid), WaitOptions::empty()) {
                Ok(Some((_, status))) => match (status.exit_status(), status.terminating_signal()) {
                    (Some(code), _) => break Exit::Code(code),
                    (None, Some(signal)) => break Exit::Signal(signal),
                    (None, None) => {}
                },
                Ok(None) | Err(rustix::io::Errno::INTR) => {}
                // It was reaped elsewhere; that cannot happen as nobody else waits for children.
                Err(_) => break Exit::Code(0),
            }
        };
        hold.give(Order::Exited(exit));
    };
    std::thread::Builder::new().name("exit watch".into()).stack_size(64 * 1024).spawn(watch)?;
    Ok(started)
}

/// How the thread tells the core.
#[derive(Clone)]
pub(super) struct Tell {
    conversation: ConversationId,
    generation: Generation,
    incoming: tokio::sync::mpsc::Sender<Incoming>,
}

impl Tell {
    pub fn event(&self, event: SessionEvent) {
        let event = Event::Session { conversation: self.conversation, generation: self.generation, event };
        // The receiver is gone only when the host has ended.
        let _ = self.incoming.blocking_send(Incoming::Event(event));
    }

    /// A person's keys had no room on their way to the agent.
    pub fn keys_dropped(&self) {
        // The receiver is gone only when the host has ended.
        let _ = self.incoming.blocking_send(Incoming::Event(Event::KeysDropped(self.conversation)));
    }

    /// The last that is told: nothing of the thread comes after it.
    fn gone(&self, left: Option<Pid>) {
        let (conversation, generation) = (self.conversation, self.generation);
        // The receiver is gone only when the host has ended.
        let _ = self.incoming.blocking_send(Incoming::SessionGone { conversation, generation, left });
    }
}

/// How a session's loop came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    Exited(Exit),
    /// It was stopped, and this process of it cannot be ended.
    NotKilled(Pid),
}

struct SessionLoop {
    agent: AgentIo,
    viewers: Vec<Viewer>,
    tell: Tell,
    stopping: Option<Stopping>,
    exited: Option<(Exit, Instant)>,
    /// The newest size that a viewer asked for, and since when it waits to be applied.
    wanted_size: Option<(Size, Instant)>,
    last_input: Option<Instant>,
}

impl SessionLoop {
    fn new(begin: Begin, pty: Pty, tell: Tell) -> SessionLoop {
        SessionLoop {
            agent: AgentIo::new(begin, pty),
            viewers: Vec::new(),
            tell,
            stopping: None,
            exited: None,
            wanted_size: None,
            last_input: None,
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
                self.say_ended();
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
        let drain = self.exited.map(|(_, at)| at + DRAIN_LIMIT);
        // What was due once stays so; where only a stop is waited for any more, that says itself when to look.
        let drain = drain.filter(|due| stop.is_none() || (*due > now && !self.agent.is_hung_up()));
        [pictures, size, stop, drain, self.agent.next_due()].into_iter().flatten().min()
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
        let tell = Tell { conversation: ConversationId(1), generation: Generation(2), incoming };
        let thread = std::thread::spawn(move || {
            let mut last_words = LastWords::new(tell, folder);
            last_words.pid = pid;
            panic!("this thread breaks off");
        });
        assert!(thread.join().is_err());
        let Some(Incoming::Event(Event::Session { conversation: ConversationId(1), generation, event })) =
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
        let begin = agents.begin(ConversationId(1), &order, &environment, folder.path(), size).expect("a shell");
        let pty = Pty::spawn(&begin.launch, size).expect("it starts");
        let pid = pty.pid;

        let (incoming, _receiver) = tokio::sync::mpsc::channel(64);
        let tell = Tell { conversation: ConversationId(1), generation: Generation(2), incoming };
        let mut session = SessionLoop::new(begin, pty, tell);
        session.stopping = Some(Stopping::give_up_after(Duration::from_millis(50), Vec::new(), Instant::now()));
        // Nobody waits for the process, so nobody tells of its end: it is like one that hangs within the system.
        let (_orders, receiver) = channel();
        let (read, _write) = wake_pipe().expect("a pipe");
        assert_eq!(session.run(&receiver, &read).0, Over::NotKilled(pid));
        waitpid(Some(pid), WaitOptions::empty()).expect("it is our child");
    }

    #[test]
    fn a_watch_without_a_process_ends() {
        let (orders, receiver) = channel();
        let (_read, write) = wake_pipe().expect("a pipe");
        drop(watch_exit(Hold { orders, wake: Arc::new(write) }).expect("a thread"));
        assert!(receiver.recv().is_err(), "it lets go of what it would have told to");
    }
}
