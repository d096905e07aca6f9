//! Says how a message is given to an agent: what is written to its private folder, and what is then typed.
//!
//! Change here: new ways of submitting (a profile names them). Not here: writing, typing and waiting (host).

use super::profile::{Brackets, GapFrom, ModelRules, Paste, Submit, Variant};
use crate::domain::id::TurnNumber;

const PASTE_BEGINS: &str = "\u{1b}[200~";
const PASTE_ENDS: &str = "\u{1b}[201~";
/// Keys that come in one read with a paste are taken for a part of its text (seen: "removed 40 invisible characters"); 20 ms were enough.
const AFTER_CLEARING_MS: u64 = 50;

/// What gives one message to the agent, in this order: the files, then the steps. Has no `Debug`: it holds what was typed.
#[derive(Clone, PartialEq, Eq)]
pub struct Submission {
    /// Files to write into the private folder, as (name, content).
    pub files: Vec<(String, Vec<u8>)>,
    pub steps: Vec<Typing>,
}

/// Bytes for the agent, and how long to wait before the next ones.
#[derive(Clone, PartialEq, Eq)]
pub struct Typing {
    pub bytes: Vec<u8>,
    pub then_wait_ms: u64,
    /// From when that counts.
    pub from: GapFrom,
}

impl Typing {
    /// Bytes that nothing is waited for after.
    pub fn at_once(bytes: impl Into<Vec<u8>>) -> Typing {
        Typing { bytes: bytes.into(), then_wait_ms: 0, from: GapFrom::Read }
    }
}

/// What may stand in the agent's composer before the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Composer {
    Empty,
    /// Something, for all we know: keys went to the agent's screen since the last turn.
    MaybeHolds,
    /// A turn was interrupted: some agents put its prompt back.
    AfterInterrupt,
}

/// Says how `text` is given to the agent as this turn.
pub fn submit(variant: &Variant, turn: TurnNumber, text: &str, composer: Composer) -> Submission {
    match &variant.submit {
        Submit::File { file, keys } => {
            let mut content = text.as_bytes().to_vec();
            // A last line without an end is not one to every program: the closing word of a here-document, for example.
            if !content.ends_with(b"\n") {
                content.push(b'\n');
            }
            let keys = Typing::at_once(keys.fill(turn));
            Submission { files: vec![(file.fill(turn), content)], steps: vec![keys] }
        }
        Submit::Paste(paste) => {
            let then_wait_ms = paste.gap_ms.max(AFTER_CLEARING_MS);
            let clear = clearing(paste, composer).map(|bytes| Typing { bytes, then_wait_ms, from: GapFrom::Read });
            let steps = clear.into_iter().chain(pasted_and_sent(paste, text)).collect();
            Submission { files: Vec::new(), steps: joined(steps) }
        }
    }
}

/// How an agent is told another model at its prompt, before a message. None where its profile does not say how.
pub fn switch_model(variant: &Variant, rules: &ModelRules, model: &str, composer: Composer) -> Option<Vec<Typing>> {
    let (Some(template), Submit::Paste(paste)) = (&rules.typed, &variant.submit) else {
        return None;
    };
    // A line of its own: nothing in a name sends it early.
    let line: String = template.fill(model).chars().filter(|character| !character.is_control()).collect();
    let then_wait_ms = paste.gap_ms.max(AFTER_CLEARING_MS);
    let clear = clearing(paste, composer).map(|bytes| Typing { bytes, then_wait_ms, from: GapFrom::Read });
    let bytes = in_brackets(paste, &line).into_bytes();
    let text = Typing { bytes, then_wait_ms: paste.gap_ms, from: paste.gap_from };
    let keys = Typing { bytes: paste.keys.clone().into_bytes(), then_wait_ms: rules.wait_ms, from: GapFrom::Read };
    Some(joined(clear.into_iter().chain([text, keys]).collect()))
}

/// The text as a message is typed.
pub(super) fn pasted_and_sent(paste: &Paste, text: &str) -> Vec<Typing> {
    let text = Typing { bytes: pasted(paste, text).into_bytes(), then_wait_ms: paste.gap_ms, from: paste.gap_from };
    let keys = Typing::at_once(paste.keys.clone());
    joined(vec![text, keys])
}

