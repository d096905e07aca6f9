//! Tables: columns as wide as their cells where there is room, else narrower ones with cells of several rows.

use super::flow::{Flow, Ink, Spaces, add, ink_columns};
use super::{Role, style};
use pulldown_cmark::Alignment;

/// A column narrower than this shows no word.
const LEAST_COLUMN: usize = 4;
/// Columns beyond these are not worth a table; nobody writes them by hand.
const MOST_COLUMNS: usize = 32;

/// What stands between two cells.
const BETWEEN: &str = " │ ";
const BETWEEN_COLUMNS: usize = 3;

/// One cell: its words in their looks.
pub type Cell = Vec<Ink>;

#[derive(Default)]
pub struct Table {
    pub alignments: Vec<Alignment>,
    /// The first one is the head.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    pub fn lay_out(&self, width: usize) -> Vec<Vec<Ink>> {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        if count == 0 {
            return Vec::new();
        }
        let between = (count - 1) * BETWEEN_COLUMNS;
        let room = width.saturating_sub(between);
        if count > MOST_COLUMNS || room < count * LEAST_COLUMN {
            return self.as_lists(width);
        }
        let widths = self.widths(count, room);
        let mut rows = Vec::new();
        for (index, cells) in self.rows.iter().enumerate() {
            rows.extend(self.row(cells, &widths));
            if index == 0 {
                let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                rows.push(vec![(rule.join("─┼─"), style(Role::Mark))]);
            }
        }
        rows
    }

    /// As wide as the widest cell; where that is too much, the widest columns give way.
    fn widths(&self, count: usize, room: usize) -> Vec<usize> {
        let widest = |at: usize| self.rows.iter().filter_map(|row| row.get(at)).map(|cell| ink_columns(cell)).max();
        let wanted: Vec<usize> = (0..count).map(|at| widest(at).unwrap_or(0).max(1)).collect();
        let fits = |most: usize| wanted.iter().map(|width| (*width).min(most)).sum::<usize>() <= room;
        let most = (LEAST_COLUMN..=room).rev().find(|most| fits(*most)).unwrap_or(LEAST_COLUMN);
        wanted.into_iter().map(|width| width.min(most)).collect()
    }

    fn row(&self, cells: &[Cell], widths: &[usize]) -> Vec<Vec<Ink>> {
        let cells: Vec<Vec<Vec<Ink>>> = widths
            .iter()
            .enumerate()
            .map(|(at, width)| cells.get(at).map(|cell| wrapped(cell, *width)).unwrap_or_default())
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let mut rows = Vec::new();
        for y in 0..height {
            let mut row = Vec::new();
            for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
                if at > 0 {
                    add(&mut row, BETWEEN, style(Role::Mark));
                }
                let part = cell.get(y).cloned().unwrap_or_default();
                let spare = width.saturating_sub(ink_columns(&part));
                let before = match self.alignments.get(at) {
                    Some(Alignment::Right) => spare,
                    Some(Alignment::Center) => spare / 2,
                    Some(Alignment::Left | Alignment::None) | None => 0,
                };
                add(&mut row, &" ".repeat(before), super::super::plain());
                part.into_iter().for_each(|(text, style)| add(&mut row, &text, style));
                add(&mut row, &" ".repeat(spare - before), super::super::plain());
            }
            rows.push(row);
        }
        rows
    }

    /// In a window too narrow for columns: each row as lines `head: cell`.
    fn as_lists(&self, width: usize) -> Vec<Vec<Ink>> {
        let Some((head, body)) = self.rows.split_first() else { return Vec::new() };
        let mut rows = Vec::new();
        for cells in body {
            for (at, cell) in cells.iter().enumerate() {
                let mut flow = Flow::new(width, Spaces::Prose);
                for (text, style) in head.get(at).into_iter().flatten() {
                    flow.push(text, *style);
                }
                flow.push(": ", style(Role::Mark));
                cell.iter().for_each(|(text, style)| flow.push(text, *style));
                rows.extend(flow.finish());
            }
            rows.push(Vec::new());
        }
        rows.pop();
        rows
    }
}

fn wrapped(cell: &Cell, width: usize) -> Vec<Vec<Ink>> {
    let mut flow = Flow::new(width, Spaces::Prose);
    cell.iter().for_each(|(text, style)| flow.push(text, *style));
    flow.finish()
}
