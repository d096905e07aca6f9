//! Writing: earlier messages, what is selected, the person's own editor, and names of files.

use super::super::super::app::Keyboard;
use super::super::super::event::{Effect, Event, Purpose};
use super::super::super::files::Files;
use super::super::super::testing::{Window, ended, id, idle};
use crate::domain::id::{Timestamp, TurnNumber};
use crate::domain::prompt::Prompt;
use crate::domain::turn::TurnEnd;
use crate::protocol::message::{Reply, Request};
use crate::terminal::keys::{MouseAction, MouseButton};

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

fn files(window: &mut Window) {
    let paths = ["src/", "src/main.rs", "a b.txt", "docs/my notes/"].map(str::to_owned).to_vec();
    window.event(Event::Files(Files { folder: "/home/me/app".into(), paths }));
}

#[test]
fn a_name_behind_an_at_sign_is_completed_and_the_text_goes_on() {
    let mut window = window();
    window.take();
    window.press("see @");
    assert!(window.take().contains(&Effect::ListFiles("/home/me/app".into())));
    files(&mut window);
    window.press("mai");
    assert!(window.picture().contains("src/main.rs"), "{}", window.picture());
    window.press("<tab>and");
    assert_eq!(window.text(), "see @src/main.rs and");
    assert!(!window.take().iter().any(|effect| matches!(effect, Effect::Ask(Purpose::Submit { .. }, _))));
    window.press(" @bt<enter>");
    assert_eq!(window.text(), "see @src/main.rs and @\"a b.txt\" ");
}

#[test]
fn a_folder_is_left_open_arrows_choose_and_escape_sends_the_list_away() {
    let mut window = window();
    window.press("@");
    files(&mut window);
    window.press("src<enter>");
    assert_eq!(window.text(), "@src/", "the list goes on in the folder");
    window.press("<down><up><down><tab>");
    assert_eq!(window.text(), "@src/main.rs ");
    window.press("@my<tab>n");
    assert_eq!(window.text(), "@src/main.rs @\"docs/my notes/n");
    window.press("<ctrl-c>@s<esc>");
    assert!(!window.picture().contains("Tab takes"), "{}", window.picture());
    window.take();
    window.press("<enter>");
    assert!(window.requests().iter().any(|request| matches!(request, Request::Submit { text, .. } if text == "@s")));
}

#[test]
fn a_click_on_an_offered_file_takes_it() {
    let mut window = window();
    window.press("@");
    files(&mut window);
    window.press("main");
    let picture = window.picture();
    let row = picture.lines().position(|line| line.contains("src/main.rs")).expect("it is offered");
    window.mouse(MouseAction::Press(MouseButton::Left), 5, u16::try_from(row).expect("small"));
    assert_eq!(window.text(), "@src/main.rs ");
}

fn prompt(number: u32, text: &str, bytes: u64) -> Prompt {
    Prompt { conversation: id(5), turn: TurnNumber(number), text: text.into(), bytes, at: Timestamp(1) }
}

#[test]
fn messages_of_all_conversations_are_looked_through_and_taken() {
    let mut window = window();
    window.press("draft").take();
    window.press("<ctrl-r>");
    assert_eq!(window.requests(), [Request::Prompts { most: 2_000 }]);
    let prompts = vec![prompt(9, "deploy it", 9), prompt(3, "make the\nbutton green", 21)];
    window.answer(Purpose::Prompts, Reply::Prompts(prompts));
    window.press("btngr<enter>");
    assert_eq!((window.text().as_str(), window.app.page.is_none()), ("make the\nbutton green", true));
    window.press("<ctrl-z><ctrl-z>");
    assert_eq!(window.text(), "draft");
}

#[test]
fn a_message_that_was_told_cut_is_fetched_whole() {
    let mut window = window();
    window.press("<ctrl-r>").take();
    window.answer(Purpose::Prompts, Reply::Prompts(vec![prompt(4, "a long", 12)]));
    window.press("<enter>");
    let asked = Request::Turns { conversation: id(5), before: Some(TurnNumber(5)), most: 1 };
    let purpose = Purpose::WholePrompt { conversation: Some(id(1)), turn: TurnNumber(4) };
    assert!(window.take().contains(&Effect::Ask(purpose.clone(), asked)));
    window.answer(purpose, Reply::Turns(vec![ended(4, "a long story", TurnEnd::Completed)]));
    assert_eq!(window.text(), "a long story");
}

#[test]
fn the_mouse_selects_in_the_composer_by_dragging_and_by_clicks() {
    let mut window = Window::with(80, 24, vec![idle(1, "a")]);
    window.press("one two_3 four<alt-enter>second line").picture();
    let row = 21;
    let at = |column: u16| column + 2;
    let (press, drag) = (MouseAction::Press(MouseButton::Left), MouseAction::Drag(MouseButton::Left));
    let release = MouseAction::Release(MouseButton::Left);
    let selected = |window: &Window| window.app.desk().and_then(|desk| desk.composer.selected());
    window.mouse(press, at(4), row).mouse(drag, at(6), row + 1).mouse(release, at(6), row + 1);
    assert_eq!(selected(&window).as_deref(), Some("two_3 four\nsecond"));
    // What follows a release moves nothing.
    window.mouse(drag, at(0), row);
    assert_eq!(selected(&window).as_deref(), Some("two_3 four\nsecond"));
    window.after(1_000).mouse(press, at(5), row);
    assert_eq!(selected(&window), None);
    window.mouse(release, at(5), row).mouse(press, at(5), row);
    assert_eq!(selected(&window).as_deref(), Some("two_3"));
    window.mouse(release, at(5), row).mouse(press, at(5), row);
    assert_eq!(selected(&window).as_deref(), Some("one two_3 four"));
    window.mouse(release, at(5), row).press("<ctrl-c>");
    assert!(window.take().contains(&Effect::Copy("one two_3 four".into())));
}
