//! One agent CLI as a profile describes it: TOML in, a `Profile` that cannot be wrong out.
//!
//! Change here: what can be said about an agent, with its line in docs/agents.md. A field that is missing is added, never worked around
//! by a name in Rust. Not here: finding profiles (`catalog.rs`), using one (`launch.rs`, `submit.rs`, `readers.rs`), its ladders (host).

mod abilities;
mod adopt;
mod failure;
mod ladder;
mod name;
mod request;
mod signal;
mod submit;
mod timing;
mod variant;
mod version;

pub use abilities::{Abilities, ModelChoice, Requests, Turns};
pub use adopt::{AdoptRules, KeptSession};
pub use failure::{FailureMeans, FailureRule};
pub use ladder::{GroupSignal, Step, StepAct};
pub use name::{Asset, FileName, ProfileName, VariableName, VariablePattern};
pub use request::{ChooseKeys, Confirm, Multiple, OwnWords, PermissionKeys, QuestionKeys, RequestRules, TextKeys};
pub use signal::{Choose, IdentityRules, ReadId, Signal, StreamPath};
pub use submit::{Brackets, GapFrom, Paste, Submit};
pub use timing::{Deadlines, ModelRules, ProcessExit, TurnEndRules};
pub use variant::{BeforeResume, ContinuityRules, FileText, Program, StateFolder, Variant};
pub use version::{Version, VersionRules};

use super::means::Means;
use super::template::value_of;
use crate::domain::continuity::{CanResume, ModelSwitch};
use crate::domain::turn::{FailureKind, Source};
use serde::Deserialize;

/// Everything we know about one agent CLI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What fingerprints and the command line call it.
    pub name: ProfileName,
    /// What people see.
    pub title: String,
    pub program: Program,
    pub version: Option<VersionRules>,
    pub state: Option<StateFolder>,
    /// The shapes the agent comes in, by the file name of its program; the first that fits. At least one.
    pub variants: Vec<Variant>,
    pub identity: IdentityRules,
    /// Best first; each source once.
    pub signals: Vec<Signal>,
    pub request: RequestRules,
    pub failures: Vec<FailureRule>,
    pub model: ModelRules,
    pub continuity: ContinuityRules,
    /// None where nobody knows where its sessions lie.
    pub adopt: Option<AdoptRules>,
    pub deadlines: Deadlines,
    pub turn_end: TurnEndRules,
    /// How a running turn is interrupted: each step when the one before did not help in its time. After the last the session is stopped.
    pub interrupt: Vec<Step>,
    /// How the session is stopped, in the same way.
    pub stop: Vec<Step>,
    /// What `doctor` tells about it beside its abilities.
    pub notes: Vec<String>,
}

/// A profile as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileText {
    name: ProfileName,
    title: Option<String>,
    program: Program,
    version: Option<VersionRules>,
    state: Option<StateFolder>,
    #[serde(default, rename = "variant")]
    variants: Vec<Variant>,
    #[serde(default)]
    identity: IdentityRules,
    #[serde(default, rename = "signal")]
    signals: Vec<Signal>,
    #[serde(default)]
    request: RequestRules,
    #[serde(default, rename = "failure")]
    failures: Vec<FailureRule>,
    #[serde(default)]
    model: ModelRules,
    #[serde(default)]
    continuity: ContinuityRules,
    adopt: Option<AdoptRules>,
    #[serde(default)]
    deadlines: Deadlines,
    #[serde(default)]
    turn_end: TurnEndRules,
    #[serde(default)]
    interrupt: Vec<Step>,
    #[serde(default = "ladder::usual_stop")]
    stop: Vec<Step>,
    #[serde(default)]
    notes: Vec<String>,
}

/// A program to try, and the variant that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// A path, or a name to look for in PATH.
    pub program: &'a str,
    pub variant: &'a Variant,
}

/// Why a text is not a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ProfileError {
    pub line: usize,
    pub reason: String,
}

