//! What replies and events tell of: conversations as a window shows them, the host, the agents.

use super::TakenUp;
use crate::domain::continuity::{Decision, DecisionRecord};
use crate::domain::conversation::{Begun, QueueHeld};
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::{ConversationId, Generation, SessionNumber, Timestamp, TurnNumber};
use crate::domain::request::RequestKind;
use crate::domain::session::AsleepWhy;
use crate::domain::turn::{Evidence, TurnEnd, TurnRecord, TurnState, Usage};
use crate::domain::worktree::{Work, Worktree};
use serde::{Deserialize, Serialize};

/// The answer to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    pub conversation: ConversationId,
    /// None where it was refused, or queued before any session.
    pub session: Option<SessionNumber>,
    /// None where it was refused.
    pub turn: Option<TurnNumber>,
    /// None where it was refused.
    pub state: Option<TurnState>,
    pub decision: Decision,
}

/// The open tabs in their order, then (for `List`) the closed conversations, newest first. What does not fit in one frame follows in
/// further replies to the same request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    pub conversations: Vec<Conversation>,
    pub rest: Rest,
}

/// Whether a reply is the last one to its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    None,
    Follows,
}

/// A conversation as a window shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    pub id: ConversationId,
    pub title: String,
    /// What the next session is to be started with.
    pub wanted: Fingerprint,
    pub tab: crate::domain::conversation::Tab,
    pub status: Status,
    /// The end of a turn that no window has shown yet.
    pub unread: Option<TurnEnd>,
    pub draft: String,
    pub session: Option<Session>,
    /// The turn that is being sent or runs, else the newest one that ended; without its answer, a long prompt cut.
    pub turn: Option<TurnRecord>,
    /// What waits, in order, long prompts whole.
    pub queue: Vec<TurnRecord>,
    pub queue_held: Option<QueueHeld>,
    /// How the newest message was decided.
    pub decision: Option<DecisionRecord>,
    /// What would be decided for a message sent now.
    pub next: Decision,
    pub turns: u32,
    #[serde(default)]
    pub begun: Begun,
    #[serde(default)]
    pub worktree: Option<Worktree>,
    /// What git counted last in it.
    #[serde(default)]
    pub tree_work: Option<Work>,
    /// What its turns used together, as far as their agents told.
    #[serde(default)]
    pub spent: Usage,
    pub created_at: Timestamp,
    pub active_at: Timestamp,
}

/// The conversation in one word (product 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// No message yet.
    Draft,
    /// A process lives and no turn runs.
    Idle,
    Sending,
    Working,
    NeedsApproval,
    NeedsAnswer,
    /// No process lives; its agent can take the session up again.
    AsleepWillResume,
    /// No process lives; the next message starts a fresh one.
    AsleepCannotResume,
}

/// The session of a conversation that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub number: SessionNumber,
    pub fingerprint: Fingerprint,
    pub folder: Option<String>,
    pub started_at: Timestamp,
    pub process: Process,
    /// The agent's own id of it.
    #[serde(default)]
    pub agent_session: Option<String>,
    /// What the agent waits for, in a turn or without one.
    #[serde(default)]
    pub asks: Option<WaitsFor>,
    /// What the person should know of the process.
    #[serde(default)]
    pub warning: Option<String>,
    /// What each source said last, while the process lives.
    #[serde(default)]
    pub heard: Vec<Evidence>,
}

/// What an agent waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitsFor {
    pub kind: RequestKind,
    /// In its words; empty where it told none.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Process {
    /// It can be viewed under this generation.
    Alive {
        generation: Generation,
        since: Timestamp,
        pid: Option<u32>,
        #[serde(default = "taken_up_new")]
        taken_up: TakenUp,
        /// Children of the agent that work on in the background.
        #[serde(default)]
        background: u32,
    },
    Asleep {
        why: AsleepWhy,
    },
}

fn taken_up_new() -> TakenUp {
    TakenUp::New
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    pub conversation: ConversationId,
    pub title: String,
    pub agent: String,
    pub folder: String,
    pub turn: TurnNumber,
    pub kind: NotificationKind,
    /// The word for the state of the turn.
    pub state: String,
    pub elapsed_ms: u64,
    /// Why it failed or what is asked; empty where there is nothing to say.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    Done,
    Failed,
    NeedsYou,
}

/// What a profile can do here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentReport {
    pub name: String,
    pub title: String,
    /// The program that would be started; none where it was not found.
    pub program: Option<String>,
    /// What the person should know before it is used: that it is too old, say.
    #[serde(default)]
    pub warning: Option<String>,
    /// What is known and what is a guess, one line each.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostReport {
    pub pid: u32,
    pub build: String,
    pub started_at: Timestamp,
    pub conversations: u32,
    pub sessions: u32,
    pub turns_running: u32,
    pub clients: u32,
    /// None while all is well.
    pub store_trouble: Option<String>,
    #[serde(default)]
    pub counts: Counts,
    /// The process that keeps the agents; none where no agent was started yet, or where it died.
    #[serde(default)]
    pub holder: Option<u32>,
    /// Sessions whose holder died: they end with the host.
    #[serde(default)]
    pub unheld: u32,
}

/// How many conversations are in each state, closed ones as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// A message is on its way, or a turn runs.
    pub working: u32,
    /// The agent waits for the person.
    pub asks: u32,
    pub idle: u32,
    pub asleep: u32,
    pub drafts: u32,
    /// Messages, of all conversations.
    pub queued: u32,
    /// Their queue waits for the person.
    pub held: u32,
    /// A turn ended that no window has shown yet; well, or in another way.
    pub unread_completed: u32,
    pub unread_other: u32,
}

/// A session that an agent keeps, begun by us or elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentSession {
    /// The agent's own id of it.
    pub id: String,
    /// When its record was written last.
    pub at: Timestamp,
    /// Its first prompt; empty where that is not told.
    pub prompt: String,
    /// A living process that has it.
    pub held_by: Option<u32>,
    /// The conversation whose session it is already.
    pub conversation: Option<ConversationId>,
}

/// A turn before a fork, and where it was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastTurn {
    pub conversation: ConversationId,
    pub turn: TurnRecord,
}
