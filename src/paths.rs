//! Says where everything lies: the store, the configuration, the socket and the lock, the log.
//!
//! `THREADKEEP_HOME=DIR` puts all of it under one folder. Without it the data, configuration and state lie where the system wants them, and the
//! socket in `$XDG_RUNTIME_DIR` if that is truly ours, else under our state: never in a shared folder for temporary files.
//! Change here: names and places. Not here: what is in the files.

use rustix::fs::{Mode, OFlags};
use std::ffi::OsString;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The longest path of a socket that the system takes: `sun_path` without its closing zero.
const SOCKET_BYTES_MOST: usize = if cfg!(target_os = "macos") { 103 } else { 107 };

/// Rights of our folders: nobody else looks in.
const FOLDER_MODE: u32 = 0o700;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    pub store: PathBuf,
    pub config: PathBuf,
    /// The person's own agent profiles.
    pub agents: PathBuf,
    pub lock: PathBuf,
    pub socket: PathBuf,
    pub log: PathBuf,
    /// A folder for files that live as long as a session.
    pub run: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    #[error("there is no home folder; set HOME, or set THREADKEEP_HOME to a folder of your own")]
    NoHome,
    #[error("THREADKEEP_HOME is {home}, and the folder it starts from is gone ({source}); give it as a path from /")]
    NoCurrentFolder { home: PathBuf, source: io::Error },
    #[error(
        "the path of the socket has {bytes} bytes and the system takes {most}: {path}; set THREADKEEP_HOME to a shorter folder"
    )]
    SocketTooLong { path: PathBuf, bytes: usize, most: usize },
    #[error("could not make the folder {path} ({source}); make it yourself (mkdir -m 700) or set THREADKEEP_HOME")]
    Make { path: PathBuf, source: io::Error },
    #[error("could not look into the folder {path} ({source}); look at its rights or set THREADKEEP_HOME")]
    Look { path: PathBuf, source: io::Error },
    #[error(
        "{path} is a link, and links are not followed here; put a folder in its place or set THREADKEEP_HOME to where it leads"
    )]
    Link { path: PathBuf },
    #[error("{path} is not a folder; move it away or set THREADKEEP_HOME to another folder")]
    NotFolder { path: PathBuf },
    #[error(
        "the folder {path} belongs to user {owner}, not to you (user {us}); set THREADKEEP_HOME to a folder of your own"
    )]
    Owner { path: PathBuf, owner: u32, us: u32 },
    #[error("others may look into the folder {path} (mode {mode:04o}); run chmod 700 on it")]
    Mode { path: PathBuf, mode: u32 },
}

/// The folders that the system has for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Standard {
    data: PathBuf,
    config: PathBuf,
    state: PathBuf,
}

impl Paths {
    pub fn from_env() -> Result<Paths, PathsError> {
        let standard = directories::ProjectDirs::from("", "", "threadkeep").map(|folders| Standard {
            data: folders.data_dir().into(),
            config: folders.config_dir().into(),
            // Only Linux has a folder for state.
            state: folders.state_dir().unwrap_or(folders.data_local_dir()).into(),
        });
        Paths::from_lookup(|name| std::env::var_os(name), standard)
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>, standard: Option<Standard>) -> Result<Paths, PathsError> {
        // A variable that is set to nothing counts as not set, as the XDG rules have it.
        let folder = |name| lookup(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let paths = match folder("THREADKEEP_HOME") {
            Some(home) => {
                let home = std::path::absolute(&home).map_err(|source| PathsError::NoCurrentFolder { home, source })?;
                Paths::under(&home, &home, &home, &home)
            }
            None => {
                let standard = standard.ok_or(PathsError::NoHome)?;
                let us = rustix::process::getuid().as_raw();
                let runtime = folder("XDG_RUNTIME_DIR")
                    .filter(|folder| folder.is_absolute() && check_folder(folder).is_ok())
                    // With the user's number: programs run as another user may come with the same HOME.
                    .map_or_else(|| standard.state.join(format!("user-{us}")), |folder| folder.join("threadkeep"));
                Paths::under(&standard.data, &standard.config, &standard.state, &runtime)
            }
        };
        let bytes = paths.socket.as_os_str().as_bytes().len();
        if bytes > SOCKET_BYTES_MOST {
            return Err(PathsError::SocketTooLong { path: paths.socket, bytes, most: SOCKET_BYTES_MOST });
        }
        Ok(paths)
    }

    fn under(data: &Path, config: &Path, state: &Path, runtime: &Path) -> Paths {
        Paths {
            store: data.join("threadkeep.db"),
            config: config.join("config.toml"),
            agents: config.join("agents"),
            lock: runtime.join("host.lock"),
            socket: runtime.join("host.sock"),
            log: state.join("host.log"),
            run: runtime.join("run"),
        }
    }

    /// The socket for agents' hooks, beside that for clients: through it nothing can be asked.
    pub fn hook_socket(&self) -> PathBuf {
        self.socket.with_file_name("hook.sock")
    }

    /// Makes the folders that we write to, and refuses those that are not ours alone. The configuration is the person's: it is only read, so its
    /// folder may be a link, and nobody makes it.
    pub fn prepare(&self) -> Result<(), PathsError> {
        for file in [&self.store, &self.log] {
            prepare_folder(file.parent().unwrap_or(Path::new("/")))?;
        }
        self.prepare_runtime()
    }

    /// The same for what lives only as long as a host does: its socket, its lock and the folder of its sessions.
    pub fn prepare_runtime(&self) -> Result<(), PathsError> {
        prepare_folder(self.socket.parent().unwrap_or(Path::new("/")))?;
        prepare_folder(&self.run)
    }
}

fn prepare_folder(path: &Path) -> Result<(), PathsError> {
    let made = |path: &Path, recursive| match DirBuilder::new().recursive(recursive).mode(FOLDER_MODE).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map_err(|source| PathsError::Make { path: path.into(), source }),
    };
    if let Some(parent) = path.parent() {
        made(parent, true)?;
    }
    made(path, false)?;
    check_folder(path)
}

