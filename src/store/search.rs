//! Finds turns by words of their prompts and answers, the best first.
//!
//! Change here: what is better than what (`steps`), and how a hit is shown. Every word of the query must occur, each as the beginning of a word. Scripts that put no spaces between words, and emoji, are indexed sign by
//! sign, so any part of such a text is found; the index itself would take a whole Chinese sentence for one word.
//! Not here: the text. It stands once, in the table of turns.

use super::turns;
use crate::domain::conversation::folder_name;
use crate::domain::id::ConversationId;
use crate::domain::search::{Findings, Found, Looked, Piece, Query, TurnIs};
use rusqlite::{CachedStatement, Connection, Row, Rows};
use std::collections::{HashMap, HashSet};

/// Signs shown before the word that was found, and in all: one line of a window.
const SNIPPET_LEAD: usize = 24;
const SNIPPET_SIGNS: usize = 96;

/// Words of a query that are looked for; a pasted page would keep the store from saving.
const MOST_WORDS: usize = 16;

/// Rows that are held against the filters: with a filter that few pass and a word that many have, more would take seconds.
const MOST_HELD: usize = 50_000;

/// Turns among which words are looked for as they stand in the query. Three common words seldom stand so, and to find the few places in a million turns
/// took 90 ms; what is older is found by its words, behind those.
const MOST_AS_TYPED: i64 = 400_000;

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
    let conversations = passing_conversations(connection, query)?;
    if conversations.is_empty() {
        return Ok(Findings::default());
    }
    let mut search = Search {
        query,
        words: &words,
        most,
        conversations,
        texts: connection.prepare_cached(TEXTS)?,
        findings: Findings::default(),
        seen: HashSet::new(),
        left: MOST_HELD,
    };
    if words.is_empty() {
        if typed.is_empty() && query.filters() {
            let sql = format!("SELECT {LOOKED} FROM turns {BY_INDEX} ORDER BY turns.id DESC");
            search.take(&mut connection.prepare_cached(&sql)?.query([])?, Texts::MatchAlready)?;
        }
        return Ok(search.findings);
    }
    for step in steps(&words) {
        match step {
            Step::Index(pattern, among) => {
                let sql = format!(
                    "SELECT {LOOKED} FROM turn_words JOIN turns {BY_INDEX} ON turns.id = turn_words.rowid
                     WHERE turn_words MATCH ?1 AND turn_words.rowid > ?2 ORDER BY turn_words.rowid DESC"
                );
                let before = match among {
                    Among::All => 0,
                    Among::Newest => newest(connection)? - MOST_AS_TYPED,
                };
                search.take(&mut connection.prepare_cached(&sql)?.query((pattern, before))?, Texts::MatchAlready)?;
            }
            Step::Walk => {
                let sql = format!("SELECT {LOOKED} FROM turns {BY_INDEX} ORDER BY turns.id DESC LIMIT {MOST_WALKED}");
                search.take(&mut connection.prepare_cached(&sql)?.query([])?, Texts::AreRead)?;
            }
        }
        if search.findings.found.len() >= most {
            break;
        }
    }
    Ok(search.findings)
}

/// All that a filter needs of a turn. It stands in an index of its own, so of a turn that does not pass nothing else is read: 50,000 of them took
/// 180 ms where their rows were read.
const LOOKED: &str = "turns.id, turns.conversation, turns.state, turns.outcome, turns.accepted_at";
const BY_INDEX: &str = "INDEXED BY turns_looked";

const TEXTS: &str = "SELECT number, state, outcome, outcome_why, prompt, answer FROM turns WHERE id = ?1";

/// What is told of a conversation beside each of its turns.
struct Of {
    title: String,
    agent: String,
    folder: String,
}

