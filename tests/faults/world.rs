//! What faults speak through: a home with the fake agent, points, tools of the system, and what can be seen of a host from outside.

use super::Skipped;
use super::agent::LEDGER;
use super::home::{Home, LIMIT, Running, Signal, Tab, command_line_of, is_alive, kill, wait_until};
use rustix::process::getuid;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use threadkeep::domain::id::ConversationId;
use threadkeep::protocol::message::Request;

const PROFILE: &str = include_str!("../it/coder/coder.toml");

/// A home in which the fake agent is known by its name `fake`.
pub fn world() -> Home {
    let mut home = Home::new();
    fs::DirBuilder::new().mode(0o700).create(home.path()).expect("the home");
    teach(&home);
    for (variable, folder) in [(LEDGER, "ledger"), ("THREADKEEP_POINTS", "points")] {
        fs::create_dir(home.file(folder)).expect("a folder");
        home.set(variable, home.file(folder));
    }
    home
}

/// Puts the profile into the home; again where another disk was put in its place.
pub fn teach(home: &Home) {
    let program = std::env::current_exe().expect("this program");
    teach_program(home, &program);
}

/// The same with a copy of this program.
pub fn teach_program(home: &Home, program: &Path) {
    let profile = PROFILE
        .replace("PROGRAM", program.to_str().expect("UTF-8"))
        .replace("name = \"coder\"", "name = \"fake\"")
        .replace("_ms = 30000", "_ms = 10000")
        .replace("[\"--id\"", "[\"agent\", \"--id\"")
        .replace("[\"--resume\"", "[\"agent\", \"--resume\"");
    fs::create_dir_all(home.paths().agents).expect("a folder");
    let file = home.paths().agents.join("fake.toml");
    fs::write(&file, profile).expect("a file");
    done(&format!("chmod 600 {}", file.display()));
}

/// An agent that says nothing by itself: its hooks are all that is heard, and the test calls them.
pub fn teach_hooks(home: &Home) {
    let fake = fs::read_to_string(home.paths().agents.join("fake.toml")).expect("it is taught");
    let hooks = r#"source = "hook"

[[signal.rule]]
when = { "/hook_event_name" = "SessionStart" }
means = "idle"

[[signal.rule]]
when = { "/hook_event_name" = "UserPromptSubmit" }
means = "started"
text = "/prompt"

[[signal.rule]]
when = { "/hook_event_name" = "Stop" }
means = "done"
answer = "/last_assistant_message"
"#;
    let profile = fake
        .replace("name = \"fake\"", "name = \"hooked\"")
        .replace("source = \"program-status\"", hooks)
        .replace("[\"agent\", ", "[\"agent\", \"mute\", ")
        .replace("model = [", "env = { THREADKEEP_TOKEN = \"{token}\" }\nmodel = [");
    let file = home.paths().agents.join("hooked.toml");
    fs::write(&file, profile).expect("a file");
    done(&format!("chmod 600 {}", file.display()));
}

pub fn fake_tab(home: &Home) -> Tab<'_> {
    tab_of(home, "fake")
}

pub fn tab_of<'a>(home: &'a Home, agent: &str) -> Tab<'a> {
    let made = home.run(&["new", "--agent", agent, "--json"]).done().json();
    Tab { home, id: made["conversation"].to_string() }
}

/// Ends the process of a conversation's session, as a person does in the window.
pub fn stop_session(tab: &Tab) {
    let conversation = ConversationId(tab.id.parse().expect("a number"));
    let stopped = tab.home.control().ask(&Request::StopSession { conversation }, Some(LIMIT));
    stopped.expect("it can be stopped");
}

