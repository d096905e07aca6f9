//! The agent's side of a session: its pty, its screen, what is on its way to it, and what its marks mean.

use super::{Begin, Tell};
use crate::agent::observe::{Observed, Observer};
use crate::agent::profile::{Profile, Step, StepAct, Variant};
use crate::agent::submit;
use crate::domain::conversation_state::SessionEvent;
use crate::domain::id::{Timestamp, TurnNumber};
use crate::domain::signal::Seen;
use crate::domain::turn::{Answer, Evidence, Source};
use crate::host::clock;
use crate::host::processes;
use crate::host::pty::Pty;
use crate::terminal::emulator::{Mark, Screen, Told};
use crate::terminal::excerpt::Cap;
use crate::terminal::frame::Size;
use rustix::fs::{Mode, OFlags};
use rustix::process::Pid;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One read of a pty brings at most 4 KiB on Linux, so more would not be filled.
const READ_BYTES: usize = 16 * 1024;
/// Input for an agent that does not read; beyond this, keys are dropped as a terminal drops them.
const MOST_PENDING: usize = 32 * 1024 * 1024;
/// A program that died inside a synchronized update must not freeze its picture.
const SYNC_LIMIT: Duration = Duration::from_millis(150);
/// After so long without output a session is idle, and its screen packs its rows.
const QUIET: Duration = Duration::from_secs(2);
/// What is kept of an answer: its beginning and, where the result stands, its end.
const ANSWER_CAP: Cap = Cap { head: 16 * 1024, tail: 48 * 1024 };
/// So many rows of output are more than `ANSWER_CAP.head` bytes of anything but the shortest lines, and far from the end of the scrollback.
const BEGINNING_ROWS: u64 = 2_000;
/// A command typed at a prompt, read from the screen where the shell did not tell it.
const TYPED_CAP: Cap = Cap { head: 8 * 1024, tail: 0 };

pub struct AgentIo {
    pub screen: Screen,
    pty: Pty,
    size: Size,
    resized: bool,
    hung_up: bool,
    pending: VecDeque<u8>,
    /// The turn whose last byte is the last one pending, with how many bytes are to go before it is written.
    being_written: Option<(TurnNumber, usize)>,
    observer: Observer,
    /// Where the input at the prompt begins, and where the output of the running turn does.
    input_mark: Option<Mark>,
    output: Option<Output>,
    sync_since: Option<Instant>,
    /// When the screen gives back memory, unless output comes before.
    rest_at: Option<Instant>,
    profile: Arc<Profile>,
    variant: Variant,
    folder: PathBuf,
    buffer: Vec<u8>,
}

