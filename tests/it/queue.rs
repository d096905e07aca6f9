//! Busy turns: what is sent meanwhile waits in order, and a turn can be interrupted, however it resists.

use crate::home::{Home, Tab, is_alive, wait_until, wait_until_or, write_program};
use serde_json::json;
use threadkeep::domain::id::{ConversationId, TurnNumber};
use threadkeep::protocol::message::{Reply, Request};

#[test]
fn messages_sent_while_a_turn_runs_wait_in_line_and_run_in_order() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run(&home.until_open("gate"));
    for (number, place) in [(2, "1st"), (3, "2nd"), (4, "3rd")] {
        let queued = tab.send_on(&format!("echo {number} >> order")).is("queued", "turn_running", "queued");
        assert_eq!((queued.number("turn"), queued.value["session"].clone(), queued.code), (number, json!(null), 0));
        assert!(queued.text("why_text").contains(&format!("{place} in line")), "{queued:?}");
    }
    assert_eq!(tab.state()["queued"], 3);
    assert!(!home.file("order").exists());
    home.open("gate");
    tab.run("wait", &[]).done();
    assert_eq!(read(&home, "order"), "2\n3\n4\n");
    let why: Vec<_> = tab.why().iter().map(|one| (one["turn"].clone(), one["decision"].clone())).collect();
    let expected =
        [(1, "fresh"), (2, "queued"), (3, "queued"), (4, "queued"), (2, "reused"), (3, "reused"), (4, "reused")];
    assert_eq!(why, expected.map(|(turn, decision)| (json!(turn), json!(decision))));
}

#[test]
fn a_queued_message_can_be_edited_and_removed_and_the_rest_keep_their_order() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run(&home.until_open("gate"));
    for number in 2..=4 {
        tab.send_on(&format!("echo {number} >> order"));
    }
    let conversation = conversation_of(&tab);
    let (second, third) = (TurnNumber(2), TurnNumber(3));
    let mut control = home.control();
    let edit = Request::EditQueued { conversation, turn: second, text: "echo edited >> order".into() };
    assert_eq!(control.ask(&edit, None).expect("it is queued"), Reply::Done);
    let remove = Request::RemoveQueued { conversation, turn: third };
    assert_eq!(control.ask(&remove, None).expect("it is queued"), Reply::Done);
    control.ask(&remove, None).expect_err("it is not queued any more");
    home.open("gate");
    tab.run("wait", &[]).done();
    control.ask(&edit, None).expect_err("what has run cannot be edited");
    assert_eq!(read(&home, "order"), "edited\n4\n");
    let turns: Vec<_> = tab.log().iter().map(|turn| turn["turn"].clone()).collect();
    assert_eq!(turns, [1, 2, 4]);
}

#[test]
fn waiting_for_a_message_that_is_taken_out_of_the_queue_ends() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run(&home.until_open("gate"));
    let waiting = tab.call("send", &["--wait", "--json", "echo never >> order"]).start();
    tab.wait_for("it is queued", |state| state["queued"] == 1);
    let remove = Request::RemoveQueued { conversation: conversation_of(&tab), turn: TurnNumber(2) };
    home.control().ask(&remove, None).expect("it is queued");
    waiting.end().ended_with(3);
    home.open("gate");
    tab.run("wait", &[]).done();
    assert!(!home.file("order").exists());
}

#[test]
fn send_now_interrupts_what_runs_and_goes_before_what_waits() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run("sleep 1000");
    tab.send_on("echo waited >> order");
    tab.run("send", &["--now", "echo now >> order"]).done();
    tab.run("wait", &[]).done();
    assert_eq!(read(&home, "order"), "now\nwaited\n");
    assert_eq!(tab.log()[0]["state"], "interrupted");
}

#[test]
fn asking_how_it_goes_does_not_touch_the_agent() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run(&home.until_open("gate"));
    let before = tab.log();
    assert_eq!(tab.why().len(), 1);
    assert_eq!(tab.state()["state"], "working");
    home.run(&["host", "status"]).done();
    home.run(&["doctor"]).done();
    assert_eq!(tab.log(), before);
    home.open("gate");
    tab.run("wait", &[]).done();
    assert_eq!((tab.log().len(), tab.log()[0]["answer"].clone()), (1, json!("")));
}

#[test]
fn an_interrupt_ends_the_turn_exactly_once_and_the_session_stays_usable() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run("echo before; touch begun; sleep 1000; echo after");
    // A shell tells that a turn begins before it does anything.
    wait_until("it has said something", || home.file("begun").exists());
    let told = tab.run("interrupt", &["--json"]).done().json();
    assert_eq!(
        (&told["turn"], &told["state"], &told["end_why"]),
        (&json!(1), &json!("interrupted"), &json!("by_person"))
    );
    tab.send("echo next").reused();
    let log = tab.log();
    assert_eq!(log.len(), 2);
    let answer = log[0]["answer"].as_str().expect("a text");
    assert!(answer.starts_with("before") && !answer.contains("after"), "{answer:?}");
}

