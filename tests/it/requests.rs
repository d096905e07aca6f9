//! What a coding agent asks and how it is answered, its model, and a resume that it refuses: by command line and in the window, with a
//! small agent that tells its state (`coder/`).

use crate::home::{Home, Ran, Signal, Tab, kill, wait_until, write_program};
use crate::screen::Screen;
use serde_json::{Value, json};
use std::os::unix::fs::DirBuilderExt;

/// A home in which the small agent is known.
pub fn home_with_coder() -> Home {
    let home = Home::new();
    let program = home.file("coder");
    write_program(&program, include_str!("coder/coder.bash"));
    std::fs::DirBuilder::new().mode(0o700).create(home.path()).expect("the home");
    std::fs::create_dir(home.paths().agents).expect("a folder");
    let profile = include_str!("coder/coder.toml").replace("PROGRAM", program.to_str().expect("UTF-8"));
    std::fs::write(home.paths().agents.join("coder.toml"), profile).expect("a file");
    home
}

pub fn coder_tab(home: &Home) -> Tab<'_> {
    let made = home.run(&["new", "--agent", "coder", "--json"]).done().json();
    Tab { home, id: made["conversation"].to_string() }
}

/// What the agent was answered so far.
fn answers(home: &Home) -> Vec<String> {
    let text = std::fs::read_to_string(home.file("answers")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Waits until the agent asks something, and returns the turn as it is then.
fn until_asked(tab: &Tab) -> (Value, Ran) {
    let ran = tab.run("wait", &["--or-asked", "--json"]).ended_with(8);
    (ran.json(), ran)
}

fn requests_of(turn: &Value) -> Vec<(&str, &str, &str)> {
    let requests = turn["requests"].as_array().expect("a list");
    requests
        .iter()
        .map(|request| {
            let field = |name: &str| request[name].as_str().unwrap_or("-");
            (field("kind"), field("text"), field("state"))
        })
        .collect()
}

#[test]
fn a_permission_is_told_allowed_once_and_the_agent_goes_on() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    tab.send_on("ask permission");
    let (turn, ran) = until_asked(&tab);
    assert_eq!(turn["state"], "needs approval");
    assert_eq!(requests_of(&turn), [("permission", "Bash: rm -rf build", "open")]);
    assert!(ran.stderr.contains("Bash: rm -rf build; threadkeep answer -c 1 --turn 1 --request 1 allow"), "{ran:?}");
    assert_eq!(tab.state()["state"], "needs approval");
    tab.run("answer", &["allow"]).done();
    tab.run("wait", &[]).done();
    assert_eq!(answers(&home), ["allowed"]);
    assert_eq!(requests_of(&tab.log()[0]), [("permission", "Bash: rm -rf build", "allowed")]);
}

/// The broken one showed it only while a message waited.
#[test]
fn a_login_is_told_with_and_without_a_message_and_then_all_goes_on() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    std::fs::write(home.file("login"), "").expect("a file");
    tab.send_on("one");
    let asks = json!({ "kind": "login", "text": "log in first" });
    let state = tab.wait_for("a login is needed", |state| state["state"] == "needs answer");
    assert_eq!((&state["asks"], &state["turn_state"]), (&asks, &json!("needs answer")));
    let ran = tab.run("answer", &["me"]).ended_with(6);
    assert!(ran.stderr.contains("on the agent's own screen only"), "{ran:?}");
    std::fs::remove_file(home.file("login")).expect("it is there");
    tab.run("wait", &[]).done();

    // While it works on the next one: at its prompt it would ask before it reads that.
    tab.send_on("two permission");
    until_asked(&tab);
    std::fs::write(home.file("login"), "").expect("a file");
    tab.run("answer", &["--turn", "2", "--request", "1", "allow"]).done();
    let state = tab.wait_for("a login is needed again", |state| state["asks"] == asks);
    assert_eq!((&state["asks"], &state["turn_state"]), (&asks, &json!("completed")), "no turn is under way");
    let ui = Screen::open(&home, 100, 24);
    ui.wait_until("it is shown, and where it is answered", |seen| {
        seen.panel().contains("log in first") && seen.status().contains("needs answer · ^] o: answer on its screen")
    });
    std::fs::remove_file(home.file("login")).expect("it is there");
    tab.wait_for("it waits no more", |state| state["state"] == "idle" && state["asks"].is_null());
    assert_eq!(tab.state()["session"], 1, "it is the same session all along");
}

