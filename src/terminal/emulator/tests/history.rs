//! Rows that leave the screen upwards.

use super::*;
use crate::terminal::frame::ScrollPosition;

#[test]
fn thirty_thousand_numbered_lines_scroll_by_in_order() {
    let mut screen = screen(40, 10);
    let mut before = screen.scrolled_rows();
    for number in 0..30_000 {
        feed(&mut screen, format!("\x1b[3{}mline\x1b[m {number}\r\n", number % 8));
        assert!(screen.scrolled_rows() >= before);
        before = screen.scrolled_rows();
    }
    assert_eq!(screen.scrolled_rows(), 30_000 - 9);
    let rows = all_rows(&screen);
    assert!(rows.len() >= 20_000, "{} rows kept", rows.len());
    let first = 30_001 - rows.len();
    for (number, row) in (first..30_000).zip(&rows) {
        assert_eq!(row, &format!("line {number}"));
    }
    screen.rest();
    assert!(screen.scrollback_bytes() < 1_000_000);
}

#[test]
fn no_row_is_lost_in_any_way_of_scrolling() {
    // One slice with far more rows than the emulator holds, so that it must be drained inside of it.
    for (name, bytes, rows) in [
        ("line feeds", "x\r\n".repeat(5_000), 5_000),
        ("wrapping", "x".repeat(3 * 5_000), 4_999),
        ("wide characters that never fit", "日".repeat(5_000), 4_999),
        ("index", "x\r\x1bD".repeat(5_000), 5_000),
        ("repeat", "x\x1b[2b".repeat(5_000), 4_999),
        ("scroll up", "\x1b[H\x1b[1Sx".repeat(5_000), 5_000),
        ("clear screen", "\x1b[Hx\x1b[2J".repeat(5_000), 5_000),
        ("delete line", "\x1b[Hx\x1b[M".repeat(5_000), 5_000),
    ] {
        let mut screen = screen(3, 2);
        feed(&mut screen, bytes);
        let total = screen.frame(0).scroll.most;
        let expected: i64 = rows;
        assert!((i64::from(total) - expected).abs() <= 1, "{name}: {total} rows");
        assert_eq!(u64::from(total), screen.scrolled_rows(), "{name}");
    }
}

#[test]
fn a_view_stays_still_while_rows_scroll() {
    let mut screen = screen(20, 5);
    (0..3_000).for_each(|number| drop(feed(&mut screen, format!("line {number}\r\n"))));
    let (up, scrolled) = (1_500, screen.scrolled_rows());
    let still = lines(&screen, up);
    (0..2_000).for_each(|number| drop(feed(&mut screen, format!("more {number}\r\n"))));
    let moved = u32::try_from(screen.scrolled_rows() - scrolled).expect("few rows");
    assert_eq!(lines(&screen, up + moved), still);
    assert_eq!(screen.frame(u32::MAX).rows[0].text(), "line 0");
}

#[test]
fn clearing_the_scrollback_drops_packed_rows_too() {
    let mut screen = screen(20, 5);
    (0..3_000).for_each(|number| drop(feed(&mut screen, format!("line {number}\r\n"))));
    let scrolled = screen.scrolled_rows();
    let mark = screen.mark();
    feed(&mut screen, "\x1b[H\x1b[2J\x1b[3Jafter");
    assert_eq!(screen.frame(7).scroll, ScrollPosition { up: 0, most: 0 });
    assert!(screen.scrolled_rows() > scrolled);
    assert_eq!(screen.scrollback_bytes(), 0);
    assert_eq!(lines(&screen, 0)[0], "after");
    assert!(screen.text_since(&mark, WIDE).is_none_or(|(text, _)| text == "after"));
}
