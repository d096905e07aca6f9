//! Gives the program its build: the version, and the commit where the sources lie in a git repository of their own.
//!
//! Change here: how a build is named. Nothing fails here: without git, or in an unpacked archive, the version alone names it.

use std::path::Path;
use std::process::Command;

fn main() {
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let build = match commit() {
        Some(commit) => format!("{version}+{commit}"),
        None => version,
    };
    println!("cargo:rustc-env=THREADKEEP_BUILD={build}");
    // Whatever the build is made of may make it a dirty one.
    for path in ["build.rs", "Cargo.toml", "Cargo.lock", "src", "assets"] {
        println!("cargo:rerun-if-changed={path}");
    }
    // Each grows or changes with a commit or a checkout. One that is not there would run this every time.
    for name in ["HEAD", "logs/HEAD", "index"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name]).filter(|path| Path::new(path).exists()) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
}

/// The commit in short, with a mark where something was changed since.
fn commit() -> Option<String> {
    let top = git(&["rev-parse", "--show-toplevel"])?;
    // Sources that were unpacked within somebody else's repository have no commit there.
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).canonicalize().ok()?;
    if Path::new(&top).canonicalize().ok()? != here {
        return None;
    }
    let commit = git(&["rev-parse", "--short=9", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(if changed.is_empty() { commit } else { format!("{commit}-dirty") })
}

/// What git says in one line or more; none where it cannot.
fn git(arguments: &[&str]) -> Option<String> {
    // Asking must not write: another git may be at work here.
    let output = Command::new("git").args(arguments).env("GIT_OPTIONAL_LOCKS", "0").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
