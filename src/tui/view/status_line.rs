//! The last row: where the keyboard is, what became of the newest message or will become of the next, and the way to the commands.
//!
//! Not here: the words of reasons, which are the domain's.

use super::super::app::{App, Keyboard, Link, Notice, NoticeKind, Page, alive_since, needs_answer, running};
use super::super::keymap::{Command, short_key_name};
use super::super::layout::{Layout, layout};
use super::super::theme;
use super::{alert, blank, put_line, quiet, strong, text, trouble};
use crate::config::Animation;
use crate::domain::continuity::{Continuity, Decision, DecisionRecord, Why};
use crate::domain::conversation::QueueHeld;
use crate::domain::id::TurnNumber;
use crate::domain::request::{Request, RequestState};
use crate::domain::session::AsleepWhy;
use crate::domain::turn::{TurnEnd, TurnRecord, TurnState};
use crate::domain::when;
use crate::protocol::message::{Conversation, Process, Status, TakenUp};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let (chip, chip_style) = chip(app);
    let chip = text::cut_end(chip, usize::from(area.width));
    let room = usize::from(area.width).saturating_sub(text::columns(&chip) + 1);
    let hint = format!("{} commands", short_key_name(app.config.prefix));
    let agent = app.active().map(agent_words);
    let (style, pieces) = words(app);
    let least: usize =
        pieces.iter().filter(|piece| piece.1 == Weight::Needed).map(|piece| text::columns(&piece.0) + 3).sum();
    // The right side gives way before a reason is cut: first the agent, then the hint.
    let rights = [agent.map(|agent| format!("{agent}  {hint}")), Some(hint), None];
    let right = rights
        .into_iter()
        .map(Option::unwrap_or_default)
        .find(|right| text::columns(right) + 2 + least <= room)
        .unwrap_or_default();
    let left_room = room.saturating_sub(if right.is_empty() { 0 } else { text::columns(&right) + 2 });
    let left = join(&pieces, left_room);
    let gap = " ".repeat(room.saturating_sub(text::columns(&left) + text::columns(&right)));
    let line = Line::from(vec![
        Span::styled(chip, chip_style),
        Span::raw(" "),
        Span::styled(left, style),
        Span::raw(gap),
        Span::styled(right, quiet()),
    ]);
    put_line(buffer, area, 0, &line);
}

/// A notice that is too long for the last row lies over the rows above the composer, whole.
pub fn draw_long_notice(app: &App, layout: &Layout, buffer: &mut Buffer) {
    let Some(notice) = app.notice.as_ref().filter(|notice| !fits(app, notice)) else { return };
    let lines = text::wrap(&text::clean(&notice.text), usize::from(app.size.columns.saturating_sub(1)));
    let bottom = if layout.composer.is_empty() { layout.status.y } else { layout.composer.y };
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(bottom);
    let area = Rect::new(0, bottom - height, app.size.columns, height);
    blank(buffer, area);
    for (row, line) in (0..height).zip(&lines) {
        put_line(buffer, area, row, &Line::styled(format!(" {line}"), notice_style(notice)));
    }
}

fn fits(app: &App, notice: &Notice) -> bool {
    text::columns(&notice.text) + text::columns(chip(app).0) < usize::from(app.size.columns)
}

fn notice_style(notice: &Notice) -> Style {
    match notice.kind {
        NoticeKind::Said => strong(),
        NoticeKind::Trouble => trouble(),
    }
}

