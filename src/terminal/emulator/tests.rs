//! Bytes in, pictures, answers and texts out; and what hostile bytes must not do.

use proptest::prelude::*;

use super::*;
use crate::terminal::frame::{Run, RunWidth};
use crate::terminal::replies::Rgb;

const WIDE: Cap = Cap { head: 1 << 20, tail: 1 << 20 };

fn screen(columns: u16, rows: u16) -> Screen {
    Screen::new(Size { columns, rows })
}

/// Feeds everything and returns what was told.
fn feed(screen: &mut Screen, bytes: impl AsRef<[u8]>) -> Vec<Told> {
    let (mut rest, mut told) = (bytes.as_ref(), Vec::new());
    while !rest.is_empty() {
        let fed = screen.feed(rest);
        assert!(fed.used > 0);
        rest = &rest[fed.used..];
        told.extend(fed.told);
    }
    told
}

fn lines(screen: &Screen, up: u32) -> Vec<String> {
    screen.frame(up).rows.iter().map(Row::text).collect()
}

/// All rows from the oldest, read page by page.
fn all_rows(screen: &Screen) -> Vec<String> {
    let most = screen.frame(0).scroll.most;
    let height = u32::from(screen.size().rows);
    let mut rows: Vec<String> = Vec::new();
    let mut up = most;
    loop {
        let page = lines(screen, up);
        let overlap = rows.len() as u32 - (most - up);
        rows.extend(page.into_iter().skip(overlap as usize));
        if up == 0 {
            return rows;
        }
        up = up.saturating_sub(height);
    }
}

fn text_since(screen: &Screen, mark: &Mark) -> String {
    screen.text_since(mark, WIDE).expect("the mark is there").0
}

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

#[test]
fn every_cut_of_the_stream_gives_the_same_screen() {
    let text = "é日本🦀 e\u{301}x\x1b[1;32m日\x1b[m\x1b]2;tïtle\x07\x1b]133;A\x1b\\$ \x1b[?2026hö\x1b[?2026l\r\nlast日";
    let told = |screen: &mut Screen, pieces: &[&[u8]]| -> Vec<Told> {
        pieces.iter().flat_map(|piece| feed(screen, piece)).collect()
    };
    let mut whole = screen(12, 4);
    let heard = told(&mut whole, &[text.as_bytes()]);
    assert_eq!(heard, [Told::Title("tïtle".into()), Told::Osc(b"133;A".to_vec())]);
    for cut in 0..=text.len() {
        let mut pieces = screen(12, 4);
        let (first, second) = text.as_bytes().split_at(cut);
        assert_eq!(told(&mut pieces, &[first, second]), heard);
        assert_eq!(pieces.frame(0), whole.frame(0), "cut at {cut}");
    }
}

