//! Writing: earlier messages that begin alike, what is selected, and the person's own editor.

use super::super::super::app::Keyboard;
use super::super::super::event::{Effect, Event, Purpose};
use super::super::super::testing::{Window, ended, id, idle};
use crate::domain::turn::TurnEnd;
use crate::protocol::message::Reply;

fn window() -> Window {
    let mut window = Window::with(80, 24, vec![idle(1, "a")]);
    let prompts = ["git status", "make", "git log", "make test", "git diff"];
    let turns = (1..).zip(prompts).map(|(number, prompt)| ended(number, prompt, TurnEnd::Completed)).collect();
    window.answer(Purpose::EarlierTurns(id(1)), Reply::Turns(turns));
    window
}

fn texts(window: &mut Window, keys: &[&str]) -> Vec<String> {
    let press = |key: &&str| {
        window.press(key);
        window.text()
    };
    keys.iter().map(press).collect()
}

#[test]
fn only_messages_that_begin_as_what_is_typed_come_back_and_then_what_was_typed() {
    let mut window = window();
    let seen = texts(&mut window, &["git", "<up>", "<up>", "<up>", "<up>", "<down>", "<down>", "<down>"]);
    assert_eq!(seen, ["git", "git diff", "git log", "git status", "git status", "git log", "git diff", "git"]);
    window.press(" s");
    assert_eq!(texts(&mut window, &["<up>"]), ["git status"]);
}

#[test]
fn what_is_selected_is_copied_and_not_cleared() {
    let mut window = window();
    window.press("one two<alt-a>").take();
    window.press("<ctrl-c>");
    assert!(window.take().contains(&Effect::Copy("one two".into())));
    assert_eq!(window.text(), "one two");
    window.press("x");
    assert_eq!(window.text(), "x");
    window.press("<ctrl-c>");
    assert_eq!(window.text(), "");
}

#[test]
fn the_editor_gets_the_draft_and_what_comes_back_goes_to_its_conversation() {
    let mut window = window();
    window.press("one<prefix>o<prefix>E");
    assert!(window.take().contains(&Effect::Editor { conversation: id(1), text: "one".into() }));
    let before = window.app.redraws;
    window.event(Event::Edited(id(1), Ok("one\ntwo".into())));
    assert_eq!((window.text().as_str(), window.app.keyboard()), ("one\ntwo", Keyboard::Composer));
    assert_ne!(window.app.redraws, before, "nothing of what was drawn is there any more");
    window.event(Event::Edited(id(1), Err("vi could not be started".into())));
    assert_eq!(window.text(), "one\ntwo");
    assert!(window.status().contains("vi could not be started"), "{}", window.status());
    window.event(Event::Edited(id(9), Ok("of a conversation that is gone".into())));
    assert_eq!(window.text(), "one\ntwo");
}
