//! The rows that have left the emulator upwards, packed once it is quiet: 10,000 plain lines cost well under 1 MB instead of 29.
//!
//! Change here: how much is kept and how it is packed. Not here: which rows leave when (`emulator/history.rs`) or a row's encoding (`line.rs`).
//!
//! Rows are kept as they left, with the mark whether the next one continues the line. While the screen has the width that a block had,
//! they are shown as they were; at another width the lines are joined and wrapped anew when looked at. A line is not joined across the
//! border of two blocks, nor with the rows that are still in the emulator.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::ControlFlow;

use super::frame::{Row, TextRow};
use super::line::{self, Line};

/// Rows kept, rounded up to a block: twice what people scroll, some 1 MB of usual output.
pub const KEPT_ROWS: u64 = 20_000;
/// Rows of a narrower screen count as a screen of this width would have them. Else two columns, if only for a moment, would cost most of
/// the text above: a line of 80 characters makes 40 rows there.
const COUNTED_COLUMNS: u64 = 80;
/// Rows of random colours do not pack. This bounds what a hostile program can make us keep.
const KEPT_BYTES: usize = 16 * 1024 * 1024;
/// A block is unpacked as a whole to show one row of it; smaller ones pack worse.
const BLOCK_BYTES: usize = 64 * 1024;
/// Blocks that are not packed yet. Packing is a tenth of the work on a flood, and most rows of a flood are dropped soon; so many hold all rows
/// kept at 120 columns. They are packed when it is quiet (`rest`).
const LOOSE_BYTES: usize = 3 * 1024 * 1024;
/// Where a line without an end is cut for showing.
const LONGEST_BLOCK_BYTES: usize = 2 * BLOCK_BYTES;

#[derive(Debug)]
pub struct Scrollback {
    /// The screen's width: the one that rows have when they come.
    columns: usize,
    blocks: VecDeque<Block>,
    /// How many of the newest blocks are loose, and their bytes.
    loose_blocks: usize,
    loose_bytes: usize,
    /// The newest rows, not a block yet.
    open: Vec<u8>,
    open_extent: Extent,
    /// The sum over `blocks` and the open rows.
    kept: Extent,
    /// The sum over `blocks`.
    block_bytes: usize,
    /// What has ever been before the first row kept: dropped or cleared.
    gone: Extent,
    /// Cells of the line that the last row leaves unfinished.
    unfinished_cells: u64,
}

#[derive(Debug)]
struct Block {
    records: Records,
    columns: usize,
    extent: Extent,
}

#[derive(Debug)]
enum Records {
    Loose(Box<[u8]>),
    Packed { packed: Box<[u8]>, unpacked_bytes: usize },
}

/// How much a stretch of rows is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Extent {
    /// As they came.
    rows: u64,
    /// As they are shown at the present width.
    shown_rows: u64,
    /// As they count against `KEPT_ROWS`.
    counted_rows: u64,
    /// Ends of lines.
    lines: u64,
    /// Text with its line ends.
    text_bytes: u64,
}

impl Extent {
    fn add(&mut self, other: Extent) {
        self.rows += other.rows;
        self.shown_rows += other.shown_rows;
        self.counted_rows += other.counted_rows;
        self.lines += other.lines;
        self.text_bytes += other.text_bytes;
    }

    fn subtract(&mut self, other: Extent) {
        self.rows -= other.rows;
        self.shown_rows -= other.shown_rows;
        self.counted_rows -= other.counted_rows;
        self.lines -= other.lines;
        self.text_bytes -= other.text_bytes;
    }
}

/// The text of one kept row and where it lies.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// Counted from the first line that ever left.
    pub line: u64,
    pub text: &'a str,
    pub wrapped: bool,
}

impl Scrollback {
    pub fn new(columns: usize) -> Scrollback {
        Scrollback {
            columns,
            blocks: VecDeque::new(),
            loose_blocks: 0,
            loose_bytes: 0,
            open: Vec::new(),
            open_extent: Extent::default(),
            kept: Extent::default(),
            block_bytes: 0,
            gone: Extent::default(),
            unfinished_cells: 0,
        }
    }