fn chip(app: &App) -> (&'static str, Style) {
    let style = |color| Style::new().fg(color).add_modifier(Modifier::REVERSED | Modifier::BOLD);
    match (&app.page, app.keyboard()) {
        (Some(Page::Confirm(_)), _) => (" CONFIRM ", style(theme::ALERT)),
        (Some(Page::Requests(_)), _) => (" ASKED ", style(theme::ALERT)),
        (Some(Page::Rename(_)), _) => (" TITLE ", style(theme::ACCENT)),
        (Some(Page::GoTo(_)), _) => (" TAB ", style(theme::ACCENT)),
        (Some(Page::Export(_)), _) => (" EXPORT ", style(theme::ACCENT)),
        (Some(Page::Model(_)), _) => (" MODEL ", style(theme::ACCENT)),
        (Some(Page::Agents(_)), _) => (" AGENTS ", style(theme::PAGE)),
        (Some(Page::Palette(_)), _) => (" DO ", style(theme::PAGE)),
        (Some(Page::Search(_)), _) => (" SEARCH ", style(theme::PAGE)),
        (Some(Page::Overview(_)), _) => (" ALL ", style(theme::PAGE)),
        (Some(Page::History(_)), _) => (" EARLIER ", style(theme::PAGE)),
        (Some(Page::Changes(_)), _) => (" CHANGES ", style(theme::PAGE)),
        (Some(Page::Copy(_)), _) => (" COPY ", style(theme::DONE)),
        (Some(Page::Help { .. } | Page::Why { .. } | Page::Turn { .. }), _) => (" PAGE ", style(theme::PAGE)),
        (None, Keyboard::Composer) => (" TYPING ", style(theme::ACCENT)),
        (None, Keyboard::Agent) => (" AGENT ", style(theme::UNKNOWN)),
        (None, Keyboard::Record) if app.types_find() => (" FIND ", style(theme::ACCENT)),
        (None, Keyboard::Record) => (" READING ", style(theme::PAGE)),
        (None, Keyboard::Turns) => (" TURNS ", style(theme::PAGE)),
    }
}

fn agent_words(conversation: &Conversation) -> String {
    let agent = text::clean(&conversation.wanted.agent);
    match &conversation.wanted.model {
        Some(model) => format!("{agent} {}", text::clean(model)),
        None => agent,
    }
}

/// A reason in fewer cells tells nothing.
const LEAST_REASON: usize = 8;

/// Whether a piece may be left out when there is too little room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Needed,
    Spare,
}

type Piece = (String, Weight);

fn needed(words: impl Into<String>) -> Piece {
    (words.into(), Weight::Needed)
}

fn spare(words: impl Into<String>) -> Piece {
    (words.into(), Weight::Spare)
}

/// What is to be said, most pressing first: a notice, a lost link, the next message, the newest one.
fn words(app: &App) -> (Style, Vec<Piece>) {
    if let Some(notice) = app.notice.as_ref().filter(|notice| fits(app, notice)) {
        return (notice_style(notice), vec![needed(text::clean(&notice.text))]);
    }
    if app.is_stopped() {
        return (trouble(), vec![needed(stopped_words(app))]);
    }
    if !app.once_up.is_empty() {
        return (strong(), vec![needed("starting the host, then what you asked for is done")]);
    }
    if let Link::Down { why, .. } = &app.link {
        return (trouble(), vec![needed("host gone, trying again"), needed(text::clean(why))]);
    }
    match app.active() {
        Some(conversation) if needs_answer(conversation) => (alert(), asked_words(app, conversation)),
        Some(conversation) => (Style::new(), continuity_words(app, conversation)),
        None => (quiet(), vec![needed("connecting")]),
    }
}

fn stopped_words(app: &App) -> &'static str {
    let words = "the host was stopped; Enter (or any message) starts it again";
    let room = usize::from(app.size.columns).saturating_sub(text::columns(chip(app).0) + 1);
    if text::columns(words) <= room { words } else { "host stopped; Enter starts it" }
}

/// That the agent waits for the person and where it is answered; how its message got there gives way to that.
fn asked_words(app: &App, conversation: &Conversation) -> Vec<Piece> {
    let open = running(conversation).map(|turn| turn.requests.iter().filter(|request| request.is_open()));
    let open: Vec<&Request> = open.into_iter().flatten().collect();
    let is_on_its_way = open.iter().any(|request| matches!(request.state, RequestState::Answering(_)));
    let way = match open.iter().any(|request| request.takes_answer()) {
        true => format!("{} answers", app.short_way(Command::Requests)),
        false if !is_on_its_way => format!("{}: answer on its screen", app.short_way(Command::SwitchKeyboard)),
        false => "the answer is on its way".to_owned(),
    };
    let state = match conversation.status {
        Status::NeedsApproval => "needs approval",
        Status::NeedsAnswer
        | Status::Draft
        | Status::Idle
        | Status::Sending
        | Status::Working
        | Status::AsleepWillResume
        | Status::AsleepCannotResume => "needs answer",
    };
    let continuity = continuity_words(app, conversation).into_iter().map(|(words, _)| spare(words));
    [needed(state), needed(way)].into_iter().chain(continuity).collect()
}

