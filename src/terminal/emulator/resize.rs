//! Gives the emulator another size, and the cursor its place in the text again.
//!
//! Change here: what becomes of rows and cursor when the size changes. Not here: the sizes allowed (`emulator.rs`), or wrapping packed rows
//! anew (`scrollback.rs`).
//!
//! When alacritty_terminal 0.26 wraps rows anew it moves the cursor as if each row that continues were full. One is not where a wide
//! character did not fit into its last column, and then the cursor ends up in another cell or row, new text covers old one, and rows below the
//! wrong place are dropped. So while it wraps, its cursor stands on a blank row of its own below everything, where there is nothing to get wrong.
//! While the alternate screen shows, the primary one is out of reach and is wrapped the emulator's way.

use alacritty_terminal::grid::{Dimensions, Row as GridRow};
use alacritty_terminal::index::{Column, Line as GridLine, Point};
use alacritty_terminal::term::cell::{Cell, Flags};

use super::super::frame::Size;
use super::{Dimension, Emulation, HOT_ROWS_LEAST, as_line};

/// Where the cursor stands in the text of the emulator's grid.
#[derive(Debug, Clone, Copy)]
struct Spot {
    /// Line ends above it.
    lines: usize,
    /// Cells before it in its line.
    cells: usize,
}

impl Emulation {
    pub(super) fn resize(&mut self, size: Size) {
        let left = self.left_rows();
        // Fewer rows to wrap anew.
        self.drain(HOT_ROWS_LEAST);
        if self.shows_alternate() {
            self.term.resize(Dimension(size));
            self.drop_spare_rows();
        } else {
            self.resize_primary(size);
            self.drop_spare_rows();
            self.count_resized(left);
            self.drop_spare_rows_of_alternate();
        }
        self.scrollback.set_columns(usize::from(size.columns));
    }

    /// Rows that are above the screen or were taken from there.
    pub(super) fn left_rows(&self) -> i64 {
        (self.taken_rows + self.history() as u64).cast_signed()
    }

    /// Rows that resizing has brought above the screen, or back from there, have not scrolled.
    pub(super) fn count_resized(&mut self, left: i64) {
        self.resized_rows += left - self.left_rows();
    }

    fn resize_primary(&mut self, size: Size) {
        // The height needs no wrapping, and the cursor is still right.
        let columns = u16::try_from(self.term.columns()).unwrap_or(size.columns);
        self.term.resize(Dimension(Size { columns, ..size }));
        if columns != size.columns {
            let spot = self.spot();
            self.begin_row_below();
            self.term.resize(Dimension(size));
            self.put_cursor(spot);
        }
    }

    fn spot(&self) -> Spot {
        let grid = self.term.grid();
        let mut spot = Spot { lines: 0, cells: 0 };
        for number in grid.topmost_line().0..grid.cursor.point.line.0 {
            match continued_cells(&grid[GridLine(number)]) {
                Some(cells) => spot.cells += cells,
                None => spot = Spot { lines: spot.lines + 1, cells: 0 },
            }
        }
        spot.cells += self.cells_before_cursor();
        spot
    }

    /// Scrolls a blank row in and puts the cursor there.
    fn begin_row_below(&mut self) {
        self.before_scroll();
        let grid = self.term.grid_mut();
        let last = grid.bottommost_line();
        // What continued the last row may have been cut off.
        if let Some(cell) = grid[last].last_mut() {
            cell.flags.remove(Flags::WRAPLINE | Flags::LEADING_WIDE_CHAR_SPACER);
        }
        let template = std::mem::take(&mut grid.cursor.template);
        grid.scroll_up(&(GridLine(0)..last + 1), 1);
        grid.cursor.template = template;
        grid.cursor.point = Point::new(last, Column(0));
        grid.cursor.input_needs_wrap = false;
    }

    /// Takes the row below off again and puts the cursor where it was in the text, on the screen.
    fn put_cursor(&mut self, spot: Spot) {
        let (row, column) = self.find(spot);
        // Where nothing is above the screen, the row below is one of the blank ones there.
        let below = self.term.history_size().min(1);
        let down = below.max(usize::try_from(-row).unwrap_or(0));
        if down > 0 {
            self.move_rows(down, self.term.history_size() - down);
        }
        let columns = self.term.columns();
        let cursor = &mut self.term.grid_mut().cursor;
        cursor.point = Point::new(GridLine(row + as_line(down)), Column(column.min(columns - 1)));
        cursor.input_needs_wrap = column >= columns;
    }

    /// The row of a spot and the column in it, which may be the one behind the last.
    fn find(&self, mut spot: Spot) -> (i32, usize) {
        let grid = self.term.grid();
        for number in grid.topmost_line().0..grid.bottommost_line().0 {
            match continued_cells(&grid[GridLine(number)]) {
                Some(cells) if spot.lines == 0 && spot.cells >= cells => spot.cells -= cells,
                None if spot.lines > 0 => spot.lines -= 1,
                Some(_) if spot.lines > 0 => {}
                Some(_) | None => return (number, spot.cells),
            }
        }
        (grid.bottommost_line().0, spot.cells)
    }

    /// The screen that does not show has grown too. Going there and back forgets only the saved cursor.
    fn drop_spare_rows_of_alternate(&mut self) {
        let saved_cursor = self.term.grid().saved_cursor.clone();
        self.term.swap_alt();
        self.term.grid_mut().truncate();
        self.term.swap_alt();
        self.term.grid_mut().saved_cursor = saved_cursor;
    }
}

/// The cells of a row that the next one continues; a spacer in the place of a wide character that did not fit is none.
fn continued_cells(row: &GridRow<Cell>) -> Option<usize> {
    let last = row.last().filter(|last| last.flags.contains(Flags::WRAPLINE))?;
    Some(row.len() - usize::from(last.flags.contains(Flags::LEADING_WIDE_CHAR_SPACER)))
}
