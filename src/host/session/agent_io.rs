//! The agent's side of a session: its pty, its screen and its sources. Not here: what goes to it (`input`), what a shell's marks mean (`marks`).

mod input;
mod marks;

use super::answering::{Answering, Now};
use super::event_feed::EventFeed;
use super::hooks::{self, Hooks};
use super::keyboard::{Keyboard, Taken, Written};
use super::lease::{Lease, Leased};
use super::output::Output;
use super::places::Places;
use super::replay::{SeenAt, Typed};
use super::watch::Watch;
use super::{Begin, Tell};
use crate::agent::answer::Answer;
use crate::agent::identity::AgentId;
use crate::agent::observe::{Observed, Observer};
use crate::agent::profile::{Profile, Step, StepAct, Variant};
use crate::agent::readers::{PasteMode, Seen as Heard};
use crate::agent::submit::{self, Composer, Typing};
use crate::agent::token::Token;
use crate::domain::conversation_state::SessionEvent;
use crate::domain::id::{Timestamp, TurnNumber};
use crate::domain::request::{Choice, RequestNumber};
use crate::domain::signal::{Ending, Seen, Signal};
use crate::domain::turn::{Evidence, Source};
use crate::holder::journal::Journal;
use crate::holder::marks::Mark as Note;
use crate::host::clock;
use crate::host::processes;
use crate::host::pty::Pty;
use crate::point;
use crate::terminal::emulator::{Mark, Screen, Told};
use crate::terminal::excerpt::Cap;
use crate::terminal::frame::Size;
use crate::terminal::modes::Switched;
use crate::terminal::paste;
use rustix::fs::{Mode, OFlags};
use rustix::process::Pid;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One read of a pty brings at most 4 KiB on Linux, and more elsewhere.
const READ_BYTES: usize = 64 * 1024;
/// A program that died inside a synchronized update must not freeze its picture.
const SYNC_LIMIT: Duration = Duration::from_millis(150);
/// After so long without output a session is idle, and its screen packs its rows.
const QUIET: Duration = Duration::from_secs(2);
/// A command typed at a prompt, read from the screen where the shell did not tell it.
const TYPED_CAP: Cap = Cap { head: 8 * 1024, tail: 0 };
/// What is told of the screen of an agent that left: enough for an error in words.
const LAST_WORDS_ROWS: usize = 3;
const LAST_WORDS_CHARACTERS: usize = 300;

pub struct AgentIo {
    pub screen: Screen,
    pty: Pty,
    pub(super) size: Size,
    pub(super) resized: bool,
    hung_up: bool,
    keyboard: Keyboard,
    dropped: Dropped,
    /// A paste was refused, which is not told yet.
    line_too_long: bool,
    /// What may stand in the agent's own composer.
    pub(super) composer: Composer,
    pub(super) listener: Listener,
    answering: Option<Answering>,
    /// Where the input at the prompt begins, and where the output of the running turn does.
    input_mark: Option<Mark>,
    pub(super) output: Option<Output>,
    places: Places,
    /// What the shell's process was started as, seen at its last prompt.
    started_as: Option<Vec<String>>,
    sync_since: Option<Instant>,
    /// When the screen gives back memory, unless output comes before.
    rest_at: Option<Instant>,
    lease: Lease,
    profile: Arc<Profile>,
    variant: Variant,
    folder: PathBuf,
    token: Token,
    hooks: Hooks,
    /// The model that the agent was told last, as far as it is known.
    model: Option<String>,
    /// Where the agent serves its events.
    feed: Option<EventFeed>,
    buffer: Vec<u8>,
    /// None where none could be begun: then the screen does not come back after a crash of the host.
    pub(super) journal: Option<Journal>,
    /// The number of the last event that the core has noted.
    pub(super) settled: u64,
    pub(super) typed: Typed,
}

/// Whether keys of a person had no room: told once for each time that the agent stops reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dropped {
    Nothing,
    NotTold,
    Told,
}

/// Who tells what the agent does.
pub(super) enum Listener {
    /// A shell's marks at exact places of its output.
    Marks(Observer),
    /// The sources of a coding agent.
    Claims(Box<Watch>),
}

