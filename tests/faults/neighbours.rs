//! What lies around a host: other builds of the program, the surroundings that agents are started in, and a second host on a copy of its folder.

use super::home::{Home, PROGRAM, Signal, Tab, kill, wait_until};
use super::world::{done, fake_tab, ledger, stop_session, world};
use super::{Fault, Outcome, Skipped, held};
use std::ffi::OsStr;
use std::fs;

pub const FAULTS: &[Fault] = &[
    ("F26", "the program replaced, then removed, while all of it runs", replaced),
    ("F29", "started inside agents and multiplexers, hostile names, huge values", surroundings),
    ("F32", "two hosts, the second on a copy of the folder", copied),
];

fn replaced() -> Result<Outcome, Skipped> {
    let mut home = world();
    let program = home.work().with_file_name("program");
    fs::copy(PROGRAM, &program).expect("a copy");
    home.run_by(&[program.as_os_str()]);
    let first = fake_tab(&home);
    first.send("before");
    let (id, agent) = (first.id.clone(), first.pid());
    let unharmed = |home: &Home, what: &str| {
        let tab = Tab { home, id: id.clone() };
        assert_eq!(tab.send(what).value["decision"], "reused", "{what}");
        assert_eq!(tab.pid(), agent, "{what}");
        let other = fake_tab(home);
        assert_eq!(other.send("hello").value["state"], "completed", "{what}: another session can be started");
    };
    // As a package manager does it: a new file under the name.
    let new = home.file("new");
    fs::copy(PROGRAM, &new).expect("a copy");
    fs::rename(&new, &program).expect("it takes its place");
    unharmed(&home, "replaced");
    home.kill_host();
    unharmed(&home, "replaced, and the host killed");
    home.run(&["host", "restart"]).done();
    unharmed(&home, "replaced, and the host restarted");
    // Gone altogether: those that run need no file. Clients come from elsewhere.
    let elsewhere = home.file("elsewhere");
    fs::rename(&program, &elsewhere).expect("it is moved");
    home.run_by(&[elsewhere.as_os_str()]);
    unharmed(&home, "moved");
    let pid = home.host_pid();
    kill(pid, Signal::KILL);
    // Nobody but the holder is there to launch the next one.
    wait_until("the holder has launched a host", || {
        // Asking without a host starts none.
        super::world::host(&home).is_some_and(|now| now != pid)
    });
    unharmed(&home, "moved, and the host killed");
    held(5, "sessions go on and new ones start, hosts come back by themselves")
}

/// What agents and multiplexers leave to what is started within them, and names and values that nobody expects.
fn inherited() -> Vec<(String, String)> {
    let names = [
        "CLAUDECODE",
        "CLAUDE_CODE_ENTRYPOINT",
        "CLAUDE_CODE_SESSION_ID",
        "CLAUDE_CODE_SSE_PORT",
        "CLAUDE_PROJECT_DIR",
        "CODEX_SANDBOX",
        "CODEX_HOME_NONCE",
        "OPENCODE",
        "QWEN_CODE",
        "TMUX",
        "TMUX_PANE",
        "STY",
        "WINDOW",
        "ZELLIJ",
        "ZELLIJ_SESSION_NAME",
        "NOTIFY_SOCKET",
        "LISTEN_FDS",
        "LISTEN_PID",
        "KITTY_WINDOW_ID",
        "WEZTERM_PANE",
        "TERM_PROGRAM",
        "VTE_VERSION",
        "SSH_TTY",
        "COLUMNS",
        "LINES",
        "THREADKEEP_CONVERSATION",
        "THREADKEEP_TOKEN",
        "PSP_NONCE",
        "A NAME WITH BLANKS",
        "-name",
        "n\u{e4}me",
        "NEW\nLINE",
        "BASH_FUNC_x%%",
    ];
    let mut all: Vec<(String, String)> = names.map(|name| (name.to_owned(), "inherited".to_owned())).into();
    all.push(("HUGE".into(), "x".repeat(128 * 1024 - 8)));
    all.push(("NOT_TEXT".into(), "\u{1b}]0;pwned\u{7}\n".into()));
    all.extend((0..8).map(|number| (format!("BIG_{number}"), "y".repeat(100_000))));
    all
}

