//! Marks in, what was observed out: every kind, from us and from strangers.

use super::*;

fn token() -> Token {
    Token::new([0xab; 16])
}

/// Feeds marks; `@` stands for our token, `!N` expects turn N, `!` nothing any more. Returns all that was observed, in short words.
fn check(marks: &str, wanted: &str) {
    let mut observer = Observer::new(token());
    let mut seen = Vec::new();
    for mark in marks.split_whitespace() {
        match mark.strip_prefix('!') {
            Some("") => observer.expect_nothing(),
            Some(turn) => observer.expect(TurnNumber(turn.parse().unwrap())),
            None => {
                let payload = mark.replace('@', &format!("aid={}", token().as_str()));
                let payload = if payload.starts_with("7;") { payload } else { format!("133;{payload}") };
                seen.extend(observer.see(payload.as_bytes()).iter().map(word));
            }
        }
    }
    assert_eq!(seen.join(" "), wanted, "{marks}");
}

fn word(observed: &Observed) -> String {
    let turn = |turn: &Option<TurnNumber>| turn.map_or("typed".into(), |turn| turn.to_string());
    match observed {
        Observed::Ready => "ready".into(),
        Observed::WantsMore => "more".into(),
        Observed::TurnStarted { turn: number, text: None } => format!("start:{}", turn(number)),
        Observed::TurnStarted { turn: number, text: Some(text) } => format!("start:{}:{text}", turn(number)),
        Observed::TurnEnded { turn: number, status: None } => format!("end:{}:?", turn(number)),
        Observed::TurnEnded { turn: number, status: Some(status) } => format!("end:{}:{status}", turn(number)),
        Observed::NothingRan => "nothing".into(),
        Observed::Folder(folder) => format!("in:{folder}"),
    }
}

#[test]
fn the_marks_of_a_shell_become_turns() {
    let table = [
        ("D;;@ A;@ B;@", "nothing ready"),
        ("!3 C;@;t=3 D;0;@;t=3 A;@ B;@", "start:3 end:3:0 ready"),
        ("C;@;cmdline_url=ls%20-l D;1;@ A;@ B;@", "start:typed:ls -l end:typed:1 ready"),
        ("A;k=s;@ A;@;k=s", "more more"),
        ("C;@ D;-1;@", "start:typed end:typed:-1"),
        ("C;@;cmdline_url=a%0Ab%3B%25%C3%A9%zz%4", "start:typed:a\nb;%é%zz%4"),
        ("C;@;cmdline_url=%FF", "start:typed"),
        ("Z;@ L;@ P;@", ""),
    ];
    for (marks, wanted) in table {
        check(marks, wanted);
    }
}

#[test]
fn a_mark_without_our_token_is_nobodys() {
    for marks in
        ["A B C D;0", "A;aid=1 B;aid= C;aid=abab;t=1 D;0;aid=x", "C;t=1 D;0;t=1", "C;cmdline_url=rm%20-rf", "D;aid", ""]
    {
        check(marks, "");
        check(&format!("C;@;t=2 {marks}"), "start:2");
    }
    let mut observer = Observer::new(token());
    for payload in [&b""[..], b"133", b"133;", b"1337;A", b"0;title", b"7", b"133;A;aid=\xff\xfe", b"7;\xff"] {
        assert_eq!(observer.see(payload), []);
    }
}

#[test]
fn only_the_first_end_after_a_start_counts() {
    let table = [
        ("C;@;t=1 D;0;@;t=1 D;5;@ D;6;@;t=1", "start:1 end:1:0"),
        ("D;0;@ D;1;@;t=9", ""),
        ("C;@;t=2 D;0;@;t=1 D;7;@;t=2", "start:2 end:2:7"),
        ("C;@;t=2 D;130;@", "start:2 end:2:130"),
        ("C;@ D;0;@;t=1", "start:typed"),
    ];
    for (marks, wanted) in table {
        check(marks, wanted);
    }
}

#[test]
fn a_prompt_without_an_end_ends_the_turn_with_unknown_status() {
    for marks in ["C;@;t=1 A;@ B;@", "C;@;t=1 B;@ B;@", "C;@;t=1 D;;@ B;@"] {
        let readies = marks.matches("B;@").count();
        check(marks, &format!("start:1 end:1:?{}", " ready".repeat(readies)));
    }
    check("C;@;t=1 C;@;t=2 D;0;@", "start:1 end:1:? start:2 end:2:0");
}

#[test]
fn a_start_without_a_name_is_ours_while_ours_is_expected() {
    let table = [
        // The shell tells of the line before our integration names the turn.
        ("!3 C;@ C;@;t=3 D;0;@;t=3", "start:3 end:3:0"),
        ("!3 C;@;cmdline_url=x C;@;t=3", "start:3"),
        // A line that the person typed at the same moment.
        (
            "!3 C;@;cmdline_url=ls D;0;@ A;@ B;@ C;@ C;@;t=3 D;1;@;t=3",
            "start:typed:ls end:typed:0 ready start:3 end:3:1",
        ),
        // Ours never started; then a person types.
        ("!3 ! C;@;cmdline_url=ls D;0;@", "start:typed:ls end:typed:0"),
        // Late, but it names itself.
        ("!3 ! C;@ C;@;t=3", "start:typed end:typed:? start:3"),
        // After ours has started, the next one is typed again.
        ("!3 C;@;t=3 D;0;@;t=3 C;@ D;0;@", "start:3 end:3:0 start:typed end:typed:0"),
    ];
    for (marks, wanted) in table {
        check(marks, wanted);
    }
}

#[test]
fn pasted_lines_are_one_turn() {
    check("C;@;cmdline_url=a C;@;cmdline_url=b D;1;@ B;@", "start:typed:a end:typed:1 ready");
}

#[test]
fn a_folder_counts_only_while_the_prompt_is_drawn_and_is_told_once() {
    let table = [
        ("7;file://host/a%20b/%C3%A9", "in:/a b/é "),
        ("7;file:///tmp", "in:/tmp "),
        ("7;file:///tmp 7;file:///last", "in:/last "),
        ("7;file://host/", "in:/ "),
        ("7;file://host", ""),
        ("7;http://host/x", ""),
        ("7;/tmp", ""),
        ("7;file://h/%FF", ""),
        ("7;file://h/a%00b", ""),
        ("7;kitty-shell-cwd://h/a%20b", "in:/a%20b "),
    ];
    for (folders, wanted) in table {
        check(&format!("D;;@ {folders} A;@ B;@"), &format!("nothing {wanted}ready"));
    }
    check("C;@;t=1 7;file://other/forged D;0;@ 7;file://host/real B;@", "start:1 end:1:0 in:/real ready");
    // At the prompt that stands a program in the background may print what it likes.
    check("D;;@ A;@ B;@ 7;file:///forged D;;@ B;@", "nothing ready nothing ready");
}

#[test]
fn a_signal_has_the_answer_of_the_host() {
    let answer = Answer { text: "hi".into(), cut_bytes: 0 };
    let ended = Observed::TurnEnded { turn: Some(TurnNumber(1)), status: Some(0) };
    let signal = ended.into_signal(|| answer.clone());
    assert_eq!(
        signal,
        Some(Signal::TurnEnded { turn: Some(TurnNumber(1)), ending: Ending::Status(0), answer: Some(answer) })
    );
    let unasked = || panic!("the answer is only for ends");
    assert_eq!(Observed::Ready.into_signal(unasked), Some(Signal::Ready));
    assert_eq!(Observed::NothingRan.into_signal(unasked), None);
}
