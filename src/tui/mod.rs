//! The window: one thread that waits for the terminal and the host, lets `update` decide, does what it orders, and draws once a batch.
//! What takes seconds (`job.rs`) has a thread of its own.
//!
//! Change here: how events come and effects are carried out. Not here: what follows from them (`update`) or how it looks (`view`).

pub mod announce;
pub mod app;
pub mod attach;
pub mod background;
pub mod clipboard;
pub mod completion;
pub mod composer;
mod configured;
pub mod copy;
pub mod editor;
pub mod event;
pub mod files;
pub mod fuzzy;
pub mod guard;
pub mod history;
pub mod input;
mod job;
pub mod key_check;
pub mod keymap;
pub mod layout;
pub mod outer;
pub mod overview;
pub mod palette;
pub mod pointer;
pub mod reader;
pub mod screen;
pub mod search;
#[cfg(test)]
mod testing;
pub mod theme;
pub mod update;
pub mod view;

use crate::client::kept::{self, KeptText};
use crate::client::window_settings;
use crate::client::{Absent, ClientError, Control, View};
use crate::config::Config;
use crate::config::watch::Watch;
use crate::domain::id::{ConversationId, Timestamp};
use crate::export::{self, ExportError, Format};
use crate::paths::Paths;
use crate::protocol::message::{
    Conversation, Environment, Event as HostEvent, Overview, Reply, Rest, Told, ViewInput, ViewOutput,
};
use crate::terminal::frame::Size;
use app::{App, Link};
use configured::Configured;
use event::{Effect, Event, Now, Purpose, ViewOf};
use files::Files;
use guard::Guard;
use input::Input;
use job::{Job, Outcome};
use outer::Outer;
use ratatui::layout::Rect;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{isatty, tcgetwinsize};
use screen::{Screen, Stale};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};
use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// After this an escape that nothing followed is the Escape key. Sequences come in one piece but for slow lines.
const ESCAPE_MS: u64 = 25;
/// A host that runs tells what it knows in a few milliseconds. Drawn before, the first picture would be drawn twice, and the second one
/// later; after this time it is drawn with what there is.
const FIRST_PICTURE_MS: u64 = 50;
/// What a terminal that does not know its size is taken for.
const FALLBACK: Size = Size { columns: 80, rows: 24 };
/// One read of the terminal, which gives no more at once on Linux; a paste comes in several.
const READ_BYTES: usize = 4 << 10;

/// How long a terminal may take to tell its background when the window is left right after it was asked.
const ANSWER_LIMIT: Duration = Duration::from_millis(200);

/// How long a window that is left waits for the host's word that all is saved. It comes within milliseconds; a host that does not answer
/// must not hold the person up.
const CONFIRM_LIMIT: Duration = Duration::from_millis(500);

/// What is waited for at most: the terminal both ways, three kinds of signals, what leads to the host, a record being written, files being
/// listed, and a multiplexer.
const MOST_FDS: usize = 11;

#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    #[error("input and output must be a terminal; for scripts use threadkeep send, log and ls")]
    NoTerminal,
    #[error("could not take the terminal")]
    Take { source: io::Error },
    #[error("could not listen to signals")]
    Signals { source: io::Error },
    #[error("could not wait for input")]
    Wait { source: io::Error },
    #[error("could not draw")]
    Draw { source: io::Error },
}

/// What a window needs to begin.
pub struct Start {
    pub config: Config,
    /// Begun before the configuration was read.
    pub watch: Watch,
    pub paths: Paths,
    /// Where it was started.
    pub folder: String,
    /// What sessions are started with, as the client filters it.
    pub environment: Environment,
}

/// Shows the window until the person leaves, then says on the standard output what keeps running.
pub fn run(start: Start) -> Result<(), TuiError> {
    if !isatty(rustix::stdio::stdin()) || !isatty(rustix::stdio::stdout()) {
        return Err(TuiError::NoTerminal);
    }
    let signals = Signals::listen().map_err(|source| TuiError::Signals { source })?;
    let guard = Guard::take().map_err(|source| TuiError::Take { source })?;
    let mut edge = Edge::new(start, signals);
    let ended = edge.run();
    edge.swallow_late_answer();
    drop(guard);
    let kept = edge.keep_unsaved();
    // The terminal may be gone; then nobody reads this anyway.
    let _ = writeln!(io::stdout(), "{}{}", edge.app.farewell(), kept.words());
    ended
}

