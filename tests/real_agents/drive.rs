//! An agent alone in a pty, without threadkeep: a terminal that answers queries in the order they come, keeps what was written, and notes
//! what the agent reports of itself by OSC 7501.
//!
//! Change here: what the terminal answers. Not here: what is played (`alone.rs`), or how an agent is started (`agents.rs`).

use crate::sandbox::Sandbox;
use crate::sequences::{Scanner, Sequence};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use threadkeep::terminal::emulator::Screen as Emulator;
use threadkeep::terminal::frame::{Row, Size};

pub const COLUMNS: u16 = 100;
pub const ROWS: u16 = 30;
/// Nothing that is waited for takes so long.
const LIMIT: Duration = Duration::from_secs(60);
/// An agent that draws on and on has shown by then what it has to show.
const QUIET_LIMIT: Duration = Duration::from_secs(2);

pub struct Driven {
    shared: Arc<Shared>,
    master: Option<Box<dyn MasterPty + Send>>,
    child: Box<dyn Child + Send + Sync>,
    reader: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    emulator: Emulator,
    scanner: Scanner,
    bytes: Vec<u8>,
    noted: Vec<Noted>,
    writer: Option<Box<dyn Write + Send>>,
    started: Instant,
    ended: bool,
}

/// A report or a title, with when and where in the output it came.
#[derive(Debug, Clone)]
pub struct Noted {
    pub after: Duration,
    /// How much was written before it.
    pub at: usize,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The fields of a report, its texts readable.
    Report(String),
    Title(String),
    /// Something that asks for an answer.
    Query(String),
}

/// What is seen of the agent at one moment.
pub struct Sight<'a> {
    pub screen: String,
    pub noted: &'a [Noted],
    pub length: usize,
}

impl Sight<'_> {
    /// Whether the screen shows this text, in one line or broken into two.
    pub fn shows(&self, text: &str) -> bool {
        self.screen.contains(text) || self.screen.split_whitespace().collect::<Vec<_>>().join(" ").contains(text)
    }

    /// The title of the window as it is now.
    pub fn title(&self) -> &str {
        let mut titles = self.noted.iter().rev().filter_map(|noted| match &noted.what {
            What::Title(title) => Some(title.as_str()),
            What::Report(_) | What::Query(_) => None,
        });
        titles.next().unwrap_or_default()
    }

    /// The states reported since that place in the output, flashes of no meaning among them.
    pub fn states(&self, since: usize) -> Vec<&str> {
        let reports = self.noted.iter().filter(|noted| noted.at >= since);
        reports.filter_map(|noted| noted.state()).collect()
    }
}

impl Noted {
    fn state(&self) -> Option<&str> {
        match &self.what {
            What::Report(report) => report.strip_prefix("state=")?.split(':').next(),
            What::Title(_) | What::Query(_) => None,
        }
    }
}

