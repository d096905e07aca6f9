//! The session sticks to its conversation, and a fresh one starts only where that is asked for or cannot be helped.

use crate::home::{Home, Signal, is_alive, kill, wait_until};
use serde_json::json;

#[test]
fn the_first_message_starts_one_session_and_the_next_reuses_it_with_folder_and_variables() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("cd /tmp && export X=1").is("fresh", "first_message", "completed");
    let second = tab.send("echo $PWD $X").reused();
    assert_eq!((second.answer(), second.number("session"), second.number("turn")), ("/tmp 1", 1, 2));
    assert_eq!(home.run(&["host", "status", "--json"]).done().json()["sessions"], 1);
}

#[test]
fn a_failed_turn_leaves_the_session_as_it_was() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("X=kept; false").is("fresh", "first_message", "failed");
    let next = tab.send("echo $X").reused();
    assert_eq!((next.answer(), next.number("session")), ("kept", 1));
}

#[test]
fn an_interrupted_turn_leaves_the_session_as_it_was() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("X=kept");
    tab.send_and_see_it_run("sleep 1000");
    tab.run("interrupt", &[]).done();
    let next = tab.send("echo $X").reused();
    assert_eq!((next.answer(), next.number("session")), ("kept", 1));
}

#[test]
fn a_shell_killed_in_mid_turn_fails_that_turn_and_the_next_message_says_what_is_lost() {
    let home = Home::new();
    let tab = home.tab();
    let folder = home.file("deep");
    std::fs::create_dir(&folder).expect("a folder");
    tab.send("cd deep; X=1");
    let pid = tab.pid();
    tab.send_and_see_it_run("sleep 1000");
    kill(pid, Signal::KILL);
    let failed = tab.run("wait", &["--json"]).ended_with(1).json();
    assert_eq!((&failed["state"], &failed["end_why"]), (&json!("failed"), &json!("agent_exited")));
    assert!(failed["end_text"].as_str().is_some_and(|text| text.contains("signal 9")), "{failed}");
    let state = tab.wait_for("it is asleep", |state| state["state"] == "asleep (cannot resume)");
    assert_eq!((&state["next_decision"], &state["next_why"]), (&json!("fresh"), &json!("agent_exited")));

    let next = tab.send("echo $PWD [$X]").is("fresh", "agent_exited", "completed");
    assert_eq!(next.answer(), format!("{} []", folder.display()));
    assert_eq!((next.number("session"), next.number("turn")), (2, 3));
    for said in ["signal 9", "cannot be resumed", "variables gone", folder.to_str().expect("UTF-8")] {
        assert!(next.text("why_text").contains(said), "{said} in {next:?}");
    }
}

#[test]
fn a_shell_killed_between_turns_harms_none_of_them() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("echo one");
    kill(tab.pid(), Signal::KILL);
    tab.wait_for("it is asleep", |state| state["state"] == "asleep (cannot resume)");
    tab.send("echo two").is("fresh", "agent_exited", "completed");
    let log = tab.log();
    let told: Vec<_> = log.iter().map(|turn| (&turn["session"], &turn["state"], &turn["answer"])).collect();
    let completed = json!("completed");
    assert_eq!(told, [(&json!(1), &completed, &json!("one")), (&json!(2), &completed, &json!("two"))]);
}

#[test]
fn plain_words_never_start_a_fresh_session() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("true");
    for words in ["echo start a new task: write docs", ": switch to another agent", "echo /new; : reset; : fresh"] {
        assert_eq!(tab.send(words).reused().number("session"), 1);
    }
}

