//! What the host says: the link, replies and events.

use super::super::app::{
    AfterEdit, App, ClosedTab, Confirm, Desk, FreshOf, Keyboard, Link, NoticeKind, Page, is_ended,
};
use super::super::composer::Composer;
use super::super::event::{Effect, Event as WindowEvent, Purpose, ThenRead};
use super::super::keymap::Command;
use super::super::overview::{Listed, is_open};
use super::super::reader::Standing;
use super::super::reader::record::{Fetched, PageOf};
use super::{
    STARTING, agents, ask, brief, changes, command, deletion, fetch, fork, history, look, overview, save_draft, say,
    say_trouble, search, select,
};
use crate::client::Absent;
use crate::client::kept::KeptText;
use crate::domain::continuity::Continuity;
use crate::domain::id::{ConversationId, TurnNumber};
use crate::domain::turn::TurnRecord;
use crate::protocol::message::{Conversation, Event, Overview, Refusal, Reply, Request, RunningTurn};
use crate::terminal::keys::{Key, KeyCode, Modifiers};

/// The first try comes at once, so that a restarted host is found within a second.
const FIRST_TRY_MS: u64 = 200;
/// Later tries: at most one a second, then rarer and rarer.
const TRY_AGAIN_MS: u64 = 1_000;
const TRY_AT_LEAST_EVERY_MS: u64 = 15_000;
/// A host that was stopped may be started by another client; looking for it costs next to nothing.
const LOOK_AT_LEAST_EVERY_MS: u64 = 2_000;

const ENDING: &str = "the host is ending; sessions end with it, conversations stay";

pub fn linked(app: &mut App, out: &mut Vec<Effect>) {
    app.link = Link::Asking;
    ask(app, out, Purpose::Subscribe, Request::Subscribe);
}

pub fn link_lost(app: &mut App, why: &str) {
    let tries = match app.link {
        Link::Down { tries, .. } => tries + 1,
        Link::Connecting | Link::Asking | Link::Up => 0,
    };
    let most_ms = match app.absent {
        Absent::Start => TRY_AT_LEAST_EVERY_MS,
        Absent::Fail => LOOK_AT_LEAST_EVERY_MS,
    };
    let wait_ms = match tries {
        0 => FIRST_TRY_MS,
        _ => (TRY_AGAIN_MS << (tries - 1).min(10)).min(most_ms),
    };
    let again_ms = Some(app.now.steady_ms + wait_ms);
    app.link = Link::Down { why: why.to_owned(), tries, again_ms };
    let mut unconfirmed = false;
    for desk in app.desks.values_mut() {
        let edits = std::mem::take(&mut desk.edits_in_flight);
        for text in std::mem::take(&mut desk.in_flight).into_iter().chain(edits).rev() {
            unconfirmed = true;
            give_back(desk, &text);
        }
        if desk.saves_under_way > 0 {
            draft_unsaved(desk);
        }
        desk.saves_under_way = 0;
        // Turns may end unseen until the link is back, so the record is fetched anew then.
        desk.record.fetched = Fetched::Nothing;
    }
    let unasked = !app.once_up.is_empty();
    app.once_up.clear();
    // What the status line says of a stopped host says more.
    app.notice.take_if(|notice| notice.text == ENDING || notice.text == STARTING);
    if unasked {
        say_trouble(app, "the host could not be started, so nothing was sent; what you wrote is in the composer");
    } else if unconfirmed {
        say_trouble(app, "the host went away before it confirmed the message; see the turns before you send it again");
    }
}

/// An upgrade under a host that runs: what helps is said, and only the person does it.
pub fn other_build(app: &mut App, build: &str) {
    let way = app.way(Command::RestartHost);
    say_trouble(app, format!("the host is threadkeep {build}; {way} puts this build in its place, agents go on"));
}

/// What lost its holder would end with this host, so it is asked for first.
fn restart(app: &mut App, out: &mut Vec<Effect>, unheld: u32) {
    if unheld == 0 {
        ask(app, out, Purpose::RestartHost, Request::HostRestart);
    } else {
        say_trouble(
            app,
            format!("not restarted: {unheld} sessions have lost their holder and would end; let their turns end first"),
        );
    }
}

