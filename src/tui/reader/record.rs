//! The ended turns of a conversation that were fetched: from the newest back, and around a turn that was searched for.
//!
//! Between them lie gaps. A gap is shown where it is and fetched by whoever comes to it; nothing that was said is passed over in silence.
//! Change here: what a page that came makes of the gaps. Not here: when pages are asked for (`update/reading.rs`).

use super::super::view::reader::Rendered;
use crate::domain::id::TurnNumber;
use crate::domain::turn::TurnRecord;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub struct Record {
    pub turns: BTreeMap<TurnNumber, TurnRecord>,
    /// Turns before which others are missing that were not fetched, though older ones were.
    pub gaps: BTreeSet<TurnNumber>,
    pub fetched: Fetched,
    /// What of them was made into rows.
    pub rendered: Rendered,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fetched {
    #[default]
    Nothing,
    /// An answer is on its way.
    Asked,
    /// Older ones may exist.
    Newest,
    All,
}

/// Which turns a page has: as many as fit, from the end of this back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageOf {
    Newest,
    Before(TurnNumber),
}

impl Record {
    /// Keeps an ended turn. What a conversation tells of its newest turn is short (no answer, a cut prompt), so it never replaces
    /// the whole record.
    pub fn keep(&mut self, turn: TurnRecord) {
        match self.turns.get_mut(&turn.number) {
            Some(known) if known.answer.is_some() && turn.answer.is_none() => {
                // What its files became is told a moment after its end.
                if turn.trees.is_some() {
                    known.trees = turn.trees;
                }
            }
            Some(_) | None => {
                self.rendered.forget(turn.number);
                self.turns.insert(turn.number, turn);
            }
        }
    }

    /// A page of turns came, oldest first. It has all that are kept from its first one to its end.
    pub fn keep_page(&mut self, page: PageOf, ended: Vec<TurnRecord>, first: Option<TurnNumber>) {
        self.settle_gaps(page, first, ended.last().map(|turn| turn.number));
        ended.into_iter().for_each(|turn| self.keep(turn));
        // The host sends fewer than asked for where they are long, so their number says nothing.
        let whole = first.is_none() || self.turns.keys().next().is_none_or(|oldest| *oldest == TurnNumber(1));
        let fetched = if whole { Fetched::All } else { Fetched::Newest };
        match (page, self.fetched) {
            // The newest ones are still to be fetched.
            (PageOf::Before(_), Fetched::Nothing) => {}
            (PageOf::Before(_) | PageOf::Newest, _) => self.fetched = fetched,
        }
    }

    fn settle_gaps(&mut self, page: PageOf, first: Option<TurnNumber>, last: Option<TurnNumber>) {
        let is_within = |gap: &TurnNumber| {
            let begins = first.is_none_or(|first| *gap > first);
            begins
                && match page {
                    PageOf::Newest => true,
                    PageOf::Before(end) => *gap <= end,
                }
        };
        let filled: Vec<TurnNumber> = match (first, page) {
            // There is nothing more before this.
            (None, PageOf::Before(end)) => vec![end],
            (None, PageOf::Newest) => Vec::new(),
            (Some(_), _) => self.gaps.iter().copied().filter(is_within).collect(),
        };
        let below = first.filter(|first| self.begins_gap(*first));
        let above = match (page, last) {
            (PageOf::Before(end), Some(last)) => self.gap_above(last, end),
            (PageOf::Before(_) | PageOf::Newest, _) => None,
        };
        filled.iter().for_each(|gap| drop_flag(self.gaps.remove(gap)));
        self.gaps.extend(below.into_iter().chain(above));
    }

    /// Whether a page that begins with this turn leaves some out between it and those before.
    fn begins_gap(&self, first: TurnNumber) -> bool {
        let before = self.turns.range(..first).next_back().map(|(number, _)| *number);
        !self.turns.contains_key(&first) && before.is_some_and(|before| next(before) != first)
    }

    /// The turn above a page that ends with `last`, if some between them were not fetched.
    fn gap_above(&self, last: TurnNumber, end: TurnNumber) -> Option<TurnNumber> {
        let above = self.turns.range(end..).next().map(|(number, _)| *number)?;
        let joins = above == end || next(last) == above || self.turns.contains_key(&last);
        (!joins).then_some(above)
    }

    /// Whether turns are missing before this one.
    pub fn has_gap_before(&self, turn: TurnNumber) -> bool {
        self.gaps.contains(&turn)
    }

