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
    let seen = ui.wait_until("the best match is chosen", |seen| seen.has("> ") && seen.has("new tab, same agent"));
    assert!(seen.has("Ctrl+] c"), "with its key\n{seen}");
    ui.keys("<enter>");
    ui.wait_until("a second tab", |seen| seen.tabs().contains(" 2 ") && seen.has("no turn yet") && is_ready(seen));
    ui.keys("<alt-1><prefix>x");
    ui.wait_until("the first is closed", |seen| !seen.tabs().contains("notes") && is_ready(seen));
    ui.keys("<prefix>:ntsjune");
    ui.wait_until("it is offered", |seen| seen.has("notes of june") && seen.has("closed · idle · shell"));
    ui.keys("<enter>");
    ui.wait_until("it is open", |seen| seen.tabs().contains("notes of june") && seen.panel().contains("turn 1"));
}
