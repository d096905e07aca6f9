//! Where a profile says the agent's state can be read, and what is made of it there.
//!
//! Change here: a new source. Not here: reading one (`readers/`).

use crate::agent::glob::PathTemplate;
use crate::agent::json_path::JsonPath;
use crate::agent::json_rule::{Conditions, JsonRule, Paths};
use crate::agent::means::Means;
use crate::agent::text_rule::{Pattern, TextRule};
use crate::domain::turn::Source;
use serde::Deserialize;

/// One source. A profile lists them in the order of trust, best first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "SignalText")]
pub enum Signal {
    /// OSC 133 marks that carry the session's token (`observe.rs`).
    Osc133Token,
    /// OSC 7501, the program status protocol.
    ProgramStatus,
    /// What a hook of the agent gives to `threadkeep signal`, and the events that it serves where it does that.
    Hook {
        stream: Option<StreamPath>,
        rules: Vec<JsonRule>,
    },
    /// A file to which the agent appends one JSON value a line.
    Transcript {
        path: PathTemplate,
        rules: Vec<JsonRule>,
    },
    /// A file that holds one JSON value.
    StateFile {
        path: PathTemplate,
        rules: Vec<JsonRule>,
    },
    /// OSC 9, 99 and 777: `title: body`.
    Notification(Vec<TextRule>),
    /// OSC 9;4.
    Progress,
    /// OSC 0 and 2.
    Title(Vec<TextRule>),
    /// Whether bracketed paste is on, which line editors have on only at their prompt.
    PasteMode {
        on: Means,
        off: Means,
    },
    /// The text of the visible screen.
    Screen(Vec<TextRule>),
    Bell(Means),
}

/// What is asked for at the port that we chose for the agent: a path, with a query where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct StreamPath(String);

/// Where the id of the agent's session is read, beside the rules that tell it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ReadIdText")]
pub enum ReadId {
    /// A file that the agent's process holds open.
    OpenFile(PathTemplate),
    /// The title. With `complete` only the beginning of the id is there, and a file's name has the whole.
    Title { pattern: Pattern, complete: Option<PathTemplate> },
}

/// The agent's own id of its session.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityRules {
    /// Which id we may choose before the start; without it the id is read.
    pub choose: Option<Choose>,
    #[serde(default)]
    pub read: Vec<ReadId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choose {
    /// A random UUID.
    Uuid,
    /// Any plain word: also a UUID, since that says nothing of the person.
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SourceName {
    Osc133Token,
    ProgramStatus,
    Hook,
    Transcript,
    StateFile,
    Notification,
    Progress,
    Title,
    PasteMode,
    Screen,
    Bell,
}

/// A signal as it is written. Which of the other fields belong to a source, `TryFrom` knows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignalText {
    source: SourceName,
    path: Option<PathTemplate>,
    stream: Option<StreamPath>,
    #[serde(default)]
    rule: Vec<RuleText>,
    on: Option<Means>,
    off: Option<Means>,
    means: Option<Means>,
}

/// A rule as it is written: over a text, or over a JSON value.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    means: Means,
    text: Option<OneOrMore>,
    pattern: Option<Pattern>,
    when: Option<Conditions>,
    unless: Option<Conditions>,
    answer: Option<JsonPath>,
    model: Option<JsonPath>,
    identity: Option<JsonPath>,
    input_tokens: Option<Paths>,
    output_tokens: Option<Paths>,
    cost_usd: Option<JsonPath>,
    once_by: Option<JsonPath>,
}

/// Over a text a template, over JSON one or several places.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadIdText {
    open_file: Option<PathTemplate>,
    title: Option<Pattern>,
    complete: Option<PathTemplate>,
}

impl Signal {
    pub fn source(&self) -> Source {
        match self {
            Signal::Osc133Token => Source::ShellMark,
            Signal::ProgramStatus => Source::ProgramStatus,
            Signal::Hook { .. } => Source::Hook,
            Signal::Transcript { .. } => Source::Transcript,
            Signal::StateFile { .. } => Source::StateFile,
            Signal::Notification(_) => Source::Notification,
            Signal::Progress => Source::Progress,
            Signal::Title(_) => Source::Title,
            Signal::PasteMode { .. } => Source::PasteMode,
            Signal::Screen(_) => Source::Screen,
            Signal::Bell(_) => Source::Bell,
        }
    }

    /// Whether one of its rules tells the id of the agent's session.
    pub fn tells_identity(&self) -> bool {
        match self {
            Signal::Hook { rules, .. } | Signal::Transcript { rules, .. } | Signal::StateFile { rules, .. } => {
                rules.iter().any(|rule| rule.means == Means::Identity || rule.identity.is_some())
            }
            Signal::Notification(rules) | Signal::Title(rules) | Signal::Screen(rules) => {
                rules.iter().any(|rule| rule.means == Means::Identity)
            }
            Signal::Osc133Token
            | Signal::ProgramStatus
            | Signal::Progress
            | Signal::PasteMode { .. }
            | Signal::Bell(_) => false,
        }
    }

    /// All that this source can say of the agent's state.
    pub fn meanings(&self) -> Vec<Means> {
        let all = [Means::Idle, Means::Working, Means::Done, Means::Failed, Means::AsksPermission, Means::AsksQuestion];
        match self {
            Signal::Osc133Token => vec![Means::Idle, Means::Started, Means::Done],
            Signal::ProgramStatus => all.to_vec(),
            Signal::Progress => vec![Means::Idle, Means::Working, Means::Failed],
            Signal::Hook { rules, .. } | Signal::Transcript { rules, .. } | Signal::StateFile { rules, .. } => {
                rules.iter().map(|rule| rule.means).collect()
            }
            Signal::Notification(rules) | Signal::Title(rules) | Signal::Screen(rules) => {
                rules.iter().map(|rule| rule.means).collect()
            }
            Signal::PasteMode { on, off } => vec![*on, *off],
            Signal::Bell(means) => vec![*means],
        }
    }
}

