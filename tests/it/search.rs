//! Finding a turn among all conversations: by command and in the real window.

use crate::home::Home;
use crate::window::{is_ready, open};
use serde_json::json;

/// Two conversations with three turns, the first of them in a closed tab.
fn talk(home: &Home) {
    for (conversation, text) in [("1", "echo the red button"), ("1", "false # button"), ("2", "echo a green button")] {
        if conversation != "1" || text.contains("red") {
            home.run(&["new", "--title", &format!("number {conversation}")]).done();
        }
        home.run(&["send", "--wait", "-c", conversation, text]);
    }
}

#[test]
fn search_prints_the_best_turns_with_the_words_marked() {
    let home = Home::new();
    talk(&home);
    let found = home.run(&["search", "--json", "button"]).done().json_lines();
    let places: Vec<_> = found.iter().map(|one| (one["conversation"].clone(), one["turn"].clone())).collect();
    assert_eq!(places, [(json!(2), json!(1)), (json!(1), json!(2)), (json!(1), json!(1))]);
    let first = &found[0];
    assert_eq!(
        (&first["title"], &first["agent"], &first["state"]),
        (&json!("number 2"), &json!("shell"), &json!("completed"))
    );
    assert_eq!((&first["snippet"], &first["hits"]), (&json!("echo a green button"), &json!([[13, 19]])));
    assert_eq!(first["folder"], home.work().to_str().expect("UTF-8"));
    assert!(first["accepted_ms"].as_i64().is_some_and(|at| at > 0), "{first}");

    let text = home.run(&["search", "red", "button"]).done().stdout;
    assert!(text.contains("turn 1 · completed · ") && text.contains("m ago · number 1 · shell"), "{text}");
    assert!(text.contains("echo the [red] [button]"), "{text}");
    assert_eq!(home.run(&["search", "--json", "--limit", "1", "button"]).done().json_lines().len(), 1);
    assert_eq!(home.run(&["search", "button", "is:failed", "--json"]).done().json_lines().len(), 1);
    assert_eq!(home.run(&["search", "no such words"]).done().stdout, "");
    let turns = |more: &[&str]| home.run(&[&["search", "--json"], more].concat()).done().json_lines().len();
    assert_eq!(turns(&["button", "--since", "1h"]), 3);
    assert_eq!(turns(&["--since", "1h", "--before", "2970-01-01"]), 3, "times alone are enough to ask for");
    assert_eq!(turns(&["button", "--before", "1h"]), 0);
    assert_eq!(turns(&["button since:2970-01-01"]), 0);
}

#[test]
fn a_state_that_there_is_none_of_is_refused_with_those_there_are() {
    let home = Home::new();
    let ran = home.run(&["search", "is:purple"]);
    assert_eq!(ran.code, 6);
    assert!(ran.stderr.contains("is:purple is no state of a turn; there are: queued working asks"), "{ran:?}");
    let ran = home.run(&["search", "--since", "soon"]);
    assert_eq!(ran.code, 6);
    assert!(ran.stderr.contains("soon is no time for since: and before:; there are: 30m, 3h, 2d"), "{ran:?}");
}

#[test]
fn prefix_slash_finds_while_typing_and_opens_the_record_of_a_closed_conversation_at_the_turn() {
    let home = Home::new();
    talk(&home);
    let mut ui = open(&home, 100, 24);
    ui.keys("<alt-1>");
    ui.wait_until("the first tab", |seen| seen.panel().contains("false # button"));
    ui.keys("<prefix>x");
    ui.wait_until("it is closed", |seen| !seen.tabs().contains("number 1") && is_ready(seen));
    ui.keys("<prefix>/red butt");
    ui.wait_until("it is found", |seen| {
        seen.has("· 1 found ·") && seen.has("number 1 · completed · turn 1 · shell") && seen.has("echo the red button")
    });
    ui.keys("<enter>");
    ui.wait_until("the record is shown", |seen| {
        seen.status().contains("READING") && seen.has("> echo the red button") && seen.has("turn 1 · completed")
    });
    ui.keys("<escape>");
    ui.wait_until("its conversation is open", |seen| seen.tabs().contains("number 1") && is_ready(seen));
}
