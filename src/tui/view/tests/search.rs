//! Pictures of the search.

use super::super::super::event::Purpose;
use super::super::super::testing::{Window, ago, found, idle};
use super::check;
use crate::domain::search::{Findings, Found, Looked};
use crate::domain::turn::{FailedWhy, TurnEnd, TurnState};
use crate::protocol::message::{Refusal, Reply};

fn type_word(window: &mut Window) {
    window.press("<prefix>/button");
}

#[test]
fn a_search_that_was_just_opened() {
    check("search_empty", &[idle(1, "fix login")], |window| {
        window.press("<prefix>/");
    });
}

#[test]
fn turns_that_were_found() {
    check("search", &[idle(1, "fix login")], |window| {
        type_word(window);
        let failed = TurnState::Ended(TurnEnd::Failed(FailedWhy::ExitStatus(1)));
        let mut all = vec![
            found(1, 7, "fix login", "make the [button] green, and each other [button]s too"),
            Found {
                state: failed,
                at: ago(400_000),
                ..found(5, 2, "Büro 日本語", "…把 日本語 [Button] 改成绿色, a long text that goes on and on and…")
            },
        ];
        all.extend((8..40).map(|number| found(number, number as u32, &format!("older {number}"), "[button]")));
        let findings = Findings { found: all, looked: Looked::AtNewest };
        window.answer(Purpose::Search("b".into()), Reply::Found(findings));
        window.press("<down>");
    });
}

#[test]
fn nothing_that_was_found() {
    check("search_nothing", &[idle(1, "fix login")], |window| {
        window.press("<prefix>/b");
        window.answer(Purpose::Search("b".into()), Reply::Found(Findings::default()));
    });
}

#[test]
fn a_search_that_was_refused() {
    check("search_refused", &[idle(1, "fix login")], |window| {
        window.press("<prefix>/i");
        window.answer(Purpose::Search("i".into()), Reply::Refused { why: Refusal::NoSuchState("purple".into()) });
    });
}