    /// Takes the next row, of the present width.
    pub fn push(&mut self, line: &Line) {
        line::encode(line, &mut self.open);
        let extent = self.pass(line);
        self.open_extent.add(extent);
        self.kept.add(extent);
        let full = self.open.len() >= BLOCK_BYTES && !line.wrapped;
        if full || self.open.len() >= LONGEST_BLOCK_BYTES {
            self.close_block();
        }
    }

    /// Counts a row that is not kept: it was cleared while it was still in the emulator.
    pub fn skip(&mut self, line: &Line) {
        let extent = self.pass(line);
        self.gone.add(extent);
    }

    /// Drops everything. The count of lines goes on.
    pub fn clear(&mut self) {
        self.gone.add(self.kept);
        self.kept = Extent::default();
        self.open_extent = Extent::default();
        self.open = Vec::new();
        self.blocks = VecDeque::new();
        self.loose_blocks = 0;
        self.loose_bytes = 0;
        self.block_bytes = 0;
    }

    /// A new width: counts anew how many rows are shown.
    pub fn set_columns(&mut self, columns: usize) {
        if columns == self.columns {
            return;
        }
        self.close_block();
        self.columns = columns;
        self.kept.shown_rows = 0;
        for block in &mut self.blocks {
            block.extent.shown_rows = block.count_shown(columns);
            self.kept.shown_rows += block.extent.shown_rows;
        }
    }

    /// Packs everything and gives back the room for rows to come; worth it before a long rest.
    pub fn rest(&mut self) {
        self.close_block();
        self.pack_loose(0);
        self.open = Vec::new();
        self.blocks.shrink_to_fit();
    }

    pub fn shown_rows(&self) -> u64 {
        self.kept.shown_rows
    }

    /// Line ends that ever left: the number of the line that the next row belongs to.
    pub fn lines(&self) -> u64 {
        self.gone.lines + self.kept.lines
    }

    /// The number of the first line of which something is kept.
    pub fn first_line(&self) -> u64 {
        self.gone.lines
    }

    /// Text that ever left, kept or not.
    pub fn text_bytes(&self) -> u64 {
        self.gone.text_bytes + self.kept.text_bytes
    }

    /// Text that is not kept any more.
    pub fn gone_bytes(&self) -> u64 {
        self.gone.text_bytes
    }

    pub fn unfinished_cells(&self) -> u64 {
        self.unfinished_cells
    }

    /// Memory for rows, without the fixed part.
    pub fn held_bytes(&self) -> usize {
        self.block_bytes + self.open.capacity() + self.blocks.capacity() * size_of::<Block>()
    }

    /// At most `count` rows at the present width, beginning with shown row `from` counted from the oldest.
    pub fn rows(&self, from: u64, count: usize) -> Vec<Row> {
        let mut rows = Vec::with_capacity(count);
        let mut before = 0;
        for block in &self.blocks {
            let skip = from.saturating_sub(before);
            before += block.extent.shown_rows;
            if skip < block.extent.shown_rows && rows.len() < count {
                show(&block.unpack(), block.columns, self.columns, skip, count, &mut rows);
            }
        }
        if rows.len() < count {
            show(&self.open, self.columns, self.columns, from.saturating_sub(before), count, &mut rows);
        }
        rows
    }

    /// Visits the rows as they are shown at the present width, oldest first, as text.
    pub fn visit_shown(&self, mut visit: impl FnMut(TextRow)) {
        for block in &self.blocks {
            visit_shown(&block.unpack(), block.columns, self.columns, &mut visit);
        }
        visit_shown(&self.open, self.columns, self.columns, &mut visit);
    }

