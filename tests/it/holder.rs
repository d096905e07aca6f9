//! Agents live on when their host does not: killed, restarted or replaced, in mid-turn or not.

use crate::home::{Home, PROGRAM, Signal, Tab, is_alive, kill, wait_until, wait_until_or, write_program};
use crate::requests::{coder_tab, home_with_coder};
use crate::screen::{Screen, Seen};
use crate::window::{open, send};
use serde_json::{Value, json};
use std::os::unix::fs::DirBuilderExt;
use std::time::Duration;

/// The parent of a process.
fn parent_of(pid: i32) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    line.unwrap_or_default().trim().to_owned()
}

/// All that a turn printed, in its answer.
fn answer_of(tab: &Tab, turn: usize) -> String {
    tab.log()[turn - 1]["answer"].as_str().unwrap_or_default().to_owned()
}

/// Kills the host, and returns when the window is at the next one.
fn kill_and_wait_for_the_window(home: &Home) {
    home.kill_host();
    wait_until("the window has found the next host", || {
        let status = home.run(&["host", "status", "--json"]);
        status.code == 0 && status.json()["windows"] == 1
    });
}

/// Presses a key until the screen shows a named thing: its view may come back a moment after the window has.
fn press_until(ui: &mut Screen, key: &str, what: &str, is_so: impl Fn(&Seen) -> bool) {
    wait_until(what, || {
        ui.keys(key);
        std::thread::sleep(Duration::from_millis(100));
        is_so(&ui.seen())
    });
}

#[test]
fn a_turn_goes_on_while_the_host_is_killed_and_its_end_is_recorded() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("X=kept");
    let (shell, parent) = (tab.pid(), parent_of(tab.pid()));
    assert_eq!(Some(parent.clone()), home.holder_pid().map(|pid| pid.to_string()));
    tab.send_and_see_it_run(&format!("echo begun; {}; echo done [$X]", home.until_open("gate")));
    tab.send_on("echo second");
    home.kill_host();
    let state = tab.wait_for("it works on", |state| state["turn_state"] == "working");
    assert_eq!((tab.pid(), parent_of(shell)), (shell, parent));
    assert_eq!((&state["queued"], &state["queue_held"]), (&json!(1), &Value::Null), "the queue flows: {state}");
    home.open("gate");
    tab.run("wait", &[]).done();
    let log = tab.log();
    let told: Vec<_> = log.iter().map(|turn| (turn["state"].clone(), turn["answer"].clone())).collect();
    let expected = [("completed", ""), ("completed", "begun\ndone [kept]"), ("completed", "second")];
    assert_eq!(told, expected.map(|(state, answer)| (state.into(), answer.into())));
    let why = tab.why();
    assert!(why.iter().any(|one| one["decision"] == "reused" && one["why"] == "agent_lived_on"), "{why:?}");
    tab.send("echo $X").is("reused", "agent_alive", "completed");
}

#[test]
fn what_ends_while_no_host_serves_is_recorded_with_its_true_end() {
    let home = Home::new();
    let (ends, leaves) = (home.tab(), home.tab());
    ends.send_and_see_it_run(&format!("{}; (exit 3)", home.until_open("gate")));
    leaves.send_and_see_it_run(&format!("{}; kill -9 $$", home.until_open("gate")));
    let shell = leaves.pid();
    home.kill_host();
    home.open("gate");
    wait_until("it has left", || !is_alive(shell));
    ends.run("wait", &[]);
    leaves.run("wait", &[]);
    let end = |tab: &Tab| tab.log().last().map(|turn| (turn["state"].clone(), turn["end_text"].clone()));
    let told = [end(&ends), end(&leaves)].map(Option::unwrap_or_default);
    assert_eq!(told[0].0, "failed", "{told:?}");
    assert_eq!(told[1].0, "failed", "{told:?}");
    leaves.send("true").is("fresh", "agent_exited", "completed");
    ends.send("true").is("reused", "agent_lived_on", "completed");
}

