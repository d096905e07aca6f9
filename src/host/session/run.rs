//! The loop of a session's thread.
//!
//! Order within a turn: orders of the core, input of viewers, at most 64 KiB of output, pictures. A pty never waits for a viewer, a viewer
//! never for a pty.

use super::agent_io::AgentIo;
use super::stopping::{Leader, Stopping};
use super::tell::Tell;
use super::viewer::Viewer;
use super::{Begin, Hold, Order, replay, typing, watch_orphan};
use crate::domain::session::Exit;
use crate::holder::journal::{Journal, Record};
use crate::host::effect::SessionOrder;
use crate::host::processes;
use crate::host::pty::Pty;
use crate::terminal::frame::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Pid;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// So much output is taken before viewers and orders are served again.
const OUTPUT_A_TURN: usize = 64 * 1024;
/// After the process left, what it wrote last is still in the pty; jobs of it that live on may keep the pty open for long.
const DRAIN_LIMIT: Duration = Duration::from_millis(200);
/// Several resizes in this time are one.
const RESIZE_EVERY: Duration = Duration::from_millis(50);
/// What is being typed when the host is to make room for another is typed to its end: pauses in it are a second at most.
const LEAVE_LIMIT: Duration = Duration::from_secs(3);

/// How a session's loop came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    Exited(Exit),
    /// It was stopped, and this process of it cannot be ended.
    NotKilled(Pid),
    /// The process lives, for the next host.
    Left,
}

pub struct SessionLoop {
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
    pub fn new(begin: Begin, pty: Pty, journal: Option<Journal>, hold: Hold, tell: Tell) -> SessionLoop {
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
    pub fn take_over(&mut self, record: Option<Record>) {
        let drawn = self.agent.take_over(record, &self.journal, &self.tell);
        if drawn == replay::Drawn::MaybeNot {
            // Another size makes a program draw all anew, and the right one follows.
            let size = self.agent.size();
            self.agent.resize(Size { rows: size.rows.saturating_sub(1).max(1), ..size });
            self.wanted_size = Some((size, Instant::now()));
        }
    }

    /// Returns how the process left, and what it said last.
    pub fn run(mut self, orders: &Receiver<Order>, wake: &OwnedFd) -> (Over, String) {
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
            self.agent.take_events(now, &self.tell);
            self.agent.do_what_is_due(now, &self.tell);
            self.apply_size(now);
            self.send_pictures(now);
            if let Some(stopping) = &mut self.stopping {
                stopping.step_if_due(self.agent.pid(), now);
            }
            if let Some(over) = self.over(now) {
                match over {
                    Over::Left => self.agent.leave(),
                    Over::Exited(_) | Over::NotKilled(_) => self.say_ended(),
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
        // What it brings is looked for at every turn of the loop; here it only wakes.
        let feed = self.agent.feed_fd();
        fds.extend(feed.iter().map(|feed| PollFd::new(feed, PollFlags::IN)));
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
            Order::FromCore(SessionOrder::Write { turn, text, model }) => {
                self.agent.submit(turn, &text, model.as_deref(), &self.tell);
            }
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
    use crate::domain::id::{ConversationId, Generation};
    use crate::holder::landing::pipe;
    use crate::holder::message as held;
    use crate::host::agents::AgentCatalog;
    use crate::host::holding::Kept;
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    /// The broken one went on for ever, and with it the stop of the host.
    #[test]
    fn a_session_that_cannot_be_killed_ends_all_the_same() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = folder.path().to_str().expect("UTF-8").to_owned();
        let agents = AgentCatalog::read(folder.path(), folder.path());
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
        let (read, write) = pipe().expect("a pipe");
        let hold = Hold { orders, wake: Arc::new(write) };
        let mut session = SessionLoop::new(begin, pty, None, hold, tell);
        session.stopping = Some(Stopping::give_up_after(Duration::from_millis(50), Vec::new(), Instant::now()));
        // Nobody waits for the process, so nobody tells of its end: it is like one that hangs within the system.
        assert_eq!(session.run(&receiver, &read).0, Over::NotKilled(pid));
        rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty()).expect("it is our child");
    }
}
