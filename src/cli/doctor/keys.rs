//! `threadkeep doctor keys`: which of our keys arrive here, tried by pressing them. Talks to no host.

use super::super::{CliError, ExitCode, say};
use crate::paths::Paths;
use crate::tui::{key_check, keymap};

pub fn run(paths: &Paths) -> Result<ExitCode, CliError> {
    let (config, keymap) = keymap::load(&paths.config).map_err(|error| CliError::Config(error.to_string()))?;
    let told = key_check::run(&config, &keymap).map_err(|error| CliError::Terminal(error.to_string()))?;
    told.iter().try_for_each(|line| say(line))?;
    Ok(ExitCode::Done)
}