fn surroundings() -> Result<Outcome, Skipped> {
    let mut home = world();
    let inherited = inherited();
    for (name, value) in &inherited {
        home.set(name, value);
    }
    home.set("NO_UTF8", <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"\xff\xfe"));
    let tab = fake_tab(&home);
    assert_eq!(tab.send("env").value["state"], "completed");
    let seen = ledger(&home, "env");
    // Of the session around ours none may be left; our own have our own values.
    for name in [
        "CLAUDECODE",
        "CLAUDE_CODE_SESSION_ID",
        "CODEX_SANDBOX",
        "TMUX",
        "TMUX_PANE",
        "STY",
        "ZELLIJ",
        "NOTIFY_SOCKET",
        "LISTEN_FDS",
        "KITTY_WINDOW_ID",
        "VTE_VERSION",
        "COLUMNS",
        "PSP_NONCE",
    ] {
        assert!(!seen.iter().any(|seen| seen == name), "{name} reached the agent");
    }
    // The same with a shell, whose profile is another; and with each of them alone, so that none hides behind another.
    let shell = home.tab();
    assert_eq!(shell.send("echo here").answer(), "here");
    assert_eq!(shell.send("echo $THREADKEEP_CONVERSATION").answer(), shell.id);
    home.run(&["host", "stop"]).done();
    let count = inherited.len() + 1;
    held(count, "agents and shells start, and nothing of the session around ours reaches them")
}

fn copied() -> Result<Outcome, Skipped> {
    let home = world();
    let tab = fake_tab(&home);
    tab.send("before");
    let agent = tab.pid();
    // The folder as a backup or another machine would have it, with all that lies in it.
    let copy = home.work().with_file_name("h2");
    done(&format!("cp -a {} {}", home.path().display(), copy.display()));
    for name in ["host.sock", "host.lock", "holder.sock", "holder.lock"] {
        // A socket cannot be copied everywhere.
        let _ = fs::remove_file(copy.join(name));
    }
    let on_copy =
        |arguments: &[&str], input: &str| home.call(arguments).set("THREADKEEP_HOME", &copy).input(input).run();
    let send = ["send", "-c", &tab.id, "--wait", "--json", "-"];
    let mut injected = 0;
    let mut refused = |what: &str| {
        let ran = on_copy(&send, "from the copy").ended_with(6);
        assert!(ran.stderr.contains("would not resume"), "{what}: {ran:?}");
        injected += 1;
        ran.stderr.trim().trim_start_matches("threadkeep: ").to_owned()
    };
    let words = refused("both hosts live");
    assert_eq!(tab.pid(), agent);
    assert_eq!(tab.send("in the first").value["decision"], "reused");
    home.kill_host();
    refused("the first host was killed, its agent lives");
    let reasons = on_copy(&["why", "-c", &tab.id], "").done().stdout;
    assert!(reasons.contains("another threadkeep runs that session"), "{reasons}");
    assert_eq!(tab.send("in the first again").value["decision"], "reused");
    assert_eq!(tab.pid(), agent);
    let read = ledger(&home, "read");
    assert!(!read.contains(&"from the copy".to_owned()), "one writer: {read:?}");
    // Once the first has let go of it, the copy may have it.
    stop_session(&tab);
    wait_until("the first one's agent is gone", || !super::home::is_alive(agent));
    let sent = on_copy(&send, "now from the copy").json();
    assert_eq!(sent["state"], "completed", "{sent}");
    assert_eq!(sent["session"], 1, "the agent's own session goes on: {sent}");
    injected += 1;
    on_copy(&["host", "stop"], "").done();
    held(injected, format!("one writer: the copy is refused in words (\"{words}\") until the first has let go"))
}
