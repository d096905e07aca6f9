//! Says what an agent was seen doing, from the marks in its output: OSC 133 with the session's token, and OSC 7.
//!
//! Change here: what a mark means. The host calls `see` at the exact place of the mark in the stream, so that it can cut the turn's
//! answer out of the screen there. Not here: finding marks in the bytes (terminal), or what follows from them (domain).
//!
//! The marks (`T` is the token, `N` the number of a turn of ours):
//! `133;A;aid=T` prompt, `133;A;k=s;aid=T` a line wants more, `133;B;aid=T` input may start,
//! `133;C;aid=T;t=N` our turn starts, `133;C;aid=T;cmdline_url=TEXT` a typed one does, `133;D;STATUS;aid=T;t=N` it ended,
//! `133;D;;aid=T` prompt without a command, `7;file://HOST/PATH` the folder, `7;kitty-shell-cwd://HOST/PATH` the same without escapes.

use super::token::Token;
use crate::domain::conversation_state::AgentPlace;
use crate::domain::id::TurnNumber;
use crate::domain::signal::{Ending, Signal};
use crate::domain::turn::Answer;
use serde::{Deserialize, Serialize};

/// What a mark said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// At its prompt: input may start at this very place.
    Ready,
    /// A typed line is not finished; input goes on at this very place.
    WantsMore,
    /// A turn began; its output starts at this very place. `turn` is ours; a typed one has its text where the shell knew it.
    TurnStarted { turn: Option<TurnNumber>, text: Option<String> },
    /// The turn ended; its output ended at this very place.
    TurnEnded { turn: Option<TurnNumber>, status: Option<i32> },
    /// A new prompt, and nothing ran before it: an empty line, or one that was given up.
    NothingRan,
    /// It is in this folder now.
    Folder(String),
}

/// Follows one process. A new process gets a new token and a new observer.
#[derive(Debug, Clone)]
pub struct Observer {
    token: Token,
    /// The turn whose keys were typed and whose start was not seen yet.
    expected: Option<TurnNumber>,
    state: State,
    prompt: Prompt,
}

/// Whether the shell is drawing its prompt now: between its first mark and the one where input may start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Prompt {
    NeverDrawn,
    Drawing { folder: Option<String> },
    Drawn,
}

/// What an observer follows, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    expected: Option<TurnNumber>,
    state: State,
    prompt: Prompt,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Idle,
    /// Something starts while a turn of ours is expected. Whether it is ours or was typed, the next mark tells.
    Starting {
        text: Option<String>,
    },
    Running {
        turn: Option<TurnNumber>,
    },
}

/// A mark with our token.
enum Mark {
    Prompt,
    Continuation,
    Input,
    Start { turn: Option<TurnNumber>, text: Option<String> },
    End { turn: Option<TurnNumber>, status: Option<i32> },
}

impl Observer {
    pub fn new(token: Token) -> Observer {
        Observer { token, expected: None, state: State::Idle, prompt: Prompt::NeverDrawn }
    }

    /// What it follows now, for an observer after it.
    pub fn state(&self) -> Followed {
        Followed { expected: self.expected, state: self.state.clone(), prompt: self.prompt.clone() }
    }

    /// Goes on where another one was.
    pub fn go_on(&mut self, Followed { expected, state, prompt }: Followed) {
        (self.expected, self.state, self.prompt) = (expected, state, prompt);
    }

    /// Where the shell is, as far as its marks told.
    pub fn place(&self) -> AgentPlace {
        match (&self.state, &self.prompt) {
            (State::Idle, Prompt::NeverDrawn) => AgentPlace::Starting,
            (State::Idle, Prompt::Drawing { .. }) => AgentPlace::AfterTurn,
            (State::Idle, Prompt::Drawn) => AgentPlace::Ready,
            (State::Starting { .. } | State::Running { .. }, _) => AgentPlace::Busy,
        }
    }

    /// The keys of this turn are about to be typed: the next untagged start is probably its own.
    pub fn expect(&mut self, turn: TurnNumber) {
        self.expected = Some(turn);
    }

    /// The expected turn is given up: whatever starts from now on was typed, or is late and says so by its tag.
    pub fn expect_nothing(&mut self) {
        self.expected = None;
    }

    /// Says what an OSC means, given as the bytes between `ESC ]` and its end; mostly nothing, at most two things in their order.
    pub fn see(&mut self, payload: &[u8]) -> Vec<Observed> {
        if let Some(place) = payload.strip_prefix(b"7;") {
            self.note_folder(place);
            return Vec::new();
        }
        let Some(mark) = payload.strip_prefix(b"133;").and_then(|mark| Mark::read(mark, &self.token)) else {
            return Vec::new();
        };
        match mark {
            Mark::Continuation => vec![Observed::WantsMore],
            Mark::Prompt => {
                self.begin_prompt();
                self.end(None, None)
            }
            Mark::Input => {
                let mut observed = self.end(None, None);
                observed.extend(self.end_prompt().map(Observed::Folder));
                observed.push(Observed::Ready);
                observed
            }
            Mark::Start { turn: Some(turn), text: _ } => self.start_own(turn),
            Mark::Start { turn: None, text } => self.start_typed(text),
            Mark::End { turn, status: None } if self.state == State::Idle && turn.is_none() => {
                self.begin_prompt();
                vec![Observed::NothingRan]
            }
            Mark::End { turn, status } => {
                self.begin_prompt();
                self.end(turn, status)
            }
        }
    }

