//! What a conversation with any agent can be told by command line: its model, another agent, answers, a hook's words. With the shell, which
//! carries no context to another model and asks nothing.

use crate::home::{Home, LIMIT};
use serde_json::json;
use std::os::unix::net::UnixStream;
use threadkeep::client::{Absent, ClientError, Control, View};
use threadkeep::domain::id::ConversationId;
use threadkeep::paths::Paths;
use threadkeep::protocol::message::{Refusal, Reply, Request};
use threadkeep::terminal::frame::Size;

#[test]
fn another_model_is_said_before_and_means_a_fresh_session_with_the_reason() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("true").is("fresh", "first_message", "completed");
    let told = tab.run("model", &["--json"]).done().json();
    assert_eq!(
        (&told["model"], &told["session_model"], &told["next_decision"]),
        (&json!(null), &json!(null), &json!("reused"))
    );
    let told = tab.run("model", &["big", "--json"]).done().json();
    assert_eq!(
        told,
        json!({
            "version": 1, "conversation": 1, "model": "big", "session_model": null,
            "next_decision": "fresh", "next_why": "model_changed", "next_why_text": "model default -> big: not compatible",
        })
    );
    let ran = tab.run("model", &[]).done();
    assert!(
        ran.stdout.contains("model big · session 1 has the agent's default · next: fresh · model default -> big"),
        "{ran:?}"
    );
    let sent = tab.send("true").is("fresh", "model_changed", "completed");
    assert_eq!((sent.text("why_text"), sent.number("session")), ("model default -> big: not compatible", 2));
    assert_eq!(tab.state()["session_model"], "big");
    tab.send("true").reused();
}

#[test]
fn choosing_the_model_that_the_session_has_changes_nothing() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("true");
    tab.run("model", &["big"]).done();
    let ran = tab.run("model", &["--default"]).done();
    assert_eq!(ran.stdout, "model the agent's default · session 1 has it\n");
    tab.send("true").reused();
}

#[test]
fn a_conversation_made_with_a_model_has_it_and_others_do_not() {
    let home = Home::new();
    home.run(&["new", "--model", "big"]).done();
    let other = home.tab();
    let listed = home.run(&["ls", "--json"]).done().json_lines();
    assert_eq!((&listed[0]["model"], &listed[1]["model"]), (&json!("big"), &json!(null)));
    assert_eq!(other.run("model", &["--json"]).done().json()["model"], json!(null));
}

#[test]
fn an_answer_where_nothing_is_asked_is_refused_and_nothing_is_typed() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("true");
    for answer in [&["allow"][..], &["deny", "--request", "3"], &["some words"], &["--text", "deny"]] {
        let ran = tab.run("answer", answer).ended_with(6);
        assert!(ran.stdout.is_empty() && ran.stderr.contains("not asked"), "{ran:?}");
    }
    tab.send_and_see_it_run(&home.until_open("gate"));
    tab.run("answer", &["allow"]).ended_with(6);
    home.open("gate");
    tab.run("wait", &[]).done();
    assert_eq!(tab.log().len(), 2, "no turn was made of an answer");
}

#[test]
fn fresh_with_a_brief_prints_what_was_said_and_sends_nothing() {
    let home = Home::new();
    let tab = home.tab();
    let ran = tab.run("fresh", &["--brief"]).ended_with(6);
    assert!(ran.stderr.contains("nothing was said"), "{ran:?}");
    tab.send("echo the first answer");
    let ran = tab.run("fresh", &["--brief"]).done();
    assert!(
        ran.stdout.contains("echo the first answer") && ran.stdout.contains("Answered:\nthe first answer"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("starts a fresh session") && ran.stderr.contains("send -c 1 -"), "{ran:?}");
    let told = tab.run("fresh", &["--brief", "--json"]).done().json();
    assert_eq!(told["brief"].as_str().map(str::trim_end), Some(ran.stdout.trim_end()));
    assert_eq!((tab.log().len(), &tab.state()["next_why"]), (1, &json!("user_asked")));
    tab.send("true").is("fresh", "user_asked", "completed");
}

#[test]
fn fresh_with_another_agent_names_it_and_an_unknown_one_changes_nothing() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("true");
    let ran = tab.run("fresh", &["--agent", "nobody", "--model", "big"]).ended_with(6);
    assert!(ran.stderr.contains("nobody"), "{ran:?}");
    let state = tab.state();
    assert_eq!((&state["model"], &state["next_decision"]), (&json!(null), &json!("reused")));
    tab.run("fresh", &["--agent", "shell", "--model", "big"]).done();
    let sent = tab.send("true");
    assert_eq!((sent.text("decision"), sent.text("why")), ("fresh", "user_asked"));
    assert_eq!((&tab.state()["agent"], &tab.state()["session_model"]), (&json!("shell"), &json!("big")));
}

