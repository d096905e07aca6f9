//! How copying looks: the text in the pane's place with what is selected and found marked, and the rule that says where one is.

use super::super::app::App;
use super::super::copy::Copy;
use super::super::copy::find::Direction;
use super::super::copy::text::Place;
use super::super::layout::layout;
use super::{accent, alert, blank, pane, put_line, text};
use crate::terminal::frame::{Row, Run, RunWidth, Style as CellStyle};
use crate::terminal::line::{CellText, cell_texts};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use std::ops::Range;

/// The keys that are said, as many as there is room for.
const KEYS: [&str; 4] = [
    "v characters  V lines  ^V block  y copy  / find  q leave",
    "v V ^V select  y copy  / find  q leave",
    "v select  y copy  q leave",
    "y copy  q leave",
];

/// The pane's rows in which the text is seen.
pub fn area(app: &App) -> Rect {
    let layout = layout(app);
    match layout.rule.is_empty() {
        // In a low window the words lie over the pane's last row.
        true => Rect { height: layout.pane.height.saturating_sub(1), ..layout.pane },
        false => layout.pane,
    }
}

/// Rows that are seen at once.
pub fn seen(app: &App) -> usize {
    area(app).height.max(1).into()
}

/// Draws the text and returns where the cursor is.
pub fn draw(app: &App, copy: &Copy, buffer: &mut Buffer) -> Option<Position> {
    let area = area(app).intersection(buffer.area);
    blank(buffer, area);
    let cut = copy.cut_columns(area.width.into());
    for (y, row) in (area.y..area.bottom()).zip(copy.top..copy.text.rows.len()) {
        let place = Rect { y, height: 1, ..area };
        draw_row(app, copy, row, cut, place, buffer);
        let found = copy.found.iter().flat_map(|found| found.in_row(row));
        for cells in found {
            mark(cells, cut, alert().add_modifier(Modifier::UNDERLINED), place, buffer);
        }
        if let Some(cells) = copy.selection().and_then(|selection| selection.cells(&copy.text, row)) {
            mark(cells, cut, Style::new().add_modifier(Modifier::REVERSED), place, buffer);
        }
    }
    let typed = draw_rule(app, copy, buffer);
    typed.or_else(|| {
        let row = u16::try_from(copy.cursor.row.checked_sub(copy.top)?).ok()?;
        let column = u16::try_from(copy.cursor.column.checked_sub(cut)?).ok()?;
        let position = Position::new(area.x.checked_add(column)?, area.y.checked_add(row)?);
        area.contains(position).then_some(position)
    })
}

/// A row as the agent's picture has it, where that shows the same text; else without its looks.
fn draw_row(app: &App, copy: &Copy, row: usize, cut: usize, place: Rect, buffer: &mut Buffer) {
    let screen = app.desk().and_then(|desk| desk.screen.as_ref());
    let number = copy.text.first.saturating_add(i64::try_from(row).unwrap_or(i64::MAX));
    let pictured = screen.and_then(|screen| {
        let at = usize::try_from(number.checked_sub(screen.frame.scroll.first_row())?).ok()?;
        screen.frame.rows.get(at)
    });
    let plain = copy.text.row(row);
    let cut = u16::try_from(cut).unwrap_or(u16::MAX);
    match pictured.filter(|row| row.text() == plain.trim_end()) {
        Some(row) => pane::draw_row(row, cut, place, buffer),
        None => pane::draw_row(&runs(plain), cut, place, buffer),
    }
}

fn runs(text: &str) -> Row {
    let run = |one: CellText| Run {
        style: CellStyle::default(),
        width: RunWidth::Cluster(u8::try_from(one.cells).unwrap_or(1)),
        text: one.text.to_owned(),
    };
    Row { runs: cell_texts(text).map(run).collect() }
}

fn mark(cells: Range<usize>, cut: usize, style: Style, place: Rect, buffer: &mut Buffer) {
    let column = |cell: usize| u16::try_from(cell.saturating_sub(cut)).unwrap_or(u16::MAX).min(place.width);
    let (from, end) = (column(cells.start), column(cells.end));
    buffer.set_style(Rect { x: place.x + from, width: end - from, ..place }.intersection(place), style);
}

/// Where one is, what was found, and the keys; or the line that is typed in.
fn draw_rule(app: &App, copy: &Copy, buffer: &mut Buffer) -> Option<Position> {
    let layout = layout(app);
    let row = match layout.rule.is_empty() {
        true => Rect { y: layout.pane.bottom().saturating_sub(1), height: 1.min(layout.pane.height), ..layout.pane },
        false => layout.rule,
    };
    if row.is_empty() {
        return None;
    }
    blank(buffer, row);
    let width = usize::from(row.width);
    if let Some(typing) = &copy.typing {
        let sign = if typing.direction == Direction::Forward { "/" } else { "?" };
        let count = found_words(copy).map(|words| format!(" {words} ")).unwrap_or_default();
        let room = row.width.saturating_sub(u16::try_from(text::columns(&count)).unwrap_or(row.width) + 1).max(1);
        put_line(buffer, row, 0, &Line::styled(sign, accent()));
        let behind = Rect { x: row.x + 1 + room, width: row.width.saturating_sub(room + 1), ..row }.intersection(row);
        put_line(buffer, behind, 0, &Line::styled(count, accent()));
        let field = Rect { x: row.x + 1, width: room, ..row }.intersection(row);
        let (column, line) = typing.text.draw(field, buffer, Style::new());
        return Some(Position::new(field.x + column, field.y + line));
    }
    let left = text::cut_end(&format!("── {} ", words(app, copy)), width);
    let room = width.saturating_sub(text::columns(&left));
    let right = KEYS.iter().map(|keys| format!(" {keys} ──")).find(|keys| text::columns(keys) <= room);
    let right = right.unwrap_or_default();
    let line = "─".repeat(room - text::columns(&right));
    put_line(buffer, row, 0, &Line::styled(format!("{left}{line}{right}"), accent()));
    None
}

fn words(app: &App, copy: &Copy) -> String {
    let of = match copy.is_whole() {
        true => format!("row {} of {}", copy.cursor.row + 1, copy.text.rows.len()),
        false => "reading ...".to_owned(),
    };
    let left = app.desk().and_then(|desk| desk.screen.as_ref()).map_or(0, |screen| screen.frame.scroll.left);
    let new = match copy.new_rows(left) {
        0 => String::new(),
        rows => format!(" · {rows} new below"),
    };
    let found = found_words(copy).map(|words| format!(" · {words}")).unwrap_or_default();
    format!("{of}{new}{found}")
}

fn found_words(copy: &Copy) -> Option<String> {
    let found = copy.found.as_ref().filter(|found| !found.wanted.is_empty())?;
    let more = if found.is_cut { "+" } else { "" };
    Some(match (copy.number_of_match(), found.matches.len()) {
        (_, 0) => "not found".to_owned(),
        (Some(number), count) => format!("{number} of {count}{more} found"),
        (None, count) => format!("{count}{more} found"),
    })
}

/// The place of the text that a cell of the window shows; beyond the pane the nearest one.
pub fn cell_at(app: &App, copy: &Copy, column: u16, row: u16) -> Place {
    let area = area(app);
    let column = usize::from(column.saturating_sub(area.x)) + copy.cut_columns(area.width.into());
    let row = copy.top + usize::from(row.clamp(area.y, area.bottom().saturating_sub(1)) - area.y);
    Place { row, column }
}
