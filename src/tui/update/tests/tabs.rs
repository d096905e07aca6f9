//! The row of tabs: moving one, and more of them than fit.

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
