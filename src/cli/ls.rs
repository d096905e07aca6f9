//! `threadkeep ls`: all conversations, open tabs first.

use super::{CliError, ExitCode, connect, say, say_json};
use crate::client::Control;
use crate::domain::conversation::Tab;
use crate::json;
use crate::paths::Paths;
use crate::protocol::message::{Conversation, Overview, Reply, Request, Rest};
use crate::terminal::clean::clean;
use clap::Args;

#[derive(Debug, Args)]
pub struct Ls {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl Ls {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        for conversation in all(&mut connect(paths)?)? {
            if self.json {
                say_json(json::conversation(&conversation))?;
            } else {
                say(&line(&conversation))?;
            }
        }
        Ok(ExitCode::Done)
    }
}

/// Every conversation, in the order of a list.
pub fn all(control: &mut Control) -> Result<Vec<Conversation>, CliError> {
    let id = control.send(&Request::List)?;
    let mut all = Vec::new();
    loop {
        match control.await_reply(id, None)? {
            Reply::Overview(Overview { conversations, rest }) => {
                all.extend(conversations);
                if rest == Rest::None {
                    return Ok(all);
                }
            }
            other => return Err(CliError::Unexpected(Box::new(other))),
        }
    }
}

fn line(conversation: &Conversation) -> String {
    let archived = if conversation.tab == Tab::Archived { "  (archived)" } else { "" };
    format!(
        "{:>4}  {:<22}  {:<10}  {:>3} {}  {}  {}{archived}",
        conversation.id,
        json::status_word(conversation.status),
        conversation.wanted.agent,
        conversation.turns,
        if conversation.turns == 1 { "turn " } else { "turns" },
        clean(&conversation.title),
        clean(&conversation.wanted.folder)
    )
}
