//! What each command does. One arm a command.

use super::super::app::{App, Confirm, FreshOf, Keyboard, Page, Panel, needs_person, running, view_of};
use super::super::composer::{Composer, Edit};
use super::super::event::{Effect, Purpose};
use super::super::keymap::{Command, Motion};
use super::super::layout::{self, PanelPlace};
use super::super::view::page;
use super::super::view::reader::Way;
use super::turn_actions::{Copied, Toward};
use super::{
    Asked, agents, ask, brief, changes, copy, deletion, export, fork, history, overview, palette, panel, reading,
    requests, save_draft, say, search, select, text_changed, to_agent, turn_actions, turns, writing,
};
use crate::domain::continuity::Why;
use crate::domain::id::ConversationId;
use crate::domain::request::Choice;
use crate::protocol::message::{Conversation, Place, Request, RunningTurn, Scroll, ViewInput, WorkInIt};

pub fn run(app: &mut App, out: &mut Vec<Effect>, command: Command) {
    match command {
        Command::NewTab => new_tab(app, out),
        Command::NewTabWith => agents::open(app, out),
        Command::ChooseAgent => agents::take(app, out),
        Command::AgentSessions => agents::list_sessions(app, out),
        Command::ToggleWorktree => agents::toggle_worktree(app),
        Command::RemoveWorktree => match app.active().map(|one| one.worktree.is_some()) {
            Some(true) => app.page = Some(Page::Confirm(Confirm::RemoveWorktree)),
            Some(false) => say(app, "it has no git worktree of its own; t in the list of agents begins with one"),
            None => say(app, "no tab is open yet"),
        },
        Command::Fork => fork::ask_for(app, out),
        Command::HandOver => agents::hand_over(app, out),
        Command::Overview => overview::open(app, out),
        Command::NextOrder => overview::next_order(app),
        Command::OnChosen(action) => overview::act(app, out, action),
        Command::Changes => changes::open(app, out),
        Command::OnChanges(command) => changes::run(app, out, command),
        Command::Search => search::open(app),
        Command::Palette => palette::open(app, out),
        Command::UndoClose => overview::undo_close(app, out),
        Command::Fresh => fresh(app, out),
        Command::Brief => brief::ask_for(app, out),
        Command::Model => {
            if let Some(model) = app.active().map(|conversation| conversation.wanted.model.clone().unwrap_or_default())
            {
                app.page = Some(Page::Model(Box::new(Composer::with_text(&model))));
            }
        }
        Command::NextTab => step_tab(app, out, Step::Next),
        Command::PreviousTab => step_tab(app, out, Step::Previous),
        Command::GoToTab(number) => go_to_tab(app, out, number.into()),
        Command::GoToNumber => app.page = Some(Page::GoTo(Box::default())),
        Command::MoveTabLeft => move_tab(app, out, Step::Previous),
        Command::MoveTabRight => move_tab(app, out, Step::Next),
        Command::LastTab => last_tab(app, out),
        Command::NextNeedingMe => next_needing_me(app, out),
        Command::SwitchKeyboard => switch_keyboard(app),
        Command::Interrupt => with_active(app, out, |app, out, conversation| {
            ask(app, out, Purpose::Interrupt, Request::Interrupt { conversation });
        }),
        Command::SendNow => writing::send_now(app, out),
        Command::Turns => turns::enter(app),
        Command::Requests => requests::open(app),
        Command::TogglePanel => toggle_panel(app),
        Command::ToggleRecord => reading::toggle(app),
        Command::Why => with_active(app, out, |app, out, conversation| {
            app.page = Some(Page::Why { top: 0 });
            ask(app, out, Purpose::Decisions(conversation), Request::Why { conversation });
        }),
        Command::StopSession => stop_session(app),
        Command::ResumeSession => turn_actions::resume_session(app, out),
        Command::Rename => {
            if let Some(title) = app.active().map(|conversation| conversation.title.clone()) {
                app.page = Some(Page::Rename(Box::new(Composer::with_text(&title))));
            }
        }
        Command::Export => export::open(app),
        Command::CloseTab => {
            if let Some(conversation) = app.active {
                close_tab(app, out, conversation);
            }
        }
        Command::Zoom => app.zoomed = !app.zoomed,
        Command::RestartHost => {
            ask(app, out, Purpose::LookBeforeRestart, Request::HostStatus);
        }
        Command::Redraw => app.redraws = app.redraws.wrapping_add(1),
        Command::Help => app.page = Some(Page::Help { top: 0 }),
        Command::Leave => leave(app, out),
        Command::ScrollUp => scroll(app, out, Scroll::PageUp),
        Command::ScrollDown => scroll(app, out, Scroll::PageDown),
        Command::ScrollEnd => scroll_to_end(app, out),
        Command::CopyMode => copy::begin(app, out),
        Command::Copy(command) => copy::run(app, out, command),
        Command::Submit => writing::submit(app, out, Place::Behind),
        Command::Older => writing::older(app),
        Command::Newer => writing::newer(app),
        Command::ToAgent => match app.desk().is_none_or(|desk| desk.composer.is_empty()) {
            true if app.active().is_some_and(is_untouched) => agents::open(app, out),
            true => to_agent_screen(app),
            false => {
                let way = app.way(Command::SwitchKeyboard);
                say(app, format!("only an empty composer is left by this key; {way} leaves any"));
            }
        },
        Command::Extend(edit) => {
            if let Some(desk) = app.desk_mut() {
                desk.composer.extend_selection(edit);
            }
        }
        Command::History => history::open(app, out),
        Command::Editor => writing::open_editor(app, out),
        Command::ClearText => writing::clear_text(app, out),
        Command::KeepQueued => writing::keep_queued(app),
        Command::Edit(Edit::Newline) => writing::write(app, |composer| composer.insert_char('\n')),
        Command::Edit(edit) => {
            if let Some(desk) = app.desk_mut() {
                desk.composer.apply(edit);
                text_changed(app);
            }
        }
        Command::Move(motion) => match app.page {
            Some(Page::Requests(_)) => requests::choose(app, motion),
            Some(Page::Agents(_)) => agents::choose(app, motion),
            Some(Page::Overview(_)) => overview::choose(app, motion),
            Some(Page::Search(_)) => search::choose(app, motion),
            Some(Page::Palette(_)) => palette::choose(app, motion),
            Some(Page::Turn { .. }) => reading::scroll_page(app, motion),
            Some(Page::Changes(_)) => changes::scroll(app, motion),
            Some(Page::History(_)) => history::choose(app, motion),
            Some(_) => scroll_page(app, motion),
            None if app.keyboard() == Keyboard::Record => reading::step(app, out, motion),
            None => turns::choose(app, out, motion),
        },
        Command::Open => match app.page {
            Some(Page::Overview(_)) => overview::open_chosen(app, out),
            Some(Page::Search(_)) => search::open_chosen(app, out),
            Some(Page::Palette(_)) => palette::take(app, out),
            Some(Page::History(_)) => history::take(app, out),
            Some(_) | None => turns::open(app),
        },
        Command::EditTurn => turns::edit(app),
        Command::RemoveQueued => turns::remove_queued(app, out),
        Command::SendQueuedNow => turns::send_queued_now(app, out),
        Command::QueuedForward => turn_actions::move_queued(app, out, Toward::Front),
        Command::QueuedBackward => turn_actions::move_queued(app, out, Toward::Back),
        Command::CopyAnswer => turn_actions::copy(app, out, Copied::Answer),
        Command::CopyPrompt => turn_actions::copy(app, out, Copied::Prompt),
        Command::CopyCode => turn_actions::copy(app, out, Copied::Code),
        Command::PanelWider => panel::step(app, out, panel::Way::Wider),
        Command::PanelNarrower => panel::step(app, out, panel::Way::Narrower),
        Command::GoToPlace => turn_actions::go_to_place(app, out),
        Command::Retry => turn_actions::retry(app, out),
        Command::PreviousTurn => reading::step_turn(app, out, Way::Up),
        Command::NextTurn => reading::step_turn(app, out, Way::Down),
        Command::Find if reads_changes(app) => changes::find(app),
        Command::FindUp if reads_changes(app) => changes::find_again(app, Way::Up),
        Command::FindDown if reads_changes(app) => changes::find_again(app, Way::Down),
        Command::Find => reading::find(app),
        Command::FindUp => reading::find_again(app, out, Way::Up),
        Command::FindDown => reading::find_again(app, out, Way::Down),
        Command::Allow => requests::answer(app, out, Choice::Allow),
        Command::Deny => requests::answer(app, out, Choice::Deny),
        Command::Answer => requests::answer_in_words(app, out),
        Command::Back if agents::leave_sessions(app) => {}
        Command::Back if reads_changes(app) => changes::back(app),
        Command::Back => match app.page.take() {
            Some(_) => {}
            None if app.keyboard() == Keyboard::Record => reading::back(app),
            None => keyboard_to(app, Keyboard::Composer),
        },
        Command::Yes => yes(app, out),
        Command::AlsoWorktree => {
            if let Some(Page::Confirm(Confirm::DeleteWithWorktree(id))) = app.page {
                deletion::with_worktree(app, out, id, WorkInIt::Refuse);
            }
        }
        Command::No => app.page = None,
    }
}

