//! The page of what a turn changed: what is asked, where keys lead, what is copied.

use super::super::super::app::Page;
use super::super::super::event::{Effect, Purpose};
use super::super::super::testing::{Window, draft, ended, id, idle, working};
use crate::domain::changes::{Count, Diff, FileChange, FileKind, Lines, Patch, Span, Until};
use crate::domain::id::TurnNumber;
use crate::domain::turn::TurnEnd;
use crate::protocol::message::{Reply, Request};

fn diff(files: usize) -> Diff {
    let file = |number: usize| {
        let lines: String = (0..30).map(|line| format!("+line {line} of {number}\n")).collect();
        let patch = Patch::Text(format!("@@ -0,0 +1,30 @@\n{lines}@@ -9 +9 @@\n-end of {number}\n"));
        let lines = Some(Lines { added: 30, removed: 1 });
        FileChange { path: format!("file {number}"), kind: FileKind::New, lines, patch }
    };
    Diff {
        turn: TurnNumber(6),
        span: Span::Turn,
        until: Until::TurnEnd,
        top: "/w".into(),
        count: Count { files: 3, added: 90, removed: 3 },
        files: (0..files).map(file).collect(),
        files_left_out: 0,
        not_looked_at: 0,
    }
}

fn asked(window: &mut Window) -> Vec<(Option<u32>, Span)> {
    let of = |request: Request| match request {
        Request::Diff { turn, span, .. } => Some((turn.map(|turn| turn.0), span)),
        _ => None,
    };
    window.requests().into_iter().filter_map(of).collect()
}

fn came(window: &mut Window, turn: Option<u32>, span: Span) {
    let purpose = Purpose::Diff { conversation: id(1), turn: turn.map(TurnNumber), span };
    window.answer(purpose, Reply::Diff(Box::new(diff(3))));
}

fn top(window: &Window) -> usize {
    match &window.app.page {
        Some(Page::Changes(changes)) => changes.top,
        _ => panic!("another page is shown"),
    }
}

#[test]
fn it_is_asked_for_the_turn_that_a_key_is_about() {
    let mut window = Window::with(80, 24, vec![working(1, "fix login")]);
    window.told(idle(1, "fix login"));
    window.take();
    window.press("<prefix>D");
    assert_eq!(asked(&mut window), [(None, Span::Turn)]);
    window.press("t");
    assert_eq!(asked(&mut window), [(None, Span::UntilNow)]);
    window.press("q<prefix>qd");
    assert_eq!(asked(&mut window), [(Some(6), Span::Turn)]);
    window.press("<esc><enter>d");
    assert_eq!(asked(&mut window), [(Some(6), Span::Turn)]);
    window.press("<esc>");
    assert!(matches!(window.app.page, Some(Page::Turn { .. })), "back to where it was opened");
}

#[test]
fn where_nothing_was_said_nothing_is_asked() {
    let mut window = Window::with(80, 24, vec![draft(1, "new")]);
    window.take();
    window.press("<prefix>D");
    assert_eq!(asked(&mut window), []);
    assert!(window.status().contains("nothing was said here yet"), "{}", window.status());
}

/// A reply to what was asked before must not stand under the head of what was asked since.
#[test]
fn a_late_reply_to_something_else_is_not_shown() {
    let mut window = Window::with(80, 24, vec![idle(1, "fix login")]);
    window.press("<prefix>Dt");
    came(&mut window, None, Span::Turn);
    assert!(window.picture().contains("git is being asked"), "{}", window.picture());
    came(&mut window, None, Span::UntilNow);
    assert!(window.picture().contains("file 0"), "{}", window.picture());
    window.press("q");
    came(&mut window, None, Span::UntilNow);
    assert!(window.app.page.is_none());
}

#[test]
fn keys_lead_from_file_to_file_and_from_piece_to_piece() {
    let mut window = Window::with(80, 24, vec![idle(1, "fix login")]);
    window.press("<prefix>D");
    came(&mut window, None, Span::Turn);
    let mut tops = Vec::new();
    for key in ["]", "]", "}", "}", "[", "[", "[", "{", "<end>", "]", "<home>", "<pgdn>", "k"] {
        window.press(key);
        tops.push(top(&window));
    }
    // The list has a head and 3 files; each file an empty row, a head, and 33 rows.
    assert_eq!(tops, [5, 40, 41, 72, 40, 5, 0, 0, 109 - 21, 88, 0, 20, 19]);
    window.press("<home>/END OF 1<enter>");
    assert_eq!(top(&window), 73 - 7);
    window.press("/nowhere<enter>");
    assert!(window.status().contains("not found: nowhere"), "{}", window.status());
    window.press("<esc><esc>");
    assert!(window.app.page.is_none());
}

#[test]
fn a_file_or_all_of_it_is_copied() {
    let mut window = Window::with(80, 24, vec![idle(1, "fix login")]);
    window.press("<prefix>D");
    came(&mut window, None, Span::Turn);
    window.take();
    let copied = |window: &mut Window| {
        let of = |effect: Effect| match effect {
            Effect::Copy(text) => Some(text),
            _ => None,
        };
        window.take().into_iter().find_map(of)
    };
    window.press("y");
    assert_eq!(copied(&mut window), None, "it stands at the list");
    window.press("]]y");
    let text = copied(&mut window).expect("it is copied");
    assert!(text.starts_with("diff --git a/file 1 b/file 1\nnew\n--- /dev/null\n+++ b/file 1\n@@ "), "{text}");
    assert!(!text.contains("of 0"));
    window.press("Y");
    let text = copied(&mut window).expect("it is copied");
    assert!(text.contains("of 0") && text.contains("of 2"));
}

/// What the files became comes a moment after a turn's end; the answer, which came with the end, must stay.
#[test]
fn what_comes_late_is_added_to_the_turn() {
    let mut window = Window::with(80, 24, vec![idle(1, "fix login")]);
    let whole = ended(6, "add a button", TurnEnd::Completed);
    let answer = whole.answer.clone().expect("it has one");
    let event = crate::protocol::message::Event::TurnEnded { conversation: id(1), turn: Box::new(whole) };
    window.event(super::super::super::event::Event::Told(event));
    let mut told = idle(1, "fix login");
    let noted = crate::domain::changes::Noted::Tree { id: "1".into(), left_out: 0 };
    let count = Some(Count { files: 3, added: 41, removed: 7 });
    told.turn.as_mut().expect("it ended").trees =
        Some(crate::domain::changes::Trees { top: "/w".into(), began: noted, ended: None, count });
    window.told(told);
    let turn = window.app.turn(TurnNumber(6)).expect("it is known");
    assert_eq!((turn.answer.as_ref(), turn.trees.as_ref().and_then(|trees| trees.count)), (Some(&answer), count));
}
