//! Stands between a pty and the emulator: takes out of the stream what the emulator must not or need not see.
//!
//! Change here: what is heard, at its exact place in the stream (`filter/strings.rs` says which strings are read).
//! Not here: control sequences and text, which pass (`filter/sequence.rs` says which of them are heard), or what a mark means (host).
//!
//! Every string is removed, read or not: the emulator would keep an unterminated one of 64 MB, and every hyperlink and title for nothing,
//! because a frame has no place for them.

use super::replies::Terminator;
use sequence::{Notable, Sequence, Step, is_printable};
use strings::Reading;

mod sequence;
mod strings;

const BELL: u8 = 0x07;
const CANCEL: u8 = 0x18;
const SUBSTITUTE: u8 = 0x1a;
const ESCAPE: u8 = 0x1b;

/// What the filter took out of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// One or more bells in a row.
    Bell,
    /// The text of OSC 0 or 2, as the program wrote it.
    Title(Vec<u8>),
    /// The payload of OSC 7, 9, 99, 133, 777, 7501 or 7502.
    Mark(Vec<u8>),
    /// The payload of OSC 4, 10 or 11.
    Colors(Vec<u8>, Terminator),
    /// XTVERSION. The question itself has passed.
    VersionQuery,
    /// The mode of bracketed paste has been set or reset, perhaps to what it was. The sequence itself has passed.
    PasteMode,
    /// RIS, which has passed.
    Reset,
    /// REP of many. It has been cancelled: how many of them are worth the work is the owner's to say.
    Repeat(u16),
}

/// The filter of one stream. Holds at most one string and three bytes of a cut character.
#[derive(Debug, Default)]
pub struct Filter {
    state: State,
    /// What is kept of the string that is being read.
    string: Vec<u8>,
    /// The beginning of a character whose rest has not come. vte 0.15 drops the character after a split one (its issues 156 and 159),
    /// so it never sees a split one.
    carry: [u8; 3],
    carry_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Text and sequences that pass.
    #[default]
    Passing,
    /// An ESC came last and is held: the next byte says whether a string begins.
    Escape,
    /// An ESC has passed and a control or a byte above ASCII followed, which leaves it open: vte takes the byte after that for its next.
    OpenEscape,
    /// `ESC [` and perhaps more of a control sequence has passed.
    Sequence(Sequence),
    String(Reading),
    /// An ESC came inside a string: with `\` it ends, with anything else it is given up.
    StringEscape(Reading),
}

