//! Starts a process of ours that is nobody's child and outlives the terminal it is started from: the host, the holder.

use super::{CliError, ExitCode};
use crate::client::own_program;
use crate::host::descriptors;
use crate::host::first_word::FirstWord;
use crate::paths::Paths;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

/// Starts `threadkeep` with these arguments and returns when it serves: its parent leaves then, and it begins a process session of its own.
/// `name` is what people call it.
pub fn launch(paths: &Paths, name: &str, arguments: &[&str]) -> Result<ExitCode, CliError> {
    paths.prepare()?;
    let failed =
        |error: std::io::Error| CliError::Host(format!("the process of the {name} could not be started: {error}"));
    let program = own_program().map_err(failed)?;
    let log = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&paths.log);
    let log =
        log.map_err(|error| CliError::Host(format!("could not open the log {}: {error}", paths.log.display())))?;
    let mut command = Command::new(program);
    if let Some(home) = std::env::var_os("THREADKEEP_HOME").filter(|home| !home.is_empty()) {
        // A relative one means the folder we stand in, which the new process leaves.
        command.env("THREADKEEP_HOME", std::path::absolute(home).map_err(failed)?);
    }
    // What the caller has open (a file, a pipe that somebody waits for the end of) must not stay open for as long as it lives.
    descriptors::keep_from_children().map_err(failed)?;
    let mut launched = command
        .args(arguments)
        // A folder that may go away, or a disk that is to be unmounted, must not be held by a background process.
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(failed)?;
    let heard = launched.stdout.take().map(FirstWord::hear).transpose().map_err(failed)?;
    match heard.flatten() {
        Some(FirstWord::Serving) => Ok(ExitCode::Done),
        Some(FirstWord::Cannot(why)) => Err(CliError::Host(why)),
        None => {
            let status = launched.wait().map_err(failed)?;
            // Somebody killed it while it started; whoever needs it launches the next one.
            if status.signal().is_some() {
                return Ok(ExitCode::Done);
            }
            Err(CliError::Host(format!("the {name} ended before it served ({status})")))
        }
    }
}
