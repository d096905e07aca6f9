//! Reads the strings in a stream: OSC, DCS, APC, PM and SOS.
//!
//! Change here: which of them are read, and how long they may be. Not here: where one begins (`filter.rs`), or what it means.

use std::mem;

use super::super::replies::Terminator;
use super::{BELL, CANCEL, ESCAPE, Filter, Heard, SUBSTITUTE, State};

/// Marks with a command's text are the longest that we read.
pub(super) const MARK_BYTES: usize = 64 * 1024;
/// More than any title bar shows.
pub(super) const TITLE_BYTES: usize = 1024;
/// Sixteen colour questions in one string and some air.
const COLOR_BYTES: usize = 1024;
/// The longest number of a string that we read has four digits.
const NUMBER_DIGITS: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// The number of an OSC, which decides about the rest.
    Number,
    /// An OSC that we read, up to its cap.
    Payload(Wanted),
    /// An OSC of no interest, or too long a mark.
    SwallowOsc,
    /// DCS, APC, PM or SOS, which a bell does not end.
    SwallowOther,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Title,
    Mark,
    Colors,
}

impl Wanted {
    fn cap(self) -> usize {
        match self {
            Wanted::Title => TITLE_BYTES,
            Wanted::Mark => MARK_BYTES,
            Wanted::Colors => COLOR_BYTES,
        }
    }
}

impl Filter {
    /// A string begins where a sequence may just be half done: `ESC \` ends that one as the string's own ESC would have.
    pub(super) fn begin_string(&mut self, reading: Reading, emulator: &mut impl FnMut(&[u8])) {
        emulator(b"\x1b\\");
        self.string = Vec::new();
        self.state = State::String(reading);
    }

    pub(super) fn read(&mut self, reading: Reading, bytes: &[u8]) -> (usize, Option<Heard>) {
        let bell_ends = reading != Reading::SwallowOther;
        let end =
            bytes.iter().position(|byte| matches!(*byte, ESCAPE | CANCEL | SUBSTITUTE) || (*byte == BELL && bell_ends));
        let reading = self.collect(reading, &bytes[..end.unwrap_or(bytes.len())]);
        let Some(end) = end else {
            self.state = State::String(reading);
            return (bytes.len(), None);
        };
        let heard = match bytes[end] {
            ESCAPE => {
                self.state = State::StringEscape(reading);
                None
            }
            BELL => self.end_string(reading, Terminator::Bell),
            _ => self.give_up(),
        };
        (end + 1, heard)
    }

    /// Keeps what is wanted of a piece of a string, and says how the rest is to be read.
    fn collect(&mut self, mut reading: Reading, bytes: &[u8]) -> Reading {
        for (place, byte) in bytes.iter().enumerate() {
            match reading {
                Reading::Number if *byte == b';' => {
                    reading = wanted(&self.string).map_or(Reading::SwallowOsc, Reading::Payload);
                    self.string.push(b';');
                }
                Reading::Number if self.string.len() == NUMBER_DIGITS => reading = Reading::SwallowOsc,
                Reading::Number => self.string.push(*byte),
                Reading::Payload(wanted) => return self.collect_payload(wanted, &bytes[place..]),
                Reading::SwallowOsc | Reading::SwallowOther => return reading,
            }
        }
        reading
    }

    fn collect_payload(&mut self, wanted: Wanted, bytes: &[u8]) -> Reading {
        let room = wanted.cap().saturating_sub(self.string.len());
        match (bytes.get(..room), wanted) {
            // A title that is cut is still a title; a mark that is cut says something else.
            (Some(fitting), Wanted::Title) => self.string.extend_from_slice(fitting),
            (Some(_), Wanted::Mark | Wanted::Colors) if bytes.len() > room => {
                self.string = Vec::new();
                return Reading::SwallowOsc;
            }
            _ => self.string.extend_from_slice(bytes),
        }
        Reading::Payload(wanted)
    }

    pub(super) fn after_string_escape(&mut self, reading: Reading, byte: u8) -> (usize, Option<Heard>) {
        if byte == b'\\' {
            return (1, self.end_string(reading, Terminator::StringTerminator));
        }
        // The ESC was the first byte of something new, and the string is given up.
        self.give_up();
        self.state = State::Escape;
        (0, None)
    }

    fn give_up(&mut self) -> Option<Heard> {
        self.string = Vec::new();
        self.state = State::Passing;
        None
    }

    fn end_string(&mut self, reading: Reading, terminator: Terminator) -> Option<Heard> {
        self.state = State::Passing;
        let string = mem::take(&mut self.string);
        match reading {
            Reading::Payload(Wanted::Title) => {
                let text = memchr::memchr(b';', &string).map_or(0, |separator| separator + 1);
                Some(Heard::Title(string[text..].to_vec()))
            }
            Reading::Payload(Wanted::Mark) => Some(Heard::Mark(string)),
            Reading::Payload(Wanted::Colors) => Some(Heard::Colors(string, terminator)),
            Reading::Number | Reading::SwallowOsc | Reading::SwallowOther => None,
        }
    }
}

/// What an OSC with this number is to us. OSC 52 (clipboard) and 8 (links) are among those that we do not read.
fn wanted(number: &[u8]) -> Option<Wanted> {
    match number {
        b"0" | b"2" => Some(Wanted::Title),
        b"7" | b"9" | b"99" | b"133" | b"777" | b"7501" | b"7502" => Some(Wanted::Mark),
        b"4" | b"10" | b"11" => Some(Wanted::Colors),
        _ => None,
    }
}