fn continuity_words(app: &App, conversation: &Conversation) -> Vec<Piece> {
    if let Some(words) = not_resumed_words(app, conversation) {
        return words;
    }
    let asleep = match conversation.status {
        Status::Draft | Status::AsleepWillResume | Status::AsleepCannotResume => true,
        Status::Idle | Status::Sending | Status::Working | Status::NeedsApproval | Status::NeedsAnswer => false,
    };
    let idle = asleep || conversation.status == Status::Idle;
    let next_differs = match conversation.next.continuity {
        // An idle session is resumed where it takes its context to another model.
        Continuity::Fresh | Continuity::Resumed | Continuity::Refused => idle,
        Continuity::Reused | Continuity::Queued | Continuity::Answer => asleep,
    };
    if !next_differs && let Some(words) = failed_words(app, conversation) {
        return words;
    }
    match newest_decision(app, conversation) {
        Some(record) if !next_differs => newest_words(app, conversation, record),
        Some(_) | None => next_words(conversation),
    }
}

/// What can be done about a message that is held because the agent would not take its session up.
fn not_resumed_words(app: &App, conversation: &Conversation) -> Option<Vec<Piece>> {
    let Process::Asleep { why: AsleepWhy::ResumeRefused(said) } = &conversation.session.as_ref()?.process else {
        return None;
    };
    if conversation.queue_held != Some(QueueHeld::ResumeRefused) {
        return None;
    }
    let [again, fresh, brief] =
        [Command::SendNow, Command::Fresh, Command::Brief].map(|command| app.short_way(command));
    let prefix = format!("{} ", short_key_name(app.config.prefix));
    let key = |way: &str| way.strip_prefix(&prefix).unwrap_or(way).to_owned();
    let short = format!("not resumed: {again}, {} or {}", key(&fresh), key(&brief));
    let ways = [format!("{again} again"), format!("{fresh} fresh, {brief} with a brief")];
    let long: usize = ways.iter().map(|way| text::columns(way) + 3).sum();
    let room = usize::from(app.size.columns).saturating_sub(text::columns(chip(app).0) + 1);
    if text::columns("not resumed") + long + 3 + LEAST_REASON > room {
        return Some(vec![needed(short)]);
    }
    let said = needed(text::clean(said));
    Some([needed("not resumed")].into_iter().chain(ways.map(needed)).chain([said]).collect())
}

/// Why the newest turn failed and what can be done about it, where no panel shows that.
fn failed_words(app: &App, conversation: &Conversation) -> Option<Vec<Piece>> {
    if !layout(app).panel.is_empty() {
        return None;
    }
    match &conversation.turn.as_ref()?.state {
        TurnState::Ended(end @ (TurnEnd::Failed(_) | TurnEnd::Unknown(_))) => {
            let (why, next) = (text::clean(&end.why_text()), end.next_step());
            // Where both have no room, what can be done says more.
            let rest = if next.is_empty() { vec![needed(why)] } else { vec![spare(why), needed(next)] };
            Some([needed(end.word())].into_iter().chain(rest).collect())
        }
        TurnState::Ended(TurnEnd::Completed | TurnEnd::Interrupted(_))
        | TurnState::Queued
        | TurnState::Sending
        | TurnState::Working
        | TurnState::NeedsApproval
        | TurnState::NeedsAnswer => None,
    }
}

/// Whether the agent has said that it took up the session that it was told to.
fn taken_up(conversation: &Conversation, record: &DecisionRecord) -> Option<TakenUp> {
    let session = conversation.session.as_ref().filter(|session| Some(session.number) == record.session)?;
    match session.process {
        Process::Alive { taken_up, .. } => Some(taken_up),
        Process::Asleep { .. } => None,
    }
}

fn continuity_word(conversation: &Conversation, record: &DecisionRecord) -> &'static str {
    match (record.decision.continuity, taken_up(conversation, record)) {
        (Continuity::Resumed, Some(TakenUp::NotVerified)) => "resumed, not verified",
        (Continuity::Reused, Some(TakenUp::NotVerified)) => "reused, resume not verified",
        (continuity, _) => continuity.word(),
    }
}

/// How the newest message that is still there was decided: one that was taken out of the queue is not in line any more.
fn newest_decision<'a>(app: &'a App, conversation: &'a Conversation) -> Option<&'a DecisionRecord> {
    let stands = |record: &&DecisionRecord| match record.decision.continuity {
        Continuity::Queued => queue_place(conversation, record.turn).is_some(),
        Continuity::Reused | Continuity::Resumed | Continuity::Fresh | Continuity::Answer | Continuity::Refused => true,
    };
    let known = app.desks.get(&conversation.id).map(|desk| &desk.decisions);
    let older = known.into_iter().flat_map(|decisions| decisions.values().rev());
    conversation.decision.iter().chain(older).find(stands)
}