    /// The gap that one meets on the way between two turns; of several the one that is nearest to `from`.
    pub fn gap_between(&self, from: TurnNumber, to: TurnNumber) -> Option<TurnNumber> {
        let (low, high) = (from.min(to), from.max(to));
        let mut between = self.gaps.range(next(low)..=high).copied();
        if from < to { between.next() } else { between.next_back() }
    }

    /// The end of a page of so many turns that fills a gap for whoever comes to it from older ones.
    pub fn end_from_below(&self, gap: TurnNumber, most: u32) -> TurnNumber {
        let below = self.turns.range(..gap).next_back().map_or(0, |(number, _)| number.0);
        TurnNumber(below.saturating_add(1).saturating_add(most)).min(gap)
    }
}

fn next(turn: TurnNumber) -> TurnNumber {
    TurnNumber(turn.0.saturating_add(1))
}

/// Whether it was there changes nothing.
fn drop_flag(_was_there: bool) {}

#[cfg(test)]
mod tests {
    use super::super::super::testing::ended;
    use super::*;
    use crate::domain::turn::TurnEnd;

    fn came(record: &mut Record, page: PageOf, numbers: impl IntoIterator<Item = u32>) {
        let turns: Vec<TurnRecord> = numbers.into_iter().map(|number| ended(number, "x", TurnEnd::Completed)).collect();
        let first = turns.first().map(|turn| turn.number);
        record.keep_page(page, turns, first);
    }

    fn gaps(record: &Record) -> Vec<u32> {
        record.gaps.iter().map(|gap| gap.0).collect()
    }

    fn before(number: u32) -> PageOf {
        PageOf::Before(TurnNumber(number))
    }

    #[test]
    fn pages_from_the_newest_back_leave_no_gap() {
        let mut record = Record::default();
        came(&mut record, PageOf::Newest, 951..=1000);
        assert_eq!(record.fetched, Fetched::Newest);
        came(&mut record, before(951), [901, 902, 940]);
        assert_eq!(gaps(&record), [0; 0], "numbers of turns that left the queue are missing");
        came(&mut record, before(901), 1..=900);
        assert_eq!((gaps(&record), record.fetched), (vec![], Fetched::All));
    }

    #[test]
    fn a_page_in_the_middle_leaves_a_gap_that_is_filled_from_either_side() {
        let mut record = Record::default();
        came(&mut record, PageOf::Newest, 951..=1000);
        came(&mut record, before(325), 276..=324);
        assert_eq!((gaps(&record), record.fetched), (vec![951], Fetched::Newest));
        assert_eq!(record.end_from_below(TurnNumber(951), 50), TurnNumber(375));
        came(&mut record, before(375), 350..=374);
        assert_eq!(gaps(&record), [350, 951], "fewer came, for they are long");
        assert_eq!(record.end_from_below(TurnNumber(350), 50), TurnNumber(350));
        came(&mut record, before(350), 300..=349);
        assert_eq!(gaps(&record), [951]);
        came(&mut record, before(951), 370..=950);
        assert_eq!(gaps(&record), [0; 0]);
    }

    #[test]
    fn whatever_comes_first_the_gap_is_there() {
        let mut record = Record::default();
        record.keep(ended(1000, "the newest, as the conversation tells it", TurnEnd::Completed));
        came(&mut record, before(325), 276..=324);
        assert_eq!((gaps(&record), record.fetched), (vec![1000], Fetched::Nothing));
        came(&mut record, PageOf::Newest, 951..=1000);
        assert_eq!((gaps(&record), record.fetched), (vec![951], Fetched::Newest));
    }

    /// More turns ended without the window than a page has.
    #[test]
    fn what_ended_while_there_was_no_link_is_no_neighbour_of_what_was_known() {
        let mut record = Record::default();
        came(&mut record, PageOf::Newest, 1..=20);
        came(&mut record, PageOf::Newest, 51..=100);
        assert_eq!(gaps(&record), [51]);
        came(&mut record, before(51), []);
        assert_eq!(gaps(&record), [0; 0], "they were deleted");
    }

    #[test]
    fn the_nearest_gap_on_a_way_is_met_first() {
        let record = Record { gaps: [10, 20].map(TurnNumber).into(), ..Record::default() };
        let between = |from, to| record.gap_between(TurnNumber(from), TurnNumber(to)).map(|gap| gap.0);
        assert_eq!(
            [between(5, 30), between(30, 5), between(10, 19), between(19, 10), between(9, 10)],
            [Some(10), Some(20), None, None, Some(10)]
        );
    }
}
