//! Brings a store to the schema of this build: each schema file in its own transaction, a dated copy of the store before the first.
//!
//! Change here: the list of schema files, at its end. What a file changes in the words of columns is told in `columns.rs`.

use super::backup;
use super::error::StoreError;
use crate::point;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// Append only; the number of a file is its place, counted from 1.
pub const SCHEMA: &[&str] = &[
    include_str!("../../assets/schema/0001_first.sql"),
    include_str!("../../assets/schema/0002_agents.sql"),
    include_str!("../../assets/schema/0003_ends.sql"),
    include_str!("../../assets/schema/0004_overview.sql"),
    include_str!("../../assets/schema/0005_holder.sql"),
    include_str!("../../assets/schema/0006_worktrees.sql"),
    include_str!("../../assets/schema/0007_start_failures.sql"),
    include_str!("../../assets/schema/0008_changes.sql"),
    include_str!("../../assets/schema/0009_search.sql"),
];

/// `tkst`: tells our files from those of other programs.
pub const APPLICATION_ID: u32 = 0x746b_7374;

/// The number of the last schema file that was applied; 0 for a new store.
pub fn number(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Applies the files of `schema` that the store does not have yet.
pub fn bring_up(connection: &mut Connection, path: &Path, schema: &[&str]) -> Result<(), StoreError> {
    let read_number = |source| StoreError::Read { table: "schema number", source };
    let found = number(connection).map_err(read_number)?;
    if found > 0 && (found as usize) < schema.len() {
        backup::make(connection, path)?;
    }
    for (sql, to) in schema.iter().zip(1u32..).skip(found as usize) {
        apply(connection, sql, to).map_err(|source| StoreError::Schema { path: path.into(), to, source })?;
        point!("between-migrations");
    }
    Ok(())
}

fn apply(connection: &mut Connection, sql: &str, to: u32) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(sql)?;
    transaction.pragma_update(None, "user_version", to)?;
    point!("mid-migration");
    transaction.commit()
}
