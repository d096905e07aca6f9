//! All that the window shows, as plain values. Truth comes from the host; what is only ours is where one looks and what one types.
//!
//! Change here: what a window remembers. Not here: what changes it (`update`) or how it looks (`view`).

use super::background::Background;
use super::changes::Changes;
use super::clipboard::Taker;
use super::completion::Completion;
use super::composer::Composer;
use super::copy::Copy;
use super::event::{Effect, Event, Now, ViewOf};
use super::history::History;
use super::keymap::{self, Command, Keymap};
use super::layout;
use super::outer::Outer;
use super::overview::{Listed, Overview};
use super::palette::Palette;
use super::pointer::Pointer;
use super::reader::record::Record;
use super::reader::{Find, Spot, Standing};
use super::search::Search;
use super::theme::Colors;
use crate::client::Absent;
use crate::client::kept::KeptText;
use crate::config::{self, Animation, Config};
use crate::domain::continuity::{Continuity, DecisionRecord};
use crate::domain::conversation::Tab;
use crate::domain::id::{ConversationId, Timestamp, TurnNumber};
use crate::domain::request::{Request, RequestNumber};
use crate::domain::turn::{TurnRecord, TurnState};
use crate::domain::worktree::Work;
use crate::protocol::message::{AgentReport, AgentSession, Conversation, Environment, Process, Status};
use crate::terminal::frame::{Frame, Size};
use crate::terminal::keys::{Focus, Key, KeyCode, Modifiers};
use std::collections::BTreeMap;

/// The step in which the age of an agent's process is shown, so that an idle window need not tick by seconds.
const MINUTE_MS: u64 = 60_000;
/// The step of a running turn's time.
const SECOND_MS: u64 = 1_000;

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
    pub closed_tabs: Vec<ConversationId>,
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

/// What belongs to one tab in this window alone.
#[derive(Default)]
pub struct Desk {
    pub composer: Composer,
    pub keyboard: Keyboard,
    /// The draft as the host has it, as far as is known.
    pub saved: String,
    pub save_due_ms: Option<u64>,
    /// Drafts that are being saved: until they are, the host tells of older ones.
    pub saves_under_way: u32,
    /// Sent and not yet answered, oldest first.
    pub in_flight: Vec<String>,
    /// Changed texts of queued messages, sent and not yet answered, oldest first.
    pub edits_in_flight: Vec<String>,
    /// The composer holds a queued message instead of the draft.
    pub editing: Option<Editing>,
    /// This one left the queue before its change was taken; what was written for it stands in the composer as a new message.
    pub missed: Option<TurnNumber>,
    /// The composer shows an older prompt.
    pub recalled: Option<Recalled>,
    pub record: Record,
    /// What was said before a fork, in the conversations that it left, oldest first; none until it was fetched.
    pub past: Option<Vec<TurnRecord>>,
    /// The newest decisions, and those that began or resumed a session with an older turn, by number.
    pub decisions: BTreeMap<u32, DecisionRecord>,
    /// Which of them began or resumed a session, by turn.
    pub beginnings: BTreeMap<TurnNumber, u32>,
    /// The last picture of its agent's screen.
    pub screen: Option<Screen>,
    /// The person asked for the record instead of the live screen.
    pub shows_record: bool,
    pub record_at: Standing,
    /// The turn of the record that was gone to; what keys are about while it is seen.
    pub marked: Option<TurnNumber>,
    /// What is looked for in the record, and where it was found last.
    pub find: Option<Find>,
    pub found_at: Option<Spot>,
    /// Chosen in the list of turns.
    pub chosen: Option<TurnNumber>,
    pub chosen_at: Standing,
}

/// Where the keyboard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keyboard {
    #[default]
    Composer,
    Agent,
    /// In the list of queued and earlier turns.
    Turns,
    /// In the record that stands in the pane.
    Record,
}

pub struct Editing {
    pub turn: TurnNumber,
    /// What stood in the composer before.
    pub draft: String,
    pub then: AfterEdit,
}

