//! Every message between a client and the host. Reading this file tells all that can be asked and told;
//! `message/` has what is in it.
//!
//! A connection begins with `Hello` from both sides. Then it is one of two kinds: a control connection (requests, replies, events), or, after
//! `Request::View`, a view of one session (its keys in, its pictures out) that goes straight to the session's thread.

mod records;
mod refusal;
mod view;

use crate::domain::changes::{Diff, Span};
use crate::domain::continuity::DecisionRecord;
pub use crate::domain::conversation_state::{Place, RunningTurn, TakenUp};
use crate::domain::id::{ConversationId, Generation, SessionNumber, Timestamp, TurnNumber};
pub use crate::domain::prompt::Prompt;
use crate::domain::request::{Choice, RequestNumber};
use crate::domain::search::Findings;
use crate::domain::turn::TurnRecord;
use crate::domain::worktree::Worktree;
use crate::terminal::frame::Size;
use serde::{Deserialize, Serialize};

pub use records::{
    AgentReport, AgentSession, Conversation, Counts, HostReport, Notification, NotificationKind, Overview, PastTurn,
    Process, Rest, Session, Status, Submitted, WaitsFor,
};
pub use refusal::{NoDiff, Refusal};
pub use view::{Scroll, ViewInput, ViewOutput};

/// This build, for people: the version, and the commit where it is known (`build.rs`).
pub const BUILD: &str = env!("THREADKEEP_BUILD");
/// Builds with another major cannot talk to each other.
pub const PROTOCOL_MAJOR: u16 = 1;
/// Grows with each message that is added.
pub const PROTOCOL_MINOR: u16 = 3;

/// The first frame, both ways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Always `threadkeep`.
    pub magic: String,
    pub major: u16,
    pub minor: u16,
    /// The version and commit of the build, for people.
    pub build: String,
    pub pid: u32,
    pub started_at: Timestamp,
    /// The host takes no further connection now; it says nothing else and closes.
    #[serde(default, skip_serializing_if = "is_no")]
    pub busy: bool,
}

impl Hello {
    /// Of this build, for the process with this number.
    pub fn of_this_build(pid: u32, started_at: Timestamp) -> Hello {
        Hello {
            magic: "threadkeep".into(),
            major: PROTOCOL_MAJOR,
            minor: PROTOCOL_MINOR,
            build: BUILD.to_owned(),
            pid,
            started_at,
            busy: false,
        }
    }
}

fn is_no(value: &bool) -> bool {
    !value
}

/// From a client on a control connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Chosen by the client; the reply carries it.
    pub id: u64,
    pub request: Request,
}

