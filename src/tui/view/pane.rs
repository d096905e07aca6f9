//! The pane: the agent's own screen, or in its place the record, a chosen turn, or the first words of a new conversation.

use super::super::app::{App, Keyboard, Link, Screen, ScreenState};
use super::super::keymap::Command;
use super::super::layout::{PanelPlace, frame_offset, layout};
use super::{put_line, quiet, reader, strong, text};
use crate::domain::conversation::Begun;
use crate::protocol::message::Conversation;
use crate::terminal::frame::{Color as CellColor, Frame, Row, Run, RunWidth, Style as CellStyle};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use unicode_segmentation::UnicodeSegmentation;

/// Draws the pane and returns where the agent's cursor is.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let Some(conversation) = app.active() else {
        draw_before_first(app, area, buffer);
        return None;
    };
    if app.keyboard() == Keyboard::Turns && layout(app).panel_place == PanelPlace::Beside {
        draw_chosen(app, area, buffer);
        return None;
    }
    let screen = app.desk().and_then(|desk| desk.screen.as_ref()).filter(|_| !app.shows_record());
    match screen {
        Some(screen) => draw_screen(screen, area, buffer),
        None if conversation.turns == 0 && conversation.session.is_none() && conversation.begun == Begun::New => {
            draw_welcome(app, conversation, area, buffer);
            None
        }
        None => {
            reader::draw(app, area, buffer);
            None
        }
    }
}

fn draw_before_first(app: &App, area: Rect, buffer: &mut Buffer) {
    let words = match &app.link {
        Link::Down { .. } if app.is_stopped() => "the host was stopped; Enter starts it again".to_owned(),
        Link::Connecting | Link::Asking | Link::Up => "connecting to the host ...".to_owned(),
        Link::Down { why, .. } => format!("no host: {why}"),
    };
    for (row, line) in (1..).zip(text::wrap(&words, usize::from(area.width.saturating_sub(2)))) {
        put_line(buffer, area, row, &Line::styled(format!(" {line}"), quiet()));
    }
}

fn draw_welcome(app: &App, conversation: &Conversation, area: Rect, buffer: &mut Buffer) {
    let agent = text::clean(&conversation.wanted.agent);
    let model = conversation.wanted.model.as_deref().map(|model| format!(", model {}", text::clean(model)));
    let width = usize::from(area.width.saturating_sub(4));
    let heading = format!("A new conversation with {agent}{}", model.unwrap_or_default());
    let folder = format!("in {}", text::clean(&conversation.wanted.folder));
    let mut lines = vec![Line::default()];
    lines.extend(text::wrap(&heading, width).into_iter().map(|row| Line::styled(row, strong())));
    lines.push(Line::raw(text::cut_middle(&folder, width)));
    lines.push(Line::default());
    for words in [
        "Type a message below and press Enter. That starts a session, and every further message goes to the same one.",
        "Closing the window ends nothing: come back with threadkeep.",
    ] {
        lines.extend(text::wrap(words, width).into_iter().map(Line::raw));
        lines.push(Line::default());
    }
    for (command, words) in
        [(Command::NewTabWith, "another agent"), (Command::Model, "another model"), (Command::Help, "all keys")]
    {
        lines.push(Line::styled(text::cut_end(&format!("{}  {words}", app.way(command)), width), quiet()));
    }
    let inside = Rect { x: area.x + 2.min(area.width - 1), width: area.width.saturating_sub(2), ..area };
    for (row, line) in (0..).zip(&lines) {
        put_line(buffer, inside, row, line);
    }
}

/// The turn that is chosen in the list beside the pane.
fn draw_chosen(app: &App, area: Rect, buffer: &mut Buffer) {
    let Some(desk) = app.desk() else { return };
    if let Some(chosen) = desk.chosen {
        reader::draw_turn(app, chosen, desk.chosen_at, area, buffer);
    }
}

fn draw_screen(screen: &Screen, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    draw_frame(&screen.frame, area, buffer);
    if screen.state == ScreenState::Ended {
        buffer.set_style(area, quiet());
    }
    cursor(screen, area)
}

/// Draws an agent's picture, as much of it as there is room for, and returns where its cursor is.
pub fn draw_frame(frame: &Frame, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let (left, top) = frame_offset(frame, area);
    let rows = frame.rows.iter().skip(usize::from(top)).take(usize::from(area.height));
    for (y, row) in (area.y..).zip(rows) {
        draw_row(row, left, Rect { y, height: 1, ..area }, buffer);
    }
    cursor_of(frame, area)
}

