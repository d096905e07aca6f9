//! What a session was started with. Two equal fingerprints mean that a message may go to the same session.

use serde::{Deserialize, Serialize};

/// Agent, model and folder of a session. A changed default of the application touches no existing session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The profile's name, for example `shell`.
    pub agent: String,
    /// The model that was asked for; none means the agent's own default.
    pub model: Option<String>,
    /// The folder that the session was asked to start in.
    pub folder: String,
}
