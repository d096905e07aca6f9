//! Turns the bytes of a program into a screen. The one file that names the emulator crate.
//!
//! Change here: which control sequences have an effect and which questions are answered (see the `Handler` below: what it does not
//! forward does not happen). Not here: strings such as OSC (`filter.rs`), the shape of answers (`replies.rs`), packing old rows
//! (`scrollback.rs`).
//!
//! What alacritty_terminal 0.26 needs and gets here: sizes of at least 2x2 (it loops without end on one column), no cut characters
//! (`filter.rs`), at most 16 combining marks a cell, at most a screen of repeats (REP), its history drained before it grows, its cursor put back
//! after a resize (`emulator/resize.rs`), and a new screen should it panic.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use alacritty_terminal::event::VoidListener;
use alacritty_terminal::grid::{Dimensions, Grid, Row as GridRow};
use alacritty_terminal::index::{Column, Line as GridLine};
use alacritty_terminal::term::cell::{Cell, Flags};
use alacritty_terminal::term::{Config, Term, TermMode};
use alacritty_terminal::vte::ansi::{
    Attr, CharsetIndex, ClearMode, Color as CellColor, CursorShape as CellCursorShape, CursorStyle, Handler,
    KeyboardModes, KeyboardModesApplyBehavior, LineClearMode, Mode, NamedColor, NamedMode, NamedPrivateMode,
    PrivateMode, Processor, StandardCharset, TabulationClearMode, Timeout,
};
use unicode_width::UnicodeWidthChar;

use super::clean::clean;
use super::excerpt::{Cap, Excerpt};
use super::filter::{Filter, Heard};
use super::frame::{Blink, Color, Cursor, CursorShape, Frame, Row, ScrollPosition, Size, Style};
use super::line::{self, Line};
use super::modes::{CursorKeys, Keypad, Modes, MouseEncoding, MouseMode, Switched};
use super::replies::{Colors, ModeState, Replies};
use super::scrollback::Scrollback;
use changes::Changes;
use plain_text::Shortcut;

mod changes;
mod plain_text;
mod resize;
mod sgr;

/// The emulator loops without end on one column, and a wide character needs two.
const SMALLEST: Size = Size { columns: 2, rows: 2 };
/// More cells than any screen has; 24 bytes each.
const LARGEST: Size = Size { columns: 1000, rows: 500 };
/// Rows above the screen that the emulator holds before the older ones are packed. Few enough to stay in a processor's cache, where a
/// flood of short lines goes three times as fast as with 1,000, and to cost 1 MB a session instead of 3.
const HOT_ROWS_MOST: usize = 250;
/// Rows that stay in the emulator then: what comes back to the screen when it grows.
const HOT_ROWS_LEAST: usize = 100;
/// The emulator must never drop a row by itself; we drain it.
const NO_LIMIT: usize = 1 << 24;
/// More than any script stacks on one character; hostile ones put millions there.
const MARKS_PER_CELL: usize = 16;
/// Kitty's protocol wants a bounded stack; the emulator's own panics when it is full.
const KEYBOARD_STACK: usize = 32;

/// Whether the program status protocol is understood: answered here, not told.
const PROGRAM_STATUS_QUERY: &[u8] = b"7501;?";

/// The screen of one session.
pub struct Screen {
    size: Size,
    filter: Filter,
    engine: Engine,
}

/// What was used of the bytes, and what was told at that place.
#[derive(Debug, PartialEq, Eq)]
pub struct Fed {
    pub used: usize,
    pub told: Option<Told>,
}

/// What a program told its terminal beside text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The payload of OSC 7, 9, 99, 133, 777, 7501 or 7502: what stands between `ESC ]` and the terminator. Untrusted.
    /// Not the query of 7501, which is answered.
    Osc(Vec<u8>),
    /// A window title, cleaned; an empty one takes the title away.
    Title(String),
    /// One or more bells in a row.
    Bell,
    /// Bracketed paste is another way than before, but for a reset, which tells of itself.
    BracketedPaste(Switched),
    /// RIS: text, modes and whatever else was told before no longer hold.
    Reset,
}

/// A remembered place in the text of the primary screen. It survives scrolling, resizing and packing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(Option<Place>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    /// Line ends that were ever above.
    line: u64,
    /// Cells before it in its line, the line's rows joined.
    cell: u64,
    /// Text before it, to count what is lost when the place is gone.
    bytes: u64,
}

impl Screen {
    pub fn new(size: Size) -> Screen {
        let size = clamp(size);
        Screen { size, filter: Filter::default(), engine: Engine::new(size) }
    }

    pub fn size(&self) -> Size {
        self.size
    }

    /// Gives the screen another size, within 2x2 and 1000x500; lines are wrapped anew.
    pub fn resize(&mut self, size: Size) {
        let size = clamp(size);
        if size != self.size {
            self.size = size;
            self.engine.resize(size);
        }
    }

