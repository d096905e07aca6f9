//! A real shell in a real pty, started, told and watched as the host does it, with a home folder of its own.

use alacritty_terminal::event::{Event, EventListener};
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::{Config, Term};
use alacritty_terminal::vte::ansi::Processor;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};
use threadkeep::agent::catalog::Catalog;
use threadkeep::agent::launch::{How, Launch, Start, launch};
use threadkeep::agent::observe::{Observed, Observer};
use threadkeep::agent::profile::Profile;
use threadkeep::agent::submit::{Composer, submit};
use threadkeep::agent::token::Token;
use threadkeep::domain::fingerprint::Fingerprint;
use threadkeep::domain::id::{ConversationId, TurnNumber};

/// How often Ctrl-C is pressed at most.
const PRESSES: usize = 5;
/// And after how long without an effect: one that is only late must not be pressed twice, for the next turn would get it.
const PRESS_AGAIN: Duration = Duration::from_secs(6);
/// How long anything may take: far more than it needs, on a machine with other work.
const DEADLINE: Duration = Duration::from_secs(120);
const ROWS: u16 = 40;

pub const TOKEN: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// What a test wants different.
#[derive(Clone)]
pub struct Setup {
    /// The person's own start file.
    pub rc: String,
    pub columns: u16,
    pub env: Vec<(String, String)>,
}

impl Default for Setup {
    fn default() -> Self {
        Setup { rc: String::new(), columns: 100, env: Vec::new() }
    }
}

impl Setup {
    pub fn rc(rc: &str) -> Setup {
        Setup { rc: rc.into(), ..Setup::default() }
    }
}

pub struct Shell {
    pub name: String,
    /// Kept so that it lives as long as the shell.
    _home: tempfile::TempDir,
    pub dir: PathBuf,
    pub observer: Observer,
    profile: Profile,
    program: String,
    turns: u32,
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Box<dyn Write + Send>,
    bytes: Receiver<Vec<u8>>,
    osc: Osc,
    parser: Processor,
    term: Term<Replies>,
    replies: Receiver<String>,
    /// All that was seen and not yet waited for.
    seen: Vec<Observed>,
    /// What was printed since the last start of a turn.
    answer: Vec<u8>,
    last_answer: String,
    left: bool,
}

/// How a turn went.
#[derive(Debug, PartialEq, Eq)]
pub struct Went {
    pub status: Option<i32>,
    pub answer: String,
}

impl Shell {
    pub fn start(name: &str, setup: &Setup) -> Shell {
        let mut shell = Shell::start_unready(name, setup);
        shell.wait_ready();
        shell
    }

