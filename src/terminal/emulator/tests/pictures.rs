//! What is seen of a screen.

use super::plain_text::text_stream;
use super::*;
use crate::terminal::frame::{Blink, Color, Cursor, CursorShape, Frame, Run, RunWidth, Style};

#[test]
fn a_frame_says_what_the_emulator_shows() {
    let mut screen = screen(10, 4);
    feed(&mut screen, "ab\x1b[1;31mc日\x1b[0me\u{301}\r\n\x1b[44m  \x1b[0m\r\n\x1b[38;2;1;2;3mx\x1b[5 q");
    let frame = screen.frame(0);
    let run = |text: &str, width, style| Run { style, width, text: text.into() };
    let plain = Style::default();
    let red = Style { foreground: Color::Indexed(1), flags: Style::BOLD, ..plain };
    let blue = Style { background: Color::Indexed(4), ..plain };
    let exact = Style { foreground: Color::Rgb(1, 2, 3), ..plain };
    let runs = |row: usize| frame.rows[row].runs.clone();
    let narrow = RunWidth::Narrow;
    assert_eq!(
        runs(0),
        [
            run("ab", narrow, plain),
            run("c", narrow, red),
            run("日", RunWidth::Wide, red),
            run("e\u{301}", RunWidth::Cluster(1), plain)
        ]
    );
    assert_eq!(runs(1), [run("  ", narrow, blue)]);
    assert_eq!(runs(2), [run("x", narrow, exact)]);
    assert_eq!(runs(3), []);
    let cursor = Cursor { column: 1, row: 2, shape: CursorShape::Bar, blink: Blink::Blinking };
    assert_eq!(frame.cursor, Some(cursor));
    feed(&mut screen, "\x1b[?25l");
    assert_eq!(screen.frame(0).cursor, None);
}

#[test]
fn the_visible_text_is_what_stands_on_the_live_screen() {
    let mut screen = screen(10, 4);
    feed(&mut screen, "gone\r\n日本 e\u{301}\x1b[7m x \x1b[m\r\n\x1b[31mwrapped over\x1b[8m hid\x1b[m");
    assert_eq!(screen.visible_text(), ["gone", "日本 e\u{301} x", "wrapped ov", "er hid"]);
    feed(&mut screen, "\r\n\tx\rend 日\x1b[1D ");
    assert_eq!(screen.visible_text(), ["日本 e\u{301} x", "wrapped ov", "er hid", "end     x"]);
    feed(&mut screen, "\x1b[?1049h\x1b[2;3Halternate");
    assert_eq!(screen.visible_text(), ["", "  alternat", "e", ""]);
}

#[test]
fn half_a_wide_character_shows_as_a_blank_and_shifts_nothing() {
    for (bytes, shows) in
        [("日本x\x1b[2G\x1b[Xy", "  y本x"), ("日本x\x1b[1Gy", "y 本x"), ("日本x\x1b[2Gy", " y本x"), ("日\x1b[1Xx", "")]
    {
        let mut screen = screen(8, 2);
        feed(&mut screen, bytes);
        let row = &screen.frame(0).rows[0];
        let cells: usize = row
            .runs
            .iter()
            .map(|run| match run.width {
                RunWidth::Narrow => run.text.chars().count(),
                RunWidth::Wide => 2 * run.text.chars().count(),
                RunWidth::Cluster(cells) => usize::from(cells),
            })
            .sum();
        assert!(cells <= 8);
        assert_eq!(row.runs.last().map(|run| run.text.chars().last()), Some(Some('x')), "{shows}");
    }
}

/// Erasing the left half of a wide character leaves a marked blank; reading such a row never ended.
#[test]
fn half_a_wide_character_among_plain_text_is_read_as_a_blank() {
    let mut screen = screen(20, 6);
    feed(&mut screen, "a日b\x1b[2G\x1b[X".as_bytes());
    assert_eq!(screen.frame(0).rows[0].text(), "a  b");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Two viewers look at different times; the one that brings its picture up to date sees what a new one would.
    #[test]
    fn a_picture_that_is_brought_up_to_date_is_the_picture_made_anew(
        steps in proptest::collection::vec((prop_oneof![stream(), text_stream()], 1usize..80, 1usize..4, any::<bool>()), 1..6),
        columns in 2u16..40,
        resize: bool,
    ) {
        let mut screen = screen(columns, 6);
        let mut seen: Vec<(Frame, u64)> = vec![(screen.frame(0), screen.revision()); 2];
        for (bytes, cut, skip, resized) in steps {
            for (number, piece) in bytes.chunks(cut).enumerate() {
                feed(&mut screen, piece);
                for (_, (frame, since)) in seen.iter_mut().enumerate().filter(|(at, _)| *at == 0 || number % (skip + 1) == 0) {
                    let mut told = frame.clone();
                    if let Some(delta) = screen.update(frame, *since) {
                        told.apply(delta);
                    }
                    *since = screen.revision();
                    prop_assert_eq!(&told, &*frame);
                    prop_assert_eq!(&told, &screen.frame(0));
                }
            }
            if resize && resized {
                screen.resize(Size { columns: columns + 3, rows: 7 });
                screen.resize(Size { columns, rows: 6 });
            }
        }
    }
}

/// The emulator counted twice from the region's first row, and went out of it.
#[test]
fn a_cursor_stops_at_the_margins_of_its_region_and_is_told_as_it_is_counted() {
    let mut screen = screen(10, 8);
    // Rows 3 and 4, counted from there; far down, and far up again.
    feed(&mut screen, "\x1b[?6h\x1b[3;4r\x1b[99Bdown\x1b[99A\rup\x1b[6n");
    assert_eq!(lines(&screen, 0)[..5], ["", "", "up", "down", ""]);
    assert_eq!(screen.take_replies(), b"\x1b[1;3R");
    feed(&mut screen, "\x1b[2G|\x1b[Fx\x1b[Ey");
    assert_eq!(lines(&screen, 0)[..5], ["", "", "x|", "yown", ""]);
    // The same where rows are counted from the screen's first one.
    feed(&mut screen, "\x1b[?6l\x1b[4;1Ha\x1b[9A\rb\x1b[1;1Hc\x1b[9B\rd\x1b[8;1He\x1b[9A\rf\x1b[r\x1b[8;1Hg\x1b[9A\rh");
    assert_eq!(lines(&screen, 0), ["h", "", "f|", "down", "", "", "", "g"]);
    // Another size has no margins.
    feed(&mut screen, "\x1b[2;3r");
    screen.resize(Size { columns: 10, rows: 7 });
    feed(&mut screen, "\x1b[3;1H\x1b[9Bz");
    assert_eq!(lines(&screen, 0)[6], "z");
}
