//! A window as a person has it: the real program in a real pty, its output on our own emulator, keys as text.

use crate::home::{Home, LIMIT, PROGRAM, Signal, kill};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use threadkeep::terminal::emulator::Screen as Emulator;
use threadkeep::terminal::frame::{Frame, Row, Size};

/// A program that was stopped or killed in the midst of a picture sends no rest of it.
const REST_LIMIT: Duration = Duration::from_secs(5);

pub struct Screen {
    outer: Arc<Outer>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    reader: Option<JoinHandle<()>>,
}

/// The outer terminal, which takes what the program writes and answers nothing.
struct Outer {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    emulator: Emulator,
    bytes: Vec<u8>,
    ended: bool,
}

/// What a person sees at one moment.
pub struct Seen {
    frame: Frame,
    pub alternate: bool,
    pub ended: bool,
}

impl Seen {
    pub fn row(&self, number: usize) -> String {
        self.frame.rows.get(number).map(Row::text).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        self.frame.rows.iter().map(|row| row.text() + "\n").collect()
    }

    pub fn has(&self, text: &str) -> bool {
        self.text().contains(text)
    }

    /// The last row.
    pub fn status(&self) -> String {
        self.frame.rows.last().map(Row::text).unwrap_or_default()
    }

    /// The first row.
    pub fn tabs(&self) -> String {
        self.row(0)
    }

    /// The column and row of the cursor where it is shown.
    pub fn cursor(&self) -> Option<(usize, usize)> {
        self.frame.cursor.map(|cursor| (cursor.column.into(), cursor.row.into()))
    }

    /// The rows of the pane that shows the agent's screen, without the turn panel beside it.
    pub fn pane(&self) -> String {
        let rows = self.frame.rows.iter().skip(1).map(Row::text);
        rows.map(|row| row.split('│').next().unwrap_or_default().trim_end().to_owned() + "\n").collect()
    }

    /// The turn panel at the right.
    pub fn panel(&self) -> String {
        let rows = self.frame.rows.iter().skip(1).map(Row::text);
        rows.filter_map(|row| row.split_once('│').map(|(_, panel)| panel.trim().to_owned() + "\n")).collect()
    }

    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.frame.rows.iter()
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}cursor {:?}, alternate screen {}, ended {}",
            self.text(),
            self.cursor(),
            self.alternate,
            self.ended
        )
    }
}

impl Screen {
    pub fn open(home: &Home, columns: u16, rows: u16) -> Screen {
        Screen::open_in(home, home.work(), columns, rows)
    }

    pub fn open_in(home: &Home, folder: PathBuf, columns: u16, rows: u16) -> Screen {
        Screen::start(home, CommandBuilder::new(PROGRAM), folder, columns, rows)
    }

    /// A verb that takes the terminal.
    pub fn open_verb(home: &Home, arguments: &[&str], columns: u16, rows: u16) -> Screen {
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(arguments);
        Screen::start(home, command, home.work(), columns, rows)
    }

