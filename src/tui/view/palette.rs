//! How the palette looks: a line to type in, and a row for each action with its key and for each conversation with its state.

use super::super::app::App;
use super::super::layout::layout;
use super::super::overview::{self, is_open, state_word};
use super::super::palette::{self, Does, Entry, Palette};
use super::search::draw_field;
use super::{accent, alert, blank, chosen, put_line, quiet, strong, tab_bar, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

/// The heading and the line that is typed in.
const HEAD_ROWS: u16 = 2;
/// What stands before the words: the sign of the chosen one and the mark of a conversation.
const LEAD_COLUMNS: usize = 4;

pub fn draw(app: &App, page: &Palette, buffer: &mut Buffer) -> Option<Position> {
    let area = area(app).intersection(buffer.area);
    blank(buffer, area);
    let width = usize::from(area.width);
    let entries = palette::entries(app, page);
    let head = format!("── actions and conversations · {} · Enter: do it · Esc: back ", entries.len());
    let head = text::cut_end(&head, width);
    let rest = "─".repeat(width.saturating_sub(text::columns(&head)));
    put_line(buffer, area, 0, &Line::styled(format!("{head}{rest}"), accent()));
    if entries.is_empty() && area.height > HEAD_ROWS {
        put_line(buffer, area, HEAD_ROWS, &Line::styled(text::cut_end("nothing is called like that", width), alert()));
    }
    for (row, (at, entry)) in (HEAD_ROWS..area.height).zip(entries.iter().enumerate().skip(page.top)) {
        put_line(buffer, area, row, &line(app, entry, width, at == page.chosen));
    }
    draw_field(":", &page.text, area, buffer)
}

/// All but the status line.
fn area(app: &App) -> Rect {
    let status = layout(app).status.height;
    Rect::new(0, 0, app.size.columns, app.size.rows.saturating_sub(status))
}

pub fn entries_seen(app: &App) -> usize {
    area(app).height.saturating_sub(HEAD_ROWS).into()
}

/// The entry in this row of the window.
pub fn entry_at(app: &App, row: u16) -> Option<usize> {
    let Some(super::Page::Palette(page)) = &app.page else { return None };
    (row < area(app).bottom()).then_some(())?;
    let at = page.top + usize::from(row.checked_sub(HEAD_ROWS)?);
    (at < palette::entries(app, page).len()).then_some(at)
}

/// The words with what was matched marked, then the key, or the state of the conversation.
fn line(app: &App, entry: &Entry, width: usize, is_chosen: bool) -> Line<'static> {
    let style = if is_chosen { chosen() } else { Style::new() };
    let (mark, right) = match &entry.does {
        Does::Act(action) => (Span::raw(" "), action.key_words(app.config.prefix)),
        Does::Show(id) => match overview::known(app, *id) {
            Some(one) => {
                let tab = if is_open(one) { "" } else { "closed · " };
                (tab_bar::mark(one), format!("{tab}{} · {}", state_word(one), text::clean(&one.wanted.agent)))
            }
            None => (Span::raw(" "), String::new()),
        },
    };
    let right = text::cut_end(&right, width.saturating_sub(LEAD_COLUMNS) / 2);
    let room = width.saturating_sub(LEAD_COLUMNS + text::columns(&right) + 1);
    let mut spans = vec![Span::styled(if is_chosen { "> " } else { "  " }, accent()), mark, Span::raw(" ")];
    let shown = text::cut_end(&text::clean(&entry.words), room);
    for (at, one) in (0..).zip(shown.graphemes(true)) {
        let is_matched = entry.matched.binary_search(&at).is_ok();
        let matched = strong().add_modifier(Modifier::UNDERLINED).patch(style);
        spans.push(Span::styled(one.to_owned(), if is_matched { matched } else { style }));
    }
    spans.push(Span::raw(" ".repeat(room.saturating_sub(text::columns(&shown)) + 1)));
    spans.push(Span::styled(right, quiet()));
    Line::from(spans)
}
