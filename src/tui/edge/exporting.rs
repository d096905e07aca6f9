//! A record on its way to a file, on a thread of its own.

use crate::client::{Absent, Control};
use crate::domain::id::ConversationId;
use crate::export::{self, ExportError, Format};
use crate::paths::Paths;
use crate::tui::job::Job;
use std::io;
use std::path::PathBuf;

/// A long one takes seconds.
pub struct Exporting {
    pub conversation: ConversationId,
    pub file: String,
    pub job: Job<Result<(), String>>,
}

impl Exporting {
    pub fn start(paths: Paths, conversation: ConversationId, file: &str) -> io::Result<Exporting> {
        let path = PathBuf::from(file);
        let job = Job::start("export", move || {
            let format = Format::of(&path).unwrap_or(Format::Markdown);
            Control::connect(&paths, Absent::Fail)
                .map_err(ExportError::Client)
                .and_then(|mut control| export::to_file(&mut control, conversation, format, &path))
                .map_err(|error| error.to_string())
        })?;
        Ok(Exporting { conversation, file: file.to_owned(), job })
    }
}
