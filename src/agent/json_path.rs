//! A place in a JSON value, as profiles write it: `/message/content/*[type=text]/text`.
//!
//! Change here: the language. `/name` goes into an object, `/3` and `/-1` into a list (from its end), `/*` into each member, `[name=text]`
//! keeps those whose member is this text; `~1` and `~0` in a name stand for `/` and `~`. Not here: what a found value means (`json_rule.rs`).

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct JsonPath(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    entry: Entry,
    only: Option<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Entry {
    Every,
    /// A member of an object, or, where it is a number, of a list.
    Member(String),
}

impl JsonPath {
    /// The values that it leads to, in their order.
    pub fn find<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        self.0.iter().fold(vec![value], |found, step| found.into_iter().flat_map(|value| step.go(value)).collect())
    }

    /// What is found as text, several joined by line ends; none where nothing is found that is a text, number or truth value.
    pub fn text(&self, value: &Value) -> Option<String> {
        let texts: Vec<String> = self.find(value).into_iter().flat_map(texts).collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    }

    /// What is found as a number; several add up.
    pub fn number(&self, value: &Value) -> Option<f64> {
        let numbers: Vec<f64> = self.find(value).into_iter().filter_map(Value::as_f64).collect();
        (!numbers.is_empty()).then(|| numbers.iter().sum())
    }
}

impl Step {
    fn go<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        let found: Vec<&Value> = match (&self.entry, value) {
            (Entry::Every, Value::Array(list)) => list.iter().collect(),
            (Entry::Every, Value::Object(members)) => members.values().collect(),
            (Entry::Member(name), Value::Object(members)) => members.get(name).into_iter().collect(),
            (Entry::Member(name), Value::Array(list)) => {
                place(name, list.len()).and_then(|at| list.get(at)).into_iter().collect()
            }
            (_, Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => Vec::new(),
        };
        found.into_iter().filter(|value| self.keeps(value)).collect()
    }

    fn keeps(&self, value: &Value) -> bool {
        match &self.only {
            None => true,
            Some((name, text)) => value.get(name).is_some_and(|member| texts(member).first() == Some(text)),
        }
    }
}

/// The index that a number stands for in a list of this length; negative ones count from its end.
fn place(number: &str, length: usize) -> Option<usize> {
    match number.strip_prefix('-') {
        Some(back) => length.checked_sub(back.parse().ok().filter(|back| *back > 0)?),
        None => number.parse().ok(),
    }
}

/// The texts in a value: itself, or the members of a list.
pub fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Number(number) => vec![number.to_string()],
        Value::Bool(truth) => vec![truth.to_string()],
        Value::Array(list) => list.iter().filter(|member| !member.is_array()).flat_map(texts).collect(),
        Value::Null | Value::Object(_) => Vec::new(),
    }
}

impl TryFrom<String> for JsonPath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let rest = text.strip_prefix('/').ok_or_else(|| format!("{text:?}: a place in JSON begins with `/`"))?;
        let steps = rest
            .split('/')
            .map(|step| read_step(step).ok_or_else(|| format!("{text:?}: {step:?} is no step of a place in JSON")));
        steps.collect::<Result<_, _>>().map(JsonPath)
    }
}

fn read_step(step: &str) -> Option<Step> {
    let (name, only) = match step.split_once('[') {
        None => (step, None),
        Some((name, filter)) => {
            let (member, text) = filter.strip_suffix(']')?.split_once('=')?;
            (name, Some((unescaped(member), unescaped(text))))
        }
    };
    let entry = match name {
        "" => return None,
        "*" => Entry::Every,
        name => Entry::Member(unescaped(name)),
    };
    Some(Step { entry, only })
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn path(text: &str) -> JsonPath {
        JsonPath::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_place_leads_to_texts() {
        let value = json!({
            "type": "x", "n": 3, "yes": true, "none": null, "a/b": "slash", "list": ["a", "b", ["deep"]],
            "content": [{"type": "text", "text": "one"}, {"type": "tool", "text": "no"}, {"type": "text", "text": "two"}],
            "by": {"p": {"v": 1}, "q": {"v": 2}},
        });
        let table = [
            ("/type", Some("x")),
            ("/n", Some("3")),
            ("/yes", Some("true")),
            ("/none", None),
            ("/absent/more", None),
            ("/a~1b", Some("slash")),
            ("/list", Some("a\nb")),
            ("/list/1", Some("b")),
            ("/list/-3", Some("a")),
            ("/list/-4", None),
            ("/list/-0", None),
            ("/list/9", None),
            ("/content/*[type=text]/text", Some("one\ntwo")),
            ("/content/1[type=text]/text", None),
            ("/content/-1[type=text]/text", Some("two")),
            ("/by/*/v", Some("1\n2")),
            ("/content", None),
            ("/type/x", None),
        ];
        for (place, wanted) in table {
            assert_eq!(path(place).text(&value).as_deref(), wanted, "{place}");
        }
        assert_eq!(path("/by/*/v").number(&value), Some(3.0));
        assert_eq!(path("/type").number(&value), None);
    }

    #[test]
    fn a_wrong_place_is_refused() {
        for text in ["", "a", "/", "/a//b", "/a[", "/a[b]", "/[a=b]"] {
            assert!(JsonPath::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_place_or_is_refused(text in "(/|\\*|\\[|\\]|=|~|[a-z0-9-]|\\PC){0,30}") {
            let value = json!([{"a": [1, "b"]}, {"a": {"c": null}}]);
            if let Ok(path) = JsonPath::try_from(text) {
                path.text(&value);
                path.number(&value);
            }
        }
    }
}
