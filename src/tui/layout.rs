//! Where the parts of the window lie. Drawing and clicking ask the same functions, so a click hits what is seen.
//!
//! Change here: sizes, and what gives way first in a small window. Not here: what stands in the parts (`view`).

use super::app::{App, Keyboard, Panel};
use super::view::text;
use crate::domain::id::ConversationId;
use crate::protocol::message::Conversation;
use crate::terminal::frame::{Frame, Size};
use ratatui::layout::Rect;

/// Below this the turn panel has no place beside the pane.
const BESIDE_COLUMNS: u16 = 70;
/// A panel narrower than this shows no word whole.
const LEAST_PANEL_COLUMNS: u16 = 20;
/// Below this the rule between pane and composer is left out.
const RULE_ROWS: u16 = 8;
/// Below this the tab bar is left out.
const TAB_BAR_ROWS: u16 = 5;
/// What the prompt mark in front of the composer's text takes.
pub const COMPOSER_INDENT: u16 = 2;
/// The longest title in the tab bar, in cells.
const TITLE_COLUMNS: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Layout {
    pub tab_bar: Rect,
    pub pane: Rect,
    pub panel: Rect,
    /// The line between pane and composer; empty in a low window.
    pub rule: Rect,
    pub composer: Rect,
    pub status: Rect,
    pub panel_place: PanelPlace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PanelPlace {
    #[default]
    None,
    Beside,
    /// Over the pane's right part; the pane keeps its size beneath.
    Over,
}

pub fn layout(app: &App) -> Layout {
    let Size { columns, rows } = app.size;
    if columns == 0 || rows == 0 {
        return Layout::default();
    }
    let row = |y: u16, height: u16| Rect::new(0, y, columns, height);
    let status_rows = u16::from(rows >= 2);
    let tab_rows = u16::from(rows >= TAB_BAR_ROWS && !app.zoomed);
    let rule_rows = u16::from(rows >= RULE_ROWS);
    let composer_rows = composer_rows(app, columns, rows);
    let pane_rows = rows.saturating_sub(status_rows + tab_rows + rule_rows + composer_rows);
    let below = tab_rows + pane_rows;
    let panel_columns = panel_columns(app, columns);
    let panel_place = panel_place(app, columns, pane_rows);
    let (pane_columns, panel) = match panel_place {
        PanelPlace::None => (columns, Rect::default()),
        PanelPlace::Beside => {
            let pane = columns - panel_columns;
            (pane, Rect::new(pane, tab_rows, panel_columns, pane_rows))
        }
        PanelPlace::Over => {
            let wide = app.panel_columns.unwrap_or(app.config.turn_panel_columns).min(columns);
            (columns, Rect::new(columns - wide, tab_rows, wide, pane_rows))
        }
    };
    Layout {
        tab_bar: row(0, tab_rows),
        pane: Rect::new(0, tab_rows, pane_columns, pane_rows),
        panel,
        rule: row(below, rule_rows),
        composer: row(below + rule_rows, composer_rows),
        status: row(rows - status_rows, status_rows),
        panel_place,
    }
}

/// A configured width gives way to the pane in a small window; one that was set by hand less so.
fn panel_columns(app: &App, columns: u16) -> u16 {
    match app.panel_columns {
        Some(set) => panel_columns_within(set, columns),
        None => app.config.turn_panel_columns.min(columns * 2 / 5),
    }
}

/// The nearest width that a panel can be given by hand in a window of so many columns.
pub fn panel_columns_within(wanted: u16, columns: u16) -> u16 {
    wanted.min(columns * 3 / 5).max(LEAST_PANEL_COLUMNS.min(columns))
}

fn panel_place(app: &App, columns: u16, pane_rows: u16) -> PanelPlace {
    let wide = columns >= BESIDE_COLUMNS;
    match (app.panel, app.keyboard()) {
        _ if app.active.is_none() || pane_rows < 2 => PanelPlace::None,
        (Panel::Beside | Panel::Over, _) if wide && !app.zoomed => PanelPlace::Beside,
        (Panel::Over, _) | (_, Keyboard::Turns) => PanelPlace::Over,
        (Panel::Beside | Panel::Hidden, Keyboard::Composer | Keyboard::Agent | Keyboard::Record) => PanelPlace::None,
    }
}

/// At most a third of the window; an empty composer without the keyboard shrinks to the rule above it.
fn composer_rows(app: &App, columns: u16, rows: u16) -> u16 {
    let Some(desk) = app.desk() else { return u16::from(rows >= 3) };
    let at_rest = match desk.keyboard {
        Keyboard::Composer => false,
        Keyboard::Agent | Keyboard::Turns | Keyboard::Record => true,
    };
    match (at_rest, desk.composer.is_empty()) {
        (true, true) => 0,
        (true, false) => u16::from(rows >= 3),
        (false, _) if rows < 3 => u16::from(rows >= 2),
        (false, _) => desk.composer.rows(columns.saturating_sub(COMPOSER_INDENT), (rows / 3).max(1)),
    }
}

/// Whether the elapsed time of a running turn stands in the panel or in the rule.
pub fn shows_elapsed(app: &App) -> bool {
    let layout = layout(app);
    layout.panel_place != PanelPlace::None || (app.keyboard() == Keyboard::Composer && !layout.rule.is_empty())
}

/// The size that a view of the agent's screen is asked for. No program is given less than 2 by 2 cells.
pub fn view_size(app: &App) -> Size {
    let pane = layout(app).pane;
    Size { columns: pane.width.max(2), rows: pane.height.max(2) }
}

/// How many columns and rows of a picture are cut at its left and top so that the cursor is in the pane.
/// Only of meaning where another window has given the screen a larger size.
pub fn frame_offset(frame: &Frame, pane: Rect) -> (u16, u16) {
    let Some(cursor) = frame.cursor else { return (0, 0) };
    let cut = |cursor: u16, room: u16| (cursor + 1).saturating_sub(room);
    (cut(cursor.column, pane.width), cut(cursor.row, pane.height))
}

/// A tab's place in the tab bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TabCell {
    pub conversation: ConversationId,
    /// Counted from 1.
    pub number: usize,
    pub title: String,
    pub area: Rect,
}

