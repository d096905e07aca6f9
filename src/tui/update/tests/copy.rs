//! Copying: by keys and by mouse, what the host is asked for, and that what is seen stands still.

use super::super::super::app::{Keyboard, Page};
use super::super::super::copy::Copy;
use super::super::super::event::Effect;
use super::super::super::testing::{Window, idle};
use crate::protocol::message::{Scroll, ViewInput};
use crate::terminal::frame::ScrollPosition;
use crate::terminal::keys::{Modifiers, Mouse, MouseAction, MouseButton};

const PRESS: MouseAction = MouseAction::Press(MouseButton::Left);
const DRAG: MouseAction = MouseAction::Drag(MouseButton::Left);
const RELEASE: MouseAction = MouseAction::Release(MouseButton::Left);

/// The pane shows the last two rows of five.
fn window() -> Window {
    let mut window = Window::with(80, 24, vec![idle(1, "a")]);
    let scroll = ScrollPosition { up: 0, most: 3, left: 13 };
    window.scrolled_frame(&["fifth error", "$ "], Some((2, 1)), scroll);
    window.take();
    window
}

fn read(window: &mut Window) {
    let blank = vec![""; 20];
    let rows = [vec!["first", "second error", "a long li\\", "fifth error", "$"], blank].concat();
    window.whole_text(&rows);
}

fn copy(window: &Window) -> Option<&Copy> {
    match &window.app.page {
        Some(Page::Copy(copy)) => Some(copy),
        Some(_) | None => None,
    }
}

fn copied(window: &mut Window) -> Vec<String> {
    let copied = window.take().into_iter().filter_map(|effect| match effect {
        Effect::Copy(text) => Some(text),
        _ => None,
    });
    copied.collect()
}

#[test]
fn keys_select_and_copy_from_far_above_and_lead_back_to_the_end() {
    let mut window = window();
    window.press("<prefix>[");
    assert_eq!(window.inputs(), [ViewInput::ReadText]);
    read(&mut window);
    window.press("g");
    assert_eq!(window.inputs(), [ViewInput::Scroll(Scroll::ToRow(10))], "the looks of what is seen are asked for");
    let scroll = ScrollPosition { up: 3, most: 3, left: 13 };
    window.scrolled_frame(&["first"], None, scroll);
    assert_eq!(window.inputs(), [], "once");
    window.press("jwve");
    window.press("y");
    let effects = window.take();
    assert!(effects.contains(&Effect::Copy("error".into())), "{effects:?}");
    assert!(effects.contains(&Effect::ToView(ViewInput::Scroll(Scroll::Live))), "{effects:?}");
    assert!(window.status().contains("copied 5 characters"), "{}", window.status());
    assert!(window.app.page.is_none());
}

#[test]
fn wrapped_lines_are_copied_joined() {
    let mut window = window();
    window.press("<prefix>[");
    read(&mut window);
    window.press("gjjVy");
    assert_eq!(copied(&mut window), ["a long lififth error"]);
}

#[test]
fn without_a_selection_nothing_is_copied_and_escape_ends_it_before_it_leaves() {
    let mut window = window();
    window.press("<prefix>[y");
    assert_eq!(copied(&mut window), [""; 0]);
    assert!(window.status().contains("nothing is selected"), "{}", window.status());
    window.press("v<esc>");
    assert!(copy(&window).is_some_and(|copy| copy.selection().is_none()));
    window.press("<esc>");
    assert!(window.app.page.is_none());
}

#[test]
fn output_that_comes_moves_nothing_and_is_counted() {
    let mut window = window();
    window.press("<prefix>[");
    read(&mut window);
    let before = copy(&window).map(Copy::first_shown);
    window.take();
    window.scrolled_frame(&["other rows"], Some((0, 0)), ScrollPosition { up: 0, most: 8, left: 18 });
    assert_eq!(copy(&window).map(Copy::first_shown), before);
    assert_eq!(window.inputs(), [ViewInput::Scroll(Scroll::ToRow(13))], "the view is to stay there too");
    let picture = window.picture();
    assert!(picture.contains("fifth error") && !picture.contains("other rows"), "{picture}");
    assert!(picture.contains("5 new below"), "{picture}");
}

#[test]
fn what_is_searched_is_counted_and_stepped_through() {
    let mut window = window();
    window.press("<prefix>[");
    read(&mut window);
    window.press("?error");
    assert!(window.picture().contains("2 of 2 found"), "{}", window.picture());
    window.press("<enter>n");
    assert!(window.picture().contains("1 of 2 found"), "{}", window.picture());
    window.press("N");
    assert!(window.picture().contains("2 of 2 found"), "{}", window.picture());
    window.press("/zebra");
    assert!(window.picture().contains("not found"), "{}", window.picture());
    window.press("<esc>");
    assert!(copy(&window).is_some_and(|copy| copy.found.is_none()), "{}", window.picture());
}