fn clearing(paste: &Paste, composer: Composer) -> Option<Vec<u8>> {
    let keys = match (composer, &paste.after_interrupt) {
        (Composer::Empty, _) => return None,
        (Composer::AfterInterrupt, Some(keys)) => keys.clone(),
        (Composer::AfterInterrupt, None) | (Composer::MaybeHolds, _) => paste.clear.repeat(paste.clear_times),
    };
    (!keys.is_empty()).then(|| keys.into_bytes())
}

fn pasted(paste: &Paste, text: &str) -> String {
    let is_command = paste.pad_start.iter().any(|start| text.trim_start().starts_with(start));
    let text = format!("{}{text}{}", if is_command { paste.pad_with.as_str() } else { "" }, paste.pad_end);
    in_brackets(paste, &text)
}

/// The text as it is pasted, with nothing around it.
pub(super) fn in_brackets(paste: &Paste, text: &str) -> String {
    match paste.brackets {
        Brackets::Yes => format!("{PASTE_BEGINS}{}{PASTE_ENDS}", without_end_marks(text)),
        // Nothing tells text from keys here: only what is text goes out.
        Brackets::No => {
            text.chars().filter(|character| !character.is_control() || matches!(character, '\n' | '\t')).collect()
        }
    }
}

/// The text without what would end the paste early; whatever stands behind that would be keys.
fn without_end_marks(text: &str) -> String {
    let mut kept = text.to_owned();
    // Taking one out can make another one of what stood around it. The second is the same mark in one character less.
    while let Some(mark) = [PASTE_ENDS, "\u{9b}201~"].into_iter().find(|mark| kept.contains(mark)) {
        kept = kept.replace(mark, "");
    }
    kept
}

