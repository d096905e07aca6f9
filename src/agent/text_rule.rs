//! Rules over one text: a title, a notice, the visible screen. The first rule whose pattern fits speaks.
//!
//! Change here: what such a rule may say. Not here: where the text comes from (`readers/`).

use super::claim::Claim;
use super::means::{Means, plain};
use regex::{Captures, Regex};
use serde::Deserialize;

/// What is told of the text that a rule found, as evidence.
const WORDS_BYTES: usize = 80;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextRule {
    pub pattern: Pattern,
    pub means: Means,
    /// What is taken out of it: `$1` or `$name` stand for the groups of the pattern.
    pub text: Option<String>,
}

/// A regular expression that was compiled when its profile was read.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern(Regex);

impl TextRule {
    /// What the first of the rules that fits makes of the text, and the part that it fits, as evidence.
    pub fn first(rules: &[TextRule], text: &str) -> Option<(Claim, String)> {
        let (rule, found) = rules.iter().find_map(|rule| Some((rule, rule.pattern.0.captures(text)?)))?;
        let taken = rule.text.as_ref().map(|template| expanded(&found, template));
        let part = found.get(0).map_or("", |part| part.as_str());
        // An empty pattern fits everything: then the whole text is what was seen.
        let seen = if part.trim().is_empty() { text } else { part };
        Some((rule.means.claim(taken)?, plain(seen, WORDS_BYTES)))
    }
}

fn expanded(found: &Captures, template: &str) -> String {
    let mut text = String::new();
    found.expand(template, &mut text);
    text
}

impl Pattern {
    /// The template with its groups filled, where the text fits.
    pub fn expand(&self, text: &str, template: &str) -> Option<String> {
        self.0.captures(text).map(|found| expanded(&found, template))
    }

    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// What the group of this name stands for; the whole match where the pattern has no such group.
    pub fn group<'a>(&self, name: &str, text: &'a str) -> Option<&'a str> {
        let found = self.0.captures(text)?;
        found.name(name).or_else(|| found.get(1)).or_else(|| found.get(0)).map(|part| part.as_str())
    }
}

/// Two are the same where they are written the same.
impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Regex::new(&text).map(Pattern).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(rules: &[(&str, Means, Option<&str>)]) -> Vec<TextRule> {
        let rule = |(pattern, means, text): &(&str, Means, Option<&str>)| TextRule {
            pattern: Pattern::try_from(pattern.to_string()).unwrap(),
            means: *means,
            text: text.map(str::to_owned),
        };
        rules.iter().map(rule).collect()
    }

    #[test]
    fn the_first_rule_that_fits_speaks() {
        let rules = rules(&[
            ("^skip", Means::Nothing, None),
            (r"^[◐◑]\S* (.*)", Means::Working, Some("$1")),
            (r"^\[!\] (?<what>.*)", Means::AsksPermission, Some("${what}?")),
            ("", Means::Idle, None),
        ]);
        let asks = Claim::Asks { kind: crate::domain::request::RequestKind::Permission, text: "touch?".into() };
        let table = [
            ("◐ runs", Some((Claim::Working { doing: Some("runs".into()) }, "◐ runs"))),
            ("[!] touch", Some((asks, "[!] touch"))),
            ("skip this", None),
            ("anything", Some((Claim::Idle, "anything"))),
        ];
        for (text, wanted) in table {
            let wanted = wanted.map(|(claim, words)| (claim, words.to_owned()));
            assert_eq!(TextRule::first(&rules, text), wanted, "{text}");
        }
        assert_eq!(TextRule::first(&[], "x"), None);
    }

    #[test]
    fn a_wrong_pattern_is_refused_with_its_reason() {
        let error = Pattern::try_from("a(".to_owned()).unwrap_err();
        assert!(error.contains("unclosed group"), "{error}");
    }
}
