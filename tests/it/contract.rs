//! The contract for scripts: what each verb prints with `--json`, and every exit code.

use crate::home::{Home, Tab, wait_until};
use serde_json::json;

#[test]
fn new_prints_the_conversation_and_starts_nothing() {
    let home = Home::new();
    let made = home.run(&["new", "--title", "my work", "--agent", "shell", "--json"]).done();
    assert_eq!(made.json(), json!({ "version": 1, "conversation": 1 }));
    let listed = home.run(&["ls", "--json"]).done().json();
    assert_eq!(listed["title"], "my work");
    assert_eq!(listed["agent"], "shell");
    assert_eq!(listed["folder"], home.work().to_str().expect("UTF-8"));
    assert_eq!(listed["state"], "draft");
    assert_eq!((&listed["session"], &listed["turns"]), (&json!(null), &json!(0)));
    assert_eq!(home.run(&["host", "status", "--json"]).done().json()["sessions"], 0);
}

#[test]
fn new_in_another_folder_starts_its_sessions_there() {
    let home = Home::new();
    let other = home.file("other place");
    std::fs::create_dir(&other).expect("a folder");
    home.run(&["new", "--cwd", "other place", "--json"]).done();
    let answered = home.run(&["send", "-c", "1", "--wait", "--json", "pwd"]).done().json();
    assert_eq!(answered["answer"], other.to_str().expect("UTF-8"));
}

#[test]
fn send_tells_where_the_message_is_and_why() {
    let home = Home::new();
    let sent = home.run(&["send", "--json", "true"]).done().json();
    let expected = json!({
        "version": 1, "conversation": 1, "session": 1, "turn": 1, "state": "sending",
        "decision": "fresh", "why": "first_message", "why_text": "first message",
    });
    assert_eq!(sent, expected);
    home.run(&["wait", "-c", "1"]).done();
}

#[test]
fn send_and_wait_prints_the_answer_its_end_and_what_showed_it() {
    let home = Home::new();
    let sent = home.run(&["send", "--wait", "--json", "echo one; echo two"]).done().json();
    assert_eq!(sent["answer"], "one\ntwo");
    assert_eq!(sent["answer_cut_bytes"], 0);
    assert_eq!((&sent["state"], &sent["end_why"]), (&json!("completed"), &json!("completed")));
    assert_eq!(sent["evidence"]["source"], "shell_mark");
    assert!(sent["evidence"]["at_ms"].as_i64().is_some_and(|at| at > 0), "{sent}");
    assert!(sent["evidence"]["text"].as_str().is_some_and(|text| text.contains('0')), "{sent}");
}

#[test]
fn send_without_json_prints_the_answer_alone() {
    let home = Home::new();
    let ran = home.run(&["send", "--wait", "echo just this"]).done();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("just this\n", ""));
}

#[test]
fn send_reads_standard_input_for_a_dash() {
    let home = Home::new();
    let ran = home.call(&["send", "--wait", "-"]).input("echo from a pipe\n").run().done();
    assert_eq!(ran.stdout, "from a pipe\n");
}

#[test]
fn send_without_an_id_takes_the_newest_conversation_of_this_folder() {
    let home = Home::new();
    let other = home.file("other");
    std::fs::create_dir(&other).expect("a folder");
    assert_eq!(home.run(&["send", "--wait", "--json", "true"]).done().json()["conversation"], 1);
    assert_eq!(home.call(&["send", "--wait", "--json", "true"]).within(&other).run().done().json()["conversation"], 2);
    assert_eq!(home.run(&["send", "--wait", "--json", "true"]).done().json()["conversation"], 1);
    assert_eq!(home.run(&["new", "--json"]).done().json()["conversation"], 3);
    assert_eq!(home.run(&["send", "--wait", "--json", "true"]).done().json()["conversation"], 3);
    home.run(&["send", "--wait", "-c", "1", "true"]).done();
    assert_eq!(home.run(&["send", "--wait", "--json", "true"]).done().json()["conversation"], 1);
}

#[test]
fn ls_prints_each_conversation_with_its_state() {
    let home = Home::new();
    let (first, second) = (home.tab(), home.tab());
    first.send("true");
    second.send_and_see_it_run(&home.until_open("gate"));
    second.send_on("true");
    let all = home.run(&["ls", "--json"]).done().json_lines();
    let told: Vec<_> =
        all.iter().map(|one| (&one["conversation"], &one["state"], &one["turns"], &one["queued"])).collect();
    let (idle, working) = (json!("idle"), json!("working"));
    assert_eq!(
        told,
        [(&json!(1), &idle, &json!(1), &json!(0)), (&json!(2), &working, &json!(2), &json!(1))],
        "{all:?}"
    );
    assert_eq!((&all[0]["next_decision"], &all[0]["next_why"]), (&json!("reused"), &json!("agent_alive")));
    home.open("gate");
    second.run("wait", &[]).done();
}

