//! The page of what a turn changed: the list of its files, and below it what changed in each.
//!
//! Rows are made once for a width and kept; only those that are seen are drawn. Not here: what keys do (`update/changes.rs`), or colours
//! (`view/changes.rs`).

use super::reader::Find;
use crate::domain::changes::{Diff, FileChange, Patch, Span, Until};
use crate::domain::id::{ConversationId, TurnNumber};
use crate::terminal::line::text_cells;
use std::cell::RefCell;
use std::rc::Rc;
use unicode_width::UnicodeWidthChar;

/// A tab goes to the next of these columns: in a narrow window code is to fit.
const TAB_COLUMNS: usize = 4;

pub struct Changes {
    pub conversation: ConversationId,
    /// None: whichever is the newest.
    pub turn: Option<TurnNumber>,
    pub span: Span,
    pub state: State,
    /// The first row that is seen.
    pub top: usize,
    pub find: Option<Find>,
    /// The row in which it was found.
    pub found: Option<usize>,
    /// The page of the turn from which it was opened.
    pub from_page: bool,
    rows: RefCell<Option<(usize, Rc<Vec<Row>>)>>,
}

pub enum State {
    Asked,
    Told(Box<Diff>),
    /// Why it cannot be told.
    Refused(String),
}

/// One row of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub text: String,
    pub look: Look,
    /// Which file it belongs to, counted from 0.
    pub file: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// What is told of the difference as a whole.
    Head,
    /// A file in the list.
    Listed,
    /// Where the lines of a file begin.
    File,
    /// Where a piece of a file begins, as `@@ -1 +1 @@`.
    Part,
    Added,
    Removed,
    Same,
    /// What is to be known of lines that are not there.
    Note,
}

impl Changes {
    pub fn new(conversation: ConversationId, turn: Option<TurnNumber>, from_page: bool) -> Changes {
        Changes {
            conversation,
            turn,
            span: Span::Turn,
            state: State::Asked,
            top: 0,
            find: None,
            found: None,
            from_page,
            rows: RefCell::new(None),
        }
    }

    /// The rows that were shown are those of something else now.
    pub fn show(&mut self, state: State) {
        self.state = state;
        self.top = 0;
        self.found = None;
        self.rows = RefCell::new(None);
    }

    pub fn rows(&self, columns: u16) -> Rc<Vec<Row>> {
        let width = usize::from(columns).max(1);
        let mut kept = self.rows.borrow_mut();
        match &*kept {
            Some((of, rows)) if *of == width => rows.clone(),
            Some(_) | None => {
                let rows = Rc::new(self.make_rows(width));
                *kept = Some((width, rows.clone()));
                rows
            }
        }
    }

    fn make_rows(&self, width: usize) -> Vec<Row> {
        let row = |text: &str, look| wrapped(text, width, look, None);
        match &self.state {
            State::Asked => row("git is being asked ...", Look::Note),
            State::Refused(why) => words_wrapped(why, width),
            State::Told(diff) => diff_rows(diff, width),
        }
    }

    /// The rows at which something with this look begins.
    pub fn starts(&self, columns: u16, look: Look) -> Vec<usize> {
        let rows = self.rows(columns);
        let begins =
            |at: usize| at == 0 || rows.get(at - 1).is_none_or(|before| before.look != look || look != Look::File);
        (0..rows.len()).filter(|at| rows.get(*at).is_some_and(|row| row.look == look) && begins(*at)).collect()
    }

    /// The file whose lines are the first that are seen; none above them.
    pub fn file(&self, columns: u16) -> Option<&FileChange> {
        let State::Told(diff) = &self.state else { return None };
        let rows = self.rows(columns);
        let row = rows.get(self.top).filter(|row| row.look != Look::Listed)?;
        diff.files.get(row.file?)
    }
}

/// `turn 5, from its beginning to its end`.
pub fn title(turn: TurnNumber, until: Until) -> String {
    match until {
        Until::TurnEnd => format!("what turn {turn} changed"),
        Until::Now => format!("changed since turn {turn} began"),
    }
}

fn diff_rows(diff: &Diff, width: usize) -> Vec<Row> {
    let mut rows = wrapped(&diff.count.words(), width, Look::Head, None);
    for words in diff.left_out_words() {
        rows.extend(words_wrapped(&words, width));
    }
    for (at, file) in diff.files.iter().enumerate() {
        rows.push(Row { text: listed(file, width), look: Look::Listed, file: Some(at) });
    }
    for (at, file) in diff.files.iter().enumerate() {
        rows.push(Row { text: String::new(), look: Look::Same, file: None });
        rows.extend(wrapped(&format!("── {}", file.words()), width, Look::File, Some(at)));
        rows.extend(patch_rows(file, at, width));
    }
    rows
}