/// The conversations that pass what is asked of them.
fn passing_conversations(connection: &Connection, query: &Query) -> rusqlite::Result<HashMap<ConversationId, Of>> {
    let mut statement = connection.prepare_cached("SELECT id, title, agent, folder, tab_place FROM conversations")?;
    let mut rows = statement.query([])?;
    let mut passing = HashMap::new();
    while let Some(row) = rows.next()? {
        let (agent, folder): (String, String) = (row.get("agent")?, row.get("folder")?);
        let tab: Option<u32> = row.get("tab_place")?;
        let is_like = |is: &TurnIs| match is {
            TurnIs::Open => tab.is_some(),
            TurnIs::Closed => tab.is_none(),
            TurnIs::Queued
            | TurnIs::Working
            | TurnIs::Asks
            | TurnIs::Completed
            | TurnIs::Failed
            | TurnIs::Interrupted
            | TurnIs::Unknown => true,
        };
        if query.typed.passes(&agent, &folder) && query.states.iter().all(is_like) {
            let title: Option<String> = row.get("title")?;
            let title = title.unwrap_or_else(|| folder_name(&folder).to_owned());
            passing.insert(row.get("id")?, Of { title, agent, folder });
        }
    }
    Ok(passing)
}

/// One way to find turns.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Ask the index.
    Index(String, Among),
    /// Read the newest turns themselves.
    Walk,
}

/// Which turns are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Among {
    All,
    /// The newest `MOST_AS_TYPED`.
    Newest,
}

fn newest(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT coalesce(max(id), 0) FROM turns")?.query_row([], |row| row.get(0))
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
    let as_typed = phrase.map(|phrase| Step::Index(phrase, Among::Newest));
    let in_all = |pattern| Step::Index(pattern, Among::All);
    let by_whole_words = as_typed.into_iter().chain([in_prompt, whole.join(" ")].map(in_all));
    by_whole_words.chain([Step::Walk, in_all(begins.join(" "))]).collect()
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
    conversations: HashMap<ConversationId, Of>,
    /// Reads the rest of a turn that passes.
    texts: CachedStatement<'q>,
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
            let id = row.get(0)?;
            if !self.seen.contains(&id)
                && self.passes(row)?
                && let Some(found) = self.read(id, row, texts)?
            {
                self.seen.insert(id);
                self.findings.found.push(found);
            }
        }
        Ok(())
    }

    /// Whether the row of `LOOKED` passes all filters. By place, for this is asked of each of 50,000 rows.
    fn passes(&self, row: &Row) -> rusqlite::Result<bool> {
        let state = row.get_ref(2)?.as_str()?;
        let outcome = row.get_ref(3)?.as_str_or_null()?;
        Ok(self.conversations.contains_key(&row.get(1)?)
            && self.query.times.holds(row.get(4)?)
            && self.query.states.iter().all(|is| holds(*is, state, outcome)))
    }

    /// The turn of this row, if it has the words.
    fn read(&mut self, id: i64, row: &Row, texts: Texts) -> rusqlite::Result<Option<Found>> {
        let (conversation, at) = (row.get(1)?, row.get(4)?);
        let Some(of) = self.conversations.get(&conversation) else { return Ok(None) };
        let mut rows = self.texts.query([id])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let (prompt, answer): (String, Option<String>) = (row.get("prompt")?, row.get("answer")?);
        let answer = answer.as_deref().unwrap_or("");
        let has = |word: &&str| find_folded(&prompt, word).or_else(|| find_folded(answer, word)).is_some();
        if texts == Texts::AreRead && !self.words.iter().all(has) {
            return Ok(None);
        }
        Ok(Some(Found {
            conversation,
            turn: row.get("number")?,
            title: of.title.clone(),
            agent: of.agent.clone(),
            folder: of.folder.clone(),
            state: turns::state(row)?,
            at,
            snippet: snippet(self.words, &prompt, answer),
        }))
    }
}

/// Whether a turn is so, by the words of its columns (`columns.rs`). What is asked of its conversation was asked before.
fn holds(is: TurnIs, state: &str, outcome: Option<&str>) -> bool {
    match is {
        TurnIs::Queued => state == "queued",
        TurnIs::Working => matches!(state, "sending" | "working" | "needs_approval" | "needs_answer"),
        TurnIs::Asks => matches!(state, "needs_approval" | "needs_answer"),
        TurnIs::Completed => outcome == Some("completed"),
        TurnIs::Failed => outcome == Some("failed"),
        TurnIs::Interrupted => outcome == Some("interrupted"),
        TurnIs::Unknown => outcome == Some("unknown"),
        TurnIs::Open | TurnIs::Closed => true,
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
