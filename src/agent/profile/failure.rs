//! What kind of failure the agent's own words tell of.

use crate::agent::text_rule::Pattern;
use crate::domain::turn::FailureKind;
use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailureRule {
    pub pattern: Pattern,
    pub means: FailureMeans,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureMeans {
    RateLimit,
    Login,
    ApiError,
}

/// By the first rule that fits.
pub fn kind(rules: &[FailureRule], text: &str) -> FailureKind {
    match rules.iter().find(|rule| rule.pattern.is_match(text)).map(|rule| rule.means) {
        Some(FailureMeans::RateLimit) => FailureKind::RateLimit,
        Some(FailureMeans::Login) => FailureKind::LoginNeeded,
        Some(FailureMeans::ApiError) => FailureKind::ApiError,
        None => FailureKind::Other,
    }
}