    /// Visits the kept rows from a line on, oldest first.
    pub fn visit_from(&self, line: u64, mut visit: impl FnMut(Kept<'_>) -> ControlFlow<()>) {
        let mut number = self.gone.lines;
        for block in &self.blocks {
            // A block whose lines all end before the line has nothing of it.
            if number + block.extent.lines < line {
                number += block.extent.lines;
            } else if visit_block(&block.unpack(), line, &mut number, &mut visit).is_break() {
                return;
            }
        }
        // The last visitor has nobody to tell that it has seen enough.
        let _ = visit_block(&self.open, line, &mut number, &mut visit);
    }

    /// The rows before a line as they are shown at the present width.
    pub fn shown_rows_before(&self, line: u64) -> u64 {
        let mut rows = 0;
        let mut number = self.gone.lines;
        for block in &self.blocks {
            if number + block.extent.lines <= line {
                number += block.extent.lines;
                rows += block.extent.shown_rows;
            } else {
                return rows + shown_before(&block.unpack(), block.columns, self.columns, line - number);
            }
        }
        rows + shown_before(&self.open, self.columns, self.columns, line.saturating_sub(number))
    }

    /// Counts a row that passes and says how much it is.
    fn pass(&mut self, line: &Line) -> Extent {
        let counted_rows = self.count(line);
        let (lines, line_end) = if line.wrapped { (0, 0) } else { (1, 1) };
        self.unfinished_cells = if line.wrapped { self.unfinished_cells + line.cells() as u64 } else { 0 };
        Extent { rows: 1, shown_rows: 1, counted_rows, lines, text_bytes: line.text.len() as u64 + line_end }
    }

    /// How many rows a row of a narrow screen adds to its line on a wider one.
    fn count(&self, line: &Line) -> u64 {
        if self.columns as u64 >= COUNTED_COLUMNS {
            return 1;
        }
        let before = self.unfinished_cells.div_ceil(COUNTED_COLUMNS);
        let with_it = (self.unfinished_cells + line.cells() as u64).div_ceil(COUNTED_COLUMNS);
        // An empty line is a row as well.
        if with_it == 0 { 1 } else { with_it - before }
    }

    fn close_block(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let records = Records::Loose(self.open.as_slice().into());
        self.open.clear();
        self.loose_blocks += 1;
        self.loose_bytes += records.bytes();
        self.block_bytes += records.bytes();
        self.blocks.push_back(Block { records, columns: self.columns, extent: std::mem::take(&mut self.open_extent) });
        self.drop_oldest();
        self.pack_loose(LOOSE_BYTES);
    }

    /// Packs the oldest loose blocks until at most so many bytes are loose.
    fn pack_loose(&mut self, most: usize) {
        let first = self.blocks.len() - self.loose_blocks;
        for block in self.blocks.range_mut(first..) {
            if self.loose_bytes <= most {
                return;
            }
            let loose = block.records.bytes();
            block.records.pack();
            self.loose_blocks -= 1;
            self.loose_bytes -= loose;
            self.block_bytes = self.block_bytes - loose + block.records.bytes();
        }
    }

    fn drop_oldest(&mut self) {
        while let Some(oldest) = self.blocks.front() {
            if self.kept.counted_rows - oldest.extent.counted_rows < KEPT_ROWS && self.block_bytes <= KEPT_BYTES {
                return;
            }
            let bytes = oldest.records.bytes();
            self.block_bytes -= bytes;
            if self.loose_blocks == self.blocks.len() {
                self.loose_blocks -= 1;
                self.loose_bytes -= bytes;
            }
            self.kept.subtract(oldest.extent);
            self.gone.add(oldest.extent);
            self.blocks.pop_front();
        }
    }
}

impl Records {
    fn bytes(&self) -> usize {
        match self {
            Records::Loose(records) => records.len(),
            Records::Packed { packed, .. } => packed.len(),
        }
    }

    fn pack(&mut self) {
        if let Records::Loose(records) = self {
            let packed = lz4_flex::block::compress(records).into_boxed_slice();
            *self = Records::Packed { packed, unpacked_bytes: records.len() };
        }
    }
}

impl Block {
    /// The records. We packed them ourselves, so failing to unpack cannot happen; if it does, the block is empty.
    fn unpack(&self) -> Cow<'_, [u8]> {
        match &self.records {
            Records::Loose(records) => Cow::Borrowed(records),
            Records::Packed { packed, unpacked_bytes } => {
                Cow::Owned(lz4_flex::block::decompress(packed, *unpacked_bytes).unwrap_or_default())
            }
        }
    }

    fn count_shown(&self, columns: usize) -> u64 {
        if columns == self.columns {
            return self.extent.rows;
        }
        let mut rows = 0;
        for_each_joined(&self.unpack(), |line| {
            rows += line.wrapped_rows(columns) as u64;
            ControlFlow::Continue(())
        });
        rows
    }
}

