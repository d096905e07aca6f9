//! The window as a new user meets it: the first minute, turns, fresh sessions, tabs, the queue, the keyboard.

use crate::home::{Home, Signal, kill, wait_until};
use crate::screen::{Screen, Seen};
use threadkeep::domain::id::ConversationId;
use threadkeep::protocol::message::{Reply, Request};

/// Opens the window and waits for the composer.
pub fn open(home: &Home, columns: u16, rows: u16) -> Screen {
    let ui = Screen::open(home, columns, rows);
    ui.wait_until("the composer has the keyboard", is_ready);
    ui
}

pub fn is_ready(seen: &Seen) -> bool {
    seen.status().contains("TYPING") && !seen.has("connecting") && seen.cursor().is_some()
}

/// Sends a message and waits until the turn panel shows its end.
pub fn send(ui: &mut Screen, text: &str, turn: usize, end: &str) {
    ui.keys(&format!("{text}<enter>"));
    ui.wait_until(&format!("turn {turn} {end}"), |seen| seen.panel().contains(&format!("turn {turn} · {end}")));
}

#[test]
fn the_first_minute_is_a_draft_tab_with_the_cursor_in_the_composer_and_one_enter_starts_the_session() {
    let home = Home::new();
    let mut ui = Screen::open(&home, 100, 24);
    let seen = ui.wait_until("a draft tab with the keyboard in the composer", |seen| {
        let next = seen.status().contains("next message: fresh · first message");
        is_ready(seen) && seen.tabs().starts_with(" 1 ") && next
    });
    assert_eq!(seen.cursor(), Some((2, 22)), "behind the composer's prompt\n{seen}");
    assert_eq!(home.run(&["host", "status", "--json"]).done().json()["sessions"], 0, "nothing was started yet");

    ui.keys("cd /tmp && export X=1<enter>");
    let said = ["turn 1 · completed", "cd /tmp && export X=1", "seen by: shell mark, exit status 0"];
    ui.wait_until("turn 1 is over", |seen| said.iter().all(|words| seen.panel().contains(words)));
    ui.wait_until("the status line says fresh", |seen| {
        seen.status().contains("fresh · session 1 · turn 1 · first message")
    });

    ui.keys("echo $PWD $X<enter>");
    ui.wait_until("the live screen shows the answer", |seen| seen.pane().contains("\n/tmp 1\n"));
    ui.wait_until("the status line says reused", |seen| seen.status().contains("reused · session 1 · turn 2 · alive"));
}

#[test]
fn prefix_h_puts_a_new_host_in_the_place_of_the_old_one_and_the_session_goes_on() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "X=kept", 1, "completed");
    let before = home.host_pid();
    ui.keys("<prefix>H");
    wait_until("another host serves", || {
        let status = home.run(&["host", "status", "--json"]);
        status.code == 0 && status.json()["pid"].as_i64() != Some(i64::from(before))
    });
    ui.wait_until("the window has found it", is_ready);
    send(&mut ui, "echo $X again", 2, "completed");
    ui.wait_until("reused", |seen| seen.status().contains("reused · session 1 · turn 2"));
    // The picture comes over a connection of its own.
    ui.wait_until("its screen is shown", |seen| seen.pane().contains("kept again"));
}

#[test]
fn a_failed_turn_is_shown_as_failed_and_the_next_reuses_its_session() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "false", 1, "failed");
    ui.wait_until("why it failed", |seen| seen.panel().contains("why: exit 1"));
    send(&mut ui, "true", 2, "completed");
    ui.wait_until("reused", |seen| seen.status().contains("reused · session 1 · turn 2"));
}

#[test]
fn prefix_i_interrupts_the_turn_and_the_next_reuses_its_session() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    ui.keys("sleep 1000<enter>");
    ui.wait_until("the turn works, and its tab is marked", |seen| {
        seen.panel().contains("turn 1 · working") && seen.tabs().contains('*')
    });
    ui.keys("<prefix>i");
    ui.wait_until("it is interrupted", |seen| seen.panel().contains("turn 1 · interrupted"));
    send(&mut ui, "echo next", 2, "completed");
    assert_eq!(home.run(&["log", "--json"]).done().json_lines()[0]["end_why"], "by_person");
}

