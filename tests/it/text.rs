//! Text arrives byte for byte, and goes nowhere else.

use crate::home::{Home, all_processes, command_line_of};

/// Sends the payload as a here-document and gives back what arrived in a file.
fn through_a_here_document(home: &Home, payload: &str) -> String {
    let tab = home.tab();
    let message = format!("cat > arrived <<'THE_END_OF_IT'\n{payload}\nTHE_END_OF_IT");
    let sent = tab.send(&message);
    assert_eq!(sent.text("state"), "completed", "{sent:?}");
    assert_eq!(tab.log()[0]["prompt"], message, "and it is kept as it was");
    tab.send("echo next").reused();
    std::fs::read_to_string(home.file("arrived")).expect("the command wrote it")
}

#[test]
fn every_kind_of_text_arrives_byte_for_byte() {
    let home = Home::new();
    for payload in [
        "--leading dashes -n -e",
        "'single' \"double\" `back` $(echo no) ${HOME} \\n \\\\ !history !!",
        "a\n\n\nb\n\tc\n  trailing blanks  ",
        "tab\tat\tthe end\t",
        "漢字かな한글 ééé e\u{301} 👩‍👩‍👧‍👦 🇩🇪 עברית \u{202e}x",
        "a backslash at the end \\",
        "\\",
        "%s %d %% {} * ? [a-z] ~ # ; & | < > ( )",
        "\u{1}\u{2}\u{7f} controls \u{b}\u{c}",
        "\u{1b}[31mescape\u{1b}[201~ paste end \u{1b}]0;x\u{7}",
        "carriage\rreturn",
    ] {
        assert_eq!(through_a_here_document(&home, payload), format!("{payload}\n"), "{payload:?}");
    }
}

#[test]
fn two_hundred_kilobytes_arrive_byte_for_byte() {
    let home = Home::new();
    let line = "0123456789 the quick brown fox 漢字 \\ ' \" $x\n";
    let payload = line.repeat(200_000 / line.len() + 1);
    assert_eq!(through_a_here_document(&home, &payload), format!("{payload}\n"));
}

#[test]
fn one_very_long_line_arrives_byte_for_byte() {
    let home = Home::new();
    let payload = "x".repeat(200_000);
    assert_eq!(through_a_here_document(&home, &payload).len(), payload.len() + 1);
}

#[test]
fn messages_of_odd_shape_run_as_a_shell_would_run_them() {
    let home = Home::new();
    let tab = home.tab();
    for (message, answer, code) in [
        ("echo a; \\\necho b", "a\nb", 0),
        ("printf %s 'x\\'", "x\\", 0),
        ("if true; then\n  echo yes\nfi", "yes", 0),
        ("f() {\n  echo in $1\n}\nf here", "in here", 0),
        ("f again", "in again", 0),
        ("echo one # two", "one", 0),
        ("   echo indented", "indented", 0),
        ("echo a\n\necho b\n", "a\nb", 0),
        ("! true", "", 1),
        ("(exit 4)", "", 1),
        ("for i in 1 2 3; do echo $i; done | tac", "3\n2\n1", 0),
        ("-x --not-a-command 2>/dev/null", "", 1),
        ("--version 2>/dev/null", "", 1),
    ] {
        let sent = tab.send(message);
        assert_eq!((sent.answer(), sent.code), (answer, code), "{message:?}: {sent:?}");
        assert_eq!(tab.log().last().expect("a turn")["prompt"], message.strip_suffix('\n').unwrap_or(message));
    }
    let dashes = tab.send("--version");
    assert_eq!(dashes.text("end_text"), "exit 127", "it is a command that is not there: {dashes:?}");
    for broken in ["echo 'never closed", "if true; then", "echo $(", "cat <<EOF\nno end"] {
        tab.send(broken);
        assert_eq!(tab.send("echo still here").reused().answer(), "still here", "after {broken:?}");
    }
}

#[test]
fn dashes_on_the_command_line_are_text_after_two_of_them() {
    let home = Home::new();
    let sent = home.run(&["send", "--wait", "--json", "--", "--json"]).ended_with(1).json();
    assert_eq!(home.run(&["log", "--json"]).done().json()["prompt"], "--json");
    assert_eq!(sent["state"], "failed");
    home.run(&["send", "--wait", "-x"]).ended_with(1);
    let log = home.run(&["log", "--json"]).done().json_lines();
    assert_eq!(log[1]["prompt"], "-x");
}

#[test]
fn what_is_typed_stands_in_no_argument_list_and_in_no_log() {
    let home = Home::new();
    let tab = home.tab();
    let canary = "CANARY_of_this_very_test";
    let message = format!("echo {canary} >/dev/null; sh -c '{}'", home.until_open("gate").replace('\'', "\""));
    let sent = tab.call("send", &["-"]).set("SECRET", "CANARY_IN_THE_ENVIRONMENT").input(message).run();
    sent.done();
    tab.wait_for("the turn works", |state| state["turn_state"] == "working");
    for pid in all_processes() {
        let line = command_line_of(pid);
        assert!(!line.contains(canary), "process {pid}: {line}");
    }
    home.open("gate");
    tab.run("wait", &[]).done();
    tab.send("CANARY_of_this_very_test_not_found");
    tab.run("send", &["--json", ""]).ended_with(6);
    home.run(&["host", "stop"]).done();
    let log = std::fs::read_to_string(home.paths().log).expect("the host writes one");
    assert!(!log.contains("CANARY"), "{log}");
    assert!(!log.is_empty());
}
