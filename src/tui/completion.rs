//! Files offered while a name is typed behind `@`: which are offered, the best first, and what is written for one.
//!
//! Change here: where a name begins and ends, and what is better than what. Not here: listing files (`files.rs`), keys
//! (`update/completion.rs`) or looks (`view/completion.rs`).

use super::files::Files;
use super::fuzzy::{Fuzzy, Of};
use std::cmp::Reverse;

/// More than anybody looks through; another letter finds the rest.
const MOST_OFFERED: usize = 50;

#[derive(Debug, Clone, Default)]
pub struct Completion {
    pub offered: Vec<String>,
    pub chosen: usize,
    /// The name as it was typed when the person sent the list away; it stays away until another one is begun.
    pub sent_away: Option<usize>,
    /// The files of which folder are known, or asked for.
    pub files: Option<Files>,
    pub asked: Option<String>,
}

impl Completion {
    /// Offers what matches the text before the cursor.
    pub fn follow(&mut self, before: &str) {
        let typed = typed(before);
        self.sent_away = self.sent_away.filter(|at| typed.as_ref().is_some_and(|typed| typed.from == *at));
        self.chosen = 0;
        self.offered = match (typed, &self.files) {
            (Some(typed), Some(files)) if self.sent_away.is_none() => matching(files, &typed),
            (_, _) => Vec::new(),
        };
    }

    pub fn is_shown(&self) -> bool {
        !self.offered.is_empty()
    }

    pub fn send_away(&mut self, before: &str) {
        self.sent_away = typed(before).map(|typed| typed.from);
        self.offered.clear();
    }

    pub fn chosen(&self) -> Option<&str> {
        self.offered.get(self.chosen).map(String::as_str)
    }
}

/// A name that is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// Where its `@` stands, in characters of the line.
    pub from: usize,
    /// Characters from there to the cursor.
    pub chars: usize,
    pub name: String,
    pub way: Way,
}

/// How a name is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// One word, or in quotes: the letters of a path in their order are enough.
    Letters,
    /// Words without quotes, which may be no name at all: only a path that has them just so is meant.
    Words,
}

/// Longer ones with blanks are what somebody writes.
const MOST_WORDS_CHARS: usize = 60;

/// The name that ends at the cursor: behind an `@` that begins a word, up to the quote where it begins with one. Without a quote it may have blanks
/// too, as far as a path has these words (`matching`).
pub fn typed(before: &str) -> Option<Typed> {
    let signs: Vec<char> = before.chars().collect();
    let begins = |at: usize| {
        let first =
            at.checked_sub(1).and_then(|at| signs.get(at)).is_none_or(|sign| sign.is_whitespace() || *sign == '(');
        signs.get(at) == Some(&'@') && first
    };
    let from = (0..signs.len()).rev().find(|at| begins(*at))?;
    let rest: String = signs.iter().skip(from + 1).collect();
    let is_name = |words: &str| {
        words.chars().count() <= MOST_WORDS_CHARS
            && words.starts_with(|sign: char| !sign.is_whitespace())
            && words.ends_with(|sign: char| !sign.is_whitespace())
    };
    let (name, way) = match rest.strip_prefix('"') {
        Some(quoted) if !quoted.contains('"') => (quoted.to_owned(), Way::Letters),
        None if !rest.contains(char::is_whitespace) => (rest, Way::Letters),
        None if is_name(&rest) => (rest, Way::Words),
        Some(_) | None => return None,
    };
    Some(Typed { from, chars: signs.len() - from, name, way })
}

/// What is written for a path. One with blanks is quoted; a folder is left open, so that the name goes on.
pub fn written(path: &str) -> String {
    let is_folder = path.ends_with('/');
    match (path.contains(char::is_whitespace), is_folder) {
        (false, false) => format!("@{path} "),
        (false, true) => format!("@{path}"),
        (true, false) => format!("@\"{path}\" "),
        (true, true) => format!("@\"{path}"),
    }
}

/// The best first; of equals the one that is less deep, then the shorter.
fn matching(files: &Files, typed: &Typed) -> Vec<String> {
    let mut fuzzy = Fuzzy::new(&typed.name, Of::Paths);
    let words = typed.name.to_lowercase();
    let is_meant = |path: &str| typed.way == Way::Letters || path.to_lowercase().contains(&words);
    let depth = |path: &str| path.trim_end_matches('/').matches('/').count();
    let mut scored: Vec<_> = files
        .paths
        .iter()
        .filter(|path| is_meant(path))
        .filter_map(|path| Some((Reverse(fuzzy.score(path)?), depth(path), path.len(), path)))
        .collect();
    scored.sort_unstable();
    scored.into_iter().take(MOST_OFFERED).map(|(_, _, _, path)| path.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_begins_behind_an_at_sign_at_the_beginning_of_a_word() {
        for (before, from, name) in
            [("@", 0, ""), ("see @src/m", 4, "src/m"), ("日本 (@x", 4, "x"), ("@\"a b", 0, "a b"), ("@done @", 6, "")]
        {
            let typed = typed(before).expect("a name is typed");
            assert_eq!((typed.from, typed.name.as_str()), (from, name), "{before}");
            assert_eq!(typed.from + typed.chars, before.chars().count());
        }
        assert_eq!(typed("see @a b").map(|typed| (typed.name, typed.way)), Some(("a b".to_owned(), Way::Words)));
        let long = format!("@a {}", "b".repeat(MOST_WORDS_CHARS));
        for before in ["", "me@host", "@a ", "@ a", "@\"a b\" ", "git show HEAD@{1}", &long] {
            assert_eq!(typed(before), None, "{before}");
        }
    }

    #[test]
    fn the_best_and_the_nearest_are_first() {
        let paths = ["src/tui/mod.rs", "src/", "mod.rs", "docs/model.md", "a b.txt"].map(str::to_owned).to_vec();
        let files = Files { folder: "/f".into(), paths };
        let mut completion = Completion { files: Some(files), ..Completion::default() };
        completion.follow("see @mod.rs");
        assert_eq!(completion.offered, ["mod.rs", "src/tui/mod.rs"]);
        completion.follow("@");
        assert_eq!(completion.offered.first().map(String::as_str), Some("src/"));
        completion.follow("@zzz");
        assert!(!completion.is_shown());
        completion.follow("@A b.t");
        assert_eq!(completion.offered, ["a b.txt"], "words are enough where a path has them");
        for no_name in ["@mod rs", "@a b.txt is what I mean"] {
            completion.follow(no_name);
            assert!(!completion.is_shown(), "{no_name}");
        }
    }

    #[test]
    fn a_list_that_was_sent_away_stays_away_until_another_name_is_begun() {
        let files = Files { folder: "/f".into(), paths: vec!["one".into()] };
        let mut completion = Completion { files: Some(files), ..Completion::default() };
        completion.follow("@o");
        completion.send_away("@o");
        completion.follow("@on");
        assert!(!completion.is_shown());
        completion.follow("@on @o");
        assert!(completion.is_shown());
    }

    #[test]
    fn paths_with_blanks_are_quoted_and_folders_left_open() {
        assert_eq!(["a", "a b", "a/", "a b/"].map(written), ["@a ", "@\"a b\" ", "@a/", "@\"a b/"]);
    }
}
