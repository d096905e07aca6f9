//! The composer and the rule above it, which says what the pane shows and where the keyboard is.

use super::super::app::{AfterEdit, App, Desk, FreshOf, Keyboard, Link, ScreenState};
use super::super::keymap::Command;
use super::super::layout::{COMPOSER_INDENT, Layout, PanelPlace};
use super::super::reader::{FindState, Standing};
use super::{accent, blank, put_line, quiet, reader, status_line, text};
use crate::domain::continuity::Continuity;
use crate::domain::id::TurnNumber;
use crate::domain::turn::TurnState;
use crate::protocol::message::{Conversation, Process};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Line;

/// Draws the text and returns where its cursor is.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let Some(desk) = app.desk() else {
        // What is typed before there is a tab is kept for it.
        let typed = app.early_text();
        let newest = typed.lines().last().map(text::clean).unwrap_or_default();
        put_line(buffer, area, 0, &Line::styled(format!("· {newest}").trim_end().to_owned(), quiet()));
        return None;
    };
    let has_keyboard = app.page.is_none() && desk.keyboard == Keyboard::Composer;
    let (mark, mark_style, style) = match has_keyboard {
        true => (">", accent(), Style::new()),
        false => ("·", quiet(), quiet()),
    };
    put_line(buffer, area, 0, &Line::styled(mark, mark_style));
    let indent = COMPOSER_INDENT.min(area.width - 1);
    let inside = Rect { x: area.x + indent, width: area.width - indent, ..area };
    let (column, row) = desk.composer.draw(inside, buffer, style);
    Some(Position::new(inside.x + column, inside.y + row))
}

/// In a window without room for a rule, what it must say lies over the pane's last row.
pub fn draw_rule(app: &App, layout: &Layout, buffer: &mut Buffer) {
    let missed = app.desk().is_some_and(|desk| desk.missed.is_some() && desk.keyboard == Keyboard::Composer);
    let foot = if missed { None } else { pane_foot(app) };
    if layout.rule.is_empty() {
        let foot = if missed { composer_words(app, layout) } else { foot };
        if let (Some(words), false) = (foot, layout.pane.is_empty()) {
            let last = Rect { y: layout.pane.bottom() - 1, height: 1, ..layout.pane };
            blank(buffer, last);
            put_line(buffer, last, 0, &Line::styled(text::cut_end(&words, usize::from(last.width)), quiet()));
        }
        return;
    }
    let width = usize::from(layout.rule.width);
    let style = match app.keyboard() {
        Keyboard::Composer => accent(),
        Keyboard::Agent | Keyboard::Turns | Keyboard::Record => quiet(),
    };
    let right = composer_words(app, layout).map(|words| format!(" {words} ──")).unwrap_or_default();
    let left = foot.map(|words| format!("── {words} ")).unwrap_or_default();
    // The left part says what is seen; the right one gives way to it. Only an edit that came too late is said before all.
    let left = text::cut_reason(&left, width);
    let right = if text::columns(&left) + text::columns(&right) <= width { right } else { String::new() };
    let line = "─".repeat(width.saturating_sub(text::columns(&left) + text::columns(&right)));
    put_line(buffer, layout.rule, 0, &Line::styled(format!("{left}{line}{right}"), style));
}

/// What must be said about the picture in the pane: that it is not the live screen, and how to get there.
fn pane_foot(app: &App) -> Option<String> {
    let desk = app.desk()?;
    let conversation = app.active()?;
    if app.keyboard() == Keyboard::Turns {
        return None; // A chosen turn stands there, and the rule is for the keys of the list.
    }
    if app.shows_record() {
        return (conversation.turns > 0).then(|| record_words(app, desk, conversation));
    }
    let screen = desk.screen.as_ref()?;
    if app.is_stopped() {
        return Some("last picture · the host was stopped".to_owned());
    }
    if let Link::Down { .. } = app.link {
        return Some("last picture · no link to the host".to_owned());
    }
    match screen.state {
        ScreenState::Ended => match conversation.session.as_ref().map(|session| &session.process) {
            Some(Process::Asleep { why }) => Some(format!("last picture · {}", text::clean(&why.text()))),
            Some(Process::Alive { .. }) => Some("last picture · the screen is being fetched again".to_owned()),
            None => Some("last picture · its session has ended".to_owned()),
        },
        ScreenState::Opening | ScreenState::Live => match screen.frame.scroll.up {
            0 => None,
            up => {
                let new = match screen.new_rows() {
                    0 => String::new(),
                    rows => format!(" · {rows} new below"),
                };
                Some(format!("{up} of {} rows up{new} · Shift+End: to the end", screen.frame.scroll.most))
            }
        },
    }
}

