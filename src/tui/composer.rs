//! The text field that messages are written in: many lines, soft wrap, undo, words, and moves by what a person sees as one character.
//!
//! Change here: how editing behaves. Not here: which key does it (`keymap.rs`), history and drafts (`app.rs`) or looks (`view/composer.rs`).

use crate::domain::conversation_state::MAX_MESSAGE_BYTES;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::Widget;
use ratatui_textarea::{CursorMove, DataCursor, TextArea, WrapMode};
use std::cell::Cell;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// One step of editing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    Newline,
    Left,
    Right,
    Up,
    Down,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
    TextStart,
    TextEnd,
    DeleteLeft,
    DeleteRight,
    DeleteWordLeft,
    DeleteWordRight,
    DeleteToStart,
    DeleteToEnd,
    Undo,
    Redo,
    /// Puts back what was deleted last by a word, a line or a selection.
    Yank,
    SelectAll,
}

/// Where the cursor stands among the rows on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorRow {
    First,
    Middle,
    Last,
    /// The only row.
    Only,
}

/// What more than one click selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Around {
    Word,
    Line,
}

/// How much of what was typed or pasted had room: a text is at most as long as a message may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    All,
    /// So many bytes had no room and were left out.
    Without(usize),
}

/// The crate counts rows with 16 bits and panics or scrolls wrongly beyond; half of that leaves room for wrapped lines.
pub const MAX_LINES: usize = 32 * 1024;
/// From so many rows on a text is not drawn: the crate counts them with 16 bits. It is kept and sent whole all the same. Far more than anybody
/// scrolls through.
const MOST_ROWS: usize = 60_000;
/// Enough to undo a whole message piece by piece.
const UNDO_STEPS: usize = 500;

pub struct Composer {
    area: TextArea<'static>,
    /// The rows that the text takes at a width, until the text changes.
    measured: Cell<Option<(u16, u16)>>,
}

impl Default for Composer {
    fn default() -> Composer {
        Composer::with_text("")
    }
}

impl Composer {
    /// The cursor is at the end. A text that is set this way cannot be undone away.
    pub fn with_text(text: &str) -> Composer {
        let mut area = TextArea::new(split_lines(text));
        area.set_wrap_mode(WrapMode::WordOrGlyph);
        area.set_max_histories(UNDO_STEPS);
        area.set_cursor_style(Style::default());
        area.set_cursor_line_style(Style::default());
        area.set_selection_style(Style::new().add_modifier(Modifier::REVERSED));
        area.move_cursor(CursorMove::Bottom);
        area.move_cursor(CursorMove::End);
        Composer { area, measured: Cell::new(None) }
    }

    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    pub fn is_empty(&self) -> bool {
        self.area.is_empty()
    }

    pub fn insert_char(&mut self, char: char) -> Taken {
        self.area.cut();
        let too_many_lines = char == '\n' && self.area.lines().len() >= MAX_LINES;
        if char.len_utf8() > self.room() || too_many_lines {
            return Taken::Without(char.len_utf8());
        }
        self.area.insert_char(char);
        self.measured.set(None);
        Taken::All
    }

    /// A paste is one step for undo. A tab stays a tab; other control characters have no place in a message.
    pub fn insert_text(&mut self, text: &str) -> Taken {
        self.area.cut();
        let text = split_lines(text).join("\n");
        let newlines = MAX_LINES.saturating_sub(self.area.lines().len());
        let lines_end = text.match_indices('\n').nth(newlines).map_or(text.len(), |(at, _)| at);
        let kept = text.floor_char_boundary(self.room().min(lines_end));
        if kept > 0 {
            self.area.insert_str(&text[..kept]);
            self.measured.set(None);
        }
        if kept == text.len() { Taken::All } else { Taken::Without(text.len() - kept) }
    }

    /// How many more bytes it takes.
    fn room(&self) -> usize {
        let bytes: usize = self.area.lines().iter().map(|line| line.len() + 1).sum();
        MAX_MESSAGE_BYTES.saturating_sub(bytes.saturating_sub(1))
    }

    /// Can be undone. Takes any length: what is put here was written before, and must not be lost.
    pub fn replace_text(&mut self, text: &str) {
        self.select_all();
        self.area.insert_str(split_lines(text).join("\n"));
        self.area.cancel_selection();
        self.measured.set(None);
    }

