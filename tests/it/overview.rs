//! The overview of all conversations and the way back of a closed tab, in the real window.

use crate::home::Home;
use crate::window::{is_ready, open, send};

#[test]
fn a_closed_conversation_is_found_replied_to_opened_and_deleted_from_the_overview() {
    let home = Home::new();
    for title in ["notes of june", "second one"] {
        home.run(&["new", "--title", title]).done();
    }
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "echo from the window", 1, "completed");
    ui.keys("<prefix>x");
    ui.wait_until("its neighbour is shown", |seen| !seen.tabs().contains(" 2 ") && is_ready(seen));

    ui.keys("<prefix>wsecond is:closed");
    let seen = ui.wait_until("only the closed one is listed", |seen| seen.has("· 1 of 2 ·"));
    assert!(seen.has("closed · idle · shell · 1 turns"), "{seen}");
    assert!(seen.has("echo from the window"), "its last prompt\n{seen}");
    ui.keys("<ctrl-r>echo replied<enter>");
    ui.wait_until("a conversation that is spoken to has its tab again", |seen| seen.has("· 0 of 2 ·"));
    home.run(&["wait", "-c", "2"]).done();
    assert_eq!(home.run(&["log", "-c", "2", "--json"]).done().json_lines()[1]["answer"], "replied");

    ui.keys("<escape>");
    ui.wait_until("the page is left", is_ready);
    ui.keys("<prefix>wsecond<enter>");
    ui.wait_until("it is open", |seen| is_ready(seen) && seen.panel().contains("turn 2 · completed"));

    ui.keys("<prefix>wnotes<ctrl-d>no<enter>");
    ui.wait_for("nothing was deleted");
    ui.keys("<ctrl-d>notes<enter>");
    ui.wait_until("it is gone", |seen| seen.has("· 0 of 1 ·"));
    assert_eq!(home.run(&["ls", "--json"]).done().json_lines().len(), 1);
}

#[test]
fn the_tab_that_was_closed_last_comes_back_with_its_live_session() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "X=kept", 1, "completed");
    ui.keys("<prefix>c");
    ui.wait_until("a second tab", |seen| seen.tabs().contains(" 2 ") && seen.has("no turn yet") && is_ready(seen));
    ui.keys("<alt-1>");
    ui.wait_until("the first tab", |seen| seen.panel().contains("X=kept"));
    ui.keys("<prefix>x");
    ui.wait_until("it is closed", |seen| !seen.tabs().contains(" 2 ") && seen.has("no turn yet"));
    ui.keys("<prefix>u");
    ui.wait_until("it is back", |seen| seen.tabs().contains(" 2 ") && seen.panel().contains("X=kept"));
    send(&mut ui, "echo [$X]", 2, "completed");
    ui.wait_until("the session is the same", |seen| seen.pane().contains("\n[kept]\n"));
}
