//! Restart, crash and storage: nothing that was acknowledged is lost, nothing runs twice, and what is not known is said.

use crate::home::{Home, Signal, Tab, is_alive, kill, wait_until, wait_until_or};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use threadkeep::protocol::message::Request;

#[test]
fn a_host_that_was_stopped_comes_back_with_everything_and_says_what_a_shell_cannot_keep() {
    let home = Home::new();
    let tab = home.tab();
    std::fs::create_dir(home.file("deep")).expect("a folder");
    tab.send("cd deep; X=1; echo one");
    tab.send("false");
    let before = tab.log();
    home.run(&["host", "stop"]).done();
    assert_eq!(tab.log(), before, "turns, prompts, answers and order as before");
    let state = tab.state();
    assert_eq!((&state["state"], &state["next_why"]), (&json!("asleep (cannot resume)"), &json!("host_ended")));
    let next = tab.send("echo $PWD [$X]").is("fresh", "host_ended", "completed");
    assert_eq!(next.answer(), format!("{} []", home.file("deep").display()));
    assert!(next.text("why_text").contains("variables gone"), "{next:?}");
    assert_eq!(tab.log().len(), 3);
}

#[test]
fn a_turn_that_ran_when_host_and_holder_were_killed_has_an_unknown_outcome_and_the_next_message_goes_on() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("echo done before");
    let shell = tab.pid();
    tab.send_and_see_it_run(&home.until_open("never"));
    home.kill_host_and_holder();
    let log = tab.log();
    assert_eq!((&log[0]["state"], &log[0]["answer"]), (&json!("completed"), &json!("done before")));
    assert_eq!((&log[1]["state"], &log[1]["end_why"]), (&json!("outcome unknown"), &json!("host_ended")));
    assert!(log[1]["ended_ms"].is_i64(), "{}", log[1]);
    wait_until("the shell of the killed host is gone", || !is_alive(shell));
    let state = tab.state();
    assert!(state["turn_state"] == "outcome unknown" && state["pid"].is_null(), "nothing stays working: {state}");
    tab.send("true").is("fresh", "host_ended", "completed");
    assert_eq!(tab.log().len(), 3);
}

#[test]
fn a_queue_survives_a_killed_host_and_holder_and_waits_for_the_person() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run(&home.until_open("never"));
    tab.send_on("echo second >> order");
    tab.send_on("echo third >> order");
    home.kill_host_and_holder();
    let state = tab.state();
    assert_eq!((&state["queued"], state["queue_held"].is_null()), (&json!(2), false), "{state}");
    assert!(!home.file("order").exists(), "nothing of it is sent by itself");
    tab.send_on("echo fourth >> order");
    tab.run("wait", &[]).done();
    let order = std::fs::read_to_string(home.file("order")).expect("they have run");
    assert_eq!(order, "second\nthird\nfourth\n");
    let states: Vec<_> = tab.log().iter().map(|turn| turn["state"].clone()).collect();
    assert_eq!(states, ["outcome unknown", "completed", "completed", "completed"]);
}

#[test]
fn a_host_killed_again_and_again_forgets_nothing() {
    let home = Home::new();
    let tab = home.tab();
    for round in 1..=5 {
        let sent = tab.send(&format!("echo {round}"));
        assert_eq!(sent.number("turn"), round);
        // With the holder or without it.
        if round % 2 == 0 { home.kill_host() } else { home.kill_host_and_holder() }
    }
    let answers: Vec<_> = tab.log().iter().map(|turn| turn["answer"].clone()).collect();
    assert_eq!(answers, ["1", "2", "3", "4", "5"]);
}

#[test]
fn stopping_the_host_while_turns_run_leaves_no_process_and_says_what_became_of_them() {
    let home = Home::new();
    let tabs: Vec<_> = (0..3).map(|_| home.tab()).collect();
    for tab in &tabs {
        tab.send_and_see_it_run("sleep 1000 | sleep 1000");
    }
    let shells: Vec<i32> = tabs.iter().map(Tab::pid).collect();
    let waiting = tabs[0].call("wait", &[]).start();
    // One that comes later starts another host.
    wait_until("it has its link to the host", || has_socket(waiting.pid()));
    home.run(&["host", "stop"]).done();
    wait_until("every shell is gone", || shells.iter().all(|pid| !is_alive(*pid)));
    wait_until("every process is gone", || home.processes().is_empty());
    let waited = waiting.end();
    assert_ne!(waited.code, 0, "{waited:?}");
    for tab in &tabs {
        let ended = &tab.log()[0];
        assert_eq!((&ended["state"], &ended["end_why"]), (&json!("interrupted"), &json!("session_stopped")));
    }
}

/// Whether the process is connected to anything.
fn has_socket(pid: i32) -> bool {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    open.filter_map(|one| std::fs::read_link(one.path()).ok()).any(|link| link.to_string_lossy().starts_with("socket:"))
}