    /// The text that is selected.
    pub fn selected(&self) -> Option<String> {
        let ((first_row, first), (last_row, last)) = self.area.selection_range()?;
        let rows = self.area.lines().iter().enumerate().skip(first_row).take(last_row - first_row + 1);
        let pieces = rows.map(|(row, line)| {
            let from = if row == first_row { first } else { 0 };
            let end = if row == last_row { last } else { usize::MAX };
            line.chars().take(end).skip(from).collect::<String>()
        });
        Some(pieces.collect::<Vec<_>>().join("\n")).filter(|text| !text.is_empty())
    }

    /// Moves, and selects what is between.
    pub fn extend_selection(&mut self, edit: Edit) {
        if !self.area.is_selecting() {
            self.area.start_selection();
        }
        self.carry_out(edit);
    }

    /// The text of the cursor's line before the cursor.
    pub fn before_cursor(&self) -> String {
        let DataCursor(line, column) = self.area.cursor();
        self.area.lines().get(line).map(|text| text.chars().take(column).collect()).unwrap_or_default()
    }

    /// Puts a text in the place of so many characters before the cursor, all in its line.
    pub fn replace_before(&mut self, chars: usize, text: &str) -> Taken {
        self.area.cancel_selection();
        for _ in 0..chars {
            self.area.move_cursor(CursorMove::Back);
        }
        self.area.delete_str(chars);
        self.insert_text(text)
    }

    pub fn apply(&mut self, edit: Edit) {
        match edit {
            Edit::DeleteLeft | Edit::DeleteRight | Edit::DeleteWordLeft | Edit::DeleteWordRight
                if self.area.is_selecting() =>
            {
                self.area.cut();
                self.measured.set(None);
            }
            Edit::DeleteLeft
            | Edit::DeleteRight
            | Edit::DeleteWordLeft
            | Edit::DeleteWordRight
            | Edit::Newline
            | Edit::Left
            | Edit::Right
            | Edit::Up
            | Edit::Down
            | Edit::WordLeft
            | Edit::WordRight
            | Edit::LineStart
            | Edit::LineEnd
            | Edit::TextStart
            | Edit::TextEnd
            | Edit::DeleteToStart
            | Edit::DeleteToEnd
            | Edit::Undo
            | Edit::Redo
            | Edit::Yank
            | Edit::SelectAll => {
                self.area.cancel_selection();
                self.carry_out(edit);
            }
        }
    }

    /// The crate's own `select_all` ends at line and column 65,535.
    fn select_all(&mut self) {
        self.area.cancel_selection();
        self.area.move_cursor(CursorMove::Top);
        self.area.move_cursor(CursorMove::Head);
        self.area.start_selection();
        self.area.move_cursor(CursorMove::Bottom);
        self.area.move_cursor(CursorMove::End);
    }

    fn carry_out(&mut self, edit: Edit) {
        match edit {
            Edit::Newline => self.area.insert_newline(),
            Edit::Left => self.move_left(),
            Edit::Right => self.move_right(),
            Edit::Up => self.area.move_cursor(CursorMove::Up),
            Edit::Down => self.area.move_cursor(CursorMove::Down),
            Edit::WordLeft => self.area.move_cursor(CursorMove::WordBack),
            Edit::WordRight => self.area.move_cursor(CursorMove::WordForward),
            Edit::LineStart => self.area.move_cursor(CursorMove::Head),
            Edit::LineEnd => self.area.move_cursor(CursorMove::End),
            Edit::TextStart => self.area.move_cursor(CursorMove::Top),
            Edit::TextEnd => {
                self.area.move_cursor(CursorMove::Bottom);
                self.area.move_cursor(CursorMove::End);
            }
            Edit::DeleteLeft => self.delete_left(),
            Edit::DeleteRight => {
                let chars = self.after_cursor().graphemes(true).next().map_or(1, |one| one.chars().count());
                self.area.delete_str(chars);
            }
            Edit::DeleteWordLeft => drop_flag(self.area.delete_word()),
            Edit::DeleteWordRight => drop_flag(self.area.delete_next_word()),
            Edit::DeleteToStart => drop_flag(self.area.delete_line_by_head()),
            Edit::DeleteToEnd => drop_flag(self.area.delete_line_by_end()),
            Edit::Undo => drop_flag(self.area.undo()),
            Edit::Redo => drop_flag(self.area.redo()),
            Edit::Yank if self.area.yank_text().len() <= self.room() => drop_flag(self.area.paste()),
            Edit::Yank => {}
            Edit::SelectAll => self.select_all(),
        }
        self.measured.set(None);
    }