#[test]
fn an_agent_that_is_too_old_is_told_on_its_tab_and_where_it_is_chosen() {
    let home = home_with_coder();
    std::fs::write(home.file("version"), "coder 1.9.3\n").expect("a file");
    let tab = coder_tab(&home);
    tab.send("one");
    let told = "version 1.9.3 is too old: at least 2.0 is needed; update it";
    tab.wait_for("it is told", |state| state["warning"] == told);
    let ui = Screen::open(&home, 100, 24);
    ui.wait_until("it is shown", |seen| seen.panel().contains("is too old"));
    let why = tab.run("why", &[]).done();
    assert!(why.stdout.contains(told), "{why:?}");
}

#[test]
fn a_denial_reaches_the_agent() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    tab.send_on("ask permission");
    until_asked(&tab);
    tab.run("answer", &["--turn", "1", "--request", "1", "deny"]).done();
    tab.run("wait", &[]).done();
    assert_eq!(answers(&home), ["denied"]);
    assert_eq!(requests_of(&tab.log()[0]), [("permission", "Bash: rm -rf build", "denied")]);
}

#[test]
fn a_message_that_is_no_answer_waits_while_a_permission_is_open_and_words_do_not_answer_it() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    tab.send_on("ask permission");
    until_asked(&tab);
    assert_eq!(tab.send_on("y").text("decision"), "queued");
    let ran = tab.run("answer", &["yes please"]).ended_with(6);
    assert!(ran.stderr.contains("allow or deny") && ran.stderr.contains("nothing was typed"), "{ran:?}");
    assert_eq!(answers(&home), [""; 0]);
    tab.run("answer", &["deny"]).done();
    tab.run("wait", &[]).done();
    assert_eq!(answers(&home), ["denied"]);
    assert_eq!(tab.log()[1]["prompt"], "y");
}

#[test]
fn an_answer_for_an_earlier_turn_does_not_reach_the_next_one() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    tab.send_on("ask permission");
    until_asked(&tab);
    tab.run("answer", &["deny"]).done();
    tab.run("wait", &[]).done();
    tab.run("answer", &["--turn", "1", "--request", "1", "allow"]).ended_with(6);
    tab.send_on("ask permission again");
    until_asked(&tab);
    let ran = tab.run("answer", &["--turn", "1", "--request", "1", "allow"]).ended_with(6);
    assert!(ran.stderr.contains("not asked (any more)"), "{ran:?}");
    assert_eq!(tab.state()["state"], "needs approval", "it is as open as it was");
    tab.run("answer", &["--turn", "2", "--request", "1", "deny"]).done();
    tab.run("wait", &[]).done();
    assert_eq!(answers(&home), ["denied", "denied"]);
}

#[test]
fn a_question_is_answered_by_command_or_by_the_next_message() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    tab.send_on("ask question");
    let (turn, _) = until_asked(&tab);
    assert_eq!(
        (&turn["state"], requests_of(&turn)),
        (&json!("needs answer"), vec![("question", "Which colour?", "open")])
    );
    tab.run("answer", &["dark red"]).done();
    tab.run("wait", &[]).done();
    tab.send_on("ask question");
    until_asked(&tab);
    assert_eq!(tab.state()["next_decision"], "answer");
    let sent = tab.send_on("deny");
    assert_eq!((sent.text("decision"), sent.text("why"), sent.number("turn")), ("answer", "answers_question", 2));
    tab.run("wait", &[]).done();
    assert_eq!(answers(&home), ["told dark red", "told deny"]);
    assert_eq!(tab.log().len(), 2, "an answer is no turn of its own");
}

#[test]
fn a_waiting_send_says_once_what_is_asked_and_waits_on() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    let waiting = tab.call("send", &["--wait", "--json", "ask permission question"]).start();
    tab.wait_for("the permission is open", |state| state["state"] == "needs approval");
    tab.run("answer", &["allow"]).done();
    tab.wait_for("the question is open", |state| state["state"] == "needs answer");
    tab.run("answer", &["blue"]).done();
    let ran = waiting.end().done();
    assert_eq!(ran.json()["state"], "completed");
    assert_eq!(ran.stderr.matches("needs approval").count(), 1, "{ran:?}");
    assert_eq!(ran.stderr.matches("Which colour?").count(), 1, "{ran:?}");
    assert_eq!(answers(&home), ["allowed", "told blue"]);
}

