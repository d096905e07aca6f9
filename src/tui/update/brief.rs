//! A fresh session that begins with a brief: the brief is fetched, and put before the person as a draft. It is never sent by itself.

use super::super::app::{AfterEdit, App, Confirm, Editing, FreshOf, Keyboard, Page};
use super::super::composer::Composer;
use super::super::event::{Effect, Purpose};
use super::super::keymap::Command;
use super::command::{fresh_request_of, is_untouched};
use super::{ask, host, say, say_trouble};
use crate::domain::conversation::QueueHeld;
use crate::domain::conversation_state::MAX_MESSAGE_BYTES;
use crate::domain::id::{ConversationId, TurnNumber};
use crate::protocol::message::{Request, RunningTurn};

/// Asks for the brief. A turn that runs is only stopped where that was confirmed.
pub fn ask_for(app: &mut App, out: &mut Vec<Effect>) {
    let confirmed = match app.page.take() {
        Some(Page::Confirm(Confirm::FreshWhileRunning(turn))) => Some(turn),
        // It was asked about something else; what was asked stays.
        Some(
            page @ Page::Confirm(
                Confirm::StopSession
                | Confirm::RemoveWorktree
                | Confirm::RemoveWorktreeWithWork(_)
                | Confirm::DeleteWithWorktree(_)
                | Confirm::DeleteWithWork(..)
                | Confirm::Removing(_),
            ),
        ) => {
            app.page = Some(page);
            return;
        }
        Some(_) | None => None,
    };
    let Some(conversation) = app.active() else { return };
    let id = conversation.id;
    if is_untouched(conversation) {
        return say(app, "nothing was said here yet, so there is nothing to brief a fresh session with");
    }
    if app.desk().is_some_and(|desk| desk.editing.is_some()) {
        return say(app, "a queued message is being edited; Enter keeps the change, Esc leaves it");
    }
    let running = match (app.running().map(|turn| turn.number), confirmed) {
        (Some(turn), None) => {
            app.page = Some(Page::Confirm(Confirm::FreshWhileRunning(turn)));
            return;
        }
        (Some(_), Some(_)) => RunningTurn::Stop,
        (None, _) => RunningTurn::Refuse,
    };
    let purpose = Purpose::Brief { conversation: id, running, of: FreshOf::SameAgent };
    ask(app, out, purpose, Request::Brief { conversation: id });
}

/// Asks for the brief with which another agent goes on.
pub fn ask_for_handover(app: &mut App, out: &mut Vec<Effect>, agent: String) {
    let Some(conversation) = app.active() else { return };
    let id = conversation.id;
    if app.desk().is_some_and(|desk| desk.editing.is_some()) {
        return say(app, "a queued message is being edited; Enter keeps the change, Esc leaves it");
    }
    let purpose = Purpose::Brief { conversation: id, running: RunningTurn::Refuse, of: FreshOf::Other(agent) };
    ask(app, out, purpose, Request::Brief { conversation: id });
}

/// The brief is here. Where a message is held for a session that would not resume, it goes in front of that message, whose place in the
/// line is kept; else in front of what stands in the composer, once the fresh session is asked for.
pub fn came(app: &mut App, out: &mut Vec<Effect>, id: ConversationId, running: RunningTurn, of: FreshOf, brief: &str) {
    let brief = format!("{}\n", brief.trim_end());
    let held = app.conversations.get(&id).filter(|one| one.queue_held == Some(QueueHeld::ResumeRefused));
    match held.and_then(|conversation| conversation.queue.first()) {
        Some(turn) => {
            let (turn, text) = (turn.number, format!("{brief}\n{}", turn.prompt));
            before_held(app, id, turn, of, &text);
        }
        None => {
            let purpose = Purpose::FreshWithBrief { conversation: id, brief, of: of.clone() };
            ask(app, out, purpose, fresh_request_of(id, running, of));
        }
    }
}

fn before_held(app: &mut App, id: ConversationId, turn: TurnNumber, of: FreshOf, text: &str) {
    if text.len() > MAX_MESSAGE_BYTES {
        let turns = app.way(Command::Turns);
        let words = format!("the held message has no room for a brief; edit it first ({turns}), then try again");
        return say_trouble(app, words);
    }
    let Some(desk) = app.desks.get_mut(&id).filter(|desk| desk.editing.is_none()) else { return };
    desk.editing = Some(Editing { turn, draft: desk.draft(), then: AfterEdit::Fresh(of) });
    desk.missed = None;
    desk.recalled = None;
    desk.composer = Composer::with_text(text);
    desk.keyboard = Keyboard::Composer;
    say(app, "read the brief and change it; Enter sends it to a fresh session, Esc leaves all as it was");
}

/// The brief is the draft of the next message; `words` say what Enter does with it.
pub fn put_into_composer(app: &mut App, id: ConversationId, brief: &str, words: &str) {
    let Some(desk) = app.desks.get_mut(&id) else { return };
    host::give_back(desk, brief);
    desk.recalled = None;
    desk.keyboard = Keyboard::Composer;
    say(app, format!("read the brief and change it; {words}"));
}
