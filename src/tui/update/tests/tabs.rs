//! The row of tabs: moving, closing and renaming by the mouse, numbers beyond nine, and more of them than fit.

use super::super::super::app::Page;
use super::super::super::testing::{Window, id, idle};
use crate::protocol::message::Request;
use crate::terminal::keys::{MouseAction, MouseButton};

#[test]
fn a_tab_is_moved_by_one_and_not_past_the_end() {
    let mut window = Window::with(80, 24, vec![idle(1, "a"), idle(2, "b"), idle(3, "c")]);
    window.press("<alt-2>").take();
    window.press("<prefix><lt>");
    assert_eq!(window.requests(), [Request::MoveTab { conversation: id(2), to: 0 }]);
    window.press("<prefix>>");
    assert_eq!(window.requests(), [Request::MoveTab { conversation: id(2), to: 2 }]);
    window.press("<alt-3>").take();
    window.press("<prefix>>");
    assert_eq!(window.requests(), []);
    assert!(window.status().contains("it is at the end of the row already"), "{}", window.status());
}

#[test]
fn a_click_on_a_count_of_hidden_tabs_shows_the_nearest_of_them() {
    let tabs = (1..=30).map(|number| idle(number, &format!("title {number}"))).collect();
    let mut window = Window::with(80, 24, tabs);
    window.press("<alt-9>");
    let picture = window.picture();
    let row = picture.lines().next().unwrap_or_default();
    assert!(row.starts_with('<') && row.contains('>'), "both counts are shown\n{row}");
    let first = row.split_whitespace().nth(1).and_then(|number| number.parse::<i64>().ok()).expect("a number");
    window.mouse(MouseAction::Press(MouseButton::Left), 1, 0);
    assert_eq!(window.app.active, Some(id(first - 1)));
    window.press("<alt-9>");
    let right = u16::try_from(row.find('>').expect("a count")).expect("small");
    let last: i64 = row[..row.find('>').expect("a count")]
        .trim_start_matches('<')
        .rsplit(' ')
        .next()
        .and_then(|hidden| hidden.parse().ok())
        .expect("a count");
    window.mouse(MouseAction::Press(MouseButton::Left), right, 0);
    assert_eq!(window.app.active, Some(id(30 - last + 1)));
}

const LEFT: MouseAction = MouseAction::Press(MouseButton::Left);
const DRAG: MouseAction = MouseAction::Drag(MouseButton::Left);

#[test]
fn two_clicks_rename_and_the_middle_button_closes() {
    let mut window = Window::with(80, 24, vec![idle(1, "a"), idle(2, "b"), idle(3, "c")]);
    window.mouse(LEFT, 9, 0);
    assert_eq!((window.app.active, window.app.page.is_none()), (Some(id(2)), true));
    window.mouse(MouseAction::Release(MouseButton::Left), 9, 0).mouse(LEFT, 9, 0);
    assert!(matches!(window.app.page, Some(Page::Rename(_))));
    window.press("<esc>").take();
    window.mouse(MouseAction::Press(MouseButton::Middle), 1, 0);
    assert_eq!(window.requests(), [Request::CloseTab { conversation: id(1) }]);
    assert_eq!(window.app.active, Some(id(2)), "what is shown stays");
}

#[test]
fn a_tab_that_is_dragged_over_another_takes_its_place_once() {
    let mut window = Window::with(80, 24, vec![idle(1, "a"), idle(2, "quite a long title"), idle(3, "c")]);
    window.mouse(LEFT, 2, 0).take();
    window.mouse(DRAG, 4, 0).mouse(DRAG, 10, 0).mouse(DRAG, 11, 0).mouse(DRAG, 12, 0);
    assert_eq!(window.requests(), [Request::MoveTab { conversation: id(1), to: 1 }]);
    window.mouse(MouseAction::Release(MouseButton::Left), 12, 0).mouse(DRAG, 2, 0);
    assert_eq!(window.requests(), []);
}

#[test]
fn a_number_beyond_nine_is_typed() {
    let tabs = (1..=30).map(|number| idle(number, &format!("title {number}"))).collect();
    let mut window = Window::with(80, 24, tabs);
    window.press("<prefix>'27<enter>");
    assert_eq!(window.app.active, Some(id(27)));
    window.press("<prefix>'31<enter>");
    assert!(window.status().contains("there is no tab 31"), "{}", window.status());
    window.press("<prefix>'x<enter>");
    assert!(window.status().contains("no number"), "{}", window.status());
    window.press("<prefix>'0<enter>");
    assert_eq!(window.app.active, Some(id(27)));
}

#[test]
fn the_wheel_scrolls_a_row_with_more_tabs_than_fit_and_shows_the_next_of_a_short_one() {
    let tabs = (1..=30).map(|number| idle(number, &format!("title {number}"))).collect();
    let mut window = Window::with(80, 24, tabs);
    window.press("<alt-1>");
    let row = |window: &Window| window.picture().lines().next().unwrap_or_default().to_owned();
    for _ in 0..3 {
        window.mouse(MouseAction::WheelDown, 5, 0);
    }
    assert!(row(&window).starts_with("<3   4 title 4"), "{}", row(&window));
    assert_eq!(window.app.active, Some(id(1)));
    window.mouse(MouseAction::WheelUp, 5, 0);
    assert!(row(&window).starts_with("<2   3 title 3"), "{}", row(&window));
    for _ in 0..40 {
        window.mouse(MouseAction::WheelDown, 5, 0);
    }
    assert!(row(&window).contains("30 title 30") && !row(&window).contains('>'), "{}", row(&window));
    window.press("<alt-2>");
    assert!(row(&window).contains(" 2 title 2"), "the one that is chosen is seen: {}", row(&window));

    let mut window = Window::with(80, 24, vec![idle(1, "a"), idle(2, "b")]);
    window.press("<alt-1>").mouse(MouseAction::WheelDown, 2, 0);
    assert_eq!(window.app.active, Some(id(2)));
}
