//! Stands between a pty and the emulator: takes out of the stream what the emulator must not or need not see.
//!
//! Change here: which strings (OSC, DCS, APC, PM, SOS) are read and how long they may be. What is told of them is told at its exact place.
//! Not here: control sequences and text, which pass untouched (`filter/sequence.rs` says which of them are told), or what a mark means (host).
//!
//! Every string is removed, read or not: the emulator would keep an unterminated one of 64 MB, and every hyperlink and title for nothing,
//! because a frame has no place for them.

use std::mem;

use super::replies::Terminator;
use sequence::{Notable, Sequence, Step, is_printable};

mod sequence;

/// Marks with a command's text are the longest that we read.
const MARK_BYTES: usize = 64 * 1024;
/// More than any title bar shows.
const TITLE_BYTES: usize = 1024;
/// Sixteen colour questions in one string and some air.
const COLOR_BYTES: usize = 1024;
/// The longest number of a string that we read has four digits.
const NUMBER_DIGITS: usize = 4;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
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
enum Wanted {
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

    /// A string begins where a sequence may just be half done: `ESC \` ends that one as the string's own ESC would have.
    fn begin_string(&mut self, reading: Reading, emulator: &mut impl FnMut(&[u8])) {
        emulator(b"\x1b\\");
        self.string = Vec::new();
        self.state = State::String(reading);
    }

