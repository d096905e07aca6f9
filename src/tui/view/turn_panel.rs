//! The turn panel: the turn that runs or ended last, what waits, and the earlier turns with a line where a session began.

use super::super::app::{App, Desk, Keyboard, is_ended, running};
use super::super::keymap::Command;
use super::super::layout::layout;
use super::record::{session_words, worked_ms};
use super::{
    accent, alert, blank, chosen, plain, put_line, quiet, requests, status_line, strong, text, trouble, turn_mark, work,
};
use crate::domain::conversation::QueueHeld;
use crate::domain::id::TurnNumber;
use crate::domain::request::{Request, RequestKind, RequestNumber};
use crate::domain::session::AsleepWhy;
use crate::domain::turn::{Source, TurnEnd, TurnRecord, TurnState};
use crate::domain::when;
use crate::protocol::message::{Conversation, Process};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Rows of the newest turn's prompt.
const PROMPT_ROWS: usize = 3;
/// Rows of what showed its state.
const EVIDENCE_ROWS: usize = 3;
/// The bar at the left and a space.
const LEFT_COLUMNS: u16 = 2;

/// One row of the panel, and what a click on it chooses.
struct PanelRow {
    line: Line<'static>,
    choice: Option<Choice>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    Turn(TurnNumber),
    Request(RequestNumber),
}

pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    if area.width <= LEFT_COLUMNS || area.height == 0 {
        return;
    }
    blank(buffer, area);
    let has_keyboard = app.keyboard() == Keyboard::Turns;
    let bar = if has_keyboard { accent() } else { quiet() };
    for row in 0..area.height {
        put_line(buffer, area, row, &Line::styled("│", bar));
    }
    let inside = inside(area);
    let rows = rows(app, usize::from(inside.width), inside.height);
    let top = top(app, &rows, inside.height);
    let chosen_turn = app.desk().and_then(|desk| desk.chosen).filter(|_| has_keyboard).map(Choice::Turn);
    for (y, row) in (0..inside.height).zip(rows.iter().skip(top)) {
        put_line(buffer, inside, y, &row.line);
        if row.choice.is_some() && row.choice == chosen_turn {
            buffer.set_style(Rect { y: inside.y + y, height: 1, ..inside }, chosen());
        }
    }
}

/// What stands in this row of the panel to be chosen.
pub fn choice_at(app: &App, row: u16) -> Option<Choice> {
    let inside = inside(layout(app).panel);
    let rows = rows(app, usize::from(inside.width), inside.height);
    rows.get(top(app, &rows, inside.height) + usize::from(row))?.choice
}

fn inside(area: Rect) -> Rect {
    Rect { x: area.x + LEFT_COLUMNS, width: area.width.saturating_sub(LEFT_COLUMNS), ..area }
}

/// The first row that is shown, so that the chosen turn is among them.
fn top(app: &App, rows: &[PanelRow], height: u16) -> usize {
    let has_keyboard = app.keyboard() == Keyboard::Turns;
    let chosen = app.desk().and_then(|desk| desk.chosen).filter(|_| has_keyboard).map(Choice::Turn);
    let at = rows.iter().position(|row| row.choice.is_some() && row.choice == chosen).unwrap_or(0);
    // With what stands below it, and at least one row more.
    let below = rows.iter().skip(at + 1).position(|row| row.choice.is_some()).map_or(rows.len(), |rows| at + 1 + rows);
    below.max(at + 2).saturating_sub(usize::from(height)).min(at)
}

/// The rows around what is seen. Of earlier turns no more are made than are seen, however many there are.
fn rows(app: &App, width: usize, height: u16) -> Vec<PanelRow> {
    let Some(conversation) = app.active() else { return Vec::new() };
    let room = usize::from(height);
    let is_earlier = |turn: &TurnNumber| {
        app.earlier_than(TurnNumber(turn.0.saturating_add(1))).next().is_some_and(|one| one.number == *turn)
    };
    let newest = conversation.turn.as_ref().map(|turn| turn.number);
    let chosen = app.desk().and_then(|desk| desk.chosen).filter(|_| app.keyboard() == Keyboard::Turns);
    let from = chosen.filter(|turn| Some(*turn) != newest && is_earlier(turn));
    let (above, reached) = match from {
        Some(from) => rows_up(app, conversation, from, room, width),
        None => (Vec::new(), Reached::Newest),
    };
    let mut rows = match reached {
        Reached::Newest => head_rows(app, conversation, width),
        Reached::Enough => Vec::new(),
    };
    rows.extend(above);
    rows.extend(rows_down(app, conversation, from, room, width));
    rows
}