/// Puts a text that was not taken back into the composer, in front of what was typed since.
pub fn give_back(desk: &mut Desk, text: &str) {
    let join = |typed: &str| if typed.is_empty() { text.to_owned() } else { format!("{text}\n{typed}") };
    match &mut desk.editing {
        Some(editing) => editing.draft = join(&editing.draft),
        None => desk.composer = Composer::with_text(&join(&desk.composer.text())),
    }
    desk.save_due_ms = Some(0);
}

pub fn answered(app: &mut App, out: &mut Vec<Effect>, purpose: Purpose, reply: Reply) {
    match (purpose, reply) {
        (Purpose::Subscribe, Reply::Overview(overview)) => overview_came(app, out, overview),
        (Purpose::NewTab, Reply::Created { conversation }) => {
            app.notice.take_if(|notice| notice.text == agents::MAKES_WORKTREE);
            tab_opened(app, out, conversation);
        }
        (Purpose::Show, Reply::Conversation(conversation)) => changed(app, out, *conversation),
        (Purpose::Submit { conversation, text }, Reply::Submitted(submitted)) => {
            landed(app, conversation, &text);
            match submitted.decision.continuity {
                Continuity::Refused => {
                    refused_text(app, conversation, &text);
                    say_trouble(app, format!("refused · {}", submitted.decision.why.text()));
                }
                Continuity::Reused
                | Continuity::Resumed
                | Continuity::Fresh
                | Continuity::Queued
                | Continuity::Answer => {}
            }
        }
        (Purpose::EarlierTurns(conversation), Reply::Turns(turns)) => {
            turns_came(app, out, conversation, PageOf::Newest, turns);
        }
        (Purpose::TurnsBefore { conversation, before, then }, Reply::Turns(turns)) => {
            turns_came(app, out, conversation, PageOf::Before(before), turns);
            if let ThenRead::At(turn) = then {
                search::read_found(app, out, conversation, turn);
            }
        }
        (Purpose::Decisions(conversation), Reply::Decisions(decisions)) => {
            if let Some(desk) = app.desks.get_mut(&conversation) {
                decisions.into_iter().for_each(|record| desk.note_decision(record));
            }
        }
        (Purpose::Interrupt, Reply::Interrupting { turn }) => match turn {
            Some(turn) => say(app, format!("interrupting turn {turn}")),
            None => say(app, "nothing runs here, so nothing was interrupted"),
        },
        (Purpose::Fresh(_), Reply::Done) => {
            let brief = app.short_way(Command::Brief);
            say(app, format!("the next message starts a fresh session; {brief}: with a brief of this one"));
        }
        (Purpose::Brief { conversation, running, of }, Reply::Brief { text }) => {
            brief::came(app, out, conversation, running, of, &text);
        }
        (Purpose::FreshWithBrief { conversation, brief, of }, Reply::Done) => {
            let words = match of {
                FreshOf::SameAgent => "Enter sends it to a fresh session".to_owned(),
                FreshOf::Other(agent) => format!("Enter hands the conversation over to {agent} with it"),
            };
            brief::put_into_composer(app, conversation, &brief, &words);
        }
        (Purpose::LookBeforeRestart, Reply::Host(report)) => restart(app, out, report.unheld),
        // It goes in a moment; the link is made anew with the next one.
        (Purpose::RestartHost, Reply::Done) => say(app, "the host makes room for the next one; agents go on"),
        (Purpose::RestartHost, Reply::Refused { why: Refusal::NotUnderstood }) => say_trouble(
            app,
            "not restarted: sessions of this older host end with it; when their turns are done, threadkeep host stop",
        ),
        (Purpose::RemoveWorktree(id), Reply::WorktreeRemoved { worktree, saved }) => {
            deletion::only_worktree_removed(app, id, &worktree, saved);
        }
        (Purpose::RemoveWorktree(id), Reply::Refused { why: Refusal::WorktreeHasWork { work, .. } }) => {
            deletion::has_work(app, id, work, Confirm::RemoveWorktreeWithWork(work));
        }
        (Purpose::DeleteWorktree(id), Reply::WorktreeRemoved { worktree, saved }) => {
            deletion::worktree_removed(app, out, id, &worktree, saved);
        }
        (Purpose::DeleteWorktree(id), Reply::Refused { why: Refusal::WorktreeHasWork { work, .. } }) => {
            deletion::has_work(app, id, work, Confirm::DeleteWithWork(id, work));
        }
        (Purpose::Diff { conversation, turn, span }, Reply::Diff(diff)) => {
            changes::came(app, (conversation, turn, span), Ok(*diff));
        }
        (Purpose::Fork(_), Reply::Created { conversation }) => {
            tab_opened(app, out, conversation);
            fork::made(app, out, conversation);
        }
        (Purpose::ForkBrief(conversation), Reply::Brief { text }) => fork::brief_came(app, conversation, &text),
        (Purpose::Past(conversation), Reply::Past(past)) => fork::past_came(app, conversation, past),
        (Purpose::Agents, Reply::Agents(reports)) => agents::came(app, reports),
        (Purpose::Search(text), Reply::Found(findings)) => search::came(app, out, text, Ok(findings)),
        (Purpose::Search(text), Reply::Refused { why }) => search::came(app, out, text, Err(why.to_string())),
        (Purpose::AgentSessions(agent), Reply::AgentSessions(sessions)) => agents::sessions_came(app, &agent, sessions),
        (Purpose::Prompts, Reply::Prompts(prompts)) => history::came(app, prompts),
        (Purpose::WholePrompt { conversation, turn }, Reply::Turns(turns)) => {
            history::whole_came(app, conversation, turn, turns);
        }
        (Purpose::List, Reply::Overview(all)) => overview::came(app, all.conversations),
        (Purpose::Archive { conversation, had_tab }, Reply::Done) => overview::archived(app, conversation, had_tab),
        (Purpose::Peek { conversation, at }, Reply::Turns(turns)) => overview::peeked(app, conversation, at, turns),
        (Purpose::OpenTab(conversation), Reply::Done) => tab_opened(app, out, conversation),
        (Purpose::Fresh(_) | Purpose::FreshWithBrief { .. }, Reply::Refused { why: Refusal::TurnRuns(turn) }) => {
            app.page = Some(Page::Confirm(Confirm::FreshWhileRunning(turn)));
        }
        (
            purpose @ Purpose::EditQueued { conversation, turn, .. },
            Reply::Refused { why: why @ Refusal::NotQueued(_) },
        ) => {
            not_done(app, purpose, &why.to_string());
            // The heading over the composer says it, and stays.
            app.notice = None;
            if let Some(desk) = app.desks.get_mut(&conversation) {
                desk.missed = Some(turn);
            }
        }
        (Purpose::EditQueued { conversation, turn, text, then }, Reply::Done) => {
            edit_landed(app, conversation, &text);
            say(app, format!("queued turn {turn} is changed"));
            if let AfterEdit::Fresh(of) = then {
                let request = command::fresh_request_of(conversation, RunningTurn::Refuse, of);
                let done = "the message goes to a fresh session, with its brief";
                ask(app, out, Purpose::Order { done }, request);
            }
        }
        // It goes in a moment, and then the link is lost.
        (Purpose::Subscribe, Reply::Refused { why: Refusal::Ending }) => {}
        // It is saved when the link is back.
        (Purpose::SaveDraft(conversation), Reply::Refused { why: Refusal::Ending }) => {
            draft_refused(app, conversation);
        }
        (Purpose::Order { done }, Reply::Done) if !done.is_empty() => say(app, done),
        (purpose, Reply::Refused { why }) => not_done(app, purpose, &why.to_string()),
        (Purpose::SaveDraft(conversation), _) => draft_answered(app, conversation),
        // A reply that does not fit its request can only come from another build; there is nothing to show.
        (_, _) => {}
    }
}

