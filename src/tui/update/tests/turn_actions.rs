//! What can be done with a turn: copying, sending again, moving in the queue.

use super::super::super::app::{Keyboard, Page};
use super::super::super::event::{Effect, Event, Purpose};
use super::super::super::testing::{Window, ended, id, idle, with_queue, working};
use crate::domain::id::TurnNumber;
use crate::domain::turn::{Answer, TurnEnd, TurnRecord};
use crate::protocol::message::{Place, Reply, Request};

fn window() -> Window {
    let answer = Answer { text: "see\n\n```sh\nls\n```\n\n```sh\nmake test\n```\n".into(), cut_bytes: 0 };
    let turn = TurnRecord { answer: Some(answer), ..ended(6, "add a button", TurnEnd::Completed) };
    let mut window = Window::with(80, 24, vec![idle(1, "a")]);
    window.answer(Purpose::EarlierTurns(id(1)), Reply::Turns(vec![ended(5, "look", TurnEnd::Completed), turn]));
    window.take();
    window
}

fn copied(window: &mut Window) -> Vec<(String, String)> {
    let copied = window.take().into_iter().filter_map(|effect| match effect {
        Effect::Copy { text, what } => Some((text, what)),
        _ => None,
    });
    copied.collect()
}

#[test]
fn prompt_answer_and_code_are_copied_from_the_list_the_record_and_the_page() {
    for way in ["<prefix>q", "<prefix>v", "<prefix>q<enter>"] {
        let mut window = window();
        window.press(way).press("yYb");
        let copied: Vec<String> = copied(&mut window).into_iter().map(|(text, _)| text).collect();
        let answer = "see\n\n```sh\nls\n```\n\n```sh\nmake test\n```";
        assert_eq!(copied, [answer, "add a button", "make test\n"], "{way}");
    }
    let mut window = window();
    window.press("<prefix>q<down>b");
    assert_eq!(copied(&mut window), []);
    assert!(window.status().contains("turn 5 has no last code block to copy"), "{}", window.status());
    window.event(Event::Copied(Ok("the answer of turn 6 was given to the terminal's clipboard".into())));
    assert!(window.status().contains("clipboard"), "{}", window.status());
}

#[test]
fn a_turn_is_sent_again_as_it_was_and_the_draft_stays() {
    let mut window = window();
    window.press("draft<prefix>qr");
    let [Request::Submit { text, place: Place::Behind, .. }] = &window.requests()[..] else { panic!("one message") };
    assert_eq!((text.as_str(), window.text().as_str()), ("add a button", "draft"));
}

#[test]
fn a_turn_is_edited_before_it_is_sent_again() {
    let mut window = window();
    window.press("draft<prefix>q<enter>e");
    assert_eq!((window.text().as_str(), window.app.keyboard()), ("add a button", Keyboard::Composer));
    assert!(window.picture().contains("Ctrl+Z twice: your draft"), "{}", window.picture());
    window.press("<ctrl-z><ctrl-z>");
    assert_eq!(window.text(), "draft");
    let mut window = self::window();
    window.press("<prefix>ve, a green one<enter>");
    let [Request::Submit { text, .. }] = &window.requests()[..] else { panic!("one message") };
    assert_eq!(text, "add a button, a green one");
}

#[test]
fn a_turn_that_runs_is_not_sent_again() {
    let mut window = Window::with(80, 24, vec![working(1, "a")]);
    window.take();
    window.press("<prefix>qre");
    assert_eq!(window.requests(), []);
}

#[test]
fn a_queued_message_moves_by_one_place() {
    let mut window = Window::with(80, 24, vec![with_queue(working(1, "a"), &["one", "two", "three"])]);
    window.take();
    let to = |to| Request::MoveQueued { conversation: id(1), turn: TurnNumber(9), to };
    window.press("<prefix>q<down>K");
    assert_eq!(window.requests(), [to(0)]);
    window.press("J");
    assert_eq!(window.requests(), [to(2)]);
    window.press("<up>K");
    assert_eq!(window.requests(), []);
    assert!(window.status().contains("it is the first already"), "{}", window.status());
}

#[test]
fn the_page_of_a_turn_goes_to_its_neighbours() {
    let mut window = window();
    window.press("<prefix>q<enter>[");
    assert!(matches!(window.app.page, Some(Page::Turn { number: TurnNumber(5), .. })));
    window.press("]]");
    assert!(matches!(window.app.page, Some(Page::Turn { number: TurnNumber(6), .. })));
    assert!(window.status().contains("this is the last turn"), "{}", window.status());
}