fn reads_changes(app: &App) -> bool {
    matches!(app.page, Some(Page::Changes(_)))
}

enum Step {
    Next,
    Previous,
}

fn with_active(app: &mut App, out: &mut Vec<Effect>, act: impl FnOnce(&mut App, &mut Vec<Effect>, ConversationId)) {
    match app.active {
        Some(conversation) => act(app, out, conversation),
        None => say(app, "no tab is open yet"),
    }
}

/// Orders something for the active conversation; what is to be said is said when it was done.
pub fn order(app: &mut App, out: &mut Vec<Effect>, request: Request, done: &'static str) {
    ask(app, out, Purpose::Order { done }, request);
}

pub fn new_tab(app: &mut App, out: &mut Vec<Effect>) {
    let wanted = app.active().map(|conversation| conversation.wanted.clone());
    let (agent, folder) = match wanted {
        Some(wanted) => (Some(wanted.agent), wanted.folder),
        None => (Some(app.config.default_agent.clone()), app.folder.clone()),
    };
    ask(app, out, Purpose::NewTab, Request::New { agent, model: None, folder, title: None });
}

fn fresh(app: &mut App, out: &mut Vec<Effect>) {
    let Some(conversation) = app.active() else { return };
    let id = conversation.id;
    if let Some(turn) = running(conversation) {
        app.page = Some(Page::Confirm(Confirm::FreshWhileRunning(turn.number)));
        return;
    }
    if is_untouched(conversation) {
        return say(app, "no session was started here yet; the first message starts a fresh one anyway");
    }
    if conversation.next.why == Why::UserAsked {
        let back = Request::Resume { conversation: id, session: None };
        return order(app, out, back, "no fresh one: the session goes on");
    }
    ask(app, out, Purpose::Fresh(id), fresh_request(id, RunningTurn::Refuse));
}