/// It has a tab now, which is shown; what the host has of it may come behind this.
fn tab_opened(app: &mut App, out: &mut Vec<Effect>, conversation: ConversationId) {
    if !app.conversations.contains_key(&conversation) {
        ask(app, out, Purpose::Show, Request::Show { conversation });
    }
    select(app, out, conversation);
    search::fetch_turn(app, out);
}

/// The host refused it, or it could not even be asked: what was typed is given back.
pub fn not_done(app: &mut App, purpose: Purpose, why: &str) {
    match purpose {
        Purpose::Submit { conversation, text } => {
            landed(app, conversation, &text);
            refused_text(app, conversation, &text);
            say_trouble(app, format!("refused · {why}"));
        }
        Purpose::EditQueued { conversation, text, .. } => {
            edit_landed(app, conversation, &text);
            refused_text(app, conversation, &text);
            say_trouble(app, format!("not changed: {why}; the text is in the composer"));
        }
        Purpose::SaveDraft(conversation) => {
            draft_refused(app, conversation);
            say_trouble(app, format!("the draft could not be saved: {why}"));
        }
        Purpose::EarlierTurns(conversation) | Purpose::TurnsBefore { conversation, .. } => {
            if let Some(desk) = app.desks.get_mut(&conversation) {
                desk.record.fetched = Fetched::Nothing;
            }
            say_trouble(app, why);
        }
        Purpose::AgentSessions(_) => {
            agents::leave_sessions(app);
            say_trouble(app, why);
        }
        Purpose::Diff { conversation, turn, span } => {
            changes::came(app, (conversation, turn, span), Err(why.to_owned()));
        }
        Purpose::RemoveWorktree(conversation) | Purpose::DeleteWorktree(conversation) => {
            deletion::is_answered(app, conversation);
            say_trouble(app, why);
        }
        Purpose::Search(text) => search::settle(app, text, Err(why.to_owned())),
        Purpose::List => {
            app.listed = Listed::NotAsked;
            say_trouble(app, why);
        }
        Purpose::Subscribe
        | Purpose::NewTab
        | Purpose::Show
        | Purpose::Decisions(_)
        | Purpose::Interrupt
        | Purpose::Fresh(_)
        | Purpose::Brief { .. }
        | Purpose::FreshWithBrief { .. }
        | Purpose::Agents
        | Purpose::OpenTab(_)
        | Purpose::Prompts
        | Purpose::WholePrompt { .. }
        | Purpose::CloseTab(_)
        | Purpose::LookBeforeRestart
        | Purpose::RestartHost
        | Purpose::Fork(_)
        | Purpose::ForkBrief(_)
        | Purpose::Past(_)
        | Purpose::Archive { .. }
        | Purpose::Peek { .. }
        | Purpose::Order { .. } => say_trouble(app, why),
    }
}

