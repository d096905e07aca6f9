//! A damaged store: what is wrong with it, what can still be read, and a sound one in its place. The damaged file stays, under a name of its own.
//!
//! What can be read of it comes first; what cannot comes from the newest backup. Change here: what is saved, and in which steps it takes its place.
//! Not here: asking the person (`cli/repair.rs`).
//!
//! A kill between any two steps leaves either the damaged store as it was or a repaired one that the next start puts in its place (`finish`).

use super::backup::{self, folder_of, name_of, remove_if_there, sync_folder};
use super::error::StoreError;
use super::open::{self, Checked, Missing, beside_it};
use super::{schema, search};
use crate::lock::Held;
use crate::point;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The repaired store while it is made.
const PART: &str = ".repair-part";
/// The repaired store, whole and on the disk: from here on it is the store.
const REPAIRED: &str = ".repaired";
/// What is read, so that nothing touches the damaged file itself.
const COPY: &str = ".repair-copy";

/// How the store was found.
#[derive(Debug)]
pub enum Found {
    /// There is none; the next host makes one.
    None,
    Sound,
    /// The text says what is wrong.
    Damaged(String),
}

/// What stands in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub conversations: u32,
    pub turns: u32,
}

/// A sound store that was made of a damaged one.
#[derive(Debug)]
pub struct Salvaged {
    /// All that is in it.
    pub whole: Counts,
    /// That much of it could be read of the damaged file.
    pub read: Counts,
    /// Where the rest is from.
    pub backup: Option<PathBuf>,
    part: PathBuf,
}

/// Reads the whole store. Changes nothing.
pub fn look(path: &Path) -> Result<Found, StoreError> {
    if std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(Found::None);
    }
    let result = with_copy(path, |copy| {
        let connection = open::beside(copy)?;
        let found = schema::number(&connection).map_err(|source| StoreError::opening(path, source))?;
        let known = u32::try_from(schema::SCHEMA.len()).unwrap_or(u32::MAX);
        if found > known {
            return Err(StoreError::Newer { path: path.into(), found, known });
        }
        drop(connection);
        // On the copy, so a change of schema is tried out as well.
        open::open(copy, Missing::Refuse, Checked::Always).map(drop)
    });
    match result {
        Ok(()) => Ok(Found::Sound),
        Err(StoreError::Damaged { found, .. }) => Ok(Found::Damaged(found)),
        Err(StoreError::Foreign { .. }) => Ok(Found::Damaged("it does not begin as a store of threadkeep does".into())),
        Err(error) if error.is_damage() => Ok(Found::Damaged(error.to_string())),
        Err(error) => Err(error),
    }
}

/// The copies of the store that lie beside it, oldest first.
pub fn backups(path: &Path) -> Vec<PathBuf> {
    // A folder that cannot be read offers none.
    backup::list(path).unwrap_or_default()
}

/// Makes a sound store beside the damaged one, which stays as it is.
pub fn salvage(path: &Path) -> Result<Salvaged, StoreError> {
    let part = beside_it(path, PART);
    let failed = |source| StoreError::Salvage { path: part.clone(), source };
    remove_with_journal(&part).map_err(|source| StoreError::SetAside { path: part.clone(), source })?;
    let mut new = open::open(&part, Missing::Create, Checked::AfterCut)?;
    let backup = newest(path);
    let (read, whole) = with_copy(path, |copy| {
        new.pragma_update(None, "foreign_keys", false).map_err(failed)?;
        let tables = tables(&new).map_err(failed)?;
        let (damaged, saved) = (open_to_read(copy), backup.as_deref().and_then(open_to_read));
        let transaction = new.transaction().map_err(failed)?;
        let mut lacking = Vec::new();
        for table in &tables {
            let all = damaged.as_ref().is_some_and(|from| copy_rows(from, &transaction, table));
            if !all {
                lacking.push(table);
            }
        }
        let read = counts(&transaction).map_err(failed)?;
        for table in lacking {
            if let Some(from) = &saved {
                copy_rows(from, &transaction, table);
            }
        }
        forget_what_hangs_loose(&transaction).map_err(failed)?;
        note_words(&transaction).map_err(failed)?;
        let whole = counts(&transaction).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok((read, whole))
    })?;
    new.close().map_err(|(_, source)| failed(source))?;
    open::check_file(&part)?;
    // Looking at it left an empty journal, which would lie about under a name that nobody knows.
    for ending in ["-wal", "-shm"] {
        remove_if_there(&beside_it(&part, ending))
            .map_err(|source| StoreError::SetAside { path: part.clone(), source })?;
    }
    Ok(Salvaged { whole, read, backup, part })
}

