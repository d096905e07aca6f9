//! What coding agents bring: requests to answer, models, briefs, and the choice of an agent.

use super::super::super::event::Purpose;
use super::super::super::testing::{Window, asking, id, working};
use super::one;
use crate::domain::id::TurnNumber;
use crate::domain::request::{Choice, RequestNumber, RequestState};
use crate::protocol::message::{Refusal, Reply, Request, Status};
use crate::terminal::keys::{MouseAction, MouseButton};

fn answer(turn: u32, request: u32, choice: Choice) -> Request {
    let (turn, request) = (Some(TurnNumber(turn)), Some(RequestNumber(request)));
    Request::AnswerRequest { conversation: id(1), turn, request, choice }
}

#[test]
fn each_request_is_answered_by_itself_with_its_turn_and_number() {
    let mut window = one(asking(1, "fix"));
    window.press("<prefix>ya");
    assert_eq!(window.requests(), [answer(7, 2, Choice::Allow)]);
    // The question is open as well, so the list stays, on the one that was answered.
    window.press("a");
    let mut answering = asking(1, "fix");
    answering.turn.as_mut().expect("a turn runs").requests[1].state = RequestState::Answering(Choice::Allow);
    window.told(answering);
    window.take();
    window.press("ad");
    assert_eq!(window.requests(), [], "a key too many answers nothing else");
    assert!(window.status().contains("on its way"), "{}", window.status());
    window.press("<down>ad<enter>");
    assert_eq!(window.requests(), [answer(7, 3, Choice::Text("ad".into()))]);
    assert!(window.app.page.is_none(), "nothing else is open");
    assert_eq!(window.text(), "");
}

#[test]
fn an_answer_to_what_is_not_asked_any_more_is_not_sent() {
    let mut window = one(asking(1, "fix"));
    window.press("<prefix>y");
    let mut next = asking(1, "fix");
    next.turn.as_mut().expect("a turn runs").number = TurnNumber(8);
    window.told(next).take();
    window.press("a");
    assert_eq!(window.requests(), [], "the same number of the next turn is another request");
    assert!(window.status().contains("not asked any more"), "{}", window.status());
    let mut answered = asking(1, "fix");
    answered.turn.as_mut().expect("a turn runs").requests[1].state = RequestState::AnsweredInScreen;
    window.told(answered).take();
    window.press("d");
    assert_eq!(window.requests(), []);
    window.press("<esc>");
    assert!(window.app.page.is_none());
}

#[test]
fn a_refused_answer_is_said_and_words_are_no_answer_to_a_permission() {
    let mut window = one(asking(1, "fix"));
    window.press("<prefix>y<enter>");
    assert_eq!(window.requests(), []);
    assert!(window.status().contains("a allows it"), "{}", window.status());
    window.press("<down><enter>");
    assert_eq!(window.requests(), []);
    assert!(window.status().contains("write the answer first"), "{}", window.status());
    window.answer(Purpose::Order { done: "" }, Reply::Refused { why: Refusal::NotAsked });
    assert!(window.status().contains("not asked (any more)"), "{}", window.status());
}

#[test]
fn nothing_asked_opens_no_list_and_a_silent_dialog_leads_to_the_agents_screen() {
    let mut window = one(working(1, "fix"));
    window.press("<prefix>y");
    assert!(window.app.page.is_none() && window.status().contains("asks nothing"), "{}", window.status());
    let mut silent = working(1, "fix");
    silent.status = Status::NeedsAnswer;
    window.told(silent).press("<prefix>y");
    assert!(window.app.page.is_none() && window.status().contains("agent's own screen"), "{}", window.status());
}

#[test]
fn requests_are_opened_chosen_and_answered_by_mouse() {
    let press = MouseAction::Press(MouseButton::Left);
    let mut window = one(asking(1, "fix"));
    let row_of = |window: &Window, words: &str| {
        let picture = window.picture();
        let row = picture.lines().position(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}: {picture}"));
        u16::try_from(row).expect("small")
    };
    let row = row_of(&window, "? 3 Which");
    window.mouse(press, 60, row);
    assert_eq!(window.app.chosen_request().map(|request| request.number), Some(RequestNumber(3)));
    let row = row_of(&window, "2 permission");
    window.mouse(press, 10, row);
    let row = row_of(&window, "d  deny");
    window.mouse(press, 10, row);
    assert_eq!(window.requests(), [answer(7, 2, Choice::Deny)]);
    window.mouse(press, 10, 1);
    assert!(window.app.page.is_none(), "the upper line of the box leaves it");
}
