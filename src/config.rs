//! Reads the configuration: text to a `Config` that cannot be wrong. What is not understood is an error with its line, never passed over.
//!
//! Change here: a key is a field, a line in `Config::default`, an arm in `set` and a paragraph in `assets/config.toml`, which is the reference.
//! Not here: where the file lies (`paths.rs`) or what the keys do (tui).

mod key_name;

use crate::terminal::keys::{Key, KeyCode, Modifiers};
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The commented file with all defaults.
pub const REFERENCE: &str = include_str!("../assets/config.toml");

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The profile of a new tab.
    pub default_agent: String,
    /// The key before every command.
    pub prefix: Key,
    /// Who has the keyboard when a tab opens.
    pub start_keyboard: Keyboard,
    pub turn_panel: TurnPanel,
    pub turn_panel_columns: u16,
    /// From the prefix to the help with the keys.
    pub which_key_ms: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyboard {
    Composer,
    Agent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnPanel {
    Right,
    Hidden,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("could not read the configuration {path} ({source}); mend or remove it")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path}, line {line}: {reason}")]
    Line { path: PathBuf, line: usize, reason: Reason },
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("{0}")]
    Syntax(String),
    #[error("there is no key `{key}`; did you mean `{nearest}`?")]
    UnknownKey { key: String, nearest: &'static str },
    #[error("`{key}` is {wanted}, not {found}")]
    WrongType { key: &'static str, wanted: &'static str, found: &'static str },
    #[error("`{key}` cannot be \"{found}\"; write one of {wanted}")]
    WrongWord { key: &'static str, found: String, wanted: String },
    #[error("`{key}` cannot be {found}; write a number from {least} to {most}")]
    WrongNumber { key: &'static str, found: String, least: u32, most: u32 },
    #[error("`{key}`: {reason}")]
    WrongKeyName { key: &'static str, reason: key_name::KeyNameError },
    #[error(
        "`prefix` cannot be \"{0}\": that key is needed for typing; take one with ctrl or alt (but not ctrl-h, ctrl-i, ctrl-j, ctrl-m or ctrl-[) or f1 to f24"
    )]
    PrefixNeededForTyping(String),
    #[error("`default_agent` is empty; write the name of a profile, for example \"shell\"")]
    NoAgent,
}

/// A panel narrower than this shows no word whole; a wider one leaves the agent nothing on any screen we know.
const TURN_PANEL_COLUMNS: RangeInclusive<u32> = 20..=200;

/// Up to a minute; who wants the help never can wait that long.
const WHICH_KEY_MS: RangeInclusive<u32> = 0..=60_000;

const DEFAULT_AGENT: &str = "default_agent";
const PREFIX: &str = "prefix";
const START_KEYBOARD: &str = "start_keyboard";
const TURN_PANEL: &str = "turn_panel";
const TURN_PANEL_COLUMNS_KEY: &str = "turn_panel_columns";
const WHICH_KEY_MS_KEY: &str = "which_key_ms";
const KEYS: [&str; 6] = [DEFAULT_AGENT, PREFIX, START_KEYBOARD, TURN_PANEL, TURN_PANEL_COLUMNS_KEY, WHICH_KEY_MS_KEY];

impl Default for Config {
    fn default() -> Config {
        Config {
            default_agent: "shell".into(),
            prefix: Key { code: KeyCode::Char(']'), modifiers: Modifiers::CONTROL },
            start_keyboard: Keyboard::Composer,
            turn_panel: TurnPanel::Right,
            turn_panel_columns: 38,
            which_key_ms: 400,
        }
    }
}

impl Config {
    /// Reads the file; where there is none, everything is as by default.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Config::default()),
            Err(source) => return Err(ConfigError::Read { path: path.into(), source }),
        };
        Config::parse(&text).map_err(|(line, reason)| ConfigError::Line { path: path.into(), line, reason })
    }

    /// The first thing that is wrong, with its line counted from 1.
    pub fn parse(text: &str) -> Result<Config, (usize, Reason)> {
        let line = |at: usize| text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            (line(at), Reason::Syntax(error.message().into()))
        })?;
        // In the order of the file, for the table is sorted by name.
        let mut entries: Vec<_> = table.into_inner().into_iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let mut config = Config::default();
        for (key, value) in &entries {
            config.set(key.get_ref(), value).map_err(|reason| (line(key.span().start), reason))?;
        }
        Ok(config)
    }

    fn set(&mut self, key: &str, value: &Spanned<DeValue>) -> Result<(), Reason> {
        let value = value.get_ref();
        match key {
            DEFAULT_AGENT => {
                let agent = text(DEFAULT_AGENT, value)?.trim();
                self.default_agent = if agent.is_empty() { return Err(Reason::NoAgent) } else { agent.into() };
            }
            PREFIX => self.prefix = prefix(text(PREFIX, value)?)?,
            START_KEYBOARD => {
                let words = [("composer", Keyboard::Composer), ("agent", Keyboard::Agent)];
                self.start_keyboard = one_of(START_KEYBOARD, value, &words)?;
            }
            TURN_PANEL => {
                let words = [("right", TurnPanel::Right), ("hidden", TurnPanel::Hidden)];
                self.turn_panel = one_of(TURN_PANEL, value, &words)?;
            }
            TURN_PANEL_COLUMNS_KEY => {
                self.turn_panel_columns = number(TURN_PANEL_COLUMNS_KEY, value, TURN_PANEL_COLUMNS)?;
            }
            WHICH_KEY_MS_KEY => self.which_key_ms = number(WHICH_KEY_MS_KEY, value, WHICH_KEY_MS)?,
            _ => return Err(Reason::UnknownKey { key: key.into(), nearest: nearest(key) }),
        }
        Ok(())
    }
}

