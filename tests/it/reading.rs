//! Reading turns in the real window: the record as a page, the way back to a turn's place, copying, sending again, the panel's width.

use crate::home::{Home, wait_until};
use crate::window::{is_ready, open, send};

#[test]
fn a_turn_is_found_again_in_the_record_and_in_the_scrollback_copied_and_sent_again() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "seq 1001 1099", 1, "completed");
    send(&mut ui, "echo second answer", 2, "completed");

    ui.keys("<prefix>v");
    ui.wait_until("the record has the newest turn", |seen| seen.has("READING") && seen.has("> echo second answer"));
    ui.keys("/1042<enter>");
    ui.wait_until("what was looked for is there", |seen| seen.pane().contains("  1042"));
    ui.keys("<escape>");
    ui.wait_until("nothing is looked for any more", |seen| !seen.has("find:"));
    ui.keys("]");
    ui.wait_until("the next turn is marked", |seen| seen.has("> echo second answer"));
    ui.keys("y");
    ui.wait_for("the answer of turn 2: copied 13 characters");
    let copied = b"\x1b]52;c;c2Vjb25kIGFuc3dlcg==\x07";
    wait_until("the terminal is told", || ui.written().windows(copied.len()).any(|bytes| bytes == copied));

    ui.keys("[g");
    ui.wait_until("its place in the scrollback is shown", |seen| {
        let pane = seen.pane();
        let mut rows = pane.lines();
        rows.next().is_some_and(|row| row.contains("seq 1001 1099"))
            && rows.next().is_some_and(|row| row.starts_with("1001"))
            && seen.has("rows up")
    });

    ui.keys("<prefix>q<down>r");
    ui.wait_until("the same was sent again", |seen| seen.panel().contains("turn 3 · completed"));
    let log = home.run(&["log", "--json"]).done().json_lines();
    assert_eq!(log[2]["prompt"], "seq 1001 1099");
}

#[test]
fn the_width_of_the_panel_is_there_again_in_the_next_window() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "true", 1, "completed");
    let border = |row: &str| row.chars().position(|char| char == '│');
    let column = |seen: &crate::screen::Seen| border(&seen.row(3));
    let before = column(&ui.seen()).expect("the panel is there");
    ui.keys("<prefix>+");
    ui.wait_until("it is wider", |seen| column(seen) == Some(before - 4));
    // The border is taken with the mouse: pressed, moved, let go.
    let at = |button: u8, column: usize, end: char| format!("\x1b[<{button};{};5{end}", column + 1).into_bytes();
    ui.bytes(&at(0, before - 4, 'M'));
    ui.bytes(&at(32, before - 10, 'M'));
    ui.bytes(&at(0, before - 10, 'm'));
    ui.wait_until("it follows the mouse", |seen| column(seen) == Some(before - 10));
    ui.kill();
    let ui = open(&home, 100, 24);
    ui.wait_until("it is as wide again", |seen| is_ready(seen) && column(seen) == Some(before - 10));
}
