//! The agent's own id of its session: what it is resumed by.
//!
//! Change here: what may be an id. It comes out of files, titles and hooks, and goes onto a command line and into paths: so it is plain.

use serde::{Deserialize, Serialize};

/// Longer than any id that an agent makes.
const MOST_BYTES: usize = 128;

/// Random bytes of a UUID.
pub const UUID_BYTES: usize = 16;

/// An id that can stand on a command line and in a path: letters, digits, `-`, `_`, `.`; begins with a letter, a digit or `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub struct AgentId(String);

impl AgentId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A random UUID (version 4) of these bytes, for an agent whose id we choose.
    pub fn uuid(random: [u8; UUID_BYTES]) -> AgentId {
        let mut bytes = random;
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let groups = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
        AgentId(groups.join("-"))
    }
}

impl TryFrom<String> for AgentId {
    type Error = String;

    fn try_from(id: String) -> Result<Self, String> {
        let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        if id.is_empty() || id.len() > MOST_BYTES || id.starts_with(['-', '.']) || !is_plain {
            return Err("an id has letters, digits, `-`, `_` and `.`, and begins with none of `-` and `.`".into());
        }
        Ok(AgentId(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_word_is_an_id() {
        for (text, right) in [
            ("ses_0a", true),
            ("01a2-33.b", true),
            ("", false),
            ("-x", false),
            ("..", false),
            ("a/b", false),
            ("a b", false),
            ("é", false),
            ("a\n", false),
            (&"a".repeat(128), true),
            (&"a".repeat(129), false),
        ] {
            assert_eq!(AgentId::try_from(text.to_owned()).is_ok(), right, "{text}");
        }
    }

    #[test]
    fn a_uuid_has_its_version_and_its_groups() {
        assert_eq!(AgentId::uuid([0; 16]).as_str(), "00000000-0000-4000-8000-000000000000");
        assert_eq!(AgentId::uuid([0xff; 16]).as_str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
