//! The bytes that bring a terminal's modes to where a program had set them: what a record of output begins with when what came before it is
//! thrown away.
//!
//! Change here: a mode that `modes.rs` knows. Not here: text, colours and scrollback, which are drawn anew or gone.

use super::modes::{CursorKeys, Keypad, Modes, MouseEncoding, MouseMode};

/// Sets on a terminal that was just switched on what these modes say.
pub fn prelude(modes: &Modes) -> Vec<u8> {
    let private = [
        (modes.alternate_screen, 1049),
        (modes.cursor_keys == CursorKeys::Application, 1),
        (modes.bracketed_paste, 2004),
        (modes.focus_events, 1004),
        (modes.mouse == MouseMode::Click, 1000),
        (modes.mouse == MouseMode::Drag, 1002),
        (modes.mouse == MouseMode::Motion, 1003),
        (modes.mouse_encoding == MouseEncoding::Sgr, 1006),
        (modes.mouse_encoding == MouseEncoding::Utf8, 1005),
    ];
    let mut text: String =
        private.iter().filter(|(set, _)| *set).map(|(_, number)| format!("\x1b[?{number}h")).collect();
    // That one is on by itself.
    if !modes.alternate_scroll {
        text.push_str("\x1b[?1007l");
    }
    if modes.keypad == Keypad::Application {
        text.push_str("\x1b=");
    }
    if modes.kitty != 0 {
        text.push_str(&format!("\x1b[={};1u", modes.kitty));
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::emulator::Screen;
    use crate::terminal::frame::Size;

    fn after(bytes: &[u8]) -> Modes {
        let mut screen = Screen::new(Size { columns: 20, rows: 5 });
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = &rest[screen.feed(rest).used..];
        }
        screen.modes()
    }

    #[test]
    fn a_new_screen_has_the_same_modes_after_it() {
        for set in [
            "",
            "\x1b[?1049h\x1b[?2004h",
            "\x1b[?1h\x1b=\x1b[?1004h",
            "\x1b[?1000h",
            "\x1b[?1002h\x1b[?1006h",
            "\x1b[?1003h\x1b[?1005h",
            "\x1b[>5u",
            "\x1b[?1049h\x1b[?1007l",
        ] {
            let modes = after(set.as_bytes());
            assert_eq!(after(&prelude(&modes)), modes, "{set:?}");
        }
    }
}
