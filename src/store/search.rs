//! Finds turns by words of their prompts and answers, the best first.
//!
//! Change here: what is better than what (`steps`), and how a hit is shown. Every word of the query must occur, each as the beginning of a word. Scripts that put no spaces between words, and emoji, are indexed sign by
//! sign, so any part of such a text is found; the index itself would take a whole Chinese sentence for one word.
//! Not here: the text. It stands once, in the table of turns.

use super::turns;
use crate::domain::conversation::folder_name;
use crate::domain::search::{Findings, Found, Looked, Piece, Query, TurnIs};
use crate::domain::turn::{TurnEnd, TurnState};
use rusqlite::{Connection, Row, Rows};
use std::collections::HashSet;

/// Signs shown before the word that was found, and in all: one line of a window.
const SNIPPET_LEAD: usize = 24;
const SNIPPET_SIGNS: usize = 96;

/// Words of a query that are looked for; a pasted page would keep the store from saving.
const MOST_WORDS: usize = 16;

/// Rows that are held against the filters: with a filter that few pass and a word that many have, more would take seconds.
const MOST_HELD: usize = 50_000;

/// Turns that are read for beginnings of words: where so many lack enough of them, few enough turns have them for the index.
const MOST_WALKED: usize = 2_000;

/// Writes the words of a turn in place of those it had.
pub fn save(connection: &Connection, row: i64, prompt: &str, answer: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO turn_words (rowid, prompt, answer) VALUES (?1, ?2, ?3)")?
        .execute((row, words_apart(prompt), words_apart(answer)))
        .map(drop)
}

/// The best `most` turns for the query: those with the words as they stand there in the prompt, then those with all words in the prompt, then in
/// the answer too, then those in which words only begin so; each the newest first. Without words, the newest that pass the filters.
///
/// The index could rank by how rare words are, but for that it must read every place of every word: 27 times slower on common ones.
pub fn find(connection: &Connection, query: &Query, most: usize) -> rusqlite::Result<Findings> {
    let typed: Vec<&str> = query.typed.words.iter().map(String::as_str).collect();
    let words: Vec<&str> = typed.iter().copied().filter(|word| has_sign(word)).take(MOST_WORDS).collect();
    let mut search =
        Search { query, words: &words, most, findings: Findings::default(), seen: HashSet::new(), left: MOST_HELD };
    if words.is_empty() {
        if typed.is_empty() && query.filters() {
            let sql = format!("SELECT {COLUMNS} FROM turns {JOINED} ORDER BY turns.id DESC");
            search.take(&mut connection.prepare_cached(&sql)?.query([])?, Texts::MatchAlready)?;
        }
        return Ok(search.findings);
    }
    for step in steps(&words) {
        match step {
            Step::Index(pattern) => {
                let sql = format!(
                    "SELECT {COLUMNS} FROM turn_words JOIN turns ON turns.id = turn_words.rowid {JOINED}
                     WHERE turn_words MATCH ?1 ORDER BY turn_words.rowid DESC"
                );
                search.take(&mut connection.prepare_cached(&sql)?.query([pattern])?, Texts::MatchAlready)?;
            }
            Step::Walk => {
                let sql = format!("SELECT {COLUMNS} FROM turns {JOINED} ORDER BY turns.id DESC LIMIT {MOST_WALKED}");
                search.take(&mut connection.prepare_cached(&sql)?.query([])?, Texts::AreRead)?;
            }
        }
        if search.findings.found.len() >= most {
            break;
        }
    }
    Ok(search.findings)
}

/// The texts stand last: of a row that does not pass they are never read.
const COLUMNS: &str = "turns.id, turns.conversation, turns.number, turns.state, turns.outcome, turns.outcome_why, turns.accepted_at,
    conversations.title, conversations.agent, conversations.folder, conversations.tab_place, turns.prompt, turns.answer";
const JOINED: &str = "JOIN conversations ON conversations.id = turns.conversation";

/// One way to find turns.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Ask the index.
    Index(String),
    /// Read the newest turns themselves.
    Walk,
}

