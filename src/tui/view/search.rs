//! How the search looks: a line to type in, and two rows for each turn that was found: where it is, and the text around the words.

use super::super::app::App;
use super::super::composer::Composer;
use super::super::layout::layout;
use super::super::search::Search;
use super::{accent, alert, blank, chosen, put_line, quiet, strong, text, turn_mark};
use crate::domain::search::{Found, Looked, Piece};
use crate::domain::when;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

/// The heading and the line that is typed in.
const HEAD_ROWS: u16 = 2;
const ROWS_OF_TURN: u16 = 2;
/// What stands before the text that is typed.
const INDENT: u16 = 2;

pub fn draw(app: &App, page: &Search, buffer: &mut Buffer) -> Option<Position> {
    let area = area(app).intersection(buffer.area);
    blank(buffer, area);
    let width = usize::from(area.width);
    let head = text::cut_end(&format!("── search{} · Enter: open · Esc: back ", state_words(page)), width);
    let rest = "─".repeat(width.saturating_sub(text::columns(&head)));
    put_line(buffer, area, 0, &Line::styled(format!("{head}{rest}"), accent()));
    for (row, line) in (HEAD_ROWS..area.height).zip(lines(app, page, width)) {
        put_line(buffer, area, row, &line);
    }
    draw_field("/", &page.text, area, buffer)
}

/// All but the status line.
fn area(app: &App) -> Rect {
    let status = layout(app).status.height;
    Rect::new(0, 0, app.size.columns, app.size.rows.saturating_sub(status))
}

/// The turns that are seen at once.
pub fn turns_seen(app: &App) -> usize {
    (area(app).height.saturating_sub(HEAD_ROWS) / ROWS_OF_TURN).into()
}

/// The turn in this row of the window.
pub fn turn_at(app: &App, row: u16) -> Option<usize> {
    let Some(super::Page::Search(page)) = &app.page else { return None };
    let at = page.top + usize::from(row.checked_sub(HEAD_ROWS)? / ROWS_OF_TURN);
    (at < page.found().len()).then_some(at)
}

fn state_words(page: &Search) -> String {
    let looking = if page.asked.is_some() { " · looking ..." } else { "" };
    match page.came.as_ref().map(|came| &came.findings) {
        Some(Ok(findings)) => {
            let newest = match findings.looked {
                Looked::AtAll => "",
                Looked::AtNewest => ", only the newest were filtered",
            };
            format!(" · {} found{newest}{looking}", findings.found.len())
        }
        Some(Err(_)) | None => looking.to_owned(),
    }
}

fn lines(app: &App, page: &Search, width: usize) -> Vec<Line<'static>> {
    match page.came.as_ref().map(|came| &came.findings) {
        None => hints(width),
        Some(Err(why)) => text::wrap(why, width).into_iter().map(|row| Line::styled(row, alert())).collect(),
        Some(Ok(findings)) if findings.found.is_empty() => {
            vec![Line::styled(text::cut_end("no turn is like that", width), alert())]
        }
        Some(Ok(findings)) => {
            let seen = findings.found.iter().enumerate().skip(page.top).take(turns_seen(app));
            seen.flat_map(|(at, found)| turn_lines(app, found, width, at == page.chosen)).collect()
        }
    }
}

fn hints(width: usize) -> Vec<Line<'static>> {
    let words = [
        "Words of messages and answers of all conversations. All must occur; the beginning of a word is enough.",
        "Filters: agent:NAME in:FOLDER is:failed is:completed is:interrupted is:unknown is:working is:asks is:queued is:open is:closed since:2d before:2026-11-01",
    ];
    let rows = words.iter().flat_map(|words| text::wrap(words, width.saturating_sub(2)));
    rows.map(|row| Line::styled(format!(" {row}"), quiet())).collect()
}

fn turn_lines(app: &App, found: &Found, width: usize, is_chosen: bool) -> [Line<'static>; 2] {
    let age = when::past(app.now.wall, found.at);
    let place = format!(
        " · {} · turn {} · {} · {}",
        found.state.word(),
        found.turn,
        text::clean(&found.agent),
        text::clean(&found.folder)
    );
    let room = width.saturating_sub(4 + text::columns(&age) + 2);
    let title = text::cut_end(&text::clean(&found.title), room.min(width / 2));
    let place = text::cut_end(&place, room.saturating_sub(text::columns(&title)));
    let gap = " ".repeat(room.saturating_sub(text::columns(&title) + text::columns(&place)));
    let style = if is_chosen { chosen() } else { Style::new() };
    let head = Line::from(vec![
        Span::styled(if is_chosen { "> " } else { "  " }, accent()),
        turn_mark(&found.state),
        Span::raw(" "),
        Span::styled(title, strong().patch(style)),
        Span::styled(place, if is_chosen { style } else { quiet() }),
        Span::styled(format!("{gap}  {age}"), quiet()),
    ]);
    [head, snippet_line(&found.snippet, width)]
}

/// Hits are told by more than colour, for their weight and a line under them.
fn snippet_line(pieces: &[Piece], width: usize) -> Line<'static> {
    let mut spans = vec![Span::raw("      ")];
    let mut room = width.saturating_sub(6);
    for piece in pieces {
        let words = text::cut_end(&text::clean(piece.text()), room);
        room -= text::columns(&words).min(room);
        spans.push(match piece {
            Piece::Plain(_) => Span::raw(words),
            Piece::Hit(_) => Span::styled(words, strong().add_modifier(Modifier::UNDERLINED)),
        });
    }
    Line::from(spans)
}

/// The line that is typed in, below the heading of its page.
pub fn draw_field(mark: &'static str, field: &Composer, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let row = Rect { y: area.y + 1, height: 1, ..area }.intersection(area);
    if row.is_empty() {
        return None;
    }
    put_line(buffer, row, 0, &Line::styled(mark, accent()));
    let indent = INDENT.min(row.width - 1);
    let inside = Rect { x: row.x + indent, width: row.width - indent, ..row };
    let (column, line) = field.draw(inside, buffer, Style::new());
    Some(Position::new(inside.x + column, inside.y + line))
}
