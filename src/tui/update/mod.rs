//! What follows from an event: the window's whole behaviour in one place, without io.
//!
//! Change here: time, the view and what is said. Keys are in `keys.rs`, commands in `command.rs` and the files that are called after what they are about, the mouse in `mouse.rs`, the host's words in `host.rs`.
//! Not here: carrying effects out (`tui/edge/effects.rs`) or drawing (`view`).

mod agents;
mod brief;
mod changes;
mod command;
pub mod completion;
mod configuration;
mod copy;
mod deletion;
mod export;
mod fork;
mod history;
mod host;
pub mod keys;
mod mouse;
mod overview;
mod palette;
mod panel;
mod reading;
mod requests;
mod search;
mod tabs;
#[cfg(test)]
mod tests;
pub mod turn_actions;
mod turns;
mod writing;

use super::app::{App, Desk, Keyboard, Link, Notice, NoticeKind, Page, Prefix, Screen, ScreenState, View, ViewState};
use super::event::{Effect, Event, Now, Purpose, ThenRead, ViewOf};
use super::keymap::Command;
use super::layout;
use super::reader::record::Fetched;
use crate::client::Absent;
use crate::domain::id::{ConversationId, TurnNumber};
use crate::protocol::message::{Request, Scroll, ViewInput, ViewOutput};
use crate::terminal::frame::Frame;
use crate::terminal::keys::{Focus, Key, KeyCode, Modifiers};

/// A pause in typing after which the draft is saved.
const DRAFT_PAUSE_MS: u64 = 300;
/// How long something said stays in the status line.
const SAID_MS: u64 = 4_000;
/// Trouble stays longer: it may come while nobody looks.
const TROUBLE_MS: u64 = 10_000;
/// A view that was lost while its process lives is opened again after this.
const VIEW_AGAIN_MS: u64 = 1_000;
/// The turns that are fetched at once: more than a panel shows.
const TURNS_AT_ONCE: u32 = 50;
/// Keys kept for a tab that is on its way; a host that takes longer than typing so much is said to be missing.
const MOST_EARLY: usize = 4_096;

/// Said until the host that the person wants is there.
const STARTING: &str = "the host is being started again";

/// What is to be done first of all.
pub fn start(app: &App) -> Vec<Effect> {
    let mut out = vec![Effect::Connect(Absent::Start)];
    configuration::ask_background(app, &mut out);
    out
}

/// Applies one event and says what must be done about it.
pub fn update(app: &mut App, event: Event, now: Now) -> Vec<Effect> {
    let mut out = Vec::new();
    app.now = now;
    let is_enter = event == Event::Key(Key { code: KeyCode::Enter, modifiers: Modifiers::NONE });
    if is_early(app, &event) {
        if app.early.len() < MOST_EARLY {
            app.early.push(event);
        }
    } else {
        apply(app, &mut out, event);
    }
    if is_enter && app.is_stopped() {
        start_host(app, &mut out);
    }
    if app.desk().is_some() {
        for event in std::mem::take(&mut app.early) {
            apply(app, &mut out, event);
        }
    }
    on_time(app, &mut out);
    overview::settle_peek(app, &mut out);
    fork::fetch_past(app, &mut out);
    settle_view(app, &mut out);
    copy::settle(app, &mut out);
    out
}

/// Whether this was typed for a tab that is only on its way.
fn is_early(app: &App, event: &Event) -> bool {
    let typed = match event {
        Event::Key(key) => *key != app.config.prefix && app.prefix == Prefix::None,
        Event::Paste(_) => true,
        _ => false,
    };
    typed && app.desk().is_none() && app.page.is_none()
}

fn apply(app: &mut App, out: &mut Vec<Effect>, event: Event) {
    match event {
        Event::Key(key) => keys::key(app, out, key),
        Event::Paste(text) => keys::paste(app, out, &text),
        Event::Mouse(mouse) => mouse::mouse(app, out, mouse),
        Event::Focus(focus) => window_focus(app, out, focus),
        Event::Resized(size) => app.size = size,
        Event::Tick => {}
        Event::Linked => host::linked(app, out),
        Event::LinkLost(why) => host::link_lost(app, &why),
        Event::OtherBuild(build) => host::other_build(app, &build),
        Event::Answered(purpose, reply) => host::answered(app, out, purpose, reply),
        Event::NotAsked(purpose, why) => host::not_done(app, purpose, &why),
        Event::Told(told) => host::told(app, out, told),
        Event::Viewed(of, output) => viewed(app, of, output),
        Event::ViewLost(of, why) => view_lost(app, of, &why),
        Event::NotGiven(why) => say_trouble(app, format!("not given to the agent: {why}")),
        Event::KeptTexts(texts) => host::kept_texts_came(app, texts),
        Event::Background(background) => app.background = Some(background),
        Event::Outer(outer) => configuration::outer_told(app, outer),
        Event::NotKept(why) => say_trouble(app, format!("not kept for the next window: {why}")),
        Event::Files(files) => completion::came(app, files),
        Event::Edited(conversation, result) => writing::edited(app, conversation, result),
        Event::Exported { conversation, file, result } => export::done(app, conversation, &file, result),
        Event::Configured(config, keymap) => configuration::changed(app, out, *config, *keymap),
        Event::ConfigurationWrong(why) => configuration::wrong(app, &why),
        Event::Terminated => command::leave(app, out),
    }
}

