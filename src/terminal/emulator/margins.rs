//! The margins of the scrolling region, which a cursor that moves up or down does not cross, as on a VT100.
//!
//! The emulator knows its region only for scrolling: it moves the cursor through it, and where rows are counted from it (origin mode) it takes
//! a place on the screen for one in the region. vttest shows both. Not here: scrolling itself, which is the emulator's.

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::term::TermMode;
use alacritty_terminal::vte::ansi::Handler;

use super::emulation::{Emulation, as_line};

/// None while the region is the whole screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Margins(Option<Region>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Region {
    top: usize,
    /// Its last row.
    bottom: usize,
}

impl Margins {
    /// As a program sets them: rows from 1, none for the last of the screen. None where that is no region, so that nothing changes.
    pub(super) fn set(top: usize, bottom: Option<usize>, rows: usize) -> Option<Margins> {
        let bottom = bottom.unwrap_or(rows);
        if top >= bottom || top == 0 {
            return None;
        }
        let region = Region { top: (top - 1).min(rows), bottom: bottom.min(rows).saturating_sub(1) };
        Some(Margins(Some(region)))
    }

    fn region(self, rows: usize) -> Region {
        self.0.unwrap_or(Region { top: 0, bottom: rows.saturating_sub(1) })
    }

    /// Whoever is above the region already may go on to the top of the screen.
    fn up(self, row: usize, by: usize, rows: usize) -> usize {
        let top = self.region(rows).top;
        let stop = if row >= top { top } else { 0 };
        row.saturating_sub(by).max(stop)
    }

    fn down(self, row: usize, by: usize, rows: usize) -> usize {
        let (bottom, last) = (self.region(rows).bottom, rows.saturating_sub(1));
        let stop = if row <= bottom { bottom } else { last };
        row.saturating_add(by).min(stop)
    }
}

impl Emulation {
    /// The row that others are counted from.
    pub(super) fn first_row(&self) -> usize {
        match self.has(TermMode::ORIGIN) {
            true => self.margins.region(self.term.screen_lines()).top,
            false => 0,
        }
    }

    pub(super) fn cursor_row(&self) -> usize {
        usize::try_from(self.term.grid().cursor.point.line.0).unwrap_or(0)
    }

    pub(super) fn cursor_column(&self) -> usize {
        self.term.grid().cursor.point.column.0
    }

    pub(super) fn go_up(&mut self, by: usize, column: usize) {
        let row = self.margins.up(self.cursor_row(), by, self.term.screen_lines());
        self.put(row, column);
    }

    pub(super) fn go_down(&mut self, by: usize, column: usize) {
        let row = self.margins.down(self.cursor_row(), by, self.term.screen_lines());
        self.put(row, column);
    }

    /// A place on the screen, wherever rows are counted from.
    pub(super) fn put(&mut self, row: usize, column: usize) {
        let first = as_line(self.first_row());
        self.term.goto(as_line(row) - first, column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_stops_at_the_margin_that_it_comes_to_from_within() {
        let margins = Margins::set(12, Some(13), 24).expect("a region");
        for (row, by, up, down) in
            [(12, 24, 11, 12), (11, 1, 11, 12), (11, 0, 11, 11), (5, 3, 2, 8), (5, 99, 0, 12), (20, 99, 11, 23)]
        {
            assert_eq!(margins.up(row, by, 24), up, "up from {row} by {by}");
            assert_eq!(margins.down(row, by, 24), down, "down from {row} by {by}");
        }
        let none = Margins::default();
        assert_eq!((none.up(5, usize::MAX, 24), none.down(5, usize::MAX, 24)), (0, 23));
        for (top, bottom) in [(5, Some(5)), (5, Some(4)), (24, None), (0, Some(0))] {
            assert_eq!(Margins::set(top, bottom, 24), None, "{top} {bottom:?}");
        }
    }
}
