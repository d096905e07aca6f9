//! How a message reaches the agent.
//!
//! Change here: a new way. Not here: the bytes of it (`agent/submit.rs`).

use crate::agent::template::SubmitTemplate;
use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "SubmitText")]
pub enum Submit {
    /// As a file in the private folder, and keys that make the agent read it.
    File {
        file: SubmitTemplate,
        keys: SubmitTemplate,
    },
    Paste(Paste),
}

/// As a paste into its composer, and keys that send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paste {
    pub keys: String,
    /// Between the paste and the keys.
    pub gap_ms: u64,
    pub gap_from: GapFrom,
    /// A text that begins with one of these gets `pad_with` before it: to the agent it would be a command.
    pub pad_start: Vec<String>,
    pub pad_with: String,
    /// Stands behind every text.
    pub pad_end: String,
    pub brackets: Brackets,
    /// Keys that empty the composer, and how often they are typed.
    pub clear: String,
    pub clear_times: usize,
    /// Keys that empty the composer when a turn was interrupted; without them `clear` does.
    pub after_interrupt: Option<String>,
}

/// From when the gap before the keys counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GapFrom {
    /// The agent has read the paste.
    #[default]
    Read,
    /// It has drawn it, and draws no more: some agents take what was pasted for the text only when that is on their screen.
    Shown,
}

/// Whether the paste stands in brackets (`ESC[200~`, `ESC[201~`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Brackets {
    #[default]
    Yes,
    /// The agent knows no bracketed paste: a line end in a text sends the line.
    No,
}

/// More would be a screenful of keys that do nothing.
const MOST_CLEAR_TIMES: usize = 200;

impl Default for Paste {
    fn default() -> Paste {
        Paste {
            keys: "\r".into(),
            gap_ms: 150,
            gap_from: GapFrom::Read,
            pad_start: Vec::new(),
            pad_with: " ".into(),
            pad_end: String::new(),
            brackets: Brackets::Yes,
            clear: String::new(),
            clear_times: 1,
            after_interrupt: None,
        }
    }
}

impl Default for Submit {
    fn default() -> Submit {
        Submit::Paste(Paste::default())
    }
}

impl Submit {
    pub fn is_paste(&self) -> bool {
        match self {
            Submit::Paste(_) => true,
            Submit::File { .. } => false,
        }
    }
}

/// As it is written: with `file` and `keys`, or with the fields of a paste.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubmitText {
    file: Option<SubmitTemplate>,
    keys: Option<SubmitTemplate>,
    paste: Option<String>,
    gap_ms: Option<u64>,
    #[serde(default)]
    gap_from: GapFrom,
    #[serde(default)]
    pad_start: Vec<String>,
    pad_with: Option<String>,
    #[serde(default)]
    pad_end: String,
    #[serde(default)]
    brackets: Brackets,
    #[serde(default)]
    clear: String,
    clear_times: Option<usize>,
    after_interrupt: Option<String>,
}

impl TryFrom<SubmitText> for Submit {
    type Error = String;

    fn try_from(text: SubmitText) -> Result<Self, String> {
        let usual = Paste::default();
        let paste = Paste {
            keys: text.paste.clone().unwrap_or(usual.keys.clone()),
            gap_ms: text.gap_ms.unwrap_or(usual.gap_ms),
            gap_from: text.gap_from,
            pad_start: text.pad_start,
            pad_with: text.pad_with.unwrap_or(usual.pad_with),
            pad_end: text.pad_end,
            brackets: text.brackets,
            clear: text.clear,
            clear_times: text.clear_times.unwrap_or(usual.clear_times),
            after_interrupt: text.after_interrupt,
        };
        let only_file = Paste { gap_ms: usual.gap_ms, ..paste.clone() } == Paste::default() && text.gap_ms.is_none();
        match (text.file, text.keys) {
            (Some(file), Some(keys)) if only_file && text.paste.is_none() => Ok(Submit::File { file, keys }),
            (None, None) if paste.clear_times > MOST_CLEAR_TIMES => {
                Err(format!("`clear_times` is at most {MOST_CLEAR_TIMES}"))
            }
            (None, None) => Ok(Submit::Paste(paste)),
            _ => Err("a submit is either `file` with `keys`, or `paste` with what belongs to it".into()),
        }
    }
}
