//! How the overview looks: a line for the filter, a row for each conversation, what is known of the chosen one, and the keys.
//!
//! Only rows that are seen are made. Change here: columns and what gives way in a narrow window.
//! Not here: which rows there are (`tui/overview.rs`).

use super::super::app::{App, is_ended};
use super::super::composer::Composer;
use super::super::keymap::{Keymap, Place};
use super::super::layout::layout;
use super::super::overview::{self, Doing, Overview, Peek, last_prompt, state_word};
use super::{accent, alert, blank, chosen, put_line, quiet, reader, strong, tab_bar, text, work};
use crate::domain::conversation::Tab;
use crate::domain::count;
use crate::domain::id::ConversationId;
use crate::domain::search::NoMeaning;
use crate::domain::when;
use crate::protocol::message::Conversation;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::collections::HashMap;

/// The heading and the filter.
const HEAD_ROWS: u16 = 2;
/// What is known of the chosen one: agent, model and folder; the last prompt.
const DETAIL_ROWS: u16 = 2;
/// In a lower window only the list is shown, for it is what the page is for.
const DETAIL_FROM_ROWS: u16 = 14;
const KEYS_FROM_ROWS: u16 = 8;
/// The widest columns: `needs approval`, `outcome unknown`; `12d23h`.
const STATE_COLUMNS: usize = 15;
const AGE_COLUMNS: usize = 6;
/// The number of its tab; none where it is closed.
const TAB_COLUMNS: usize = 3;
/// From this width on the state stands as a word beside its mark, and agent, model and folder in columns of their own.
const WORDS_FROM_COLUMNS: usize = 60;
const AGENT_FROM_COLUMNS: usize = 110;
/// `123.4M`, all tokens of its turns.
const TOKEN_COLUMNS: usize = 6;
const AGENT_COLUMNS: usize = 14;
const FOLDER_COLUMNS: usize = 24;

/// More rows of one answer than any window has for them.
const PEEK_ANSWER_ROWS: usize = 200;
/// While one is read: of three rows one is for the list, but no fewer than this.
const PEEK_LIST_ROWS: u16 = 3;

/// Where the parts of the page lie.
struct Parts {
    head: Rect,
    list: Rect,
    detail: Rect,
    /// The last turns of the chosen one; empty unless it is read.
    peek: Rect,
    keys: Rect,
}

pub fn draw(app: &App, page: &Overview, buffer: &mut Buffer) -> Option<Position> {
    let parts = parts(app, &page.peek);
    blank(buffer, parts.head.union(parts.keys).union(parts.list));
    let (rows, unknown) = overview::rows(app, page);
    let at = overview::chosen_at(page, &rows);
    let tabs: HashMap<ConversationId, usize> = app.tabs().iter().map(|tab| tab.id).zip(1..).collect();
    let archived = overview::every(app).filter(|one| overview::is_archived(one)).count();
    draw_head(page, rows.len(), (overview::every(app).count(), archived), parts.head, buffer);
    let width = usize::from(parts.list.width);
    for (row, (index, conversation)) in (0..parts.list.height).zip(rows.iter().enumerate().skip(page.top)) {
        put_line(buffer, parts.list, row, &row_line(app, conversation, tabs.get(&conversation.id), width, index == at));
    }
    if let Some(words) = empty_words(app, rows.is_empty(), unknown) {
        put_line(buffer, parts.list, 0, &Line::styled(text::cut_end(&words, width), alert()));
    }
    if let Some(conversation) = rows.get(at) {
        draw_detail(conversation, parts.detail, buffer);
        draw_peek(page, conversation, parts.peek, buffer);
    }
    draw_foot(app, page, &parts, buffer)
}