impl AgentIo {
    pub fn new(begin: Begin, pty: Pty, mut journal: Option<Journal>) -> AgentIo {
        if let Some(journal) = &mut journal {
            journal.mark(&size_mark(begin.size));
        }
        let listener = match begin.profile.rank(Source::ShellMark) {
            Some(_) => Listener::Marks(Observer::new(begin.token.clone())),
            None => {
                let (profile, started_at, resumes) = (begin.profile.clone(), begin.note.started_at, begin.note.resumes);
                Listener::Claims(Box::new(Watch::new(profile, begin.whereabouts, pty.pid, started_at, resumes)))
            }
        };
        let stream = begin.note.port.zip(begin.profile.stream());
        let feed = stream.map(|(port, path)| EventFeed::new(port, path.as_str(), Instant::now()));
        AgentIo {
            screen: Screen::new(begin.size),
            pty,
            size: begin.size,
            resized: false,
            hung_up: false,
            keyboard: Keyboard::default(),
            dropped: Dropped::Nothing,
            line_too_long: false,
            composer: Composer::Empty,
            listener,
            answering: None,
            input_mark: None,
            output: None,
            places: Places::default(),
            started_as: None,
            sync_since: None,
            rest_at: None,
            lease: begin.lease,
            profile: begin.profile,
            variant: begin.variant,
            folder: begin.folder,
            token: begin.token,
            hooks: Hooks::new(Instant::now()),
            model: begin.note.model,
            feed,
            buffer: vec![0; READ_BYTES],
            journal,
            settled: 0,
            typed: Typed::default(),
        }
    }

    pub fn pid(&self) -> Pid {
        self.pty.pid
    }

