//! How the agent's requests are answered from outside its screen.
//!
//! Change here: what an answer is typed as, and when it is safe to type. Not here: typing (host).

use crate::agent::text_rule::Pattern;
use serde::Deserialize;

/// Keys that come before the dialog is drawn are lost, or land in the composer. So an answer waits for what it is an answer to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestRules {
    /// What the visible screen shows while a dialog waits for keys; without it the report of the request is enough.
    pub options: Option<Pattern>,
    /// For so long it must have been there before a key is typed.
    pub hold_ms: u64,
    /// If it is not there by then, nothing is typed, and the person is to look at the screen.
    pub within_ms: u64,
    /// If the agent does not go on within this time after the keys, the answer did not arrive.
    pub goes_on_ms: u64,
    pub permission: Option<PermissionKeys>,
    pub question: Option<QuestionKeys>,
}

/// Without these a permission is given in the agent's own screen only.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermissionKeys {
    /// Allows this once.
    pub allow: String,
    pub deny: String,
}

/// Without these a question is answered in the agent's own screen only.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionKeys {
    /// What the visible screen shows while a question waits for keys; without it `options` of the request.
    pub options: Option<Pattern>,
    /// How an option is chosen by its number.
    pub choose: Option<ChooseKeys>,
    /// How words of the person's own are given.
    pub text: Option<TextKeys>,
    /// How the place for such words is opened; without it they are typed as a message is.
    pub own: Option<OwnWords>,
    /// What the screen shows where several questions are asked at once: then each line of an answer is the answer to one.
    pub several: Option<Pattern>,
    /// The page behind several questions that asks whether all answers are right.
    pub confirm: Option<Confirm>,
    /// How several options are chosen where that can be.
    pub multiple: Option<Multiple>,
    /// What the screen shows where the answer can be given there alone.
    pub only_on_screen: Option<Pattern>,
}

/// A question of which several options can be chosen: each has a box behind its number, which the keys of `choose` tick and untick.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Multiple {
    pub shown: Pattern,
    /// The keys that go on when all is ticked.
    pub go_on: String,
}

/// The place for words of the person's own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnWords {
    /// What the screen shows where there is such a place.
    pub shown: Pattern,
    /// The keys that open it; `$1` or `$name` stand for the groups of `shown`.
    pub keys: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    pub shown: Pattern,
    pub keys: String,
}

impl OwnWords {
    /// The keys that open it on this screen.
    pub fn keys_on(&self, screen: &str) -> Option<String> {
        self.shown.expand(screen, &self.keys)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChooseKeys {
    /// Its digit is typed.
    Digit,
    /// Its digit is typed, then Enter.
    DigitEnter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextKeys {
    /// As a message is.
    Paste,
}

impl Default for RequestRules {
    /// Measured: dialogs swallow keys for the first 0.4 s, and one holds itself back for a second.
    fn default() -> RequestRules {
        RequestRules {
            options: None,
            hold_ms: 300,
            within_ms: 5_000,
            goes_on_ms: 2_000,
            permission: None,
            question: None,
        }
    }
}

impl RequestRules {
    /// Whether the visible screen shows a dialog that takes keys.
    pub fn shows_options(&self, screen: &str) -> bool {
        self.options.as_ref().is_none_or(|options| options.is_match(screen))
    }

    /// Whether the visible screen shows a question that takes keys.
    pub fn shows_question(&self, screen: &str) -> bool {
        let own = self.question.as_ref().and_then(|question| question.options.as_ref());
        own.map_or_else(|| self.shows_options(screen), |options| options.is_match(screen))
    }

    /// Whether a question can be answered from outside its screen.
    pub fn takes_words(&self) -> bool {
        self.question.as_ref().is_some_and(|question| question.text.is_some() || question.choose.is_some())
    }
}
