//! `threadkeep config`: where the configuration lies, what can stand in it, and whether it is right. Talks to no host.

use super::{CliError, ExitCode, say};
use crate::paths::Paths;
use crate::tui::keymap;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub struct Config {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print where the file lies (also without a word)
    Path,
    /// Print the whole commented file with every key, every action and their defaults
    Default,
    /// Say what is wrong with the file, with its line
    Check,
}

impl Config {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        match self.what {
            None | Some(What::Path) => say(&paths.config.display().to_string())?,
            Some(What::Default) => say(keymap::default_file().trim_end())?,
            Some(What::Check) => match trouble(paths) {
                Some(trouble) => return Err(CliError::Config(trouble)),
                None if paths.config.exists() => say(&format!("{} is right", paths.config.display()))?,
                None => say(&format!("there is no {}, so everything is as by default", paths.config.display()))?,
            },
        }
        Ok(ExitCode::Done)
    }
}

/// What is wrong with the file; none where nothing is.
pub fn trouble(paths: &Paths) -> Option<String> {
    keymap::load(&paths.config).err().map(|error| error.to_string())
}
