//! The keymap in force: the table, with what the person bound anew in its place.
//!
//! Change here: what may be bound where, and what is an error. Not here: reading the file (`config/keys.rs`) or the default keys.

use super::brief::MOST_KEYS;
use super::{Action, Binding, Command, Place, TABLE, is_action, key_name};
use crate::config::key_name::written;
use crate::config::keys::{Bound, KeyPlace, PLACES};
use crate::config::{Config, ConfigError, REFERENCE, Reason};
use crate::terminal::keys::Key;
use std::collections::BTreeSet;
use std::path::Path;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

/// What is wrong with a line of `[keys]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    #[error("there is no action `{0}`; threadkeep config default prints all of them")]
    NoAction(String),
    #[error("`{0}` is about the text that is written, so it has keys under [keys.composer] only")]
    OnlyInComposer(String),
    #[error("{key} is the prefix, so it cannot be `{action}` as well")]
    Prefix { key: String, action: String },
    #[error("{key} is `{other}` already; give `{action}` another key, or give `{other}` another one in this file")]
    Taken { key: String, action: String, other: String },
    #[error("{key} stands twice for `{action}`")]
    Twice { key: String, action: String },
}

impl Default for Keymap {
    fn default() -> Keymap {
        Keymap { bindings: TABLE.to_vec() }
    }
}

impl Keymap {
    /// The first thing that is wrong, with its line.
    pub fn new(config: &Config) -> Result<Keymap, (usize, BindingError)> {
        let mut keymap = Keymap::default();
        for bound in &config.keys {
            let command = command_of(bound)?;
            let place = place_of(bound.place);
            keymap.bindings.retain(|binding| (binding.place, binding.command) != (place, command));
        }
        for bound in &config.keys {
            keymap.bind(bound, command_of(bound)?, config.prefix).map_err(|error| (bound.line, error))?;
        }
        // An action stands where it always stood in help and which-key, and one that is new in its place behind the others.
        let same = |one: &Binding| TABLE.iter().position(|old| old == one);
        let stood = |one: &Binding| TABLE.iter().position(|old| (old.place, old.command) == (one.place, one.command));
        keymap.bindings.sort_by_key(|binding| same(binding).or_else(|| stood(binding)).unwrap_or(TABLE.len()));
        Ok(keymap)
    }

    fn bind(&mut self, bound: &Bound, command: Command, prefix: Key) -> Result<(), BindingError> {
        let place = place_of(bound.place);
        for key in &bound.keys {
            self.must_be_free(bound, *key, prefix)?;
            self.bindings.push(Binding { place, key: *key, command, words: words_of(command, place) });
        }
        Ok(())
    }

    fn must_be_free(&self, bound: &Bound, key: Key, prefix: Key) -> Result<(), BindingError> {
        let (name, action) = (key_name(key), bound.action.clone());
        let place = place_of(bound.place);
        if key == prefix {
            return Err(BindingError::Prefix { key: name, action });
        }
        let meets = |other: Place| match (place, other) {
            (Place::Anywhere, Place::Composer) | (Place::Composer, Place::Anywhere) => true,
            (place, other) => place == other,
        };
        let taken = self.bindings.iter().find(|binding| binding.key == key && meets(binding.place));
        match taken.map(|binding| binding.command.name().unwrap_or_default().into_owned()) {
            Some(other) if other == action => Err(BindingError::Twice { key: name, action }),
            Some(other) => Err(BindingError::Taken { key: name, action, other }),
            None => Ok(()),
        }
    }

    /// What this key means here; none where it has no meaning of ours.
    pub fn command(&self, place: Place, key: Key) -> Option<Command> {
        let found = self.bindings.iter().find(|binding| binding.place == place && binding.key == key);
        found.map(|binding| binding.command)
    }