/// Without a landing that host and holder share a kill between two system calls lost what was read.
#[test]
fn no_line_is_lost_while_the_host_is_killed_again_and_again() {
    const KILLS: u64 = 20;
    let home = Home::new();
    let tab = home.tab();
    tab.send("true");
    let shell = tab.pid();
    let script =
        "n=0; until [ -e GATE ]; do n=$((n+1)); echo line $n; [ $((n % 50)) -eq 0 ] && sleep 0.02; done; echo last $n";
    tab.send_and_see_it_run(&script.replace("GATE", &home.file("gate").display().to_string()));
    for round in 0..KILLS {
        // Not to wait for anything: the moment of the kill is what is random.
        std::thread::sleep(Duration::from_millis(7 + round * 13 % 90));
        home.kill_host();
        assert_eq!(tab.state()["turn_state"], "working");
    }
    assert_eq!(tab.pid(), shell);
    home.open("gate");
    tab.run("wait", &[]).done();
    let all = whole_output(&home, &tab);
    let numbers: Vec<u64> = all
        .lines()
        .filter_map(|line| line.strip_prefix("line "))
        .map(|number| number.parse().expect("a number"))
        .collect();
    let gap = numbers.windows(2).find(|pair| pair[1] != pair[0] + 1);
    assert_eq!(gap, None, "of {} lines", numbers.len());
    assert!(numbers.len() > 500, "it was a load: {}", numbers.len());
    let answer = answer_of(&tab, 2);
    let end = answer.lines().last().unwrap_or_default();
    // The first line stands behind a mark of the shell.
    assert_eq!(numbers.first(), Some(&2));
    assert_eq!(Some(end), numbers.last().map(|last| format!("last {last}")).as_deref(), "of {} bytes", answer.len());
}

fn is_sign(sign: char) -> bool {
    !sign.is_whitespace()
}

/// What the journal of its session holds.
fn whole_output(home: &Home, tab: &Tab) -> String {
    let folder = home.path().join("journals").join(format!("{}.1.1", tab.id));
    let bytes = std::fs::read(folder.join("0.out")).expect("its journal is there");
    String::from_utf8_lossy(&bytes).replace('\r', "")
}

#[test]
fn the_screen_and_what_is_above_it_come_back() {
    let home = Home::new();
    let mut ui = open(&home, 100, 20);
    send(&mut ui, "seq 1 200", 1, "completed");
    // The prompt comes behind the end of the turn.
    let has_prompt =
        |seen: &Seen| seen.pane().split_once("\n200\n").is_some_and(|(_, below)| below.starts_with(is_sign));
    let before = ui.wait_until("all is shown, and a prompt", has_prompt).pane();
    kill_and_wait_for_the_window(&home);
    let seen = ui.wait_until("it is back", |seen| seen.pane() == before && seen.panel().contains("completed"));
    assert!(!seen.panel().contains("unknown"), "{seen}");
    press_until(&mut ui, "<shift-pageup>", "what was above is there", |seen| seen.pane().contains("\n120\n"));
    send(&mut ui, "echo after", 2, "completed");
}

#[test]
fn a_full_screen_program_is_there_again_and_takes_keys() {
    let home = Home::new();
    std::fs::write(home.file("text"), (1..=300).map(|n| format!("row {n}\n")).collect::<String>()).expect("a file");
    let mut ui = open(&home, 100, 20);
    ui.keys("less text<enter>");
    ui.wait_until("it shows", |seen| seen.pane().contains("row 1\n"));
    ui.keys("<prefix>o");
    ui.keys("G");
    ui.wait_until("it is at its end", |seen| seen.pane().contains("row 300\n"));
    kill_and_wait_for_the_window(&home);
    ui.wait_until("it shows again", |seen| seen.pane().contains("row 300\n") && seen.panel().contains("working"));
    press_until(&mut ui, "g", "it takes keys", |seen| seen.pane().contains("row 1\n"));
    ui.keys("q");
    ui.wait_until("the turn ended", |seen| seen.panel().contains("turn 1 · completed"));
}

#[test]
fn a_host_is_started_again_where_nobody_looks() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run(&format!("{}; echo end > ended", home.until_open("gate")));
    let pid = home.host_pid();
    kill(pid, Signal::KILL);
    wait_until("it is gone", || !is_alive(pid));
    wait_until("another one is there", || {
        let status = home.run(&["host", "status", "--json"]);
        status.code == 0 && status.json()["pid"] != pid
    });
    home.open("gate");
    tab.run("wait", &[]).done();
}

#[test]
fn stopping_after_the_host_died_ends_the_agents_and_the_holder() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run("sleep 1000");
    home.kill_host();
    home.run(&["host", "stop"]).done();
    wait_until_or("nothing is left", || home.processes().is_empty().then_some(()), || home.processes());
    let log = tab.log();
    assert_eq!((&log[0]["state"], &log[0]["end_why"]), (&json!("interrupted"), &json!("session_stopped")));
}

