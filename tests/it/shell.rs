//! Living with a real shell: its environment, its jobs, what it does to itself, and the other shells that are known.

use crate::home::{Home, Signal, is_alive, kill, wait_until};
use std::path::Path;
use std::time::{Duration, Instant};

#[test]
fn the_environment_of_the_sender_reaches_a_fresh_session_and_that_of_the_host_does_not() {
    let home = Home::new();
    home.call(&["new"]).set("ONLY_THE_HOST", "x").set("TMUX", "/sock,1,0").set("CLAUDECODE", "1").run().done();
    let sent = home
        .call(&["send", "--wait", "--json", "env"])
        .set("OF_THE_SENDER", "two words = here")
        .set("TMUX", "/sock,1,0")
        .set("CLAUDECODE", "1")
        .set("CLAUDE_CODE_X", "1")
        .set("MY_NONCE", "1")
        .set("LD_PRELOAD", "")
        .set("COLUMNS", "17")
        .run()
        .done()
        .json();
    let seen: Vec<&str> = sent["answer"].as_str().expect("text").lines().collect();
    for expected in ["OF_THE_SENDER=two words = here", "TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8"] {
        assert!(seen.contains(&expected), "{expected} in {seen:#?}");
    }
    let same_home = format!("THREADKEEP_HOME={}", home.path().display());
    assert!(seen.contains(&same_home.as_str()), "what runs in a pane means the same home: {seen:#?}");
    let gone = ["ONLY_THE_HOST", "TMUX", "CLAUDECODE", "CLAUDE_CODE_X", "MY_NONCE", "LD_PRELOAD"];
    for name in gone.into_iter().chain(["THREADKEEP_TOKEN", "THREADKEEP_DIR", "COLUMNS=17"]) {
        assert!(!seen.iter().any(|line| line.starts_with(name)), "{name} in {seen:#?}");
    }
}

#[test]
fn a_later_senders_environment_changes_a_live_session_in_nothing_but_the_next_one() {
    let home = Home::new();
    let send = |value: &str| {
        home.call(&["send", "--wait", "--json", "echo $MINE"]).set("MINE", value).run().done().json()["answer"].clone()
    };
    assert_eq!(send("first"), "first");
    assert_eq!(send("second"), "first");
    home.run(&["fresh"]).done();
    assert_eq!(send("third"), "third");
}

#[test]
fn a_background_job_keeps_no_turn_running_and_is_gone_with_the_host() {
    let home = Home::new();
    let tab = home.tab();
    let sent = tab.send("sleep 300 & echo $!");
    assert_eq!(sent.text("state"), "completed");
    let job: i32 = sent.answer().lines().last().expect("a line").parse().expect("its process id");
    assert!(is_alive(job));
    tab.send("true").reused();
    assert!(is_alive(job));
    home.run(&["host", "stop"]).done();
    wait_until("the job is gone", || !is_alive(job));
}

#[test]
fn a_job_of_a_shell_that_was_killed_is_gone_with_the_host_too() {
    let home = Home::new();
    let tab = home.tab();
    let sent = tab.send("sleep 300 & disown; echo $!");
    let job: i32 = sent.answer().lines().last().expect("a line").parse().expect("its process id");
    kill(tab.pid(), Signal::KILL);
    tab.wait_for("it is asleep", |state| state["state"] == "asleep (cannot resume)");
    home.run(&["host", "stop"]).done();
    wait_until("the job is gone", || !is_alive(job));
}

#[test]
fn a_stopped_job_is_gone_with_the_host() {
    let home = Home::new();
    let tab = home.tab();
    let sent = tab.send("sh -c 'kill -STOP $$; sleep 1' & sleep 0.2; echo $!");
    let job: i32 = sent.answer().lines().last().expect("a line").parse().expect("its process id");
    home.run(&["host", "stop"]).done();
    wait_until("the job is gone", || !is_alive(job));
}

/// User and system time of a process so far; none when it is gone.
fn processor_time(pid: i32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    // Linux counts 100 a second for programs on every machine.
    Some(Duration::from_millis(ticks * 10))
}

/// The broken one looked through /proc without a pause for as long as the job resisted: 88 % of a processor.
#[test]
fn a_job_that_resists_is_awaited_without_keeping_a_processor_busy() {
    let home = Home::new();
    let tab = home.tab();
    let sent = tab.send("sh -c 'trap \"\" HUP; touch resists; while :; do sleep 1; done' & echo $!");
    let job: i32 = sent.answer().lines().last().expect("a line").parse().expect("its process id");
    wait_until("it resists", || home.file("resists").exists());
    let host = home.host_pid();
    let (began, before) = (Instant::now(), processor_time(host).expect("the host runs"));
    let stopping = home.call(&["host", "stop"]).start();
    let mut last = before;
    wait_until("the job is gone", || {
        last = processor_time(host).unwrap_or(last);
        !is_alive(job)
    });
    let (took, used) = (began.elapsed(), last - before);
    stopping.end().done();
    assert!(took > Duration::from_millis(500), "it resisted: {took:?}");
    assert!(used < took / 3, "{used:?} of {took:?}");
}