/// What is tried, the best first, until there are enough.
///
/// For beginnings of words the index must put together every place of every word that begins so before it tells the first turn: seconds for a
/// letter. Of what so many words begin with, the newest turns have enough; what they lack is rare, and the index has it soon.
fn steps(words: &[&str]) -> Vec<Step> {
    let whole: Vec<String> = words.iter().map(|word| quote(word, Ending::Whole)).collect();
    let begins: Vec<String> = words.iter().map(|word| quote(word, Ending::Any)).collect();
    let phrase = (words.len() > 1).then(|| format!("prompt : {}", quote(&words.join(" "), Ending::Whole)));
    let in_prompt = format!("prompt : ({})", whole.join(" "));
    let by_whole_words = phrase.into_iter().chain([in_prompt, whole.join(" ")]).map(Step::Index);
    by_whole_words.chain([Step::Walk, Step::Index(begins.join(" "))]).collect()
}

/// Whether a row is known to have the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Texts {
    MatchAlready,
    AreRead,
}

/// A search under way.
struct Search<'q> {
    query: &'q Query,
    words: &'q [&'q str],
    most: usize,
    findings: Findings,
    /// Rows of turns that were found already.
    seen: HashSet<i64>,
    /// How many more rows are held against the filters.
    left: usize,
}

impl Search<'_> {
    /// Takes rows until there are enough.
    fn take(&mut self, rows: &mut Rows, texts: Texts) -> rusqlite::Result<()> {
        while self.findings.found.len() < self.most
            && let Some(row) = rows.next()?
        {
            let Some(left) = self.left.checked_sub(1) else {
                self.findings.looked = Looked::AtNewest;
                return Ok(());
            };
            self.left = left;
            let id = row.get("id")?;
            if !self.seen.contains(&id)
                && let Some(found) = self.passing(row, texts)?
            {
                self.seen.insert(id);
                self.findings.found.push(found);
            }
        }
        Ok(())
    }

    /// The row, if it passes all filters.
    fn passing(&self, row: &Row, texts: Texts) -> rusqlite::Result<Option<Found>> {
        let at = row.get("accepted_at")?;
        if !self.query.times.holds(at) {
            return Ok(None);
        }
        let (agent, folder): (String, String) = (row.get("agent")?, row.get("folder")?);
        if !self.query.typed.passes(&agent, &folder) {
            return Ok(None);
        }
        let state = turns::state(row)?;
        let tab: Option<u32> = row.get("tab_place")?;
        if !self.query.states.iter().all(|is| holds(*is, &state, tab)) {
            return Ok(None);
        }
        let (prompt, answer): (String, Option<String>) = (row.get("prompt")?, row.get("answer")?);
        let answer = answer.as_deref().unwrap_or("");
        let has = |word: &&str| find_folded(&prompt, word).or_else(|| find_folded(answer, word)).is_some();
        if texts == Texts::AreRead && !self.words.iter().all(has) {
            return Ok(None);
        }
        let title: Option<String> = row.get("title")?;
        Ok(Some(Found {
            conversation: row.get("conversation")?,
            turn: row.get("number")?,
            title: title.unwrap_or_else(|| folder_name(&folder).to_owned()),
            agent,
            folder,
            state,
            at,
            snippet: snippet(self.words, &prompt, answer),
        }))
    }
}

fn holds(is: TurnIs, state: &TurnState, tab: Option<u32>) -> bool {
    let ended = |like: fn(&TurnEnd) -> bool| match state {
        TurnState::Ended(end) => like(end),
        TurnState::Queued
        | TurnState::Sending
        | TurnState::Working
        | TurnState::NeedsApproval
        | TurnState::NeedsAnswer => false,
    };
    let asks = matches!(state, TurnState::NeedsApproval | TurnState::NeedsAnswer);
    match is {
        TurnIs::Queued => *state == TurnState::Queued,
        TurnIs::Working => asks || matches!(state, TurnState::Sending | TurnState::Working),
        TurnIs::Asks => asks,
        TurnIs::Completed => ended(|end| matches!(end, TurnEnd::Completed)),
        TurnIs::Failed => ended(|end| matches!(end, TurnEnd::Failed(_))),
        TurnIs::Interrupted => ended(|end| matches!(end, TurnEnd::Interrupted(_))),
        TurnIs::Unknown => ended(|end| matches!(end, TurnEnd::Unknown(_))),
        TurnIs::Open => tab.is_some(),
        TurnIs::Closed => tab.is_none(),
    }
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

/// Whether a word may go on behind what was typed of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Whole,
    Any,
}