/// What stands above the earlier turns.
fn head_rows(app: &App, conversation: &Conversation, width: usize) -> Vec<PanelRow> {
    let mut rows = Vec::new();
    newest(app, conversation, width, &mut rows);
    of_process(app, conversation, width, &mut rows);
    session_of_newest(app, conversation, width, &mut rows);
    queue(app, conversation, width, &mut rows);
    if before_newest(app, conversation).next().is_some() {
        push(&mut rows, heading("earlier", width));
    }
    rows
}

fn push(rows: &mut Vec<PanelRow>, line: Line<'static>) {
    rows.push(PanelRow { line, choice: None });
}

/// The turn that runs, else the one that ended last: state, time, prompt, reason, and what showed it.
fn newest(app: &App, conversation: &Conversation, width: usize, rows: &mut Vec<PanelRow>) {
    let Some(turn) = &conversation.turn else {
        return push(rows, Line::styled("no turn yet", quiet()));
    };
    let time = match (is_ended(turn), worked_ms(turn)) {
        (false, _) => status_line::elapsed(app, turn),
        (true, Some(ms)) => when::duration(ms),
        (true, None) => String::new(),
    };
    let words = format!(" turn {} · {} {time}", turn.number, turn.state.word());
    let words = text::cut_end(words.trim_end(), width.saturating_sub(1));
    let line = Line::from(vec![turn_mark(&turn.state), Span::styled(words, strong())]);
    rows.push(PanelRow { line, choice: Some(Choice::Turn(turn.number)) });
    let mut prompt = text::wrap(turn.prompt.trim(), width);
    if prompt.len() > PROMPT_ROWS {
        prompt.truncate(PROMPT_ROWS);
        if let Some(last) = prompt.last_mut() {
            *last = text::cut_end(&format!("{last} …"), width);
        }
    }
    for words in prompt {
        push(rows, Line::raw(words));
    }
    if let TurnState::Ended(end) = &turn.state {
        let style = match end {
            TurnEnd::Failed(_) | TurnEnd::Unknown(_) => trouble(),
            TurnEnd::Completed | TurnEnd::Interrupted(_) => plain(),
        };
        let why = end.told();
        if !why.is_empty() {
            rows.extend(
                text::wrap(&format!("why: {why}"), width)
                    .into_iter()
                    .map(|words| PanelRow { line: Line::styled(words, style), choice: None }),
            );
        }
    }
    for (line, request) in requests::panel_lines(turn, width) {
        rows.push(PanelRow { line, choice: request.map(Choice::Request) });
    }
    if running_needs_person(turn) {
        // A login is done on its screen.
        let is_for_us = |request: &Request| request.is_open() && request.kind != RequestKind::Login;
        let words = match turn.requests.iter().any(is_for_us) {
            true => format!("{} answers", app.short_way(Command::Requests)),
            false => format!("look at the agent's screen and answer there: {}", app.short_way(Command::SwitchKeyboard)),
        };
        for words in text::wrap(&words, width) {
            push(rows, Line::styled(words, strong()));
        }
    }
    if let Some(words) = evidence_words(app, turn) {
        let style = if evidence_is_trouble(turn) { trouble() } else { quiet() };
        for words in text::wrap(&words, width).into_iter().take(EVIDENCE_ROWS) {
            push(rows, Line::styled(words, style));
        }
    }
    if let Some(count) = turn.trees.as_ref().and_then(|trees| trees.count) {
        let words = match count.files {
            0 => count.words(),
            _ => format!("{} · {}", count.words(), app.short_way(Command::Changes)),
        };
        push(rows, Line::styled(text::cut_end(&words, width), quiet()));
    }
    for words in work::panel_lines(turn, width) {
        push(rows, Line::styled(words, quiet()));
    }
    if let Some(words) = work::background_words(conversation) {
        push(rows, Line::raw(text::cut_end(&words, width)));
    }
}

