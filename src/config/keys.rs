//! The table `[keys]`: which keys the person gave to which action. A key here is a key; whether there is such an action, and whether the key
//! is free, only the window's keymap knows (`tui/keymap`).

use super::value::{Lines, entries, nearest, table};
use super::{Reason, is_typing, key_name};
use crate::terminal::keys::Key;
use toml::de::{DeTable, DeValue};

/// Where a key is to have its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPlace {
    /// After the prefix.
    Prefix,
    /// Everywhere but on pages, also on the agent's screen.
    Anywhere,
    Composer,
}

/// The keys of one action in one place: these and no others. None: it has no key there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    pub place: KeyPlace,
    pub action: String,
    pub keys: Vec<Key>,
    /// Where it stands in the file, counted from 1.
    pub line: usize,
}

pub const PLACES: [(&str, KeyPlace); 3] =
    [("prefix", KeyPlace::Prefix), ("anywhere", KeyPlace::Anywhere), ("composer", KeyPlace::Composer)];

pub fn read(tables: &DeTable, lines: Lines) -> Result<Vec<Bound>, (usize, Reason)> {
    let mut bound = Vec::new();
    for (name, value) in entries(tables) {
        let line = lines.of(name.span().start);
        let Some((named, place)) = PLACES.iter().find(|(known, _)| known == name.get_ref()) else {
            let known: Vec<&str> = PLACES.iter().map(|(known, _)| *known).collect();
            let nearest = nearest(name.get_ref(), &known);
            return Err((line, Reason::UnknownKey { key: format!("keys.{}", name.get_ref()), nearest }));
        };
        for (action, keys) in entries(table(named, value.get_ref()).map_err(|reason| (line, reason))?) {
            let line = lines.of(action.span().start);
            let keys = keys_of(*place, keys.get_ref()).map_err(|reason| (line, reason))?;
            bound.push(Bound { place: *place, action: action.get_ref().clone().into_owned(), keys, line });
        }
    }
    Ok(bound)
}

/// One key, or a list of them.
fn keys_of(place: KeyPlace, value: &DeValue) -> Result<Vec<Key>, Reason> {
    let wrong =
        || Reason::WrongType { key: "keys", wanted: "a key in quotes, or a list of them", found: value.type_str() };
    match value.as_array() {
        Some(list) => list.iter().map(|one| one_key(place, one.get_ref().as_str().ok_or_else(wrong)?)).collect(),
        None => Ok(vec![one_key(place, value.as_str().ok_or_else(wrong)?)?]),
    }
}

fn one_key(place: KeyPlace, name: &str) -> Result<Key, Reason> {
    let key = key_name::parse(name).map_err(|reason| Reason::WrongKeyName { key: "keys", reason })?;
    let types = match place {
        KeyPlace::Prefix => false,
        // Keys with a name move and send in the composer; shift with one of them is free everywhere.
        KeyPlace::Composer => key_name::is_sign(key) && is_typing(key),
        KeyPlace::Anywhere => is_typing(key) && !key_name::is_name_with_shift(key),
    };
    if types { Err(Reason::NeededForTyping(name.into())) } else { Ok(key) }
}
