//! Opens the file of the store: never through a link, never another program's file, never one of a newer build; and never twice.
//!
//! Change here: what is looked at before SQLite sees the file, and the settings of the connection.

use super::error::StoreError;
use super::schema::{self, APPLICATION_ID, SCHEMA};
use crate::lock::{self, Held, Lock};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use rustix::fs::OFlags;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a write waits for a program that looks into the store.
const BUSY_TIMEOUT_MS: u64 = 2000;

/// The end of a host waits no longer for somebody who reads.
const END_TIMEOUT_MS: u64 = 200;

/// Statements kept prepared: more than all of `store` has.
const STATEMENTS_KEPT: usize = 64;

/// A file up to this size is checked whole after trouble; a bigger one would keep messages waiting for seconds.
const CHECKED_BYTES_MOST: u64 = 200 * 1024 * 1024;

/// What to do where there is no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Create,
    /// The store was there before: a new empty one would hide that everything is gone.
    Refuse,
}

/// Takes the lock that says: this process writes this store. It is let go when it is dropped, or the process dies.
///
/// The host's own lock lies in the folder for running things, which depends on how the person logged in; this one lies where the store lies.
pub fn lock(path: &Path) -> Result<Held, StoreError> {
    let lock_path = beside_it(path, "-lock");
    match lock::take(&lock_path) {
        Ok(Lock::Taken(held)) => Ok(held),
        Ok(Lock::Busy) => Err(StoreError::InUse { path: path.into() }),
        Err(source) => Err(StoreError::File { path: lock_path, source }),
    }
}

/// When the store is read whole for damage before anything is built on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// Its journal is still there: whoever wrote last did not close it.
    AfterCut,
    Always,
}

/// Opens the store and brings it to the schema of this build.
pub fn open(path: &Path, missing: Missing, checked: Checked) -> Result<Connection, StoreError> {
    let was_cut_off = was_cut_off(path);
    match read_header(path, missing)? {
        Header::Empty | Header::Ours => (),
        Header::Foreign => return Err(StoreError::Foreign { path: path.into() }),
    }
    let open_failed = |source| StoreError::opening(path, source);
    let mut connection = connect(path).map_err(open_failed)?;
    sign(&connection).map_err(open_failed)?;
    let found = schema::number(&connection).map_err(open_failed)?;
    let known = SCHEMA.len() as u32;
    if found > known {
        return Err(StoreError::Newer { path: path.into(), found, known });
    }
    if was_cut_off || checked == Checked::Always {
        check(&connection, path)?;
    }
    set_up(&connection).map_err(open_failed)?;
    schema::bring_up(&mut connection, path, SCHEMA)?;
    Ok(connection)
}

/// A further connection to the store that this process has open, to read from.
pub fn beside(path: &Path) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::opening(path, source);
    let connection = connect(path).map_err(failed)?;
    connection.pragma_update(None, "query_only", true).map_err(failed)?;
    connection.pragma_update(None, "mmap_size", 0).map_err(failed)?; // As in `set_up`.
    connection.pragma_update(None, "trusted_schema", false).map_err(failed)?;
    Ok(connection)
}

/// Whether this is a store of ours at all.
pub fn check_header(path: &Path) -> Result<(), StoreError> {
    match read_header(path, Missing::Refuse)? {
        Header::Ours => Ok(()),
        Header::Empty | Header::Foreign => Err(StoreError::Foreign { path: path.into() }),
    }
}

/// Reads the whole store for damage, if that can be done in a moment.
pub fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if bytes > CHECKED_BYTES_MOST {
        return Ok(());
    }
    let found: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|source| StoreError::opening(path, source))?;
    if found == "ok" { Ok(()) } else { Err(StoreError::Damaged { path: path.into(), found }) }
}

