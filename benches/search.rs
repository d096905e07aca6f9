//! How long the first results of a search take in a store of a million turns.
//!
//! One command, some minutes, most of them for filling the store: `cargo bench --bench search`
//! Smaller: `BENCH_TURNS=100000`. A store to keep and use again: `BENCH_STORE=FOLDER`. On a machine with other work run it again.
//!
//! The turns are made of words of which few are common and most are rare, as words are. Times are those of the store alone, as the thread
//! that searches in the host has them; "first" is the first search of a new connection.

use std::path::{Path, PathBuf};
use std::time::Instant;
use tempfile::TempDir;
use threadkeep::domain::change::Change;
use threadkeep::domain::conversation::{Begun, ConversationRecord, FreshWanted, Tab, Title};
use threadkeep::domain::fingerprint::Fingerprint;
use threadkeep::domain::id::{ConversationId, Timestamp, TurnNumber};
use threadkeep::domain::search::Query;
use threadkeep::domain::turn::{Answer, Delivery, FailedWhy, Origin, TurnEnd, TurnRecord, TurnState, Usage, Work};
use threadkeep::store::{Reader, Store};

const TURNS_OF_CONVERSATION: usize = 500;
/// Turns that are saved in one commit.
const AT_ONCE: usize = 5_000;
const WORDS: usize = 30_000;
const PROMPT_WORDS: usize = 12;
const ANSWER_WORDS: usize = 60;
const ROUNDS: usize = 15;
/// What a window asks for.
const MOST: usize = 100;

fn main() {
    let turns = std::env::var("BENCH_TURNS").ok().and_then(|value| value.parse().ok()).unwrap_or(1_000_000);
    let own = TempDir::new().expect("a folder");
    let folder = std::env::var("BENCH_STORE").map_or_else(|_| own.path().to_owned(), PathBuf::from);
    let path = folder.join("threadkeep.db");
    let _store = fill(&path, turns);
    let bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
    println!("{turns} turns, {} MiB", bytes >> 20);
    println!("{:<38} {:>6} {:>9} {:>9} {:>9}", "query", "found", "first", "median", "worst");
    let (common, second, rare) = (word(0), word(7), word(WORDS - 10));
    let letter: String = common.chars().take(1).collect();
    for text in [
        letter,
        common.clone(),
        rare.clone(),
        format!("{common} {second}"),
        format!("{common} {second} {}", word(40)),
        format!("{common} {rare}"),
        format!("{} {}", word(300), word(900)),
        format!("{common} is:failed"),
        format!("{common} agent:coder in:/home/me/project-3"),
        format!("{common} agent:nobody"),
        "is:failed".to_owned(),
        "nothinghasthis".to_owned(),
    ] {
        measure(&path, &text);
    }
}

fn measure(path: &Path, text: &str) {
    let query = Query::parse(text, Timestamp(0)).expect("these are states");
    let mut searcher = Reader::new(path);
    let mut found = 0;
    let mut times: Vec<f64> = (0..=ROUNDS)
        .map(|_| {
            let began = Instant::now();
            found = searcher.search(&query, MOST).expect("it searches").found.len();
            began.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    let first = times.remove(0);
    times.sort_by(f64::total_cmp);
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{text:<38} {found:>6} {first:>6.1} ms {median:>6.1} ms {worst:>6.1} ms");
}

fn fill(path: &Path, turns: usize) -> Store {
    let mut store = Store::open(path).expect("a store");
    let there = store.load().expect("it is read").conversations.len() * TURNS_OF_CONVERSATION;
    let began = Instant::now();
    let mut random = Random(7);
    let all: Vec<usize> = (there..turns).collect();
    for some in all.chunks(AT_ONCE) {
        let changes: Vec<Change> = some.iter().flat_map(|turn| changes(*turn, &mut random)).collect();
        store.commit(&changes).expect("they are saved");
    }
    println!("filled in {:.0} s", began.elapsed().as_secs_f64());
    store
}

/// A turn, and its conversation in front of the first one.
fn changes(number: usize, random: &mut Random) -> Vec<Change> {
    let conversation = number / TURNS_OF_CONVERSATION + 1;
    let id = ConversationId(conversation.try_into().expect("small"));
    let turn = u32::try_from(number % TURNS_OF_CONVERSATION + 1).expect("small");
    let at = Timestamp(1_800_000_000_000 + i64::try_from(number).expect("small") * 1000);
    let agent = if conversation.is_multiple_of(10) { "coder" } else { "shell" };
    let folder = format!("/home/me/project-{}", conversation % 100);
    let begin = (turn == 1).then(|| {
        Change::Conversation(ConversationRecord {
            id,
            title: Title::FromPrompt(format!("conversation {conversation}")),
            wanted: Fingerprint { agent: agent.into(), model: None, folder },
            fresh_wanted: FreshWanted::No,
            queue_held: None,
            tab: Tab::Closed,
            unread: None,
            draft: String::new(),
            begun: Begun::New,
            worktree: None,
            spent: Usage::default(),
            created_at: at,
            active_at: at,
        })
    });
    let end = match number % 20 {
        0 => TurnEnd::Failed(FailedWhy::ExitStatus(1)),
        _ => TurnEnd::Completed,
    };
    let record = TurnRecord {
        number: TurnNumber(turn),
        session: None,
        prompt: text(PROMPT_WORDS, random),
        origin: Origin::Sent,
        state: TurnState::Ended(end),
        delivery: Delivery::Confirmed,
        queue_place: turn,
        accepted_at: at,
        started_at: None,
        ended_at: Some(at),
        evidence: None,
        answer: Some(Answer { text: text(ANSWER_WORDS, random), cut_bytes: 0 }),
        requests: Vec::new(),
        work: Work::default(),
        trees: None,
    };
    begin.into_iter().chain([Change::Turn(id, record)]).collect()
}

fn text(words: usize, random: &mut Random) -> String {
    let words: Vec<String> = (0..words).map(|_| word(random.rank())).collect();
    words.join(" ")
}

/// The word of this rank: syllables, so that many begin alike.
fn word(rank: usize) -> String {
    const SYLLABLES: [&str; 16] =
        ["ta", "re", "mi", "so", "ka", "lu", "ne", "po", "vi", "da", "ro", "se", "gi", "bu", "fa", "no"];
    let mut word = String::new();
    let mut rest = rank + 16;
    while rest > 0 {
        word.push_str(SYLLABLES[rest % 16]);
        rest /= 16;
    }
    word
}

/// xorshift64: the same turns in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// The second word comes half as often as the first, the third a third as often.
    fn rank(&mut self) -> usize {
        let most = (WORDS as f64).ln();
        ((self.next() * most).exp() - 1.0) as usize
    }
}