impl AgentIo {
    pub fn new(begin: Begin, pty: Pty) -> AgentIo {
        AgentIo {
            screen: Screen::new(begin.size),
            pty,
            size: begin.size,
            resized: false,
            hung_up: false,
            pending: VecDeque::new(),
            being_written: None,
            observer: Observer::new(begin.token),
            input_mark: None,
            output: None,
            sync_since: None,
            rest_at: None,
            profile: begin.profile,
            variant: begin.variant,
            folder: begin.folder,
            buffer: vec![0; READ_BYTES],
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
        !self.pending.is_empty() && !self.hung_up
    }

    pub fn stop_steps(&self) -> Vec<Step> {
        self.profile.stop.clone()
    }

    pub fn resize(&mut self, size: Size) {
        self.resized = true;
        self.size = size;
        self.screen.resize(size);
        if let Err(error) = self.pty.resize(size) {
            tracing::debug!(%error, "could not tell a program its size");
        }
    }

    /// Until when no picture should be made, because the program is in the middle of one.
    pub fn hold_until(&self) -> Option<Instant> {
        self.sync_since.map(|since| since + SYNC_LIMIT)
    }

    /// When something is due by itself: the end of an update that the program does not end, or the rest after output.
    pub fn next_due(&self) -> Option<Instant> {
        [self.hold_until(), self.rest_at].into_iter().flatten().min()
    }

    pub fn do_what_is_due(&mut self, now: Instant) {
        if self.hold_until().is_some_and(|until| now >= until) {
            self.screen.end_sync();
            self.sync_since = None;
        }
        if self.rest_at.is_some_and(|at| now >= at) {
            self.screen.rest();
            self.rest_at = None;
        }
    }

    /// Gives the agent a message as its profile says.
    pub fn submit(&mut self, turn: TurnNumber, text: &str, tell: &Tell) {
        let submission = submit::submit(&self.variant, turn, text, submit::Composer::Empty);
        for (name, content) in &submission.files {
            if let Err(error) = write_private(&self.folder.join(name), content) {
                // The keys go out all the same: the agent says then, on its screen and as the turn's end, that the file is missing.
                tracing::error!(%error, "could not write a message for the agent");
            }
        }
        self.observer.expect(turn);
        for step in &submission.steps {
            self.push(&step.bytes);
        }
        self.being_written = Some((turn, self.pending.len()));
        self.write_pending(tell);
    }

    /// What was submitted last started no turn; what starts from now on was typed.
    pub fn give_up(&mut self) {
        self.observer.expect_nothing();
    }

    /// Takes a step of the interrupt ladder.
    pub fn interrupt(&mut self, step: usize) {
        match self.profile.interrupt.get(step).map(|step| &step.act) {
            Some(StepAct::Keys(keys)) => {
                let keys = keys.clone();
                self.push(&keys);
            }
            Some(StepAct::Signal(named)) => {
                // The agent's own group is not a turn's: the ladder of the whole session deals with that.
                let group = self.pty.foreground_group().filter(|group| *group != self.pty.pid);
                if let Some(group) = group {
                    processes::signal_group(group, processes::signal(*named));
                }
            }
            None => {}
        }
    }

    /// Puts bytes behind those that are on their way to the agent.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.pending.len() + bytes.len() > MOST_PENDING {
            tracing::warn!(bytes = bytes.len(), "the agent does not read; input was dropped");
            return;
        }
        self.pending.extend(bytes);
    }

    pub fn write_pending(&mut self, tell: &Tell) {
        while !self.pending.is_empty() && !self.hung_up {
            let (front, _) = self.pending.as_slices();
            match self.pty.write(front) {
                Ok(written) => {
                    self.pending.drain(..written);
                    self.count_written(written, tell);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    self.hung_up = true;
                    return;
                }
            }
        }
    }

    fn count_written(&mut self, written: usize, tell: &Tell) {
        if let Some((turn, left)) = self.being_written {
            let left = left.saturating_sub(written);
            self.being_written = (left > 0).then_some((turn, left));
            if left == 0 {
                tell.event(SessionEvent::Written { turn });
            }
        }
    }

    /// Takes what the agent wrote, at most so much.
    pub fn read_output(&mut self, most: usize, tell: &Tell) {
        let mut taken = 0;
        let mut buffer = std::mem::take(&mut self.buffer);
        while taken < most && !self.hung_up {
            match self.pty.read(&mut buffer) {
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
        if taken > 0 {
            self.rest_at = Some(Instant::now() + QUIET);
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

    fn feed(&mut self, mut bytes: &[u8], tell: &Tell) {
        while !bytes.is_empty() {
            let fed = self.screen.feed(bytes);
            bytes = &bytes[fed.used..];
            match fed.told {
                Some(Told::Osc(payload)) => self.see(&payload, tell),
                Some(Told::Title(_) | Told::Bell | Told::BracketedPaste(_) | Told::Reset) | None => {}
            }
        }
    }

    fn see(&mut self, payload: &[u8], tell: &Tell) {
        let now = clock::now();
        for observed in self.observer.see(payload) {
            let observed = self.with_typed_text(observed);
            let text = words(&observed);
            let output = self.remember_place(&observed);
            let screen = &self.screen;
            let signal = observed.into_signal(|| output.map(|output| output.answer(screen)).unwrap_or_default());
            if let Some(signal) = signal {
                tell.event(SessionEvent::Seen(Seen { signal, evidence: shell_mark(now, text) }));
            }
        }
    }

    /// A typed command that the shell did not tell is read from the screen, between the prompt and here.
    fn with_typed_text(&self, observed: Observed) -> Observed {
        match observed {
            Observed::TurnStarted { turn: None, text: None } => {
                let typed = self.input_mark.as_ref().and_then(|mark| self.screen.text_since(mark, TYPED_CAP));
                let text = typed.map(|(text, _)| text.trim().to_owned()).filter(|text| !text.is_empty());
                Observed::TurnStarted { turn: None, text }
            }
            other => other,
        }
    }

    /// Notes where input or output begins. At a turn's end returns where its output began.
    fn remember_place(&mut self, observed: &Observed) -> Option<Output> {
        match observed {
            Observed::Ready => self.input_mark = Some(self.screen.mark()),
            Observed::TurnStarted { .. } => self.output = Some(Output::begin(&self.screen)),
            Observed::TurnEnded { .. } => return self.output.take(),
            Observed::WantsMore | Observed::NothingRan | Observed::Folder(_) => {}
        }
        None
    }
}

/// The output of the turn that runs.
struct Output {
    mark: Mark,
    /// Rows that had left the screen when it began.
    scrolled: u64,
    /// The beginning, kept while the scrollback still has it.
    beginning: Option<String>,
}

impl Output {
    fn begin(screen: &Screen) -> Output {
        Output { mark: screen.mark(), scrolled: screen.scrolled_rows(), beginning: None }
    }

    /// A long output outgrows the scrollback; its beginning is read once, before that.
    fn keep_beginning(&mut self, screen: &Screen) {
        if self.beginning.is_none() && screen.scrolled_rows().saturating_sub(self.scrolled) >= BEGINNING_ROWS {
            let cap = Cap { head: ANSWER_CAP.head, tail: 0 };
            self.beginning = Some(screen.text_since(&self.mark, cap).map(|(text, _)| text).unwrap_or_default());
        }
    }

    fn answer(self, screen: &Screen) -> Answer {
        let Some((text, cut_bytes)) = screen.text_since(&self.mark, ANSWER_CAP) else {
            return Answer::default();
        };
        let text = text.trim_end_matches('\n');
        match self.beginning {
            Some(beginning) if cut_bytes > 0 && !text.starts_with(&beginning) => {
                let tail = end_of(text, ANSWER_CAP.tail);
                let all = text.len() as u64 + cut_bytes;
                let kept = (beginning.len() + tail.len()) as u64;
                Answer { text: format!("{beginning}{tail}"), cut_bytes: all.saturating_sub(kept) }
            }
            _ => Answer { text: text.to_owned(), cut_bytes },
        }
    }
}

/// At most so many bytes of the end of a text, whole characters only.
fn end_of(text: &str, most: usize) -> &str {
    let from = text.len().saturating_sub(most);
    let from = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    &text[from..]
}

fn shell_mark(at: Timestamp, text: String) -> Evidence {
    Evidence { source: Source::ShellMark, at, text }
}

/// What was seen, for the person.
fn words(observed: &Observed) -> String {
    match observed {
        Observed::TurnStarted { .. } => "the command started".into(),
        Observed::TurnEnded { status: Some(status), .. } => format!("exit status {status}"),
        Observed::TurnEnded { status: None, .. } => "the prompt came back without a status".into(),
        Observed::Ready | Observed::NothingRan => "prompt".into(),
        Observed::WantsMore => "continuation prompt".into(),
        Observed::Folder(_) => "folder report".into(),
    }
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
