//! Rules over one JSON value: a line of a transcript, what a hook was given, a state file. The first rule that fits speaks.
//!
//! Change here: what such a rule may ask and say. Not here: where the value comes from (`readers/`) or places in it (`json_path.rs`).

use super::claim::Claim;
use super::identity::AgentId;
use super::json_path::{JsonPath, texts};
use super::means::{Means, whole};
use super::text_rule::Pattern;
use crate::domain::turn::{Detail, Usage};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// Agents repeat a usage on neighbouring lines only.
const COUNTED_REMEMBERED: usize = 64;

const MICROS: f64 = 1_000_000.0;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonRule {
    /// All of these must hold.
    pub when: Conditions,
    /// None of these may hold.
    pub unless: Conditions,
    pub means: Means,
    /// The text of the claim: what is found in these places, joined by `: `.
    pub text: Paths,
    /// It fits only where this fits the text.
    pub pattern: Option<Pattern>,
    pub answer: Option<JsonPath>,
    pub model: Option<JsonPath>,
    /// The agent's own id of its session, beside another meaning.
    pub identity: Option<JsonPath>,
    pub input_tokens: Paths,
    pub output_tokens: Paths,
    /// In US dollars.
    pub cost_usd: Option<JsonPath>,
    /// Usage with the same text here was counted before.
    pub once_by: Option<JsonPath>,
}

/// Places and what must stand there. In a profile: `{ "/type" = "user", "/n" = [1, 2], "/id" = "*" }`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "BTreeMap<String, Wanted>")]
pub struct Conditions(Vec<(JsonPath, Wanted)>);

/// One value or any of several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Wanted {
    One(Scalar),
    Any(Vec<Scalar>),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Scalar {
    Truth(bool),
    Number(i64),
    /// `*` is any value but none.
    Text(String),
}

