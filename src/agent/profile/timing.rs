//! How long is waited for an agent, and what the end of its turns means.

use crate::domain::continuity::ModelSwitch;
use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Deadlines {
    /// A started process that is not ready for input by then could not be started.
    pub ready_ms: u64,
    /// A message that was written and started no turn by then was "sent, but no turn started".
    pub turn_start_ms: u64,
    /// A state that holds for less than this is nothing: some agents flash one while they start.
    pub settle_ms: u64,
    /// For so long the end of a turn waits for the agent's words and numbers about it.
    pub answer_ms: u64,
}

impl Default for Deadlines {
    /// For an agent that nobody measured: starts are slow on a busy machine, all else is quick.
    fn default() -> Deadlines {
        Deadlines { ready_ms: 30_000, turn_start_ms: 10_000, settle_ms: 50, answer_ms: 500 }
    }
}

/// What the end of a turn means.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TurnEndRules {
    pub process_exit: ProcessExit,
    /// Exit statuses of a turn that mean: interrupted from within its own screen.
    pub interrupted_statuses: Vec<i32>,
}

/// What it means when the agent's process leaves in mid-turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessExit {
    /// The turn was the leaving: it completed with status 0 and failed with any other.
    IsTurnStatus,
    /// The turn failed, whatever the status.
    #[default]
    IsFailure,
}

/// What a change of the model does to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelRules {
    #[serde(deserialize_with = "restart_or_fresh")]
    pub switch: ModelSwitch,
}

impl Default for ModelRules {
    fn default() -> ModelRules {
        ModelRules { switch: ModelSwitch::Fresh }
    }
}

/// In the words of profiles, which may not change when those of the store do.
fn restart_or_fresh<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<ModelSwitch, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        Restart,
        Fresh,
    }
    Ok(match Word::deserialize(deserializer)? {
        Word::Restart => ModelSwitch::Restart,
        Word::Fresh => ModelSwitch::Fresh,
    })
}
