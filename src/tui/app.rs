//! All that the window shows, as plain values. Truth comes from the host; what is only ours is where one looks and what one types.
//!
//! Change here: what a window remembers. Not here: what changes it (`update`) or how it looks (`view`).

mod deadlines;
mod desk;
mod page;

use super::background::Background;
use super::clipboard::Taker;
use super::completion::Completion;
use super::event::{Effect, Event, Now, ViewOf};
use super::keymap::{self, Command, Keymap};
use super::outer::Outer;
use super::overview::Listed;
use super::pointer::Pointer;
use super::theme::Colors;
use crate::client::Absent;
use crate::client::kept::KeptText;
use crate::config::{self, Config};
use crate::domain::continuity::{Continuity, DecisionRecord};
use crate::domain::conversation::Tab;
use crate::domain::id::{ConversationId, Timestamp, TurnNumber};
use crate::domain::request::Request;
use crate::domain::turn::{TurnRecord, TurnState};
use crate::protocol::message::{Conversation, Environment, Process, Status};
use crate::terminal::frame::{Frame, Size};
use crate::terminal::keys::{Focus, Key, KeyCode, Modifiers};
use std::collections::BTreeMap;

pub use desk::{AfterEdit, Desk, Editing, FreshOf, Keyboard, Recalled};
pub use page::{Agents, Confirm, NewPlace, Page, Requests, Sessions};

/// A tab that may come back to where it stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedTab {
    pub conversation: ConversationId,
    /// In the row, counted from 0 at the left.
    pub place: u32,
}

pub struct App {
    pub config: Config,
    /// The keys in force, which follow from the configuration.
    pub keymap: Keymap,
    /// The folder that the window was started in.
    pub folder: String,
    /// What a session would be started with, should a message need one.
    pub environment: Environment,
    pub size: Size,
    pub now: Now,
    pub link: Link,
    /// What is done about a host that is not there: one that was stopped is started again only when the person wants something of it.
    pub absent: Absent,
    /// What is asked once the host that is being started is there.
    pub once_up: Vec<Effect>,
    /// Every conversation that the host told of, with or without a tab.
    pub conversations: BTreeMap<ConversationId, Conversation>,
    /// All the others, once a page wanted them.
    pub listed: Listed,
    /// Tabs that were closed while this window was there, the last one last.
    pub closed_tabs: Vec<ClosedTab>,
    pub active: Option<ConversationId>,
    /// The tab that was active before.
    pub last_active: Option<ConversationId>,
    pub desks: BTreeMap<ConversationId, Desk>,
    pub view: Option<View>,
    /// What the outer terminal last said.
    pub window_focused: bool,
    pub prefix: Prefix,
    /// The first tab of the row, where the person scrolled it; else the row is around the active one.
    pub first_tab: Option<usize>,
    pub pointer: Pointer,
    /// Files offered for a name in the composer.
    pub completion: Completion,
    /// A turn that was found, to be read once its conversation has its tab.
    pub to_read: Option<(ConversationId, TurnNumber)>,
    /// What was typed before there was a tab to type in.
    pub early: Vec<Event>,
    pub page: Option<Page>,
    pub notice: Option<Notice>,
    pub panel: Panel,
    /// The width of the turn panel that was set here or in an earlier window; none: the configured one.
    pub panel_columns: Option<u16>,
    /// What the mouse holds of ours.
    pub dragging: Option<Dragging>,
    pub zoomed: bool,
    /// How often the person asked for the whole window to be drawn anew.
    pub redraws: u32,
    /// What the terminal can show, and what it is like, as far as it tells.
    pub colors: Colors,
    pub background: Option<Background>,
    /// The multiplexer around this window.
    pub outer: Option<Outer>,
    pub leaving: bool,
}

/// What of ours is moved while a button of the mouse is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dragging {
    /// The line between pane and turn panel.
    PanelBorder,
    /// The end of what is selected in the composer.
    ComposerSelection,
}

/// The control connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Before the first connection.
    Connecting,
    /// Connected; what the host knows is being asked.
    Asking,
    Up,
    Down {
        why: String,
        /// Tries since it went down.
        tries: u32,
        /// When to try again; none while a try is under way.
        again_ms: Option<u64>,
    },
}

/// A picture of an agent's screen and whether it still moves.
pub struct Screen {
    pub of: ViewOf,
    pub frame: Frame,
    pub state: ScreenState,
    /// Where the live screen began when the picture was scrolled up; none while it is not.
    pub left_then: Option<i64>,
}

