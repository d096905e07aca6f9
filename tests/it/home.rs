//! A home of its own for every test: the real program, its folders and its environment, and proof at the end that nothing is left.

pub use rustix::process::Signal;
use serde_json::Value;
use std::ffi::OsString;
use std::fmt::Debug;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use threadkeep::client::{Absent, Control};
use threadkeep::paths::Paths;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_threadkeep");
/// Nothing a test waits for takes so long, on a machine with a lot of other work either. It only ends a test that would hang.
pub const LIMIT: Duration = Duration::from_secs(180);
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// What a process needs to be gone after it has let go of its lock.
const GONE_LIMIT: Duration = Duration::from_secs(60);

pub struct Home {
    folder: TempDir,
    environment: Vec<(OsString, OsString)>,
    /// The program, and what it is run by where that is something else: another user, say.
    run_by: Vec<OsString>,
}

impl Home {
    /// Short names: the path of a socket has 107 bytes at most.
    pub fn new() -> Home {
        let folder = tempfile::Builder::new().prefix("tk").rand_bytes(5).tempdir().expect("a folder for the test");
        for name in ["u", "w"] {
            std::fs::create_dir(folder.path().join(name)).expect("folders in it");
        }
        let set = |name: &str, value: &Path| (name.into(), value.into());
        let environment = vec![
            set("THREADKEEP_HOME", &folder.path().join("h")),
            set("HOME", &folder.path().join("u")),
            set("PATH", Path::new("/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")),
            set("SHELL", Path::new("/bin/bash")),
            set("TERM", Path::new("xterm-256color")),
            set("LANG", Path::new("C.UTF-8")),
        ];
        Home { folder, environment, run_by: vec![PROGRAM.into()] }
    }

    /// `THREADKEEP_HOME`.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("h")
    }

    /// The folder that verbs are run in.
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("w").canonicalize().expect("it is there")
    }

    /// A file in that folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.work().join(name)
    }

    /// `HOME`.
    pub fn own(&self) -> PathBuf {
        self.folder.path().join("u")
    }

    /// Sets a variable for everything that is run from now on.
    pub fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.environment.retain(|(named, _)| named != name);
        self.environment.push((name.into(), value.into()));
    }

    /// From now on the program is run like this.
    pub fn run_by(&mut self, words: &[&std::ffi::OsStr]) {
        self.run_by = words.iter().map(|word| word.into()).collect();
    }

    pub fn environment(&self) -> &[(OsString, OsString)] {
        &self.environment
    }

    pub fn paths(&self) -> Paths {
        let at = |name: &str| self.path().join(name);
        Paths {
            store: at("threadkeep.db"),
            config: at("config.toml"),
            agents: at("agents"),
            lock: at("host.lock"),
            socket: at("host.sock"),
            log: at("host.log"),
            run: at("run"),
        }
    }

    /// A client of the library, for what the command line does not offer. The host must run.
    pub fn control(&self) -> Control {
        Control::connect(&self.paths(), Absent::Fail).expect("the host runs")
    }

    pub fn call(&self, arguments: &[&str]) -> Call {
        let mut command = Command::new(&self.run_by[0]);
        command
            .args(&self.run_by[1..])
            .args(arguments)
            .env_clear()
            .envs(self.environment.iter().cloned())
            .current_dir(self.work());
        Call { command, input: Vec::new() }
    }

    /// Another program with the environment of this home: one that starts ours in its own way.
    pub fn other(&self, program: &str, arguments: &[String]) -> Call {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(self.environment.iter().cloned()).current_dir(self.work());
        Call { command, input: Vec::new() }
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.call(arguments).run()
    }

    /// A new conversation in the folder of this home.
    pub fn tab(&self) -> Tab<'_> {
        let made = self.run(&["new", "--json"]).done().json();
        Tab { home: self, id: made["conversation"].to_string() }
    }

    pub fn host_pid(&self) -> i32 {
        let status = self.run(&["host", "status", "--json"]).done().json();
        i32::try_from(status["pid"].as_i64().expect("a number")).expect("a process id")
    }

    /// Kills the host as a crash would, and waits until its process is gone.
    pub fn kill_host(&self) {
        let pid = self.host_pid();
        kill(pid, Signal::KILL);
        wait_until("the killed host is gone", || !is_alive(pid));
    }

    /// The process of the holder; none where none runs.
    pub fn holder_pid(&self) -> Option<i32> {
        self.processes().into_iter().find(|pid| command_line_of(*pid).contains(" holder run"))
    }

    /// Kills host and holder as the loss of power would do to both.
    pub fn kill_host_and_holder(&self) {
        let pids: Vec<i32> = [Some(self.host_pid()), self.holder_pid()].into_iter().flatten().collect();
        for pid in &pids {
            kill(*pid, Signal::STOP);
        }
        for pid in &pids {
            kill(*pid, Signal::KILL);
        }
        wait_until("both are gone", || !pids.iter().any(|pid| is_alive(*pid)));
    }

    /// A message that runs until the gate of this name is opened.
    pub fn until_open(&self, gate: &str) -> String {
        format!("until [ -e '{}' ]; do sleep 0.05; done", self.file(gate).display())
    }

    pub fn open(&self, gate: &str) {
        std::fs::write(self.file(gate), "").expect("a gate can be opened");
    }

    /// Processes that were started for this home and live: each inherits a variable with its path in it.
    pub fn processes(&self) -> Vec<i32> {
        let path = self.folder.path().to_string_lossy().into_owned();
        all_processes().into_iter().filter(|pid| environment_of(*pid).contains(&path)).collect()
    }

    /// Ends the host and says what is left that should not be. What is left is killed, so that no test harms another.
    fn close(&self) -> Vec<String> {
        let stopped = self.run(&["host", "stop"]);
        let mut left = Vec::new();
        if stopped.code != 0 {
            left.push(format!("host stop: {stopped:?}"));
        }
        let until = Instant::now() + GONE_LIMIT;
        while !self.processes().is_empty() && Instant::now() < until {
            thread::sleep(LOOK_EVERY);
        }
        for pid in self.processes() {
            left.push(format!("process {pid}: {}", command_line_of(pid)));
            kill(pid, Signal::KILL);
        }
        let of_holder = ["holder.sock", "holder.lock"].map(|name| self.path().join(name));
        for path in [self.paths().socket, self.paths().lock].into_iter().chain(of_holder) {
            if path.exists() {
                left.push(format!("{}", path.display()));
            }
        }
        left
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let left = self.close();
        if thread::panicking() {
            // A test may have put something endless in its place.
            let log = self.paths().log;
            let log = std::fs::symlink_metadata(&log)
                .ok()
                .filter(|found| found.is_file())
                .map(|_| std::fs::read_to_string(&log));
            let log = log.and_then(Result::ok).unwrap_or_default();
            eprintln!("left behind: {left:?}\nthe host's log:\n{log}");
        } else {
            assert!(left.is_empty(), "left behind: {left:#?}");
        }
    }
}