/// What the agent asks while no turn is under way, and what is to be known of its process.
fn of_process(app: &App, conversation: &Conversation, width: usize, rows: &mut Vec<PanelRow>) {
    let Some(session) = &conversation.session else { return };
    if let Some(asked) = session.asks.as_ref().filter(|_| running(conversation).is_none()) {
        let way = format!("look at the agent's screen and answer there: {}", app.short_way(Command::SwitchKeyboard));
        for words in text::wrap(&format!("? {}", asked.kind.line(&asked.text)), width) {
            push(rows, Line::styled(words, alert()));
        }
        for words in text::wrap(&way, width) {
            push(rows, Line::styled(words, strong()));
        }
    }
    for words in session.warning.iter().flat_map(|warning| text::wrap(warning, width)) {
        push(rows, Line::styled(words, trouble()));
    }
}

/// Whether a session began with the newest turn, as it is told below the earlier ones.
fn session_of_newest(app: &App, conversation: &Conversation, width: usize, rows: &mut Vec<PanelRow>) {
    let (Some(turn), Some(desk)) = (&conversation.turn, app.desk()) else { return };
    if let Some(words) = session_words(desk, turn, before_newest(app, conversation).next()) {
        push(rows, Line::styled(text::cut_end(&format!("└ {words}"), width), quiet()));
    }
}

/// The earlier turns without the one that stands above them, newest first.
fn before_newest<'a>(app: &'a App, conversation: &Conversation) -> impl Iterator<Item = &'a TurnRecord> {
    let newest = conversation.turn.as_ref().map(|turn| turn.number);
    app.earlier().filter(move |turn| Some(turn.number) != newest)
}

/// Whether the host says of a turn that waits for the person what went wrong: an answer that did not take, say.
fn evidence_is_trouble(turn: &TurnRecord) -> bool {
    let by_host = turn.evidence.as_ref().is_some_and(|evidence| evidence.source == Source::Host);
    by_host && running_needs_person(turn)
}

fn running_needs_person(turn: &TurnRecord) -> bool {
    match turn.state {
        TurnState::NeedsApproval | TurnState::NeedsAnswer => true,
        TurnState::Queued | TurnState::Sending | TurnState::Working | TurnState::Ended(_) => false,
    }
}

/// `seen by: shell mark, exit status 1, 2s ago`. The age of an ended turn's evidence would stand still on the screen, so it is left out.
fn evidence_words(app: &App, turn: &TurnRecord) -> Option<String> {
    let evidence = turn.evidence.as_ref()?;
    let mut words = format!("seen by: {}", evidence.source.word());
    if !evidence.text.is_empty() {
        words = format!("{words}, {}", text::clean(&evidence.text));
    }
    if !is_ended(turn) {
        words = format!("{words}, {}", text::age(app.now.wall, evidence.at));
    }
    Some(words)
}

fn queue(app: &App, conversation: &Conversation, width: usize, rows: &mut Vec<PanelRow>) {
    if conversation.queue.is_empty() {
        return;
    }
    push(rows, heading(&format!("queue · {}", conversation.queue.len()), width));
    let said = conversation.session.as_ref().and_then(|session| match &session.process {
        Process::Asleep { why: AsleepWhy::ResumeRefused(said) } => Some(format!("it said: {}", text::clean(said))),
        Process::Asleep { .. } | Process::Alive { .. } => None,
    });
    if let Some(held) = conversation.queue_held {
        let said = said.filter(|_| held == QueueHeld::ResumeRefused);
        for words in [Some(held.text()), said.as_deref()].into_iter().flatten() {
            rows.extend(
                text::wrap(words, width)
                    .into_iter()
                    .map(|row| PanelRow { line: Line::styled(row, trouble()), choice: None }),
            );
        }
    }
    let editing = app.desk().and_then(|desk| desk.editing.as_ref()).map(|editing| editing.turn);
    for (place, turn) in (1..).zip(&conversation.queue) {
        let lead = if editing == Some(turn.number) { "edit " } else { "" };
        let words = format!("{place}. {lead}\"{}\"", text::first_line(&turn.prompt));
        rows.push(PanelRow { line: Line::raw(text::cut_end(&words, width)), choice: Some(Choice::Turn(turn.number)) });
    }
}

