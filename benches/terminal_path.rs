//! What stands between a program in a tab and the person: measured against a bare pty and against tmux, in the same run.
//!
//! One command, a few minutes, a table at the end: `cargo bench --bench terminal_path`
//! Only some of it: `cargo bench --bench terminal_path -- drain echo attach idle` (any of these words).
//! Smaller or larger: `BENCH_MB=100` (the flood), `BENCH_KEYS=300` (the echoes of a round), `BENCH_ROUNDS=3`, `BENCH_ATTACHES=20`,
//! `BENCH_SESSIONS=100`. On a machine with other work run it again, and with more rounds.
//!
//! Every client is the real program on a pty of 120x40 that this process plays the terminal for: it reads all that comes at once and
//! notes when. Times are taken by the one clock of this process. Needs Linux (`/proc`); says so where tmux is not installed.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_threadkeep");
const COLUMNS: u16 = 120;
const ROWS: u16 = 40;
/// Nothing that is measured takes so long.
const LIMIT: Duration = Duration::from_secs(300);
/// Printed by the programs in the panes in two parts, so that a command line that is echoed is not taken for them.
const READY: &str = "RDYMARK";
const DONE: &str = "ZZDONE";
/// Keys that neither a status line nor an escape sequence has in it.
const KEYS: &[u8] = b"~%&={}|";
/// The mean pause between keys; the moment must not keep step with anything.
const KEY_GAP_MS: u64 = 8;
const FLOODS: usize = 8;
const STORED: usize = 1000;
/// What Linux counts in for programs, on every machine.
const TICKS_A_SECOND: f64 = 100.0;
const IDLE_AFTER: Duration = Duration::from_secs(20);
const IDLE_FOR: Duration = Duration::from_secs(8);

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    let has_tmux = Command::new("tmux").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !has_tmux {
        println!("tmux is not installed: its columns stay empty");
    }
    let mut table = Table::default();
    if is_wanted("drain") {
        drains(&mut table, has_tmux);
    }
    if is_wanted("echo") {
        echoes(&mut table, has_tmux);
    }
    if is_wanted("attach") {
        attaches(&mut table, has_tmux);
    }
    if is_wanted("idle") {
        idles(&mut table, has_tmux);
    }
    table.print();
}

