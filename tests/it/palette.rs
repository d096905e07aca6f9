//! The palette and the row of tabs in the real window.

use crate::home::Home;
use crate::window::{is_ready, open, send};

#[test]
fn the_palette_does_an_action_and_shows_a_closed_conversation() {
    let home = Home::new();
    home.run(&["new", "--title", "notes of june"]).done();
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "true", 1, "completed");
    ui.keys("<prefix>:newtab");
    ui.wait_until("the best match is chosen, with its key", |seen| {
        seen.has("> ") && seen.has("new tab, same agent") && seen.has("Ctrl+] c")
    });
    ui.keys("<enter>");
    ui.wait_until("a second tab", |seen| seen.tabs().contains(" 2 ") && seen.has("no turn yet") && is_ready(seen));
    ui.keys("<alt-1><prefix>x");
    ui.wait_until("the first is closed", |seen| !seen.tabs().contains("notes") && is_ready(seen));
    ui.keys("<prefix>:ntsjune");
    ui.wait_until("it is offered", |seen| seen.has("notes of june") && seen.has("closed · idle · shell"));
    ui.keys("<enter>");
    ui.wait_until("it is open", |seen| seen.tabs().contains("notes of june") && seen.panel().contains("turn 1"));
}

#[test]
fn tabs_change_their_places_and_keep_them() {
    let home = Home::new();
    for title in ["one", "two", "three"] {
        home.run(&["new", "--title", title]).done();
    }
    let mut ui = open(&home, 100, 24);
    ui.keys("<alt-3>");
    ui.wait_until("the third is shown", |seen| seen.tabs().contains("3 three") && is_ready(seen));
    ui.keys("<prefix><lt>");
    ui.wait_until("it is the second", |seen| seen.tabs().contains("2 three") && seen.tabs().contains("3 two"));
    ui.keys("<prefix><lt>");
    ui.wait_until("it is the first", |seen| seen.tabs().contains("1 three") && seen.tabs().contains("2 one"));
    ui.keys("<prefix>>");
    ui.wait_until("it is the second", |seen| seen.tabs().contains("1 one") && seen.tabs().contains("2 three"));
    home.kill_host();
    let titles: Vec<_> =
        home.run(&["ls", "--json"]).done().json_lines().iter().map(|one| one["title"].clone()).collect();
    assert_eq!(titles, ["one", "three", "two"], "also after the host died");
}

#[test]
fn a_tab_is_renamed_with_two_clicks_and_moved_with_the_mouse() {
    let home = Home::new();
    for title in ["one", "two"] {
        home.run(&["new", "--title", title]).done();
    }
    let mut ui = open(&home, 100, 24);
    ui.keys("<alt-1>");
    ui.wait_until("both are there", |seen| seen.tabs().contains("1 one") && seen.tabs().contains("2 two"));
    ui.bytes(b"\x1b[<0;3;1M\x1b[<0;3;1m\x1b[<0;3;1M\x1b[<0;3;1m");
    ui.wait_until("a title is asked for", |seen| seen.status().contains("TITLE"));
    ui.keys("s<enter>");
    ui.wait_until("it is renamed", |seen| seen.tabs().contains("1 ones") && is_ready(seen));
    ui.bytes(b"\x1b[<0;4;1M\x1b[<32;13;1M\x1b[<0;13;1m");
    ui.wait_until("it is moved", |seen| seen.tabs().contains("1 two") && seen.tabs().contains("2 ones"));
}