#[test]
fn log_prints_the_turns_in_order_each_with_its_end() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("echo first");
    tab.send("false");
    tab.send("echo third");
    let log = tab.log();
    let told: Vec<_> = log
        .iter()
        .map(|turn| {
            let text = |field: &str| turn[field].as_str().unwrap_or("-").to_owned();
            (turn["turn"].as_i64(), text("prompt"), text("state"), text("end_why"), text("answer"))
        })
        .collect();
    let row = |turn, prompt: &str, state: &str, why: &str, answer: &str| {
        (Some(turn), prompt.to_owned(), state.to_owned(), why.to_owned(), answer.to_owned())
    };
    assert_eq!(
        told,
        [
            row(1, "echo first", "completed", "completed", "first"),
            row(2, "false", "failed", "exit_status", ""),
            row(3, "echo third", "completed", "completed", "third"),
        ]
    );
    for turn in &log {
        let at = |field: &str| turn[field].as_i64().unwrap_or_else(|| panic!("{field} in {turn}"));
        assert!(at("accepted_ms") <= at("started_ms") && at("started_ms") <= at("ended_ms"), "{turn}");
        assert_eq!((&turn["session"], &turn["origin"]), (&json!(1), &json!("sent")));
        assert!(turn["evidence"]["source"].is_string(), "{turn}");
    }
}

#[test]
fn why_prints_the_last_ten_decisions_with_their_reasons() {
    let home = Home::new();
    let tab = home.tab();
    for _ in 0..11 {
        tab.send("true");
    }
    let decisions = tab.why();
    assert_eq!(decisions.len(), 10, "{decisions:?}");
    let turns: Vec<_> = decisions.iter().map(|one| one["turn"].as_i64()).collect();
    assert_eq!(turns, (2..=11).map(Some).collect::<Vec<_>>());
    for one in decisions {
        assert_eq!(
            (&one["decision"], &one["why"], &one["session"]),
            (&json!("reused"), &json!("agent_alive"), &json!(1))
        );
        assert!(one["why_text"].is_string() && one["at_ms"].is_i64(), "{one}");
    }
}

#[test]
fn verbs_print_words_for_people_too() {
    let home = Home::new();
    let sent = home.run(&["send", "echo hello"]).done();
    assert!(sent.stdout.contains("fresh") && sent.stdout.contains("first message"), "{sent:?}");
    home.run(&["wait"]).done();
    let log = home.run(&["log"]).done();
    assert!(log.stdout.contains("completed") && log.stdout.contains("hello"), "{log:?}");
    let listed = home.run(&["ls"]).done();
    assert!(listed.stdout.contains("idle") && listed.stdout.contains("shell"), "{listed:?}");
    let why = home.run(&["why"]).done();
    assert!(why.stdout.contains("fresh") && why.stdout.contains("first message"), "{why:?}");
    let status = home.run(&["host", "status"]).done();
    assert!(status.stdout.contains("1 conversation, 1 session, 0 turns running"), "{status:?}");
}

/// The broken one printed them as they came.
#[test]
fn what_a_program_chose_is_printed_without_its_commands() {
    let home = Home::new();
    let title = "a\u{1b}]0;x\u{7}\nb\u{202e}c";
    let made = home.run(&["new", "--json", "--title", title]).done().json()["conversation"].to_string();
    let tab = Tab { home: &home, id: made };
    tab.send("# \u{202e}\u{9b}31m");
    for verb in [&["ls"][..], &["log"], &["why"]] {
        let out = home.run(verb).done().stdout;
        let bad = out.chars().find(|sign| *sign == '\u{202e}' || (sign.is_control() && !matches!(sign, '\n' | '\t')));
        assert_eq!(bad, None, "{verb:?}: {out:?}");
    }
    assert_eq!(home.run(&["ls"]).done().stdout.lines().count(), 1, "one line a conversation");
}

#[test]
fn doctor_tells_the_agents_and_where_everything_lies() {
    let home = Home::new();
    let found = home.run(&["doctor", "--json"]).done().json();
    let shell = found["agents"].as_array().and_then(|all| all.iter().find(|one| one["name"] == "shell"));
    let shell = shell.unwrap_or_else(|| panic!("the built-in agent is told of: {found}"));
    assert_eq!(shell["program"], "/bin/bash");
    assert!(shell["notes"].to_string().contains("cannot be resumed"), "{shell}");
    assert_eq!((&found["config_error"], &found["host"]["store_trouble"]), (&json!(null), &json!(null)));
    for (field, name) in [("store", "threadkeep.db"), ("socket", "host.sock"), ("log", "host.log")] {
        assert_eq!(found[field], home.path().join(name).to_str().expect("UTF-8"));
        assert!(home.path().join(name).exists(), "{name}");
    }
}