    /// All that has a meaning there, in the order of the table.
    pub fn of_place(&self, place: Place) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().filter(move |binding| binding.place == place)
    }

    /// Every action that makes sense by itself, each once, with its first key.
    pub fn actions(&self) -> Vec<Action> {
        let mut actions: Vec<Action> = Vec::new();
        for binding in TABLE.iter().filter(|binding| is_action(binding)) {
            let Binding { command, words, .. } = *binding;
            if !actions.iter().any(|action| action.command == command) {
                actions.push(Action { command, words, key: self.key_of(command) });
            }
        }
        actions
    }

    /// The first key of a command, and where it is pressed.
    fn key_of(&self, command: Command) -> Option<(Place, Key)> {
        let of_command = |place: Place| move |binding: &&Binding| (binding.place, binding.command) == (place, command);
        let places = [Place::Prefix, Place::Anywhere, Place::Composer];
        let mut found = places.into_iter().filter_map(|place| self.bindings.iter().find(of_command(place)));
        found.next().map(|binding| (binding.place, binding.key))
    }

    /// How a command is reached: `Ctrl+] o` as `name` writes keys. Where it has no key, its words, which the palette finds.
    pub fn way(&self, command: Command, prefix: Key, name: impl Fn(Key) -> String) -> String {
        match self.key_of(command) {
            Some((Place::Prefix, key)) => format!("{} {}", name(prefix), key_name(key)),
            Some((_, key)) => name(key),
            None => format!("\"{}\"", words_of(command, Place::Prefix)),
        }
    }

    /// The keys of one place with their words, alike ones together, for people.
    pub fn lines(&self, place: Place) -> Vec<(String, &'static str)> {
        let is_shown = |binding: &&Binding| binding.place == place && !binding.words.is_empty();
        let shown: Vec<&Binding> = self.bindings.iter().filter(is_shown).collect();
        shown
            .chunk_by(|one, other| one.words == other.words)
            .map(|alike| {
                let names: Vec<String> = alike.iter().map(|binding| key_name(binding.key)).collect();
                let keys = match names.as_slice() {
                    [first, .., last] if names.len() > MOST_KEYS => format!("{first} .. {last}"),
                    _ => names.join(" "),
                };
                (keys, alike.first().map_or("", |binding| binding.words))
            })
            .collect()
    }
}

/// The configuration with the keymap that follows from it; an error of either with its line.
pub fn load(path: &Path) -> Result<(Config, Keymap), ConfigError> {
    let config = Config::load(path)?;
    let keymap = Keymap::new(&config).map_err(|(line, error)| ConfigError::Line {
        path: path.into(),
        line,
        reason: Reason::Binding(error.to_string()),
    })?;
    Ok((config, keymap))
}

/// The whole commented file: the reference, then every action with its keys, from the table.
pub fn default_file() -> String {
    let mut file = REFERENCE.trim_end().to_owned() + "\n";
    for (name, key_place) in PLACES {
        file.push_str(&format!("\n[keys.{name}]\n"));
        let place = place_of(key_place);
        let mut told = BTreeSet::new();
        for binding in TABLE.iter().filter(|binding| binding.place == place) {
            let Some(action) = binding.command.name().filter(|action| told.insert(action.clone())) else { continue };
            let keys: Vec<String> = TABLE
                .iter()
                .filter(|other| (other.place, other.command) == (place, binding.command))
                .map(|other| toml::Value::String(written(other.key)).to_string())
                .collect();
            let keys = if let [one] = keys.as_slice() { one.clone() } else { format!("[{}]", keys.join(", ")) };
            let words = if binding.words.is_empty() { String::new() } else { format!("  # {}", binding.words) };
            file.push_str(&format!("{action} = {keys}{words}\n"));
        }
    }
    file
}

fn command_of(bound: &Bound) -> Result<Command, (usize, BindingError)> {
    let named = TABLE.iter().map(|binding| binding.command).find(|command| is_named(*command, &bound.action));
    match named {
        None => Err((bound.line, BindingError::NoAction(bound.action.clone()))),
        Some(command) if command.is_of_composer() && bound.place != KeyPlace::Composer => {
            Err((bound.line, BindingError::OnlyInComposer(bound.action.clone())))
        }
        Some(command) => Ok(command),
    }
}

fn is_named(command: Command, name: &str) -> bool {
    command.name().is_some_and(|known| known == name)
}

fn place_of(place: KeyPlace) -> Place {
    match place {
        KeyPlace::Prefix => Place::Prefix,
        KeyPlace::Anywhere => Place::Anywhere,
        KeyPlace::Composer => Place::Composer,
    }
}