#[test]
fn the_elapsed_time_of_a_turn_goes_on() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    ui.keys("sleep 1000<enter>");
    let mut before = None;
    for _ in 0..3 {
        // A busy machine may leave a second out.
        let seen = ui.wait_until("a later time", |seen| elapsed(seen).is_some_and(|now| Some(now) > before));
        before = elapsed(&seen);
    }
    ui.keys("<prefix>i");
    ui.wait_for("interrupted");
}

/// Minutes and seconds of the turn that works.
fn elapsed(seen: &Seen) -> Option<(u32, u32)> {
    let panel = seen.panel();
    let (_, after) = panel.split_once("working ")?;
    let (minutes, seconds) = after.split_whitespace().next()?.split_once(':')?;
    Some((minutes.parse().ok()?, seconds.parse().ok()?))
}

#[test]
fn ctrl_n_makes_the_next_message_fresh_and_keeps_the_earlier_turns() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "X=1", 1, "completed");
    ui.keys("<ctrl-n>");
    ui.wait_until("what will happen is said", |seen| {
        seen.status().contains("fresh") && seen.status().contains("you asked for a fresh session")
    });
    send(&mut ui, "echo [$X]", 2, "completed");
    ui.wait_until("the variable is gone", |seen| seen.pane().contains("\n[]\n"));
    ui.wait_until("the status line says why, and the earlier turn is there", |seen| {
        let panel = seen.panel();
        seen.status().contains("fresh · session 2 · turn 2")
            && panel.contains("1 X=1")
            && panel.contains("turn 2 · completed")
    });
}

#[test]
fn a_fresh_session_while_a_turn_runs_is_asked_about_first() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    ui.keys("sleep 1000<enter>");
    ui.wait_for("working");
    ui.keys("<ctrl-n>");
    ui.wait_for("CONFIRM");
    ui.keys("n");
    ui.wait_until("nothing happened", |seen| seen.has("TYPING") && seen.panel().contains("working"));
    ui.keys("<prefix>N");
    ui.wait_for("CONFIRM");
    ui.keys("y");
    ui.wait_until("the turn was stopped", |seen| seen.panel().contains("turn 1 · interrupted"));
    send(&mut ui, "true", 2, "completed");
    assert_eq!(home.run(&["log", "--json"]).done().json_lines()[1]["session"], 2);
}

#[test]
fn tabs_on_one_folder_never_mix() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "MINE=first", 1, "completed");
    ui.keys("<ctrl-t>");
    ui.wait_until("a second tab", |seen| seen.tabs().contains(" 2 ") && seen.has("no turn yet") && is_ready(seen));
    send(&mut ui, "MINE=second", 1, "completed");
    ui.keys("<prefix>c");
    ui.wait_until("a third tab", |seen| seen.tabs().contains(" 3 ") && seen.has("no turn yet") && is_ready(seen));
    ui.keys("<alt-1>");
    ui.wait_until("the first tab", |seen| seen.panel().contains("MINE=first"));
    send(&mut ui, "echo this is $MINE", 2, "completed");
    ui.wait_for("this is first");
    ui.keys("<prefix>2");
    ui.wait_until("the second tab", |seen| seen.panel().contains("MINE=second"));
    send(&mut ui, "echo this is $MINE", 2, "completed");
    ui.wait_for("this is second");
    let listed = home.run(&["ls", "--json"]).done().json_lines();
    let turns: Vec<_> = listed.iter().map(|one| one["turns"].clone()).collect();
    assert_eq!(turns, [2, 2, 0]);
}

#[test]
fn queued_messages_are_shown_in_order_and_can_be_edited_and_removed() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    ui.keys(&format!("{}<enter>", home.until_open("gate")));
    ui.wait_for("working");
    for text in ["two", "three", "four"] {
        ui.keys(&format!("echo {text}<enter>"));
        ui.wait_until("it is queued", |seen| seen.panel().contains(&format!("\"echo {text}\"")));
    }
    let seen = ui.wait_until("the queue is shown", |seen| seen.panel().contains("queue · 3"));
    let places: Vec<_> = ["two", "three", "four"].map(|text| seen.panel().find(text)).into();
    assert!(places.is_sorted() && places[0].is_some(), "{seen}");

    ui.keys("<prefix>q");
    ui.wait_for("TURNS");
    ui.keys("e");
    ui.wait_until("the first is in the composer", |seen| seen.has("TYPING") && seen.row(22).contains("echo two"));
    ui.keys("<ctrl-u>echo edited<enter>");
    ui.wait_until("it is changed", |seen| seen.panel().contains("\"echo edited\"") && !seen.panel().contains("two"));
    ui.keys("<prefix>q");
    ui.wait_for("TURNS");
    ui.keys("<down>x");
    ui.wait_until("the second is gone", |seen| seen.panel().contains("queue · 2") && !seen.panel().contains("three"));
    home.open("gate");
    ui.wait_until("the last has run", |seen| seen.panel().contains("turn 4 · completed"));
    let prompts: Vec<_> =
        home.run(&["log", "--json"]).done().json_lines()[1..].iter().map(|turn| turn["prompt"].clone()).collect();
    assert_eq!(prompts, ["echo edited", "echo four"]);
}

