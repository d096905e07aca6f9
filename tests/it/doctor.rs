//! What the doctor finds beside the agents, and the keys that arrive, in a real terminal.

use crate::home::{Home, PROGRAM};
use crate::requests::home_with_coder;
use crate::screen::Screen;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

fn finding(told: &Value, about: &str) -> Value {
    let findings = told["findings"].as_array().expect("a list");
    findings.iter().find(|finding| finding["about"] == about).cloned().unwrap_or_default()
}

#[test]
fn the_doctor_tells_of_rights_room_terminal_and_logout() {
    let home = Home::new();
    let told = home.run(&["doctor", "--json"]).done().json();
    for (about, state) in [("rights", "well"), ("size", "well"), ("terminal", "unknown")] {
        assert_eq!(finding(&told, about)["state"], state, "{about}: {told}");
    }
    for about in ["room", "logout"] {
        assert!(finding(&told, about)["text"].is_string(), "{about}: {told}");
    }
    let store = home.paths().store;
    std::fs::set_permissions(&store, PermissionsExt::from_mode(0o644)).expect("it is ours");
    let ran = home.run(&["doctor"]).done();
    let last: Vec<&str> = ran.stdout.lines().rev().take(2).collect();
    assert!(last[1].starts_with("TROUBLE  rights: ") && last[0].contains("chmod go-rwx"), "{ran:?}");
}

#[test]
fn the_doctor_tells_what_is_known_of_each_agent_those_that_can_be_started_first() {
    let home = home_with_coder();
    // The host asks for it wherever it stands, so the program says it by itself.
    let older = include_str!("coder/coder.bash").replace("coder 2.0.0", "coder 1.9.3");
    std::fs::write(home.file("coder"), older).expect("a file");
    std::fs::write(home.paths().agents.join("wrong.toml"), "name = 1\n").expect("a file");
    let told = home.run(&["doctor", "--json"]).done().json();
    let agents = told["agents"].as_array().expect("a list");
    let has_program: Vec<bool> = agents.iter().map(|agent| agent["program"].is_string()).collect();
    assert!(has_program.is_sorted_by_key(|has| !has) && has_program.contains(&false), "{agents:#?}");
    let agent = |name: &str| agents.iter().find(|agent| agent["name"] == name).cloned().unwrap_or_default();
    assert_eq!(agent("coder")["warning"], "version 1.9.3 is too old: at least 2.0 is needed; update it");
    assert_eq!(agent("coder")["notes"][0], "exact turns, as the agent tells them");
    assert!(agent("wrong.toml")["warning"].as_str().is_some_and(|why| why.starts_with("line 1")), "{agents:#?}");
    assert!(agent("generic")["notes"].to_string().contains("turns are a guess from how it looks"), "{agents:#?}");
    assert!(agent("generic")["notes"][0].as_str().is_some_and(|note| note.contains("name one in ")), "{agents:#?}");
    let ran = home.run(&["doctor"]).done();
    assert!(ran.stdout.contains("agent    coder (A coding agent for tests): /") && ran.stdout.contains("is too old"));
}

#[test]
fn without_a_host_the_doctor_tells_what_it_can() {
    let home = Home::new();
    std::fs::create_dir(home.path()).expect("a folder");
    std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o755)).expect("it is ours");
    let ran = home.run(&["doctor", "--json"]).ended_with(7);
    let told = ran.json();
    assert_eq!(finding(&told, "host")["state"], "trouble", "{told}");
    assert!(finding(&told, "host")["text"].as_str().is_some_and(|text| text.contains("chmod 700")), "{told}");
    assert_eq!((&told["host"], finding(&told, "rights")["state"].as_str()), (&Value::Null, Some("trouble")));
    std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o700)).expect("it is ours");
}

#[test]
fn keys_that_arrive_are_marked_and_the_terminal_is_given_back() {
    let home = Home::new();
    let mut screen = Screen::open_verb(&home, &["doctor", "keys"], 80, 24);
    screen.wait_for("· Ctrl+]");
    screen.keys("<prefix>");
    screen.wait_until("the prefix is marked", |seen| seen.has("✓ Ctrl+]") && seen.has("last: Ctrl+] · bytes 1d"));
    screen.resize(40, 12);
    screen.wait_until("it was drawn anew", |seen| seen.row(11).starts_with(" 1 of "));
    screen.keys("q");
    let (code, seen, _) = screen.ended();
    assert!(code == 0 && !seen.alternate && seen.has("Ctrl+K (delete to the line's start or"), "{seen}");
    assert!(!home.path().exists(), "no host was started");
    home.run(&["doctor", "keys"]).ended_with(2);
}

#[test]
fn a_terminal_that_answers_nothing_is_said_to() {
    let home = Home::new();
    let screen = Screen::open_verb(&home, &["doctor"], 200, 60);
    let (code, seen, written) = screen.ended();
    assert_eq!(code, 0);
    assert!(seen.has("terminal unknown: xterm-256color answered nothing"), "{seen}");
    assert!(written.windows(4).any(|window| window == b"\x1b[?u"), "it was asked");
}

#[test]
fn the_unit_file_names_this_program_and_stands_alone_on_standard_output() {
    let home = Home::new();
    let ran = home.run(&["host", "service"]).done();
    assert!(ran.stdout.starts_with("[Unit]\n") && ran.stdout.contains(&format!("ExecStart=\"{PROGRAM}\" host run")));
    assert!(ran.stdout.contains(&format!("THREADKEEP_HOME={}", home.path().display())), "{ran:?}");
    assert!(ran.stderr.contains("enable-linger"), "{ran:?}");
}