#[test]
fn why_tells_the_session_its_folder_and_what_the_next_message_meets() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("true");
    let ran = tab.run("why", &[]).done();
    let session = format!("session 1 · agent shell · model default · folder {}", home.work().display());
    for words in ["turn 1 · fresh · session 1 · first message", session.as_str(), "next · reused · the agent is alive"]
    {
        assert!(ran.stdout.lines().any(|line| line == words), "{words}: {ran:?}");
    }
}

#[test]
fn a_turn_of_the_log_has_its_requests_and_its_work() {
    let home = Home::new();
    let tab = home.tab();
    let sent = tab.send("true");
    for turn in [&sent.value, &tab.log()[0]] {
        assert_eq!(turn["requests"], json!([]));
        assert_eq!(turn["work"], json!({ "model": null, "usage": null, "steps": [], "steps_left_out": 0 }));
    }
    let state = tab.state();
    assert_eq!((&state["agent_session"], &state["verified"]), (&json!(null), &json!(null)));
}

#[test]
fn a_hook_outside_of_a_session_is_told_what_it_lacks() {
    let home = Home::new();
    let ran = home.call(&["signal"]).input("{}").run().ended_with(2);
    assert!(ran.stderr.contains("THREADKEEP_CONVERSATION"), "{ran:?}");
    let ran = home.call(&["signal"]).set("THREADKEEP_CONVERSATION", "1").input("{}").run().ended_with(2);
    assert!(ran.stderr.contains("THREADKEEP_TOKEN"), "{ran:?}");
    assert!(!home.path().exists(), "and no host was started for it");
}

#[test]
fn a_hook_with_a_wrong_token_or_without_a_host_says_nothing_and_changes_nothing() {
    let home = Home::new();
    let hook = |conversation: &str, payload: String| {
        let call = home.call(&["signal"]).set("THREADKEEP_CONVERSATION", conversation).set("THREADKEEP_TOKEN", "wrong");
        let ran = call.input(payload).run().done();
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    };
    hook("1", "{}".into());
    assert!(!home.path().exists(), "no host was started for it");
    let tab = home.tab();
    tab.send("true");
    let before = tab.state();
    for conversation in ["1", "99", "not a number", "-1"] {
        hook(conversation, r#"{"hook_event_name":"Stop"}"#.into());
    }
    hook("1", "x".repeat(3_000_000));
    hook("1", String::new());
    assert_eq!(tab.state(), before);
    tab.send("true").reused();
}

/// The door that an agent in a sandbox may be let to: nothing can be asked there, and who floods it takes no client's place.
#[test]
fn at_the_socket_for_hooks_only_hooks_are_heard() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("echo here");
    let paths = home.paths();
    let for_hooks = Paths { socket: paths.hook_socket(), ..paths };
    let connect = || Control::connect(&for_hooks, Absent::Fail);
    let conversation = ConversationId(1);
    let (token, payload) = ("no token".to_owned(), "{}".to_owned());
    let mut hook = connect().expect("it is there");
    assert_eq!(hook.ask(&Request::Signal { conversation, token, payload }, Some(LIMIT)).expect("heard"), Reply::Done);
    for request in [Request::List, Request::StopSession { conversation }, Request::HostStop, Request::Subscribe] {
        let refused = hook.ask(&request, Some(LIMIT)).expect_err("nothing is asked here");
        assert!(matches!(refused, ClientError::Refused(Refusal::OnlyHooks)), "{request:?}: {refused}");
    }
    let size = Size { columns: 80, rows: 24 };
    assert!(View::open(&for_hooks, conversation, size).is_err(), "nor is anything shown");
    // More than it takes, and they say nothing.
    let crowd: Vec<_> = (0..200).map(|_| UnixStream::connect(&for_hooks.socket)).collect();
    assert_eq!(tab.send("echo beside").answer(), "beside");
    drop(crowd);
    home.run(&["host", "stop"]).done();
    assert!(!for_hooks.socket.exists(), "it goes with its host");
}

/// A window asks the same over the socket.
#[test]
fn a_brief_of_nothing_is_refused_in_words() {
    let home = Home::new();
    home.tab();
    let asked = home.control().ask(&Request::Brief { conversation: ConversationId(1) }, None);
    assert!(matches!(asked, Err(ClientError::Refused(Refusal::NothingSaid))), "{:?}", asked.map(|_: Reply| ()));
}
