//! The session: the reusable agent process behind a conversation, and why it is asleep when no process lives.

use super::fingerprint::Fingerprint;
use super::id::{SessionNumber, Timestamp};
use serde::{Deserialize, Serialize};

/// How a process left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    Code(i32),
    Signal(i32),
    /// It is gone, and its parent, who alone is told how, was gone before it.
    NotSeen,
}

/// Why a session has no process. The session itself goes on: asleep is not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AsleepWhy {
    /// The agent left by itself or was killed by somebody.
    AgentExited(Exit),
    /// The host ended under it: killed, crashed, stopped or the machine was restarted.
    HostEnded,
    /// The person stopped it.
    Stopped,
    /// The process could not be started; the text names the cause.
    CouldNotStart(String),
    /// The agent would not take its session up again; the text is what it said. Its id is kept.
    ResumeRefused(String),
    /// It was begun elsewhere, and the person picked it; no process of ours had it yet.
    Adopted,
    /// The person picked it, an earlier session of this conversation, to go on with.
    PickedAgain,
    /// It was stopped, and this process of it cannot be ended by anybody here.
    NotKilled(u32),
}

/// What the agent's own session holds, as far as was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Context {
    /// No turn was seen starting in it: with it nothing would be lost.
    Empty,
    Holds,
}

/// Who began a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BegunBy {
    Us,
    /// The person, within the agent's own screen: `/clear`, `/new`.
    AgentScreen,
}

/// Why a session is over for good. Nothing else ends one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnd {
    /// The person asked for a fresh one.
    UserAsked,
    /// Another agent, model or folder was chosen, and this agent cannot carry the context over.
    Incompatible,
    /// Its process is gone, and this agent cannot resume.
    CannotResume,
    /// The person began a new one within the agent's own screen.
    ReplacedInScreen,
    /// The person picked an earlier session of the conversation to go on with.
    EarlierPicked,
}

/// What is remembered of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    pub number: SessionNumber,
    pub fingerprint: Fingerprint,
    /// The agent's own id of the session, where it has one.
    pub agent_session: Option<String>,
    pub context: Context,
    pub begun_by: BegunBy,
    /// The folder the agent was last seen in; where a shell is brought back to.
    pub last_folder: Option<String>,
    pub started_at: Timestamp,
    /// None while a process lives (as far as was last saved).
    pub asleep: Option<AsleepWhy>,
    pub ended: Option<SessionEnd>,
}