    /// Another program in a terminal of its own, with these arguments and variables.
    pub fn run(home: &Home, program: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Screen {
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        variables.iter().for_each(|(name, value)| command.env(name, value));
        Screen::start(home, command, home.work(), 80, 24)
    }

    fn start(home: &Home, mut command: CommandBuilder, folder: PathBuf, columns: u16, rows: u16) -> Screen {
        let own: Vec<_> =
            command.iter_extra_env_as_str().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        command.env_clear();
        for (name, value) in home.environment() {
            command.env(name, value);
        }
        for (name, value) in own {
            command.env(name, value);
        }
        command.cwd(folder);
        let pair = native_pty_system().openpty(pty_size(columns, rows)).expect("a pty");
        let child = pair.slave.spawn_command(command).expect("the program can be started");
        drop(pair.slave);
        let emulator = Emulator::new(Size { columns, rows });
        let outer = Arc::new(Outer {
            state: Mutex::new(State { emulator, bytes: Vec::new(), ended: false }),
            changed: Condvar::new(),
        });
        let mut output = pair.master.try_clone_reader().expect("a reader");
        let taking = outer.clone();
        let reader = thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            // A pty whose other side is gone gives an error and no end.
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                taking.take(&buffer[..count]);
            }
            taking.lock().ended = true;
            taking.changed.notify_all();
        });
        let writer = pair.master.take_writer().expect("a writer");
        Screen { outer, master: Some(pair.master), writer: Some(writer), child, reader: Some(reader) }
    }

    /// Types keys: `hello<enter><ctrl-]>d`; `<lt>` is `<`.
    pub fn keys(&mut self, keys: &str) {
        self.bytes(&encode(keys));
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        let writer = self.writer.as_mut().expect("the window is open");
        writer.write_all(bytes).and_then(|()| writer.flush()).expect("the terminal takes keys");
    }

    pub fn seen(&self) -> Seen {
        see(&self.outer.whole(self.outer.lock()))
    }

    /// All that the program has written to its terminal.
    pub fn written(&self) -> Vec<u8> {
        self.outer.lock().bytes.clone()
    }

    /// Waits until the screen shows a named thing. Only whole pictures are looked at.
    #[track_caller]
    pub fn wait_until(&self, what: &str, mut is_so: impl FnMut(&Seen) -> bool) -> Seen {
        let until = Instant::now() + LIMIT;
        let mut state = self.outer.lock();
        loop {
            state = self.outer.whole(state);
            let seen = see(&state);
            if is_so(&seen) {
                return seen;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "not within {LIMIT:?}: {what}\n{seen}");
            assert!(!seen.ended, "the window ended before: {what}\n{seen}");
            state = self.outer.changed.wait_timeout(state, left).expect("no reader panicked").0;
        }
    }

    /// Returns when the program has written something, or a little later.
    pub fn wait_a_moment(&self) {
        let state = self.outer.lock();
        drop(self.outer.changed.wait_timeout(state, Duration::from_millis(50)).expect("no reader panicked"));
    }

    #[track_caller]
    pub fn wait_for(&self, text: &str) -> Seen {
        self.wait_until(&format!("{text:?} is shown"), |seen| seen.has(text))
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.outer.lock().emulator.resize(Size { columns, rows });
        self.master.as_ref().expect("the window is open").resize(pty_size(columns, rows)).expect("another size");
    }

    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.process_id().expect("it was started")).expect("a process id")
    }

    /// Kills the window as a crash would.
    pub fn kill(mut self) {
        kill(self.pid(), Signal::KILL);
        self.end();
    }

    /// Waits until the window has ended by itself; returns its exit code and what it left on the terminal.
    #[track_caller]
    pub fn ended(mut self) -> (u32, Seen, Vec<u8>) {
        let until = Instant::now() + LIMIT;
        let mut state = self.outer.lock();
        while !state.ended {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "not within {LIMIT:?}: the window ends\n{}", see(&state));
            state = self.outer.changed.wait_timeout(state, left).expect("no reader panicked").0;
        }
        drop(state);
        let code = self.child.wait().expect("it is our child").exit_code();
        (code, self.seen(), self.written())
    }

    fn end(&mut self) {
        // Both may have happened before.
        kill(self.pid(), Signal::KILL);
        let _ = self.child.wait();
        self.writer = None;
        self.master = None;
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the window at the end:\n{}", self.seen());
        }
        if self.reader.is_some() {
            self.end();
        }
    }
}

impl Outer {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Waits for the rest of a picture of which only a part has come: a pty gives it in pieces.
    fn whole<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let is_partial = |state: &mut State| state.emulator.modes().sync && !state.ended;
        let waited = self.changed.wait_timeout_while(state, REST_LIMIT, is_partial);
        waited.unwrap_or_else(std::sync::PoisonError::into_inner).0
    }

    fn take(&self, bytes: &[u8]) {
        let mut state = self.lock();
        state.bytes.extend(bytes);
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = &rest[state.emulator.feed(rest).used..];
        }
        // Nobody answers: a window must do without.
        state.emulator.take_replies();
        self.changed.notify_all();
    }
}

fn see(state: &State) -> Seen {
    let modes = state.emulator.modes();
    Seen { frame: state.emulator.frame(0), alternate: modes.alternate_screen, ended: state.ended }
}

fn pty_size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn encode(keys: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = keys;
    while let Some(sign) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|after| after.split_once('>'));
        match named {
            Some((name, after)) => {
                bytes.extend(named_key(name));
                rest = after;
            }
            None => {
                bytes.extend(sign.encode_utf8(&mut [0; 4]).bytes());
                rest = &rest[sign.len_utf8()..];
            }
        }
    }
    bytes
}

fn named_key(name: &str) -> Vec<u8> {
    let text = match name {
        "enter" => "\r",
        "alt-enter" => "\x1b\r",
        "tab" => "\t",
        "escape" => "\x1b",
        "backspace" => "\x7f",
        "up" => "\x1b[A",
        "down" => "\x1b[B",
        "right" => "\x1b[C",
        "left" => "\x1b[D",
        "shift-pageup" => "\x1b[5;2~",
        "shift-pagedown" => "\x1b[6;2~",
        "prefix" => "\x1d",
        "lt" => "<",
        "paste" => "\x1b[200~",
        "paste-end" => "\x1b[201~",
        name => {
            if let Some(sign) = name.strip_prefix("ctrl-") {
                return vec![sign.as_bytes()[0].to_ascii_uppercase() & 0x1f];
            }
            if let Some(sign) = name.strip_prefix("alt-") {
                return [b"\x1b", sign.as_bytes()].concat();
            }
            panic!("no key is called {name}");
        }
    };
    text.into()
}