impl Salvaged {
    /// Nothing of it is wanted.
    pub fn throw_away(self) -> io::Result<()> {
        remove_with_journal(&self.part)
    }

    /// Puts it in the place of the damaged store, which gets the name that this returns. Nobody else may have the store open: that is the lock.
    pub fn put_in_place(self, path: &Path, _lock: &Held) -> Result<PathBuf, StoreError> {
        let date = Connection::open_in_memory()
            .and_then(|connection| backup::date(&connection))
            .map_err(|source| StoreError::Salvage { path: path.into(), source })?;
        let aside = beside_it(path, &format!(".damaged-{date}"));
        let failed = |source| StoreError::SetAside { path: aside.clone(), source };
        link_if_there(path, &aside).map_err(failed)?;
        let journal = beside_it(path, "-wal");
        if std::fs::metadata(&journal).is_ok_and(|journal| journal.len() > 0) {
            link_if_there(&journal, &beside_it(&aside, "-wal")).map_err(failed)?;
        }
        let folder = folder_of(path);
        sync_folder(folder).map_err(failed)?;
        point!("mid-repair");
        OpenOptions::new().write(true).open(&self.part).and_then(|file| file.sync_all()).map_err(failed)?;
        std::fs::rename(&self.part, beside_it(path, REPAIRED)).map_err(failed)?;
        sync_folder(folder).map_err(failed)?;
        point!("repaired");
        finish(path)?;
        Ok(aside)
    }
}

/// Puts a repaired store in its place, where a repair was cut off. The store must be locked.
pub fn finish(path: &Path) -> Result<(), StoreError> {
    let repaired = beside_it(path, REPAIRED);
    if !repaired.exists() {
        return Ok(());
    }
    let failed = |source| StoreError::SetAside { path: path.into(), source };
    // A journal of the damaged store must not be played into the repaired one; it was kept under its other name before.
    for ending in ["-wal", "-shm"] {
        remove_if_there(&beside_it(path, ending)).map_err(failed)?;
    }
    sync_folder(folder_of(path)).map_err(failed)?;
    std::fs::rename(&repaired, path).map_err(failed)?;
    sync_folder(folder_of(path)).map_err(failed)
}

/// Works on a copy of the store and its journal: SQLite writes beside what it opens, and into it where it plays a journal in.
fn with_copy<T>(path: &Path, work: impl FnOnce(&Path) -> Result<T, StoreError>) -> Result<T, StoreError> {
    let copy = beside_it(path, COPY);
    let failed = |source| StoreError::SetAside { path: copy.clone(), source };
    remove_with_journal(&copy).map_err(failed)?;
    let done = [("", ""), ("-wal", "-wal")]
        .into_iter()
        .try_for_each(|(from, to)| copy_if_there(&beside_it(path, from), &beside_it(&copy, to)))
        .map_err(failed)
        .and_then(|()| work(&copy));
    // It is of no use to anybody; what is left is removed by the next repair.
    let _ = remove_with_journal(&copy);
    done
}

fn copy_if_there(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = match OpenOptions::new().read(true).open(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    let mut to = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut from, &mut to).map(drop)
}

