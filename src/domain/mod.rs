//! What is true about conversations, sessions and turns. Values in, values out: no files, no clock, no processes.
//!
//! Change here: what a conversation may do and why. Not here: how any of it happens (host) or looks (tui).

pub mod brief;
pub mod change;
pub mod changes;
pub mod continuity;
pub mod conversation;
pub mod conversation_state;
pub mod count;
pub mod fingerprint;
pub mod id;
pub mod prompt;
pub mod request;
pub mod search;
pub mod session;
pub mod signal;
pub mod title;
pub mod turn;
pub mod when;
pub mod worktree;
