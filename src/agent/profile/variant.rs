//! The shapes that an agent comes in, and where its program is looked for.
//!
//! Change here: what belongs to a start. Not here: the order of a command line (`launch.rs`).

use super::name::{Asset, FileName, VariableName, VariablePattern};
use super::submit::Submit;
use crate::agent::glob::PathTemplate;
use crate::agent::template::LaunchTemplate;
use crate::domain::continuity::CanResume;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Where the agent's program is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The person's choice: a variable of the client.
    pub from_env: Option<String>,
    /// Else the first of these that is found.
    #[serde(default)]
    pub first_of: Vec<String>,
}

/// The folder in which the agent keeps what outlives a process: `{state}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateFolder {
    /// The variable that names it, where the person set it.
    pub env: Option<VariableName>,
    /// Else this, below the home folder.
    pub home: String,
}

/// How the agent is started and told something when its program has one of these file names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Variant {
    /// File names, without folder. Empty: any program.
    pub programs: Vec<String>,
    /// The beginning of the command line of a new session, and of one that is resumed.
    pub new: Vec<LaunchTemplate>,
    pub resume: Vec<LaunchTemplate>,
    /// What follows at every start.
    pub args: Vec<LaunchTemplate>,
    /// What follows then where a model was chosen.
    pub model: Vec<LaunchTemplate>,
    /// Files that are put into the session's private folder before the start.
    pub files: BTreeMap<FileName, FileText>,
    /// Variables for this process alone. One that is filled from something that is not there is not set.
    pub env: BTreeMap<VariableName, LaunchTemplate>,
    /// Variables of the client that it sees although agents in general do not.
    pub pass: Vec<VariablePattern>,
    /// Variables of the client that it must not see; stronger than `pass`.
    pub unset: Vec<VariablePattern>,
    pub submit: Submit,
    pub notes: Vec<String>,
}

/// What is in a file for the private folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "FileTextText")]
pub enum FileText {
    /// A built-in file, as it is.
    Asset(Asset),
    /// A text with holes.
    Template(LaunchTemplate),
}

/// As it is written: the name of a built-in file, or `{ text = "..." }`.
#[derive(Deserialize)]
#[serde(untagged)]
enum FileTextText {
    Asset(String),
    Inline(Inline),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inline {
    text: String,
}

impl TryFrom<FileTextText> for FileText {
    type Error = String;

    fn try_from(text: FileTextText) -> Result<Self, String> {
        match text {
            FileTextText::Asset(path) => Asset::try_from(path).map(FileText::Asset),
            FileTextText::Inline(Inline { text }) => LaunchTemplate::try_from(text).map(FileText::Template),
        }
    }
}

/// What outlives the process.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContinuityRules {
    /// Whether a session can go on in a new process.
    #[serde(deserialize_with = "yes_or_no")]
    pub resume: CanResume,
    /// Only where a file of this name is there; without it the session has nothing yet, and is started as new.
    pub resume_if: Option<PathTemplate>,
    /// What is put in order before a resume.
    pub before_resume: Vec<BeforeResume>,
}

impl Default for ContinuityRules {
    fn default() -> ContinuityRules {
        ContinuityRules { resume: CanResume::No, resume_if: None, before_resume: Vec::new() }
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

/// One thing to do before a resume.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BeforeResumeText")]
pub enum BeforeResume {
    /// Take these files away: a lock that a killed process left.
    Remove(PathTemplate),
    /// Copy this file there: a transcript that the agent may spoil.
    Copy { from: PathTemplate, to: PathTemplate },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BeforeResumeText {
    remove: Option<PathTemplate>,
    copy: Option<PathTemplate>,
    to: Option<PathTemplate>,
}

impl TryFrom<BeforeResumeText> for BeforeResume {
    type Error = String;

    fn try_from(text: BeforeResumeText) -> Result<Self, String> {
        match (text.remove, text.copy, text.to) {
            (Some(files), None, None) => Ok(BeforeResume::Remove(files)),
            (None, Some(from), Some(to)) => Ok(BeforeResume::Copy { from, to }),
            _ => Err("before a resume stands either `remove`, or `copy` with `to`".into()),
        }
    }
}