    pub fn pty_fd(&self) -> BorrowedFd<'_> {
        self.pty.as_fd()
    }

    pub fn size(&self) -> Size {
        self.size
    }

    /// Whether the size is still the one it was started with.
    pub fn never_resized(&self) -> bool {
        !self.resized
    }

    /// Whether the other side of the pty is closed.
    pub fn is_hung_up(&self) -> bool {
        self.hung_up
    }

    pub fn has_pending(&self) -> bool {
        self.keyboard.has_pending() && !self.hung_up
    }

    /// Whether nothing is on its way to the agent, and all that was told of it is on the disk.
    pub fn may_be_left(&self, tell: &Tell) -> bool {
        (self.keyboard.is_idle() || self.hung_up) && self.settled == tell.told()
    }

    pub fn stop_steps(&self) -> Vec<Step> {
        self.profile.stop.clone()
    }

    pub fn resize(&mut self, size: Size) {
        self.resized = true;
        self.size = size;
        self.screen.resize(size);
        self.note(&size_mark(size));
        if let Err(error) = self.pty.resize(size) {
            tracing::debug!(%error, "could not tell a program its size");
        }
    }

    /// Until when no picture should be made, because the program is in the middle of one.
    pub fn hold_until(&self) -> Option<Instant> {
        self.sync_since.map(|since| since + SYNC_LIMIT)
    }

    /// When something is due by itself: the end of an update that the program does not end, the rest after output, a pause in what is
    /// typed, a look at the agent's files.
    pub fn next_due(&self) -> Option<Instant> {
        let listener = match &self.listener {
            Listener::Marks(_) => None,
            Listener::Claims(watch) => watch.due(),
        };
        let answering = self.answering.as_ref().map(Answering::due);
        let feed = self.feed.as_ref().and_then(EventFeed::due);
        [self.hold_until(), self.rest_at, self.keyboard.due(), listener, answering, feed].into_iter().flatten().min()
    }

    pub fn do_what_is_due(&mut self, now: Instant, tell: &Tell) {
        if self.hold_until().is_some_and(|until| now >= until) {
            self.screen.end_sync();
            self.sync_since = None;
        }
        if self.rest_at.is_some_and(|at| now >= at) {
            self.screen.rest();
            self.rest_at = None;
            self.see_replaced_shell(tell);
        }
        if self.keyboard.due().is_some_and(|at| now >= at) {
            self.write_pending(tell);
        }
        if let Listener::Claims(watch) = &mut self.listener
            && watch.due().is_some_and(|at| now >= at)
        {
            let screen = &self.screen;
            let events = watch.do_what_is_due(now, || screen.visible_text().join("\n"));
            self.tell_all(events, tell);
        }
        self.answer_if_safe(now, tell);
        self.tell_what_was_dropped(tell);
    }

    fn tell_what_was_dropped(&mut self, tell: &Tell) {
        match self.dropped {
            Dropped::Nothing => {}
            Dropped::NotTold => {
                tell.keys_dropped();
                self.dropped = Dropped::Told;
            }
            Dropped::Told if self.keyboard.is_idle() => self.dropped = Dropped::Nothing,
            Dropped::Told => {}
        }
    }

    /// A hook of the agent called. Without the session's token it is nobody's.
    pub fn hook(&mut self, token: &str, payload: &str, tell: &Tell) {
        let now = Instant::now();
        let heard = self.hooks.hear(self.token.as_str() == token, now);
        if heard != hooks::Heard::Yes {
            if let Some(calls) = self.hooks.unheard_to_tell(now) {
                tracing::warn!(calls, ?heard, "hooks called too often, or with a token that is not this session's");
            }
            return;
        }
        self.see_once(payload, tell);
    }

    /// What to wait for where the agent serves events.
    pub fn feed_fd(&self) -> Option<BorrowedFd<'_>> {
        self.feed.as_ref().and_then(EventFeed::fd)
    }

    /// Takes what the agent served.
    pub fn take_events(&mut self, now: Instant, tell: &Tell) {
        let events = self.feed.as_mut().map(|feed| feed.take(now)).unwrap_or_default();
        for event in events {
            self.see_once(&event, tell);
        }
    }

    /// Takes something that is told only once.
    fn see_once(&mut self, payload: &str, tell: &Tell) {
        let told = tell.told();
        self.see(Heard::Hook(payload), tell);
        if tell.told() == told && self.settled == told {
            // The core has nothing to note of it.
            self.note_settled(told, tell);
        }
    }

    /// Takes what the agent wrote, at most so much.
    pub fn read_output(&mut self, most: usize, tell: &Tell) {
        let mut taken = 0;
        let mut buffer = std::mem::take(&mut self.buffer);
        while taken < most && !self.hung_up {
            let taken_now = match &mut self.journal {
                Some(journal) => journal.take(self.pty.as_fd(), &self.pty.landing, &mut buffer),
                None => self.pty.read(&mut buffer),
            };
            match taken_now {
                Ok(0) => self.hung_up = true,
                Ok(bytes) => {
                    taken += bytes;
                    self.feed(&buffer[..bytes], tell);
                    if let Some(output) = &mut self.output {
                        output.keep_beginning(&self.screen);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // EIO: every descriptor of the other side is closed.
                Err(_) => self.hung_up = true,
            }
        }
        self.buffer = buffer;
        self.begin_next_segment();
        if taken > 0 {
            let now = Instant::now();
            self.rest_at = Some(now + QUIET);
            self.keyboard.note_output(now);
            if let Listener::Claims(watch) = &mut self.listener {
                watch.note_output(now);
            }
        }
        let replies = self.screen.take_replies();
        if !replies.is_empty() {
            self.push(&replies);
        }
        self.sync_since = match (self.screen.modes().sync, self.sync_since) {
            (true, None) => Some(Instant::now()),
            (true, since) => since,
            (false, _) => None,
        };
    }

    pub(super) fn feed(&mut self, mut bytes: &[u8], tell: &Tell) {
        while !bytes.is_empty() {
            let fed = self.screen.feed(bytes);
            bytes = &bytes[fed.used..];
            match fed.told {
                Some(Told::Osc(payload)) => self.see(Heard::Osc(&payload), tell),
                Some(Told::Title(title)) => self.see(Heard::Title(&title), tell),
                Some(Told::Bell) => self.see(Heard::Bell, tell),
                Some(Told::BracketedPaste(Switched::On)) => self.see(Heard::PasteMode(PasteMode::On), tell),
                Some(Told::BracketedPaste(Switched::Off)) => self.see(Heard::PasteMode(PasteMode::Off), tell),
                Some(Told::Reset) => self.see(Heard::Reset, tell),
                None => {}
            }
        }
    }

    fn see(&mut self, heard: Heard, tell: &Tell) {
        match &mut self.listener {
            Listener::Marks(_) => {
                if let Heard::Osc(payload) = heard {
                    self.see_mark(payload, tell);
                }
            }
            // What they heard before is restored as a whole: there is more than the output.
            Listener::Claims(_) if tell.is_silent() => {}
            Listener::Claims(watch) => {
                let events = watch.see(heard);
                self.tell_all(events, tell);
            }
        }
    }

    fn tell_all(&mut self, events: Vec<SessionEvent>, tell: &Tell) {
        for event in events {
            if let SessionEvent::Seen(Seen { signal, .. }) = &event {
                self.follow(signal, tell);
            }
            tell.event(event);
        }
    }

    /// Where this turn began on the screen, as far as it is known here.
    pub fn place_of(&self, turn: TurnNumber, started_at: Option<Timestamp>) -> Option<Mark> {
        self.places.of(turn, started_at)
    }

    /// What follows here from what the agent was seen doing.
    fn follow(&mut self, signal: &Signal, tell: &Tell) {
        match signal {
            Signal::TurnStarted { .. } => {
                self.composer = Composer::Empty;
                self.places.note_started(clock::now(), self.screen.mark());
            }
            Signal::TurnEnded { ending, .. } => {
                if *ending == Ending::Interrupted {
                    self.composer = Composer::AfterInterrupt;
                }
                self.drop_answer(tell);
            }
            Signal::GoesOn => self.drop_answer(tell),
            // One that began it on its own screen, or whose id is read.
            // What an earlier host has seen was long ago: it may have another one by now.
            Signal::Identity(_) if tell.is_silent() => {}
            Signal::Identity(id) => {
                if let Ok(id) = AgentId::try_from(id.clone()) {
                    keep_lease(&mut self.lease, &id, tell);
                }
            }
            Signal::Ready
            | Signal::WantsMore
            | Signal::Asks { .. }
            | Signal::Doing(_)
            | Signal::Detail(_)
            | Signal::Folder(_)
            | Signal::Background(_)
            | Signal::Named(_) => {}
        }
    }

    /// The process goes on under the next host.
    pub fn leave(&mut self) {
        self.lease.leave();
    }

    /// What it was the answer to is over.
    fn drop_answer(&mut self, tell: &Tell) {
        // One that was typed in part was enough.
        if let Some(Answering { request, .. }) = self.answering.take_if(|answering| !answering.has_begun()) {
            let why = "the agent went on before the answer was typed".to_owned();
            tell.event(SessionEvent::AnswerNotTyped { request, why });
        }
        self.answering = None;
    }

    /// The end of what stands on the screen of a coding agent, for one that left.
    pub fn last_words(&self) -> String {
        match &self.listener {
            Listener::Marks(_) => String::new(),
            Listener::Claims(_) => {
                let rows = self.screen.visible_text();
                let mut last: Vec<&str> =
                    rows.iter().rev().map(|row| row.trim()).filter(|row| !row.is_empty()).collect();
                last.truncate(LAST_WORDS_ROWS);
                last.reverse();
                last.join(" ").chars().take(LAST_WORDS_CHARACTERS).collect()
            }
        }
    }
}

fn size_mark(size: Size) -> Note {
    Note::Size { columns: size.columns, rows: size.rows }
}

/// Takes the lease of a session that runs already. Where that cannot be, the person is told.
pub fn keep_lease(lease: &mut Lease, id: &AgentId, tell: &Tell) {
    let words = match lease.take(id) {
        Ok(Leased::Ours) => return,
        Ok(Leased::Elsewhere) => {
            "another threadkeep runs this session too, and what is said here may be lost: end one of them".to_owned()
        }
        Err(error) => format!("its session could not be marked as taken: {error}"),
    };
    tell.event(SessionEvent::Warned(words));
}

/// Makes a folder that only we can enter. One that stands there from before belongs to a process that is gone.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    match std::fs::remove_dir_all(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Writes a file that only we can read, in a folder of ours.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?;
    io::Write::write_all(&mut std::fs::File::from(file), content)
}
