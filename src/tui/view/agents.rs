//! The list of agents: their programs, what each can do here, and why one cannot be started.

use super::super::app::{Agents, App, NewPlace, Sessions};
use super::super::layout::layout;
use super::{accent, blank, chosen, put_line, quiet, strong, text, trouble};
use crate::domain::when;
use crate::protocol::message::{AgentReport, AgentSession};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// The beginning of an id is enough to tell it by.
const SESSION_SIGNS: usize = 8;

/// One row of the list with the agent that a click on it chooses.
type Row = (Line<'static>, Option<usize>);

pub fn draw(app: &App, page: &Agents, buffer: &mut Buffer) {
    let area = area(app).intersection(buffer.area);
    blank(buffer, area);
    let width = usize::from(area.width);
    if let Some(sessions) = &page.sessions {
        return draw_sessions(app, sessions, area, buffer);
    }
    let begin = match page.place {
        NewPlace::Folder => "begin with it",
        NewPlace::Worktree => "begin in a git worktree",
    };
    let heads = [
        format!("── agents · Enter: {begin} · t h s: worktree, hand over, adopt · Esc: back "),
        format!("── agents · Enter: {begin} · t worktree h hand over s adopt "),
        format!("── agents · Enter: {begin} "),
    ];
    let head = heads.iter().find(|head| text::columns(head) <= width).unwrap_or(&heads[2]);
    let head = text::cut_end(head, width);
    let rest = "─".repeat(width.saturating_sub(text::columns(&head)));
    put_line(buffer, area, 0, &Line::styled(format!("{head}{rest}"), accent()));
    let rows = rows(page, width);
    for (y, (line, _)) in (1..).zip(rows.iter().skip(top(page, &rows, area.height))) {
        put_line(buffer, area, y, line);
    }
}

/// The agent in this row of the window.
pub fn agent_at(app: &App, row: u16) -> Option<usize> {
    let Some(super::Page::Agents(page)) = &app.page else { return None };
    if page.sessions.is_some() {
        return None;
    }
    let area = area(app);
    let rows = rows(page, usize::from(area.width));
    rows.get(top(page, &rows, area.height) + usize::from(row.checked_sub(1)?))?.1
}

/// All but the status line.
fn area(app: &App) -> Rect {
    let status = layout(app).status.height;
    Rect::new(0, 0, app.size.columns, app.size.rows.saturating_sub(status))
}

/// The first row that is shown, so that the chosen agent is seen whole where there is room for it.
fn top(page: &Agents, rows: &[Row], height: u16) -> usize {
    let seen = usize::from(height.saturating_sub(1));
    let of_chosen = |(_, agent): &Row| *agent == Some(page.chosen);
    let first = rows.iter().position(of_chosen).unwrap_or(0);
    let end = rows.iter().rposition(of_chosen).map_or(0, |last| last + 1);
    end.saturating_sub(seen).min(first)
}

fn rows(page: &Agents, width: usize) -> Vec<Row> {
    let Some(reports) = &page.reports else {
        return vec![(Line::styled(" asking the host ...", quiet()), None)];
    };
    let of_one = |(at, report): (usize, &AgentReport)| {
        agent_lines(report, at == page.chosen, width)
            .into_iter()
            .map(move |line| (line, Some(at)))
            .collect::<Vec<Row>>()
    };
    reports.iter().enumerate().flat_map(of_one).collect()
}

/// One that cannot be started is quiet; what is known of it stands below the chosen one.
fn agent_lines(report: &AgentReport, is_chosen: bool, width: usize) -> Vec<Line<'static>> {
    let (found, program) = match &report.program {
        Some(program) => (strong(), text::clean(program)),
        // Its file is wrong, which stands below.
        None if report.warning.is_some() => (quiet(), String::new()),
        None => (quiet(), "no program found".to_owned()),
    };
    let lead = Span::styled(if is_chosen { "> " } else { "  " }, accent());
    let name = format!("{} · {}", text::clean(&report.name), text::clean(&report.title));
    let name = text::cut_end(&name, width.saturating_sub(2));
    let program = text::cut_middle(&program, width.saturating_sub(text::columns(&name) + 5));
    let style = if is_chosen { found.patch(chosen()) } else { found };
    let mut lines =
        vec![Line::from(vec![lead, Span::styled(name, style), Span::styled(format!("  {program}"), quiet())])];
    let warning = report.warning.iter().flat_map(|warning| text::wrap(warning, width.saturating_sub(5)));
    lines.extend(warning.map(|row| Line::styled(format!("    {row}"), trouble())));
    if is_chosen {
        let notes = report.notes.iter().flat_map(|note| text::wrap(note, width.saturating_sub(5)));
        lines.extend(notes.map(|row| Line::raw(format!("    {row}"))));
    }
    lines
}

/// The id of each, when it was written last, and its first prompt; what stands in its way.
fn draw_sessions(app: &App, page: &Sessions, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width);
    let head = format!("── sessions of {} in this folder · Enter: adopt · Esc: back ", text::clean(&page.agent));
    let head = text::cut_end(&head, width);
    let rest = "─".repeat(width.saturating_sub(text::columns(&head)));
    put_line(buffer, area, 0, &Line::styled(format!("{head}{rest}"), accent()));
    let lines: Vec<Line> = match &page.known {
        None => vec![Line::styled(" looking ...", quiet())],
        Some(known) if known.is_empty() => {
            vec![Line::styled(text::cut_end(" it keeps no session of this folder", width), quiet())]
        }
        Some(known) => {
            known.iter().enumerate().map(|(at, one)| session_line(app, one, at == page.chosen, width)).collect()
        }
    };
    let seen = usize::from(area.height.saturating_sub(1)).max(1);
    let top = (page.chosen + 1).saturating_sub(seen);
    for (y, line) in (1..area.height).zip(lines.iter().skip(top)) {
        put_line(buffer, area, y, line);
    }
}

fn session_line(app: &App, session: &AgentSession, is_chosen: bool, width: usize) -> Line<'static> {
    let note = match (session.conversation, session.held_by) {
        (Some(_), _) => " · a conversation has it",
        (None, Some(_)) => " · a process has it",
        (None, None) => "",
    };
    let right = format!("{note}  {}", when::past(app.now.wall, session.at));
    let room = width.saturating_sub(2 + text::columns(&right));
    let id: String = session.id.chars().take(SESSION_SIGNS).collect();
    let words = text::cut_end(&format!("{id}  {}", text::first_line(&session.prompt)), room);
    let gap = " ".repeat(room.saturating_sub(text::columns(&words)));
    let style = if is_chosen { chosen() } else { Style::new() };
    Line::from(vec![
        Span::styled(if is_chosen { "> " } else { "  " }, accent()),
        Span::styled(words, style),
        Span::styled(format!("{gap}{right}"), quiet()),
    ])
}
