//! A picture of an agent's screen as plain data: what travels to a client and what it draws.

use serde::{Deserialize, Serialize};

/// Columns and rows of a screen, in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    pub columns: u16,
    pub rows: u16,
}

/// A colour as the program chose it; what it looks like is the outer terminal's affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Color {
    #[default]
    Default,
    /// 0 to 15 are the terminal's own sixteen, the rest the 256-colour table.
    Indexed(u8),
    Rgb(u8, u8, u8),
}

/// How a cell looks beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Style {
    pub foreground: Color,
    pub background: Color,
    /// The bits of `Style::BOLD` and its neighbours.
    pub flags: u16,
}

impl Style {
    pub const BOLD: u16 = 1;
    pub const DIM: u16 = 2;
    pub const ITALIC: u16 = 4;
    pub const UNDERLINE: u16 = 8;
    pub const INVERSE: u16 = 16;
    pub const HIDDEN: u16 = 32;
    pub const STRIKEOUT: u16 = 64;
}

/// How the text of a run lies in cells. The emulator's widths rule, so that nothing shifts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunWidth {
    /// Each character fills one cell.
    Narrow,
    /// Each character fills two cells.
    Wide,
    /// The whole text (a character with combining marks) fills this many cells, 1 or 2.
    Cluster(u8),
}

/// Neighbouring cells of one style.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub style: Style,
    pub width: RunWidth,
    pub text: String,
}

/// One row from the left; cells beyond the last run are blank in the default style.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Row {
    pub runs: Vec<Run>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CursorShape {
    Block,
    Underline,
    Bar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Blink {
    Steady,
    Blinking,
}

/// A visible cursor; a hidden one is the absence of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub column: u16,
    pub row: u16,
    pub shape: CursorShape,
    pub blink: Blink,
}

/// Where a view stands in the scrollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScrollPosition {
    /// Rows above the live screen; 0 is the live screen itself.
    pub up: u32,
    /// The most that `up` can be.
    pub most: u32,
    /// Rows that ever left the screen upwards: the number of the live screen's first row. Those above it have smaller ones.
    #[serde(default)]
    pub left: i64,
}

/// Who gets the clicks and drags on a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClicksGo {
    /// The program takes no mouse, so that text can be selected.
    #[default]
    ToView,
    ToProgram,
}

/// A row as text alone. Blanks at its end are left out, unless its line goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TextRow {
    pub text: String,
    /// The next row continues its line.
    pub wrapped: bool,
}

/// A whole picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    pub size: Size,
    /// Exactly `size.rows` of them.
    pub rows: Vec<Row>,
    /// None while hidden or scrolled away.
    pub cursor: Option<Cursor>,
    pub scroll: ScrollPosition,
    pub clicks: ClicksGo,
}

/// What changed since the picture that a client has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameDelta {
    pub size: Size,
    /// Changed rows with their numbers from the top. With a new size all rows are here.
    pub rows: Vec<(u16, Row)>,
    pub cursor: Option<Cursor>,
    pub scroll: ScrollPosition,
    #[serde(default)]
    pub clicks: ClicksGo,
}

impl ScrollPosition {
    /// The number of the first row that is shown.
    pub fn first_row(self) -> i64 {
        self.left - i64::from(self.up)
    }
}

impl TextRow {
    pub fn new(text: &str, wrapped: bool) -> TextRow {
        let text = if wrapped { text } else { text.trim_end() };
        TextRow { text: text.to_owned(), wrapped }
    }
}

impl Frame {
    /// A blank picture.
    pub fn blank(size: Size) -> Frame {
        Frame {
            size,
            rows: vec![Row::default(); usize::from(size.rows)],
            cursor: None,
            scroll: ScrollPosition::default(),
            clicks: ClicksGo::default(),
        }
    }

    /// What a client with `seen` must change to have this picture; None where nothing differs.
    pub fn delta_from(&self, seen: &Frame) -> Option<FrameDelta> {
        let resized = self.size != seen.size;
        let rows: Vec<(u16, Row)> = (0u16..)
            .zip(&self.rows)
            .filter(|(number, row)| resized || seen.rows.get(usize::from(*number)) != Some(row))
            .map(|(number, row)| (number, row.clone()))
            .collect();
        let Frame { size, cursor, scroll, clicks, .. } = *self;
        let same = rows.is_empty() && cursor == seen.cursor && scroll == seen.scroll && clicks == seen.clicks;
        (!same || resized).then_some(FrameDelta { size, rows, cursor, scroll, clicks })
    }

    /// Takes over a change. Rows outside the picture are ignored.
    pub fn apply(&mut self, delta: FrameDelta) {
        if delta.size != self.size {
            *self = Frame::blank(delta.size);
        }
        for (number, row) in delta.rows {
            if let Some(place) = self.rows.get_mut(usize::from(number)) {
                *place = row;
            }
        }
        self.cursor = delta.cursor;
        self.scroll = delta.scroll;
        self.clicks = delta.clicks;
    }
}

impl Row {
    /// The row's text without styles, blanks at its end left out.
    pub fn text(&self) -> String {
        let text: String = self.runs.iter().map(|run| run.text.as_str()).collect();
        text.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> Row {
        Row { runs: vec![Run { style: Style::default(), width: RunWidth::Narrow, text: text.into() }] }
    }

    #[test]
    fn a_delta_brings_a_client_to_the_same_picture_and_holds_only_what_changed() {
        let mut seen = Frame::blank(Size { columns: 4, rows: 3 });
        let mut new = seen.clone();
        assert_eq!(new.delta_from(&seen), None);
        new.rows[1] = row("abc");
        new.scroll.most = 7;
        let delta = new.delta_from(&seen).expect("a row differs");
        assert_eq!(delta.rows, [(1, row("abc"))]);
        seen.apply(delta);
        assert_eq!(seen, new);
    }

    #[test]
    fn a_new_size_brings_every_row() {
        let mut seen = Frame::blank(Size { columns: 4, rows: 3 });
        let new = Frame { rows: vec![row("x"), row("")], ..Frame::blank(Size { columns: 5, rows: 2 }) };
        let delta = new.delta_from(&seen).expect("the size differs");
        assert_eq!(delta.rows.len(), 2);
        seen.apply(delta);
        assert_eq!(seen, new);
    }
}