/// What can be read of a request that this build does not know.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AskedId {
    pub id: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// All tabs now (`Reply::Overview`), and from now on events of every conversation.
    Subscribe,
    /// From now on the ends of turns of this conversation, for whoever is no window. `Reply::Done`.
    Follow {
        conversation: ConversationId,
    },
    /// Every conversation (`Reply::Overview`).
    List,
    /// `Reply::Conversation`.
    Show {
        conversation: ConversationId,
    },
    /// `Reply::Created`. `agent` none: the configured default.
    New {
        agent: Option<String>,
        #[serde(default)]
        model: Option<String>,
        folder: String,
        title: Option<String>,
    },
    /// A conversation that leaves this one behind `turn` (none: the newest that ended), for this agent and model (none: as here). What
    /// was said up to there is its past (`Past`); its agent gets nothing of it but what its first message says. `Reply::Created`.
    Fork {
        conversation: ConversationId,
        turn: Option<TurnNumber>,
        agent: Option<String>,
        model: Option<String>,
        title: Option<String>,
    },
    /// As `New`, in a git worktree made for it of the repository that the folder lies in; with this branch, which is made where there is
    /// none (none: one named after the conversation). `Reply::Created`.
    NewInWorktree {
        agent: Option<String>,
        model: Option<String>,
        folder: String,
        title: Option<String>,
        branch: Option<String>,
    },
    /// Removes its worktree; the conversation goes on in the repository. Refused while it holds work that is nowhere else, unless the person
    /// said that they know: then the work is saved first. Its branch stays while it has commits of its own. `Reply::WorktreeRemoved`.
    RemoveWorktree {
        conversation: ConversationId,
        work: WorkInIt,
    },
    /// The sessions that this agent itself keeps of this folder: `Reply::AgentSessions`.
    AgentSessions {
        agent: String,
        folder: String,
        environment: Environment,
    },
    /// A conversation that goes on with the session of this id, which the agent keeps of this folder and no living process has. Its first
    /// message takes the session up. `Reply::Created`.
    Adopt {
        agent: String,
        session: String,
        folder: String,
        title: Option<String>,
        environment: Environment,
    },
    /// What was said before a fork, in the conversations that it left: `Reply::Past`, the newest `most` in order. None in one that is
    /// no fork, or where those conversations were deleted.
    Past {
        conversation: ConversationId,
        most: u32,
    },
    /// The newest conversation of this folder, or a new one. `Reply::Created`.
    NewestIn {
        folder: String,
    },
    /// `Reply::Submitted`, after it was saved. `environment` is what a session would be started with, should one have to be.
    Submit {
        conversation: ConversationId,
        text: String,
        place: Place,
        environment: Environment,
    },
    /// `Reply::Ended`, once this turn (none: every turn that is under way or queued) has ended.
    Wait {
        conversation: ConversationId,
        turn: Option<TurnNumber>,
        #[serde(default)]
        asked: WhenAsked,
    },
    /// The next message starts a fresh session, of this agent and with this model (none: as before). Refused while a turn runs unless
    /// told to stop it; then nothing of it is changed. `Reply::Done`.
    Fresh {
        conversation: ConversationId,
        running: RunningTurn,
        #[serde(default)]
        agent: Option<String>,
        #[serde(default)]
        model: Option<String>,
    },
    /// The next message goes to a fresh session of this other agent, which goes on with what was done. Else as `Fresh`. `Reply::Done`.
    HandOver {
        conversation: ConversationId,
        agent: String,
        model: Option<String>,
        running: RunningTurn,
    },
    /// The next message goes on with this earlier session of the conversation (none: the one that goes on where a fresh one is wished for, else the
    /// newest before it). Refused while a turn runs. `Reply::Done`.
    Resume {
        conversation: ConversationId,
        session: Option<SessionNumber>,
    },
    /// `Reply::Interrupting`.
    Interrupt {
        conversation: ConversationId,
    },
    /// Ends the session's process; the conversation stays. `Reply::Done`.
    StopSession {
        conversation: ConversationId,
    },
    /// From the next message on this model; none: the agent's own default. `Reply::Done`.
    SetModel {
        conversation: ConversationId,
        model: Option<String>,
    },
    /// From the next message on this agent. `Reply::Done`.
    SetAgent {
        conversation: ConversationId,
        agent: String,
    },
    /// Answers what the agent asks in this turn (none: whichever runs); no request: the oldest open one. `Reply::Done`, once the answer
    /// is on its way.
    AnswerRequest {
        conversation: ConversationId,
        #[serde(default)]
        turn: Option<TurnNumber>,
        request: Option<RequestNumber>,
        choice: Choice,
    },
    /// The conversation so far in few words, to begin a fresh session with. `Reply::Brief`.
    Brief {
        conversation: ConversationId,
    },
    /// A hook of the agent tells something. It can only add to its own session, whose token it carries. `Reply::Done`.
    Signal {
        conversation: ConversationId,
        token: String,
        payload: String,
    },
    EditQueued {
        conversation: ConversationId,
        turn: TurnNumber,
        text: String,
    },
    RemoveQueued {
        conversation: ConversationId,
        turn: TurnNumber,
    },
    /// Moves a queued message to the front, interrupts what runs and sends it. `Reply::Done`.
    SendNow {
        conversation: ConversationId,
        turn: TurnNumber,
    },
    /// Moves a queued message to this place of the queue, counted from 0; past the end is the end. `Reply::Done`.
    MoveQueued {
        conversation: ConversationId,
        turn: TurnNumber,
        to: u32,
    },
    /// Keeps what stands in the composer. `Reply::Done`, after it was saved.
    SaveDraft {
        conversation: ConversationId,
        text: String,
    },
    Rename {
        conversation: ConversationId,
        title: String,
    },
    OpenTab {
        conversation: ConversationId,
    },
    /// Takes the tab out of the row. Nothing ends; an untouched draft is forgotten. `Reply::Done`.
    CloseTab {
        conversation: ConversationId,
    },
    /// Puts it away: its tab is closed, and lists leave it out. Refused while a turn runs or waits. `Reply::Done`.
    Archive {
        conversation: ConversationId,
    },
    /// Takes it back to the closed ones. `Reply::Done`.
    Unarchive {
        conversation: ConversationId,
    },
    /// Moves its tab to this place in the row, counted from 0 at the left; past the end is the end. `Reply::Done`.
    MoveTab {
        conversation: ConversationId,
        to: u32,
    },
    /// The person looks at this conversation (none: at nothing) in this client: its end is not unread.
    Look {
        conversation: Option<ConversationId>,
    },
    /// Forgets the conversation and ends its session. `Reply::Done`.
    Remove {
        conversation: ConversationId,
    },
    /// `Reply::Turns`: the newest `most` turns before `before` (none: of all), in order; fewer where they would not fit in one frame.
    Turns {
        conversation: ConversationId,
        before: Option<TurnNumber>,
        most: u32,
    },
    /// What a turn (none: the one that runs, else the newest that ended) changed in the files of its repository. `Reply::Diff`.
    Diff {
        conversation: ConversationId,
        turn: Option<TurnNumber>,
        #[serde(default)]
        span: Span,
    },
    /// The last ten decisions. `Reply::Decisions`.
    Why {
        conversation: ConversationId,
    },
    /// Every decision about the messages of these turns, the last one included. `Reply::Decisions`.
    DecisionsOf {
        conversation: ConversationId,
        from: TurnNumber,
        to: TurnNumber,
    },
    /// The best `most` turns for a text with filters, as a person types it (`domain/search.rs`). `Reply::Found`.
    Search {
        text: String,
        most: u32,
    },
    /// The newest `most` messages of all conversations, each once; fewer where they would not fit in one frame. `Reply::Prompts`.
    Prompts {
        most: u32,
    },
    /// The profiles and what each can do here. `Reply::Agents`.
    Agents,
    /// `Reply::Host`.
    HostStatus,
    /// Ends every session and the host. `Reply::Done` comes before the end.
    HostStop,
    /// Ends the host and no session: whoever starts the next one finds them going on. `Reply::Done` comes before the end.
    HostRestart,
    /// Turns this connection into a view of the conversation's live session. `Reply::Viewing`, then only `ViewInput` and `ViewOutput` pass.
    View {
        conversation: ConversationId,
        size: Size,
    },
}

