//! The overview of all conversations: opening it, what is typed into it, and what its keys do with the chosen row.
//!
//! Not here: which rows there are (`tui/overview.rs`) or how they look (`view/overview.rs`).

use super::super::app::{App, ClosedTab, Desk, Link, Page, running};
use super::super::composer::{Composer, Edit};
use super::super::event::{Effect, Purpose};
use super::super::keymap::{Command, Motion, Place, RowAction};
use super::super::overview::{self, Doing, HadTab, Listed, Peek};
use super::super::view;
use super::command::is_untouched;
use super::{Asked, ask, command, deletion, keys, save_draft, say, select, writing};
use crate::domain::id::{ConversationId, Timestamp};
use crate::domain::turn::TurnRecord;
use crate::protocol::message::{Conversation, Place as InQueue, Request, RunningTurn};
use crate::terminal::keys::{Key, KeyCode};

/// So many turns of a conversation are read without opening it.
const PEEK_TURNS: u32 = 3;

pub fn open(app: &mut App, out: &mut Vec<Effect>) {
    app.page = Some(Page::Overview(Box::default()));
    fetch(app, out);
}

/// Asks for all conversations once; from then on events keep what is known up to date, until the link is lost.
pub fn fetch(app: &mut App, out: &mut Vec<Effect>) {
    match app.listed {
        Listed::NotAsked if app.link == Link::Up => {
            app.listed = Listed::Asked;
            out.push(Effect::Ask(Purpose::List, Request::List));
        }
        Listed::NotAsked | Listed::Asked | Listed::Known(_) => {}
    }
}

/// The host told of all. They are not adopted like open tabs: a list has drafts and prompts cut, which must not come into a composer.
pub fn came(app: &mut App, conversations: Vec<Conversation>) {
    app.listed = Listed::Known(conversations.into_iter().map(|one| (one.id, one)).collect());
}

/// A key while the page is open.
pub fn key(app: &mut App, out: &mut Vec<Effect>, key: Key) {
    let Some(Page::Overview(page)) = &mut app.page else { return };
    let field = match &mut page.doing {
        Doing::Choosing => {
            if let Some(command) = app.keymap.command(Place::Overview, key) {
                return command::run(app, out, command);
            }
            page.top = 0;
            page.chosen = None;
            &mut page.filter
        }
        Doing::Replying(_, field) | Doing::Renaming(_, field) | Doing::Deleting(_, field) => match key.code {
            KeyCode::Enter if key.modifiers == crate::terminal::keys::Modifiers::NONE => return finish(app, out),
            KeyCode::Escape => {
                page.doing = Doing::Choosing;
                return;
            }
            _ => field,
        },
    };
    match (app.keymap.command(Place::Composer, key), keys::typed(key)) {
        // Each of these texts is one line; a message to a conversation can be a pasted one with more.
        (Some(Command::Edit(Edit::Newline)), _) => {}
        (Some(Command::Edit(edit)), _) => field.apply(edit),
        (Some(Command::ClearText), _) => field.replace_text(""),
        // Such a text is far shorter than the one that has no room.
        (None, Some(char)) => drop(field.insert_char(char)),
        (Some(_) | None, _) => {}
    }
}

pub fn paste(app: &mut App, text: &str) {
    let Some(Page::Overview(page)) = &mut app.page else { return };
    let first_line = text.lines().next().unwrap_or_default();
    let taken = match &mut page.doing {
        Doing::Choosing => page.filter.insert_text(first_line),
        Doing::Replying(_, field) => field.insert_text(text),
        Doing::Renaming(_, field) | Doing::Deleting(_, field) => field.insert_text(first_line),
    };
    writing::say_what_had_no_room(app, taken);
}

/// Chooses another row.
pub fn choose(app: &mut App, motion: Motion) {
    let seen = view::overview::rows_seen(app).max(1);
    let Some(Page::Overview(page)) = &app.page else { return };
    let (rows, _) = overview::rows(app, page);
    let (at, last) = (overview::chosen_at(page, &rows), rows.len().saturating_sub(1));
    let to = match motion {
        Motion::Up => at.saturating_sub(1),
        Motion::Down => at + 1,
        Motion::PageUp => at.saturating_sub(seen),
        Motion::PageDown => at + seen,
        Motion::Top => 0,
        Motion::Bottom => last,
    }
    .min(last);
    let chosen = rows.get(to).map(|one| one.id);
    if let Some(Page::Overview(page)) = &mut app.page {
        page.chosen = chosen;
        page.top = page.top.min(to).max((to + 1).saturating_sub(seen));
    }
}