#[test]
fn a_drag_selects_copies_and_leaves_the_keyboard_where_it_was() {
    let mut window = window();
    window.mouse(PRESS, 0, 1).mouse(DRAG, 2, 1).mouse(DRAG, 4, 1);
    assert!(copy(&window).is_some());
    window.mouse(RELEASE, 4, 1);
    assert_eq!(copied(&mut window), ["fifth"]);
    assert_eq!((window.app.page.is_none(), window.app.keyboard()), (true, Keyboard::Composer));
}

/// It went to the end after each copy, so that a third click met another line.
#[test]
fn who_copies_by_mouse_further_up_stays_there() {
    let mut window = window();
    window.scrolled_frame(&["first", "second error"], None, ScrollPosition { up: 3, most: 3, left: 13 });
    window.mouse(PRESS, 8, 2).mouse(RELEASE, 8, 2).mouse(PRESS, 8, 2).mouse(RELEASE, 8, 2);
    let effects = window.take();
    assert!(effects.contains(&Effect::Copy("error".into())), "{effects:?}");
    assert!(!effects.contains(&Effect::ToView(ViewInput::Scroll(Scroll::Live))), "{effects:?}");
    assert!(window.app.page.is_none());
    window.mouse(PRESS, 8, 2).mouse(RELEASE, 8, 2);
    assert_eq!(copied(&mut window), ["second error"]);
}

#[test]
fn two_clicks_take_the_word_and_three_the_line() {
    let mut window = window();
    window.mouse(PRESS, 8, 1).mouse(RELEASE, 8, 1).mouse(PRESS, 8, 1).mouse(RELEASE, 8, 1);
    assert_eq!(copied(&mut window), ["error"]);
    window.mouse(PRESS, 8, 1).mouse(RELEASE, 8, 1);
    assert_eq!(copied(&mut window), ["fifth error"]);
    assert!(window.app.page.is_none());
}

#[test]
fn a_program_that_takes_the_mouse_gets_the_drag_unless_shift_is_held() {
    let mut window = window();
    window.takes_mouse().press("<prefix>o").take();
    window.mouse(PRESS, 0, 1).mouse(DRAG, 4, 1).mouse(RELEASE, 4, 1);
    assert_eq!(window.inputs().len(), 3);
    let shift = |action, column| Mouse { action, column, row: 1, modifiers: Modifiers::SHIFT };
    for mouse in [shift(PRESS, 0), shift(DRAG, 4), shift(RELEASE, 4)] {
        window.event(super::Event::Mouse(mouse));
    }
    assert_eq!(copied(&mut window), ["fifth"]);
}

#[test]
fn a_drag_held_beyond_the_edge_goes_on_by_itself() {
    let mut window = window();
    window.mouse(PRESS, 3, 2).mouse(DRAG, 3, 1);
    read(&mut window);
    window.mouse(DRAG, 0, 0);
    let due = window.app.deadline_ms().expect("it goes on");
    window.now.steady_ms = due;
    window.event(super::Event::Tick);
    assert_eq!(copy(&window).map(|copy| copy.top), Some(2));
    window.mouse(RELEASE, 0, 0);
    assert_eq!(copied(&mut window), ["a long lififth error\n$"]);
}

#[test]
fn a_window_of_another_size_asks_for_the_text_again() {
    let mut window = window();
    window.press("<prefix>[");
    read(&mut window);
    window.take();
    window.event(super::Event::Resized(crate::terminal::frame::Size { columns: 100, rows: 30 }));
    window.scrolled_frame(&["fifth error"], Some((0, 0)), ScrollPosition { up: 0, most: 3, left: 13 });
    assert!(window.inputs().contains(&ViewInput::ReadText));
}

#[test]
fn another_tab_ends_it_and_a_click_beside_it_too() {
    let mut window = Window::with(80, 24, vec![idle(1, "a"), idle(2, "b")]);
    window.frame(&["$ "], Some((2, 0)));
    window.press("<prefix>[<alt-1>");
    assert!(window.app.page.is_none());
    window.frame(&["$ "], Some((2, 0))).press("<prefix>[").mouse(PRESS, 10, 22);
    assert_eq!((window.app.page.is_none(), window.app.keyboard()), (true, Keyboard::Composer));
}

#[test]
fn a_scrolled_pane_counts_what_comes_below_and_shift_end_leads_back() {
    let mut window = window();
    window.press("<shift-pgup>").take();
    window.scrolled_frame(&["first"], None, ScrollPosition { up: 3, most: 3, left: 13 });
    window.scrolled_frame(&["first"], None, ScrollPosition { up: 7, most: 7, left: 17 });
    assert!(window.picture().contains("7 of 7 rows up · 4 new below"), "{}", window.picture());
    window.press("<shift-end>");
    assert_eq!(window.inputs(), [ViewInput::Scroll(Scroll::Live)]);
}

#[test]
fn shift_end_belongs_to_the_agent_while_nothing_is_scrolled() {
    let mut window = window();
    window.press("<prefix>o").take();
    window.press("<shift-end>");
    assert!(matches!(window.inputs()[..], [ViewInput::Key(_)]));
}
