//! How the window treats the person's terminal: what it sets it unsets, one write a picture, nothing where nothing changed.

use crate::home::{Home, Signal, Tab, kill, wait_until, write_program};
use crate::screen::{Screen, Seen};
use crate::window::{is_ready, open, send};
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use threadkeep::tui::guard::Guard;

/// The private modes that were set or unset, and how they were left.
fn modes(written: &str) -> BTreeMap<String, bool> {
    let mut modes = BTreeMap::new();
    for (at, _) in written.match_indices("\x1b[?") {
        let rest = &written[at + 3..];
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        match rest[digits.len()..].chars().next() {
            Some('h') => drop(modes.insert(digits, true)),
            Some('l') => drop(modes.insert(digits, false)),
            _ => {}
        }
    }
    modes
}

#[track_caller]
fn assert_is_given_back(how: &str, written: &[u8]) {
    let written = String::from_utf8_lossy(written).into_owned();
    let left = modes(&written);
    assert!(left.contains_key("1049") && left.contains_key("2004"), "{how}: the terminal was taken");
    for (mode, is_set) in left {
        // A terminal shows its cursor and wraps by itself.
        assert_eq!(is_set, ["25", "7"].contains(&mode.as_str()), "{how}: mode {mode} is left so");
    }
    assert!(written.rfind("\x1b[<1u") > written.rfind("\x1b[>1u"), "{how}: the keys are as before");
    assert!(written.rfind("\x1b[0 q") > written.rfind("\x1b[2 q"), "{how}: the cursor has its shape");
}

fn home_with(config: &str) -> Home {
    let home = Home::new();
    std::fs::DirBuilder::new().mode(0o700).create(home.path()).expect("the home");
    std::fs::write(home.paths().config, config).expect("a file");
    home
}

#[test]
fn every_mode_that_is_set_is_unset_however_the_window_ends() {
    let home = home_with("theme = \"auto\"\n");
    for how in ["leave", "SIGTERM", "SIGHUP", "SIGINT"] {
        let mut ui = open(&home, 80, 24);
        ui.keys("printf '\\033[2 q'<enter>");
        ui.wait_for("completed");
        ui.keys("<prefix>o");
        ui.wait_for("AGENT");
        match how {
            "SIGTERM" => kill(ui.pid(), Signal::TERM),
            "SIGHUP" => kill(ui.pid(), Signal::HUP),
            "SIGINT" => kill(ui.pid(), Signal::INT),
            _ => ui.keys("<prefix>d"),
        }
        let (_, seen, written) = ui.ended();
        assert!(!seen.alternate && seen.cursor().is_some(), "{how}: {seen}");
        assert_is_given_back(how, &written);
    }
}

const PANICS: &str = "THREADKEEP_TEST_PANICS";

/// A panic is on no way that a test could take in the program itself, so this very test plays it, in a pty of its own.
#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    if std::env::var_os(PANICS).is_some() {
        let _guard = Guard::take().expect("it runs in a terminal");
        std::io::stdout().write_all(b"\x1b[?2026h\x1b[?25l\x1b[2 q").expect("the terminal takes it");
        panic!("as a test wants it");
    }
    let home = Home::new();
    let program = std::env::current_exe().expect("it runs");
    let this = "manners::a_panic_gives_the_terminal_back_before_it_is_told";
    let ui = Screen::run(&home, &program, &["--exact", this, "--nocapture"], &[(PANICS, "1")]);
    let (code, seen, written) = ui.ended();
    assert_ne!(code, 0);
    assert!(!seen.alternate && seen.has("as a test wants it"), "{seen}");
    assert_is_given_back("panic", &written);
}

/// What lies outside of synchronized updates, once the terminal was taken.
fn outside_of_pictures(written: &str) -> String {
    let mut outside = String::new();
    for piece in written.split("\x1b[?2026h") {
        let after = piece.split_once("\x1b[?2026l").map_or(piece, |(_, after)| after);
        outside.push_str(after);
    }
    outside
}

