//! What an agent asks: in the panel, in the record, and as a list in which each request is answered by itself.
//!
//! The list lies over the upper part of the window, as agents show their own dialogs at the lower end of their screen.

use super::super::app::{App, Requests};
use super::super::composer::Composer;
use super::super::keymap::Command;
use super::super::layout::layout;
use super::{accent, alert, chosen, draw_box, put_line, quiet, strong, text, trouble};
use crate::domain::request::{Choice, Request, RequestKind, RequestNumber, RequestState};
use crate::domain::turn::{Source, TurnRecord};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Rows of one request in the panel; the list has it whole.
const PANEL_ROWS: usize = 3;
/// What stands before the text of a request in the list.
const INDENT: u16 = 5;

/// What a click in the list means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Click {
    Choose(RequestNumber),
    Allow,
    Deny,
    Leave,
}

/// One row of the list.
struct Row {
    line: Line<'static>,
    click: Option<Click>,
    kind: RowKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowKind {
    Plain,
    /// Belongs to the chosen request.
    OfChosen,
    /// Here its answer is written.
    Words,
}

/// For the panel: what is open, then how many were asked and what became of them.
pub fn panel_lines(turn: &TurnRecord, width: usize) -> Vec<(Line<'static>, Option<RequestNumber>)> {
    let mut lines = Vec::new();
    for request in turn.requests.iter().filter(|request| request.is_open()) {
        let mut rows = text::wrap(&format!("{} {}", request.number.0, request.line()), width.saturating_sub(2));
        if rows.len() > PANEL_ROWS {
            rows.truncate(PANEL_ROWS);
            if let Some(last) = rows.last_mut() {
                *last = text::cut_end(&format!("{last} …"), width.saturating_sub(2));
            }
        }
        for (index, words) in rows.into_iter().enumerate() {
            let lead = if index == 0 { mark(request) } else { Span::raw(" ") };
            lines.push((Line::from(vec![lead, Span::raw(format!(" {words}"))]), Some(request.number)));
        }
        if let RequestState::Answering(choice) = &request.state {
            let words = text::cut_end(&format!("  answering: {}", choice_words(choice)), width);
            lines.push((Line::styled(words, accent()), Some(request.number)));
        }
    }
    lines.extend(counts(turn).map(|words| (Line::styled(text::cut_end(&words, width), quiet()), None)));
    lines
}

/// `asked 3 · 2 allowed · 1 denied`; none where nothing was answered or expired.
fn counts(turn: &TurnRecord) -> Option<String> {
    let closed: Vec<&Request> = turn.requests.iter().filter(|request| !request.is_open()).collect();
    let words = ["allowed", "denied", "answered", "answered in the agent's screen", "expired"];
    let parts = words.iter().filter_map(|word| {
        let number = closed.iter().filter(|request| request.state.word() == *word).count();
        (number > 0).then(|| format!(" · {number} {word}"))
    });
    (!closed.is_empty()).then(|| format!("asked {}{}", turn.requests.len(), parts.collect::<String>()))
}

/// For the record: each request with what became of it.
pub fn asked_lines(turn: &TurnRecord, width: usize) -> Vec<Line<'static>> {
    let lines = turn.requests.iter().flat_map(|request| {
        let words = format!("{}: {}", outcome(request), request.line());
        let rows = text::wrap(&words, width.saturating_sub(2)).into_iter().enumerate();
        rows.map(|(index, words)| {
            let lead = if index == 0 { mark(request) } else { Span::raw(" ") };
            Line::from(vec![Span::raw("  "), lead, Span::styled(format!(" {words}"), quiet())])
        })
    });
    lines.collect()
}

/// `allowed`, `answered "red"`, `answering: deny`.
fn outcome(request: &Request) -> String {
    match &request.state {
        RequestState::Answering(choice) => format!("answering: {}", choice_words(choice)),
        RequestState::Answered(choice @ Choice::Text(_)) => format!("answered {}", choice_words(choice)),
        RequestState::Open
        | RequestState::Answered(Choice::Allow | Choice::Deny)
        | RequestState::AnsweredInScreen
        | RequestState::Expired => request.state.word().to_owned(),
    }
}

