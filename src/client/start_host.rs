//! Finds the host, or starts it: exactly one, however many clients start at the same moment.
//!
//! The lock that the host keeps for life decides who serves; a second host sees it taken and leaves. Clients only try to connect.

use super::{Absent, ClientError, Link};
use crate::paths::Paths;
use std::io;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A host with a large store opens it before it serves.
const START_LIMIT: Duration = Duration::from_secs(20);
const TRY_EVERY: Duration = Duration::from_millis(5);
/// When this much time has passed and still nobody serves, the host that was there may have ended while we looked: start another.
const START_AGAIN: Duration = Duration::from_secs(3);

pub fn connect(paths: &Paths, absent: Absent) -> Result<Link, ClientError> {
    let no_host = || ClientError::NoHost { path: paths.socket.clone(), log: paths.log.clone() };
    match (try_connect(paths), absent) {
        (Ok(Some(link)), _) => return Ok(link),
        (Ok(None), Absent::Fail) => return Err(no_host()),
        // A host that was killed this moment may take the connection and drop it; what else is in the way, the start tells in words.
        (Ok(None) | Err(ClientError::Broken(_)), Absent::Start) => {}
        (Err(error), _) => return Err(error),
    }
    let until = Instant::now() + START_LIMIT;
    let mut started: Option<Instant> = None;
    loop {
        if started.is_none_or(|at| at.elapsed() > START_AGAIN) {
            launch(paths)?;
            started = Some(Instant::now());
        }
        match try_connect(paths) {
            Ok(Some(link)) => return Ok(link),
            // A host on its way out may take the connection and drop it.
            Ok(None) | Err(ClientError::Ended | ClientError::Broken(_)) => {}
            Err(error) => return Err(error),
        }
        if Instant::now() > until {
            return Err(no_host());
        }
        std::thread::sleep(TRY_EVERY);
    }
}

/// None where nobody serves (yet).
fn try_connect(paths: &Paths) -> Result<Option<Link>, ClientError> {
    match UnixStream::connect(&paths.socket) {
        Ok(stream) => match Link::greet(stream) {
            Ok(link) => Ok(Some(link)),
            Err(ClientError::Ended) => Ok(None),
            Err(error) => Err(error),
        },
        Err(error) => match error.kind() {
            // No socket, or something else in the way to it, which the start tells in words; a socket of a host that died; or one whose queue
            // of connections is full at the moment.
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::WouldBlock => Ok(None),
            _ => Err(ClientError::Broken(error)),
        },
    }
}

/// Starts `host launch`, which starts the host and leaves at once, so that the host is nobody's child here.
fn launch(paths: &Paths) -> Result<(), ClientError> {
    let failed = |why: String| ClientError::Start { why, log: paths.log.clone() };
    let program = std::env::current_exe().map_err(|error| failed(format!("own program not found: {error}")))?;
    let output = Command::new(program)
        .args(["host", "launch"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}