/// `M src/main.rs      +4 -1`: of a name that is too long the end is worth more than the start.
fn listed(file: &FileChange, width: usize) -> String {
    let lines = file.lines_words();
    let room = width.saturating_sub(text_cells(&lines) + 2);
    let words = file.name_words();
    let name = format!("{} {words}", file.kind.letter());
    let name = if text_cells(&name) <= room {
        name
    } else {
        format!("{} …{}", file.kind.letter(), end_of(&words, room.saturating_sub(3)))
    };
    let gap = " ".repeat(width.saturating_sub(text_cells(&name) + text_cells(&lines) + 1));
    format!("{name}{gap}{lines}")
}

fn end_of(text: &str, most: usize) -> &str {
    let mut taken = 0;
    let mut start = text.len();
    for (at, sign) in text.char_indices().rev() {
        taken += sign.width().unwrap_or(0);
        if taken > most {
            break;
        }
        start = at;
    }
    text.get(start..).unwrap_or_default()
}

fn patch_rows(file: &FileChange, at: usize, width: usize) -> Vec<Row> {
    let (lines, note) = match &file.patch {
        Patch::Text(lines) if lines.is_empty() => ("", "only its name or its rights changed"),
        Patch::Text(lines) => (lines.as_str(), ""),
        Patch::Cut(lines) => (lines.as_str(), file.patch.note()),
        Patch::Binary | Patch::TooLong => ("", file.patch.note()),
    };
    let mut rows = Vec::new();
    for line in lines.lines() {
        let look = match line.as_bytes().first() {
            Some(b'@') => Look::Part,
            Some(b'+') => Look::Added,
            Some(b'-') => Look::Removed,
            Some(b'\\') => Look::Note,
            Some(_) | None => Look::Same,
        };
        rows.extend(wrapped(line, width, look, Some(at)));
    }
    if !note.is_empty() {
        rows.extend(wrapped(&format!("({note})"), width, Look::Note, Some(at)));
    }
    rows
}

/// Rows of at most so many cells, broken where they are full; each further one begins with the sign of the first, so that it tells by itself
/// whether it was added.
fn wrapped(line: &str, width: usize, look: Look, file: Option<usize>) -> Vec<Row> {
    let sign = match look {
        Look::Added => "+",
        Look::Removed => "-",
        Look::Same | Look::Note | Look::Head | Look::Listed | Look::File | Look::Part => " ",
    };
    let mut rows = Vec::new();
    let (mut text, mut cells) = (String::new(), 0_usize);
    let mut put = |text: &mut String| rows.push(Row { text: std::mem::take(text), look, file });
    for character in line.chars() {
        let wide = match character {
            '\t' => TAB_COLUMNS - cells.saturating_sub(1) % TAB_COLUMNS,
            other => other.width().unwrap_or(0),
        };
        if cells + wide > width && cells > 0 {
            put(&mut text);
            text.push_str(sign);
            cells = 1;
        }
        match character {
            '\t' => text.push_str(&" ".repeat(wide)),
            other => text.push(other),
        }
        cells += wide;
    }
    put(&mut text);
    rows
}

/// Broken between words.
fn words_wrapped(words: &str, width: usize) -> Vec<Row> {
    let rows = super::view::text::wrap(words, width);
    rows.into_iter().map(|text| Row { text, look: Look::Note, file: None }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_goes_on_with_its_sign_and_tabs_have_their_columns() {
        let texts = |line: &str, look| wrapped(line, 6, look, None).into_iter().map(|row| row.text).collect::<Vec<_>>();
        assert_eq!(texts("+abcdefghij", Look::Added), ["+abcde", "+fghij"]);
        assert_eq!(texts("-日本語", Look::Removed), ["-日本", "-語"]);
        assert_eq!(texts("+\ta\tb", Look::Added), ["+    a", "+   b"]);
        assert_eq!(texts("", Look::Same), [""]);
    }

    #[test]
    fn of_a_long_name_the_end_stays() {
        assert_eq!((end_of("abc日本", 4), end_of("abc日本", 3), end_of("abc", 9)), ("日本", "本", "abc"));
    }
}