fn setting(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

/// How the figures are compared.
#[derive(Clone, Copy)]
enum Better {
    More,
    Less,
}

#[derive(Default)]
struct Table {
    rows: Vec<[String; 6]>,
}

impl Table {
    /// `must` is the issue's word for it. Ratios are ours to theirs.
    fn row(&mut self, name: &str, figures: [Option<f64>; 3], better: Better, must: &str) {
        let [raw, tmux, ours] = figures;
        let figure = |figure: Option<f64>| figure.map_or("-".to_owned(), |figure| format!("{figure:.2}"));
        let ratio = |to: Option<f64>, name| match (ours, to) {
            (Some(ours), Some(to)) if to > 0.0 => Some(format!("{:.2}x {name}", ours / to)),
            _ => None,
        };
        let arrow = match better {
            Better::More => "more is better",
            Better::Less => "less is better",
        };
        let ratios: Vec<String> = [ratio(raw, "raw"), ratio(tmux, "tmux")].into_iter().flatten().collect();
        let ratios = ratios.join(", ");
        let row = [name.to_owned(), figure(raw), figure(tmux), figure(ours), ratios, format!("{must} ({arrow})")];
        println!("  {}", row.join(" | "));
        self.rows.push(row);
    }

    fn print(&self) {
        let head = ["", "raw pty", "tmux", "threadkeep", "threadkeep to", "must"].map(str::to_owned);
        let width = |column: usize| {
            self.rows.iter().chain([&head]).map(|row| row[column].chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let mut text = String::new();
        for row in [&head].into_iter().chain(&self.rows) {
            for (cell, width) in row.iter().zip(&widths) {
                // Writing to a String does not fail.
                let _ = write!(text, "{cell:<width$}  ");
            }
            text = text.trim_end().to_owned() + "\n";
        }
        println!("\n{COLUMNS}x{ROWS}, {} build\n{text}", if cfg!(debug_assertions) { "debug" } else { "release" });
    }
}

fn drains(table: &mut Table, has_tmux: bool) {
    let bytes = setting("BENCH_MB", 100) * 1_000_000;
    for (name, make, must) in [
        ("plain", plain as fn(usize) -> Vec<u8>, "0.8x raw, 2x tmux"),
        ("SGR", coloured, "4x tmux"),
        ("unicode", unicode, "4x tmux"),
    ] {
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("flood");
        std::fs::write(&file, make(bytes)).expect("room for the flood");
        println!("drain of {} MB {name}", bytes / 1_000_000);
        let program = format!("{}cat '{}'; printf 'ZZ''DONE'; exec sleep 100000", gate(), file.display());
        // The best of some rounds in turn: others on this machine disturb each of them, and never make one faster.
        let mut best: [Option<Drained>; 3] = [None, None, None];
        for _ in 0..setting("BENCH_ROUNDS", 3) {
            for (best, target) in best.iter_mut().zip(targets(has_tmux)) {
                let drained = target.map(|target| drain(target, &program, bytes));
                if best.as_ref().map(|best| best.rate) < drained.as_ref().map(|drained| drained.rate) {
                    *best = drained;
                }
            }
        }
        let [raw, tmux, ours] = &best;
        let of = |figures: &Option<Drained>, field: fn(&Drained) -> f64| figures.as_ref().map(field);
        let row = |field: fn(&Drained) -> f64| [of(raw, field), of(tmux, field), of(ours, field)];
        table.row(&format!("drain {name}, MB/s"), row(|drained| drained.rate), Better::More, must);
        let [_, tmux, ours] = row(|drained| drained.to_client);
        table.row("  to the client meanwhile, MB/s", [None, tmux, ours], Better::Less, "1");
        let [_, tmux, ours] = row(|drained| drained.cpu);
        table.row("  processor seconds of server and client", [None, tmux, ours], Better::Less, "-");
    }
}

struct Drained {
    rate: f64,
    to_client: f64,
    cpu: f64,
}

fn drain(target: Target, program: &str, bytes: usize) -> Drained {
    let server = Server::start(target);
    let mut client = server.open(program);
    client.press_until_ready();
    let pids = [server.pids(), vec![client.pid()]].concat();
    let (cpu, before, begin) = (cpu_seconds(&pids), client.total, Instant::now());
    client.write(b"go\r");
    let end = client.wait_for(DONE, LIMIT).expect("the flood ends");
    let seconds = (end - begin).as_secs_f64();
    Drained {
        rate: bytes as f64 / 1e6 / seconds,
        to_client: (client.total - before) as f64 / 1e6 / seconds,
        cpu: cpu_seconds(&pids) - cpu,
    }
}

fn echoes(table: &mut Table, has_tmux: bool) {
    for (name, floods, must50, must99) in
        [("idle", 0, "1.3x tmux", "2x tmux"), ("with 8 floods", FLOODS, "0.5x tmux", "1.5x tmux")]
    {
        println!("key echo {name}");
        // All keys of some rounds in turn, so that what others do on this machine falls on each of the three.
        let mut all: [Option<Vec<f64>>; 3] = targets(has_tmux).map(|target| target.map(|_| Vec::new()));
        for _ in 0..setting("BENCH_ROUNDS", 3) {
            for (all, target) in all.iter_mut().zip(targets(has_tmux)) {
                if let (Some(all), Some(target)) = (all, target) {
                    all.extend(echo(target, floods));
                    all.sort_by(f64::total_cmp);
                }
            }
        }
        let [raw, tmux, ours] = &all;
        let row = |of: f64| [raw, tmux, ours].map(|times| times.as_ref().map(|times| percentile(times, of)));
        table.row(&format!("echo {name}, p50 ms"), row(0.50), Better::Less, must50);
        table.row(&format!("echo {name}, p99 ms"), row(0.99), Better::Less, must99);
    }
}

/// Milliseconds from a key to its echo.
fn echo(target: Target, floods: usize) -> Vec<f64> {
    let server = Server::start(target);
    let flood = "exec yes threadkeep-flood-line-0123456789-0123456789-0123456789";
    // A bare pty has no server that would read its floods: somebody must.
    let mut held = Vec::new();
    for _ in 0..floods {
        held.extend(server.open_hidden(flood));
    }
    let mut client = server.open(&format!("{}stty raw -echo; exec cat", gate()));
    client.press_until_ready();
    client.write(b"go\r");
    client.settle(Duration::from_millis(500), Duration::from_secs(3));
    let (keys, warm_up) = (setting("BENCH_KEYS", 300), 20);
    let mut times = Vec::new();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for number in 0..keys + warm_up {
        let key = KEYS[number % KEYS.len()];
        let begin = Instant::now();
        client.write(&[key]);
        let seen = client.wait_for_key(key, Duration::from_secs(5)).expect("the key comes back");
        if number >= warm_up {
            times.push((seen - begin).as_secs_f64() * 1e3);
        }
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        client.read_for(Duration::from_micros(KEY_GAP_MS * 500 + random % (KEY_GAP_MS * 1000)));
        if number % 90 == 89 {
            client.write(b"\r\n");
            client.settle(Duration::from_millis(80), Duration::from_millis(500));
        }
    }
    times
}

fn attaches(table: &mut Table, has_tmux: bool) {
    let sessions = setting("BENCH_SESSIONS", 100);
    for (name, others, stored) in [
        ("1 session".to_owned(), 0, 0),
        (format!("{sessions} sessions, {STORED} stored conversations"), sessions.saturating_sub(1), STORED),
    ] {
        println!("attach, {name}");
        let figures = targets(has_tmux)
            .map(|target| target.filter(|target| *target != Target::Raw).map(|target| attach(target, others, stored)));
        let [_, tmux, ours] = &figures;
        let row = |of: f64| {
            [None, tmux.as_ref().map(|all| percentile(all, of)), ours.as_ref().map(|all| percentile(all, of))]
        };
        table.row(&format!("attach, {name}, p50 ms"), row(0.50), Better::Less, "1.3x tmux, the same with 100");
        table.row("  p90 ms", row(0.90), Better::Less, "-");
    }
}

/// Milliseconds from the start of a client until text that was in the pane before is painted, sorted.
fn attach(target: Target, others: usize, stored: usize) -> Vec<f64> {
    let mut server = Server::start(target);
    for _ in 0..others {
        server.create("exec cat");
    }
    server.store(stored);
    let session = server.create("seq 1 2000; printf 'RDY''MARK'; exec cat");
    let mut times = Vec::new();
    for number in 0..=setting("BENCH_ATTACHES", 20) {
        let begin = Instant::now();
        let mut client = server.attach(&session);
        let painted = client.wait_for(READY, Duration::from_secs(20)).expect("the pane is painted");
        // The first one finds the program still starting.
        if number > 0 {
            times.push((painted - begin).as_secs_f64() * 1e3);
        }
        client.settle(Duration::from_millis(100), Duration::from_secs(1));
    }
    times.sort_by(f64::total_cmp);
    times
}

fn idles(table: &mut Table, has_tmux: bool) {
    let sessions = setting("BENCH_SESSIONS", 100);
    println!("idle, {sessions} sessions and one client");
    let figures = targets(has_tmux)
        .map(|target| target.filter(|target| *target != Target::Raw).map(|target| idle(target, sessions)));
    let [_, tmux, ours] = &figures;
    let row = |field: fn(&Idle) -> f64| [None, tmux.as_ref().map(field), ours.as_ref().map(field)];
    table.row(&format!("idle, {sessions} sessions, % of a core"), row(|idle| idle.percent), Better::Less, "0.2");
    table.row("  wake-ups a second", row(|idle| idle.wake_ups), Better::Less, "5");
    table.row("  KiB of the server a session", row(|idle| idle.session_kib), Better::Less, "400");
    table.row("  MiB of the server with one session", row(|idle| idle.first_mib), Better::Less, "15");
}

struct Idle {
    percent: f64,
    wake_ups: f64,
    session_kib: f64,
    first_mib: f64,
}

fn idle(target: Target, sessions: usize) -> Idle {
    let server = Server::start(target);
    let first = server.create("exec sleep 100000");
    wait_for_quiet(&server.pids());
    let before = resident_kib(&server.pids());
    for _ in 1..sessions {
        server.create("exec sleep 100000");
    }
    let mut client = server.attach(&first);
    client.settle(Duration::from_secs(1), Duration::from_secs(10));
    wait_for_quiet(&server.pids());
    // Some time after its last output a session tidies up once, and the deadlines of the turns that started run out; neither is idleness.
    client.read_for(IDLE_AFTER);
    let resident = resident_kib(&server.pids());
    let pids = [server.pids(), vec![client.pid()]].concat();
    let (cpu, switches, begin) = (cpu_seconds(&pids), switches(&pids), Instant::now());
    client.read_for(IDLE_FOR);
    let seconds = begin.elapsed().as_secs_f64();
    Idle {
        percent: (cpu_seconds(&pids) - cpu) / seconds * 100.0,
        wake_ups: (self::switches(&pids) - switches) as f64 / seconds,
        session_kib: (resident as f64 - before as f64) / (sessions.max(2) - 1) as f64,
        first_mib: before as f64 / 1024.0,
    }
}

/// Until what the sessions printed at their start is worked off.
fn wait_for_quiet(pids: &[u32]) {
    for _ in 0..60 {
        let before = cpu_seconds(pids);
        thread::sleep(Duration::from_secs(1));
        if cpu_seconds(pids) - before < 0.02 {
            return;
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Raw,
    Tmux,
    Threadkeep,
}

fn targets(has_tmux: bool) -> [Option<Target>; 3] {
    [Some(Target::Raw), has_tmux.then_some(Target::Tmux), Some(Target::Threadkeep)]
}

/// What keeps the sessions, in a folder of its own; gone with all it started when dropped.
struct Server {
    target: Target,
    folder: TempDir,
    sessions: std::cell::Cell<usize>,
}

/// A session that a client can be attached to.
struct Session {
    name: String,
    /// Where the window is opened, so that it opens on this conversation.
    folder: PathBuf,
}

impl Server {
    fn start(target: Target) -> Server {
        let folder = tempfile::Builder::new().prefix("tkb").tempdir().expect("a folder");
        let home = folder.path().join("h");
        std::fs::DirBuilder::new().mode(0o700).create(&home).expect("a folder");
        let config = "start_keyboard = \"agent\"\nturn_panel = \"hidden\"\n";
        std::fs::write(home.join("config.toml"), config).expect("a file");
        let server = Server { target, folder, sessions: 0.into() };
        if target == Target::Tmux {
            // Without a session a server does not stay.
            server.run("tmux", &["-f", "/dev/null", "new-session", "-d", "-s", "keep", "exec sleep 100000"]);
        }
        server
    }

    fn environment(&self) -> Vec<(String, String)> {
        let path = |name: &str| self.folder.path().join(name).to_string_lossy().into_owned();
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        vec![
            set("THREADKEEP_HOME", &path("h")),
            set("TMUX_TMPDIR", &path("")),
            set("HOME", &path("")),
            set("PATH", &std::env::var("PATH").unwrap_or_default()),
            set("SHELL", "/bin/sh"),
            set("TERM", "xterm-256color"),
            set("COLORTERM", "truecolor"),
            set("LANG", "C.UTF-8"),
        ]
    }

    /// Runs a program to its end and returns what it printed.
    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(self.environment())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("it can be started");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Starts a session that runs this program of sh, with nobody attached.
    fn create(&self, program: &str) -> Session {
        let number = self.sessions.get();
        self.sessions.set(number + 1);
        let name = format!("s{number}");
        let folder = self.folder.path().join(&name);
        std::fs::create_dir(&folder).expect("a folder");
        let script = folder.join("program");
        std::fs::write(&script, program).expect("a file");
        let command = format!("exec sh '{}'", script.display());
        match self.target {
            Target::Raw => {}
            Target::Tmux => {
                let (columns, rows) = (COLUMNS.to_string(), ROWS.to_string());
                self.run("tmux", &["new-session", "-d", "-s", &name, "-x", &columns, "-y", &rows, &command]);
            }
            Target::Threadkeep => {
                let folder = folder.to_string_lossy();
                let conversation = self.run(PROGRAM, &["new", "--cwd", &folder]);
                self.run(PROGRAM, &["send", "-c", &conversation, &command]);
            }
        }
        Session { name, folder }
    }

    /// Conversations that are in the store and in no tab.
    fn store(&mut self, count: usize) {
        use threadkeep::client::{Absent, Control};
        use threadkeep::paths::Paths;
        use threadkeep::protocol::message::{Reply, Request};
        if self.target != Target::Threadkeep || count == 0 {
            return;
        }
        let at = |name: &str| self.folder.path().join("h").join(name);
        let paths = Paths {
            store: at("threadkeep.db"),
            config: at("config.toml"),
            agents: at("agents"),
            lock: at("host.lock"),
            socket: at("host.sock"),
            log: at("host.log"),
            run: at("run"),
        };
        let mut control = Control::connect(&paths, Absent::Fail).expect("the host runs");
        for number in 0..count {
            let new =
                Request::New { agent: None, model: None, folder: "/".into(), title: Some(format!("stored {number}")) };
            let Ok(Reply::Created { conversation }) = control.ask(&new, None) else {
                panic!("a conversation could not be made");
            };
            // A draft keeps it from being forgotten with its tab.
            let draft = Request::SaveDraft { conversation, text: "words to come back to".into() };
            for request in [draft, Request::CloseTab { conversation }] {
                assert_eq!(control.ask(&request, None).expect("the host runs"), Reply::Done);
            }
        }
    }

    fn attach(&self, session: &Session) -> Client {
        let script = session.folder.join("program");
        let script = script.to_string_lossy();
        let arguments = match self.target {
            Target::Raw => vec!["sh", &script],
            Target::Tmux => vec!["tmux", "attach", "-t", &session.name],
            Target::Threadkeep => vec![PROGRAM],
        };
        Client::start(&arguments, &self.environment(), &session.folder)
    }

    fn open(&self, program: &str) -> Client {
        self.attach(&self.create(program))
    }

    /// A session that nobody looks at. A bare pty is read by a client that throws all away.
    fn open_hidden(&self, program: &str) -> Option<Hidden> {
        let session = self.create(program);
        (self.target == Target::Raw).then(|| Hidden::read(self.attach(&session)))
    }

    fn pids(&self) -> Vec<u32> {
        let told = match self.target {
            Target::Raw => return Vec::new(),
            Target::Tmux => self.run("tmux", &["display-message", "-p", "#{pid}"]),
            Target::Threadkeep => {
                let status = self.run(PROGRAM, &["host", "status", "--json"]);
                let status: serde_json::Value = serde_json::from_str(&status).expect("one object");
                status["pid"].to_string()
            }
        };
        vec![told.parse().expect("a process id")]
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        match self.target {
            Target::Raw => {}
            Target::Tmux => drop(self.run("tmux", &["kill-server"])),
            Target::Threadkeep => drop(self.run(PROGRAM, &["host", "stop"])),
        }
    }
}

/// A program on a pty that this process plays the terminal for. What it writes is read at once, on a thread, with the time.
struct Client {
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    /// Kept open for as long as the client is to live.
    _master: Box<dyn MasterPty + Send>,
    chunks: Receiver<(Instant, Vec<u8>)>,
    total: usize,
}

impl Client {
    fn start(arguments: &[&str], environment: &[(String, String)], folder: &Path) -> Client {
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pty");
        let mut command = CommandBuilder::new(arguments[0]);
        command.args(&arguments[1..]);
        command.env_clear();
        for (name, value) in environment {
            command.env(name, value);
        }
        command.cwd(folder);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let (sender, chunks) = channel();
        let child = pair.slave.spawn_command(command).expect("the client can be started");
        drop(pair.slave);
        thread::spawn(move || {
            let mut buffer = vec![0; 1 << 20];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send((Instant::now(), buffer[..count].to_vec())).is_err() {
                    break;
                }
            }
        });
        Client { child, writer, _master: pair.master, chunks, total: 0 }
    }

    fn pid(&self) -> u32 {
        self.child.process_id().expect("it was started")
    }

    fn write(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).and_then(|()| self.writer.flush()).expect("the client takes keys");
    }

    fn next(&mut self, limit: Duration) -> Option<(Instant, Vec<u8>)> {
        match self.chunks.recv_timeout(limit) {
            Ok((at, chunk)) => {
                self.total += chunk.len();
                Some((at, chunk))
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("the client ended"),
        }
    }

    /// Reads until the text shows, escape sequences left out; tells when it came.
    fn wait_for(&mut self, text: &str, limit: Duration) -> Option<Instant> {
        let until = Instant::now() + limit;
        let (mut tail, mut last) = (Vec::new(), None);
        while Instant::now() < until {
            // Sequences are taken out only when it is quiet: in a flood this process must do nothing but read.
            match self.next(Duration::from_millis(if last.is_some() { 2 } else { 100 })) {
                Some((at, chunk)) => {
                    tail.extend(chunk);
                    if memchr::memmem::find(&tail, text.as_bytes()).is_some() {
                        return Some(at);
                    }
                    let spare = tail.len().saturating_sub(16 * 1024);
                    tail.drain(..spare);
                    last = Some(at);
                }
                None => {
                    if let Some(at) = last.take()
                        && memchr::memmem::find(&plain_text(&tail), text.as_bytes()).is_some()
                    {
                        return Some(at);
                    }
                }
            }
        }
        None
    }

    fn wait_for_key(&mut self, key: u8, limit: Duration) -> Option<Instant> {
        let until = Instant::now() + limit;
        while Instant::now() < until {
            if let Some((at, chunk)) = self.next(Duration::from_millis(100))
                && plain_text(&chunk).contains(&key)
            {
                return Some(at);
            }
        }
        None
    }

    /// Presses Enter until the gate answers.
    fn press_until_ready(&mut self) {
        self.settle(Duration::from_millis(300), Duration::from_secs(5));
        for _ in 0..60 {
            self.write(b"\r");
            if self.wait_for(READY, Duration::from_millis(500)).is_some() {
                self.settle(Duration::from_millis(300), Duration::from_secs(5));
                return;
            }
        }
        panic!("the program in the pane never answered");
    }

    /// Reads until nothing came for some time.
    fn settle(&mut self, quiet: Duration, most: Duration) {
        let until = Instant::now() + most;
        while Instant::now() < until && self.next(quiet).is_some() {}
    }

    fn read_for(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            self.next(left);
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It may be gone already; closing the pty does the rest.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client whose output goes nowhere.
struct Hidden {
    over: std::sync::Arc<std::sync::atomic::AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Hidden {
    fn read(mut client: Client) -> Hidden {
        let over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let told = over.clone();
        let thread = thread::spawn(move || {
            while !told.load(std::sync::atomic::Ordering::Relaxed) {
                client.next(Duration::from_millis(100));
            }
        });
        Hidden { over, thread: Some(thread) }
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        self.over.store(true, std::sync::atomic::Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A reader that panicked has said so.
            let _ = thread.join();
        }
    }
}

/// Answers with a mark until it is told to go.
fn gate() -> &'static str {
    "while read x; do [ \"$x\" = go ] && break; printf 'RDY''MARK'; done; "
}

/// The bytes without escape sequences and control bytes.
fn plain_text(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (0x1b, Some(b'[')) => {
                at += 2;
                while bytes.get(at).is_some_and(|byte| !(0x40..=0x7e).contains(byte)) {
                    at += 1;
                }
            }
            (0x1b, Some(b']' | b'P' | b'_')) => {
                while bytes.get(at).is_some_and(|byte| *byte != 0x07 && *byte != b'\\') {
                    at += 1;
                }
            }
            (0x1b, Some(b'(' | b')')) => at += 2,
            (0x1b, _) => at += 1,
            (0..=0x1f, _) => {}
            (byte, _) => plain.push(byte),
        }
        at += 1;
    }
    plain
}

fn percentile(sorted: &[f64], of: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * of).round() as usize).copied().unwrap_or(f64::NAN)
}

/// User and system time that these processes have used.
fn cpu_seconds(pids: &[u32]) -> f64 {
    let ticks: u64 = pids
        .iter()
        .map(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
            [11, 12].iter().filter_map(|field| fields.get(*field)?.parse::<u64>().ok()).sum::<u64>()
        })
        .sum();
    ticks as f64 / TICKS_A_SECOND
}

/// Proportional memory, so that what processes share counts once.
fn resident_kib(pids: &[u32]) -> u64 {
    let of = |pid: &u32| {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let line = rollup.lines().find(|line| line.starts_with("Pss:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    pids.iter().filter_map(of).sum()
}

/// How often any thread of these processes was put on a processor.
fn switches(pids: &[u32]) -> u64 {
    let mut count = 0;
    for pid in pids {
        for thread in std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let status = std::fs::read_to_string(thread.path().join("status")).unwrap_or_default();
            let lines = status.lines().filter(|line| line.contains("ctxt_switches"));
            count += lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum::<u64>();
        }
    }
    count
}

fn plain(bytes: usize) -> Vec<u8> {
    repeat_to(bytes, |out, number| {
        let _ =
            writeln!(out, "{number:08} the quick brown fox jumps over the lazy dog and runs through the woods again");
    })
}

fn coloured(bytes: usize) -> Vec<u8> {
    repeat_to(bytes, |out, number| {
        for word in 0..8 {
            let color = (number * 7 + word * 13) % 256;
            let _ = write!(out, "\x1b[1;38;5;{color}mword\x1b[0m \x1b[48;2;{color};10;20mx\x1b[m ");
        }
        out.push(b'\n');
    })
}

fn unicode(bytes: usize) -> Vec<u8> {
    repeat_to(bytes, |out, number| {
        let _ = writeln!(out, "{number:06} 漢字かな交じり文 ünïcödé Ελληνικά русский 👍🎉 e\u{301} ▓▒░ →←↑↓ 한국어");
    })
}

fn repeat_to(bytes: usize, mut line: impl FnMut(&mut Vec<u8>, usize)) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes + 1024);
    let mut number = 0;
    while out.len() < bytes {
        line(&mut out, number);
        number += 1;
    }
    out.truncate(bytes);
    // The last line may end within a character.
    out.extend(b"\n");
    out
}