fn step_tab(app: &mut App, out: &mut Vec<Effect>, step: Step) {
    let tabs: Vec<ConversationId> = app.tabs().iter().map(|tab| tab.id).collect();
    let Some(at) = tabs.iter().position(|tab| Some(*tab) == app.active) else { return };
    let to = match step {
        Step::Next => (at + 1) % tabs.len(),
        Step::Previous => (at + tabs.len() - 1) % tabs.len(),
    };
    if let Some(conversation) = tabs.get(to) {
        select(app, out, *conversation);
    }
}

fn move_tab(app: &mut App, out: &mut Vec<Effect>, step: Step) {
    let tabs = app.tabs();
    let Some((at, conversation)) = tabs.iter().map(|tab| tab.id).enumerate().find(|(_, tab)| Some(*tab) == app.active)
    else {
        return;
    };
    let to = match step {
        Step::Next => Some(at + 1).filter(|to| *to < tabs.len()),
        Step::Previous => at.checked_sub(1),
    };
    match to.and_then(|to| u32::try_from(to).ok()) {
        Some(to) => order(app, out, Request::MoveTab { conversation, to }, ""),
        None => say(app, "it is at the end of the row already"),
    }
}

fn go_to_tab(app: &mut App, out: &mut Vec<Effect>, number: usize) {
    let tab = number.checked_sub(1).and_then(|at| app.tabs().get(at).map(|tab| tab.id));
    match tab {
        Some(conversation) => select(app, out, conversation),
        None => say(app, format!("there is no tab {number}")),
    }
}

