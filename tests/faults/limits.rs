//! Limits of the system: descriptors, terminals, processes, memory, connections, and readers that are slower than what there is to read.

use super::home::{Home, LIMIT, PROGRAM, Signal, kill, wait_until};
use super::world::{done, fake_tab, held_by, need, need_other_user, need_root, teach_program, tool, world};
use super::{Fault, Outcome, Skipped, held, times};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::ffi::OsStr;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread::sleep;
use std::time::{Duration, Instant};
use threadkeep::client::View;
use threadkeep::domain::id::ConversationId;
use threadkeep::protocol::message::{ViewInput, ViewOutput};
use threadkeep::terminal::frame::Size;

pub const FAULTS: &[Fault] = &[
    ("F14", "no descriptors left in the host, 100 clients come", descriptors),
    ("F15", "no terminals left", terminals),
    ("F15", "no process and no thread more for this user", processes),
    ("F17", "thousands of connections: idle, half a greeting, garbage", connections),
    ("F18", "3 agents without an end, a viewer that stands still", slow_reader),
    ("F21", "resizes without an end from 3 viewers", resizes),
];

/// The longest that a request may take beside whatever else, on a machine that is busy with tests.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// How long a real client waits for the host's word.
fn asked(home: &Home) -> Duration {
    let began = Instant::now();
    home.run(&["host", "status"]).done();
    began.elapsed()
}

fn descriptors() -> Result<Outcome, Skipped> {
    need("prlimit")?;
    let mut told = String::new();
    let limits = [40, 64, 256];
    for limit in limits {
        let home = world();
        let tab = fake_tab(&home);
        tab.send("before");
        let pid = home.host_pid();
        done(&format!("prlimit --pid {pid} --nofile={limit}:4096"));
        let clients: Vec<_> = (0..limit + 50).filter_map(|_| UnixStream::connect(home.paths().socket).ok()).collect();
        let before = held_by(pid).cpu;
        let began = Instant::now();
        // The words that somebody gets who comes now: served or told, within a bound, and never by a second host.
        let ran = home.run(&["host", "status"]);
        assert!(ran.code == 0 || ran.stderr.contains("too many") || ran.stderr.contains("does not answer"), "{ran:?}");
        let answered = began.elapsed();
        sleep(Duration::from_secs(1).saturating_sub(answered));
        let busy = (held_by(pid).cpu - before) as f64 / began.elapsed().as_secs_f64();
        assert!(busy < 40.0, "{busy} % of a core");
        drop(clients);
        wait_until("clients are served again", || home.run(&["host", "status"]).code == 0);
        assert_eq!(home.host_pid(), pid);
        assert_eq!(tab.send("after").value["state"], "completed", "what runs is untouched");
        // A session that cannot be started for want of descriptors says so, and those that live stay.
        let few = held_by(pid).descriptors + 1;
        done(&format!("prlimit --pid {pid} --nofile={few}:4096"));
        let other = fake_tab(&home);
        let sent = other.send("no room");
        assert_eq!(sent.value["state"], "failed", "{sent:?}");
        assert!(sent.text("end_text").contains("open files"), "the true cause: {sent:?}");
        assert_eq!(tab.log().len(), 2, "the record can be read");
        assert_eq!(home.run(&["search", "before", "--json"]).done().json_lines().len(), 1);
        done(&format!("prlimit --pid {pid} --nofile=4096:4096"));
        assert_eq!(tab.send("still").value["state"], "completed");
        assert_eq!(other.send("room again").value["state"], "completed");
        told = format!(
            "the last client heard within {} ms, {busy:.0} % of a core; sessions untouched, the same host",
            answered.as_millis()
        );
    }
    held(limits.len(), told)
}

