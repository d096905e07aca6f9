//! How long is waited for an agent, and what the end of its turns means.

use crate::agent::template::ModelTemplate;
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
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ModelRulesText")]
pub struct ModelRules {
    pub switch: ModelSwitch,
    /// How the agent is told at its prompt; there where `switch` is that.
    pub typed: Option<ModelTemplate>,
    /// For so long it may be busy with that before the message comes.
    pub wait_ms: u64,
}

/// An agent that takes a command at its prompt has taken it by then.
const USUAL_WAIT_MS: u64 = 500;
/// A message that waits for longer looks stuck.
const MOST_WAIT_MS: u64 = 10_000;

impl Default for ModelRules {
    fn default() -> ModelRules {
        ModelRules { switch: ModelSwitch::Fresh, typed: None, wait_ms: USUAL_WAIT_MS }
    }
}

/// As it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelRulesText {
    switch: Option<SwitchWord>,
    typed: Option<ModelTemplate>,
    wait_ms: Option<u64>,
}

/// In the words of profiles, which may not change when those of the store do.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SwitchWord {
    Restart,
    Typed,
    Fresh,
}

impl TryFrom<ModelRulesText> for ModelRules {
    type Error = String;

    fn try_from(text: ModelRulesText) -> Result<Self, String> {
        let switch = match text.switch.unwrap_or(SwitchWord::Fresh) {
            SwitchWord::Restart => ModelSwitch::Restart,
            SwitchWord::Typed => ModelSwitch::Typed,
            SwitchWord::Fresh => ModelSwitch::Fresh,
        };
        let wait_ms = text.wait_ms.unwrap_or(USUAL_WAIT_MS);
        match (switch, text.typed, text.wait_ms) {
            _ if wait_ms > MOST_WAIT_MS => Err(format!("`wait_ms` is at most {MOST_WAIT_MS}")),
            (ModelSwitch::Typed, typed @ Some(_), _) => Ok(ModelRules { switch, typed, wait_ms }),
            (ModelSwitch::Restart | ModelSwitch::Fresh, None, None) => Ok(ModelRules { switch, typed: None, wait_ms }),
            _ => Err("`typed`, and `wait_ms` with it, belong to `switch = \"typed\"`, which needs it".into()),
        }
    }
}
