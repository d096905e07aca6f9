//! Answers as rows of the window: Markdown with its code in colours, or text as it is.
//!
//! A long answer is cut into pieces at blank lines, and only the pieces that are seen are made into rows, so that an answer of any length costs
//! what a screen of it costs. What refers from one piece to another (`[1]: address`, the numbers of a list) holds within a piece.
//! Change here: where an answer may be cut. Not here: what Markdown looks like (`prose/markdown.rs`) or where it stands (`reader.rs`).

mod code;
mod flow;
mod markdown;
mod table;

use super::super::theme;
use super::text;
use crate::terminal::clean::is_unsafe;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use std::ops::Range;

/// A piece is cut at the first blank line behind so many bytes: a few screens of text, made into rows within a millisecond or two.
const PIECE_BYTES: usize = 8 * 1024;
/// Where no blank line comes, a piece ends at a line's end behind so many bytes.
const PIECE_MOST_BYTES: usize = 16 * 1024;
/// Where no line ends either, in mid-line.
const LINE_MOST_BYTES: usize = 32 * 1024;

/// Longer than any fence that stands within code that is shown.
const FENCE: usize = 64;

/// How a text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Row by row as it is: what a shell's command wrote, what a person typed.
    Plain,
    Markdown,
}

/// A part of a text that is made into rows by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub range: Range<usize>,
    /// The language of the block of code that was cut before this piece, which goes on in it.
    inside_code: Option<String>,
}

/// What a part of an answer is; the one place that says how each looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Heading,
    Title,
    InlineCode,
    Link,
    /// What is ours: bars, bullets, addresses, rules.
    Mark,
    Quote,
    Comment,
    Text,
    Keyword,
    Number,
    Function,
    Type,
    Added,
    Removed,
}

/// The colours are those of the theme's roles; what must be told apart without colour is told by shape as well.
pub fn style(role: Role) -> Style {
    let color = |color: Color| Style::new().fg(color);
    match role {
        Role::Heading => color(theme::ACCENT).add_modifier(Modifier::BOLD),
        Role::Title => color(theme::ACCENT).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        Role::InlineCode => color(theme::ALERT),
        Role::Link => Style::new().add_modifier(Modifier::UNDERLINED),
        Role::Mark | Role::Comment => super::quiet(),
        Role::Quote => Style::new().add_modifier(Modifier::ITALIC),
        Role::Text | Role::Added => color(theme::DONE),
        Role::Keyword => color(theme::UNKNOWN),
        Role::Number => color(theme::ALERT),
        Role::Function => color(theme::PAGE),
        Role::Type => color(theme::ACCENT),
        Role::Removed => color(theme::TROUBLE),
    }
}

/// Cuts a text into pieces, all of it and in order. An empty text has none.
pub fn pieces(text: &str, form: Form) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut start, mut at) = (0, 0);
    let mut fence: Option<Fence> = None;
    let mut inside_code = None;
    while at < text.len() {
        let end = line_end(text, at);
        let line = &text[at..end];
        if form == Form::Markdown {
            fence = Fence::after(fence, line);
        }
        at = end;
        let long = at - start;
        let blank = line.trim().is_empty() && fence.is_none();
        if long >= PIECE_MOST_BYTES || (long >= PIECE_BYTES && (blank || form == Form::Plain)) {
            pieces.push(Piece { range: start..at, inside_code: inside_code.take() });
            start = at;
            inside_code = fence.as_ref().map(|fence| fence.language.clone());
        }
    }
    if start < text.len() {
        pieces.push(Piece { range: start..text.len(), inside_code });
    }
    pieces
}

/// Behind the line that begins here, or in the midst of one that is far too long.
fn line_end(text: &str, at: usize) -> usize {
    let most = text.floor_char_boundary((at + LINE_MOST_BYTES).min(text.len()));
    memchr::memchr(b'\n', &text.as_bytes()[at..most]).map_or(most, |newline| at + newline + 1)
}

/// An open block of code.
struct Fence {
    sign: char,
    length: usize,
    language: String,
}

impl Fence {
    fn after(open: Option<Fence>, line: &str) -> Option<Fence> {
        let line = line.trim();
        let sign = line.chars().next().filter(|sign| matches!(sign, '`' | '~'));
        let length = sign.map_or(0, |sign| line.chars().take_while(|other| *other == sign).count());
        match (open, sign) {
            (Some(fence), Some(sign)) if sign == fence.sign && length >= fence.length && line.len() == length => None,
            (Some(fence), _) => Some(fence),
            (None, Some(sign)) if length >= 3 && !line[length..].contains('`') => {
                Some(Fence { sign, length, language: language_of(&line[length..]).to_owned() })
            }
            (None, _) => None,
        }
    }
}

/// The first word behind a fence.
fn language_of(info: &str) -> &str {
    info.split([' ', ',', '{']).find(|word| !word.is_empty()).unwrap_or_default().trim()
}

/// The rows of a piece, at most so many cells wide.
pub fn rows(text: &str, piece: &Piece, form: Form, width: usize) -> Vec<Line<'static>> {
    let part = &text[piece.range.clone()];
    let width = width.max(1);
    match (form, &piece.inside_code) {
        (Form::Plain, _) => text::wrap(&seen(part), width).into_iter().map(Line::raw).collect(),
        (Form::Markdown, None) => markdown::rows(&seen(part), width),
        (Form::Markdown, Some(language)) => {
            let fence = "`".repeat(FENCE);
            let (code, rest) = code_and_rest(part);
            let code = format!("{fence}{language}\n{}\n{fence}\n\n{}", code.trim_end_matches('\n'), rest);
            markdown::rows(&seen(&code), width)
        }
    }
}

/// Where the code of a piece ends that began before it.
fn code_and_rest(part: &str) -> (&str, &str) {
    let mut at = 0;
    for line in part.split_inclusive('\n') {
        let bare = line.trim();
        if bare.len() >= 3 && (bare.chars().all(|sign| sign == '`') || bare.chars().all(|sign| sign == '~')) {
            return (&part[..at], &part[at + line.len()..]);
        }
        at += line.len();
    }
    (part, "")
}

/// The blocks of code in an answer, without their fences.
pub fn code_blocks(text: &str) -> Vec<String> {
    markdown::code_blocks(text)
}

/// Without what could hide, reorder or command; tabs become spaces.
fn seen(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' => seen.push('\n'),
            '\t' => seen.push_str("    "),
            char if is_unsafe(char) => {}
            char => seen.push(char),
        }
    }
    seen
}

#[cfg(test)]
mod tests;