impl Profile {
    pub fn parse(text: &str) -> Result<Profile, ProfileError> {
        let mut read: ProfileText = toml::from_str(text).map_err(|error| ProfileError {
            line: 1 + text[..error.span().map_or(0, |span| span.start).min(text.len())].matches('\n').count(),
            reason: error.message().trim().replace('\n', "; "),
        })?;
        if read.variants.is_empty() {
            read.variants.push(Variant::default());
        }
        match read.contradiction() {
            Some((place, reason)) => Err(ProfileError { line: line_of(text, place), reason: reason.into() }),
            None => Ok(read.into()),
        }
    }

    /// The programs to try in this order, for a client with this environment. Those that no variant knows are left out.
    pub fn candidates<'a>(&'a self, env: &'a [(String, String)]) -> Vec<Candidate<'a>> {
        let chosen =
            self.program.from_env.as_ref().and_then(|name| value_of(name, env)).filter(|program| !program.is_empty());
        let programs = chosen.into_iter().chain(self.program.first_of.iter().map(String::as_str));
        programs.filter_map(|program| Some(Candidate { program, variant: self.variant_of(program)? })).collect()
    }

    /// Says that no program was found for a client with this environment, and what a person does about it.
    pub fn not_found_words(&self, env: &[(String, String)]) -> String {
        let tried: Vec<&str> = self.candidates(env).iter().map(|candidate| candidate.program).collect();
        let found = match &tried[..] {
            [] => "no program is named".to_owned(),
            [one] if one.contains('/') => format!("{one} is not there"),
            [one] => format!("{one} was not found on PATH"),
            several => format!("none of {} was found on PATH", several.join(", ")),
        };
        match (&self.program.from_env, tried.is_empty()) {
            (Some(variable), true) => format!("{found}; name one in {variable}"),
            (Some(variable), false) => format!("{found}; install it, or name another one in {variable}"),
            (None, _) => format!("{found}; install it, or name another one in a profile of your own"),
        }
    }

    /// Whether how a turn failed may stand on the screen alone.
    pub fn screen_tells_failures(&self) -> bool {
        let of_screen = self.signals.iter().filter(|signal| signal.source() == Source::Screen);
        of_screen.flat_map(Signal::meanings).any(|means| means == Means::Failed)
    }

    /// The variant that goes with a program, by its path or name.
    pub fn variant_of(&self, program: &str) -> Option<&Variant> {
        let file_name = program.rsplit('/').next()?;
        let fits =
            |variant: &&Variant| variant.programs.is_empty() || variant.programs.iter().any(|name| name == file_name);
        self.variants.iter().find(fits)
    }

    /// The folder in which the agent keeps what outlives a process, for a client with this environment.
    pub fn state_folder(&self, env: &[(String, String)]) -> Option<String> {
        let state = self.state.as_ref()?;
        let named =
            state.env.as_ref().and_then(|name| value_of(name.as_str(), env)).filter(|folder| !folder.is_empty());
        match named {
            Some(folder) => Some(folder.to_owned()),
            None => value_of("HOME", env).map(|home| format!("{home}/{}", state.home)),
        }
    }

    /// Whether a turn with this exit status was interrupted in the agent's own screen.
    pub fn is_interrupt(&self, status: i32) -> bool {
        self.turn_end.interrupted_statuses.contains(&status)
    }

    /// What is asked for where the agent serves its events.
    pub fn stream(&self) -> Option<&StreamPath> {
        self.signals.iter().find_map(|signal| match signal {
            Signal::Hook { stream, .. } => stream.as_ref(),
            Signal::Osc133Token
            | Signal::ProgramStatus
            | Signal::Transcript { .. }
            | Signal::StateFile { .. }
            | Signal::Notification(_)
            | Signal::Progress
            | Signal::Title(_)
            | Signal::PasteMode { .. }
            | Signal::Screen(_)
            | Signal::Bell(_) => None,
        })
    }

    /// What kind of failure the agent's own words tell of.
    pub fn failure_of(&self, text: &str) -> FailureKind {
        failure::kind(&self.failures, text)
    }

