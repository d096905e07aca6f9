//! `threadkeep host`: status and stop for people; run and launch for threadkeep itself.

mod service;

use super::{CliError, ExitCode, ask_done, say, say_json};
use crate::client::{Absent, ClientError, Control, own_program};
use crate::host::first_word::FirstWord;
use crate::host::{Ended, descriptors};
use crate::json;
use crate::paths::Paths;
use crate::protocol::message::{BUILD, HostReport, Reply, Request};
use clap::Subcommand;
use rustix::process::{Pid, test_kill_process};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The stop ladder of a stubborn session takes this long, and some more.
const STOP_LIMIT: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(10);

#[derive(Debug, Subcommand)]
pub enum Host {
    /// Say whether a host runs and what it keeps
    Status {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// End all sessions and the host; conversations stay
    Stop {
        /// One JSON object: {"stopped":true}, or false where none ran
        #[arg(long)]
        json: bool,
    },
    /// Print a systemd unit with which the host outlives every login, and say how to use it
    Service,
    /// Serve in the foreground (what a client starts in the background)
    #[command(hide = true)]
    Run,
    /// Start a host that is nobody's child, and leave once it serves
    #[command(hide = true)]
    Launch,
}

impl Host {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        match self {
            Host::Status { json } => status(paths, json),
            Host::Stop { json } => stop(paths, json),
            Host::Service => service::run(),
            Host::Run => run(paths),
            Host::Launch => launch(paths),
        }
    }
}

fn status(paths: &Paths, as_json: bool) -> Result<ExitCode, CliError> {
    let mut control = match Control::connect(paths, Absent::Fail) {
        Ok(control) => control,
        Err(ClientError::NoHost { .. }) => {
            if as_json {
                say_json(serde_json::json!({ "running": false }))?;
            } else {
                say("no host runs; any command or the window starts one")?;
            }
            return Ok(ExitCode::NoHost);
        }
        Err(error) => return Err(error.into()),
    };
    match control.ask(&Request::HostStatus, None)? {
        Reply::Host(report) if as_json => say_json(json::host(&report))?,
        Reply::Host(report) => say(&sentence(&report))?,
        other => return Err(CliError::Unexpected(Box::new(other))),
    }
    Ok(ExitCode::Done)
}

fn sentence(report: &HostReport) -> String {
    let trouble = match &report.store_trouble {
        Some(cause) => format!("\nnothing can be saved now: {cause}"),
        None => String::new(),
    };
    let other = other_build(report).map(|words| format!("\n{words}")).unwrap_or_default();
    format!(
        "host {} (threadkeep {}): {} conversations, {} sessions, {} turns running, {} windows{trouble}{other}",
        report.pid, report.build, report.conversations, report.sessions, report.turns_running, report.clients
    )
}

/// What to do about a host that is not of this build; none where it is.
pub fn other_build(report: &HostReport) -> Option<String> {
    (report.build != BUILD).then(|| {
        format!(
            "the host is threadkeep {} and this is {BUILD}; threadkeep host stop ends it with its sessions, the next command starts this one",
            report.build
        )
    })
}

/// Returns when the host has let go of everything, so that what follows finds nothing of it. (Its process id may live on as a zombie for
/// as long as init likes.)
pub fn stop(paths: &Paths, as_json: bool) -> Result<ExitCode, CliError> {
    let until = Instant::now() + STOP_LIMIT;
    let mut control = loop {
        match Control::connect(paths, Absent::Fail) {
            Ok(control) => break control,
            Err(ClientError::NoHost { .. }) => {
                say_stopped(as_json, false, "no host runs")?;
                return Ok(ExitCode::Done);
            }
            // It took the call on its last steps; soon there is none.
            Err(ClientError::Ended | ClientError::Broken(_)) if Instant::now() < until => {
                std::thread::sleep(LOOK_EVERY);
            }
            Err(error) => return Err(error.into()),
        }
    };
    let pid = i32::try_from(control.host_pid()).ok().and_then(Pid::from_raw);
    match ask_done(&mut control, &Request::HostStop) {
        // It was on its way out already.
        Ok(()) | Err(CliError::Client(ClientError::Ended | ClientError::Broken(_))) => {}
        Err(error) => return Err(error),
    }
    while paths.lock.exists() && pid.is_some_and(|pid| test_kill_process(pid).is_ok()) {
        if Instant::now() > until {
            return Err(CliError::Host("the host was told to end and still runs; see its log".into()));
        }
        std::thread::sleep(LOOK_EVERY);
    }
    say_stopped(as_json, true, "the host ended; conversations are kept")?;
    Ok(ExitCode::Done)
}

fn say_stopped(as_json: bool, stopped: bool, words: &str) -> Result<(), CliError> {
    if as_json { say_json(serde_json::json!({ "stopped": stopped })) } else { say(words) }
}

fn run(paths: &Paths) -> Result<ExitCode, CliError> {
    match crate::host::run(paths) {
        Ok(Ended::AsTold) => Ok(ExitCode::Done),
        Ok(Ended::AnotherServes) => {
            FirstWord::Serving.tell();
            Ok(ExitCode::Done)
        }
        Err(error) => {
            let why = error.to_string();
            FirstWord::Cannot(why.clone()).tell();
            Err(CliError::Host(why))
        }
    }
}

/// The host must outlive the terminal it is started from: its parent leaves as soon as it serves, and it begins a process session of its own.
fn launch(paths: &Paths) -> Result<ExitCode, CliError> {
    paths.prepare()?;
    let failed = |error: std::io::Error| CliError::Host(format!("its process could not be started: {error}"));
    let program = own_program().map_err(failed)?;
    let log = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&paths.log);
    let log =
        log.map_err(|error| CliError::Host(format!("could not open the log {}: {error}", paths.log.display())))?;
    let mut command = Command::new(program);
    if let Some(home) = std::env::var_os("THREADKEEP_HOME").filter(|home| !home.is_empty()) {
        // A relative one means the folder we stand in, which the host leaves.
        command.env("THREADKEEP_HOME", std::path::absolute(home).map_err(failed)?);
    }
    // What the caller has open (a file, a pipe that somebody waits for the end of) must not stay open for as long as the host lives.
    descriptors::keep_from_children().map_err(failed)?;
    let mut host = command
        .args(["host", "run"])
        // A folder that may go away, or a disk that is to be unmounted, must not be held by a background process.
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(failed)?;
    let heard = host.stdout.take().map(FirstWord::hear).transpose().map_err(failed)?;
    match heard.flatten() {
        Some(FirstWord::Serving) => Ok(ExitCode::Done),
        Some(FirstWord::Cannot(why)) => Err(CliError::Host(why)),
        None => {
            let status = host.wait().map_err(failed)?;
            // Somebody killed it while it started; whoever needs a host launches the next one.
            if status.signal().is_some() {
                return Ok(ExitCode::Done);
            }
            Err(CliError::Host(format!("the host ended before it served ({status})")))
        }
    }
}