/// Words of ours over the last row of a picture that has the whole terminal.
pub fn draw_hint(words: &str, area: Rect, buffer: &mut Buffer) {
    let words = text::cut_end(words, usize::from(area.width));
    let style = Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD);
    put_line(buffer, area, area.height.saturating_sub(1), &Line::styled(words, style));
}

/// Draws one row of the agent's picture into a buffer of that row, where nothing of the picture is cut (`view::bare_pane`).
pub fn draw_one_row(screen: &Screen, row: u16, buffer: &mut Buffer) {
    if let Some(row) = screen.frame.rows.get(usize::from(row)) {
        draw_row(row, 0, buffer.area, buffer);
    }
}

/// Where the agent's cursor is in the window.
pub fn cursor(screen: &Screen, area: Rect) -> Option<Position> {
    if screen.state == ScreenState::Ended { None } else { cursor_of(&screen.frame, area) }
}

fn cursor_of(frame: &Frame, area: Rect) -> Option<Position> {
    let (left, top) = frame_offset(frame, area);
    let cursor = frame.cursor?;
    let position = Position::new(area.x + cursor.column.checked_sub(left)?, area.y + cursor.row.checked_sub(top)?);
    area.contains(position).then_some(position)
}

/// Puts a row's runs into cells. The emulator's widths rule: what this terminal would draw wider is cut to its first character.
pub fn draw_row(row: &Row, left: u16, area: Rect, buffer: &mut Buffer) {
    let mut column: u32 = 0;
    for run in &row.runs {
        let style = style(run.style);
        match run.width {
            RunWidth::Cluster(cells) => {
                put_cell(&run.text, cells, column, left, style, area, buffer);
                column += u32::from(cells);
            }
            RunWidth::Narrow | RunWidth::Wide => {
                let cells = if run.width == RunWidth::Wide { 2 } else { 1 };
                column = draw_run(run, cells, column, left, style, area, buffer);
            }
        }
    }
}

fn draw_run(run: &Run, cells: u8, mut column: u32, left: u16, style: Style, area: Rect, buffer: &mut Buffer) -> u32 {
    let mut bytes = [0; 4];
    for char in run.text.chars() {
        put_cell(char.encode_utf8(&mut bytes), cells, column, left, style, area, buffer);
        column += u32::from(cells);
    }
    column
}

fn put_cell(symbol: &str, cells: u8, column: u32, left: u16, style: Style, area: Rect, buffer: &mut Buffer) {
    let Some(at) = column.checked_sub(u32::from(left)).and_then(|at| u16::try_from(at).ok()) else { return };
    if at >= area.width {
        return;
    }
    if cells == 1 && matches!(symbol.as_bytes(), [b' '..=b'~']) {
        // Nearly every cell is one of these, and measuring costs more than drawing.
        if let Some(place) = buffer.cell_mut(Position::new(area.x + at, area.y)) {
            place.set_symbol(symbol).set_style(style);
        }
        return;
    }
    let fits = at + u16::from(cells) <= area.width;
    let width = text::columns(symbol);
    let shown = if !fits || width == 0 || symbol.chars().any(char::is_control) {
        " "
    } else if width > usize::from(cells) {
        symbol.char_indices().nth(1).map_or(" ", |(end, _)| &symbol[..end])
    } else {
        symbol.graphemes(true).next().unwrap_or(" ")
    };
    let shown = if text::columns(shown) > usize::from(cells) { " " } else { shown };
    for cell in 0..u16::from(cells).min(area.width - at) {
        if let Some(place) = buffer.cell_mut(Position::new(area.x + at + cell, area.y)) {
            place.set_symbol(if cell == 0 { shown } else { " " });
            place.set_style(style);
        }
    }
}

fn style(style: CellStyle) -> Style {
    let mut made = Style::new().fg(color(style.foreground)).bg(color(style.background));
    for (flag, modifier) in [
        (CellStyle::BOLD, Modifier::BOLD),
        (CellStyle::DIM, Modifier::DIM),
        (CellStyle::ITALIC, Modifier::ITALIC),
        (CellStyle::UNDERLINE, Modifier::UNDERLINED),
        (CellStyle::INVERSE, Modifier::REVERSED),
        (CellStyle::HIDDEN, Modifier::HIDDEN),
        (CellStyle::STRIKEOUT, Modifier::CROSSED_OUT),
    ] {
        if style.flags & flag != 0 {
            made = made.add_modifier(modifier);
        }
    }
    made
}

fn color(color: CellColor) -> Color {
    match color {
        CellColor::Default => Color::Reset,
        CellColor::Indexed(index) => Color::Indexed(index),
        CellColor::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    }
}
