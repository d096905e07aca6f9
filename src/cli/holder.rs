//! `threadkeep holder`: what threadkeep starts for itself. People see the holder in `host status` and end it with `host stop`.

use super::launch::launch;
use super::{CliError, ExitCode};
use crate::host::descriptors;
use crate::host::first_word::FirstWord;
use crate::paths::Paths;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Holder {
    /// Keep the agents (what a host starts in the background)
    #[command(hide = true)]
    Run,
    /// Start a holder that is nobody's child, and leave once it serves
    #[command(hide = true)]
    Launch {
        /// It, and the agents, may have so many descriptors
        #[arg(long)]
        descriptors: Option<u64>,
    },
}

impl Holder {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        match self {
            Holder::Run => run(paths),
            Holder::Launch { descriptors } => {
                if let Some(descriptors) = descriptors {
                    descriptors::set_limit(descriptors).map_err(|error| CliError::Host(error.to_string()))?;
                }
                launch(paths, "holder", &["holder", "run"])
            }
        }
    }
}

fn run(paths: &Paths) -> Result<ExitCode, CliError> {
    match crate::holder::run(paths, || FirstWord::Serving.tell()) {
        Ok(()) => Ok(ExitCode::Done),
        Err(error) => {
            let why = error.to_string();
            FirstWord::Cannot(why.clone()).tell();
            Err(CliError::Host(why))
        }
    }
}