fn parts(app: &App, peek: &Peek) -> Parts {
    let status = layout(app).status.height;
    let whole = Rect::new(0, 0, app.size.columns, app.size.rows.saturating_sub(status));
    let keys = match whole.height {
        // A field to write in stands where the keys stand, so there is always a row for it.
        rows if rows < KEYS_FROM_ROWS => rows.min(1),
        rows => u16::try_from(key_lines(whole.width).len()).unwrap_or(u16::MAX).min(rows / 3),
    };
    let detail = if whole.height < DETAIL_FROM_ROWS { 0 } else { DETAIL_ROWS + 1 };
    let head = HEAD_ROWS.min(whole.height.saturating_sub(keys));
    let rest = whole.height.saturating_sub(head + detail + keys);
    let list = if peek.is_on() { (rest / 3).max(PEEK_LIST_ROWS).min(rest) } else { rest };
    let row = |y: u16, height: u16| Rect::new(0, y, whole.width, height);
    Parts {
        head: row(0, head),
        list: row(head, list),
        detail: row(head + list, detail),
        peek: row(head + list + detail, rest - list),
        keys: row(head + rest + detail, keys),
    }
}

pub fn rows_seen(app: &App) -> usize {
    match &app.page {
        Some(super::Page::Overview(page)) => parts(app, &page.peek).list.height.into(),
        Some(_) | None => 0,
    }
}

/// The place in the list of what stands in this row of the window.
pub fn row_at(app: &App, row: u16) -> Option<usize> {
    let Some(super::Page::Overview(page)) = &app.page else { return None };
    let list = parts(app, &page.peek).list;
    (list.y..list.bottom()).contains(&row).then(|| page.top + usize::from(row - list.y))
}

/// `all` is how many there are, and how many of them were put away.
fn draw_head(page: &Overview, shown: usize, all: (usize, usize), area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width);
    let archived = match all.1 {
        0 => String::new(),
        archived => format!(", {archived} archived"),
    };
    let head = format!("── conversations · {shown} of {}{archived} · by {} · Esc: back ", all.0, page.order.word());
    let head = text::cut_end(&head, width);
    let rest = "─".repeat(width.saturating_sub(text::columns(&head)));
    put_line(buffer, area, 0, &Line::styled(format!("{head}{rest}"), accent()));
    if page.filter.is_empty() {
        // The names are enough to start with; a wrong one lists them all.
        let words = "  type words, agent: in: since:2d is:working is:asks is:failed is:archived ...";
        put_line(buffer, area, 1, &Line::styled(text::cut_end(words, width), quiet()));
    }
}

fn empty_words(app: &App, empty: bool, unknown: Option<NoMeaning>) -> Option<String> {
    let names = || overview::STATES.map(|(name, _)| name).join(" ");
    match (unknown, empty) {
        (Some(NoMeaning::State(word)), _) => {
            Some(format!("is:{} is no state; there are: {}", text::clean(&word), names()))
        }
        (Some(NoMeaning::Time(word)), _) => {
            Some(format!("{} is no time; there are: {}", text::clean(&word), when::FORMS))
        }
        (None, true) => Some(match app.listed {
            overview::Listed::Known(_) => "no conversation is like that".to_owned(),
            overview::Listed::NotAsked | overview::Listed::Asked => "asking the host ...".to_owned(),
        }),
        (None, false) => None,
    }
}

