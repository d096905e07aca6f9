//! Bytes of the person's terminal to keys, pastes, mouse and focus.
//!
//! Why not crossterm's reader: it spins for ever when the terminal hangs up (a read of 0 bytes), it blocks in the middle of a paste that comes
//! in parts, it waits for edges, so that input of more than 1,024 bytes can lie unread, and it names Ctrl+] `Ctrl+5`.
//! Change here: what a terminal may send. Not here: what a key means (`keymap.rs`).

use super::background::{self, Answer};
use super::event::Event;
use crate::terminal::keys::{Focus, Key, KeyCode, Modifiers, Mouse, MouseAction, MouseButton};

/// A sequence longer than this is none that we know; it is dropped.
const SEQUENCE_BYTES: usize = 128;
/// A longer paste arrives in parts of this size, so that a paste without end cannot fill the memory.
const PASTE_BYTES: usize = 8 << 20;
const PASTE_END: &[u8] = b"\x1b[201~";

/// Keeps what is incomplete between reads.
#[derive(Default)]
pub struct Input {
    bytes: Vec<u8>,
    paste: Option<Vec<u8>>,
    /// The terminal was asked for its background, so `ESC ]` may be the begin of its answer and not only a key.
    asked: bool,
}

/// What stands at the start of the bytes.
#[expect(clippy::large_enum_variant, reason = "one at a time, on the stack, gone at once")]
enum Piece {
    /// So many bytes, which mean this, if anything.
    Whole(usize, Option<Event>),
    PasteBegins(usize),
    Incomplete,
}

impl Input {
    /// Takes what was read and tells what it means.
    pub fn feed(&mut self, read: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        let mut rest = read;
        while !rest.is_empty() {
            if let Some(paste) = &mut self.paste {
                rest = take_paste(paste, rest, &mut events);
                if paste.ends_with(PASTE_END) {
                    paste.truncate(paste.len() - PASTE_END.len());
                    events.push(paste_event(paste));
                    self.paste = None;
                }
            } else {
                self.bytes.extend_from_slice(rest);
                rest = &[];
                if let Some(after) = self.take_pieces(&mut events) {
                    // What follows the paste's begin is handled as a read of its own.
                    events.extend(self.feed(&after));
                }
            }
        }
        events
    }

    /// An answer for the background may come.
    pub fn expect_background(&mut self) {
        self.asked = true;
    }

    /// Whether a sequence has begun and may go on: after a short while `settle` tells what it is.
    pub fn is_waiting(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// Nothing followed: a lone escape is the Escape key, anything else unfinished is dropped.
    pub fn settle(&mut self) -> Option<Event> {
        let bytes = std::mem::take(&mut self.bytes);
        match bytes.as_slice() {
            [0x1b] => Some(plain(KeyCode::Escape)),
            [0x1b, one @ (b'[' | b'O' | b']')] => Some(key(KeyCode::Char(char::from(*one)), Modifiers::ALT)),
            _ => None,
        }
    }

    fn piece(&self, bytes: &[u8]) -> Piece {
        if let [0x1b, b']', ..] = bytes
            && self.asked
        {
            match background::answer(bytes) {
                Answer::Whole(length, told) => return Piece::Whole(length, told.map(Event::Background)),
                Answer::Incomplete => return Piece::Incomplete,
                Answer::No => {}
            }
        }
        piece(bytes)
    }

    /// Takes all whole pieces; returns what follows where a paste begins.
    fn take_pieces(&mut self, events: &mut Vec<Event>) -> Option<Vec<u8>> {
        let mut at = 0;
        while at < self.bytes.len() {
            match self.piece(&self.bytes[at..]) {
                Piece::Whole(length, event) => {
                    at += length;
                    events.extend(event);
                }
                Piece::PasteBegins(length) => {
                    let after = self.bytes.split_off(at + length);
                    self.bytes.clear();
                    self.paste = Some(Vec::new());
                    return Some(after);
                }
                Piece::Incomplete => break,
            }
        }
        self.bytes.drain(..at);
        None
    }
}

/// Moves bytes into the paste up to its end mark; returns what follows.
fn take_paste<'b>(paste: &mut Vec<u8>, read: &'b [u8], events: &mut Vec<Event>) -> &'b [u8] {
    // The mark may lie across two reads, so the search begins a little before what is new.
    let from = paste.len().saturating_sub(PASTE_END.len());
    let before = paste.len();
    paste.extend_from_slice(read);
    let found = paste[from..].windows(PASTE_END.len()).position(|window| window == PASTE_END);
    match found {
        Some(place) => {
            let end = from + place + PASTE_END.len();
            paste.truncate(end);
            &read[end - before..]
        }
        None => {
            if paste.len() > PASTE_BYTES {
                // The tail stays: it may hold the begin of the mark or half a character.
                let tail = paste.split_off(paste.len() - PASTE_END.len());
                events.push(paste_event(paste));
                *paste = tail;
            }
            &[]
        }
    }
}

