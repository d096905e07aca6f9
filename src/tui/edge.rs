//! What joins the window to the world: one thread that waits for the terminal and the host, lets `update` decide, does what it orders, and
//! draws once a batch. What takes seconds (`job.rs`) has a thread of its own.
//!
//! Change here: what is waited for. Not here: what the host tells (`edge/receiving.rs`), how effects are carried out (`edge/effects.rs`), what
//! follows from an event (`update`), how it looks (`view`).

mod copying;
mod effects;
mod exporting;
mod leaving;
mod receiving;
mod stale;

use super::app::{App, Link};
use super::configured::Configured;
use super::event::{Event, Purpose, ViewOf};
use super::files::Files;
use super::input::Input;
use super::job::{Job, Outcome};
use super::outer::{self, Outer};
use super::screen::{Screen, Stale};
use super::signals::{Signals, drain};
use super::tty::{ESCAPE_MS, READ_BYTES, is_writable, now, variable, window_size};
use super::{Start, TuiError, theme, update};
use crate::client::window_settings;
use crate::client::{ClientError, Control, View};
use crate::paths::Paths;
use crate::protocol::message::Conversation;
use copying::Copying;
use exporting::Exporting;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use stale::Before;
use std::collections::HashMap;
use std::os::fd::AsFd;
use std::time::Instant;

/// A host that runs tells what it knows in a few milliseconds. Drawn before, the first picture would be drawn twice, and the second one
/// later; after this time it is drawn with what there is.
const FIRST_PICTURE_MS: u64 = 50;
/// What is waited for at most: the terminal both ways, three kinds of signals, what leads to the host, a record being written, files being
/// listed, and a multiplexer.
const MOST_FDS: usize = 11;

/// The window's connections to the world.
pub struct Edge {
    paths: Paths,
    signals: Signals,
    pub app: App,
    input: Input,
    /// Since when a sequence of the terminal is incomplete.
    waiting_since_ms: Option<u64>,
    control: Option<Control>,
    /// The connection that is being made: a host that must be started first, or does not answer, takes seconds.
    connecting: Option<Job<Result<Control, ClientError>>>,
    /// The build of the host just greeted, where it is not ours and the person was not told.
    other_build: Option<String>,
    /// The files that are being listed.
    listing: Option<Job<Files>>,
    /// What was asked on this control connection and not answered.
    asked: HashMap<u64, Purpose>,
    /// The beginning of an overview whose rest is on its way.
    overview: Vec<Conversation>,
    view: Option<(ViewOf, View)>,
    /// The record that is being written.
    exporting: Option<Exporting>,
    copying: Option<Copying>,
    stale: Stale,
    /// Whether tmux is between us and the person's terminal.
    in_tmux: bool,
    configured: Configured,
    /// The multiplexer around us that is being asked for its keys.
    outer: Option<Job<Option<Outer>>>,
    background_asked: Option<Instant>,
    began: Instant,
}

/// What poll found.
#[derive(Default)]
struct Ready {
    terminal: bool,
    resized: bool,
    ended: bool,
    control: bool,
    view: bool,
    timed_out: bool,
}

impl Edge {
    pub fn new(start: Start, signals: Signals) -> Edge {
        let began = Instant::now();
        let now = now(began);
        let mut app = App::new(start.config, start.folder, start.environment, window_size(), now);
        app.colors = theme::colors(variable);
        app.panel_columns = window_settings::panel_columns(&start.paths);
        let (input, asked) = (Input::default(), HashMap::new());
        Edge {
            paths: start.paths,
            signals,
            app,
            input,
            waiting_since_ms: None,
            control: None,
            connecting: None,
            other_build: None,
            listing: None,
            asked,
            overview: Vec::new(),
            view: None,
            exporting: None,
            copying: None,
            stale: Stale::All,
            in_tmux: std::env::var_os("TMUX").is_some_and(|socket| !socket.is_empty()),
            configured: Configured::new(start.watch),
            outer: None,
            background_asked: None,
            began,
        }
    }

    /// Asks a multiplexer around us, beside all else.
    fn ask_outer(&mut self) {
        let Some(program) = outer::program(variable) else { return };
        // Without a thread for it nothing is said of its keys.
        self.outer = Job::start("outer", move || outer::ask(program)).ok();
    }

    fn settle_outer(&mut self) {
        let Some(job) = &self.outer else { return };
        match job.outcome() {
            Outcome::Running => return,
            Outcome::Done(Some(outer)) => self.handle(Event::Outer(outer)),
            Outcome::Done(None) | Outcome::BrokeOff => {}
        }
        self.outer = None;
    }

    pub fn run(&mut self) -> Result<(), TuiError> {
        let mut screen = Screen::new(self.app.size);
        let first = update::start(&self.app);
        self.carry_out(first);
        self.ask_outer();
        while !self.app.leaving {
            // A terminal that takes nothing at present gets the newest picture later instead of a row of old ones.
            if self.may_draw() && is_writable() {
                let stale = std::mem::take(&mut self.stale);
                screen.draw(&self.app, stale).map_err(|source| TuiError::Draw { source })?;
            }
            let ready = self.wait()?;
            if ready.ended {
                self.handle(Event::Terminated);
            }
            if ready.terminal {
                self.read_terminal();
            }
            if ready.resized {
                drain(&mut self.signals.resized);
                let size = window_size();
                self.handle(Event::Resized(size));
            }
            self.settle_escape();
            if ready.timed_out && self.app.deadline_ms().is_some_and(|due| due <= now(self.began).steady_ms) {
                self.handle(Event::Tick);
            }
            // Last, because all of these may open a view, whose first picture may be here already.
            self.receive(&ready);
            self.settle_outer();
            self.look_at_configuration(&ready);
        }
        Ok(())
    }

