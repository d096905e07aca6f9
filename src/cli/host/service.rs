//! `threadkeep host service`: a unit file with which systemd keeps the host for its user, also while nobody is logged in.

use super::super::{CliError, ExitCode, say, say_aside};
use crate::client::own_program;
use std::path::Path;

const HOW: &str = "to use it:
  mkdir -p ~/.config/systemd/user
  threadkeep host service > ~/.config/systemd/user/threadkeep.service
  threadkeep host stop
  systemctl --user daemon-reload
  systemctl --user enable --now threadkeep
  loginctl enable-linger          # it goes on when you log out";

/// The unit goes to standard output alone, to be written to a file.
pub fn run() -> Result<ExitCode, CliError> {
    let program = own_program()?;
    let home = std::env::var("THREADKEEP_HOME").ok().filter(|home| !home.is_empty());
    let home = home.map(std::path::absolute).transpose()?;
    say(unit(&program, home.as_deref()).trim_end())?;
    say_aside(HOW);
    Ok(ExitCode::Done)
}

fn unit(program: &Path, home: Option<&Path>) -> String {
    let program = quoted(&program.to_string_lossy());
    let home = home.map(|home| format!("Environment={}\n", quoted(&format!("THREADKEEP_HOME={}", home.display()))));
    format!(
        "[Unit]\nDescription=threadkeep, which keeps conversations with agents\n\n\
         [Service]\n{}ExecStart={program} host run\nExecStop={program} host stop\n\
         # The agents and the process that keeps them stand beside the host, and outlive it.\nKillMode=process\nRestart=on-failure\n\n\
         [Install]\nWantedBy=default.target\n",
        home.unwrap_or_default(),
    )
}

/// One word of a unit file, in which systemd replaces nothing. (In the name of a program and of a variable it leaves `$` alone.)
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_names_this_program_and_its_home_whatever_they_are_called() {
        insta::assert_snapshot!(unit(Path::new("/opt/a \"b\" 100%/$x/threadkeep"), Some(Path::new("/home/me/tk"))));
        assert!(!unit(Path::new("/usr/bin/threadkeep"), None).contains("Environment"));
    }
}