/// One run of the program, about to be started.
pub struct Call {
    command: Command,
    input: Vec<u8>,
}

impl Call {
    pub fn set(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Call {
        self.command.env(name, value);
        self
    }

    pub fn within(mut self, folder: &Path) -> Call {
        self.command.current_dir(folder);
        self
    }

    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Call {
        self.input = bytes.into();
        self
    }

    pub fn run(self) -> Ran {
        self.start().end()
    }

    /// Starts it and lets it go on.
    pub fn start(mut self) -> Running {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the program can be started");
        let mut stdin = child.stdin.take().expect("it is piped");
        let input = self.input;
        // A program that does not read its input is no error of ours.
        thread::spawn(move || drop(stdin.write_all(&input)));
        Running { what: format!("{:?}", self.command.get_args().collect::<Vec<_>>()), child }
    }
}

/// A run that goes on.
pub struct Running {
    what: String,
    child: Child,
}

impl Running {
    /// Its end, which must come within the limit.
    pub fn end(mut self) -> Ran {
        let (sender, receiver) = channel();
        let mut streams: [Box<dyn Read + Send>; 2] = [
            Box::new(self.child.stdout.take().expect("it is piped")),
            Box::new(self.child.stderr.take().expect("it is piped")),
        ];
        let reader = thread::spawn(move || {
            let [out, error] = &mut streams;
            thread::scope(|scope| {
                let error = scope.spawn(|| read_all(error));
                let out = read_all(out);
                // The other side has stopped waiting when the limit is over.
                let _ = sender.send((out, error.join().expect("reading does not panic")));
            });
        });
        let Ok((stdout, stderr)) = receiver.recv_timeout(LIMIT) else {
            // It may have ended at this very moment.
            let _ = self.child.kill();
            panic!("threadkeep {} did not end within {LIMIT:?}", self.what);
        };
        reader.join().expect("reading does not panic");
        let status = self.child.wait().expect("it is our child");
        Ran { code: code_of(status), stdout, stderr }
    }

    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a process id")
    }
}

fn read_all(stream: &mut dyn Read) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("a pipe can be read");
    String::from_utf8(bytes).expect("the program prints UTF-8")
}

/// Writes a program that can be started. A process of its own does it: while this one has a file open for writing, whatever it starts just then in
/// another thread has it open as well for a moment, and the system starts no program that somebody has open so.
pub fn write_program(path: &Path, text: &str) {
    made_by("cat > \"$0\" && chmod 755 \"$0\"", path, text.as_bytes());
}

/// A copy of the program under test, made the same way.
pub fn copy_of_program(path: &Path) {
    made_by(&format!("cp '{PROGRAM}' \"$0\" && chmod 755 \"$0\""), path, b"");
}

fn made_by(script: &str, path: &Path, input: &[u8]) {
    let mut child =
        Command::new("/bin/sh").args(["-c", script]).arg(path).stdin(Stdio::piped()).spawn().expect("a shell runs");
    child.stdin.take().expect("it is piped").write_all(input).expect("it reads");
    assert!(child.wait().expect("it is our child").success(), "{}", path.display());
}

