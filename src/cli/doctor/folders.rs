//! Whether the folders and files are ours alone, how large the store is, and how much room there is.
//!
//! Not here: whether what stands in the store is whole.

use super::finding::Finding;
use crate::paths::Paths;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// With less room than this a busy day of agents fills the disk.
const LITTLE_ROOM_BYTES: u64 = 512 * 1024 * 1024;

pub fn look(paths: &Paths) -> Vec<Finding> {
    let mut findings = vec![store(&paths.store), rights(paths), room(&paths.store)];
    findings.extend(lock(paths));
    findings
}

fn store(path: &Path) -> Finding {
    let beside = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        std::fs::metadata(name).map_or(0, |metadata| metadata.len())
    };
    match std::fs::metadata(path) {
        Ok(metadata) => Finding::well(
            "size",
            format!("{} in the store, {} not yet merged into it", bytes(metadata.len()), bytes(beside("-wal"))),
        ),
        Err(error) => Finding::unknown("size", format!("the store could not be looked at: {error}")),
    }
}

/// What others could read or write.
fn rights(paths: &Paths) -> Finding {
    let folders = [&paths.store, &paths.log, &paths.socket].map(|file| file.parent().unwrap_or(Path::new("/")));
    // A socket has no rights worth looking at: its folder lets nobody in.
    let files = [paths.store.as_path(), &paths.log];
    let us = rustix::process::getuid().as_raw();
    let open = |metadata: &Metadata| metadata.uid() != us || metadata.mode() & 0o077 != 0;
    for path in folders.into_iter().chain(files) {
        // What is not there is nobody's.
        let Ok(metadata) = std::fs::symlink_metadata(path) else { continue };
        if open(&metadata) {
            let mode = metadata.mode() & 0o7777;
            let text = format!("{} is open to others (user {}, mode {mode:04o})", path.display(), metadata.uid());
            return Finding::trouble("rights", text, format!("chmod go-rwx '{}'", path.display()));
        }
    }
    Finding::well("rights", "folders, store and log are for you alone")
}

fn room(store: &Path) -> Finding {
    let folder = store.parent().unwrap_or(Path::new("/"));
    let Ok(system) = rustix::fs::statvfs(folder) else {
        return Finding::unknown("room", format!("the disk of {} does not say how much is free", folder.display()));
    };
    let free = system.f_bavail.saturating_mul(system.f_frsize);
    let text = format!("{} free where the store lies", bytes(free));
    if system.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY) {
        return Finding::trouble("room", "the disk of the store is read-only", "mount it for writing");
    }
    match free < LITTLE_ROOM_BYTES {
        true => Finding::trouble("room", text, "free some, or nothing can be saved one day"),
        false => Finding::well("room", text),
    }
}

/// What must be there while a host runs.
fn lock(paths: &Paths) -> Option<Finding> {
    let missing = [&paths.lock, &paths.socket].into_iter().find(|path| !path.exists())?;
    let text = format!("{} is gone", missing.display());
    Some(Finding::trouble("socket", text, "the host makes it again within 10 s; if not, see its log"))
}

/// Three digits and a unit.
fn bytes(count: u64) -> String {
    let units = ["bytes", "KB", "MB", "GB", "TB"];
    let mut size = count as f64;
    let mut unit = 0;
    while size >= 1000.0 && unit + 1 < units.len() {
        size /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} bytes") } else { format!("{size:.1} {}", units[unit]) }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn sizes_are_told_as_people_say_them() {
        for (count, said) in [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 KB"), (2_345_678, "2.3 MB")] {
            assert_eq!(bytes(count), said);
        }
        assert_eq!(bytes(u64::MAX), "18446744.1 TB");
    }

    #[test]
    fn what_others_may_read_is_told_with_the_way_to_close_it() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("h");
        std::fs::create_dir(&folder).expect("a folder");
        let at = |name: &str| folder.join(name);
        let (store, config, agents) = (at("threadkeep.db"), at("config.toml"), at("agents"));
        let paths = Paths { store, config, agents, lock: at("l"), socket: at("s"), log: at("log"), run: at("run") };
        let set = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("ours");
        std::fs::write(&paths.store, "").expect("a file");
        set(&folder, 0o700);
        set(&paths.store, 0o600);
        assert_eq!(rights(&paths).state, State::Well);
        set(&paths.store, 0o640);
        let told = rights(&paths);
        assert!(told.state == State::Trouble && told.text.contains("threadkeep.db is open to others"), "{told:?}");
        set(&folder, 0o750);
        assert!(rights(&paths).text.contains("mode 0750"), "{:?}", rights(&paths));
        assert!(lock(&paths).is_some_and(|finding| finding.text.ends_with("/l is gone")));
    }
}
