//! The byte filter and the emulator: any bytes, cut and resized anywhere. No panic (a caught one counts), answers of the closed list, bounded memory.
#![no_main]

use libfuzzer_sys::fuzz_target;
use threadkeep::terminal::emulator::Screen;
use threadkeep::terminal::frame::Size;

/// All answers together; more would be bytes that a program chose.
const ANSWERS_MOST: usize = 64 * 1024 + 64;

fuzz_target!(|bytes: &[u8]| {
    let [columns, rows, cut, bytes @ ..] = bytes else { return };
    let mut screen = Screen::new(Size { columns: u16::from(*columns), rows: u16::from(*rows) });
    for piece in bytes.chunks(usize::from(*cut) + 1) {
        // As a session does: the rest is fed until all is taken.
        let mut rest = piece;
        while !rest.is_empty() {
            let fed = screen.feed(rest);
            assert!(fed.used > 0, "it goes on");
            rest = &rest[fed.used..];
        }
        if piece.first() == Some(&0) {
            screen.resize(Size { columns: u16::from(piece.len() as u8), rows: u16::from(*rows) / 2 });
        }
    }
    screen.end_sync();
    let frame = screen.frame(3);
    assert!(frame.size.columns > 0 && frame.size.rows > 0);
    assert_eq!(screen.panics(), 0, "the emulator panicked");
    let answers = screen.take_replies();
    assert!(answers.len() <= ANSWERS_MOST);
    assert!(answers.iter().all(|byte| (0x20..0x7f).contains(byte) || matches!(byte, 0x1b | 0x07)), "{answers:?}");
});
