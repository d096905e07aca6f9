//! How earlier messages look: a line to type in, a row for each, and the chosen one whole below.

use super::super::app::{App, Page};
use super::super::history::History;
use super::super::layout::layout;
use super::super::overview;
use super::search::draw_field;
use super::{accent, alert, blank, chosen, put_line, quiet, text};
use crate::domain::when;
use crate::protocol::message::Prompt;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// The heading and the line that is typed in.
const HEAD_ROWS: u16 = 2;
/// In a lower window the list needs all rows.
const PREVIEW_FROM_ROWS: u16 = 16;

/// All but the status line.
fn area(app: &App) -> Rect {
    let status = layout(app).status.height;
    Rect::new(0, 0, app.size.columns, app.size.rows.saturating_sub(status))
}

/// The list, and below it the chosen one with the line above it.
fn parts(app: &App) -> (Rect, Rect) {
    let area = area(app);
    let below = Rect { y: area.y + HEAD_ROWS.min(area.height), height: area.height.saturating_sub(HEAD_ROWS), ..area };
    let preview = if area.height >= PREVIEW_FROM_ROWS { below.height / 3 } else { 0 };
    let list = Rect { height: below.height - preview, ..below };
    (list, Rect { y: list.bottom(), height: preview, ..below })
}

pub fn prompts_seen(app: &App) -> usize {
    parts(app).0.height.into()
}

/// The message in this row of the window.
pub fn prompt_at(app: &App, row: u16) -> Option<usize> {
    let Some(Page::History(page)) = &app.page else { return None };
    let (list, _) = parts(app);
    let at = page.top + usize::from(row.checked_sub(list.y)?);
    (row < list.bottom() && at < page.matching.len()).then_some(at)
}

pub fn draw(app: &App, page: &History, buffer: &mut Buffer) -> Option<Position> {
    let area = area(app).intersection(buffer.area);
    blank(buffer, area);
    let width = usize::from(area.width);
    let count = match &page.prompts {
        Some(prompts) => format!(" · {} of {}", page.matching.len(), prompts.len()),
        None => " · reading ...".to_owned(),
    };
    draw_head(&format!("── earlier messages{count} · Enter: take · Esc: back "), area, 0, buffer);
    let (list, preview) = parts(app);
    let prompts = page.prompts.as_deref().unwrap_or_default();
    let shown = page.matching.iter().enumerate().skip(page.top);
    for (row, (at, prompt)) in (0..list.height).zip(shown) {
        if let Some(prompt) = prompts.get(*prompt) {
            put_line(buffer, list, row, &line(app, prompt, width, at == page.chosen));
        }
    }
    if page.matching.is_empty() && page.prompts.is_some() {
        put_line(buffer, list, 0, &Line::styled(text::cut_end("no message is like that", width), alert()));
    }
    if let Some(prompt) = page.chosen().filter(|_| !preview.is_empty()) {
        draw_preview(app, prompt, preview, buffer);
    }
    draw_field("<", &page.text, area, buffer)
}

fn draw_head(words: &str, area: Rect, row: u16, buffer: &mut Buffer) {
    let width = usize::from(area.width);
    let head = text::cut_end(words, width);
    let rest = "─".repeat(width.saturating_sub(text::columns(&head)));
    put_line(buffer, area, row, &Line::styled(format!("{head}{rest}"), accent()));
}

fn line(app: &App, prompt: &Prompt, width: usize, is_chosen: bool) -> Line<'static> {
    let age = when::past(app.now.wall, prompt.at);
    let lines = prompt.text.lines().count();
    let more = match lines {
        0 | 1 => String::new(),
        2 => " +1 line".to_owned(),
        lines => format!(" +{} lines", lines - 1),
    };
    let room = width.saturating_sub(2 + text::columns(&more) + 2 + text::columns(&age));
    let words = text::cut_end(&text::first_line(&prompt.text), room);
    let gap = " ".repeat(room.saturating_sub(text::columns(&words)));
    Line::from(vec![
        Span::styled(if is_chosen { "> " } else { "  " }, accent()),
        Span::styled(words, if is_chosen { chosen() } else { Style::new() }),
        Span::styled(more, quiet()),
        Span::styled(format!("{gap}  {age}"), quiet()),
    ])
}

fn draw_preview(app: &App, prompt: &Prompt, area: Rect, buffer: &mut Buffer) {
    let title = overview::known(app, prompt.conversation).map(|one| text::clean(&one.title));
    let of = title.map(|title| format!("{title} · ")).unwrap_or_default();
    draw_head(&format!("── {of}turn {} ", prompt.turn), area, 0, buffer);
    let rows = text::wrap(&prompt.text, usize::from(area.width.saturating_sub(2)));
    for (row, words) in (1..area.height).zip(rows) {
        put_line(buffer, area, row, &Line::raw(format!(" {words}")));
    }
}