/// An earlier turn, and below it what lies between it and the one before: where its session began, or turns that were not fetched.
fn earlier_rows(desk: &Desk, turn: &TurnRecord, older: Option<&TurnRecord>, width: usize) -> Vec<PanelRow> {
    let mut rows = vec![PanelRow { line: earlier_line(turn, width), choice: Some(Choice::Turn(turn.number)) }];
    let gap = desk.record.has_gap_before(turn.number);
    if let Some(words) = session_words(desk, turn, older.filter(|_| !gap)) {
        push(&mut rows, Line::styled(text::cut_end(&format!("└ {words}"), width), quiet()));
    }
    if gap {
        push(&mut rows, Line::styled(text::cut_end("┄ turns not here yet ┄", width), quiet()));
    }
    rows
}

/// The rows from this turn on to older ones, as many as are seen.
fn rows_down(
    app: &App,
    conversation: &Conversation,
    from: Option<TurnNumber>,
    room: usize,
    width: usize,
) -> Vec<PanelRow> {
    let Some(desk) = app.desk() else { return Vec::new() };
    let newest = conversation.turn.as_ref().map(|turn| turn.number);
    let end = from.map_or(TurnNumber(u32::MAX), |from| TurnNumber(from.0.saturating_add(1)));
    let mut turns = app.earlier_than(end).filter(|turn| Some(turn.number) != newest).peekable();
    let mut rows = Vec::new();
    while rows.len() < room
        && let Some(turn) = turns.next()
    {
        rows.extend(earlier_rows(desk, turn, turns.peek().copied(), width));
    }
    rows
}

/// The rows of newer turns above this one, from the top down: as many as are seen, or all.
fn rows_up(
    app: &App,
    conversation: &Conversation,
    from: TurnNumber,
    room: usize,
    width: usize,
) -> (Vec<PanelRow>, Reached) {
    let Some(desk) = app.desk() else { return (Vec::new(), Reached::Newest) };
    let newest = conversation.turn.as_ref().map(|turn| turn.number);
    let mut turns = app.later_than(from).filter(|turn| Some(turn.number) != newest);
    let (mut groups, mut count, mut older) = (Vec::new(), 0, app.turn(from));
    while count < room {
        let Some(turn) = turns.next() else {
            groups.reverse();
            return (groups.into_iter().flatten().collect(), Reached::Newest);
        };
        let rows = earlier_rows(desk, turn, older, width);
        count += rows.len();
        older = Some(turn);
        groups.push(rows);
    }
    groups.reverse();
    (groups.into_iter().flatten().collect(), Reached::Enough)
}

/// How far up the rows go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    Newest,
    Enough,
}

/// `✓ 6 add a button           1m02s`: a completed turn needs no word, every other end has one.
fn earlier_line(turn: &TurnRecord, width: usize) -> Line<'static> {
    let end = match &turn.state {
        TurnState::Ended(TurnEnd::Completed) => worked_ms(turn).map(when::duration).unwrap_or_default(),
        TurnState::Ended(TurnEnd::Failed(_) | TurnEnd::Interrupted(_) | TurnEnd::Unknown(_))
        | TurnState::Queued
        | TurnState::Sending
        | TurnState::Working
        | TurnState::NeedsApproval
        | TurnState::NeedsAnswer => match worked_ms(turn) {
            Some(ms) => format!("{} {}", turn.state.word(), when::duration(ms)),
            None => turn.state.word().to_owned(),
        },
    };
    // In a narrow panel the word is worth more than the time.
    let end = if text::columns(&end) * 2 > width + 4 { turn.state.word().to_owned() } else { end };
    let end = text::cut_end(&end, width / 2);
    let start = format!(" {} {}", turn.number, text::first_line(&turn.prompt));
    let room = width.saturating_sub(text::columns(&end) + 2);
    let start = text::cut_end(&start, room);
    let gap = " ".repeat(width.saturating_sub(1 + text::columns(&start) + text::columns(&end)));
    Line::from(vec![turn_mark(&turn.state), Span::raw(start), Span::raw(gap), Span::styled(end, quiet())])
}

fn heading(words: &str, width: usize) -> Line<'static> {
    let lead = format!("─ {words} ");
    let rest = "─".repeat(width.saturating_sub(text::columns(&lead)));
    Line::styled(text::cut_end(&format!("{lead}{rest}"), width), quiet())
}
