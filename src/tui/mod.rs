//! The window. `app` is what it knows, `update` what follows from an event, `view` how it looks, all of them pure; `edge` is what joins them
//! to the terminal and the host.
//!
//! Change here: how a window begins and ends. Not here: how events come and effects are carried out (`edge.rs`).

pub mod announce;
pub mod app;
pub mod attach;
pub mod background;
pub mod changes;
mod clipboard;
pub mod completion;
pub mod composer;
mod configured;
pub mod copy;
mod edge;
pub mod editor;
pub mod event;
pub mod files;
pub mod fuzzy;
pub mod guard;
pub mod history;
pub mod input;
mod job;
pub mod key_check;
pub mod keymap;
pub mod layout;
pub mod outer;
pub mod overview;
pub mod palette;
pub mod pointer;
pub mod reader;
pub mod screen;
pub mod search;
mod signals;
#[cfg(test)]
mod testing;
pub mod theme;
mod tty;
pub mod update;
pub mod view;

use crate::config::Config;
use crate::config::watch::Watch;
use crate::paths::Paths;
use crate::protocol::message::Environment;
use edge::Edge;
use guard::Guard;
use rustix::termios::isatty;
use signals::Signals;
use std::io::{self, Write};

#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    #[error("input and output must be a terminal; for scripts use threadkeep send, log and ls")]
    NoTerminal,
    #[error("could not take the terminal")]
    Take { source: io::Error },
    #[error("could not listen to signals")]
    Signals { source: io::Error },
    #[error("could not wait for input")]
    Wait { source: io::Error },
    #[error("could not draw")]
    Draw { source: io::Error },
}

/// What a window needs to begin.
pub struct Start {
    pub config: Config,
    /// Begun before the configuration was read.
    pub watch: Watch,
    pub paths: Paths,
    /// Where it was started.
    pub folder: String,
    /// What sessions are started with, as the client filters it.
    pub environment: Environment,
}

/// Shows the window until the person leaves, then says on the standard output what keeps running.
pub fn run(start: Start) -> Result<(), TuiError> {
    if !isatty(rustix::stdio::stdin()) || !isatty(rustix::stdio::stdout()) {
        return Err(TuiError::NoTerminal);
    }
    let signals = Signals::listen().map_err(|source| TuiError::Signals { source })?;
    let guard = Guard::take().map_err(|source| TuiError::Take { source })?;
    let mut edge = Edge::new(start, signals);
    let ended = edge.run();
    edge.swallow_late_answer();
    drop(guard);
    let kept = edge.keep_unsaved();
    // The terminal may be gone; then nobody reads this anyway.
    let _ = writeln!(io::stdout(), "{}{}", edge.app.farewell(), kept.words());
    ended
}