    /// The place of a source in the order of trust, 0 the best; none where the profile does not take it.
    pub fn rank(&self, source: Source) -> Option<usize> {
        self.signals.iter().position(|signal| signal.source() == source)
    }
}

impl ProfileText {
    /// What does not go together, with the text by which the person finds the place.
    fn contradiction(&self) -> Option<(&'static str, &'static str)> {
        let resumes = self.continuity.resume == CanResume::Yes;
        let sources: Vec<Source> = self.signals.iter().map(Signal::source).collect();
        let has_twice = (1..sources.len()).any(|at| sources[..at].contains(&sources[at]));
        let has_id = self.identity.choose.is_some()
            || !self.identity.read.is_empty()
            || self.signals.iter().any(Signal::tells_identity);
        if resumes && self.variants.iter().any(|variant| variant.resume.is_empty()) {
            Some(("resume = \"yes\"", "`resume = \"yes\"` needs the list `resume` in each variant"))
        } else if resumes && !has_id {
            Some((
                "resume = \"yes\"",
                "`resume = \"yes\"` needs an id: choose or read one in `[identity]`, or tell it by a rule",
            ))
        } else if self.adopt.is_some() && !resumes {
            Some((
                "[adopt]",
                "`[adopt]` needs `resume = \"yes\"`: a session that cannot be resumed cannot be gone on with",
            ))
        } else if self.adopt.as_ref().is_some_and(|adopt| adopt.id.is_none() && !adopt.files.asks_for_id()) {
            Some(("[adopt]", "`[adopt]` needs `{id}` in `files`, or the place `id`"))
        } else if self.model.switch == ModelSwitch::Typed
            && self.variants.iter().any(|variant| !variant.submit.is_paste())
        {
            Some(("switch = \"typed\"", "`switch = \"typed\"` needs a `submit` that pastes"))
        } else if has_twice {
            Some(("[[signal]]", "a source stands twice"))
        } else if self.program.from_env.is_none() && self.program.first_of.is_empty() {
            Some(("[program]", "no program is named"))
        } else {
            None
        }
    }
}

impl From<ProfileText> for Profile {
    fn from(text: ProfileText) -> Profile {
        Profile {
            title: text.title.unwrap_or_else(|| text.name.as_str().to_owned()),
            name: text.name,
            program: text.program,
            version: text.version,
            state: text.state,
            variants: text.variants,
            identity: text.identity,
            signals: text.signals,
            request: text.request,
            failures: text.failures,
            model: text.model,
            continuity: text.continuity,
            adopt: text.adopt,
            deadlines: text.deadlines,
            turn_end: text.turn_end,
            interrupt: text.interrupt,
            stop: text.stop,
            notes: text.notes,
        }
    }
}

/// The line where this stands, or the first.
fn line_of(text: &str, place: &str) -> usize {
    text.lines().position(|line| line.trim_start().starts_with(place)).map_or(1, |at| at + 1)
}

#[cfg(test)]
mod built_in_tests;

#[cfg(test)]
mod page_tests;

#[cfg(test)]
mod tests {
    use super::*;

    const SHELL: &str = include_str!("../../assets/agents/shell.toml");

    fn env(shell: &str) -> Vec<(String, String)> {
        vec![("SHELL".into(), shell.into())]
    }

    #[test]
    fn the_persons_shell_comes_first_and_an_unknown_one_is_passed_over() {
        let profile = Profile::parse(SHELL).unwrap();
        let table = [
            ("/usr/bin/zsh", "/usr/bin/zsh"),
            ("/bin/dash", "/bin/dash"),
            ("/opt/odd/fish", "/opt/odd/fish"),
            ("/usr/sbin/nologin", "bash"),
            ("/bin/tcsh", "bash"),
            ("", "bash"),
        ];
        for (shell, first) in table {
            let env = env(shell);
            assert_eq!(profile.candidates(&env)[0].program, first, "{shell}");
        }
        let none = [];
        let rest: Vec<&str> = profile.candidates(&none).iter().map(|candidate| candidate.program).collect();
        assert_eq!(rest, ["bash", "zsh", "fish", "sh"]);
    }

