//! The names in a profile: plain enough for file names, command lines and environments.

use crate::agent::{assets, environment};
use serde::Deserialize;

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

/// The names of variables: one, or all with this beginning or end, by one `*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct VariablePattern(String);

/// An embedded file that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Asset(assets::Text);

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

impl VariablePattern {
    pub fn is_match(&self, name: &str) -> bool {
        environment::matches(name, &self.0)
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
        if !environment::is_name(&name) {
            return Err(format!("{name:?} cannot name a variable"));
        }
        Ok(VariableName(name))
    }
}

impl TryFrom<String> for VariablePattern {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if !environment::is_name(&name) || name.matches('*').count() > 1 {
            return Err(format!("{name:?} is not the name of a variable with at most one `*`"));
        }
        Ok(VariablePattern(name))
    }
}

impl TryFrom<String> for Asset {
    type Error = String;

    fn try_from(path: String) -> Result<Self, String> {
        assets::text(&path).map(|text| Asset(assets::Text(text))).ok_or_else(|| format!("no built-in file {path:?}"))
    }
}