impl Driven {
    /// Starts the agent of the sandbox with these arguments.
    pub fn start(sandbox: &Sandbox, arguments: &[&str]) -> Driven {
        let mut command = CommandBuilder::new(sandbox.program());
        command.args(arguments);
        command.env_clear();
        for (name, value) in sandbox.home.environment() {
            command.env(name, value);
        }
        command.cwd(sandbox.home.work());
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pty");
        let child = pair.slave.spawn_command(command).expect("the agent can be started");
        drop(pair.slave);
        let state = State {
            emulator: Emulator::new(Size { columns: COLUMNS, rows: ROWS }),
            scanner: Scanner::default(),
            bytes: Vec::new(),
            noted: Vec::new(),
            writer: Some(pair.master.take_writer().expect("a writer")),
            started: Instant::now(),
            ended: false,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let mut output = pair.master.try_clone_reader().expect("a reader");
        let taking = shared.clone();
        let reader = thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            // A pty whose other side is gone gives an error and no end.
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                taking.lock().take(&buffer[..count]);
                taking.changed.notify_all();
            }
            taking.lock().ended = true;
            taking.changed.notify_all();
        });
        Driven { shared, master: Some(pair.master), child, reader: Some(reader) }
    }

    pub fn keys(&self, bytes: &[u8]) {
        self.shared.lock().write(bytes);
    }

    /// Submits a message as a person pastes it.
    pub fn submit(&self, text: &str) {
        self.keys(format!("\x1b[200~{text}\x1b[201~").as_bytes());
        // One that reads both at once may take the key for a part of the paste: it must have shown the text.
        let end: String = text.chars().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect();
        self.wait_until(&format!("{end:?} stands in the composer"), |sight| sight.shows(&end));
        self.keys(b"\r");
    }

    /// How much was written so far.
    pub fn length(&self) -> usize {
        self.shared.lock().bytes.len()
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.shared.lock().bytes.clone()
    }

    pub fn noted(&self) -> Vec<Noted> {
        self.shared.lock().noted.clone()
    }

    pub fn screen(&self) -> String {
        self.shared.lock().screen()
    }

    /// Waits for a named thing.
    #[track_caller]
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&Sight) -> bool) {
        let until = Instant::now() + LIMIT;
        let mut state = self.shared.lock();
        loop {
            let screen = state.screen();
            if is_so(&Sight { screen: screen.clone(), noted: &state.noted, length: state.bytes.len() }) {
                return;
            }
            let left = until.saturating_duration_since(Instant::now());
            let told: Vec<_> = state.noted.iter().map(|noted| (noted.after, noted.what.clone())).collect();
            assert!(!left.is_zero() && !state.ended, "did not come: {what}; noted: {told:#?}\nthe screen:\n{screen}");
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until nothing was written for so long; agents draw on after they have reported.
    pub fn wait_for_quiet(&self, length: Duration) {
        let until = Instant::now() + QUIET_LIMIT;
        let mut state = self.shared.lock();
        loop {
            let had = state.bytes.len();
            let (next, waited) =
                self.shared.changed.wait_timeout(state, length).unwrap_or_else(PoisonError::into_inner);
            state = next;
            if state.ended || Instant::now() > until || (waited.timed_out() && state.bytes.len() == had) {
                return;
            }
        }
    }

    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.process_id().expect("it was started")).expect("a process id")
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        // It may have left by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.shared.lock().writer = None;
        self.master = None;
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, bytes: &[u8]) {
        let at = self.bytes.len();
        self.bytes.extend(bytes);
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = &rest[self.emulator.feed(rest).used..];
        }
        // The terminal's answers are ours, below.
        self.emulator.take_replies();
        for sequence in self.scanner.take(bytes) {
            if let Some(what) = noteworthy(&sequence) {
                self.noted.push(Noted { after: self.started.elapsed(), at, what });
            }
            if let Some(answer) = answer(&sequence) {
                self.write(answer.as_bytes());
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(writer) = &mut self.writer {
            // An agent that has left reads nothing; the wait that follows tells of it.
            let _ = writer.write_all(bytes).and_then(|()| writer.flush());
        }
    }

    fn screen(&self) -> String {
        self.emulator.frame(0).rows.iter().map(|row: &Row| row.text() + "\n").collect()
    }
}

/// What a plain modern terminal answers.
fn answer(sequence: &Sequence) -> Option<String> {
    let answer = match sequence {
        Sequence::Osc(text) if text == "7501;?" => "\x1b]7501;?\x1b\\",
        Sequence::Osc(text) if text == "10;?" => "\x1b]10;rgb:d0d0/d0d0/d0d0\x1b\\",
        Sequence::Osc(text) if text == "11;?" => "\x1b]11;rgb:1010/1010/1010\x1b\\",
        Sequence::Csi(text) if text == "c" || text == "0c" => "\x1b[?62;22c",
        Sequence::Csi(text) if text == ">q" || text == ">0q" => "\x1bP>|threadkeep\x1b\\",
        Sequence::Csi(text) if text == "5n" => "\x1b[0n",
        Sequence::Csi(text) if text == "6n" => "\x1b[1;1R",
        Sequence::Csi(text) => {
            // No mode is known but synchronized updates.
            let mode = text.strip_prefix('?').and_then(|rest| rest.strip_suffix("$p"))?;
            return Some(format!("\x1b[?{mode};{}$y", if mode == "2026" { 2 } else { 0 }));
        }
        Sequence::Osc(_) => return None,
    };
    Some(answer.into())
}

fn noteworthy(sequence: &Sequence) -> Option<What> {
    match sequence {
        Sequence::Osc(text) => {
            let (number, rest) = text.split_once(';')?;
            match number {
                "7501" if rest == "?" => Some(What::Query(text.clone())),
                "7501" => Some(What::Report(readable(rest))),
                "0" | "2" => Some(What::Title(rest.into())),
                "9" | "99" | "777" | "133" => Some(What::Title(text.clone())),
                _ => rest.ends_with('?').then(|| What::Query(text.clone())),
            }
        }
        Sequence::Csi(text) => {
            let asks = text.ends_with('c') || text.ends_with('n') || text.ends_with("$p") || text == "?u";
            (asks || text.ends_with('q') && text.starts_with('>')).then(|| What::Query(text.clone()))
        }
    }
}

/// A report with its packed texts unpacked.
fn readable(report: &str) -> String {
    let unpacked = report.split(':').map(|field| match field.split_once('=') {
        Some((name @ ("msg" | "title"), packed)) => format!("{name}={}", from_base64(packed)),
        _ => field.to_owned(),
    });
    unpacked.collect::<Vec<_>>().join(":")
}

fn from_base64(packed: &str) -> String {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let places = packed.bytes().filter_map(|byte| SIGNS.iter().position(|sign| *sign == byte));
    let (mut bits, mut count, mut bytes) = (0usize, 0, Vec::new());
    for place in places {
        bits = bits << 6 | place;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
