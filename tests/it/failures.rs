//! Failures of a coding agent, told apart: each with a reason of its own and what a person does about it, wherever a turn's end is told. With the
//! small agent (`coder/`).

use crate::home::{Home, Sent, Signal, Tab, kill};
use crate::requests::{coder_tab, home_with_coder};
use crate::screen::Screen;

/// A failed turn has this code, and these words stand in what `send` says and in `why`.
fn is_told(tab: &Tab, sent: &Sent, code: &str, words: &str) {
    assert_eq!((sent.text("state"), sent.text("end_why"), sent.code), ("failed", code, 1), "{sent:?}");
    assert!(sent.text("end_text").contains(words), "{words:?} in {sent:?}");
    let why = tab.run("why", &[]).done();
    assert!(why.stdout.contains(words), "{words:?} in {why:?}");
}

#[test]
fn what_the_agent_reports_is_told_apart() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    let table = [
        ("fails:500", "api_error", "500; send it again when the service answers"),
        ("fails:429", "rate_limit", "429; wait, or choose another model"),
        ("fails:401", "login_needed", "401; log in on the agent's screen, then send it again"),
        ("fails:nonsense", "agent_reported", "nonsense; look at the agent's screen"),
    ];
    for (text, code, words) in table {
        is_told(&tab, &tab.send(text), code, words);
    }
    tab.send("fails:429");
    let ui = Screen::open(&home, 100, 24);
    ui.wait_until("the panel tells it", |seen| seen.panel().contains("why: 429; wait, or choose"));
    drop(ui);
    let ui = Screen::open(&home, 60, 12);
    let words = "failed · 429 · wait, or choose another model";
    ui.wait_until("the status line tells it", |seen| seen.status().contains(words));
    drop(ui);
    let ui = Screen::open(&home, 48, 12);
    ui.wait_until("what can be done has room", |seen| seen.status().contains("failed · wait, or choose another model"));
    tab.send("and on").reused();
}

#[test]
fn an_agent_that_crashes_is_told_and_started_again_by_the_next_message() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    tab.send("one");
    is_told(&tab, &tab.send("crash"), "agent_exited", "agent left: exit 3; your next message starts it again");
    tab.send("two").is("resumed", "agent_exited", "completed");
}

#[test]
fn an_agent_whose_program_is_not_there_is_told_and_taken_up_when_it_is_again() {
    let home = home_with_coder();
    let tab = coder_tab(&home);
    tab.send("one");
    kill(tab.pid(), Signal::KILL);
    tab.wait_for("it is asleep", |state| state["state"] == "asleep (will resume)");
    let (program, away) = (home.file("coder"), home.file("away"));
    std::fs::rename(&program, &away).expect("it can be moved");
    is_told(&tab, &tab.send("two"), "program_missing", "is not there; install it, or name another one");
    std::fs::rename(&away, &program).expect("it can be moved");
    tab.send("three").is("resumed", "could_not_start", "completed");
}

#[test]
fn a_folder_that_is_gone_is_told_and_the_session_taken_up_when_it_is_again() {
    let home = home_with_coder();
    let folder = home.file("project");
    std::fs::create_dir(&folder).expect("a folder");
    let made = home.call(&["new", "--agent", "coder", "--json"]).within(&folder).run().done().json();
    let tab = Tab { home: &home, id: made["conversation"].to_string() };
    tab.send("one");
    kill(tab.pid(), Signal::KILL);
    tab.wait_for("it is asleep", |state| state["state"] == "asleep (will resume)");
    let away = home.file("away");
    std::fs::rename(&folder, &away).expect("it can be moved");
    is_told(&tab, &tab.send("two"), "folder_gone", "is gone; make it again or choose another");
    std::fs::rename(&away, &folder).expect("it can be moved");
    tab.send("three").is("resumed", "could_not_start", "completed");
}

#[test]
fn an_agent_that_leaves_before_its_prompt_is_told_with_its_last_words() {
    let home: Home = home_with_coder();
    let program = home.file("coder");
    std::fs::write(&program, "#!/bin/sh\necho 'no such library'\nexit 127\n").expect("a file");
    let tab = coder_tab(&home);
    is_told(&tab, &tab.send("one"), "could_not_start", "left before its prompt (exit 127): no such library");
}
