//! Rules as a profile writes them, values in, claims out.

use super::*;
use crate::agent::profile::Signal;
use proptest::prelude::*;
use serde_json::json;

fn rules(text: &str) -> Vec<JsonRule> {
    match toml::from_str(&format!("source = \"hook\"\n{text}")).unwrap() {
        Signal::Hook { rules, stream: None } => rules,
        other => panic!("{other:?}"),
    }
}

fn claims(rules: &[JsonRule], value: Value) -> Vec<Claim> {
    JsonRule::first(rules, &value, &mut Counted::default()).into_iter().map(|(claim, _)| claim).collect()
}

const RULES: &str = r#"
[[rule]]
when = { "/type" = "end", "/error" = "*" }
means = "failed"
text = "/error/message"
[[rule]]
when = { "/type" = ["end", "stop"], "/ok" = true }
unless = { "/side" = [true, 1] }
means = "done"
answer = "/parts/*[type=text]/text"
model = "/model"
identity = "/session"
[[rule]]
when = { "/type" = "usage" }
means = "detail"
input_tokens = ["/in", "/cached"]
output_tokens = "/out"
cost_usd = "/usd"
once_by = "/id"
"#;

#[test]
fn the_first_rule_that_fits_speaks() {
    let rules = rules(RULES);
    let detail = |answer: Option<&str>, model: Option<&str>| {
        Claim::Detail(Detail { answer: answer.map(Into::into), model: model.map(Into::into), usage: None })
    };
    let table = [
        (json!({"type": "end", "error": {"message": "500"}, "ok": true}), vec![Claim::Failed { text: "500".into() }]),
        (json!({"type": "end", "error": null, "ok": true}), vec![Claim::Done]),
        (json!({"type": "stop", "ok": true, "side": false}), vec![Claim::Done]),
        (json!({"type": "stop", "ok": true, "side": 1}), vec![]),
        (json!({"type": "stop", "ok": "yes"}), vec![]),
        (json!({"type": "other"}), vec![]),
        (json!(["end"]), vec![]),
        (
            json!({"type": "end", "ok": true, "model": "m", "session": "s-1", "parts": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}),
            vec![Claim::Identity("s-1".into()), detail(Some("a\nb"), Some("m")), Claim::Done],
        ),
        (
            json!({"type": "end", "ok": true, "session": "../x", "parts": [{"type": "text", "text": ""}]}),
            vec![Claim::Done],
        ),
    ];
    for (value, wanted) in table {
        assert_eq!(claims(&rules, value.clone()), wanted, "{value}");
    }
}

#[test]
fn a_text_is_joined_and_its_pattern_decides() {
    let rules = rules(
        r#"
[[rule]]
text = ["/tool", "/input/command", "/input/path"]
pattern = '^Run'
means = "asks-permission"
[[rule]]
text = "/tool"
means = "working"
"#,
    );
    let asks = |text: &str| Claim::Asks { kind: crate::domain::request::RequestKind::Permission, text: text.into() };
    let table = [
        (json!({"tool": "Run", "input": {"command": "ls"}}), asks("Run: ls")),
        (json!({"tool": "Run", "input": {"command": "", "path": "a"}}), asks("Run: a")),
        (json!({"tool": "Read", "input": {"command": "ls"}}), Claim::Working { doing: Some("Read".into()) }),
        (json!({}), Claim::Working { doing: None }),
    ];
    for (value, wanted) in table {
        assert_eq!(claims(&rules, value.clone()), [wanted], "{value}");
    }
}

#[test]
fn usage_is_counted_once_for_each_id() {
    let rules = rules(RULES);
    let mut counted = Counted::default();
    let mut usage = |value: Value| match JsonRule::first(&rules, &value, &mut counted).pop() {
        Some((Claim::Detail(Detail { usage, .. }), _)) => usage,
        _ => None,
    };
    let first = Usage { input_tokens: 12, output_tokens: 3, cost_micros: Some(1_500_000) };
    assert_eq!(usage(json!({"type": "usage", "id": "a", "in": 10, "cached": 2, "out": 3, "usd": 1.5})), Some(first));
    assert_eq!(usage(json!({"type": "usage", "id": "a", "in": 10, "out": 3})), None);
    let second = Usage { input_tokens: 0, output_tokens: 4, cost_micros: None };
    assert_eq!(usage(json!({"type": "usage", "id": "b", "out": 4})), Some(second));
    // Without an id nobody can say that it is the same.
    assert_eq!(usage(json!({"type": "usage", "out": 4})), Some(second));
    assert_eq!(usage(json!({"type": "usage"})), None);
    let below_zero = Usage { input_tokens: 0, output_tokens: 0, cost_micros: Some(0) };
    assert_eq!(usage(json!({"type": "usage", "in": -1, "out": -0.5, "usd": -1})), Some(below_zero));
    for number in 0..1000 {
        usage(json!({"type": "usage", "id": number, "out": 1}));
    }
    assert_eq!(counted.0.len(), COUNTED_REMEMBERED);
}

#[test]
fn the_words_are_what_the_rule_asked_for() {
    let told = |value: Value| JsonRule::first(&rules(RULES), &value, &mut Counted::default()).pop().unwrap().1;
    assert_eq!(told(json!({"type": "end", "error": {}})), "end");
    assert_eq!(told(json!({"type": "stop", "ok": true})), "done");
}

#[test]
fn a_wrong_rule_is_refused() {
    for text in [
        "means = \"done\"\nwhen = { \"type\" = \"x\" }",
        "means = \"done\"\nwhen = { \"/type\" = { a = 1 } }",
        "means = \"over\"",
        "means = \"done\"\nwehn = { \"/a\" = 1 }",
        "means = \"done\"\ninput_tokens = \"in\"",
        "when = { \"/a\" = 1 }",
        "means = \"done\"\ntext = \"no place\"",
    ] {
        assert!(toml::from_str::<Signal>(&format!("source = \"hook\"\n[[rule]]\n{text}")).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_json_is_read_without_harm(text in "(\\{|\\}|\"type\"|\"end\"|\"usage\"|:|,|\"in\"|1e400|-9|\\[|\\]|null|true){0,40}") {
        if let Ok(value) = serde_json::from_str::<Value>(&text) {
            claims(&rules(RULES), value);
        }
    }
}
