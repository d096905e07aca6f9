//! `threadkeep attach`: one session alone in this terminal. Nothing is started and nothing ends by it.

use super::{CliError, ExitCode, WhichOrId, connect, say, show};
use crate::client::Control;
use crate::config::Config;
use crate::domain::id::ConversationId;
use crate::paths::Paths;
use crate::protocol::message::{Conversation, Process};
use crate::terminal::clean::clean;
use crate::tui::attach::{AttachError, Left, attach};
use clap::Args;
use std::thread;
use std::time::{Duration, Instant};

/// The view ends before the host has noted why. A process that still lives after this time is another one.
const NOTED_LIMIT: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(10);

#[derive(Debug, Args)]
pub struct Attach {
    #[command(flatten)]
    which: WhichOrId,
}

impl Attach {
    /// A session without a process is refused: only a message wakes it.
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let config = Config::load(&paths.config).map_err(|error| CliError::Terminal(error.to_string()))?;
        let mut control = connect(paths)?;
        let conversation = self.which.find_or_say(&mut control)?;
        if std::env::var("THREADKEEP_CONVERSATION").is_ok_and(|within| within == conversation.to_string()) {
            return Err(CliError::Itself(conversation));
        }
        let left = attach(paths, config.prefix, conversation).map_err(|error| match error {
            AttachError::Client(error) => CliError::Client(error),
            AttachError::Tui(error) => CliError::Terminal(error.to_string()),
        })?;
        match left {
            Left::ByPerson => say(&format!(
                "left conversation {conversation}; its agent keeps running: threadkeep attach {conversation}"
            ))?,
            Left::SessionEnded => say(&how_it_ended(&mut control, conversation))?,
        }
        Ok(ExitCode::Done)
    }
}

/// Why the process is gone, and what the next message would meet.
fn how_it_ended(control: &mut Control, conversation: ConversationId) -> String {
    let Ok(Conversation { session: Some(session), next, .. }) = once_asleep(control, conversation) else {
        return format!("the session of conversation {conversation} ended, and the host does not answer");
    };
    let why = match &session.process {
        Process::Asleep { why } => why.text(),
        Process::Alive { .. } => "another process took its place".to_owned(),
    };
    let number = session.number;
    let next = format!("next message: {} · {}", next.continuity.word(), clean(&next.why.text()));
    format!("session {number} of conversation {conversation} has no process any more: {}; {next}", clean(&why))
}

fn once_asleep(control: &mut Control, conversation: ConversationId) -> Result<Conversation, CliError> {
    let until = Instant::now() + NOTED_LIMIT;
    loop {
        let now = show(control, conversation)?;
        let alive = now.session.as_ref().is_some_and(|session| matches!(session.process, Process::Alive { .. }));
        if !alive || Instant::now() > until {
            return Ok(now);
        }
        thread::sleep(LOOK_EVERY);
    }
}