fn paste_event(bytes: &[u8]) -> Event {
    Event::Paste(String::from_utf8_lossy(bytes).into_owned())
}

fn key(code: KeyCode, modifiers: Modifiers) -> Event {
    Event::Key(Key { code, modifiers })
}

fn plain(code: KeyCode) -> Event {
    key(code, Modifiers::NONE)
}

fn piece(bytes: &[u8]) -> Piece {
    match bytes {
        [] | [0x1b] => Piece::Incomplete,
        [0x1b, b'[', rest @ ..] => sequence(rest),
        [0x1b, b'O', rest @ ..] => match rest.first() {
            None => Piece::Incomplete,
            Some(letter) => Piece::Whole(3, letter_key(*letter).map(plain)),
        },
        // Two escapes: the first is a key of its own.
        [0x1b, 0x1b, ..] => Piece::Whole(1, Some(plain(KeyCode::Escape))),
        [0x1b, rest @ ..] => match character(rest) {
            Piece::Whole(length, event) => Piece::Whole(length + 1, event.map(with_alt)),
            other @ (Piece::Incomplete | Piece::PasteBegins(_)) => other,
        },
        _ => character(bytes),
    }
}

fn with_alt(event: Event) -> Event {
    match event {
        Event::Key(Key { code, modifiers }) => key(code, modifiers.with(Modifiers::ALT)),
        other => other,
    }
}

/// A control character or one of text.
fn character(bytes: &[u8]) -> Piece {
    let Some(first) = bytes.first().copied() else { return Piece::Incomplete };
    let control = |char: u8| key(KeyCode::Char(char::from(char)), Modifiers::CONTROL);
    let event = match first {
        b'\r' => plain(KeyCode::Enter),
        b'\t' => plain(KeyCode::Tab),
        0x7f => plain(KeyCode::Backspace),
        0 => control(b' '),
        0x01..=0x1a => control(first - 1 + b'a'),
        0x1b => plain(KeyCode::Escape),
        0x1c..=0x1f => control(first - 0x1c + b'\\'),
        _ => return utf8(bytes),
    };
    Piece::Whole(1, Some(event))
}

fn utf8(bytes: &[u8]) -> Piece {
    let length = match bytes.first() {
        Some(0x20..=0x7e) => 1,
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => return Piece::Whole(1, None),
    };
    match bytes.get(..length).map(std::str::from_utf8) {
        Some(Ok(text)) => Piece::Whole(length, text.chars().next().map(|char| plain(KeyCode::Char(char)))),
        Some(Err(_)) => Piece::Whole(1, None),
        None => Piece::Incomplete,
    }
}

