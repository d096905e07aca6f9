//! Keeps few rows in the emulator above its screen, and packs the older ones.
//!
//! Change here: how many rows stay and when they leave. Not here: what becomes of packed rows (`scrollback.rs`), or of all rows when the size
//! changes (`resize.rs`).

use alacritty_terminal::grid::{Dimensions, Grid};
use alacritty_terminal::index::Line as GridLine;
use alacritty_terminal::term::cell::Cell;

use super::cells::scan;
use super::emulation::{Emulation, as_line};

/// Rows above the screen that the emulator holds before the older ones are packed. Few enough to stay in a processor's cache, where a
/// flood of short lines goes three times as fast as with 1,000, and to cost 1 MB a session instead of 3.
const HOT_ROWS_MOST: usize = 250;
/// Rows that stay in the emulator then: what comes back to the screen when it grows.
pub(super) const HOT_ROWS_LEAST: usize = 100;
/// The emulator must never drop a row by itself; we drain it.
pub(super) const NO_LIMIT: usize = 1 << 24;

impl Emulation {
    /// Rows of the primary screen's history.
    pub(super) fn history(&self) -> usize {
        if self.shows_alternate() { self.parked_history } else { self.term.history_size() }
    }

    pub(super) fn scrolled_rows(&self) -> u64 {
        (self.taken_rows + self.history() as u64).saturating_add_signed(self.resized_rows)
    }

    pub(super) fn rest(&mut self) {
        self.drain(HOT_ROWS_LEAST);
        self.drop_spare_rows();
        self.scrollback.rest();
    }

    /// Call before anything that may scroll: packs rows when there are many, and sees to it that those to come have room.
    #[inline]
    pub(super) fn before_scroll(&mut self) {
        let history = self.term.history_size();
        if history > HOT_ROWS_MOST || history + self.term.screen_lines() > self.room {
            self.make_room();
        }
    }

    /// The emulator allocates 1,000 rows (3 MB) when it needs one more, so it must never need one: it gets a grid with as many spare rows
    /// as come next, in steps, and the content moves there.
    #[cold]
    fn make_room(&mut self) {
        if self.shows_alternate() {
            return;
        }
        if self.term.history_size() > self.room {
            // It has allocated all the same: a scrolling region above the last row is not foreseen.
            self.drop_spare_rows();
        }
        if self.term.history_size() > HOT_ROWS_MOST {
            self.drain(HOT_ROWS_LEAST);
        }
        let (history, height) = (self.term.history_size(), self.term.screen_lines());
        if history + height <= self.room {
            return;
        }
        let room = (2 * self.room).min(HOT_ROWS_MOST + 1 + height).max(history + height);
        self.move_rows(0, room);
    }

    /// Moves the rows to a grid with room for so many above the screen, and brings `down` of those there back. As many are lost below.
    pub(super) fn move_rows(&mut self, down: usize, room: usize) {
        let (height, columns) = (self.term.screen_lines(), self.term.columns());
        let history = self.term.history_size() - down;
        let mut roomy: Grid<Cell> = Grid::new(height + room, columns, NO_LIMIT);
        roomy.resize(false, height, columns);
        roomy.scroll_up(&(GridLine(0)..GridLine(as_line(height))), history);
        let grid = self.term.grid_mut();
        for row in (-as_line(history)..as_line(height)).map(GridLine) {
            std::mem::swap(&mut roomy[row], &mut grid[row - down]);
        }
        roomy.cursor = grid.cursor.clone();
        roomy.saved_cursor = grid.saved_cursor.clone();
        let saved_line = &mut roomy.saved_cursor.point.line;
        *saved_line = (*saved_line + down).min(GridLine(as_line(height) - 1));
        *grid = roomy;
        self.room = room;
    }

    pub(super) fn drop_spare_rows(&mut self) {
        self.term.grid_mut().truncate();
        if !self.shows_alternate() {
            self.room = self.term.history_size();
        }
    }

    /// Packs the oldest rows. On the alternate screen there are none.
    pub(super) fn drain(&mut self, keep: usize) {
        let history = self.term.history_size();
        if history <= keep {
            return;
        }
        for row in rows_above(keep, history) {
            scan(&self.term.grid()[row], &mut self.scratch);
            self.scrollback.push(&self.scratch);
        }
        self.forget_history(keep);
    }

    /// The program clears what is above the screen.
    pub(super) fn clear_history(&mut self) {
        self.scrollback.clear();
        for row in rows_above(0, self.term.history_size()) {
            scan(&self.term.grid()[row], &mut self.scratch);
            self.scrollback.skip(&self.scratch);
        }
        self.forget_history(0);
    }

    fn forget_history(&mut self, keep: usize) {
        self.taken_rows += (self.term.history_size() - keep) as u64;
        let grid = self.term.grid_mut();
        grid.update_history(keep);
        grid.update_history(NO_LIMIT);
    }
}

/// The rows from the oldest of the history to the one above the newest `keep`.
fn rows_above(keep: usize, history: usize) -> impl Iterator<Item = GridLine> {
    (-as_line(history)..-as_line(keep)).map(GridLine)
}