impl Filter {
    /// Passes bytes on to `emulator` up to and including the first thing heard. Returns how many were used.
    pub fn feed(&mut self, bytes: &[u8], mut emulator: impl FnMut(&[u8])) -> (usize, Option<Heard>) {
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            let (more, heard) = match self.state {
                State::Passing if self.carry_bytes > 0 => (self.complete_character(rest[0], &mut emulator), None),
                State::Passing => self.pass(rest, &mut emulator),
                State::Escape => self.after_escape(rest[0], &mut emulator),
                State::OpenEscape => self.after_open_escape(rest[0], &mut emulator),
                State::Sequence(sequence) => self.follow(sequence, rest[0], &mut emulator),
                State::String(reading) => self.read(reading, rest),
                State::StringEscape(reading) => self.after_string_escape(reading, rest[0]),
            };
            used += more;
            if heard.is_some() {
                return (used, heard);
            }
        }
        (used, None)
    }

    /// Bytes that the filter keeps allocated.
    pub fn held_bytes(&self) -> usize {
        self.string.capacity()
    }

    /// The long way of plain text: one search for the next byte that matters, one slice to the emulator.
    fn pass(&mut self, bytes: &[u8], emulator: &mut impl FnMut(&[u8])) -> (usize, Option<Heard>) {
        let mut from = 0;
        while let Some(found) = memchr::memchr2(ESCAPE, BELL, &bytes[from..]).map(|offset| from + offset) {
            if bytes[found] == BELL {
                emit_cut(&bytes[..found], emulator);
                let bells = bytes[found..].iter().take_while(|byte| **byte == BELL).count();
                return (found + bells, Some(Heard::Bell));
            }
            let reading = match bytes.get(found + 1) {
                Some(b']') => Reading::Number,
                Some(b'P' | b'_' | b'^' | b'X') => Reading::SwallowOther,
                Some(b'[') if !Sequence::is_plain(&bytes[found + 2..]) => {
                    emulator(&bytes[..found + 2]);
                    self.state = State::Sequence(Sequence::Begun);
                    return (found + 2, None);
                }
                Some(b'c') => {
                    emulator(&bytes[..found + 2]);
                    return (found + 2, Some(Heard::Reset));
                }
                None => {
                    emit_cut(&bytes[..found], emulator);
                    self.state = State::Escape;
                    return (found + 1, None);
                }
                Some(byte) if leaves_escape_open(*byte) => {
                    emulator(&bytes[..=found]);
                    self.state = State::OpenEscape;
                    return (found + 1, None);
                }
                Some(_) => {
                    from = found + 1;
                    continue;
                }
            };
            emit_cut(&bytes[..found], emulator);
            self.begin_string(reading, emulator);
            return (found + 2, None);
        }
        let tail = incomplete_tail(bytes);
        let whole = bytes.len() - tail;
        self.carry[..tail].copy_from_slice(&bytes[whole..]);
        self.carry_bytes = tail;
        // Before a cut character may stand another one that nothing can complete any more.
        emit_cut(&bytes[..whole], emulator);
        (bytes.len(), None)
    }

    /// Adds a byte to a cut character. One that does not belong to it is not used.
    fn complete_character(&mut self, byte: u8, emulator: &mut impl FnMut(&[u8])) -> usize {
        let mut character = [0; 4];
        let bytes = self.carry_bytes + 1;
        character[..self.carry_bytes].copy_from_slice(&self.carry[..self.carry_bytes]);
        character[self.carry_bytes] = byte;
        match std::str::from_utf8(&character[..bytes]) {
            Ok(whole) => {
                emulator(whole.as_bytes());
                self.carry_bytes = 0;
                1
            }
            Err(error) if error.error_len().is_none() && bytes <= self.carry.len() => {
                self.carry[self.carry_bytes] = byte;
                self.carry_bytes = bytes;
                1
            }
            Err(_) => {
                emulator("\u{fffd}".as_bytes());
                self.carry_bytes = 0;
                0
            }
        }
    }

    fn after_escape(&mut self, byte: u8, emulator: &mut impl FnMut(&[u8])) -> (usize, Option<Heard>) {
        match byte {
            b']' => self.begin_string(Reading::Number, emulator),
            b'P' | b'_' | b'^' | b'X' => self.begin_string(Reading::SwallowOther, emulator),
            b'[' => {
                emulator(b"\x1b[");
                self.state = State::Sequence(Sequence::Begun);
            }
            b'c' => {
                emulator(b"\x1bc");
                self.state = State::Passing;
                return (1, Some(Heard::Reset));
            }
            ESCAPE => emulator(b"\x1b"),
            _ => {
                emulator(b"\x1b");
                self.state = if leaves_escape_open(byte) { State::OpenEscape } else { State::Passing };
                return (0, None);
            }
        }
        (1, None)
    }

    fn after_open_escape(&mut self, byte: u8, emulator: &mut impl FnMut(&[u8])) -> (usize, Option<Heard>) {
        if byte == BELL {
            return (1, Some(Heard::Bell));
        }
        if leaves_escape_open(byte) {
            emulator(&[byte]);
            return (1, None);
        }
        // Another ESC before it changes nothing.
        self.after_escape(byte, emulator)
    }

    /// Watches a control sequence while its bytes pass.
    fn follow(&mut self, sequence: Sequence, byte: u8, emulator: &mut impl FnMut(&[u8])) -> (usize, Option<Heard>) {
        match byte {
            BELL => return (1, Some(Heard::Bell)),
            CANCEL | SUBSTITUTE | ESCAPE => {
                self.state = State::Passing;
                return (0, None);
            }
            // It does nothing here, and alone it would be a piece of a character.
            0x80.. => return (1, None),
            byte if !is_printable(byte) => {
                emulator(&[byte]);
                return (1, None);
            }
            _ => {}
        }
        let heard = match sequence.next(byte) {
            Step::Plain => {
                self.state = State::Passing;
                return (0, None);
            }
            Step::On(next) => {
                self.state = State::Sequence(next);
                None
            }
            Step::Ends(notable) => {
                self.state = State::Passing;
                match notable {
                    Notable::VersionQuery => Some(Heard::VersionQuery),
                    Notable::PasteMode => Some(Heard::PasteMode),
                    Notable::Repeat(count) => {
                        // What has passed of it is taken back.
                        emulator(&[CANCEL]);
                        return (1, Some(Heard::Repeat(count)));
                    }
                }
            }
        };
        emulator(&[byte]);
        (1, heard)
    }
}

/// Controls take effect after an ESC, and bytes above ASCII do nothing; neither ends it.
fn leaves_escape_open(byte: u8) -> bool {
    !matches!(byte, CANCEL | SUBSTITUTE | ESCAPE | b' '..=b'~')
}

/// Passes text on that ends here whatever follows: characters cut off there show as replacements, as in one piece.
fn emit_cut(bytes: &[u8], emulator: &mut impl FnMut(&[u8])) {
    let (mut whole, mut cut) = (bytes.len(), 0);
    loop {
        let tail = incomplete_tail(&bytes[..whole]);
        if tail == 0 {
            break;
        }
        (whole, cut) = (whole - tail, cut + 1);
    }
    if whole > 0 {
        emulator(&bytes[..whole]);
    }
    for _ in 0..cut {
        emulator("\u{fffd}".as_bytes());
    }
}

/// How many bytes at the end are the beginning of a character, 0 to 3.
fn incomplete_tail(bytes: &[u8]) -> usize {
    for length in 1..=bytes.len().min(3) {
        let tail = &bytes[bytes.len() - length..];
        match tail[0] {
            0x80..=0xbf => continue,
            0xc2..=0xf4 => {
                let is_cut = std::str::from_utf8(tail).is_err_and(|error| error.error_len().is_none());
                return if is_cut { length } else { 0 };
            }
            _ => return 0,
        }
    }
    0
}

#[cfg(test)]
mod tests;
