//! The page of the search: what is looked for, and what was found for which text.
//!
//! One search is under way at a time: its reply asks for what was typed meanwhile. So typing is never ahead of the host by more than one.
//! Not here: what keys do (`update/search.rs`) or looks (`view/search.rs`).

use super::composer::Composer;
use crate::domain::search::{Findings, Found};

#[derive(Default)]
pub struct Search {
    pub text: Composer,
    /// The text that is being looked for.
    pub asked: Option<String>,
    /// What was found, and for which text; that text may be an older one.
    pub came: Option<Came>,
    pub chosen: usize,
    /// The first turn that is shown.
    pub top: usize,
}

pub struct Came {
    pub text: String,
    /// Or the host's words on why it did not look.
    pub findings: Result<Findings, String>,
}

impl Search {
    pub fn found(&self) -> &[Found] {
        match self.came.as_ref().map(|came| &came.findings) {
            Some(Ok(findings)) => &findings.found,
            Some(Err(_)) | None => &[],
        }
    }

    /// What is to be asked now; none while an answer is on its way, or where nothing new was typed.
    pub fn wanted(&self) -> Option<String> {
        let text = self.text.text().trim().to_owned();
        let known = self.came.as_ref().is_some_and(|came| came.text == text);
        (self.asked.is_none() && !known && !text.is_empty()).then_some(text)
    }
}
