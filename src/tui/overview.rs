//! Which conversations the overview lists, in which order: all that the host knows, filtered by what is typed.
//!
//! Change here: the states that `is:` knows, the orders, what words are held against.
//! Not here: what keys do with a row (`update/overview.rs`) or how rows look (`view/overview.rs`).

use super::app::{App, Page, running};
use super::composer::Composer;
use crate::domain::conversation::Tab;
use crate::domain::id::{ConversationId, Timestamp};
use crate::domain::search::{NoMeaning, Typed};
use crate::domain::turn::{TurnEnd, TurnRecord, TurnState};
use crate::protocol::message::{Conversation, Status};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The page.
#[derive(Default)]
pub struct Overview {
    pub filter: Composer,
    pub order: Order,
    /// None: the first row.
    pub chosen: Option<ConversationId>,
    /// The first row that is shown.
    pub top: usize,
    pub doing: Doing,
    /// The chosen conversation is read without being opened.
    pub peek: Peek,
    /// What was put away on this page, and whether it had a tab; the last one last.
    pub put_away: Vec<(ConversationId, HadTab)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HadTab {
    Yes,
    No,
}

/// The last turns of the chosen conversation below the list.
#[derive(Default)]
pub enum Peek {
    #[default]
    Off,
    On {
        /// Of which conversation, and as of which activity, `turns` were asked.
        of: Option<(ConversationId, Timestamp)>,
        /// Oldest first.
        turns: Vec<TurnRecord>,
    },
}

impl Peek {
    pub fn is_on(&self) -> bool {
        match self {
            Peek::On { .. } => true,
            Peek::Off => false,
        }
    }
}

/// What is being written to the chosen conversation; none but the filter while one chooses.
#[derive(Default)]
pub enum Doing {
    #[default]
    Choosing,
    Replying(ConversationId, Composer),
    Renaming(ConversationId, Composer),
    /// What the person types to say that it is meant.
    Deleting(ConversationId, Composer),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    #[default]
    Activity,
    Title,
    State,
}

/// All conversations of the host, as they were when they were asked for. What was told of one since stands in `App::conversations`.
#[derive(Default)]
pub enum Listed {
    #[default]
    NotAsked,
    Asked,
    Known(BTreeMap<ConversationId, Conversation>),
}

impl Order {
    pub fn next(self) -> Order {
        match self {
            Order::Activity => Order::Title,
            Order::Title => Order::State,
            Order::State => Order::Activity,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Order::Activity => "last activity",
            Order::Title => "title",
            Order::State => "state",
        }
    }
}

/// What `is:` can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    Working,
    Asks,
    Queued,
    Idle,
    Asleep,
    Draft,
    Completed,
    Failed,
    Interrupted,
    Unknown,
    Unread,
    Open,
    Closed,
    Archived,
}

pub const STATES: [(&str, Is); 14] = [
    ("working", Is::Working),
    ("asks", Is::Asks),
    ("queued", Is::Queued),
    ("idle", Is::Idle),
    ("asleep", Is::Asleep),
    ("draft", Is::Draft),
    ("completed", Is::Completed),
    ("failed", Is::Failed),
    ("interrupted", Is::Interrupted),
    ("unknown", Is::Unknown),
    ("unread", Is::Unread),
    ("open", Is::Open),
    ("closed", Is::Closed),
    ("archived", Is::Archived),
];

impl Is {
    fn holds(self, conversation: &Conversation) -> bool {
        let ended = |like: fn(&TurnEnd) -> bool| newest_end(conversation).is_some_and(like);
        match self {
            Is::Working => running(conversation).is_some(),
            Is::Asks => super::app::needs_answer(conversation),
            Is::Queued => !conversation.queue.is_empty(),
            Is::Idle => conversation.status == Status::Idle,
            Is::Asleep => is_asleep(conversation.status),
            Is::Draft => conversation.status == Status::Draft,
            Is::Completed => ended(|end| matches!(end, TurnEnd::Completed)),
            Is::Failed => ended(|end| matches!(end, TurnEnd::Failed(_))),
            Is::Interrupted => ended(|end| matches!(end, TurnEnd::Interrupted(_))),
            Is::Unknown => ended(|end| matches!(end, TurnEnd::Unknown(_))),
            Is::Unread => conversation.unread.is_some(),
            Is::Open => is_open(conversation),
            Is::Closed => conversation.tab == Tab::Closed,
            Is::Archived => is_archived(conversation),
        }
    }
}

pub fn is_open(conversation: &Conversation) -> bool {
    match conversation.tab {
        Tab::Open { .. } => true,
        Tab::Closed | Tab::Archived => false,
    }
}

pub fn is_archived(conversation: &Conversation) -> bool {
    conversation.tab == Tab::Archived
}

fn is_asleep(status: Status) -> bool {
    match status {
        Status::AsleepWillResume | Status::AsleepCannotResume => true,
        Status::Draft
        | Status::Idle
        | Status::Sending
        | Status::Working
        | Status::NeedsApproval
        | Status::NeedsAnswer => false,
    }
}

/// How its newest turn ended; none while that one is under way.
pub fn newest_end(conversation: &Conversation) -> Option<&TurnEnd> {
    match &conversation.turn.as_ref()?.state {
        TurnState::Ended(end) => Some(end),
        TurnState::Queued
        | TurnState::Sending
        | TurnState::Working
        | TurnState::NeedsApproval
        | TurnState::NeedsAnswer => None,
    }
}

