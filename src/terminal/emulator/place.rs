//! Remembers places in the text of the primary screen, and reads the text from one to the cursor.
//!
//! Change here: how a place survives what happens to the rows. Not here: rows that were packed (`scrollback.rs`), or cutting long text
//! (`excerpt.rs`).

use std::ops::ControlFlow;

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::Line as GridLine;

use super::super::excerpt::{Cap, Excerpt};
use super::super::line::{self, Line};
use super::cells::scan;
use super::emulation::Emulation;

/// A remembered place in the text of the primary screen. It survives scrolling, resizing and packing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(pub(super) Option<Place>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Line ends that were ever above.
    line: u64,
    /// Cells before it in its line, the line's rows joined.
    cell: u64,
    /// Text before it, to count what is lost when the place is gone.
    bytes: u64,
}

impl Emulation {
    /// Where the cursor stands in the text. Counts the rows in the emulator, some 1,000 at most.
    pub(super) fn place(&self) -> Option<Place> {
        if self.shows_alternate() {
            return None;
        }
        let grid = self.term.grid();
        let mut place = Place {
            line: self.scrollback.lines(),
            cell: self.scrollback.unfinished_cells(),
            bytes: self.scrollback.text_bytes(),
        };
        let mut line = Line::default();
        for number in grid.topmost_line().0..grid.cursor.point.line.0 {
            scan(&grid[GridLine(number)], &mut line);
            place.bytes += line.text.len() as u64;
            if line.wrapped {
                place.cell += line.cells() as u64;
            } else {
                place.bytes += 1;
                place.line += 1;
                place.cell = 0;
            }
        }
        place.cell += self.cells_before_cursor() as u64;
        Some(place)
    }

    pub(super) fn cells_before_cursor(&self) -> usize {
        let cursor = &self.term.grid().cursor;
        cursor.point.column.0 + usize::from(cursor.input_needs_wrap)
    }

    /// How many rows above the live screen's first one the place is; 0 where it stands on it. None where it is not kept any more.
    pub(super) fn rows_up_to(&self, place: &Place) -> Option<u32> {
        if place.line < self.scrollback.first_line() || self.shows_alternate() {
            return None;
        }
        let grid = self.term.grid();
        let into_line = place.cell / grid.columns() as u64;
        let above = self.rows_above_screen();
        let mut at = self.scrollback.shown_rows_before(place.line) + into_line;
        let mut number = self.scrollback.lines();
        let mut line = Line::default();
        for row in grid.topmost_line().0..=grid.bottommost_line().0 {
            if number >= place.line {
                break;
            }
            scan(&grid[GridLine(row)], &mut line);
            number += u64::from(!line.wrapped);
            at += 1;
        }
        (number >= place.line).then(|| above.saturating_sub(u32::try_from(at).unwrap_or(u32::MAX)))
    }

    pub(super) fn text_since(&self, mark: &Place, cap: Cap) -> Option<(String, u64)> {
        let here = self.place()?;
        if (here.line, here.cell) < (mark.line, mark.cell) {
            return None;
        }
        let is_gone = mark.line < self.scrollback.first_line();
        let mut excerpt = Excerpt::new(cap, if is_gone { 0 } else { mark.cell });
        if is_gone {
            excerpt.miss(self.scrollback.gone_bytes().saturating_sub(mark.bytes).max(1));
        }
        self.scrollback.visit_from(mark.line, |kept| {
            excerpt.row(kept.text, kept.wrapped);
            ControlFlow::Continue(())
        });
        let grid = self.term.grid();
        let mut number = self.scrollback.lines();
        let mut line = Line::default();
        for row in grid.topmost_line().0..grid.cursor.point.line.0 {
            scan(&grid[GridLine(row)], &mut line);
            if number >= mark.line {
                excerpt.row(&line.text, line.wrapped);
            }
            number += u64::from(!line.wrapped);
        }
        scan(&grid[grid.cursor.point.line], &mut line);
        let rest = line::skip_cells(&line.text, self.cells_before_cursor());
        excerpt.part(&line.text[..line.text.len() - rest.len()]);
        Some(excerpt.finish())
    }
}