#[test]
fn another_model_is_taken_up_with_the_context_by_a_restart() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    assert_eq!(tab.send("one").text("decision"), "fresh");
    let id = tab.state()["agent_session"].clone();
    assert!(id.is_string(), "{id}");
    let told = tab.run("model", &["large", "--json"]).done().json();
    assert_eq!((&told["next_decision"], &told["next_why"]), (&json!("resumed"), &json!("model_switched")));
    // It waits in line until the process with the old model is gone.
    assert_eq!(tab.send("two").text("state"), "completed");
    let made = tab.why().pop().expect("a decision");
    let told = (&made["turn"], &made["decision"], &made["why_text"]);
    assert_eq!(told, (&json!(2), &json!("resumed"), &json!("model default -> large: context kept")));
    let state = tab.state();
    assert_eq!((&state["session_model"], &state["agent_session"]), (&json!("large"), &id));
    assert_eq!(state["verified"], false, "this agent never says which session it has");
}

#[test]
fn a_refused_resume_holds_the_message_until_the_person_chooses() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    tab.send("one");
    kill(tab.pid(), Signal::KILL);
    tab.wait_for("it is asleep", |state| state["state"] == "asleep (will resume)");
    std::fs::write(home.file("refuse"), "").expect("a file");
    tab.send_on("two");
    let held = tab.wait_for("the message is held", |state| state["queue_held"] == "resume_refused");
    assert_eq!((&held["queued"], &held["session"]), (&json!(1), &json!(1)));
    let ran = tab.run("why", &[]).done();
    assert!(ran.stdout.contains("the agent's id"), "the id is kept: {ran:?}");
    assert!(ran.stdout.contains("  asleep: the agent would not resume: "), "what the agent said: {ran:?}");
    assert!(ran.stdout.contains("turn 2 · held since the agent would not resume; send it to try again"), "{ran:?}");
    let brief = tab.run("fresh", &["--brief"]).done();
    assert!(brief.stdout.contains("Asked:\none") && !brief.stdout.contains("two"), "{brief:?}");
    tab.run("wait", &[]).done();
    let log = tab.log();
    assert_eq!((&log[1]["prompt"], &log[1]["session"]), (&json!("two"), &json!(2)));
}

#[test]
fn in_the_window_a_background_tab_is_marked_and_its_request_answered_by_a_key() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    home.tab();
    let mut ui = Screen::open(&home, 100, 24);
    ui.wait_until("both tabs are there", |seen| seen.tabs().contains(" 2 ") && seen.status().contains("TYPING"));
    ui.keys("<alt-2>");
    tab.send_on("ask permission");
    ui.wait_until("the tab behind is marked", |seen| seen.tabs().contains(" !"));
    ui.keys("<ctrl-]>a");
    ui.wait_until("it is shown", |seen| {
        seen.status().contains("needs approval · ^] y answers") && seen.panel().contains("! 1 Bash: rm -rf build")
    });
    ui.keys("<ctrl-]>y");
    ui.wait_until("the list", |seen| seen.has("turn 1 asks") && seen.has("a  allow, this once"));
    ui.keys("d");
    ui.wait_until("the turn is over", |seen| {
        seen.panel().contains("turn 1 · completed") && seen.panel().contains("asked 1 · 1 denied")
    });
    assert_eq!(answers(&home), ["denied"]);
}

#[test]
fn in_the_window_a_held_message_gets_a_brief_that_is_read_before_it_is_sent() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    tab.send("one");
    kill(tab.pid(), Signal::KILL);
    tab.wait_for("it is asleep", |state| state["state"] == "asleep (will resume)");
    std::fs::write(home.file("refuse"), "").expect("a file");
    let mut ui = Screen::open(&home, 100, 24);
    ui.wait_until("it is asleep", |seen| seen.status().contains("next message: resumes"));
    ui.keys("two<enter>");
    ui.wait_until("the ways on", |seen| {
        seen.status().contains("not resumed · ^] Enter again · ^] N fresh, ^] b with a brief")
    });
    ui.keys("<ctrl-]>b");
    ui.wait_until("the brief", |seen| seen.has("## Now") && seen.has("two"));
    assert_eq!(tab.log().len(), 2);
    assert_eq!(tab.state()["queued"], 1, "nothing is sent by itself");
    ui.keys(" and three<enter>");
    wait_until("it is sent fresh", || tab.log()[1]["state"] == "completed");
    let log = tab.log();
    let prompt = log[1]["prompt"].as_str().expect("a text");
    assert!(prompt.contains("Asked:\none") && prompt.ends_with("## Now\n\ntwo and three"), "{prompt}");
    assert_eq!(log[1]["session"], 2);
}
