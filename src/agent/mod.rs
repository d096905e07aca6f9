//! What an agent CLI is, as data: how it is started, told something, watched, interrupted and stopped.
//!
//! Change here: what a profile may say. Everything about one concrete agent is a file in `assets/`; no agent has its name in here.
//! Not here: doing any of it (host). Values in, values out: the environment, the folders and the token come in as values.

pub mod answer;
pub mod assets;
mod base64;
pub mod catalog;
pub mod claim;
pub mod environment;
pub mod glob;
pub mod identity;
mod json_path;
mod json_rule;
pub mod launch;
mod means;
pub mod observe;
pub mod profile;
pub mod readers;
mod status_report;
pub mod submit;
pub mod template;
mod text_rule;
pub mod token;
pub mod tracker;
