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
    file: OwnedFd,
    /// Whether its file goes with it.
    ends: bool,
}

impl Held {
    /// The lock as another process of ours keeps it meanwhile: it is free once both have let go.
    pub fn shared(&self) -> io::Result<OwnedFd> {
        self.file.try_clone()
    }

    /// What `shared` gave, taken back by a process that had no part in taking it.
    pub fn of_shared(path: &Path, file: OwnedFd) -> Held {
        Held { path: path.to_owned(), file, ends: true }
    }

    /// Lets go of it without taking its name away: another process of ours keeps it.
    pub fn leave(mut self) {
        self.ends = false;
    }

    /// Whether the file still has its name. If not, it keeps nobody out any more.
    pub fn is_in_place(&self) -> bool {
        is_named(&self.file, &self.path).unwrap_or(false)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // While we have the lock the name is ours, unless somebody has removed the file: then it may be another's by now. Whoever opened
        // the file before finds it nameless and tries again.
        if self.ends && self.is_in_place() {
            let _ = std::fs::remove_file(&self.path);
        }
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
        if is_named(&file, path)? {
            return Ok(Lock::Taken(Held { path: path.to_owned(), file, ends: true }));
        }
    }
}

/// Whether this is the file that has this name.
fn is_named(file: &OwnedFd, path: &Path) -> io::Result<bool> {
    let ours = fstat(file)?;
    match stat(path) {
        Ok(named) => Ok((named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino)),
        Err(rustix::io::Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
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

    #[test]
    fn one_that_another_process_keeps_is_taken_back_and_nobody_else_gets_it_meanwhile() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lease");
        let Lock::Taken(first) = take(&path).expect("can be taken") else { panic!("nobody has it") };
        let kept = first.shared().expect("it can be shared");
        first.leave();
        assert!(matches!(take(&path).expect("can be tried"), Lock::Busy));
        let back = Held::of_shared(&path, kept);
        assert!(back.is_in_place());
        assert!(matches!(take(&path).expect("can be tried"), Lock::Busy));
        drop(back);
        assert!(!path.exists());
    }

    /// The broken one took the name away from whoever had it.
    #[test]
    fn a_holder_whose_file_was_removed_leaves_that_of_the_next_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("host.lock");
        let first = take(&path).expect("can be taken");
        std::fs::remove_file(&path).expect("it is there");
        let second = take(&path).expect("can be taken again");
        assert!(matches!((&first, &second), (Lock::Taken(_), Lock::Taken(_))));
        drop(first);
        assert!(path.exists());
        drop(second);
        assert!(!path.exists());
    }
}
