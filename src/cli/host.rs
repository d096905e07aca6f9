//! `threadkeep host`: status, restart and stop for people; run and launch for threadkeep itself.

mod service;

use super::launch::launch;
use super::{CliError, ExitCode, ask_done, say, say_json};
use crate::client::{Absent, ClientError, Control};
use crate::domain::count;
use crate::host::Ended;
use crate::host::first_word::FirstWord;
use crate::json;
use crate::paths::Paths;
use crate::protocol::message::{BUILD, HostReport, Refusal, Reply, Request};
use clap::Subcommand;
use rustix::process::{Pid, test_kill_process};
use std::os::unix::net::UnixStream;
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
    /// Put a new host in the place of the one that runs; agents and turns go on
    Restart {
        /// One JSON object: {"pid":N,"build":"..."}
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
            Host::Restart { json } => restart(paths, json),
            Host::Stop { json } => stop(paths, json),
            Host::Service => service::run(),
            Host::Run => run(paths),
            Host::Launch => launch(paths, "host", &["host", "run"]),
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
    let keeps = |pid| format!("\nholder {pid} keeps the agents: they live on when the host does not");
    let unheld = match report.unheld {
        0 => String::new(),
        sessions => format!("\n{}", lost_holder(sessions)),
    };
    let holder = report.holder.map(keeps).unwrap_or_default() + &unheld;
    let other = other_build(report).map(|words| format!("\n{words}")).unwrap_or_default();
    format!(
        "host {} (threadkeep {}): {}, {}, {} running, {}{holder}{trouble}{other}",
        report.pid,
        report.build,
        count::of(report.conversations, "conversation"),
        count::of(report.sessions, "session"),
        count::of(report.turns_running, "turn"),
        count::of(report.clients, "window")
    )
}

fn lost_holder(sessions: u32) -> String {
    match sessions {
        1 => "1 session has lost its holder: it goes on, but ends with the host".to_owned(),
        _ => format!("{sessions} sessions have lost their holder: they go on, but end with the host"),
    }
}

/// What to do about a host that is not of this build; none where it is.
pub fn other_build(report: &HostReport) -> Option<String> {
    (report.build != BUILD).then(|| {
        format!(
            "the host is threadkeep {} and this is {BUILD}; threadkeep host restart puts this one in its place, and agents go on",
            report.build
        )
    })
}

/// Returns when the next host serves.
fn restart(paths: &Paths, as_json: bool) -> Result<ExitCode, CliError> {
    let until = Instant::now() + STOP_LIMIT;
    let before = match Control::connect(paths, Absent::Fail) {
        Ok(mut control) => {
            if let Reply::Host(HostReport { unheld: sessions @ 1.., .. }) = control.ask(&Request::HostStatus, None)? {
                let what = "let what runs end, then run threadkeep host stop";
                return Err(CliError::Host(format!("{}; {what}", lost_holder(sessions))));
            }
            make_room(&mut control)?;
            Some(control.host_pid())
        }
        Err(ClientError::NoHost { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let report = loop {
        let next =
            Control::connect(paths, Absent::Start).and_then(|mut control| control.ask(&Request::HostStatus, None));
        match next {
            Ok(Reply::Host(report)) if Some(report.pid) != before => break report,
            // The one before is on its last steps.
            Ok(Reply::Host(_))
            | Err(ClientError::Ended | ClientError::Broken(_) | ClientError::Refused(Refusal::Ending))
                if Instant::now() < until =>
            {
                std::thread::sleep(LOOK_EVERY);
            }
            Ok(Reply::Host(_)) => {
                return Err(CliError::Host("the host was told to make room and still serves; see its log".into()));
            }
            Ok(other) => return Err(CliError::Unexpected(Box::new(other))),
            Err(error) => return Err(error.into()),
        }
    };
    if as_json {
        say_json(serde_json::json!({ "pid": report.pid, "build": report.build }))?;
    } else {
        let go_on = if report.sessions == 1 { "goes on" } else { "go on" };
        let sessions = count::of(report.sessions, "session");
        say(&format!("host {} serves (threadkeep {}); {sessions} {go_on}", report.pid, report.build))?;
    }
    Ok(ExitCode::Done)
}

/// Only builds that know how let their sessions go on.
fn make_room(control: &mut Control) -> Result<(), CliError> {
    match ask_done(control, &Request::HostRestart) {
        Err(CliError::Client(ClientError::Refused(Refusal::NotUnderstood))) => Err(CliError::Host(
            "this host is of a build whose sessions end with it; wait for its turns, then run threadkeep host stop"
                .into(),
        )),
        // It was on its way out already.
        Err(CliError::Client(ClientError::Ended | ClientError::Broken(_) | ClientError::Refused(Refusal::Ending))) => {
            Ok(())
        }
        other => other,
    }
}

/// Returns when the host has let go of everything, so that what follows finds nothing of it. (Its process id may live on as a zombie for
/// as long as init likes.)
pub fn stop(paths: &Paths, as_json: bool) -> Result<ExitCode, CliError> {
    let until = Instant::now() + STOP_LIMIT;
    let mut control = loop {
        match Control::connect(paths, Absent::Fail) {
            Ok(control) => break control,
            // What a host that died has left with its holder, the next one ends.
            Err(ClientError::NoHost { .. }) if holder_serves(paths) => match Control::connect(paths, Absent::Start) {
                Ok(control) => break control,
                Err(ClientError::Ended | ClientError::Broken(_)) if Instant::now() < until => {}
                Err(error) => return Err(error.into()),
            },
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

fn holder_serves(paths: &Paths) -> bool {
    UnixStream::connect(crate::holder::socket(paths)).is_ok()
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