#[test]
fn doctor_tells_of_a_wrong_configuration_and_of_a_profile_that_was_left_out() {
    let home = Home::new();
    let (config, agents) = (home.paths().config, home.paths().agents);
    std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700)
        .create(home.path())
        .expect("the home");
    std::fs::create_dir(&agents).expect("a folder");
    std::fs::write(config, "prefixx = 1\n").expect("a file");
    std::fs::write(agents.join("broken.toml"), "name = 7\n").expect("a file");
    let found = home.run(&["doctor", "--json"]).done().json();
    assert!(found["config_error"].as_str().is_some_and(|text| text.contains("prefixx")), "{found}");
    assert!(found["agents"].to_string().contains("broken.toml"), "{found}");
}

#[test]
fn host_status_counts_what_it_keeps_and_stop_leaves_nothing() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run(&home.until_open("never"));
    let status = home.run(&["host", "status", "--json"]).done().json();
    assert_eq!(status["running"], true);
    let counts = (&status["conversations"], &status["sessions"], &status["turns_running"]);
    assert_eq!(counts, (&json!(1), &json!(1), &json!(1)));
    assert!(home.processes().len() > 1);
    home.run(&["host", "stop"]).done();
    wait_until("every process is gone", || home.processes().is_empty());
    assert!(!home.paths().socket.exists() && !home.paths().lock.exists());
    // The broken one left the journal to the next host, which had the whole store looked at for damage.
    for journal in ["threadkeep.db-wal", "threadkeep.db-shm"] {
        assert!(!home.path().join(journal).exists(), "{journal}");
    }
    let left: Vec<_> = std::fs::read_dir(home.paths().run).expect("the folder stays").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn host_stop_without_a_host_is_done_already() {
    let home = Home::new();
    let ran = home.run(&["host", "stop"]).done();
    assert!(ran.stdout.contains("no host runs"), "{ran:?}");
    assert!(!home.path().exists(), "asking whether there is a host makes nothing");
}

#[test]
fn rm_forgets_a_conversation_and_ends_its_session() {
    let home = Home::new();
    let (first, second) = (home.tab(), home.tab());
    first.send("echo kept");
    second.send("true");
    let pid = second.pid();
    second.run("rm", &["--yes"]).done();
    wait_until("its shell is gone", || !crate::home::is_alive(pid));
    assert_eq!(home.run(&["ls", "--json"]).done().json_lines().len(), 1);
    second.run("log", &["--json"]).ended_with(6);
    assert_eq!(first.log().len(), 1);
    // A number is never given twice: old links do not lead to a stranger.
    assert_eq!(home.tab().id, "3");
}

#[test]
fn exit_code_1_says_that_the_turn_failed() {
    let home = Home::new();
    let tab = home.tab();
    let sent = tab.send("sh -c 'exit 7'").is("fresh", "first_message", "failed");
    assert_eq!((sent.code, sent.text("end_why"), sent.text("end_text")), (1, "exit_status", "exit 7"));
    tab.run("wait", &[]).ended_with(1);
    let ran = tab.run("send", &["--wait", "false"]).ended_with(1);
    assert!(ran.stderr.contains("failed: exit 1"), "{ran:?}");
}

#[test]
fn exit_code_2_says_that_the_usage_is_wrong() {
    let home = Home::new();
    for wrong in [
        &["nonsense"][..],
        &["send"],
        &["send", "-c", "one", "true"],
        &["send", "--no-such-flag", "--wait", "x", "y"],
        &["new", "--cwd", "no/such/folder"],
        &["rm", "-c", "1"],
        &["wait", "-c", "1,2", "--turn", "1"],
        &["export", "-c", "1", "2"],
        &["export"],
        &["send", "--timeout", "1", "true"],
        &["rm"],
        &["host"],
        &["log"],
        &["why"],
        &["fresh"],
        &["interrupt"],
        &["wait"],
        &["model"],
        &["model", "x", "--default"],
        &["answer", "allow"],
        &["answer"],
        &["send", "--or-asked", "true"],
        &["signal"],
    ] {
        let ran = home.run(wrong).ended_with(2);
        assert!(!ran.stderr.is_empty() && ran.stdout.is_empty(), "{wrong:?}: {ran:?}");
    }
    assert!(home.run(&["ls", "--json"]).done().stdout.is_empty(), "none of them made a conversation");
}

