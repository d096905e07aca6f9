//! What can go wrong with the store, one variant for each thing tried, and what a person can do about it.

use rusqlite::ErrorCode;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("could not open the store file {path} ({source}); look at the rights of the file and its folder")]
    File { path: PathBuf, source: io::Error },
    #[error("{path} is not a plain file; move it away or set THREADKEEP_HOME to another folder")]
    NotPlain { path: PathBuf },
    #[error(
        "another host has the store {path} open; use that one or end it with threadkeep host stop (where its socket was removed, it makes a new one within 10 s)"
    )]
    InUse { path: PathBuf },
    #[error(
        "{path} is not a store of threadkeep and was left as it is; if it was one, threadkeep doctor --repair says what can be saved, else move it away or set THREADKEEP_HOME to another folder"
    )]
    Foreign { path: PathBuf },
    #[error(
        "the store {path} is from a newer threadkeep (schema {found}, this build knows {known}); use the newer build, read it with threadkeep look, or set THREADKEEP_HOME to another folder"
    )]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error("the store {path} is gone; put it back or end the host with threadkeep host stop to begin a new one")]
    Gone { path: PathBuf },
    #[error("the store {path} is damaged ({found}); threadkeep doctor --repair says what can be saved")]
    Damaged { path: PathBuf, found: String },
    #[error("could not open the store {path} ({source}); free the disk or mend the folder, then try again")]
    Open { path: PathBuf, source: rusqlite::Error },
    #[error("could not make the backup {path} ({source}); free the disk, then try again")]
    Backup { path: PathBuf, source: io::Error },
    #[error("could not make the backup {path} ({source}); free the disk, then try again")]
    BackupCopy { path: PathBuf, source: rusqlite::Error },
    #[error(
        "could not bring the store {path} to schema {to} ({source}); it is as before, see the .backup files beside it"
    )]
    Schema { path: PathBuf, to: u32, source: rusqlite::Error },
    #[error("could not set the damaged store aside as {path} ({source}); nothing of it was changed")]
    SetAside { path: PathBuf, source: io::Error },
    #[error("could not make a sound store as {path} ({source}); free the disk, then try again")]
    Salvage { path: PathBuf, source: rusqlite::Error },
    #[error("could not save ({source}); free the disk or mend the folder, then try again")]
    Commit { source: rusqlite::Error },
    #[error("could not read the {table} ({source}); if it stays so, threadkeep doctor --repair says what can be saved")]
    Read { table: &'static str, source: rusqlite::Error },
    #[error("could not search ({source}); try again")]
    Search { source: rusqlite::Error },
}

/// Trouble of the kind that passes: nothing is wrong with the store itself or with what was asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Full,
    Io,
    /// This process may open no further file.
    NoDescriptor,
    /// SQLite does not tell what the system said.
    NotOpened,
    Locked,
    ReadOnly,
}

impl Trouble {
    /// The cause in a few words, to stand in a refusal.
    pub fn text(self) -> &'static str {
        match self {
            Trouble::Full => "the disk is full",
            Trouble::Io => "the disk does not read or write",
            Trouble::NoDescriptor => "threadkeep has as many files open as the system lets it",
            Trouble::NotOpened => "the store cannot be opened: its rights or its disk",
            Trouble::Locked => "another program holds the store",
            Trouble::ReadOnly => "the store cannot be written",
        }
    }
}

impl StoreError {
    /// The trouble, where trying again later makes sense; none where a person has to look.
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            StoreError::InUse { .. } => Some(Trouble::Locked),
            StoreError::File { source, .. }
            | StoreError::Backup { source, .. }
            | StoreError::SetAside { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Trouble::Full),
                io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Some(Trouble::ReadOnly),
                io::ErrorKind::NotFound => None,
                _ if is_of_descriptors(source) => Some(Trouble::NoDescriptor),
                _ => Some(Trouble::Io),
            },
            StoreError::NotPlain { .. }
            | StoreError::Foreign { .. }
            | StoreError::Newer { .. }
            | StoreError::Gone { .. }
            | StoreError::Damaged { .. } => None,
            _ => match self.code()? {
                ErrorCode::DiskFull => Some(Trouble::Full),
                ErrorCode::SystemIoFailure => Some(Trouble::Io),
                // SQLite keeps to itself what the system said, so it is asked again.
                ErrorCode::CannotOpen if no_descriptor_is_left() => Some(Trouble::NoDescriptor),
                ErrorCode::CannotOpen => Some(Trouble::NotOpened),
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
                    Some(Trouble::Locked)
                }
                ErrorCode::ReadOnly => Some(Trouble::ReadOnly),
                _ => None,
            },
        }
    }

    /// SQLite's word on opening a file, where it may say that the file itself is damaged.
    pub(super) fn opening(path: &Path, source: rusqlite::Error) -> StoreError {
        let path = path.to_path_buf();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StoreError::Damaged { path, found: source.to_string() }
            }
            Some(_) | None => StoreError::Open { path, source },
        }
    }

    /// Whether a host that meets this at its start cannot be of any use. Everything else it says and waits for its end.
    pub fn forbids_a_host(&self) -> bool {
        match self {
            // Another host is there; or only the person can say which build or which file is meant.
            StoreError::InUse { .. } | StoreError::Newer { .. } | StoreError::NotPlain { .. } => true,
            StoreError::File { .. }
            | StoreError::Foreign { .. }
            | StoreError::Gone { .. }
            | StoreError::Damaged { .. }
            | StoreError::Open { .. }
            | StoreError::Backup { .. }
            | StoreError::BackupCopy { .. }
            | StoreError::Schema { .. }
            | StoreError::SetAside { .. }
            | StoreError::Salvage { .. }
            | StoreError::Commit { .. }
            | StoreError::Read { .. }
            | StoreError::Search { .. } => false,
        }
    }

    /// Whether this speaks of the file itself, so that waiting changes nothing.
    pub fn is_damage(&self) -> bool {
        matches!(self, StoreError::Damaged { .. } | StoreError::Foreign { .. })
            || matches!(self.code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }

    /// Whether the connection that told this may not be used again. SQLite's picture of the file is in doubt after a failed read, write or
    /// sync: a page that failed to reach the disk counts as clean in the system's cache, so a second try on the same handle can succeed and lie.
    pub(super) fn spoils_connection(&self) -> bool {
        matches!(
            self.code(),
            Some(
                ErrorCode::SystemIoFailure
                    | ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::CannotOpen
            )
        )
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            StoreError::Open { source, .. }
            | StoreError::BackupCopy { source, .. }
            | StoreError::Schema { source, .. }
            | StoreError::Salvage { source, .. }
            | StoreError::Commit { source }
            | StoreError::Read { source, .. }
            | StoreError::Search { source } => source.sqlite_error_code(),
            StoreError::File { .. }
            | StoreError::NotPlain { .. }
            | StoreError::InUse { .. }
            | StoreError::Foreign { .. }
            | StoreError::Newer { .. }
            | StoreError::Gone { .. }
            | StoreError::Damaged { .. }
            | StoreError::Backup { .. }
            | StoreError::SetAside { .. } => None,
        }
    }
}

fn is_of_descriptors(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

fn no_descriptor_is_left() -> bool {
    std::fs::File::open("/dev/null").is_err_and(|error| is_of_descriptors(&error))
}
