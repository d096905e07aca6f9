//! The examples of docs/agents.md, each with a small program that tells no more of itself than the page says: a further agent is a file and
//! nothing else.
//!
//! The programs are one script (`any_agent/small.bash`), which works on a message until the gate `go` is opened.

use crate::home::{Home, Sent, Signal, Tab, kill, wait_until_or, write_program};
use serde_json::{Value, json};
use std::os::unix::fs::DirBuilderExt;

const PAGE: &str = include_str!("../../docs/agents.md");
const SMALL: &str = include_str!("any_agent/small.bash");

/// The profile of this name on the page, word for word.
fn profile(name: &str) -> &'static str {
    let mut blocks = PAGE.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let head = format!("name = \"{name}\"\n");
    blocks.find(|block| block.starts_with(&head)).unwrap_or_else(|| panic!("the page has a profile {name}"))
}

/// A home in which that profile is the person's own, and its program is on the path.
fn home_with(name: &str, program: &str) -> Home {
    let mut home = Home::new();
    let programs = home.own().join("bin");
    std::fs::create_dir(&programs).expect("a folder");
    write_program(&programs.join(program), SMALL);
    home.set("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", programs.display()));
    std::fs::DirBuilder::new().mode(0o700).create(home.path()).expect("the home");
    std::fs::create_dir(home.paths().agents).expect("a folder");
    std::fs::write(home.paths().agents.join("own.toml"), profile(name)).expect("a file");
    home
}

fn tab<'a>(home: &'a Home, agent: &str) -> Tab<'a> {
    let made = home.run(&["new", "--agent", agent, "--json"]).done().json();
    Tab { home, id: made["conversation"].to_string() }
}

/// Sends, lets the agent work until that was seen, then lets it end.
fn say(tab: &Tab, text: &str) -> (Sent, Value) {
    let sent = tab.send_and_see_it_run(text);
    tab.home.open("go");
    let ended = tab.run("wait", &["--json"]).json();
    (sent, ended)
}

