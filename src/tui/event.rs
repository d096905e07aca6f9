//! All that can happen to the window, and all that it can ask to be done. Reading the two enums tells the whole story.
//!
//! Not here: what follows from an event (`update`) or how an effect is carried out (`edge/effects.rs`).

use super::app::{AfterEdit, FreshOf};
use super::background::Background;
use super::files::Files;
use super::keymap::Keymap;
use super::outer::Outer;
use super::overview::HadTab;
use crate::client::Absent;
use crate::client::kept::KeptText;
use crate::config::Config;
use crate::domain::changes::Span;
use crate::domain::id::{ConversationId, Generation, Timestamp, TurnNumber};
use crate::protocol::message::{Event as HostEvent, Notification, Reply, Request, RunningTurn, ViewInput, ViewOutput};
use crate::terminal::frame::Size;
use crate::terminal::keys::{Focus, Key, Mouse};

/// This moment: the wall clock for what people read, the steady one for deadlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    pub wall: Timestamp,
    pub steady_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Key(Key),
    Paste(String),
    /// In cells of the whole window.
    Mouse(Mouse),
    /// The outer terminal's window.
    Focus(Focus),
    Resized(Size),
    /// A deadline that `App::deadline_ms` named has come.
    Tick,
    /// The control connection stands.
    Linked,
    /// The host at its other end is of this build, which is not ours.
    OtherBuild(String),
    /// The control connection is gone or could not be made. What was asked and not answered will get no answer.
    LinkLost(String),
    Answered(Purpose, Reply),
    /// It could not be asked and nothing of it was sent, though the link stands.
    NotAsked(Purpose, String),
    Told(HostEvent),
    Viewed(ViewOf, ViewOutput),
    /// The view is gone or could not be opened.
    ViewLost(ViewOf, String),
    /// The view stands, but this could not be given to it.
    NotGiven(String),
    /// What an earlier window could not give to a host.
    KeptTexts(Vec<KeptText>),
    /// The terminal told whether it is dark or light.
    Background(Background),
    /// A multiplexer around the window takes these keys.
    Outer(Outer),
    /// The files of a folder, for names in the composer.
    Files(Files),
    /// What the person's editor wrote, or why nothing came of it.
    Edited(ConversationId, Result<String, String>),
    /// The record was written to this file, or not, and why.
    Exported {
        conversation: ConversationId,
        file: String,
        result: Result<(), String>,
    },
    /// What was set here is forgotten with this window, and why.
    NotKept(String),
    /// The configuration file was changed, and is right.
    Configured(Box<Config>, Box<Keymap>),
    /// It was changed and is wrong: where and why.
    ConfigurationWrong(String),
    /// The system asks us to go: SIGTERM, SIGHUP.
    Terminated,
}

/// Which session's picture a view shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewOf {
    pub conversation: ConversationId,
    pub generation: Generation,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Connects to the host. Brings `Linked` or `LinkLost`.
    Connect(Absent),
    /// Brings `Answered` or `NotAsked` with the same purpose, unless the link is lost.
    Ask(Purpose, Request),
    /// Shows this session instead of the one that was shown. Brings `Viewed` or `ViewLost`.
    OpenView(ViewOf, Size),
    CloseView,
    ToView(ViewInput),
    /// Asks the terminal whether it is dark or light. Brings `Background` where it tells.
    AskBackground,
    /// Tells the terminal of something that the person does not see.
    Announce(Box<Notification>),
    /// Keeps the width of the turn panel for the next window. Brings `NotKept` where that fails.
    KeepPanelColumns(u16),
    /// Brings `KeptTexts` where there are some.
    TakeKeptTexts,
    /// Lists the files of this folder, instead of another one's. Brings `Files`.
    ListFiles(String),
    /// Lets the person write this in their own editor. Brings `Edited`.
    Editor {
        conversation: ConversationId,
        text: String,
    },
    /// Gives the text to the clipboard of the person's terminal.
    Copy(String),
    /// Writes the record to a new file, beside all else. Brings `Exported`.
    Export {
        conversation: ConversationId,
        file: String,
    },
    Leave,
}

/// What follows once turns were fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThenRead {
    /// The person reads on where they are.
    On,
    /// The record is opened at this one.
    At(TurnNumber),
}

/// Why something was asked, so that its reply finds its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    Subscribe,
    NewTab,
    Show,
    Submit {
        conversation: ConversationId,
        text: String,
    },
    SaveDraft(ConversationId),
    /// The newest ones.
    EarlierTurns(ConversationId),
    TurnsBefore {
        conversation: ConversationId,
        before: TurnNumber,
        then: ThenRead,
    },
    Decisions(ConversationId),
    Interrupt,
    Fresh(ConversationId),
    /// For a fresh session that begins with it.
    Brief {
        conversation: ConversationId,
        running: RunningTurn,
        of: FreshOf,
    },
    FreshWithBrief {
        conversation: ConversationId,
        brief: String,
        of: FreshOf,
    },
    RemoveWorktree(ConversationId),
    /// Whether all sessions would outlive the host; then it is told to make room.
    LookBeforeRestart,
    RestartHost,
    /// Of a conversation that is deleted then.
    DeleteWorktree(ConversationId),
    /// For the page of what a turn changed.
    Diff {
        conversation: ConversationId,
        turn: Option<TurnNumber>,
        span: Span,
    },
    /// A fork of this one.
    Fork(ConversationId),
    /// For the first message of a fork.
    ForkBrief(ConversationId),
    /// What was said before a fork.
    Past(ConversationId),
    Agents,
    /// What this agent keeps.
    AgentSessions(String),
    /// All conversations, for the pages that list them.
    List,
    /// With the text that is looked for.
    Search(String),
    /// The newest messages of all conversations.
    Prompts,
    /// A message that was told cut, to be put into the composer of this conversation.
    WholePrompt {
        conversation: Option<ConversationId>,
        turn: TurnNumber,
    },
    /// It is shown once it has its tab.
    OpenTab(ConversationId),
    CloseTab(ConversationId),
    Archive {
        conversation: ConversationId,
        had_tab: HadTab,
    },
    /// The last turns of the conversation that is chosen in the overview, as of this activity.
    Peek {
        conversation: ConversationId,
        at: Timestamp,
    },
    EditQueued {
        conversation: ConversationId,
        turn: TurnNumber,
        text: String,
        then: AfterEdit,
    },
    /// What is said when it was done; nothing where it shows by itself.
    Order {
        done: &'static str,
    },
}
