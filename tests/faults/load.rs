//! Load with ledgers, and the checker: what was acknowledged to a client, what ends a client was shown, and what the agents read.
//!
//! Each message has a number of its own, so that one that is lost, doubled or out of order is known by it.

use super::home::{Home, LIMIT, Ran, Tab, wait_until};
use super::world::{fake_tab, ledger};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use threadkeep::client::{Absent, Control};
use threadkeep::domain::id::ConversationId;
use threadkeep::domain::turn::TurnState;
use threadkeep::protocol::message::{Event, Reply, Request, Told};

/// A line of hundreds of messages takes minutes.
const QUIET_LIMIT: Duration = Duration::from_secs(900);

pub struct Load<'a> {
    pub home: &'a Home,
    pub tabs: Vec<Tab<'a>>,
    next: AtomicU64,
    ledgers: Mutex<Ledgers>,
}

#[derive(Default)]
struct Ledgers {
    /// What clients were told as accepted: by conversation and turn.
    accepted: BTreeMap<(String, i64), String>,
    /// What a window was shown as ended.
    ended: BTreeMap<(String, i64), TurnState>,
    refused: usize,
}

/// What the checker counted.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    pub acknowledged: usize,
    pub ended: usize,
    pub refused: usize,
}

impl<'a> Load<'a> {
    pub fn new(home: &'a Home, conversations: usize) -> Load<'a> {
        Load::with(home, (0..conversations).map(|_| fake_tab(home)).collect())
    }

    pub fn with(home: &'a Home, tabs: Vec<Tab<'a>>) -> Load<'a> {
        Load { home, tabs, next: AtomicU64::new(1), ledgers: Mutex::default() }
    }