/// A sent text has been answered.
fn landed(app: &mut App, conversation: ConversationId, text: &str) {
    if let Some(desk) = app.desks.get_mut(&conversation) {
        take_first(&mut desk.in_flight, text);
    }
}

fn edit_landed(app: &mut App, conversation: ConversationId, text: &str) {
    if let Some(desk) = app.desks.get_mut(&conversation) {
        take_first(&mut desk.edits_in_flight, text);
    }
}

fn take_first(texts: &mut Vec<String>, text: &str) {
    if let Some(at) = texts.iter().position(|sent| sent == text) {
        texts.remove(at);
    }
}

fn refused_text(app: &mut App, conversation: ConversationId, text: &str) {
    if let Some(desk) = app.desks.get_mut(&conversation) {
        give_back(desk, text);
    }
}

fn draft_answered(app: &mut App, conversation: ConversationId) {
    if let Some(desk) = app.desks.get_mut(&conversation) {
        desk.saves_under_way = desk.saves_under_way.saturating_sub(1);
    }
}

fn draft_refused(app: &mut App, conversation: ConversationId) {
    draft_answered(app, conversation);
    if let Some(desk) = app.desks.get_mut(&conversation) {
        draft_unsaved(desk);
    }
}

/// The host may not have the draft, so what it tells of an older one must not take its place.
fn draft_unsaved(desk: &mut Desk) {
    desk.saved.clear();
}

fn turns_came(
    app: &mut App,
    out: &mut Vec<Effect>,
    conversation: ConversationId,
    page: PageOf,
    turns: Vec<TurnRecord>,
) {
    let Some(desk) = app.desks.get_mut(&conversation) else { return };
    let pages = turns.first().zip(turns.last()).map(|(first, last)| (first.number, last.number));
    let ended = turns.into_iter().filter(is_ended).collect();
    desk.record.keep_page(page, ended, pages.map(|(first, _)| first));
    // What began their sessions may be older than the decisions that are told by themselves.
    if let Some((from, to)) = pages {
        ask(app, out, Purpose::Decisions(conversation), Request::DecisionsOf { conversation, from, to });
    }
}

