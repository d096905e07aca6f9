//! What can be done with a turn: copying, sending again, moving in the queue.

use super::super::super::app::{Keyboard, Page};
use super::super::super::event::{Effect, Purpose};
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

fn copied(window: &mut Window) -> Vec<String> {
    let copied = window.take().into_iter().filter_map(|effect| match effect {
        Effect::Copy(text) => Some(text),
        _ => None,
    });
    copied.collect()
}

#[test]
fn prompt_answer_and_code_are_copied_from_the_list_the_record_and_the_page() {
    for way in ["<prefix>q", "<prefix>v", "<prefix>q<enter>"] {
        let mut window = window();
        window.press(way).press("yYb");
        let answer = "see\n\n```sh\nls\n```\n\n```sh\nmake test\n```";
        assert_eq!(copied(&mut window), [answer, "add a button", "make test\n"], "{way}");
        let said = &window.app.notice.as_ref().expect("it is said").text;
        assert_eq!(said, "the last code block of turn 6: copied 10 characters");
    }
    let mut window = window();
    window.press("<prefix>q<down>b");
    assert_eq!(copied(&mut window), [""; 0]);
    assert!(window.status().contains("turn 5 has no last code block to copy"), "{}", window.status());
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

#[test]
fn the_panel_is_made_wider_by_keys_and_by_its_border_and_that_is_kept() {
    use crate::terminal::keys::{MouseAction, MouseButton};
    let border = |window: &Window| crate::tui::layout::layout(&window.app).panel.x;
    let kept = |window: &mut Window| {
        let kept = window.take().into_iter().filter_map(|effect| match effect {
            Effect::KeepPanelColumns(columns) => Some(columns),
            _ => None,
        });
        kept.collect::<Vec<_>>()
    };
    let mut window = window();
    assert_eq!(border(&window), 48);
    window.press("<prefix>+");
    assert_eq!((border(&window), kept(&mut window)), (44, vec![36]));
    window.press("<prefix>-<prefix>-");
    assert_eq!((border(&window), kept(&mut window)), (52, vec![32, 28]));
    window.mouse(MouseAction::Press(MouseButton::Left), 52, 5);
    for column in [50, 45, 40] {
        window.mouse(MouseAction::Drag(MouseButton::Left), column, 9);
        assert_eq!((border(&window), kept(&mut window)), (column, vec![]));
    }
    window.mouse(MouseAction::Release(MouseButton::Left), 40, 9);
    assert_eq!(kept(&mut window), [40]);
    // Neither the pane nor the panel goes away.
    window.mouse(MouseAction::Press(MouseButton::Left), 40, 5).mouse(MouseAction::Drag(MouseButton::Left), 0, 5);
    assert_eq!(border(&window), 32);
    window.mouse(MouseAction::Drag(MouseButton::Left), 79, 5);
    assert_eq!(border(&window), 60);
    window.mouse(MouseAction::Release(MouseButton::Left), 79, 5);
    window.take();
    window.press("<prefix>-");
    assert_eq!(kept(&mut window), [0_u16; 0]);
    assert!(window.status().contains("as narrow as it can be"), "{}", window.status());
}