/// The broken one left its folder behind until the next start of the host.
#[test]
fn a_start_that_fails_leaves_no_files() {
    let home = Home::new();
    let folder = home.file("for a while");
    std::fs::create_dir(&folder).expect("a folder");
    home.run(&["new", "--cwd", "for a while"]).done();
    std::fs::remove_dir(&folder).expect("it is empty");
    let ran = home.run(&["send", "-c", "1", "--wait", "--json", "true"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    let left: Vec<_> = std::fs::read_dir(home.paths().run).expect("a folder").flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Its files are its own: what a process leaves is gone before anybody hears of its end.
#[test]
fn an_ended_session_has_no_files_any_more() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("true");
    for _ in 0..5 {
        assert_eq!(tab.send("exit 3").text("state"), "failed");
        let left: Vec<_> = std::fs::read_dir(home.paths().run).expect("a folder").flatten().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn a_shell_that_replaces_itself_can_be_interrupted_and_the_conversation_goes_on() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run("exec bash");
    tab.run("interrupt", &["--json"]).done();
    let sent = tab.send("echo here again");
    assert_eq!((sent.answer(), sent.text("state")), ("here again", "completed"));
}

#[test]
fn a_shell_that_replaces_itself_by_a_program_ends_with_it() {
    let home = Home::new();
    let tab = home.tab();
    let sent = tab.send("exec sh -c 'echo last words; exit 3'");
    assert_eq!((sent.text("state"), sent.code), ("failed", 1));
    tab.send("true").is("fresh", "agent_exited", "completed");
}

#[test]
fn what_a_person_does_to_their_shell_does_not_blind_it() {
    let home = Home::new();
    let tab = home.tab();
    for change in [
        "PS1='> '",
        "PS1='two\nlines $(true) \\w\\$ '; PS2=; PS0=",
        "PROMPT_COMMAND='true'",
        "PROMPT_COMMAND=()",
        "trap 'true' DEBUG",
        "trap - DEBUG",
        "set -u",
        "set -o vi",
        "set +o history",
        "IFS=x",
        "shopt -u promptvars; shopt -s extdebug 2>/dev/null; shopt -u extdebug; shopt -s promptvars",
        "alias echo='echo aliased'; unalias echo",
        "set -o posix; set +o posix",
        "exec 2>&1",
        "stty -echo; stty echo",
        "set -a; set +a",
        "export LC_ALL=C",
    ] {
        let sent = tab.send(change);
        assert_eq!(sent.text("state"), "completed", "{change}: {sent:?}");
        let failed = tab.send("sh -c 'exit 9'");
        assert_eq!((failed.text("decision"), failed.text("end_text")), ("reused", "exit 9"), "after {change}");
        assert_eq!(tab.send("echo well").reused().answer(), "well", "after {change}");
    }
}

#[test]
fn the_persons_own_start_files_are_read_and_their_trouble_is_survived() {
    let home = Home::new();
    let user = home.environment().iter().find(|(name, _)| name == "HOME").expect("it is set").1.clone();
    std::fs::write(Path::new(&user).join(".bashrc"), "MINE='from my file'\nPS1='me> '\nfalse\necho noise\n")
        .expect("a file");
    let sent = home.tab().send("echo $MINE");
    assert_eq!((sent.answer(), sent.text("state")), ("from my file", "completed"));
}

fn check_shell(name: &str, list: &[(&str, &str, i32)]) {
    let Some(program) =
        ["/bin", "/usr/bin", "/usr/local/bin"].iter().map(|at| Path::new(at).join(name)).find(|at| at.exists())
    else {
        eprintln!("SKIPPED the turns of {name}: it is not installed");
        return;
    };
    let home = Home::new();
    let send = |text: &str| {
        home.call(&["send", "--wait", "--timeout", "120", "--json", "-"]).set("SHELL", &program).input(text).run()
    };
    for (number, (message, answer, code)) in (1..).zip(list) {
        let ran = send(message);
        let told = ran.json();
        assert_eq!((told["answer"].as_str(), ran.code), (Some(*answer), *code), "{name}: {message:?}: {told}");
        assert_eq!((&told["turn"], &told["session"]), (&number.into(), &1.into()), "{name}: {message:?}: {told}");
    }
    let waiting = home.call(&["send", "--wait", "--json", "sleep 1000"]).set("SHELL", &program).start();
    wait_until("the turn works", || home.run(&["ls", "--json"]).done().json()["turn_state"] == "working");
    home.run(&["interrupt"]).done();
    waiting.end().ended_with(3);
    assert_eq!(send("echo after").done().json()["decision"], "reused");
}

const EVERYWHERE: [(&str, &str, i32); 6] = [
    ("cd /tmp && export X=1", "", 0),
    ("echo $PWD $X", "/tmp 1", 0),
    ("false", "", 1),
    ("printf 'no newline'", "no newline", 0),
    ("echo 'a  b'\necho c", "a  b\nc", 0),
    ("sh -c 'exit 7'", "", 1),
];

#[test]
fn zsh_tells_its_turns() {
    check_shell("zsh", &EVERYWHERE);
}

#[test]
fn fish_tells_its_turns() {
    check_shell("fish", &EVERYWHERE);
}

#[test]
fn dash_tells_its_turns() {
    check_shell("dash", &EVERYWHERE);
}

/// The broken one was working for ever, and an interrupt ended the shell.
#[test]
fn a_turn_that_replaces_the_shell_ends_as_unknown_and_the_new_shell_can_be_used() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("X=1");
    let shell = tab.pid();
    let replaced = tab.send("exec bash --norc");
    assert_eq!((replaced.text("state"), replaced.text("end_why")), ("outcome unknown", "shell_replaced"));
    assert_eq!(tab.pid(), shell, "it lives");
    tab.run("fresh", &[]).done();
    tab.send("echo [$X]").is("fresh", "user_asked", "completed");

    // A program in its place is no shell: its status is the turn's, however long it takes.
    let program = tab.send("exec bash -c 'echo out; sleep 3; exit 3'");
    assert_eq!((program.text("state"), program.text("end_why")), ("failed", "agent_exited"));
}
