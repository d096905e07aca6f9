//! Looking through an agent's screen and what is above it, selecting and copying: the mode that stands still while output comes.
//!
//! The text is read from the host once and does not change afterwards, so that what is selected is what is seen. Until it has come, the picture
//! stands in for it. Change here: where the steps lead. Not here: keys and mouse (`update/copy.rs`) or looks (`view/copy.rs`).

pub mod find;
pub mod selection;
pub mod text;
mod words;

use super::composer::Composer;
use super::event::ViewOf;
use crate::protocol::message::Rest;
use crate::terminal::frame::{Frame, Size, TextRow};
use find::{Direction, Found};
use selection::{Selection, Shape};
use text::{Place, Text};

/// One step of the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Left,
    Right,
    Up,
    Down,
    WordLeft,
    WordRight,
    WordEnd,
    RowStart,
    RowEnd,
    PageUp,
    PageDown,
    HalfUp,
    HalfDown,
    Top,
    Bottom,
}

/// What a click begins: more clicks take more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Characters,
    Words,
    Lines,
}

pub struct Copy {
    pub of: ViewOf,
    /// The screen's size; rows of another one have other numbers.
    pub size: Size,
    pub text: Text,
    reading: Reading,
    /// The number of the live screen's first row when this began.
    left: i64,
    /// The first row that is shown.
    pub top: usize,
    pub cursor: Place,
    /// The column that steps up and down keep to.
    column: usize,
    mark: Option<(Place, Shape)>,
    /// What the mouse began to select, and where.
    pub held: Option<(Place, Unit)>,
    pub begun: Begun,
    pub found: Option<Found>,
    pub direction: Direction,
    pub typing: Option<Typing>,
    /// The row that the view was last asked to begin with, and with which one it began then.
    pub asked_row: Option<(i64, i64)>,
    /// The mouse is held beyond the edge: by how many rows to go on, in which column, and when.
    pub beyond: Option<(isize, usize, u64)>,
}

/// How far the text has come.
enum Reading {
    /// No process lives that could tell it: the last picture is all.
    PictureAlone,
    /// Parts that came, and how many older readings come before.
    UnderWay {
        rows: Vec<TextRow>,
        older: u32,
    },
    Whole,
}

/// A mode that the mouse began ends with its button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    ByKey,
    /// Over the live screen, to which it leads back.
    ByMouse,
    /// While the person reads further up: they stay there, so that a third click finds the same line.
    ByMouseAbove,
}

/// What is looked for while it is typed.
pub struct Typing {
    pub text: Composer,
    pub direction: Direction,
    from: Place,
}

/// Whether the session can tell its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    Lives,
    Ended,
}

impl Copy {
    /// Begins with what is seen; `cut` rows of the picture are above the pane.
    pub fn new(of: ViewOf, frame: &Frame, cut: u16, session: Session, begun: Begun) -> Copy {
        let rows = frame.rows.iter().map(|row| TextRow::new(&row.text(), false)).collect();
        let text = Text { first: frame.scroll.first_row(), rows };
        let last = (0..text.rows.len()).rev().find(|row| !text.row(*row).is_empty()).unwrap_or(0);
        let cursor = match frame.cursor {
            Some(cursor) => Place { row: cursor.row.into(), column: cursor.column.into() },
            None => Place { row: last, column: 0 },
        };
        let cursor = text.settle(cursor);
        let reading = match session {
            Session::Lives => Reading::UnderWay { rows: Vec::new(), older: 0 },
            Session::Ended => Reading::PictureAlone,
        };
        Copy {
            of,
            size: frame.size,
            text,
            reading,
            left: frame.scroll.left,
            top: cut.into(),
            cursor,
            column: cursor.column,
            mark: None,
            held: None,
            begun,
            found: None,
            direction: Direction::Forward,
            typing: None,
            asked_row: None,
            beyond: None,
        }
    }

    /// The same anew for another size: what was selected is gone, what was looked for stays.
    pub fn begin_again(&mut self, frame: &Frame) {
        let older = match &self.reading {
            Reading::UnderWay { older, .. } => older + 1,
            Reading::PictureAlone | Reading::Whole => 0,
        };
        let fresh = Copy::new(self.of, frame, 0, Session::Lives, self.begun);
        let (found, typing) = (self.found.take(), self.typing.take());
        *self = Copy { direction: self.direction, typing, ..fresh };
        self.reading = Reading::UnderWay { rows: Vec::new(), older };
        self.found = found.map(|found| Found::look(&self.text, &found.wanted));
    }

