//! `threadkeep adopt`: goes on with a session that was begun in the agent itself. The person names it; without a name they are listed.

use super::{CliError, ExitCode, connect, folder, say, say_aside, say_json};
use crate::client::{Control, environment};
use crate::paths::Paths;
use crate::protocol::message::{AgentSession, Reply, Request};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Adopt {
    /// The agent whose session it is; see threadkeep doctor
    #[arg(long, value_name = "A")]
    agent: String,
    /// The folder that the session is about; without it this one
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    #[arg(long, value_name = "T")]
    title: Option<String>,
    /// One JSON object: {"conversation":ID}; of a list one a line: id, written_ms, prompt, held_by, conversation
    #[arg(long)]
    json: bool,
    /// The agent's own id of the session; without it those of the folder are listed
    #[arg(value_name = "ID")]
    session: Option<String>,
}

impl Adopt {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let folder = folder(self.cwd.as_ref())?;
        let mut control = connect(paths)?;
        match self.session.clone() {
            None => self.list(&mut control, folder),
            Some(session) => self.adopt(&mut control, folder, session),
        }
    }

    fn list(self, control: &mut Control, folder: String) -> Result<ExitCode, CliError> {
        let environment = environment::of_this_process();
        let sessions = match control.ask(&Request::AgentSessions { agent: self.agent, folder, environment }, None)? {
            Reply::AgentSessions(sessions) => sessions,
            other => return Err(CliError::Unexpected(Box::new(other))),
        };
        if sessions.is_empty() && !self.json {
            say_aside("it keeps no session of this folder");
        }
        for session in &sessions {
            match self.json {
                true => say_json(json!({
                    "id": session.id,
                    "written_ms": session.at,
                    "prompt": session.prompt,
                    "held_by": session.held_by,
                    "conversation": session.conversation,
                }))?,
                false => say(&line(session))?,
            }
        }
        Ok(ExitCode::Done)
    }

    fn adopt(self, control: &mut Control, folder: String, session: String) -> Result<ExitCode, CliError> {
        let environment = environment::of_this_process();
        let request = Request::Adopt { agent: self.agent, session, folder, title: self.title, environment };
        match control.ask(&request, None)? {
            Reply::Created { conversation } if self.json => say_json(json!({ "conversation": conversation }))?,
            Reply::Created { conversation } => say(&conversation.to_string())?,
            other => return Err(CliError::Unexpected(Box::new(other))),
        }
        Ok(ExitCode::Done)
    }
}

/// The id first, to be copied.
fn line(session: &AgentSession) -> String {
    let prompt: String =
        session.prompt.lines().next().unwrap_or_default().chars().filter(|sign| !sign.is_control()).collect();
    let note = match (session.conversation, session.held_by) {
        (Some(conversation), _) => format!("  (conversation {conversation})"),
        (None, Some(pid)) => format!("  (process {pid} has it)"),
        (None, None) => String::new(),
    };
    format!("{}  {prompt}{note}", session.id)
}
