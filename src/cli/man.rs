//! `threadkeep man`: the manual pages, out of the same words as `--help`.

use super::{Arguments, CliError, ExitCode};
use clap::{Args, CommandFactory};
use std::io::{self, Write};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Man {
    /// Write a page for the program and one for each verb there; without it the first goes to standard output
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
}

impl Man {
    pub fn run(self) -> Result<ExitCode, CliError> {
        match self.output {
            Some(folder) => {
                std::fs::create_dir_all(&folder)?;
                clap_mangen::generate_to(Arguments::command(), folder)?;
            }
            None => {
                let mut page = Vec::new();
                clap_mangen::Man::new(Arguments::command()).render(&mut page)?;
                io::stdout().write_all(&page)?;
            }
        }
        Ok(ExitCode::Done)
    }
}
