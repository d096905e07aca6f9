//! What lies over the window: the help, the reasons, one turn, a question to confirm, the new title.

use super::super::app::{App, Confirm, Page, view_of};
use super::super::composer::Composer;
use super::super::keymap::{Place, key_name};
use super::super::layout::layout;
use super::super::overview::known;
use super::super::reader::{Scope, Standing};
use super::reader::{self, Reading};
use super::{
    accent, agents, blank, changes, copy, covers, draw_box, history, overview, palette, put_line, quiet, requests,
    search, strong, text, trouble,
};
use crate::domain::continuity::DecisionRecord;
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::{ConversationId, TurnNumber};
use crate::domain::worktree::Work;
use crate::protocol::message::{Process, Session, TakenUp};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Columns that the names of keys take on the help page.
const KEY_COLUMNS: usize = 32;
/// The widest box of a question.
const BOX_COLUMNS: u16 = 64;

/// Draws the page and returns where its cursor is.
pub fn draw(app: &App, page: &Page, buffer: &mut Buffer) -> Option<Position> {
    match page {
        Page::Help { top } | Page::Why { top } => {
            draw_lines(app, page, *top, buffer);
            None
        }
        Page::Turn { number, at } => {
            draw_turn(app, *number, *at, buffer);
            None
        }
        Page::Confirm(confirm) => {
            draw_confirm(app, *confirm, buffer);
            None
        }
        Page::Requests(page) => requests::draw(app, page, buffer),
        Page::Agents(page) => {
            agents::draw(app, page, buffer);
            None
        }
        Page::Overview(page) => overview::draw(app, page, buffer),
        Page::Search(page) => search::draw(app, page, buffer),
        Page::Changes(page) => changes::draw(app, page, area(app).intersection(buffer.area), buffer),
        Page::Palette(page) => palette::draw(app, page, buffer),
        Page::Copy(page) => copy::draw(app, page, buffer),
        Page::History(page) => history::draw(app, page, buffer),
        Page::Rename(composer) => {
            let words = "Enter keeps it, Esc the old one";
            draw_field(app, " title ", composer, &[words.to_owned()], buffer)
        }
        Page::GoTo(composer) => {
            let words = format!("Enter goes to the tab with this number, 1 to {}", app.tabs().len());
            draw_field(app, " tab ", composer, &[words], buffer)
        }
        Page::Export(composer) => {
            let folder = format!("in {}, if no other folder is named", text::clean(&app.folder));
            let words = "Enter writes it, Esc does not; .json makes JSON. A file that is there is not overwritten.";
            draw_field(app, " export the record to ", composer, &[folder, words.to_owned()], buffer)
        }
        Page::Model(composer) => draw_field(app, " model of this conversation ", composer, &model_words(app), buffer),
    }
}

/// All but the status line.
fn area(app: &App) -> Rect {
    let layout = layout(app);
    Rect::new(0, 0, app.size.columns, app.size.rows.saturating_sub(layout.status.height))
}

/// The rows of a page's text that are seen at once.
pub fn rows(app: &App) -> u16 {
    area(app).height.saturating_sub(1)
}

/// The lowest first row of the page that is open.
pub fn most_top(app: &App) -> u16 {
    let Some(page) = app.page.as_ref().filter(|page| covers(page)) else { return 0 };
    let lines = lines(app, page, area(app).width).len().saturating_sub(usize::from(rows(app)));
    u16::try_from(lines).unwrap_or(u16::MAX)
}

/// Where the text of a turn's page stands: below its head and above the row with its keys.
pub fn text_area(app: &App) -> Rect {
    let area = area(app);
    Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(2), ..area }
}

fn draw_turn(app: &App, number: TurnNumber, at: Standing, buffer: &mut Buffer) {
    let area = area(app).intersection(buffer.area);
    blank(buffer, area);
    let text_area = text_area(app).intersection(buffer.area);
    let more = match Reading::new(app, Scope::Turn(number), text_area.width).more(at, text_area.height) {
        (true, true) => " · more above and below",
        (true, false) => " · more above",
        (false, true) => " · more below",
        (false, false) => "",
    };
    draw_head(&format!("turn {number}{more} · [ ] other turns · Esc: back"), area, buffer);
    reader::draw_turn(app, number, at, text_area, buffer);
    if let Some(turn) = app.turn(number) {
        let words = reader::action_words(turn, usize::from(area.width).saturating_sub(2));
        put_line(buffer, area, area.height.saturating_sub(1), &Line::styled(format!("  {words}"), strong()));
    }
}