impl StreamPath {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for StreamPath {
    type Error = String;

    /// It becomes a part of the head of a request, so nothing in it may end a line or a word there.
    fn try_from(text: String) -> Result<Self, String> {
        let fits = text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then_some(StreamPath(text)).ok_or_else(|| "a `stream` begins with `/` and has plain signs only".into())
    }
}

impl TryFrom<SignalText> for Signal {
    type Error = String;

    fn try_from(mut text: SignalText) -> Result<Self, String> {
        let name = text.source;
        let signal = match name {
            SourceName::Osc133Token => Signal::Osc133Token,
            SourceName::ProgramStatus => Signal::ProgramStatus,
            SourceName::Progress => Signal::Progress,
            SourceName::Hook => Signal::Hook { stream: text.stream.take(), rules: text.rules()? },
            SourceName::Notification => Signal::Notification(text.rules()?),
            SourceName::Title => Signal::Title(text.rules()?),
            SourceName::Screen => Signal::Screen(text.rules()?),
            SourceName::Transcript => Signal::Transcript { path: text.path()?, rules: text.rules()? },
            SourceName::StateFile => Signal::StateFile { path: text.path()?, rules: text.rules()? },
            SourceName::PasteMode => Signal::PasteMode {
                on: text.on.take().unwrap_or(Means::Idle),
                off: text.off.take().unwrap_or(Means::Working),
            },
            SourceName::Bell => Signal::Bell(text.means.take().unwrap_or(Means::Done)),
        };
        text.has_nothing_left().then_some(signal).ok_or_else(|| "a field here does not belong to this source".into())
    }
}

impl SignalText {
    fn path(&mut self) -> Result<PathTemplate, String> {
        self.path.take().ok_or_else(|| "this source needs a `path`".into())
    }

    fn rules<R: TryFrom<RuleText, Error = String>>(&mut self) -> Result<Vec<R>, String> {
        let rules = std::mem::take(&mut self.rule);
        if rules.is_empty() {
            return Err("this source needs at least one `rule`".into());
        }
        let read = |(at, rule)| R::try_from(rule).map_err(|why| format!("rule {}: {why}", at + 1));
        rules.into_iter().enumerate().map(read).collect()
    }

    fn has_nothing_left(&self) -> bool {
        let no_place = self.path.is_none() && self.stream.is_none();
        no_place && self.rule.is_empty() && self.on.is_none() && self.off.is_none() && self.means.is_none()
    }
}

impl IdentityRules {
    /// Files that the agent holds open as long as it has a session.
    pub fn open_files(&self) -> impl Iterator<Item = &PathTemplate> {
        self.read.iter().filter_map(|read| match read {
            ReadId::OpenFile(path) => Some(path),
            ReadId::Title { .. } => None,
        })
    }
}

impl TryFrom<RuleText> for TextRule {
    type Error = String;

    fn try_from(rule: RuleText) -> Result<Self, String> {
        let text = match rule {
            RuleText {
                means: _,
                text,
                pattern: _,
                when: None,
                unless: None,
                answer: None,
                model: None,
                identity: None,
                input_tokens: None,
                output_tokens: None,
                cost_usd: None,
                once_by: None,
            } => text,
            _ => return Err("over a text it has a `pattern`, `means` and perhaps `text`".into()),
        };
        let text = match text {
            None => None,
            Some(OneOrMore::One(text)) => Some(text),
            Some(OneOrMore::More(_)) => return Err("over a text its `text` is one".into()),
        };
        let pattern = rule.pattern.ok_or("over a text it needs a `pattern`")?;
        Ok(TextRule { pattern, means: rule.means, text })
    }
}

impl TryFrom<RuleText> for JsonRule {
    type Error = String;

    fn try_from(rule: RuleText) -> Result<Self, String> {
        let text = match rule.text {
            None => Vec::new(),
            Some(OneOrMore::One(path)) => vec![path],
            Some(OneOrMore::More(paths)) => paths,
        };
        Ok(JsonRule {
            when: rule.when.unwrap_or_default(),
            unless: rule.unless.unwrap_or_default(),
            means: rule.means,
            text: Paths::try_from(text)?,
            pattern: rule.pattern,
            answer: rule.answer,
            model: rule.model,
            identity: rule.identity,
            input_tokens: rule.input_tokens.unwrap_or_default(),
            output_tokens: rule.output_tokens.unwrap_or_default(),
            cost_usd: rule.cost_usd,
            once_by: rule.once_by,
        })
    }
}

impl TryFrom<ReadIdText> for ReadId {
    type Error = String;

    fn try_from(text: ReadIdText) -> Result<Self, String> {
        let has_id = |path: &PathTemplate| path.asks_for_id();
        match (text.open_file, text.title, text.complete) {
            (Some(path), None, None) if has_id(&path) => Ok(ReadId::OpenFile(path)),
            (None, Some(pattern), complete) if complete.as_ref().is_none_or(has_id) => {
                Ok(ReadId::Title { pattern, complete })
            }
            (Some(_), None, None) | (None, Some(_), _) => {
                Err("the path has no `{id}`, so no id can be read from it".into())
            }
            _ => Err("an id is read either from an `open_file`, or from a `title`, perhaps with `complete`".into()),
        }
    }
}