    #[test]
    fn a_missing_program_is_told_with_what_to_do() {
        let words = |text: &str| Profile::parse(text).unwrap().not_found_words(&[]);
        let table = [
            ("[program]\nfrom_env = \"A\"", "no program is named; name one in A"),
            (
                "[program]\nfrom_env = \"A\"\nfirst_of = [\"b\"]",
                "b was not found on PATH; install it, or name another one in A",
            ),
            (
                "[program]\nfirst_of = [\"b\", \"c\"]",
                "none of b, c was found on PATH; install it, or name another one in a profile of your own",
            ),
        ];
        let path = "/opt/b is not there; install it, or name another one in a profile of your own";
        assert_eq!(words("name = \"x\"\n[program]\nfirst_of = [\"/opt/b\"]"), path);
        for (program, wanted) in table {
            assert_eq!(words(&format!("name = \"x\"\n{program}")), wanted);
        }
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let around = "name = \"x\"\n[program]\nfirst_of = [\"x\"]\n";
        let table = [
            ("[continuity]\nresume = \"yes\"", 5, "needs the list `resume`"),
            ("[continuity]\nresume = \"yes\"\n[[variant]]\nresume = [\"{id}\"]", 5, "needs an id"),
            ("[[signal]]\nsource = \"bell\"\n[[signal]]\nsource = \"bell\"", 4, "a source stands twice"),
            ("[[signal]]\nsource = \"bell\"\npath = \"/a\"", 4, "does not belong to this source"),
            ("[model]\nswitch = \"typed\"", 4, "belong to `switch = \"typed\"`"),
            ("[model]\ntyped = \"/m {model}\"", 4, "belong to `switch = \"typed\"`"),
            ("[model]\nswitch = \"typed\"\ntyped = \"/m\"", 6, "no `{model}`"),
            ("[model]\nswitch = \"typed\"\ntyped = \"/m {model}\"\nwait_ms = 99999", 4, "`wait_ms` is at most"),
            (
                "[model]\nswitch = \"typed\"\ntyped = \"/m {model}\"\n[[variant]]\nsubmit = { file = \"a\", keys = \"x\" }",
                5,
                "needs a `submit` that pastes",
            ),
            ("[[signal]]\nsource = \"bell\"\nstream = \"/a\"", 4, "does not belong to this source"),
            ("[[signal]]\nsource = \"hook\"\nstream = \"a b\"", 6, "a `stream` begins with `/`"),
            ("[[signal]]\nsource = \"title\"", 4, "at least one `rule`"),
            ("[[signal]]\nsource = \"transcript\"\nrule = [{ means = \"done\" }]", 4, "needs a `path`"),
            ("[[signal]]\nsource = \"title\"\nrule = [{ pattern = \"a(\", means = \"done\" }]", 6, "unclosed group"),
            ("[[signal]]\nsource = \"title\"\nrule = [{ pattern = \"a\", means = \"over\" }]", 6, "over"),
            (
                "[[signal]]\nsource = \"title\"\nrule = [{ pattern = \"a\", means = \"done\", answer = \"/a\" }]",
                4,
                "rule 1: over a text",
            ),
            ("[[identity.read]]\nopen_file = \"/a/b\"", 4, "no `{id}`"),
            ("[[identity.read]]\nopen_file = \"a/{id}\"", 5, "must begin with"),
            ("[[variant]]\nsubmit = { file = \"a\", paste = \"x\" }", 5, "either `file` with `keys`"),
            ("[[variant]]\nsubmit = { file = \"a\", keys = \"x\", gap_ms = 1 }", 5, "either `file` with `keys`"),
            ("[[variant]]\nsubmit = { clear_times = 1000 }", 5, "at most 200"),
            ("[[variant]]\nunset = [\"A*B*\"]", 5, "at most one `*`"),
            ("[continuity]\nbefore_resume = [{ copy = \"/a\" }]", 5, "`copy` with `to`"),
        ];
        for (text, line, reason) in table {
            let error = Profile::parse(&format!("{around}{text}")).unwrap_err();
            assert!(error.reason.contains(reason), "{text}: {error}");
            assert_eq!(error.line, line, "{text}: {error}");
        }
        assert!(Profile::parse("name = \"x\"\n[program]").unwrap_err().reason.contains("no program is named"));
    }

