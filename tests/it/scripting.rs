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
    let ran = home.run(&["wait", "-c", &all, "--any", "--timeout", "4", "--json"]).ended_with(4);
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
fn a_log_that_is_followed_prints_each_turn_as_it_ends_at_whatever_host() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("echo one");
    let mut seen = crate::screen::Screen::open_verb(&home, &["log", "-c", &tab.id, "--follow"], 80, 24);
    seen.wait_for("> echo one");
    tab.send("echo two; false");
    seen.wait_for("turn 2 · session 1 · failed (exit 1)");
    let status = home.run(&["host", "status", "--json"]).done().json();
    assert_eq!(status["windows"], 0, "it takes no window's place: {status}");
    home.kill_host();
    tab.send("echo three");
    let text = seen.wait_for("> echo three").text();
    assert_eq!(text.matches("> echo one").count(), 1, "{text}");
    seen.keys("<ctrl-c>");
    let (code, _, _) = seen.ended();
    assert_ne!(code, 0, "a signal ended it");

    let follow = |tab: &crate::home::Tab| {
        let seen = crate::screen::Screen::open_verb(&home, &["log", "-c", &tab.id, "--follow"], 80, 24);
        seen.wait_for("turn 1");
        seen
    };
    let removed = follow(&tab);
    home.run(&["rm", "-c", &tab.id, "--yes"]).done();
    assert_eq!(removed.ended().0, 0, "nothing more can come");
    let other = home.tab();
    other.send("true");
    let stopped = follow(&other);
    home.run(&["host", "stop"]).done();
    let (code, seen, _) = stopped.ended();
    assert!(code == 7 && seen.has("the host was stopped"), "{code} {seen}");
}

#[test]
fn the_export_of_a_fork_has_its_past_marked_as_anothers() {
    let home = Home::new();
    let tab = home.tab();
    for number in 1..=3 {
        tab.send(&format!("echo in one {number}"));
    }
    let fork = |from: &str, turn: &str| {
        let made = home.run(&["fork", "-c", from, "--turn", turn, "--json"]).done().json();
        made["conversation"].to_string()
    };
    let second = fork(&tab.id, "2");
    home.run(&["send", "--wait", "-c", &second, "echo in two"]).done();
    let third = fork(&second, "1");
    home.run(&["send", "--wait", "-c", &third, "echo in three"]).done();
    let prompts = |turns: &Value| -> Vec<String> {
        let turns = turns.as_array().expect("a list").iter();
        turns.filter_map(|turn| turn["prompt"].as_str().map(str::to_owned)).collect()
    };
    let exported =
        || -> Value { serde_json::from_str(&home.run(&["export", &third, "--json"]).done().stdout).expect("JSON") };
    let all = exported();
    let past: Vec<_> = all["past"].as_array().expect("a list").iter().map(|one| prompts(&one["turns"])).collect();
    assert_eq!(past, [vec!["echo in one 1", "echo in one 2"], vec!["echo in two"]]);
    assert_eq!(prompts(&all["turns"]), ["echo in three"]);
    let markdown = home.run(&["export", &third]).done().stdout;
    let heads: Vec<&str> = markdown.lines().filter(|row| row.contains(" the fork: ")).collect();
    assert!(heads[0].starts_with("# Before the fork: turns 1 to 2 of conversation 1"), "{markdown}");
    assert!(heads[1].starts_with("# Before the fork: turns 1 to 1 of conversation 2"), "{markdown}");
    assert_eq!(heads[2], "# Since the fork: conversation 3", "{markdown}");
    home.run(&["rm", "-c", &second, "--yes"]).done();
    let all = exported();
    assert_eq!((&all["past"][0]["deleted"], all["past"].as_array().map(Vec::len)), (&json!(true), Some(1)));
}

#[test]
fn removing_is_told_as_json() {
    let home = Home::new();
    let tab = home.tab();
    let told = tab.run("rm", &["--yes", "--json"]).done().json();
    let nothing = Value::Null;
    assert_eq!((&told["version"], &told["conversation"], &told["removed"]), (&json!(1), &json!(1), &json!(true)));
    assert_eq!((&told["worktree"], &told["path"], &told["saved"]), (&nothing, &nothing, &nothing));
    assert_eq!(home.run(&["host", "stop", "--json"]).done().json(), json!({ "version": 1, "stopped": true }));
    assert_eq!(home.run(&["host", "stop", "--json"]).done().json(), json!({ "version": 1, "stopped": false }));
}
