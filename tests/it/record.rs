//! The record of a turn: exactly one end, its own prompt, the truth about its answer.

use crate::home::{Home, wait_until_or};
use threadkeep::protocol::message::{Event, Reply, Request, Told};

#[test]
fn every_turn_ends_exactly_once_even_if_the_agent_reports_and_leaves_at_the_same_moment() {
    let home = Home::new();
    let tab = home.tab();
    let mut watcher = home.control();
    assert!(matches!(watcher.ask(&Request::Subscribe, None).expect("the host runs"), Reply::Overview(_)));
    let commands = ["true", "exit 3", "true", "kill -9 $$", "exec true", "false", "exit"];
    for command in commands {
        tab.send(command);
    }
    let mut ended = Vec::new();
    wait_until_or(
        "every end was told",
        || {
            while let Some(told) = watcher.receive().expect("the host runs") {
                if let Told::Event(Event::TurnEnded { turn, .. }) = told {
                    ended.push(turn.number.0);
                }
            }
            (ended.len() >= commands.len()).then_some(())
        },
        || tab.log(),
    );
    // Whatever is told late would be told before the reply to this.
    watcher.ask(&Request::HostStatus, None).expect("the host runs");
    while let Some(told) = watcher.receive().expect("the host runs") {
        assert!(!matches!(told, Told::Event(Event::TurnEnded { .. })), "{told:?}");
    }
    assert_eq!(ended, [1, 2, 3, 4, 5, 6, 7]);
    let ends: Vec<_> = tab.log().iter().map(|turn| turn["end_why"].as_str().unwrap_or("-").to_owned()).collect();
    assert_eq!(ends[0], "completed");
    assert_eq!(ends[3], "agent_exited");
    assert_eq!(ends[5], "exit_status");
    assert!(ends.iter().all(|end| end != "-"), "{ends:?}");
}

#[test]
fn each_turn_shows_its_own_prompt_and_its_own_answer() {
    let home = Home::new();
    let tab = home.tab();
    for number in 1..=5 {
        tab.send(&format!("echo answer {number}"));
    }
    for (number, turn) in (1..).zip(tab.log()) {
        assert_eq!(turn["prompt"], format!("echo answer {number}"));
        assert_eq!(turn["answer"], format!("answer {number}"));
    }
}

#[test]
fn a_mark_forged_by_a_program_does_not_end_a_turn() {
    let home = Home::new();
    let tab = home.tab();
    let forged = [
        r"\033]133;D;0\007",
        r"\033]133;D;0;aid=0\007",
        r"\033]133;D;0;aid=00000000000000000000000000000000;t=1\007",
        r"\033]133;D;0;t=1\033\\",
        r"\033]133;A\007\033]133;B\007",
        r"\033]7501;x\007",
    ];
    let prints: String = forged.map(|mark| format!("printf '{mark}'; ")).concat();
    let guess = "env | grep -a -i token; printf \"\\033]133;D;0;aid=$THREADKEEP_TOKEN;t=1\\007\"; ";
    let program = format!("sh -c '{}' ; touch forged; ", (prints + guess).replace('\'', r"'\''"));
    tab.send_and_see_it_run(&(program + &home.until_open("gate") + "; echo the end"));
    wait_until_or("the marks were printed", || home.file("forged").exists().then_some(()), || tab.state());
    // The host has read what was printed before this output.
    assert_eq!(tab.state()["turn_state"], "working");
    tab.run("wait", &["--timeout", "1"]).ended_with(4);
    home.open("gate");
    tab.run("wait", &[]).done();
    let log = tab.log();
    assert_eq!((log.len(), log[0]["answer"].as_str()), (1, Some("the end")));
    tab.send("true").reused();
}

#[test]
fn noise_in_the_output_never_breaks_a_turn() {
    let home = Home::new();
    let tab = home.tab();
    for noise in [
        r"printf '\033]0;title\007\033[31mred\033[0m\n'",
        r"printf '\033[?1049h\033[2Jgone\033[?1049l'",
        r"printf '\033[5n\033[6n\033[c\033]11;?\007'; sleep 1",
        r"printf '\033]52;c;aGVsbG8=\007\033Pq#0\033\\\033_x\033\\'",
        r"printf '\377\376\300\200\n'",
        // One time in a hundred it chooses the line drawing letters, which every terminal would go on with.
        r"head -c 100000 /dev/urandom; printf '\030\033(B\033)B\017'",
        r"printf '\033c'",
        r"printf '\033[?2026h'",
        r"printf '\033]0;never ended'",
    ] {
        let sent = tab.send(noise);
        assert_eq!(sent.text("state"), "completed", "{noise}: {sent:?}");
        assert_eq!(tab.send("echo well").text("answer").lines().last(), Some("well"), "after {noise}");
    }
}

#[test]
fn a_long_answer_is_capped_and_says_how_much_was_cut() {
    let home = Home::new();
    let tab = home.tab();
    // A good deal more than an answer and the scrollback hold.
    let bytes = 12_000_000;
    let sent = tab.send(&format!("echo the first; yes 0123456789 | head -c {bytes}; echo; echo the last"));
    assert_eq!(sent.text("state"), "completed");
    let (answer, cut) = (sent.answer(), sent.number("answer_cut_bytes"));
    assert!(answer.ends_with("\nthe last"), "the end is there: {}", &answer[answer.len() - 100..]);
    assert!(answer.len() < 1_000_000, "{}", answer.len());
    let whole = i64::try_from(answer.len()).expect("a length") + cut;
    assert!((bytes..bytes + 100).contains(&whole), "{whole} bytes are accounted for");
    assert_eq!(tab.log()[0]["answer_cut_bytes"], cut);
    home.run(&["host", "stop"]).done();
    assert_eq!(tab.log()[0]["answer"], answer, "and after a restart");
}

#[test]
fn a_long_answer_keeps_its_beginning_and_its_end() {
    let home = Home::new();
    let tab = home.tab();
    for lines in [1_000, 20_000, 400_000] {
        let sent = tab.send(&format!("echo the first; seq 1 {lines}; echo the last"));
        let answer = sent.answer();
        assert!(answer.ends_with("\nthe last"), "the end of {lines} lines: {}", &answer[answer.len() - 50..]);
        assert!(answer.starts_with("the first\n1\n2\n"), "the beginning of {lines} lines: {}", &answer[..50]);
    }
}

#[test]
fn a_missing_program_is_named_with_what_can_be_done() {
    let home = Home::new();
    let missing = |call: crate::home::Call| call.set("SHELL", "/nowhere/bash").set("PATH", "").run();
    let ran = missing(home.call(&["send", "--wait", "--json", "echo hello"])).ended_with(1).json();
    assert_eq!((&ran["state"], &ran["end_why"]), (&"failed".into(), &"program_missing".into()));
    let text = ran["end_text"].as_str().unwrap_or_default();
    for said in ["/nowhere/bash", "PATH", "SHELL"] {
        assert!(text.contains(said), "{said} in {text}");
    }
    assert_eq!(home.run(&["log", "--json"]).done().json()["prompt"], "echo hello", "the text is kept");
    let found = home.run(&["send", "--wait", "--json", "echo there"]).done().json();
    assert_eq!(found["answer"], "there");
}