/// Its place in the queue, counted from 1.
fn queue_place(conversation: &Conversation, turn: TurnNumber) -> Option<u32> {
    (1..).zip(&conversation.queue).find(|(_, queued)| queued.number == turn).map(|(place, _)| place)
}

/// The reason with the place that the message has by now: those before it may be gone.
fn why_words(conversation: &Conversation, record: &DecisionRecord) -> String {
    let why = match (&record.decision.why, queue_place(conversation, record.turn)) {
        (Why::TurnRunning { turn, .. }, Some(place)) => {
            let turn = running(conversation).map_or(*turn, |running| running.number);
            Why::TurnRunning { turn, place }
        }
        (Why::BehindQueue { .. }, Some(place)) => Why::BehindQueue { place },
        (why, _) => why.clone(),
    };
    text::clean(&why.text())
}

/// What became of the newest message.
fn newest_words(app: &App, conversation: &Conversation, record: &DecisionRecord) -> Vec<Piece> {
    let mut pieces = vec![needed(continuity_word(conversation, record))];
    if let Some(session) = record.session {
        pieces.push(spare(format!("session {session}")));
    }
    pieces.push(spare(format!("turn {}", record.turn)));
    let alive = alive_since(conversation).map(|since| when::minutes(app.now.wall.since(since)));
    match (&record.decision.why, alive) {
        (Why::AgentAlive, Some(alive)) => pieces.push(needed(format!("alive {alive}"))),
        (_, _) => pieces.push(needed(why_words(conversation, record))),
    }
    pieces
}

/// What will become of the next message.
fn next_words(conversation: &Conversation) -> Vec<Piece> {
    let Decision { continuity, why } = &conversation.next;
    let why = text::clean(&why.text());
    let session = conversation.session.as_ref().map(|session| session.number);
    let asleep = match conversation.status {
        Status::AsleepWillResume | Status::AsleepCannotResume => Some(spare("asleep")),
        Status::Draft
        | Status::Idle
        | Status::Sending
        | Status::Working
        | Status::NeedsApproval
        | Status::NeedsAnswer => None,
    };
    let what = match continuity {
        Continuity::Resumed => "resumes".to_owned(),
        Continuity::Reused | Continuity::Fresh | Continuity::Queued | Continuity::Answer | Continuity::Refused => {
            continuity.word().to_owned()
        }
    };
    let resumed =
        session.filter(|_| *continuity == Continuity::Resumed).map(|session| spare(format!("session {session}")));
    let what = needed(format!("next message: {what}"));
    asleep.into_iter().chain([what]).chain(resumed).chain([needed(why)]).collect()
}

/// Joins the pieces; where they are too long the spare ones go first, then the reason, which is the last one, loses its middle.
fn join(pieces: &[Piece], room: usize) -> String {
    let joined = |kept: &[&Piece]| kept.iter().map(|piece| piece.0.as_str()).collect::<Vec<_>>().join(" · ");
    let mut kept: Vec<&Piece> = pieces.iter().collect();
    loop {
        let words = joined(&kept);
        if text::columns(&words) <= room {
            return words;
        }
        match kept.iter().rposition(|piece| piece.1 == Weight::Spare) {
            Some(at) => drop(kept.remove(at)),
            None => break,
        }
    }
    let [before @ .., reason] = kept.as_slice() else { return String::new() };
    let before = joined(before).replace("next message: ", "next: ");
    match room.checked_sub(text::columns(&before) + 3) {
        Some(left) if !before.is_empty() && left >= LEAST_REASON => {
            format!("{before} · {}", text::cut_reason(&reason.0, left))
        }
        Some(_) | None => text::cut_middle(&joined(&kept), room),
    }
}

/// How long a running turn has worked: `0:14`, or `2m` where nothing is to move by seconds.
pub fn elapsed(app: &App, turn: &TurnRecord) -> String {
    let ms = app.now.wall.since(app.under_way_since(turn));
    match app.config.animation {
        Animation::Moving => text::clock(ms),
        Animation::Still => when::minutes(ms),
    }
}