/// The tabs that are shown, and how many are hidden at either side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TabRow {
    pub cells: Vec<TabCell>,
    pub left: usize,
    pub right: usize,
    /// Opens a new tab.
    pub plus: Option<Rect>,
}

/// What the plus at the right end takes.
const PLUS_COLUMNS: u16 = 3;
/// What a count of hidden tabs takes, as `<12 `.
const COUNT_COLUMNS: u16 = 4;

pub fn tab_row(app: &App, area: Rect) -> TabRow {
    if area.is_empty() {
        return TabRow::default();
    }
    let tabs = app.tabs();
    // Of many tabs few are shown, and measuring a title takes longer than drawing it.
    let width = |index: usize| tabs.get(index).map_or(0, |tab| tab_columns(index + 1, tab));
    let active = tabs.iter().position(|tab| Some(tab.id) == app.active).unwrap_or(0);
    // Where the row was scrolled, it begins there and grows to the right alone.
    let scrolled = app.first_tab.map(|first| first.min(tabs.len().saturating_sub(1)));
    let begin = scrolled.unwrap_or(active);
    let plus_columns = if area.width > 12 { PLUS_COLUMNS } else { 0 };
    let whole = area.width - plus_columns;
    let fits = |first: usize, last: usize, taken: u32| {
        let counts = COUNT_COLUMNS * (u16::from(first > 0) + u16::from(last + 1 < tabs.len()));
        taken + u32::from(counts) <= u32::from(whole)
    };
    // The active tab is always there; its neighbours come in by turns, those at the left first.
    let (mut first, mut last, mut taken) = (begin, begin, u32::from(width(begin)));
    loop {
        let before = (first, last);
        if first > 0 && scrolled.is_none() {
            let more = taken + u32::from(width(first - 1));
            if fits(first - 1, last, more) {
                (first, taken) = (first - 1, more);
            }
        }
        if last + 1 < tabs.len() {
            let more = taken + u32::from(width(last + 1));
            if fits(first, last + 1, more) {
                (last, taken) = (last + 1, more);
            }
        }
        if before == (first, last) {
            break;
        }
    }
    let mut x = area.x + if first > 0 { COUNT_COLUMNS } else { 0 };
    let end = area.x + whole;
    let mut cells = Vec::new();
    for (index, tab) in tabs.iter().enumerate().take(last + 1).skip(first) {
        let width = width(index).min(end.saturating_sub(x));
        let title = text::cut_end(&text::clean(&tab.title), TITLE_COLUMNS);
        cells.push(TabCell { conversation: tab.id, number: index + 1, title, area: Rect::new(x, area.y, width, 1) });
        x += width;
    }
    let plus = (plus_columns > 0).then(|| Rect::new(area.right() - plus_columns, area.y, plus_columns, 1));
    TabRow { cells, left: first, right: tabs.len().saturating_sub(last + 1), plus }
}

