//! The page of what a turn changed: how its rows look. Added and removed lines keep their signs, so that no meaning hangs on a color.

use super::super::app::App;
use super::super::changes::{Changes, Look, Row, State, title};
use super::super::reader::FindState;
use super::page::{draw_head, text_area};
use super::reader::mark_words;
use super::{accent, blank, plain, put_line, quiet, strong, text};
use crate::domain::changes::{Span, Until};
use crate::tui::theme;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span as Words};

/// What the last row says of the keys, in as many words as there is room for.
const KEYS: [&str; 4] = [
    "] [ files  } { pieces  / find  n N found  t this turn, or until now  y copy file  Y all  r look again",
    "] [ files  } { pieces  / find  t turn or until now  y copy  Y all  r again",
    "] [ files  } { pieces  / find  t turn/now  y copy",
    "] [ files  t turn/now  / find  y copy",
];

pub fn draw(app: &App, changes: &Changes, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    blank(buffer, area);
    let text_area = text_area(app).intersection(buffer.area);
    let rows = changes.rows(text_area.width);
    draw_head(&format!("{} · Esc: back", head(changes, rows.len(), text_area.height)), area, buffer);
    let words = changes.find.as_ref().map(|find| find.words.text()).filter(|words| !words.trim().is_empty());
    for (y, (at, row)) in (0..text_area.height).zip(rows.iter().enumerate().skip(changes.top)) {
        let line = line(row);
        put_line(buffer, text_area, y, &line);
        if let Some(words) = &words {
            let whole = Rect { y: text_area.y + y, height: 1, ..text_area };
            mark_words(&line, words, whole, buffer, changes.found == Some(at));
        }
    }
    let last = Rect { y: area.bottom().saturating_sub(1), height: 1.min(area.height), ..area };
    match changes.find.as_ref().filter(|find| find.state == FindState::Typing) {
        Some(find) => {
            put_line(buffer, last, 0, &Line::from(vec![Words::styled(" find: ", accent())]));
            let field = Rect { x: last.x + 7.min(last.width), width: last.width.saturating_sub(7), ..last };
            let (column, row) = find.words.draw(field, buffer, Style::new());
            Some(Position::new(field.x + column, field.y + row))
        }
        None => {
            let room = usize::from(area.width).saturating_sub(2);
            let keys = KEYS.iter().find(|words| text::columns(words) <= room).or(KEYS.last()).copied();
            put_line(buffer, last, 0, &Line::styled(format!("  {}", keys.unwrap_or_default()), strong()));
            None
        }
    }
}

fn head(changes: &Changes, rows: usize, height: u16) -> String {
    let words = match (&changes.state, changes.turn, changes.span) {
        (State::Told(diff), _, _) => title(diff.turn, diff.until),
        (State::Asked | State::Refused(_), Some(turn), Span::Turn) => title(turn, Until::TurnEnd),
        (State::Asked | State::Refused(_), Some(turn), Span::UntilNow) => title(turn, Until::Now),
        (State::Asked | State::Refused(_), None, _) => "what the newest turn changed".to_owned(),
    };
    let last = (changes.top + usize::from(height)).min(rows);
    match rows > usize::from(height) {
        true => format!("{words} · rows {} to {last} of {rows}", changes.top + 1),
        false => words,
    }
}

fn line(row: &Row) -> Line<'static> {
    let style = match row.look {
        Look::Head => strong(),
        Look::Listed | Look::Same => plain(),
        Look::File => accent(),
        Look::Part => Style::new().fg(theme::PAGE),
        Look::Added => Style::new().fg(theme::DONE),
        Look::Removed => Style::new().fg(theme::TROUBLE),
        Look::Note => quiet(),
    };
    Line::styled(row.text.clone(), style)
}