/// A second name, so that the first can be given to another file.
fn link_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::hard_link(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn remove_with_journal(path: &Path) -> io::Result<()> {
    ["", "-wal", "-shm", "-journal"].into_iter().try_for_each(|ending| remove_if_there(&beside_it(path, ending)))
}

/// The backup with the most turns: dates are told by a clock that may have jumped.
fn newest(path: &Path) -> Option<PathBuf> {
    let sound = backups(path).into_iter().filter(|backup| open::check_file(backup).is_ok());
    let highest = |backup: &PathBuf| -> i64 {
        let read =
            |connection: Connection| connection.query_row("SELECT ifnull(max(id), 0) FROM turns", [], |row| row.get(0));
        open_to_read(backup).and_then(|connection| read(connection).ok()).unwrap_or(-1)
    };
    sound.max_by_key(|backup| (highest(backup), name_of(backup)))
}

/// None where not even its beginning can be read.
fn open_to_read(path: &Path) -> Option<Connection> {
    let connection = open::beside(path).ok()?;
    schema::number(&connection).is_ok().then_some(connection)
}

/// A table that holds what was said, and its columns.
struct Table {
    name: String,
    columns: Vec<String>,
    key: Vec<String>,
}

/// Those of the schema, in the order in which they were made: what others refer to comes first. The index of words is made anew.
fn tables(connection: &Connection) -> rusqlite::Result<Vec<Table>> {
    let names: Vec<String> = connection
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'turn_words%' ORDER BY rowid",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    names
        .into_iter()
        .map(|name| {
            let mut statement = connection.prepare("SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid")?;
            let columns: Vec<(String, u32)> =
                statement.query_map([&name], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
            let mut key: Vec<&(String, u32)> = columns.iter().filter(|(_, place)| *place > 0).collect();
            key.sort_by_key(|(_, place)| *place);
            let key = key.into_iter().map(|(name, _)| name.clone()).collect();
            Ok(Table { name, columns: columns.into_iter().map(|(name, _)| name).collect(), key })
        })
        .collect()
}

/// Copies what can be read of a table: from its beginning to the damage, then from its end. What is there already stays. Says whether that was all.
fn copy_rows(from: &Connection, to: &Connection, table: &Table) -> bool {
    copy_in_order(from, to, table, "ASC").is_ok() || {
        // What lies behind the damage, up to it.
        let _ = copy_in_order(from, to, table, "DESC");
        false
    }
}

fn copy_in_order(from: &Connection, to: &Connection, table: &Table, order: &str) -> rusqlite::Result<()> {
    // One of an older schema lacks some; then what the schema gives by itself holds.
    let mut known = from.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let known: Vec<String> = known.query_map([&table.name], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let columns: Vec<&str> = table.columns.iter().filter(|column| known.contains(column)).map(String::as_str).collect();
    let (name, list) = (&table.name, columns.join(", "));
    let key: Vec<String> = table.key.iter().map(|column| format!("{column} {order}")).collect();
    let holes = vec!["?"; columns.len()].join(", ");
    // Of ids that were given, the highest counts, whoever knows of it.
    let kept = if name == "meta" { "REPLACE" } else { "IGNORE" };
    let mut insert = to.prepare(&format!("INSERT OR {kept} INTO {name} ({list}) VALUES ({holes})"))?;
    let mut select = from.prepare(&format!("SELECT {list} FROM {name} ORDER BY {}", key.join(", ")))?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let values: Vec<Value> = (0..columns.len()).map(|column| row.get(column)).collect::<rusqlite::Result<_>>()?;
        // A row that breaks a rule of the schema is part of the damage.
        if let Err(error) = insert.execute(params_from_iter(values))
            && error.sqlite_error_code() != Some(rusqlite::ErrorCode::ConstraintViolation)
        {
            return Err(error);
        }
    }
    Ok(())
}

/// Removes what belongs to a conversation that could not be read anywhere, and says again which ids were given.
fn forget_what_hangs_loose(connection: &Connection) -> rusqlite::Result<()> {
    let tables: Vec<String> = connection
        .prepare("SELECT DISTINCT m.name FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS k WHERE m.type = 'table' AND k.\"table\" = 'conversations' AND k.\"from\" = 'conversation'")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for table in tables {
        connection
            .execute(&format!("DELETE FROM {table} WHERE conversation NOT IN (SELECT id FROM conversations)"), [])?;
    }
    connection
        .execute(
            "UPDATE meta SET value = max(value, (SELECT ifnull(max(id), 0) FROM conversations)) WHERE name = 'highest_conversation'",
            [],
        )
        .map(drop)
}

fn note_words(connection: &Connection) -> rusqlite::Result<()> {
    let mut turns = connection.prepare("SELECT id, prompt, ifnull(answer, '') FROM turns")?;
    let mut rows = turns.query([])?;
    while let Some(row) = rows.next()? {
        let (prompt, answer): (String, String) = (row.get(1)?, row.get(2)?);
        search::save(connection, row.get(0)?, &prompt, &answer)?;
    }
    Ok(())
}

fn counts(connection: &Connection) -> rusqlite::Result<Counts> {
    let count = |table| connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0));
    Ok(Counts { conversations: count("conversations")?, turns: count("turns")? })
}
