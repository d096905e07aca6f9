//! The turn: one message and the agent's work on it. The only thing that ends, and it ends exactly once.

use super::id::{SessionNumber, Timestamp, TurnNumber};
use super::session::Exit;
use serde::{Deserialize, Serialize};

/// Where a turn is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnState {
    /// Accepted and saved; waits for the turns before it.
    Queued,
    /// On its way to the agent: the session starts, or the text is being written.
    Sending,
    /// The agent was seen starting it.
    Working,
    /// The agent waits for a permission.
    NeedsApproval,
    /// The agent waits for words or keys from the person.
    NeedsAnswer,
    Ended(TurnEnd),
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnEnd {
    Completed,
    Failed(FailedWhy),
    Interrupted(InterruptedBy),
    Unknown(UnknownWhy),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailedWhy {
    /// The agent reported a failure by number; for a shell the exit status of the command.
    ExitStatus(i32),
    /// The agent's process left in mid-turn.
    AgentExited(Exit),
    /// The text was written, and no turn was seen starting. The agent may still have got it.
    NotStarted,
    /// The agent's process could not be started, or left before it was ready; nothing was delivered.
    CouldNotStart(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterruptedBy {
    /// The person, by our key or command.
    Person,
    /// A key typed into the agent's own screen, as far as the agent's status tells.
    AgentScreen,
    /// The person asked for a fresh session or stopped this one while the turn ran.
    SessionStopped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownWhy {
    /// The host ended while the turn ran.
    HostEnded,
    /// The agent is at its prompt again and told no status.
    NoStatus,
}

/// Where the message came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Sent through us: the composer or the command line.
    Sent,
    /// Typed straight into the agent's own screen.
    Typed,
}

/// How far the text of a message got. Only `Held` is safe to deliver again after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Not a byte was written.
    Held,
    /// Writing was begun: the agent may have got it.
    Writing,
    /// All of it was written.
    Written,
    /// The agent was seen working on it.
    Confirmed,
}

/// Who showed a state, best first (product: order of evidence).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A report out of this very pty that carries the session's token.
    ShellMark,
    /// The operating system: the process started or left.
    Process,
    /// The person, through us.
    Person,
    /// The host itself: a start, an end, a deadline.
    Host,
    /// Nothing was heard for a stated time.
    Silence,
}

/// What showed a state, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub source: Source,
    pub at: Timestamp,
    /// What was seen, in words, for example `exit status 1`.
    pub text: String,
}

/// What the agent answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Answer {
    pub text: String,
    /// Bytes left out of the middle of a long answer; 0 where the text is whole.
    pub cut_bytes: u64,
}

/// What is remembered of a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnRecord {
    pub number: TurnNumber,
    /// None until the message was given to a session.
    pub session: Option<SessionNumber>,
    pub prompt: String,
    pub origin: Origin,
    pub state: TurnState,
    pub delivery: Delivery,
    /// The place in the queue, smallest first; only of meaning while queued.
    pub queue_place: u32,
    pub accepted_at: Timestamp,
    /// When the agent was seen starting it.
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub evidence: Option<Evidence>,
    pub answer: Option<Answer>,
}

impl TurnState {
    /// The word for this state: one each, everywhere (product 8).
    pub fn word(&self) -> &'static str {
        match self {
            TurnState::Queued => "queued",
            TurnState::Sending => "sending",
            TurnState::Working => "working",
            TurnState::NeedsApproval => "needs approval",
            TurnState::NeedsAnswer => "needs answer",
            TurnState::Ended(end) => end.word(),
        }
    }
}

impl TurnEnd {
    /// The word for this end (product 8).
    pub fn word(&self) -> &'static str {
        match self {
            TurnEnd::Completed => "completed",
            TurnEnd::Failed(_) => "failed",
            TurnEnd::Interrupted(_) => "interrupted",
            TurnEnd::Unknown(_) => "outcome unknown",
        }
    }

    /// A stable code of the cause, for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            TurnEnd::Completed => "completed",
            TurnEnd::Failed(FailedWhy::ExitStatus(_)) => "exit_status",
            TurnEnd::Failed(FailedWhy::AgentExited(_)) => "agent_exited",
            TurnEnd::Failed(FailedWhy::NotStarted) => "not_started",
            TurnEnd::Failed(FailedWhy::CouldNotStart(_)) => "could_not_start",
            TurnEnd::Interrupted(InterruptedBy::Person) => "by_person",
            TurnEnd::Interrupted(InterruptedBy::AgentScreen) => "in_agent_screen",
            TurnEnd::Interrupted(InterruptedBy::SessionStopped) => "session_stopped",
            TurnEnd::Unknown(UnknownWhy::HostEnded) => "host_ended",
            TurnEnd::Unknown(UnknownWhy::NoStatus) => "no_status",
        }
    }

    /// The cause in words, to stand in brackets behind the word; empty where the word says it all.
    pub fn why_text(&self) -> String {
        match self {
            TurnEnd::Completed => String::new(),
            TurnEnd::Failed(FailedWhy::ExitStatus(status)) => format!("exit {status}"),
            TurnEnd::Failed(FailedWhy::AgentExited(exit)) => format!("agent left: {exit}"),
            TurnEnd::Failed(FailedWhy::NotStarted) => "sent, but no turn started".into(),
            TurnEnd::Failed(FailedWhy::CouldNotStart(why)) => format!("could not start: {why}"),
            TurnEnd::Interrupted(InterruptedBy::Person) => "by you".into(),
            TurnEnd::Interrupted(InterruptedBy::AgentScreen) => "in the agent's screen".into(),
            TurnEnd::Interrupted(InterruptedBy::SessionStopped) => "its session was stopped".into(),
            TurnEnd::Unknown(UnknownWhy::HostEnded) => "host ended".into(),
            TurnEnd::Unknown(UnknownWhy::NoStatus) => "the agent told no status".into(),
        }
    }
}

impl Source {
    pub fn word(self) -> &'static str {
        match self {
            Source::ShellMark => "shell mark",
            Source::Process => "process",
            Source::Person => "you",
            Source::Host => "host",
            Source::Silence => "silence",
        }
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "exit {code}"),
            Exit::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}