/// Where one stands in the record, or what is looked for there.
fn record_words(app: &App, desk: &Desk, conversation: &Conversation) -> String {
    let reads = app.keyboard() == Keyboard::Record;
    match &desk.find {
        Some(find) if find.state == FindState::Typing => return format!("find: {}▏", text::clean(&find.words.text())),
        Some(find) => return format!("find: {} · n N", text::cut_end(&text::clean(&find.words.text()), 30)),
        None => {}
    }
    let place = match (desk.record_at, reader::current(app)) {
        (Standing::End, _) | (_, None) => String::new(),
        (Standing::Start | Standing::At(_), Some(turn)) => format!(", turn {turn} of {}", conversation.turns),
    };
    match reads {
        true => format!("record{place}"),
        false => format!("record{place} · Shift+PgUp Shift+PgDn scroll"),
    }
}

/// The keys of the record, as far as there is room.
fn reading_words(app: &App, width: usize) -> String {
    if app.types_find() {
        return "Enter finds  Esc leaves".to_owned();
    }
    let longest_first = [
        "[ ] turn  / find  y copy  r again  e edit  Enter open  Tab type  Esc back",
        "[ ] turn  / find  y copy  r again  e edit  Esc back",
        "[ ] turn  / find  y copy  Esc back",
        "[ ] turn  / find  Esc",
    ];
    let left = pane_foot(app).map_or(0, |words| text::columns(&words) + 4);
    let fitting = longest_first.into_iter().find(|words| left + text::columns(words) + 4 <= width);
    fitting.unwrap_or("Esc back").to_owned()
}

/// What became of a message while it was being edited, in as many words as there is room for.
fn missed_words(app: &App, turn: TurnNumber, width: usize) -> String {
    let what = match app.turn(turn) {
        Some(_) => "was sent as it was",
        None => "left the queue",
    };
    let rest = ["Enter sends this as a new message", "Enter sends this as new", "Enter: new message"];
    let words = rest.map(|rest| format!("turn {turn} {what}; {rest}"));
    let fitting = words.iter().find(|words| text::columns(words) + 4 <= width);
    fitting.cloned().unwrap_or_else(|| format!("{turn} was sent; Enter: new message"))
}

/// The keys of the list of turns, as far as there is room: what can be done with the chosen one.
fn turns_words(app: &App, width: usize) -> String {
    let chosen = app.desk().and_then(|desk| desk.chosen).and_then(|chosen| app.turn(chosen));
    let longest_first: &[&str] = match chosen.map(|turn| &turn.state) {
        Some(TurnState::Queued) => &[
            "e edit  x remove  s send now  J K move  Enter read  Esc back",
            "e edit  x remove  s send now  Enter read  Esc back",
            "e edit  x remove  s send  Esc back",
        ],
        Some(TurnState::Ended(_)) => &[
            "Enter read  y copy answer  Y prompt  b code  r again  e edit  Esc back",
            "Enter read  y copy  r again  e edit  Esc back",
            "y copy  r again  e edit  Esc back",
        ],
        Some(TurnState::Sending | TurnState::Working | TurnState::NeedsApproval | TurnState::NeedsAnswer) | None => {
            &["Enter read  Esc back"]
        }
    };
    let fitting = longest_first.iter().find(|words| text::columns(words) + 4 <= width);
    (*fitting.unwrap_or(&"Esc back")).to_owned()
}

/// What Enter would do here, or how to get here.
fn composer_words(app: &App, layout: &Layout) -> Option<String> {
    let desk = app.desk()?;
    if let Some(turn) = desk.missed.filter(|_| desk.keyboard == Keyboard::Composer) {
        return Some(missed_words(app, turn, usize::from(layout.composer.width)));
    }
    match (desk.keyboard, &desk.editing) {
        (Keyboard::Composer, Some(editing)) => Some(match &editing.then {
            AfterEdit::Nothing => format!("editing queued turn {} · Enter keeps, Esc leaves", editing.turn),
            AfterEdit::Fresh(FreshOf::SameAgent) => {
                format!("turn {} with a brief · Enter sends it fresh, Esc leaves", editing.turn)
            }
            AfterEdit::Fresh(FreshOf::Other(agent)) => {
                let agent = text::clean(agent);
                format!("turn {} with a brief · Enter hands it over to {agent}, Esc leaves", editing.turn)
            }
        }),
        (Keyboard::Composer, None) if answers(app) => Some("Enter answers the question".to_owned()),
        (Keyboard::Composer, None) => match app.running() {
            Some(turn) if layout.panel_place == PanelPlace::None => {
                Some(format!("turn {} {} {}", turn.number, turn.state.word(), status_line::elapsed(app, turn)))
            }
            Some(_) => Some("Enter queues".to_owned()),
            None => None,
        },
        (Keyboard::Agent, _) => Some(format!("{}: write a message", app.way(Command::SwitchKeyboard))),
        (Keyboard::Record, _) => Some(reading_words(app, usize::from(layout.rule.width))),
        (Keyboard::Turns, _) => Some(turns_words(app, usize::from(layout.rule.width))),
    }
}

/// Whether a message would be the answer to what the agent asks.
fn answers(app: &App) -> bool {
    app.active().is_some_and(|conversation| conversation.next.continuity == Continuity::Answer)
}
