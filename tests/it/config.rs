//! The configuration as a person has it: printed, checked, changed while the window is open.

use crate::home::Home;
use crate::screen::Screen;
use crate::window::open;

/// Replaces the file, as editors do.
fn write(home: &Home, text: &str) {
    let other = home.path().join("config.toml.new");
    std::fs::write(&other, text).expect("a file can be written");
    std::fs::rename(other, home.paths().config).expect("a file can be renamed");
}

#[test]
fn the_default_file_is_printed_can_be_used_and_is_checked() {
    let home = Home::new();
    let path = home.run(&["config"]).done().stdout;
    assert_eq!(path.trim_end(), home.paths().config.display().to_string());
    assert!(!home.path().exists(), "asking makes nothing");
    home.run(&["config", "check"]).done();
    home.run(&["host", "stop"]).done();
    home.tab();
    write(&home, &home.run(&["config", "default"]).done().stdout);
    assert!(home.run(&["config", "check"]).done().stdout.contains("is right"));
    write(&home, "[keys.prefix]\nzoom = \"c\"\n");
    let ran = home.run(&["config", "check"]).ended_with(2);
    assert!(ran.stderr.contains("config.toml, line 2: c is `new_tab` already"), "{ran:?}");
    let doctor = home.run(&["doctor", "--json"]).done().json();
    assert!(doctor["config_error"].as_str().is_some_and(|error| error.contains("line 2")), "{doctor}");
    let (code, seen, _) = Screen::open(&home, 80, 24).ended();
    assert!(code == 2 && seen.has("line 2"), "{seen}");
}

#[test]
fn a_changed_file_is_in_force_while_the_window_is_open_and_a_wrong_one_is_told() {
    let home = Home::new();
    let mut ui = open(&home, 80, 24);
    write(&home, "prefix = \"ctrl-g\"\n[keys.prefix]\nzoom = \"k\"\n");
    // Any key has the file looked at.
    ui.keys("x");
    ui.wait_until("it is in force", |seen| seen.status().contains("^G commands") || seen.has("is in force"));
    ui.keys("<ctrl-g>");
    ui.wait_for("k zoom the pane");
    ui.keys("<escape>");
    ui.wait_until("the list of keys is gone", |seen| !seen.has("k zoom the pane"));
    write(&home, "prefix = \"ctrl-g\"\nprefx = 1\n");
    ui.keys("y");
    ui.wait_for("no key `prefx`");
    ui.keys("<ctrl-g>d");
    assert_eq!(ui.ended().0, 0, "the keys of before are in force");
}
