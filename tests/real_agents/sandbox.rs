//! A person's machine for one test: a home with an agent in it, its model, and threadkeep with a folder of its own.
//!
//! Change here: what all agents have in common. Not here: what one of them needs (`agents.rs`), or how the program is run (`home.rs`).

use crate::agents::{Agent, Place, Program, Trust};
use crate::home::Home;
use crate::install;
use crate::model_server::ModelServer;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

pub struct Sandbox {
    // The home ends the host and with it the agents, which then leave the model.
    pub home: Home,
    pub model: ModelServer,
    pub agent: Agent,
}

impl Sandbox {
    /// A home in which the person has used this agent before. None, said by name, where its program cannot be had.
    pub fn with(agent: Agent, trust: Trust) -> Option<Sandbox> {
        let program = match agent.program() {
            Ok(program) => program,
            Err(why) => {
                assert!(!install::is_required(), "{} could not be installed: {why}", agent.name());
                eprintln!("skipped: {} is not here: {why}", agent.name());
                return None;
            }
        };
        let model = ModelServer::start();
        let mut home = Home::new();
        let (folder, url) = (home.work(), model.url());
        let own = home.own();
        let place = Place { folder: &folder, model_url: &url, trust };
        for (name, text) in agent.files(place) {
            write(&own.join(name), &text);
        }
        if trust == Trust::Asked {
            make_repository(&folder);
        }
        let programs = own.join("bin");
        put_program(&programs.join(agent.name()), &program);
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", programs.display());
        home.set("PATH", path);
        // A home below the folder for temporary files is treated as one by some agents.
        let temporary = own.join("tmp");
        fs::create_dir(&temporary).expect("a folder");
        home.set("TMPDIR", temporary);
        for (name, value) in agent.variables(place) {
            home.set(name, value);
        }
        Some(Sandbox { home, model, agent })
    }

    /// The program as it is found on the path.
    pub fn program(&self) -> PathBuf {
        self.home.own().join("bin").join(self.agent.name())
    }
}

/// As much of a repository as it takes to be seen as one: in other folders some agents do not ask for trust.
fn make_repository(folder: &Path) {
    for name in ["objects", "refs"] {
        fs::create_dir_all(folder.join(".git").join(name)).expect("a folder");
    }
    write(&folder.join(".git/HEAD"), "ref: refs/heads/main\n");
}

fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().expect("it lies in the home")).expect("folders of the home");
    fs::write(file, text).expect("a file of the home");
}

/// Puts the program where it is found under its usual name.
fn put_program(place: &Path, program: &Program) {
    fs::create_dir_all(place.parent().expect("it lies in the home")).expect("folders of the home");
    match program {
        Program::Native(native) => symlink(native, place).expect("a link"),
        Program::Script { interpreter, script } => {
            let text = format!("#!/bin/sh\nexec '{}' '{}' \"$@\"\n", interpreter.display(), script.display());
            fs::write(place, text).expect("a file of the home");
            fs::set_permissions(place, fs::Permissions::from_mode(0o755)).expect("it can be run");
        }
    }
}