/// The exit code; a signal as a shell counts it.
fn code_of(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// It must have gone well.
    pub fn done(self) -> Ran {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    pub fn ended_with(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// The one object it printed.
    pub fn json(&self) -> Value {
        let mut all = self.json_lines();
        assert_eq!(all.len(), 1, "one object was expected: {self:?}");
        all.remove(0)
    }

    pub fn json_lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{self:?}"))).collect()
    }
}

/// A conversation of a home, by command line.
#[derive(Clone)]
pub struct Tab<'a> {
    pub home: &'a Home,
    pub id: String,
}

impl Tab<'_> {
    pub fn run(&self, verb: &str, more: &[&str]) -> Ran {
        self.call(verb, more).run()
    }

    pub fn call(&self, verb: &str, more: &[&str]) -> Call {
        self.home.call(&[&[verb, "-c", &self.id], more].concat())
    }

    /// Sends and waits for the turn's end, whatever that is.
    pub fn send(&self, text: &str) -> Sent {
        let ran = self.call("send", &["--wait", "--json", "-"]).input(text).run();
        Sent { value: ran.json(), code: ran.code }
    }

    /// Sends and does not wait.
    pub fn send_on(&self, text: &str) -> Sent {
        let ran = self.call("send", &["--json", "-"]).input(text).run();
        Sent { value: ran.json(), code: ran.code }
    }

    /// Sends, and returns when the turn was seen running.
    pub fn send_and_see_it_run(&self, text: &str) -> Sent {
        let sent = self.send_on(text);
        self.wait_for("the turn works", |state| state["turn_state"] == "working");
        sent
    }

    /// This conversation as `ls` tells it.
    pub fn state(&self) -> Value {
        let all = self.home.run(&["ls", "--json"]).done().json_lines();
        let id = self.id.parse::<i64>().ok();
        all.into_iter().find(|one| one["conversation"].as_i64() == id).expect("it is listed")
    }

    pub fn wait_for(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let mut state = self.state();
        wait_until_or(
            what,
            || {
                state = self.state();
                is_so(&state).then_some(state.clone())
            },
            || self.state(),
        )
    }

    pub fn log(&self) -> Vec<Value> {
        self.run("log", &["--json"]).done().json_lines()
    }

    pub fn why(&self) -> Vec<Value> {
        self.run("why", &["--json"]).done().json_lines()
    }

    /// The process of its shell.
    pub fn pid(&self) -> i32 {
        let state = self.wait_for("its process is known", |state| state["pid"].is_i64());
        i32::try_from(state["pid"].as_i64().expect("a number")).expect("a process id")
    }
}

/// What `send --json` told.
#[derive(Debug)]
pub struct Sent {
    pub value: Value,
    pub code: i32,
}

impl Sent {
    /// A text of the object; empty where it is null.
    pub fn text(&self, field: &str) -> &str {
        match &self.value[field] {
            Value::String(text) => text,
            Value::Null => "",
            other => panic!("{field} is no text: {other} in {self:?}"),
        }
    }

    pub fn number(&self, field: &str) -> i64 {
        self.value[field].as_i64().unwrap_or_else(|| panic!("{field} is no number in {self:?}"))
    }

    pub fn answer(&self) -> &str {
        self.text("answer")
    }

    #[track_caller]
    pub fn is(self, decision: &str, why: &str, state: &str) -> Sent {
        let told = (self.text("decision"), self.text("why"), self.text("state"));
        assert_eq!(told, (decision, why, state), "{self:?}");
        self
    }

    /// Reused and completed, as most messages are.
    #[track_caller]
    pub fn reused(self) -> Sent {
        self.is("reused", "agent_alive", "completed")
    }
}

/// Waits for a named thing.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    wait_until_or(what, || is_so().then_some(()), || "");
}

/// Waits until there is something; what is told by `otherwise` stands in the message of a failure.
#[track_caller]
pub fn wait_until_or<T, E: Debug>(what: &str, mut find: impl FnMut() -> Option<T>, otherwise: impl Fn() -> E) -> T {
    let until = Instant::now() + LIMIT;
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(Instant::now() < until, "not within {LIMIT:?}: {what}; {:?}", otherwise());
        thread::sleep(LOOK_EVERY);
    }
}

pub fn kill(pid: i32, signal: Signal) {
    let pid = rustix::process::Pid::from_raw(pid).expect("a process id");
    // Gone since it was seen.
    let _ = rustix::process::kill_process(pid, signal);
}

/// Whether a thread of the process lives: a killed one keeps its files open until its last thread is gone.
pub fn is_alive(pid: i32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    threads.into_iter().any(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().next());
        state.is_some_and(|state| !matches!(state, "Z" | "X"))
    })
}

pub fn all_processes() -> Vec<i32> {
    let folder = std::fs::read_dir("/proc").expect("these tests need /proc");
    folder.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// The environment a process was started with; empty for those that are gone or not ours.
pub fn environment_of(pid: i32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

pub fn command_line_of(pid: i32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}