    /// The next part of the text has come.
    pub fn take_part(&mut self, first: i64, part: Vec<TextRow>, rest: Rest) {
        let Reading::UnderWay { rows, older } = &mut self.reading else { return };
        rows.extend(part);
        match (rest, *older) {
            (Rest::Follows, _) => {}
            (Rest::None, 0) => {
                let rows = std::mem::take(rows);
                self.reading = Reading::Whole;
                self.move_to(Text { first, rows });
            }
            (Rest::None, _) => {
                *older -= 1;
                rows.clear();
            }
        }
    }

    /// Everything keeps its row's number in the text that takes the place of the picture.
    fn move_to(&mut self, text: Text) {
        let moved = self.text.first - text.first;
        let last = text.last_row();
        let to = |row: usize| {
            let row = i64::try_from(row).unwrap_or(i64::MAX).saturating_add(moved);
            usize::try_from(row).unwrap_or(0).min(last)
        };
        let place = |place: Place| Place { row: to(place.row), ..place };
        self.top = to(self.top);
        self.cursor = place(self.cursor);
        self.mark = self.mark.map(|(mark, shape)| (place(mark), shape));
        self.held = self.held.map(|(held, unit)| (place(held), unit));
        if let Some(typing) = &mut self.typing {
            typing.from = place(typing.from);
        }
        self.text = text;
        self.found = self.found.take().map(|found| Found::look(&self.text, &found.wanted));
    }

    pub fn is_whole(&self) -> bool {
        matches!(self.reading, Reading::Whole | Reading::PictureAlone)
    }

    /// The number of the first row that is shown.
    pub fn first_shown(&self) -> i64 {
        self.text.first.saturating_add(i64::try_from(self.top).unwrap_or(i64::MAX))
    }

    /// Rows that came since, as the live screen's place tells.
    pub fn new_rows(&self, left: i64) -> i64 {
        (left - self.left).max(0)
    }

    /// Columns of the rows that are left of the pane.
    pub fn cut_columns(&self, columns: usize) -> usize {
        (self.cursor.column + 1).saturating_sub(columns)
    }

    pub fn selection(&self) -> Option<Selection> {
        let (mark, shape) = self.mark?;
        let (mut mark, mut cursor) = (mark, self.cursor);
        if let Some((held, Unit::Words)) = self.held {
            let ((first, last), (other_first, other_last)) =
                (words::clicked(&self.text, held), words::clicked(&self.text, self.cursor));
            (mark, cursor) = (first.min(other_first), last.max(other_last));
        }
        Some(Selection { shape, mark, cursor })
    }

    /// Begins a selection at the cursor, gives the present one another shape, or ends it.
    pub fn select(&mut self, shape: Shape) {
        self.mark = match self.mark {
            Some((_, present)) if present == shape => None,
            Some((mark, _)) => Some((mark, shape)),
            None => Some((self.cursor, shape)),
        };
        self.held = None;
        self.settle_cursor();
    }

    /// Ends the selection; tells whether there was one.
    pub fn drop_selection(&mut self) -> bool {
        self.held = None;
        let was = self.mark.take().is_some();
        self.settle_cursor();
        was
    }

    /// The cursor goes to the selection's other end.
    pub fn other_end(&mut self) {
        if let Some((mark, _)) = &mut self.mark {
            std::mem::swap(mark, &mut self.cursor);
            self.column = self.cursor.column;
        }
    }

    /// A button went down here.
    pub fn press(&mut self, place: Place, unit: Unit) {
        let place = self.text.settle(place);
        self.cursor = place;
        self.column = place.column;
        self.held = Some((place, unit));
        self.mark = match unit {
            Unit::Characters => None,
            Unit::Words => Some((place, Shape::Characters)),
            Unit::Lines => Some((place, Shape::Lines)),
        };
    }

    /// The button is up; what was selected by words is kept as it is.
    pub fn let_go(&mut self) {
        if let Some(Selection { shape, mark, cursor }) = self.selection() {
            self.mark = Some((mark, shape));
            self.cursor = cursor;
        }
        self.held = None;
    }

