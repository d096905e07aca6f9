//! Finds the host, or starts it: exactly one, however many clients start at the same moment.
//!
//! The lock that the host keeps for life decides who serves; a second host sees it taken and leaves. Clients only try to connect.

use super::dial::dial;
use super::link::other_user;
use super::{Absent, ClientError, HostProcess, Link};
use crate::paths::Paths;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A host with a large store opens it before it serves.
const START_LIMIT: Duration = Duration::from_secs(20);
const TRY_EVERY: Duration = Duration::from_millis(5);
/// A launch that went well while still nobody serves: another host holds the lock, and either starts or is on its way out. So long it is
/// given before we launch again, at first and at most: many clients that wait must not keep the machine from what they wait for.
const LAUNCH_AGAIN: Duration = Duration::from_millis(100);
const LAUNCH_AGAIN_MOST: Duration = Duration::from_millis(500);

/// A full host lets go within 2 s of those that do not greet; who still finds it full after this is told so.
const BUSY_LIMIT: Duration = Duration::from_secs(4);
const BUSY_PAUSE: Duration = Duration::from_millis(100);
/// A host takes thousands of connections a second, so a queue that is full for so long is that of one that is stopped.
const QUEUE_LIMIT: Duration = Duration::from_secs(5);

/// Connects; to a host that is full, as soon as it has room again.
pub fn connect(paths: &Paths, absent: Absent) -> Result<Link, ClientError> {
    let until = Instant::now() + BUSY_LIMIT;
    loop {
        match connect_once(paths, absent) {
            Err(ClientError::Busy) if Instant::now() < until => std::thread::sleep(BUSY_PAUSE + jitter()),
            other => return other,
        }
    }
}

fn connect_once(paths: &Paths, absent: Absent) -> Result<Link, ClientError> {
    let no_host = || ClientError::NoHost { path: paths.socket.clone(), log: paths.log.clone() };
    match (try_connect(paths), absent) {
        (Ok(Some(link)), _) => return Ok(link),
        (Ok(None), Absent::Fail) => return Err(no_host()),
        // A host that was killed this moment may take the connection and drop it; what else is in the way, the start tells in words.
        (Ok(None) | Err(ClientError::Broken(_)), Absent::Start) => {}
        (Err(error), _) => return Err(error),
    }
    let until = Instant::now() + START_LIMIT;
    let mut pause = LAUNCH_AGAIN;
    while Instant::now() < until {
        launch(paths, until)?;
        let again = Instant::now() + pause + jitter();
        pause = (pause * 2).min(LAUNCH_AGAIN_MOST);
        loop {
            match try_connect(paths) {
                Ok(Some(link)) => return Ok(link),
                // A host on its way out may take the connection and drop it.
                Ok(None) | Err(ClientError::Ended | ClientError::Broken(_)) => {}
                Err(error) => return Err(error),
            }
            if Instant::now() > again {
                break;
            }
            std::thread::sleep(TRY_EVERY);
        }
    }
    Err(no_host())
}

/// Up to half of the first pause, other for each client: those that began to wait together do not launch together.
fn jitter() -> Duration {
    LAUNCH_AGAIN * (std::process::id() % 32) / 64
}

/// None where nobody serves (yet).
fn try_connect(paths: &Paths) -> Result<Option<Link>, ClientError> {
    match dial(&paths.socket, QUEUE_LIMIT) {
        Ok(stream) => match (other_user(&stream), Link::greet(stream)) {
            (_, Ok(link)) => Ok(Some(link)),
            (Some(user), Err(_)) => Err(ClientError::NotOurs { path: paths.socket.clone(), user }),
            (None, Err(ClientError::Ended)) => Ok(None),
            (None, Err(error)) => Err(error),
        },
        Err(error) => match error.kind() {
            // No socket, or something else in the way to it, which the start tells in words; or a socket of a host that died.
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::ConnectionRefused => Ok(None),
            io::ErrorKind::WouldBlock => Err(ClientError::Silent { process: HostProcess(None) }),
            _ => Err(ClientError::Broken(error)),
        },
    }
}

/// Starts `host launch`, which starts the host and leaves when that serves, so that the host is nobody's child here.
fn launch(paths: &Paths, until: Instant) -> Result<(), ClientError> {
    let failed = |why: String| ClientError::Start { why, log: paths.log.clone() };
    let program = crate::paths::own_program().map_err(|error| failed(format!("own program not found: {error}")))?;
    let mut launcher = Command::new(program)
        .args(["host", "launch"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let said = launcher.stderr.take().map(|stderr| read_until(stderr, until)).transpose();
    let Some(said) = said.map_err(|error| failed(error.to_string()))?.flatten() else {
        // The host may yet come to serve; the launcher has nothing more to do.
        let _ = launcher.kill();
        let _ = launcher.wait();
        return Err(failed(format!("it did not serve within {} s", START_LIMIT.as_secs())));
    };
    if launcher.wait().map_err(|error| failed(error.to_string()))?.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&said);
    Err(failed(said.trim().trim_start_matches("threadkeep: ").to_owned()))
}

/// All that is written there until it is closed. None where that takes too long.
fn read_until(mut stream: impl Read + AsFd, until: Instant) -> io::Result<Option<Vec<u8>>> {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let limit = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&stream, PollFlags::IN)], Some(&limit)) {
            Ok(0) => return Ok(None),
            Ok(_) => match stream.read(&mut buffer)? {
                0 => return Ok(Some(all)),
                bytes => all.extend(&buffer[..bytes]),
            },
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
