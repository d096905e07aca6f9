//! `threadkeep doctor --repair`: says what is wrong with the store and what it would do about it, and does that only when told to.
//!
//! Not here: what is saved of a damaged store, and how it takes its place (`store/repair.rs`).

use super::{CliError, ExitCode, say};
use crate::client::{Absent, Control};
use crate::domain::count;
use crate::lock::{self, Held, Lock};
use crate::paths::Paths;
use crate::protocol::message::{Reply, Request};
use crate::store::repair::{self, Counts, Found, Salvaged};
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

/// Whether the person has said already that it is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sure {
    Yes,
    Ask,
}

pub fn run(paths: &Paths, sure: Sure) -> Result<ExitCode, CliError> {
    paths.prepare()?;
    let wrong = match repair::look(&paths.store)? {
        Found::None => {
            say(&format!("there is no store at {} yet; nothing is to be repaired", paths.store.display()))?;
            return Ok(ExitCode::Done);
        }
        Found::Sound => {
            say(&format!("the store {} is sound; nothing is to be repaired", paths.store.display()))?;
            return Ok(ExitCode::Done);
        }
        Found::Damaged(wrong) => wrong,
    };
    let salvaged = repair::salvage(&paths.store)?;
    tell_plan(paths, &wrong, &salvaged)?;
    salvaged.throw_away()?;
    if sure == Sure::Ask && !is_agreed()? {
        say("nothing was changed; threadkeep doctor --repair --yes does it without asking")?;
        return Ok(ExitCode::Refused);
    }
    carry_out(paths)
}

fn tell_plan(paths: &Paths, wrong: &str, salvaged: &Salvaged) -> Result<(), CliError> {
    say(&format!("the store {} is damaged: {wrong}", paths.store.display()))?;
    say("a repair would")?;
    if let Some(host) = host_here(paths) {
        say(&format!("- end the host {}{}", host.pid, sessions(host.sessions)))?;
    }
    say(&format!("- keep the damaged file as {}.damaged-DATE", paths.store.display()))?;
    say(&format!("- put a sound store with {} in its place:", said(salvaged.whole)))?;
    say(&format!("  {} can be read of the damaged one", said(salvaged.read)))?;
    let rest = Counts {
        conversations: salvaged.whole.conversations.saturating_sub(salvaged.read.conversations),
        turns: salvaged.whole.turns.saturating_sub(salvaged.read.turns),
    };
    match &salvaged.backup {
        Some(backup) => say(&format!("  {} come from the backup {}", said(rest), name(backup)))?,
        None => say("  there is no backup to take the rest from")?,
    }
    Ok(())
}

fn sessions(count: u32) -> String {
    if count == 0 { String::new() } else { format!(" with its {}", count::of(count, "session")) }
}

fn said(counts: Counts) -> String {
    format!("{} and {}", count::of(counts.conversations, "conversation"), count::of(counts.turns, "turn"))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn is_agreed() -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    let mut out = io::stdout();
    write!(out, "do it? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Reads the store anew once nobody writes it: a host may have saved something since the plan was told.
fn carry_out(paths: &Paths) -> Result<ExitCode, CliError> {
    if host_here(paths).is_some() {
        super::host::stop(paths, false)?;
    }
    let _host = take(&paths.lock)?;
    let store = crate::store::lock(&paths.store)?;
    let salvaged = repair::salvage(&paths.store)?;
    let whole = salvaged.whole;
    let aside = salvaged.put_in_place(&paths.store, &store)?;
    say(&format!("the store has {}; the damaged one is kept as {}", said(whole), aside.display()))?;
    Ok(ExitCode::Done)
}

/// Keeps a host from starting meanwhile.
fn take(path: &Path) -> Result<Held, CliError> {
    match lock::take(path)? {
        Lock::Taken(held) => Ok(held),
        Lock::Busy => Err(CliError::Host("another host has just started; try again".into())),
    }
}

fn host_here(paths: &Paths) -> Option<crate::protocol::message::HostReport> {
    let mut control = Control::connect(paths, Absent::Fail).ok()?;
    match control.ask(&Request::HostStatus, None).ok()? {
        Reply::Host(report) => Some(report),
        _ => None,
    }
}

/// The newest backup and how many there are, for people.
pub fn backups(paths: &Paths) -> String {
    let all = repair::backups(&paths.store);
    match all.last() {
        Some(newest) => format!("{} (the newest of {})", newest.display(), all.len()),
        None => "none yet; one is made on each day that a host runs, and before each change of the schema".into(),
    }
}