    /// Clients send and a window looks on while the fault is injected.
    pub fn during(&self, clients: usize, fault: impl FnOnce()) {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| self.look_on(&over));
            for client in 0..clients {
                let (tab, over) = (&self.tabs[client % self.tabs.len()], &over);
                scope.spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        if !self.send(tab) {
                            // A line that is full gets room turn by turn.
                            thread::sleep(Duration::from_millis(50));
                        }
                    }
                });
            }
            let end = EndOnDrop(&over);
            fault();
            drop(end);
        });
    }

    /// Sends one message and notes what it was told. True where it was accepted.
    pub fn send(&self, tab: &Tab) -> bool {
        let text = format!("m{}", self.next.fetch_add(1, Ordering::Relaxed));
        let ran = tab.call("send", &["--json", "-"]).input(text.clone()).run();
        let mut ledgers = self.ledgers.lock().expect("no client panicked");
        if ran.code != 0 {
            // 2: not even the folder can be looked into.
            assert!(matches!(ran.code, 2 | 6 | 7), "{ran:?}");
            ledgers.refused += 1;
            return false;
        }
        let turn = ran.json()["turn"].as_i64().expect("it was accepted");
        let before = ledgers.accepted.insert((tab.id.clone(), turn), text);
        assert_eq!(before, None, "turn {turn} was given twice");
        true
    }

    /// A window that comes back whenever its host is gone, and notes what it is shown.
    fn look_on(&self, over: &AtomicBool) {
        while !over.load(Ordering::Relaxed) {
            let shown = Control::connect(&self.home.paths(), Absent::Fail).and_then(|mut control| {
                control.send(&Request::Subscribe)?;
                while !over.load(Ordering::Relaxed) {
                    match control.receive()? {
                        Some(Told::Event(Event::TurnEnded { conversation, turn })) => {
                            let key = (conversation.to_string(), i64::from(turn.number.0));
                            self.ledgers.lock().expect("no client panicked").ended.insert(key, turn.state.clone());
                        }
                        Some(_) => {}
                        None => thread::sleep(Duration::from_millis(2)),
                    }
                }
                Ok(())
            });
            if shown.is_err() {
                thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// Where the line is full and held, the person has the first in it sent.
    fn takes_a_message(&self, tab: &Tab) -> bool {
        if tab.call("send", &["--json", "-"]).input("last").run().code == 0 {
            return true;
        }
        let conversation = ConversationId(tab.id.parse().expect("a number"));
        if let Ok(mut control) = Control::connect(&self.home.paths(), Absent::Fail)
            && let Ok(Reply::Conversation(found)) = control.ask(&Request::Show { conversation }, Some(LIMIT))
            && let (Some(_), Some(first)) = (found.queue_held, found.queue.first())
        {
            // It may just have been sent.
            let _ = control.ask(&Request::SendNow { conversation, turn: first.number }, Some(LIMIT));
        }
        false
    }

    /// Waits until all is quiet, then compares the ledgers with what the store and the agents have. What is wrong panics.
    pub fn check(&self) -> Counted {
        for tab in &self.tabs {
            // What was left in a queue by a dead host waits for the person, who comes with this.
            wait_until("a message is taken again", || self.takes_a_message(tab));
            let waited = until_quiet(tab);
            assert!(matches!(waited.code, 0 | 1 | 5), "{waited:?}");
        }
        let ledgers = self.ledgers.lock().expect("no client panicked");
        let mut read: BTreeMap<String, usize> = BTreeMap::new();
        for line in ledger(self.home, "read") {
            *read.entry(line).or_default() += 1;
        }
        for (text, count) in read.iter().filter(|(text, _)| text.starts_with('m')) {
            let turns = || -> Vec<String> {
                let all = self.tabs.iter().flat_map(Tab::log);
                all.filter(|turn| turn["prompt"] == text.as_str()).map(|turn| turn.to_string()).collect()
            };
            assert_eq!(*count, 1, "{text} was written to an agent {count} times: {:?}", turns());
        }
        for tab in &self.tabs {
            let log = tab.log();
            let turns: BTreeMap<i64, &serde_json::Value> =
                log.iter().map(|turn| (turn["turn"].as_i64().expect("a number"), turn)).collect();
            assert!(log.iter().map(|turn| turn["turn"].as_i64()).is_sorted(), "the log is in order");
            assert_eq!(turns.len(), log.len(), "no turn stands twice");
            for ((_, turn), text) in ledgers.accepted.iter().filter(|((of, _), _)| *of == tab.id) {
                let kept =
                    turns.get(turn).unwrap_or_else(|| panic!("acknowledged {text} of conversation {} is lost", tab.id));
                assert_eq!(kept["prompt"].as_str(), Some(text.as_str()), "turn {turn} of conversation {}", tab.id);
                if kept["state"] == "completed" {
                    assert!(read.contains_key(text), "{text} is told as completed and no agent read it");
                }
            }
            for ((_, turn), state) in ledgers.ended.iter().filter(|((of, _), _)| *of == tab.id) {
                let kept =
                    turns.get(turn).unwrap_or_else(|| panic!("the end of turn {turn} was shown, and the turn is lost"));
                let TurnState::Ended(end) = state else { panic!("an end that is none: {state:?}") };
                assert!(
                    !kept["ended_ms"].is_null(),
                    "turn {turn} was shown as {end:?} and is kept as {}",
                    kept["state"]
                );
            }
        }
        Counted { acknowledged: ledgers.accepted.len(), ended: ledgers.ended.len(), refused: ledgers.refused }
    }
}

impl std::fmt::Display for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Counted { acknowledged, ended, refused } = self;
        write!(
            f,
            "{acknowledged} acknowledged messages and {ended} shown ends there once, in order ({refused} refused in words)"
        )
    }
}

/// A fault that panics must not leave the load running.
struct EndOnDrop<'a>(&'a AtomicBool);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn until_quiet(tab: &Tab) -> Ran {
    let began = Instant::now();
    loop {
        let waited = tab.run("wait", &["--json", "--timeout", "20"]);
        if waited.code != 4 || began.elapsed() > QUIET_LIMIT {
            return waited;
        }
    }
}
