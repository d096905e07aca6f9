//! `threadkeep export`: the whole record of a conversation as Markdown or JSON, to standard output or to a new file.

use super::{CliError, ExitCode, WhichOrId, connect};
use crate::export::{self, ExportError, Format};
use crate::paths::Paths;
use clap::{Args, ValueEnum};
use std::io;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    which: WhichOrId,
    /// Without it what the end of the file's name says, else Markdown
    #[arg(long, value_name = "FORMAT")]
    format: Option<Wanted>,
    /// JSON; the same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// A new file, for you alone; one that is there is not overwritten. Without it standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Wanted {
    Md,
    Json,
}

impl Export {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let mut control = connect(paths)?;
        let conversation = self.which.find_or_say(&mut control)?;
        let format = self.format();
        match &self.output {
            Some(path) => export::to_file(&mut control, conversation, format, path)?,
            None => match export::write(&mut control, conversation, format, &mut io::BufWriter::new(io::stdout())) {
                // Whoever read it has seen enough.
                Err(ExportError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
                other => other?,
            },
        }
        Ok(ExitCode::Done)
    }

    fn format(&self) -> Format {
        match self.format {
            Some(Wanted::Md) => Format::Markdown,
            Some(Wanted::Json) => Format::Json,
            None if self.json => Format::Json,
            None => self.output.as_deref().and_then(Format::of).unwrap_or(Format::Markdown),
        }
    }
}