/// `>  3 * working         fix login            make the button green    2m`
fn row_line(
    app: &App,
    conversation: &Conversation,
    tab: Option<&usize>,
    width: usize,
    is_chosen: bool,
) -> Line<'static> {
    let tab = tab.map(usize::to_string).unwrap_or_default();
    let age = when::minutes(app.now.wall.since(conversation.active_at));
    let mut left = String::new();
    if width >= WORDS_FROM_COLUMNS {
        left += &cell(state_word(conversation), STATE_COLUMNS);
        left.push(' ');
    }
    let lead = TAB_COLUMNS + 4;
    let right = match width >= AGENT_FROM_COLUMNS {
        true => {
            let wanted = &conversation.wanted;
            let agent = [Some(wanted.agent.as_str()), wanted.model.as_deref()].into_iter().flatten();
            let agent = text::clean(&agent.collect::<Vec<_>>().join(" "));
            let folder = text::cut_middle(&text::clean(&wanted.folder), FOLDER_COLUMNS);
            let tokens = work::tokens(conversation.spent);
            let (agent, folder) = (cell(&agent, AGENT_COLUMNS), cell(&folder, FOLDER_COLUMNS));
            format!(" {agent} {folder} {tokens:>TOKEN_COLUMNS$} {age:>AGE_COLUMNS$}")
        }
        false => format!(" {age:>AGE_COLUMNS$}"),
    };
    let room = width.saturating_sub(lead + text::columns(&left) + text::columns(&right));
    let title_columns = if width >= WORDS_FROM_COLUMNS { room * 2 / 5 } else { room };
    let prompt_columns = room - title_columns;
    let title = cell(&text::clean(&conversation.title), title_columns);
    let prompt = match prompt_columns {
        0 => String::new(),
        columns => format!(" {}", cell(&text::first_line(last_prompt(conversation)), columns - 1)),
    };
    let style = if is_chosen { chosen() } else { Style::new() };
    Line::from(vec![
        Span::styled(if is_chosen { ">" } else { " " }, accent()),
        Span::styled(format!("{tab:>TAB_COLUMNS$} "), quiet()),
        tab_bar::mark(conversation),
        Span::raw(" "),
        Span::styled(left, style),
        Span::styled(title, style.patch(if overview::is_open(conversation) { strong() } else { Style::new() })),
        Span::styled(format!("{prompt}{right}"), if is_chosen { style } else { quiet() }),
    ])
}

/// Exactly so many cells.
fn cell(words: &str, columns: usize) -> String {
    let cut = text::cut_end(words, columns);
    let gap = " ".repeat(columns.saturating_sub(text::columns(&cut)));
    cut + &gap
}

fn draw_detail(conversation: &Conversation, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let width = usize::from(area.width);
    put_line(buffer, area, 0, &Line::styled("─".repeat(width), quiet()));
    let wanted = &conversation.wanted;
    let model = wanted.model.as_deref().map(|model| format!(" {}", text::clean(model))).unwrap_or_default();
    let tab = match conversation.tab {
        Tab::Open { .. } => "",
        Tab::Closed => "closed · ",
        Tab::Archived => "archived · ",
    };
    let queue = match conversation.queue.len() {
        0 => String::new(),
        waiting => format!(" · {waiting} queued"),
    };
    let tokens = match work::tokens(conversation.spent).as_str() {
        "" => String::new(),
        _ => format!(" · {}", work::usage_words(conversation.spent)),
    };
    let head = format!(
        " {tab}{} · {}{model} · {}{queue}{tokens} · ",
        state_word(conversation),
        text::clean(&wanted.agent),
        count::of(conversation.turns, "turn")
    );
    let folder = text::cut_middle(&text::clean(&wanted.folder), width.saturating_sub(text::columns(&head)));
    put_line(buffer, area, 1, &Line::raw(text::cut_end(&format!("{head}{folder}"), width)));
    let prompt = text::cut_end(&text::first_line(last_prompt(conversation)), width.saturating_sub(3));
    put_line(buffer, area, 2, &Line::styled(format!(" › {prompt}"), quiet()));
}

/// The end of what was said in the chosen one, as its record would show it.
fn draw_peek(page: &Overview, conversation: &Conversation, area: Rect, buffer: &mut Buffer) {
    let Peek::On { turns, .. } = &page.peek else { return };
    if area.is_empty() {
        return;
    }
    let width = usize::from(area.width);
    put_line(buffer, area, 0, &Line::styled("─".repeat(width), quiet()));
    // The answer of an ended turn stands in the record alone, the state of one that runs here alone.
    let running = conversation.turn.iter().filter(|turn| !is_ended(turn));
    let known = turns.iter().filter(|turn| is_ended(turn)).chain(running);
    let lines: Vec<Line> = known.flat_map(|turn| reader::turn_lines(turn, width - 1, PEEK_ANSWER_ROWS)).collect();
    let lines = if lines.is_empty() { vec![Line::styled(" nothing was said yet", quiet())] } else { lines };
    let room = usize::from(area.height - 1);
    for (row, line) in (1..).zip(lines.iter().skip(lines.len().saturating_sub(room))) {
        put_line(buffer, area, row, line);
    }
}

