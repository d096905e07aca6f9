//! `threadkeep search`: turns of all conversations by words of their prompts and answers.

use super::{CliError, ExitCode, connect, now, say, say_aside, say_json};
use crate::domain::id::Timestamp;
use crate::domain::search::{Findings, Found, Looked, Piece};
use crate::domain::when;
use crate::json;
use crate::paths::Paths;
use crate::protocol::message::{Reply, Request};
use clap::Args;

/// What fits on a few screens; more is asked for by --limit.
const USUAL: u32 = 20;

#[derive(Debug, Args)]
pub struct Search {
    /// Words, and filters: agent:NAME in:FOLDER since:TIME before:TIME is:completed|failed|interrupted|unknown|working|asks|queued|open|closed
    #[arg(required_unless_present_any = ["since", "before"], num_args = 1..)]
    text: Vec<String>,
    /// Only turns accepted since then: so long ago (30m, 3h, 2d, 6w), or 2026-11-01 or 2026-11-01T14:30 in UTC
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only turns accepted before then, in the same forms
    #[arg(long, value_name = "TIME")]
    before: Option<String>,
    /// At most so many turns, the best first
    #[arg(long, default_value_t = USUAL)]
    limit: u32,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl Search {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let request = Request::Search { text: self.query(), most: self.limit };
        let findings: Findings = match connect(paths)?.ask(&request, None)? {
            Reply::Found(findings) => findings,
            other => return Err(CliError::Unexpected(Box::new(other))),
        };
        for found in &findings.found {
            match self.json {
                true => say_json(json::found(found))?,
                false => say(&text(found, now()))?,
            }
        }
        if findings.looked == Looked::AtNewest {
            say_aside("too many turns have these words; only the newest were held against the filters");
        }
        Ok(ExitCode::Done)
    }
}

impl Search {
    /// The text with the flags as the filters that they are.
    fn query(&self) -> String {
        let filter = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!("{name}:{value}"));
        let filters = [filter("since", &self.since), filter("before", &self.before)];
        let words: Vec<String> = self.text.iter().cloned().chain(filters.into_iter().flatten()).collect();
        words.join(" ")
    }
}

/// Where it is, then the text around the words, each of them marked for eyes that see no colour.
fn text(found: &Found, now: Timestamp) -> String {
    let pieces = found.snippet.iter().map(|piece| match piece {
        Piece::Plain(text) => text.clone(),
        Piece::Hit(text) => format!("[{text}]"),
    });
    let snippet: String = pieces.collect();
    let Found { conversation, turn, title, agent, folder, state, at, .. } = found;
    let (state, age) = (state.word(), when::past(now, *at));
    format!("{conversation:>4}  turn {turn} · {state} · {age} · {title} · {agent} · {folder}\n      {snippet}")
}
