//! Tells whether the configuration file was changed, by one look at its entry in the folder. Nothing waits for it: whoever is awake anyway asks.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What a changed file differs in: an editor that writes a new one has another inode, one that writes in place another time or size.
type Stamp = (u64, u64, i64, i64);

pub struct Watch {
    path: PathBuf,
    /// None: there is no file.
    seen: Option<Stamp>,
}

impl Watch {
    /// As the file is now, before it is read: what is written later is seen as a change, at worst once too often.
    pub fn begin(path: &Path) -> Watch {
        Watch { path: path.to_owned(), seen: stamp(path) }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is another one than at the last look.
    pub fn has_changed(&mut self) -> bool {
        let now = stamp(&self.path);
        std::mem::replace(&mut self.seen, now) != now
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.ino(), file.size(), file.mtime(), file.mtime_nsec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_comes_changes_or_goes_is_noticed_once() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("config.toml");
        let mut watch = Watch::begin(&path);
        assert!(!watch.has_changed());
        std::fs::write(&path, "a").unwrap();
        assert!(watch.has_changed() && !watch.has_changed());
        std::fs::write(&path, "ab").unwrap();
        assert!(watch.has_changed() && !watch.has_changed());
        let other = folder.path().join("other");
        std::fs::write(&other, "cd").unwrap();
        std::fs::rename(&other, &path).unwrap();
        assert!(watch.has_changed() && !watch.has_changed());
        std::fs::remove_file(&path).unwrap();
        assert!(watch.has_changed() && !watch.has_changed());
    }
}
