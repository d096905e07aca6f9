//! Pictures of copying.

use super::super::super::testing::{Window, idle};
use super::check;
use crate::terminal::frame::ScrollPosition;

fn begin(window: &mut Window) {
    let left = 200;
    let scroll = ScrollPosition { up: 0, most: 200, left };
    window.scrolled_frame(&["row 200 with an error", "日本 wide", "$ "], Some((2, 2)), scroll);
    window.press("<prefix>[");
    let above: Vec<String> = (0..200).map(|row| format!("row {row} with some text")).collect();
    let mut rows: Vec<&str> = above.iter().map(String::as_str).collect();
    rows.extend(["row 200 with an error", "日本 wide", "$"]);
    rows.resize(200 + usize::from(window.app.view.map_or(0, |view| view.size.rows)), "");
    window.whole_text(&rows);
}

#[test]
fn a_selection_over_lines() {
    check("copy", &[idle(1, "fix login"), idle(2, "docs")], |window| {
        begin(window);
        window.press("kkkwvjj");
    });
}

#[test]
fn what_was_found_is_marked() {
    check("copy_found", &[idle(1, "fix login")], |window| {
        begin(window);
        window.press("?row 19<enter>nn");
    });
}

#[test]
fn what_is_looked_for_is_typed_below() {
    check("copy_typing", &[idle(1, "fix login")], |window| {
        begin(window);
        window.press("/wide");
    });
}

#[test]
fn a_block_of_columns() {
    check("copy_block", &[idle(1, "fix login")], |window| {
        begin(window);
        window.press("gw<ctrl-v>jje");
    });
}
