//! A conversation goes on elsewhere: with another agent, in a fork of it, or taken over from an agent's own screen. With a small agent (`coder/`).

use crate::home::{Home, Tab};
use crate::requests::{coder_tab, home_with_coder};
use crate::window::{is_ready, open};
use serde_json::json;
use std::process::{Command, Stdio};

#[test]
fn a_conversation_is_handed_over_with_a_brief_and_says_so() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    let nothing = tab.run("handover", &["shell"]).ended_with(6);
    assert!(nothing.stderr.contains("nothing was said"), "{nothing:?}");
    tab.send("write the plan");
    let same = tab.run("handover", &["coder"]).ended_with(6);
    assert!(same.stderr.contains("it has agent coder already"), "{same:?}");
    let unknown = tab.run("handover", &["nobody"]).ended_with(6);
    assert!(unknown.stderr.contains("nobody"), "{unknown:?}");
    assert_eq!(tab.state()["next_decision"], "reused", "what was refused changed nothing");

    let told = tab.run("handover", &["shell", "--json"]).done().json();
    assert_eq!((&told["from"], &told["to"]), (&json!("coder"), &json!("shell")));
    assert!(told["brief"].as_str().is_some_and(|brief| brief.contains("write the plan")), "{told}");
    assert_eq!(tab.log().len(), 1, "nothing is sent by itself");
    assert_eq!(tab.state()["next_why_text"], "handed over from coder to shell");
    let sent = tab.send("true").is("fresh", "handed_over", "completed");
    assert_eq!((sent.text("why_text"), sent.number("session")), ("handed over from coder to shell", 2));
    tab.send("true").reused();
    // Handed back: that is a handover too.
    tab.run("handover", &["coder"]).done();
    tab.send("go on").is("fresh", "handed_over", "completed");
}

#[test]
fn the_window_hands_a_conversation_over_from_the_list_of_agents() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    tab.send("write the plan");
    // High enough for all agents at once.
    let mut ui = open(&home, 100, 80);
    ui.wait_until("the conversation", is_ready);
    ui.keys("<prefix>C");
    ui.wait_until("the agents", |seen| seen.has("── agents") && seen.has("shell ·"));
    ui.keys(&"<up>".repeat(20));
    let seen = ui.wait_until("the first one is chosen", |seen| seen.row(1).starts_with("> "));
    let agents: Vec<String> = seen.text().lines().skip(1).map(str::to_owned).collect();
    // What is known of one is indented further.
    let names = agents.iter().filter(|line| line.contains(" · ") && !line.starts_with("    "));
    let down = names.take_while(|line| !line[2..].starts_with("shell ·")).count();
    ui.keys(&"<down>".repeat(down));
    ui.wait_until("the shell is chosen", |seen| seen.text().lines().any(|line| line.starts_with("> shell ·")));
    ui.keys("h");
    ui.wait_until("the brief is there to be read", |seen| {
        seen.has("## Now") && seen.has("hands the conversation over")
    });
    // A shell is no reader of briefs.
    ui.keys("<ctrl-c>true<enter>");
    ui.wait_until("it went to the other agent", |seen| seen.has("handed over from coder to shell"));
}

#[test]
fn a_session_that_was_left_is_picked_again_and_the_one_that_took_its_place_too() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    let none = tab.run("resume", &[]).ended_with(6);
    assert!(none.stderr.contains("had no session before"), "{none:?}");
    tab.send("the first").is("fresh", "first_message", "completed");
    tab.run("fresh", &[]).done();
    // The wish is taken back, and nothing was lost by it.
    let back = tab.run("resume", &["--json"]).done().json();
    assert_eq!((&back["session"], &back["next_why"]), (&json!(1), &json!("agent_alive")));
    tab.send("the second").reused();
    tab.run("fresh", &[]).done();
    tab.send("elsewhere").is("fresh", "user_asked", "completed");
    let wrong = tab.run("resume", &["--session", "9"]).ended_with(6);
    assert!(wrong.stderr.contains("no session 9"), "{wrong:?}");

    let picked = tab.run("resume", &[]).done();
    assert_eq!(picked.stdout.trim(), "session 1 · next: resumed · picked again by you");
    let sent = tab.send("the third").is("resumed", "picked_again", "completed");
    assert_eq!(sent.value["session"], 1);
    tab.send("the fourth").reused();
    tab.run("resume", &["--session", "2"]).done();
    assert_eq!(tab.send("elsewhere again").is("resumed", "picked_again", "completed").value["session"], 2);
    // The pick outlives its host, and nothing of the session that was left is alive.
    tab.run("resume", &["--session", "1"]).done();
    home.kill_host();
    assert_eq!(tab.send("the fifth").is("resumed", "picked_again", "completed").value["session"], 1);

    let shell = home.tab();
    shell.send("true");
    shell.run("fresh", &[]).done();
    shell.send("true");
    let never = shell.run("resume", &["--session", "1"]).ended_with(6);
    assert!(never.stderr.contains("session 1 cannot be taken up again"), "{never:?}");
    shell.send("true").reused();
}