    /// The mouse was moved here with its button held.
    pub fn drag(&mut self, place: Place) {
        let Some((held, unit)) = self.held else { return };
        self.cursor = self.text.settle(place);
        self.column = self.cursor.column;
        let shape = if unit == Unit::Lines { Shape::Lines } else { Shape::Characters };
        self.mark = Some((held, shape));
    }

    /// Rows beyond the upper edge (less than 0) or the lower one, which the view follows.
    pub fn drag_beyond(&mut self, rows: isize, column: usize, seen: usize) {
        self.top = self.top.saturating_add_signed(rows).min(self.lowest_top(seen));
        let row = if rows < 0 { self.top } else { self.top + seen.saturating_sub(1) };
        self.drag(Place { row: row.min(self.text.last_row()), column });
    }

    /// Moves what is seen; the cursor stays in it.
    pub fn scroll(&mut self, rows: isize, seen: usize) {
        self.top = self.top.saturating_add_signed(rows).min(self.lowest_top(seen));
        let row = self.cursor.row.clamp(self.top, self.top + seen.saturating_sub(1)).min(self.text.last_row());
        self.go_to_row(row);
    }

    pub fn step(&mut self, step: Step, seen: usize) {
        let (text, at) = (&self.text, self.cursor);
        let page = isize::try_from(seen.saturating_sub(1).max(1)).unwrap_or(isize::MAX);
        let half = isize::try_from((seen / 2).max(1)).unwrap_or(isize::MAX);
        match step {
            Step::Left if self.is_block() => self.go_to(Place { column: at.column.saturating_sub(1), ..at }),
            Step::Right if self.is_block() => self.go_to(Place { column: at.column + 1, ..at }),
            Step::Left => self.go_to(text.previous(at).unwrap_or(at)),
            Step::Right => self.go_to(text.next(at).unwrap_or(at)),
            Step::Up => self.go_to_row(at.row.saturating_sub(1)),
            Step::Down => self.go_to_row((at.row + 1).min(text.last_row())),
            Step::WordLeft => self.go_to(words::left(text, at)),
            Step::WordRight => self.go_to(words::right(text, at)),
            Step::WordEnd => self.go_to(words::end(text, at)),
            Step::RowStart => self.go_to(Place { column: 0, ..at }),
            Step::RowEnd => self.go_to(Place { column: text.last_column(at.row), ..at }),
            Step::PageUp => self.move_by(-page, seen),
            Step::PageDown => self.move_by(page, seen),
            Step::HalfUp => self.move_by(-half, seen),
            Step::HalfDown => self.move_by(half, seen),
            Step::Top => self.go_to(Place::default()),
            Step::Bottom => {
                let last = (0..text.rows.len()).rev().find(|row| !text.row(*row).is_empty()).unwrap_or(0);
                self.go_to(Place { row: last, column: 0 });
                self.top = self.lowest_top(seen);
            }
        }
        self.show_cursor(seen);
    }

    /// Goes to the next of what was found; tells whether there is one.
    pub fn go_to_next(&mut self, direction: Direction, seen: usize) -> bool {
        let Some(found) = &self.found else { return false };
        let Some(one) = found.next(self.cursor, direction).and_then(|at| found.matches.get(at)) else { return false };
        let first = one.first;
        self.go_to(first);
        self.show_cursor(seen);
        true
    }

    /// Which of what was found the cursor is on, counted from 1.
    pub fn number_of_match(&self) -> Option<usize> {
        let found = self.found.as_ref()?;
        found.matches.binary_search_by_key(&self.cursor, |one| one.first).ok().map(|at| at + 1)
    }

    pub fn begin_typing(&mut self, direction: Direction) {
        self.typing = Some(Typing { text: Composer::default(), direction, from: self.cursor });
    }

    /// What is typed has changed: the nearest match is shown.
    pub fn look(&mut self, seen: usize) {
        let Some(typing) = &self.typing else { return };
        let (from, direction, wanted) = (typing.from, typing.direction, typing.text.text());
        let found = Found::look(&self.text, &wanted);
        let at = found.next(from, direction).and_then(|at| found.matches.get(at)).map(|one| one.first);
        self.found = Some(found);
        self.direction = direction;
        self.go_to(at.unwrap_or(from));
        self.show_cursor(seen);
    }

    /// Typing is over: what was found stays, or all is as before.
    pub fn end_typing(&mut self, keep: Keep, seen: usize) {
        let Some(typing) = self.typing.take() else { return };
        if keep == Keep::Nothing {
            self.found = None;
            self.go_to(typing.from);
            self.show_cursor(seen);
        }
    }

