//! `threadkeep doctor`: what was found here, what each agent can do, and what stands in the way.

use super::host::other_build;
use super::repair::{self, Sure};
use super::{CliError, ExitCode, config, connect, say, say_json};
use crate::client::Control;
use crate::paths::Paths;
use crate::protocol::message::{AgentReport, BUILD, HostReport, Reply, Request};
use clap::Args;

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
}

impl Doctor {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        if self.repair {
            return repair::run(paths, if self.yes { Sure::Yes } else { Sure::Ask });
        }
        let mut control = connect(paths)?;
        let host = host(&mut control)?;
        let agents = agents(&mut control)?;
        let config = config::trouble(paths);
        if self.json {
            say_json(serde_json::json!({
                "version": BUILD,
                "host": { "pid": host.pid, "build": host.build, "store_trouble": host.store_trouble },
                "store": paths.store,
                "backups": crate::store::repair::backups(&paths.store),
                "config": paths.config,
                "config_error": config,
                "agents_folder": paths.agents,
                "socket": paths.socket,
                "log": paths.log,
                "agents": agents.iter().map(|agent| serde_json::json!({
                    "name": agent.name, "title": agent.title, "program": agent.program, "notes": agent.notes,
                })).collect::<Vec<_>>(),
            }))?;
            return Ok(ExitCode::Done);
        }
        say(&format!("threadkeep {BUILD}"))?;
        say(&format!("host     {} (threadkeep {})", host.pid, host.build))?;
        say(&format!("store    {}", paths.store.display()))?;
        say(&format!("backup   {}", repair::backups(paths)))?;
        say(&format!("config   {}", paths.config.display()))?;
        say(&format!("socket   {}", paths.socket.display()))?;
        say(&format!("log      {}", paths.log.display()))?;
        for trouble in [other_build(&host), host.store_trouble, config].into_iter().flatten() {
            say(&format!("TROUBLE  {trouble}"))?;
        }
        for agent in agents {
            let program = agent.program.unwrap_or_else(|| "no program found".into());
            say(&format!("agent    {} ({}): {program}", agent.name, agent.title))?;
            for note in agent.notes {
                say(&format!("         {note}"))?;
            }
        }
        Ok(ExitCode::Done)
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