    fn read(&mut self, reading: Reading, bytes: &[u8]) -> (usize, Option<Heard>) {
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

    fn after_string_escape(&mut self, reading: Reading, byte: u8) -> (usize, Option<Heard>) {
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

/// Controls take effect after an ESC, and bytes above ASCII do nothing; neither ends it.
fn leaves_escape_open(byte: u8) -> bool {
    !matches!(byte, CANCEL | SUBSTITUTE | ESCAPE | b' '..=b'~')
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
mod tests {
    use super::*;

    /// What passes and what is heard, with the places of the heard in the passed bytes.
    fn filter(pieces: &[&[u8]]) -> (Vec<u8>, Vec<(usize, Heard)>, Filter) {
        let (mut filter, mut passed, mut all) = (Filter::default(), Vec::new(), Vec::new());
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() {
                let (used, heard) = filter.feed(rest, |bytes| passed.extend_from_slice(bytes));
                assert!(used > 0, "the filter stands still at {rest:?}");
                rest = &rest[used..];
                all.extend(heard.map(|heard| (passed.len(), heard)));
            }
        }
        (passed, all, filter)
    }

    fn mark(text: &str) -> Heard {
        Heard::Mark(text.as_bytes().to_vec())
    }

    #[test]
    fn strings_are_taken_out_at_their_place_wherever_the_stream_is_cut() {
        let title = |text: &str| Heard::Title(text.as_bytes().to_vec());
        let (paste, reset) = (|| Heard::PasteMode, || Heard::Reset);
        let st = Terminator::StringTerminator;
        type Case<'a> = (&'a str, &'a str, &'a [(usize, Heard)]);
        let table: &[Case] = &[
            ("plain \x1b[31mred\x1b[m", "plain \x1b[31mred\x1b[m", &[]),
            ("a\x1b]133;A\x07b", "a\x1b\\b", &[(3, mark("133;A"))]),
            ("a\x1b]133;C\x1b\\b", "a\x1b\\b", &[(3, mark("133;C"))]),
            ("\x1b]7501;?\x07\x1b[c", "\x1b\\\x1b[c", &[(2, mark("7501;?"))]),
            ("\x1b]2;hi;ho\x07", "\x1b\\", &[(2, title("hi;ho"))]),
            ("\x1b]0;日\x1b\\x", "\x1b\\x", &[(2, title("日"))]),
            ("\x1b]1;icon\x07\x1b]52;c;aGk=\x07\x1b]8;;http://x\x07y", "\x1b\\\x1b\\\x1b\\y", &[]),
            ("\x1b]133\x07\x1b]13345;A\x07\x1b]x\x07.", "\x1b\\\x1b\\\x1b\\.", &[]),
            ("\x1b]11;?\x1b\\", "\x1b\\", &[(2, Heard::Colors(b"11;?".to_vec(), st))]),
            ("\x1b]9;given up\x18x", "\x1b\\x", &[]),
            ("\x1b]9;given up\x1ax", "\x1b\\x", &[]),
            ("\x1b]9;given up\x1b[1mx", "\x1b\\\x1b[1mx", &[]),
            ("\x1b]9;one\x1b]9;two\x07", "\x1b\\\x1b\\", &[(4, mark("9;two"))]),
            ("\x1bPq\x07sixel\x1b\\x\x1b_apc\x1b\\y\x1b^pm\x1b\\\x1bXsos\x1b\\z", "\x1b\\x\x1b\\y\x1b\\\x1b\\z", &[]),
            ("a\x07\x07b\x1b\x1b[1m", "ab\x1b\x1b[1m", &[(1, Heard::Bell)]),
            ("\x1b[3\x1b]133;D;0\x07", "\x1b[3\x1b\\", &[(5, mark("133;D;0"))]),
            ("\x1b\x01]133;A\x07x", "\x1b\x01\x1b\\x", &[(4, mark("133;A"))]),
            (
                "\x1b\x07\x7f\x1b\n]0;t\x07\x1b\r[1mx",
                "\x1b\x7f\x1b\n\x1b\\\x1b\r\x1b[1mx",
                &[(1, Heard::Bell), (6, title("t"))],
            ),
            ("\x1bé_apc\x1b\\x\x1b\x01\x18]x", "\x1bé\x1b\\x\x1b\x01\x1b\x18]x", &[]),
            ("\x1b[>q\x1b[>0qx", "\x1b[>q\x1b[>0qx", &[(4, Heard::VersionQuery), (9, Heard::VersionQuery)]),
            ("\x1b[>4;2m\x1b[>1u\x1b[>1q", "\x1b[>4;2m\x1b[>1u\x1b[>1q", &[]),
            ("\x1b[?2004hx\x1b[?1;2004;25lx", "\x1b[?2004hx\x1b[?1;2004;25lx", &[(8, paste()), (22, paste())]),
            ("\x1b[?2004$p\x1b[2004h\x1b[?25h", "\x1b[?2004$p\x1b[2004h\x1b[?25h", &[]),
            ("\x1b[?20\n0\x07é4\x7fhé", "\x1b[?20\n04\x7fhé", &[(7, Heard::Bell), (10, paste())]),
            ("\x1b[?2004\x18h\x1b[?2004\x1b[?2004h", "\x1b[?2004\x18h\x1b[?2004\x1b[?2004h", &[(24, paste())]),
            (
                "a\x1bcb\x1b\x1bc\x1b(c\x1b\nc",
                "a\x1bcb\x1b\x1bc\x1b(c\x1b\n\x1bc",
                &[(3, reset()), (7, reset()), (14, reset())],
            ),
            ("x\x1b[99bx\x1b[1000;1bx", "x\x1b[99bx\x1b[1000;1\x18x", &[(16, Heard::Repeat(1000))]),
            (
                "x\x1b[6\n5é5\x7f35bx\x1b[100\x18b",
                "x\x1b[6\n55\x7f35\x18x\x1b[100\x18b",
                &[(11, Heard::Repeat(65_535))],
            ),
            ("日本\x1b]133;B\x07語", "日本\x1b\\語", &[(8, mark("133;B"))]),
        ];
        for (input, passes, hears) in table {
            for cut in 0..input.len() {
                let (first, second) = input.as_bytes().split_at(cut);
                let (passed, heard, filter) = filter(&[first, second]);
                let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                assert_eq!(told(&passed), *passes, "{input:?} cut at {cut}");
                // Bells in a row are one unless the stream is cut between them.
                let bells = input.contains("\x07\x07");
                assert!(bells || heard == *hears, "{input:?} cut at {cut}: {heard:?}");
                assert_eq!(filter.held_bytes(), 0, "{input:?}");
            }
        }
    }

    #[test]
    fn a_character_is_never_passed_in_pieces() {
        let text = "aé日本🦀e\u{301}z".as_bytes();
        for first in 0..text.len() {
            for second in first..text.len() {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                let (mut filter, mut passed) = (Filter::default(), Vec::new());
                for piece in pieces {
                    filter.feed(piece, |bytes| {
                        std::str::from_utf8(bytes).expect("whole characters only");
                        passed.extend_from_slice(bytes);
                    });
                }
                assert_eq!(passed, text, "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn broken_characters_show_as_replacements_and_lose_nothing_after_them() {
        for (pieces, passes) in [
            (&[&b"\xe2\x82"[..], b"A"][..], "\u{fffd}A"),
            (&[b"\xf0\x9f", b"\xa6", b"\x1b[m"], "\u{fffd}\x1b[m"),
            (&[b"\xe2\x82\x1b]133;A\x07x"], "\u{fffd}\x1b\\x"),
            (&[b"\xe2\x82\x07\xe2\x82", b"\xac"], "\u{fffd}€"),
            (&[b"\xe2", b"\xe2\x82\xac"], "\u{fffd}€"),
            (&[b"a\xe2\x82\xc2\xc3", b"\xa9"], "a\u{fffd}\u{fffd}é"),
        ] {
            let (passed, _, _) = filter(pieces);
            assert_eq!(String::from_utf8_lossy(&passed), passes, "{pieces:?}");
        }
    }

    #[test]
    fn strings_without_an_end_need_no_memory() {
        for begin in ["\x1b]2;", "\x1b]133;C;", "\x1b]52;c;", "\x1bPq", "\x1b_G", "\x1b]"] {
            let mut filter = Filter::default();
            let chunk = vec![b'x'; 1 << 20];
            filter.feed(begin.as_bytes(), |_| ());
            for _ in 0..64 {
                let (used, heard) = filter.feed(&chunk, |_| panic!("a string leaks to the screen"));
                assert_eq!((used, heard), (chunk.len(), None));
                assert!(filter.held_bytes() <= 2 * MARK_BYTES, "{} bytes held in {begin:?}", filter.held_bytes());
            }
            let mut passed = Vec::new();
            filter.feed(b"\x1b\\after", |bytes| passed.extend_from_slice(bytes));
            if passed.is_empty() {
                filter.feed(b"after", |bytes| passed.extend_from_slice(bytes));
            }
            assert_eq!(passed, b"after");
        }
    }

    #[test]
    fn a_title_is_cut_and_a_mark_is_dropped_at_the_cap() {
        let (_, heard, _) = filter(&[b"\x1b]2;", &[b'x'; 5000], b"\x07"]);
        assert_eq!(heard, [(2, Heard::Title(vec![b'x'; TITLE_BYTES - 2]))]);
        let (_, heard, _) = filter(&[b"\x1b]133;", &[b'x'; MARK_BYTES], b"\x07"]);
        assert_eq!(heard, []);
        let (_, heard, _) = filter(&[b"\x1b]133;", &vec![b'x'; MARK_BYTES - 4], b"\x07"]);
        assert_eq!(heard.len(), 1);
    }
}