#[test]
fn leaving_the_shell_puts_the_session_to_sleep_and_the_next_message_says_why() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("true");
    let left = tab.send("exit");
    assert_eq!((left.text("state"), left.code), ("completed", 0));
    tab.wait_for("it is asleep", |state| state["state"] == "asleep (cannot resume)" && state["pid"].is_null());
    let next = tab.send("echo back").is("fresh", "agent_exited", "completed");
    assert!(next.text("why_text").contains("exited with status 0"), "{next:?}");
    assert_eq!((next.answer(), next.number("session")), ("back", 2));
    let left = tab.send("exit 5");
    assert_eq!((left.text("state"), left.code), ("failed", 1));
    assert!(left.text("end_text").contains("exit 5"), "{left:?}");
}

#[test]
fn fresh_starts_nothing_before_the_next_message_and_keeps_the_history() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("X=1");
    let old = tab.pid();
    let told = tab.run("fresh", &["--json"]).done().json();
    assert_eq!(told, json!({ "version": 1, "conversation": 1 }));
    let state = tab.state();
    assert_eq!((&state["next_decision"], &state["next_why"]), (&json!("fresh"), &json!("user_asked")));
    assert_eq!((&state["session"], &state["turns"]), (&json!(1), &json!(1)));
    assert!(is_alive(old), "nothing ends before there is something to start");

    let next = tab.send("echo [$X]").is("fresh", "user_asked", "completed");
    assert_eq!((next.answer(), next.number("session"), next.number("turn")), ("[]", 2, 2));
    wait_until("the shell of the old session is gone", || !is_alive(old));
    let sessions: Vec<_> = tab.log().iter().map(|turn| turn["session"].clone()).collect();
    assert_eq!(sessions, [1, 2]);
    tab.send("true").reused();
}

#[test]
fn fresh_while_a_turn_runs_stops_it_only_when_told_to() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run("sleep 1000");
    tab.run("fresh", &[]).ended_with(6);
    assert_eq!(tab.state()["turn_state"], "working");
    tab.run("fresh", &["--stop-turn"]).done();
    let ended = tab.run("wait", &["--turn", "1", "--json"]).ended_with(3).json();
    assert_eq!(ended["end_why"], "session_stopped");
    tab.send("true").is("fresh", "user_asked", "completed");
}

#[test]
fn fresh_on_an_empty_tab_is_harmless() {
    let home = Home::new();
    let tab = home.tab();
    tab.run("fresh", &[]).done();
    tab.run("fresh", &[]).done();
    assert_eq!(tab.send("true").is("fresh", "first_message", "completed").number("session"), 1);
}

#[test]
fn conversations_in_one_folder_never_mix() {
    let home = Home::new();
    let tabs: Vec<_> = (0..4).map(|_| home.tab()).collect();
    std::thread::scope(|scope| {
        for tab in &tabs {
            scope.spawn(move || {
                tab.send(&format!("MINE=tab{}", tab.id)).is("fresh", "first_message", "completed");
                for number in 0..5 {
                    let sent = tab.send(&format!("echo $MINE {number}")).reused();
                    assert_eq!(sent.answer(), format!("tab{} {number}", tab.id));
                }
            });
        }
    });
    for tab in &tabs {
        assert_eq!(tab.log().len(), 6);
        assert!(tab.log().iter().skip(1).all(|turn| turn["answer"].to_string().contains(&format!("tab{}", tab.id))));
    }
}

#[test]
fn a_folder_that_is_gone_is_said_and_the_message_after_gets_somewhere() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("mkdir gone; cd gone; rmdir ../gone").is("fresh", "first_message", "completed");
    kill(tab.pid(), Signal::KILL);
    tab.wait_for("it is asleep", |state| state["state"] == "asleep (cannot resume)");
    let first = tab.send("pwd");
    if first.text("state") == "failed" {
        assert_eq!(first.text("end_why"), "folder_gone");
        let gone = home.file("gone");
        assert!(first.text("end_text").contains(&format!("{} is gone", gone.display())), "{first:?}");
        assert!(!first.text("why_text").contains("restored"), "nothing was restored: {first:?}");
    }
    let second = tab.send("pwd");
    assert_eq!((second.text("state"), second.answer()), ("completed", home.work().to_str().expect("UTF-8")));
}