/// The broken one told nobody anything before the last job was gone.
#[test]
fn whoever_stops_a_host_hears_at_once_that_it_ends_whatever_jobs_are_left() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("(trap '' HUP TERM; echo $BASHPID > job; exec sleep 1000) & disown");
    wait_until("the job runs", || std::fs::read_to_string(home.file("job")).is_ok_and(|text| text.ends_with('\n')));
    let job = std::fs::read_to_string(home.file("job")).expect("it is there").trim().parse().expect("a process id");
    tab.send("exit");
    tab.wait_for("the shell is gone", |state| state["pid"].is_null());
    assert!(is_alive(job));
    let mut control = home.control();
    control.ask(&Request::HostStop, None).expect("the host runs");
    assert!(is_alive(job), "it has a second to leave by itself");
    wait_until("it is gone with the host", || !is_alive(job));
    // That one is on its last steps; this waits for them.
    home.run(&["host", "stop"]).done();
}

#[test]
fn a_client_that_is_killed_harms_nothing() {
    let home = Home::new();
    let tab = home.tab();
    let waiting = tab.call("send", &["--wait", "--json", &home.until_open("gate")]).start();
    tab.wait_for("the turn works", |state| state["turn_state"] == "working");
    kill(waiting.pid(), Signal::KILL);
    waiting.end().ended_with(128 + 9);
    assert_eq!(tab.state()["turn_state"], "working");
    home.open("gate");
    tab.run("wait", &[]).done();
}

/// What the clients were told: by conversation, the number of the message of each acknowledged turn.
type Ledger = BTreeMap<String, BTreeMap<i64, u64>>;

#[test]
fn killed_at_random_times_under_load_the_host_loses_no_acknowledged_message_and_runs_none_twice() {
    const KILLS: usize = 15;
    const CLIENTS: usize = 8;
    const CONVERSATIONS: usize = 4;
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).expect("random bytes");
    let mut random = u64::from_le_bytes(seed) | 1;
    println!("seed {random}");

    let home = Home::new();
    let tabs: Vec<_> = (0..CONVERSATIONS).map(|_| home.tab()).collect();
    let ledger = Mutex::new(Ledger::new());
    let (next, over) = (AtomicU64::new(1), AtomicBool::new(false));
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (tab, ledger, next, over) = (&tabs[client % CONVERSATIONS], &ledger, &next, &over);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    send_numbered(tab, number, ledger);
                }
            });
        }
        for _ in 0..KILLS {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            // Not to wait for anything: the moment of the kill is what is random.
            thread::sleep(Duration::from_millis(20 + random % 380));
            let pid = home.run(&["host", "status", "--json"]);
            if pid.code == 0 {
                let pid = pid.json()["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok()).expect("a process id");
                kill(pid, Signal::KILL);
            }
        }
        let acknowledged = || ledger.lock().map_or(0, |ledger| ledger.values().map(BTreeMap::len).sum());
        wait_until_or("the load was a load", || (acknowledged() > KILLS).then_some(()), acknowledged);
        over.store(true, Ordering::Relaxed);
    });

    let ledger = ledger.into_inner().expect("no client panicked");
    for tab in &tabs {
        // What the last kill left in a queue waits for the person, who comes with this.
        tab.send_on("true");
        let waited = tab.run("wait", &["--json"]);
        assert!(matches!(waited.code, 0 | 5), "{waited:?}");
        check_against(&ledger, tab, &tab.log());
    }
}

fn send_numbered(tab: &Tab, number: u64, ledger: &Mutex<Ledger>) {
    let ran = tab.call("send", &["--json", "-"]).input(message_of(tab, number)).run();
    match ran.code {
        0 => {
            let turn = ran.json()["turn"].as_i64().expect("it was accepted");
            let mut ledger = ledger.lock().expect("no client panicked");
            let before = ledger.entry(tab.id.clone()).or_default().insert(turn, number);
            assert_eq!(before, None, "turn {turn} was given twice");
        }
        // The host was killed under it: the message may be there or not.
        6 | 7 => {}
        _ => panic!("{ran:?}"),
    }
}

fn message_of(tab: &Tab, number: u64) -> String {
    format!("echo {number} >> {}", tab.home.file(&format!("ran-{}", tab.id)).display())
}

fn check_against(ledger: &Ledger, tab: &Tab, log: &[Value]) {
    let ran = wait_until_or(
        "the file of what ran can be read",
        || std::fs::read_to_string(tab.home.file(&format!("ran-{}", tab.id))).ok(),
        || tab.state(),
    );
    let mut times = BTreeMap::<u64, usize>::new();
    for line in ran.lines() {
        *times.entry(line.parse().expect("a number")).or_default() += 1;
    }
    assert!(times.values().all(|times| *times == 1), "something ran twice in conversation {}: {times:?}", tab.id);
    let numbers: Vec<i64> = log.iter().map(|turn| turn["turn"].as_i64().expect("a number")).collect();
    assert!(numbers.is_sorted_by(|before, after| before < after), "the log is in order: {numbers:?}");
    for turn in log {
        let state = turn["state"].as_str().expect("a word");
        assert!(matches!(state, "completed" | "outcome unknown"), "{turn}");
    }
    for (turn, number) in ledger.get(&tab.id).into_iter().flatten() {
        let kept = log.iter().find(|kept| kept["turn"] == *turn);
        let kept = kept.unwrap_or_else(|| panic!("acknowledged turn {turn} of conversation {} is lost", tab.id));
        assert_eq!(kept["prompt"], message_of(tab, *number));
        if kept["state"] == "completed" {
            assert!(times.contains_key(number), "turn {turn} is told as completed and never ran: {kept}");
        }
    }
}