/// The conversation in one word: what it does, else how its newest turn ended unless that was well, else whether its process lives.
pub fn state_word(conversation: &Conversation) -> &'static str {
    let at_rest = |word| match newest_end(conversation) {
        Some(end @ (TurnEnd::Failed(_) | TurnEnd::Interrupted(_) | TurnEnd::Unknown(_))) => end.word(),
        Some(TurnEnd::Completed) | None => word,
    };
    match conversation.status {
        Status::Draft => "draft",
        Status::Idle => at_rest("idle"),
        Status::Sending => "sending",
        Status::Working => "working",
        Status::NeedsApproval => "needs approval",
        Status::NeedsAnswer => "needs answer",
        Status::AsleepWillResume | Status::AsleepCannotResume => at_rest("asleep"),
    }
}

/// What waits for the person first, then what works, then what rests.
fn rank(conversation: &Conversation) -> u8 {
    match conversation.status {
        Status::NeedsApproval => 0,
        Status::NeedsAnswer => 1,
        _ if conversation.unread.is_some() || conversation.queue_held.is_some() => 2,
        Status::Working | Status::Sending => 3,
        Status::Idle => 4,
        Status::AsleepWillResume | Status::AsleepCannotResume => 5,
        Status::Draft => 6,
    }
}

/// The last thing that was said to it: what waits in its queue, else the newest turn.
pub fn last_prompt(conversation: &Conversation) -> &str {
    let queued = conversation.queue.last();
    queued.or(conversation.turn.as_ref()).map_or("", |turn| turn.prompt.as_str())
}

/// Every conversation that is known, what was told of it last.
pub fn every(app: &App) -> impl Iterator<Item = &Conversation> {
    let listed = match &app.listed {
        Listed::Known(listed) => Some(listed),
        Listed::NotAsked | Listed::Asked => None,
    };
    let older = listed.into_iter().flat_map(BTreeMap::values);
    older.filter(|one| !app.conversations.contains_key(&one.id)).chain(app.conversations.values())
}

/// Any conversation that is known.
pub fn known(app: &App, id: ConversationId) -> Option<&Conversation> {
    let listed = match &app.listed {
        Listed::Known(listed) => listed.get(&id),
        Listed::NotAsked | Listed::Asked => None,
    };
    app.conversations.get(&id).or(listed)
}

/// The rows of the page, and what of the filter means nothing.
pub fn rows<'a>(app: &'a App, page: &Overview) -> (Vec<&'a Conversation>, Option<NoMeaning>) {
    let typed = Typed::parse(&page.filter.text());
    let state = |word: &String| STATES.iter().find(|(name, _)| name == word).map(|(_, is)| *is);
    let states: Vec<Is> = typed.states.iter().filter_map(state).collect();
    let times = typed.times(app.now.wall);
    let unknown_state = typed.states.iter().find(|word| state(word).is_none()).cloned();
    let unknown_time = times.clone().err().map(NoMeaning::Time);
    let unknown = unknown_state.map(NoMeaning::State).or(unknown_time);
    let times = times.unwrap_or_default();
    let passes = |conversation: &&Conversation| {
        (states.contains(&Is::Archived) || !is_archived(conversation))
            && states.iter().all(|is| is.holds(conversation))
            && typed.passes(&conversation.wanted.agent, &conversation.wanted.folder)
            && times.holds(conversation.active_at)
            && has_words(conversation, &typed.words)
    };
    let mut rows: Vec<&Conversation> = every(app).filter(passes).collect();
    // The newest first where the rest is the same.
    let newest = |one: &Conversation| Reverse((one.active_at, one.id));
    match page.order {
        Order::Activity => rows.sort_by_key(|one| newest(one)),
        Order::Title => rows.sort_by_cached_key(|one| (one.title.to_lowercase(), newest(one))),
        Order::State => rows.sort_by_key(|one| (rank(one), newest(one))),
    }
    (rows, unknown)
}

fn has_words(conversation: &Conversation, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let wanted = &conversation.wanted;
    let model = wanted.model.as_deref().unwrap_or_default();
    let texts = [&conversation.title, last_prompt(conversation), &wanted.agent, model, &wanted.folder];
    let whole = texts.join("\n").to_lowercase();
    words.iter().all(|word| whole.contains(word))
}

/// The place of the chosen row among these; the first one where it is not among them.
pub fn chosen_at(page: &Overview, rows: &[&Conversation]) -> usize {
    page.chosen.and_then(|id| rows.iter().position(|one| one.id == id)).unwrap_or(0)
}

/// The conversation that keys mean.
pub fn chosen(app: &App) -> Option<&Conversation> {
    let Some(Page::Overview(page)) = &app.page else { return None };
    let (rows, _) = rows(app, page);
    rows.get(chosen_at(page, &rows)).copied()
}

/// What the person types to delete it: the first word of its title, or `yes`.
pub fn says_yes(conversation: &Conversation, typed: &str) -> bool {
    let typed = typed.trim().to_lowercase();
    let first = conversation.title.split_whitespace().next().map(str::to_lowercase);
    typed == "yes" || first.is_some_and(|first| first == typed)
}
