//! The page of earlier messages of all conversations: which match what is typed, the newest first.
//!
//! Not here: what keys do (`update/history.rs`) or looks (`view/history.rs`).

use super::composer::Composer;
use super::fuzzy::{Fuzzy, Of};
use crate::protocol::message::Prompt;

#[derive(Default)]
pub struct History {
    pub text: Composer,
    /// None until the host has told them; newest first.
    pub prompts: Option<Vec<Prompt>>,
    /// Those that match, as places in `prompts`.
    pub matching: Vec<usize>,
    pub chosen: usize,
    pub top: usize,
}

impl History {
    pub fn chosen(&self) -> Option<&Prompt> {
        self.prompts.as_ref()?.get(*self.matching.get(self.chosen)?)
    }

    /// Those that have the very words first, then those that have the letters in their order.
    pub fn look(&mut self) {
        let text = self.text.text();
        let wanted = text.trim().to_lowercase();
        let mut fuzzy = Fuzzy::new(&text, Of::Words);
        let prompts = self.prompts.as_deref().unwrap_or_default();
        let has = |prompt: &Prompt| prompt.text.to_lowercase().contains(&wanted);
        let (mut exact, mut alike) = (Vec::new(), Vec::new());
        for (at, prompt) in prompts.iter().enumerate() {
            match has(prompt) {
                true => exact.push(at),
                false if fuzzy.score(&prompt.text).is_some() => alike.push(at),
                false => {}
            }
        }
        exact.append(&mut alike);
        self.matching = exact;
        self.chosen = 0;
        self.top = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{ConversationId, Timestamp, TurnNumber};

    #[test]
    fn the_very_words_come_before_letters_in_order_and_each_newest_first() {
        let prompt = |text: &str| Prompt {
            conversation: ConversationId(1),
            turn: TurnNumber(1),
            text: text.into(),
            bytes: text.len() as u64,
            at: Timestamp(1),
        };
        let prompts = ["main takes every start", "run Make test", "make the test run", "nothing"].map(prompt).to_vec();
        let mut page = History { prompts: Some(prompts), ..History::default() };
        page.look();
        assert_eq!(page.matching, [0, 1, 2, 3]);
        let _ = page.text.insert_text("make test");
        page.look();
        assert_eq!(page.matching, [1, 0, 2]);
        let _ = page.text.insert_text("zzz");
        page.look();
        assert_eq!(page.chosen(), None);
    }
}
