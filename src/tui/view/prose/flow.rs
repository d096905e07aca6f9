//! Puts words of several looks into rows of a width, each row with what leads it: bars of quotes, bullets, indents.

use super::super::text::columns;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

/// Text in one look.
pub type Ink = (String, Style);

/// Whether spaces are kept as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spaces {
    /// A row begins and ends with none, and several are one.
    Prose,
    Kept,
}

/// Rows while they are put together.
pub struct Flow {
    width: usize,
    spaces: Spaces,
    rows: Vec<Vec<Ink>>,
    row: Vec<Ink>,
    row_columns: usize,
    word: Vec<Ink>,
    word_columns: usize,
    /// A space stands between the row and the word.
    gap: Option<Style>,
}

impl Flow {
    pub fn new(width: usize, spaces: Spaces) -> Flow {
        let width = width.max(1);
        Flow { width, spaces, rows: vec![], row: vec![], row_columns: 0, word: vec![], word_columns: 0, gap: None }
    }

    pub fn push(&mut self, text: &str, style: Style) {
        for one in text.graphemes(true) {
            match (one, self.spaces) {
                ("\n" | "\r\n", _) => self.end_row(),
                (" ", Spaces::Prose) => {
                    self.end_word();
                    self.gap = (self.row_columns > 0).then_some(style);
                }
                (" ", Spaces::Kept) => {
                    self.end_word();
                    self.word = vec![(" ".to_owned(), style)];
                    self.word_columns = 1;
                    self.end_word();
                }
                (one, _) => self.push_one(one, style),
            }
        }
    }

    fn push_one(&mut self, one: &str, style: Style) {
        let width = columns(one);
        // A word that is longer than a row is broken where the row ends.
        if self.word_columns + width > self.width {
            self.end_word();
        }
        add(&mut self.word, one, style);
        self.word_columns += width;
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let gap = usize::from(self.gap.is_some());
        if self.row_columns > 0 && self.row_columns + gap + self.word_columns > self.width {
            self.rows.push(std::mem::take(&mut self.row));
            self.row_columns = 0;
            self.gap = None;
        }
        if let Some(style) = self.gap.take() {
            add(&mut self.row, " ", style);
            self.row_columns += 1;
        }
        for (text, style) in std::mem::take(&mut self.word) {
            add(&mut self.row, &text, style);
        }
        self.row_columns += std::mem::take(&mut self.word_columns);
    }

    pub fn end_row(&mut self) {
        self.end_word();
        self.gap = None;
        self.rows.push(std::mem::take(&mut self.row));
        self.row_columns = 0;
    }

    /// All rows; none where nothing was pushed.
    pub fn finish(mut self) -> Vec<Vec<Ink>> {
        self.end_word();
        if !self.row.is_empty() {
            self.rows.push(self.row);
        }
        self.rows
    }
}

/// Adds text to a row; the same look goes on in one piece.
pub fn add(row: &mut Vec<Ink>, text: &str, style: Style) {
    match row.last_mut() {
        Some((last, same)) if *same == style => last.push_str(text),
        Some(_) | None => row.push((text.to_owned(), style)),
    }
}

pub fn line(lead: &[Ink], row: Vec<Ink>) -> Line<'static> {
    let inks = lead.iter().cloned().chain(row);
    Line::from(inks.map(|(text, style)| Span::styled(text, style)).collect::<Vec<_>>())
}

pub fn ink_columns(inks: &[Ink]) -> usize {
    inks.iter().map(|(text, _)| columns(text)).sum()
}