/// Whether this is a folder of ours that nobody else looks into. Looks at what was opened, so nothing can be put in its place meanwhile.
fn check_folder(path: &Path) -> Result<(), PathsError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = rustix::fs::openat(rustix::fs::CWD, path, flags, Mode::empty())
        .map_err(|errno| why_not_opened(path, errno.into()))?;
    let metadata = File::from(folder).metadata().map_err(|source| PathsError::Look { path: path.into(), source })?;
    let (owner, us, mode) = (metadata.uid(), rustix::process::getuid().as_raw(), metadata.mode() & 0o777);
    if owner != us {
        return Err(PathsError::Owner { path: path.into(), owner, us });
    }
    // The bit that hands the group down may be there: it lets nobody in.
    if mode == FOLDER_MODE { Ok(()) } else { Err(PathsError::Mode { path: path.into(), mode }) }
}

/// The system says "not a directory" for a link and for a file alike.
fn why_not_opened(path: &Path, source: io::Error) -> PathsError {
    let path = path.to_path_buf();
    match std::fs::symlink_metadata(&path) {
        Ok(metadata) if metadata.is_symlink() => PathsError::Link { path },
        Ok(metadata) if !metadata.is_dir() => PathsError::NotFolder { path },
        Ok(_) | Err(_) => PathsError::Look { path, source },
    }
}

/// What Linux adds to the name of a program whose file was replaced or removed while it runs (proc(5)).
const REPLACED: &str = " (deleted)";

