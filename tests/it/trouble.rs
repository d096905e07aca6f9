//! What stands in the way of saving, and what is too much: said in words, and nothing else stops for it.

use crate::home::{Home, wait_until};
use rusqlite::Connection;

/// Another program that keeps the store locked for as long as this lives.
fn hold(home: &Home) -> Connection {
    let connection = Connection::open(home.paths().store).expect("it is there");
    connection.execute_batch("BEGIN IMMEDIATE").expect("it can be locked");
    connection
}

#[test]
fn while_nothing_can_be_saved_messages_are_refused_with_the_reason_and_the_rest_goes_on() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run("sleep 1000");
    let held = hold(&home);
    // This one meets the trouble and waits for its end: it is neither acknowledged nor lost.
    let waiting = tab.call("send", &["--json", "echo kept"]).start();
    let trouble = || home.run(&["host", "status", "--json"]).done().json()["store_trouble"].clone();
    wait_until("the trouble is known", || !trouble().is_null());
    let refused = home.run(&["send", "--json", "echo refused"]).ended_with(6).json();
    assert_eq!((&refused["decision"], &refused["why"]), (&"refused".into(), &"store_trouble".into()));
    assert_eq!(tab.state()["turn_state"], "working", "looking is possible");
    drop(held);
    wait_until("saving works again", || trouble().is_null());
    assert_eq!(waiting.end().done().json()["state"], "queued");
    tab.run("interrupt", &[]).done();
    wait_until("it was sent when its turn came", || {
        tab.log().iter().any(|turn| turn["prompt"] == "echo kept" && turn["state"] == "completed")
    });
    assert!(tab.log().iter().all(|turn| turn["prompt"] != "echo refused"));
}

#[test]
fn a_host_that_cannot_save_still_ends_when_it_is_told_to() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run("sleep 1000");
    let _held = hold(&home);
    home.run(&["host", "stop"]).done();
    assert!(home.processes().is_empty());
}

#[test]
fn long_messages_in_line_leave_the_conversation_readable() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run("sleep 1000");
    let long = format!(": {}", "x".repeat(300 * 1024));
    let first = tab.call("send", &["--json", "-"]).input(long.clone()).run().done().json();
    assert_eq!(first["decision"], "queued");
    let second = tab.call("send", &["--json", "-"]).input(long).run().ended_with(6).json();
    assert_eq!(second["why"], "queue_full");
    tab.call("send", &["--wait", "--timeout", "1", "--json", "true"]).run().ended_with(4);
    assert_eq!(tab.state()["queued"], 2);
}

#[test]
fn a_program_in_the_background_that_prints_folders_changes_nothing() {
    let home = Home::new();
    let tab = home.tab();
    let storm = "for n in $(seq 1 20000); do printf '\\033]7;file:///forged/%s\\007' $n; done; echo over > storm";
    tab.send(&format!("( sleep 0.2; {storm} ) & disown"));
    wait_until("the storm is over", || home.file("storm").exists());
    crate::home::kill(tab.pid(), rustix::process::Signal::KILL);
    tab.wait_for("it is asleep", |state| state["state"] == "asleep (cannot resume)");
    let after = tab.send("pwd");
    assert_eq!(after.answer(), home.work().to_str().expect("UTF-8"));
}
