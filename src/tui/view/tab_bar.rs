//! The row of tabs: number, title and a mark whose shape says what the conversation does.

use super::super::app::App;
use super::super::layout::tab_row;
use super::super::theme;
use super::{alert, chosen, end_mark, put_line, quiet, strong, text};
use crate::domain::worktree::Work;
use crate::protocol::message::{Conversation, Status};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Less of a branch's name tells nothing.
const PLACE_COLUMNS_LEAST: usize = 10;

pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let tabs = tab_row(app, area);
    if tabs.left > 0 {
        put_line(buffer, area, 0, &Line::styled(format!("<{}", tabs.left), quiet()));
    }
    for cell in &tabs.cells {
        let Some(conversation) = app.conversations.get(&cell.conversation) else { continue };
        let text = Span::raw(format!(" {} {} ", cell.number, cell.title));
        let line = Line::from(vec![text, mark(conversation), Span::raw(" ")]);
        put_line(buffer, cell.area, 0, &line);
        if app.active == Some(cell.conversation) {
            buffer.set_style(cell.area, chosen().patch(strong()));
        }
    }
    if tabs.right > 0 {
        let text = format!("{}>", tabs.right);
        let end = tabs.plus.map_or(area.right(), |plus| plus.x);
        let width = u16::try_from(text.len()).unwrap_or(0).min(area.width);
        let place = Rect::new(end.saturating_sub(width).max(area.x), area.y, width, 1);
        put_line(buffer, place, 0, &Line::styled(text, quiet()));
    }
    if let Some(plus) = tabs.plus {
        put_line(buffer, plus, 0, &Line::styled(" + ", quiet()));
    }
    let from = tabs.cells.last().map_or(area.x, |cell| cell.area.right());
    let to = tabs.plus.map_or(area.right(), |plus| plus.x);
    if let Some(words) = app.active().and_then(worktree_words)
        && tabs.right == 0
    {
        let room = Rect::new(from, area.y, to.saturating_sub(from), 1);
        let width = usize::from(room.width.saturating_sub(2));
        let words = if width < PLACE_COLUMNS_LEAST { String::new() } else { text::cut_end(&words, width) };
        let columns = u16::try_from(text::columns(&words)).unwrap_or(0);
        let place = Rect::new(room.right().saturating_sub(columns + 1).max(room.x), area.y, columns.min(room.width), 1);
        put_line(buffer, place, 0, &Line::styled(words, quiet()));
    }
}

/// The branch of the worktree in which the shown conversation works, and what stands there and nowhere else: `on fix-login: 3 changed`.
fn worktree_words(conversation: &Conversation) -> Option<String> {
    let worktree = conversation.worktree.as_ref()?;
    let branch = text::clean(&worktree.branch);
    let work = conversation.tree_work.map(Work::words).filter(|words| !words.is_empty());
    Some(work.map_or_else(|| format!("on {branch}"), |work| format!("on {branch}: {work}")))
}

/// What the conversation does, in one character. What needs the person comes first.
pub fn mark(conversation: &Conversation) -> Span<'static> {
    match (&conversation.status, &conversation.unread) {
        (Status::NeedsApproval, _) => Span::styled("!", alert()),
        (Status::NeedsAnswer, _) => Span::styled("?", alert()),
        (Status::Sending | Status::Working, _) => Span::styled("*", Style::new().fg(theme::ACCENT)),
        // Its queue waits until the person says what is to become of it.
        _ if conversation.queue_held.is_some() => Span::styled("+", alert()),
        (Status::Draft | Status::Idle | Status::AsleepWillResume | Status::AsleepCannotResume, Some(end)) => {
            end_mark(end)
        }
        (Status::AsleepWillResume | Status::AsleepCannotResume, None) => Span::styled("z", quiet()),
        (Status::Draft | Status::Idle, None) => Span::raw(" "),
    }
}