/// Steps between which nothing is waited are one write: some agents take a paste and its Enter only so for sure.
fn joined(steps: Vec<Typing>) -> Vec<Typing> {
    let mut joined: Vec<Typing> = Vec::new();
    for step in steps {
        match joined.last_mut().filter(|last| last.then_wait_ms == 0) {
            Some(last) => {
                last.bytes.extend(step.bytes);
                last.then_wait_ms = step.then_wait_ms;
                last.from = step.from;
            }
            None => joined.push(step),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::super::catalog::Catalog;
    use super::*;
    use proptest::prelude::*;

    const TURN: TurnNumber = TurnNumber(17);

    fn variant(submit: &str) -> Variant {
        toml::from_str(&format!("submit = {submit}")).unwrap()
    }

    /// The steps as text: escapes as `^[`, waits as numbers.
    fn typed(variant: &Variant, text: &str, composer: Composer) -> String {
        let step = |step: &Typing| {
            let bytes = String::from_utf8(step.bytes.clone()).unwrap().replace('\u{1b}', "^[");
            format!("{bytes:?} {}", step.then_wait_ms)
        };
        let steps = submit(variant, TURN, text, composer).steps;
        steps.iter().map(step).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn the_text_goes_into_a_file_byte_for_byte_and_never_through_the_keys() {
        let (catalog, _) = Catalog::read(&[]);
        let variants = &catalog.get("shell").unwrap().variants;
        let texts =
            ["echo hi", "-n", "a\nb", "a\n", "'\"`$\\", "\u{1b}[A\u{7f}\r\u{3}", "é 漢字 👩‍👩‍👧", "", &"x".repeat(200_000)];
        for variant in variants {
            for text in texts {
                let submission = submit(variant, TURN, text, Composer::MaybeHolds);
                let [(name, content)] = &submission.files[..] else { panic!("one file") };
                assert_eq!(name, "turn-17");
                assert_eq!(content.strip_suffix(b"\n").unwrap(), text.strip_suffix('\n').unwrap_or(text).as_bytes());
                let [Typing { bytes: keys, then_wait_ms: 0, .. }] = &submission.steps[..] else { panic!("one step") };
                assert!(keys.len() < 60, "a cooked line and a narrow pane take it");
                assert!(String::from_utf8_lossy(keys).contains(" __tk 17"));
            }
        }
    }

    #[test]
    fn a_paste_is_padded_where_the_agent_would_take_it_for_a_command() {
        let variant = variant(r#"{ paste = "\r", gap_ms = 0, pad_start = ["/", "!"], pad_end = " " }"#);
        let table = [
            ("hi", "\"^[[200~hi ^[[201~\\r\" 0"),
            ("/clear", "\"^[[200~ /clear ^[[201~\\r\" 0"),
            ("!rm", "\"^[[200~ !rm ^[[201~\\r\" 0"),
            (" /x", "\"^[[200~  /x ^[[201~\\r\" 0"),
            ("a\n\tb\\", "\"^[[200~a\\n\\tb\\\\ ^[[201~\\r\" 0"),
        ];
        for (text, wanted) in table {
            assert_eq!(typed(&variant, text, Composer::Empty), wanted, "{text}");
        }
    }

    #[test]
    fn what_may_stand_in_the_composer_is_cleared_first() {
        let variant = variant(r#"{ gap_ms = 20, clear = "\u0015", clear_times = 3, after_interrupt = "xx" }"#);
        let paste = "\"^[[200~a^[[201~\" 20, \"\\r\" 0";
        assert_eq!(typed(&variant, "a", Composer::Empty), paste);
        assert_eq!(typed(&variant, "a", Composer::MaybeHolds), format!("{:?} 50, {paste}", "\u{15}\u{15}\u{15}"));
        assert_eq!(typed(&variant, "a", Composer::AfterInterrupt), format!("\"xx\" 50, {paste}"));
        let usual = super::tests::variant("{}");
        assert_eq!(typed(&usual, "a", Composer::AfterInterrupt), "\"^[[200~a^[[201~\" 150, \"\\r\" 0");
    }

    #[test]
    fn another_model_is_told_as_a_command_and_nothing_in_its_name_sends_it_early() {
        let rules: ModelRules =
            toml::from_str("switch = \"typed\"\ntyped = \"/model {model}\"\nwait_ms = 700").unwrap();
        let variant = variant(r#"{ gap_ms = 0, pad_start = ["/"], pad_end = " ", clear = "\u0015" }"#);
        let told = |model, composer| {
            let steps = switch_model(&variant, &rules, model, composer).unwrap();
            let step = |step: &Typing| (String::from_utf8(step.bytes.clone()).unwrap(), step.then_wait_ms);
            steps.iter().map(step).collect::<Vec<_>>()
        };
        let large = ("\u{1b}[200~/model large\u{1b}[201~\r".to_owned(), 700);
        assert_eq!(told("large", Composer::Empty), std::slice::from_ref(&large));
        assert_eq!(told("la\r\u{1b}rge\n", Composer::MaybeHolds), [("\u{15}".to_owned(), 50), large]);
        assert!(switch_model(&variant, &ModelRules::default(), "large", Composer::Empty).is_none());
    }

    #[test]
    fn what_clears_never_goes_out_in_one_write_with_the_paste() {
        let hasty = variant(r#"{ paste = "\r", gap_ms = 0, clear = "\u0015", clear_times = 2 }"#);
        let wanted = format!("{:?} 50, \"^[[200~a^[[201~\\r\" 0", "\u{15}\u{15}");
        assert_eq!(typed(&hasty, "a", Composer::AfterInterrupt), wanted);
    }

    #[test]
    fn without_brackets_only_text_is_typed() {
        let variant = variant(r#"{ brackets = "no", gap_ms = 0 }"#);
        assert_eq!(typed(&variant, "a\u{1b}[A\u{3}\nb", Composer::Empty), "\"a[A\\nb\\r\" 0");
    }

    proptest! {
        #[test]
        fn no_text_ends_its_paste_early(text in "(\u{1b}|\\[|2|0|1|~|\u{9b}|201~|\u{1b}\\[201~|a|\n){0,40}") {
            let bytes = submit(&variant("{}"), TURN, &text, Composer::Empty).steps.remove(0).bytes;
            let all = String::from_utf8(bytes).unwrap();
            let inner = all.strip_prefix(PASTE_BEGINS).unwrap().strip_suffix(PASTE_ENDS).unwrap();
            let ends = inner.contains(PASTE_ENDS) || inner.contains("\u{9b}201~");
            prop_assert!(!ends);
            if !text.contains("201~") {
                prop_assert_eq!(inner, &text);
            }
        }
    }
}
