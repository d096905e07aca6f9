//! Watches a control sequence (`ESC [ ...` up to a letter) go by, for the few that are told at their exact place.
//!
//! Change here: which control sequences stand out. Not here: their effect, which is the emulator's.
//!
//! It follows vte's way of reading: the first number counts, one of several parts (`4:3`) is read like one of several numbers, and what is
//! in the way (controls, bytes above ASCII) does not end a sequence.

/// Bracketed paste, among the private modes.
const PASTE_MODE: u16 = 2004;
/// Repeats of so few are no more work than other sequences are.
const FEW_REPEATS: u16 = 99;

/// How far a sequence has come, behind its bracket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sequence {
    Begun,
    /// `>` and zeros: with `q` it is XTVERSION.
    Greater,
    /// `?` and numbers, the last of them so far, and whether one before it was the paste mode's.
    Private {
        number: u16,
        has_paste: bool,
    },
    /// A first number: with `b` it is REP.
    First(u16),
    /// A first number that is high, and others.
    More(u16),
}

/// What stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notable {
    VersionQuery,
    /// The paste mode is set or reset, perhaps to what it was.
    PasteMode,
    /// REP: the last character is to come so many times again.
    Repeat(u16),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    On(Sequence),
    /// The byte is its last one.
    Ends(Notable),
    /// Whatever comes, it does not stand out.
    Plain,
}

impl Sequence {
    /// Takes the next byte, one that is printable.
    pub fn next(self, byte: u8) -> Step {
        match self {
            Sequence::Begun => match byte {
                b'>' => Step::On(Sequence::Greater),
                b'?' => Step::On(Sequence::Private { number: 0, has_paste: false }),
                b'0'..=b'9' => Step::On(Sequence::First(append(0, byte))),
                _ => Step::Plain,
            },
            Sequence::Greater => match byte {
                b'0' => Step::On(self),
                b'q' => Step::Ends(Notable::VersionQuery),
                _ => Step::Plain,
            },
            Sequence::Private { number, has_paste } => {
                let is_noted = has_paste || number == PASTE_MODE;
                match byte {
                    b'0'..=b'9' => Step::On(Sequence::Private { number: append(number, byte), has_paste }),
                    b';' | b':' => Step::On(Sequence::Private { number: 0, has_paste: is_noted }),
                    b'h' | b'l' if is_noted => Step::Ends(Notable::PasteMode),
                    _ => Step::Plain,
                }
            }
            Sequence::First(number) => match byte {
                b'0'..=b'9' => Step::On(Sequence::First(append(number, byte))),
                b';' | b':' if number > FEW_REPEATS => Step::On(Sequence::More(number)),
                b'b' if number > FEW_REPEATS => Step::Ends(Notable::Repeat(number)),
                _ => Step::Plain,
            },
            Sequence::More(first) => match byte {
                b'0'..=b'9' | b';' | b':' => Step::On(self),
                b'b' => Step::Ends(Notable::Repeat(first)),
                _ => Step::Plain,
            },
        }
    }

    /// Whether a sequence with these bytes behind its bracket need not be watched. Where they do not tell, it must.
    #[inline]
    pub fn is_plain(bytes: &[u8]) -> bool {
        // Nearly all sequences begin with a short number or a letter, and what is behind it decides.
        match bytes {
            [b'@'..=b'~', ..] => true,
            [b'0'..=b'9', next, ..] if is_after_number(*next) => true,
            [b'0'..=b'9', b'0'..=b'9', next, ..] if is_after_number(*next) => true,
            [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'A'..=b'Z' | b'm', ..] => true,
            _ => Sequence::is_followed_to_plain(bytes),
        }
    }

    fn is_followed_to_plain(bytes: &[u8]) -> bool {
        let mut sequence = Sequence::Begun;
        for byte in bytes {
            match sequence.next(*byte) {
                Step::On(next) => sequence = next,
                Step::Plain => return is_printable(*byte),
                Step::Ends(_) => return false,
            }
        }
        false
    }
}

/// Whether a byte ends a number and is part of the sequence.
fn is_after_number(byte: u8) -> bool {
    is_printable(byte) && !byte.is_ascii_digit()
}

/// The number with another digit, as far as vte counts.
fn append(number: u16, digit: u8) -> u16 {
    number.saturating_mul(10).saturating_add(u16::from(digit - b'0'))
}

/// Whether a byte is part of a sequence. Others take effect, or do nothing, while it goes on.
pub(super) fn is_printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(bytes: &str) -> Option<Notable> {
        let mut sequence = Sequence::Begun;
        for (place, byte) in bytes.bytes().enumerate() {
            match sequence.next(byte) {
                Step::On(next) => sequence = next,
                Step::Plain => return None,
                Step::Ends(notable) => {
                    assert_eq!(place + 1, bytes.len(), "{bytes:?} goes on");
                    return Some(notable);
                }
            }
        }
        panic!("{bytes:?} does not end");
    }

    #[test]
    fn what_stands_out_is_seen_at_its_last_byte() {
        let paste = Some(Notable::PasteMode);
        for (bytes, notable) in [
            (">q", Some(Notable::VersionQuery)),
            (">00q", Some(Notable::VersionQuery)),
            (">1q", None),
            (">4;2m", None),
            ("?2004h", paste),
            ("?2004l", paste),
            ("?1;2004h", paste),
            ("?02004;1004l", paste),
            ("?2004:1h", paste),
            ("?2004$p", None),
            ("?20041h", None),
            ("?204h", None),
            ("?25l", None),
            ("2004h", None),
            ("100b", Some(Notable::Repeat(100))),
            ("0065535b", Some(Notable::Repeat(65_535))),
            ("4294967296b", Some(Notable::Repeat(65_535))),
            ("1000;2:3b", Some(Notable::Repeat(1000))),
            ("99b", None),
            ("2;1000b", None),
            (";1000b", None),
            (">1000b", None),
            ("1000 b", None),
            ("100;1H", None),
            ("38;2;255;255;255m", None),
            ("31m", None),
            ("H", None),
            ("!p", None),
        ] {
            assert_eq!(watch(bytes), notable, "{bytes:?}");
            assert_eq!(Sequence::is_plain(bytes.as_bytes()), notable.is_none(), "{bytes:?}");
        }
    }

    #[test]
    fn a_sequence_that_is_cut_or_disturbed_is_watched_as_long_as_it_may_stand_out() {
        for bytes in
            ["", ">", "?", "?25", "\x01?2004h", "?20\x0704h", "?2004\u{e9}h", "?2\x7f", "3", "1\x01000b", "1000;"]
        {
            assert!(!Sequence::is_plain(bytes.as_bytes()), "{bytes:?}");
        }
        for bytes in ["31;\u{e9}", "?25h\x07", "?1u"] {
            assert!(Sequence::is_plain(bytes.as_bytes()), "{bytes:?}");
        }
    }
}
