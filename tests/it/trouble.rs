//! What stands in the way of saving, and what is too much: said in words, and nothing else stops for it.

use crate::home::{Home, LIMIT, PROGRAM, wait_until, wait_until_or};
use rusqlite::Connection;
use threadkeep::client::{ClientError, View};
use threadkeep::domain::id::ConversationId;
use threadkeep::protocol::message::{Event, Request, Told, ViewInput, ViewOutput};
use threadkeep::terminal::frame::Size;
use threadkeep::terminal::paste::COOKED_LINE_BYTES;

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
    // The broken one answered these once the trouble was over.
    assert_eq!(tab.log().len(), 1, "what is saved can be read");
    home.run(&["search", "sleep"]).done();
    drop(held);
    wait_until("saving works again", || trouble().is_null());
    let waited = waiting.end().done();
    assert_eq!(waited.json()["state"], "queued");
    // The broken one waited without a word.
    assert!(waited.stderr.starts_with("threadkeep: nothing can be saved now: "), "{}", waited.stderr);
    tab.run("interrupt", &[]).done();
    wait_until("it was sent when its turn came", || {
        tab.log().iter().any(|turn| turn["prompt"] == "echo kept" && turn["state"] == "completed")
    });
    assert!(tab.log().iter().all(|turn| turn["prompt"] != "echo refused"));
}

/// The broken one panicked in whichever thread had something to tell of a full disk: the log is on the same one.
#[test]
fn a_log_that_cannot_be_written_costs_nothing_but_the_log() {
    let home = Home::new();
    let tab = home.tab();
    home.run(&["host", "stop"]).done();
    std::fs::remove_file(home.paths().log).expect("it is there");
    std::os::unix::fs::symlink("/dev/full", home.paths().log).expect("a link");
    tab.send("true");
    let held = hold(&home);
    let waiting = tab.call("send", &["--json", "echo kept"]).start();
    let trouble = || home.run(&["host", "status", "--json"]).done().json()["store_trouble"].clone();
    wait_until("the trouble is known", || !trouble().is_null());
    drop(held);
    wait_until("saving works again", || trouble().is_null());
    waiting.end().done();
    tab.run("wait", &[]);
    let log = tab.log();
    // Whoever reads that file to its end reads for ever, and a home that fails prints its log.
    std::fs::remove_file(home.paths().log).expect("it is there");
    assert_eq!(log[1]["answer"], "kept", "{log:?}");
}

/// The broken one panicked where it had something to say beside the result.
#[test]
fn a_full_standard_error_changes_no_result() {
    let home = Home::new();
    let tab = home.tab();
    let command = format!("exec {PROGRAM} send -c {} --wait false 2> /dev/full", tab.id);
    let ran = home.other("sh", &["-c".to_owned(), command]).run();
    ran.ended_with(1);
    assert_eq!(tab.log()[0]["state"], "failed");
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

/// What the process has in memory, in bytes.
fn memory_of(pid: i32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is told");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") * 1024
}

/// The broken one kept a thousand frames of any size for it.
#[test]
fn a_client_that_does_not_read_is_dropped_before_it_costs_much_memory() {
    let home = Home::new();
    home.tab();
    let mut silent = home.control();
    silent.send(&Request::Subscribe).expect("the host runs");
    let mut writer = home.control();
    let before = memory_of(home.host_pid());
    // Each of these tells every subscriber of the conversation with its draft: 150 MiB in all.
    for number in 0..400_u32 {
        let text = format!("{number} {}", "x".repeat(380 * 1024));
        writer.ask(&Request::SaveDraft { conversation: ConversationId(1), text }, None).expect("it is saved");
    }
    let grown = memory_of(home.host_pid()).saturating_sub(before);
    assert!(grown < 90 * 1024 * 1024, "the host grew by {grown} bytes");
    let log = std::fs::read_to_string(home.paths().log).expect("a log");
    assert!(log.contains("a slow client was dropped"), "{log}");
    let end = silent.await_reply(u64::MAX, Some(LIMIT)).expect_err("no reply has this number");
    assert!(matches!(end, ClientError::Ended | ClientError::Broken(_)), "{end}");
}

/// The broken one said so in its log alone; the message stayed on its way for ever.
#[test]
fn what_has_no_room_on_its_way_to_an_agent_that_does_not_read_is_said() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("true");
    let mut control = home.control();
    control.ask(&Request::Subscribe, None).expect("the host runs");
    crate::home::kill(tab.pid(), rustix::process::Signal::STOP);
    let size = Size { columns: 80, rows: 24 };
    let mut view = View::open(&home.paths(), ConversationId(1), size).expect("it lives");
    let mut said = || loop {
        match control.receive().expect("the host runs") {
            Some(Told::Event(Event::Notice(text))) => break Some(text),
            Some(_) => {}
            None => break None,
        }
    };
    // More than has room: as much as fits in ever smaller pieces, until not a byte does.
    for (bytes, times) in [(1000 * 1024, 34), (10 * 1024, 100), (100, 110), (1, 110)] {
        for _ in 0..times {
            view.send(&ViewInput::Paste("x".repeat(bytes))).expect("the session takes it");
        }
    }
    let taken = Size { columns: 81, rows: 24 };
    view.send(&ViewInput::Resize(taken)).expect("the session takes it");
    wait_until("all of it was taken", || match view.receive().expect("it lives") {
        Some(ViewOutput::Frame(delta)) => delta.size == taken,
        Some(ViewOutput::NoPlace { .. } | ViewOutput::Text { .. } | ViewOutput::Ended) | None => false,
    });
    let notice = wait_until_or("it is said", &mut said, || "it is not");
    assert!(notice.contains("conversation 1 does not read") && notice.contains("look at its screen"), "{notice}");
    let sent = tab.send("echo lost").is("reused", "agent_alive", "failed");
    assert_eq!(sent.text("end_why"), "not_delivered");
    assert!(said().is_none_or(|text| text != notice), "once is enough");
}

/// The system cut the line, the program got 4,096 bytes of it, and nobody heard of it.
#[test]
fn a_paste_with_a_line_that_the_terminal_would_cut_is_refused_with_the_reason() {
    let home = Home::new();
    let tab = home.tab();
    let got = home.file("got");
    tab.send_and_see_it_run(&format!("cat > '{}'", got.display()));
    let mut control = home.control();
    control.ask(&Request::Subscribe, None).expect("the host runs");
    let mut view = View::open(&home.paths(), ConversationId(1), Size { columns: 80, rows: 24 }).expect("it lives");
    let fits = format!("{}\n", "x".repeat(COOKED_LINE_BYTES));
    for text in [format!("{}\n", "y".repeat(COOKED_LINE_BYTES + 1)), fits.clone()] {
        view.send(&ViewInput::Paste(text)).expect("the session takes it");
    }
    let notice = wait_until_or(
        "it is said",
        || match control.receive().expect("the host runs") {
            Some(Told::Event(Event::Notice(text))) => Some(text),
            Some(_) | None => None,
        },
        || "it is not",
    );
    assert!(notice.contains("was not typed") && notice.contains("conversation 1"), "{notice}");
    wait_until("what fits is there whole", || std::fs::read_to_string(&got).is_ok_and(|text| text == fits));
    tab.run("interrupt", &[]).done();
    tab.run("wait", &[]);
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
    tab.call("send", &["--wait", "--timeout", "4", "--json", "true"]).run().ended_with(4);
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
