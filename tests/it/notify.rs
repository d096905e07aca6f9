//! Notifications: the person's command, and what the terminal of a window gets.

use crate::home::{Home, Tab, wait_until, wait_until_or, write_program};
use crate::screen::Screen;
use crate::window::{is_ready, open};
use serde_json::{Value, json};
use std::os::unix::fs::DirBuilderExt;

/// A home whose configuration has every turn told by a command that appends what it gets to a file.
fn home_with_hook(more: &str) -> Home {
    let home = Home::new();
    let program = home.file("hook");
    let said = home.file("said");
    let script =
        format!("#!/bin/sh\ncat >> '{0}'\necho \"$# $1 [$THREADKEEP_HOME$TERM]\" >> '{0}.how'\n", said.display());
    write_program(&program, &script);
    std::fs::DirBuilder::new().mode(0o700).create(home.path()).expect("the home");
    let config =
        format!("[notify]\nafter_seconds = 0\ncommand = [\"{}\", \"$(touch x); y\"]\n{more}", program.display());
    std::fs::write(home.paths().config, config).expect("a file");
    home
}

fn said(home: &Home) -> Vec<Value> {
    let text = std::fs::read_to_string(home.file("said")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect()
}

fn wait_for_said(home: &Home, count: usize) -> Vec<Value> {
    wait_until_or("it is told", || Some(said(home)).filter(|all| all.len() >= count), || said(home))
}

/// A turn that takes longer than no time at all.
fn send_slow(tab: &Tab, then: &str) {
    tab.send(&format!("sleep 0.2; {then}"));
}

#[test]
fn a_command_is_told_of_the_end_of_a_turn_with_no_window_open() {
    let home = home_with_hook("");
    let tab = home.tab();
    send_slow(&tab, "true");
    let told = wait_for_said(&home, 1).remove(0);
    assert_eq!((&told["event"], &told["state"], &told["turn"]), (&json!("done"), &json!("completed"), &json!(1)));
    assert_eq!((&told["title"], &told["agent"]), (&json!("sleep 0.2; true"), &json!("shell")));
    // Counted from when the host sees it begin, which may be a little late.
    assert!(told["elapsed_ms"].as_i64().is_some_and(|ms| ms > 0), "{told}");
    let whole = || std::fs::read_to_string(home.file("said.how")).ok().filter(|text| text.ends_with('\n'));
    let how = wait_until_or("and how", whole, || "");
    assert_eq!(how, "1 $(touch x); y []\n", "one argument as it stands there, and a small environment");
    send_slow(&tab, "false");
    let told = wait_for_said(&home, 2).remove(1);
    assert_eq!((&told["event"], &told["text"]), (&json!("failed"), &json!("exit 1")));
}

#[test]
fn a_changed_configuration_is_in_force_for_the_next_turn() {
    let home = home_with_hook("done = []\n");
    let tab = home.tab();
    send_slow(&tab, "true");
    let config = std::fs::read_to_string(home.paths().config).expect("it is there");
    std::fs::write(home.paths().config, config.replace("done = []", "")).expect("a file");
    // Each message has the file looked at, beside the turn.
    wait_until("a later turn is told", || {
        send_slow(&tab, "true");
        !said(&home).is_empty()
    });
    assert_ne!(said(&home)[0]["turn"], 1);
}

#[test]
fn the_tab_that_is_looked_at_is_silent_and_another_rings_in_the_terminal() {
    let home = home_with_hook("terminal = \"osc777\"\n");
    let mut ui = open(&home, 100, 24);
    ui.keys("sleep 0.2; echo seen<enter>");
    ui.wait_until("it is over", |seen| seen.panel().contains("turn 1 · completed"));
    ui.keys(&format!("{}; echo unseen<enter>", home.until_open("gate")));
    ui.wait_for("turn 2 · working");
    ui.keys("<ctrl-t>");
    ui.wait_until("another tab", |seen| seen.tabs().contains(" 2 ") && is_ready(seen) && seen.has("no turn yet"));
    home.open("gate");
    let told = wait_for_said(&home, 1);
    assert_eq!((told.len(), &told[0]["turn"]), (1, &json!(2)), "nothing of the turn that was seen: {told:?}");
    let rings = "\x1b]777;notify;";
    let is_whole = |text: &str| text.split_once(rings).is_some_and(|(_, after)| after.contains("\x1b\\"));
    wait_until("the terminal is told", || is_whole(&text(&ui)));
    let written = text(&ui);
    let (_, after) = written.split_once(rings).expect("it was just there");
    let (words, _) = after.split_once("\x1b\\").expect("it ends");
    assert!(words.contains(";completed after "), "{words}");
    assert!(words.starts_with("sleep 0.2, echo seen"), "the title, without what would end it: {words}");
    assert_eq!(written.matches(rings).count(), 1);
}

#[test]
fn a_window_that_lost_the_focus_is_rung_for_the_tab_it_shows() {
    let home = home_with_hook("");
    let mut ui = open(&home, 100, 24);
    ui.bytes(b"\x1b[O");
    ui.keys("sleep 0.2; true<enter>");
    wait_for_said(&home, 1);
    wait_until("the bell rings", || ui.written().contains(&0x07));
}

fn text(ui: &Screen) -> String {
    String::from_utf8_lossy(&ui.written()).into_owned()
}