/// What the host knows: at the start and after a lost link.
fn overview_came(app: &mut App, out: &mut Vec<Effect>, overview: Overview) {
    app.link = Link::Up;
    app.absent = Absent::Start;
    app.notice.take_if(|notice| notice.text == STARTING);
    let told: Vec<ConversationId> = overview.conversations.iter().map(|conversation| conversation.id).collect();
    let moved = match app.active {
        Some(active) if !told.contains(&active) => move_vanished(app, out, active),
        Some(_) | None => Moved::Nothing,
    };
    // What was told of the closed ones is as old as the link that was lost.
    app.listed = Listed::NotAsked;
    let listing = matches!(app.page, Some(Page::Overview(_) | Page::Palette(_)));
    app.conversations.retain(|id, _| told.contains(id));
    for conversation in overview.conversations {
        adopt(app, conversation);
    }
    match app.active.filter(|active| app.tabs().iter().any(|tab| tab.id == *active)) {
        Some(_) => {
            look(app, out);
            fetch(app, out);
        }
        None => {
            app.active = None;
            match (moved, newest_here(app)) {
                (Moved::ToNewTab, _) => {}
                (Moved::Nothing, Some(conversation)) => select(app, out, conversation),
                (Moved::Nothing, None) => command::new_tab(app, out),
            }
        }
    }
    let changed: Vec<ConversationId> = app.desks.keys().copied().collect();
    for conversation in changed {
        save_draft(app, out, Some(conversation));
    }
    if listing {
        overview::fetch(app, out);
    }
    search::look_again(app, out);
    out.append(&mut app.once_up);
    out.push(Effect::TakeKeptTexts);
}