    /// Takes bytes of the program up to and including the first thing told. Call again until all are used.
    ///
    /// Nothing waits in a buffer, not even in a synchronized update: when something is told, the screen shows exactly what came before it.
    pub fn feed(&mut self, bytes: &[u8]) -> Fed {
        let mut used = 0;
        while used < bytes.len() {
            let engine = &mut self.engine;
            let (more, heard) = self.filter.feed(&bytes[used..], |slice| engine.advance(slice));
            used += more;
            let Some(heard) = heard else { break };
            let Emulation { replies, colors, .. } = &mut engine.emulation;
            let told = match heard {
                Heard::Bell => Told::Bell,
                Heard::Mark(payload) if payload == PROGRAM_STATUS_QUERY => {
                    replies.program_status();
                    continue;
                }
                Heard::Mark(payload) => Told::Osc(payload),
                Heard::Title(title) => Told::Title(clean(&String::from_utf8_lossy(&title))),
                Heard::Colors(payload, terminator) => {
                    replies.colors(&payload, terminator, colors);
                    continue;
                }
                Heard::VersionQuery => {
                    replies.version();
                    continue;
                }
                Heard::PasteMode => match engine.emulation.take_paste_switch() {
                    Some(switched) => Told::BracketedPaste(switched),
                    None => continue,
                },
                Heard::Reset => Told::Reset,
                Heard::Repeat(count) => {
                    engine.repeat(usize::from(count));
                    continue;
                }
            };
            return Fed { used, told: Some(told) };
        }
        Fed { used, told: None }
    }

    /// Answers for the pty, in the order of the questions.
    pub fn take_replies(&mut self) -> Vec<u8> {
        self.engine.emulation.replies.take()
    }

    /// The colours that OSC 4, 10 and 11 questions are answered with; without them there is no answer.
    pub fn set_colors(&mut self, colors: Colors) {
        self.engine.emulation.colors = colors;
    }

    /// The picture `up` rows above the live screen, as far up as there are rows.
    pub fn frame(&self, up: u32) -> Frame {
        self.engine.emulation.frame(self.size, up)
    }

    /// The rows of the live screen as text, blanks at their ends left out: what `frame(0)` shows without its looks, for a fraction of the
    /// work. A row that wraps is not joined with the next one.
    pub fn visible_text(&self) -> Vec<String> {
        self.engine.emulation.visible_text()
    }

    /// Another number whenever the picture may have changed.
    pub fn revision(&self) -> u64 {
        self.engine.revision
    }

    /// Rows that ever left the primary screen upwards. While it grows by n, a view `up` rows above shows the same text at `up` + n.
    pub fn scrolled_rows(&self) -> u64 {
        self.engine.emulation.scrolled_rows()
    }

    pub fn modes(&self) -> Modes {
        self.engine.emulation.modes()
    }

    /// Ends a synchronized update whose end did not come in time.
    pub fn end_sync(&mut self) {
        self.engine.emulation.sync = false;
    }

    /// The place of the cursor. On the alternate screen there is no place worth remembering.
    pub fn mark(&self) -> Mark {
        Mark(self.engine.emulation.place())
    }

    /// The text of the primary screen from a mark to the cursor, as lines, blanks at their ends left out.
    ///
    /// Longer text keeps `cap.head` bytes of its beginning and `cap.tail` of its end, the number of bytes between them told; characters
    /// stay whole. If the beginning is gone (older than the scrollback, or cleared), the text begins with the oldest line left
    /// and the lost bytes are in the number, which then is at least 1. None while the alternate screen shows, if it showed at the mark,
    /// and if the cursor stands before the mark, because the text was drawn over.
    pub fn text_since(&self, mark: &Mark, cap: Cap) -> Option<(String, u64)> {
        self.engine.emulation.text_since(&mark.0?, cap)
    }

    /// Gives back memory before a long quiet: packs most rows and frees the emulator's spare ones. The next output takes some back.
    pub fn rest(&mut self) {
        self.engine.emulation.rest();
    }

    /// Panics of the emulator, each of which cost the screen's content.
    pub fn panics(&self) -> u64 {
        self.engine.panics
    }

    /// Answers dropped because nobody took those before them.
    pub fn dropped_replies(&self) -> u64 {
        self.engine.emulation.replies.dropped()
    }

    /// Memory of packed rows.
    pub fn scrollback_bytes(&self) -> usize {
        self.engine.emulation.scrollback.held_bytes()
    }
}

fn clamp(size: Size) -> Size {
    Size {
        columns: size.columns.clamp(SMALLEST.columns, LARGEST.columns),
        rows: size.rows.clamp(SMALLEST.rows, LARGEST.rows),
    }
}

/// The parser with what it works on, kept alive over a panic.
struct Engine {
    parser: Processor<NeverWait>,
    shortcut: Shortcut,
    emulation: Emulation,
    size: Size,
    revision: u64,
    panics: u64,
}

impl Engine {
    fn new(size: Size) -> Engine {
        Engine {
            parser: Processor::new(),
            shortcut: Shortcut::default(),
            emulation: Emulation::new(size),
            size,
            revision: 0,
            panics: 0,
        }
    }