    fn is_block(&self) -> bool {
        matches!(self.mark, Some((_, Shape::Block)))
    }

    fn go_to(&mut self, place: Place) {
        self.cursor = place;
        self.settle_cursor();
        self.column = self.cursor.column;
    }

    fn go_to_row(&mut self, row: usize) {
        self.cursor = Place { row, column: self.column };
        self.settle_cursor();
    }

    /// Only a block has corners where there is no text.
    fn settle_cursor(&mut self) {
        if self.is_block() {
            self.cursor.column = self.cursor.column.min(usize::from(self.size.columns).saturating_sub(1));
        } else {
            self.cursor = self.text.settle(self.cursor);
        }
    }

    /// The cursor and what is seen move together.
    fn move_by(&mut self, rows: isize, seen: usize) {
        self.top = self.top.saturating_add_signed(rows).min(self.lowest_top(seen));
        self.go_to_row(self.cursor.row.saturating_add_signed(rows).min(self.text.last_row()));
    }

    pub fn show_cursor(&mut self, seen: usize) {
        let row = self.cursor.row;
        self.top = self.top.min(row).max((row + 1).saturating_sub(seen.max(1)));
    }

    fn lowest_top(&self, seen: usize) -> usize {
        self.text.rows.len().saturating_sub(seen.max(1))
    }
}