/// What follows `ESC [`.
fn sequence(rest: &[u8]) -> Piece {
    // The Linux console's F1 to F5.
    if let [b'[', letter @ b'A'..=b'E', ..] = rest {
        return Piece::Whole(4, Some(plain(KeyCode::Function(letter - b'A' + 1))));
    }
    let end = rest.iter().position(|byte| !(0x20..=0x3f).contains(byte));
    let Some(end) = end else {
        return if rest.len() > SEQUENCE_BYTES { Piece::Whole(rest.len() + 2, None) } else { Piece::Incomplete };
    };
    let length = end + 3;
    let (parameters, last) = (&rest[..end], rest[end]);
    if last == b'[' && end == 0 && rest.len() == 1 {
        return Piece::Incomplete;
    }
    if let [b'<', parameters @ ..] = parameters {
        return Piece::Whole(length, mouse(parameters, last));
    }
    let numbers = numbers(parameters);
    let first = numbers.first().copied().unwrap_or(1);
    let held = held(parameters);
    let event = match last {
        b'~' if first == 200 => return Piece::PasteBegins(length),
        b'~' if first == 27 => numbers.get(2).and_then(|code| code_key(*code)).map(|code| shifted(code, held)),
        b'~' => tilde_key(first).map(|code| key(code, held)),
        b'u' if is_release(parameters) => None,
        b'u' => code_key(first).map(|code| shifted(code, held)),
        b'Z' => Some(plain(KeyCode::BackTab)),
        b'n' => background::report(parameters).map(Event::Background),
        b'I' if parameters.is_empty() => Some(Event::Focus(Focus::Gained)),
        b'O' if parameters.is_empty() => Some(Event::Focus(Focus::Lost)),
        _ => letter_key(last).map(|code| key(code, held)),
    };
    Piece::Whole(length, event)
}

/// The first number of each parameter; `;` separates them, `:` what belongs to one.
fn numbers(parameters: &[u8]) -> Vec<u32> {
    parameters.split(|byte| *byte == b';').map(number).collect()
}

fn number(parameter: &[u8]) -> u32 {
    let digits = parameter.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |sum: u32, digit| sum.saturating_mul(10).saturating_add(u32::from(digit - b'0')))
}

/// What was held: the second parameter less one, in bits; those that are not ours are left out.
fn held(parameters: &[u8]) -> Modifiers {
    let bits = parameters.split(|byte| *byte == b';').nth(1).map_or(0, |held| number(held).saturating_sub(1));
    Modifiers(u8::try_from(bits & 0x0f).unwrap_or(0))
}

/// A key that was let go, from a terminal that tells it unasked.
fn is_release(parameters: &[u8]) -> bool {
    let held = parameters.split(|byte| *byte == b';').nth(1).unwrap_or_default();
    held.split(|byte| *byte == b':').nth(1).is_some_and(|kind| number(kind) == 3)
}

/// Shift is part of a character, and Shift+Tab has a name of its own.
fn shifted(code: KeyCode, held: Modifiers) -> Event {
    match code {
        KeyCode::Tab if held == Modifiers::SHIFT => plain(KeyCode::BackTab),
        KeyCode::Char(char) if held == Modifiers::SHIFT => {
            plain(KeyCode::Char(char.to_uppercase().next().unwrap_or(char)))
        }
        _ => key(code, held),
    }
}

fn letter_key(letter: u8) -> Option<KeyCode> {
    match letter {
        b'A' => Some(KeyCode::Up),
        b'B' => Some(KeyCode::Down),
        b'C' => Some(KeyCode::Right),
        b'D' => Some(KeyCode::Left),
        b'H' => Some(KeyCode::Home),
        b'F' => Some(KeyCode::End),
        b'M' => Some(KeyCode::Enter),
        b'P'..=b'S' => Some(KeyCode::Function(letter - b'P' + 1)),
        _ => None,
    }
}

fn tilde_key(number: u32) -> Option<KeyCode> {
    match number {
        1 | 7 => Some(KeyCode::Home),
        2 => Some(KeyCode::Insert),
        3 => Some(KeyCode::Delete),
        4 | 8 => Some(KeyCode::End),
        5 => Some(KeyCode::PageUp),
        6 => Some(KeyCode::PageDown),
        11..=15 => function(number - 10),
        17..=21 => function(number - 11),
        23..=26 => function(number - 12),
        28 | 29 => function(number - 13),
        31..=34 => function(number - 14),
        _ => None,
    }
}

fn function(number: u32) -> Option<KeyCode> {
    u8::try_from(number).ok().map(KeyCode::Function)
}

