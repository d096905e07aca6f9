//! Real agent programs against a model on loopback: alone, and driven by threadkeep.
//!
//! Reading order: `agents.rs` and `sandbox.rs` are what tests speak through; `model_server` is what the agents speak to.

mod adopted;
mod agents;
mod alone;
#[allow(dead_code)]
mod drive;
// The same home as in the other tests; not every test needs all of it.
#[allow(dead_code)]
#[path = "../it/home.rs"]
mod home;
mod install;
mod matrix;
#[allow(dead_code)]
mod model_server;
mod recordings;
mod sandbox;
#[allow(dead_code)]
#[path = "../it/screen.rs"]
mod screen;
mod sequences;
mod talk;
