//! What each control does, and which questions are answered.
//!
//! Change here: a control or a question. What the `Handler` below does not forward does not happen. Not here: strings such as OSC
//! (`filter.rs`), or the shape of answers (`replies.rs`).

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::Column;
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::vte::ansi::{
    Attr, CharsetIndex, ClearMode, CursorStyle, Handler, KeyboardModes, KeyboardModesApplyBehavior, LineClearMode,
    Mode, NamedMode, NamedPrivateMode, PrivateMode, StandardCharset, TabulationClearMode,
};
use unicode_width::UnicodeWidthChar;

use super::super::replies::ModeState;
use super::emulation::Emulation;
use super::keyboard::Keyboard;
use super::margins::Margins;

/// More than any script stacks on one character; hostile ones put millions there.
pub(super) const MARKS_PER_CELL: usize = 16;

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
        self.margins = Margins::default();
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
                let row = self.cursor_row().saturating_sub(self.first_row());
                self.replies.cursor_position(row + 1, self.cursor_column() + 1);
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
        self.keyboard.push(mode);
    }

    fn pop_keyboard_modes(&mut self, count: u16) {
        self.keyboard.pop(usize::from(count));
    }

    fn set_keyboard_mode(&mut self, mode: KeyboardModes, behavior: KeyboardModesApplyBehavior) {
        self.keyboard.set(mode, behavior);
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
        self.put(self.cursor_row(), column);
    }
    fn insert_blank(&mut self, count: usize) {
        self.term.insert_blank(count);
    }
    fn move_up(&mut self, rows: usize) {
        self.go_up(rows, self.cursor_column());
    }
    fn move_down(&mut self, rows: usize) {
        self.go_down(rows, self.cursor_column());
    }
    fn move_forward(&mut self, columns: usize) {
        self.term.move_forward(columns);
    }
    fn move_backward(&mut self, columns: usize) {
        self.term.move_backward(columns);
    }
    fn move_down_and_cr(&mut self, rows: usize) {
        self.go_down(rows, 0);
    }
    fn move_up_and_cr(&mut self, rows: usize) {
        self.go_up(rows, 0);
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
        if let Some(margins) = Margins::set(top, bottom, self.term.screen_lines()) {
            self.margins = margins;
        }
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