    fn advance(&mut self, bytes: &[u8]) {
        self.guard(|parser, shortcut, emulation| shortcut.advance(parser, emulation, bytes));
    }

    /// REP, as often as it can be seen.
    fn repeat(&mut self, count: usize) {
        let count = count.min(self.emulation.repeats_seen());
        self.advance(format!("\x1b[{count}b").as_bytes());
    }

    fn resize(&mut self, size: Size) {
        self.size = size;
        self.guard(|_, _, emulation| emulation.resize(size));
    }

    /// A panic in the emulator costs this screen its content, not the host its life.
    fn guard(&mut self, work: impl FnOnce(&mut Processor<NeverWait>, &mut Shortcut, &mut Emulation)) {
        self.revision += 1;
        let Engine { parser, shortcut, emulation, .. } = self;
        // What the emulator may leave broken is thrown away below.
        if catch_unwind(AssertUnwindSafe(|| work(parser, shortcut, emulation))).is_err() {
            self.panics += 1;
            self.parser = Processor::new();
            self.shortcut = Shortcut::default();
            self.emulation.start_over(self.size);
        }
    }
}

/// Never lets the parser hold bytes back in a synchronized update: marks in it would be told before the text around them shows.
/// The owner holds pictures back instead (`Modes::sync`).
#[derive(Debug, Default)]
struct NeverWait;

impl Timeout for NeverWait {
    fn set_timeout(&mut self, _: Duration) {}
    fn clear_timeout(&mut self) {}
    fn pending_timeout(&self) -> bool {
        false
    }
}

struct Dimension(Size);

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

/// The emulator's screen with what we keep and answer beside it.
struct Emulation {
    term: Term<VoidListener>,
    scrollback: Scrollback,
    replies: Replies,
    colors: Colors,
    keyboard: Keyboard,
    /// The keyboard of the screen that does not show.
    other_keyboard: Keyboard,
    sync: bool,
    /// Bracketed paste as it was told last.
    told_paste: bool,
    /// Rows taken out of the emulator's history, packed or cleared.
    taken_rows: u64,
    /// Rows of the primary screen's history while the alternate one shows.
    parked_history: usize,
    /// Rows of history that the primary screen can hold before the emulator allocates.
    room: usize,
    /// Rows by which resizing has made the history shorter; they have not come back to be counted twice.
    resized_rows: i64,
    changes: Changes,
    /// Spared allocations.
    scratch: Line,
}

/// Kitty's keyboard flags of one screen.
#[derive(Debug, Default)]
struct Keyboard {
    flags: u8,
    stack: Vec<u8>,
}

fn new_term(size: Size) -> Term<VoidListener> {
    // The emulator answers nothing by itself: its events go nowhere.
    let config = Config { scrolling_history: NO_LIMIT, ..Config::default() };
    Term::new(config, &Dimension(size), VoidListener)
}

impl Emulation {
    fn new(size: Size) -> Emulation {
        Emulation {
            term: new_term(size),
            scrollback: Scrollback::new(usize::from(size.columns)),
            replies: Replies::default(),
            colors: Colors::default(),
            keyboard: Keyboard::default(),
            other_keyboard: Keyboard::default(),
            sync: false,
            told_paste: false,
            taken_rows: 0,
            parked_history: 0,
            room: 0,
            resized_rows: 0,
            changes: Changes::default(),
            scratch: Line::default(),
        }
    }

    /// An empty screen in the place of a broken one. Packed rows stay.
    fn start_over(&mut self, size: Size) {
        // The history that is lost has scrolled all the same.
        self.taken_rows = self.scrolled_rows();
        self.resized_rows = 0;
        self.term = new_term(size);
        self.keyboard = Keyboard::default();
        self.other_keyboard = Keyboard::default();
        self.sync = false;
        self.told_paste = false;
        self.parked_history = 0;
        self.room = 0;
        self.scrollback.set_columns(usize::from(size.columns));
    }

    fn has(&self, mode: TermMode) -> bool {
        self.term.mode().contains(mode)
    }

    fn shows_alternate(&self) -> bool {
        self.has(TermMode::ALT_SCREEN)
    }

    /// How often a character can be repeated before nothing else is to be seen: no sequence does more work than a screen is large. While
    /// inserting, each one moves the rest of its row, and a row of them is as much work as a screen.
    fn repeats_seen(&self) -> usize {
        let rows = if self.has(TermMode::INSERT) { 1 } else { self.term.screen_lines() };
        rows * self.term.columns()
    }

    /// How bracketed paste has changed since the last call or reset.
    fn take_paste_switch(&mut self) -> Option<Switched> {
        let paste = self.has(TermMode::BRACKETED_PASTE);
        let was = std::mem::replace(&mut self.told_paste, paste);
        (paste != was).then_some(if paste { Switched::On } else { Switched::Off })
    }

    /// Rows of the primary screen's history.
    fn history(&self) -> usize {
        if self.shows_alternate() { self.parked_history } else { self.term.history_size() }
    }

    fn scrolled_rows(&self) -> u64 {
        (self.taken_rows + self.history() as u64).saturating_add_signed(self.resized_rows)
    }

