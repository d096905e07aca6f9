//! The stored record of a conversation: prompts, states and answers across its sessions. It needs no living process.

use super::super::app::{App, Desk, Fetched};
use super::super::layout::layout;
use super::{put_line, quiet, requests, strong, text, turn_mark};
use crate::domain::continuity::Continuity;
use crate::domain::conversation::{Begun, Fork};
use crate::domain::turn::{TurnEnd, TurnRecord, TurnState};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Rows of one answer that the record shows; the turn's own page shows all.
const ANSWER_ROWS: usize = 100;
/// Of an answer before a fork so many; the whole stands where it was said.
const PAST_ANSWER_ROWS: usize = 10;

pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let lines = lines(app, area.width);
    let up = app.desk().map_or(0, |desk| usize::from(desk.record_up));
    let end = lines.len().saturating_sub(up);
    let start = end.saturating_sub(usize::from(area.height));
    for (row, line) in (0..).zip(lines.iter().take(end).skip(start)) {
        put_line(buffer, area, row, line);
    }
}

/// How far the record can be scrolled up.
pub fn most_up(app: &App) -> u16 {
    let pane = layout(app).pane;
    let rows = lines(app, pane.width).len().saturating_sub(usize::from(pane.height));
    u16::try_from(rows).unwrap_or(u16::MAX)
}

fn lines(app: &App, columns: u16) -> Vec<Line<'static>> {
    let Some((conversation, desk)) = app.active().zip(app.desk()) else { return Vec::new() };
    let width = usize::from(columns.saturating_sub(1)).max(1);
    let mut lines = Vec::new();
    match desk.record.fetched {
        Fetched::Nothing | Fetched::Asked => lines.push(Line::styled(" fetching the record ...", quiet())),
        Fetched::Newest => lines.push(Line::styled(" earlier turns: scroll up", quiet())),
        Fetched::All => {}
    }
    if let Begun::Forked(fork) = &conversation.begun {
        lines.extend(past_lines(fork, desk, width));
    }
    let mut turns = app.earlier();
    turns.reverse();
    turns.extend(app.running());
    let mut before: Option<&TurnRecord> = None;
    for turn in turns.into_iter().chain(&conversation.queue) {
        if let Some(words) = session_words(desk, turn, before) {
            lines.extend(wrapped(&format!("── {words} ──"), width));
        }
        lines.extend(turn_lines(turn, width, ANSWER_ROWS));
        lines.push(Line::default());
        before = Some(turn);
    }
    lines
}

/// What was said before a fork. Quiet, for it is another conversation's: its agent knows of it only what it was told here.
fn past_lines(fork: &Fork, desk: &Desk, width: usize) -> Vec<Line<'static>> {
    let title = text::clean(&fork.title);
    let past = desk.past.as_deref().unwrap_or_default();
    let head = match past.is_empty() {
        true => format!("── forked from \"{title}\" at turn {} ──", fork.turn),
        false => format!("── before the fork, in \"{title}\" ──"),
    };
    let mut lines = wrapped(&head, width);
    for turn in past {
        lines.extend(turn_lines(turn, width, PAST_ANSWER_ROWS).into_iter().map(|line| line.patch_style(quiet())));
        lines.push(Line::default());
    }
    lines
}

/// What begins a session, whole: its reason must not be cut where there are rows enough.
fn wrapped(words: &str, width: usize) -> Vec<Line<'static>> {
    text::wrap(words, width).into_iter().map(|row| Line::styled(row, quiet())).collect()
}

/// The prompt, the state, what was asked and the answer of one turn.
pub fn turn_lines(turn: &TurnRecord, width: usize, most_answer_rows: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let prompt = if turn.prompt.is_empty() { "(typed in the agent's screen)" } else { &turn.prompt };
    for (row, words) in text::wrap(prompt, width.saturating_sub(2)).into_iter().enumerate() {
        let lead = if row == 0 { "> " } else { "  " };
        lines.push(Line::styled(format!("{lead}{words}"), strong()));
    }
    let words = text::cut_end(&format!(" turn {} · {}", turn.number, state_words(turn)), width.saturating_sub(2));
    lines.push(Line::from(vec![Span::raw("  "), turn_mark(&turn.state), Span::styled(words, quiet())]));
    lines.extend(requests::asked_lines(turn, width.saturating_sub(2)));
    let Some(answer) = turn.answer.as_ref().filter(|answer| !answer.text.trim().is_empty()) else { return lines };
    let rows = text::wrap(answer.text.trim_end(), width.saturating_sub(2));
    let hidden = rows.len().saturating_sub(most_answer_rows);
    lines.extend(rows.into_iter().take(most_answer_rows).map(|words| Line::raw(format!("  {words}"))));
    if hidden > 0 {
        lines.push(Line::styled(format!("  … {hidden} more rows: choose the turn in the list of turns"), quiet()));
    }
    if answer.cut_bytes > 0 {
        let words = format!("  ({} bytes of the middle were not kept)", answer.cut_bytes);
        lines.push(Line::styled(text::cut_end(&words, width), quiet()));
    }
    lines
}

/// `failed (exit 1) · 12s`.
pub fn state_words(turn: &TurnRecord) -> String {
    let mut words = turn.state.word().to_owned();
    if let TurnState::Ended(end) = &turn.state {
        words.push_str(&why_in_brackets(end));
    }
    if let Some(ms) = worked_ms(turn) {
        words = format!("{words} · {}", text::duration(ms));
    }
    words
}

/// ` (exit 1)`, or nothing where the word says it all.
pub fn why_in_brackets(end: &TurnEnd) -> String {
    let why = text::clean(&end.why_text());
    if why.is_empty() { String::new() } else { format!(" ({why})") }
}

/// How long an ended turn took.
pub fn worked_ms(turn: &TurnRecord) -> Option<u64> {
    Some(turn.ended_at?.since(turn.started_at?))
}

/// What stands between two turns if a session began there: `session 3 · fresh: you asked for a fresh session`.
pub fn session_words(desk: &Desk, turn: &TurnRecord, before: Option<&TurnRecord>) -> Option<String> {
    let session = turn.session?;
    let began = desk.decisions.values().rev().find(|record| {
        record.turn == turn.number
            && match record.decision.continuity {
                Continuity::Fresh | Continuity::Resumed => true,
                Continuity::Reused | Continuity::Queued | Continuity::Answer | Continuity::Refused => false,
            }
    });
    match began {
        Some(record) => {
            let word = record.decision.continuity.word();
            Some(format!("session {session} · {word}: {}", text::clean(&record.decision.why.text())))
        }
        None if before.and_then(|before| before.session) != Some(session) => Some(format!("session {session}")),
        None => None,
    }
}