/// The keys, or the field that is written in. Returns where the cursor is.
fn draw_foot(app: &App, page: &Overview, parts: &Parts, buffer: &mut Buffer) -> Option<Position> {
    let (words, field) = match &page.doing {
        Doing::Choosing => {
            if app.size.rows > KEYS_FROM_ROWS {
                for (row, words) in (0..).zip(key_lines(parts.keys.width)) {
                    put_line(buffer, parts.keys, row, &Line::styled(words, quiet()));
                }
            }
            let row = Rect { y: parts.head.y + 1, height: parts.head.height.saturating_sub(1).min(1), ..parts.head };
            return draw_field(" ", &page.filter, row, buffer);
        }
        Doing::Replying(..) => {
            ("Enter sends it, or queues it while a turn runs; Esc: nothing is sent".to_owned(), " message: ")
        }
        Doing::Renaming(..) => ("Enter keeps it, Esc the old one".to_owned(), " title: "),
        Doing::Deleting(id, _) => (delete_words(app, *id), " delete? "),
    };
    let filter = format!("  {}", page.filter.text());
    let head = Rect { y: parts.head.y + 1, height: parts.head.height.saturating_sub(1), ..parts.head };
    put_line(buffer, head, 0, &Line::styled(text::cut_end(&text::clean(&filter), usize::from(head.width)), quiet()));
    let field_row = Rect { height: parts.keys.height.min(1), ..parts.keys };
    let words_area = Rect { y: field_row.bottom(), height: parts.keys.height.saturating_sub(1), ..parts.keys };
    let lines = text::wrap(&words, usize::from(words_area.width.saturating_sub(1)));
    for (row, line) in (0..words_area.height).zip(lines) {
        put_line(buffer, words_area, row, &Line::styled(format!(" {line}"), alert()));
    }
    match &page.doing {
        Doing::Choosing => None,
        Doing::Replying(_, composer) | Doing::Renaming(_, composer) | Doing::Deleting(_, composer) => {
            draw_field(field, composer, field_row, buffer)
        }
    }
}

fn delete_words(app: &App, id: ConversationId) -> String {
    let Some(conversation) = overview::known(app, id) else { return "it is gone already".to_owned() };
    let first = conversation.title.split_whitespace().next().map(|word| format!("{} or ", text::clean(word)));
    format!(
        "{} for good. Type {}yes, then Enter. Esc: no.",
        if conversation.turns == 1 {
            "Its 1 turn goes".to_owned()
        } else {
            format!("All its {} turns go", conversation.turns)
        },
        first.unwrap_or_default()
    )
}

fn draw_field(words: &str, field: &Composer, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let indent = u16::try_from(text::columns(words)).unwrap_or(0) + 1;
    let indent = indent.min(area.width.saturating_sub(1));
    let is_hint = words.trim().is_empty();
    put_line(buffer, area, 0, &Line::styled(if is_hint { ">" } else { words }, accent()));
    let inside = Rect { x: area.x + indent, width: area.width - indent, ..area };
    if field.is_empty() {
        return Some(Position::new(inside.x, inside.y));
    }
    let (column, row) = field.draw(inside, buffer, Style::new());
    Some(Position::new(inside.x + column, inside.y + row))
}

/// The keys of the page in as many lines as they need, each with its words.
fn key_lines(width: u16) -> Vec<String> {
    let most = usize::from(width);
    let mut lines = vec![String::new()];
    for (keys, words) in Keymap::default().lines(Place::Overview) {
        let piece = format!(" {keys}: {words} ");
        let full = lines.last().is_some_and(|line| text::columns(line) + text::columns(&piece) > most);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(&text::cut_end(&piece, most));
        }
    }
    lines
}