fn terminals() -> Result<Outcome, Skipped> {
    need_root()?;
    if !tool("unshare -m true").status.success() {
        return Err(Skipped("no mounts of one's own are allowed here".into()));
    }
    let home = world();
    // A set of terminals of its own, with room for three.
    let script = format!(
        "mount -t devpts -o newinstance,ptmxmode=0666,max=3 devpts /dev/pts && mount --bind /dev/pts/ptmx /dev/ptmx && exec {PROGRAM} host run"
    );
    let arguments = ["-m", "sh", "-c", &script].map(str::to_owned);
    let running = home.other("unshare", &arguments).start();
    wait_until("the host serves", || home.run(&["host", "status"]).code == 0);
    let tabs: Vec<_> = (0..3).map(|_| fake_tab(&home)).collect();
    for tab in &tabs {
        assert_eq!(tab.send("hello").value["state"], "completed");
    }
    let one_more = fake_tab(&home);
    let sent = one_more.send("no terminal");
    assert_eq!(sent.value["state"], "failed", "{sent:?}");
    let said = sent.text("end_text").to_owned();
    assert!(!said.is_empty(), "{sent:?}");
    for tab in &tabs {
        assert_eq!(tab.send("again").value["decision"], "reused", "those that live are untouched");
    }
    tabs[0].run("rm", &["--yes"]).done();
    wait_until("a terminal is free", || one_more.send("now there is one").value["state"] == "completed");
    home.run(&["host", "stop"]).done();
    running.end();
    held(1, format!("one message failed (\"{said}\"), 3 sessions untouched, the next served once a terminal was free"))
}

/// A user who has nothing else running, so that what is counted is ours.
const NOBODY_ELSE: &str = "64123";

fn processes() -> Result<Outcome, Skipped> {
    need_root()?;
    need_other_user()?;
    let mut home = world();
    let outer = home.work().parent().expect("it lies in one").to_owned();
    let (program, agent) = (outer.join("program"), outer.join("agent"));
    std::fs::copy(PROGRAM, &program).expect("a copy");
    std::fs::copy(std::env::current_exe().expect("this program"), &agent).expect("a copy");
    teach_program(&home, &agent);
    done(&format!("chown -R {NOBODY_ELSE}:{NOBODY_ELSE} {}", outer.display()));
    let (user, group) = (format!("--reuid={NOBODY_ELSE}"), format!("--regid={NOBODY_ELSE}"));
    let words = ["setpriv", &user, &group, "--clear-groups", "--"].map(OsStr::new);
    home.run_by(&[&words[..], &[program.as_os_str()]].concat());
    // Even root may not change the limits of others everywhere.
    let as_user = format!("setpriv {user} {group} --clear-groups --");
    let tabs: Vec<_> = (0..2).map(|_| fake_tab(&home)).collect();
    for tab in &tabs {
        assert_eq!(tab.send("before").value["state"], "completed");
    }
    let holder = home.holder_pid().expect("it keeps them");
    let mut told = Vec::new();
    for (what, pid) in [("thread", home.host_pid()), ("process", holder)] {
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).expect("it lives");
        let usual = limits.lines().find_map(|line| line.strip_prefix("Max processes")).expect("it is told");
        let usual = usual.split_whitespace().next().expect("a number").to_owned();
        // Far below what the user has by now: not one more.
        done(&format!("{as_user} prlimit --pid {pid} --nproc=1:"));
        let one_more = fake_tab(&home);
        let sent = one_more.send("no room");
        assert_eq!(sent.value["state"], "failed", "{sent:?}");
        told.push(format!("no {what}: \"{}\"", sent.text("end_text").replace(&format!("{}/", outer.display()), "")));
        assert!(sent.text("end_text").contains("no more processes and threads"), "{sent:?}");
        for tab in &tabs {
            assert_eq!(tab.send("again").value["decision"], "reused", "those that live are untouched");
        }
        home.run(&["doctor"]);
        home.run(&["host", "status"]).done();
        done(&format!("{as_user} prlimit --pid {pid} --nproc={usual}:"));
        assert_eq!(one_more.send("now there is room").value["state"], "completed");
    }
    held(2, format!("{}; 2 sessions untouched, the next served when there was room", told.join("; ")))
}

/// Raises what this process may have open.
fn room_for(descriptors: u64) -> bool {
    let now = getrlimit(Resource::Nofile);
    let room = now.maximum.is_none_or(|most| most >= descriptors);
    room && setrlimit(Resource::Nofile, Rlimit { current: Some(descriptors), maximum: now.maximum }).is_ok()
}

