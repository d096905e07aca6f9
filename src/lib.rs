//! threadkeep: one tab is one lasting conversation with a coding agent.
//!
//! The modules in reading order; ARCHITECTURE.md tells how they hang together.

pub mod agent;
pub mod domain;
pub mod protocol;
pub mod terminal;
