//! The table `[changes]`: whether what a turn changes in files is noted.
//!
//! Not here: noting it (`host/notes.rs`).

use super::Reason;
use super::value::{Lines, nearest, set_each, yes_or_no};
use toml::de::{DeTable, DeValue};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    pub noting: Noting,
}

/// Whether files that are not committed are copied beside the store around each turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Noting {
    #[default]
    On,
    Off,
}

const NOTE: &str = "note";
pub const KEYS: [&str; 1] = [NOTE];

impl Changes {
    pub fn read(&mut self, table: &DeTable, lines: Lines) -> Result<(), (usize, Reason)> {
        set_each(table, lines, |key, value| self.set(key, value))
    }

    fn set(&mut self, key: &str, value: &DeValue) -> Result<(), Reason> {
        match key {
            NOTE => {
                self.noting = match yes_or_no(NOTE, value)? {
                    true => Noting::On,
                    false => Noting::Off,
                };
                Ok(())
            }
            _ => Err(Reason::UnknownKey { key: format!("changes.{key}"), nearest: nearest(key, &KEYS) }),
        }
    }
}
