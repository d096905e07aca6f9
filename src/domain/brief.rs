//! A brief of a conversation: its prompts and answers in few words, for a fresh session that knows nothing. The person sees it before it is sent.
//!
//! Change here: what stands in it and how long it may be. Not here: when it is offered (tui, cli).

use super::turn::{TurnRecord, TurnState};

/// A brief is read by a person and a model; what is longer than this helps neither.
pub const MAX_BRIEF_BYTES: usize = 16 * 1024;
/// So many bytes of one prompt or answer.
const PART_BYTES: usize = 2 * 1024;

const HEAD: &str = "This is what was said in an earlier session. Take it as the context of what follows.\n";

/// Ends it, so that what the person writes behind it is not taken for a part of the last turn.
const TAIL: &str = "\n## Now\n";

/// Makes the brief of these turns, given oldest first. Where not all fit, the oldest are left out, and that is said. None where nothing
/// was said.
pub fn brief(turns: &[TurnRecord]) -> Option<String> {
    let told: Vec<String> = turns.iter().filter(|turn| turn.state != TurnState::Queued).map(part).collect();
    let mut bytes = HEAD.len() + TAIL.len();
    let fits = |text: &&String| {
        bytes += text.len();
        bytes <= MAX_BRIEF_BYTES
    };
    let kept = told.iter().rev().take_while(fits).count();
    if kept == 0 {
        return None;
    }
    let mut brief = HEAD.to_owned();
    match told.len() - kept {
        0 => {}
        1 => brief += "(1 earlier turn is left out.)\n",
        left_out => brief += &format!("({left_out} earlier turns are left out.)\n"),
    }
    brief.extend(told[told.len() - kept..].iter().map(String::as_str));
    brief += TAIL;
    Some(brief)
}

fn part(turn: &TurnRecord) -> String {
    let answer = turn.answer.as_ref().map(|answer| answer.text.trim()).unwrap_or_default();
    let end = match &turn.state {
        TurnState::Ended(end) => end.word(),
        other => other.word(),
    };
    let mut part = format!("\n## Turn {} ({end})\n\nAsked:\n{}\n", turn.number, shortened(turn.prompt.trim()));
    if !answer.is_empty() {
        part += &format!("\nAnswered:\n{}\n", shortened(answer));
    }
    part
}

/// The beginning and the end of a long text, whole characters only.
fn shortened(text: &str) -> String {
    if text.len() <= PART_BYTES {
        return text.to_owned();
    }
    let head = (0..=PART_BYTES / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let from = text.len() - PART_BYTES / 2;
    let tail = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    format!("{}\n[... {} bytes left out ...]\n{}", &text[..head], tail - head, &text[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{Timestamp, TurnNumber};
    use crate::domain::turn::{Answer, Delivery, Origin, TurnEnd, Work};

    fn turn(number: u32, prompt: &str, answer: &str) -> TurnRecord {
        TurnRecord {
            number: TurnNumber(number),
            session: None,
            prompt: prompt.into(),
            origin: Origin::Sent,
            state: TurnState::Ended(TurnEnd::Completed),
            delivery: Delivery::Confirmed,
            queue_place: 0,
            accepted_at: Timestamp(0),
            started_at: None,
            ended_at: None,
            evidence: None,
            answer: Some(Answer { text: answer.into(), cut_bytes: 0 }),
            requests: Vec::new(),
            work: Work::default(),
            trees: None,
        }
    }

    #[test]
    fn it_holds_prompts_and_answers_in_their_order() {
        let brief = brief(&[turn(1, "add a button", "done"), turn(2, "make it green", "")]).unwrap();
        let places: Vec<usize> = ["Asked:\nadd a button", "Answered:\ndone", "Asked:\nmake it green", "\n## Now\n"]
            .iter()
            .map(|part| brief.find(part).unwrap())
            .collect();
        assert!(places.is_sorted(), "{brief}");
        assert!(!brief.contains("left out"));
    }

    #[test]
    fn nothing_said_makes_no_brief_and_a_queued_message_was_not_said() {
        let queued = TurnRecord { state: TurnState::Queued, ..turn(1, "wait", "") };
        assert_eq!(brief(&[]), None);
        assert_eq!(brief(&[queued]), None);
    }

    #[test]
    fn it_is_capped_and_says_what_is_left_out() {
        let turns: Vec<TurnRecord> = (1..=40).map(|number| turn(number, &"é".repeat(3_000), "fine")).collect();
        let brief = brief(&turns).unwrap();
        assert!(brief.len() <= MAX_BRIEF_BYTES + 100, "{}", brief.len());
        assert!(brief.contains("earlier turns are left out") && brief.contains("bytes left out"), "{}", &brief[..300]);
        assert!(brief.contains("## Turn 40 ") && !brief.contains("## Turn 1 "));
    }
}
