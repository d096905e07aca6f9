//! A private copy of a store, for looking at what no host can open: on a disk that cannot be written, locked, of a newer schema, or where no host
//! starts. Nothing is written beside the store itself, not even a journal.
//!
//! Not here: a damaged one (`repair.rs`), or what is read of it (`Reader`).

use super::error::StoreError;
use super::open::{self, Missing, beside_it};
use super::schema::{self, SCHEMA};
use super::{Loaded, load};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io;
use std::path::Path;

/// A store of a newer threadkeep has at least what this build knows: schemas only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    Known,
    Newer { found: u32, known: u32 },
}

/// Copies the store with its journal to `copy`, whose folder must be the caller's alone, and reads what a host keeps in memory. Where a host saves
/// at this very moment the copy may be torn, which is seen and said.
pub fn copy(path: &Path, copy: &Path) -> Result<(Loaded, Schema), StoreError> {
    for ending in ["", "-wal"] {
        let (from, to) = (beside_it(path, ending), beside_it(copy, ending));
        match copy_file(&from, &to) {
            // One that was closed well has no journal.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !ending.is_empty() => {}
            other => other.map_err(|source| StoreError::File { path: from, source })?,
        }
    }
    open::check_header(copy)?;
    let read_number = |source| StoreError::Read { table: "schema number", source };
    let connection = open::beside(copy)?;
    let (found, known) = (schema::number(&connection).map_err(read_number)?, SCHEMA.len() as u32);
    open::check(&connection, path)?;
    if found > known {
        return Ok((load(&connection)?, Schema::Newer { found, known }));
    }
    // An older one is brought up, as it would be in its place.
    drop(connection);
    let connection = open::open(copy, Missing::Refuse, open::Checked::AfterCut)?;
    Ok((load(&connection)?, Schema::Known))
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut read = File::from(rustix::fs::open(from, flags, Mode::empty())?);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mut write = File::from(rustix::fs::open(to, flags, Mode::RUSR | Mode::WUSR)?);
    io::copy(&mut read, &mut write).map(drop)
}
