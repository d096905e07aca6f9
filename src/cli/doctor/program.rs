//! Asks a program of the system something, and does not wait for one that hangs.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What is asked is answered within milliseconds, or somebody waits for a bus that is not there.
const LIMIT: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Far more than any answer that is looked for.
const MOST_BYTES: u64 = 256 * 1024;

/// What it printed; none where it is not there, failed or took too long.
pub fn ask(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let stdout = child.stdout.take()?;
    // Read beside the wait: one that prints much would otherwise never end.
    let reader = thread::Builder::new().name("doctor".into()).spawn(move || {
        let mut said = String::new();
        stdout.take(MOST_BYTES).read_to_string(&mut said).map(|_| said)
    });
    let until = Instant::now() + LIMIT;
    let status = loop {
        match child.try_wait().ok()? {
            Some(status) => break status,
            None if Instant::now() > until => {
                // It may have ended at this very moment; its reader ends with it.
                let _ = child.kill();
                break child.wait().ok()?;
            }
            None => thread::sleep(LOOK_EVERY),
        }
    };
    let said = reader.ok()?.join().ok()?.ok()?;
    status.success().then_some(said)
}
