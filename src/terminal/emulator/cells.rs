//! Reads a row of the emulator's cells as a line: text with styles.
//!
//! Change here: what a cell reads as, and how it looks. Not here: which rows are read (`picture.rs`, `history.rs`, `place.rs`).

use alacritty_terminal::grid::Row as GridRow;
use alacritty_terminal::term::cell::{Cell, Flags};
use alacritty_terminal::vte::ansi::{Color as CellColor, NamedColor};

use super::super::frame::{Color, Style};
use super::super::line::Line;

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
pub(super) fn scan(row: &GridRow<Cell>, line: &mut Line) {
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
