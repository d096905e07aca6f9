//! `threadkeep completions`: the script that a shell reads to complete our command line. The script asks this program, so that it knows the
//! conversations of the moment.
//!
//! Which shells there are, the library knows. Change here: what is offered as a value.

use super::{Arguments, CliError, ExitCode};
use crate::client::{ClientError, Control};
use crate::paths::Paths;
use crate::protocol::message::{Overview, Reply, Request};
use crate::terminal::clean::clean;
use clap::builder::PossibleValuesParser;
use clap::{Args, CommandFactory};
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, CompletionCandidate};
use std::io::{self, Write};
use std::time::Duration;

/// A script sets it to the shell's name when it asks.
const ASKED: &str = "THREADKEEP_COMPLETE";
const PROGRAM: &str = "threadkeep";
/// A person waits with a finger on the key; a host that takes longer offers nothing.
const HOST_LIMIT: Duration = Duration::from_millis(300);

#[derive(Debug, Args)]
pub struct Completions {
    /// The shell; have it read what is printed, in its start file
    #[arg(value_name = "SHELL", value_parser = PossibleValuesParser::new(Shells::builtins().names()))]
    shell: String,
}

impl Completions {
    pub fn run(self) -> Result<ExitCode, CliError> {
        let mut script = Vec::new();
        if let Some(shell) = Shells::builtins().completer(&self.shell) {
            shell.write_registration(ASKED, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
        }
        io::stdout().write_all(&script)?;
        Ok(ExitCode::Done)
    }
}

/// Answers a shell that asks for what can follow, and ends; returns where none asks.
pub fn answer() {
    CompleteEnv::with_factory(Arguments::command).var(ASKED).bin(PROGRAM).complete();
}

/// The conversations that a list shows first, with their titles. No host is started for it, and nothing is said where there is none.
pub fn conversations() -> Vec<CompletionCandidate> {
    let listed = ask(&Request::List).and_then(|reply| match reply {
        Reply::Overview(Overview { conversations, .. }) => Some(conversations),
        _ => None,
    });
    let candidate = |id: String, title: &str| CompletionCandidate::new(id).help(Some(clean(title).into()));
    listed.unwrap_or_default().iter().map(|one| candidate(one.id.to_string(), &one.title)).collect()
}

/// The agents, with their titles.
pub fn agents() -> Vec<CompletionCandidate> {
    let agents = ask(&Request::Agents).and_then(|reply| match reply {
        Reply::Agents(agents) => Some(agents),
        _ => None,
    });
    let agents = agents.unwrap_or_default();
    agents
        .into_iter()
        .map(|agent| CompletionCandidate::new(agent.name).help(Some(clean(&agent.title).into())))
        .collect()
}

fn ask(request: &Request) -> Option<Reply> {
    let answer = |paths: Paths| -> Result<Reply, ClientError> {
        Control::connect_within(&paths, HOST_LIMIT)?.ask(request, Some(HOST_LIMIT))
    };
    // Whoever presses a key for a completion wants no error on the line that is being typed.
    Paths::from_env().ok().and_then(|paths| answer(paths).ok())
}