    /// The rows that the text needs at this width, at least 1; counting stops at `most`.
    pub fn rows(&self, columns: u16, most: u16) -> u16 {
        let lines = self.area.lines();
        let most = most.max(1);
        let bytes: usize = lines.iter().map(String::len).sum();
        // A character takes at most 4 bytes a cell, so a text of this size is over the limit anyway.
        if lines.len() >= usize::from(most) || bytes / 4 > usize::from(most) * usize::from(columns.max(1)) {
            return most;
        }
        if let Some((at, rows)) = self.measured.get()
            && at == columns
        {
            return rows.clamp(1, most);
        }
        let rows = measure(lines, columns);
        self.measured.set(Some((columns, rows)));
        rows.clamp(1, most)
    }

    /// Which row of the text as it was last drawn holds the cursor.
    pub fn cursor_row(&self, columns: u16) -> CursorRow {
        let row = self.area.screen_cursor().row;
        let rows = usize::from(measure(self.area.lines(), columns));
        match (row == 0, row + 1 >= rows) {
            (true, true) => CursorRow::Only,
            (true, false) => CursorRow::First,
            (false, true) => CursorRow::Last,
            (false, false) => CursorRow::Middle,
        }
    }

    /// Draws the text and returns the cursor's column and row within the area.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer, style: Style) -> (u16, u16) {
        if area.is_empty() {
            return (0, 0);
        }
        if self.is_too_tall(area.width) {
            return self.draw_name(area, buffer, style);
        }
        (&self.area).render(area, buffer);
        buffer.set_style(area, style);
        let screen = self.area.screen_cursor();
        let (top, _) = self.area.scroll_offset();
        let DataCursor(line, column) = self.area.cursor();
        let start = self.area.screen_to_data(screen.row, 0);
        let from = if start.0 == line { start.1 } else { 0 };
        let before: String = self
            .area
            .lines()
            .get(line)
            .map(|text| text.chars().skip(from).take(column.saturating_sub(from)).collect())
            .unwrap_or_default();
        let cells = before.graphemes(true).map(cells_of).sum::<usize>();
        let column = u16::try_from(cells).unwrap_or(u16::MAX).min(area.width - 1);
        let row = u16::try_from(screen.row).unwrap_or(u16::MAX).saturating_sub(top).min(area.height - 1);
        (column, row)
    }

    /// Whether it may have more rows than the crate can count. Two rows together hold more than one row's cells, so it has at most so many.
    fn is_too_tall(&self, columns: u16) -> bool {
        let cells = |line: &String| line.bytes().map(|byte| if byte == b'\t' { 4 } else { 1 }).sum::<usize>();
        let cells: usize = self.area.lines().iter().map(cells).sum();
        self.area.lines().len() + 2 * cells / usize::from(columns.max(1)) > MOST_ROWS
    }

    /// Says what is there in place of a text that is too tall.
    fn draw_name(&self, area: Rect, buffer: &mut Buffer, style: Style) -> (u16, u16) {
        let lines = self.area.lines();
        let kib = lines.iter().map(|line| line.len() + 1).sum::<usize>() / 1024;
        let words = format!("a text of {} lines, {kib} KiB: too long to show · Enter sends it whole", lines.len());
        let (column, _) = buffer.set_stringn(area.x, area.y, words, area.width.into(), style);
        ((column - area.x).min(area.width - 1), 0)
    }

    /// Puts the cursor where a click in the drawn area points.
    pub fn click(&mut self, column: u16, row: u16) {
        self.area.cancel_selection();
        self.go_to(column, row);
    }

    /// Selects from where the cursor was to this place in the drawn area.
    pub fn select_to(&mut self, column: u16, row: u16) {
        if !self.area.is_selecting() {
            self.area.start_selection();
        }
        self.go_to(column, row);
    }

    /// Selects the word or the line in which the cursor stands.
    pub fn select_around(&mut self, around: Around) {
        let DataCursor(line, column) = self.area.cursor();
        let signs: Vec<char> = self.area.lines().get(line).map(|text| text.chars().collect()).unwrap_or_default();
        let (from, to) = match around {
            Around::Line => (0, signs.len()),
            Around::Word => {
                let kind = |sign: &char| (sign.is_alphanumeric() || *sign == '_', sign.is_whitespace());
                let Some(here) = signs.get(column).map(kind) else { return };
                let alike = |sign: &&char| kind(sign) == here;
                let (before, behind) = signs.split_at(column);
                (
                    column - before.iter().rev().take_while(alike).count(),
                    column + behind.iter().take_while(alike).count(),
                )
            }
        };
        self.area.cancel_selection();
        self.jump(line, from);
        self.area.start_selection();
        self.jump(line, to);
    }

    fn go_to(&mut self, column: u16, row: u16) {
        let (top, _) = self.area.scroll_offset();
        let Some(row) = row.checked_add(top) else { return };
        let DataCursor(line, char) = self.area.screen_to_data(usize::from(row), usize::from(column));
        self.jump(line, char);
    }

    fn jump(&mut self, line: usize, char: usize) {
        let narrow = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        self.area.move_cursor(CursorMove::Jump(narrow(line), narrow(char)));
    }

    fn after_cursor(&self) -> String {
        let DataCursor(line, column) = self.area.cursor();
        self.area.lines().get(line).map(|text| text.chars().skip(column).collect()).unwrap_or_default()
    }

    fn move_left(&mut self) {
        let chars = self.before_cursor().graphemes(true).next_back().map_or(1, |one| one.chars().count());
        for _ in 0..chars {
            self.area.move_cursor(CursorMove::Back);
        }
    }

    fn move_right(&mut self) {
        let chars = self.after_cursor().graphemes(true).next().map_or(1, |one| one.chars().count());
        for _ in 0..chars {
            self.area.move_cursor(CursorMove::Forward);
        }
    }

    fn delete_left(&mut self) {
        let chars = self.before_cursor().graphemes(true).next_back().map_or(1, |one| one.chars().count());
        if chars == 1 {
            self.area.delete_char();
        } else {
            self.move_left();
            self.area.delete_str(chars);
        }
    }
}