#[test]
fn without_its_holder_an_agent_lives_on_and_its_end_is_told_as_far_as_it_is_known() {
    let home = Home::new();
    let (tab, other) = (home.tab(), home.tab());
    tab.send_and_see_it_run(&format!("{}; echo done; exec sleep 1000", home.until_open("gate")));
    let shell = tab.pid();
    let holder = home.holder_pid().expect("it runs");
    kill(holder, Signal::KILL);
    wait_until("it is gone", || !is_alive(holder));
    assert_eq!(tab.state()["turn_state"], "working");
    other.send("echo a new holder").is("fresh", "first_message", "completed");
    let refused = home.run(&["host", "restart"]).ended_with(7);
    assert!(refused.stderr.contains("1 session has lost its holder"), "{refused:?}");
    home.open("gate");
    kill(shell, Signal::KILL);
    tab.wait_for("its end is seen", |state| state["pid"].is_null());
    let log = tab.log();
    assert_eq!((&log[0]["state"], &log[0]["end_why"]), (&json!("outcome unknown"), &json!("no_status")), "{log:?}");
    let next = tab.send("true").is("fresh", "agent_exited", "completed");
    assert!(next.text("why_text").contains("status was not seen"), "{next:?}");
}

#[test]
fn a_restart_of_the_host_changes_nothing_for_agents_and_windows() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    ui.keys(&format!("X=kept; {}; echo done [$X]<enter>", home.until_open("gate")));
    ui.wait_for("working");
    let (host, holder) = (home.host_pid(), home.holder_pid());
    let said = home.run(&["host", "restart"]).done().stdout;
    assert!(said.contains("serves") && said.contains("1 session goes on"), "{said}");
    assert_ne!(home.host_pid(), host);
    let status = home.run(&["host", "status", "--json"]).done().json();
    assert_eq!(status["holder_pid"].as_i64(), holder.map(i64::from), "the same holder keeps them: {status}");
    assert_eq!(home.run(&["ls", "--json"]).done().json()["turn_state"], "working");
    home.open("gate");
    ui.wait_until("the turn ends in the same window", |seen| seen.panel().contains("turn 1 · completed"));
    let log = home.run(&["log", "--json"]).done().json();
    assert_eq!(log["answer"], "done [kept]");
    assert!(home.run(&["host", "restart", "--json"]).done().json()["pid"].is_i64());
}

/// The broken one had it in the record twice. The host is killed where its end is saved, and that is noted nowhere else.
#[test]
fn a_typed_command_stands_in_the_record_once_wherever_the_host_is_killed() {
    let mut home = Home::new();
    let points = home.file("points");
    std::fs::create_dir(&points).expect("a folder");
    home.set("THREADKEEP_POINTS", &points);
    let (held, reached) = (points.join("before-settled"), points.join("before-settled.reached"));
    let tab = home.tab();
    tab.send("true");
    let mut screen = Screen::open_verb(&home, &["attach", &tab.id], 80, 24);
    screen.wait_until("its screen is here", |seen| seen.alternate && !seen.row(0).is_empty());
    let mut typed = Vec::new();
    loop {
        let command = format!("echo typed {}", typed.len());
        std::fs::write(&held, "").expect("a file");
        screen.keys(&format!("{command}<enter>"));
        typed.push(command);
        wait_until("the host is about to note something", || reached.exists());
        // Where the beginning was settled alone, there is nothing to be seen twice.
        let log = tab.log();
        if log.len() == 1 + typed.len() && log[typed.len()]["state"] == "completed" {
            break;
        }
        for file in [&held, &reached] {
            std::fs::remove_file(file).expect("it is there");
        }
        let count = 1 + typed.len();
        wait_until("it is over", || tab.log().len() == count && tab.log()[count - 1]["state"] == "completed");
    }
    home.kill_host();
    std::fs::remove_file(&held).expect("it is there");
    tab.wait_for("the next host has it", |state| state["state"] == "idle" && state["pid"].is_i64());
    tab.send("true").is("reused", "agent_lived_on", "completed");
    let prompts: Vec<_> = tab.log().iter().map(|turn| turn["prompt"].as_str().unwrap_or_default().to_owned()).collect();
    let wanted: Vec<&str> = ["true"].into_iter().chain(typed.iter().map(String::as_str)).chain(["true"]).collect();
    assert_eq!(prompts, wanted);
}