#[test]
fn a_fork_begins_behind_a_turn_and_has_what_was_said_before_it_as_its_past() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    let nothing = tab.run("fork", &[]).ended_with(6);
    assert!(nothing.stderr.contains("nothing was said"), "{nothing:?}");
    for prompt in ["plan the login", "build the login", "rename everything"] {
        tab.send(prompt);
    }
    let none = tab.run("fork", &["--turn", "9"]).ended_with(6);
    assert!(none.stderr.contains("no turn 9"), "{none:?}");

    let told = tab.run("fork", &["--turn", "2", "--brief", "--json"]).done().json();
    let fork = Tab { home: &home, id: told["conversation"].to_string() };
    let brief = told["brief"].as_str().expect("a text");
    assert!(brief.contains("plan the login") && brief.contains("build the login"), "{brief}");
    assert!(!brief.contains("rename everything"), "what came later is no past of it: {brief}");
    let state = fork.state();
    assert_eq!(state["forked_from"], json!({ "conversation": 1, "title": "plan the login", "turn": 2 }));
    assert_eq!((&state["title"], &state["agent"]), (&json!("plan the login (fork)"), &json!("coder")));
    let sent = fork.send("build it otherwise").is("fresh", "forked", "completed");
    assert_eq!(sent.text("why_text"), "forked from \"plan the login\" at turn 2");
    fork.send("go on").reused();

    let log = fork.run("log", &["--past", "--json"]).done().json_lines();
    let said: Vec<_> =
        log.iter().map(|turn| (turn["past"] == true, turn["prompt"].as_str().expect("a text"))).collect();
    let past = [(true, "plan the login"), (true, "build the login")];
    assert_eq!(said, [past[0], past[1], (false, "build it otherwise"), (false, "go on")]);
    assert_eq!(tab.log().len(), 3, "the conversation that it left is as it was");

    // A fork of the fork has both pasts; what is deleted is gone from it, and nothing else is.
    let second = fork.run("fork", &["--turn", "1", "--agent", "shell"]).done().stdout;
    let second = Tab { home: &home, id: second.trim().to_owned() };
    let past = || -> Vec<String> {
        let log = second.run("log", &["--past", "--json"]).done().json_lines();
        log.iter().map(|turn| turn["prompt"].as_str().expect("a text").to_owned()).collect()
    };
    assert_eq!(past(), ["plan the login", "build the login", "build it otherwise"]);
    home.run(&["rm", "-c", "1", "--yes"]).done();
    assert_eq!(past(), ["build it otherwise"]);
    second.send("true").is("fresh", "forked", "completed");
}

#[test]
fn a_fork_is_made_in_the_window_and_outlives_it_and_the_host() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("echo the first answer");
    let mut ui = open(&home, 80, 24);
    ui.wait_until("the conversation", is_ready);
    ui.keys("<prefix>f");
    ui.wait_until("the fork with its brief", |seen| seen.tabs().contains(" 2 ") && seen.has("## Now"));
    ui.wait_for("before the fork, in");
    ui.keys("<ctrl-c>echo another<enter>");
    ui.wait_until("its first turn is done", |seen| seen.panel().contains("turn 1 · completed"));
    ui.wait_until("it says where it comes from", |seen| seen.panel().contains("fresh: forked"));
    ui.kill();
    home.kill_host();
    let log = home.run(&["log", "-c", "2", "--past", "--json"]).done().json_lines();
    assert_eq!(log.iter().map(|turn| turn["answer"].clone()).collect::<Vec<_>>(), ["the first answer", "another"]);
}

