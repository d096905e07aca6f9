//! The program's door: arguments to the window or a verb; errors to words and an exit code.

use clap::Parser;
use std::io::Write;
use std::process::ExitCode;
use threadkeep::cli::{self, Arguments};
use threadkeep::client::environment;
use threadkeep::config::watch::Watch;
use threadkeep::paths::Paths;
use threadkeep::tui::{self, keymap};

fn main() -> ExitCode {
    cli::completions::answer();
    let outcome = match Arguments::parse().verb {
        Some(verb) => cli::run(verb).map_err(|error| (error.to_string(), error.exit_code())),
        None => open_window().map(|()| cli::ExitCode::Done),
    };
    match outcome {
        Ok(code) => ExitCode::from(code as u8),
        Err((text, code)) => {
            // Where not even that can be written (a full disk behind it), the code says it still.
            let _ = writeln!(std::io::stderr(), "threadkeep: {text}");
            ExitCode::from(code as u8)
        }
    }
}

/// Opens the window on this folder.
fn open_window() -> Result<(), (String, cli::ExitCode)> {
    let wrong = |text: String| (text, cli::ExitCode::WrongUsage);
    if let Ok(conversation) = std::env::var("THREADKEEP_CONVERSATION") {
        let text = format!(
            "this is inside conversation {conversation} of threadkeep; open a tab there (prefix c), or unset THREADKEEP_CONVERSATION \
             to open a window in a window"
        );
        return Err(wrong(text));
    }
    let paths = Paths::from_env().map_err(|error| wrong(error.to_string()))?;
    let watch = Watch::begin(&paths.config);
    let (config, _) = keymap::load(&paths.config).map_err(|error| wrong(error.to_string()))?;
    let folder = cli::folder(None).map_err(|error| wrong(error.to_string()))?;
    let start = tui::Start { config, watch, paths, folder, environment: environment::of_this_process() };
    tui::run(start).map_err(|error| wrong(error.to_string()))
}