/// Words of a query as a string of the index's language: nothing in it is an operator.
fn quote(word: &str, ending: Ending) -> String {
    let words = words_apart(word).replace('"', " ");
    let last = word.chars().next_back();
    let beginning = match ending {
        // After a sign that stands alone there is no word to go on.
        Ending::Any if !last.is_some_and(stands_alone) => "*",
        Ending::Any | Ending::Whole => "",
    };
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
fn snippet(words: &[&str], prompt: &str, answer: &str) -> Vec<Piece> {
    let place = |text: &str| words.iter().filter_map(|word| find_folded(text, word)).map(|(from, _)| from).min();
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
    let line = format!("{start}{}{end}", part.split_whitespace().collect::<Vec<_>>().join(" "));
    with_hits(&line, words)
}

/// The line in pieces, each place of each word one of its own.
fn with_hits(line: &str, words: &[&str]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some((from, to)) = words.iter().filter_map(|word| find_folded(rest, word)).min() {
        if from > 0 {
            pieces.push(Piece::Plain(rest[..from].to_owned()));
        }
        pieces.push(Piece::Hit(rest[from..to].to_owned()));
        rest = &rest[to..];
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Plain(rest.to_owned()));
    }
    pieces
}

/// From where to where `word` first stands in `text` as the beginning of a word, whatever the case. The signs of a query that the index does not
/// see are left out.
fn find_folded(text: &str, word: &str) -> Option<(usize, usize)> {
    let word = word.trim_matches(|sign: char| !sign.is_alphanumeric() && !stands_alone(sign));
    let folded: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    let first = *folded.first()?;
    let mut before = None;
    for (at, sign) in text.char_indices() {
        let begins =
            before.is_none_or(|before: char| !before.is_alphanumeric() || stands_alone(before) || stands_alone(sign));
        before = Some(sign);
        if begins
            && sign.to_lowercase().next() == Some(first)
            && let Some(length) = begins_with(&text[at..], &folded)
        {
            return Some((at, at + length));
        }
    }
    None
}

/// The bytes of `text` that are `folded`, if it begins so.
fn begins_with(text: &str, folded: &[char]) -> Option<usize> {
    let mut wanted = folded.iter();
    for (at, sign) in text.char_indices() {
        if wanted.as_slice().is_empty() {
            return Some(at);
        }
        if !sign.to_lowercase().all(|sign| wanted.next() == Some(&sign)) {
            return None;
        }
    }
    wanted.as_slice().is_empty().then_some(text.len())
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
            assert_eq!(quote(word, Ending::Any), quoted, "{word}");
            assert_eq!(quote(word, Ending::Whole), quoted.trim_end_matches('*'), "{word}");
        }
    }

    /// The text with `[ ]` around hits.
    fn shown(words: &[&str], prompt: &str, answer: &str) -> String {
        let pieces = snippet(words, prompt, answer).into_iter();
        pieces
            .map(|piece| match piece {
                Piece::Plain(text) => text,
                Piece::Hit(text) => format!("[{text}]"),
            })
            .collect()
    }

    #[test]
    fn a_snippet_is_one_line_around_the_words_with_each_of_them_marked() {
        let long = format!("{} Needle\nin\tthe {}", "hay ".repeat(50), "stack ".repeat(50));
        let line = shown(&["needle"], &long, "");
        assert!(line.starts_with('…') && line.ends_with('…'), "{line}");
        assert!(line.contains("hay [Needle] in the stack"), "{line}");
        assert!(line.chars().count() <= SNIPPET_SIGNS + 4, "{line}");
        for (words, prompt, answer, line) in [
            (&["x"][..], "prompt", "the x\u{1b}[31m", "the [x] [31m"),
            (&["é"], "nothing", "at all", "nothing"),
            (&["字"], "漢字🎉", "", "漢[字]🎉"),
            (&["the", "but"], "other: the BUTTON", "", "other: [the] [BUT]TON"),
            (&["\"foo\""], "a foo", "", "a [foo]"),
            (&["größ"], "Größe", "", "[Größ]e"),
            (&[], "", "answer", ""),
        ] {
            assert_eq!(shown(words, prompt, answer), line, "{words:?}");
        }
    }
}
