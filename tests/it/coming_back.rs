//! Leaving and coming back: what keeps running, what is shown again, and what killing anything does to it.

use crate::home::{Home, Signal, is_alive, kill, wait_until};
use crate::screen::Screen;
use crate::window::{is_ready, open, send};
use std::time::{Duration, Instant};

#[test]
fn leaving_keeps_everything_running_and_coming_back_shows_the_same_at_once() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "echo the first tab", 1, "completed");
    let shell = home.run(&["ls", "--json"]).done().json()["pid"].as_i64().expect("a process id");
    ui.keys("<ctrl-t>");
    ui.wait_until("a second tab", |seen| seen.has("no turn yet") && is_ready(seen));
    ui.keys(&format!("{}<enter>", home.until_open("gate")));
    ui.wait_for("working");
    ui.keys("<alt-1>");
    ui.wait_for("the first tab");
    ui.keys("a draft that stays");
    ui.wait_until("the draft is there", |seen| seen.row(22).contains("a draft that stays"));
    ui.keys("<prefix>d");
    let (code, left, _) = ui.ended();
    assert_eq!(code, 0);
    assert!(left.has("threadkeep") && left.has("2"), "it says what keeps running and how to come back\n{left}");
    assert!(is_alive(shell.try_into().expect("a process id")));

    home.open("gate");
    home.run(&["wait", "-c", "2"]).done();
    let mut ui = Screen::open(&home, 100, 24);
    ui.wait_until("the tabs are back", |seen| is_ready(seen) && seen.tabs().contains(" 2 "));
    ui.keys("<alt-1>");
    ui.wait_until("the screen and the draft are back", |seen| {
        let tabs = seen.tabs();
        seen.pane().contains("the first tab")
            && seen.row(22).contains("a draft that stays")
            && tabs.contains(" 1 ")
            && tabs.contains(" 2 ")
    });
}

#[test]
fn a_turn_that_ended_meanwhile_is_marked_until_it_was_seen() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "echo here", 1, "completed");
    let before = ui.seen().tabs();
    let second = home.tab();
    second.send("echo there");
    second.send("false");
    let seen = ui.wait_until("the other tab is marked", |seen| seen.tabs().contains(" 2 "));
    let marked = ui.wait_until("as failed", |seen| seen.tabs().contains('✗') || seen.tabs().contains('!'));
    assert_ne!(before, seen.tabs());
    assert_eq!(second.state()["unread"], "failed", "{marked}");
    ui.keys("<alt-2>");
    ui.wait_until("it is seen", |seen| seen.panel().contains("turn 2 · failed"));
    second.wait_for("nothing is unread", |state| state["unread"].is_null());
    ui.keys("<alt-1>");
    ui.wait_until("no mark is left", |seen| !seen.tabs().contains('✗'));
}

#[test]
fn two_windows_on_one_host_agree() {
    let home = Home::new();
    let mut first = open(&home, 100, 24);
    send(&mut first, "echo from the first", 1, "completed");
    let mut second = open(&home, 90, 20);
    second.wait_until("it shows the same", |seen| seen.pane().contains("from the first"));
    send(&mut second, "echo from the second", 2, "completed");
    first.wait_until("the first agrees", |seen| {
        seen.pane().contains("from the second") && seen.panel().contains("turn 2 · completed")
    });
    first.keys("<ctrl-t>");
    second.wait_until("the new tab is in both", |seen| seen.tabs().contains(" 2 "));
    first.keys("<prefix>d");
    assert_eq!(first.ended().0, 0);
    send(&mut second, "echo alone", 3, "completed");
}

#[test]
fn a_window_killed_or_hung_up_harms_nothing() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    ui.keys(&format!("{}<enter>", home.until_open("gate")));
    ui.wait_for("working");
    ui.keys("a draft");
    wait_until("the draft is saved", || home.run(&["ls", "--json"]).done().json()["draft"] == "a draft");
    ui.kill();
    assert_eq!(home.run(&["ls", "--json"]).done().json()["turn_state"], "working");

    let ui = Screen::open(&home, 100, 24);
    ui.wait_until("the turn goes on", |seen| seen.panel().contains("working") && seen.row(22).contains("a draft"));
    kill(ui.pid(), Signal::HUP);
    ui.ended();
    home.open("gate");
    home.run(&["wait"]).done();
    let ui = Screen::open(&home, 100, 24);
    ui.wait_until("the turn ended", |seen| seen.panel().contains("turn 1 · completed"));
}