pub fn draw_head(words: &str, area: Rect, buffer: &mut Buffer) {
    let head = text::cut_end(&format!("── {words} "), usize::from(area.width));
    let rest = "─".repeat(usize::from(area.width).saturating_sub(text::columns(&head)));
    put_line(buffer, area, 0, &Line::styled(format!("{head}{rest}"), accent()));
}

fn draw_lines(app: &App, page: &Page, top: u16, buffer: &mut Buffer) {
    let area = area(app).intersection(buffer.area);
    blank(buffer, area);
    let title = match page {
        Page::Help { .. } => "keys".to_owned(),
        Page::Why { .. } => "why: the session now, and the last decisions".to_owned(),
        Page::Turn { .. }
        | Page::Requests(_)
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
        | Page::History(_) => String::new(),
    };
    let lines = lines(app, page, area.width);
    let seen = usize::from(rows(app));
    let more = match lines.len() > seen {
        true => format!(" · rows {} to {} of {}", top + 1, (usize::from(top) + seen).min(lines.len()), lines.len()),
        false => String::new(),
    };
    draw_head(&format!("{title}{more} · Esc: back"), area, buffer);
    for (row, line) in (1..).zip(lines.iter().skip(usize::from(top)).take(seen)) {
        put_line(buffer, area, row, line);
    }
}

fn lines(app: &App, page: &Page, columns: u16) -> Vec<Line<'static>> {
    let width = usize::from(columns);
    match page {
        Page::Help { .. } => help_lines(app, width),
        Page::Why { .. } => why_lines(app, width),
        Page::Turn { .. }
        | Page::Requests(_)
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
        | Page::History(_) => Vec::new(),
    }
}

fn help_lines(app: &App, width: usize) -> Vec<Line<'static>> {
    let prefix = key_name(app.config.prefix);
    let mut lines = Vec::new();
    let after = format!("After {prefix} ({prefix} twice sends it to the agent)");
    for (place, heading) in [
        (Place::Prefix, after.as_str()),
        (Place::Anywhere, "Everywhere"),
        (Place::Composer, "In the composer"),
        (Place::Turns, "In the list of turns"),
        (Place::Record, "In the record, and on the page of a turn"),
        (Place::Changes, "On the page of what a turn changed"),
        (Place::Requests, "In the list of what the agent asks"),
        (Place::Agents, "In the list of agents"),
        (Place::Overview, "In the overview of all conversations"),
        (Place::Search, "In the search"),
        (Place::Palette, "In the list of actions"),
        (Place::History, "In the list of earlier messages"),
        (Place::Copy, "While scrolling and copying"),
        (Place::Page, "On a page like this"),
        (Place::Confirm, "When asked"),
    ] {
        lines.push(Line::styled(text::cut_end(&format!(" {heading}"), width), strong()));
        for (keys, words) in app.keymap.lines(place) {
            lines.extend(help_line(&keys, words, width));
        }
        lines.push(Line::default());
    }
    for words in [
        "Tab marks: * working  ? needs answer  ! needs approval  ✓ completed  ✗ failed  - interrupted  ~ outcome unknown  + queue held for you  z asleep",
        "In the agent's screen every other key goes to the agent. A click brings the keyboard to where you click.",
    ] {
        lines.extend(text::wrap(words, width.saturating_sub(2)).into_iter().map(|line| Line::raw(format!(" {line}"))));
    }
    lines
}

fn help_line(keys: &str, words: &str, width: usize) -> Vec<Line<'static>> {
    let key_columns = KEY_COLUMNS.min(width / 2);
    let mut key_rows = text::wrap(keys, key_columns.saturating_sub(3)).into_iter();
    let mut word_rows = text::wrap(words, width.saturating_sub(key_columns)).into_iter();
    let mut lines = Vec::new();
    loop {
        let (keys, words) = (key_rows.next(), word_rows.next());
        if keys.is_none() && words.is_none() {
            return lines;
        }
        let keys = keys.unwrap_or_default();
        let gap = " ".repeat(key_columns.saturating_sub(2 + text::columns(&keys)));
        lines.push(Line::from(vec![
            Span::styled(format!("  {keys}{gap}"), accent()),
            Span::raw(words.unwrap_or_default()),
        ]));
    }
}

/// The last ten decisions: what, why, and what showed it.
fn why_lines(app: &App, width: usize) -> Vec<Line<'static>> {
    let Some((conversation, desk)) = app.active().zip(app.desk()) else { return Vec::new() };
    let mut lines = Vec::new();
    let next = format!(" next message: {} · {}", conversation.next.continuity.word(), conversation.next.why.text());
    lines.extend(indented(&next, width, strong()));
    lines.extend(conversation.session.iter().flat_map(|session| session_lines(app, session, width)));
    lines.push(Line::default());
    for record in desk.decisions.values().rev().take(10) {
        lines.extend(decision_lines(app, record, width));
    }
    if desk.decisions.is_empty() {
        lines.push(Line::styled(" no message was sent here yet", quiet()));
    }
    lines
}

