//! Fuzzy matching: letters in their order, the best match first.
//!
//! Here alone the matcher's crate is named. Not here: what is matched (`palette.rs`, `completion.rs`, `history.rs`).

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

pub struct Fuzzy {
    pattern: Pattern,
    matcher: Matcher,
    signs: Vec<char>,
}

/// What is matched: in paths, what follows a separator counts more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Words,
    Paths,
}

impl Fuzzy {
    pub fn new(text: &str, of: Of) -> Fuzzy {
        let config = match of {
            Of::Words => Config::DEFAULT,
            Of::Paths => Config::DEFAULT.match_paths(),
        };
        let pattern = Pattern::new(text.trim(), CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
        Fuzzy { pattern, matcher: Matcher::new(config), signs: Vec::new() }
    }

    /// How well it matches; none where it does not.
    pub fn score(&mut self, words: &str) -> Option<u32> {
        self.pattern.score(Utf32Str::new(words, &mut self.signs), &mut self.matcher)
    }

    /// The same with the characters that were matched, as people see characters, in order.
    pub fn matched(&mut self, words: &str) -> Option<(u32, Vec<u32>)> {
        let mut matched = Vec::new();
        let haystack = Utf32Str::new(words, &mut self.signs);
        let score = self.pattern.indices(haystack, &mut self.matcher, &mut matched)?;
        matched.sort_unstable();
        matched.dedup();
        Some((score, matched))
    }
}