/// What the agent was given so far.
fn heard(home: &Home) -> Vec<String> {
    let text = std::fs::read_to_string(home.file("heard")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn decided(sent: &Sent) -> (&str, &str) {
    (sent.text("decision"), sent.text("why"))
}

#[test]
fn an_agent_with_nothing_but_a_title_is_followed_by_its_signs() {
    let home = home_with("titled", "titled");
    let tab = tab(&home, "titled");
    let (_, ended) = say(&tab, "one");
    assert_eq!((&ended["state"], &ended["evidence"]["source"]), (&json!("completed"), &json!("title")));
    tab.send_and_see_it_run("ask");
    home.open("go");
    let asks = tab.wait_for("it asks", |state| state["turn_state"] == "needs answer");
    let asked = &tab.log()[1]["requests"][0];
    assert_eq!((&asked["kind"], &asked["text"]), (&json!("question"), &json!("Which one")), "{asks:#?}");
    tab.run("interrupt", &[]).done();
    tab.send_and_see_it_run("three");
    let ended = tab.run("interrupt", &["--json"]).done().json();
    assert_eq!((&ended["state"], &ended["end_why"]), (&json!("interrupted"), &json!("by_person")));
    let (_, ended) = say(&tab, "fail");
    let told = (&ended["state"], &ended["end_text"]);
    assert_eq!(told, (&json!("failed"), &json!("out of luck; look at the agent's screen")), "{ended:#?}");
    let (_, ended) = say(&tab, "five");
    assert_eq!(ended["state"], "completed", "{ended:#?}");
    assert_eq!(heard(&home), ["one", "ask", "three", "fail", "five"]);
}

#[test]
fn an_agent_with_a_transcript_is_followed_there_and_taken_up_by_its_id() {
    let home = home_with("scribe", "scribe");
    let tab = tab(&home, "scribe");
    let (_, ended) = say(&tab, "one");
    assert_eq!((&ended["state"], &ended["evidence"]["source"]), (&json!("completed"), &json!("transcript")));
    assert_eq!((&ended["answer"], &ended["work"]["usage"]["output_tokens"]), (&json!("said one"), &json!(7)));
    let (_, ended) = say(&tab, "fail");
    assert_eq!(
        (&ended["state"], &ended["end_text"]),
        (&json!("failed"), &json!("too much; look at the agent's screen"))
    );
    let id = tab.state()["agent_session"].clone();
    kill(tab.pid(), Signal::KILL);
    tab.wait_for("it sleeps", |state| state["state"] == "asleep (will resume)");
    let (sent, ended) = say(&tab, "three");
    assert_eq!((decided(&sent), &ended["answer"]), (("resumed", "agent_exited"), &json!("said three")));
    assert_eq!(tab.state()["agent_session"], id);
    tab.run("model", &["large"]).done();
    let (sent, _) = say(&tab, "four");
    assert_eq!(decided(&sent), ("resumed", "model_switched"));
}

#[test]
fn an_agent_whose_terminal_toggles_a_mode_is_followed_by_that() {
    let mut home = home_with("repl", "repl");
    home.set("MY_REPL", "repl");
    let tab = tab(&home, "repl");
    let (_, ended) = say(&tab, "one");
    assert_eq!((&ended["state"], &ended["evidence"]["source"]), (&json!("completed"), &json!("paste_mode")));
    tab.send_and_see_it_run("two");
    let ended = tab.run("interrupt", &["--json"]).done().json();
    assert_eq!((&ended["state"], &ended["end_why"]), (&json!("interrupted"), &json!("by_person")));
    assert_eq!(heard(&home), ["one", "two"]);
}

#[test]
fn an_agent_with_nothing_but_a_prompt_is_followed_on_its_screen() {
    let home = home_with("plain", "bc");
    let tab = tab(&home, "plain");
    for text in ["one", "two"] {
        let (_, ended) = say(&tab, text);
        assert_eq!((&ended["state"], &ended["evidence"]["source"]), (&json!("completed"), &json!("screen")));
    }
    assert_eq!(heard(&home), ["one", "two"]);
}

#[test]
fn an_agent_without_an_id_is_never_taken_up_and_that_is_said() {
    let home = home_with("nameless", "nameless");
    let tab = tab(&home, "nameless");
    let (_, ended) = say(&tab, "one");
    assert_eq!((&ended["state"], &ended["evidence"]["source"]), (&json!("completed"), &json!("progress")));
    kill(tab.pid(), Signal::KILL);
    tab.wait_for("it sleeps", |state| state["state"].as_str().is_some_and(|word| word.starts_with("asleep")));
    let (sent, ended) = say(&tab, "two");
    assert_eq!((decided(&sent), &ended["state"]), (("fresh", "agent_exited"), &json!("completed")));
    assert!(sent.text("why_text").contains("cannot be resumed"), "{sent:?}");
}

#[test]
fn an_agent_that_drops_an_early_enter_and_gives_a_text_back_gets_each_message_alone() {
    let home = home_with("slowly", "slowly");
    let tab = tab(&home, "slowly");
    let (_, ended) = say(&tab, "/one");
    assert_eq!((&ended["state"], &ended["evidence"]["source"]), (&json!("completed"), &json!("program_status")));
    tab.send_and_see_it_run("two");
    let ended = tab.run("interrupt", &["--json"]).done().json();
    assert_eq!((&ended["state"], &ended["end_why"]), (&json!("interrupted"), &json!("by_person")));
    say(&tab, "three");
    assert_eq!(heard(&home), [" /one", "two", "three"]);
}

#[test]
fn what_a_killed_agent_left_is_put_in_order_before_it_is_taken_up() {
    let home = home_with("locked", "locked");
    let tab = tab(&home, "locked");
    let (_, ended) = say(&tab, "one");
    assert_eq!((&ended["state"], &ended["evidence"]["source"]), (&json!("completed"), &json!("state_file")));
    let id = tab.wait_for("its id is read", |state| state["agent_session"].is_string())["agent_session"].clone();
    let own = home.own().join(".locked");
    let file = |name: &str| own.join(format!("{name}{}", id.as_str().expect("a text")));
    wait_until_or("its record is there", || file("").with_extension("jsonl").exists().then_some(()), || id.clone());
    kill(tab.pid(), Signal::KILL);
    tab.wait_for("it sleeps", |state| state["state"] == "asleep (will resume)");
    assert!(file("").with_extension("lock").exists(), "it was killed and left its lock");
    let (sent, ended) = say(&tab, "two");
    assert_eq!((decided(&sent), &ended["state"]), (("resumed", "agent_exited"), &json!("completed")));
    let kept = std::fs::read_to_string(file("kept-").with_extension("jsonl")).expect("a copy");
    assert_eq!(kept, "one\n", "the record as it was before it was thinned out");
    assert_eq!(tab.state()["agent_session"], id);
}
