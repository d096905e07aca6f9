//! How offered files look: a list above the composer, the chosen one marked.

use super::super::app::App;
use super::super::layout::{COMPOSER_INDENT, Layout};
use super::{blank, chosen, put_line, quiet, text};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

/// As many as one looks over; the pane stays to be seen above them.
const MOST_ROWS: usize = 8;
/// Wider names are cut in their middle.
const MOST_COLUMNS: usize = 70;
const HINT: &str = "Tab takes · Esc leaves";

/// Where the list lies, and the first one that is shown.
fn place(app: &App, layout: &Layout) -> (Rect, usize) {
    let completion = &app.completion;
    let bottom = layout.composer.y.saturating_sub(layout.rule.height);
    let rows = completion.offered.len().min(MOST_ROWS).min(bottom.saturating_sub(1).into());
    let first = (completion.chosen + 1).saturating_sub(rows);
    let shown = completion.offered.iter().skip(first).take(rows);
    let widest = shown.map(|path| text::columns(path)).chain([HINT.len()]).max().unwrap_or(0).min(MOST_COLUMNS);
    let left = layout.composer.x + COMPOSER_INDENT;
    let width = u16::try_from(widest + 2).unwrap_or(u16::MAX).min(layout.composer.width.saturating_sub(left));
    let height = u16::try_from(rows).unwrap_or(0);
    // The hint stands below the names, over the rule where there is one.
    (Rect { x: left, y: bottom - height, width, height }, first)
}

pub fn draw(app: &App, layout: &Layout, buffer: &mut Buffer) {
    let (area, first) = place(app, layout);
    if area.is_empty() {
        return;
    }
    blank(buffer, area);
    let width = usize::from(area.width);
    for (row, (at, path)) in (0..area.height).zip(app.completion.offered.iter().enumerate().skip(first)) {
        let name = text::cut_middle(&text::clean(path), width.saturating_sub(2));
        let gap = " ".repeat(width.saturating_sub(text::columns(&name) + 2));
        let style = if at == app.completion.chosen { chosen() } else { Style::new() };
        put_line(buffer, area, row, &Line::styled(format!(" {name}{gap} "), style));
    }
    if !layout.rule.is_empty() {
        let count = app.completion.offered.len();
        let words = format!(" {} of {count} · {HINT} ", app.completion.chosen + 1);
        let rule = Rect { x: area.x, width: layout.rule.width.saturating_sub(area.x), ..layout.rule };
        put_line(buffer, rule, 0, &Line::styled(text::cut_end(&words, rule.width.into()), quiet()));
    }
}

/// The one in this cell of the window.
pub fn offered_at(app: &App, layout: &Layout, column: u16, row: u16) -> Option<usize> {
    let (area, first) = place(app, layout);
    let inside = area.contains(ratatui::layout::Position::new(column, row));
    inside.then(|| first + usize::from(row - area.y))
}