#[test]
fn interrupt_and_send_now_works_from_the_composer() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    ui.keys("sleep 1000<enter>");
    ui.wait_for("working");
    ui.keys("echo at once<prefix><enter>");
    ui.wait_until("it has run", |seen| seen.panel().contains("turn 2 · completed"));
    assert_eq!(home.run(&["log", "--json"]).done().json_lines()[0]["state"], "interrupted");
}

#[test]
fn the_composer_takes_many_lines_pastes_history_and_undo() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    ui.keys("echo one;<alt-enter>echo two<ctrl-j># three");
    ui.wait_until("three lines", |seen| seen.has("echo one;") && seen.has("echo two") && seen.has("# three"));
    ui.keys("<enter>");
    ui.wait_until("it has run", |seen| seen.panel().contains("turn 1 · completed"));
    ui.keys("<paste>cat <lt><lt>'E'\n漢字 \"quoted\"\n-- $x\nE<paste-end>");
    ui.wait_until("nothing is sent by a paste", |seen| seen.has("漢字 \"quoted\""));
    ui.keys("<enter>");
    ui.wait_until("it has run", |seen| seen.panel().contains("turn 2 · completed"));
    ui.keys("<up>");
    ui.wait_until("the newest prompt is back", |seen| seen.row(22).trim_end() == "> E" || seen.has("> cat"));
    ui.keys("<ctrl-c>");
    ui.keys("words to keep<ctrl-w><ctrl-z>");
    ui.wait_until("undone", |seen| seen.row(22).contains("words to keep"));
    let log = home.run(&["log", "--json"]).done().json_lines();
    assert_eq!(log[0]["prompt"], "echo one;\necho two\n# three");
    assert_eq!(log[1]["answer"], "漢字 \"quoted\"\n-- $x");
}

#[test]
fn a_command_typed_into_the_agents_screen_is_a_turn_with_its_text() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "true", 1, "completed");
    ui.keys("<prefix>o");
    ui.wait_for("AGENT");
    ui.keys("echo typed here<enter>");
    ui.wait_until("it is a turn", |seen| seen.panel().contains("turn 2 · completed"));
    let turn = &home.run(&["log", "--json"]).done().json_lines()[1];
    assert_eq!((&turn["prompt"], &turn["origin"]), (&"echo typed here".into(), &"typed".into()));
    assert_eq!(turn["answer"], "typed here");
    ui.keys("<prefix>o");
    ui.wait_for("TYPING");
    ui.keys("<tab>");
    ui.wait_for("AGENT");
}

#[test]
fn leaving_the_shell_is_shown_as_asleep_and_the_next_message_says_why() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "true", 1, "completed");
    ui.keys("exit<enter>");
    ui.wait_until("it is asleep", |seen| {
        seen.status().contains("next: fresh") && seen.status().contains("exited with status 0")
    });
    send(&mut ui, "echo back", 3, "completed");
    ui.wait_until("and why", |seen| {
        seen.status().contains(" fresh · ") && seen.status().contains("the agent exited with status 0")
    });
}

#[test]
fn why_and_help_pages_open_and_close() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "true", 1, "completed");
    ui.keys("<prefix>s");
    ui.wait_until("the decisions", |seen| seen.has("PAGE") && seen.has("first message"));
    ui.keys("<escape>");
    ui.wait_for("TYPING");
    ui.keys("<prefix>?");
    ui.wait_until("the keys", |seen| seen.has("PAGE") && seen.has("interrupt the turn"));
    ui.keys("<escape>");
    ui.wait_for("TYPING");
    ui.keys("<prefix>");
    ui.wait_until("which-key help comes by itself", |seen| seen.has("interrupt the turn"));
    ui.keys("<escape>");
    ui.wait_until("and goes", |seen| !seen.has("interrupt the turn"));
    ui.keys("<prefix>v");
    ui.wait_until("the record", |seen| seen.pane().contains("true") && seen.pane().contains("completed"));
}