/// One place or several, whose texts are joined and whose numbers add up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "OneOrMore")]
pub struct Paths(Vec<JsonPath>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// Whose usage was counted. One for each reader.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Counted(VecDeque<String>);

impl JsonRule {
    /// What the first of the rules that fits makes of the value, each claim with what was seen.
    pub fn first(rules: &[JsonRule], value: &Value, counted: &mut Counted) -> Vec<(Claim, String)> {
        let Some(rule) = rules.iter().find(|rule| rule.fits(value)) else {
            return Vec::new();
        };
        let words = rule.words();
        // Identity and detail before the state: they belong to the turn that the state may end.
        let claims = [rule.identity(value), rule.detail(value, counted), rule.means.claim(rule.text.text(value))];
        claims.into_iter().flatten().map(|claim| (claim, words.clone())).collect()
    }

    fn fits(&self, value: &Value) -> bool {
        self.when.hold(value)
            && !self.unless.any_holds(value)
            && self
                .pattern
                .as_ref()
                .is_none_or(|pattern| self.text.text(value).is_some_and(|text| pattern.is_match(&text)))
    }

    fn identity(&self, value: &Value) -> Option<Claim> {
        let id = AgentId::try_from(self.identity.as_ref()?.text(value)?).ok()?;
        Some(Claim::Identity(id.as_str().to_owned()))
    }

    fn detail(&self, value: &Value, counted: &mut Counted) -> Option<Claim> {
        let text = |path: &Option<JsonPath>| path.as_ref().and_then(|path| path.text(value)).map(whole);
        let answer = text(&self.answer).filter(|answer| !answer.is_empty());
        let detail = Detail { answer, model: text(&self.model), usage: self.usage(value, counted) };
        (detail != Detail::default()).then_some(Claim::Detail(detail))
    }

    fn usage(&self, value: &Value, counted: &mut Counted) -> Option<Usage> {
        let tokens = |paths: &Paths| paths.number(value).map(|number| number as u64);
        let (input, output) = (tokens(&self.input_tokens), tokens(&self.output_tokens));
        let cost = self.cost_usd.as_ref().and_then(|path| path.number(value));
        if input.is_none() && output.is_none() && cost.is_none() {
            return None;
        }
        if let Some(id) = self.once_by.as_ref().and_then(|path| path.text(value)) {
            counted.add(id)?;
        }
        Some(Usage {
            input_tokens: input.unwrap_or(0),
            output_tokens: output.unwrap_or(0),
            cost_micros: cost.map(|dollars| (dollars * MICROS).round() as u64),
        })
    }

    /// What it asked for, which is what was seen.
    fn words(&self) -> String {
        let wanted = |(_, wanted): &(JsonPath, Wanted)| match wanted {
            Wanted::One(Scalar::Text(text)) if text != "*" => Some(text.clone()),
            Wanted::One(_) | Wanted::Any(_) => None,
        };
        let words: Vec<String> = self.when.0.iter().filter_map(wanted).collect();
        if words.is_empty() { self.means.word().to_owned() } else { words.join(" ") }
    }
}

impl Conditions {
    /// Whether all of these hold.
    pub fn hold(&self, value: &Value) -> bool {
        self.0.iter().all(|(path, wanted)| wanted.is_at(path, value))
    }

    /// Whether any of these holds.
    pub fn any_holds(&self, value: &Value) -> bool {
        self.0.iter().any(|(path, wanted)| wanted.is_at(path, value))
    }
}

impl Wanted {
    fn is_at(&self, path: &JsonPath, value: &Value) -> bool {
        let found = path.find(value);
        match self {
            Wanted::One(scalar) => found.iter().any(|value| scalar.is(value)),
            Wanted::Any(scalars) => scalars.iter().any(|scalar| found.iter().any(|value| scalar.is(value))),
        }
    }
}

impl Scalar {
    fn is(&self, value: &Value) -> bool {
        match self {
            Scalar::Truth(truth) => value.as_bool() == Some(*truth),
            Scalar::Number(number) => value.as_i64() == Some(*number),
            Scalar::Text(text) if text == "*" => !value.is_null(),
            Scalar::Text(text) => texts(value).iter().any(|found| found == text),
        }
    }
}

impl Paths {
    /// The texts in these places, joined; none where there are none.
    pub fn text(&self, value: &Value) -> Option<String> {
        let texts: Vec<String> =
            self.0.iter().filter_map(|path| path.text(value)).filter(|text| !text.is_empty()).collect();
        (!texts.is_empty()).then(|| texts.join(": "))
    }

    fn number(&self, value: &Value) -> Option<f64> {
        let numbers: Vec<f64> = self.0.iter().filter_map(|path| path.number(value)).collect();
        (!numbers.is_empty()).then(|| numbers.iter().sum())
    }
}

impl Counted {
    /// None where it was counted before.
    fn add(&mut self, id: String) -> Option<()> {
        if self.0.contains(&id) {
            return None;
        }
        self.0.push_back(id);
        if self.0.len() > COUNTED_REMEMBERED {
            self.0.pop_front();
        }
        Some(())
    }
}

impl TryFrom<BTreeMap<String, Wanted>> for Conditions {
    type Error = String;

    fn try_from(conditions: BTreeMap<String, Wanted>) -> Result<Self, String> {
        let read = |(path, wanted)| Ok((JsonPath::try_from(path)?, wanted));
        conditions.into_iter().map(read).collect::<Result<_, String>>().map(Conditions)
    }
}

impl TryFrom<OneOrMore> for Paths {
    type Error = String;

    fn try_from(written: OneOrMore) -> Result<Self, String> {
        let paths = match written {
            OneOrMore::One(path) => vec![path],
            OneOrMore::More(paths) => paths,
        };
        paths.into_iter().map(JsonPath::try_from).collect::<Result<_, _>>().map(Paths)
    }
}

/// As `TryFrom` of one or several, where the reader of the profile has them already.
impl TryFrom<Vec<String>> for Paths {
    type Error = String;

    fn try_from(paths: Vec<String>) -> Result<Self, String> {
        Paths::try_from(OneOrMore::More(paths))
    }
}

#[cfg(test)]
mod tests;
