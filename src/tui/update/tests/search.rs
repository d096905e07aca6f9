//! The search over all turns: one request at a time, and the way to a turn.

use super::super::super::app::{Keyboard, Page};
use super::super::super::event::{Effect, Event, Purpose, ThenRead};
use super::super::super::testing::{Window, asleep, ended, found, id, idle};
use crate::domain::conversation::Tab;
use crate::domain::id::TurnNumber;
use crate::domain::search::{Findings, Looked};
use crate::domain::turn::TurnEnd;
use crate::protocol::message::{Conversation, Overview, Refusal, Reply, Request, Rest};
use crate::terminal::keys::{MouseAction, MouseButton};

fn window() -> Window {
    let mut window = Window::with(80, 24, vec![idle(1, "fix login"), idle(2, "docs")]);
    window.take();
    window.press("<prefix>/");
    window
}

fn search(text: &str) -> Request {
    Request::Search { text: text.into(), most: 100 }
}

/// Three turns of these conversations come for the text.
fn came(window: &mut Window, text: &str) {
    let found = [1, 2, 9].map(|number| found(number, 3, &format!("of {number}"), "a [word] of it")).into();
    let findings = Findings { found, looked: Looked::AtAll };
    window.answer(Purpose::Search(text.into()), Reply::Found(findings));
}

fn chosen(window: &Window) -> usize {
    match &window.app.page {
        Some(Page::Search(page)) => page.chosen,
        _ => panic!("the search is open"),
    }
}

#[test]
fn typing_searches_with_one_request_at_a_time() {
    let mut window = window();
    window.press("fix");
    assert_eq!(window.requests(), [search("f")]);
    came(&mut window, "f");
    assert_eq!(window.requests(), [search("fix")], "what was typed meanwhile is asked in one");
    came(&mut window, "fix");
    assert_eq!(window.requests(), []);
    window.press("<left> <backspace>");
    assert_eq!(window.requests(), [search("fi x")]);
    came(&mut window, "fi x");
    assert_eq!(window.requests(), [search("fix")]);
}

#[test]
fn nothing_is_asked_for_nothing() {
    let mut window = window();
    window.press("  x<backspace>");
    assert_eq!(window.requests(), [search("x")]);
    came(&mut window, "x");
    assert_eq!(window.requests(), []);
    assert!(!window.picture().contains("of 1"), "{}", window.picture());
}

#[test]
fn a_refusal_is_shown_and_the_next_text_asked() {
    let mut window = window();
    window.press("is:f");
    window.take();
    window.answer(Purpose::Search("i".into()), Reply::Refused { why: Refusal::NoSuchState("f".into()) });
    assert!(window.picture().contains("is:f is no state of a turn; there are: queued working"), "{}", window.picture());
    assert_eq!(window.requests(), [search("is:f")]);
}

#[test]
fn an_answer_to_a_page_that_was_left_is_dropped() {
    let mut window = window();
    window.press("fix<esc>");
    came(&mut window, "f");
    assert!(window.app.page.is_none());
    window.press("<prefix>/");
    came(&mut window, "f");
    assert!(!window.picture().contains("of 1"), "{}", window.picture());
}

#[test]
fn on_a_new_link_it_is_asked_again() {
    let mut window = window();
    window.press("fix");
    window.take();
    window.event(Event::LinkLost("gone".into())).event(Event::Linked).take();
    let conversations = vec![idle(1, "fix login")];
    window.answer(Purpose::Subscribe, Reply::Overview(Overview { conversations, rest: Rest::None }));
    assert_eq!(window.requests(), [search("fix")]);
}

/// Turn 3 of a conversation that has a thousand, with those around it.
fn around(window: &mut Window, conversation: i64) {
    let turns = (1..=27).map(|number| ended(number, &format!("old prompt {number}"), TurnEnd::Completed)).collect();
    let purpose = Purpose::TurnsBefore {
        conversation: id(conversation),
        before: TurnNumber(28),
        then: ThenRead::At(TurnNumber(3)),
    };
    window.answer(purpose, Reply::Turns(turns));
}

fn asks_for(window: &mut Window, before: u32) -> bool {
    let wanted = Request::Turns { conversation: id(1), before: Some(TurnNumber(before)), most: 50 };
    window.take().iter().any(|effect| matches!(effect, Effect::Ask(_, request) if *request == wanted))
}

/// The newest turns of the first conversation are known.
fn long(window: &mut Window) {
    let newest = (951..=1000).map(|number| ended(number, "newer", TurnEnd::Completed)).collect();
    window.told(Conversation {
        turn: Some(ended(1000, "newer", TurnEnd::Completed)),
        turns: 1000,
        ..idle(1, "fix login")
    });
    window.answer(Purpose::EarlierTurns(id(1)), Reply::Turns(newest));
}

