//! The text that is looked through: rows of cells, as they were when they were read.
//!
//! Not here: moving by words (`words.rs`), finding (`find.rs`) or what a selection holds (`selection.rs`).

use crate::terminal::frame::TextRow;
use crate::terminal::line::{CellText, cell_texts, text_cells};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// The number of the first row (`ScrollPosition::left`).
    pub first: i64,
    pub rows: Vec<TextRow>,
}

/// A cell of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// Counted from the text's first row.
    pub row: usize,
    pub column: usize,
}

impl Text {
    pub fn row(&self, row: usize) -> &str {
        self.rows.get(row).map_or("", |row| row.text.as_str())
    }

    /// Whether the row after this one continues its line.
    pub fn goes_on(&self, row: usize) -> bool {
        self.rows.get(row).is_some_and(|found| found.wrapped) && row + 1 < self.rows.len()
    }

    pub fn last_row(&self) -> usize {
        self.rows.len().saturating_sub(1)
    }

    /// Where the last character of a row begins.
    pub fn last_column(&self, row: usize) -> usize {
        cell_texts(self.row(row)).last().map_or(0, |last| last.column)
    }

    /// The character that covers a cell.
    pub fn at(&self, place: Place) -> Option<CellText<'_>> {
        cell_texts(self.row(place.row)).find(|one| place.column < one.column + one.cells)
    }

    /// The character's first cell; past the end of the row its last character's.
    pub fn settle(&self, place: Place) -> Place {
        let row = place.row.min(self.last_row());
        let column = self.at(Place { row, ..place }).map_or_else(|| self.last_column(row), |one| one.column);
        Place { row, column }
    }

    /// The next character; the first of the next row behind the last of a row.
    pub fn next(&self, place: Place) -> Option<Place> {
        let end = self.at(place).map(|one| one.column + one.cells);
        match end.filter(|end| *end < text_cells(self.row(place.row))) {
            Some(column) => Some(Place { column, ..place }),
            None => (place.row < self.last_row()).then_some(Place { row: place.row + 1, column: 0 }),
        }
    }

    pub fn previous(&self, place: Place) -> Option<Place> {
        let before = cell_texts(self.row(place.row)).take_while(|one| one.column + one.cells <= place.column).last();
        match before {
            Some(one) => Some(Place { column: one.column, ..place }),
            None => {
                let row = place.row.checked_sub(1)?;
                Some(Place { row, column: self.last_column(row) })
            }
        }
    }

    /// The text in these cells of a row; of a character that lies half in them, all.
    pub fn slice(&self, row: usize, from: usize, end: usize) -> &str {
        let text = self.row(row);
        let inside = |one: &CellText| one.column + one.cells > from && one.column < end;
        let mut within = cell_texts(text).filter(inside);
        let Some(first) = within.next() else { return "" };
        let last = within.last().unwrap_or(first);
        text.get(first.byte..last.byte + last.text.len()).unwrap_or_default()
    }

    /// The first and the last row of the line that this row is of.
    pub fn line_of(&self, row: usize) -> (usize, usize) {
        let first = (0..row).rev().take_while(|before| self.goes_on(*before)).last().unwrap_or(row);
        let last = (row..self.last_row()).find(|row| !self.goes_on(*row)).unwrap_or(self.last_row());
        (first, last.max(row))
    }
}

#[cfg(test)]
pub(super) fn text(rows: &[&str]) -> Text {
    let row = |row: &&str| match row.strip_suffix('\\') {
        Some(wrapped) => TextRow::new(wrapped, true),
        None => TextRow::new(row, false),
    };
    Text { first: 0, rows: rows.iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_stepped_over_whole_and_rows_follow_each_other() {
        let text = text(&["a日", "", "e\u{301}f"]);
        let mut at = Place::default();
        let mut seen = vec![at];
        while let Some(next) = text.next(at) {
            assert_eq!(text.previous(next), Some(at));
            at = next;
            seen.push(at);
        }
        let seen: Vec<(usize, usize)> = seen.iter().map(|place| (place.row, place.column)).collect();
        assert_eq!(seen, [(0, 0), (0, 1), (1, 0), (2, 0), (2, 1)]);
        assert_eq!(text.previous(Place::default()), None);
        assert_eq!(text.settle(Place { row: 0, column: 2 }), Place { row: 0, column: 1 });
        assert_eq!(text.settle(Place { row: 9, column: 9 }), Place { row: 2, column: 1 });
    }

    #[test]
    fn cells_are_cut_out_without_halves_of_characters() {
        let text = text(&["a日本b"]);
        for (from, end, cut) in [(0, 1, "a"), (1, 3, "日"), (2, 4, "日本"), (5, 9, "b"), (6, 9, ""), (0, 0, "")] {
            assert_eq!(text.slice(0, from, end), cut, "{from} to {end}");
        }
    }

    #[test]
    fn a_line_is_all_rows_that_it_was_wrapped_into() {
        let text = text(&["one", "tw\\", "o t\\", "hree", "four\\"]);
        let lines: Vec<(usize, usize)> = (0..5).map(|row| text.line_of(row)).collect();
        assert_eq!(lines, [(0, 0), (1, 3), (1, 3), (1, 3), (4, 4)]);
    }
}
