//! Looks at the emulator's screen: frames, text, the cursor and the modes.
//!
//! Change here: what is seen of a screen. Not here: reading a row of cells (`cells.rs`), or what a frame is (`frame.rs`).

use std::collections::VecDeque;

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::Line as GridLine;
use alacritty_terminal::term::TermMode;
use alacritty_terminal::vte::ansi::CursorShape as CellCursorShape;

use super::super::frame::{Blink, ClicksGo, Cursor, CursorShape, Frame, Row, ScrollPosition, Size, TextRow};
use super::super::line::Line;
use super::super::modes::{CursorKeys, Keypad, Modes, MouseEncoding, MouseMode};
use super::cells::scan;
use super::emulation::{Emulation, as_line};

/// The newest rows of a limited number of bytes.
struct NewestRows {
    rows: VecDeque<TextRow>,
    bytes: usize,
    most_bytes: usize,
    dropped: i64,
}

impl NewestRows {
    fn push(&mut self, row: TextRow) {
        self.bytes += size_of::<TextRow>() + row.text.len();
        self.rows.push_back(row);
        while self.bytes > self.most_bytes
            && let Some(oldest) = self.rows.pop_front()
        {
            self.bytes -= size_of::<TextRow>() + oldest.text.len();
            self.dropped += 1;
        }
    }
}

impl Emulation {
    /// Packed rows that can be shown above the hot ones. The alternate screen has nothing above it.
    fn packed_rows(&self) -> u64 {
        if self.shows_alternate() { 0 } else { self.scrollback.shown_rows() }
    }

    pub(super) fn rows_above_screen(&self) -> u32 {
        u32::try_from(self.packed_rows() + self.term.history_size() as u64).unwrap_or(u32::MAX)
    }

    pub(super) fn scroll_position(&self, up: u32) -> ScrollPosition {
        let left = i64::try_from(self.scrolled_rows()).unwrap_or(i64::MAX);
        ScrollPosition { up, most: self.rows_above_screen(), left }
    }

    pub(super) fn clicks(&self) -> ClicksGo {
        let takes = TermMode::MOUSE_MOTION | TermMode::MOUSE_DRAG | TermMode::MOUSE_REPORT_CLICK;
        if self.term.mode().intersects(takes) { ClicksGo::ToProgram } else { ClicksGo::ToView }
    }

    /// Every row, from the oldest that is kept to the screen's last, as text; at most so many bytes of the newest. The first one's number
    /// stands before them.
    pub(super) fn whole_text(&self, most_bytes: usize) -> (i64, Vec<TextRow>) {
        let mut rows = NewestRows { rows: VecDeque::new(), bytes: 0, most_bytes, dropped: 0 };
        if !self.shows_alternate() {
            self.scrollback.visit_shown(|row| rows.push(row));
        }
        let grid = self.term.grid();
        let mut line = Line::default();
        for number in -as_line(self.term.history_size())..as_line(grid.screen_lines()) {
            scan(&grid[GridLine(number)], &mut line);
            rows.push(TextRow::new(&line.text, line.wrapped));
        }
        let scroll = self.scroll_position(0);
        (scroll.left - i64::from(scroll.most) + rows.dropped, rows.rows.into())
    }

    pub(super) fn frame(&self, size: Size, up: u32) -> Frame {
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
        Frame { size, rows, cursor, scroll: self.scroll_position(up), clicks: self.clicks() }
    }

    pub(super) fn visible_text(&self) -> Vec<String> {
        let grid = self.term.grid();
        let mut line = Line::default();
        let rows = (0..as_line(grid.screen_lines())).map(|number| {
            scan(&grid[GridLine(number)], &mut line);
            line.text.trim_end().to_owned()
        });
        rows.collect()
    }

    pub(super) fn cursor(&self) -> Option<Cursor> {
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

    pub(super) fn modes(&self) -> Modes {
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
}
