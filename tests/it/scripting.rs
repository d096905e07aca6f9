//! Verbs for scripts beyond one turn: several conversations at once, the state of all in a line, the record as a file, removal.

use crate::home::Home;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

#[test]
fn waiting_for_several_conversations_ends_with_the_last_and_tells_each() {
    let home = Home::new();
    let (well, badly) = (home.tab(), home.tab());
    well.send_and_see_it_run(&home.until_open("gate"));
    badly.send("false");
    let both = format!("{},{}", well.id, badly.id);
    let waiting = home.call(&["wait", "-c", &both, "--json"]).start();
    home.open("gate");
    let ran = waiting.end().ended_with(1);
    // Which comes first depends on when the gate is seen.
    let mut told: Vec<(Value, Value)> =
        ran.json_lines().iter().map(|turn| (turn["conversation"].clone(), turn["state"].clone())).collect();
    told.sort_by_key(|(conversation, _)| conversation.as_i64());
    assert_eq!(told, [(json!(1), json!("completed")), (json!(2), json!("failed"))]);
    let said = home.run(&["wait", "-c", &well.id, "-c", &badly.id]).ended_with(1).stdout;
    assert!(said.contains("conversation 1: turn 1 completed\n") && said.contains("conversation 2: turn 1 failed\n"));
}

#[test]
fn waiting_for_any_ends_with_the_first_and_one_without_turns_ends_nothing() {
    let home = Home::new();
    let (long, short, untouched) = (home.tab(), home.tab(), home.tab());
    long.send_and_see_it_run(&home.until_open("never"));
    short.send_and_see_it_run(&home.until_open("gate"));
    let all = [long.id.as_str(), short.id.as_str(), untouched.id.as_str()].join(",");
    let ran = home.run(&["wait", "-c", &all, "--any", "--timeout", "1", "--json"]).ended_with(4);
    assert_eq!(ran.json_lines(), [json!({ "version": 1, "conversation": 3, "turn": null })]);
    let waiting = home.call(&["wait", "-c", &all, "--any", "--json"]).start();
    home.open("gate");
    let told = waiting.end().done().json_lines();
    assert_eq!(told.last().map(|turn| turn["conversation"].clone()), Some(json!(2)));
    home.run(&["wait", "-c", "1,99"]).ended_with(6);
}

#[test]
fn the_state_of_all_is_one_line_and_starts_no_host() {
    let home = Home::new();
    let ran = home.run(&["status"]).ended_with(7);
    assert_eq!(ran.stdout, "no host runs\n");
    assert_eq!(home.run(&["status", "--short"]).ended_with(7).stdout, "");
    assert_eq!(home.run(&["status", "--json"]).ended_with(7).json(), json!({ "version": 1, "running": false }));
    assert!(!home.path().exists(), "nothing was made");
    let (works, failed) = (home.tab(), home.tab());
    failed.send("false");
    works.send_and_see_it_run(&home.until_open("gate"));
    works.send_on("true");
    assert_eq!(home.run(&["status"]).done().stdout, "1 not completed · 1 working · 1 queued\n");
    assert_eq!(home.run(&["status", "--short"]).done().stdout, "✗1 *1 +1\n");
    let told = home.run(&["status", "--json"]).done().json();
    assert_eq!((&told["idle"], &told["working"], &told["unread_other"]), (&json!(1), &json!(1), &json!(1)));
    home.open("gate");
}

#[test]
fn an_export_has_the_whole_record_with_its_sessions_and_never_overwrites() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("printf '```\\nnot the end\\n'");
    // More than one page, and a number that is missing.
    tab.send_and_see_it_run(&home.until_open("gate"));
    tab.send_on("true");
    let removed = home.control().ask(
        &threadkeep::protocol::message::Request::RemoveQueued {
            conversation: threadkeep::domain::id::ConversationId(1),
            turn: threadkeep::domain::id::TurnNumber(3),
        },
        None,
    );
    removed.expect("it was queued");
    home.open("gate");
    tab.run("wait", &[]).done();
    for number in 4..=104 {
        tab.send_on(&format!("true {number}"));
    }
    tab.run("wait", &[]).done();
    tab.run("fresh", &[]).done();
    tab.send("echo last");
    let markdown = home.run(&["export", "1"]).done().stdout;
    assert!(markdown.contains("\n## Session 1 · fresh: first message\n"), "{markdown}");
    assert!(markdown.contains("\n## Session 2 · fresh: "), "{markdown}");
    assert!(markdown.contains("\n````\n```\nnot the end\n````\n"), "{markdown}");
    let turns = markdown.lines().filter(|line| line.starts_with("### Turn ")).count();
    assert_eq!(turns, 104, "{markdown}");

    let file = home.file("record.json");
    let name = file.to_string_lossy().into_owned();
    tab.run("export", &["--output", &name]).done();
    assert_eq!(file.metadata().expect("it was written").permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).expect("it can be read");
    let exported: Value = serde_json::from_str(&text).expect("it is JSON");
    let numbers: Vec<u64> =
        exported["turns"].as_array().expect("a list").iter().filter_map(|turn| turn["turn"].as_u64()).collect();
    let wanted: Vec<u64> = (1..=105).filter(|number| *number != 3).collect();
    assert_eq!(numbers, wanted);
    assert_eq!(exported["turns"][103]["decisions"][0]["why"], "user_asked");
    assert_eq!(exported["turns"][103]["answer"], "last");
    let ran = tab.run("export", &["--format", "md", "-o", &name]).ended_with(6);
    assert!(ran.stderr.contains("is there already"), "{ran:?}");
    assert_eq!(std::fs::read_to_string(&file).expect("it can be read"), text, "it is as it was");
    home.run(&["export", "99", "-o", &home.file("x.md").to_string_lossy()]).ended_with(6);
    assert!(!home.file("x.md").exists(), "what could not be written was taken away");
}

#[test]
fn removing_is_told_as_json() {
    let home = Home::new();
    let tab = home.tab();
    let told = tab.run("rm", &["--yes", "--json"]).done().json();
    assert_eq!(told, json!({ "version": 1, "conversation": 1, "removed": true }));
    assert_eq!(home.run(&["host", "stop", "--json"]).done().json(), json!({ "version": 1, "stopped": true }));
    assert_eq!(home.run(&["host", "stop", "--json"]).done().json(), json!({ "version": 1, "stopped": false }));
}