/// Chooses the row that was clicked; a second click on it opens it.
pub fn click(app: &mut App, out: &mut Vec<Effect>, row: u16) {
    let Some(at) = view::overview::row_at(app, row) else { return };
    let Some(Page::Overview(page)) = &app.page else { return };
    let (rows, _) = overview::rows(app, page);
    let was_chosen = rows.len() > at && overview::chosen_at(page, &rows) == at;
    let Some(id) = rows.get(at).map(|one| one.id) else { return };
    if was_chosen {
        return open_chosen(app, out);
    }
    if let Some(Page::Overview(page)) = &mut app.page {
        page.chosen = Some(id);
    }
}

pub fn next_order(app: &mut App) {
    if let Some(Page::Overview(page)) = &mut app.page {
        page.order = page.order.next();
        page.top = 0;
        page.chosen = None;
    }
}

pub fn open_chosen(app: &mut App, out: &mut Vec<Effect>) {
    let Some(id) = overview::chosen(app).map(|one| one.id) else {
        return say(app, "no conversation is chosen");
    };
    app.page = None;
    show(app, out, id);
}

/// Shows a conversation, whose tab is opened first where it has none.
pub fn show(app: &mut App, out: &mut Vec<Effect>, id: ConversationId) {
    match app.conversations.get(&id).is_some_and(overview::is_open) {
        true => select(app, out, id),
        false => {
            ask(app, out, Purpose::OpenTab(id), Request::OpenTab { conversation: id });
        }
    }
}

/// The tab that was closed last comes back.
pub fn undo_close(app: &mut App, out: &mut Vec<Effect>) {
    match app.closed_tabs.last().copied() {
        Some(ClosedTab { conversation, place }) => {
            show(app, out, conversation);
            command::order(app, out, Request::MoveTab { conversation, to: place }, "");
        }
        None => {
            let all = app.way(Command::Overview);
            say(app, format!("no tab was closed since this window was opened; {all} lists all conversations"));
        }
    }
}

/// What a key means for the chosen row.
pub fn act(app: &mut App, out: &mut Vec<Effect>, action: RowAction) {
    // What was put away is not among the rows any more.
    if action == RowAction::UndoArchive {
        return undo_archive(app, out);
    }
    let Some(conversation) = overview::chosen(app) else { return say(app, "no conversation is chosen") };
    let (id, title) = (conversation.id, conversation.title.clone());
    let (untouched, open) = (is_untouched(conversation), overview::is_open(conversation));
    let runs = running(conversation).map(|turn| turn.number);
    match action {
        RowAction::Reply => {
            // What the host has as its draft must be known before anything can come back into its composer.
            if !app.conversations.contains_key(&id) {
                ask(app, out, Purpose::Show, Request::Show { conversation: id });
            }
            begin(app, id, Doing::Replying(id, Composer::default()));
        }
        RowAction::Rename => begin(app, id, Doing::Renaming(id, Composer::with_text(&title))),
        RowAction::Delete => begin(app, id, Doing::Deleting(id, Composer::default())),
        RowAction::Interrupt => {
            ask(app, out, Purpose::Interrupt, Request::Interrupt { conversation: id });
        }
        RowAction::Fresh if untouched => say(app, "its first message starts a fresh session anyway"),
        RowAction::Fresh if runs.is_some() => say(app, "a turn runs there; interrupt it first"),
        RowAction::Fresh => {
            let request = command::fresh_request(id, RunningTurn::Refuse);
            command::order(app, out, request, "its next message starts a fresh session");
        }
        RowAction::Peek => toggle_peek(app),
        RowAction::UndoArchive => {}
        RowAction::Archive if overview::known(app, id).is_some_and(overview::is_archived) => {
            let done = "it is back among the closed ones";
            command::order(app, out, Request::Unarchive { conversation: id }, done);
        }
        RowAction::Archive => archive(app, out, id, if open { HadTab::Yes } else { HadTab::No }),
        RowAction::Close if !open => say(app, "it has no tab that could be closed"),
        RowAction::Close => {
            save_draft(app, out, Some(id));
            let request = Request::CloseTab { conversation: id };
            ask(app, out, Purpose::CloseTab(id), request);
        }
    }
}

fn archive(app: &mut App, out: &mut Vec<Effect>, id: ConversationId, had_tab: HadTab) {
    save_draft(app, out, Some(id));
    ask(app, out, Purpose::Archive { conversation: id, had_tab }, Request::Archive { conversation: id });
}

/// It was put away.
pub fn archived(app: &mut App, conversation: ConversationId, had_tab: HadTab) {
    let words = match &mut app.page {
        Some(Page::Overview(page)) => {
            page.put_away.push((conversation, had_tab));
            "archived; Ctrl+Z brings it back, is:archived lists such"
        }
        Some(_) | None => "archived; is:archived in the overview lists such",
    };
    say(app, words);
}