    fn rest(&mut self) {
        self.drain(HOT_ROWS_LEAST);
        self.drop_spare_rows();
        self.scrollback.rest();
    }

    /// Call before anything that may scroll: packs rows when there are many, and sees to it that those to come have room.
    #[inline]
    fn before_scroll(&mut self) {
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
    fn move_rows(&mut self, down: usize, room: usize) {
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

    fn drop_spare_rows(&mut self) {
        self.term.grid_mut().truncate();
        if !self.shows_alternate() {
            self.room = self.term.history_size();
        }
    }

    /// Packs the oldest rows. On the alternate screen there are none.
    fn drain(&mut self, keep: usize) {
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
    fn clear_history(&mut self) {
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

    fn enter_alternate(&mut self) {
        if !self.shows_alternate() {
            self.parked_history = self.term.history_size();
            self.term.set_private_mode(NamedPrivateMode::SwapScreenAndSetRestoreCursor.into());
            std::mem::swap(&mut self.keyboard, &mut self.other_keyboard);
        }
    }

    fn leave_alternate(&mut self) {
        if self.shows_alternate() {
            let left = self.left_rows();
            self.term.unset_private_mode(NamedPrivateMode::SwapScreenAndSetRestoreCursor.into());
            std::mem::swap(&mut self.keyboard, &mut self.other_keyboard);
            // It may have been resized meanwhile.
            self.count_resized(left);
            self.drop_spare_rows();
        }
    }

    /// Combining marks on the cell that the next one would go to, found as the emulator finds it.
    fn marks_before_cursor(&self) -> usize {
        let grid = self.term.grid();
        let cursor = &grid.cursor;
        let row = &grid[cursor.point.line];
        let mut column = cursor.point.column.0;
        if !cursor.input_needs_wrap {
            column = column.saturating_sub(1);
        }
        if row[Column(column)].flags.contains(Flags::WIDE_CHAR_SPACER) {
            column = column.saturating_sub(1);
        }
        row[Column(column)].zerowidth().map_or(0, <[char]>::len)
    }
}

// Looking at it.
impl Emulation {
    /// Packed rows that can be shown above the hot ones. The alternate screen has nothing above it.
    fn packed_rows(&self) -> u64 {
        if self.shows_alternate() { 0 } else { self.scrollback.shown_rows() }
    }

    fn rows_above_screen(&self) -> u32 {
        u32::try_from(self.packed_rows() + self.term.history_size() as u64).unwrap_or(u32::MAX)
    }

    fn frame(&self, size: Size, up: u32) -> Frame {
        let grid = self.term.grid();
        let height = usize::from(size.rows);
        let (packed, history) = (self.packed_rows(), grid.history_size());
        let most = self.rows_above_screen();
        let up = up.min(most);
        let top = packed + history as u64 - u64::from(up);
        let mut rows: Vec<Row> = Vec::with_capacity(height);
        if top < packed {
            let count = usize::try_from(packed - top).unwrap_or(height).min(height);
            rows = self.scrollback.rows(top, count);
        }
        let first_hot = i32::try_from(top.saturating_sub(packed)).unwrap_or(i32::MAX) - as_line(history);
        let mut line = Line::default();
        for number in (first_hot..as_line(height)).take(height - rows.len()) {
            scan(&grid[GridLine(number)], &mut line);
            rows.push(line.row());
        }
        rows.resize(height, Row::default());
        let cursor = if up == 0 { self.cursor() } else { None };
        Frame { size, rows, cursor, scroll: ScrollPosition { up, most } }
    }

    fn visible_text(&self) -> Vec<String> {
        let grid = self.term.grid();
        let mut line = Line::default();
        let rows = (0..as_line(grid.screen_lines())).map(|number| {
            scan(&grid[GridLine(number)], &mut line);
            line.text.trim_end().to_owned()
        });
        rows.collect()
    }

    fn cursor(&self) -> Option<Cursor> {
        let style = self.term.cursor_style();
        let shape = match style.shape {
            CellCursorShape::Block | CellCursorShape::HollowBlock => CursorShape::Block,
            CellCursorShape::Underline => CursorShape::Underline,
            CellCursorShape::Beam => CursorShape::Bar,
            CellCursorShape::Hidden => return None,
        };
        let point = self.term.grid().cursor.point;
        self.has(TermMode::SHOW_CURSOR).then(|| Cursor {
            column: u16::try_from(point.column.0).unwrap_or(0),
            row: u16::try_from(point.line.0).unwrap_or(0),
            shape,
            blink: if style.blinking { Blink::Blinking } else { Blink::Steady },
        })
    }

    fn modes(&self) -> Modes {
        let mouse = [
            (TermMode::MOUSE_MOTION, MouseMode::Motion),
            (TermMode::MOUSE_DRAG, MouseMode::Drag),
            (TermMode::MOUSE_REPORT_CLICK, MouseMode::Click),
        ];
        let mouse = mouse.into_iter().find(|(mode, _)| self.has(*mode)).map_or(MouseMode::None, |(_, mouse)| mouse);
        let mouse_encoding = match (self.has(TermMode::SGR_MOUSE), self.has(TermMode::UTF8_MOUSE)) {
            (true, _) => MouseEncoding::Sgr,
            (false, true) => MouseEncoding::Utf8,
            (false, false) => MouseEncoding::Bytes,
        };
        let application = self.has(TermMode::APP_CURSOR);
        Modes {
            cursor_keys: if application { CursorKeys::Application } else { CursorKeys::Normal },
            keypad: if self.has(TermMode::APP_KEYPAD) { Keypad::Application } else { Keypad::Numeric },
            bracketed_paste: self.has(TermMode::BRACKETED_PASTE),
            mouse,
            mouse_encoding,
            focus_events: self.has(TermMode::FOCUS_IN_OUT),
            alternate_screen: self.shows_alternate(),
            alternate_scroll: self.has(TermMode::ALTERNATE_SCROLL),
            kitty: self.keyboard.flags,
            sync: self.sync,
        }
    }

    /// Where the cursor stands in the text. Counts the rows in the emulator, some 1,000 at most.
    fn place(&self) -> Option<Place> {
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

    fn cells_before_cursor(&self) -> usize {
        let cursor = &self.term.grid().cursor;
        cursor.point.column.0 + usize::from(cursor.input_needs_wrap)
    }

    fn text_since(&self, mark: &Place, cap: Cap) -> Option<(String, u64)> {
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

fn as_line(rows: usize) -> i32 {
    i32::try_from(rows).unwrap_or(i32::MAX)
}

/// The rows from the oldest of the history to the one above the newest `keep`.
fn rows_above(keep: usize, history: usize) -> impl Iterator<Item = GridLine> {
    (-as_line(history)..-as_line(keep)).map(GridLine)
}

const UNDERLINES: Flags = Flags::ALL_UNDERLINES;
/// Flags that change how a cell looks.
const LOOKS: Flags = Flags::BOLD
    .union(Flags::DIM)
    .union(Flags::ITALIC)
    .union(UNDERLINES)
    .union(Flags::INVERSE)
    .union(Flags::HIDDEN)
    .union(Flags::STRIKEOUT);
/// Flags that make a blank visible.
const VISIBLE_ON_BLANK: Flags = UNDERLINES.union(Flags::INVERSE).union(Flags::STRIKEOUT);

/// Reads a row of cells. Half a wide character, left by erasing or writing over the other half, reads as a blank.
fn scan(row: &GridRow<Cell>, line: &mut Line) {
    line.clear();
    let cells = &row[..];
    line.wrapped = cells.last().is_some_and(|cell| cell.flags.contains(Flags::WRAPLINE));
    let end = if line.wrapped {
        // A wide character that did not fit left a spacer, which is no part of the line.
        let spacer = cells.last().is_some_and(|cell| cell.flags.contains(Flags::LEADING_WIDE_CHAR_SPACER));
        cells.len() - usize::from(spacer)
    } else {
        end_of_text(cells)
    };
    let Some(mut first) = cells.first() else { return };
    let mut begin = 0;
    let mut column = 0;
    while column < end {
        let cell = &cells[column];
        if is_plain(cell) && looks_alike(cell, first) {
            // The long way: plain characters of one look, all at once. None of them where a cell looks like the first one and is marked
            // otherwise; that one goes the way below.
            let pushed = push_plain(&cells[column..end], first, line);
            if pushed > 0 {
                column += pushed;
                continue;
            }
        }
        if !looks_alike(cell, first) {
            line.end_span(begin, style(first));
            (first, begin) = (cell, line.text.len());
        }
        let is_wide = cell.flags.contains(Flags::WIDE_CHAR);
        let has_spacer = cells.get(column + 1).is_some_and(|next| next.flags.contains(Flags::WIDE_CHAR_SPACER));
        match cell.c {
            // A tab is kept in the cell where it began.
            '\t' => line.text.push(' '),
            _ if is_wide && !has_spacer => line.text.push(' '),
            character => {
                line.text.push(character);
                if cell.extra.is_some() {
                    line.text.extend(cell.zerowidth().unwrap_or_default());
                }
            }
        }
        column += if is_wide && has_spacer { 2 } else { 1 };
    }
    if begin > 0 || style(first) != Style::default() {
        line.end_span(begin, style(first));
    }
}

/// The end of what is to be seen in a row.
fn end_of_text(cells: &[Cell]) -> usize {
    // Most of a row is cells that nothing was written to, and reading them is most of the work on short lines.
    let mut end = cells.len();
    while end >= EIGHT && are_all(&cells[end - EIGHT..end], |cell| (cell.c == ' ') & is_default(cell)) {
        end -= EIGHT;
    }
    cells[..end].iter().rposition(|cell| !is_blank(cell)).map_or(0, |last| last + 1)
}

/// Cells that are looked at in one go, without a branch for each: twice as fast.
const EIGHT: usize = 8;

#[inline]
fn are_all(cells: &[Cell], is_so: impl Fn(&Cell) -> bool) -> bool {
    cells.iter().fold(true, |all, cell| all & is_so(cell))
}

/// Whether a cell has the default look and nothing but its character.
#[inline]
fn is_default(cell: &Cell) -> bool {
    let foreground = matches!(cell.fg, CellColor::Named(NamedColor::Foreground));
    let background = matches!(cell.bg, CellColor::Named(NamedColor::Background));
    foreground && background && (cell.flags & !Flags::WRAPLINE).is_empty() && cell.extra.is_none()
}

/// Adds the plain characters from the left that look like `first`. Returns how many there are.
fn push_plain(cells: &[Cell], first: &Cell, line: &mut Line) -> usize {
    const SOME: usize = 64;
    // A known look is compared faster.
    let is_like_first: fn(&[Cell], &Cell, &mut [u8; SOME]) -> usize = if is_default(first) {
        |cells, _, bytes| narrow_while(cells, bytes, is_default)
    } else {
        |cells, first, bytes| narrow_while(cells, bytes, |cell| cell.extra.is_none() && looks_alike(cell, first))
    };
    let mut pushed = 0;
    for some in cells.chunks(SOME) {
        let mut bytes = [0; SOME];
        let count = is_like_first(some, first, &mut bytes);
        // Plain cells are ASCII, which is always text.
        line.text.push_str(std::str::from_utf8(&bytes[..count]).unwrap_or_default());
        pushed += count;
        if count < some.len() {
            break;
        }
    }
    pushed
}

/// The bytes of the plain characters from the left. One cell at a time: eight at a time without branches is a quarter slower here.
#[inline]
fn narrow_while(cells: &[Cell], bytes: &mut [u8], is_so: impl Fn(&Cell) -> bool) -> usize {
    let mut count = 0;
    for (cell, byte) in cells.iter().zip(bytes) {
        if !matches!(cell.c, ' '..='~') || !is_so(cell) {
            break;
        }
        *byte = narrow(cell.c);
        count += 1;
    }
    count
}

/// The byte of an ASCII character.
#[inline]
fn narrow(character: char) -> u8 {
    u32::from(character).to_le_bytes()[0]
}

#[inline]
fn looks_alike(cell: &Cell, other: &Cell) -> bool {
    cell.fg == other.fg && cell.bg == other.bg && cell.flags & LOOKS == other.flags & LOOKS
}

#[inline]
fn is_plain(cell: &Cell) -> bool {
    matches!(cell.c, ' '..='~') && cell.extra.is_none()
}

fn is_blank(cell: &Cell) -> bool {
    matches!(cell.c, ' ' | '\t')
        && cell.bg == CellColor::Named(NamedColor::Background)
        && !cell.flags.intersects(VISIBLE_ON_BLANK)
        && (cell.extra.is_none() || cell.zerowidth().is_none_or(<[char]>::is_empty))
}

fn style(cell: &Cell) -> Style {
    let flags = [
        (Flags::BOLD, Style::BOLD),
        (Flags::DIM, Style::DIM),
        (Flags::ITALIC, Style::ITALIC),
        (UNDERLINES, Style::UNDERLINE),
        (Flags::INVERSE, Style::INVERSE),
        (Flags::HIDDEN, Style::HIDDEN),
        (Flags::STRIKEOUT, Style::STRIKEOUT),
    ];
    let flags = flags.into_iter().filter(|(flag, _)| cell.flags.intersects(*flag)).fold(0, |all, (_, bit)| all | bit);
    Style { foreground: color(cell.fg), background: color(cell.bg), flags }
}

fn color(color: CellColor) -> Color {
    match color {
        CellColor::Indexed(index) => Color::Indexed(index),
        CellColor::Spec(rgb) => Color::Rgb(rgb.r, rgb.g, rgb.b),
        // The sixteen come first; the others are the default colours by their many names.
        CellColor::Named(name) => {
            u8::try_from(name as usize).ok().filter(|index| *index < 16).map_or(Color::Default, Color::Indexed)
        }
    }
}

/// Says for each thing that the parser reads what happens. What is not here does not happen: titles, colours, clipboard and links never
/// come this far (`filter.rs`), and neither the sizes in pixels nor the emulator's title stack is worth an answer.
impl Handler for Emulation {
    fn input(&mut self, character: char) {
        if character.is_ascii() {
            if self.term.grid().cursor.input_needs_wrap {
                self.before_scroll();
            }
            self.term.input(character);
        } else if character.width() != Some(0) {
            // A wide character may wrap before the last column.
            if self.term.grid().cursor.point.column.0 + 2 >= self.term.columns() {
                self.before_scroll();
            }
            self.term.input(character);
        } else if self.marks_before_cursor() < MARKS_PER_CELL {
            self.term.input(character);
        }
    }

    fn linefeed(&mut self) {
        let grid = self.term.grid();
        if grid.history_size() > 0 || grid.cursor.point.line == grid.bottommost_line() {
            self.before_scroll();
        }
        self.term.linefeed();
    }

    fn newline(&mut self) {
        self.before_scroll();
        self.term.newline();
    }

    fn put_tab(&mut self, count: u16) {
        if self.term.grid().cursor.input_needs_wrap {
            self.before_scroll();
        }
        self.term.put_tab(count);
    }

    fn move_backward_tabs(&mut self, count: u16) {
        // Where no tab stop is left, the emulator would look for one `count` times over.
        for _ in 0..count {
            let column = self.term.grid().cursor.point.column;
            self.term.move_backward_tabs(1);
            if self.term.grid().cursor.point.column == column {
                break;
            }
        }
    }

    fn scroll_up(&mut self, rows: usize) {
        self.before_scroll();
        self.term.scroll_up(rows);
    }

    fn delete_lines(&mut self, rows: usize) {
        self.before_scroll();
        self.term.delete_lines(rows);
    }

    fn clear_screen(&mut self, mode: ClearMode) {
        match mode {
            ClearMode::Saved if !self.shows_alternate() => self.clear_history(),
            ClearMode::All => self.before_scroll(),
            ClearMode::Saved | ClearMode::Above | ClearMode::Below => (),
        }
        self.term.clear_screen(mode);
    }

    fn reset_state(&mut self) {
        self.leave_alternate();
        self.clear_history();
        self.keyboard = Keyboard::default();
        self.other_keyboard = Keyboard::default();
        self.sync = false;
        self.told_paste = false;
        self.term.reset_state();
    }

    fn set_private_mode(&mut self, mode: PrivateMode) {
        match mode {
            PrivateMode::Named(NamedPrivateMode::SyncUpdate) => self.sync = true,
            PrivateMode::Named(NamedPrivateMode::SwapScreenAndSetRestoreCursor) => self.enter_alternate(),
            PrivateMode::Named(_) | PrivateMode::Unknown(_) => self.term.set_private_mode(mode),
        }
    }

    fn unset_private_mode(&mut self, mode: PrivateMode) {
        match mode {
            PrivateMode::Named(NamedPrivateMode::SyncUpdate) => self.sync = false,
            PrivateMode::Named(NamedPrivateMode::SwapScreenAndSetRestoreCursor) => self.leave_alternate(),
            PrivateMode::Named(_) | PrivateMode::Unknown(_) => self.term.unset_private_mode(mode),
        }
    }

    fn identify_terminal(&mut self, intermediate: Option<char>) {
        match intermediate {
            None => self.replies.primary_attributes(),
            Some('>') => self.replies.secondary_attributes(),
            Some(_) => (),
        }
    }

    fn device_status(&mut self, question: usize) {
        match question {
            5 => self.replies.status_ok(),
            6 => {
                let point = self.term.grid().cursor.point;
                self.replies.cursor_position(usize::try_from(point.line.0).unwrap_or(0) + 1, point.column.0 + 1);
            }
            _ => (),
        }
    }

    fn report_mode(&mut self, mode: Mode) {
        let state = match mode {
            Mode::Named(NamedMode::Insert) => self.has(TermMode::INSERT).into(),
            Mode::Named(NamedMode::LineFeedNewLine) => self.has(TermMode::LINE_FEED_NEW_LINE).into(),
            Mode::Unknown(_) => ModeState::Unknown,
        };
        self.replies.public_mode(mode.raw(), state);
    }

    fn report_private_mode(&mut self, mode: PrivateMode) {
        let state = match mode {
            PrivateMode::Named(named) => self.private_mode(named),
            // Among them 2027: the emulator counts widths by character, not by cluster.
            PrivateMode::Unknown(_) => ModeState::Unknown,
        };
        self.replies.private_mode(mode.raw(), state);
    }

    fn text_area_size_chars(&mut self) {
        self.replies.size_in_cells(self.term.screen_lines(), self.term.columns());
    }

    fn report_keyboard_mode(&mut self) {
        self.replies.kitty_flags(self.keyboard.flags);
    }

    fn push_keyboard_mode(&mut self, mode: KeyboardModes) {
        if self.keyboard.stack.len() == KEYBOARD_STACK {
            self.keyboard.stack.remove(0);
        }
        self.keyboard.stack.push(self.keyboard.flags);
        self.keyboard.flags = mode.bits();
    }

    fn pop_keyboard_modes(&mut self, count: u16) {
        for _ in 0..usize::from(count).min(KEYBOARD_STACK) {
            self.keyboard.flags = self.keyboard.stack.pop().unwrap_or_default();
        }
    }

    fn set_keyboard_mode(&mut self, mode: KeyboardModes, behavior: KeyboardModesApplyBehavior) {
        let flags = self.keyboard.flags;
        self.keyboard.flags = match behavior {
            KeyboardModesApplyBehavior::Replace => mode.bits(),
            KeyboardModesApplyBehavior::Union => flags | mode.bits(),
            KeyboardModesApplyBehavior::Difference => flags & !mode.bits(),
        };
    }

    // What the emulator does by itself.
    fn set_cursor_style(&mut self, style: Option<CursorStyle>) {
        self.term.set_cursor_style(style);
    }
    fn goto(&mut self, row: i32, column: usize) {
        self.term.goto(row, column);
    }
    fn goto_line(&mut self, row: i32) {
        self.term.goto_line(row);
    }
    fn goto_col(&mut self, column: usize) {
        self.term.goto_col(column);
    }
    fn insert_blank(&mut self, count: usize) {
        self.term.insert_blank(count);
    }
    fn move_up(&mut self, rows: usize) {
        self.term.move_up(rows);
    }
    fn move_down(&mut self, rows: usize) {
        self.term.move_down(rows);
    }
    fn move_forward(&mut self, columns: usize) {
        self.term.move_forward(columns);
    }
    fn move_backward(&mut self, columns: usize) {
        self.term.move_backward(columns);
    }
    fn move_down_and_cr(&mut self, rows: usize) {
        self.term.move_down_and_cr(rows);
    }
    fn move_up_and_cr(&mut self, rows: usize) {
        self.term.move_up_and_cr(rows);
    }
    fn backspace(&mut self) {
        self.term.backspace();
    }
    fn carriage_return(&mut self) {
        self.term.carriage_return();
    }
    fn substitute(&mut self) {
        self.term.substitute();
    }
    fn set_horizontal_tabstop(&mut self) {
        self.term.set_horizontal_tabstop();
    }
    fn scroll_down(&mut self, rows: usize) {
        self.term.scroll_down(rows);
    }
    fn insert_blank_lines(&mut self, rows: usize) {
        self.term.insert_blank_lines(rows);
    }
    fn erase_chars(&mut self, count: usize) {
        self.term.erase_chars(count);
    }
    fn delete_chars(&mut self, count: usize) {
        self.term.delete_chars(count);
    }
    fn move_forward_tabs(&mut self, count: u16) {
        self.term.move_forward_tabs(count);
    }
    fn save_cursor_position(&mut self) {
        self.term.save_cursor_position();
    }
    fn restore_cursor_position(&mut self) {
        self.term.restore_cursor_position();
    }
    fn clear_line(&mut self, mode: LineClearMode) {
        self.term.clear_line(mode);
    }
    fn clear_tabs(&mut self, mode: TabulationClearMode) {
        self.term.clear_tabs(mode);
    }
    fn set_tabs(&mut self, interval: u16) {
        self.term.set_tabs(interval);
    }
    fn reverse_index(&mut self) {
        self.term.reverse_index();
    }
    fn terminal_attribute(&mut self, attribute: Attr) {
        self.term.terminal_attribute(attribute);
    }
    fn set_mode(&mut self, mode: Mode) {
        self.term.set_mode(mode);
    }
    fn unset_mode(&mut self, mode: Mode) {
        self.term.unset_mode(mode);
    }
    fn set_scrolling_region(&mut self, top: usize, bottom: Option<usize>) {
        self.term.set_scrolling_region(top, bottom);
    }
    fn set_keypad_application_mode(&mut self) {
        self.term.set_keypad_application_mode();
    }
    fn unset_keypad_application_mode(&mut self) {
        self.term.unset_keypad_application_mode();
    }
    fn set_active_charset(&mut self, index: CharsetIndex) {
        self.term.set_active_charset(index);
    }
    fn configure_charset(&mut self, index: CharsetIndex, charset: StandardCharset) {
        self.term.configure_charset(index, charset);
    }
    fn decaln(&mut self) {
        self.term.decaln();
    }
}

impl Emulation {
    fn private_mode(&self, mode: NamedPrivateMode) -> ModeState {
        let flag = match mode {
            NamedPrivateMode::CursorKeys => TermMode::APP_CURSOR,
            NamedPrivateMode::Origin => TermMode::ORIGIN,
            NamedPrivateMode::LineWrap => TermMode::LINE_WRAP,
            NamedPrivateMode::ShowCursor => TermMode::SHOW_CURSOR,
            NamedPrivateMode::ReportMouseClicks => TermMode::MOUSE_REPORT_CLICK,
            NamedPrivateMode::ReportCellMouseMotion => TermMode::MOUSE_DRAG,
            NamedPrivateMode::ReportAllMouseMotion => TermMode::MOUSE_MOTION,
            NamedPrivateMode::ReportFocusInOut => TermMode::FOCUS_IN_OUT,
            NamedPrivateMode::Utf8Mouse => TermMode::UTF8_MOUSE,
            NamedPrivateMode::SgrMouse => TermMode::SGR_MOUSE,
            NamedPrivateMode::AlternateScroll => TermMode::ALTERNATE_SCROLL,
            NamedPrivateMode::UrgencyHints => TermMode::URGENCY_HINTS,
            NamedPrivateMode::SwapScreenAndSetRestoreCursor => TermMode::ALT_SCREEN,
            NamedPrivateMode::BracketedPaste => TermMode::BRACKETED_PASTE,
            NamedPrivateMode::BlinkingCursor => return self.term.cursor_style().blinking.into(),
            NamedPrivateMode::SyncUpdate => return self.sync.into(),
            NamedPrivateMode::ColumnMode => return ModeState::Unknown,
        };
        self.has(flag).into()
    }
}

#[cfg(test)]
mod tests;