    fn begin_prompt(&mut self) {
        if matches!(self.prompt, Prompt::Drawn | Prompt::NeverDrawn) {
            self.prompt = Prompt::Drawing { folder: None };
        }
    }

    fn end_prompt(&mut self) -> Option<String> {
        match std::mem::replace(&mut self.prompt, Prompt::Drawn) {
            Prompt::Drawing { folder } => folder,
            Prompt::Drawn | Prompt::NeverDrawn => None,
        }
    }

    /// A folder carries no token, so it counts only while the shell draws its prompt, and is told once, with the prompt: a program in the
    /// background can print as many as it likes.
    fn note_folder(&mut self, place: &[u8]) {
        if let Prompt::Drawing { folder: noted } = &mut self.prompt
            && let Some(place) = folder(place)
        {
            *noted = Some(place);
        }
    }

    fn start_own(&mut self, turn: TurnNumber) -> Vec<Observed> {
        // What was `Starting` is this turn: the shell tells of the typed line first.
        let mut observed = match std::mem::replace(&mut self.state, State::Running { turn: Some(turn) }) {
            State::Idle | State::Starting { .. } => Vec::new(),
            State::Running { turn } => vec![Observed::TurnEnded { turn, status: None }],
        };
        self.expected = None;
        observed.push(Observed::TurnStarted { turn: Some(turn), text: None });
        observed
    }

    fn start_typed(&mut self, text: Option<String>) -> Vec<Observed> {
        match self.state {
            // Several lines that were pasted at once start one by one and end together.
            State::Starting { .. } | State::Running { .. } => Vec::new(),
            State::Idle if self.expected.is_some() => {
                self.state = State::Starting { text };
                Vec::new()
            }
            State::Idle => {
                self.state = State::Running { turn: None };
                vec![Observed::TurnStarted { turn: None, text }]
            }
        }
    }

    /// The first end after a start counts; later ones are noise, and so is the end of another turn than the running one.
    fn end(&mut self, named: Option<TurnNumber>, status: Option<i32>) -> Vec<Observed> {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => Vec::new(),
            // It was not ours: a line that the person typed just before our keys.
            State::Starting { text } => {
                vec![Observed::TurnStarted { turn: None, text }, Observed::TurnEnded { turn: None, status }]
            }
            State::Running { turn } if named.is_some() && named != turn => {
                self.state = State::Running { turn };
                Vec::new()
            }
            State::Running { turn } => vec![Observed::TurnEnded { turn, status }],
        }
    }
}

impl Observed {
    /// The signal for the domain; `answer` is asked for only where a turn ended.
    pub fn into_signal(self, answer: impl FnOnce() -> Answer) -> Option<Signal> {
        match self {
            Observed::Ready => Some(Signal::Ready),
            Observed::WantsMore => Some(Signal::WantsMore),
            Observed::TurnStarted { turn, text } => Some(Signal::TurnStarted { turn, text }),
            Observed::TurnEnded { turn, status } => {
                let ending = status.map_or(Ending::NotTold, Ending::Status);
                Some(Signal::TurnEnded { turn, ending, answer: Some(answer()) })
            }
            Observed::NothingRan => None,
            Observed::Folder(folder) => Some(Signal::Folder(folder)),
        }
    }
}

impl Mark {
    /// Reads what stands behind `133;`. None for a mark without our token, whoever made it, and for letters that we do not know.
    fn read(mark: &[u8], token: &Token) -> Option<Mark> {
        let mut fields = mark.split(|byte| *byte == b';');
        let letter = fields.next()?;
        let fields: Vec<&[u8]> = fields.collect();
        let value = |name: &[u8]| {
            fields.iter().find_map(|field| field.strip_prefix(name).and_then(|rest| rest.strip_prefix(b"=")))
        };
        if value(b"aid")? != token.as_str().as_bytes() {
            return None;
        }
        let turn = value(b"t").and_then(number).map(TurnNumber);
        match letter {
            b"A" if value(b"k") == Some(b"s") => Some(Mark::Continuation),
            b"A" => Some(Mark::Prompt),
            b"B" => Some(Mark::Input),
            b"C" => {
                let text = value(b"cmdline_url").and_then(|text| String::from_utf8(percent_decoded(text)).ok());
                Some(Mark::Start { turn, text })
            }
            b"D" => Some(Mark::End { turn, status: fields.first().copied().and_then(number) }),
            _ => None,
        }
    }
}

fn number<N: std::str::FromStr>(text: &[u8]) -> Option<N> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The path out of a URL. None where it is not UTF-8: it cannot be named, and a name that is nearly right is a wrong folder.
fn folder(url: &[u8]) -> Option<String> {
    let (rest, escaped) = match url.strip_prefix(b"file://") {
        Some(rest) => (rest, true),
        None => (url.strip_prefix(b"kitty-shell-cwd://")?, false),
    };
    let path = &rest[rest.iter().position(|byte| *byte == b'/')?..];
    let path = String::from_utf8(if escaped { percent_decoded(path) } else { path.to_vec() }).ok()?;
    (!path.contains('\0')).then_some(path)
}

/// `%41` becomes `A`; a `%` without two hexadecimal digits behind it stays.
fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests;
