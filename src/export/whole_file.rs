//! A file that is there whole or not at all: written beside its place under another name, given its name when all of it is on the disk.
//!
//! Whoever is killed between leaves a file `.threadkeep-….part`, which nobody takes for the record.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

pub struct WholeFile {
    /// Where it is written.
    beside: PathBuf,
    /// Where it is to be.
    path: PathBuf,
}

/// Two windows of one process do not meet.
static NUMBER: AtomicU32 = AtomicU32::new(0);

impl WholeFile {
    /// For its owner alone. One that is there is an error.
    pub fn begin(path: &Path) -> io::Result<(WholeFile, File)> {
        if path.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let beside = path.with_file_name(format!(".threadkeep-{}-{number}.part", std::process::id()));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        Ok((WholeFile { beside, path: path.into() }, file))
    }

    /// Gives it its name, unless another file has come to be there.
    pub fn finish(self, file: &File) -> io::Result<()> {
        file.sync_all()?;
        match fs::hard_link(&self.beside, &self.path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            // Some file systems know no second names. There the place is taken first, so that nothing is written over.
            Err(_) => {
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.path)?;
                fs::rename(&self.beside, &self.path)
            }
        }
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        // With its name it needs this one no more, without it nobody does; after a rename there is none.
        let _ = fs::remove_file(&self.beside);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn nothing_has_the_name_before_all_of_it_is_there_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.md");
        let (whole, mut file) = WholeFile::begin(&path).expect("it is free");
        file.write_all(b"half").expect("there is room");
        assert!(!path.exists());
        drop(whole);
        assert_eq!(names(folder.path()), [""; 0], "given up");
        let (whole, mut file) = WholeFile::begin(&path).expect("it is free");
        file.write_all(b"all").expect("there is room");
        whole.finish(&file).expect("it is free still");
        assert_eq!(
            (names(folder.path()), fs::read(&path).expect("it is there")),
            (vec!["x.md".into()], b"all".to_vec())
        );
    }

    #[test]
    fn a_file_that_is_there_stays_also_when_it_came_meanwhile() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.md");
        let (whole, file) = WholeFile::begin(&path).expect("it is free");
        fs::write(&path, "another's").expect("it can be written");
        let taken = |result: io::Result<()>| result.is_err_and(|error| error.kind() == io::ErrorKind::AlreadyExists);
        assert!(taken(whole.finish(&file)));
        assert!(taken(WholeFile::begin(&path).map(drop)));
        assert_eq!(
            (names(folder.path()), fs::read(&path).expect("it is there")),
            (vec!["x.md".into()], b"another's".to_vec())
        );
    }
}