#[test]
fn what_is_typed_while_the_window_still_connects_is_kept() {
    let home = Home::new();
    let mut ui = Screen::open(&home, 100, 24);
    ui.wait_until("the terminal is taken", |seen| seen.alternate);
    ui.keys("echo early");
    ui.wait_until("it stands in the composer", |seen| is_ready(seen) && seen.row(22).contains("echo early"));
}

#[test]
fn a_paste_longer_than_any_message_is_cut_and_said_and_the_link_stays() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    ui.keys("echo ");
    ui.bytes(&[b"\x1b[200~".as_slice(), &b"0123456789abcdefghijklmnopqrstu\n".repeat(40_625), b"\x1b[201~"].concat());
    ui.wait_for("a message has at most 384 KiB");
    ui.keys("<ctrl-c>");
    ui.wait_for("cleared");
    send(&mut ui, "echo still here", 1, "completed");
    let written = String::from_utf8_lossy(&ui.written()).into_owned();
    assert!(!written.contains("host gone") && !written.contains("no link"), "the link was never lost");
}

#[test]
fn a_paste_longer_than_a_frame_reaches_the_agent_whole() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    let file = home.file("pasted");
    ui.keys(&format!("cat > '{}'<enter>", file.display()));
    ui.wait_for("working");
    ui.keys("<prefix>o");
    ui.wait_for("AGENT");
    let text = b"0123456789abcde\n".repeat(81_250);
    ui.bytes(&[b"\x1b[200~".as_slice(), &text, b"\x1b[201~"].concat());
    wait_until("all of it is there", || std::fs::read(&file).is_ok_and(|found| found.len() >= text.len()));
    assert!(std::fs::read(&file).expect("it is there") == text, "and as it was pasted");
    ui.keys("<ctrl-d>");
    ui.wait_for("completed");
}

/// A host that takes connections and never says a word.
fn mute_host(home: &Home) -> std::os::unix::net::UnixListener {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(home.path()).expect("the home");
    std::os::unix::net::UnixListener::bind(home.paths().socket).expect("a socket")
}

#[test]
fn a_window_that_waits_for_its_host_is_drawn_keeps_keys_and_can_be_left() {
    let home = Home::new();
    let mute = mute_host(&home);
    for end in ["leave", "SIGTERM", "later"] {
        let mut ui = Screen::open(&home, 80, 24);
        ui.wait_for("connecting to the host");
        ui.resize(60, 20);
        ui.wait_until("it is drawn at the new size", |seen| seen.row(19).contains("TYPING"));
        ui.keys("echo early");
        match end {
            "leave" => ui.keys("<prefix>d"),
            "SIGTERM" => kill(ui.pid(), Signal::TERM),
            _ => {
                drop(mute);
                std::fs::remove_file(home.paths().socket).expect("it was there");
                ui.wait_until("it stands in the composer", |seen| is_ready(seen) && seen.has("echo early"));
                return;
            }
        }
        let (code, seen, _) = ui.ended();
        assert_eq!((code, seen.has("no host")), (0, false), "{end}: {seen}");
    }
}

/// The broken window stood still for as long as the host did.
#[test]
fn a_window_whose_host_was_stopped_says_so_and_can_be_left() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    ui.keys("cat > /dev/null<enter>");
    ui.wait_for("working");
    ui.keys("<prefix>o");
    ui.wait_for("AGENT");
    let host = home.host_pid();
    kill(host, Signal::STOP);
    // More than the socket takes.
    ui.bytes(&[b"\x1b[200~".as_slice(), &b"0123456789abcde\n".repeat(60_000), b"\x1b[201~"].concat());
    ui.wait_for(&format!("the host ({host}) does not answer"));
    ui.keys("<prefix>d");
    let (code, ..) = ui.ended();
    kill(host, Signal::CONT);
    assert_eq!(code, 0);
    let status = home.run(&["ls", "--json"]).done().json();
    assert_eq!(status["turn_state"], "working", "and the session goes on");
}