#[test]
fn exit_code_3_says_that_the_turn_was_interrupted() {
    let home = Home::new();
    let tab = home.tab();
    let waiting = tab.call("send", &["--wait", "--json", "sleep 1000"]).start();
    tab.wait_for("the turn works", |state| state["turn_state"] == "working");
    tab.run("interrupt", &[]).done();
    let told = waiting.end().ended_with(3).json();
    assert_eq!((&told["state"], &told["end_why"]), (&json!("interrupted"), &json!("by_person")));
    tab.run("wait", &[]).ended_with(3);
}

#[test]
fn exit_code_4_says_that_the_time_is_over_and_the_turn_goes_on() {
    let home = Home::new();
    let tab = home.tab();
    let told = tab.run("send", &["--wait", "--timeout", "1", "--json", &home.until_open("gate")]).ended_with(4).json();
    // On a busy machine the shell has not told within that second that it began.
    let goes_on = told["state"] == "working" || told["state"] == "sending";
    assert!(goes_on && told["turn"] == 1, "{told}");
    tab.run("wait", &["--timeout", "1"]).ended_with(4);
    tab.run("wait", &["--turn", "1", "--timeout", "0"]).ended_with(4);
    home.open("gate");
    tab.run("wait", &[]).done();
    assert_eq!(tab.log()[0]["state"], "completed");
}

#[test]
fn exit_code_5_says_that_the_outcome_is_unknown() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run(&home.until_open("never"));
    home.kill_host_and_holder();
    let told = tab.run("wait", &["--json"]).ended_with(5).json();
    assert_eq!((&told["state"], &told["end_why"]), (&json!("outcome unknown"), &json!("host_ended")));
}

#[test]
fn exit_code_6_says_that_it_was_refused_and_why() {
    let home = Home::new();
    let tab = home.tab();
    let refused = tab.run("send", &["--json", "  \n "]).ended_with(6).json();
    assert_eq!(
        (&refused["decision"], &refused["why"], &refused["turn"]),
        (&json!("refused"), &json!("empty_text"), &json!(null))
    );
    let too_long = tab.call("send", &["--json", "-"]).input("x".repeat(2_000_000)).run().ended_with(6).json();
    assert_eq!(too_long["why"], "too_long", "{too_long}");
    home.run(&["send", "-c", "99", "true"]).ended_with(6);
    home.run(&["log", "-c", "99"]).ended_with(6);
    home.run(&["rm", "-c", "99", "--yes"]).ended_with(6);
    let ran = home.run(&["new", "--agent", "nobody"]).ended_with(6);
    assert!(ran.stderr.contains("nobody"), "{ran:?}");
    tab.send_and_see_it_run(&home.until_open("gate"));
    let ran = tab.run("fresh", &[]).ended_with(6);
    assert!(ran.stderr.contains("turn 1 is running"), "{ran:?}");
    home.open("gate");
    tab.run("wait", &[]).done();
    assert_eq!(tab.log().len(), 1, "what was refused left nothing");
}

#[test]
fn exit_code_7_says_that_there_is_no_host() {
    let home = Home::new();
    let ran = home.run(&["host", "status", "--json"]).ended_with(7);
    assert_eq!(ran.json(), json!({ "running": false, "version": 1 }));
    let file = home.file("a file");
    std::fs::write(&file, "").expect("a file");
    let ran = home.call(&["ls"]).set("THREADKEEP_HOME", &file).run().ended_with(7);
    assert!(ran.stderr.contains("not a folder") && ran.stderr.contains("THREADKEEP_HOME"), "{ran:?}");
}

#[test]
fn the_help_and_the_readme_have_the_same_exit_codes() {
    let help = Home::new().run(&["--help"]).done().stdout;
    let (_, table) = help.split_once("Exit codes:\n").expect("they are listed");
    let told: Vec<(&str, &str)> = table.lines().filter_map(|line| line.trim().split_once("  ")).collect();
    assert_eq!(told.len(), 9, "{table}");
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("it is there");
    for (code, meaning) in told {
        let cell = format!("| {code} | {} |", meaning.replace("--or-asked", "`--or-asked`"));
        assert!(readme.contains(&cell), "{cell}");
    }
}

#[test]
fn help_and_version_need_no_host() {
    let home = Home::new();
    let help = home.run(&["--help"]).done();
    for verb in [
        "new",
        "send",
        "ls",
        "log",
        "export",
        "why",
        "fresh",
        "interrupt",
        "wait",
        "status",
        "rm",
        "host",
        "doctor",
        "model",
        "answer",
    ] {
        assert!(help.stdout.contains(&format!("\n  {verb} ")), "{verb} in {}", help.stdout);
    }
    assert!(home.run(&["--version"]).done().stdout.contains(env!("CARGO_PKG_VERSION")));
    assert!(!home.path().exists());
}