/// A key by its code point, as the kitty protocol and xterm's modifyOtherKeys tell it.
fn code_key(code: u32) -> Option<KeyCode> {
    match code {
        9 => Some(KeyCode::Tab),
        13 | 57414 => Some(KeyCode::Enter),
        27 => Some(KeyCode::Escape),
        8 | 127 => Some(KeyCode::Backspace),
        57399..=57408 => char::from_digit(code - 57399, 10).map(KeyCode::Char),
        57409 => Some(KeyCode::Char('.')),
        57410 => Some(KeyCode::Char('/')),
        57411 => Some(KeyCode::Char('*')),
        57412 => Some(KeyCode::Char('-')),
        57413 => Some(KeyCode::Char('+')),
        57415 => Some(KeyCode::Char('=')),
        57417 => Some(KeyCode::Left),
        57418 => Some(KeyCode::Right),
        57419 => Some(KeyCode::Up),
        57420 => Some(KeyCode::Down),
        57421 => Some(KeyCode::PageUp),
        57422 => Some(KeyCode::PageDown),
        57423 => Some(KeyCode::Home),
        57424 => Some(KeyCode::End),
        57425 => Some(KeyCode::Insert),
        57426 => Some(KeyCode::Delete),
        57376..=57387 => function(code - 57376 + 13),
        // Other keys of the private area are modifiers and media keys.
        0xe000..=0xf8ff => None,
        _ => char::from_u32(code).filter(|char| !char.is_control()).map(KeyCode::Char),
    }
}