/// The broken window took what was typed with it.
#[test]
fn what_was_typed_while_no_host_answers_is_kept_when_the_window_is_left_and_comes_back() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "true", 1, "completed");
    let host = home.host_pid();
    kill(host, Signal::STOP);
    ui.keys("echo kept<prefix>d");
    let (code, seen, _) = ui.ended();
    assert_eq!(code, 0);
    assert!(seen.has("is kept; the next window brings it back"), "{seen}");
    // Killed as it is, the host never reads what is on its way to it.
    kill(host, Signal::KILL);
    let ui = Screen::open(&home, 100, 24);
    ui.wait_until("it stands in its composer", |seen| {
        is_ready(seen) && seen.row(22).contains("echo kept") && seen.panel().contains("turn 1")
    });
    wait_until("it is saved", || {
        let shown =
            home.control().ask(&Request::Show { conversation: ConversationId(1) }, None).expect("the host runs");
        matches!(shown, Reply::Conversation(conversation) if conversation.draft == "echo kept")
    });
    // The window takes it away once it has heard that.
    wait_until("it is taken up once", || {
        let mut files = std::fs::read_dir(home.path()).expect("the home").flatten();
        !files.any(|file| file.file_name().to_string_lossy().contains("kept"))
    });
    drop(ui);
}

#[test]
fn what_was_typed_before_any_host_answered_is_kept_as_well() {
    let home = Home::new();
    let mute = mute_host(&home);
    let mut ui = Screen::open(&home, 100, 24);
    ui.wait_for("connecting to the host");
    ui.keys("echo early<prefix>d");
    assert_eq!(ui.ended().0, 0);
    drop(mute);
    std::fs::remove_file(home.paths().socket).expect("it was there");
    let ui = Screen::open(&home, 100, 24);
    ui.wait_until("it is back", |seen| is_ready(seen) && seen.row(22).contains("echo early"));
}

#[test]
fn a_draft_in_which_nobody_typed_is_forgotten_with_its_window() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    assert_eq!(home.run(&["ls", "--json"]).done().json_lines().len(), 1);
    ui.keys("<prefix>d");
    assert_eq!(ui.ended().0, 0);
    wait_until("it is forgotten", || home.run(&["ls", "--json"]).done().stdout.is_empty());
}

#[test]
fn a_start_that_is_piped_says_the_way_by_command_line() {
    let home = Home::new();
    let ran = home.run(&[]).ended_with(2);
    assert!(ran.stdout.is_empty(), "{ran:?}");
    for said in ["terminal", "threadkeep send", "log", "ls"] {
        assert!(ran.stderr.contains(said), "{said} in {ran:?}");
    }
    assert!(!home.path().exists(), "and it starts nothing");
}

#[test]
fn a_wrong_configuration_is_told_before_anything_is_drawn() {
    let home = Home::new();
    home.run(&["host", "stop"]).done();
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(home.path()).expect("the home");
    std::fs::write(home.paths().config, "prefix = 7\n").expect("a file");
    let (code, seen, written) = Screen::open(&home, 80, 24).ended();
    assert_eq!(code, 2, "{seen}");
    assert!(seen.has("prefix") && seen.has("config.toml"), "{seen}");
    assert!(!String::from_utf8_lossy(&written).contains("\x1b[?1049h"));
}

#[test]
fn narrow_and_tiny_windows_do_not_break() {
    let home = Home::new();
    for (columns, rows) in [(40, 12), (20, 5), (10, 3), (2, 2), (1, 1)] {
        let mut ui = Screen::open(&home, columns, rows);
        let status = ["ls", "--json"];
        ui.wait_until("the window is there", |seen| seen.alternate);
        wait_until("it has its tab", || !home.run(&status).done().json_lines().is_empty());
        ui.keys("echo hello<enter>");
        wait_until("the message arrived", || {
            let listed = home.run(&status).done().json_lines();
            listed.iter().any(|one| one["turn_state"] == "completed" && one["title"] == "echo hello")
        });
        ui.resize(80, 24);
        ui.wait_until("it is whole again", |seen| seen.panel().contains("completed"));
        ui.resize(columns, rows);
        ui.resize(60, 15);
        ui.wait_until("and again", |seen| seen.status().contains("TYPING"));
        ui.keys("<prefix>d");
        let (code, seen, _) = ui.ended();
        assert_eq!(code, 0, "{seen}");
    }
}