impl Screen {
    /// Rows that came below since the picture was scrolled up.
    pub fn new_rows(&self) -> i64 {
        self.left_then.map_or(0, |then| (self.frame.scroll.left - then).max(0))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScreenState {
    /// A view was opened and has not told anything; the picture is an older one or blank.
    Opening,
    Live,
    /// Its process is gone, or its view.
    Ended,
}

/// The view that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    pub of: ViewOf,
    pub size: Size,
    pub state: ViewState,
    /// How often it was opened without a picture coming.
    pub tries: u32,
    /// What the agent was last told about the keyboard being with it.
    pub focus: Focus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewState {
    Open,
    /// Gone or refused; tried again then, should the process still live.
    Lost {
        again_ms: u64,
    },
}

/// Whether the prefix was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    None,
    Pressed {
        which_key_at_ms: u64,
    },
    /// Pressed, and the list of keys is shown, this page of it.
    Shown {
        page: usize,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub text: String,
    pub kind: NoticeKind,
    pub until_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    Said,
    Trouble,
}

/// What the person did with the turn panel; `layout` decides whether there is room beside the pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panel {
    /// Shown where there is room.
    Beside,
    /// Shown even where it covers the pane.
    Over,
    Hidden,
}

impl App {
    pub fn new(config: Config, folder: String, environment: Environment, size: Size, now: Now) -> App {
        let panel = match config.turn_panel {
            config::TurnPanel::Right => Panel::Beside,
            config::TurnPanel::Hidden => Panel::Hidden,
        };
        // What cannot be bound was told when the file was read.
        let keymap = Keymap::new(&config).unwrap_or_default();
        App {
            config,
            keymap,
            folder,
            environment,
            size,
            now,
            link: Link::Connecting,
            absent: Absent::Start,
            once_up: Vec::new(),
            conversations: BTreeMap::new(),
            listed: Listed::default(),
            closed_tabs: Vec::new(),
            active: None,
            last_active: None,
            desks: BTreeMap::new(),
            view: None,
            window_focused: true,
            prefix: Prefix::None,
            first_tab: None,
            pointer: Pointer::default(),
            completion: Completion::default(),
            to_read: None,
            early: Vec::new(),
            page: None,
            notice: None,
            panel,
            panel_columns: None,
            dragging: None,
            zoomed: false,
            redraws: 0,
            colors: Colors::True,
            background: None,
            outer: None,
            leaving: false,
        }
    }

    /// Who takes what is copied.
    pub fn copy_taker(&self) -> Taker {
        if self.config.copy_command.is_empty() { Taker::Terminal } else { Taker::Program }
    }

    /// How a command is reached, for people: `Ctrl+] o`.
    pub fn way(&self, command: Command) -> String {
        self.keymap.way(command, self.config.prefix, keymap::key_name)
    }

    /// The same in few cells: `^] o`.
    pub fn short_way(&self, command: Command) -> String {
        self.keymap.way(command, self.config.prefix, keymap::short_key_name)
    }

    /// The tabs from left to right.
    pub fn tabs(&self) -> Vec<&Conversation> {
        let mut tabs: Vec<(u32, &Conversation)> = self
            .conversations
            .values()
            .filter_map(|conversation| match conversation.tab {
                Tab::Open { place } => Some((place, conversation)),
                Tab::Closed | Tab::Archived => None,
            })
            .collect();
        tabs.sort_by_key(|(place, conversation)| (*place, conversation.id));
        tabs.into_iter().map(|(_, conversation)| conversation).collect()
    }

    pub fn active(&self) -> Option<&Conversation> {
        self.conversations.get(&self.active?)
    }

    pub fn desk(&self) -> Option<&Desk> {
        self.desks.get(&self.active?)
    }

    pub fn desk_mut(&mut self) -> Option<&mut Desk> {
        self.desks.get_mut(&self.active?)
    }

    pub fn keyboard(&self) -> Keyboard {
        self.desk().map_or(Keyboard::Composer, |desk| desk.keyboard)
    }

    /// The session that the active tab could show live.
    pub fn viewable(&self) -> Option<ViewOf> {
        view_of(self.active()?)
    }

    /// The active tab's picture that still moves and takes keys.
    pub fn live_screen(&self) -> Option<&Screen> {
        let screen = self.desk()?.screen.as_ref()?;
        let open = self.view.is_some_and(|view| view.of == screen.of && view.state == ViewState::Open);
        (open && screen.state != ScreenState::Ended && Some(screen.of) == self.viewable()).then_some(screen)
    }

    /// Whether the pane shows the stored record and not an agent's screen.
    pub fn shows_record(&self) -> bool {
        let Some(desk) = self.desk() else { return false };
        let has_picture = desk.screen.is_some() || self.viewable().is_some();
        desk.shows_record || !has_picture
    }

