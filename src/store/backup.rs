//! Dated copies of the store beside it: one before each change of the schema, one on each day that a host runs.
//!
//! Change here: when a copy is due and how many stay. Not here: what is done with them (`repair.rs`).

use super::error::StoreError;
use super::{open, schema};
use crate::point;
use rusqlite::{Connection, InterruptHandle};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Two tries of a bad update and the good one before; or the last three days.
const KEPT: usize = 3;

const ENDING: &str = ".backup";

/// Makes the copy of the day, with a connection of its own, so that nothing waits for it.
pub struct Copier {
    path: PathBuf,
    stop: CopierStop,
}

/// Breaks off a copy that is under way.
#[derive(Clone, Default)]
pub struct CopierStop(Arc<Mutex<Option<InterruptHandle>>>);

impl CopierStop {
    /// Stops what the copier does just now; what it begins next goes on.
    pub fn stop(&self) {
        if let Some(handle) = &*self.handle() {
            handle.interrupt();
        }
    }

    fn handle(&self) -> MutexGuard<'_, Option<InterruptHandle>> {
        // Nothing that is done under it can be left half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Copier {
    pub fn new(path: &Path) -> Copier {
        Copier { path: path.into(), stop: CopierStop::default() }
    }

    pub fn stop(&self) -> CopierStop {
        self.stop.clone()
    }

    /// Copies the store unless that was done today or there is nothing in it yet. Says what it made.
    pub fn copy_if_due(&self) -> Result<Option<PathBuf>, StoreError> {
        let failed = |source| StoreError::BackupCopy { path: self.path.clone(), source };
        let connection = open::beside(&self.path)?;
        *self.stop.handle() = Some(connection.get_interrupt_handle());
        let today: String =
            connection.query_row("SELECT strftime('%Y%m%d', 'now')", [], |row| row.get(0)).map_err(failed)?;
        if is_there_of(&self.path, &today)? || is_empty(&connection).map_err(failed)? {
            return Ok(None);
        }
        // Copying writes another file, which such a connection would refuse.
        connection.pragma_update(None, "query_only", false).map_err(failed)?;
        make(&connection, &self.path).map(Some)
    }
}

/// By the day in the names: a clock that jumps costs one copy more at most.
fn is_there_of(path: &Path, day: &str) -> Result<bool, StoreError> {
    let begins = format!("{}.{day}-", name_of(path));
    let all = list(path).map_err(|source| StoreError::Backup { path: path.into(), source })?;
    Ok(all.iter().any(|backup| name_of(backup).starts_with(&begins)))
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM conversations)", [], |row| row.get(0))
}

/// Copies the store to a dated file beside it. The copy gets its name when it is whole, sound and on the disk, so a file with that ending is a
/// good one.
pub fn make(connection: &Connection, path: &Path) -> Result<PathBuf, StoreError> {
    let (folder, name) = (folder_of(path), name_of(path));
    let part = folder.join(format!("{name}.part"));
    let failed = |source| StoreError::Backup { path: part.clone(), source };
    let copied = |source| StoreError::BackupCopy { path: part.clone(), source };
    let date = date(connection).map_err(copied)?;
    let number = schema::number(connection).map_err(copied)?;
    let whole = folder.join(format!("{name}.{date}-schema{number:04}{ENDING}"));

    remove_if_there(&part).map_err(failed)?;
    // Made by us first, for SQLite would make it readable for others.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(failed)?;
    let copy = connection.execute("VACUUM INTO ?1", [part.to_string_lossy()]).map_err(copied);
    let named = copy.and_then(|_| {
        open::check_file(&part)?;
        point!("mid-backup");
        file.sync_all().map_err(failed)?;
        std::fs::rename(&part, &whole).map_err(failed)?;
        sync_folder(folder).map_err(failed)
    });
    if named.is_err() {
        let _ = std::fs::remove_file(&part); // The first error is the one to tell; the next copy begins with removing this.
    }
    named?;
    forget_old(path, &whole).map_err(failed)?;
    Ok(whole)
}

/// The copy that was just made stays whatever its date: a clock that was ahead once must not cost it.
fn forget_old(path: &Path, newest: &Path) -> io::Result<()> {
    let mut others = list(path)?;
    others.retain(|backup| backup != newest);
    while others.len() >= KEPT {
        remove_if_there(&others.remove(0))?;
    }
    Ok(())
}

/// The copies of this store, oldest first: their names begin with the date.
pub fn list(path: &Path) -> io::Result<Vec<PathBuf>> {
    let begins = format!("{}.", name_of(path));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder_of(path))? {
        let entry = entry?.path();
        let name = name_of(&entry);
        if name.starts_with(&begins) && name.ends_with(ENDING) {
            found.push(entry);
        }
    }
    found.sort();
    Ok(found)
}

/// The moment in a form that sorts by name.
pub fn date(connection: &Connection) -> rusqlite::Result<String> {
    connection.query_row("SELECT strftime('%Y%m%d-%H%M%S', 'now')", [], |row| row.get(0))
}

pub fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

pub fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A new name is on the disk once its folder is.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all())
}

pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