/// `button;column;row` and `M` for pressed or moved, `m` for let go.
fn mouse(parameters: &[u8], last: u8) -> Option<Event> {
    let [bits, column, row] = numbers(parameters)[..] else { return None };
    let button = match bits & 3 {
        0 => Some(MouseButton::Left),
        1 => Some(MouseButton::Middle),
        2 => Some(MouseButton::Right),
        _ => None,
    };
    let action = match (bits & 0b1110_0000, last) {
        (64, b'M') => match bits & 3 {
            0 => MouseAction::WheelUp,
            1 => MouseAction::WheelDown,
            _ => return None,
        },
        (32, b'M') => button.map_or(MouseAction::Move, MouseAction::Drag),
        (0, b'M') => MouseAction::Press(button?),
        (0, b'm') => MouseAction::Release(button?),
        _ => return None,
    };
    let mut modifiers = Modifiers::NONE;
    for (bit, modifier) in [(4, Modifiers::SHIFT), (8, Modifiers::ALT), (16, Modifiers::CONTROL)] {
        if bits & bit != 0 {
            modifiers = modifiers.with(modifier);
        }
    }
    let cell = |number: u32| u16::try_from(number.saturating_sub(1)).ok();
    Some(Event::Mouse(Mouse { action, column: cell(column)?, row: cell(row)?, modifiers }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(bytes: &[u8]) -> Vec<Event> {
        let mut input = Input::default();
        let mut events = input.feed(bytes);
        events.extend(input.settle());
        events
    }

    #[test]
    fn keys_are_named_as_the_person_knows_them() {
        let control = |char| key(KeyCode::Char(char), Modifiers::CONTROL);
        let table: &[(&[u8], Event)] = &[
            (b"a", plain(KeyCode::Char('a'))),
            ("日".as_bytes(), plain(KeyCode::Char('日'))),
            (b"\x1d", control(']')),
            (b"\x0a", control('j')),
            (b"\x0d", plain(KeyCode::Enter)),
            (b"\x00", control(' ')),
            (b"\x1f", control('_')),
            (b"\x7f", plain(KeyCode::Backspace)),
            (b"\x1b", plain(KeyCode::Escape)),
            (b"\x1b\r", key(KeyCode::Enter, Modifiers::ALT)),
            (b"\x1b1", key(KeyCode::Char('1'), Modifiers::ALT)),
            (b"\x1b[", key(KeyCode::Char('['), Modifiers::ALT)),
            (b"\x1b[A", plain(KeyCode::Up)),
            (b"\x1bOA", plain(KeyCode::Up)),
            (b"\x1bOP", plain(KeyCode::Function(1))),
            (b"\x1b[[B", plain(KeyCode::Function(2))),
            (b"\x1b[1;5C", key(KeyCode::Right, Modifiers::CONTROL)),
            (b"\x1b[5;5~", key(KeyCode::PageUp, Modifiers::CONTROL)),
            (b"\x1b[6;2~", key(KeyCode::PageDown, Modifiers::SHIFT)),
            (b"\x1b[24~", plain(KeyCode::Function(12))),
            (b"\x1b[Z", plain(KeyCode::BackTab)),
            (b"\x1b[13;2u", key(KeyCode::Enter, Modifiers::SHIFT)),
            (b"\x1b[27;2;13~", key(KeyCode::Enter, Modifiers::SHIFT)),
            (b"\x1b[93;5u", control(']')),
            (b"\x1b[27u", plain(KeyCode::Escape)),
            (b"\x1b[9;2u", plain(KeyCode::BackTab)),
            (b"\x1b[97;1:1u", plain(KeyCode::Char('a'))),
            (b"\x1b[I", Event::Focus(Focus::Gained)),
            (b"\x1b[O", Event::Focus(Focus::Lost)),
        ];
        for (bytes, event) in table {
            assert_eq!(told(bytes), std::slice::from_ref(event), "{:?}", String::from_utf8_lossy(bytes));
        }
        assert_eq!(told(b"\x1b[97;1:3u\x1b[?1;2c\x1b[57441;2u\xff"), []);
    }

    #[test]
    fn the_mouse_is_told_in_cells_from_zero() {
        let mouse = |action, column, row, modifiers| Event::Mouse(Mouse { action, column, row, modifiers });
        let left = MouseButton::Left;
        assert_eq!(
            told(b"\x1b[<0;1;2M\x1b[<0;1;2m\x1b[<32;5;6M\x1b[<64;9;9M\x1b[<81;300;9M\x1b[<35;1;1M"),
            [
                mouse(MouseAction::Press(left), 0, 1, Modifiers::NONE),
                mouse(MouseAction::Release(left), 0, 1, Modifiers::NONE),
                mouse(MouseAction::Drag(left), 4, 5, Modifiers::NONE),
                mouse(MouseAction::WheelUp, 8, 8, Modifiers::NONE),
                mouse(MouseAction::WheelDown, 299, 8, Modifiers::CONTROL),
                mouse(MouseAction::Move, 0, 0, Modifiers::NONE),
            ]
        );
    }

    #[test]
    fn the_terminals_answer_is_told_only_where_it_was_asked_and_else_keys_are_keys() {
        let answer = b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\a";
        let mut input = Input::default();
        input.expect_background();
        let light = Event::Background(background::Background::Light);
        assert_eq!(input.feed(answer), [light.clone(), plain(KeyCode::Char('a'))]);
        let events: Vec<Event> = answer.iter().flat_map(|byte| input.feed(&[*byte])).collect();
        assert_eq!(events, [light, plain(KeyCode::Char('a'))], "also byte by byte");
        let alt = key(KeyCode::Char(']'), Modifiers::ALT);
        assert_eq!(input.feed(b"\x1b]x"), [alt.clone(), plain(KeyCode::Char('x'))]);
        assert_eq!((input.feed(b"\x1b]"), input.settle()), (vec![], Some(alt.clone())));
        assert_eq!(told(answer).first(), Some(&alt), "nobody asked");
        assert_eq!(told(b"\x1b[?997;1n"), [Event::Background(background::Background::Dark)]);
    }

    #[test]
    fn a_paste_is_one_event_whatever_it_holds() {
        let paste = b"x\x1b[200~line\r\n\x1b[A \xe6\x97\xa5\x1b[201~y";
        let expected =
            [plain(KeyCode::Char('x')), Event::Paste("line\r\n\u{1b}[A 日".into()), plain(KeyCode::Char('y'))];
        assert_eq!(told(paste), expected);
        let mut input = Input::default();
        let events: Vec<Event> = paste.iter().flat_map(|byte| input.feed(&[*byte])).collect();
        assert_eq!(events, expected);
    }

    #[test]
    fn a_paste_without_end_comes_in_parts() {
        let mut input = Input::default();
        input.feed(b"\x1b[200~");
        let parts = (0..10).map(|_| input.feed(&vec![b'a'; 1 << 20]).len()).sum::<usize>();
        assert_eq!(parts, 1);
        assert!(input.paste.as_ref().is_some_and(|paste| paste.len() < PASTE_BYTES));
    }

    proptest! {
        #[test]
        fn how_the_bytes_are_cut_changes_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..60), at in 0usize..60) {
            let at = at.min(bytes.len());
            let mut input = Input::default();
            let mut cut = input.feed(&bytes[..at]);
            cut.extend(input.feed(&bytes[at..]));
            cut.extend(input.settle());
            prop_assert_eq!(cut, told(&bytes));
        }
    }
}
