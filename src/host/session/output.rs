//! The output of a turn in a shell, from its mark on: what becomes the turn's answer.
//!
//! Change here: how much is kept. Not here: a coding agent's answer, which its own record tells (`watch.rs`).

use crate::domain::turn::Answer;
use crate::terminal::emulator::{Mark, Screen};
use crate::terminal::excerpt::Cap;

/// What is kept of an answer: its beginning and, where the result stands, its end.
const ANSWER_CAP: Cap = Cap { head: 16 * 1024, tail: 48 * 1024 };
/// So many rows of output are more than `ANSWER_CAP.head` bytes of anything but the shortest lines, and far from the end of the scrollback.
const BEGINNING_ROWS: u64 = 2_000;

/// The output of the turn that runs.
pub struct Output {
    mark: Mark,
    /// Rows that had left the screen when it began.
    scrolled: u64,
    /// The beginning, kept while the scrollback still has it.
    beginning: Option<String>,
}

impl Output {
    pub fn begin(screen: &Screen) -> Output {
        Output { mark: screen.mark(), scrolled: screen.scrolled_rows(), beginning: None }
    }

    /// A long output outgrows the scrollback; its beginning is read once, before that.
    pub fn keep_beginning(&mut self, screen: &Screen) {
        if self.beginning.is_none() && screen.scrolled_rows().saturating_sub(self.scrolled) >= BEGINNING_ROWS {
            let cap = Cap { head: ANSWER_CAP.head, tail: 0 };
            self.beginning = Some(screen.text_since(&self.mark, cap).map(|(text, _)| text).unwrap_or_default());
        }
    }

    pub fn answer(self, screen: &Screen) -> Answer {
        let Some((text, cut_bytes)) = screen.text_since(&self.mark, ANSWER_CAP) else {
            return Answer::default();
        };
        let text = text.trim_end_matches('\n');
        match self.beginning {
            Some(beginning) if cut_bytes > 0 && !text.starts_with(&beginning) => {
                let tail = end_of(text, ANSWER_CAP.tail);
                let all = text.len() as u64 + cut_bytes;
                let kept = (beginning.len() + tail.len()) as u64;
                Answer { text: format!("{beginning}{tail}"), cut_bytes: all.saturating_sub(kept) }
            }
            _ => Answer { text: text.to_owned(), cut_bytes },
        }
    }
}

/// At most so many bytes of the end of a text, whole characters only.
fn end_of(text: &str, most: usize) -> &str {
    let from = text.len().saturating_sub(most);
    let from = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    &text[from..]
}
