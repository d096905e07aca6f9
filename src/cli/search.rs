//! `threadkeep search`: turns of all conversations by words of their prompts and answers.

use super::{CliError, ExitCode, connect, say, say_aside, say_json};
use crate::domain::search::{Findings, Found, Looked, Piece};
use crate::json;
use crate::paths::Paths;
use crate::protocol::message::{Reply, Request};
use clap::Args;

/// What fits on a few screens; more is asked for by --limit.
const USUAL: u32 = 20;

#[derive(Debug, Args)]
pub struct Search {
    /// Words, and filters: agent:NAME in:FOLDER is:completed|failed|interrupted|unknown|working|asks|queued|open|closed
    #[arg(required = true, num_args = 1..)]
    text: Vec<String>,
    /// At most so many turns, the best first
    #[arg(long, default_value_t = USUAL)]
    limit: u32,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl Search {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let request = Request::Search { text: self.text.join(" "), most: self.limit };
        let findings: Findings = match connect(paths)?.ask(&request, None)? {
            Reply::Found(findings) => findings,
            other => return Err(CliError::Unexpected(Box::new(other))),
        };
        for found in &findings.found {
            match self.json {
                true => say_json(json::found(found))?,
                false => say(&text(found))?,
            }
        }
        if findings.looked == Looked::AtNewest {
            say_aside("too many turns have these words; only the newest were held against the filters");
        }
        Ok(ExitCode::Done)
    }
}

/// Where it is, then the text around the words, each of them marked for eyes that see no colour.
fn text(found: &Found) -> String {
    let pieces = found.snippet.iter().map(|piece| match piece {
        Piece::Plain(text) => text.clone(),
        Piece::Hit(text) => format!("[{text}]"),
    });
    let snippet: String = pieces.collect();
    let Found { conversation, turn, title, agent, folder, state, .. } = found;
    format!("{conversation:>4}  turn {turn} · {} · {title} · {agent} · {folder}\n      {snippet}", state.word())
}