fn choice_words(choice: &Choice) -> String {
    match choice {
        Choice::Allow => "allow".to_owned(),
        Choice::Deny => "deny".to_owned(),
        Choice::Text(words) => format!("\"{}\"", text::first_line(words)),
    }
}

/// Shape and colour of a request: yellow while it is open.
fn mark(request: &Request) -> Span<'static> {
    let sign = match request.kind {
        RequestKind::Permission => "!",
        RequestKind::Question | RequestKind::Login => "?",
    };
    Span::styled(sign, if request.is_open() { alert() } else { quiet() })
}

/// Draws the list and returns where the cursor of an answer is.
pub fn draw(app: &App, page: &Requests, buffer: &mut Buffer) -> Option<Position> {
    let rows = rows(app, page);
    let place = place(app, rows.len());
    let title = text::cut_end(&format!(" turn {} asks · Esc: back ", page.turn), usize::from(place.width));
    let inside = draw_box(buffer, place, &title, accent());
    let top = top(page, &rows, inside.height);
    let mut cursor = None;
    for (y, row) in (0..inside.height).zip(rows.iter().skip(top)) {
        put_line(buffer, inside, y, &row.line);
        if row.kind == RowKind::Words {
            cursor = draw_words(&page.words, Rect { y: inside.y + y, height: 1, ..inside }, buffer);
        }
    }
    cursor
}

fn draw_words(words: &Composer, row: Rect, buffer: &mut Buffer) -> Option<Position> {
    let indent = INDENT + 2;
    if row.width <= indent {
        return None;
    }
    let room = Rect { x: row.x + indent, width: row.width - indent, ..row };
    let (column, down) = words.draw(room, buffer, Style::new());
    Some(Position::new(room.x + column, room.y + down))
}

/// What lies under this point of the window.
pub fn click_at(app: &App, column: u16, row: u16) -> Option<Click> {
    let page = page(app)?;
    let rows = rows(app, page);
    let place = place(app, rows.len());
    if row == place.y && place.contains(Position::new(column, row)) {
        return Some(Click::Leave);
    }
    let inside = inside(place);
    if !inside.contains(Position::new(column, row)) {
        return None;
    }
    rows.get(top(page, &rows, inside.height) + usize::from(row - inside.y))?.click
}

/// How far the list can be scrolled up from where the chosen request ends.
pub fn most_up(app: &App) -> u16 {
    let Some(page) = page(app) else { return 0 };
    let rows = rows(app, page);
    u16::try_from(lowest_top(&rows, inside(place(app, rows.len())).height)).unwrap_or(u16::MAX)
}

pub fn rows_seen(app: &App) -> u16 {
    page(app).map_or(0, |page| inside(place(app, rows(app, page).len())).height)
}

fn page(app: &App) -> Option<&Requests> {
    match &app.page {
        Some(super::Page::Requests(page)) => Some(page),
        Some(_) | None => None,
    }
}

/// Below the tabs, at most two thirds of the window; in a low one all of it but the status line.
fn place(app: &App, rows: usize) -> Rect {
    const LOW_ROWS: u16 = 16;
    let layout = layout(app);
    let whole = app.size.rows.saturating_sub(layout.status.height);
    let (y, most) = match app.size.rows {
        0..LOW_ROWS => (0, whole),
        rows => (layout.tab_bar.height, rows * 2 / 3),
    };
    let height = u16::try_from(rows + 2).unwrap_or(u16::MAX).min(most);
    Rect::new(0, y, app.size.columns, height)
}

/// Within the frame of the box.
fn inside(place: Rect) -> Rect {
    let (width, height) = (place.width.saturating_sub(2), place.height.saturating_sub(2));
    Rect { x: place.x + 1.min(place.width), y: place.y + 1.min(place.height), width, height }
}