/// The words of a command where it has some: those of this place first.
fn words_of(command: Command, place: Place) -> &'static str {
    let of_command = || TABLE.iter().filter(|binding| binding.command == command);
    let here = of_command().find(|binding| binding.place == place);
    here.or_else(|| of_command().find(|binding| !binding.words.is_empty())).map_or("", |binding| binding.words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::keys::{KeyCode, Modifiers};

    fn keymap(text: &str) -> Result<Keymap, (usize, String)> {
        let config = Config::parse(text).map_err(|(line, reason)| (line, reason.to_string()))?;
        Keymap::new(&config).map_err(|(line, error)| (line, error.to_string()))
    }

    fn char(sign: char) -> Key {
        Key { code: KeyCode::Char(sign), modifiers: Modifiers::NONE }
    }

    #[test]
    fn what_is_printed_as_the_default_is_the_default() {
        let config = Config::parse(&default_file()).expect("it can be read");
        assert_eq!(Config { keys: Vec::new(), ..config.clone() }, Config::default());
        let keymap = Keymap::new(&config).expect("its keys are free");
        for place in [Place::Prefix, Place::Anywhere, Place::Composer] {
            let of = |bindings: &[Binding]| {
                let here = bindings.iter().filter(|binding| binding.place == place);
                let mut here: Vec<String> = here.map(|one| format!("{:?} {:?}", one.key, one.command)).collect();
                here.sort();
                here
            };
            assert_eq!(of(&keymap.bindings), of(TABLE), "{place:?}");
        }
    }

    #[test]
    fn every_command_with_a_key_of_the_person_has_a_name_of_its_own() {
        let mut names = std::collections::BTreeMap::new();
        for binding in TABLE.iter().filter(|one| matches!(one.place, Place::Prefix | Place::Anywhere | Place::Composer))
        {
            let name = binding.command.name().unwrap_or_else(|| panic!("{:?} has no name", binding.command));
            let other = names.insert(name, binding.command).unwrap_or(binding.command);
            assert_eq!(other, binding.command);
        }
    }

    #[test]
    fn every_key_and_every_action_stands_in_the_documentation() {
        let page = include_str!("../../../docs/configuration.md");
        let actions = TABLE.iter().filter_map(|binding| binding.command.name()).map(|name| name.into_owned());
        let roles = crate::config::theme::ROLES.iter().map(|(role, _)| (*role).to_owned());
        let keys = crate::config::KEYS
            .iter()
            .chain(&crate::config::notify::KEYS)
            .chain(&crate::config::changes::KEYS)
            .map(|key| (*key).to_owned());
        for name in actions.chain(roles).chain(keys) {
            assert!(page.contains(&format!("`{name}`")), "docs/configuration.md does not tell of {name}");
        }
    }

    #[test]
    fn an_action_has_the_keys_of_the_file_instead_of_its_own() {
        let text = "[keys.prefix]\nnew_tab = [\"k\", \"K\"]\nzoom = []\n[keys.anywhere]\noverview = \"alt-w\"";
        let keymap = keymap(text).expect("all is free");
        assert_eq!(keymap.command(Place::Prefix, char('k')), Some(Command::NewTab));
        assert_eq!(keymap.command(Place::Prefix, char('K')), Some(Command::NewTab));
        assert_eq!(keymap.command(Place::Prefix, char('c')), None);
        assert_eq!(keymap.command(Place::Prefix, char('w')), Some(Command::Overview), "the other place keeps its key");
        let alt_w = Key { code: KeyCode::Char('w'), modifiers: Modifiers::ALT };
        assert_eq!(keymap.command(Place::Anywhere, alt_w), Some(Command::Overview));
        let lines = keymap.lines(Place::Prefix);
        assert!(lines.contains(&("k K".into(), "new tab, same agent and folder")), "{lines:?}");
        let prefix = Config::default().prefix;
        assert_eq!(keymap.way(Command::NewTab, prefix, key_name), "Ctrl+] k");
        assert_eq!(keymap.way(Command::Zoom, prefix, key_name), "\"zoom the pane\"");
        let zoom = keymap.actions().into_iter().find(|action| action.command == Command::Zoom);
        assert_eq!(zoom.map(|action| action.key_words(prefix)), Some(String::new()), "the palette has it still");
    }

    #[test]
    fn two_actions_can_swap_their_keys() {
        let swapped = keymap("[keys.prefix]\nnext_tab = \"p\"\nprevious_tab = \"n\"").expect("both are free");
        assert_eq!(swapped.command(Place::Prefix, char('n')), Some(Command::PreviousTab));
    }

    #[test]
    fn what_cannot_be_bound_is_told_with_its_line() {
        for (text, line, told) in [
            ("[keys.prefix]\nnew_tap = \"k\"", 2, "no action `new_tap`"),
            ("[keys.prefix]\n\nzoom = \"c\"", 3, "c is `new_tab` already"),
            ("[keys.prefix]\nzoom = \"k\"\nrename = \"k\"", 3, "k is `zoom` already"),
            ("[keys.prefix]\nzoom = [\"k\", \"k\"]", 2, "k stands twice"),
            ("[keys.prefix]\nzoom = \"ctrl-]\"", 2, "is the prefix"),
            ("prefix = \"ctrl-g\"\n[keys.composer]\nundo = \"ctrl-g\"", 3, "is the prefix"),
            ("[keys.anywhere]\nzoom = \"ctrl-n\"", 2, "`fresh` already"),
            ("[keys.composer]\nundo = \"alt-1\"", 2, "`tab_1` already"),
            ("[keys.prefix]\nsend = \"k\"", 2, "under [keys.composer]"),
            ("[keys.anywhere]\nzoom = \"k\"", 2, "needed for typing"),
            ("[keys.anywhere]\nzoom = \"up\"", 2, "needed for typing"),
            ("[keys.composer]\nundo = \"k\"", 2, "needed for typing"),
            ("[keys.prefix]\nzoom = \"hyper-k\"", 2, "`hyper-k`"),
            ("[keys.prefix]\nzoom = 7", 2, "a key in quotes"),
            ("[keys.nowhere]\nzoom = \"k\"", 1, "did you mean"),
        ] {
            let (found, said) = keymap(text).expect_err(text);
            assert!(found == line && said.contains(told), "{text}: {found} {said}");
        }
    }
}