fn undo_archive(app: &mut App, out: &mut Vec<Effect>) {
    let Some(Page::Overview(page)) = &mut app.page else { return };
    match page.put_away.pop() {
        Some((conversation, had_tab)) => {
            page.chosen = Some(conversation);
            let request = match had_tab {
                HadTab::Yes => Request::OpenTab { conversation },
                HadTab::No => Request::Unarchive { conversation },
            };
            command::order(app, out, request, "it is back");
            let closed = app.closed_tabs.iter().find(|closed| closed.conversation == conversation);
            if let (HadTab::Yes, Some(ClosedTab { place, .. })) = (had_tab, closed.copied()) {
                command::order(app, out, Request::MoveTab { conversation, to: place }, "");
            }
        }
        None => say(app, "nothing was archived here; Ctrl+A takes the chosen one of is:archived back"),
    }
}

fn toggle_peek(app: &mut App) {
    if let Some(Page::Overview(page)) = &mut app.page {
        page.peek = match page.peek {
            Peek::Off => Peek::On { of: None, turns: Vec::new() },
            Peek::On { .. } => Peek::Off,
        };
        page.top = 0;
    }
    keep_chosen_seen(app);
}

fn keep_chosen_seen(app: &mut App) {
    let seen = view::overview::rows_seen(app).max(1);
    let Some(Page::Overview(page)) = &app.page else { return };
    let at = overview::chosen_at(page, &overview::rows(app, page).0);
    if let Some(Page::Overview(page)) = &mut app.page {
        page.top = page.top.min(at).max((at + 1).saturating_sub(seen));
    }
}

/// Where the chosen one is read and another one was chosen, or more was said in it, its last turns are asked for.
pub fn settle_peek(app: &mut App, out: &mut Vec<Effect>) {
    let Some(Page::Overview(page)) = &app.page else { return };
    let Peek::On { of, .. } = &page.peek else { return };
    let wanted = overview::chosen(app).map(|one| (one.id, one.active_at));
    if *of == wanted || app.link != Link::Up {
        return;
    }
    let same = of.zip(wanted).is_some_and(|((one, _), (other, _))| one == other);
    if let Some(Page::Overview(page)) = &mut app.page
        && let Peek::On { of, turns } = &mut page.peek
    {
        *of = wanted;
        // What is known of it stays until more comes, so that nothing flickers.
        if !same {
            turns.clear();
        }
    }
    if let Some((conversation, at)) = wanted {
        let request = Request::Turns { conversation, before: None, most: PEEK_TURNS };
        ask(app, out, Purpose::Peek { conversation, at }, request);
    }
}

pub fn peeked(app: &mut App, conversation: ConversationId, at: Timestamp, came: Vec<TurnRecord>) {
    if let Some(Page::Overview(page)) = &mut app.page
        && let Peek::On { of, turns } = &mut page.peek
        && *of == Some((conversation, at))
    {
        *turns = came;
    }
}

fn begin(app: &mut App, id: ConversationId, doing: Doing) {
    if let Some(Page::Overview(page)) = &mut app.page {
        page.chosen = Some(id);
        page.doing = doing;
    }
}

/// Enter on what was written to the chosen row.
fn finish(app: &mut App, out: &mut Vec<Effect>) {
    let Some(Page::Overview(page)) = &mut app.page else { return };
    match std::mem::take(&mut page.doing) {
        Doing::Choosing => {}
        Doing::Replying(id, field) => reply(app, out, id, &field.text()),
        Doing::Renaming(conversation, field) => match field.text().trim() {
            "" => say(app, "the title stays: an empty one names nothing"),
            title => {
                let title = title.to_owned();
                command::order(app, out, Request::Rename { conversation, title }, "");
            }
        },
        Doing::Deleting(conversation, field) => {
            let meant = overview::known(app, conversation).is_some_and(|one| overview::says_yes(one, &field.text()));
            match meant {
                true => deletion::begin(app, out, conversation),
                false => say(app, "nothing was deleted: neither the first word of its title nor yes was typed"),
            }
        }
    }
}

/// Sends a message without opening the conversation. One that is refused stands in that conversation's composer.
fn reply(app: &mut App, out: &mut Vec<Effect>, conversation: ConversationId, text: &str) {
    if text.trim().is_empty() {
        return say(app, "nothing was written, so nothing was sent");
    }
    let environment = app.environment.clone();
    let request = Request::Submit { conversation, text: text.to_owned(), place: InQueue::Behind, environment };
    let purpose = Purpose::Submit { conversation, text: text.to_owned() };
    if ask(app, out, purpose, request) == Asked::NoHost {
        // Nothing of it was sent, so it stays where it was written.
        return begin(app, conversation, Doing::Replying(conversation, Composer::with_text(text)));
    }
    let start = app.config.start_keyboard;
    app.desks.entry(conversation).or_insert_with(|| Desk::new(start)).in_flight.push(text.to_owned());
    say(app, "sent; where a turn runs it waits in the queue");
}
