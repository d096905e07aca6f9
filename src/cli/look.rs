//! `threadkeep look`: reads what is saved without a host, out of a private copy that is gone afterwards. Changes nothing, starts nothing.
//!
//! Not here: how the copy is made (`store/look.rs`) or answers (`host/look.rs`), or what the verbs print.

use super::{CliError, ExitCode, export, log, ls, say_aside, search};
use crate::host::look;
use crate::paths::Paths;
use crate::store::look::Schema;
use clap::{Args, Subcommand};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct Look {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the conversations
    Ls(ls::Ls),
    /// Print the turns of a conversation, in order
    Log(log::Log),
    /// Find turns of all conversations by words of their prompts and answers
    Search(search::Search),
    /// Write the whole record of a conversation as Markdown or JSON
    Export(export::Export),
}

impl Look {
    pub fn run(self, paths: &Paths) -> Result<ExitCode, CliError> {
        let folder = Folder::make(&std::env::temp_dir())?;
        let copy = folder.paths(paths);
        let schema = look::serve(&paths.store, &copy).map_err(|error| CliError::Host(error.to_string()))?;
        say_aside("this is a copy of what is saved; nothing runs here and nothing can be changed");
        if let Schema::Newer { found, known } = schema {
            say_aside(&format!(
                "the store is from a newer threadkeep (schema {found}, this build knows {known}): what only that one knows is not shown"
            ));
        }
        match self.verb {
            Verb::Ls(ls) => ls.run(&copy),
            Verb::Log(log) => log.run(&copy),
            Verb::Search(search) => search.run(&copy),
            Verb::Export(export) => export.run(&copy),
        }
    }
}

/// A folder for us alone; gone with this.
struct Folder(PathBuf);

impl Folder {
    fn make(at: &Path) -> Result<Folder, CliError> {
        // A name that somebody took before is refused by the system, links too; the moment makes that a matter of malice.
        let moment = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let folder = at.join(format!("tk-look-{}-{}", std::process::id(), moment.subsec_nanos()));
        let why = |error: std::io::Error| CliError::Folder { folder: folder.clone(), why: error.to_string() };
        DirBuilder::new().mode(0o700).create(&folder).map_err(why)?;
        Ok(Folder(folder))
    }

    /// All that is written lies in it; only the configuration is the person's own.
    fn paths(&self, of: &Paths) -> Paths {
        let at = |name: &str| self.0.join(name);
        Paths {
            store: at("s.db"),
            socket: at("host.sock"),
            lock: at("host.lock"),
            log: at("host.log"),
            run: at("run"),
            ..of.clone()
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that stays is ours alone and below the folder for what is temporary.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
