//! A paste as bytes for a program: text only, never a key press in disguise.
//!
//! Change here: what a paste may contain. Not here: the question before a multi-line paste without brackets (tui).

use super::modes::Modes;

const BEGIN: &[u8] = b"\x1b[200~";
const END: &[u8] = b"\x1b[201~";

/// What a line may have without its end where the system edits lines: it drops the rest without a word (4,095 on Linux, less elsewhere).
pub const COOKED_LINE_BYTES: usize = if cfg!(target_os = "linux") { 4095 } else { 1023 };

/// Whether a program that is given whole lines by the system gets all of these bytes.
pub fn fits_cooked(bytes: &[u8]) -> bool {
    bytes.split(|byte| matches!(byte, b'\r' | b'\n')).all(|line| line.len() <= COOKED_LINE_BYTES)
}

/// The bytes of a paste. Control characters become spaces, so that no pasted text can end the brackets, interrupt or run a command.
///
/// TAB and newline stay. Without brackets a newline is the Enter key, which is what a terminal sends.
pub fn encode_paste(text: &str, modes: &Modes) -> Vec<u8> {
    let newline = if modes.bracketed_paste { '\n' } else { '\r' };
    let mut bytes = Vec::with_capacity(text.len() + BEGIN.len() + END.len());
    if modes.bracketed_paste {
        bytes.extend_from_slice(BEGIN);
    }
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let kept = match character {
            '\r' => {
                let _ = characters.next_if_eq(&'\n'); // CR LF is one newline.
                newline
            }
            '\n' => newline,
            '\t' => '\t',
            // C0, DEL and C1: ESC and 0x9b could begin a sequence, ^C and ^D would act in a cooked pty.
            other if other.is_control() => ' ',
            other => other,
        };
        bytes.extend_from_slice(kept.encode_utf8(&mut [0; 4]).as_bytes());
    }
    if modes.bracketed_paste {
        bytes.extend_from_slice(END);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bracketed() -> Modes {
        Modes { bracketed_paste: true, ..Modes::default() }
    }

    #[test]
    fn a_line_that_the_system_would_cut_does_not_fit() {
        let line = "x".repeat(COOKED_LINE_BYTES);
        assert!(fits_cooked(b"") && fits_cooked(line.as_bytes()));
        assert!(fits_cooked(format!("{line}\r{line}\n").as_bytes()));
        assert!(!fits_cooked(format!("a\r{line}x\rb").as_bytes()));
    }

    #[test]
    fn a_paste_is_text_and_newlines_only() {
        for (text, modes, bytes) in [
            ("plain", Modes::default(), "plain"),
            ("a\nb\r\nc\rd", Modes::default(), "a\rb\rc\rd"),
            ("a\nb\tc", bracketed(), "\x1b[200~a\nb\tc\x1b[201~"),
            ("rm\x1b[201~\r", bracketed(), "\x1b[200~rm [201~\n\x1b[201~"),
            ("\x03\x04\x1a\x7f\u{9b}201~", bracketed(), "\x1b[200~     201~\x1b[201~"),
            ("日é", Modes::default(), "日é"),
        ] {
            assert_eq!(encode_paste(text, &modes), bytes.as_bytes(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_can_end_the_brackets(text in "(\\PC|\x1b|\\[201~|\n|\r|\u{9b}){0,60}") {
            let bytes = encode_paste(&text, &bracketed());
            let inner = &bytes[BEGIN.len()..bytes.len() - END.len()];
            prop_assert!(inner.iter().all(|byte| matches!(byte, b'\t' | b'\n' | 0x20..=0x7e | 0x80..)));
            let inner = std::str::from_utf8(inner).expect("text stays text");
            prop_assert!(inner.chars().all(|c| !c.is_control() || c == '\t' || c == '\n'));
        }
    }
}
