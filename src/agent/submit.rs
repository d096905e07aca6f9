//! Says how a message is given to an agent: what is written to its private folder, and what is then typed.
//!
//! Change here: new ways of submitting (a profile names them). Not here: writing and typing (host).

use super::profile::Variant;
use crate::domain::id::TurnNumber;

/// What gives one message to the agent, in this order: the files, then the keys. Has no `Debug`: it holds what was typed.
#[derive(Clone, PartialEq, Eq)]
pub struct Submission {
    /// Files to write into the private folder, as (name, content).
    pub files: Vec<(String, Vec<u8>)>,
    pub keys: Vec<u8>,
}

/// Says how `text` is given to the agent as this turn.
pub fn submit(variant: &Variant, turn: TurnNumber, text: &str) -> Submission {
    let mut content = text.as_bytes().to_vec();
    // A last line without an end is not one to every program: the closing word of a here-document, for example.
    if !content.ends_with(b"\n") {
        content.push(b'\n');
    }
    Submission {
        files: vec![(variant.submit.file.fill(turn), content)],
        keys: variant.submit.keys.fill(turn).into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalog::Catalog;
    use super::*;

    #[test]
    fn the_text_goes_into_a_file_byte_for_byte_and_never_through_the_keys() {
        let (catalog, _) = Catalog::read(&[]);
        let variants = &catalog.get("shell").unwrap().variants;
        let texts =
            ["echo hi", "-n", "a\nb", "a\n", "'\"`$\\", "\u{1b}[A\u{7f}\r\u{3}", "é 漢字 👩‍👩‍👧", "", &"x".repeat(200_000)];
        for variant in variants {
            for text in texts {
                let submission = submit(variant, TurnNumber(17), text);
                let [(name, content)] = &submission.files[..] else { panic!("one file") };
                assert_eq!(name, "turn-17");
                assert_eq!(content.strip_suffix(b"\n").unwrap(), text.strip_suffix('\n').unwrap_or(text).as_bytes());
                assert!(submission.keys.len() < 60, "a cooked line and a narrow pane take it");
                assert!(String::from_utf8_lossy(&submission.keys).contains(" __tk 17"));
            }
        }
    }
}
