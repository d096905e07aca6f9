//! A text on its way to the program that the person named for copying (`copy_command`), on a thread of its own.
//!
//! Not here: copying through the terminal (`clipboard.rs`).

use crate::tui::job::Job;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A program that keeps the text for others goes to the background at once; one that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What came of it, or why the text was not taken.
pub type Copying = Job<Result<(), String>>;

/// Gives the text to the program on standard input.
pub fn start(command: Vec<String>, text: String) -> io::Result<Copying> {
    Job::start("copy", move || copy(&command, text))
}

fn copy(command: &[String], text: String) -> Result<(), String> {
    let Some((program, arguments)) = command.split_first() else { return Err("no program is named".to_owned()) };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("{program}: {error}"))?;
    let stdin = child.stdin.take();
    // One that does not read would hold this up; it is killed when its time is over, which ends the writing.
    let writing = std::thread::spawn(move || stdin.map_or(Ok(()), |mut stdin| stdin.write_all(text.as_bytes())));
    let left = wait(&mut child);
    let written = writing.join().unwrap_or(Ok(()));
    match (left, written) {
        (Ok(true), Ok(())) => Ok(()),
        (Ok(true), Err(error)) => Err(format!("{program} did not take the whole text: {error}")),
        (Ok(false), _) => Err(format!("{program} failed")),
        (Err(why), _) => Err(format!("{program} {why}")),
    }
}

/// Whether it went well.
fn wait(child: &mut Child) -> Result<bool, String> {
    let until = Instant::now() + LIMIT;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.success()),
            Ok(None) if Instant::now() < until => std::thread::sleep(LOOK_EVERY),
            Ok(None) => break,
            Err(error) => return Err(format!("cannot be waited for: {error}")),
        }
    }
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // Gone at this very moment: what was wanted. The same below.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
    Err(format!("did not take the text within {} s and was killed", LIMIT.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Vec<String> {
        ["sh", "-c", script].map(str::to_owned).to_vec()
    }

    #[test]
    fn the_program_gets_the_text_and_what_went_wrong_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("copied");
        let long = "日本\n".repeat(100_000);
        let script = format!("cat > '{}'", file.display());
        assert_eq!(copy(&shell(&script), long.clone()), Ok(()));
        assert_eq!(std::fs::read_to_string(&file).expect("it was written"), long);
        let failed = |script: &str| copy(&shell(script), long.clone()).expect_err("it fails");
        assert_eq!(failed("cat > /dev/null; exit 3"), "sh failed");
        assert!(failed("exit 0").contains("did not take the whole text"));
        assert!(
            copy(&["/no/such/program".to_owned()], String::new()).is_err_and(|why| why.contains("/no/such/program"))
        );
    }
}
