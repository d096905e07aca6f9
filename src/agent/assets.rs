//! The files of `assets/` that are built into the program: profiles and what they inject into a session.
//!
//! Change here: which folders are embedded. Not here: a new file, which is found by itself.

use include_dir::{Dir, File, include_dir};

static AGENTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/assets/agents");
static SHELL: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/assets/shell");

/// The text of an embedded file by its path below `assets/`.
pub fn text(path: &str) -> Option<&'static str> {
    let (folder, name) = path.split_once('/')?;
    let folder = match folder {
        "agents" => &AGENTS,
        "shell" => &SHELL,
        _ => return None,
    };
    folder.get_file(name).and_then(File::contents_utf8)
}

/// The built-in profiles, as (file name, text).
pub fn profiles() -> impl Iterator<Item = (&'static str, &'static str)> {
    AGENTS.files().filter_map(|file| {
        let name = file.path().to_str().filter(|name| name.ends_with(".toml"))?;
        Some((name, file.contents_utf8()?))
    })
}

/// The text of an embedded file, as a field of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text(pub &'static str);
