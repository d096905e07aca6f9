//! Gives the emulator another size, and the cursor its place in the text again.
//!
//! Change here: which sizes there are, and what becomes of rows and cursor when the size changes. Not here: wrapping packed rows anew
//! (`scrollback.rs`).
//!
//! When alacritty_terminal 0.26 wraps rows anew it moves the cursor as if each row that continues were full. One is not where a wide
//! character did not fit into its last column, and then the cursor ends up in another cell or row, new text covers old one, and rows below the
//! wrong place are dropped. So while it wraps, its cursor stands on a blank row of its own below everything, where there is nothing to get wrong.
//! While the alternate screen shows, the primary one is out of reach and is wrapped the emulator's way.

use alacritty_terminal::grid::{Dimensions, Row as GridRow};
use alacritty_terminal::index::{Column, Line as GridLine, Point};
use alacritty_terminal::term::cell::{Cell, Flags};

use super::super::frame::Size;
use super::emulation::{Emulation, as_line};
use super::history::HOT_ROWS_LEAST;
use super::margins::Margins;

/// The emulator loops without end on one column, and a wide character needs two.
pub(super) const SMALLEST: Size = Size { columns: 2, rows: 2 };
/// More cells than any screen has; 24 bytes each.
pub(super) const LARGEST: Size = Size { columns: 1000, rows: 500 };
/// What the last cell of a row has when the next row continues it.
const WRAP: Flags = Flags::WRAPLINE.union(Flags::LEADING_WIDE_CHAR_SPACER);

pub(super) fn clamp(size: Size) -> Size {
    Size {
        columns: size.columns.clamp(SMALLEST.columns, LARGEST.columns),
        rows: size.rows.clamp(SMALLEST.rows, LARGEST.rows),
    }
}

/// A size as the emulator asks for it.
pub(super) struct Dimension(pub Size);

impl Dimensions for Dimension {
    fn total_lines(&self) -> usize {
        self.screen_lines()
    }
    fn screen_lines(&self) -> usize {
        usize::from(self.0.rows)
    }
    fn columns(&self) -> usize {
        usize::from(self.0.columns)
    }
}

/// Where the cursor stands in the text. Lines are counted from below, because it is close to there.
#[derive(Debug, Clone, Copy)]
struct Spot {
    /// Ends of lines from its row downwards.
    ends_below: usize,
    /// Cells before it in its line.
    cells: usize,
}

impl Emulation {
    pub(super) fn resize(&mut self, size: Size) {
        if (self.term.screen_lines(), self.term.columns()) != (size.rows.into(), size.columns.into()) {
            self.margins = Margins::default();
        }
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
            self.clear_strays();
            let spot = self.spot();
            self.begin_row_below();
            self.term.resize(Dimension(size));
            self.put_cursor(spot);
        }
    }

    /// Deleting characters moves the mark of a row that continues away from its end, where it means nothing until the row is cut there: then
    /// two lines become one. What continued the last row may have been cut off. And half a wide character, which shows as a blank, takes
    /// another cell along.
    fn clear_strays(&mut self) {
        let grid = self.term.grid_mut();
        let (last, columns) = (grid.bottommost_line(), grid.columns());
        for number in (grid.topmost_line().0..=last.0).map(GridLine) {
            for column in 0..columns {
                let stray = stray_flags(&grid[number][..], column, number < last);
                if !stray.is_empty() {
                    let cell = &mut grid[number][Column(column)];
                    cell.flags.remove(stray);
                    if stray.contains(Flags::WIDE_CHAR) {
                        cell.c = ' ';
                    }
                }
            }
        }
    }

    fn spot(&self) -> Spot {
        let grid = self.term.grid();
        let cursor = grid.cursor.point.line.0;
        let continued = |number: &i32| continued_cells(&grid[GridLine(*number)]);
        let ends_below = (cursor..=grid.bottommost_line().0).filter(|number| continued(number).is_none()).count();
        let above: usize = (grid.topmost_line().0..cursor).rev().map_while(|number| continued(&number)).sum();
        Spot { ends_below, cells: above + self.cells_before_cursor() }
    }

    /// Scrolls a blank row in and puts the cursor there.
    fn begin_row_below(&mut self) {
        self.before_scroll();
        let grid = self.term.grid_mut();
        let last = grid.bottommost_line();
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
        let (row, columns) = (GridLine(row + as_line(down)), self.term.columns());
        let cursor = &mut self.term.grid_mut().cursor;
        cursor.point = Point::new(row, Column(column.min(columns - 1)));
        cursor.input_needs_wrap = column >= columns;
    }

    /// The row of a spot and the column in it, which may be the one behind the last.
    fn find(&self, mut spot: Spot) -> (i32, usize) {
        let grid = self.term.grid();
        let continued = |number: &i32| continued_cells(&grid[GridLine(*number)]);
        let (top, below) = (grid.topmost_line().0, grid.cursor.point.line.0);
        let ends = (top..below).rev().filter(|number| continued(number).is_none());
        let end = ends.take(spot.ends_below).last().unwrap_or(top);
        let begin = end - as_line((top..end).rev().map_while(|number| continued(&number)).count());
        for number in begin..end {
            match continued(&number) {
                Some(cells) if spot.cells >= cells => spot.cells -= cells,
                Some(_) | None => return (number, spot.cells),
            }
        }
        (end, spot.cells)
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

/// What is set on a cell and does not belong to it, at its place in its row.
fn stray_flags(row: &[Cell], column: usize, may_continue: bool) -> Flags {
    let flags = row[column].flags;
    if !flags.intersects(WRAP | Flags::WIDE_CHAR | Flags::WIDE_CHAR_SPACER) {
        return Flags::empty();
    }
    let has =
        |column: Option<usize>, flag| column.and_then(|at| row.get(at)).is_some_and(|cell| cell.flags.contains(flag));
    let mut belongs = Flags::all() - WRAP - Flags::WIDE_CHAR - Flags::WIDE_CHAR_SPACER;
    belongs.set(WRAP, may_continue && column + 1 == row.len());
    belongs.set(Flags::WIDE_CHAR, has(Some(column + 1), Flags::WIDE_CHAR_SPACER));
    belongs.set(Flags::WIDE_CHAR_SPACER, has(column.checked_sub(1), Flags::WIDE_CHAR));
    flags - belongs
}
