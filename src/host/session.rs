//! A session's own thread: it alone has the pty and the screen. Bytes stay here; signals go to the core, pictures to the viewers.
//!
//! Order within a turn of the loop: orders of the core, input of viewers, at most 64 KiB of output, pictures. A pty never waits for a
//! viewer, a viewer never for a pty. Not here: what a signal means for the conversation (`domain/conversation_state.rs`).

mod agent_io;
mod stopping;
mod typing;
mod viewer;

use super::driver::Incoming;
use super::effect::SessionOrder;
use super::event::Event;
use super::processes;
use super::pty::{Pty, PtyError};
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
use rustix::process::{Pid, WaitOptions, waitpid};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
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
            let (conversation, generation) = (begin.conversation, begin.generation);
            let left = run(begin, &receiver, &read, hold, &incoming);
            // The receiver is gone only when the host has ended.
            let _ = incoming.blocking_send(Incoming::SessionGone { conversation, generation, left });
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

/// Returns the leader of a process session of which something lives on: jobs that were told to outlive their shell.
fn run(
    begin: Begin,
    orders: &Receiver<Order>,
    wake: &OwnedFd,
    hold: Hold,
    incoming: &tokio::sync::mpsc::Sender<Incoming>,
) -> Option<Pid> {
    let tell = Tell { conversation: begin.conversation, generation: begin.generation, incoming: incoming.clone() };
    let pty = match prepare(&begin) {
        Ok(pty) => pty,
        Err(error) => {
            let folder = match error {
                PtyError::FolderGone(_) => FolderState::Gone,
                PtyError::Open(_) | PtyError::Spawn { .. } => FolderState::There,
            };
            tell.event(SessionEvent::CouldNotStart { why: error.to_string(), folder });
            return None;
        }
    };
    let pid = pty.pid;
    tell.event(SessionEvent::Started { pid: u32::try_from(pid.as_raw_nonzero().get()).ok() });
    watch_exit(pid, hold);
    let folder = begin.folder.clone();
    SessionLoop::new(begin, pty, tell).run(orders, wake);
    if let Err(error) = std::fs::remove_dir_all(&folder) {
        tracing::debug!(%error, "could not remove a session's folder");
    }
    (!processes::members(pid).is_empty()).then_some(pid)
}

/// Writes the session's files and starts its program.
fn prepare(begin: &Begin) -> Result<Pty, PtyError> {
    let failed =
        |error: std::io::Error| PtyError::Spawn { program: begin.launch.program.clone(), why: error.to_string() };
    agent_io::make_private_folder(&begin.folder).map_err(failed)?;
    for (name, content) in &begin.launch.files {
        agent_io::write_private(&begin.folder.join(name), content.as_bytes()).map_err(failed)?;
    }
    Pty::spawn(&begin.launch, begin.size)
}

/// Reaps the process on a thread of its own: that is the one way to hear of its end on every system without asking again and again.
fn watch_exit(pid: Pid, hold: Hold) {
    let watch = move || {
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
    let named = std::thread::Builder::new().name("exit watch".into()).stack_size(64 * 1024);
    if let Err(error) = named.spawn(watch) {
        tracing::error!(%error, "could not watch for the end of a process");
    }
}

/// How the thread tells the core.
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

    fn run(mut self, orders: &Receiver<Order>, wake: &OwnedFd) {
        loop {
            let ready = self.wait(wake);
            if ready.woken {
                let mut rubbish = [0; 64];
                while matches!(rustix::io::read(wake, &mut rubbish), Ok(64)) {}
            }
            for order in orders.try_iter() {
                self.carry_out(order);
            }
            self.serve_viewers();
            if ready.output || self.exited.is_some() {
                self.agent.read_output(OUTPUT_A_TURN, &self.tell);
                if self.viewers.is_empty() {
                    typing::step_back();
                }
            }
            self.agent.write_pending(&self.tell);
            let now = Instant::now();
            self.agent.do_what_is_due(now);
            self.apply_size(now);
            self.send_pictures(now);
            if let Some(stopping) = &mut self.stopping {
                stopping.step_if_due(self.agent.pid(), now);
            }
            if self.is_over(now) {
                break;
            }
        }
        self.end();
    }

    /// Waits for anything to do, no longer than until the next thing that is due by itself.
    fn wait(&self, wake: &OwnedFd) -> Ready {
        let mut fds = vec![PollFd::new(wake, PollFlags::IN)];
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
        for viewer in &self.viewers {
            fds.push(viewer.poll_fd());
        }
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
            viewer.send_picture(&self.agent.screen, hold, self.last_input, now);
        }
        self.viewers.retain(|viewer| !viewer.is_gone());
    }

    fn leader(&self) -> Leader {
        if self.exited.is_some() { Leader::Gone } else { Leader::Lives }
    }

    fn is_over(&mut self, now: Instant) -> bool {
        let Some((_, at)) = self.exited else {
            return false;
        };
        let drained = self.agent.is_hung_up() || now >= at + DRAIN_LIMIT;
        drained && self.stopping.as_mut().is_none_or(|stopping| stopping.is_over(self.agent.pid(), now))
    }

    /// The process is gone and what it wrote was read: the last pictures go out, then the core is told.
    fn end(mut self) {
        let (exit, _) = self.exited.unwrap_or((Exit::Code(0), Instant::now()));
        for viewer in &mut self.viewers {
            viewer.say_ended(&self.agent.screen);
        }
        self.tell.event(SessionEvent::Exited(exit));
    }
}

struct Ready {
    woken: bool,
    output: bool,
}