fn connections() -> Result<Outcome, Skipped> {
    let count = 10_000;
    if !room_for(count as u64 + 500) {
        return Err(Skipped("this process may not have so many files open".into()));
    }
    let home = world();
    let tab = fake_tab(&home);
    tab.send("before");
    let pid = home.host_pid();
    let before = held_by(pid);
    let mut told = Vec::new();
    for (what, bytes) in [
        ("idle", &b""[..]),
        ("half a greeting", b"\0\0\0\x40thread"),
        ("garbage", b"\xff\xfe\xfd\xfcGET / HTTP/1.1\r\n\r\n"),
    ] {
        let began = Instant::now();
        let mut open = Vec::new();
        while open.len() < count && began.elapsed() < LIMIT {
            let Ok(mut stream) = UnixStream::connect(home.paths().socket) else { break };
            // A host that is full closes at once.
            let _ = stream.write_all(bytes);
            open.push(stream);
        }
        let slowest = asked(&home);
        assert!(slowest < ANSWERED_WITHIN, "{what}: {slowest:?}");
        let grown = held_by(pid).memory_kb.saturating_sub(before.memory_kb);
        assert!(grown < 40 * 1024, "{what}: the host grew by {grown} kB");
        told.push(format!("{} {what}: answered in {} ms, +{} MB", open.len(), slowest.as_millis(), grown / 1024));
        for stream in &mut open {
            stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
            match stream.read(&mut [0; 64]) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    panic!("{what}: not closed within 10 s")
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
    assert_eq!(home.host_pid(), pid);
    assert_eq!(tab.send("after").value["state"], "completed");
    held(3 * count, told.join("; "))
}

fn slow_reader() -> Result<Outcome, Skipped> {
    let home = world();
    let quiet = fake_tab(&home);
    quiet.send("before");
    let pid = home.host_pid();
    let before = held_by(pid).memory_kb;
    let loud: Vec<_> = (0..3).map(|_| fake_tab(&home)).collect();
    for tab in &loud {
        tab.send_and_see_it_run("endless");
    }
    let size = Size { columns: 120, rows: 40 };
    let id = ConversationId(loud[0].id.parse().expect("a number"));
    let mut view = View::open(&home.paths(), id, size).expect("it lives");
    let until = Instant::now() + Duration::from_secs(5 * times(1) as u64);
    let mut slowest = Duration::ZERO;
    let mut turns = 0;
    while Instant::now() < until {
        slowest = slowest.max(asked(&home));
        assert_eq!(quiet.send("beside").value["state"], "completed");
        turns += 1;
    }
    let grown = held_by(pid).memory_kb.saturating_sub(before) / 1024;
    assert!(slowest < ANSWERED_WITHIN, "{slowest:?}");
    assert!(grown < 3 * 42 + 60, "the host grew by {grown} MB");
    for tab in &loud {
        kill(tab.pid(), Signal::STOP);
    }
    // The one that read nothing comes to the newest picture, and that is the one that a new viewer gets.
    view.send(&ViewInput::Resize(Size { columns: 121, rows: 40 })).expect("it is taken");
    wait_until("the newest picture is here", || {
        let told = view.receive().expect("it lives");
        matches!(told, Some(ViewOutput::Frame(delta)) if delta.size.columns == 121)
    });
    for tab in &loud {
        kill(tab.pid(), Signal::KILL);
    }
    held(3, format!("{turns} turns beside them, control within {} ms, +{grown} MB", slowest.as_millis()))
}

fn resizes() -> Result<Outcome, Skipped> {
    let home = world();
    let made = home.run(&["new", "--json"]).done().json();
    let shell = super::home::Tab { home: &home, id: made["conversation"].to_string() };
    shell.send("true");
    let id = ConversationId(shell.id.parse().expect("a number"));
    let pid = home.host_pid();
    let mut views: Vec<View> =
        (0..3).map(|_| View::open(&home.paths(), id, Size { columns: 80, rows: 24 }).expect("it lives")).collect();
    let count = times(1000);
    for number in 0..count {
        let size = Size { columns: (number * 7 % 500) as u16, rows: (number * 3 % 200) as u16 };
        let view = &mut views[number % 3];
        view.send(&ViewInput::Resize(size)).expect("it is taken");
        // A viewer reads, or it is dropped.
        while view.receive().expect("it lives").is_some() {}
    }
    let mut last = views.pop().expect("three");
    drop(views);
    last.send(&ViewInput::Resize(Size { columns: 97, rows: 31 })).expect("it is taken");
    wait_until("the program has the last size", || shell.send("stty size").answer() == "31 97");
    let before = held_by(pid).cpu;
    sleep(Duration::from_secs(1));
    let busy = held_by(pid).cpu - before;
    assert!(busy < 20, "{busy} % of a core afterwards");
    held(count, format!("the program has the last size; {busy} % of a core afterwards"))
}
