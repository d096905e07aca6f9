//! The turn: one message and the agent's work on it. The only thing that ends, and it ends exactly once.

use super::changes::Trees;
use super::id::{SessionNumber, Timestamp, TurnNumber};
use super::request::Request;
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
    /// Its program is not there; nothing was delivered. The words name what was looked for and where another one is named.
    ProgramMissing(String),
    /// The folder to start it in is not there; nothing was delivered.
    FolderGone(String),
    /// The agent does not read what is typed to it, and no more has room. Not a byte of it was written.
    NotDelivered,
    /// The agent reported a failure in words of its own.
    Reported { kind: FailureKind, text: String },
}

/// What kind of failure an agent reported; it decides the next step that a person is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The model's service answered with an error, or not at all.
    ApiError,
    /// Too many requests, or the account's share is used up.
    RateLimit,
    LoginNeeded,
    Other,
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
    /// The person denied what the agent asked for, and the agent left it at that.
    Denied,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownWhy {
    /// The host ended while the turn ran.
    HostEnded,
    /// The agent is at its prompt again and told no status.
    NoStatus,
    /// Another shell took the place of the agent's own, and that one tells nothing.
    ShellReplaced,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A report of the agent out of this very pty, made for that (OSC 7501).
    ProgramStatus,
    /// A call of the agent's hook that carries the session's token.
    Hook,
    /// A mark out of this very pty that carries the session's token.
    ShellMark,
    /// The agent's own record of the conversation.
    Transcript,
    /// A file in which the agent tells its state.
    StateFile,
    /// A notification to the terminal (OSC 9, 99, 777).
    Notification,
    /// A report of progress to the terminal (OSC 9;4).
    Progress,
    /// The title of the terminal (OSC 0, 2).
    Title,
    /// Bracketed paste switched on or off.
    PasteMode,
    /// A rule about what stands on the screen.
    Screen,
    Bell,
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

/// What the agent told of its work on a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Work {
    /// The model that answered.
    pub model: Option<String>,
    pub usage: Option<Usage>,
    /// What it did, oldest first, at most `STEPS_KEPT`.
    pub steps: Vec<String>,
    /// Older steps that were left out.
    pub steps_left_out: u32,
}

/// So many steps of a turn are kept: a screen full. One is cut to `STEP_CHARACTERS`.
const STEPS_KEPT: usize = 50;
const STEP_CHARACTERS: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Usage {
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Millionths of a US dollar.
    pub cost_micros: Option<u64>,
}

impl Usage {
    /// Adds what a turn used, or used more than was known.
    pub fn add(&mut self, more: Usage) {
        self.input_tokens = self.input_tokens.saturating_add(more.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(more.output_tokens);
        self.cost_micros = match (self.cost_micros, more.cost_micros) {
            (None, None) => None,
            (one, other) => Some(one.unwrap_or(0).saturating_add(other.unwrap_or(0))),
        };
    }

    /// Takes off what was known before, so that it can be counted anew.
    pub fn take_off(&mut self, known: Usage) {
        self.input_tokens = self.input_tokens.saturating_sub(known.input_tokens);
        self.output_tokens = self.output_tokens.saturating_sub(known.output_tokens);
        self.cost_micros = self.cost_micros.map(|cost| cost.saturating_sub(known.cost_micros.unwrap_or(0)));
    }
}

/// More about a turn, from a source that tells no state. What is told replaces what was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Detail {
    /// The final message; a later one replaces an earlier one.
    pub answer: Option<String>,
    pub model: Option<String>,
    pub usage: Option<Usage>,
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
    pub requests: Vec<Request>,
    pub work: Work,
    /// What was noted of the files of its repository; none where it has none, or nothing was noted yet.
    #[serde(default)]
    pub trees: Option<Trees>,
}

/// An answer that is told to a client keeps so many bytes of its beginning and of its end: with its prompt it fits into one frame, and
/// nobody reads more of it in a window. The store has it whole.
const TOLD_ANSWER_BYTES: usize = 256 * 1024;

impl Answer {
    /// The answer without the middle of a very long text; what is left out is counted.
    pub fn told(self) -> Answer {
        if self.text.len() <= 2 * TOLD_ANSWER_BYTES {
            return self;
        }
        let head = self.text.floor_char_boundary(TOLD_ANSWER_BYTES);
        let tail = self.text.ceil_char_boundary(self.text.len() - TOLD_ANSWER_BYTES);
        let text = format!("{}\n\n[...]\n\n{}", &self.text[..head], &self.text[tail..]);
        Answer { text, cut_bytes: self.cut_bytes + (tail - head) as u64 }
    }
}

impl TurnRecord {
    /// As it is told to a client.
    pub fn told(self) -> TurnRecord {
        TurnRecord { answer: self.answer.map(Answer::told), ..self }
    }
}

impl Work {
    /// Notes what the agent does now; the same thing told again is one.
    pub fn note(&mut self, step: &str) {
        let step: String = step.chars().take(STEP_CHARACTERS).collect();
        if step.is_empty() || self.steps.last() == Some(&step) {
            return;
        }
        if self.steps.len() == STEPS_KEPT {
            self.steps.remove(0);
            self.steps_left_out += 1;
        }
        self.steps.push(step);
    }
}