#[test]
fn marks_are_told_at_their_exact_place_even_in_a_synchronized_update() {
    let mut screen = screen(20, 4);
    let stream = b"one\x1b[?2026h\x1b[1mtwo\x1b]133;C\x07three\x1b[?2026l four\x07five";
    let mut rest = &stream[..];
    let mut seen = Vec::new();
    while !rest.is_empty() {
        let fed = screen.feed(rest);
        rest = &rest[fed.used..];
        seen.push((lines(&screen, 0)[0].clone(), fed.told, screen.modes().sync));
    }
    let mark = Some(Told::Osc(b"133;C".to_vec()));
    assert_eq!(
        seen,
        [
            ("onetwo".into(), mark, true),
            ("onetwothree four".into(), Some(Told::Bell), false),
            ("onetwothree fourfive".into(), None, false)
        ]
    );
}

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
fn rows_that_a_smaller_screen_pushes_up_have_not_scrolled() {
    let mut screen = screen(80, 500);
    (0..600).for_each(|number| drop(feed(&mut screen, format!("line {number}\r\n"))));
    let scrolled = screen.scrolled_rows();
    screen.resize(Size { columns: 79, rows: 3 });
    assert_eq!(screen.scrolled_rows(), scrolled);
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

#[test]
fn a_turn_is_read_between_its_marks_over_wraps_resizes_and_packing() {
    let long = "w".repeat(95);
    let output: String = (0..2_500).map(|number| format!("out {number} 日本 {long}\n")).collect();
    let mut screen = screen(40, 10);
    feed(&mut screen, "earlier\r\n".repeat(20));
    feed(&mut screen, "$ ");
    let prompt = screen.mark();
    feed(&mut screen, "make  all\r\n");
    let begin = screen.mark();
    assert_eq!(text_since(&screen, &prompt), "make  all\n");
    for (number, line) in output.lines().enumerate() {
        feed(&mut screen, format!("{line}\r\n"));
        match number {
            700 => screen.resize(Size { columns: 33, rows: 12 }),
            1_400 => screen.resize(Size { columns: 120, rows: 7 }),
            1_500 => screen.rest(),
            1_600 => {
                let alternate = "\x1b[?1049h\x1b[2Jgone\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
                feed(&mut screen, alternate);
                assert_eq!(screen.mark(), Mark(None));
                assert_eq!(screen.text_since(&begin, WIDE), None);
                screen.resize(Size { columns: 50, rows: 9 });
                feed(&mut screen, "\x1b[?1049l");
            }
            _ => (),
        }
    }
    assert_eq!(screen.text_since(&begin, WIDE), Some((output.clone(), 0)));
    let (text, cut) = screen.text_since(&begin, Cap { head: 1000, tail: 2000 }).expect("there");
    assert_eq!(cut, (output.len() - text.len()) as u64);
    assert!(output.starts_with(&text[..990]) && output.ends_with(&text[text.len() - 1990..]));
    assert!((2_990..=3_000).contains(&text.len()));
    feed(&mut screen, "$ ");
    assert!(text_since(&screen, &prompt).starts_with("make  all\nout 0 日本"));
}

#[test]
fn a_turn_longer_than_the_scrollback_says_how_much_is_lost() {
    let mut screen = screen(80, 24);
    let begin = screen.mark();
    let output: String = (0..60_000).map(|number| format!("output line {number}\n")).collect();
    feed(&mut screen, output.replace('\n', "\r\n"));
    let (text, cut) = screen.text_since(&begin, WIDE).expect("the end is there");
    assert!(output.ends_with(&text));
    assert_eq!(text.len() as u64 + cut, output.len() as u64);
}

#[test]
fn text_that_was_drawn_over_is_not_there() {
    let mut screen = screen(20, 5);
    feed(&mut screen, "a\r\nb\r\n");
    let mark = screen.mark();
    feed(&mut screen, "\x1b[H");
    assert_eq!(screen.text_since(&mark, WIDE), None);
    feed(&mut screen, "\x1b[4Hnew\r\n");
    assert_eq!(text_since(&screen, &mark), "\nnew\n");
}

#[test]
fn questions_are_answered_from_the_list_in_their_order() {
    let mut screen = screen(80, 24);
    for (question, answer) in [
        ("\x1b[c", "\x1b[?62;22c"),
        ("\x1b[0c\x1bZ", "\x1b[?62;22c\x1b[?62;22c"),
        ("\x1b[>c", "\x1b[>1;1;0c"),
        ("\x1b[=c", ""),
        ("\x1b[5n", "\x1b[0n"),
        ("ab\x1b[6n", "\x1b[1;3R"),
        ("\x1b[?2026$p", "\x1b[?2026;2$y"),
        ("\x1b[?2026h\x1b[?2026$p\x1b[?2026l", "\x1b[?2026;1$y"),
        ("\x1b[?2027$p", "\x1b[?2027;0$y"),
        ("\x1b[?2004h\x1b[?2004$p", "\x1b[?2004;1$y"),
        ("\x1b[4$p", "\x1b[4;2$y"),
        ("\x1b[?u", "\x1b[?0u"),
        ("\x1b[>5u\x1b[?u\x1b[<u\x1b[?u", "\x1b[?5u\x1b[?0u"),
        ("\x1b[18t", "\x1b[8;24;80t"),
        ("\x1b[14t\x1b[20t\x1b[21t", ""),
        ("\x1b[>q\x1b[>0q", "\x1bP>|threadkeep\x1b\\\x1bP>|threadkeep\x1b\\"),
        ("\x1b]11;?\x07\x1b]4;1;?\x07", ""),
        ("\x1b]52;c;?\x07\x1bP$qm\x1b\\\x1bP+q544e\x1b\\\x05", ""),
        ("\x1b[5n\x1b[>q\x1b[c", "\x1b[0n\x1bP>|threadkeep\x1b\\\x1b[?62;22c"),
    ] {
        feed(&mut screen, question);
        assert_eq!(String::from_utf8_lossy(&screen.take_replies()), answer, "{question:?}");
    }
    let mut colors = Colors { background: Some(Rgb(0, 0x12, 0xff)), ..Colors::default() };
    colors.palette[1] = Some(Rgb(1, 2, 3));
    screen.set_colors(colors);
    feed(&mut screen, "\x1b]10;?\x07\x1b]11;?\x07\x1b]10;?;?\x1b\\\x1b]4;0;?;1;?\x07\x1b]11;red\x07");
    let answer = "\x1b]11;rgb:0000/1212/ffff\x07\x1b]11;rgb:0000/1212/ffff\x1b\\\x1b]4;1;rgb:0101/0202/0303\x07";
    assert_eq!(String::from_utf8_lossy(&screen.take_replies()), answer);
}

/// What programs write at their start in one piece, seen in recordings.
#[test]
fn a_start_is_answered_in_the_order_of_its_questions_and_shows_nothing() {
    let colors = Colors { foreground: Some(Rgb(1, 2, 3)), background: Some(Rgb(0, 0x12, 0xff)), ..Colors::default() };
    let version = "\x1bP>|threadkeep\x1b\\";
    let status = "\x1b]7501;?\x1b\\";
    let attributes = "\x1b[?62;22c";
    let foreground = "\x1b]10;rgb:0101/0202/0303\x1b\\";
    let background = "\x1b]11;rgb:0000/1212/ffff\x1b\\";
    for (start, answers) in [
        ("\x1b[>0q\x1b[?u\x1b]7501;?\x07\x1b[c", [version, "\x1b[?0u", status, attributes].concat()),
        (
            "\x1b[?2026$p\x1b[?1016$p\x1b[16t\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[c",
            ["\x1b[?2026;2$y", "\x1b[?1016;0$y", attributes].concat(),
        ),
        (
            "\x1b[?u\x1b[c\x1b[6n\x1b]10;?\x1b\\\x1b]11;?\x1b\\",
            ["\x1b[?0u", attributes, "\x1b[1;1R", foreground, background].concat(),
        ),
        (
            "\x1b[?2004h\x1b[?1004$p\x1b[?2004$p\x1b[?2027$p\x1b[?2031$p\x1b]12;?\x1b\\\x1bP+q4d73\x1b\\\x1b[14t\x1b]66;w=1; \x1b\\\x1b[5n",
            ["\x1b[?1004;2$y", "\x1b[?2004;1$y", "\x1b[?2027;0$y", "\x1b[?2031;0$y", "\x1b[0n"].concat(),
        ),
        ("\x1b^pm\x1b\\\x1bXsos\x1b\\\x1bPdcs\x1b\\\x1b[?996n\x1b]7501;?\x1b\\\x1b[c", [status, attributes].concat()),
    ] {
        for cut in 0..start.len() {
            let mut screen = screen(80, 24);
            screen.set_colors(colors.clone());
            let told: Vec<Told> =
                [&start[..cut], &start[cut..]].iter().flat_map(|piece| feed(&mut screen, piece)).collect();
            assert_eq!(String::from_utf8_lossy(&screen.take_replies()), answers, "{start:?} cut at {cut}");
            let others = told.iter().filter(|told| !matches!(told, Told::BracketedPaste(_)));
            assert_eq!(others.count(), 0, "{told:?}");
            assert_eq!(screen.frame(0).rows, Frame::blank(screen.size()).rows, "{start:?}");
        }
    }
}

#[test]
fn what_a_program_says_of_itself_is_told_whole() {
    let report = format!("7501;state=working:app=x:title={}", "QUJD".repeat(1_010));
    assert!((4_000..4_096).contains(&report.len()));
    for payload in [
        "7501;state=blocked:kind=permission:msg=YXBwcm92ZQ==",
        &report,
        "9;build done",
        "9;4;3",
        "9;4;0",
        "99;i=1:d=0;Title",
        "777;notify;Title;Session done",
        "133;D;0;aid=7",
        "7501;?:more",
    ] {
        for end in ["\x07", "\x1b\\"] {
            let stream = format!("a\x1b]{payload}{end}b");
            for cut in [0, 1, 3, 7, stream.len() - 2, stream.len() - 1] {
                let mut screen = screen(80, 24);
                let (first, second) = stream.as_bytes().split_at(cut);
                let told: Vec<Told> = [first, second].iter().flat_map(|piece| feed(&mut screen, piece)).collect();
                assert_eq!(told, [Told::Osc(payload.into())], "cut at {cut}");
                assert_eq!(lines(&screen, 0)[0], "ab");
                assert!(screen.take_replies().is_empty());
            }
        }
    }
    let mut screen = screen(80, 24);
    let titles = feed(&mut screen, "\x1b]0;✳ name\x07\x1b]2;other\x1b\\\x1b]0;\x07\x1b]2;\x1b\\");
    assert_eq!(titles, ["✳ name", "other", "", ""].map(|title| Told::Title(title.into())));
}

#[test]
fn a_change_of_the_paste_mode_and_a_reset_are_told_at_their_place() {
    let mut screen = screen(40, 4);
    let stream =
        b"one\x1b[?2004h\x1b[?1;2004htwo\x1b[?25;2004lthree\x1b[?2004l\x1b[?2004h\x1b]9;x\x07\x1bcfour\x1b[?2004lfive";
    let mut rest = &stream[..];
    let mut seen = Vec::new();
    while !rest.is_empty() {
        let fed = screen.feed(rest);
        rest = &rest[fed.used..];
        seen.push((lines(&screen, 0)[0].clone(), fed.told, screen.modes().bracketed_paste));
    }
    let (on, off) = (Some(Told::BracketedPaste(Switched::On)), Some(Told::BracketedPaste(Switched::Off)));
    assert_eq!(
        seen,
        [
            ("one".into(), on.clone(), true),
            ("onetwo".into(), off, false),
            ("onetwothree".into(), on, true),
            ("onetwothree".into(), Some(Told::Osc(b"9;x".to_vec())), true),
            (String::new(), Some(Told::Reset), false),
            ("fourfive".into(), None, false),
        ]
    );
}

#[test]
fn answers_that_nobody_takes_are_dropped_and_counted() {
    let mut screen = screen(80, 24);
    feed(&mut screen, "\x1b[6n".repeat(200_000));
    assert!(screen.dropped_replies() > 180_000);
    assert!(screen.take_replies().len() <= 64 * 1024);
    feed(&mut screen, "\x1b[5n");
    assert_eq!(screen.take_replies(), b"\x1b[0n");
}

#[test]
fn modes_are_told() {
    let mut screen = screen(80, 24);
    assert_eq!(screen.modes(), Modes { alternate_scroll: true, ..Modes::default() });
    feed(&mut screen, "\x1b[?1;1004;1002;1006;2004;1049h\x1b=\x1b[>3u\x1b[?2026h");
    let all = Modes {
        cursor_keys: CursorKeys::Application,
        keypad: Keypad::Application,
        bracketed_paste: true,
        mouse: MouseMode::Drag,
        mouse_encoding: MouseEncoding::Sgr,
        focus_events: true,
        alternate_screen: true,
        alternate_scroll: true,
        kitty: 3,
        sync: true,
    };
    assert_eq!(screen.modes(), all);
    screen.end_sync();
    feed(&mut screen, "\x1b[?1049l");
    assert_eq!(screen.modes(), Modes { alternate_screen: false, kitty: 0, sync: false, ..all });
    feed(&mut screen, "\x1bc");
    assert_eq!(screen.modes(), Modes { alternate_scroll: true, ..Modes::default() });
}

#[test]
fn hostile_streams_stay_bounded() {
    let mut screen = screen(80, 24);
    feed(&mut screen, format!("a{}", "\u{301}".repeat(100_000)));
    // Moving the cursor away and back does not open the cell again.
    feed(&mut screen, "\x1b[D\x1b[C\u{301}\u{301}");
    assert_eq!(screen.frame(0).rows[0].text().chars().count(), 1 + MARKS_PER_CELL);
    feed(&mut screen, "\x1b[>1u".repeat(10_000));
    feed(&mut screen, "\x1b[22t".repeat(10_000));
    feed(
        &mut screen,
        "\x1b[2147483647b\x1b[2147483647L\x1b[2147483647M\x1b[2147483647S\x1b[2147483647T\x1b[2147483647@",
    );
    feed(&mut screen, "\x1b[2147483647P\x1b[2147483647X\x1b[2147483647I\x1b[2147483647Z");
    assert_eq!(screen.panics(), 0);
}

/// Eight bytes asked for 65,535 characters, whatever the size of the screen. Rows that scroll tell how many were written.
#[test]
fn a_flood_of_repeats_writes_no_more_than_a_screen_each() {
    let (columns, rows) = (5, 2);
    for (bytes, mode, repeat, most) in [
        (1_000_000, "", "\x1b[65535b", columns * rows),
        (100_000, "", "\x1b[65535;1b", columns * rows),
        (100_000, "", "\x1b[6\x015é535b", columns * rows),
        (10_000, "", "\x1b[99b", 99),
        (100_000, "\x1b[4h", "\x1b[65535b", columns),
    ] {
        let mut screen = screen(columns, rows);
        feed(&mut screen, format!("{mode}x"));
        let count = bytes / repeat.len();
        for piece in repeat.repeat(count).as_bytes().chunks(4_096 + 1) {
            feed(&mut screen, piece);
        }
        let written = (screen.scrolled_rows() + u64::from(rows)) * u64::from(columns);
        let asked = count as u64 * u64::from(most);
        assert!((asked..=asked + u64::from(columns * rows)).contains(&written), "{repeat:?}: {written} of {asked}");
    }
}

/// Each of these does nothing new after the first few; the last one searched the whole row as often as it was told.
#[test]
fn floods_of_high_counts_end() {
    for count in ["@", "A", "B", "C", "D", "E", "F", "I", "L", "M", "P", "S", "T", "X", "Z"] {
        let mut screen = screen(80, 24);
        feed(&mut screen, "\x1b[3gx\x1b[5;70H");
        feed(&mut screen, format!("\x1b[65535{count}").repeat(20_000));
        assert_eq!(screen.panics(), 0);
    }
}

#[test]
fn tabs_go_back_as_far_as_there_are_stops() {
    for (moves, column) in [("\x1b[Z", 16), ("\x1b[2Z", 8), ("\x1b[65535Z", 0), ("\x1b[2g\x1b[Z\x1b[3g\x1b[9Z", 16)] {
        let mut screen = screen(80, 24);
        feed(&mut screen, format!("\x1b[21G{moves}"));
        assert_eq!(screen.frame(0).cursor.map(|cursor| cursor.column), Some(column), "{moves:?}");
    }
}

#[test]
fn a_screen_can_live_in_the_thread_of_its_session() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&screen(80, 24));
}

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
fn a_panic_of_the_emulator_costs_only_the_content() {
    let mut screen = screen(20, 5);
    feed(&mut screen, "before\r\n".repeat(2_000));
    let scrolled = screen.scrolled_rows();
    screen.engine.guard(|_, _, _| std::panic::resume_unwind(Box::new("broken")));
    assert_eq!(screen.panics(), 1);
    assert_eq!(screen.scrolled_rows(), scrolled);
    feed(&mut screen, "after");
    assert_eq!(lines(&screen, 0)[0], "after");
    assert_eq!(screen.frame(1).rows[0].text(), "before");
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

/// Pieces of streams that programs really send, broken and whole.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        "[a-z日é ]{0,30}".prop_map(String::into_bytes),
        "\x1b\\[[0-9;?>]{0,6}[@A-Za-z]".prop_map(String::into_bytes),
        "\x1b\\[[?]?[0-9]{1,4}\\$p".prop_map(String::into_bytes),
        "\x1b\\][0-9]{0,4};[a-z?;0-9]{0,10}(\x07|\x1b\\\\)?".prop_map(String::into_bytes),
        "\x1b[P_^XcDEMZ78=>]".prop_map(String::into_bytes),
        Just(b"\r\n".to_vec()),
        Just("日\u{301}🦀".into()),
        Just(b"\x1b[?1049h".to_vec()),
        Just(b"\x1b[?1049l".to_vec()),
        Just(b"\x1b[2J\x1b[3J".to_vec()),
        Just(b"\x1b[?2004h".to_vec()),
        Just(b"\x1b[?2004;1l".to_vec()),
        Just(b"\x1b]7501;?\x07".to_vec()),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Takes one answer of the list off the front.
fn one_reply(replies: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(replies).ok()?;
    let number = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
    let shapes: &[&[&str]] = &[
        &["\x1b[?62;22c"],
        &["\x1b[>1;1;0c"],
        &["\x1b[0n"],
        &["\x1bP>|threadkeep\x1b\\"],
        &["\x1b]7501;?\x1b\\"],
        &["\x1b[", "#", ";", "#", "R"],
        &["\x1b[?", "#", ";", "#", "$y"],
        &["\x1b[", "#", ";", "#", "$y"],
        &["\x1b[?", "#", "u"],
        &["\x1b[8;", "#", ";", "#", "t"],
        &["\x1b]10;rgb:0101/0202/0303\x07"],
        &["\x1b]10;rgb:0101/0202/0303\x1b\\"],
    ];
    shapes.iter().find_map(|shape| {
        let mut at = 0;
        for part in *shape {
            let rest = text.get(at..)?;
            at += match *part {
                "#" => Some(number(rest)).filter(|digits| (1..=5).contains(digits))?,
                constant => rest.starts_with(constant).then_some(constant.len())?,
            };
        }
        Some(at)
    })
}

/// Erasing the left half of a wide character leaves a marked blank; reading such a row never ended.
#[test]
fn half_a_wide_character_among_plain_text_is_read_as_a_blank() {
    let mut screen = screen(20, 6);
    feed(&mut screen, "a日b\x1b[2G\x1b[X".as_bytes());
    assert_eq!(screen.frame(0).rows[0].text(), "a  b");
}

/// Pieces that find a way past the parser or just miss it.
fn text_stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => "[ -~]{0,60}".prop_map(String::into_bytes),
        2 => "[a-c]{90,200}".prop_map(String::into_bytes),
        3 => "(\r\n|\n|\r|\t|\u{8}|\u{b}|\u{7f}|\u{0}|\u{18}|\u{1a}|\u{e}|\u{f}){1,3}".prop_map(String::into_bytes),
        2 => "[日é🦀\u{301}\u{200d}a]{0,30}".prop_map(String::into_bytes),
        2 => proptest::collection::vec(any::<u8>(), 0..6),
        4 => "\x1b\\[[0-9;:]{0,6}m".prop_map(String::into_bytes),
        4 => "\x1b\\[((3|4|9|10|2)?[0-9]|[34]8;5;[0-9]{1,3}|[34]8;2(;[0-9]{1,3}){3}|[0-9]{0,3})(;[0-9]{0,2}){0,3}m".prop_map(String::into_bytes),
        2 => "\x1b\\[[0-9]{0,4}b".prop_map(String::into_bytes),
        4 => "\x1b\\[[0-9]{0,2}(;[0-9]{1,2})?[@A-PSTXZ`adefgrsu]".prop_map(String::into_bytes),
        2 => "\x1b\\[(4|20|\\?7|\\?6|\\?1049|\\?25)[hl]".prop_map(String::into_bytes),
        2 => "\x1b[()*+][0AB]".prop_map(String::into_bytes),
        1 => "\x1b[cDEHM78#nP\\]X^_\\\\]".prop_map(String::into_bytes),
        // Cut off, mixed up with controls, or nearly a string.
        2 => "\x1b(\\[[0-9?;]{0,3})?[\u{1}\n\u{18}\u{1a}\u{1b} #é]{0,2}".prop_map(String::into_bytes),
        2 => "\x1b[\u{1}\u{7}\u{7f}é\u{1b}\u{18}]{1,2}[\\]PX^_\\[0c]".prop_map(String::into_bytes),
        1 => "\x1b\\[58;5;[0-9]m".prop_map(String::into_bytes),
        1 => "\x1b\\[[23]J".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Everything in the emulator that any later byte could bring to light.
fn cells(screen: &Screen) -> Vec<&GridRow<Cell>> {
    let grid = screen.engine.emulation.term.grid();
    (grid.topmost_line().0..=grid.bottommost_line().0).map(|line| &grid[GridLine(line)]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn text_that_goes_past_the_parser_comes_to_the_same(
        steps in proptest::collection::vec((text_stream(), 1usize..4000, 2u16..100, 2u16..12), 1..6)
    ) {
        let (mut fast, mut slow) = (screen(40, 6), screen(40, 6));
        slow.engine.shortcut.closed = true;
        for (bytes, cut, columns, rows) in steps {
            let mark = fast.mark();
            for piece in bytes.chunks(cut) {
                feed(&mut fast, piece);
                feed(&mut slow, piece);
            }
            prop_assert_eq!(fast.frame(0), slow.frame(0));
            prop_assert_eq!(cells(&fast), cells(&slow));
            let cursor = |screen: &Screen| screen.engine.emulation.term.grid().cursor.clone();
            prop_assert_eq!(cursor(&fast).point, cursor(&slow).point);
            prop_assert_eq!(cursor(&fast).input_needs_wrap, cursor(&slow).input_needs_wrap);
            prop_assert_eq!(fast.modes(), slow.modes());
            prop_assert_eq!(fast.mark(), slow.mark());
            prop_assert_eq!(fast.text_since(&mark, WIDE), slow.text_since(&mark, WIDE));
            // Not every page: each one is unpacked and wrapped anew.
            let most = fast.frame(0).scroll.most;
            for up in [1, most / 3, most / 2, most] {
                prop_assert_eq!(fast.frame(up), slow.frame(up));
            }
            fast.resize(Size { columns, rows });
            slow.resize(Size { columns, rows });
        }
        prop_assert_eq!(fast.take_replies(), slow.take_replies());
        prop_assert_eq!((fast.panics(), slow.panics()), (0, 0));
    }
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_and_sizes_never_panic_and_answers_have_their_shape(
        steps in proptest::collection::vec((stream(), 0u16..140, 0u16..60), 1..6)
    ) {
        let mut screen = screen(80, 24);
        screen.set_colors(Colors { foreground: Some(Rgb(1, 2, 3)), ..Colors::default() });
        let mut scrolled = 0;
        for (bytes, columns, rows) in steps {
            let mark = screen.mark();
            feed(&mut screen, &bytes);
            let mut replies = &screen.take_replies()[..];
            while !replies.is_empty() {
                let length = one_reply(replies);
                prop_assert!(length.is_some_and(|length| length < 64), "{:?}", String::from_utf8_lossy(replies));
                replies = &replies[length.unwrap_or(1)..];
            }
            let before = screen.scrolled_rows();
            screen.resize(Size { columns, rows });
            prop_assert_eq!(screen.scrolled_rows(), before);
            screen.text_since(&mark, Cap { head: 10, tail: 10 });
            prop_assert_eq!(screen.visible_text(), lines(&screen, 0));
            let most = screen.frame(0).scroll.most;
            for up in [0, 1, most / 2, most] {
                let frame = screen.frame(up);
                prop_assert_eq!(frame.rows.len(), usize::from(frame.size.rows));
            }
            prop_assert!(screen.scrolled_rows() >= scrolled);
            scrolled = screen.scrolled_rows();
        }
        prop_assert_eq!(screen.panics(), 0);
    }

    #[test]
    fn the_cuts_of_a_stream_do_not_matter(bytes in stream(), cuts in proptest::collection::vec(1usize..9, 1..40)) {
        let (mut whole, mut pieces) = (screen(20, 6), screen(20, 6));
        let mut told = feed(&mut whole, &bytes);
        let mut told_in_pieces = Vec::new();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            let (piece, more) = rest.split_at((*cut).min(rest.len()));
            told_in_pieces.extend(feed(&mut pieces, piece));
            rest = more;
            if rest.is_empty() {
                break;
            }
        }
        // Bells in a row are told once if they come together.
        told.dedup_by(|bell, last| *bell == Told::Bell && *last == Told::Bell);
        told_in_pieces.dedup_by(|bell, last| *bell == Told::Bell && *last == Told::Bell);
        prop_assert_eq!(told, told_in_pieces);
        prop_assert_eq!(whole.frame(0), pieces.frame(0));
        prop_assert_eq!(whole.modes(), pieces.modes());
        prop_assert_eq!(whole.take_replies(), pieces.take_replies());
    }

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