/// A home whose small agent keeps this session of this folder and one of another. All processes of the machine are looked at for an id, so each
/// test has its own.
fn home_with_kept_sessions(own: &str) -> Home {
    let home = home_with_coder();
    let profile = home.paths().agents.join("coder.toml");
    let adopt = "\n[adopt]\nfiles = \"{home}/kept/{id}.jsonl\"\nfolder = \"/cwd\"\n\
        prompt = { when = { \"/type\" = \"user\" }, text = \"/text\" }\n";
    let text = std::fs::read_to_string(&profile).expect("it was written") + adopt;
    std::fs::write(&profile, text).expect("a file");
    let kept = home.own().join("kept");
    std::fs::create_dir(&kept).expect("a folder");
    for (id, folder, prompt) in [(own, home.work(), "fix the login"), ("other-2", home.own(), "elsewhere")] {
        let line = json!({ "type": "user", "cwd": folder, "text": prompt });
        std::fs::write(kept.join(format!("{id}.jsonl")), format!("{line}\n")).expect("a file");
    }
    home
}

#[test]
fn a_session_begun_elsewhere_is_listed_and_adopted_by_its_id_alone() {
    let home = home_with_kept_sessions("abc-1");
    let listed = home.run(&["adopt", "--agent", "coder", "--json"]).done().json();
    assert_eq!((&listed["id"], &listed["prompt"]), (&json!("abc-1"), &json!("fix the login")));
    assert_eq!((&listed["held_by"], &listed["conversation"]), (&json!(null), &json!(null)));
    for (id, words) in [("nothing-3", "keeps no session nothing-3"), ("other-2", "keeps no session other-2")] {
        let ran = home.run(&["adopt", "--agent", "coder", id]).ended_with(6);
        assert!(ran.stderr.contains(words), "{ran:?}");
    }
    let ran = home.run(&["adopt", "--agent", "shell"]).ended_with(6);
    assert!(ran.stderr.contains("nothing is known of where agent shell"), "{ran:?}");
    assert_eq!(home.run(&["ls", "--json"]).done().stdout, "", "what was refused made no conversation");

    let adopted = home.run(&["adopt", "--agent", "coder", "abc-1", "--json"]).done().json();
    let tab = Tab { home: &home, id: adopted["conversation"].to_string() };
    let state = tab.state();
    assert_eq!((&state["agent_session"], &state["title"]), (&json!("abc-1"), &json!("fix the login")));
    assert_eq!((&state["next_decision"], &state["next_why_text"]), (&json!("resumed"), &json!("adopted by you")));
    tab.send("go on").is("resumed", "adopted", "completed");
    tab.send("and on").reused();
    let ran = home.run(&["adopt", "--agent", "coder", "abc-1"]).ended_with(6);
    assert!(ran.stderr.contains("session of conversation 1 already"), "{ran:?}");
    assert_eq!(home.run(&["adopt", "--agent", "coder", "--json"]).done().json()["conversation"], 1);
}

#[test]
fn a_session_that_a_living_process_has_is_not_adopted() {
    let home = home_with_kept_sessions("held-4");
    let elsewhere = ["-c", "read -r _", "agent", "--resume", "held-4"];
    let mut holder = Command::new("/bin/sh").args(elsewhere).stdin(Stdio::piped()).spawn().expect("it starts");
    let ran = home.run(&["adopt", "--agent", "coder", "held-4"]).ended_with(6);
    assert!(ran.stderr.contains(&format!("process {} has that session", holder.id())), "{ran:?}");
    assert_eq!(home.run(&["adopt", "--agent", "coder", "--json"]).done().json()["held_by"], holder.id());
    drop(holder.stdin.take());
    holder.wait().expect("it ends with its input");
    home.run(&["adopt", "--agent", "coder", "held-4"]).done();
}

#[test]
fn the_window_adopts_the_session_that_the_person_picks() {
    let home = home_with_kept_sessions("begun-5");
    let tab = coder_tab(&home);
    tab.send("something else");
    let mut ui = open(&home, 80, 24);
    ui.wait_until("the conversation", is_ready);
    // The own agent is the chosen one.
    ui.keys("<prefix>C");
    ui.wait_until("the agents", |seen| seen.text().lines().any(|line| line.starts_with("> coder ·")));
    ui.keys("s");
    ui.wait_until("its sessions", |seen| seen.has("sessions of coder") && seen.has("fix the login"));
    ui.keys("<enter>");
    ui.wait_until("a tab for it", |seen| seen.tabs().contains("fix the login") && seen.has("adopted by you"));
    ui.keys("go on<enter>");
    ui.wait_until("it was taken up", |seen| {
        seen.panel().contains("turn 1 · completed") && seen.has("--resume begun-5")
    });
}
