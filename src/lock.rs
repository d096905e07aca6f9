//! A lock that makes its holder the only one: the host of a folder, the writer of a store. Kept for life, and gone with the process
//! however that ends.

use rustix::fs::{FlockOperation, Mode, OFlags, flock, fstat, open, stat};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

pub enum Lock {
    Taken(Held),
    /// Another process has it.
    Busy,
}

/// The lock, ours until this is dropped; then its file is gone as well.
pub struct Held {
    path: PathBuf,
    _file: OwnedFd,
}

impl Drop for Held {
    fn drop(&mut self) {
        // While we have the lock the name is ours. Whoever opened the file before finds it nameless and tries again.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Takes the lock if nobody has it. Never waits.
pub fn take(path: &Path) -> io::Result<Lock> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    loop {
        let file = open(path, flags, Mode::RUSR | Mode::WUSR)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(Lock::Busy),
            Err(error) => return Err(error.into()),
        }
        // A holder that ended between our open and our lock has taken the name away: that lock protects nothing.
        let ours = fstat(&file)?;
        match stat(path) {
            Ok(named) if (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino) => {
                return Ok(Lock::Taken(Held { path: path.to_owned(), _file: file }));
            }
            Ok(_) | Err(rustix::io::Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_has_it_and_it_is_gone_with_its_holder() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("host.lock");
        let first = take(&path).expect("can be taken");
        assert!(matches!(first, Lock::Taken(_)));
        assert!(matches!(take(&path).expect("can be tried"), Lock::Busy));
        drop(first);
        assert!(!path.exists());
        assert!(matches!(take(&path).expect("can be taken again"), Lock::Taken(_)));
    }
}