fn text<'a>(key: &'static str, value: &'a DeValue) -> Result<&'a str, Reason> {
    value.as_str().ok_or(Reason::WrongType { key, wanted: "a text in quotes", found: value.type_str() })
}

fn one_of<T: Copy>(key: &'static str, value: &DeValue, words: &[(&str, T)]) -> Result<T, Reason> {
    let found = text(key, value)?;
    words.iter().find(|(word, _)| *word == found).map(|(_, meaning)| *meaning).ok_or_else(|| {
        let wanted: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        Reason::WrongWord { key, found: found.into(), wanted: wanted.join(", ") }
    })
}

fn number<T: TryFrom<u32>>(key: &'static str, value: &DeValue, allowed: RangeInclusive<u32>) -> Result<T, Reason> {
    let found = value.as_integer().ok_or(Reason::WrongType { key, wanted: "a number", found: value.type_str() })?;
    u32::from_str_radix(found.as_str(), found.radix())
        .ok()
        .filter(|number| allowed.contains(number))
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| Reason::WrongNumber {
            key,
            found: found.as_str().into(),
            least: *allowed.start(),
            most: *allowed.end(),
        })
}

/// A key that nobody types text with. Terminals send backspace, tab, newline, enter and escape for five keys with ctrl.
fn prefix(name: &str) -> Result<Key, Reason> {
    let key = key_name::parse(name).map_err(|reason| Reason::WrongKeyName { key: PREFIX, reason })?;
    let typing = match key.code {
        KeyCode::Function(_) => false,
        KeyCode::Char('h' | 'i' | 'j' | 'm' | '[') => key.modifiers == Modifiers::CONTROL || !is_held(key.modifiers),
        _ => !is_held(key.modifiers),
    };
    if typing { Err(Reason::PrefixNeededForTyping(name.into())) } else { Ok(key) }
}

/// Whether anything but shift is held.
fn is_held(modifiers: Modifiers) -> bool {
    [Modifiers::CONTROL, Modifiers::ALT, Modifiers::SUPER].into_iter().any(|modifier| modifiers.has(modifier))
}

