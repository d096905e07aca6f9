//! One agent CLI as a profile describes it: TOML in, a `Profile` that cannot be wrong out.
//!
//! Change here: what can be said about an agent. A field that is missing here is added here, never worked around by a name in Rust.
//! Not here: finding profiles (`catalog.rs`), using one (`launch.rs`, `submit.rs`, `observe.rs`) or carrying out its ladders (host).

use super::assets;
use super::template::{LaunchTemplate, SubmitTemplate, value_of};
use crate::domain::continuity::CanResume;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Everything we know about one agent CLI.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// What fingerprints and the command line call it.
    pub name: ProfileName,
    /// What people see.
    pub title: String,
    pub program: Program,
    /// The shapes the agent comes in, by the file name of its program; the first that fits.
    #[serde(rename = "variant")]
    pub variants: Vec<Variant>,
    pub signals: Signals,
    pub deadlines: Deadlines,
    pub turn_end: TurnEndRules,
    pub continuity: ContinuityRules,
    /// How a running turn is interrupted: each step when the one before did not help in its time.
    pub interrupt: Vec<Step>,
    /// How the session is stopped, in the same way.
    pub stop: Vec<Step>,
    /// What `doctor` tells about it.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Where the agent's program is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The person's choice: a variable of the client.
    pub from_env: Option<String>,
    /// Else the first of these that is found.
    pub first_of: Vec<String>,
}

/// How the agent is started and told something when its program has one of these file names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// File names, without folder.
    pub programs: Vec<String>,
    pub args: Vec<LaunchTemplate>,
    /// Files that are put into the session's private folder before the start.
    #[serde(default)]
    pub files: BTreeMap<FileName, Asset>,
    /// Variables for this process alone. One that is filled from a variable that the client lacks is not set.
    #[serde(default)]
    pub env: BTreeMap<VariableName, LaunchTemplate>,
    /// Variables of the client that it must not see.
    #[serde(default)]
    pub unset: Vec<String>,
    pub submit: Submit,
    #[serde(default)]
    pub notes: Vec<String>,
}

/// How a message reaches the agent: as a file in the private folder, and keys that make it read the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submit {
    /// The name of the file with the text.
    pub file: SubmitTemplate,
    /// What is typed when the file is there.
    pub keys: SubmitTemplate,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signals {
    pub source: SignalSource,
}

/// What tells us what the agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignalSource {
    /// OSC 133 marks that carry the session's token (`observe.rs`).
    Osc133Token,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadlines {
    /// A started process that is not ready for input by then could not be started.
    pub ready_ms: u64,
    /// A message that was written and started no turn by then was "sent, but no turn started".
    pub turn_start_ms: u64,
}

/// What the end of a turn means.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TurnEndRules {
    pub process_exit: ProcessExit,
    /// Exit statuses of a turn that mean: interrupted from within its own screen.
    pub interrupted_statuses: Vec<i32>,
}

/// What it means when the agent's process leaves in mid-turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessExit {
    /// The turn was the leaving: it completed with status 0 and failed with any other.
    IsTurnStatus,
    /// The turn failed, whatever the status.
    IsFailure,
}

/// What outlives the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContinuityRules {
    #[serde(deserialize_with = "yes_or_no")]
    pub resume: CanResume,
}

/// One step of a ladder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "StepText")]
pub struct Step {
    pub act: StepAct,
    /// How long to wait for it to help before the next step.
    pub wait_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepAct {
    /// Type these bytes.
    Keys(Vec<u8>),
    /// Send this signal: on interrupt to the foreground process group, on stop to every group of the session.
    Signal(GroupSignal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupSignal {
    Int,
    Hup,
    Term,
    Kill,
}

/// The name of a profile: it stands in fingerprints, file names and on command lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct ProfileName(String);

/// The name of a file in the session's private folder; never a path out of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct FileName(String);

/// The name of a variable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct VariableName(String);

/// An embedded file that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Asset(assets::Text);

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
        toml::from_str(text).map_err(|error| ProfileError {
            line: 1 + text[..error.span().map_or(0, |span| span.start).min(text.len())].matches('\n').count(),
            reason: error.message().trim().replace('\n', "; "),
        })
    }

    /// The programs to try in this order, for a client with this environment. Those that no variant knows are left out.
    pub fn candidates<'a>(&'a self, env: &'a [(String, String)]) -> Vec<Candidate<'a>> {
        let chosen = self.program.from_env.as_ref().and_then(|name| value_of(name, env));
        let programs = chosen.into_iter().chain(self.program.first_of.iter().map(String::as_str));
        programs.filter_map(|program| Some(Candidate { program, variant: self.variant_for(program)? })).collect()
    }

    fn variant_for(&self, program: &str) -> Option<&Variant> {
        let file_name = program.rsplit('/').next()?;
        self.variants.iter().find(|variant| variant.programs.iter().any(|name| name == file_name))
    }

    /// Whether a turn with this exit status was interrupted in the agent's own screen.
    pub fn is_interrupt(&self, status: i32) -> bool {
        self.turn_end.interrupted_statuses.contains(&status)
    }
}

impl ProfileName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FileName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl VariableName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Asset {
    pub fn text(self) -> &'static str {
        self.0.0
    }
}

impl TryFrom<String> for ProfileName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.starts_with('-') || !name.chars().all(plain) {
            return Err(format!("name {name:?} may have a-z, 0-9 and, not first, `-`"));
        }
        Ok(ProfileName(name))
    }
}

impl TryFrom<String> for FileName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
            return Err(format!("{name:?} is not a plain file name"));
        }
        Ok(FileName(name))
    }
}

impl TryFrom<String> for VariableName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if !super::environment::is_name(&name) {
            return Err(format!("{name:?} cannot name a variable"));
        }
        Ok(VariableName(name))
    }
}

impl TryFrom<String> for Asset {
    type Error = String;

    fn try_from(path: String) -> Result<Self, String> {
        assets::text(&path).map(|text| Asset(assets::Text(text))).ok_or_else(|| format!("no built-in file {path:?}"))
    }
}

/// A step as it is written: exactly one of `keys` and `signal`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepText {
    keys: Option<String>,
    signal: Option<GroupSignal>,
    wait_ms: u64,
}

impl TryFrom<StepText> for Step {
    type Error = String;

    fn try_from(text: StepText) -> Result<Self, String> {
        let act = match (text.keys, text.signal) {
            (Some(keys), None) => StepAct::Keys(keys.into_bytes()),
            (None, Some(signal)) => StepAct::Signal(signal),
            (Some(_), Some(_)) | (None, None) => return Err("a step has either `keys` or `signal`".into()),
        };
        Ok(Step { act, wait_ms: text.wait_ms })
    }
}

/// `yes` or `no`, for a type of the domain that is stored under other words.
fn yes_or_no<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<CanResume, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        Yes,
        No,
    }
    Ok(match Word::deserialize(deserializer)? {
        Word::Yes => CanResume::Yes,
        Word::No => CanResume::No,
    })
}

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