#[test]
fn whoever_waits_goes_on_waiting_at_the_next_host() {
    let home = Home::new();
    let (tab, other) = (home.tab(), home.tab());
    let first =
        home.call(&["send", "-c", &tab.id, "--wait", &format!("{}; echo done", home.until_open("gate"))]).start();
    tab.wait_for("it works", |state| state["turn_state"] == "working");
    other.send_and_see_it_run(&home.until_open("gate"));
    let both = home.call(&["wait", "-c", &format!("{},{}", tab.id, other.id), "--json"]).start();
    let short = home.call(&["wait", "-c", &tab.id, "--timeout", "3"]).start();
    home.kill_host();
    tab.wait_for("the next host has it", |state| state["turn_state"] == "working");
    home.run(&["host", "restart"]).done();
    assert_eq!(short.end().code, 4, "the whole time counts, whatever becomes of the host");
    home.open("gate");
    let sent = first.end().done();
    assert_eq!(sent.stdout, "done\n");
    assert_eq!(both.end().done().json_lines().len(), 2);
    // One that was told to end ends the wait.
    tab.send_and_see_it_run("sleep 600");
    let waits = home.call(&["wait", "-c", &tab.id]).start();
    home.run(&["host", "stop"]).done();
    assert_ne!(waits.end().code, 0);
}

#[test]
fn a_restart_without_a_host_starts_one() {
    let home = Home::new();
    home.run(&["host", "restart"]).done();
    assert!(home.host_pid() > 0);
}

#[test]
fn what_an_agent_asked_is_still_open_under_the_next_host_and_can_be_answered() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    tab.send_on("ask permission");
    tab.run("wait", &["--or-asked", "--json"]).ended_with(8);
    home.kill_host();
    tab.wait_for("it is asked still", |state| state["state"] == "needs approval");
    tab.run("answer", &["allow"]).done();
    tab.run("wait", &[]).done();
    assert_eq!(std::fs::read_to_string(home.file("answers")).expect("it was answered"), "allowed\n");
    let log = tab.log();
    assert_eq!(
        (&log[0]["state"], &log[0]["requests"][0]["state"]),
        (&json!("completed"), &json!("allowed")),
        "{log:?}"
    );
    tab.send("again").is("reused", "agent_lived_on", "completed");
    tab.send("and again").is("reused", "agent_alive", "completed");
}

/// Another folder of state with the same conversations, as a backup or another machine has it.
fn copy_of(home: &Home) -> std::path::PathBuf {
    let copy = home.work().with_file_name("h2");
    std::fs::DirBuilder::new().mode(0o700).create(&copy).expect("a folder");
    for entry in std::fs::read_dir(home.path()).expect("it is there").flatten() {
        let name = entry.file_name();
        let is_wanted = name == "agents" || name.to_string_lossy().starts_with("threadkeep.db");
        if is_wanted && entry.path().is_dir() {
            std::fs::create_dir(copy.join(&name)).expect("a folder");
            for profile in std::fs::read_dir(entry.path()).expect("it is there").flatten() {
                std::fs::copy(profile.path(), copy.join(&name).join(profile.file_name())).expect("a copy");
            }
        } else if is_wanted {
            std::fs::copy(entry.path(), copy.join(&name)).expect("a copy");
        }
    }
    copy
}

/// The broken one let go of the session with its host, and found the agent only by its environment.
#[test]
fn an_agent_that_outlives_its_host_keeps_its_session_from_every_other_host() {
    let home = home_with_coder();
    // Nothing in its environment tells which session it has, as with one that began it on its own screen.
    let (program, own) = (home.file("coder"), home.file("coder.own"));
    std::fs::rename(&program, &own).expect("it is moved");
    let hides = format!("#!/bin/bash\nexec env -u THREADKEEP_AGENT_SESSION '{}' \"$@\"\n", own.display());
    write_program(&program, &hides);
    let tab = coder_tab(&home);
    tab.send("before");
    let agent = tab.pid();
    home.kill_host();
    tab.wait_for("the next host has it", |state| state["pid"] == agent);
    let copy = copy_of(&home);
    let on_copy = |text: &str| {
        let send = ["send", "-c", &tab.id, "--wait", "--json", text];
        home.call(&send).set("THREADKEEP_HOME", &copy).run()
    };
    let refused = |what: &str| {
        let ran = on_copy("from the copy").ended_with(6);
        assert!(ran.stderr.contains("would not resume"), "{what}: {ran:?}");
        let why = home.call(&["why", "-c", &tab.id]).set("THREADKEEP_HOME", &copy).run().done().stdout;
        assert!(why.contains("another threadkeep runs that session; end it there first"), "{what}: {why}");
        assert!(is_alive(agent), "{what}");
    };
    refused("a later host has taken it up");
    // No host serves, and none comes while the holder stands still.
    let holder = home.holder_pid().expect("it runs");
    kill(holder, Signal::STOP);
    home.kill_host();
    refused("no host serves");
    kill(holder, Signal::CONT);
    tab.wait_for("it is taken up", |state| state["pid"] == agent);
    home.run(&["host", "restart"]).done();
    refused("the host made room for the next one");
    assert_eq!((tab.send("after").value["decision"].clone(), tab.pid()), (json!("reused"), agent));
    // Where its own process is gone the copy may have it.
    kill(agent, Signal::KILL);
    tab.wait_for("its end is seen", |state| state["pid"].is_null());
    let sent = on_copy("now from the copy").done().json();
    assert_eq!((&sent["state"], &sent["session"]), (&json!("completed"), &json!(1)), "{sent}");
    home.call(&["host", "stop"]).set("THREADKEEP_HOME", &copy).run().done();
}