    fn look_at_configuration(&mut self, ready: &Ready) {
        if !ready.timed_out {
            self.configured.note_activity();
        }
        if let Some(event) = self.configured.look(now(self.began).steady_ms) {
            self.handle(event);
        }
    }

    /// Waits until there is something to do.
    fn wait(&self) -> Result<Ready, TuiError> {
        let (input, output) = (rustix::stdio::stdin(), rustix::stdio::stdout());
        let mut fds = Vec::with_capacity(MOST_FDS);
        let mut add = |fd| {
            fds.push(fd);
            fds.len() - 1
        };
        let terminal = add(PollFd::new(&input, PollFlags::IN));
        let resized = add(PollFd::new(&self.signals.resized, PollFlags::IN));
        let ended = add(PollFd::new(&self.signals.ended, PollFlags::IN));
        let interrupted = add(PollFd::new(&self.signals.interrupted, PollFlags::IN));
        let of = |fd| PollFd::from_borrowed_fd(fd, PollFlags::IN);
        let control = self.control.as_ref().map(|control| add(of(control.as_fd())));
        let view = self.view.as_ref().map(|(_, view)| add(of(view.as_fd())));
        if let Some(connecting) = &self.connecting {
            add(PollFd::new(connecting, PollFlags::IN));
        }
        if let Some(exporting) = &self.exporting {
            add(PollFd::new(&exporting.job, PollFlags::IN));
        }
        if let Some(copying) = &self.copying {
            add(PollFd::new(copying, PollFlags::IN));
        }
        if let Some(outer) = &self.outer {
            add(PollFd::new(outer, PollFlags::IN));
        }
        if let Some(listing) = &self.listing {
            add(PollFd::new(listing, PollFlags::IN));
        }
        if self.may_draw() {
            add(PollFd::new(&output, PollFlags::OUT));
        }
        let timeout = self.timeout();
        let found = loop {
            match poll(&mut fds, timeout.as_ref()) {
                Err(Errno::INTR) => {}
                Err(errno) => return Err(TuiError::Wait { source: errno.into() }),
                Ok(found) => break found,
            }
        };
        let is_ready = |at: usize| fds.get(at).is_some_and(|fd| !fd.revents().is_empty());
        Ok(Ready {
            terminal: is_ready(terminal),
            resized: is_ready(resized),
            ended: is_ready(ended) || is_ready(interrupted),
            control: control.is_some_and(is_ready),
            view: view.is_some_and(is_ready),
            timed_out: found == 0,
        })
    }

    /// Whether there is something to draw and no more to wait for.
    fn may_draw(&self) -> bool {
        let first = self.app.link == Link::Asking && now(self.began).steady_ms < FIRST_PICTURE_MS;
        self.stale != Stale::Nothing && !first
    }

    /// Until the next deadline; none where nothing moves.
    fn timeout(&self) -> Option<Timespec> {
        let now_ms = now(self.began).steady_ms;
        let escape = self.waiting_since_ms.map(|since| since + ESCAPE_MS);
        let first = (self.app.link == Link::Asking && now_ms < FIRST_PICTURE_MS).then_some(FIRST_PICTURE_MS);
        let due_ms = [escape, first, self.app.deadline_ms(), self.configured.due_ms()].into_iter().flatten().min()?;
        let ms = due_ms.saturating_sub(now_ms);
        let seconds = i64::try_from(ms / 1000).unwrap_or(i64::MAX);
        Some(Timespec { tv_sec: seconds, tv_nsec: (ms % 1000 * 1_000_000).try_into().unwrap_or(0) })
    }

    fn read_terminal(&mut self) {
        let mut bytes = [0; READ_BYTES];
        match rustix::io::read(rustix::stdio::stdin(), &mut bytes) {
            Ok(0) => self.handle(Event::Terminated),
            Ok(count) => {
                for event in self.input.feed(bytes.get(..count).unwrap_or_default()) {
                    self.handle(event);
                }
                self.waiting_since_ms = self.input.is_waiting().then(|| now(self.began).steady_ms);
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => self.handle(Event::Terminated), // The terminal is gone.
        }
    }

    /// Also while the host keeps us busy, an escape that nothing followed becomes a key.
    fn settle_escape(&mut self) {
        let now_ms = now(self.began).steady_ms;
        if self.waiting_since_ms.is_some_and(|since| since + ESCAPE_MS <= now_ms) {
            self.waiting_since_ms = None;
            if let Some(event) = self.input.settle() {
                self.handle(event);
            }
        }
    }

    fn handle(&mut self, event: Event) {
        let before = Before::look(&self.app, &event);
        let effects = update::update(&mut self.app, event, now(self.began));
        self.stale.add(before.what_is_stale(&self.app, &effects));
        self.carry_out(effects);
    }
}
