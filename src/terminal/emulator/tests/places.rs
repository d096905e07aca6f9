//! The text from a mark to the cursor.

use super::*;

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
fn a_view_goes_to_a_place_over_wraps_resizes_and_packing() {
    let mut screen = screen(40, 10);
    let mut marks = Vec::new();
    for number in 0..2_000 {
        if number % 100 == 0 {
            marks.push((number, screen.mark()));
        }
        feed(&mut screen, format!("line {number}. {}\r\n", "w".repeat(number % 90)));
        match number {
            700 => screen.resize(Size { columns: 33, rows: 12 }),
            1_400 => screen.resize(Size { columns: 60, rows: 7 }),
            1_500 => screen.rest(),
            _ => (),
        }
    }
    for columns in [60, 25, 100] {
        screen.resize(Size { columns, rows: 7 });
        for (number, mark) in &marks {
            let up = screen.rows_up_to(mark).expect("it is kept");
            let first = screen.frame(up).rows[0].text();
            assert!(first.starts_with(&format!("line {number}.")), "{columns}: {number} {first}");
        }
    }
    let here = screen.mark();
    assert_eq!(screen.rows_up_to(&here), Some(0));
    feed(&mut screen, "\x1b[?1049h");
    assert_eq!(screen.rows_up_to(&here), None);
    feed(&mut screen, "\x1b[?1049l\x1b[3J");
    assert_eq!(screen.rows_up_to(&marks[0].1), None);
    assert_eq!(screen.rows_up_to(&here), Some(0));
}