#[test]
fn enter_opens_the_record_at_that_turn_and_what_lies_between_is_fetched_by_whoever_comes_to_it() {
    let mut window = window();
    long(&mut window);
    window.press("w");
    came(&mut window, "w");
    window.press("<up><enter>");
    assert_eq!(window.app.active, Some(id(1)));
    assert!(asks_for(&mut window, 28));
    around(&mut window, 1);
    assert_eq!(window.app.keyboard(), Keyboard::Record);
    let picture = window.picture();
    assert!(picture.contains("> old prompt 3 ") && picture.contains("> old prompt 4 "), "{picture}");
    assert!(!picture.contains("> newer") && !asks_for(&mut window, 951), "{picture}");
    window.press("[");
    assert!(window.picture().contains("> old prompt 2 "), "{}", window.picture());
    // Down to the last one that is here: those behind it are not passed over.
    for _ in 0..25 {
        window.press("]");
    }
    let picture = window.picture();
    assert!(picture.contains("> old prompt 27 ") && picture.contains("fetching the turns between"), "{picture}");
    assert!(asks_for(&mut window, 78));
    window.press("]");
    assert!(window.status().contains("once more in a moment"), "{}", window.status());
    let more = (28..=77).map(|number| ended(number, &format!("old prompt {number}"), TurnEnd::Completed)).collect();
    let before = TurnNumber(78);
    let purpose = Purpose::TurnsBefore { conversation: id(1), before, then: ThenRead::On };
    window.answer(purpose, Reply::Turns(more));
    window.press("]");
    assert!(window.picture().contains("> old prompt 28 "), "{}", window.picture());
}

#[test]
fn from_the_newest_turns_a_gap_is_filled_from_its_other_side() {
    let mut window = window();
    long(&mut window);
    around(&mut window, 1);
    window.press("<esc><alt-1><prefix>q").take();
    window.press(&"<down>".repeat(49));
    assert!(!asks_for(&mut window, 951));
    assert!(window.picture().contains("┄ turns not here yet ┄"), "{}", window.picture());
    window.press("<down>");
    assert!(asks_for(&mut window, 951), "{}", window.picture());
    assert_eq!(window.app.desk().and_then(|desk| desk.chosen), Some(TurnNumber(951)));
}

#[test]
fn a_turn_that_is_here_is_shown_without_asking() {
    let mut window = window();
    long(&mut window);
    around(&mut window, 1);
    window.press("w");
    came(&mut window, "w");
    window.take();
    window.press("<up><enter>");
    assert!(!asks_for(&mut window, 28) && window.picture().contains("> old prompt 3 "), "{}", window.picture());
}

#[test]
fn a_closed_one_gets_its_tab_first() {
    let mut window = window();
    window.press("w");
    came(&mut window, "w");
    window.take();
    window.press("<down><down><enter>");
    assert_eq!(window.requests(), [Request::OpenTab { conversation: id(9) }]);
    window.answer(Purpose::OpenTab(id(9)), Reply::Done);
    window.told(Conversation { tab: Tab::Open { place: 9 }, ..asleep(9, "of 9") });
    around(&mut window, 9);
    assert_eq!(window.app.active, Some(id(9)));
    assert!(window.picture().contains("> old prompt 3 "), "{}", window.picture());
}

#[test]
fn a_turn_that_comes_late_opens_nothing_over_what_the_person_does_now() {
    let mut window = window();
    window.press("w");
    came(&mut window, "w");
    window.press("<enter><prefix>?");
    around(&mut window, 1);
    assert!(matches!(window.app.page, Some(Page::Help { .. })));
    assert_eq!(window.app.keyboard(), Keyboard::Composer);
}

#[test]
fn the_mouse_chooses_and_opens() {
    let mut window = window();
    window.press("w");
    came(&mut window, "w");
    window.mouse(MouseAction::Press(MouseButton::Left), 9, 5);
    assert_eq!(chosen(&window), 1);
    window.mouse(MouseAction::WheelUp, 9, 5);
    assert_eq!(chosen(&window), 0);
    window.mouse(MouseAction::Press(MouseButton::Left), 9, 23);
    assert_eq!(chosen(&window), 0, "there is nothing");
    window.press("<down>");
    window.mouse(MouseAction::Press(MouseButton::Left), 9, 4);
    assert_eq!(window.app.active, Some(id(2)));
}

/// What is read from the store comes beside what the core tells, so either may be first.
#[test]
fn a_turn_of_a_closed_conversation_is_asked_for_once_it_has_its_tab() {
    let mut window = window();
    window.press("w");
    came(&mut window, "w");
    let mut closed = idle(1, "fix login");
    closed.tab = crate::domain::conversation::Tab::Closed;
    window.told(closed).take();
    window.press("<up><enter>");
    let is_read = |effect: &Effect| matches!(effect, Effect::Ask(Purpose::TurnsBefore { .. }, _));
    assert!(!window.take().iter().any(is_read));
    window.answer(Purpose::OpenTab(id(1)), Reply::Done);
    assert!(window.take().iter().any(is_read));
}
