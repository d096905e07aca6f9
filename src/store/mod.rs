//! Keeps what the domain says must be remembered. The one place that names SQLite.
//!
//! A commit that came back is on the disk. After trouble with the file the connection is given up and the next call opens a new one.
//! Change here: the verbs of the store. A further column or table is the next file in `assets/schema` and one file beside this one.
//! Not here: what is remembered and when (domain), or the thread that waits for the disk (`host/writer.rs`).

mod backup;
mod columns;
mod conversations;
mod decisions;
mod error;
pub mod look;
mod open;
mod prompts;
pub mod repair;
mod schema;
mod search;
mod sessions;
#[cfg(test)]
mod tests;
mod turns;

pub use backup::{Copier, CopierStop};
pub use error::{StoreError, Trouble};
pub use open::lock;

use crate::domain::change::Change;
use crate::domain::continuity::DecisionRecord;
use crate::domain::conversation_state::Kept;
use crate::domain::id::{ConversationId, SessionNumber, TurnNumber};
use crate::domain::prompt::Prompt;
use crate::domain::search::{Findings, Query};
use crate::domain::session::SessionRecord;
use crate::domain::turn::TurnRecord;
use crate::lock::Held;
use crate::point;
use open::{Checked, Missing};
use rusqlite::{Connection, TransactionBehavior};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Decisions of each conversation that the host keeps in memory: those that `why` shows.
pub const DECISIONS_LOADED: u32 = 10;

pub struct Store {
    path: PathBuf,
    /// None after trouble, until the next call.
    connection: Option<Connection>,
    /// What the name stood for when the connection was opened.
    file: Option<(u64, u64)>,
    /// Declared last, so that it is let go after the connection was closed.
    lock: Held,
}

/// Reads turns with a connection of its own, which sees what is committed and keeps nobody from saving.
pub struct Reader {
    path: PathBuf,
    /// None before the first call and after trouble.
    connection: Option<Connection>,
    /// What the name stood for when the connection was opened.
    file: Option<(u64, u64)>,
}

impl Reader {
    pub fn new(path: &Path) -> Reader {
        Reader { path: path.into(), connection: None, file: None }
    }

    /// Opens the store before the first call, where that is possible: with its journal, which SQLite opens only when something is read.
    pub fn make_ready(&mut self) {
        // What stands in the way is told to whoever wants to read.
        let _ = self.on_connection(|connection| schema::number(connection).map_err(reading("schema")));
    }

    /// The best `most` turns for the query, the best first.
    pub fn search(&mut self, query: &Query, most: usize) -> Result<Findings, StoreError> {
        self.on_connection(|connection| {
            search::find(connection, query, most).map_err(|source| StoreError::Search { source })
        })
    }

    /// The newest messages of all conversations, each once, newest first.
    pub fn prompts(&mut self, most: usize) -> Result<Vec<Prompt>, StoreError> {
        self.on_connection(|connection| prompts::newest(connection, most).map_err(reading("messages")))
    }

    /// The newest `most` turns before `before` (none: of all), in order.
    pub fn turns(
        &mut self,
        conversation: ConversationId,
        before: Option<TurnNumber>,
        most: u32,
    ) -> Result<Vec<TurnRecord>, StoreError> {
        self.on_connection(|connection| turns::before(connection, conversation, before, most).map_err(reading("turns")))
    }

    pub fn session(
        &mut self,
        conversation: ConversationId,
        number: SessionNumber,
    ) -> Result<Option<SessionRecord>, StoreError> {
        self.on_connection(|connection| sessions::one(connection, conversation, number).map_err(reading("sessions")))
    }

    /// The newest session of the conversation whose number is smaller.
    pub fn session_before(
        &mut self,
        conversation: ConversationId,
        number: SessionNumber,
    ) -> Result<Option<SessionRecord>, StoreError> {
        self.on_connection(|connection| sessions::before(connection, conversation, number).map_err(reading("sessions")))
    }

    /// All decisions about these turns, the last one included, in order.
    pub fn decisions(
        &mut self,
        conversation: ConversationId,
        from: TurnNumber,
        to: TurnNumber,
    ) -> Result<Vec<DecisionRecord>, StoreError> {
        self.on_connection(|connection| {
            decisions::of_turns(connection, conversation, from, to).map_err(reading("decisions"))
        })
    }

    fn on_connection<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let file = open::identity(&self.path);
        let connection = match self.connection.take() {
            Some(connection) if file == self.file => connection,
            // What stands in a file without a name is not what is saved by now.
            Some(_) | None => open::beside(&self.path)?,
        };
        self.file = file;
        let found = work(&connection)?;
        self.connection = Some(connection);
        Ok(found)
    }
}

/// What the host keeps in memory from its start on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// By id.
    pub conversations: Vec<Kept>,
    /// The first id that was never given, not even to a conversation that is gone.
    pub next_conversation: ConversationId,
}