    /// Since when a turn of the active conversation is under way: its start, else its delivery. The time in the queue is no work.
    pub fn under_way_since(&self, turn: &TurnRecord) -> Timestamp {
        let delivered = || {
            let decisions = self.desk()?.decisions.values().rev();
            let mut delivered = decisions.filter(|record| record.turn == turn.number && is_delivery(record));
            delivered.next().map(|record| record.at)
        };
        turn.started_at.or_else(delivered).unwrap_or(turn.accepted_at)
    }

    /// The active tab's turn that is under way.
    pub fn running(&self) -> Option<&TurnRecord> {
        running(self.active()?)
    }

    /// The prompts of the active conversation, oldest first, each once in a row.
    pub fn prompts(&self) -> Vec<String> {
        let Some((desk, conversation)) = self.desk().zip(self.active()) else { return Vec::new() };
        let turns = desk.record.turns.values().chain(conversation.turn.as_ref()).chain(&conversation.queue);
        let mut numbered: BTreeMap<TurnNumber, &str> = BTreeMap::new();
        for turn in turns {
            numbered.entry(turn.number).or_insert(&turn.prompt); // The record has it whole.
        }
        let mut prompts: Vec<String> =
            numbered.into_values().filter(|text| !text.is_empty()).map(str::to_owned).collect();
        prompts.extend(desk.in_flight.iter().cloned());
        prompts.dedup();
        prompts
    }

    /// The ended turns of the active conversation, newest first, as far as they were fetched (`Record::gaps`).
    pub fn earlier(&self) -> impl Iterator<Item = &TurnRecord> {
        self.earlier_than(TurnNumber(u32::MAX))
    }

    /// Those of them before this one.
    pub fn earlier_than(&self, end: TurnNumber) -> impl Iterator<Item = &TurnRecord> {
        let record = self.desk().map(|desk| &desk.record.turns);
        // The record has the answer of the newest one as well, once it was fetched.
        let is_recorded = |turn: &&TurnRecord| record.is_some_and(|record| record.contains_key(&turn.number));
        let newest = self.active().and_then(|conversation| conversation.turn.as_ref());
        let newest = newest.filter(|turn| is_ended(turn) && turn.number < end && !is_recorded(turn));
        let place = newest.map_or(TurnNumber(0), |turn| turn.number);
        let of_record = move |from, to| record.into_iter().flat_map(move |record| record.range(from..to).rev());
        let (newer, older) = (of_record(place, end), of_record(TurnNumber(0), place));
        newer.map(|(_, turn)| turn).chain(newest).chain(older.map(|(_, turn)| turn))
    }

    /// Those behind this one, oldest first.
    pub fn later_than(&self, start: TurnNumber) -> impl Iterator<Item = &TurnRecord> {
        let later = self
            .desk()
            .into_iter()
            .flat_map(move |desk| desk.record.turns.range(start..).skip_while(move |(number, _)| **number == start));
        later.map(|(_, turn)| turn)
    }

    /// A turn of the active conversation, wherever it stands.
    pub fn turn(&self, number: TurnNumber) -> Option<&TurnRecord> {
        let conversation = self.active()?;
        let mut known = conversation.queue.iter().chain(conversation.turn.as_ref());
        let recorded = self.desk().and_then(|desk| desk.record.turns.get(&number));
        recorded.or_else(|| known.find(|turn| turn.number == number))
    }

    /// The request that is chosen on the page of requests.
    pub fn chosen_request(&self) -> Option<&Request> {
        let Some(Page::Requests(requests)) = &self.page else { return None };
        let turn = self.active()?.turn.as_ref().filter(|turn| turn.number == requests.turn)?;
        turn.requests.iter().find(|request| request.number == requests.chosen)
    }

    /// What can be chosen in the list of turns, as the panel shows it: the newest turn, the queue, then the earlier ones, newest first.
    pub fn choices(&self) -> Vec<TurnNumber> {
        let Some(conversation) = self.active() else { return Vec::new() };
        let newest = conversation.turn.as_ref().map(|turn| turn.number);
        let earlier = self.earlier().map(|turn| turn.number).filter(|number| Some(*number) != newest);
        newest.into_iter().chain(conversation.queue.iter().map(|turn| turn.number)).chain(earlier).collect()
    }

    /// Whether the host was stopped on purpose and is not there.
    pub fn is_stopped(&self) -> bool {
        match self.link {
            Link::Down { .. } => self.absent == Absent::Fail,
            Link::Connecting | Link::Asking | Link::Up => false,
        }
    }

    /// What was written and is not known to be saved.
    pub fn unsaved(&self) -> Vec<KeptText> {
        let of_desks = self.desks.iter().flat_map(|(id, desk)| {
            let folder = self.conversations.get(id).map_or(&self.folder, |conversation| &conversation.wanted.folder);
            let kept = move |text| KeptText { conversation: Some(*id), folder: folder.clone(), text };
            desk.unsaved().into_iter().map(kept)
        });
        let early = KeptText { conversation: None, folder: self.folder.clone(), text: self.early_text() };
        of_desks.chain([early]).filter(|kept| !kept.text.trim().is_empty()).collect()
    }

