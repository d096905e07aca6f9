//! All that a host asks a holder and is told by it: one JSON object a line, so that builds which know other fields still understand each other.
//!
//! Only ever add: a holder lives as long as the agents in it, through many builds of the host. A word that a holder does not know is
//! answered with `Reply::NotUnderstood`. Not here: how lines and descriptors travel (`wire.rs`).

use serde::{Deserialize, Serialize};

/// Grows when a host could not do with what an older holder offers.
///
/// 2: it keeps leases.
pub const VERSION: u32 = 2;
/// The first that keeps leases. What an older one is given it would never let go of.
pub const KEEPS_LEASES: u32 = 2;

/// From the host. `id` comes back with the reply.
#[derive(Debug, Serialize, Deserialize)]
pub struct Asking {
    pub id: u64,
    pub ask: Ask,
    /// How many descriptors came with it.
    #[serde(default)]
    pub descriptors: usize,
}

/// What can be read of a request that this build does not know.
#[derive(Debug, Deserialize)]
pub struct AskingId {
    pub id: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// The first of all. `Reply::Hello`, or `Reply::Busy` while another host is connected. From here on the holder reads no pty.
    Hello { version: u32, build: String },
    /// `Reply::Started` with the descriptors of the session, or `Reply::CouldNotStart`.
    Start(Box<Start>),
    /// `Reply::Held`.
    List,
    /// The descriptors of a session once more. `Reply::Taken`, or `Reply::NotHeld`.
    Take { key: String },
    /// The lock of the agent's session `of`, which came with this: kept as long as the process lives, in the place of the one before.
    /// `Reply::Done`, or `Reply::NotHeld`.
    Keep { key: String, of: String },
    /// `Reply::Lease` with the lock that is kept, or `Reply::NotHeld`.
    Lease { key: String },
    /// Nothing of this session is needed any more. `Reply::Done`.
    Forget { key: String },
    /// The holder ends. Nothing comes back but the end of the connection.
    Bye,
}

/// How a process is started. Has no `Debug` of its content: the environment holds the person's secrets.
#[derive(Serialize, Deserialize)]
pub struct Start {
    /// The name of the session here; also that of its journal's folder.
    pub key: String,
    pub program: String,
    pub args: Vec<String>,
    /// The whole environment; nothing is inherited beside.
    pub env: Vec<(String, String)>,
    pub folder: String,
    pub columns: u16,
    pub rows: u16,
    /// What a later host must know of the session; the holder only keeps it.
    pub note: String,
}

impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Start({})", self.key)
    }
}

/// From the holder.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    Reply {
        id: u64,
        reply: Reply,
        /// How many descriptors came with it.
        #[serde(default)]
        descriptors: usize,
    },
    /// The process of a session has left. Remembered until `Ask::Forget`.
    Exited { key: String, exit: Exit },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Hello { version: u32, build: String, pid: u32 },
    Busy,
    Started { pid: i32 },
    CouldNotStart(NotStarted),
    Held(Vec<Held>),
    Taken,
    Lease { of: String },
    NotHeld,
    Done,
    NotUnderstood,
}

/// One session that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub key: String,
    pub pid: i32,
    pub note: String,
    /// How its process left; none while it lives.
    pub exit: Option<Exit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    Code(i32),
    Signal(i32),
}

/// Why a process was not started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum NotStarted {
    #[error("folder {0} is gone; make it again or choose another")]
    FolderGone(String),
    #[error(
        "no terminal could be opened ({0}); end sessions that are not needed, or raise the system's limits of terminals and open files"
    )]
    Open(String),
    #[error("{program} could not be started: {why}")]
    Spawn { program: String, why: String },
}

/// In words, why nothing more could be started: the system's own are "resource temporarily unavailable" where the user may have no more processes.
pub fn not_started(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::WouldBlock => {
            "the system lets this user have no more processes and threads; end what is not needed, or raise that limit"
                .to_owned()
        }
        _ => error.to_string(),
    }
}
