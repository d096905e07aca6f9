//! What a person set in the window by hand and the next window is to have as well: a small file beside the store.
//!
//! Not here: what stands in the configuration, which is the person's own file and never written by us.

use crate::paths::Paths;
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

/// Far more than we write.
const MOST_BYTES: u64 = 4 * 1024;
const PANEL_COLUMNS: &str = "turn_panel_columns = ";

fn file(paths: &Paths) -> PathBuf {
    paths.store.with_file_name("window.toml")
}

/// The width of the turn panel as it was last set; none where it never was, or where the file cannot be read.
pub fn panel_columns(paths: &Paths) -> Option<u16> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mut text = String::new();
    let file = File::from(rustix::fs::open(file(paths), flags, Mode::empty()).ok()?);
    file.take(MOST_BYTES).read_to_string(&mut text).ok()?;
    text.lines().find_map(|line| line.strip_prefix(PANEL_COLUMNS)?.trim().parse().ok())
}

pub fn keep_panel_columns(paths: &Paths, columns: u16) -> io::Result<()> {
    paths.prepare().map_err(io::Error::other)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mut file = File::from(rustix::fs::open(file(paths), flags, Mode::RUSR | Mode::WUSR)?);
    file.write_all(format!("# Set in the window.\n{PANEL_COLUMNS}{columns}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn paths(home: &Path) -> Paths {
        let at = |name: &str| home.join("home").join(name);
        let (store, config, agents) = (at("data/db"), at("data/c"), at("data/agents"));
        Paths { store, config, agents, lock: at("data/l"), socket: at("s"), log: at("data/log"), run: at("run") }
    }

    #[test]
    fn the_width_is_there_again_and_rubbish_is_none() {
        let home = tempfile::TempDir::with_prefix("window").expect("a folder");
        let paths = paths(home.path());
        assert_eq!(panel_columns(&paths), None);
        keep_panel_columns(&paths, 44).expect("kept");
        keep_panel_columns(&paths, 52).expect("kept");
        assert_eq!(panel_columns(&paths), Some(52));
        std::fs::write(file(&paths), "turn_panel_columns = x\n\u{0}").expect("written");
        assert_eq!(panel_columns(&paths), None);
    }
}