/// The known key with the fewest letters to change.
fn nearest(key: &str) -> &'static str {
    KEYS.into_iter().min_by_key(|known| letters_to_change(key, known)).unwrap_or(DEFAULT_AGENT)
}

/// Letters to add, drop or replace to make `from` into `to` (Levenshtein), row by row of the table.
fn letters_to_change(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (dropped, letter) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], dropped + 1);
        for (at, other) in to.chars().enumerate() {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_file_is_the_default_and_names_every_key() {
        assert_eq!(Config::parse(REFERENCE), Ok(Config::default()));
        for key in KEYS {
            assert!(REFERENCE.lines().any(|line| line.starts_with(&format!("{key} = "))), "{key}");
        }
    }

    #[test]
    fn a_missing_file_is_the_default_and_one_that_cannot_be_read_is_told() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("config.toml");
        assert_eq!(Config::load(&path).unwrap(), Config::default());
        std::fs::write(&path, "which_key_ms = 0\r\n").unwrap();
        assert_eq!(Config::load(&path).unwrap(), Config { which_key_ms: 0, ..Config::default() });
        std::fs::write(&path, "\n\nfoo = 1").unwrap();
        let told = Config::load(&path).unwrap_err().to_string();
        assert!(told.contains("config.toml, line 3: there is no key `foo`"), "{told}");
        assert!(matches!(Config::load(folder.path()), Err(ConfigError::Read { .. })));
    }

    #[test]
    fn every_key_is_read() {
        let text = r#"
            default_agent = "other"
            prefix = "alt-space"
            start_keyboard = "agent"
            turn_panel = "hidden"
            turn_panel_columns = 0x40
            which_key_ms = 1_000
        "#;
        let wanted = Config {
            default_agent: "other".into(),
            prefix: Key { code: KeyCode::Char(' '), modifiers: Modifiers::ALT },
            start_keyboard: Keyboard::Agent,
            turn_panel: TurnPanel::Hidden,
            turn_panel_columns: 64,
            which_key_ms: 1000,
        };
        assert_eq!(Config::parse(text), Ok(wanted));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_the_way_out() {
        for (text, line, told) in [
            ("prefix = ", 1, ""),
            ("\nturn_panel = \"right\"\nturn_panel = \"right\"", 3, "duplicate"),
            ("\nprefx = \"ctrl-a\"", 2, "did you mean `prefix`"),
            ("turn_panel_cols = 3", 1, "did you mean `turn_panel_columns`"),
            ("# one\n[keys]\nprefix = \"f1\"", 2, "no key `keys`"),
            ("zzz = 1\ndefault_agent = 1", 1, "no key `zzz`"),
            ("default_agent = 1", 1, "a text in quotes, not integer"),
            ("default_agent = \" \"", 1, "is empty"),
            ("start_keyboard = \"Agent\"", 1, "one of \"composer\", \"agent\""),
            ("turn_panel = true", 1, "not boolean"),
            ("turn_panel_columns = 19", 1, "from 20 to 200"),
            ("turn_panel_columns = 1e2", 1, "a number, not float"),
            ("which_key_ms = -1", 1, "from 0 to 60000"),
            ("which_key_ms = 99999999999999999999", 1, ""),
            ("prefix = \"ctrl-xy\"", 1, "`xy` is not a key"),
            ("prefix = \"a\"", 1, "needed for typing"),
            ("prefix = \"shift-up\"", 1, "needed for typing"),
            ("prefix = \"ctrl-m\"", 1, "needed for typing"),
            ("prefix = \"ctrl-[\"", 1, "needed for typing"),
        ] {
            let (found, reason) = Config::parse(text).unwrap_err();
            assert_eq!(found, line, "{text}: {reason}");
            assert!(reason.to_string().contains(told), "{text}: {reason}");
        }
        assert!(Config::parse("prefix = \"ctrl-alt-m\"").is_ok());
    }
}