#[test]
fn a_host_killed_with_its_holder_under_a_window_is_said_and_everything_is_there_again() {
    let home = Home::new();
    let mut ui = open(&home, 110, 24);
    send(&mut ui, "echo before", 1, "completed");
    ui.keys("sleep 1000<enter>");
    ui.wait_for("working");
    ui.keys("echo queued<enter>");
    ui.wait_until("it is queued", |seen| seen.panel().contains("\"echo queued\""));
    ui.keys("a draft");
    wait_until("the draft is saved", || home.run(&["ls", "--json"]).done().json()["draft"] == "a draft");
    home.kill_host_and_holder();
    ui.wait_until("what ran is unknown, and why", |seen| {
        seen.panel().contains("turn 2 · outcome unknown") && seen.panel().contains("host ended")
    });
    ui.wait_until("queue and draft are there", |seen| {
        seen.panel().contains("\"echo queued\"") && seen.row(22).contains("a draft")
    });
    ui.keys("<ctrl-u>echo after<enter>");
    ui.wait_until("all has run", |seen| seen.panel().contains("turn 4 · completed"));
    let log = home.run(&["log", "--json"]).done().json_lines();
    let told: Vec<_> = log.iter().map(|turn| (turn["prompt"].clone(), turn["state"].clone())).collect();
    let expected = [
        ("echo before", "completed"),
        ("sleep 1000", "outcome unknown"),
        ("echo queued", "completed"),
        ("echo after", "completed"),
    ];
    assert_eq!(told, expected.map(|(prompt, state)| (prompt.into(), state.into())));
    let why = home.run(&["why", "--json"]).done().json_lines();
    assert!(why.iter().any(|one| one["decision"] == "fresh" && one["why"] == "host_ended"), "{why:?}");
}

#[test]
fn a_host_that_was_stopped_stays_so_until_the_person_sends_something() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "echo before", 1, "completed");
    home.run(&["host", "stop"]).done();
    ui.wait_for("the host was stopped; Enter (or any message) starts it again");
    let until = Instant::now() + Duration::from_secs(3);
    while Instant::now() < until {
        assert!(!home.paths().socket.exists(), "nobody started a host");
        std::thread::sleep(Duration::from_millis(50));
    }
    send(&mut ui, "echo after", 2, "completed");
    home.run(&["host", "stop"]).done();
    ui.wait_for("the host was stopped");
    let tab = home.run(&["ls", "--json"]).done();
    assert_eq!(tab.json()["turns"], 2, "another client starts it");
    ui.wait_until("and the window finds it", |seen| seen.status().contains("next: fresh"));
}

#[test]
fn a_message_in_a_new_tab_survives_the_stop_of_the_host() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    home.run(&["host", "stop"]).done();
    ui.wait_for("the host was stopped");
    send(&mut ui, "echo in spite of it", 1, "completed");
}

#[test]
fn a_window_opened_after_a_restart_shows_the_record_without_a_process() {
    let home = Home::new();
    home.run(&["send", "--wait", "echo long ago"]).done();
    home.run(&["host", "stop"]).done();
    let ui = open(&home, 110, 24);
    ui.wait_until("the turn is listed, and what comes next", |seen| {
        seen.panel().contains("echo long ago") && seen.status().contains("next: fresh · the host ended")
    });
}

#[test]
fn the_terminal_is_given_back_clean_however_the_window_ends() {
    let home = Home::new();
    for name in ["leave", "SIGTERM", "SIGHUP"] {
        let mut ui = open(&home, 80, 24);
        match name {
            "SIGTERM" => kill(ui.pid(), Signal::TERM),
            "SIGHUP" => kill(ui.pid(), Signal::HUP),
            _ => ui.keys("<prefix>d"),
        }
        let (_, seen, written) = ui.ended();
        assert!(!seen.alternate && seen.cursor().is_some(), "{name}: {seen}");
        let written = String::from_utf8_lossy(&written).into_owned();
        for mode in ["1049", "2004", "1004", "1000", "1002", "1006"] {
            let (on, off) = (format!("\x1b[?{mode}h"), format!("\x1b[?{mode}l"));
            assert!(written.rfind(&off) > written.rfind(&on), "{name}: mode {mode} is left on");
        }
        assert!(written.rfind("\x1b[?25h") > written.rfind("\x1b[?25l"), "{name}: the cursor is shown");
        assert!(written.rfind("\x1b[<1u") > written.rfind("\x1b[>1u"), "{name}: the keys are as before");
    }
}

#[test]
fn closing_a_tab_ends_nothing() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "echo kept", 1, "completed");
    // The end of the turn and the picture come on two ways.
    ui.wait_until("the output shows", |seen| seen.pane().contains("kept"));
    ui.keys("<prefix>x");
    ui.wait_until("the tab is gone", |seen| !seen.pane().contains("kept"));
    let of_the_turn = || {
        let listed = home.run(&["ls", "--json"]).done().json_lines();
        listed.into_iter().find(|one| one["turns"] == 1).expect("the conversation stays")
    };
    // The window shows its neighbour before the host has saved that it is closed.
    wait_until("its tab is closed", || of_the_turn()["open"] == false);
    let closed = of_the_turn();
    assert_eq!(closed["state"], "idle");
    let shell = closed["pid"].as_i64().expect("its shell lives");
    assert!(is_alive(shell.try_into().expect("a process id")));
}