impl Store {
    /// Opens the store; makes it where there is none. The folder must be there.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        let lock = open::lock(path)?;
        repair::finish(path)?;
        let connection = open::open(path, Missing::Create, Checked::AfterCut)?;
        Ok(Store { path: path.into(), connection: Some(connection), file: open::identity(path), lock })
    }

    /// Saves all changes or none. What came back as saved survives a power cut.
    pub fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.on_connection(|connection| save(connection, changes).map_err(|source| StoreError::Commit { source }))
    }

    /// Reads what the host keeps in memory.
    pub fn load(&mut self) -> Result<Loaded, StoreError> {
        self.on_connection(|connection| load(connection))
    }

    /// Works on the connection, or on a new one where trouble took it; gives it up where it cannot be trusted after this.
    fn on_connection<T>(
        &mut self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) if open::identity(&self.path) == self.file => connection,
            // What is saved in a file without a name is lost with the process. The lock went with the folder: a file there is another's.
            Some(_) | None if !self.lock.is_in_place() => return Err(StoreError::Gone { path: self.path.clone() }),
            Some(_) | None => {
                let connection = reopen(&self.path)?;
                self.file = open::identity(&self.path);
                connection
            }
        };
        let result = work(&mut connection);
        // Not in autocommit: a rollback failed, and every later commit would land in the transaction that is still open.
        if !result.as_ref().is_err_and(StoreError::spoils_connection) && connection.is_autocommit() {
            self.connection = Some(connection);
        }
        result
    }
}

impl Drop for Store {
    /// SQLite would move the journal into the store itself if this were the last connection; a reader may still be open, and does not.
    fn drop(&mut self) {
        if let Some(connection) = &self.connection {
            // A journal that stays is whole, and the next host reads it.
            let _ = open::finish(connection);
        }
    }
}

/// A new connection after trouble; damage that the trouble left must not be built upon.
fn reopen(path: &Path) -> Result<Connection, StoreError> {
    let connection = open::open(path, Missing::Refuse, Checked::Always)?;
    open::write_anew(&connection)?;
    Ok(connection)
}

fn save(connection: &mut Connection, changes: &[Change]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for change in changes {
        match change {
            Change::Conversation(record) => conversations::save(&transaction, record)?,
            Change::ConversationRemoved(id) => conversations::remove(&transaction, *id)?,
            Change::Session(conversation, record) => sessions::save(&transaction, *conversation, record)?,
            Change::Turn(conversation, record) => turns::save(&transaction, *conversation, record)?,
            Change::TurnDetail(conversation, number, answer, work) => {
                turns::save_detail(&transaction, *conversation, *number, answer.as_ref(), work)?;
            }
            Change::TurnTrees(conversation, number, trees) => {
                turns::save_trees(&transaction, *conversation, *number, trees)?;
            }
            Change::TurnRemoved(conversation, number) => turns::remove(&transaction, *conversation, *number)?,
            Change::Decision(conversation, record) => decisions::save(&transaction, *conversation, record)?,
        }
    }
    point!("before-commit");
    transaction.commit()
}

/// A fixed number of statements, however many conversations there are. CROSS JOIN in them tells SQLite to go from conversation to conversation and
/// seek there: by itself it walks through all turns (2,000 conversations of 50 turns: 135 ms in all instead of 73).
fn load(connection: &Connection) -> Result<Loaded, StoreError> {
    let mut going_on = by_conversation(sessions::going_on(connection).map_err(reading("sessions"))?);
    let mut highest_session = by_conversation(sessions::highest(connection).map_err(reading("sessions"))?);
    let mut open_turns = by_conversation(turns::open(connection).map_err(reading("turns"))?);
    let mut newest_ended = by_conversation(turns::newest_ended(connection).map_err(reading("turns"))?);
    let mut decisions =
        by_conversation(decisions::last_of_all(connection, DECISIONS_LOADED).map_err(reading("decisions"))?);
    let conversations = conversations::all(connection)
        .map_err(reading("conversations"))?
        .into_iter()
        .map(|(record, highest_turn)| Kept {
            session: going_on.remove(&record.id).and_then(one),
            sessions: highest_session.remove(&record.id).and_then(one).map_or(0, |number| number.0),
            open_turns: open_turns.remove(&record.id).unwrap_or_default(),
            newest_ended: newest_ended.remove(&record.id).and_then(one),
            turns: highest_turn.map_or(0, |number| number.0),
            decisions: decisions.remove(&record.id).unwrap_or_default(),
            record,
        })
        .collect();
    let next_conversation = conversations::next_id(connection).map_err(reading("ids"))?;
    Ok(Loaded { conversations, next_conversation })
}

fn by_conversation<T>(rows: Vec<(ConversationId, T)>) -> HashMap<ConversationId, Vec<T>> {
    let mut sorted: HashMap<ConversationId, Vec<T>> = HashMap::new();
    for (conversation, row) in rows {
        sorted.entry(conversation).or_default().push(row);
    }
    sorted
}

/// Of statements that give one row a conversation.
fn one<T>(rows: Vec<T>) -> Option<T> {
    rows.into_iter().next()
}

fn reading(table: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |source| StoreError::Read { table, source }
}
