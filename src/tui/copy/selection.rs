//! What a selection shows and holds.

use super::text::{Place, Text};
use crate::terminal::line::text_cells;
use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Characters,
    /// Whole lines, however many rows they were wrapped into.
    Lines,
    /// The same columns of every row.
    Block,
}

/// From one cell to another one, both of them in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection {
    pub shape: Shape,
    pub mark: Place,
    pub cursor: Place,
}

impl Selection {
    fn ends(&self, text: &Text) -> (Place, Place) {
        let (first, last) = (self.mark.min(self.cursor), self.mark.max(self.cursor));
        match self.shape {
            Shape::Characters | Shape::Block => (first, last),
            Shape::Lines => {
                let (first, last) = (text.line_of(first.row).0, text.line_of(last.row).1);
                (Place { row: first, column: 0 }, Place { row: last, column: usize::MAX - 1 })
            }
        }
    }

    /// The cells of a row that are in it.
    pub fn cells(&self, text: &Text, row: usize) -> Option<Range<usize>> {
        let (first, last) = self.ends(text);
        if !(first.row..=last.row).contains(&row) {
            return None;
        }
        let (from, end) = match self.shape {
            Shape::Block => {
                let (left, right) =
                    (self.mark.column.min(self.cursor.column), self.mark.column.max(self.cursor.column));
                (left, right + 1)
            }
            Shape::Characters | Shape::Lines => {
                let from = if row == first.row { first.column } else { 0 };
                // An empty row that is in it is seen to be.
                let whole = text_cells(text.row(row)).max(1);
                (from, if row == last.row { (last.column + 1).min(whole) } else { whole })
            }
        };
        (from < end).then_some(from..end)
    }

    /// The text: rows of one line joined, without the blanks that fill rows up.
    pub fn copied(&self, text: &Text) -> String {
        let (first, last) = self.ends(text);
        let mut copied = String::new();
        for row in first.row..=last.row {
            let piece = self.cells(text, row).map_or("", |cells| text.slice(row, cells.start, cells.end));
            let goes_on = self.shape != Shape::Block && text.goes_on(row);
            copied.push_str(if self.shape == Shape::Block { piece.trim_end() } else { piece });
            if row < last.row && !goes_on {
                copied.push('\n');
            }
        }
        copied
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::text;
    use super::*;

    fn check(shape: Shape, mark: (usize, usize), cursor: (usize, usize), copied: &str) {
        let text = text(&["$ cat long", "a line that \\", "was wrapped", "", "日本 end"]);
        let place = |(row, column)| Place { row, column };
        for (mark, cursor) in [(mark, cursor), (cursor, mark)] {
            let selection = Selection { shape, mark: place(mark), cursor: place(cursor) };
            assert_eq!(selection.copied(&text), copied, "{shape:?} {mark:?} {cursor:?}");
        }
    }

    #[test]
    fn rows_of_a_wrapped_line_come_back_joined() {
        check(Shape::Characters, (0, 2), (2, 2), "cat long\na line that was");
        check(Shape::Characters, (1, 2), (1, 5), "line");
        check(Shape::Characters, (2, 4), (4, 1), "wrapped\n\n日");
        check(Shape::Characters, (3, 0), (3, 0), "");
        check(Shape::Lines, (2, 5), (2, 5), "a line that was wrapped");
        check(Shape::Lines, (0, 5), (4, 0), "$ cat long\na line that was wrapped\n\n日本 end");
        check(Shape::Block, (0, 2), (4, 3), "ca\nli\ns\n\n本");
    }

    #[test]
    fn the_cells_shown_are_those_that_are_copied() {
        let text = text(&["abc", "", "def"]);
        let at = |row, column| Place { row, column };
        let selection = Selection { shape: Shape::Characters, mark: at(0, 1), cursor: at(2, 1) };
        let cells: Vec<_> = (0..4).map(|row| selection.cells(&text, row)).collect();
        assert_eq!(cells, [Some(1..3), Some(0..1), Some(0..2), None]);
        let block = Selection { shape: Shape::Block, ..selection };
        assert_eq!(block.cells(&text, 1), Some(1..2));
    }
}
