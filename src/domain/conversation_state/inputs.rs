//! What a conversation is told, and what it wants done.

use super::{AgentPlace, AgentRules, Watched};
use crate::domain::change::Change;
use crate::domain::changes::Trees;
use crate::domain::continuity::{Decision, Why};
use crate::domain::conversation::Tab;
use crate::domain::id::{Generation, SessionNumber, TurnNumber};
use crate::domain::request::{Choice, RequestKind, RequestNumber};
use crate::domain::session::{Exit, SessionRecord};
use crate::domain::signal::Seen;
use crate::domain::turn::{Evidence, TurnRecord, TurnState};
use crate::domain::worktree;
use serde::{Deserialize, Serialize};

/// Whom an outcome is for; given and understood by the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ask(pub u64);

/// Where a message goes when others run or wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Behind,
    /// In front of the queue, and what runs is interrupted.
    InterruptAndSendNow,
}

/// What asking for a fresh session does with a turn that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunningTurn {
    Refuse,
    Stop,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Submit {
        ask: Ask,
        text: String,
        place: Place,
    },
    Fresh {
        ask: Ask,
        running: RunningTurn,
    },
    /// The next message goes to another agent (`SetAgent`), which goes on with what this one did.
    HandOver {
        ask: Ask,
        running: RunningTurn,
    },
    Interrupt {
        ask: Ask,
    },
    StopSession {
        ask: Ask,
    },
    EditQueued {
        ask: Ask,
        turn: TurnNumber,
        text: String,
    },
    RemoveQueued {
        ask: Ask,
        turn: TurnNumber,
    },
    SendNow {
        ask: Ask,
        turn: TurnNumber,
    },
    /// To this place of the queue, counted from 0.
    MoveQueued {
        ask: Ask,
        turn: TurnNumber,
        to: u32,
    },
    SaveDraft {
        ask: Ask,
        text: String,
    },
    Rename {
        ask: Ask,
        title: String,
    },
    SetTab {
        ask: Ask,
        tab: Tab,
    },
    /// What git counts in its worktree.
    Counted(worktree::Work),
    /// What was noted of the files around a turn.
    TreesNoted(TurnNumber, Trees),
    /// Its worktree is gone; it goes on in this folder.
    LeftWorktree {
        ask: Ask,
        folder: String,
    },
    /// From the next message on another model, none for the agent's own default.
    SetModel {
        ask: Ask,
        model: Option<String>,
    },
    /// From the next message on another agent, with its own default model.
    SetAgent {
        ask: Ask,
        agent: String,
        rules: Box<AgentRules>,
    },
    /// The next message takes up this session of the conversation again: an earlier one, or that which goes on in spite of a wish for a fresh one.
    TakeUpEarlier {
        ask: Ask,
        session: Box<SessionRecord>,
        rules: Box<AgentRules>,
    },
    /// Answers a request of the running turn, which must be this one where it is named; no request means the oldest open one.
    AnswerRequest {
        ask: Ask,
        turn: Option<TurnNumber>,
        request: Option<RequestNumber>,
        choice: Choice,
    },
    Watch(Watched),
    /// The host is told to end: processes will be ended, and what runs is interrupted by that.
    HostEnding,
    Session {
        generation: Generation,
        event: SessionEvent,
    },
    Timer(Timer),
}

