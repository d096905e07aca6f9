//! `threadkeep diff`: what a turn changed in the files of its repository.

use super::{CliError, ExitCode, Which, connect, say, say_json};
use crate::domain::changes::{Diff as Changes, FileChange, Span, Until};
use crate::domain::id::TurnNumber;
use crate::json;
use crate::paths::Paths;
use crate::protocol::message::{Reply, Request};
use clap::Args;

#[derive(Debug, Args)]
pub struct Diff {
    #[command(flatten)]
    which: Which,
    /// Of this turn; without it of the one that runs, else of the newest that ended
    #[arg(long, value_name = "N")]
    turn: Option<u32>,
    /// From its beginning until now, and not only to its end
    #[arg(long)]
    since: bool,
    /// Only the files, and how many lines of each
    #[arg(long)]
    stat: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let mut control = connect(paths)?;
        let conversation = self.which.find_or_say(&mut control)?;
        let span = if self.since { Span::UntilNow } else { Span::Turn };
        let asked = Request::Diff { conversation, turn: self.turn.map(TurnNumber), span };
        let diff = match control.ask(&asked, None)? {
            Reply::Diff(diff) => *diff,
            other => return Err(CliError::Unexpected(Box::new(other))),
        };
        match (self.json, self.stat) {
            (true, stat) => {
                let lines = if stat { json::DiffLines::LeftOut } else { json::DiffLines::Told };
                say_json(json::diff(conversation, &diff, lines))?;
            }
            (false, true) => say(&stat(&diff))?,
            (false, false) => say(&text(&diff))?,
        }
        Ok(ExitCode::Done)
    }
}

fn head(diff: &Changes) -> String {
    let until = match diff.until {
        Until::TurnEnd => "to its end",
        Until::Now => "until now",
    };
    format!("turn {}, from its beginning {until}: {}", diff.turn, diff.count.words())
}

fn stat(diff: &Changes) -> String {
    let files = diff.files.iter().map(FileChange::words);
    std::iter::once(head(diff)).chain(files).chain(diff.left_out_words()).collect::<Vec<_>>().join("\n")
}

/// With heads as every program that reads differences knows them.
fn text(diff: &Changes) -> String {
    let mut text = head(diff);
    for file in &diff.files {
        text.push_str(&format!("\n{}", file.unified()));
    }
    for words in diff.left_out_words() {
        text.push_str(&format!("\n{words}"));
    }
    text
}
