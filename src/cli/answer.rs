//! `threadkeep answer`: answers one thing that the agent asks. What is not asked any more is refused, and nothing is typed.

use super::{CliError, ExitCode, Which, ask_done, connect, say, say_json, standard_input};
use crate::domain::id::TurnNumber;
use crate::domain::request::{Choice, RequestNumber};
use crate::paths::Paths;
use crate::protocol::message::Request;
use clap::Args;

#[derive(Debug, Args)]
pub struct Answer {
    #[command(flatten)]
    which: Which,
    /// Only while this turn runs
    #[arg(long, value_name = "N")]
    turn: Option<u32>,
    /// This request of the turn; without it the oldest one that is open
    #[arg(long, value_name = "N")]
    request: Option<u32>,
    /// Take the answer as words, also where it is "allow" or "deny"
    #[arg(long)]
    text: bool,
    /// One JSON object: {"conversation":ID,"answering":"allow|deny|text"}
    #[arg(long)]
    json: bool,
    /// "allow" or "deny" for a permission, words for a question; - reads words from standard input
    #[arg(value_name = "allow|deny|TEXT", allow_hyphen_values = true)]
    answer: String,
}

impl Answer {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let (choice, word) = match self.answer.as_str() {
            "allow" if !self.text => (Choice::Allow, "allow"),
            "deny" if !self.text => (Choice::Deny, "deny"),
            "-" => (Choice::Text(standard_input()?), "text"),
            words => (Choice::Text(words.to_owned()), "text"),
        };
        let mut control = connect(paths)?;
        let conversation = self.which.find_or_say(&mut control)?;
        let (turn, request) = (self.turn.map(TurnNumber), self.request.map(RequestNumber));
        ask_done(&mut control, &Request::AnswerRequest { conversation, turn, request, choice })?;
        if self.json {
            say_json(serde_json::json!({ "conversation": conversation, "answering": word }))?;
        } else {
            say("the answer is on its way")?;
        }
        Ok(ExitCode::Done)
    }
}
