//! `threadkeep status`: how all conversations stand, in one line for a prompt or the status line of a multiplexer. It starts no host.
//!
//! Change here: the words and the short signs. Not here: what is counted (`host/core/views.rs`).

use super::{CliError, ExitCode, say, say_json};
use crate::client::{ClientError, Control};
use crate::json;
use crate::paths::Paths;
use crate::protocol::message::{Counts, Reply, Request};
use clap::Args;
use std::time::Duration;

/// A prompt must not hang on a host that does not answer. One that is well answers within milliseconds.
const HOST_LIMIT: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub struct Status {
    /// Signs and numbers only; nothing where nothing is to be told
    #[arg(long, conflicts_with = "json")]
    short: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl Status {
    /// Without a host the exit code is 7, and the line says so.
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let counts = match counts(paths) {
            Ok(counts) => counts,
            Err(ClientError::NoHost { .. }) => {
                match (self.json, self.short) {
                    (true, _) => say_json(serde_json::json!({ "running": false }))?,
                    (false, true) => {}
                    (false, false) => say("no host runs")?,
                }
                return Ok(ExitCode::NoHost);
            }
            Err(error) => return Err(error.into()),
        };
        match (self.json, self.short) {
            (true, _) => say_json(json::counts(&counts))?,
            (false, true) => say(&line(&counts, SHORT, " "))?,
            (false, false) => say(&or_quiet(line(&counts, WORDS, " · "), &counts))?,
        }
        Ok(ExitCode::Done)
    }
}

fn counts(paths: &Paths) -> Result<Counts, ClientError> {
    let mut control = Control::connect_within(paths, HOST_LIMIT)?;
    match control.ask(&Request::HostStatus, Some(HOST_LIMIT))? {
        Reply::Host(report) => Ok(report.counts),
        // Nothing else answers this request.
        _ => Err(ClientError::Ended),
    }
}

/// What needs the person stands first.
type Parts = [(fn(&Counts) -> u32, &'static str, &'static str); 6];

/// Before and after the number.
const WORDS: Parts = [
    (|counts| counts.asks, "", " asks"),
    (|counts| counts.unread_other, "", " not completed"),
    (|counts| counts.unread_completed, "", " done"),
    (|counts| counts.working, "", " working"),
    (|counts| counts.queued, "", " queued"),
    (|counts| counts.held, "", " held"),
];

/// The signs of the tabs and the turn panel.
const SHORT: Parts = [
    (|counts| counts.asks, "?", ""),
    (|counts| counts.unread_other, "✗", ""),
    (|counts| counts.unread_completed, "✓", ""),
    (|counts| counts.working, "*", ""),
    (|counts| counts.queued, "+", ""),
    (|counts| counts.held, "=", ""),
];

fn line(counts: &Counts, parts: Parts, between: &str) -> String {
    let told =
        parts.iter().map(|(count, before, after)| (count(counts), before, after)).filter(|(count, ..)| *count > 0);
    told.map(|(count, before, after)| format!("{before}{count}{after}")).collect::<Vec<_>>().join(between)
}

fn or_quiet(line: String, counts: &Counts) -> String {
    match line.is_empty() {
        true => format!("quiet · {} idle · {} asleep", counts.idle, counts.asleep),
        false => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_begins_with_what_needs_the_person_and_leaves_out_what_is_not() {
        let counts = Counts { asks: 1, unread_other: 2, working: 3, idle: 4, ..Counts::default() };
        assert_eq!(line(&counts, WORDS, " · "), "1 asks · 2 not completed · 3 working");
        assert_eq!(line(&counts, SHORT, " "), "?1 ✗2 *3");
        let quiet = Counts { idle: 4, asleep: 9, drafts: 1, ..Counts::default() };
        assert_eq!(or_quiet(line(&quiet, WORDS, " · "), &quiet), "quiet · 4 idle · 9 asleep");
        assert_eq!(line(&quiet, SHORT, " "), "");
    }
}