/// Whether the text changed is asked of the text itself.
fn drop_flag(_changed: bool) {}

/// Lines without what no terminal shows. Carriage returns of pastes end lines.
fn split_lines(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.split('\n').map(|line| line.chars().filter(|char| *char == '\t' || !char.is_control()).collect()).collect()
}

fn cells_of(grapheme: &str) -> usize {
    if grapheme == "\t" { 4 } else { grapheme.width() }
}

/// The crate tells its rows only through its cursor, so a copy is asked where its last one is.
fn measure(lines: &[String], columns: u16) -> u16 {
    let mut probe = TextArea::new(lines.to_vec());
    probe.set_wrap_mode(WrapMode::WordOrGlyph);
    let area = Rect::new(0, 0, columns.max(1), 1);
    (&probe).render(area, &mut Buffer::empty(area));
    probe.move_cursor(CursorMove::Bottom);
    probe.move_cursor(CursorMove::End);
    u16::try_from(probe.screen_cursor().row + 1).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(composer: &Composer, columns: u16, rows: u16) -> (String, (u16, u16)) {
        let area = Rect::new(0, 0, columns, rows);
        let mut buffer = Buffer::empty(area);
        let cursor = composer.draw(area, &mut buffer, Style::default());
        let text = (0..rows)
            .map(|row| (0..columns).map(|column| buffer[(column, row)].symbol()).collect::<String>())
            .collect::<Vec<_>>()
            .join("|");
        (text, cursor)
    }

    #[test]
    fn long_lines_wrap_and_the_cursor_follows() {
        let composer = Composer::with_text("one two three");
        assert_eq!(composer.rows(8, 9), 2);
        assert_eq!(drawn(&composer, 8, 2), ("one two |three   ".into(), (5, 1)));
    }

    #[test]
    fn wide_characters_take_two_cells_and_go_as_one() {
        let mut composer = Composer::with_text("日本👩‍👩‍👧e\u{301}");
        assert_eq!(drawn(&composer, 12, 1).1, (7, 0));
        for _ in 0..2 {
            composer.apply(Edit::DeleteLeft);
        }
        assert_eq!(composer.text(), "日本");
        composer.apply(Edit::Left);
        assert_eq!(drawn(&composer, 12, 1).1, (2, 0));
    }

    #[test]
    fn a_paste_of_many_lines_is_undone_as_one() {
        let mut composer = Composer::with_text("a");
        composer.insert_text("b\r\nc\rd\u{1b}[31m\te");
        assert_eq!(composer.text(), "ab\nc\nd[31m\te");
        composer.apply(Edit::Undo);
        assert_eq!(composer.text(), "a");
        composer.apply(Edit::Redo);
        assert_eq!(composer.text(), "ab\nc\nd[31m\te");
    }

    #[test]
    fn replacing_the_text_can_be_undone() {
        let mut composer = Composer::with_text("typed");
        composer.replace_text("");
        assert!(composer.is_empty());
        for _ in 0..3 {
            composer.apply(Edit::Undo);
        }
        assert_eq!(composer.text(), "typed");
    }

    #[test]
    fn what_is_selected_is_told_replaced_and_deleted() {
        let mut composer = Composer::with_text("one two\nthree");
        for edit in [Edit::LineStart, Edit::Up, Edit::WordRight] {
            composer.apply(edit);
        }
        for edit in [Edit::Down, Edit::Left] {
            composer.extend_selection(edit);
        }
        assert_eq!(composer.selected(), Some("two\nthr".into()));
        composer.apply(Edit::DeleteLeft);
        assert_eq!((composer.text(), composer.selected()), ("one ee".into(), None));
        composer.apply(Edit::SelectAll);
        assert_eq!(composer.selected(), Some("one ee".into()));
        composer.apply(Edit::Left);
        assert_eq!(composer.selected(), None, "a move ends it");
        composer.apply(Edit::SelectAll);
        assert_eq!(composer.insert_char('x'), Taken::All);
        assert_eq!(composer.text(), "x");
        composer.apply(Edit::Undo);
        composer.apply(Edit::Undo);
        assert_eq!(composer.text(), "one ee");
    }

    #[test]
    fn what_was_deleted_last_is_put_back_elsewhere() {
        let mut composer = Composer::with_text("one two");
        composer.apply(Edit::DeleteWordLeft);
        composer.apply(Edit::LineStart);
        composer.apply(Edit::Yank);
        assert_eq!(composer.text(), "twoone ");
    }

    #[test]
    fn a_full_text_takes_another_one_in_its_place() {
        let mut composer = Composer::with_text(&"x".repeat(MAX_MESSAGE_BYTES));
        composer.apply(Edit::SelectAll);
        assert_eq!(composer.insert_text("y"), Taken::All);
        assert_eq!(composer.text(), "y");
    }

    #[test]
    fn what_stands_before_the_cursor_is_replaced() {
        let mut composer = Composer::with_text("see @日本x");
        assert_eq!(composer.before_cursor(), "see @日本x");
        assert_eq!(composer.replace_before(4, "@a b"), Taken::All);
        assert_eq!(composer.text(), "see @a b");
    }

    #[test]
    fn a_huge_text_is_measured_without_wrapping_it() {
        let composer = Composer::with_text(&"x".repeat(200_000));
        assert_eq!(composer.rows(80, 8), 8);
    }

    /// The broken one panicked, or scrolled to another place than the cursor's.
    #[test]
    fn a_text_with_more_rows_than_the_crate_can_count_is_kept_whole_and_named_instead_of_shown() {
        let tall = "x\n".repeat(100_000);
        for (text, columns) in [(tall.clone(), 80), (tall, 1), ("word ".repeat(70_000), 4), ("\t".repeat(90_000), 3)] {
            let mut composer = Composer::with_text(&text);
            composer.rows(columns, 8);
            let (shown, (column, row)) = drawn(&composer, columns, 8);
            assert!(shown.starts_with(&"a text of"[..usize::from(columns.min(9))]), "{shown}");
            assert!(column < columns && row < 8);
            composer.cursor_row(columns);
            composer.click(0, 7);
            for edit in [Edit::Up, Edit::Down, Edit::TextStart, Edit::TextEnd, Edit::DeleteLeft, Edit::Undo] {
                composer.apply(edit);
                drawn(&composer, columns, 8);
            }
            assert!(composer.text() == text, "nothing of it is lost");
        }
        let all = drawn(&Composer::with_text(&"x\n".repeat(100_000)), 80, 1).0;
        assert_eq!(all.trim_end(), "a text of 100001 lines, 195 KiB: too long to show · Enter sends it whole");
    }

    #[test]
    fn nothing_breaks_in_no_room() {
        let composer = Composer::with_text("wide 日本");
        for columns in 0..4 {
            for rows in 0..3 {
                drawn(&composer, columns, rows);
                composer.rows(columns, rows);
            }
        }
    }
}