/// What follows once the change of a queued message was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterEdit {
    Nothing,
    /// A fresh session is asked for, which sends it.
    Fresh(FreshOf),
}

/// Which agent a fresh session is to have that begins with a brief.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FreshOf {
    SameAgent,
    /// The conversation is handed over to this one.
    Other(String),
}

pub struct Recalled {
    /// The place in `Desk::prompts`.
    pub index: usize,
    /// What stood in the composer before.
    pub draft: String,
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

/// What lies over the window and takes the keys.
pub enum Page {
    Help {
        top: u16,
    },
    Why {
        top: u16,
    },
    Turn {
        number: TurnNumber,
        at: Standing,
    },
    Requests(Box<Requests>),
    Confirm(Confirm),
    Rename(Box<Composer>),
    Model(Box<Composer>),
    /// The number of the tab to go to.
    GoTo(Box<Composer>),
    /// The file that the record goes to.
    Export(Box<Composer>),
    Agents(Agents),
    Overview(Box<Overview>),
    Search(Box<Search>),
    Changes(Box<Changes>),
    Palette(Box<Palette>),
    Copy(Box<Copy>),
    History(Box<History>),
}

/// The agents of the host, one of which a new conversation is to have.
#[derive(Default)]
pub struct Agents {
    /// None until the host has told them.
    pub reports: Option<Vec<AgentReport>>,
    pub chosen: usize,
    /// Whether the new conversation gets a git worktree of its own.
    pub place: NewPlace,
    /// The sessions that the chosen one keeps of the folder, while the person looks for one to adopt.
    pub sessions: Option<Sessions>,
}

/// Where a new conversation works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NewPlace {
    #[default]
    Folder,
    Worktree,
}

/// An agent's own sessions, one of which a conversation is to go on with.
pub struct Sessions {
    pub agent: String,
    pub folder: String,
    /// None until the host has told them.
    pub known: Option<Vec<AgentSession>>,
    pub chosen: usize,
}

