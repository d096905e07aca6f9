//! Where the agent keeps its sessions, so that a person can pick one to go on with.
//!
//! Change here: what is read of such a file. Not here: looking for files (host), or any choice among them: that is the person's alone.

use crate::agent::glob::{Glob, PathTemplate};
use crate::agent::identity::AgentId;
use crate::agent::json_path::JsonPath;
use crate::agent::json_rule::{Conditions, Paths};
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdoptRules {
    /// One file a session, of one JSON value a line.
    pub files: PathTemplate,
    /// The place of the id; without it the `{id}` in `files`.
    pub id: Option<JsonPath>,
    /// The place of the folder that the session is about.
    pub folder: JsonPath,
    pub prompt: Option<PromptRule>,
}

/// The first line like that has the first prompt.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptRule {
    #[serde(default)]
    pub when: Conditions,
    #[serde(default)]
    pub unless: Conditions,
    pub text: Paths,
}

/// What the beginning of a session's file tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSession {
    pub id: AgentId,
    pub folder: String,
    /// Empty where it was not told.
    pub prompt: String,
}

impl AdoptRules {
    /// What the lines of this file tell; none where they are no session's.
    pub fn read<'a>(&self, glob: &Glob, path: &str, lines: impl Iterator<Item = &'a str>) -> Option<KeptSession> {
        let mut id = if self.id.is_some() { None } else { glob.id_in(path) };
        let (mut folder, mut prompt) = (None, None);
        for value in lines.filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            id = id.or_else(|| AgentId::try_from(self.id.as_ref()?.text(&value)?).ok());
            folder = folder.or_else(|| self.folder.text(&value));
            prompt = prompt.or_else(|| self.prompt.as_ref()?.of(&value));
            if id.is_some() && folder.is_some() && (prompt.is_some() || self.prompt.is_none()) {
                break;
            }
        }
        Some(KeptSession { id: id?, folder: folder?, prompt: prompt.unwrap_or_default() })
    }
}

impl PromptRule {
    fn of(&self, value: &Value) -> Option<String> {
        let fits = self.when.hold(value) && !self.unless.any_holds(value);
        self.text.text(value).filter(|_| fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::glob::Places;

    fn read(rules: &str, path: &str, lines: &[&str]) -> Option<(String, String, String)> {
        let rules: AdoptRules = toml::from_str(rules).unwrap();
        let places = Places { state: Some("/s"), home: None, cwd: "/w", pid: None, id: None, dir: "/d" };
        let glob = rules.files.fill_but_id(&places, "").unwrap();
        let kept = rules.read(&glob, path, lines.iter().copied())?;
        Some((kept.id.as_str().to_owned(), kept.folder, kept.prompt))
    }

    #[test]
    fn a_session_is_told_by_its_name_or_by_its_lines() {
        let by_name = "files = \"{state}/{id}.jsonl\"\nfolder = \"/cwd\"\n\
            prompt = { when = { \"/type\" = \"user\" }, unless = { \"/meta\" = true }, text = \"/text\" }";
        let lines = [
            "no json",
            r#"{"type":"user","meta":true,"text":"not this","cwd":"/w"}"#,
            r#"{"type":"user","text":"fix it"}"#,
            r#"{"type":"user","text":"and more"}"#,
        ];
        let told = |id: &str, folder: &str, prompt: &str| Some((id.into(), folder.into(), prompt.into()));
        assert_eq!(read(by_name, "/s/a-1.jsonl", &lines), told("a-1", "/w", "fix it"));
        assert_eq!(read(by_name, "/s/a-1.jsonl", &lines[..1]), None, "it does not say of which folder it is");
        let by_line = "files = \"{state}/*.jsonl\"\nid = \"/id\"\nfolder = \"/cwd\"";
        assert_eq!(read(by_line, "/s/x.jsonl", &[r#"{"id":"b2","cwd":"/w"}"#]), told("b2", "/w", ""));
        for id in ["-x", "a/b", ""] {
            let line = format!(r#"{{"id":"{id}","cwd":"/w"}}"#);
            assert_eq!(read(by_line, "/s/x.jsonl", &[&line]), None, "{id:?} is no id");
        }
    }
}
