//! How the window looks. Reads `&App`, changes nothing; its colors are roles (`theme.rs`), and no meaning hangs on one alone.
//!
//! Change here: the order in which parts are drawn, and the looks they share. One file a part.

pub mod agents;
pub mod changes;
pub mod completion;
pub mod composer;
pub mod copy;
pub mod history;
pub mod overview;
pub mod page;
pub mod palette;
pub mod pane;
pub mod prose;
pub mod reader;
pub mod record;
pub mod requests;
pub mod search;
pub mod status_line;
pub mod tab_bar;
pub mod text;
pub mod turn_panel;
pub mod which_key;
pub mod work;

#[cfg(test)]
mod tests;

use super::app::{App, Keyboard, Page, Prefix, ScreenState};
use super::layout::{PanelPlace, frame_offset, layout};
use super::theme;
use super::update;
use crate::domain::turn::{TurnEnd, TurnState};
use crate::terminal::frame::Cursor;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

/// Draws the whole window into a blank buffer of the window's size. Returns where the cursor stands, if it shows.
pub fn draw(buffer: &mut Buffer, app: &App) -> Option<Position> {
    let area = buffer.area;
    let layout = layout(app);
    tab_bar::draw(app, layout.tab_bar, buffer);
    let mut cursor = pane::draw(app, layout.pane, buffer);
    if layout.panel_place != PanelPlace::None {
        turn_panel::draw(app, layout.panel, buffer);
    }
    composer::draw_rule(app, &layout, buffer);
    join_lines(buffer, layout.panel, layout.rule);
    let typing = composer::draw(app, layout.composer, buffer);
    cursor = match app.keyboard() {
        Keyboard::Composer => typing,
        Keyboard::Agent => cursor,
        Keyboard::Turns | Keyboard::Record => None,
    };
    if update::completion::is_shown(app) {
        completion::draw(app, &layout, buffer);
    }
    status_line::draw(app, layout.status, buffer);
    status_line::draw_long_notice(app, &layout, buffer);
    if let Some(page) = &app.page {
        cursor = page::draw(app, page, buffer);
    }
    if let Prefix::Shown { page } = app.prefix {
        which_key::draw(app, page, buffer);
        cursor = None;
    }
    theme::paint(buffer, &theme::in_force(&app.config, app.background, app.colors), app.colors);
    cursor.filter(|position| area.contains(*position))
}

/// Where the agent's picture stands whole, with nothing of ours over it; none where drawing all anew is the way.
pub fn bare_pane(app: &App) -> Option<Rect> {
    let covered = app.page.is_some() || app.prefix != Prefix::None || app.notice.is_some();
    let covered = covered || update::completion::is_shown(app);
    let layout = layout(app);
    let screen = app.live_screen().filter(|screen| screen.state == ScreenState::Live && !app.shows_record())?;
    let covered = covered || layout.panel_place == PanelPlace::Over;
    let uncut = screen.frame.scroll.up == 0 && frame_offset(&screen.frame, layout.pane) == (0, 0);
    (uncut && !covered && app.keyboard() != Keyboard::Turns).then_some(layout.pane)
}

/// The cursor of the agent's screen, if that is the one that is shown.
pub fn agent_cursor(app: &App) -> Option<Cursor> {
    let typing = app.page.is_none() && !matches!(app.prefix, Prefix::Shown { .. }) && app.keyboard() == Keyboard::Agent;
    app.live_screen().filter(|_| typing).and_then(|screen| screen.frame.cursor)
}

pub fn plain() -> Style {
    Style::new()
}

/// For what is at rest or of less weight.
pub fn quiet() -> Style {
    Style::new().fg(theme::QUIET)
}

pub fn strong() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

/// For the part that has the keyboard.
pub fn accent() -> Style {
    Style::new().fg(theme::ACCENT).add_modifier(Modifier::BOLD)
}

