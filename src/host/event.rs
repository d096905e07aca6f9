//! All that can happen to the host.

use crate::config::Config;
use crate::domain::changes::Trees;
use crate::domain::conversation_state::{Kept, LivedOn, SessionEvent, Timer};
use crate::domain::id::{ConversationId, Generation, TurnNumber};
use crate::domain::session::SessionRecord;
use crate::domain::worktree::{Work, Worktree};
use crate::host::effect::{Lookup, Wanted};
use crate::protocol::message::{AgentSession, Refusal, Request};
use crate::terminal::frame::Size;
use std::collections::BTreeMap;

/// A connection, counted from 1 within one life of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(pub u64);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A client asked something on its control connection.
    Asked {
        client: ClientId,
        id: u64,
        request: Request,
    },
    /// A connection asked to become a view.
    ViewAsked {
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        size: Size,
    },
    ClientGone(ClientId),
    /// The session's thread tells something of its process.
    Session {
        conversation: ConversationId,
        generation: Generation,
        event: SessionEvent,
    },
    /// What a person typed into the agent's screen had no room, as the agent does not read.
    KeysDropped(ConversationId),
    /// A paste for the agent of this conversation had a line that its terminal would have cut, so nothing of it was typed.
    LineTooLong(ConversationId),
    /// A session that a person picked was looked for.
    SessionLookedFor {
        client: ClientId,
        id: u64,
        lookup: Lookup,
        title: Option<String>,
        found: Result<AgentSession, Refusal>,
    },
    /// An earlier session of a conversation, which a person picked, was read from the store.
    EarlierRead {
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        found: Result<SessionRecord, Refusal>,
    },
    WorktreeAdded {
        client: ClientId,
        id: u64,
        wanted: Wanted,
        /// And the folder in it that is like the one that was wanted.
        added: Result<(Worktree, String), Refusal>,
    },
    WorktreeCounted(ConversationId, Work),
    /// Before the agent in it is ended for its removal.
    WorktreeLookedInto {
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        found: Result<(), Refusal>,
    },
    WorktreeRemoved {
        client: ClientId,
        id: u64,
        conversation: ConversationId,
        /// Under which name git has what was not committed.
        removed: Result<Option<String>, Refusal>,
    },
    /// What the files of its repository are was noted at a turn's beginning or end.
    TreesNoted {
        conversation: ConversationId,
        turn: TurnNumber,
        trees: Trees,
    },
    TimerDue {
        conversation: ConversationId,
        timer: Timer,
    },
    /// The store could not be opened when the host began, and now it is: this is in it.
    StoreOpened {
        /// Processes that went on meanwhile.
        lived_on: BTreeMap<ConversationId, LivedOn>,
        kept: Vec<Kept>,
        next: ConversationId,
    },
    /// Nothing can be committed; the text names the cause.
    StoreTrouble(String),
    /// Commits go through again.
    StoreWell,
    /// The configuration was changed and is right.
    Configured(Box<Config>),
    /// The system told the host to end (SIGTERM, SIGINT).
    EndAsked,
}