    /// What was typed for a tab that never came, as far as it is text.
    pub fn early_text(&self) -> String {
        let mut text = String::new();
        for event in &self.early {
            match event {
                Event::Paste(pasted) => text.push_str(pasted),
                Event::Key(Key { code: KeyCode::Char(char), modifiers: Modifiers::NONE | Modifiers::SHIFT }) => {
                    text.push(*char);
                }
                Event::Key(Key { code: KeyCode::Enter, .. }) => text.push('\n'),
                Event::Key(Key { code: KeyCode::Backspace, .. }) => drop(text.pop()),
                _ => {}
            }
        }
        text
    }

    /// What the person reads after leaving.
    pub fn farewell(&self) -> String {
        if self.is_stopped() {
            return "the host was stopped, so no session is running; come back with: threadkeep".to_owned();
        }
        if self.link != Link::Up {
            return "no link to the host, so what keeps running is unknown; come back with: threadkeep".to_owned();
        }
        let alive = |of: fn(&Tab) -> bool| {
            let those = self.conversations.values().filter(|conversation| of(&conversation.tab));
            those.filter(|conversation| view_of(conversation).is_some()).count()
        };
        let open = alive(|tab| matches!(tab, Tab::Open { .. }));
        // The host tells of closed conversations only when they change, so there may be more of them.
        let closed = alive(|tab| matches!(tab, Tab::Closed | Tab::Archived));
        let working = self.conversations.values().filter(|conversation| running(conversation).is_some()).count();
        let keep = |count: usize| match count {
            1 => "1 session keeps running".to_owned(),
            _ => format!("{count} sessions keep running"),
        };
        let sessions = match (open, closed) {
            (0, 0) => "no session is running in open tabs".to_owned(),
            (open, 0) => format!("{} in open tabs", keep(open)),
            (0, closed) => format!("at least {} in closed tabs", keep(closed)),
            (open, closed) => format!("{} in open tabs and at least {closed} in closed ones", keep(open)),
        };
        let sessions = match (open + closed, working) {
            (_, 0) => sessions,
            (0 | 1, _) => format!("{sessions} and works on a turn"),
            (_, _) => format!("{sessions}, {working} of them on a turn"),
        };
        format!("{sessions}; come back with: threadkeep")
    }
}

/// The live session of a conversation.
pub fn view_of(conversation: &Conversation) -> Option<ViewOf> {
    match conversation.session.as_ref()?.process {
        Process::Alive { generation, .. } => Some(ViewOf { conversation: conversation.id, generation }),
        Process::Asleep { .. } => None,
    }
}

/// Since when the agent's process of a conversation lives.
pub fn alive_since(conversation: &Conversation) -> Option<Timestamp> {
    match conversation.session.as_ref()?.process {
        Process::Alive { since, .. } => Some(since),
        Process::Asleep { .. } => None,
    }
}

/// Whether the message was given to a session with this decision.
fn is_delivery(record: &DecisionRecord) -> bool {
    match record.decision.continuity {
        Continuity::Reused | Continuity::Resumed | Continuity::Fresh | Continuity::Answer => true,
        Continuity::Queued | Continuity::Refused => false,
    }
}

/// The turn that is under way in a conversation.
pub fn running(conversation: &Conversation) -> Option<&TurnRecord> {
    conversation.turn.as_ref().filter(|turn| match turn.state {
        TurnState::Sending | TurnState::Working | TurnState::NeedsApproval | TurnState::NeedsAnswer => true,
        TurnState::Queued | TurnState::Ended(_) => false,
    })
}

/// Whether this turn has ended.
pub fn is_ended(turn: &TurnRecord) -> bool {
    match turn.state {
        TurnState::Ended(_) => true,
        TurnState::Queued
        | TurnState::Sending
        | TurnState::Working
        | TurnState::NeedsApproval
        | TurnState::NeedsAnswer => false,
    }
}

/// Whether the agent waits for an answer of the person.
pub fn needs_answer(conversation: &Conversation) -> bool {
    match conversation.status {
        Status::NeedsApproval | Status::NeedsAnswer => true,
        Status::Draft
        | Status::Idle
        | Status::Sending
        | Status::Working
        | Status::AsleepWillResume
        | Status::AsleepCannotResume => false,
    }
}

/// Whether the conversation waits for its person.
pub fn needs_person(conversation: &Conversation) -> bool {
    needs_answer(conversation) || conversation.unread.is_some() || conversation.queue_held.is_some()
}