/// What the session's thread tells of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEvent {
    /// `agent_session` is the id that was chosen for the agent's session, where that is ours to choose.
    Started {
        pid: Option<u32>,
        agent_session: Option<String>,
    },
    CouldNotStart {
        why: String,
        trouble: StartTrouble,
    },
    /// It was taken over from an earlier host, and was there when that one had noted all it saw.
    TakenOver {
        place: AgentPlace,
    },
    Written {
        turn: TurnNumber,
    },
    /// What is on its way to the agent has grown so long that this has no room.
    NotWritten {
        turn: TurnNumber,
    },
    Seen(Seen),
    /// About a turn that was typed, seen by an earlier host as well: it has told it, and was gone before it noted whether it was saved.
    SeenAgain(Seen),
    /// The running turn put another shell in the place of the agent's own, which will tell nothing.
    ShellReplaced,
    /// A source said something that changes nothing, as a better one speaks.
    Noted(Evidence),
    /// The person should know this of the process.
    Warned(String),
    /// The answer to this request was typed.
    AnswerTyped(RequestNumber),
    /// It was not, as it was not safe to.
    AnswerNotTyped {
        request: RequestNumber,
        why: String,
    },
    /// `said` is the end of what stood on its screen.
    Exited {
        exit: Exit,
        said: String,
    },
    /// It was stopped and nobody hears of it any more, though this process of it lives: it cannot be ended.
    NotKilled {
        pid: u32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartTrouble {
    ProgramMissing,
    FolderGone,
    Other,
}

/// A deadline. It names what it was set for, so that a late one finds its subject gone and does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// The agent should be at its first prompt.
    Ready { turn: TurnNumber, generation: Generation },
    /// The prompt should have followed the end of the turn before.
    Prompt { turn: TurnNumber, generation: Generation },
    /// The turn should have been seen starting.
    Start { turn: TurnNumber },
    /// The turn should have ended by this step of the ladder.
    InterruptStep { turn: TurnNumber, step: usize },
    /// The agent should have gone on after the answer to this request.
    GoesOn { turn: TurnNumber, request: RequestNumber },
}

impl Timer {
    /// The turn that it was set for; once that has ended it does nothing.
    pub fn turn(self) -> TurnNumber {
        match self {
            Timer::Ready { turn, .. }
            | Timer::Prompt { turn, .. }
            | Timer::Start { turn }
            | Timer::InterruptStep { turn, .. }
            | Timer::GoesOn { turn, .. } => turn,
        }
    }
}

/// What must be done. Whoever does it keeps the order, and does nothing behind a `Save` before that is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Save(Change),
    Answer(Ask, Outcome),
    /// Start the session's process.
    Start(StartOrder),
    /// Give the agent this text as this turn.
    Write {
        generation: Generation,
        turn: TurnNumber,
        text: String,
    },
    /// Take this step of the interrupt ladder, counted from 0.
    Interrupt {
        generation: Generation,
        step: usize,
    },
    /// Give the agent this answer, once it is safe to type it.
    AnswerRequest {
        generation: Generation,
        request: RequestNumber,
        kind: RequestKind,
        choice: Choice,
    },
    /// The text that was written last is not expected to start a turn any more.
    GiveUp {
        generation: Generation,
    },
    /// End the process and all that it started.
    Stop {
        generation: Generation,
    },
    SetTimer {
        after_ms: u64,
        timer: Timer,
    },
    /// Tell everybody that this turn has ended.
    TellEnded(TurnRecord),
}

/// How a session's process is to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartOrder {
    pub generation: Generation,
    pub session: SessionNumber,
    pub agent: String,
    pub model: Option<String>,
    pub folder: String,
    /// The agent's own session id to take up again.
    pub resume: Option<String>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Submitted {
        turn: TurnNumber,
        session: Option<SessionNumber>,
        state: TurnState,
        decision: Decision,
    },
    /// Nothing was changed; the text stays where it was typed.
    MessageRefused(Why),
    Interrupting(Option<TurnNumber>),
    TurnRuns(TurnNumber),
    NotQueued(TurnNumber),
    /// That session cannot be taken up again; nothing was changed.
    CannotResume(SessionNumber, NotResumable),
    /// Nothing of that is asked (any more); nothing was typed.
    NotAsked,
    /// A question that cannot be answered from outside of the agent's screen.
    OnlyOnScreen,
    /// Words to a permission, or a permission's answer to a question; nothing was typed.
    DoesNotAnswer(RequestKind),
    /// Longer than `MAX_MESSAGE_BYTES`.
    TooLong {
        bytes: u64,
    },
}

/// Why an earlier session cannot be taken up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotResumable {
    /// Its agent can resume nothing.
    AgentCannot,
    /// Its agent never told which session of its own it was.
    IdUnknown,
    /// Nothing was said in it.
    Empty,
}

impl NotResumable {
    pub fn text(self) -> &'static str {
        match self {
            NotResumable::AgentCannot => "its agent cannot take a session up again",
            NotResumable::IdUnknown => "its agent never told its id",
            NotResumable::Empty => "nothing was said in it",
        }
    }
}
