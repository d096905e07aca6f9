//! What an agent did in a turn, as far as it told: steps, model, tokens, cost; and what works on in the background.

use super::text;
use crate::domain::turn::{TurnRecord, TurnState, Usage, Work};
use crate::protocol::message::{Conversation, Process};

/// So many of the newest steps stand in the panel while the turn runs.
const PANEL_STEPS: usize = 3;

/// For the panel: the newest steps of a turn that runs, a row each, then the model and what it used.
pub fn panel_lines(turn: &TurnRecord, width: usize) -> Vec<String> {
    let steps = match turn.state {
        TurnState::Sending | TurnState::Working | TurnState::NeedsApproval | TurnState::NeedsAnswer => PANEL_STEPS,
        TurnState::Queued | TurnState::Ended(_) => 0,
    };
    let skipped = turn.work.steps.len().saturating_sub(steps);
    let steps = turn.work.steps.iter().skip(skipped).map(|step| format!("· {}", text::first_line(step)));
    let used = used_words(&turn.work).map(|words| text::wrap(&words, width)).unwrap_or_default();
    steps.map(|words| text::cut_end(&words, width)).chain(used).collect()
}

/// For a page: every step that is kept, then the model and what it used.
pub fn lines(turn: &TurnRecord, width: usize) -> Vec<String> {
    let left_out = match turn.work.steps_left_out {
        0 => None,
        count => Some(format!("({count} earlier steps are not kept)")),
    };
    let steps = turn.work.steps.iter().map(|step| format!("· {}", text::clean(step)));
    let words = left_out.into_iter().chain(steps).chain(used_words(&turn.work));
    words.flat_map(|words| text::wrap(&words, width)).collect()
}

/// `sonnet · 12k in, 800 out · $0.042`; none where nothing was told.
pub fn used_words(work: &Work) -> Option<String> {
    let model = work.model.as_deref().map(text::clean);
    let usage = work.usage.map(usage_words);
    let words: Vec<String> = model.into_iter().chain(usage).collect();
    (!words.is_empty()).then(|| words.join(" · "))
}

/// `12k in, 800 out · $0.042`.
pub fn usage_words(usage: Usage) -> String {
    let tokens = format!("{} in, {} out", count(usage.input_tokens), count(usage.output_tokens));
    match usage.cost_micros {
        Some(micros) => format!("{tokens} · ${}.{:03}", micros / 1_000_000, micros % 1_000_000 / 1_000),
        None => tokens,
    }
}

/// What came in and went out together; empty where no agent told any.
pub fn tokens(usage: Usage) -> String {
    match usage.input_tokens.saturating_add(usage.output_tokens) {
        0 => String::new(),
        tokens => count(tokens),
    }
}

/// `800`, `12k`, `1.2M`.
fn count(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        1_000..1_000_000 => format!("{}k", number / 1_000),
        _ => format!("{}.{}M", number / 1_000_000, number % 1_000_000 / 100_000),
    }
}

/// Ended turns included: a turn's end is not the work's end.
pub fn background_words(conversation: &Conversation) -> Option<String> {
    match conversation.session.as_ref()?.process {
        Process::Alive { background: 0, .. } | Process::Asleep { .. } => None,
        Process::Alive { background: 1, .. } => Some("1 works on in the background".to_owned()),
        Process::Alive { background, .. } => Some(format!("{background} work on in the background")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_is_short() {
        let work = Work {
            model: Some("large".into()),
            usage: Some(Usage { input_tokens: 12_345, output_tokens: 800, cost_micros: Some(1_042_900) }),
            ..Work::default()
        };
        assert_eq!(used_words(&work).as_deref(), Some("large · 12k in, 800 out · $1.042"));
        assert_eq!(used_words(&Work::default()), None);
        assert_eq!([count(999), count(1_000), count(1_260_000)], ["999", "1k", "1.2M"]);
    }
}