impl FailureKind {
    /// What happened, where the agent has no words for it.
    fn words(self) -> &'static str {
        match self {
            FailureKind::ApiError => "the model's service failed",
            FailureKind::RateLimit => "too many requests",
            FailureKind::LoginNeeded => "a login is needed",
            FailureKind::Other => "the agent reported an error",
        }
    }

    /// What a person does about it.
    pub fn next_step(self) -> &'static str {
        match self {
            FailureKind::ApiError => "send it again when the service answers",
            FailureKind::RateLimit => "wait, or choose another model",
            FailureKind::LoginNeeded => "log in on the agent's screen, then send it again",
            FailureKind::Other => "look at the agent's screen",
        }
    }
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
            TurnEnd::Failed(FailedWhy::ProgramMissing(_)) => "program_missing",
            TurnEnd::Failed(FailedWhy::FolderGone(_)) => "folder_gone",
            TurnEnd::Failed(FailedWhy::NotDelivered) => "not_delivered",
            TurnEnd::Failed(FailedWhy::Reported { kind: FailureKind::ApiError, .. }) => "api_error",
            TurnEnd::Failed(FailedWhy::Reported { kind: FailureKind::RateLimit, .. }) => "rate_limit",
            TurnEnd::Failed(FailedWhy::Reported { kind: FailureKind::LoginNeeded, .. }) => "login_needed",
            TurnEnd::Failed(FailedWhy::Reported { kind: FailureKind::Other, .. }) => "agent_reported",
            TurnEnd::Interrupted(InterruptedBy::Person) => "by_person",
            TurnEnd::Interrupted(InterruptedBy::AgentScreen) => "in_agent_screen",
            TurnEnd::Interrupted(InterruptedBy::SessionStopped) => "session_stopped",
            TurnEnd::Interrupted(InterruptedBy::Denied) => "denied",
            TurnEnd::Unknown(UnknownWhy::HostEnded) => "host_ended",
            TurnEnd::Unknown(UnknownWhy::NoStatus) => "no_status",
            TurnEnd::Unknown(UnknownWhy::ShellReplaced) => "shell_replaced",
        }
    }

    /// The cause with what can be done about it.
    pub fn told(&self) -> String {
        let (why, next) = (self.why_text(), self.next_step());
        if next.is_empty() { why } else { format!("{why}; {next}") }
    }

    /// What a person does about it; empty where nothing is wrong, or where the cause says it.
    pub fn next_step(&self) -> &'static str {
        match self {
            TurnEnd::Failed(FailedWhy::AgentExited(_)) => "your next message starts it again",
            TurnEnd::Failed(FailedWhy::NotStarted) => "look at the agent's screen",
            TurnEnd::Failed(FailedWhy::Reported { kind, .. }) => kind.next_step(),
            TurnEnd::Unknown(UnknownWhy::HostEnded) => "see what was done before you send it again",
            TurnEnd::Unknown(UnknownWhy::NoStatus) => "look at its screen",
            TurnEnd::Failed(
                FailedWhy::ExitStatus(_)
                | FailedWhy::NotDelivered
                | FailedWhy::CouldNotStart(_)
                | FailedWhy::ProgramMissing(_)
                | FailedWhy::FolderGone(_),
            )
            | TurnEnd::Unknown(UnknownWhy::ShellReplaced)
            | TurnEnd::Completed
            | TurnEnd::Interrupted(_) => "",
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
            TurnEnd::Failed(FailedWhy::ProgramMissing(why) | FailedWhy::FolderGone(why)) => why.clone(),
            TurnEnd::Failed(FailedWhy::NotDelivered) => {
                "could not be delivered: the agent does not read what is typed to it; look at its screen".into()
            }
            TurnEnd::Failed(FailedWhy::Reported { kind, text }) => {
                if text.is_empty() {
                    kind.words().into()
                } else {
                    text.clone()
                }
            }
            TurnEnd::Interrupted(InterruptedBy::Person) => "by you".into(),
            TurnEnd::Interrupted(InterruptedBy::AgentScreen) => "in the agent's screen".into(),
            TurnEnd::Interrupted(InterruptedBy::SessionStopped) => "its session was stopped".into(),
            TurnEnd::Interrupted(InterruptedBy::Denied) => "you denied it".into(),
            TurnEnd::Unknown(UnknownWhy::HostEnded) => "host ended".into(),
            TurnEnd::Unknown(UnknownWhy::NoStatus) => "the agent told no status".into(),
            TurnEnd::Unknown(UnknownWhy::ShellReplaced) => {
                "the shell was replaced by one that reports nothing; use it on its screen, or begin a fresh session"
                    .into()
            }
        }
    }
}

impl Source {
    pub fn word(self) -> &'static str {
        match self {
            Source::ProgramStatus => "program status",
            Source::Hook => "hook",
            Source::ShellMark => "shell mark",
            Source::Transcript => "transcript",
            Source::StateFile => "state file",
            Source::Notification => "notification",
            Source::Progress => "progress",
            Source::Title => "title",
            Source::PasteMode => "paste mode",
            Source::Screen => "screen",
            Source::Bell => "bell",
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
            Exit::NotSeen => f.write_str("its status was not seen"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_very_long_answer_is_told_by_its_beginning_and_its_end() {
        let short = Answer { text: "x".repeat(2 * TOLD_ANSWER_BYTES), cut_bytes: 3 };
        assert_eq!(short.clone().told(), short);
        let text = "日".repeat(TOLD_ANSWER_BYTES);
        let told = Answer { text: text.clone(), cut_bytes: 3 }.told();
        let (head, tail) = told.text.split_once("\n\n[...]\n\n").expect("both ends");
        assert!(text.starts_with(head) && text.ends_with(tail));
        assert_eq!((head.len() + tail.len()) as u64 + told.cut_bytes - 3, text.len() as u64);
    }
}