/// What the agent asks in a turn. The chosen one stays chosen whatever becomes of it, so that a key pressed late answers nothing else.
pub struct Requests {
    pub turn: TurnNumber,
    pub chosen: RequestNumber,
    /// The answer to a question that is being written.
    pub words: Composer,
    /// Rows that were scrolled up from where the chosen one ends.
    pub up: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirm {
    /// A fresh session, though this turn runs.
    FreshWhileRunning(TurnNumber),
    StopSession,
    RemoveWorktree,
    /// It holds this, which is nowhere else.
    RemoveWorktreeWithWork(Work),
    /// A conversation is to be deleted: what becomes of its worktree?
    DeleteWithWorktree(ConversationId),
    /// It is to go as well, and holds this.
    DeleteWithWork(ConversationId, Work),
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

    /// The next moment at which something shown changes by itself or must be done.
    pub fn deadline_ms(&self) -> Option<u64> {
        let prefix = match self.prefix {
            Prefix::Pressed { which_key_at_ms } => Some(which_key_at_ms),
            Prefix::None | Prefix::Shown { .. } => None,
        };
        let link = match self.link {
            Link::Down { again_ms, .. } => again_ms,
            Link::Connecting | Link::Asking | Link::Up => None,
        };
        let draft = match self.link {
            Link::Up => self.desks.values().filter_map(|desk| desk.save_due_ms).min(),
            Link::Connecting | Link::Asking | Link::Down { .. } => None,
        };
        let notice = self.notice.as_ref().map(|notice| notice.until_ms);
        let view = match self.view.map(|view| view.state) {
            Some(ViewState::Lost { again_ms }) => Some(again_ms),
            Some(ViewState::Open) | None => None,
        };
        let drag = match &self.page {
            Some(Page::Copy(copy)) => copy.beyond.map(|(_, _, due_ms)| due_ms),
            Some(_) | None => None,
        };
        let clocks = [self.next_elapsed_ms(), self.next_minute_ms(), self.next_age_ms()];
        [prefix, link, draft, notice, view, drag].into_iter().chain(clocks).flatten().min()
    }

    /// When the elapsed time of the running turn shows another second, or minute; none while none runs or is seen.
    fn next_elapsed_ms(&self) -> Option<u64> {
        let turn = self.running().filter(|_| layout::shows_elapsed(self))?;
        let elapsed = self.now.wall.since(self.under_way_since(turn));
        let step_ms = match self.config.animation {
            Animation::Moving => SECOND_MS,
            Animation::Still => MINUTE_MS,
        };
        Some(self.now.steady_ms + step_ms - elapsed % step_ms)
    }

    /// When the age of the agent's process in the status line shows another minute; none where it is asleep.
    fn next_minute_ms(&self) -> Option<u64> {
        let age = self.now.wall.since(alive_since(self.active()?)?);
        Some(self.now.steady_ms + MINUTE_MS - age % MINUTE_MS)
    }

    /// When ages that are shown are drawn anew, all at once; none while none is shown. How fresh the evidence is that one asks for is told by
    /// the second.
    fn next_age_ms(&self) -> Option<u64> {
        let step_ms = match (&self.page, self.config.animation) {
            (Some(Page::Why { .. }), Animation::Moving) => SECOND_MS,
            (_, Animation::Moving | Animation::Still) => MINUTE_MS,
        };
        let of_step = u64::try_from(self.now.wall.0).unwrap_or(0) % step_ms;
        self.shows_ages().then_some(self.now.steady_ms + step_ms - of_step)
    }

    /// Whether the ages of things that are over are on the screen.
    fn shows_ages(&self) -> bool {
        match &self.page {
            Some(Page::Why { .. } | Page::Turn { .. } | Page::Overview(_) | Page::Search(_) | Page::History(_)) => true,
            Some(Page::Agents(agents)) => agents.sessions.is_some(),
            Some(
                Page::Help { .. }
                | Page::Requests(_)
                | Page::Changes(_)
                | Page::Confirm(_)
                | Page::Rename(_)
                | Page::Model(_)
                | Page::GoTo(_)
                | Page::Export(_)
                | Page::Palette(_)
                | Page::Copy(_),
            )
            | None => self.keyboard() == Keyboard::Turns || (self.shows_record() && self.last_turn().is_some()),
        }
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

impl Desk {
    pub fn new(start: config::Keyboard) -> Desk {
        let keyboard = match start {
            config::Keyboard::Composer => Keyboard::Composer,
            config::Keyboard::Agent => Keyboard::Agent,
        };
        Desk { keyboard, ..Desk::default() }
    }

    /// The decision that began or resumed a session with this turn, as far as it is known.
    pub fn began(&self, turn: TurnNumber) -> Option<&DecisionRecord> {
        self.decisions.get(self.beginnings.get(&turn)?)
    }

    pub fn note_decision(&mut self, record: DecisionRecord) {
        match record.decision.continuity {
            Continuity::Fresh | Continuity::Resumed => {
                let newest = self.beginnings.entry(record.turn).or_insert(record.number);
                *newest = record.number.max(*newest);
            }
            Continuity::Reused | Continuity::Queued | Continuity::Answer | Continuity::Refused => {}
        }
        self.decisions.insert(record.number, record);
    }

    /// Texts of which the host has not said that it has them.
    fn unsaved(&self) -> Vec<String> {
        let mut texts: Vec<String> = self.in_flight.iter().chain(&self.edits_in_flight).cloned().collect();
        let draft = self.draft();
        if draft != self.saved || self.saves_under_way > 0 {
            texts.push(draft);
        }
        texts
    }

    /// What the person has written here and not sent, whatever the composer shows at the moment.
    pub fn draft(&self) -> String {
        match &self.editing {
            Some(editing) => editing.draft.clone(),
            None => self.composer.text(),
        }
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