pub fn trouble() -> Style {
    Style::new().fg(theme::TROUBLE).add_modifier(Modifier::BOLD)
}

/// For what waits for the person.
pub fn alert() -> Style {
    Style::new().fg(theme::ALERT).add_modifier(Modifier::BOLD)
}

pub fn chosen() -> Style {
    Style::new().add_modifier(Modifier::REVERSED)
}

/// Shape and colour of a turn's state.
pub fn turn_mark(state: &TurnState) -> Span<'static> {
    match state {
        TurnState::Queued => Span::styled("+", plain()),
        TurnState::Sending | TurnState::Working => Span::styled("*", Style::new().fg(theme::ACCENT)),
        TurnState::NeedsApproval => Span::styled("!", alert()),
        TurnState::NeedsAnswer => Span::styled("?", alert()),
        TurnState::Ended(end) => end_mark(end),
    }
}

pub fn end_mark(end: &TurnEnd) -> Span<'static> {
    match end {
        TurnEnd::Completed => Span::styled("✓", Style::new().fg(theme::DONE)),
        TurnEnd::Failed(_) => Span::styled("✗", Style::new().fg(theme::TROUBLE).add_modifier(Modifier::BOLD)),
        TurnEnd::Interrupted(_) => Span::styled("-", Style::new().fg(theme::ALERT)),
        TurnEnd::Unknown(_) => Span::styled("~", Style::new().fg(theme::UNKNOWN)),
    }
}

/// One line from the left, cut at the area's end.
pub fn put_line(buffer: &mut Buffer, area: Rect, row: u16, line: &Line) {
    if row < area.height {
        buffer.set_line(area.x, area.y + row, line, area.width);
    }
}

/// Makes an area blank, whatever lay there.
fn blank(buffer: &mut Buffer, area: Rect) {
    let area = area.intersection(buffer.area);
    for position in area.positions() {
        if let Some(cell) = buffer.cell_mut(position) {
            cell.reset();
        }
    }
    // The left half of a wide character may have been left alone.
    if area.x > 0 {
        for row in area.top()..area.bottom() {
            let left = Position::new(area.x - 1, row);
            if let Some(cell) = buffer.cell_mut(left).filter(|cell| text::columns(cell.symbol()) > 1) {
                cell.set_symbol(" ");
            }
        }
    }
}

/// Where the panel's line meets the one over the composer, unless words stand there.
fn join_lines(buffer: &mut Buffer, panel: Rect, rule: Rect) {
    if panel.is_empty() || panel.bottom() != rule.y {
        return;
    }
    let is_line = |column| buffer.cell(Position::new(column, rule.y)).is_some_and(|cell| cell.symbol() == "─");
    if is_line(panel.x)
        && is_line(panel.x + 1)
        && let Some(cell) = buffer.cell_mut(Position::new(panel.x, rule.y))
    {
        cell.set_symbol("┴");
    }
}

/// A frame of lines around an area with words in its upper line; returns the inside.
fn draw_box(buffer: &mut Buffer, area: Rect, title: &str, style: Style) -> Rect {
    use ratatui::widgets::{Block, Borders, Widget};
    let area = area.intersection(buffer.area);
    blank(buffer, area);
    let block = Block::new().borders(Borders::ALL).border_style(style).title(Span::styled(title.to_owned(), style));
    let inside = block.inner(area);
    block.render(area, buffer);
    inside
}

/// Whether this page covers the pane and takes its rows.
fn covers(page: &Page) -> bool {
    match page {
        Page::Help { .. } | Page::Why { .. } | Page::Turn { .. } => true,
        Page::Requests(_)
        | Page::Agents(_)
        | Page::Confirm(_)
        | Page::Rename(_)
        | Page::Model(_)
        | Page::GoTo(_)
        | Page::Export(_)
        | Page::Overview(_)
        | Page::Changes(_)
        | Page::Search(_)
        | Page::Palette(_)
        | Page::Copy(_)
        | Page::History(_) => false,
    }
}
