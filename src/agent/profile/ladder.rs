//! Ladders: how a turn is interrupted and a session stopped, step by step.

use serde::Deserialize;

/// One step of a ladder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "StepText")]
pub struct Step {
    pub act: StepAct,
    /// How long to wait for it to help before the next step.
    pub wait_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepAct {
    /// Type these bytes.
    Keys(Vec<u8>),
    /// Send this signal: on interrupt to the foreground process group, on stop to every group of the session.
    Signal(GroupSignal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupSignal {
    Int,
    Hup,
    Term,
    Kill,
}

/// A step as it is written: exactly one of `keys` and `signal`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepText {
    keys: Option<String>,
    signal: Option<GroupSignal>,
    wait_ms: u64,
}

impl TryFrom<StepText> for Step {
    type Error = String;

    fn try_from(text: StepText) -> Result<Self, String> {
        let act = match (text.keys, text.signal) {
            (Some(keys), None) => StepAct::Keys(keys.into_bytes()),
            (None, Some(signal)) => StepAct::Signal(signal),
            (Some(_), Some(_)) | (None, None) => return Err("a step has either `keys` or `signal`".into()),
        };
        Ok(Step { act, wait_ms: text.wait_ms })
    }
}

/// How a session is stopped where the profile does not say: as a closing terminal would, then harder.
pub fn usual_stop() -> Vec<Step> {
    let step = |signal| Step { act: StepAct::Signal(signal), wait_ms: 5_000 };
    [GroupSignal::Hup, GroupSignal::Term, GroupSignal::Kill].map(step).into()
}
