//! Every message between a client and the host. Reading this file tells all that can be asked and told.
//!
//! A connection begins with `Hello` from both sides. Then it is one of two kinds: a control connection (requests, replies, events), or, after
//! `Request::View`, a view of one session (its keys in, its pictures out) that goes straight to the session's thread.

use crate::domain::changes::{Diff, NotNoted, Span};
use crate::domain::continuity::{Decision, DecisionRecord};
use crate::domain::conversation::{Begun, QueueHeld};
pub use crate::domain::conversation_state::{Place, RunningTurn, TakenUp};
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::{ConversationId, Generation, SessionNumber, Timestamp, TurnNumber};
pub use crate::domain::prompt::Prompt;
use crate::domain::request::{Choice, RequestKind, RequestNumber};
use crate::domain::search::{Findings, TURN_STATES};
use crate::domain::session::AsleepWhy;
use crate::domain::turn::{Evidence, TurnEnd, TurnRecord, TurnState, Usage};
use crate::domain::when;
use crate::domain::worktree::{Work, Worktree};
use crate::terminal::frame::{FrameDelta, Size, TextRow};
use crate::terminal::keys::{Focus, Key, Mouse};
use serde::{Deserialize, Serialize};

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

/// Why a request was not carried out. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    #[error("there is no conversation {0}; see threadkeep ls")]
    NoConversation(ConversationId),
    #[error("turn {0} is not in the queue (any more)")]
    NotQueued(TurnNumber),
    #[error("turn {0} is running; interrupt it first, or say that it may be stopped")]
    TurnRuns(TurnNumber),
    #[error("there is no turn {0} in this conversation")]
    NoTurn(TurnNumber),
    #[error("that has {bytes} bytes and at most {most} are taken; put it in a file and name the file")]
    TooLong { bytes: u64, most: u64 },
    #[error("no process lives for this conversation; the next message starts one")]
    NotLive,
    #[error("no profile for agent {0}; see threadkeep doctor")]
    UnknownAgent(String),
    #[error("turn {0} has not ended; fork behind one that has")]
    NotEnded(TurnNumber),
    #[error("nothing is known of where agent {0} keeps its sessions")]
    KeepsNoSessions(String),
    #[error(
        "agent {agent} keeps no session {session} of this folder; threadkeep adopt --agent {agent} lists those that it does"
    )]
    NoSession { agent: String, session: String },
    #[error("process {0} has that session; end it first, for two at once would lose what one of them says")]
    SessionHeld(u32),
    #[error("that is the session of conversation {0} already")]
    SessionKnown(ConversationId),
    #[error("{0}")]
    Git(String),
    #[error("nothing was done: {0}")]
    NotStarted(String),
    #[error("conversation {0} has no worktree of its own")]
    NoWorktree(ConversationId),
    #[error("its worktree {path} holds work that is nowhere else: {words}", words = .work.words())]
    WorktreeHasWork { path: String, work: Work },
    #[error("it has agent {0} already; for a fresh session of that one see threadkeep fresh")]
    HasAgent(String),
    #[error("that is not asked (any more); nothing was typed")]
    NotAsked,
    #[error("that can be answered on the agent's own screen only; go there with the prefix and o")]
    OnlyOnScreen,
    #[error("that is {}; nothing was typed", .0.takes())]
    DoesNotAnswer(RequestKind),
    #[error("the message waits for you: {}", .0.text())]
    Held(QueueHeld),
    #[error("is:{0} is no state of a turn; there are: {names}", names = TURN_STATES.map(|(name, _)| name).join(" "))]
    NoSuchState(String),
    #[error("{0} is no time for since: and before:; there are: {forms}", forms = when::FORMS)]
    NoSuchTime(String),
    #[error("{0}")]
    SearchTrouble(String),
    #[error("conversation {0} has no tab that could be moved")]
    NoTab(ConversationId),
    #[error("{0} of its messages wait in line; send or remove them first")]
    MessagesWait(u32),
    #[error("turn {0} waits in the queue, so it has changed nothing yet")]
    NotBegun(TurnNumber),
    #[error("what turn {turn} changed cannot be told: {why}", why = .why.text())]
    NoDiff { turn: TurnNumber, why: NoDiff },
    #[error("nothing was said in this conversation yet")]
    NothingSaid,
    #[error("nothing can be saved now: {0}; it is tried again by itself, threadkeep doctor says more")]
    StoreTrouble(String),
    #[error("the host is ending; try again, a new one will start")]
    Ending,
    #[error(
        "this host does not know that request; threadkeep host restart puts the newer build in its place, agents go on"
    )]
    NotUnderstood,
}

/// Why a difference cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoDiff {
    /// This folder lies in none.
    NoRepository(String),
    /// It was not there yet, or no host was.
    NothingNoted,
    BeginningNotNoted(NotNoted),
    EndNotNoted(NotNoted),
    /// What was noted cannot be compared now.
    Git(NotNoted),
}

impl NoDiff {
    /// The reason with the next step, where there is one.
    pub fn text(&self) -> String {
        match self {
            NoDiff::NoRepository(folder) => {
                format!("its folder {folder} is in no git repository; git init begins one, for turns from then on")
            }
            NoDiff::NothingNoted => {
                "the files were not noted when it began: no repository was there, or an earlier threadkeep, or the host ended then".into()
            }
            NoDiff::BeginningNotNoted(why) => format!("the files were not noted when it began: {}", why.text()),
            NoDiff::EndNotNoted(why) => {
                format!("the files were not noted when it ended: {}; what changed until now can be told", why.text())
            }
            NoDiff::Git(why) => why.text(),
        }
    }
}

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

/// From a client on a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewInput {
    Key(Key),
    Paste(String),
    Mouse(Mouse),
    Focus(Focus),
    Resize(Size),
    /// Moves this view in the scrollback; other views stay where they are.
    Scroll(Scroll),
    /// Moves this view to where this turn began, which is told in a picture, or by `ViewOutput::NoPlace`.
    ToTurn {
        turn: TurnNumber,
        started_at: Option<Timestamp>,
    },
    /// All rows of the session as text, those above the screen too. Brings `ViewOutput::Text`.
    ReadText,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scroll {
    Up(u32),
    Down(u32),
    PageUp,
    PageDown,
    Top,
    /// Back to the live screen.
    Live,
    /// The row with this number (`ScrollPosition::left`) is the first that is shown, as far as there are rows.
    ToRow(i64),
}

/// From the host on a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewOutput {
    Frame(FrameDelta),
    /// Where this turn began is not known, or not kept any more; the view stays where it is.
    NoPlace {
        turn: TurnNumber,
    },
    /// The rows follow those of the part before; `first` is the number of the very first one.
    Text {
        first: i64,
        rows: Vec<TextRow>,
        rest: Rest,
    },
    /// The process is gone; nothing follows.
    Ended,
}