    pub fn start_unready(name: &str, setup: &Setup) -> Shell {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("run dir");
        std::fs::create_dir(&dir).unwrap();
        std::fs::create_dir_all(home.path().join(".config/fish")).unwrap();
        std::fs::create_dir_all(home.path().join(".local/share/fish")).unwrap();
        std::fs::create_dir(home.path().join("w")).unwrap();
        for rc in [".bashrc", ".zshrc", ".config/fish/config.fish", ".shrc"] {
            std::fs::write(home.path().join(rc), &setup.rc).unwrap();
        }
        let program = found(name).unwrap();
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let mut env = vec![
            ("SHELL".to_owned(), program.clone()),
            ("HOME".to_owned(), text(home.path())),
            ("PATH".to_owned(), std::env::var("PATH").unwrap()),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
            ("ENV".to_owned(), "$HOME/.shrc".to_owned()),
        ];
        env.extend(setup.env.iter().cloned());
        let (catalog, left_out) = Catalog::read(&[]);
        assert_eq!(left_out, []);
        let profile = catalog.get("shell").unwrap().clone();
        let token = Token::new([0x5a; 16]);
        let fingerprint = Fingerprint {
            agent: "shell".into(),
            model: None,
            folder: text(&home.path().canonicalize().unwrap().join("w")),
        };
        let launch = launch(&Start {
            profile: &profile,
            how: How::New(None),
            threadkeep: "threadkeep",
            socket: "",
            candidate: profile.candidates(&env)[0],
            program: &program,
            fingerprint: &fingerprint,
            dir: &text(&dir),
            token: &token,
            conversation: ConversationId(1),
            env: &env,
        });
        let size = PtySize { rows: ROWS, cols: setup.columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command(&launch, &dir)).unwrap();
        drop(pair.slave);
        let (sender, bytes) = mpsc::channel();
        let mut reader = pair.master.try_clone_reader().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 65536];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let (reply, replies) = mpsc::channel();
        let size = Size { columns: setup.columns };
        Shell {
            name: name.to_owned(),
            observer: Observer::new(token),
            profile,
            program,
            turns: 0,
            child,
            writer: pair.master.take_writer().unwrap(),
            master: Some(pair.master),
            bytes,
            osc: Osc::Text,
            parser: Processor::new(),
            term: Term::new(Config::default(), &size, Replies(reply)),
            replies,
            seen: Vec::new(),
            answer: Vec::new(),
            last_answer: String::new(),
            left: false,
            _home: home,
            dir,
        }
    }

    /// Submits a text as the next turn and waits until it ended and the prompt is back.
    pub fn turn(&mut self, text: &str) -> Went {
        self.begin(text);
        let went = self.end();
        self.wait_ready();
        went
    }

    /// Submits a text as the next turn and waits until it started.
    pub fn begin(&mut self, text: &str) -> TurnNumber {
        self.turns += 1;
        let turn = TurnNumber(self.turns);
        let env = [("SHELL".to_owned(), self.program.clone())];
        let submission = submit(self.profile.candidates(&env)[0].variant, turn, text, Composer::Empty);
        for (name, content) in submission.files {
            std::fs::write(self.dir.join(name), content).unwrap();
        }
        self.observer.expect(turn);
        for step in submission.steps {
            self.writer.write_all(&step.bytes).unwrap();
        }
        let started = self.wait("the turn starts", |observed| match observed {
            Observed::TurnStarted { .. } => Some(observed.clone()),
            _ => None,
        });
        assert_eq!(started, Observed::TurnStarted { turn: Some(turn), text: None }, "{}: {text:.60}", self.name);
        turn
    }

    /// Waits until the turn ended.
    pub fn end(&mut self) -> Went {
        let turns = self.turns;
        let (turn, status) = self.wait("the turn ends", |observed| match observed {
            Observed::TurnEnded { turn, status } => Some((*turn, *status)),
            _ => None,
        });
        assert_eq!(turn, Some(TurnNumber(turns)), "{}", self.name);
        Went { status, answer: self.last_answer.clone() }
    }

    /// Types into the pane as a person does.
    pub fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
    }

    /// Types a part of a line, and waits until the line editor has taken it: one that does not read yet loses a Ctrl-C.
    pub fn half_type(&mut self, text: &str) {
        self.keys(text);
        self.wait_screen("the keys are there", |rows| rows.last().is_some_and(|row| row.contains(text)));
    }

    /// Ctrl-C at the prompt, with something half typed.
    pub fn give_up_line(&mut self) {
        if self.name == "fish" {
            self.keys("\u{3}");
            return; // There the same prompt goes on, only empty again.
        }
        self.press_ctrl_c(|observed| *observed == Observed::Ready);
        self.wait_ready();
    }

    /// Ctrl-C in a turn.
    pub fn interrupt(&mut self) {
        self.press_ctrl_c(|observed| matches!(observed, Observed::TurnEnded { .. }));
    }

    /// Some shells, rarely and on a busy machine, note a Ctrl-C but act only on a later one: that is what the ladder is for.
    fn press_ctrl_c(&mut self, helped: impl Fn(&Observed) -> bool) {
        for _ in 0..PRESSES {
            self.keys("\u{3}");
            let soon = Instant::now() + PRESS_AGAIN;
            while !self.seen.iter().any(&helped) && self.read(soon) {}
            if self.seen.iter().any(&helped) {
                return;
            }
        }
    }

    /// A typed turn: its text where it was told, and its status.
    pub fn typed_turn(&mut self) -> (Option<String>, Option<i32>) {
        let started = self.wait("a typed turn starts", |observed| match observed {
            Observed::TurnStarted { turn, text } => Some((*turn, text.clone())),
            _ => None,
        });
        assert_eq!(started.0, None, "{}", self.name);
        let ended = self.wait("the typed turn ends", |observed| match observed {
            Observed::TurnEnded { turn, status } => Some((*turn, *status)),
            _ => None,
        });
        assert_eq!(ended.0, None, "{}", self.name);
        self.wait_ready();
        (started.1, ended.1)
    }

    pub fn wait_ready(&mut self) {
        self.wait("ready", |observed| (*observed == Observed::Ready).then_some(()));
    }

    /// Waits for something observed; what came before it is passed over, and told where it does not come.
    pub fn wait<T>(&mut self, what: &str, wanted: impl Fn(&Observed) -> Option<T>) -> T {
        let deadline = Instant::now() + DEADLINE;
        let mut passed = Vec::new();
        loop {
            while !self.seen.is_empty() {
                let observed = self.seen.remove(0);
                if let Some(found) = wanted(&observed) {
                    return found;
                }
                passed.push(observed);
            }
            if !self.read(deadline) {
                panic!("{}: waited for: {what}\nseen: {passed:?}\nscreen:\n{}", self.name, self.screen().join("\n"));
            }
        }
    }

    pub fn wait_screen(&mut self, what: &str, wanted: impl Fn(&[String]) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !wanted(&self.screen()) {
            if !self.read(deadline) {
                panic!("{}: waited for: {what}\nscreen:\n{}", self.name, self.screen().join("\n"));
            }
        }
    }

    /// Waits until the shell left, and says with what status.
    pub fn wait_left(&mut self) -> u32 {
        let deadline = Instant::now() + DEADLINE;
        while self.read(deadline) {}
        assert!(self.left, "{}: the shell is still there\n{}", self.name, self.screen().join("\n"));
        self.child.wait().unwrap().exit_code()
    }

    /// All turns that were seen since the last wait.
    pub fn unseen_turns(&self) -> Vec<&Observed> {
        let is_turn = |observed: &&Observed| match observed {
            Observed::TurnStarted { .. } | Observed::TurnEnded { .. } => true,
            Observed::Ready | Observed::WantsMore | Observed::NothingRan | Observed::Folder(_) => false,
        };
        self.seen.iter().filter(is_turn).collect()
    }

    /// The rows that have something on them.
    pub fn screen(&self) -> Vec<String> {
        let grid = self.term.grid();
        let rows = (-(grid.history_size() as i32)..i32::from(ROWS)).map(|line| {
            let row: String = (0..grid.columns()).map(|column| grid[Line(line)][Column(column)].c).collect();
            row.trim_end().to_owned()
        });
        rows.filter(|row| !row.is_empty()).collect()
    }

    /// Takes what the shell wrote; false where nothing came in time, or nothing will.
    fn read(&mut self, deadline: Instant) -> bool {
        let Ok(bytes) = self.bytes.recv_timeout(deadline.saturating_duration_since(Instant::now())) else {
            self.left = Instant::now() < deadline;
            return false;
        };
        for byte in bytes {
            let escaped = self.osc == Osc::Escape;
            if let Some(payload) = self.osc.take(byte) {
                for observed in self.observer.see(&payload) {
                    match &observed {
                        Observed::TurnStarted { .. } => self.answer.clear(),
                        Observed::TurnEnded { .. } => {
                            self.last_answer = plain(&String::from_utf8_lossy(&self.answer));
                        }
                        Observed::Ready | Observed::WantsMore | Observed::NothingRan | Observed::Folder(_) => {}
                    }
                    self.seen.push(observed);
                }
            } else if self.osc == Osc::Text {
                self.answer.extend(escaped.then_some(0x1b));
                self.answer.push(byte);
            }
            self.parser.advance(&mut self.term, &[byte]);
        }
        for reply in self.replies.try_iter() {
            self.writer.write_all(reply.as_bytes()).unwrap();
        }
        true
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill(); // It may have left already.
        self.master = None;
        let _ = self.child.wait(); // The same.
    }
}