#[test]
fn an_interrupt_where_nothing_runs_does_nothing() {
    let home = Home::new();
    let tab = home.tab();
    assert_eq!(
        tab.run("interrupt", &["--json"]).done().json(),
        json!({ "version": 1, "conversation": 1, "turn": null })
    );
    tab.send("X=1");
    assert_eq!(
        tab.run("interrupt", &["--json"]).done().json(),
        json!({ "version": 1, "conversation": 1, "turn": null })
    );
    assert_eq!(tab.send("echo $X").reused().answer(), "1");
}

#[test]
fn a_command_that_ignores_the_interrupt_is_ended_by_harder_means_with_all_its_processes() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("X=kept");
    let stubborn =
        "bash -c \"trap '' INT TERM; sleep 1000 & echo \\$! >> pids; echo \\$\\$ >> pids; while :; do sleep 1; done\"";
    let pids = run_stubborn(&home, &tab, stubborn, 2);
    tab.run("interrupt", &["--json"]).done();
    assert_eq!(tab.log()[1]["state"], "interrupted");
    wait_until("its whole group is gone", || pids.iter().all(|pid| !is_alive(*pid)));
    assert_eq!(tab.send("echo $X").reused().answer(), "kept", "the shell itself was not harmed");
}

#[test]
fn a_shell_that_itself_ignores_the_interrupt_is_ended_and_the_next_message_says_so() {
    let home = Home::new();
    let tab = home.tab();
    let pids = run_stubborn(&home, &tab, "trap '' INT TERM HUP; echo $$ >> pids; while :; do :; done", 1);
    let told = tab.run("interrupt", &["--json"]).done().json();
    assert_eq!(told["state"], "interrupted");
    wait_until("the shell is gone", || pids.iter().all(|pid| !is_alive(*pid)));
    tab.send("true").is("fresh", "session_stopped", "completed");
}

#[test]
fn a_message_that_starts_no_turn_is_an_outcome_of_its_own_and_its_text_is_kept() {
    let home = Home::new();
    mute_agent(&home);
    let made = home.run(&["new", "--agent", "mute", "--json"]).done().json();
    let tab = Tab { home: &home, id: made["conversation"].to_string() };
    let sent = tab.send("does anybody hear me?").is("fresh", "first_message", "failed");
    assert_eq!(
        (sent.text("end_why"), sent.text("end_text")),
        ("not_started", "sent, but no turn started; look at the agent's screen")
    );
    assert_eq!(tab.log()[0]["prompt"], "does anybody hear me?");
    assert_eq!(tab.log()[0]["evidence"]["source"], "silence");
}

/// An agent that shows its prompt and then heeds nothing.
fn mute_agent(home: &Home) {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(home.path()).expect("the home");
    std::fs::create_dir(home.paths().agents).expect("a folder");
    let program = home.file("mute");
    write_program(&program, "#!/bin/sh\nprintf '\\033]133;B;aid=%s\\007' \"$TOKEN\"\nexec cat >/dev/null\n");
    let program = program.display();
    let profile = format!(
        r#"name = "mute"
title = "Mute"
[program]
first_of = ["{program}"]
[[signal]]
source = "osc133-token"
[deadlines]
ready_ms = 15000
turn_start_ms = 300
[turn_end]
process_exit = "is-failure"
interrupted_statuses = []
[continuity]
resume = "no"
[[interrupt]]
signal = "int"
wait_ms = 100
[[stop]]
signal = "kill"
wait_ms = 100
[[variant]]
programs = ["mute"]
args = []
env = {{ TOKEN = "{{token}}" }}
submit = {{ file = "turn-{{turn}}", keys = "{{turn}}\r" }}
"#
    );
    std::fs::write(home.paths().agents.join("mute.toml"), profile).expect("a file");
}

/// Starts a command that writes `count` process ids of its own, and returns them.
fn run_stubborn(home: &Home, tab: &Tab, command: &str, count: usize) -> Vec<i32> {
    tab.send_and_see_it_run(command);
    wait_until_or(
        "the stubborn processes have told their ids",
        || {
            let text = std::fs::read_to_string(home.file("pids")).unwrap_or_default();
            let pids: Vec<i32> = text.lines().filter_map(|line| line.parse().ok()).collect();
            (pids.len() == count && text.ends_with('\n')).then_some(pids)
        },
        || tab.state(),
    )
}

fn conversation_of(tab: &Tab) -> ConversationId {
    ConversationId(tab.id.parse().expect("a number"))
}

fn read(home: &Home, name: &str) -> String {
    std::fs::read_to_string(home.file(name)).expect("the turns have written it")
}
