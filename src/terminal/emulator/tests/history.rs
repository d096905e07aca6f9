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
    let left = i64::try_from(screen.scrolled_rows()).expect("few rows");
    assert_eq!(screen.frame(7).scroll, ScrollPosition { up: 0, most: 0, left });
    assert!(screen.scrolled_rows() > scrolled);
    assert_eq!(screen.scrollback_bytes(), 0);
    assert_eq!(lines(&screen, 0)[0], "after");
    assert!(screen.text_since(&mark, WIDE).is_none_or(|(text, _)| text == "after"));
}

#[test]
fn the_whole_text_has_every_row_with_its_number_at_every_width() {
    let mut screen = screen(10, 4);
    (0..2_000).for_each(|number| drop(feed(&mut screen, format!("line {number} goes on \r\n"))));
    feed(&mut screen, "日本語の長い行");
    let joined = |screen: &Screen| {
        let (first, rows) = screen.whole_text();
        let scroll = screen.frame(0).scroll;
        assert_eq!(first, scroll.left - i64::from(scroll.most));
        assert_eq!(rows.len(), usize::try_from(scroll.most).expect("few") + usize::from(screen.size().rows));
        let shown: Vec<String> = (0..scroll.most).rev().map(|up| screen.frame(up + 1).rows[0].text()).collect();
        let texts: Vec<&str> = rows.iter().map(|row| row.text.trim_end()).take(shown.len()).collect();
        assert_eq!(texts, shown);
        let text: String = rows.iter().map(|row| row.text.clone() + if row.wrapped { "" } else { "\n" }).collect();
        text.trim_end().to_owned()
    };
    let expected: String = (0..2_000).map(|number| format!("line {number} goes on\n")).collect();
    let expected = expected + "日本語の長い行";
    assert_eq!(joined(&screen).lines().map(str::trim_end).collect::<Vec<_>>(), expected.lines().collect::<Vec<_>>());
    screen.resize(Size { columns: 30, rows: 4 });
    assert_eq!(joined(&screen).lines().map(str::trim_end).collect::<Vec<_>>(), expected.lines().collect::<Vec<_>>());
    feed(&mut screen, "\x1b[?1049h\x1b[Hpager");
    let (_, rows) = screen.whole_text();
    assert_eq!((rows.len(), rows[0].text.as_str()), (4, "pager"), "the alternate screen has nothing above it");
}

#[test]
fn of_a_text_that_is_too_long_the_newest_rows_are_told() {
    let mut screen = screen(200, 4);
    (0..2_000).for_each(|_| drop(feed(&mut screen, "e\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}".repeat(200))));
    let (_, all) = screen.engine.emulation.whole_text(usize::MAX);
    let (first, rows) = screen.engine.emulation.whole_text(100_000);
    assert!(rows.len() < all.len() && rows.iter().map(|row| row.text.len()).sum::<usize>() <= 100_000);
    assert_eq!(rows.last(), all.last());
    assert_eq!(first + i64::try_from(rows.len()).expect("few"), screen.frame(0).scroll.left + 4);
}
