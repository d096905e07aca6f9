//! Keys, mouse and focus as a client tells them. Bytes are made from them by the host, which alone knows the program's modes.
//!
//! Change here: a key, or how one is said to a program. Not here: which keys are ours (tui) or pasted text (`paste.rs`).

use serde::{Deserialize, Serialize};

use super::modes::{CursorKeys, Modes, MouseEncoding, MouseMode};

/// A key with what was held down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    pub code: KeyCode,
    pub modifiers: Modifiers,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyCode {
    Char(char),
    Enter,
    Tab,
    BackTab,
    Backspace,
    Escape,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    Insert,
    Delete,
    /// F1 to F24.
    Function(u8),
}

/// The bits of what was held down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Modifiers(pub u8);

impl Modifiers {
    pub const NONE: Modifiers = Modifiers(0);
    pub const SHIFT: Modifiers = Modifiers(1);
    pub const ALT: Modifiers = Modifiers(2);
    pub const CONTROL: Modifiers = Modifiers(4);
    pub const SUPER: Modifiers = Modifiers(8);

    /// Whether all of `other` are held.
    pub fn has(self, other: Modifiers) -> bool {
        self.0 & other.0 == other.0
    }

    /// These and those.
    pub fn with(self, other: Modifiers) -> Modifiers {
        Modifiers(self.0 | other.0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MouseButton {
    Left,
    Middle,
    Right,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MouseAction {
    Press(MouseButton),
    Release(MouseButton),
    Drag(MouseButton),
    Move,
    WheelUp,
    WheelDown,
}

/// A mouse event in cells of the agent's screen, counted from 0 at the top left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mouse {
    pub action: MouseAction,
    pub column: u16,
    pub row: u16,
    pub modifiers: Modifiers,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Focus {
    Gained,
    Lost,
}

/// What turning the wheel means to a program that takes no mouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WheelMeans {
    /// The program gets these bytes.
    Program(Vec<u8>),
    /// Our own view goes through the scrollback.
    ScrollView,
}

/// Rows that one turn of the wheel moves, as most terminals have it.
pub const WHEEL_ROWS: u8 = 3;

/// The bytes of a key press, as xterm sends them, or by kitty's protocol as far as the program asked for it.
pub fn encode_key(key: Key, modes: &Modes) -> Vec<u8> {
    let Key { code, modifiers } = key;
    match code {
        KeyCode::Char(character) => encode_char(character, modifiers, modes),
        KeyCode::Enter => encode_control(13, b"\r", modifiers, modes),
        KeyCode::Tab => match modifiers.has(Modifiers::SHIFT) {
            true => encode_key(Key { code: KeyCode::BackTab, modifiers }, modes),
            false => encode_control(9, b"\t", modifiers, modes),
        },
        // Shift is part of what a back tab is.
        KeyCode::BackTab if has_kitty(modes, Modes::DISAMBIGUATE) => csi_u(9, modifiers.with(Modifiers::SHIFT)),
        KeyCode::BackTab => with_alt(b"\x1b[Z", modifiers),
        KeyCode::Backspace => {
            let plain: &[u8] = if modifiers.has(Modifiers::CONTROL) { b"\x08" } else { b"\x7f" };
            encode_control(127, plain, modifiers, modes)
        }
        KeyCode::Escape if has_kitty(modes, Modes::DISAMBIGUATE) => csi_u(27, modifiers),
        KeyCode::Escape => with_alt(b"\x1b", modifiers),
        KeyCode::Up => cursor_key(b'A', modifiers, modes),
        KeyCode::Down => cursor_key(b'B', modifiers, modes),
        KeyCode::Right => cursor_key(b'C', modifiers, modes),
        KeyCode::Left => cursor_key(b'D', modifiers, modes),
        KeyCode::End => cursor_key(b'F', modifiers, modes),
        KeyCode::Home => cursor_key(b'H', modifiers, modes),
        KeyCode::Insert => tilde_key(2, modifiers),
        KeyCode::Delete => tilde_key(3, modifiers),
        KeyCode::PageUp => tilde_key(5, modifiers),
        KeyCode::PageDown => tilde_key(6, modifiers),
        KeyCode::Function(number) => function_key(number, modifiers, modes),
    }
}

/// The bytes of a mouse event; None where the program does not want it.
pub fn encode_mouse(mouse: Mouse, modes: &Modes) -> Option<Vec<u8>> {
    let least = match mouse.action {
        MouseAction::Press(_) | MouseAction::Release(_) | MouseAction::WheelUp | MouseAction::WheelDown => {
            MouseMode::Click
        }
        MouseAction::Drag(_) => MouseMode::Drag,
        MouseAction::Move => MouseMode::Motion,
    };
    if modes.mouse < least {
        return None;
    }
    let button = |button| match button {
        MouseButton::Left => 0,
        MouseButton::Middle => 1,
        MouseButton::Right => 2,
    };
    const NONE: u8 = 3;
    const MOTION: u8 = 32;
    let code = match mouse.action {
        // Only SGR says which button was released.
        MouseAction::Release(_) if modes.mouse_encoding != MouseEncoding::Sgr => NONE,
        MouseAction::Press(pressed) | MouseAction::Release(pressed) => button(pressed),
        MouseAction::Drag(held) => MOTION + button(held),
        MouseAction::Move => MOTION + NONE,
        MouseAction::WheelUp => 64,
        MouseAction::WheelDown => 65,
    };
    let held = [(Modifiers::SHIFT, 4), (Modifiers::ALT, 8), (Modifiers::CONTROL, 16)];
    let code = held.into_iter().filter(|(held, _)| mouse.modifiers.has(*held)).fold(code, |code, (_, bit)| code + bit);
    let column = u32::from(mouse.column) + 1;
    let row = u32::from(mouse.row) + 1;
    match modes.mouse_encoding {
        MouseEncoding::Sgr => {
            let end = if matches!(mouse.action, MouseAction::Release(_)) { 'm' } else { 'M' };
            Some(format!("\x1b[<{code};{column};{row}{end}").into_bytes())
        }
        MouseEncoding::Utf8 => {
            // Two bytes reach to 2,015 (2,047 less the 32 added).
            let place = |cell: u32| char::from_u32(cell + 32).filter(|place| place.len_utf8() <= 2);
            let bytes = [char::from(code + 32), place(column)?, place(row)?];
            Some(["\x1b[M".to_owned(), String::from_iter(bytes)].concat().into_bytes())
        }
        // Cells beyond 223 cannot be said in a byte: better nothing than another place.
        MouseEncoding::Bytes => {
            let place = |cell: u32| u8::try_from(cell + 32).ok();
            Some(vec![0x1b, b'[', b'M', code + 32, place(column)?, place(row)?])
        }
    }
}

/// The bytes of a change of focus; None where the program did not ask.
pub fn encode_focus(focus: Focus, modes: &Modes) -> Option<Vec<u8>> {
    modes.focus_events.then(|| match focus {
        Focus::Gained => b"\x1b[I".to_vec(),
        Focus::Lost => b"\x1b[O".to_vec(),
    })
}

/// What a turn of the wheel means; None where `mouse` is no wheel.
///
/// A program with a mouse mode gets the event. On the alternate screen, where there is no scrollback, arrow keys move a pager or editor.
pub fn wheel_means(mouse: Mouse, modes: &Modes) -> Option<WheelMeans> {
    let code = match mouse.action {
        MouseAction::WheelUp => KeyCode::Up,
        MouseAction::WheelDown => KeyCode::Down,
        MouseAction::Press(_) | MouseAction::Release(_) | MouseAction::Drag(_) | MouseAction::Move => return None,
    };
    if modes.mouse != MouseMode::None {
        return Some(WheelMeans::Program(encode_mouse(mouse, modes).unwrap_or_default()));
    }
    if modes.alternate_screen && modes.alternate_scroll {
        let arrow = encode_key(Key { code, modifiers: Modifiers::NONE }, modes);
        return Some(WheelMeans::Program(arrow.repeat(usize::from(WHEEL_ROWS))));
    }
    Some(WheelMeans::ScrollView)
}

fn has_kitty(modes: &Modes, flag: u8) -> bool {
    modes.kitty & flag != 0
}

/// xterm's number for what is held: 1 and the bits of shift, alt, control and super, which are kitty's too.
fn modifier_number(modifiers: Modifiers) -> u8 {
    1 + (modifiers.0 & 15)
}

/// Alt is an ESC before the key.
fn with_alt(bytes: &[u8], modifiers: Modifiers) -> Vec<u8> {
    let escape: &[u8] = if modifiers.has(Modifiers::ALT) { b"\x1b" } else { b"" };
    [escape, bytes].concat()
}

/// Kitty's form: `CSI number ; modifiers u`. Of associated text and other layouts we know nothing.
fn csi_u(number: u32, modifiers: Modifiers) -> Vec<u8> {
    match modifier_number(modifiers) {
        1 => format!("\x1b[{number}u").into_bytes(),
        held => format!("\x1b[{number};{held}u").into_bytes(),
    }
}

fn encode_char(character: char, modifiers: Modifiers, modes: &Modes) -> Vec<u8> {
    let beyond_shift =
        modifiers.has(Modifiers::ALT) || modifiers.has(Modifiers::CONTROL) || modifiers.has(Modifiers::SUPER);
    let as_sequence = has_kitty(modes, Modes::ALL_KEYS) || (has_kitty(modes, Modes::DISAMBIGUATE) && beyond_shift);
    if as_sequence {
        // The number is that of the unshifted key. Other layouts' unshifted signs are not known here.
        let unshifted = character.to_lowercase().next().unwrap_or(character);
        let shift = if unshifted != character { Modifiers::SHIFT } else { Modifiers::NONE };
        let modifiers = modifiers.with(shift);
        let is_text = !beyond_shift && has_kitty(modes, Modes::ASSOCIATED_TEXT);
        if is_text {
            let (number, text, held) = (u32::from(unshifted), u32::from(character), modifier_number(modifiers));
            return format!("\x1b[{number};{held};{text}u").into_bytes();
        }
        return csi_u(u32::from(unshifted), modifiers);
    }
    let control = modifiers.has(Modifiers::CONTROL).then(|| control_byte(character)).flatten();
    match control {
        Some(byte) => with_alt(&[byte], modifiers),
        None => with_alt(character.encode_utf8(&mut [0; 4]).as_bytes(), modifiers),
    }
}

/// What Control makes of a key, with xterm's old names for the digits.
fn control_byte(character: char) -> Option<u8> {
    let byte = u8::try_from(character).ok()?;
    Some(match byte {
        b'a'..=b'z' | b'@'..=b'_' => byte & 0x1f,
        b' ' | b'2' | b'`' => 0,
        b'3' => 0x1b,
        b'4' => 0x1c,
        b'5' => 0x1d,
        b'6' | b'~' => 0x1e,
        b'7' | b'/' => 0x1f,
        b'8' | b'?' => 0x7f,
        _ => return None,
    })
}

/// Enter, Tab and Backspace: kitty leaves them as they are until something is held, so that a shell stays usable after a crash.
fn encode_control(number: u32, plain: &[u8], modifiers: Modifiers, modes: &Modes) -> Vec<u8> {
    let held = modifiers != Modifiers::NONE;
    if has_kitty(modes, Modes::ALL_KEYS) || (has_kitty(modes, Modes::DISAMBIGUATE) && held) {
        return csi_u(number, modifiers);
    }
    with_alt(plain, modifiers)
}

fn cursor_key(end: u8, modifiers: Modifiers, modes: &Modes) -> Vec<u8> {
    match (modifier_number(modifiers), modes.cursor_keys) {
        // Kitty keeps CSI whatever the mode of the cursor keys.
        (1, CursorKeys::Application) if !has_kitty(modes, Modes::DISAMBIGUATE) => vec![0x1b, b'O', end],
        (1, _) => vec![0x1b, b'[', end],
        (held, _) => format!("\x1b[1;{held}{}", char::from(end)).into_bytes(),
    }
}

fn tilde_key(number: u8, modifiers: Modifiers) -> Vec<u8> {
    match modifier_number(modifiers) {
        1 => format!("\x1b[{number}~").into_bytes(),
        held => format!("\x1b[{number};{held}~").into_bytes(),
    }
}

/// F1 to F24; there are no others, and they say nothing.
fn function_key(number: u8, modifiers: Modifiers, modes: &Modes) -> Vec<u8> {
    // The holes are the VT220's.
    const TILDES: [u8; 20] = [15, 17, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 31, 32, 33, 34, 42, 43, 44, 45];
    let kitty = has_kitty(modes, Modes::DISAMBIGUATE);
    match number {
        // Kitty's F3 is not `CSI R`, which is also the answer to a question for the cursor.
        3 if kitty => tilde_key(13, modifiers),
        // Kitty's numbers for F13 and up.
        13..=24 if kitty => csi_u(57_376 + u32::from(number) - 13, modifiers),
        1..=4 => {
            let end = char::from(b'P' + number - 1);
            match modifier_number(modifiers) {
                1 if kitty => format!("\x1b[{end}").into_bytes(),
                1 => format!("\x1bO{end}").into_bytes(),
                held => format!("\x1b[1;{held}{end}").into_bytes(),
            }
        }
        5.. => TILDES.get(usize::from(number) - 5).map_or_else(Vec::new, |number| tilde_key(*number, modifiers)),
        0 => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIFT: Modifiers = Modifiers::SHIFT;
    const ALT: Modifiers = Modifiers::ALT;
    const CONTROL: Modifiers = Modifiers::CONTROL;
    const NONE: Modifiers = Modifiers::NONE;

    fn check(code: KeyCode, modifiers: Modifiers, modes: &Modes, bytes: &str) {
        let encoded = encode_key(Key { code, modifiers }, modes);
        assert_eq!(String::from_utf8_lossy(&encoded), bytes, "{code:?} {modifiers:?} {modes:?}");
    }

    #[test]
    fn keys_are_as_xterm_sends_them() {
        use KeyCode::*;
        let normal = Modes::default();
        let application = Modes { cursor_keys: CursorKeys::Application, ..normal };
        for (code, modifiers, bytes) in [
            (Char('a'), NONE, "a"),
            (Char('A'), SHIFT, "A"),
            (Char('é'), NONE, "é"),
            (Char('a'), ALT, "\x1ba"),
            (Char('c'), CONTROL, "\x03"),
            (Char('C'), CONTROL.with(SHIFT), "\x03"),
            (Char('c'), CONTROL.with(ALT), "\x1b\x03"),
            (Char(' '), CONTROL, "\0"),
            (Char('['), CONTROL, "\x1b"),
            (Char('\\'), CONTROL, "\x1c"),
            (Char('/'), CONTROL, "\x1f"),
            (Char('?'), CONTROL, "\x7f"),
            (Char('é'), CONTROL, "é"),
            (Enter, NONE, "\r"),
            (Enter, ALT, "\x1b\r"),
            (Tab, NONE, "\t"),
            (Tab, SHIFT, "\x1b[Z"),
            (BackTab, SHIFT, "\x1b[Z"),
            (Backspace, NONE, "\x7f"),
            (Backspace, CONTROL, "\x08"),
            (Backspace, ALT, "\x1b\x7f"),
            (Escape, NONE, "\x1b"),
            (Escape, ALT, "\x1b\x1b"),
            (Up, NONE, "\x1b[A"),
            (Right, CONTROL, "\x1b[1;5C"),
            (Home, SHIFT, "\x1b[1;2H"),
            (End, NONE, "\x1b[F"),
            (Insert, NONE, "\x1b[2~"),
            (Delete, CONTROL.with(SHIFT), "\x1b[3;6~"),
            (PageUp, NONE, "\x1b[5~"),
            (PageDown, ALT, "\x1b[6;3~"),
            (Function(1), NONE, "\x1bOP"),
            (Function(4), SHIFT, "\x1b[1;2S"),
            (Function(5), NONE, "\x1b[15~"),
            (Function(12), CONTROL, "\x1b[24;5~"),
            (Function(13), NONE, "\x1b[25~"),
            (Function(24), NONE, "\x1b[45~"),
            (Function(0), NONE, ""),
            (Function(25), NONE, ""),
        ] {
            check(code, modifiers, &normal, bytes);
        }
        for (code, modifiers, bytes) in
            [(Up, NONE, "\x1bOA"), (Home, NONE, "\x1bOH"), (Down, ALT, "\x1b[1;3B"), (Delete, NONE, "\x1b[3~")]
        {
            check(code, modifiers, &application, bytes);
        }
    }

    #[test]
    fn kitty_keys_are_unambiguous() {
        use KeyCode::*;
        let kitty = Modes { kitty: Modes::DISAMBIGUATE, cursor_keys: CursorKeys::Application, ..Modes::default() };
        for (code, modifiers, bytes) in [
            (Char('a'), NONE, "a"),
            (Char('A'), SHIFT, "A"),
            (Char('c'), CONTROL, "\x1b[99;5u"),
            (Char('C'), CONTROL.with(SHIFT), "\x1b[99;6u"),
            (Char('a'), ALT, "\x1b[97;3u"),
            (Char('a'), Modifiers::SUPER, "\x1b[97;9u"),
            (Escape, NONE, "\x1b[27u"),
            (Enter, NONE, "\r"),
            (Enter, SHIFT, "\x1b[13;2u"),
            (Tab, CONTROL, "\x1b[9;5u"),
            (Tab, SHIFT, "\x1b[9;2u"),
            (Backspace, CONTROL, "\x1b[127;5u"),
            (Backspace, NONE, "\x7f"),
            (Up, NONE, "\x1b[A"),
            (Function(1), NONE, "\x1b[P"),
            (Function(3), NONE, "\x1b[13~"),
            (Function(13), NONE, "\x1b[57376u"),
            (Function(12), NONE, "\x1b[24~"),
        ] {
            check(code, modifiers, &kitty, bytes);
        }
        let all = Modes { kitty: Modes::DISAMBIGUATE | Modes::ALL_KEYS, ..Modes::default() };
        check(Char('a'), NONE, &all, "\x1b[97u");
        check(Char('A'), SHIFT, &all, "\x1b[97;2u");
        check(Enter, NONE, &all, "\x1b[13u");
        let text = Modes { kitty: all.kitty | Modes::ASSOCIATED_TEXT, ..all };
        check(Char('A'), SHIFT, &text, "\x1b[97;2;65u");
    }

    fn mouse(action: MouseAction, column: u16, modifiers: Modifiers) -> Mouse {
        Mouse { action, column, row: 4, modifiers }
    }

    #[test]
    fn the_mouse_says_what_the_program_asked_for() {
        use MouseAction::*;
        use MouseButton::*;
        let modes = |mouse, mouse_encoding| Modes { mouse, mouse_encoding, ..Modes::default() };
        let (bytes, utf8, sgr) = (MouseEncoding::Bytes, MouseEncoding::Utf8, MouseEncoding::Sgr);
        for (event, modes, encoded) in [
            (mouse(Press(Left), 0, NONE), modes(MouseMode::None, sgr), None),
            (mouse(Press(Left), 0, NONE), modes(MouseMode::Click, sgr), Some("\x1b[<0;1;5M")),
            (mouse(Release(Right), 9, NONE), modes(MouseMode::Click, sgr), Some("\x1b[<2;10;5m")),
            (mouse(Press(Middle), 0, CONTROL.with(SHIFT)), modes(MouseMode::Click, sgr), Some("\x1b[<21;1;5M")),
            (mouse(Drag(Left), 0, NONE), modes(MouseMode::Click, sgr), None),
            (mouse(Drag(Left), 0, NONE), modes(MouseMode::Drag, sgr), Some("\x1b[<32;1;5M")),
            (mouse(Move, 0, NONE), modes(MouseMode::Drag, sgr), None),
            (mouse(Move, 0, ALT), modes(MouseMode::Motion, sgr), Some("\x1b[<43;1;5M")),
            (mouse(WheelUp, 300, NONE), modes(MouseMode::Click, sgr), Some("\x1b[<64;301;5M")),
            (mouse(WheelDown, 0, NONE), modes(MouseMode::Click, bytes), Some("\x1b[Ma!%")),
            (mouse(Press(Left), 1, NONE), modes(MouseMode::Click, bytes), Some("\x1b[M \"%")),
            (mouse(Release(Left), 1, NONE), modes(MouseMode::Click, bytes), Some("\x1b[M#\"%")),
            (mouse(Press(Left), 300, NONE), modes(MouseMode::Click, bytes), None),
            (mouse(Press(Left), 300, NONE), modes(MouseMode::Click, utf8), Some("\x1b[M \u{14d}%")),
            (mouse(Press(Left), 3000, NONE), modes(MouseMode::Click, utf8), None),
        ] {
            let found = encode_mouse(event, &modes).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            assert_eq!(found.as_deref(), encoded, "{event:?} {modes:?}");
        }
    }

    #[test]
    fn the_wheel_moves_our_view_only_where_there_is_something_to_see() {
        let up = mouse(MouseAction::WheelUp, 0, NONE);
        let alternate = Modes { alternate_screen: true, alternate_scroll: true, ..Modes::default() };
        let program = |text: &str| Some(WheelMeans::Program(text.into()));
        for (modes, means) in [
            (Modes::default(), Some(WheelMeans::ScrollView)),
            (Modes { alternate_scroll: true, ..Modes::default() }, Some(WheelMeans::ScrollView)),
            (Modes { alternate_scroll: false, ..alternate }, Some(WheelMeans::ScrollView)),
            (alternate, program("\x1b[A\x1b[A\x1b[A")),
            (Modes { cursor_keys: CursorKeys::Application, ..alternate }, program("\x1bOA\x1bOA\x1bOA")),
            (
                Modes { mouse: MouseMode::Click, mouse_encoding: MouseEncoding::Sgr, ..alternate },
                program("\x1b[<64;1;5M"),
            ),
        ] {
            assert_eq!(wheel_means(up, &modes), means, "{modes:?}");
        }
        assert_eq!(wheel_means(mouse(MouseAction::Move, 0, NONE), &alternate), None);
    }

    #[test]
    fn focus_is_told_to_those_who_asked() {
        let asked = Modes { focus_events: true, ..Modes::default() };
        assert_eq!(encode_focus(Focus::Gained, &asked), Some(b"\x1b[I".to_vec()));
        assert_eq!(encode_focus(Focus::Lost, &asked), Some(b"\x1b[O".to_vec()));
        assert_eq!(encode_focus(Focus::Lost, &Modes::default()), None);
    }
}
