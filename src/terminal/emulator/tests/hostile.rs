//! What a program can do to its own screen, and what it cannot.

use super::*;
use crate::terminal::emulator::control::MARKS_PER_CELL;

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