/// The path of a program, if it is installed.
pub fn found(name: &str) -> Option<String> {
    let path = std::env::var("PATH").unwrap();
    let mut paths = path.split(':').map(|folder| Path::new(folder).join(name));
    paths.find(|path| path.is_file()).map(|path| path.to_str().unwrap().to_owned())
}

fn command(launch: &Launch, dir: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(&launch.program);
    command.args(&launch.args);
    command.env_clear();
    for (name, value) in &launch.env {
        command.env(name, value);
    }
    command.cwd(&launch.folder);
    for (name, content) in &launch.files {
        std::fs::write(dir.join(name), content).unwrap();
    }
    command
}

/// Text without CR and without sequences that only colour or erase.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => match chars.next() {
                Some('[') => {
                    chars.by_ref().find(|c| ('@'..='~').contains(c));
                }
                Some('(') => {
                    chars.next();
                }
                _ => {}
            },
            '\r' | '\u{7}' => {}
            c => plain.push(c),
        }
    }
    plain
}

/// Finds OSCs in the stream, as the terminal module does it.
#[derive(Debug, PartialEq, Eq)]
enum Osc {
    Text,
    Escape,
    Payload(Vec<u8>),
    PayloadEscape(Vec<u8>),
}

impl Osc {
    fn take(&mut self, byte: u8) -> Option<Vec<u8>> {
        let (next, payload) = match (std::mem::replace(self, Osc::Text), byte) {
            (Osc::Text, 0x1b) => (Osc::Escape, None),
            (Osc::Text, _) => (Osc::Text, None),
            (Osc::Escape, b']') => (Osc::Payload(Vec::new()), None),
            (Osc::Escape, _) => (Osc::Text, None),
            (Osc::Payload(payload), 0x07) => (Osc::Text, Some(payload)),
            (Osc::Payload(payload), 0x1b) => (Osc::PayloadEscape(payload), None),
            (Osc::Payload(mut payload), byte) => {
                payload.push(byte);
                (Osc::Payload(payload), None)
            }
            (Osc::PayloadEscape(payload), _) => (Osc::Text, Some(payload)),
        };
        *self = next;
        payload
    }
}

struct Size {
    columns: u16,
}

impl Dimensions for Size {
    fn total_lines(&self) -> usize {
        usize::from(ROWS)
    }

    fn screen_lines(&self) -> usize {
        usize::from(ROWS)
    }

    fn columns(&self) -> usize {
        usize::from(self.columns)
    }
}

struct Replies(Sender<String>);

impl EventListener for Replies {
    fn send_event(&self, event: Event) {
        if let Event::PtyWrite(text) = event {
            let _ = self.0.send(text); // The test is over.
        }
    }
}