fn top(page: &Requests, rows: &[Row], height: u16) -> usize {
    lowest_top(rows, height).saturating_sub(usize::from(page.up))
}

/// The first row that is shown so that the chosen request is seen to its end.
fn lowest_top(rows: &[Row], height: u16) -> usize {
    let end = rows.iter().rposition(|row| row.kind != RowKind::Plain).map_or(0, |last| last + 1);
    end.saturating_sub(usize::from(height))
}

fn rows(app: &App, page: &Requests) -> Vec<Row> {
    let width = usize::from(app.size.columns.saturating_sub(2));
    let plain = |line| Row { line, click: None, kind: RowKind::Plain };
    let turn = app.active().and_then(|conversation| conversation.turn.as_ref());
    let Some(turn) = turn.filter(|turn| turn.number == page.turn) else {
        return vec![plain(Line::styled(" that turn is over, and what was asked with it", quiet()))];
    };
    let mut rows = Vec::new();
    for request in &turn.requests {
        request_rows(app, page, request, width, &mut rows);
    }
    if let Some(evidence) = &turn.evidence {
        let words = format!("seen by: {}, {}", evidence.source.word(), evidence.text);
        let failed = evidence.source == Source::Host;
        let style = if failed { trouble() } else { quiet() };
        let wrapped = text::wrap(&words, width.saturating_sub(2)).into_iter();
        // What went wrong with an answer is read before the next one is given.
        let of_chosen = rows.iter().position(|row| row.kind != RowKind::Plain).filter(|_| failed);
        let (at, kind) = of_chosen.map_or((rows.len(), RowKind::Plain), |head| (head + 1, RowKind::OfChosen));
        let line = |words| Line::styled(format!(" {words}"), style);
        rows.splice(at..at, wrapped.map(|words| Row { line: line(words), click: None, kind }));
    }
    rows
}

fn request_rows(app: &App, page: &Requests, request: &Request, width: usize, rows: &mut Vec<Row>) {
    let is_chosen = page.chosen == request.number;
    let click = Some(Click::Choose(request.number));
    let kind = if is_chosen { RowKind::OfChosen } else { RowKind::Plain };
    let lead = if is_chosen { ">" } else { " " };
    let words = format!(" {} {} · {}", request.number.0, request.kind.word(), outcome(request));
    let words = text::cut_end(&words, width.saturating_sub(3));
    let style = if is_chosen { chosen() } else { strong() };
    let head = vec![Span::styled(lead, accent()), Span::raw(" "), mark(request), Span::styled(words, style)];
    rows.push(Row { line: Line::from(head), click, kind });
    let indent = " ".repeat(usize::from(INDENT));
    let mut text = text::wrap(request.line(), width.saturating_sub(usize::from(INDENT) + 1));
    if !is_chosen {
        text.truncate(1);
    }
    rows.extend(text.into_iter().map(|words| Row { line: Line::raw(format!("{indent}{words}")), click, kind }));
    if !is_chosen || request.state != RequestState::Open {
        return;
    }
    let act = |key: &str, words: &str, click| {
        let key = Span::styled(format!("{indent}{key}"), accent());
        Row { line: Line::from(vec![key, Span::raw(format!("  {words}"))]), click, kind }
    };
    match request.kind {
        RequestKind::Permission => {
            rows.push(act("a", "allow, this once", Some(Click::Allow)));
            rows.push(act("d", "deny", Some(Click::Deny)));
        }
        RequestKind::Question => {
            let line = Line::styled(format!("{indent}>"), accent());
            rows.push(Row { line, click, kind: RowKind::Words });
            rows.push(act("Enter", "answers with these words", None));
        }
        RequestKind::Login => {
            let key = app.short_way(Command::SwitchKeyboard);
            rows.push(act(&key, "to the agent's screen, to log in there", None));
        }
    }
}
