//! The pages that lie over everything else, one at a time.

use crate::domain::id::{ConversationId, TurnNumber};
use crate::domain::request::RequestNumber;
use crate::domain::worktree::Work;
use crate::protocol::message::{AgentReport, AgentSession};
use crate::tui::changes::Changes;
use crate::tui::composer::Composer;
use crate::tui::copy::Copy;
use crate::tui::history::History;
use crate::tui::overview::Overview;
use crate::tui::palette::Palette;
use crate::tui::reader::Standing;
use crate::tui::search::Search;

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
    /// Git was asked to remove this conversation's worktree. Its answer may be a further question, and a key for anything else must not answer that.
    Removing(ConversationId),
}