/// What an earlier window could not give to a host goes back to where it was written, or to the tab that is open.
pub fn kept_texts_came(app: &mut App, texts: Vec<KeptText>) {
    let mut back = false;
    for KeptText { conversation, folder, text } in texts {
        let of_folder = |id: &ConversationId| app.conversations.get(id).is_some_and(|one| one.wanted.folder == folder);
        let place = conversation.filter(of_folder).or(app.active);
        match place.and_then(|place| app.desks.get_mut(&place)) {
            // It was saved after all.
            Some(desk) if desk.draft() == text => {}
            Some(desk) => {
                give_back(desk, &text);
                back = true;
            }
            None => app.early.insert(0, WindowEvent::Paste(text)),
        }
    }
    if back {
        say(app, "what you wrote before, and could not be saved then, is back in the composer");
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moved {
    Nothing,
    ToNewTab,
}

/// A draft in which nothing was saved ends with its host. What was typed in it since, or sent, goes to a new tab.
fn move_vanished(app: &mut App, out: &mut Vec<Effect>, vanished: ConversationId) -> Moved {
    let Some(mut desk) = app.desks.remove(&vanished) else { return Moved::Nothing };
    let sent = std::mem::take(&mut desk.in_flight);
    for text in sent.iter().rev() {
        give_back(&mut desk, text);
    }
    let text = desk.draft();
    let new_tab_asked = |effect: &Effect| matches!(effect, Effect::Ask(Purpose::NewTab, _));
    app.once_up.retain(|effect| {
        let of_vanished =
            matches!(effect, Effect::Ask(Purpose::Submit { conversation, .. }, _) if *conversation == vanished);
        !of_vanished && !new_tab_asked(effect)
    });
    if text.is_empty() {
        return Moved::Nothing;
    }
    command::new_tab(app, out);
    let enter = Key { code: KeyCode::Enter, modifiers: Modifiers::NONE };
    let send = (!sent.is_empty()).then_some(WindowEvent::Key(enter));
    app.early.splice(0..0, std::iter::once(WindowEvent::Paste(text)).chain(send));
    Moved::ToNewTab
}

/// The tab of the start folder that was active last.
fn newest_here(app: &App) -> Option<ConversationId> {
    let here = app.tabs().into_iter().filter(|tab| tab.wanted.folder == app.folder);
    here.max_by_key(|tab| (tab.active_at, tab.id)).map(|tab| tab.id)
}

pub fn told(app: &mut App, out: &mut Vec<Effect>, event: Event) {
    match event {
        Event::Changed(conversation) => changed(app, out, *conversation),
        Event::Removed(conversation) => {
            let at = tab_place(app);
            app.conversations.remove(&conversation);
            app.desks.remove(&conversation);
            app.closed_tabs.retain(|closed| closed.conversation != conversation);
            if let Listed::Known(listed) = &mut app.listed {
                listed.remove(&conversation);
            }
            keep_a_tab(app, out, at);
        }
        Event::TurnEnded { conversation, turn } => {
            // What was said of the turn while it ran is over with it.
            if app.active == Some(conversation) {
                app.notice.take_if(|notice| notice.kind == NoticeKind::Said);
            }
            if let Some(desk) = app.desks.get_mut(&conversation) {
                desk.record.keep(*turn);
            }
        }
        Event::Notice(text) => say_trouble(app, text),
        Event::Notify(notification) => out.push(Effect::Announce(notification)),
        Event::HostEnding => {
            app.absent = Absent::Fail;
            say_trouble(app, ENDING);
        }
    }
}

fn changed(app: &mut App, out: &mut Vec<Effect>, conversation: Conversation) {
    let at = tab_place(app);
    adopt(app, conversation);
    keep_a_tab(app, out, at);
}

fn tab_place(app: &App) -> Option<usize> {
    app.tabs().iter().position(|tab| Some(tab.id) == app.active)
}

/// If the active tab is gone, its neighbour takes over; without any tab a new draft does.
fn keep_a_tab(app: &mut App, out: &mut Vec<Effect>, at: Option<usize>) {
    let (Some(at), None) = (at, tab_place(app)) else { return };
    let tabs = app.tabs();
    let next = tabs.get(at).or(tabs.last()).map(|tab| tab.id);
    match next {
        Some(conversation) => select(app, out, conversation),
        None => {
            command::new_tab(app, out);
            app.active = None;
        }
    }
}

/// Takes over what the host says of a conversation.
fn adopt(app: &mut App, conversation: Conversation) {
    let start = app.config.start_keyboard;
    let desk = app.desks.entry(conversation.id).or_insert_with(|| Desk::new(start));
    // While a draft is being saved, the host may still tell of the one before.
    if desk.saves_under_way == 0 && conversation.draft != desk.saved {
        let untouched = desk.draft() == desk.saved;
        desk.saved.clone_from(&conversation.draft);
        match &mut desk.editing {
            Some(editing) if untouched => editing.draft.clone_from(&conversation.draft),
            None if untouched => desk.composer = Composer::with_text(&conversation.draft),
            Some(_) | None => {}
        }
    }
    if let Some(decision) = &conversation.decision {
        desk.note_decision(decision.clone());
    }
    if let Some(turn) = conversation.turn.as_ref().filter(|turn| is_ended(turn)) {
        desk.record.keep(turn.clone());
    }
    let place = app.tabs().iter().position(|tab| tab.id == conversation.id);
    let desk = app.desks.entry(conversation.id).or_insert_with(|| Desk::new(start));
    if let Some(before) = app.conversations.get(&conversation.id) {
        leave_vanished_choice(desk, before, &conversation);
        let closes = is_open(before) && !is_open(&conversation);
        if closes || is_open(&conversation) {
            app.closed_tabs.retain(|closed| closed.conversation != conversation.id);
        }
        if closes && let Some(place) = place.and_then(|place| u32::try_from(place).ok()) {
            app.closed_tabs.push(ClosedTab { conversation: conversation.id, place });
        }
    }
    leave_vanished_edit(desk, &conversation);
    app.conversations.insert(conversation.id, conversation);
}

/// Where the chosen message was taken out of the queue, its neighbour there is chosen, or the newest turn.
fn leave_vanished_choice(desk: &mut Desk, before: &Conversation, conversation: &Conversation) {
    let place = |of: &Conversation| of.queue.iter().position(|turn| Some(turn.number) == desk.chosen);
    let newest = conversation.turn.as_ref().map(|turn| turn.number);
    let (Some(at), None) = (place(before), place(conversation)) else { return };
    // One that was sent can still be chosen: it is the newest turn, or an earlier one by now.
    let sent = desk.chosen.is_some_and(|chosen| newest == Some(chosen) || desk.record.turns.contains_key(&chosen));
    if sent {
        return;
    }
    desk.chosen = conversation.queue.get(at).or(conversation.queue.last()).map(|turn| turn.number).or(newest);
    desk.chosen_at = Standing::Start;
    if desk.chosen.is_none() && desk.keyboard == Keyboard::Turns {
        desk.keyboard = Keyboard::Composer;
    }
}

/// A queued message that was sent while it was being edited cannot be changed any more; the text stays as a draft, and that is said.
fn leave_vanished_edit(desk: &mut Desk, conversation: &Conversation) {
    let queued = |turn: TurnNumber| conversation.queue.iter().any(|queued| queued.number == turn);
    if desk.editing.as_ref().is_some_and(|editing| !queued(editing.turn))
        && let Some(editing) = desk.editing.take()
    {
        let typed = desk.composer.text();
        desk.composer = Composer::with_text(&editing.draft);
        give_back(desk, &typed);
        desk.missed = Some(editing.turn).filter(|_| !desk.composer.is_empty());
    }
}
