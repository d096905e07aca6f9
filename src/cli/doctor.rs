//! `threadkeep doctor`: what was found here, what each agent can do, and what stands in the way. What it looks at beside the host has a file
//! each in `doctor/`, which brings findings.

mod finding;
mod folders;
mod keys;
mod logout;
mod multiplexer;
mod program;
mod terminal;

use super::host::other_build;
use super::repair::{self, Sure};
use super::{CliError, ExitCode, config, connect, say, say_json};
use crate::client::Control;
use crate::config::Config;
use crate::paths::Paths;
use crate::protocol::message::{AgentReport, BUILD, HostReport, Reply, Request};
use clap::{Args, Subcommand};
use finding::{Finding, State};
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub struct Doctor {
    /// One JSON object
    #[arg(long)]
    json: bool,
    /// Look for damage in the store, say what would be done about it, and do it once you agree
    #[arg(long, conflicts_with = "json")]
    repair: bool,
    /// Repair without asking
    #[arg(long, requires = "repair")]
    yes: bool,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show which of the keys arrive here, by pressing them
    Keys,
}

impl Doctor {
    /// Without a host, all that can be found without one is told, and the exit code is 7.
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        if self.repair {
            return repair::run(paths, if self.yes { Sure::Yes } else { Sure::Ask });
        }
        if let Some(What::Keys) = self.what {
            return keys::run(paths);
        }
        let found = Found::look(paths);
        if self.json {
            say_json(found.as_json(paths))?;
        } else {
            found.lines(paths).iter().try_for_each(|line| say(line))?;
        }
        Ok(if found.host.is_some() { ExitCode::Done } else { ExitCode::NoHost })
    }
}

/// All that was found.
struct Found {
    host: Option<HostReport>,
    agents: Vec<AgentReport>,
    config_error: Option<String>,
    findings: Vec<Finding>,
}

impl Found {
    fn look(paths: &Paths) -> Found {
        let asked = connect(paths).and_then(|mut control| Ok((host(&mut control)?, agents(&mut control)?)));
        let config_error = config::trouble(paths);
        let prefix = Config::load(&paths.config).unwrap_or_default().prefix;
        let mut findings = Vec::new();
        let (host, agents) = match asked {
            Ok((host, agents)) => {
                findings.push(logout::look(host.pid));
                (Some(host), agents)
            }
            Err(error) => {
                findings.push(Finding::trouble("host", error.to_string(), "what an agent can do, only a host tells"));
                (None, Vec::new())
            }
        };
        findings.extend(folders::look(paths));
        findings.push(terminal::look());
        findings.extend(multiplexer::look(prefix));
        Found { host, agents, config_error, findings }
    }

    fn lines(&self, paths: &Paths) -> Vec<String> {
        let mut lines = vec![format!("threadkeep {BUILD}")];
        for agent in &self.agents {
            let program = match (&agent.program, &agent.warning) {
                (Some(program), _) => format!(": {program}"),
                // Its file is wrong, which stands below.
                (None, Some(_)) => String::new(),
                (None, None) => ": no program found".to_owned(),
            };
            lines.push(format!("agent    {} ({}){program}", agent.name, agent.title));
            lines.extend(agent.warning.iter().chain(&agent.notes).map(|note| format!("         {note}")));
        }
        lines.extend(self.host.iter().map(|host| format!("host     {} (threadkeep {})", host.pid, host.build)));
        lines.push(format!("store    {}", paths.store.display()));
        lines.push(format!("backup   {}", repair::backups(paths)));
        lines.push(format!("config   {}", paths.config.display()));
        lines.push(format!("socket   {}", paths.socket.display()));
        lines.push(format!("log      {}", paths.log.display()));
        // What must be seen stands last, where the eye is when all has been printed.
        let (trouble, rest): (Vec<_>, Vec<_>) = self.findings.iter().partition(|found| found.state == State::Trouble);
        lines.extend(rest.into_iter().flat_map(Finding::lines));
        let host = self.host.as_ref();
        let told =
            [host.and_then(other_build), host.and_then(|host| host.store_trouble.clone()), self.config_error.clone()];
        lines.extend(told.into_iter().flatten().map(|trouble| format!("TROUBLE  {trouble}")));
        lines.extend(trouble.into_iter().flat_map(Finding::lines));
        lines
    }

    fn as_json(&self, paths: &Paths) -> Value {
        let agent = |agent: &AgentReport| json!({ "name": agent.name, "title": agent.title, "program": agent.program, "warning": agent.warning, "notes": agent.notes });
        let host =
            |host: &HostReport| json!({ "pid": host.pid, "build": host.build, "store_trouble": host.store_trouble });
        json!({
            "build": BUILD,
            "host": self.host.as_ref().map(host),
            "store": paths.store,
            "backups": crate::store::repair::backups(&paths.store),
            "config": paths.config,
            "config_error": self.config_error,
            "agents_folder": paths.agents,
            "socket": paths.socket,
            "log": paths.log,
            "findings": self.findings.iter().map(Finding::as_json).collect::<Vec<_>>(),
            "agents": self.agents.iter().map(agent).collect::<Vec<_>>(),
        })
    }
}

fn host(control: &mut Control) -> Result<HostReport, CliError> {
    match control.ask(&Request::HostStatus, None)? {
        Reply::Host(report) => Ok(report),
        other => Err(CliError::Unexpected(Box::new(other))),
    }
}

fn agents(control: &mut Control) -> Result<Vec<AgentReport>, CliError> {
    match control.ask(&Request::Agents, None)? {
        Reply::Agents(agents) => Ok(agents),
        other => Err(CliError::Unexpected(Box::new(other))),
    }
}
