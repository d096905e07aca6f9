//! Finds turns by words of their prompts and answers, newest first.
//!
//! Every word of the query must occur, each as the beginning of a word. Scripts that put no spaces between words, and emoji, are indexed sign by
//! sign, so any part of such a text is found; the index itself would take a whole Chinese sentence for one word.
//! Not here: the text. It stands once, in the table of turns.

use crate::domain::id::{ConversationId, TurnNumber};
use rusqlite::Connection;

/// A turn that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub conversation: ConversationId,
    pub turn: TurnNumber,
    /// The text around the first word that was found, in one line.
    pub snippet: String,
}

/// Signs shown before the word that was found, and in all: one line of a window.
const SNIPPET_LEAD: usize = 24;
const SNIPPET_SIGNS: usize = 96;

/// Words of a query that are looked for; a pasted page would keep the store from saving.
const MOST_WORDS: usize = 16;

/// Writes the words of a turn in place of those it had.
pub fn save(connection: &Connection, row: i64, prompt: &str, answer: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO turn_words (rowid, prompt, answer) VALUES (?1, ?2, ?3)")?
        .execute((row, words_apart(prompt), words_apart(answer)))
        .map(drop)
}

/// The newest `most` turns with all words of the query.
pub fn find(connection: &Connection, query: &str, most: u32) -> rusqlite::Result<Vec<Found>> {
    let words: Vec<&str> = query.split_whitespace().filter(|word| has_sign(word)).take(MOST_WORDS).collect();
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let pattern: Vec<String> = words.iter().map(|word| quote(word)).collect();
    connection
        .prepare_cached(
            // By rowid is newest first and needs no sorting; by rank was 27 times slower.
            "SELECT turns.conversation, turns.number, turns.prompt, turns.answer
             FROM turn_words JOIN turns ON turns.id = turn_words.rowid
             WHERE turn_words MATCH ?1 ORDER BY turn_words.rowid DESC LIMIT ?2",
        )?
        .query_map((pattern.join(" "), most), |row| {
            let (prompt, answer): (String, Option<String>) = (row.get(2)?, row.get(3)?);
            let snippet = snippet(&words, &prompt, answer.as_deref().unwrap_or(""));
            Ok(Found { conversation: row.get(0)?, turn: row.get(1)?, snippet })
        })?
        .collect()
}

/// The text with its words apart, as the index is to see them.
fn words_apart(text: &str) -> String {
    let mut apart = String::with_capacity(text.len() + text.len() / 4);
    for sign in text.chars() {
        if stands_alone(sign) {
            apart.extend([' ', sign, ' ']);
        } else if is_drawing(sign) || sign.is_control() {
            apart.push(' ');
        } else {
            apart.push(sign);
        }
    }
    apart
}

/// A word of a query as a string of the index's language: nothing in it is an operator.
fn quote(word: &str) -> String {
    let words = words_apart(word).replace('"', " ");
    // After a sign that stands alone there is no word to go on.
    let beginning = if word.chars().next_back().is_some_and(stands_alone) { "" } else { "*" };
    format!("\"{}\"{beginning}", words.trim())
}

fn has_sign(word: &str) -> bool {
    word.chars().any(|sign| sign.is_alphanumeric() || stands_alone(sign))
}

/// Scripts without spaces (Thai to Khmer, kana, Chinese signs), arrows, symbols and emoji.
fn stands_alone(sign: char) -> bool {
    !is_drawing(sign)
        && matches!(sign,
            '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
            | '\u{2190}'..='\u{2bff}'
            | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
            | '\u{1f000}'..='\u{1faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Lines and blocks that programs draw tables with: nobody looks for them.
fn is_drawing(sign: char) -> bool {
    matches!(sign, '\u{2500}'..='\u{259f}')
}

/// The text around the first word that is found in the prompt or else the answer; else the beginning of the prompt.
fn snippet(words: &[&str], prompt: &str, answer: &str) -> String {
    let place = |text: &str| words.iter().find_map(|word| find_folded(text, word));
    let (text, from) = match (place(prompt), place(answer)) {
        (Some(from), _) => (prompt, from),
        (None, Some(from)) => (answer, from),
        (None, None) => (prompt, 0),
    };
    let (before, after) = text.split_at(from);
    let lead = before.char_indices().rev().take(SNIPPET_LEAD).last().map_or(before.len(), |(at, _)| at);
    let shown = |sign: char| if sign.is_control() { ' ' } else { sign };
    let part: String = before[lead..].chars().chain(after.chars()).take(SNIPPET_SIGNS).map(shown).collect();
    let start = if lead > 0 { "…" } else { "" };
    let end = if lead + part.len() < text.len() { "…" } else { "" };
    format!("{start}{}{end}", part.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Where `word` first stands in `text`, whatever the case. The signs of a query that the index does not see are left out.
fn find_folded(text: &str, word: &str) -> Option<usize> {
    let word = word.trim_matches(|sign: char| !sign.is_alphanumeric() && !stands_alone(sign));
    let fold = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
    let folded = fold(word);
    let first = folded.chars().next()?;
    text.char_indices().map(|(at, _)| at).find(|&at| {
        let rest = &text[at..];
        rest.chars().next().is_some_and(|sign| sign.to_lowercase().next() == Some(first))
            && rest.chars().flat_map(char::to_lowercase).take(folded.chars().count()).eq(folded.chars())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_query_is_an_operator() {
        for (word, quoted) in [
            ("foo", "\"foo\"*"),
            ("\"foo\"", "\"foo\"*"),
            ("-bar*", "\"-bar*\"*"),
            ("OR", "\"OR\"*"),
            ("a\"b", "\"a b\"*"),
            ("漢字", "\"漢  字\""),
        ] {
            assert_eq!(quote(word), quoted, "{word}");
        }
    }

    #[test]
    fn a_snippet_is_one_line_around_the_word() {
        let long = format!("{} Needle\nin\tthe {}", "hay ".repeat(50), "stack ".repeat(50));
        let shown = snippet(&["needle"], &long, "");
        assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
        assert!(shown.contains("hay Needle in the stack"), "{shown}");
        assert!(shown.chars().count() <= SNIPPET_SIGNS + 2, "{shown}");
        assert_eq!(snippet(&["x"], "prompt", "the x\u{1b}[31m"), "the x [31m");
        assert_eq!(snippet(&["é"], "nothing", "at all"), "nothing");
        assert_eq!(snippet(&["字"], "漢字🎉", ""), "漢字🎉");
    }
}
