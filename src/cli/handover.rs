//! `threadkeep handover`: another agent goes on with a conversation. The brief is printed, and nothing is sent.

use super::completions::agents;
use super::tell::brief;
use super::{CliError, ExitCode, Which, ask_done, connect, say, say_aside, say_json};
use crate::paths::Paths;
use crate::protocol::message::{Request, RunningTurn};
use clap::Args;
use clap_complete::ArgValueCandidates;

#[derive(Debug, Args)]
pub struct HandOver {
    #[command(flatten)]
    which: Which,
    /// With this model; without it the agent's own default
    #[arg(long, value_name = "M")]
    model: Option<String>,
    /// Stop a turn that runs; without this it is refused while one does
    #[arg(long)]
    stop_turn: bool,
    /// One JSON object: {"conversation":ID,"from":AGENT,"to":AGENT,"brief":TEXT}
    #[arg(long)]
    json: bool,
    /// The agent that goes on; see threadkeep doctor
    #[arg(value_name = "AGENT", add = ArgValueCandidates::new(agents))]
    agent: String,
}

impl HandOver {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let mut control = connect(paths)?;
        let conversation = self.which.find_or_say(&mut control)?;
        // First: where there is nothing to tell of, nothing is changed.
        let brief = brief(&mut control, conversation)?;
        let now = super::show(&mut control, conversation)?;
        let from = now.session.map_or(now.wanted.agent, |session| session.fingerprint.agent);
        let running = if self.stop_turn { RunningTurn::Stop } else { RunningTurn::Refuse };
        let agent = self.agent.clone();
        ask_done(&mut control, &Request::HandOver { conversation, agent, model: self.model, running })?;
        if self.json {
            say_json(serde_json::json!({
                "conversation": conversation, "from": from, "to": self.agent, "brief": brief,
            }))?;
        } else {
            // Standard output has the brief alone, to go into a file or an editor.
            say_aside(&format!(
                "the next message to conversation {conversation} goes to {}; send the brief with threadkeep send -c {conversation} -",
                self.agent
            ));
            say(brief.trim_end())?;
        }
        Ok(ExitCode::Done)
    }
}
