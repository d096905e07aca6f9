//! The whole thing: the real program, with a home of its own for every test, as a script or a person uses it.
//!
//! Reading order: `home.rs` is what tests speak through; then one file a chapter of the promises.

mod agents;
mod any_agent;
mod architecture;
mod attach;
mod changes;
mod coming_back;
mod completions;
mod composer;
mod config;
mod contract;
mod copy;
mod crash;
mod damage;
mod doctor;
mod failures;
mod holder;
// Shared with the tests of real agents, which need more of it.
#[allow(dead_code)]
mod home;
mod json_page;
mod look;
mod manners;
mod moving_on;
mod notify;
mod overview;
mod palette;
mod programs;
mod queue;
mod reading;
mod record;
mod recordings;
mod requests;
mod rules;

mod screen;
mod scripting;
mod search;
mod session;
mod shell;
mod start;
mod text;
mod trouble;
mod vttest;
mod window;
mod worktree;