/// Moves all of the journal into the store. After a sync that failed, pages of the journal count as written in the system's cache though the disk may
/// never have had them; what is committed behind them would be lost with the power. Copied to another place they are written, and synced, anew.
pub fn write_anew(connection: &Connection) -> Result<(), StoreError> {
    let busy: bool = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(|source| StoreError::Commit { source })?;
    match busy {
        false => Ok(()),
        // Somebody reads; it is tried again.
        true => {
            let source = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
            Err(StoreError::Commit { source: rusqlite::Error::SqliteFailure(source, None) })
        }
    }
}

/// The same for one that ends: without its journal the next one need not read all of the store for damage.
pub fn finish(connection: &Connection) -> Result<(), StoreError> {
    let limit = Duration::from_millis(END_TIMEOUT_MS);
    connection.busy_timeout(limit).map_err(|source| StoreError::Commit { source })?;
    write_anew(connection)
}

/// `check` for a file that nobody has open.
pub fn check_file(path: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::opening(path, source);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    check(&Connection::open_with_flags(path, flags).map_err(failed)?, path)
}

/// Whether the last writer left its journal behind: one that ends well writes it into the store and removes it.
fn was_cut_off(path: &Path) -> bool {
    std::fs::metadata(beside_it(path, "-wal")).is_ok_and(|journal| journal.len() > 0)
}

/// A file that belongs to the store at `path`.
pub fn beside_it(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Which file has this name; none where there is none.
pub fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    std::fs::symlink_metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // SQLite refuses a link anywhere in the path; links above the file are the person's own (a linked home), so they are followed here.
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    let path = match (folder, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        (_, _) => path.into(),
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NOFOLLOW | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))?;
    // Until the schema is known to be ours, closing writes nothing.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

/// Makes a new file ours. Before WAL, so that it stands in the file itself from the first moment on: `read_header` looks there.
fn sign(connection: &Connection) -> rusqlite::Result<()> {
    let id: u32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if id == APPLICATION_ID { Ok(()) } else { connection.pragma_update(None, "application_id", APPLICATION_ID) }
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.pragma_update(None, "mmap_size", 0)?; // A bad sector under a map is a signal, not an error.
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL") // NORMAL lost every commit in a power cut.
}

enum Header {
    /// No byte yet: the file is new, or its first start was cut off.
    Empty,
    Ours,
    Foreign,
}

/// Reads the file's own header, for SQLite would already write beside another program's file (or into it, where a journal lies).
///
/// The file is closed again before SQLite opens it: closing it later would let go of SQLite's locks, which belong to the process.
fn read_header(path: &Path, missing: Missing) -> Result<Header, StoreError> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    const APPLICATION_ID_AT: usize = 68;
    let mut header = Vec::new();
    open_plain(path, missing)?
        .take(100)
        .read_to_end(&mut header)
        .map_err(|source| StoreError::File { path: path.into(), source })?;
    let id = header.get(APPLICATION_ID_AT..APPLICATION_ID_AT + 4);
    Ok(if header.is_empty() {
        Header::Empty
    } else if header.starts_with(MAGIC) && id == Some(&APPLICATION_ID.to_be_bytes()) {
        Header::Ours
    } else {
        Header::Foreign
    })
}

/// Opens a plain file for us alone, without following a link in its place.
fn open_plain(path: &Path, missing: Missing) -> Result<File, StoreError> {
    let failed = |source| StoreError::File { path: path.into(), source };
    // Not to wait for the other end of a fifo.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(missing == Missing::Create)
        .mode(0o600)
        .custom_flags(flags.bits() as i32)
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound && missing == Missing::Refuse => {
            return Err(StoreError::Gone { path: path.into() });
        }
        Err(error) => {
            let kind = std::fs::symlink_metadata(path).map(|metadata| metadata.is_file());
            return Err(if matches!(kind, Ok(false)) {
                StoreError::NotPlain { path: path.into() }
            } else {
                failed(error)
            });
        }
    };
    if file.metadata().map_err(failed)?.is_file() { Ok(file) } else { Err(StoreError::NotPlain { path: path.into() }) }
}
