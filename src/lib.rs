//! threadkeep: one tab is one lasting conversation with a coding agent.
//!
//! The modules in reading order; ARCHITECTURE.md tells how they hang together.

pub mod agent;
pub mod cli;
pub mod client;
pub mod config;
pub mod domain;
pub mod export;
pub mod holder;
pub mod host;
pub mod json;
pub mod lock;
pub mod paths;
pub mod point;
pub mod protocol;
pub mod spool;
pub mod store;
pub mod terminal;
pub mod tui;