#[test]
fn every_picture_is_one_synchronized_update_and_nothing_is_written_beside_them() {
    let home = Home::new();
    let mut ui = open(&home, 80, 24);
    send(&mut ui, "seq 1 2000", 1, "completed");
    ui.keys("<prefix>?");
    ui.wait_for("PAGE");
    ui.resize(100, 30);
    ui.wait_until("it is drawn anew", |seen| seen.row(29).contains("PAGE"));
    let written = String::from_utf8_lossy(&ui.written()).into_owned();
    let pictures = &written[written.find("\x1b[?2026h").expect("something was drawn")..];
    assert_eq!(outside_of_pictures(pictures), "");
}

/// Each event of a hidden conversation had the window write an empty picture.
#[test]
fn a_conversation_without_a_tab_costs_the_terminal_nothing() {
    let home = home_with("[notify]\ndone = []\n");
    let hidden = home.tab();
    hidden.send("true");
    let mut ui = open(&home, 80, 24);
    ui.keys("<prefix>x");
    ui.wait_until("its tab is closed", |seen| seen.has("no turn yet") && is_ready(seen));
    ui.keys("x");
    ui.wait_until("nothing is said any more", |seen| seen.row(22).starts_with("> x") && !seen.has("brings it back"));
    let before = ui.written().len();
    hidden.run("fresh", &[]).done();
    hidden.run("model", &["large"]).done();
    hidden.run("model", &["--default"]).done();
    ui.keys("y");
    ui.wait_until("the window is awake", |seen| seen.row(22).starts_with("> xy"));
    let written = String::from_utf8_lossy(&ui.written()[before..]).into_owned();
    assert_eq!(written.matches("\x1b[?2026h").count(), 1, "the key alone: {written:?}");
}

#[test]
fn a_storm_of_sizes_ends_in_the_right_picture() {
    let home = Home::new();
    let mut ui = open(&home, 80, 24);
    send(&mut ui, "seq 1 200", 1, "completed");
    for step in 0..200_u16 {
        ui.resize(20 + step % 90, 5 + step % 35);
    }
    ui.resize(90, 25);
    ui.wait_until("it is whole", |seen| {
        seen.status().contains("TYPING") && seen.rows().count() == 25 && seen.panel().contains("turn 1 · completed")
    });
    let tab = Tab { home: &home, id: "1".into() };
    // It goes to the agent beside the messages, by the view.
    wait_until("the agent has the last size", || tab.send("tput cols").answer() == "54");
}

#[test]
fn a_theme_follows_the_terminal_as_it_tells() {
    let mut home = home_with("theme = \"auto\"\n");
    home.set("COLORTERM", "truecolor");
    let mut ui = open(&home, 80, 24);
    let text = |ui: &Screen| String::from_utf8_lossy(&ui.written()).into_owned();
    assert!(text(&ui).contains("\x1b]11;?\x1b\\") && !text(&ui).contains("38;2;"));
    ui.bytes(b"\x1b]11;rgb:fafa/fafa/fafa\x1b\\");
    wait_until("the light one", || text(&ui).contains("38;2;0;98;122"));
    ui.bytes(b"\x1b[?997;1n");
    wait_until("the dark one", || text(&ui).contains("38;2;116;199;236"));
    assert!(ui.seen().row(22).trim_end() == ">", "nothing of it was typed: {}", ui.seen());
    drop(ui);
    home.set("NO_COLOR", "1");
    let ui = open(&home, 80, 24);
    let written = text(&ui);
    assert!(!written.contains("38;5;") && !written.contains("38;2;"), "{written:?}");
}

#[test]
fn a_tmux_that_takes_the_prefix_is_noticed() {
    let mut home = Home::new();
    let tmux = home.file("tmux");
    write_program(&tmux, "#!/bin/sh\n[ \"$*\" = 'show-options -g' ] && echo 'prefix C-]'\n");
    home.set("PATH", format!("{}:/usr/bin:/bin", home.work().display()));
    home.set("TMUX", "/tmp/none,1,0");
    let ui = Screen::open(&home, 80, 24);
    let said = ["tmux around this window takes Ctrl+]", "prefix = \"ctrl-g\""];
    ui.wait_until("it is noticed", |seen: &Seen| is_ready(seen) && said.iter().all(|words| seen.has(words)));
}
