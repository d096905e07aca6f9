//! Brings a store to the schema of this build: each schema file in its own transaction, a dated copy of the store before the first.
//!
//! Change here: the list of schema files, at its end. What a file changes in the words of columns is told in `columns.rs`.

use super::error::StoreError;
use rusqlite::{Connection, TransactionBehavior};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Append only; the number of a file is its place, counted from 1.
pub const SCHEMA: &[&str] = &[
    include_str!("../../assets/schema/0001_first.sql"),
    include_str!("../../assets/schema/0002_agents.sql"),
    include_str!("../../assets/schema/0003_ends.sql"),
    include_str!("../../assets/schema/0004_overview.sql"),
    include_str!("../../assets/schema/0005_holder.sql"),
];

/// `tkst`: tells our files from those of other programs.
pub const APPLICATION_ID: u32 = 0x746b_7374;

/// Two tries of a bad update and the good one before.
const BACKUPS_KEPT: usize = 3;

const BACKUP_ENDING: &str = ".backup";

/// The number of the last schema file that was applied; 0 for a new store.
pub fn number(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Applies the files of `schema` that the store does not have yet.
pub fn bring_up(connection: &mut Connection, path: &Path, schema: &[&str]) -> Result<(), StoreError> {
    let read_number = |source| StoreError::Read { table: "schema number", source };
    let found = number(connection).map_err(read_number)?;
    if found > 0 && (found as usize) < schema.len() {
        back_up(connection, path, found)?;
    }
    for (sql, to) in schema.iter().zip(1u32..).skip(found as usize) {
        apply(connection, sql, to).map_err(|source| StoreError::Schema { path: path.into(), to, source })?;
    }
    Ok(())
}

fn apply(connection: &mut Connection, sql: &str, to: u32) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(sql)?;
    transaction.pragma_update(None, "user_version", to)?;
    transaction.commit()
}

/// Copies the store to a dated file beside it. The copy gets its name when it is whole and on the disk, so a file with that ending is a good one.
fn back_up(connection: &Connection, path: &Path, number: u32) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = folder.join(format!("{name}.part"));
    let failed = |source| StoreError::Backup { path: part.clone(), source };
    let copied = |source| StoreError::BackupCopy { path: part.clone(), source };
    let date: String =
        connection.query_row("SELECT strftime('%Y%m%d-%H%M%S', 'now')", [], |row| row.get(0)).map_err(copied)?;

    remove_if_there(&part).map_err(failed)?;
    // Made by us first, for SQLite would make it readable for others.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(failed)?;
    let copy = connection.execute("VACUUM INTO ?1", [part.to_string_lossy()]).map_err(copied);
    let whole = copy.and_then(|_| {
        file.sync_all().map_err(failed)?;
        let whole = folder.join(format!("{name}.{date}-schema{number:04}{BACKUP_ENDING}"));
        std::fs::rename(&part, whole).map_err(failed)?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
    });
    if whole.is_err() {
        let _ = std::fs::remove_file(&part); // The first error is the one to tell; the next copy begins with removing this.
    }
    whole?;
    let mut backups = backups(folder, &name).map_err(failed)?;
    while backups.len() > BACKUPS_KEPT {
        remove_if_there(&backups.remove(0)).map_err(failed)?;
    }
    Ok(())
}

/// The copies of the store `name`, oldest first: their names begin with the date.
fn backups(folder: &Path, name: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let entry_name = entry.file_name();
        let entry_name = entry_name.to_string_lossy();
        if entry_name.starts_with(&format!("{name}.")) && entry_name.ends_with(BACKUP_ENDING) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