fn last_tab(app: &mut App, out: &mut Vec<Effect>) {
    let open = app.last_active.filter(|last| app.tabs().iter().any(|tab| tab.id == *last));
    match open {
        Some(conversation) => select(app, out, conversation),
        None => say(app, "no other tab was shown before"),
    }
}

fn next_needing_me(app: &mut App, out: &mut Vec<Effect>) {
    let tabs = app.tabs();
    let at = tabs.iter().position(|tab| Some(tab.id) == app.active).map_or(0, |at| at + 1);
    let next = tabs.iter().cycle().skip(at).take(tabs.len()).find(|tab| needs_person(tab)).map(|tab| tab.id);
    match next {
        Some(conversation) if Some(conversation) != app.active => select(app, out, conversation),
        Some(_) | None => say(app, "no other tab needs you"),
    }
}

pub fn keyboard_to(app: &mut App, keyboard: Keyboard) {
    if let Some(desk) = app.desk_mut() {
        desk.keyboard = keyboard;
        if keyboard == Keyboard::Agent {
            desk.shows_record = false;
        }
    }
}

fn switch_keyboard(app: &mut App) {
    match app.keyboard() {
        Keyboard::Composer | Keyboard::Turns => to_agent_screen(app),
        Keyboard::Agent | Keyboard::Record => keyboard_to(app, Keyboard::Composer),
    }
}

fn to_agent_screen(app: &mut App) {
    if app.live_screen().is_some() {
        keyboard_to(app, Keyboard::Agent);
    } else {
        keyboard_to(app, Keyboard::Composer);
        say(app, "no process lives here, so there is no screen to type into; send a message to start one");
    }
}

fn toggle_panel(app: &mut App) {
    app.panel = match layout::layout(app).panel_place {
        PanelPlace::None => Panel::Over,
        PanelPlace::Beside | PanelPlace::Over => Panel::Hidden,
    };
    if app.panel == Panel::Hidden && app.keyboard() == Keyboard::Turns {
        keyboard_to(app, Keyboard::Composer);
    }
}

fn stop_session(app: &mut App) {
    if app.viewable().is_some() {
        app.page = Some(Page::Confirm(Confirm::StopSession));
    } else {
        say(app, "no process lives here; the next message starts one");
    }
}

pub fn close_tab(app: &mut App, out: &mut Vec<Effect>, id: ConversationId) {
    let back = format!("{} brings it back", app.short_way(Command::UndoClose));
    let Some(conversation) = app.conversations.get(&id) else { return };
    let kept = match &conversation.worktree {
        Some(worktree) => format!("; so does its worktree on {}", worktree.branch),
        None => String::new(),
    };
    let text = match (running(conversation), view_of(conversation)) {
        (Some(turn), _) => format!("turn {} goes on; the conversation stays{kept}; {back}", turn.number),
        (None, Some(_)) => format!("its session keeps running; the conversation stays{kept}; {back}"),
        (None, None) => format!("the conversation stays{kept}; {back}"),
    };
    save_draft(app, out, Some(id));
    if ask(app, out, Purpose::CloseTab(id), Request::CloseTab { conversation: id }) == Asked::Yes {
        say(app, text);
    }
}

pub fn leave(app: &mut App, out: &mut Vec<Effect>) {
    let conversations: Vec<ConversationId> = app.desks.keys().copied().collect();
    for conversation in conversations {
        save_draft(app, out, Some(conversation));
    }
    app.leaving = true;
    out.push(Effect::Leave);
}

fn scroll(app: &mut App, out: &mut Vec<Effect>, scroll: Scroll) {
    let up = scroll == Scroll::PageUp;
    let motion = if up { Motion::PageUp } else { Motion::PageDown };
    if app.page.is_some() {
        return run(app, out, Command::Move(motion));
    }
    if app.shows_record() {
        return reading::step(app, out, motion);
    }
    if app.live_screen().is_some() {
        to_agent(app, out, ViewInput::Scroll(scroll));
    }
}

/// Whether the pane shows older rows than it could.
pub fn is_scrolled(app: &App) -> bool {
    !app.shows_record() && app.live_screen().is_some_and(|screen| screen.frame.scroll.up > 0)
}

fn scroll_to_end(app: &mut App, out: &mut Vec<Effect>) {
    if app.shows_record() {
        reading::step(app, out, Motion::Bottom);
    } else if app.live_screen().is_some() {
        to_agent(app, out, ViewInput::Scroll(Scroll::Live));
    }
}