/// What all agents of the home wrote into this ledger.
pub fn ledger(home: &Home, name: &str) -> Vec<String> {
    let text = fs::read_to_string(home.file("ledger").join(name)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Holds whoever comes to this point.
pub struct Point {
    held: PathBuf,
    reached: PathBuf,
}

impl Point {
    pub fn hold(home: &Home, name: &str) -> Point {
        let folder = home.file("points");
        let point = Point { held: folder.join(name), reached: folder.join(format!("{name}.reached")) };
        // Of an earlier round.
        let _ = fs::remove_file(&point.reached);
        fs::write(&point.held, "").expect("a point can be held");
        point
    }

    /// The process that is held there.
    pub fn reached(&self) -> i32 {
        let mut pid = None;
        wait_until("the point is reached", || {
            pid = fs::read_to_string(&self.reached).ok().and_then(|text| text.parse().ok());
            pid.is_some()
        });
        pid.expect("it was just seen")
    }

    /// Kills the process there, as a crash at exactly this moment would.
    pub fn kill(self) {
        let pid = self.reached();
        kill(pid, Signal::KILL);
        self.release();
        wait_until("it is dead", || !is_alive(pid));
    }

    pub fn release(self) {
        fs::remove_file(&self.held).expect("it was held");
    }
}

/// A tool of the system, with its arguments in one text without blanks in them.
pub fn tool(line: &str) -> Output {
    let mut words = line.split_whitespace();
    let program = words.next().expect("a program");
    Command::new(program).args(words).output().unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// It must go well.
pub fn done(line: &str) -> String {
    let output = tool(line);
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn need_root() -> Result<(), Skipped> {
    if getuid().is_root() { Ok(()) } else { Err(Skipped("it needs root".into())) }
}

pub fn need(program: &str) -> Result<(), Skipped> {
    match Command::new(program).arg("--version").output() {
        Ok(_) => Ok(()),
        Err(_) => Err(Skipped(format!("{program} is not here"))),
    }
}

/// A disk of its own in the place of the home; unmounted with this.
pub struct Disk {
    pub at: PathBuf,
}

impl Disk {
    pub fn in_memory(at: &Path, bytes: &str) -> Result<Disk, Skipped> {
        need_root()?;
        fs::create_dir_all(at).expect("a folder");
        let output = tool(&format!("mount -t tmpfs -o size={bytes},mode=0700 faults {}", at.display()));
        if output.status.success() {
            Ok(Disk { at: at.into() })
        } else {
            Err(Skipped("no tmpfs can be mounted".into()))
        }
    }

    /// Writes until not a byte more goes in.
    pub fn fill(&self) -> PathBuf {
        use std::io::Write;
        let path = self.at.join("filler");
        let mut file = fs::File::create(&path).expect("a file");
        for size in [4096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whatever still stands in it; the folder must become free for those that clean up.
        tool(&format!("umount -l {}", self.at.display()));
    }
}

/// The host's process, as its folder's lock and socket tell it; none where nobody serves.
pub fn host(home: &Home) -> Option<i32> {
    let status = home.run(&["host", "status", "--json"]);
    (status.code == 0).then(|| status.json()["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok())).flatten()
}

pub fn trouble(home: &Home) -> Value {
    home.run(&["host", "status", "--json"]).done().json()["store_trouble"].clone()
}

/// Waits for the trouble, or for its end.
pub fn until_trouble(home: &Home) -> String {
    wait_until("the trouble is known", || trouble(home).is_string());
    trouble(home).to_string()
}

/// How long until saving worked again.
pub fn until_well(home: &Home) -> Duration {
    let began = Instant::now();
    wait_until("the trouble is over", || trouble(home).is_null());
    began.elapsed()
}

/// Descriptors, threads and kilobytes of memory of a process.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    pub descriptors: usize,
    pub threads: usize,
    pub memory_kb: usize,
    /// Hundredths of a second of processor time.
    pub cpu: u64,
}

pub fn held_by(pid: i32) -> Held {
    let count = |what: &str| fs::read_dir(format!("/proc/{pid}/{what}")).expect("it lives").count();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is told");
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    let fields: Vec<u64> =
        stat.rsplit_once(')').expect("its form").1.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect();
    Held {
        descriptors: count("fd"),
        threads: count("task"),
        memory_kb: memory.trim().trim_end_matches(" kB").parse().expect("a number"),
        cpu: fields[11] + fields[12],
    }
}

/// What its descriptors are.
pub fn opened_by(pid: i32) -> Vec<PathBuf> {
    let all = fs::read_dir(format!("/proc/{pid}/fd")).expect("it lives").flatten();
    all.filter_map(|one| fs::read_link(one.path()).ok()).collect()
}

/// Starts this home's host under a tracer that makes calls of it fail. Ends with the host.
pub fn host_under_strace(home: &Home, inject: &[String]) -> Running {
    let log = home.file("strace");
    let mut arguments = vec![
        "-f".to_owned(),
        "-qq".into(),
        "-o".into(),
        log.display().to_string(),
        "-e".into(),
        "trace=fsync,fdatasync,pwrite64,ftruncate,rename,openat".into(),
    ];
    for one in inject {
        arguments.extend(["-e".into(), format!("inject={one}")]);
    }
    arguments.extend([super::home::PROGRAM.to_owned(), "host".into(), "run".into()]);
    let running = home.other("strace", &arguments).start();
    wait_until("a host serves under the tracer", || home.paths().socket.exists() && host(home).is_some());
    running
}

/// What a machine without power ends beside the hosts.
pub fn holders_and_agents(home: &Home) -> Vec<i32> {
    let is_one = |pid: &i32| [" holder run", " agent "].iter().any(|word| command_line_of(*pid).contains(word));
    home.processes().into_iter().filter(is_one).collect()
}

/// Hosts of this home that live.
pub fn hosts(home: &Home) -> Vec<i32> {
    let is_host = |pid: &i32| {
        let line = command_line_of(*pid);
        line.contains("host run") && !line.starts_with("strace")
    };
    home.processes().into_iter().filter(is_host).collect()
}