    #[test]
    fn the_agents_own_folder_is_named_by_a_variable_or_lies_at_home() {
        let text = "name = \"x\"\n[program]\nfirst_of = [\"x\"]\n[state]\nenv = \"X_HOME\"\nhome = \".x\"";
        let profile = Profile::parse(text).unwrap();
        let folder = |env: &[(&str, &str)]| {
            let env: Vec<(String, String)> =
                env.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
            profile.state_folder(&env)
        };
        assert_eq!(folder(&[("HOME", "/h"), ("X_HOME", "/x")]).as_deref(), Some("/x"));
        assert_eq!(folder(&[("HOME", "/h"), ("X_HOME", "")]).as_deref(), Some("/h/.x"));
        assert_eq!(folder(&[]), None);
    }

    #[test]
    fn every_shell_has_its_own_way() {
        let profile = Profile::parse(SHELL).unwrap();
        for (first, second, same) in [
            ("bash", "zsh", false),
            ("zsh", "fish", false),
            ("sh", "dash", true),
            ("dash", "ash", true),
            ("dash", "mksh", true),
            ("dash", "busybox", false),
        ] {
            let [first_env, second_env] = [env(first), env(second)];
            let variants = [profile.candidates(&first_env)[0].variant, profile.candidates(&second_env)[0].variant];
            assert_eq!(variants[0] == variants[1], same, "{first} {second}");
        }
    }

    #[test]
    fn the_shell_cannot_be_resumed_and_knows_its_interrupt() {
        let profile = Profile::parse(SHELL).unwrap();
        assert_eq!(profile.continuity.resume, CanResume::No);
        assert_eq!(profile.turn_end.process_exit, ProcessExit::IsTurnStatus);
        assert!(profile.is_interrupt(130) && !profile.is_interrupt(1));
        assert_eq!(profile.interrupt[0].act, StepAct::Keys(vec![3]));
        assert_eq!(profile.stop.last().unwrap().act, StepAct::Signal(GroupSignal::Kill));
    }

    #[test]
    fn a_wrong_profile_is_refused_with_its_line_and_reason() {
        // What is replaced in the right one, by what, and the reason that must be told.
        let table = [
            ("name = \"shell\"", "name = \"Shell\"", "may have a-z"),
            ("title = ", "titel = ", "titel"),
            ("resume = \"no\"", "resume = \"perhaps\"", "perhaps"),
            ("\"osc133-token\"", "\"guess\"", "guess"),
            ("{dir}/tk.bash", "{dri}/tk.bash", "unknown `{dri}`"),
            ("\"shell/tk.bash\"", "\"shell/none\"", "no built-in file"),
            ("\"tk.bash\" =", "\"../tk.bash\" =", "not a plain file name"),
            ("file = \"turn-{turn}\"", "file = \"turn-{dir}\"", "here stand {turn}"),
            ("signal = \"kill\"", "signal = \"stop\"", "stop"),
            ("[[stop]]\nsignal = \"hup\"", "[[stop]]", "either `keys` or `signal`"),
            ("ready_ms = ", "ready_ms = -", "-"),
        ];
        for (old, new, reason) in table {
            assert!(SHELL.contains(old), "the profile has no {old:?} to spoil");
            let line = 1 + SHELL[..SHELL.find(old).unwrap()].matches('\n').count();
            let error = Profile::parse(&SHELL.replacen(old, new, 1)).unwrap_err();
            assert!(error.reason.contains(reason), "{new}: {error}");
            assert_eq!(error.line, line, "{new}: {error}");
        }
        assert!(Profile::parse("").unwrap_err().reason.contains("name"));
        assert_eq!(Profile::parse("name = \"a\"\n\nname =").unwrap_err().line, 3);
    }
}
