//! Values of the configuration: texts, numbers, words and lists to types, each error with what would be right.

use super::Reason;
use std::borrow::Cow;
use std::ops::RangeInclusive;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub type Name<'t> = Spanned<Cow<'t, str>>;
pub type Value<'t> = Spanned<DeValue<'t>>;

/// The text of the file, to tell in which line something stands.
#[derive(Clone, Copy)]
pub struct Lines<'t>(pub &'t str);

impl Lines<'_> {
    /// Counted from 1.
    pub fn of(self, at: usize) -> usize {
        self.0.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
    }
}

/// In the order of the file, for a table is sorted by name.
pub fn entries<'a, 't>(table: &'a DeTable<'t>) -> Vec<(&'a Name<'t>, &'a Value<'t>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// Sets each key of a table of settings; what is wrong comes with its line.
pub fn set_each(
    table: &DeTable,
    lines: Lines,
    mut set: impl FnMut(&str, &DeValue) -> Result<(), Reason>,
) -> Result<(), (usize, Reason)> {
    for (key, value) in entries(table) {
        set(key.get_ref(), value.get_ref()).map_err(|reason| (lines.of(key.span().start), reason))?;
    }
    Ok(())
}

pub fn table<'a, 't>(key: &'static str, value: &'a DeValue<'t>) -> Result<&'a DeTable<'t>, Reason> {
    value.as_table().ok_or(Reason::WrongType { key, wanted: "a table", found: value.type_str() })
}

pub fn text<'a>(key: &'static str, value: &'a DeValue) -> Result<&'a str, Reason> {
    value.as_str().ok_or(Reason::WrongType { key, wanted: "a text in quotes", found: value.type_str() })
}

pub fn yes_or_no(key: &'static str, value: &DeValue) -> Result<bool, Reason> {
    value.as_bool().ok_or(Reason::WrongType { key, wanted: "true or false", found: value.type_str() })
}

pub fn one_of<T: Copy>(key: &'static str, value: &DeValue, words: &[(&str, T)]) -> Result<T, Reason> {
    let found = text(key, value)?;
    words.iter().find(|(word, _)| *word == found).map(|(_, meaning)| *meaning).ok_or_else(|| {
        let wanted: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        Reason::WrongWord { key, found: found.into(), wanted: wanted.join(", ") }
    })
}

/// A list, each part read by `read`.
pub fn list<'a, T>(
    key: &'static str,
    value: &'a DeValue,
    mut read: impl FnMut(&'a DeValue) -> Result<T, Reason>,
) -> Result<Vec<T>, Reason> {
    let wrong = Reason::WrongType { key, wanted: "a list", found: value.type_str() };
    value.as_array().ok_or(wrong)?.iter().map(|one| read(one.get_ref())).collect()
}

/// A program and its arguments; an empty list is none.
pub fn command(key: &'static str, value: &DeValue) -> Result<Vec<String>, Reason> {
    let parts = list(key, value, |part| Ok(text(key, part)?.to_owned()))?;
    match parts.first().is_some_and(String::is_empty) {
        true => Err(Reason::Empty { key, wanted: "the first part names the program" }),
        false => Ok(parts),
    }
}

pub fn number<T: TryFrom<u32>>(key: &'static str, value: &DeValue, allowed: RangeInclusive<u32>) -> Result<T, Reason> {
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

/// The known word with the fewest letters to change.
pub fn nearest(word: &str, known: &[&str]) -> String {
    known.iter().min_by_key(|known| letters_to_change(word, known)).copied().unwrap_or_default().to_owned()
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