/// Our own program, to start a host with or to be called by an agent: this one's file. Where that was replaced under a running window, an upgrade say, the new one.
pub fn own_program() -> std::io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let replaced = program.to_str().and_then(|name| name.strip_suffix(REPLACED)).map(PathBuf::from);
    Ok(match replaced {
        Some(new) if !program.exists() && new.exists() => new,
        // The old one can still be started by this name.
        Some(_) if !program.exists() => PathBuf::from("/proc/self/exe"),
        Some(_) | None => program,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use tempfile::TempDir;

    fn resolve(environment: &[(&str, &Path)], home: Option<&Path>) -> Result<Paths, PathsError> {
        let standard = home.map(|home| Standard {
            data: home.join("data/threadkeep"),
            config: home.join("config/threadkeep"),
            state: home.join("state/threadkeep"),
        });
        let lookup = |name: &str| environment.iter().find(|(set, _)| *set == name).map(|(_, value)| value.into());
        Paths::from_lookup(lookup, standard)
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o7777
    }

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn one_variable_moves_everything() {
        let paths = resolve(&[("THREADKEEP_HOME", Path::new("/h")), ("XDG_RUNTIME_DIR", Path::new("/run"))], None);
        let paths = paths.unwrap();
        let lies = |path: &Path, at: &str| assert_eq!(path, Path::new(at));
        lies(&paths.store, "/h/threadkeep.db");
        lies(&paths.config, "/h/config.toml");
        lies(&paths.agents, "/h/agents");
        lies(&paths.lock, "/h/host.lock");
        lies(&paths.socket, "/h/host.sock");
        lies(&paths.log, "/h/host.log");
        lies(&paths.run, "/h/run");
    }

    #[test]
    fn a_relative_home_is_made_absolute() {
        let paths = resolve(&[("THREADKEEP_HOME", Path::new("./a/b"))], None).unwrap();
        assert_eq!(paths.store, std::env::current_dir().unwrap().join("a/b/threadkeep.db"));
    }

    #[test]
    fn without_the_variable_the_standard_folders_are_taken() {
        let home = TempDir::new().unwrap();
        let empty = ("THREADKEEP_HOME", Path::new(""));
        let paths = resolve(&[empty], Some(home.path())).unwrap();
        assert_eq!(paths.store, home.path().join("data/threadkeep/threadkeep.db"));
        assert_eq!(paths.config, home.path().join("config/threadkeep/config.toml"));
        assert_eq!(paths.log, home.path().join("state/threadkeep/host.log"));
        assert!(matches!(resolve(&[empty], None), Err(PathsError::NoHome)));
    }

    #[test]
    fn the_runtime_folder_is_taken_only_where_it_is_ours_alone() {
        let home = TempDir::new().unwrap();
        let runtime = home.path().join("runtime");
        std::fs::create_dir(&runtime).unwrap();
        let link = home.path().join("link");
        symlink(&runtime, &link).unwrap();
        let own = home.path().join(format!("state/threadkeep/user-{}", rustix::process::getuid().as_raw()));
        let relative = Path::new(".");
        for (folder, rights, place) in [
            (runtime.as_path(), 0o700, runtime.join("threadkeep")),
            (&runtime, 0o755, own.clone()),
            (&runtime, 0o777, own.clone()),
            (&link, 0o700, own.clone()),
            (&home.path().join("none"), 0o700, own.clone()),
            (Path::new("/dev/null"), 0o700, own.clone()),
            (relative, 0o700, own.clone()),
            (Path::new(""), 0o700, own.clone()),
        ] {
            set_mode(&runtime, rights);
            let paths = resolve(&[("XDG_RUNTIME_DIR", folder)], Some(home.path())).unwrap();
            assert_eq!(paths.socket, place.join("host.sock"), "{folder:?} {rights:o}");
            assert_eq!(paths.lock, place.join("host.lock"));
            assert_eq!(paths.run, place.join("run"));
        }
    }

    #[test]
    fn a_socket_path_that_is_too_long_is_told_with_the_way_out() {
        let home = |bytes: usize| PathBuf::from(format!("/{}", "x".repeat(bytes - "//host.sock".len())));
        resolve(&[("THREADKEEP_HOME", &home(SOCKET_BYTES_MOST))], None).unwrap();
        let error = resolve(&[("THREADKEEP_HOME", &home(SOCKET_BYTES_MOST + 1))], None).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("xxx/host.sock") && text.contains("THREADKEEP_HOME"), "{text}");
    }

    #[test]
    fn folders_are_made_for_us_alone_and_a_second_time_is_fine() {
        let home = TempDir::new().unwrap();
        let paths = resolve(&[], Some(home.path())).unwrap();
        paths.prepare().unwrap();
        paths.prepare().unwrap();
        for folder in [paths.store.parent(), paths.log.parent(), paths.socket.parent(), Some(&paths.run)] {
            assert_eq!(mode(folder.unwrap()), 0o700, "{folder:?}");
        }
        assert!(!paths.config.parent().unwrap().exists(), "the configuration is the person's");
    }

    #[test]
    fn a_folder_that_is_not_ours_alone_is_refused_with_the_fix() {
        let home = TempDir::new().unwrap();
        let real = home.path().join("real");
        std::fs::create_dir(&real).unwrap();
        let place = home.path().join("place");
        let refused = |fix: &str| {
            let error = resolve(&[("THREADKEEP_HOME", &place)], None).unwrap().prepare().unwrap_err();
            let text = error.to_string();
            assert!(text.contains(fix) && text.contains("place"), "{text}");
        };

        symlink(&real, &place).unwrap();
        refused("is a link");
        std::fs::remove_file(&place).unwrap();

        symlink(home.path().join("nowhere"), &place).unwrap();
        refused("is a link");
        std::fs::remove_file(&place).unwrap();

        std::fs::write(&place, "").unwrap();
        refused("not a folder");
        std::fs::remove_file(&place).unwrap();

        std::fs::create_dir(&place).unwrap();
        for rights in [0o777, 0o755, 0o500] {
            set_mode(&place, rights);
            refused("chmod 700");
        }
        set_mode(&place, 0o2700);
        resolve(&[("THREADKEEP_HOME", &place)], None).unwrap().prepare().unwrap();
    }

    #[test]
    fn another_users_folder_is_refused() {
        // The root folder belongs to user 0; where we are that user ourselves, its rights refuse it.
        let error = check_folder(Path::new("/")).unwrap_err();
        assert!(matches!(error, PathsError::Owner { .. } | PathsError::Mode { .. }), "{error}");
    }
}