/// What of a search that was typed is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    Found,
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{ConversationId, Generation};
    use crate::terminal::frame::{Row, Run, RunWidth, ScrollPosition, Style};

    const SEEN: usize = 4;

    fn frame(rows: &[&str], left: i64) -> Frame {
        let size = Size { columns: 20, rows: 4 };
        let row = |text: &&str| Row {
            runs: vec![Run { style: Style::default(), width: RunWidth::Narrow, text: (*text).to_owned() }],
        };
        let mut frame = Frame::blank(size);
        frame.rows.iter_mut().zip(rows).for_each(|(place, text)| *place = row(text));
        frame.scroll = ScrollPosition { up: 0, most: 6, left };
        frame
    }

    fn begun() -> Copy {
        let of = ViewOf { conversation: ConversationId(1), generation: Generation(1) };
        Copy::new(of, &frame(&["row 106", "row 107", "row 108", "$ "], 106), 0, Session::Lives, Begun::ByKey)
    }

    /// Rows 100 to 108 and the prompt.
    fn whole() -> Copy {
        let mut copy = begun();
        let rows: Vec<TextRow> = (100..109)
            .map(|number| TextRow::new(&format!("row {number}"), false))
            .chain([TextRow::new("$", false)])
            .collect();
        let (early, late) = rows.split_at(5);
        copy.take_part(100, early.to_vec(), Rest::Follows);
        assert!(!copy.is_whole());
        copy.take_part(100, late.to_vec(), Rest::None);
        copy
    }

    #[test]
    fn when_the_text_comes_everything_stays_where_it_is_seen() {
        let mut copy = begun();
        copy.step(Step::Up, SEEN);
        let seen = (copy.first_shown(), copy.cursor.column, copy.text.row(copy.cursor.row).to_owned());
        assert_eq!(seen, (106, 0, "row 108".into()));
        let rows = whole().text.rows;
        copy.take_part(100, rows, Rest::None);
        assert!(copy.is_whole());
        assert_eq!((copy.first_shown(), copy.cursor.column, copy.text.row(copy.cursor.row).to_owned()), seen);
    }

    #[test]
    fn the_view_follows_the_cursor_to_both_ends() {
        let mut copy = whole();
        copy.step(Step::Top, SEEN);
        assert_eq!((copy.top, copy.text.row(copy.cursor.row)), (0, "row 100"));
        copy.step(Step::PageDown, SEEN);
        assert_eq!((copy.top, copy.text.row(copy.cursor.row)), (3, "row 103"));
        copy.step(Step::HalfDown, SEEN);
        assert_eq!((copy.top, copy.text.row(copy.cursor.row)), (5, "row 105"));
        copy.step(Step::Bottom, SEEN);
        assert_eq!((copy.top, copy.text.row(copy.cursor.row)), (6, "$"));
        copy.step(Step::Down, SEEN);
        assert_eq!(copy.text.row(copy.cursor.row), "$");
        copy.scroll(-3, SEEN);
        assert_eq!((copy.top, copy.text.row(copy.cursor.row)), (3, "row 106"));
    }

    #[test]
    fn steps_up_and_down_keep_to_their_column() {
        let mut copy = whole();
        copy.step(Step::Up, SEEN);
        copy.step(Step::RowEnd, SEEN);
        copy.step(Step::Down, SEEN);
        assert_eq!(copy.cursor.column, 0);
        copy.step(Step::Up, SEEN);
        assert_eq!(copy.cursor.column, 6);
    }

    #[test]
    fn what_is_typed_is_found_backwards_and_given_up_again() {
        let mut copy = whole();
        copy.begin_typing(Direction::Backward);
        if let Some(typing) = &mut copy.typing {
            let _ = typing.text.insert_text("row 10");
        }
        copy.look(SEEN);
        assert_eq!((copy.text.row(copy.cursor.row), copy.number_of_match()), ("row 108", Some(9)));
        copy.end_typing(Keep::Found, SEEN);
        assert!(copy.go_to_next(Direction::Backward, SEEN));
        assert_eq!((copy.text.row(copy.cursor.row), copy.number_of_match()), ("row 107", Some(8)));
        copy.begin_typing(Direction::Forward);
        copy.look(SEEN);
        copy.end_typing(Keep::Nothing, SEEN);
        assert_eq!((copy.text.row(copy.cursor.row), copy.found.is_none()), ("row 107", true));
        assert!(!copy.go_to_next(Direction::Forward, SEEN));
    }

    #[test]
    fn a_selection_changes_its_shape_and_ends_with_the_same_key() {
        let mut copy = whole();
        copy.step(Step::Up, SEEN);
        copy.select(Shape::Characters);
        copy.step(Step::WordEnd, SEEN);
        let copied = |copy: &Copy| copy.selection().map(|selection| selection.copied(&copy.text));
        assert_eq!(copied(&copy), Some("row".into()));
        copy.select(Shape::Lines);
        assert_eq!(copied(&copy), Some("row 108".into()));
        copy.other_end();
        assert_eq!(copy.cursor.column, 0);
        copy.select(Shape::Lines);
        assert_eq!(copied(&copy), None);
        assert!(!copy.drop_selection());
    }

    #[test]
    fn a_block_has_corners_beyond_the_text() {
        let mut copy = whole();
        copy.step(Step::Up, SEEN);
        copy.step(Step::RowEnd, SEEN);
        copy.select(Shape::Block);
        for step in [Step::Right, Step::Right, Step::Down] {
            copy.step(step, SEEN);
        }
        assert_eq!(copy.cursor.column, 8);
        assert_eq!(copy.selection().map(|selection| selection.copied(&copy.text)), Some("8\n".into()));
    }

    #[test]
    fn a_drag_takes_what_its_clicks_began_with_and_goes_on_past_the_edge() {
        let mut copy = whole();
        let copied = |copy: &Copy| copy.selection().map(|selection| selection.copied(&copy.text));
        copy.press(Place { row: 6, column: 5 }, Unit::Characters);
        assert_eq!(copied(&copy), None);
        copy.drag(Place { row: 7, column: 1 });
        assert_eq!(copied(&copy), Some("06\nro".into()));
        copy.press(Place { row: 6, column: 5 }, Unit::Words);
        assert_eq!(copied(&copy), Some("106".into()));
        copy.drag(Place { row: 7, column: 1 });
        assert_eq!(copied(&copy), Some("106\nrow".into()));
        copy.press(Place { row: 7, column: 5 }, Unit::Lines);
        copy.drag_beyond(-2, 0, SEEN);
        assert_eq!((copy.top, copied(&copy)), (4, Some("row 104\nrow 105\nrow 106\nrow 107".into())));
    }

    #[test]
    fn another_size_begins_anew_and_older_parts_are_passed_over() {
        let mut copy = begun();
        copy.select(Shape::Lines);
        copy.begin_again(&frame(&["wide"], 50));
        assert!(copy.selection().is_none());
        copy.take_part(100, vec![TextRow::new("old", false)], Rest::None);
        assert!(!copy.is_whole());
        copy.take_part(50, vec![TextRow::new("wide", false)], Rest::None);
        assert!(copy.is_whole());
        assert_eq!(copy.text.row(0), "wide");
    }
}
