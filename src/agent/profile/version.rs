//! Which version of the agent is there, and whether this profile was tried with it.
//!
//! Change here: what is made of a version. Not here: running the program for it (host).

use crate::agent::text_rule::Pattern;
use serde::Deserialize;
use std::cmp::Ordering;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionRules {
    /// Arguments that make the program say it.
    #[serde(default = "version_args")]
    pub args: Vec<String>,
    /// What the version is in its output: the group `version`, else the first group, else all that fits.
    #[serde(default = "three_numbers")]
    pub pattern: Pattern,
    /// The version that this profile was tried with.
    pub tested: Option<String>,
    /// Before this one something that the profile relies on is not there.
    pub at_least: Option<String>,
}

/// What is known of the program's version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Version {
    /// Its output has no version.
    NotTold,
    Tested {
        found: String,
    },
    /// Another one than the tried one; nothing speaks against it.
    NotTested {
        found: String,
        tested: Option<String>,
    },
    TooOld {
        found: String,
        at_least: String,
    },
}

fn version_args() -> Vec<String> {
    vec!["--version".into()]
}

fn three_numbers() -> Pattern {
    Pattern::try_from(r"\d+\.\d+\.\d+".to_owned()).expect("the pattern is right: a test reads a profile without one")
}

impl VersionRules {
    pub fn judge(&self, output: &str) -> Version {
        let Some(found) = self.pattern.group("version", output).map(str::to_owned) else {
            return Version::NotTold;
        };
        match (&self.at_least, &self.tested) {
            (Some(least), _) if compare(&found, least) == Ordering::Less => {
                Version::TooOld { found, at_least: least.clone() }
            }
            (_, Some(tested)) if compare(&found, tested) == Ordering::Equal => Version::Tested { found },
            (_, tested) => Version::NotTested { found, tested: tested.clone() },
        }
    }
}

impl Version {
    /// What the person should know before it is used.
    pub fn warning(&self) -> Option<String> {
        match self {
            Version::TooOld { .. } => Some(format!("{}; update it", self.words())),
            Version::NotTold | Version::Tested { .. } | Version::NotTested { .. } => None,
        }
    }

    /// In words for `doctor`.
    pub fn words(&self) -> String {
        match self {
            Version::NotTold => "version not told".into(),
            Version::Tested { found } => format!("version {found}, tried"),
            Version::NotTested { found, tested: Some(tested) } => format!("version {found}; tried was {tested}"),
            Version::NotTested { found, tested: None } => format!("version {found}"),
            Version::TooOld { found, at_least } => format!("version {found} is too old: at least {at_least} is needed"),
        }
    }
}

/// By the numbers in them, in their order.
fn compare(one: &str, other: &str) -> Ordering {
    let numbers = |version: &str| {
        let parts = version.split(|character: char| !character.is_ascii_digit());
        parts.filter_map(|part| part.parse::<u64>().ok()).collect::<Vec<_>>()
    };
    numbers(one).cmp(&numbers(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_judged_by_its_numbers() {
        let rules: VersionRules = toml::from_str("tested = \"2.1.330\"\nat_least = \"2.1.295\"").unwrap();
        let table = [
            ("2.1.330 (Agent)", "version 2.1.330, tried"),
            ("agent 2.1.9", "version 2.1.9 is too old: at least 2.1.295 is needed"),
            ("2.2.0", "version 2.2.0; tried was 2.1.330"),
            ("2.1.300\n", "version 2.1.300; tried was 2.1.330"),
            ("nothing", "version not told"),
        ];
        for (output, words) in table {
            assert_eq!(rules.judge(output).words(), words, "{output}");
        }
        let named: VersionRules = toml::from_str("pattern = 'v(?<version>\\d+)'").unwrap();
        assert_eq!(named.judge("agent v12"), Version::NotTested { found: "12".into(), tested: None });
    }
}
