//! What a change of size leaves as it was.

use super::*;
use crate::terminal::emulator::resize::{LARGEST, SMALLEST};

#[test]
fn sizes_are_kept_within_what_the_emulator_bears() {
    let mut screen = Screen::new(Size { columns: 0, rows: 0 });
    assert_eq!(screen.size(), SMALLEST);
    feed(&mut screen, "日本語 wide\r\n".repeat(50));
    screen.resize(Size { columns: 60_000, rows: 60_000 });
    assert_eq!(screen.frame(0).size, LARGEST);
    screen.resize(Size { columns: 1, rows: 1 });
    assert_eq!(screen.frame(0).rows.len(), 2);
    assert_eq!(screen.panics(), 0);
}

#[test]
fn rows_that_a_smaller_screen_pushes_up_have_not_scrolled() {
    let mut screen = screen(80, 500);
    (0..600).for_each(|number| drop(feed(&mut screen, format!("line {number}\r\n"))));
    let scrolled = screen.scrolled_rows();
    screen.resize(Size { columns: 79, rows: 3 });
    assert_eq!(screen.scrolled_rows(), scrolled);
    assert_eq!(screen.frame(u32::MAX).rows[0].text(), "line 0");
}

/// The rows of the two narrow screens counted like full ones, and the oldest line went while less than 50 kB were kept.
#[test]
fn a_narrow_screen_for_a_while_does_not_cost_the_text_above() {
    let mut screen = screen(80, 24);
    let begin = screen.mark();
    let mut output = String::new();
    for (count, columns, rows) in [(96, 2, 2), (304, 85, 27), (104, 2, 2), (142, 3, 2)] {
        output.push_str(&numbered_lines(&mut screen, count));
        screen.resize(Size { columns, rows });
    }
    assert_eq!(screen.text_since(&begin, WIDE), Some((output, 0)));
}

/// The emulator's cursor came to stand before a wide character of an unfinished line, and the next text covered it; in another case it came to
/// stand on a row of its own below.
#[test]
fn text_goes_on_behind_wide_characters_after_a_resize() {
    for (text, sizes) in [
        ("aaa日aaaaa日", &[(11, 2), (2, 2)][..]),
        ("日a日日a日a", &[(2, 10), (6, 2)]),
        ("a日aa日日aaa日a日a日日日日", &[(11, 2), (17, 2)]),
        ("aaaaaaaa", &[(2, 4), (9, 2)]),
    ] {
        let mut screen = screen(80, 24);
        let begin = screen.mark();
        feed(&mut screen, format!("before\r\n{text}"));
        for (columns, rows) in sizes {
            screen.resize(Size { columns: *columns, rows: *rows });
        }
        feed(&mut screen, "and more");
        assert_eq!(text_since(&screen, &begin), format!("before\n{text}and more"));
    }
}

/// The mark that a row continues went along with the cells, and the cut came right behind it.
#[test]
fn lines_stay_apart_where_characters_were_deleted() {
    let mut screen = screen(10, 4);
    let begin = screen.mark();
    feed(&mut screen, "aaaaaaaaaabbb\x1b[A\x1b[P\x1b[B");
    let text = screen.text_since(&begin, WIDE);
    screen.resize(Size { columns: 9, rows: 4 });
    assert_eq!(screen.text_since(&begin, WIDE), text);
}

/// Writes so many lines, some narrow, some wide. Returns their text.
fn numbered_lines(screen: &mut Screen, count: usize) -> String {
    let mut output = String::new();
    for number in 0..count {
        let line = format!("{number} {}", "abc 日本 ".repeat(number % 13));
        feed(screen, format!("{line}\r\n"));
        output.push_str(line.trim_end());
        output.push('\n');
    }
    output
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn resizing_loses_no_line(
        steps in proptest::collection::vec((1usize..400, 2u16..130, 2u16..50), 1..8)
    ) {
        let mut screen = screen(80, 24);
        let begin = screen.mark();
        let mut output = String::new();
        for (count, columns, rows) in steps {
            output.push_str(&numbered_lines(&mut screen, count));
            let scrolled = screen.scrolled_rows();
            screen.resize(Size { columns, rows });
            prop_assert_eq!(screen.scrolled_rows(), scrolled);
        }
        prop_assert_eq!(screen.text_since(&begin, WIDE), Some((output, 0)));
        prop_assert_eq!(screen.panics(), 0);
    }

    #[test]
    fn resizing_leaves_the_cursor_at_its_place_in_the_text(
        steps in proptest::collection::vec(
            (
                proptest::collection::vec("[a-z日é]{0,40}", 0..20),
                "[a-z日]{0,30}",
                "(\x1b\\[[1-4]A(\x1b\\[2P)?\x1b\\[[1-9]{1,2}G)?",
                proptest::collection::vec((2u16..40, 2u16..20), 1..4),
            ),
            1..6,
        )
    ) {
        let mut screen = screen(80, 24);
        let begin = screen.mark();
        for (lines, unfinished, elsewhere, sizes) in steps {
            lines.iter().for_each(|line| drop(feed(&mut screen, format!("{line}\r\n"))));
            feed(&mut screen, unfinished + &elsewhere);
            let text = screen.text_since(&begin, WIDE);
            for (columns, rows) in sizes {
                screen.resize(Size { columns, rows });
                prop_assert_eq!(screen.text_since(&begin, WIDE), text.clone(), "at {}x{}", columns, rows);
            }
        }
        prop_assert_eq!(screen.panics(), 0);
    }
}