/// ` 3 title ? `: a space, the number, the title, the mark, a space.
fn tab_columns(number: usize, tab: &Conversation) -> u16 {
    let title = text::columns(&text::cut_end(&text::clean(&tab.title), TITLE_COLUMNS));
    let digits = number.to_string().len();
    u16::try_from(1 + digits + 1 + title + 3).unwrap_or(u16::MAX)
}

/// What a point of the window belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    Tab(ConversationId),
    NewTab,
    /// With the cell of the agent's screen.
    Pane {
        column: u16,
        row: u16,
    },
    /// The line between pane and panel.
    PanelBorder,
    /// With the row within the panel.
    Panel {
        row: u16,
    },
    /// With the cell of the composer's text.
    Composer {
        column: u16,
        row: u16,
    },
    Rule,
    /// The chip at the status line's left end.
    Chip,
    /// The hint at the status line's right end.
    Hint,
    Nothing,
}

/// A count of hidden tabs stands for the nearest of them.
fn hidden_tab(app: &App, tabs: &TabRow, column: u16) -> Option<ConversationId> {
    let (first, last) = (tabs.cells.first()?, tabs.cells.last()?);
    let index = match column < first.area.x {
        true => tabs.left.checked_sub(1)?,
        // The count stands at the right end; what is between is empty.
        false if tabs.right > 0 && column >= last.area.right() => last.number,
        false => return None,
    };
    app.tabs().get(index).map(|tab| tab.id)
}

/// What the widest chip and the hint of the commands take.
const CHIP_COLUMNS: u16 = 9;
const HINT_COLUMNS: u16 = 12;

pub fn hit(app: &App, column: u16, row: u16) -> Hit {
    let layout = layout(app);
    let at = ratatui::layout::Position::new(column, row);
    if layout.tab_bar.contains(at) {
        let tabs = tab_row(app, layout.tab_bar);
        return match tabs.cells.iter().find(|cell| cell.area.contains(at)) {
            Some(cell) => Hit::Tab(cell.conversation),
            None if tabs.plus.is_some_and(|plus| plus.contains(at)) => Hit::NewTab,
            None => hidden_tab(app, &tabs, column).map_or(Hit::Nothing, Hit::Tab),
        };
    }
    if layout.panel.contains(at) && column == layout.panel.x && layout.panel_place == PanelPlace::Beside {
        return Hit::PanelBorder;
    }
    if layout.panel.contains(at) {
        return Hit::Panel { row: row - layout.panel.y };
    }
    if layout.pane.contains(at) {
        let screen = app.desk().and_then(|desk| desk.screen.as_ref());
        let (left, top) = screen.map_or((0, 0), |screen| frame_offset(&screen.frame, layout.pane));
        return Hit::Pane { column: column - layout.pane.x + left, row: row - layout.pane.y + top };
    }
    if layout.rule.contains(at) {
        return Hit::Rule;
    }
    if layout.composer.contains(at) {
        let column = column.saturating_sub(layout.composer.x + COMPOSER_INDENT);
        return Hit::Composer { column, row: row - layout.composer.y };
    }
    if layout.status.contains(at) && column < CHIP_COLUMNS {
        return Hit::Chip;
    }
    if layout.status.contains(at) && column + HINT_COLUMNS >= layout.status.width {
        return Hit::Hint;
    }
    Hit::Nothing
}