/// What became of texts that the host has not confirmed.
enum KeptUnsaved {
    Nothing,
    Kept,
    /// They are told, so that the person can copy them.
    NotKept(io::Error, Vec<KeptText>),
}

impl KeptUnsaved {
    fn words(&self) -> String {
        match self {
            KeptUnsaved::Nothing => String::new(),
            KeptUnsaved::Kept => {
                "\nwhat you wrote and the host did not confirm is kept; the next window brings it back".into()
            }
            KeptUnsaved::NotKept(error, texts) => {
                let texts: Vec<&str> = texts.iter().map(|kept| kept.text.as_str()).collect();
                format!("\nwhat you wrote could not be kept ({error}); here it is:\n{}", texts.join("\n"))
            }
        }
    }
}

/// Self-pipes: a signal makes them readable, so that poll sees it at whatever moment it comes.
struct Signals {
    resized: UnixStream,
    ended: UnixStream,
    /// Apart from the others, for an editor that has the terminal is interrupted by itself.
    interrupted: UnixStream,
}

impl Signals {
    fn listen() -> io::Result<Signals> {
        let (resized, resized_end) = UnixStream::pair()?;
        signal_hook::low_level::pipe::register(SIGWINCH, resized_end)?;
        let (ended, ended_end) = UnixStream::pair()?;
        let (interrupted, interrupted_end) = UnixStream::pair()?;
        signal_hook::low_level::pipe::register(SIGINT, interrupted_end)?;
        for signal in [SIGTERM, SIGHUP] {
            signal_hook::low_level::pipe::register(signal, ended_end.try_clone()?)?;
        }
        resized.set_nonblocking(true)?;
        ended.set_nonblocking(true)?;
        interrupted.set_nonblocking(true)?;
        Ok(Signals { resized, ended, interrupted })
    }
}

/// The window's connections to the world.
struct Edge {
    paths: Paths,
    signals: Signals,
    app: App,
    input: Input,
    /// Since when a sequence of the terminal is incomplete.
    waiting_since_ms: Option<u64>,
    control: Option<Control>,
    /// The connection that is being made.
    /// A host that must be started first, or does not answer, takes seconds.
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
    stale: Stale,
    /// Whether tmux is between us and the person's terminal.
    in_tmux: bool,
    configured: Configured,
    /// The multiplexer around us that is being asked for its keys.
    outer: Option<Job<Option<Outer>>>,
    background_asked: Option<Instant>,
    began: Instant,
}

/// A record that is being written to a file; a long one takes seconds.
struct Exporting {
    conversation: ConversationId,
    file: String,
    job: Job<Result<(), String>>,
}

impl Exporting {
    fn start(paths: Paths, conversation: ConversationId, file: &str) -> io::Result<Exporting> {
        let path = PathBuf::from(file);
        let job = Job::start("export", move || {
            let format = Format::of(&path).unwrap_or(Format::Markdown);
            Control::connect(&paths, Absent::Fail)
                .map_err(ExportError::Client)
                .and_then(|mut control| export::to_file(&mut control, conversation, format, &path))
                .map_err(|error| error.to_string())
        })?;
        Ok(Exporting { conversation, file: file.to_owned(), job })
    }
}

/// What must be known of the window before an event, to tell afterwards what of it is stale. The two events that come with every key
/// typed to an agent are told apart from the rest: the key itself changes nothing here, and its echo changes some rows.
enum Before {
    /// A key or paste while nothing of ours waits for one.
    Typing,
    /// A picture of the session that is shown whole, with the rows that change.
    Picture(Rect, Vec<u16>),
    Anything,
}

impl Before {
    fn look(app: &App, event: &Event) -> Before {
        match event {
            Event::Key(_) | Event::Paste(_) if view::bare_pane(app).is_some() => Before::Typing,
            Event::Viewed(of, ViewOutput::Frame(delta)) => {
                let screen = app.live_screen().filter(|screen| screen.of == *of && screen.frame.size == delta.size);
                match (screen, view::bare_pane(app)) {
                    (Some(_), Some(pane)) => Before::Picture(pane, delta.rows.iter().map(|(row, _)| *row).collect()),
                    _ => Before::Anything,
                }
            }
            _ => Before::Anything,
        }
    }