fn scroll_page(app: &mut App, motion: Motion) {
    let most = page::most_top(app);
    let rows = page::rows(app).max(1);
    let top = match &mut app.page {
        Some(Page::Help { top } | Page::Why { top }) => top,
        Some(
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
            | Page::History(_),
        )
        | None => return,
    };
    let to = match motion {
        Motion::Up => top.saturating_sub(1),
        Motion::Down => top.saturating_add(1),
        Motion::PageUp => top.saturating_sub(rows),
        Motion::PageDown => top.saturating_add(rows),
        Motion::Top => 0,
        Motion::Bottom => most,
    };
    *top = to.min(most);
}

fn yes(app: &mut App, out: &mut Vec<Effect>) {
    let (Some(conversation), Some(page)) = (app.active, app.page.take()) else { return };
    match page {
        Page::Confirm(Confirm::FreshWhileRunning(_)) => {
            let request = fresh_request(conversation, RunningTurn::Stop);
            ask(app, out, Purpose::Fresh(conversation), request);
        }
        Page::Confirm(Confirm::RemoveWorktree) => {
            deletion::remove_worktree(app, out, conversation, WorkInIt::Refuse);
        }
        Page::Confirm(Confirm::RemoveWorktreeWithWork(_)) => {
            deletion::remove_worktree(app, out, conversation, WorkInIt::Save);
        }
        Page::Confirm(Confirm::DeleteWithWorktree(id)) => deletion::keeping_worktree(app, out, id),
        Page::Confirm(Confirm::DeleteWithWork(id, _)) => deletion::with_worktree(app, out, id, WorkInIt::Save),
        // Git has not answered yet; there is nothing to say yes to.
        Page::Confirm(removing @ Confirm::Removing(_)) => app.page = Some(Page::Confirm(removing)),
        Page::Confirm(Confirm::StopSession) => {
            order(app, out, Request::StopSession { conversation }, "the session's process is ended");
        }
        Page::Rename(composer) => {
            let title = composer.text().trim().to_owned();
            match title.is_empty() {
                true => say(app, "the title stays: an empty one names nothing"),
                false => order(app, out, Request::Rename { conversation, title }, ""),
            }
        }
        Page::GoTo(composer) => match composer.text().trim().parse() {
            Ok(number) => go_to_tab(app, out, number),
            Err(_) => say(app, "that is no number of a tab"),
        },
        Page::Export(composer) => export::write(app, out, conversation, composer.text().trim()),
        Page::Model(composer) => set_model(app, out, conversation, composer.text().trim()),
        Page::Help { .. }
        | Page::Why { .. }
        | Page::Turn { .. }
        | Page::Requests(_)
        | Page::Agents(_)
        | Page::Overview(_)
        | Page::Changes(_)
        | Page::Search(_)
        | Page::Palette(_)
        | Page::Copy(_)
        | Page::History(_) => {}
    }
}

/// What the choice does to the session, the status line says: it is decided anew with the next message.
fn set_model(app: &mut App, out: &mut Vec<Effect>, conversation: ConversationId, name: &str) {
    let model = (!name.is_empty()).then(|| name.to_owned());
    if app.active().is_some_and(|conversation| conversation.wanted.model == model) {
        return say(app, "the model stays as it is");
    }
    let done = match app.running() {
        Some(_) => "from the next message on; the turn that runs keeps its model",
        None => "",
    };
    order(app, out, Request::SetModel { conversation, model }, done);
}

/// Whether nobody has said anything there.
pub fn is_untouched(conversation: &Conversation) -> bool {
    conversation.session.is_none() && conversation.turns == 0
}

/// A fresh session of the same agent with the same model.
pub fn fresh_request(conversation: ConversationId, running: RunningTurn) -> Request {
    Request::Fresh { conversation, running, agent: None, model: None }
}

/// The same, or a fresh session of the agent that the conversation is handed over to.
pub fn fresh_request_of(conversation: ConversationId, running: RunningTurn, of: FreshOf) -> Request {
    match of {
        FreshOf::SameAgent => fresh_request(conversation, running),
        FreshOf::Other(agent) => Request::HandOver { conversation, agent, model: None, running },
    }
}
