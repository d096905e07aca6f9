//! What the palette offers: every action that has a key, and every conversation; the best match of what is typed first.
//!
//! The actions are those of the keymap's table, so that the palette cannot drift from the keys.
//! Not here: what keys do (`update/palette.rs`) or looks (`view/palette.rs`).

use super::app::App;
use super::composer::Composer;
use super::fuzzy::{Fuzzy, Of};
use super::keymap::Action;
use super::overview;
use crate::domain::id::ConversationId;
use std::cmp::Reverse;

#[derive(Default)]
pub struct Palette {
    pub text: Composer,
    pub chosen: usize,
    /// The first entry that is shown.
    pub top: usize,
}

/// Something that Enter does.
pub struct Entry {
    pub does: Does,
    pub words: String,
    /// Which characters of the words were matched, as people see characters, in order.
    pub matched: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Does {
    Act(Action),
    Show(ConversationId),
}

/// The entries that match what is typed, the best first; actions stand before conversations that match as well.
pub fn entries(app: &App, page: &Palette) -> Vec<Entry> {
    let actions = app.keymap.actions().into_iter().map(|action| (action.words.to_owned(), Does::Act(action)));
    let mut conversations: Vec<_> = overview::every(app).collect();
    conversations.sort_by_key(|one| Reverse((one.active_at, one.id)));
    let shows = conversations.into_iter().map(|one| (one.title.clone(), Does::Show(one.id)));
    let text = page.text.text();
    let mut fuzzy = Fuzzy::new(&text, Of::Words);
    let mut scored: Vec<(u32, Entry)> = actions
        .chain(shows)
        .filter_map(|(words, does)| {
            let (score, matched) = fuzzy.matched(&words)?;
            Some((score, Entry { does, words, matched }))
        })
        .collect();
    scored.sort_by_key(|(score, _)| Reverse(*score));
    scored.into_iter().map(|(_, entry)| entry).collect()
}