    fn what_is_stale(self, app: &App, effects: &[Effect]) -> Stale {
        match self {
            Before::Typing
                if matches!(effects, [Effect::ToView(ViewInput::Key(_) | ViewInput::Paste(_))])
                    && view::bare_pane(app).is_some() =>
            {
                Stale::Nothing
            }
            Before::Picture(pane, rows) if view::bare_pane(app) == Some(pane) => Stale::Rows(rows),
            Before::Typing | Before::Picture(..) | Before::Anything => Stale::All,
        }
    }
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
    fn new(start: Start, signals: Signals) -> Edge {
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

    fn run(&mut self) -> Result<(), TuiError> {
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

    /// An answer of the terminal that is on its way still would be typed into the person's shell.
    fn swallow_late_answer(&self) {
        let asked = self.background_asked.filter(|_| self.app.background.is_none());
        let Some(asked) = asked.filter(|asked| asked.elapsed() < ANSWER_LIMIT) else { return };
        let input = rustix::stdio::stdin();
        let left = Timespec::try_from(ANSWER_LIMIT.saturating_sub(asked.elapsed())).ok();
        if poll(&mut [PollFd::new(&input, PollFlags::IN)], left.as_ref()).is_ok_and(|found| found > 0) {
            // Gone or empty: there is nothing to swallow.
            let _ = rustix::io::read(input, &mut [0; READ_BYTES]);
        }
    }

    /// What was written gets a moment to be saved, and is kept for the next window where it is not: nothing is lost with this one.
    fn keep_unsaved(&mut self) -> KeptUnsaved {
        let until = Instant::now() + CONFIRM_LIMIT;
        while !self.app.unsaved().is_empty()
            && let Some(control) = &self.control
            && let Ok(left) = Timespec::try_from(until.saturating_duration_since(Instant::now()))
            && matches!(poll(&mut [PollFd::new(control, PollFlags::IN)], Some(&left)), Ok(1..) | Err(Errno::INTR))
        {
            self.receive(&Ready { control: true, ..Ready::default() });
        }
        let unsaved = self.app.unsaved();
        if unsaved.is_empty() {
            return KeptUnsaved::Nothing;
        }
        match kept::keep(&self.paths, &unsaved) {
            Ok(()) => KeptUnsaved::Kept,
            Err(error) => KeptUnsaved::NotKept(error, unsaved),
        }
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

    /// Takes over the connection that was being made, once it is there or has failed.
    fn settle_connecting(&mut self) {
        let Some(connecting) = &self.connecting else { return };
        let result = match connecting.outcome() {
            Outcome::Done(result) => result.map_err(|error| error.to_string()),
            Outcome::Running => return,
            Outcome::BrokeOff => Err("connecting failed for a reason that is not known".to_owned()),
        };
        self.connecting = None;
        match result {
            Ok(control) => {
                let linked = self.linked(control);
                self.handle(linked);
            }
            Err(why) => self.lose_link(&why),
        }
    }

    /// Takes over the files once they are listed.
    fn settle_listing(&mut self) {
        let Some(listing) = &self.listing else { return };
        match listing.outcome() {
            Outcome::Running => {}
            Outcome::BrokeOff => self.listing = None,
            Outcome::Done(files) => {
                self.listing = None;
                self.handle(Event::Files(files));
            }
        }
    }

    fn connect(&mut self, absent: Absent) -> Option<Event> {
        // Starting a thread takes longer than such a host needs.
        if let Some(control) = Control::connect_at_once(&self.paths) {
            return Some(self.linked(control));
        }
        let paths = self.paths.clone();
        match Job::start("connect", move || Control::connect(&paths, absent)) {
            Ok(connecting) => {
                self.connecting = Some(connecting);
                None
            }
            Err(error) => Some(Event::LinkLost(error.to_string())),
        }
    }

    fn linked(&mut self, control: Control) -> Event {
        self.other_build = control.other_build().map(str::to_owned);
        self.control = Some(control);
        self.asked.clear();
        self.overview.clear();
        Event::Linked
    }

    /// What came of a record that was being written.
    fn settle_exporting(&mut self) {
        let Some(exporting) = &self.exporting else { return };
        let result = match exporting.job.outcome() {
            Outcome::Done(result) => result,
            Outcome::Running => return,
            Outcome::BrokeOff => Err("it broke off".to_owned()),
        };
        if let Some(Exporting { conversation, file, .. }) = self.exporting.take() {
            self.handle(Event::Exported { conversation, file, result });
        }
    }

    /// Takes all that the host has told.
    fn receive(&mut self, ready: &Ready) {
        self.settle_connecting();
        if let Some(build) = self.other_build.take() {
            self.handle(Event::OtherBuild(build));
        }
        self.settle_listing();
        self.settle_exporting();
        while let Some(control) = self.control.as_mut().filter(|_| ready.control) {
            match control.receive() {
                Ok(None) => break,
                Ok(Some(Told::Event(event))) => self.handle(Event::Told(event)),
                Ok(Some(Told::Reply { id, reply })) => {
                    if let Some(reply) = self.whole(reply)
                        && let Some(purpose) = self.asked.remove(&id)
                    {
                        self.handle(Event::Answered(purpose, reply));
                    }
                }
                Err(error) => self.lose_link(&error.to_string()),
            }
        }
        while let Some((of, view)) = self.view.as_mut().filter(|(_, view)| ready.view || view.has_read_more()) {
            let of = *of;
            match view.receive() {
                Ok(None) => break,
                Ok(Some(output)) => self.handle(Event::Viewed(of, output)),
                Err(error) => {
                    self.view = None;
                    self.handle(Event::ViewLost(of, error.to_string()));
                }
            }
        }
    }

    fn lose_link(&mut self, why: &str) {
        self.control = None;
        self.asked.clear();
        self.handle(Event::LinkLost(why.to_owned()));
    }

    /// A long overview comes in several replies; it is handled as one.
    fn whole(&mut self, reply: Reply) -> Option<Reply> {
        let Reply::Overview(Overview { conversations, rest }) = reply else {
            return Some(reply);
        };
        self.overview.extend(conversations);
        match rest {
            Rest::Follows => None,
            Rest::None => {
                let conversations = std::mem::take(&mut self.overview);
                Some(Reply::Overview(Overview { conversations, rest }))
            }
        }
    }

    fn handle(&mut self, event: Event) {
        let before = Before::look(&self.app, &event);
        let effects = update::update(&mut self.app, event, now(self.began));
        self.stale.add(before.what_is_stale(&self.app, &effects));
        self.carry_out(effects);
    }

    /// Carries out effects in their order; what comes of them at once comes back as an event behind them.
    fn carry_out(&mut self, effects: Vec<Effect>) {
        let mut events = VecDeque::new();
        for effect in effects {
            let more = self.carry_out_one(effect, &mut events);
            events.extend(more);
        }
        for event in events {
            match event {
                Event::LinkLost(why) => self.lose_link(&why),
                event => self.handle(event),
            }
        }
    }

    /// The event that it brings; `events` takes one that must come before that.
    fn carry_out_one(&mut self, effect: Effect, events: &mut VecDeque<Event>) -> Option<Event> {
        match effect {
            Effect::Connect(absent) => self.connect(absent),
            Effect::Ask(purpose, request) => match self.control.as_mut()?.send(&request) {
                Ok(id) => {
                    self.asked.insert(id, purpose);
                    None
                }
                // Connecting again would not make it shorter.
                Err(error @ ClientError::NotSent(_)) => Some(Event::NotAsked(purpose, error.to_string())),
                Err(error) => {
                    self.control = None;
                    Some(Event::LinkLost(error.to_string()))
                }
            },
            Effect::OpenView(of, size) => {
                self.view = None;
                match View::open(&self.paths, of.conversation, size) {
                    Ok(view) => {
                        self.view = Some((of, view));
                        None
                    }
                    Err(error) => Some(view_error(of, &error)),
                }
            }
            Effect::CloseView => {
                self.view = None;
                None
            }
            Effect::ToView(input) => {
                let (of, view) = self.view.as_mut()?;
                let of = *of;
                match view.send(&input).err()? {
                    error @ ClientError::NotSent(_) => Some(Event::NotGiven(error.to_string())),
                    error => {
                        self.view = None;
                        if matches!(input, ViewInput::Key(_) | ViewInput::Paste(_)) {
                            events.push_back(Event::NotGiven(error.to_string()));
                        }
                        Some(view_error(of, &error))
                    }
                }
            }
            Effect::AskBackground => {
                self.input.expect_background();
                self.background_asked = Some(Instant::now());
                // A terminal that is gone is noticed by reading from it.
                let _ = screen::write_all(background::QUESTION);
                None
            }
            Effect::Announce(notification) => {
                let way = announce::way(self.app.config.notify.terminal, variable);
                // A terminal that takes nothing at present, or is gone, is told nothing.
                if is_writable() {
                    let _ = screen::write_all(&announce::bytes(&notification, way));
                }
                None
            }
            Effect::Copy(text) => {
                let through = if self.in_tmux { clipboard::Through::Tmux } else { clipboard::Through::Nothing };
                let failed = screen::write_all(&clipboard::sequence(&text, through)).err()?;
                Some(Event::Told(HostEvent::Notice(format!("not copied: {failed}"))))
            }
            Effect::KeepPanelColumns(columns) => {
                let kept = window_settings::keep_panel_columns(&self.paths, columns);
                kept.err().map(|error| Event::NotKept(error.to_string()))
            }
            Effect::TakeKeptTexts => match kept::take(&self.paths) {
                Ok(texts) => (!texts.is_empty()).then_some(Event::KeptTexts(texts)),
                // They lie there still, and the next window tries again.
                Err(error) => Some(Event::Told(HostEvent::Notice(format!(
                    "texts of an earlier window could not be read: {error}"
                )))),
            },
            Effect::ListFiles(folder) => {
                // Without a thread there are no names to offer, and typing goes on.
                self.listing = files::start(folder).ok();
                None
            }
            Effect::Editor { conversation, text } => {
                let edited = editor::edit(&self.paths, &text).map_err(|error| error.to_string());
                // The editor's own: an interrupt typed there, and the window's size, which may be another one.
                drain(&mut self.signals.interrupted);
                events.push_back(Event::Resized(window_size()));
                Some(Event::Edited(conversation, edited))
            }
            Effect::Export { conversation, file } => {
                let begun = match &self.exporting {
                    Some(_) => Err("another one is being written".to_owned()),
                    None => {
                        Exporting::start(self.paths.clone(), conversation, &file).map_err(|error| error.to_string())
                    }
                };
                match begun {
                    Ok(exporting) => {
                        self.exporting = Some(exporting);
                        None
                    }
                    Err(why) => Some(Event::Exported { conversation, file, result: Err(why) }),
                }
            }
            Effect::Leave => None, // `App::leaving` ends the loop once everything else is done.
        }
    }
}

/// A host that does not answer there does not answer at all: trying again is left to a connection that is made beside the window.
fn view_error(of: ViewOf, error: &ClientError) -> Event {
    match error {
        ClientError::Silent { .. } => Event::LinkLost(error.to_string()),
        error => Event::ViewLost(of, error.to_string()),
    }
}

fn now(began: Instant) -> Now {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let steady_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Now { wall: Timestamp(i64::try_from(wall).unwrap_or(i64::MAX)), steady_ms }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn window_size() -> Size {
    match tcgetwinsize(rustix::stdio::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size { columns: size.ws_col, rows: size.ws_row },
        Ok(_) | Err(_) => FALLBACK,
    }
}

fn is_writable() -> bool {
    let output = rustix::stdio::stdout();
    let none = Timespec { tv_sec: 0, tv_nsec: 0 };
    // Where poll itself fails, the write tells what is wrong.
    poll(&mut [PollFd::new(&output, PollFlags::OUT)], Some(&none)).map_or(true, |found| found > 0)
}

fn drain(pipe: &mut UnixStream) {
    let mut bytes = [0; 64];
    while pipe.read(&mut bytes).is_ok_and(|count| count > 0) {}
}
