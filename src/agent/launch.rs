//! Says how an agent's process is started: program, arguments, environment, files and folder.
//!
//! Change here: what every start has in common. What differs from agent to agent is its profile; which variables pass is `environment.rs`.
//! Not here: looking for programs, writing files, starting anything (host).

use super::environment;
use super::identity::AgentId;
use super::profile::{Candidate, FileText, Profile};
use super::template::{LaunchTemplate, LaunchValues};
use super::token::Token;
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::ConversationId;

/// Everything a start depends on beside the profile.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    pub profile: &'a Profile,
    pub how: How<'a>,
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
    /// Our own program, and the socket of the host, for what calls us from within the agent.
    pub threadkeep: &'a str,
    pub socket: &'a str,
    /// A port of loopback that was free a moment ago, for an agent that serves its events.
    pub port: Option<u16>,
}

/// What the new process begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How<'a> {
    /// A new session, with this id where the profile lets us choose it.
    New(Option<&'a AgentId>),
    /// The session that the agent knows by this id.
    Resume(&'a AgentId),
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
    let (id, begins) = match start.how {
        How::New(id) => (id, &variant.new),
        How::Resume(id) => (Some(id), &variant.resume),
    };
    let state = start.profile.state_folder(start.env);
    let values = LaunchValues {
        dir: start.dir,
        token: start.token,
        conversation: start.conversation,
        env: start.env,
        id,
        model: start.fingerprint.model.as_deref(),
        threadkeep: start.threadkeep,
        socket: start.socket,
        state: state.as_deref(),
        cwd: start.fingerprint.folder.as_str(),
        port: start.port,
    };
    let mut env = environment::for_agent(values, variant);
    for (name, template) in &variant.env {
        match template.fill(values) {
            Some(value) => environment::set(&mut env, name.as_str(), &value),
            None => environment::unset(&mut env, name.as_str()),
        }
    }
    let files = variant.files.iter().map(|(name, text)| (name.as_str().to_owned(), content(text, values)));
    Launch {
        program: start.program.to_owned(),
        args: [begins, &variant.args, &variant.model].into_iter().flat_map(|list| filled(list, values)).collect(),
        env,
        files: files.collect(),
        folder: values.cwd.to_owned(),
    }
}

/// The arguments of a list; none of them where one asks for something that is not there.
fn filled(list: &[LaunchTemplate], values: LaunchValues) -> Vec<String> {
    list.iter().map(|template| template.fill(values)).collect::<Option<_>>().unwrap_or_default()
}

fn content(text: &FileText, values: LaunchValues) -> String {
    match text {
        FileText::Asset(asset) => asset.text().to_owned(),
        FileText::Template(template) => template.fill(values).unwrap_or_default(),
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
            profile,
            how: How::New(None),
            threadkeep: "/bin/threadkeep",
            socket: "/run/tk/socket",
            port: None,
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

    const AGENT: &str = r#"
name = "one"
[program]
first_of = ["one"]
[state]
env = "ONE_HOME"
home = ".one"
[identity]
choose = "uuid"
[continuity]
resume = "yes"
[[variant]]
new = ["--session", "{id}"]
resume = ["resume", "{id}", "-C", "{cwd}"]
args = ["--hooks", "{dir}/hooks.json"]
model = ["--model", "{model}"]
files = { "hooks.json" = { text = '{{"run": "{threadkeep} signal"}' } }
env = { STATE = "{state}", SOCKET = "{socket}" }
"#;

    #[test]
    fn a_start_and_a_resume_differ_in_how_the_command_line_begins() {
        let profile = Profile::parse(AGENT).unwrap();
        let id = AgentId::uuid([0; 16]);
        let env = [("HOME".to_owned(), "/h".to_owned()), ("ONE_HOME".to_owned(), String::new())];
        let launched = |how, model: Option<&str>| {
            let fingerprint = Fingerprint { agent: "one".into(), model: model.map(str::to_owned), folder: "/w".into() };
            launch(&Start {
                profile: &profile,
                how,
                candidate: profile.candidates(&env)[0],
                program: "/bin/one",
                fingerprint: &fingerprint,
                dir: "/run/tk/1",
                token: &Token::new([7; 16]),
                port: None,
                conversation: ConversationId(3),
                env: &env,
                threadkeep: "/bin/threadkeep",
                socket: "/run/tk/socket",
            })
        };
        let check = |launch: &Launch, args: &str| assert_eq!(launch.args.join(" "), args);
        let new = launched(How::New(Some(&id)), None);
        check(&new, "--session 00000000-0000-4000-8000-000000000000 --hooks /run/tk/1/hooks.json");
        check(&launched(How::New(None), None), "--hooks /run/tk/1/hooks.json");
        check(
            &launched(How::Resume(&id), Some("big")),
            "resume 00000000-0000-4000-8000-000000000000 -C /w --hooks /run/tk/1/hooks.json --model big",
        );
        assert_eq!(new.files, [("hooks.json".to_owned(), "{\"run\": \"/bin/threadkeep signal\"}".to_owned())]);
        // A variable that is set to nothing names no folder.
        assert_eq!(value_of("STATE", &new.env), Some("/h/.one"));
        assert_eq!(value_of("SOCKET", &new.env), Some("/run/tk/socket"));
    }
}