/// Adds the rows of a block as they are shown, without the first `skip`, up to `count` rows in all.
fn show(block: &[u8], columns: usize, shown_columns: usize, mut skip: u64, count: usize, rows: &mut Vec<Row>) {
    if columns == shown_columns {
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let missing = count.saturating_sub(rows.len());
        rows.extend(line::records(block).skip(skip).take(missing).map(|record| record.line().row()));
        return;
    }
    for_each_joined(block, |line| {
        for row in line.wrap(shown_columns) {
            if skip > 0 {
                skip -= 1;
            } else if rows.len() < count {
                rows.push(row);
            }
        }
        if rows.len() < count { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
}

/// How many rows of a block are shown before so many of its lines have ended.
fn shown_before(block: &[u8], columns: usize, shown_columns: usize, mut lines: u64) -> u64 {
    let mut rows = 0;
    if columns == shown_columns {
        for record in line::records(block) {
            if lines == 0 {
                break;
            }
            rows += 1;
            lines -= u64::from(!record.wrapped);
        }
        return rows;
    }
    for_each_joined(block, |line| {
        if lines == 0 {
            return ControlFlow::Break(());
        }
        lines -= 1;
        rows += line.wrapped_rows(shown_columns) as u64;
        ControlFlow::Continue(())
    });
    rows
}

fn visit_shown(block: &[u8], columns: usize, shown_columns: usize, visit: &mut impl FnMut(TextRow)) {
    if columns == shown_columns {
        for record in line::records(block) {
            visit(TextRow::new(record.text, record.wrapped));
        }
        return;
    }
    for_each_joined(block, |line| {
        let rows = line.wrap(shown_columns);
        let last = rows.len() - 1;
        for (at, row) in rows.iter().enumerate() {
            let text: String = row.runs.iter().map(|run| run.text.as_str()).collect();
            visit(TextRow::new(&text, at < last || line.wrapped));
        }
        ControlFlow::Continue(())
    });
}

/// Visits the lines of a block, their rows joined.
fn for_each_joined(block: &[u8], mut visit: impl FnMut(&Line) -> ControlFlow<()>) {
    let mut joined = Line::default();
    for record in line::records(block) {
        joined.append(&record.line());
        if !record.wrapped {
            if visit(&joined).is_break() {
                return;
            }
            joined.clear();
        }
    }
    if joined.wrapped {
        // The last visitor has nobody to tell that it has seen enough.
        let _ = visit(&joined);
    }
}

fn visit_block(
    block: &[u8],
    from: u64,
    number: &mut u64,
    visit: &mut impl FnMut(Kept<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    for record in line::records(block) {
        let line = *number;
        *number += u64::from(!record.wrapped);
        if line >= from {
            visit(Kept { line, text: record.text, wrapped: record.wrapped })?;
        }
    }
    ControlFlow::Continue(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, wrapped: bool) -> Line {
        Line { text: text.to_owned(), wrapped, ..Line::default() }
    }

    fn texts(scrollback: &Scrollback, from: u64, count: usize) -> Vec<String> {
        scrollback.rows(from, count).iter().map(Row::text).collect()
    }

    #[test]
    fn rows_come_back_in_order_over_many_blocks_and_the_oldest_go() {
        let mut scrollback = Scrollback::new(80);
        for number in 0..100_000u32 {
            scrollback.push(&line(&format!("row {number} with some text to fill it"), false));
        }
        let kept = scrollback.shown_rows();
        assert!((KEPT_ROWS..KEPT_ROWS + 4_000).contains(&kept), "{kept} rows kept");
        assert_eq!(scrollback.first_line() + kept, 100_000);
        assert_eq!(scrollback.lines(), 100_000);
        for from in [0, 1, 1777, kept - 3, kept] {
            let number = scrollback.first_line() + from;
            let rows: Vec<String> =
                (number..100_000).take(50).map(|number| format!("row {number} with some text to fill it")).collect();
            assert_eq!(texts(&scrollback, from, 50), rows);
        }
        assert!(scrollback.held_bytes() < LOOSE_BYTES + 1_000_000, "{} bytes", scrollback.held_bytes());
        scrollback.rest();
        assert!(scrollback.held_bytes() < 1_000_000, "{} bytes", scrollback.held_bytes());
        assert_eq!(texts(&scrollback, kept - 1, 9), ["row 99999 with some text to fill it"]);
    }

    #[test]
    fn a_narrow_screen_keeps_as_much_text_as_a_wide_one() {
        let mut scrollback = Scrollback::new(2);
        let line_of_forty_cells = |scrollback: &mut Scrollback| {
            (0..19).for_each(|_| scrollback.push(&line("ab", true)));
            scrollback.push(&line("ab", false));
        };
        (0..KEPT_ROWS).for_each(|_| line_of_forty_cells(&mut scrollback));
        assert_eq!((scrollback.first_line(), scrollback.lines()), (0, KEPT_ROWS));
        (0..2 * KEPT_ROWS).for_each(|_| line_of_forty_cells(&mut scrollback));
        let kept = scrollback.lines() - scrollback.first_line();
        assert!((KEPT_ROWS..KEPT_ROWS + 4_000).contains(&kept), "{kept} lines kept");
        // A line without an end counts by what it fills.
        let cells = 3 * KEPT_ROWS * COUNTED_COLUMNS;
        (0..cells / 2).for_each(|_| scrollback.push(&line("ab", true)));
        assert!(scrollback.shown_rows() < 2 * KEPT_ROWS * COUNTED_COLUMNS / 2, "{} rows", scrollback.shown_rows());
        assert!(scrollback.held_bytes() < LOOSE_BYTES + 1_000_000, "{} bytes", scrollback.held_bytes());
    }

    #[test]
    fn another_width_wraps_lines_anew_and_the_old_width_shows_them_as_they_were() {
        let mut scrollback = Scrollback::new(4);
        for row in [line("abcd", true), line("efgh", true), line("ij", false), line("k", false)] {
            scrollback.push(&row);
        }
        assert_eq!(texts(&scrollback, 0, 9), ["abcd", "efgh", "ij", "k"]);
        scrollback.set_columns(6);
        assert_eq!(texts(&scrollback, 0, 9), ["abcdef", "ghij", "k"]);
        assert_eq!(scrollback.shown_rows(), 3);
        assert_eq!(texts(&scrollback, 1, 1), ["ghij"]);
        scrollback.push(&line("wider", false));
        assert_eq!(texts(&scrollback, 2, 9), ["k", "wider"]);
        scrollback.set_columns(4);
        assert_eq!(texts(&scrollback, 0, 9), ["abcd", "efgh", "ij", "k", "wide", "r"]);
        assert_eq!(scrollback.shown_rows(), 6);
    }

    #[test]
    fn lines_are_visited_from_a_number_on() {
        let mut scrollback = Scrollback::new(4);
        for row in [line("a", false), line("bbbb", true), line("b", false), line("cccc", true)] {
            scrollback.push(&row);
        }
        assert_eq!((scrollback.lines(), scrollback.unfinished_cells()), (2, 4));
        let mut seen = Vec::new();
        scrollback.visit_from(1, |kept| {
            seen.push((kept.line, kept.text.to_owned(), kept.wrapped));
            ControlFlow::Continue(())
        });
        assert_eq!(seen, [(1, "bbbb".into(), true), (1, "b".into(), false), (2, "cccc".into(), true)]);
        scrollback.clear();
        assert_eq!((scrollback.first_line(), scrollback.lines(), scrollback.shown_rows()), (2, 2, 0));
    }

    #[test]
    fn a_line_without_an_end_stays_bounded() {
        let mut scrollback = Scrollback::new(100);
        for _ in 0..100_000 {
            scrollback.push(&line(&"x".repeat(100), true));
        }
        assert!(scrollback.held_bytes() < LOOSE_BYTES + 1_000_000, "{} bytes", scrollback.held_bytes());
        scrollback.rest();
        assert!(scrollback.held_bytes() < 1_000_000, "{} bytes", scrollback.held_bytes());
        assert!(scrollback.shown_rows() >= KEPT_ROWS);
    }
}
