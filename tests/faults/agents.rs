//! Agents that die, never start, do not end, or lie.

use super::home::{Home, is_alive, wait_until, wait_until_or};
use super::world::{fake_tab, ledger, world};
use super::{Fault, Outcome, Skipped, held, times};
use serde_json::Value;
use std::fs;
use std::time::{Duration, Instant};

pub const FAULTS: &[Fault] = &[
    ("F5", "agent killed, leaves, dumps core, is deaf, forks", ends),
    ("F6", "agent lies: wrong, doubled and late ends", lies),
    ("F31", "descriptors over 20 sessions and 100 connections", leaks),
];

/// The end of the turn as the record has it.
fn end_of(home: &Home, message: &str) -> (Value, Value) {
    let tab = fake_tab(home);
    tab.send_on(message);
    tab.run("wait", &[]);
    let turn = tab.log().remove(0);
    (turn["state"].clone(), turn["end_text"].clone())
}

fn ends() -> Result<Outcome, Skipped> {
    let home = world();
    let rounds = times(2);
    for _ in 0..rounds {
        for (message, said) in
            [("die:9", "signal 9"), ("die:6", "signal 6"), ("die:15", "signal 15"), ("exit:0", "0"), ("exit:3", "3")]
        {
            let (state, text) = end_of(&home, message);
            assert_eq!(state, "failed", "{message}");
            assert!(text.as_str().is_some_and(|text| text.contains(said)), "{message}: {text}");
        }
    }
    // Ends at once, before it says a word.
    fs::write(home.paths().agents.join("gone.toml"), profile_of("gone", "/bin/false")).expect("a profile");
    fs::write(home.paths().agents.join("none.toml"), profile_of("none", "/nowhere/agent")).expect("a profile");
    home.run(&["host", "stop"]).done();
    for agent in ["gone", "none"] {
        let sent = home.run(&["send", "--wait", "--json", "-c", &new(&home, agent), "hello"]);
        let object = sent.json();
        assert!(object["state"] == "failed" || object["decision"] == "refused", "{agent}: {object}");
        let said = format!("{} {}", object["end_text"], object["why_text"]);
        assert!(said.len() > 12, "a reason in words: {object}");
    }
    // The ladder ends one that hears nothing, and what it left behind.
    let tab = fake_tab(&home);
    tab.send_on("fork deaf");
    wait_until("it is deaf", || !ledger(&home, "deaf").is_empty());
    let (agent, began) = (tab.pid(), Instant::now());
    home.run(&["host", "stop"]).done();
    assert!(!is_alive(agent), "the agent is gone with its host");
    wait_until("and what it forked", || home.processes().is_empty());
    let took = began.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
    held(
        rounds * 5 + 3,
        format!("each end has its true reason; a deaf agent and its child gone in {} ms", took.as_millis()),
    )
}

fn profile_of(name: &str, program: &str) -> String {
    include_str!("../it/coder/coder.toml").replace("PROGRAM", program).replace("\"coder\"", &format!("\"{name}\""))
}

fn new(home: &Home, agent: &str) -> String {
    home.run(&["new", "--agent", agent, "--json"]).done().json()["conversation"].to_string()
}

fn lies() -> Result<Outcome, Skipped> {
    let home = world();
    let tab = fake_tab(&home);
    let (rounds, mut asked) = (times(10), 0);
    for _ in 0..rounds {
        tab.send_on("lie lie");
        tab.send_on("honest");
        // An agent that lies may leave a tab that asks the person to look at its screen; it may never leave one that says nothing.
        wait_until_or(
            "all has an end, or the person is asked",
            || {
                let state = tab.state();
                let quiet = state["queued"] == 0 && state["state"] == "idle";
                (quiet || state["state"] == "needs answer" || !state["queue_held"].is_null()).then_some(())
            },
            || (tab.state(), tab.log().pop(), ledger(&home, "read").pop()),
        );
        if tab.state()["state"] != "idle" || tab.state()["queued"] != 0 {
            asked += 1;
            tab.run("fresh", &["--stop-turn"]).done();
        }
    }
    // Whatever state the lies left it in, the person gets on.
    wait_until("a message is answered", || {
        tab.run("fresh", &["--stop-turn"]).done();
        tab.run("send", &["--wait", "--timeout", "15", "--json", "slow"]).code == 0
    });
    // It stood behind all others.
    let log = tab.log();
    for turn in &log {
        assert!(turn["ended_ms"].is_i64(), "every turn has its end: {turn}");
    }
    let sent: Vec<&Value> = log.iter().filter(|turn| turn["prompt"] == "honest").collect();
    assert_eq!(sent.len(), rounds, "no message is lost or doubled");
    let read = ledger(&home, "read");
    for message in ["honest", "lie lie"] {
        assert!(read.iter().filter(|line| *line == message).count() <= rounds, "none was written twice");
    }
    held(
        rounds,
        format!(
            "every turn one end, no message written twice, the tab not stuck; asked to look at the screen {asked} times"
        ),
    )
}

fn leaks() -> Result<Outcome, Skipped> {
    let home = world();
    let tab = fake_tab(&home);
    tab.send("first");
    let pid = home.host_pid();
    let settled = || {
        let mut last = super::world::held_by(pid);
        wait_until("the host is at rest", || {
            let now = super::world::held_by(pid);
            let same = now.descriptors == last.descriptors && now.threads == last.threads;
            last = now;
            same
        });
        last
    };
    // Of the connection that made it SQLite keeps one descriptor, for the next one.
    wait_until("the backup of the day is made", || {
        let names = fs::read_dir(home.path()).expect("a folder").flatten();
        names.into_iter().any(|one| one.file_name().to_string_lossy().ends_with(".backup"))
    });
    let before = settled();
    let cycles = times(20);
    for _ in 0..cycles {
        let one = fake_tab(&home);
        one.send("hello");
        one.run("rm", &["--yes"]).done();
        (0..5).for_each(|_| drop(home.control()));
    }
    wait_until_or(
        "all of it is given back",
        || {
            let now = super::world::held_by(pid);
            (now.descriptors <= before.descriptors && now.threads <= before.threads).then_some(())
        },
        || (before, super::world::held_by(pid), super::world::opened_by(pid)),
    );
    let after = settled();
    held(
        cycles,
        format!(
            "{} descriptors and {} threads before, {} and {} after",
            before.descriptors, before.threads, after.descriptors, after.threads
        ),
    )
}