/// What the session is, and what each source said last of it.
fn session_lines(app: &App, session: &Session, width: usize) -> Vec<Line<'static>> {
    let Fingerprint { agent, model, folder } = &session.fingerprint;
    let model = model.as_deref().unwrap_or("default");
    let mut lines =
        indented(&format!(" session {}: {agent}, model {model}, folder {folder}", session.number), width, Style::new());
    if let Some(id) = &session.agent_session {
        let confirmed = match &session.process {
            Process::Alive { taken_up: TakenUp::Verified, .. } => ", confirmed by the agent",
            Process::Alive { taken_up: TakenUp::NotVerified, .. } => ", not verified yet",
            Process::Alive { taken_up: TakenUp::New, .. } | Process::Asleep { .. } => "",
        };
        lines.extend(indented(&format!("   the agent's id: {id}{confirmed}"), width, Style::new()));
    }
    if let Some(warning) = &session.warning {
        lines.extend(indented(&format!("   {warning}"), width, trouble()));
    }
    for seen in &session.heard {
        let age = text::age(app.now.wall, seen.at);
        lines.extend(indented(&format!("   {}, {age}: {}", seen.source.word(), seen.text), width, quiet()));
    }
    lines
}

fn decision_lines(app: &App, record: &DecisionRecord, width: usize) -> Vec<Line<'static>> {
    let session = record.session.map(|session| format!(" · session {session}")).unwrap_or_default();
    let age = text::age(app.now.wall, record.at);
    let head = format!(" turn {} · {}{session} · {age}", record.turn, record.decision.continuity.word());
    let mut lines = vec![Line::styled(text::cut_end(&head, width), strong())];
    lines.extend(indented(&format!("   why: {}", record.decision.why.text()), width, Style::new()));
    if let Some(evidence) = &record.evidence {
        let (source, seen) = (evidence.source.word(), text::age(app.now.wall, evidence.at));
        lines.extend(indented(&format!("   seen by: {source}, {}, {seen}", evidence.text), width, quiet()));
    }
    lines
}

/// Wraps and keeps the indent of the first row.
fn indented(words: &str, width: usize, style: Style) -> Vec<Line<'static>> {
    let indent = words.len() - words.trim_start().len();
    let rows = text::wrap(words.trim_start(), width.saturating_sub(indent + 1));
    rows.into_iter().map(|row| Line::styled(format!("{}{row}", " ".repeat(indent)), style)).collect()
}

fn draw_confirm(app: &App, confirm: Confirm, buffer: &mut Buffer) {
    let (title, words, yes) = match confirm {
        Confirm::FreshWhileRunning(turn) => (
            " fresh session ",
            format!(
                "Turn {turn} is running. It will be interrupted and its session ended; the next message starts a fresh \
                 session that knows nothing of what was said. The conversation and its turns stay."
            ),
            "interrupt and start fresh",
        ),
        Confirm::StopSession => (" end the session's process ", stop_words(app), "end the process"),
        Confirm::RemoveWorktree => (
            " remove the worktree ",
            "Its folder goes, if all that stands in it stands somewhere else as well; its process is ended first. The conversation goes on \
             in the repository, in a fresh session."
                .to_owned(),
            "remove it",
        ),
        Confirm::RemoveWorktreeWithWork(work) => (
            " work would be left ",
            format!(
                "It holds work that is nowhere else: {}. What is not committed would be saved under a name that you are told, commits stay on \
                 its branch, and the folder goes with all that git ignores in it.",
                work.words()
            ),
            "save the work and remove the folder",
        ),
        Confirm::DeleteWithWorktree(id) => (" delete the conversation ", delete_words(app, id), "delete it, keep its worktree"),
        Confirm::DeleteWithWork(_, work) => (
            " work would be left ",
            format!(
                "The worktree holds work that is nowhere else: {}. What is not committed would be saved under a name that you are told, commits \
                 stay on its branch, and the folder goes with all that git ignores in it. Then the conversation is deleted.",
                work.words()
            ),
            "save the work, remove the folder, delete",
        ),
        Confirm::Removing(_) => {
            let words = "Git looks whether the worktree holds work that is nowhere else. Without such work the folder goes.".to_owned();
            return draw_question(app, " remove the worktree ", &words, &[("Esc", "do not wait; you are told what came of it")], buffer);
        }
    };
    let further = match confirm {
        Confirm::FreshWhileRunning(_) => Some(("b", "the same, with a brief as a draft")),
        Confirm::DeleteWithWorktree(_) => Some(("w", "delete it and its worktree")),
        Confirm::StopSession
        | Confirm::RemoveWorktree
        | Confirm::RemoveWorktreeWithWork(_)
        | Confirm::DeleteWithWork(..)
        | Confirm::Removing(_) => None,
    };
    let answers: Vec<(&str, &str)> =
        [("y", yes)].into_iter().chain(further).chain([("n", "leave all as it is")]).collect();
    draw_question(app, title, &words, &answers, buffer);
}

