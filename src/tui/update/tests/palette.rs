//! The palette: what is found first, and that Enter does what its key does.

use super::super::super::app::Page;
use super::super::super::event::Purpose;
use super::super::super::keymap::{Command, Keymap};
use super::super::super::palette::{self, Does};
use super::super::super::testing::{Window, asleep, id, idle};
use crate::domain::conversation::Tab;
use crate::protocol::message::{Conversation, Overview, Reply, Request, Rest};
use crate::terminal::keys::{MouseAction, MouseButton};

fn window() -> Window {
    let open = vec![idle(1, "fix login"), idle(2, "docs of the zoo")];
    let mut window = Window::with(80, 24, open.clone());
    window.press("<prefix>:");
    let closed = Conversation { tab: Tab::Closed, ..asleep(9, "rename everything") };
    let conversations = [open, vec![closed]].concat();
    window.answer(Purpose::List, Reply::Overview(Overview { conversations, rest: Rest::None }));
    window.take();
    window
}

fn offered(window: &Window) -> Vec<Does> {
    match &window.app.page {
        Some(Page::Palette(page)) => palette::entries(&window.app, page).into_iter().map(|entry| entry.does).collect(),
        _ => panic!("the palette is open"),
    }
}

#[test]
fn untouched_it_offers_every_action_and_every_conversation() {
    let offered = offered(&window());
    for action in Keymap::default().actions() {
        assert!(offered.contains(&Does::Act(action)));
    }
    for number in [1, 2, 9] {
        assert!(offered.contains(&Does::Show(id(number))));
    }
}

#[test]
fn letters_in_order_find_and_the_best_is_first() {
    for (typed, first) in
        [("zoom", Command::Zoom), ("ZOOM", Command::Zoom), ("intr", Command::Interrupt), ("al conv", Command::Overview)]
    {
        let mut window = window();
        window.press(typed);
        let act = |does: &Does| match does {
            Does::Act(action) => Some(action.command),
            Does::Show(_) => None,
        };
        assert_eq!(offered(&window).first().and_then(act), Some(first), "{typed}");
    }
    let mut window = window();
    window.press("fxlgn");
    assert_eq!(offered(&window), [Does::Show(id(1))]);
    window.press("q");
    assert!(window.picture().contains("nothing is called like that"), "{}", window.picture());
    window.press("<enter>");
    assert_eq!(window.requests(), []);
}

#[test]
fn enter_does_what_the_key_does() {
    let mut window = window();
    window.press("zoom<enter>");
    assert!(window.app.zoomed && window.app.page.is_none());
    window.press("<prefix>:all keys<enter>");
    assert!(matches!(window.app.page, Some(Page::Help { .. })));
}

#[test]
fn enter_on_a_conversation_shows_it_and_opens_the_tab_of_a_closed_one() {
    let mut window = window();
    window.press("docs<enter>");
    assert_eq!((window.app.active, window.app.page.is_none()), (Some(id(2)), true));
    window.take();
    window.press("<prefix>:everything<enter>");
    assert_eq!(window.requests(), [Request::OpenTab { conversation: id(9) }]);
}

#[test]
fn arrows_choose_and_typing_begins_with_the_best_again() {
    let mut window = window();
    window.press("<down><down><up><ctrl-end>");
    let count = offered(&window).len();
    let chosen = |window: &Window| match &window.app.page {
        Some(Page::Palette(page)) => page.chosen,
        _ => panic!("the palette is open"),
    };
    assert_eq!(chosen(&window), count - 1);
    window.press("<down><pgdn>");
    assert_eq!(chosen(&window), count - 1);
    window.press("z");
    assert_eq!(chosen(&window), 0);
}

#[test]
fn a_click_does_it() {
    let mut window = window();
    window.press("zoom");
    window.mouse(MouseAction::Press(MouseButton::Left), 9, 2);
    assert!(window.app.zoomed);
}
