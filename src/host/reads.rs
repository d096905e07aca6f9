//! What clients want to read of the store. It waits until what was ordered before is saved, so that nobody reads an older state than the one that
//! the core tells of; while nothing can be saved, it waits for nothing.
//!
//! Not here: the threads that read (`finder.rs`).

use super::finder::{Finder, ToFind, What};
use std::collections::VecDeque;

pub struct Reads {
    /// A search takes its time, and the rest must not wait for it.
    pub turns: Finder,
    pub words: Finder,
    /// Each with the number of the batch that must have come back before.
    waiting: VecDeque<(u64, ToFind)>,
}

impl Reads {
    pub fn new(turns: Finder, words: Finder) -> Reads {
        Reads { turns, words, waiting: VecDeque::new() }
    }

    /// Reads once this batch has come back.
    pub fn read_after(&mut self, batch: u64, order: ToFind) {
        self.waiting.push_back((batch, order));
    }

    /// All batches up to this one have come back.
    pub fn batch_is_back(&mut self, batch: u64) {
        while let Some((_, order)) = self.waiting.pop_front_if(|(after, _)| *after <= batch) {
            self.read(order);
        }
    }

    /// Nothing comes back for now: what is saved is what there is.
    pub fn read_all(&mut self) {
        for (_, order) in std::mem::take(&mut self.waiting) {
            self.read(order);
        }
    }

    fn read(&self, order: ToFind) {
        match order.what {
            What::Turns(_) | What::Earlier(..) => self.turns.find(order),
            What::Words { .. } | What::Prompts { .. } => self.words.find(order),
        }
    }
}
