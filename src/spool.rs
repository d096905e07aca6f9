//! Calls of agents' hooks that found no host: kept as files until the next host hears them, in their order.
//!
//! Change here: how many are kept. Not here: what a call means, or whether its token is the right one (host).

use crate::paths::Paths;
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// A host is away for seconds. What calls more often than this meanwhile says nothing new.
const MOST_CALLS: usize = 1_000;
const MOST_BYTES: u64 = 64 * 1024 * 1024;
const CALL: &str = "json";

/// What a hook told. Has no `Debug`: it holds the token of its session.
#[derive(Serialize, Deserialize)]
pub struct Call {
    pub conversation: i64,
    pub token: String,
    pub payload: String,
}

fn folder(paths: &Paths) -> PathBuf {
    paths.log.parent().unwrap_or(Path::new("/")).join("hooks")
}

/// Keeps a call for the next host; false where so many are kept that this one is not, or where no host has ever been.
pub fn keep(paths: &Paths, call: &Call) -> io::Result<bool> {
    let folder = folder(paths);
    if !paths.log.exists() {
        return Ok(false);
    }
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let kept = kept(&folder)?;
    let bytes: u64 = kept.iter().filter_map(|path| Some(path.metadata().ok()?.len())).sum();
    if kept.len() >= MOST_CALLS || bytes >= MOST_BYTES {
        return Ok(false);
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let name = format!("{:020}-{}", since.as_nanos(), std::process::id());
    let beside = folder.join(format!("{name}.new"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(&serde_json::to_vec(call)?)?;
    // Whole under its name or not there: a host may look at this moment.
    std::fs::rename(&beside, folder.join(format!("{name}.{CALL}")))?;
    Ok(true)
}

/// Takes all calls that are kept, oldest first.
pub fn take(paths: &Paths) -> Vec<Call> {
    let mut calls = Vec::new();
    for path in kept(&folder(paths)).unwrap_or_default() {
        let read = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Err(error) = std::fs::remove_file(&path) {
            // It would be heard again and again.
            tracing::warn!(path = %path.display(), %error, "a kept call of a hook cannot be taken away; it is not heard");
            continue;
        }
        calls.extend(read);
    }
    calls
}

/// The files of calls, oldest first.
fn kept(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == CALL));
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(home: &Path) -> Paths {
        let at = |name: &str| home.join(name);
        Paths {
            store: at("store"),
            config: at("config"),
            agents: at("agents"),
            lock: at("lock"),
            socket: at("socket"),
            log: at("host.log"),
            run: at("run"),
        }
    }

    fn call(payload: &str) -> Call {
        Call { conversation: 3, token: "t".into(), payload: payload.into() }
    }

    #[test]
    fn calls_are_taken_once_in_their_order_and_only_so_many_are_kept() {
        let home = tempfile::tempdir().expect("a folder");
        let paths = paths(home.path());
        assert!(take(&paths).is_empty());
        assert!(!keep(&paths, &call("no host was ever here")).expect("it can be tried"));
        std::fs::write(&paths.log, "").expect("a log");
        for number in 0..MOST_CALLS {
            assert!(keep(&paths, &call(&number.to_string())).expect("it can be kept"));
        }
        assert!(!keep(&paths, &call("one too many")).expect("it can be tried"));
        std::fs::write(home.path().join("hooks/0.json"), "rubbish").expect("a file");
        let told: Vec<String> = take(&paths).into_iter().map(|call| call.payload).collect();
        assert_eq!(told, (0..MOST_CALLS).map(|number| number.to_string()).collect::<Vec<_>>());
        assert!(take(&paths).is_empty());
    }
}