/// Words, and below them each key that answers.
fn draw_question(app: &App, title: &str, words: &str, answers: &[(&'static str, &str)], buffer: &mut Buffer) {
    let width = BOX_COLUMNS.min(app.size.columns);
    let mut lines: Vec<Line> =
        text::wrap(words, usize::from(width.saturating_sub(4))).into_iter().map(Line::raw).collect();
    lines.push(Line::default());
    for (key, words) in answers {
        lines.push(Line::from(vec![Span::styled(*key, accent()), Span::raw(format!("  {words}"))]));
    }
    draw_small_box(app, title, &lines, buffer);
}

fn delete_words(app: &App, id: ConversationId) -> String {
    let Some((one, worktree)) = known(app, id).and_then(|one| Some((one, one.worktree.as_ref()?))) else {
        return "It is gone already.".to_owned();
    };
    let work = one.tree_work.map(Work::words).filter(|words| !words.is_empty());
    let work = work.map(|words| format!(": {words}")).unwrap_or_default();
    let (path, branch) = (text::clean(&worktree.path), text::clean(&worktree.branch));
    format!("It has the git worktree {path} on {branch}{work}.")
}

fn stop_words(app: &App) -> String {
    let Some(conversation) = app.active() else { return String::new() };
    let pid = view_of(conversation).map_or("", |_| "The agent's process ends now. ");
    let turn = app.running().map(|turn| format!("Turn {} is running and ends as interrupted. ", turn.number));
    format!(
        "{pid}{}The conversation stays; the next message resumes the session, or says why it cannot.",
        turn.unwrap_or_default()
    )
}

/// A box in the middle; returns its inside.
fn draw_small_box(app: &App, title: &str, lines: &[Line], buffer: &mut Buffer) -> Rect {
    let whole = area(app);
    let width = BOX_COLUMNS.min(whole.width);
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(whole.height);
    let place = Rect::new((whole.width - width) / 2, (whole.height - height) / 2, width, height);
    let inside = draw_box(buffer, place, title, accent());
    let inside = Rect { x: inside.x + 1.min(inside.width), width: inside.width.saturating_sub(2), ..inside };
    // In a low window the last line, with the keys, is the one that must stay.
    let skipped = lines.len().saturating_sub(usize::from(inside.height));
    for (row, line) in (0..).zip(lines.iter().skip(skipped)) {
        put_line(buffer, inside, row, line);
    }
    inside
}

/// A box with a line to write in and words below it.
fn draw_field(app: &App, title: &str, field: &Composer, words: &[String], buffer: &mut Buffer) -> Option<Position> {
    let width = usize::from(BOX_COLUMNS.min(app.size.columns).saturating_sub(4));
    let rows = words.iter().flat_map(|words| text::wrap(words, width)).map(|row| Line::styled(row, quiet()));
    let lines: Vec<Line> = std::iter::once(Line::default()).chain(rows).collect();
    let inside = draw_small_box(app, title, &lines, buffer);
    if inside.is_empty() {
        return None;
    }
    let (column, row) = field.draw(Rect { height: 1, ..inside }, buffer, Style::new());
    Some(Position::new(inside.x + column, inside.y + row))
}

/// Whose model it is and what the session has.
fn model_words(app: &App) -> Vec<String> {
    let Some(conversation) = app.active() else { return Vec::new() };
    let session = conversation.session.as_ref().map(|session| {
        let model = session.fingerprint.model.as_deref().unwrap_or("the agent's default");
        format!(" · session {} has {}", session.number, text::clean(model))
    });
    vec![
        format!("of {}{}", text::clean(&conversation.wanted.agent), session.unwrap_or_default()),
        "From the next message on; the status line says what that does.".to_owned(),
        "Enter takes it, empty is the agent's own default, Esc leaves it".to_owned(),
    ]
}
