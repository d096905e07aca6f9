//! Says how an agent's process is started: program, arguments, environment, files and folder.
//!
//! Change here: what every start has in common. What differs from agent to agent is its profile; which variables pass is `environment.rs`.
//! Not here: looking for programs, writing files, starting anything (host).

use super::environment;
use super::profile::Candidate;
use super::template::LaunchValues;
use super::token::Token;
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::ConversationId;

/// Everything a start depends on beside the profile.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    /// The candidate that was found, and where.
    pub candidate: Candidate<'a>,
    pub program: &'a str,
    pub fingerprint: &'a Fingerprint,
    /// The private runtime folder of this session, made for it alone and readable for nobody else.
    pub dir: &'a str,
    pub token: &'a Token,
    pub conversation: ConversationId,
    /// The environment of the client that asks.
    pub env: &'a [(String, String)],
}

/// What the host does to start the process. Has no `Debug`: the environment holds the token and the person's secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Launch {
    pub program: String,
    pub args: Vec<String>,
    /// The whole environment; nothing is inherited beside.
    pub env: Vec<(String, String)>,
    /// Files to write into the private folder first, as (name, content).
    pub files: Vec<(String, String)>,
    pub folder: String,
}

/// Says how the process is started. Cannot fail: what could be wrong was refused when the profile was read.
pub fn launch(start: &Start) -> Launch {
    let variant = start.candidate.variant;
    let values = LaunchValues { dir: start.dir, token: start.token, conversation: start.conversation, env: start.env };
    let folder = start.fingerprint.folder.as_str();
    let mut env = environment::for_agent(values, folder);
    for name in &variant.unset {
        environment::unset(&mut env, name);
    }
    for (name, template) in &variant.env {
        match template.fill(values) {
            Some(value) => environment::set(&mut env, name.as_str(), &value),
            None => environment::unset(&mut env, name.as_str()),
        }
    }
    Launch {
        program: start.program.to_owned(),
        args: variant.args.iter().map(|template| template.fill(values).unwrap_or_default()).collect(),
        env,
        files: variant.files.iter().map(|(name, asset)| (name.as_str().into(), asset.text().into())).collect(),
        folder: folder.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalog::Catalog;
    use super::super::template::value_of;
    use super::*;

    fn launched(program: &str, env: &[(&str, &str)]) -> Launch {
        let (catalog, _) = Catalog::read(&[]);
        let profile = catalog.get("shell").unwrap();
        let mut env: Vec<(String, String)> =
            env.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        env.push(("SHELL".into(), program.into()));
        let fingerprint = Fingerprint { agent: "shell".into(), model: None, folder: "/w".into() };
        let start = Start {
            candidate: profile.candidates(&env)[0],
            program,
            fingerprint: &fingerprint,
            dir: "/run/tk/1",
            token: &Token::new([7; 16]),
            conversation: ConversationId(3),
            env: &env,
        };
        launch(&start)
    }

    #[test]
    fn each_shell_gets_its_files_arguments_and_token() {
        let check = |program: &str, args: &[&str], files: &[&str], own_variable: Option<(&str, &str)>| {
            let launch = launched(program, &[]);
            assert_eq!(launch.program, program);
            assert_eq!(launch.args, args, "{program}");
            let names: Vec<&str> = launch.files.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, files, "{program}");
            assert!(launch.files.iter().all(|(_, content)| !content.is_empty()), "{program}");
            if let Some((name, value)) = own_variable {
                assert_eq!(value_of(name, &launch.env), Some(value), "{program}");
            }
            let token = "07".repeat(16);
            assert_eq!(value_of("THREADKEEP_TOKEN", &launch.env), Some(token.as_str()), "{program}");
            assert_eq!(value_of("THREADKEEP_DIR", &launch.env), Some("/run/tk/1"), "{program}");
            assert!(launch.args.iter().all(|arg| !arg.contains(&token)), "the token is on no command line");
        };
        check("/bin/bash", &["--rcfile", "/run/tk/1/tk.bash", "-i"], &["tk.bash"], None);
        check("/bin/zsh", &["-i"], &[".zshenv", ".zshrc", "tk.zsh"], Some(("ZDOTDIR", "/run/tk/1")));
        check("/bin/fish", &["-i", "-C", "source $THREADKEEP_DIR/tk.fish"], &["tk.fish"], None);
        check("/bin/dash", &["-i"], &["tk.sh"], Some(("ENV", "/run/tk/1/tk.sh")));
        check("/bin/busybox", &["sh", "-i"], &["tk.sh"], Some(("ENV", "/run/tk/1/tk.sh")));
    }

    #[test]
    fn what_the_person_had_in_a_replaced_variable_is_handed_on() {
        let launch = launched("/bin/zsh", &[("ZDOTDIR", "/home/me/zsh")]);
        assert_eq!(value_of("ZDOTDIR", &launch.env), Some("/run/tk/1"));
        assert_eq!(value_of("THREADKEEP_USER_ZDOTDIR", &launch.env), Some("/home/me/zsh"));
        assert_eq!(value_of("THREADKEEP_USER_ZDOTDIR", &launched("/bin/zsh", &[]).env), None);
        let launch = launched("/bin/dash", &[("ENV", "/home/me/.shrc")]);
        assert_eq!(value_of("THREADKEEP_USER_ENV", &launch.env), Some("/home/me/.shrc"));
    }

    #[test]
    fn it_starts_in_the_folder_that_was_decided_on() {
        let launch = launched("/bin/bash", &[("PWD", "/old")]);
        assert_eq!(launch.folder, "/w");
        assert_eq!(value_of("PWD", &launch.env), Some("/w"));
    }
}
