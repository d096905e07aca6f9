//! The overview of all conversations and the way back of a closed tab, in the real window.

use crate::home::Home;
use crate::window::{is_ready, open, send};
use serde_json::json;

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
    // What was typed of the filter first leaves that one alone as well, and its tab may still be on its way out.
    ui.wait_until("only the closed one is listed, with its last prompt", |seen| {
        seen.has("· 1 of 2 ·") && seen.has("closed · idle · shell · 1 turn ·") && seen.has("echo from the window")
    });
    ui.keys("<ctrl-r>echo replied<enter>");
    ui.wait_until("a conversation that is spoken to has its tab again", |seen| seen.has("· 0 of 2 ·"));
    home.run(&["wait", "-c", "2"]).done();
    assert_eq!(home.run(&["log", "-c", "2", "--json"]).done().json_lines()[1]["answer"], "replied");

    ui.keys("<escape>");
    ui.wait_until("the page is left", is_ready);
    ui.keys("<prefix>wsecond");
    ui.wait_until("it is listed", |seen| seen.has("· 1 of 2 ·"));
    ui.keys("<enter>");
    ui.wait_until("it is open", |seen| is_ready(seen) && seen.panel().contains("turn 2 · completed"));

    ui.keys("<prefix>wnotes");
    ui.wait_until("the other one is listed", |seen| seen.has("· 1 of 2 ·"));
    ui.keys("<ctrl-d>no<enter>");
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

#[test]
fn an_archived_conversation_is_out_of_the_way_and_comes_back_with_all_that_was_said() {
    let home = Home::new();
    let (kept, away) = (home.tab(), home.tab());
    away.send("echo from far away");
    let told = away.run("archive", &["--json"]).done().json();
    assert_eq!((&told["conversation"], &told["archived"]), (&json!(2), &json!(true)));
    assert_eq!((&away.state()["archived"], &away.state()["open"]), (&json!(true), &json!(false)));
    assert!(home.run(&["ls"]).done().stdout.contains("(archived)"));
    let sent = home.run(&["send", "--json", "true"]).done().json();
    assert_eq!(sent["conversation"].to_string(), kept.id, "the newest that is not put away is meant");
    kept.run("wait", &[]).done();

    let mut ui = open(&home, 100, 30);
    ui.wait_until("only the other one has a tab", |seen| is_ready(seen) && !seen.tabs().contains(" 2 "));
    ui.keys("<prefix>w");
    ui.wait_until("it is left out, and counted", |seen| seen.has("· 1 of 2, 1 archived ·"));
    ui.keys("is:archived<ctrl-p>");
    ui.wait_until("it is read without being opened", |seen| seen.has("> echo from far away") && seen.has("completed"));
    ui.keys("<ctrl-a>");
    ui.wait_until("it is back", |seen| seen.has("· 0 of 2 ·"));
    ui.keys("<ctrl-u>far<ctrl-a>");
    ui.wait_for("Ctrl+Z brings it back");
    ui.keys("<ctrl-z>");
    ui.wait_until("it is back at once", |seen| seen.has("· 1 of 2 ·"));
    away.send("echo again").reused();
}

#[test]
fn a_conversation_in_which_something_runs_or_waits_is_not_put_away() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run(&home.until_open("gate"));
    tab.send_on("true");
    let ran = tab.run("archive", &[]).ended_with(6);
    assert!(ran.stderr.contains("turn 1 is running"), "{ran:?}");
    home.open("gate");
    tab.run("wait", &[]).done();
    tab.run("archive", &[]).done();
    tab.send("true").reused();
    assert_eq!(tab.state()["open"], true, "who is spoken to has a tab again");
}
