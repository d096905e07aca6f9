//! Reads the names of keys as people write them: `ctrl-]`, `alt-x`, `f5`, `space`.

use crate::terminal::keys::{Key, KeyCode, Modifiers};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyNameError {
    #[error("there is no key; write one like ctrl-] or f5")]
    Empty,
    #[error("`{0}` is not a key; write one sign, f1 to f24, or one of {NAMES}")]
    NotAKey(String),
    #[error("`{0}-` stands there twice; write it once")]
    Twice(&'static str),
    #[error("terminals tell shift only with named keys; write the sign that shift makes, for example A for shift-a")]
    ShiftWithSign,
}

const NAMES: &str =
    "space, enter, tab, backtab, backspace, escape, up, down, left, right, home, end, pageup, pagedown, insert, delete";

/// Modifiers, each once, then a sign or a name. Names are read whatever their case.
pub fn parse(text: &str) -> Result<Key, KeyNameError> {
    let mut modifiers = Modifiers::NONE;
    let mut name = text;
    // What stands after the last modifier is the key, be it a hyphen itself.
    while let Some((word, modifier, rest)) = split_modifier(name) {
        if modifiers.has(modifier) {
            return Err(KeyNameError::Twice(word));
        }
        modifiers = modifiers.with(modifier);
        name = rest;
    }
    let code = code(name)?;
    match code {
        KeyCode::Char(sign) if modifiers.has(Modifiers::SHIFT) && sign != ' ' => Err(KeyNameError::ShiftWithSign),
        // Terminals have one code for ctrl-a and ctrl-A.
        KeyCode::Char(sign) if modifiers.has(Modifiers::CONTROL) => {
            Ok(Key { code: KeyCode::Char(sign.to_ascii_lowercase()), modifiers })
        }
        KeyCode::Tab if modifiers.has(Modifiers::SHIFT) => {
            let others = Modifiers(modifiers.0 & !Modifiers::SHIFT.0);
            Ok(Key { code: KeyCode::BackTab, modifiers: others })
        }
        _ => Ok(Key { code, modifiers }),
    }
}

/// Whether the key is a sign of text, whatever is held with it; ctrl-j is none, as that is how terminals write a newline.
pub fn is_sign(key: Key) -> bool {
    match key.code {
        KeyCode::Char('j' | 'h' | 'i' | 'm' | '[') => key.modifiers != Modifiers::CONTROL,
        KeyCode::Char(_) => true,
        KeyCode::Enter
        | KeyCode::Tab
        | KeyCode::BackTab
        | KeyCode::Backspace
        | KeyCode::Escape
        | KeyCode::Up
        | KeyCode::Down
        | KeyCode::Left
        | KeyCode::Right
        | KeyCode::Home
        | KeyCode::End
        | KeyCode::PageUp
        | KeyCode::PageDown
        | KeyCode::Insert
        | KeyCode::Delete
        | KeyCode::Function(_) => false,
    }
}

/// Whether this is a key with a name and shift, such as shift-pageup.
pub fn is_name_with_shift(key: Key) -> bool {
    !matches!(key.code, KeyCode::Char(_)) && key.modifiers == Modifiers::SHIFT
}

/// The name of a key as it is written in the file: `parse` reads it back.
pub fn written(key: Key) -> String {
    let mut name = String::new();
    for (modifier, word) in [
        (Modifiers::CONTROL, "ctrl-"),
        (Modifiers::ALT, "alt-"),
        (Modifiers::SHIFT, "shift-"),
        (Modifiers::SUPER, "super-"),
    ] {
        if key.modifiers.has(modifier) {
            name.push_str(word);
        }
    }
    let word = match key.code {
        KeyCode::Char(' ') => "space",
        KeyCode::Char(sign) => {
            name.push(sign);
            return name;
        }
        KeyCode::Function(number) => return format!("{name}f{number}"),
        KeyCode::Enter => "enter",
        KeyCode::Tab => "tab",
        KeyCode::BackTab => "backtab",
        KeyCode::Backspace => "backspace",
        KeyCode::Escape => "escape",
        KeyCode::Up => "up",
        KeyCode::Down => "down",
        KeyCode::Left => "left",
        KeyCode::Right => "right",
        KeyCode::Home => "home",
        KeyCode::End => "end",
        KeyCode::PageUp => "pageup",
        KeyCode::PageDown => "pagedown",
        KeyCode::Insert => "insert",
        KeyCode::Delete => "delete",
    };
    name + word
}

fn split_modifier(text: &str) -> Option<(&'static str, Modifiers, &str)> {
    let (word, rest) = text.split_once('-')?;
    let (word, modifier) = match word.to_ascii_lowercase().as_str() {
        "ctrl" => ("ctrl", Modifiers::CONTROL),
        "alt" => ("alt", Modifiers::ALT),
        "shift" => ("shift", Modifiers::SHIFT),
        "super" => ("super", Modifiers::SUPER),
        _ => return None,
    };
    Some((word, modifier, rest))
}

fn code(name: &str) -> Result<KeyCode, KeyNameError> {
    let mut signs = name.chars();
    let not_a_key = || KeyNameError::NotAKey(name.to_owned());
    match (signs.next(), signs.next()) {
        (None, _) => return Err(KeyNameError::Empty),
        (Some(sign), None) if !sign.is_control() && !sign.is_whitespace() => return Ok(KeyCode::Char(sign)),
        (Some(_), None) => return Err(not_a_key()),
        (Some(_), Some(_)) => (),
    }
    Ok(match name.to_ascii_lowercase().as_str() {
        "space" => KeyCode::Char(' '),
        "enter" => KeyCode::Enter,
        "tab" => KeyCode::Tab,
        "backtab" => KeyCode::BackTab,
        "backspace" => KeyCode::Backspace,
        "escape" | "esc" => KeyCode::Escape,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pageup" | "pgup" => KeyCode::PageUp,
        "pagedown" | "pgdn" => KeyCode::PageDown,
        "insert" => KeyCode::Insert,
        "delete" => KeyCode::Delete,
        name => match name.strip_prefix('f').map(str::parse) {
            Some(Ok(number @ 1..=24)) => KeyCode::Function(number),
            _ => return Err(not_a_key()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_people_write_them() {
        let (none, ctrl, alt, shift) = (Modifiers::NONE, Modifiers::CONTROL, Modifiers::ALT, Modifiers::SHIFT);
        for (text, code, modifiers) in [
            ("ctrl-]", KeyCode::Char(']'), ctrl),
            ("ctrl-x", KeyCode::Char('x'), ctrl),
            ("Ctrl-X", KeyCode::Char('x'), ctrl),
            ("alt-x", KeyCode::Char('x'), alt),
            ("alt-X", KeyCode::Char('X'), alt),
            ("ctrl-alt-x", KeyCode::Char('x'), ctrl.with(alt)),
            ("super-é", KeyCode::Char('é'), Modifiers::SUPER),
            ("ctrl--", KeyCode::Char('-'), ctrl),
            ("-", KeyCode::Char('-'), none),
            ("a", KeyCode::Char('a'), none),
            ("space", KeyCode::Char(' '), none),
            ("ctrl-space", KeyCode::Char(' '), ctrl),
            ("Enter", KeyCode::Enter, none),
            ("tab", KeyCode::Tab, none),
            ("shift-tab", KeyCode::BackTab, none),
            ("shift-up", KeyCode::Up, shift),
            ("ctrl-pageup", KeyCode::PageUp, ctrl),
            ("esc", KeyCode::Escape, none),
            ("f", KeyCode::Char('f'), none),
            ("f1", KeyCode::Function(1), none),
            ("shift-F24", KeyCode::Function(24), shift),
        ] {
            assert_eq!(parse(text), Ok(Key { code, modifiers }), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_key_is_told_with_what_would_be_one() {
        for (text, told) in [
            ("", "like ctrl-]"),
            ("ctrl-", "like ctrl-]"),
            ("f0", "f1 to f24"),
            ("f25", "f1 to f24"),
            ("hyper-x", "hyper-x"),
            ("ctrl-ctrl-x", "twice"),
            ("shift-a", "A for shift-a"),
            (" ", "space"),
            ("\t", "tab"),
            ("xy", "`xy`"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(told), "{text:?}: {error}");
        }
    }
}