/// Says something in the status line for a while.
fn say(app: &mut App, text: impl Into<String>) {
    let until_ms = app.now.steady_ms + SAID_MS;
    app.notice = Some(Notice { text: text.into(), kind: NoticeKind::Said, until_ms });
}

fn say_trouble(app: &mut App, text: impl Into<String>) {
    let until_ms = app.now.steady_ms + TROUBLE_MS;
    app.notice = Some(Notice { text: text.into(), kind: NoticeKind::Trouble, until_ms });
}

/// Asks the host, or says that it is not there. The answer tells which.
fn ask(app: &mut App, out: &mut Vec<Effect>, purpose: Purpose, request: Request) -> Asked {
    match app.link {
        Link::Up | Link::Asking => {
            out.push(Effect::Ask(purpose, request));
            Asked::Yes
        }
        Link::Down { .. } if app.is_stopped() || !app.once_up.is_empty() => {
            start_host(app, out);
            app.once_up.push(Effect::Ask(purpose, request));
            Asked::Yes
        }
        Link::Connecting | Link::Down { .. } => {
            say_trouble(app, "not connected to the host yet; try again in a moment");
            Asked::NoHost
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Yes,
    NoHost,
}

/// Starts the host that was stopped: the person wants something of it.
fn start_host(app: &mut App, out: &mut Vec<Effect>) {
    if let Link::Down { again_ms, .. } = &mut app.link
        && app.absent == Absent::Fail
    {
        *again_ms = None;
        app.absent = Absent::Start;
        out.push(Effect::Connect(Absent::Start));
        say(app, STARTING);
    }
}

/// Shows this conversation.
fn select(app: &mut App, out: &mut Vec<Effect>, conversation: ConversationId) {
    app.page.take_if(|page| !is_of_all(page));
    if app.active == Some(conversation) {
        return;
    }
    save_draft(app, out, app.active);
    if app.active.is_some() {
        app.last_active = app.active;
    }
    app.active = Some(conversation);
    app.first_tab = None;
    app.completion.offered.clear();
    let viewable = app.viewable().is_some();
    let start = app.config.start_keyboard;
    let desk = app.desks.entry(conversation).or_insert_with(|| Desk::new(start));
    // Keys must not go to a place that takes none, and never unseen into a list of turns.
    desk.keyboard = match desk.keyboard {
        Keyboard::Agent if viewable => Keyboard::Agent,
        Keyboard::Agent | Keyboard::Composer | Keyboard::Turns | Keyboard::Record => Keyboard::Composer,
    };
    look(app, out);
    fetch(app, out);
}

/// Whether a page is about all conversations, so that it stays when another tab is shown beneath it.
fn is_of_all(page: &Page) -> bool {
    match page {
        Page::Overview(_) | Page::Search(_) | Page::Palette(_) => true,
        Page::Help { .. }
        | Page::Why { .. }
        | Page::Turn { .. }
        | Page::Changes(_)
        | Page::Requests(_)
        | Page::Agents(_)
        | Page::Confirm(_)
        | Page::Rename(_)
        | Page::Model(_)
        | Page::GoTo(_)
        | Page::Export(_)
        | Page::Copy(_)
        | Page::History(_) => false,
    }
}

/// Tells the host what the person looks at.
fn look(app: &App, out: &mut Vec<Effect>) {
    let conversation = app.active.filter(|_| app.window_focused);
    if app.link == Link::Up && app.absent == Absent::Start {
        out.push(Effect::Ask(Purpose::Order { done: "" }, Request::Look { conversation }));
    }
}

/// Fetches what the active tab shows beside its live state, once.
fn fetch(app: &mut App, out: &mut Vec<Effect>) {
    let Some(conversation) = app.active else { return };
    if app.link != Link::Up || app.desk().is_none_or(|desk| desk.record.fetched != Fetched::Nothing) {
        return;
    }
    if let Some(desk) = app.desk_mut() {
        desk.record.fetched = Fetched::Asked;
    }
    let turns = Request::Turns { conversation, before: None, most: TURNS_AT_ONCE };
    out.push(Effect::Ask(Purpose::EarlierTurns(conversation), turns));
    out.push(Effect::Ask(Purpose::Decisions(conversation), Request::Why { conversation }));
}

/// Fetches turns before the oldest that is known.
fn fetch_older(app: &mut App, out: &mut Vec<Effect>) {
    let Some(desk) = app.desk() else { return };
    let oldest = desk.record.turns.keys().next().copied();
    if let (Some(oldest), Fetched::Newest) = (oldest, desk.record.fetched) {
        fetch_before(app, out, oldest);
    }
}

/// Fetches turns before this one, wherever it lies, unless others are on their way.
fn fetch_before(app: &mut App, out: &mut Vec<Effect>, before: TurnNumber) {
    let up = app.link == Link::Up;
    let Some((conversation, desk)) = app.active.zip(app.desk_mut()) else { return };
    if up && desk.record.fetched != Fetched::Asked {
        desk.record.fetched = Fetched::Asked;
        let turns = Request::Turns { conversation, before: Some(before), most: TURNS_AT_ONCE };
        out.push(Effect::Ask(Purpose::TurnsBefore { conversation, before, then: ThenRead::On }, turns));
    }
}

/// The composer's text has changed: it is saved when typing pauses.
fn text_changed(app: &mut App) {
    let due = app.now.steady_ms + DRAFT_PAUSE_MS;
    if let Some(desk) = app.desk_mut() {
        desk.save_due_ms = (desk.draft() != desk.saved).then_some(due);
        if desk.composer.is_empty() {
            desk.missed = None; // What it is said of is sent or cleared.
        }
    }
}

/// Saves the draft of a tab now, if it differs from what the host has.
fn save_draft(app: &mut App, out: &mut Vec<Effect>, conversation: Option<ConversationId>) {
    let Some(conversation) = conversation else { return };
    if app.link != Link::Up {
        return; // It stays due and is saved when the link is back.
    }
    let Some(desk) = app.desks.get_mut(&conversation) else { return };
    desk.save_due_ms = None;
    let text = desk.draft();
    if text == desk.saved {
        return;
    }
    desk.saved.clone_from(&text);
    desk.saves_under_way += 1;
    out.push(Effect::Ask(Purpose::SaveDraft(conversation), Request::SaveDraft { conversation, text }));
}

/// Does what is due by now.
fn on_time(app: &mut App, out: &mut Vec<Effect>) {
    let now_ms = app.now.steady_ms;
    if app.notice.as_ref().is_some_and(|notice| notice.until_ms <= now_ms) {
        app.notice = None;
    }
    if let Prefix::Pressed { which_key_at_ms } = app.prefix
        && which_key_at_ms <= now_ms
    {
        app.prefix = Prefix::Shown { page: 0 };
    }
    copy::on_time(app);
    let due: Vec<ConversationId> = app
        .desks
        .iter()
        .filter(|(_, desk)| desk.save_due_ms.is_some_and(|due| due <= now_ms))
        .map(|(conversation, _)| *conversation)
        .collect();
    for conversation in due {
        save_draft(app, out, Some(conversation));
    }
    if let Link::Down { again_ms, .. } = &mut app.link
        && again_ms.is_some_and(|again| again <= now_ms)
    {
        *again_ms = None;
        out.push(Effect::Connect(app.absent));
    }
}

fn window_focus(app: &mut App, out: &mut Vec<Effect>, focus: Focus) {
    app.window_focused = focus == Focus::Gained;
    look(app, out);
}

/// Sends something to the agent's screen, or says why it cannot take anything.
fn to_agent(app: &mut App, out: &mut Vec<Effect>, input: ViewInput) {
    let Some(screen) = app.live_screen() else {
        let way = app.way(Command::SwitchKeyboard);
        let why = match app.viewable() {
            Some(_) => "the agent's screen is not connected",
            None => "no process lives here",
        };
        say_trouble(app, format!("{why}, so keys go nowhere; {way}: to the composer"));
        return;
    };
    let typed = match input {
        ViewInput::Key(_) | ViewInput::Paste(_) => true,
        ViewInput::Mouse(_)
        | ViewInput::Focus(_)
        | ViewInput::Resize(_)
        | ViewInput::Scroll(_)
        | ViewInput::ToTurn { .. }
        | ViewInput::ReadText => false,
    };
    if typed && screen.frame.scroll.up > 0 {
        out.push(Effect::ToView(ViewInput::Scroll(Scroll::Live)));
    }
    out.push(Effect::ToView(input));
}

fn viewed(app: &mut App, of: ViewOf, output: ViewOutput) {
    if let ViewOutput::Text { first, rows, rest } = output {
        return copy::came(app, of, first, rows, rest);
    }
    let screen = app.desks.get_mut(&of.conversation).and_then(|desk| desk.screen.as_mut());
    let Some(screen) = screen.filter(|screen| screen.of == of) else { return };
    match output {
        ViewOutput::Frame(delta) => {
            if screen.state == ScreenState::Opening {
                // What is left of an older picture is not what the host compares with.
                screen.frame = Frame::blank(delta.size);
            }
            screen.state = ScreenState::Live;
            let left_before = screen.frame.scroll.left;
            screen.frame.apply(delta);
            screen.left_then = match screen.frame.scroll.up {
                0 => None,
                _ => screen.left_then.or(Some(left_before)),
            };
            if let Some(view) = &mut app.view {
                view.tries = 0;
            }
        }
        ViewOutput::NoPlace { turn } => turn_actions::say_no_place(app, turn),
        ViewOutput::Ended => view_ended(app, of),
        ViewOutput::Text { .. } => {}
    }
}

/// The host tells how the process left; until then there is nothing to say.
fn view_ended(app: &mut App, of: ViewOf) {
    let again_ms = app.now.steady_ms + VIEW_AGAIN_MS;
    if let Some(view) = app.view.as_mut().filter(|view| view.of == of) {
        view.state = ViewState::Lost { again_ms };
    }
    let screen = app.desks.get_mut(&of.conversation).and_then(|desk| desk.screen.as_mut());
    if let Some(screen) = screen.filter(|screen| screen.of == of) {
        screen.state = ScreenState::Ended;
        screen.frame.cursor = None;
    }
}

fn view_lost(app: &mut App, of: ViewOf, why: &str) {
    view_ended(app, of);
    // A process that has just left takes its view along before we are told of it; that is no trouble.
    let tried_again = app.view.is_some_and(|view| view.of == of && view.tries > 1);
    if tried_again && app.link == Link::Up && app.viewable() == Some(of) {
        say_trouble(app, format!("the agent's screen cannot be shown: {why}; trying again"));
    }
}

/// Opens, resizes or closes the view so that it shows the active tab, and tells the agent whether it has the keyboard.
fn settle_view(app: &mut App, out: &mut Vec<Effect>) {
    let wanted = app.viewable().filter(|_| app.link == Link::Up);
    let size = layout::view_size(app);
    let focus = match app.window_focused && app.keyboard() == Keyboard::Agent {
        true => Focus::Gained,
        false => Focus::Lost,
    };
    let now_ms = app.now.steady_ms;
    match (&mut app.view, wanted) {
        (Some(view), Some(of)) if view.of == of => match view.state {
            ViewState::Open => {
                if view.size != size {
                    view.size = size;
                    out.push(Effect::ToView(ViewInput::Resize(size)));
                }
                if view.focus != focus {
                    view.focus = focus;
                    out.push(Effect::ToView(ViewInput::Focus(focus)));
                }
            }
            ViewState::Lost { again_ms } if again_ms <= now_ms => open_view(app, out, of),
            ViewState::Lost { .. } => {}
        },
        (_, Some(of)) => open_view(app, out, of),
        (Some(_), None) => {
            app.view = None;
            out.push(Effect::CloseView);
        }
        (None, None) => {}
    }
    // A process that is gone leaves its last picture.
    let viewable = app.viewable();
    if let Some(screen) = app.desk_mut().and_then(|desk| desk.screen.as_mut())
        && viewable != Some(screen.of)
    {
        screen.state = ScreenState::Ended;
        screen.frame.cursor = None;
    }
}

fn open_view(app: &mut App, out: &mut Vec<Effect>, of: ViewOf) {
    let size = layout::view_size(app);
    let tries = app.view.filter(|view| view.of == of).map_or(0, |view| view.tries) + 1;
    app.view = Some(View { of, size, state: ViewState::Open, tries, focus: Focus::Lost });
    if let Some(desk) = app.desk_mut() {
        match &mut desk.screen {
            Some(screen) => {
                screen.of = of;
                screen.state = ScreenState::Opening;
            }
            None => {
                desk.screen =
                    Some(Screen { of, frame: Frame::blank(size), state: ScreenState::Opening, left_then: None })
            }
        }
    }
    out.push(Effect::OpenView(of, size));
    if app.window_focused && app.keyboard() == Keyboard::Agent {
        if let Some(view) = &mut app.view {
            view.focus = Focus::Gained;
        }
        out.push(Effect::ToView(ViewInput::Focus(Focus::Gained)));
    }
}
