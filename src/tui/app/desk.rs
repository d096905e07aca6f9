//! What the window keeps of one conversation: its composer, its turns, where the keyboard is.

use super::Screen;
use crate::config;
use crate::domain::continuity::{Continuity, DecisionRecord};
use crate::domain::id::TurnNumber;
use crate::domain::turn::TurnRecord;
use crate::tui::composer::Composer;
use crate::tui::reader::record::Record;
use crate::tui::reader::{Find, Spot, Standing};
use std::collections::BTreeMap;

/// What belongs to one tab in this window alone.
#[derive(Default)]
pub struct Desk {
    pub composer: Composer,
    pub keyboard: Keyboard,
    /// The draft as the host has it, as far as is known.
    pub saved: String,
    pub save_due_ms: Option<u64>,
    /// Drafts that are being saved: until they are, the host tells of older ones.
    pub saves_under_way: u32,
    /// Sent and not yet answered, oldest first.
    pub in_flight: Vec<String>,
    /// Changed texts of queued messages, sent and not yet answered, oldest first.
    pub edits_in_flight: Vec<String>,
    /// The composer holds a queued message instead of the draft.
    pub editing: Option<Editing>,
    /// This one left the queue before its change was taken; what was written for it stands in the composer as a new message.
    pub missed: Option<TurnNumber>,
    /// The composer shows an older prompt.
    pub recalled: Option<Recalled>,
    pub record: Record,
    /// What was said before a fork, in the conversations that it left, oldest first; none until it was fetched.
    pub past: Option<Vec<TurnRecord>>,
    /// The newest decisions, and those that began or resumed a session with an older turn, by number.
    pub decisions: BTreeMap<u32, DecisionRecord>,
    /// Which of them began or resumed a session, by turn.
    pub beginnings: BTreeMap<TurnNumber, u32>,
    /// The last picture of its agent's screen.
    pub screen: Option<Screen>,
    /// The person asked for the record instead of the live screen.
    pub shows_record: bool,
    pub record_at: Standing,
    /// The turn of the record that was gone to; what keys are about while it is seen.
    pub marked: Option<TurnNumber>,
    /// What is looked for in the record, and where it was found last.
    pub find: Option<Find>,
    pub found_at: Option<Spot>,
    /// Chosen in the list of turns.
    pub chosen: Option<TurnNumber>,
    pub chosen_at: Standing,
}

/// Where the keyboard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keyboard {
    #[default]
    Composer,
    Agent,
    /// In the list of queued and earlier turns.
    Turns,
    /// In the record that stands in the pane.
    Record,
}

pub struct Editing {
    pub turn: TurnNumber,
    /// What stood in the composer before.
    pub draft: String,
    pub then: AfterEdit,
}

/// What follows once the change of a queued message was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterEdit {
    Nothing,
    /// A fresh session is asked for, which sends it.
    Fresh(FreshOf),
}

/// Which agent a fresh session is to have that begins with a brief.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FreshOf {
    SameAgent,
    /// The conversation is handed over to this one.
    Other(String),
}

pub struct Recalled {
    /// The place in `Desk::prompts`.
    pub index: usize,
    /// What stood in the composer before.
    pub draft: String,
}

impl Desk {
    pub fn new(start: config::Keyboard) -> Desk {
        let keyboard = match start {
            config::Keyboard::Composer => Keyboard::Composer,
            config::Keyboard::Agent => Keyboard::Agent,
        };
        Desk { keyboard, ..Desk::default() }
    }

    /// The decision that began or resumed a session with this turn, as far as it is known.
    pub fn began(&self, turn: TurnNumber) -> Option<&DecisionRecord> {
        self.decisions.get(self.beginnings.get(&turn)?)
    }

    pub fn note_decision(&mut self, record: DecisionRecord) {
        match record.decision.continuity {
            Continuity::Fresh | Continuity::Resumed => {
                let newest = self.beginnings.entry(record.turn).or_insert(record.number);
                *newest = record.number.max(*newest);
            }
            Continuity::Reused | Continuity::Queued | Continuity::Answer | Continuity::Refused => {}
        }
        self.decisions.insert(record.number, record);
    }

    /// Texts of which the host has not said that it has them.
    pub(super) fn unsaved(&self) -> Vec<String> {
        let mut texts: Vec<String> = self.in_flight.iter().chain(&self.edits_in_flight).cloned().collect();
        let draft = self.draft();
        if draft != self.saved || self.saves_under_way > 0 {
            texts.push(draft);
        }
        texts
    }

    /// What the person has written here and not sent, whatever the composer shows at the moment.
    pub fn draft(&self) -> String {
        match &self.editing {
            Some(editing) => editing.draft.clone(),
            None => self.composer.text(),
        }
    }
}
