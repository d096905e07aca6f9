//! Finds a text in all rows, also where a line was wrapped in the middle of it. Small letters find large ones too, large ones only themselves.

use super::text::{Place, Text};
use crate::terminal::line::text_cells;
use regex::{Regex, RegexBuilder};
use std::ops::Range;

/// More than anybody steps through; who has more types another letter.
const MOST: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Backward,
}

impl Direction {
    pub fn turned(self) -> Direction {
        match self {
            Direction::Forward => Direction::Backward,
            Direction::Backward => Direction::Forward,
        }
    }
}

/// A stretch of cells: in one row, or over the rows that its line was wrapped into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    pub first: Place,
    /// The cell behind its last one.
    pub end: Place,
}

impl Match {
    /// Its cells in a row.
    pub fn cells(&self, row: usize) -> Option<Range<usize>> {
        if !(self.first.row..=self.end.row).contains(&row) {
            return None;
        }
        let from = if row == self.first.row { self.first.column } else { 0 };
        let end = if row == self.end.row { self.end.column } else { usize::MAX };
        (from < end).then_some(from..end)
    }
}

/// What was looked for and where it is, from the top.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    pub wanted: String,
    pub matches: Vec<Match>,
    pub is_cut: bool,
}

impl Found {
    pub fn look(text: &Text, wanted: &str) -> Found {
        let mut matches = Vec::new();
        let mut row = 0;
        if let Some(pattern) = pattern(wanted) {
            while row < text.rows.len() && matches.len() <= MOST {
                let (_, last) = text.line_of(row);
                look_in_line(text, row..last + 1, &pattern, &mut matches);
                row = last + 1;
            }
        }
        let is_cut = matches.len() > MOST;
        matches.truncate(MOST);
        Found { wanted: wanted.to_owned(), matches, is_cut }
    }

    /// The next one from a place on, round the end; none where there is none at all.
    pub fn next(&self, from: Place, direction: Direction) -> Option<usize> {
        let last = self.matches.len().checked_sub(1)?;
        Some(match direction {
            Direction::Forward => {
                let behind = self.matches.partition_point(|one| one.first <= from);
                if behind > last { 0 } else { behind }
            }
            Direction::Backward => self.matches.partition_point(|one| one.first < from).checked_sub(1).unwrap_or(last),
        })
    }

    /// Those that have cells in a row.
    pub fn in_row(&self, row: usize) -> impl Iterator<Item = Range<usize>> {
        let from = self.matches.partition_point(|one| one.end.row < row);
        self.matches.iter().skip(from).take_while(move |one| one.first.row <= row).filter_map(move |one| one.cells(row))
    }
}

fn pattern(wanted: &str) -> Option<Regex> {
    let any_case = !wanted.chars().any(char::is_uppercase);
    // A text of one line that fits into a window makes no pattern that is too large.
    (!wanted.is_empty()).then(|| RegexBuilder::new(&regex::escape(wanted)).case_insensitive(any_case).build().ok())?
}

fn look_in_line(text: &Text, rows: Range<usize>, pattern: &Regex, matches: &mut Vec<Match>) {
    let room = MOST + 1 - matches.len();
    let joined: String;
    let line = if rows.len() == 1 {
        text.row(rows.start)
    } else {
        joined = rows.clone().map(|row| text.row(row)).collect();
        &joined
    };
    let found = pattern.find_iter(line).take(room);
    matches.extend(found.map(|found| Match {
        first: place(text, &rows, found.start(), Edge::First),
        end: place(text, &rows, found.end(), Edge::End),
    }));
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    First,
    End,
}

/// Where a byte of the joined rows lies. What ends with a row ends there, and not before the first cell of the next.
fn place(text: &Text, rows: &Range<usize>, byte: usize, edge: Edge) -> Place {
    let mut left = byte;
    for row in rows.clone() {
        let length = text.row(row).len();
        if left < length || (edge == Edge::End && left == length) {
            let before = text.row(row).get(..left).unwrap_or_default();
            return Place { row, column: text_cells(before) };
        }
        left -= length;
    }
    Place { row: rows.end.saturating_sub(1), column: text_cells(text.row(rows.end.saturating_sub(1))) }
}

#[cfg(test)]
mod tests {
    use super::super::text::text;
    use super::*;

    fn places(found: &Found) -> Vec<((usize, usize), (usize, usize))> {
        let place = |place: Place| (place.row, place.column);
        found.matches.iter().map(|one| (place(one.first), place(one.end))).collect()
    }

    #[test]
    fn it_is_found_in_any_case_and_over_the_rows_of_a_line() {
        let text = text(&["Error: 日本 error", "an er\\", "ror", "or not"]);
        let found = Found::look(&text, "error");
        assert_eq!(places(&found), [((0, 0), (0, 5)), ((0, 12), (0, 17)), ((1, 3), (2, 3))]);
        assert_eq!(places(&Found::look(&text, "Error")), [((0, 0), (0, 5))]);
        assert_eq!(places(&Found::look(&text, "(.*")), [], "signs mean themselves");
        assert_eq!(places(&Found::look(&text, "")), []);
        let cells = |row| found.in_row(row).map(|cells| (cells.start, cells.end)).collect::<Vec<_>>();
        assert_eq!([0, 1, 2, 3].map(cells), [vec![(0, 5), (12, 17)], vec![(3, usize::MAX)], vec![(0, 3)], vec![]]);
    }

    #[test]
    fn steps_go_round_the_ends() {
        let text = text(&["a b a", "a"]);
        let found = Found::look(&text, "a");
        let at = |row, column| Place { row, column };
        for (from, forward, backward) in [(at(0, 0), 1, 2), (at(0, 2), 1, 0), (at(0, 4), 2, 0), (at(1, 0), 0, 1)] {
            assert_eq!(found.next(from, Direction::Forward), Some(forward), "{from:?}");
            assert_eq!(found.next(from, Direction::Backward), Some(backward), "{from:?}");
        }
        assert_eq!(Found::default().next(at(0, 0), Direction::Forward), None);
    }

    #[test]
    fn of_very_many_the_count_is_cut_and_said() {
        let rows: Vec<&str> = std::iter::repeat_n("aaaaaaaaaa", MOST / 10 + 1).collect();
        let found = Found::look(&text(&rows), "a");
        assert_eq!((found.matches.len(), found.is_cut), (MOST, true));
    }
}