/// What a removal of a worktree does with work that is nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkInIt {
    Refuse,
    /// Commits it beside all branches, then removes the worktree.
    Save,
}

/// What whoever waits for an end is told when the agent waits for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenAsked {
    #[default]
    Nothing,
    /// `Reply::NeedsPerson`, each time that something else is asked; the wait goes on.
    Tell,
}

/// The client's environment for a session, filtered by the client (`client/environment.rs`) and again by the host.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Environment(pub Vec<(String, String)>);

impl std::fmt::Debug for Environment {
    /// Names and values may be secrets, so only their number is told.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Environment({} variables)", self.0.len())
    }
}

/// From the host on a control connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    Reply { id: u64, reply: Reply },
    Event(Event),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Done,
    Overview(Overview),
    Conversation(Box<Conversation>),
    Created {
        conversation: ConversationId,
    },
    Submitted(Submitted),
    /// All that was waited for has ended; the turn is the last of it, none where nothing was under way.
    Ended {
        turn: Option<Box<TurnRecord>>,
    },
    /// Not the last reply to its request: this turn is in the way of what is waited for until the person answers.
    NeedsPerson {
        turn: Box<TurnRecord>,
    },
    /// The turn that is being interrupted; none where nothing ran.
    Interrupting {
        turn: Option<TurnNumber>,
    },
    Turns(Vec<TurnRecord>),
    Past(Vec<PastTurn>),
    /// `saved`: under which name git has what was not committed.
    WorktreeRemoved {
        worktree: Worktree,
        saved: Option<String>,
    },
    /// The one that was written last first.
    AgentSessions(Vec<AgentSession>),
    Brief {
        text: String,
    },
    Decisions(Vec<DecisionRecord>),
    Diff(Box<Diff>),
    Found(Findings),
    /// Newest first.
    Prompts(Vec<Prompt>),
    Agents(Vec<AgentReport>),
    Host(HostReport),
    Viewing {
        session: SessionNumber,
        generation: Generation,
    },
    Refused {
        why: Refusal,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A conversation is new or changed.
    Changed(Box<Conversation>),
    Removed(ConversationId),
    /// A turn has ended, after that was saved.
    TurnEnded {
        conversation: ConversationId,
        turn: Box<TurnRecord>,
    },
    /// Something a person must know that belongs to no request, for example trouble with the store.
    Notice(String),
    /// Something of a turn at which nobody looks, for the terminal of this window alone.
    Notify(Box<Notification>),
    HostEnding,
}
