//! What a rule of a profile makes of something it fits: one word of the profile becomes a claim.
//!
//! Change here: a new word, and which text a claim takes. Not here: when a rule fits (`text_rule.rs`, `json_rule.rs`).

use super::claim::Claim;
use super::identity::AgentId;
use crate::domain::request::RequestKind;
use serde::Deserialize;

/// What is kept of a text that is shown in one line: what it does, a title.
const SHORT_BYTES: usize = 2 * 1024;
/// What is kept of a text that the person may have to read whole: a request, an error.
const LONG_BYTES: usize = 16 * 1024;
/// What is kept of a prompt or an answer. A prompt of ours may be 384 KiB and must still be known again.
const WHOLE_BYTES: usize = 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    Idle,
    Working,
    Started,
    AsksPermission,
    AsksQuestion,
    AsksLogin,
    Done,
    Failed,
    Interrupted,
    Identity,
    Background,
    Title,
    /// Only what stands beside it: answer, model, usage, identity.
    Detail,
    /// Nothing, and no later rule is asked.
    Nothing,
}

impl Means {
    /// The claim, with the text that the rule took out of what it fits.
    pub fn claim(self, text: Option<String>) -> Option<Claim> {
        let short = || text.as_deref().map(|text| plain(text, SHORT_BYTES)).filter(|text| !text.is_empty());
        let long = || text.as_deref().map(|text| plain(text, LONG_BYTES)).unwrap_or_default();
        let asks = |kind| Some(Claim::Asks { kind, text: long() });
        match self {
            Means::Idle => Some(Claim::Idle),
            Means::Working => Some(Claim::Working { doing: short() }),
            Means::Started => Some(Claim::Started { prompt: text.map(whole) }),
            Means::AsksPermission => asks(RequestKind::Permission),
            Means::AsksQuestion => asks(RequestKind::Question),
            Means::AsksLogin => asks(RequestKind::Login),
            Means::Done => Some(Claim::Done),
            Means::Failed => Some(Claim::Failed { text: long() }),
            Means::Interrupted => Some(Claim::Interrupted),
            Means::Identity => {
                text.and_then(|id| AgentId::try_from(id).ok()).map(|id| Claim::Identity(id.as_str().into()))
            }
            Means::Background => text?.parse().ok().map(|count| Claim::Background { count }),
            Means::Title => short().map(Claim::Title),
            Means::Detail | Means::Nothing => None,
        }
    }

    /// Whether it says where the agent is, and not only more about it.
    pub fn is_state(self) -> bool {
        match self {
            Means::Idle
            | Means::Working
            | Means::Started
            | Means::AsksPermission
            | Means::AsksQuestion
            | Means::AsksLogin
            | Means::Done
            | Means::Failed
            | Means::Interrupted => true,
            Means::Identity | Means::Background | Means::Title | Means::Detail | Means::Nothing => false,
        }
    }

    /// Whether it says that a turn ended, and how.
    pub fn is_end(self) -> bool {
        matches!(self, Means::Done | Means::Failed | Means::Interrupted)
    }

    pub fn is_request(self) -> bool {
        matches!(self, Means::AsksPermission | Means::AsksQuestion | Means::AsksLogin)
    }

    /// The word of the profile.
    pub fn word(self) -> &'static str {
        match self {
            Means::Idle => "idle",
            Means::Working => "working",
            Means::Started => "started",
            Means::AsksPermission => "asks-permission",
            Means::AsksQuestion => "asks-question",
            Means::AsksLogin => "asks-login",
            Means::Done => "done",
            Means::Failed => "failed",
            Means::Interrupted => "interrupted",
            Means::Identity => "identity",
            Means::Background => "background",
            Means::Title => "title",
            Means::Detail => "detail",
            Means::Nothing => "nothing",
        }
    }
}

/// A text that keeps its lines, without characters that command a terminal, at most so many bytes.
pub fn plain(text: &str, most_bytes: usize) -> String {
    let mut kept = String::new();
    for character in text.trim().chars().filter(|character| !character.is_control() || matches!(character, '\n' | '\t'))
    {
        if kept.len() + character.len_utf8() > most_bytes {
            break;
        }
        kept.push(character);
    }
    kept
}

/// A prompt or an answer.
pub fn whole(text: String) -> String {
    plain(&text, WHOLE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_and_a_text_make_a_claim() {
        let text = |text: &str| Some(text.to_owned());
        let table = [
            (Means::Idle, text("x"), Some(Claim::Idle)),
            (Means::Working, text(" runs\u{1b}[m "), Some(Claim::Working { doing: text("runs[m") })),
            (Means::Working, text(""), Some(Claim::Working { doing: None })),
            (Means::Started, text("a\n\tb"), Some(Claim::Started { prompt: text("a\n\tb") })),
            (Means::AsksLogin, None, Some(Claim::Asks { kind: RequestKind::Login, text: String::new() })),
            (Means::Identity, text("a-1"), Some(Claim::Identity("a-1".into()))),
            (Means::Identity, text("--rm"), None),
            (Means::Identity, None, None),
            (Means::Background, text("2"), Some(Claim::Background { count: 2 })),
            (Means::Background, text("many"), None),
            (Means::Title, text(""), None),
            (Means::Detail, text("x"), None),
            (Means::Nothing, text("x"), None),
        ];
        for (means, text, wanted) in table {
            assert_eq!(means.claim(text.clone()), wanted, "{means:?} {text:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(plain(&"é".repeat(10), 5), "éé");
        let Some(Claim::Failed { text }) = Means::Failed.claim(Some("x".repeat(100_000))) else { panic!("a failure") };
        assert_eq!(text.len(), LONG_BYTES);
    }
}