/// A new holder cannot have them: nobody but the host has their terminals any more.
#[test]
fn agents_that_lost_their_holder_are_resumed_by_id_once_their_host_is_gone_too() {
    let home = home_with_coder();
    let (works, rests) = (coder_tab(&home), coder_tab(&home));
    rests.send("before");
    works.send("before");
    works.send_on("ask permission");
    works.run("wait", &["--or-asked", "--json"]).ended_with(8);
    let agents = [works.pid(), rests.pid()];
    let holder = home.holder_pid().expect("it runs");
    kill(holder, Signal::KILL);
    wait_until("it is gone", || !is_alive(holder));
    // They live on, and what is asked can be answered.
    works.run("answer", &["allow"]).done();
    works.run("wait", &[]).done();
    assert_eq!(rests.send("after it").value["decision"], "reused");
    assert_eq!([works.pid(), rests.pid()], agents);
    let status = home.run(&["host", "status"]).done().stdout;
    assert!(status.contains("lost their holder"), "{status}");
    works.send_on("ask permission");
    works.run("wait", &["--or-asked", "--json"]).ended_with(8);
    home.kill_host();
    wait_until("both agents left with their terminals", || !agents.into_iter().any(is_alive));
    let unknown = works.log().pop().expect("a turn");
    assert_eq!(
        (&unknown["state"], &unknown["end_why"], &unknown["requests"][0]["state"]),
        (&json!("outcome unknown"), &json!("host_ended"), &json!("expired")),
        "{unknown}"
    );
    for tab in [&works, &rests] {
        tab.send("on we go").is("resumed", "host_ended", "completed");
        assert_eq!(tab.state()["session"], 1, "the agent's own session goes on");
    }
}

/// An agent whose only word is its hooks: `begin` and `end` of a turn, the end behind a gate.
const HOOKED: &str = r#"#!/bin/bash
tell() { printf '{"event":"%s"}' "$1" | 'THREADKEEP' signal; }
tell idle
while read -r text; do
  tell started
  until [ -e gate ]; do sleep 0.05; done
  tell done
  echo told >>told
done
"#;
const HOOKED_PROFILE: &str = r#"
name = "hooked"
title = "An agent with hooks"
[program]
first_of = ["PROGRAM"]
[[variant]]
env = { THREADKEEP_TOKEN = "{token}" }
[variant.submit]
paste = "\n"
brackets = "no"
gap_ms = 0
[[signal]]
source = "hook"
[[signal.rule]]
when = { "/event" = "idle" }
means = "idle"
[[signal.rule]]
when = { "/event" = "started" }
means = "started"
[[signal.rule]]
when = { "/event" = "done" }
means = "done"
[deadlines]
settle_ms = 0
"#;

/// The broken one lost the call, and the turn worked for ever.
#[test]
fn a_hook_that_finds_no_host_is_heard_by_the_next_one() {
    let home = Home::new();
    let program = home.file("hooked");
    write_program(&program, &HOOKED.replace("THREADKEEP", PROGRAM));
    std::fs::DirBuilder::new().mode(0o700).create(home.path()).expect("the home");
    std::fs::create_dir(home.paths().agents).expect("a folder");
    let profile = HOOKED_PROFILE.replace("PROGRAM", program.to_str().expect("UTF-8"));
    std::fs::write(home.paths().agents.join("hooked.toml"), profile).expect("a file");
    let made = home.run(&["new", "--agent", "hooked", "--json"]).done().json();
    let tab = Tab { home: &home, id: made["conversation"].to_string() };
    tab.send_and_see_it_run("hello");
    // The holder is to launch no host while the hook calls.
    let holder = home.holder_pid().expect("it runs");
    kill(holder, Signal::STOP);
    home.kill_host();
    home.open("gate");
    wait_until("the hook has called", || home.file("told").exists());
    assert_eq!(std::fs::read_dir(home.path().join("hooks")).expect("it is kept").count(), 1);
    kill(holder, Signal::CONT);
    tab.run("wait", &[]).done();
    assert_eq!(tab.log()[0]["state"], "completed");
    assert_eq!(std::fs::read_dir(home.path().join("hooks")).expect("it is kept").count(), 0);
}
