//! All that the host can do. In a list of effects nothing behind a `Save` happens before that is committed.

use super::event::ClientId;
use crate::config::changes::Noting;
use crate::domain::change::Change;
use crate::domain::changes::{Span, Trees};
use crate::domain::conversation::{Begun, Title};
use crate::domain::conversation_state::{StartOrder, Timer};
use crate::domain::id::{ConversationId, Generation, SessionNumber, Timestamp, TurnNumber};
use crate::domain::request::{Choice, RequestKind, RequestNumber};
use crate::domain::search;
use crate::domain::worktree::Worktree;
use crate::protocol::message::{Environment, Event as ClientEvent, Notification, Refusal, Reply, WorkInIt};
use crate::terminal::frame::Size;
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Save(Change),
    Reply {
        client: ClientId,
        id: u64,
        reply: Reply,
    },
    /// Says what no save has a part in: a refusal, a report, that the host will end. Never waits for a commit.
    ReplyNow {
        client: ClientId,
        id: u64,
        reply: Reply,
    },
    /// The same for all of these clients.
    TellNow {
        clients: Vec<ClientId>,
        event: ClientEvent,
    },
    /// The same for every client, also for those that wait for a reply and have subscribed to nothing.
    TellAll(ClientEvent),
    /// Tells these clients, each of which subscribed.
    Tell {
        clients: Vec<ClientId>,
        event: ClientEvent,
    },
    /// Reads from the store and replies with what it finds.
    Query {
        client: ClientId,
        id: u64,
        query: Query,
    },
    /// Replies with what each agent can do here.
    DescribeAgents {
        client: ClientId,
        id: u64,
    },
    /// Makes a git worktree. Brings `Event::WorktreeAdded`.
    AddWorktree {
        client: ClientId,
        id: u64,
        wanted: Wanted,
        branch: String,
    },
    /// Brings `Event::WorktreeCounted`.
    CountWorktree {
        conversation: ConversationId,
        worktree: Worktree,
    },
    /// Whether anything is noted of files from now on.
    Noting(Noting),
    /// Notes what the files of the folder's repository are as this turn begins. Brings `Event::TreesNoted` where there is one.
    NoteBegan {
        conversation: ConversationId,
        turn: TurnNumber,
        folder: String,
        at: Timestamp,
        /// What was noted of the turn before.
        last: Option<Trees>,
    },
    /// The same as it ended, where its beginning was noted.
    NoteEnded {
        conversation: ConversationId,
        turn: TurnNumber,
        trees: Option<Trees>,
    },
    /// What was noted of this conversation's files goes with it.
    ForgetNotes(ConversationId),
    /// Whether it holds work. Brings `Event::WorktreeLookedInto`.
    LookIntoWorktree {
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        worktree: Worktree,
    },
    /// Waits for the processes of the conversation to be gone. Brings `Event::WorktreeRemoved`.
    RemoveWorktree {
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        worktree: Worktree,
        work: WorkInIt,
    },
    /// Replies with the sessions that the agent keeps of the folder.
    ListSessions {
        client: ClientId,
        id: u64,
        lookup: Lookup,
        /// The conversations that have one of this agent, by its id.
        known: BTreeMap<String, ConversationId>,
    },
    /// Looks for one of them. Brings `Event::SessionLookedFor`.
    LookForSession {
        client: ClientId,
        id: u64,
        lookup: Lookup,
        session: String,
        title: Option<String>,
    },
    /// Reads an earlier session of the conversation. Brings `Event::EarlierRead`.
    ReadEarlier {
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        which: Earlier,
    },
    /// Searches the store beside all that is saved, and replies with what was found.
    Search {
        client: ClientId,
        id: u64,
        query: search::Query,
        most: u32,
    },
    /// The same for the newest messages.
    Prompts {
        client: ClientId,
        id: u64,
        most: u32,
    },
    StartSession {
        conversation: ConversationId,
        order: StartOrder,
        environment: Environment,
    },
    ToSession {
        conversation: ConversationId,
        generation: Generation,
        order: SessionOrder,
    },
    /// Hands the connection over to the session's thread.
    View {
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        generation: Generation,
        reply: Reply,
        size: Size,
    },
    RefuseView {
        client: ClientId,
        id: u64,
        why: Refusal,
    },
    SetTimer {
        after_ms: u64,
        conversation: ConversationId,
        timer: Timer,
    },
    /// The turn has ended, and its deadlines with it.
    CancelTimers {
        conversation: ConversationId,
        turn: TurnNumber,
    },
    /// Says it outside of every window.
    Announce(Box<Announce>),
    /// The end of this process is on the disk: nobody needs to remember it elsewhere.
    Forget {
        conversation: ConversationId,
        generation: Generation,
    },
    /// End all sessions, then the host.
    End,
    /// End the host; its sessions live on for the next one.
    MakeRoom,
}

/// What is said of a turn outside of every window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announce {
    pub notification: Notification,
    pub desktop: bool,
    /// A program with its arguments; empty: none.
    pub command: Vec<String>,
}

/// What a session's thread is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionOrder {
    Write {
        turn: TurnNumber,
        text: String,
    },
    /// Take this step of the interrupt ladder, counted from 0.
    Interrupt {
        step: usize,
    },
    /// Type this answer once it is safe to.
    AnswerRequest {
        request: RequestNumber,
        kind: RequestKind,
        choice: Choice,
    },
    /// A hook of the agent called; the payload as it came.
    Hook {
        token: String,
        payload: String,
    },
    /// The text that was written last starts no turn any more.
    GiveUp,
    /// All that it told up to this number is on the disk.
    Settled(u64),
    /// The host makes room for another one: let go of the process, which lives on.
    Leave,
    Stop,
}

/// What is read from the store for a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// Replied as `Reply::Turns`.
    Turns { conversation: ConversationId, before: Option<TurnNumber>, most: u32 },
    /// Replied as `Reply::Decisions`.
    DecisionsOf { conversation: ConversationId, from: TurnNumber, to: TurnNumber },
    /// Replied as `Reply::Brief`: of this conversation, and of what lies before it.
    Brief { conversation: ConversationId, before: Vec<Past> },
    /// Replied as `Reply::Past`: what lies before a conversation.
    Past { before: Vec<Past>, most: u32 },
    /// Replied as `Reply::Diff`: what a turn of this conversation changed.
    Diff { conversation: ConversationId, turn: TurnNumber, span: Span, folder: String },
    /// Replied as `Reply::Ended`: this turn as it is remembered.
    EndedTurn { conversation: ConversationId, turn: TurnNumber },
}

/// Which session of a conversation is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    This(SessionNumber),
    /// The newest with a smaller number.
    Before(SessionNumber),
}

/// The part of a conversation that another one has as its past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    pub conversation: ConversationId,
    /// The last turn of it.
    pub to: TurnNumber,
}

/// Where an agent's own sessions are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    pub agent: String,
    pub folder: String,
    /// Of the client that asks: it tells where the agent keeps them.
    pub environment: Environment,
}

/// What a new conversation is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// None: the configured default.
    pub agent: Option<String>,
    pub model: Option<String>,
    pub title: Title,
    pub folder: String,
    pub begun: Begun,
    pub worktree: Option<Worktree>,
}
