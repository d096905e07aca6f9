//! What real agents wrote, played to the emulator and the readers of their profiles: what we make of it without the program.
//!
//! Change here: what each part means. The bytes and how they are made: `recordings/README.md`.

use std::path::PathBuf;
use std::time::Duration;
use threadkeep::agent::answer::{Answer, Next};
use threadkeep::agent::catalog::Catalog;
use threadkeep::agent::claim::Claimed;
use threadkeep::agent::profile::Profile;
use threadkeep::agent::readers::{PasteMode, Readers, Seen};
use threadkeep::agent::tracker::{Heard, Tracker, TrackerRules};
use threadkeep::domain::id::{Timestamp, TurnNumber};
use threadkeep::domain::request::Choice;
use threadkeep::domain::signal::{Ending, Signal};
use threadkeep::domain::turn::Source;
use threadkeep::terminal::emulator::{Screen, Told};
use threadkeep::terminal::frame::Size;
use threadkeep::terminal::modes::Switched;

/// Longer than anything that waits for silence.
const LONG: Duration = Duration::from_secs(10);

/// From one thing that is told to the next: what takes time in an agent takes some here.
const STEP: Duration = Duration::from_millis(60);

/// An agent's profile at work on recorded bytes.
struct Player {
    agent: &'static str,
    profile: Profile,
    screen: Screen,
    readers: Readers,
    tracker: Tracker,
    now: Duration,
    turns: u32,
}

impl Player {
    fn new(agent: &'static str) -> Player {
        let (catalog, left_out) = Catalog::read(&[]);
        assert!(left_out.is_empty(), "{left_out:?}");
        let profile = catalog.get(agent).expect("a built-in profile").clone();
        let rules = TrackerRules {
            sources: profile.signals.iter().map(|signal| signal.source()).collect(),
            settle: Duration::from_millis(profile.deadlines.settle_ms),
            answer_wait: Duration::from_millis(profile.deadlines.answer_ms),
        };
        let screen = Screen::new(Size { columns: 100, rows: 30 });
        let (readers, tracker) = (Readers::new(&profile), Tracker::new(rules));
        Player { agent, profile, screen, readers, tracker, now: Duration::ZERO, turns: 0 }
    }

    /// Plays a part that a message of ours begins.
    fn message(&mut self, part: &str) -> Vec<String> {
        self.turns += 1;
        self.tracker.expect(TurnNumber(self.turns));
        self.play(part)
    }

    /// Says in words what is made of a part, then of silence.
    fn play(&mut self, part: &str) -> Vec<String> {
        let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/it/recordings", self.agent].iter().collect();
        let path = path.join(part).with_extension("bytes");
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut rest = &bytes[..];
        let mut heard = Vec::new();
        while !rest.is_empty() {
            let fed = self.screen.feed(rest);
            rest = &rest[fed.used..];
            if let Some(told) = fed.told {
                self.now += STEP;
                heard.extend(self.tracker.pass_time(self.now));
                heard.extend(self.hear(&told));
            }
        }
        if self.profile.rank(Source::Screen).is_some() {
            let claimed = self.readers.see(Seen::Screen(&self.screen_text()));
            heard.extend(self.track(claimed));
        }
        self.now += LONG;
        heard.extend(self.tracker.pass_time(self.now));
        let mut said: Vec<String> = heard.into_iter().filter_map(words).collect();
        // Ready told again is nothing new.
        said.dedup();
        said
    }

    fn hear(&mut self, told: &Told) -> Vec<Heard> {
        let claimed = match told {
            Told::Osc(payload) => self.readers.see(Seen::Osc(payload)),
            Told::Title(title) => self.readers.see(Seen::Title(title)),
            Told::Bell => self.readers.see(Seen::Bell),
            Told::BracketedPaste(Switched::On) => self.readers.see(Seen::PasteMode(PasteMode::On)),
            Told::BracketedPaste(Switched::Off) => self.readers.see(Seen::PasteMode(PasteMode::Off)),
            Told::Reset => self.readers.see(Seen::Reset),
        };
        self.track(claimed)
    }

    fn track(&mut self, claimed: Vec<Claimed>) -> Vec<Heard> {
        let (tracker, now) = (&mut self.tracker, self.now);
        claimed.into_iter().flat_map(|claimed| tracker.hear(claimed, now, Timestamp(0))).collect()
    }

    fn screen_text(&self) -> String {
        self.screen.visible_text().join("\n")
    }

    /// Whether an answer to a question may be typed by what is on the screen, and what would be.
    fn typed_for(&self, answer: &str) -> Option<String> {
        let (rules, variant) = (&self.profile.request, &self.profile.variants[0]);
        let mut answer = Answer::new(rules, variant, &Choice::Text(answer.into()))?;
        match answer.stands(rules, &self.screen_text()).then(|| answer.next(rules, variant, &self.screen_text()))? {
            Next::Type(steps) => steps.into_iter().map(|step| String::from_utf8(step.bytes).ok()).collect(),
            Next::Cannot(why) => Some(why.into()),
        }
    }

    /// Whether keys for the dialog are safe by what is on the screen.
    fn shows_choices(&self) -> bool {
        self.profile.request.shows_options(&self.screen_text())
    }
}

/// What moves a turn, in words.
fn words(heard: Heard) -> Option<String> {
    let Heard::Seen(seen) = heard else { return None };
    match seen.signal {
        Signal::Ready => Some("ready".into()),
        Signal::TurnStarted { .. } => Some("started".into()),
        Signal::TurnEnded { ending: Ending::Failed { text, .. }, .. } => Some(format!("failed {text}").trim().into()),
        Signal::TurnEnded { ending, .. } => Some(format!("{ending:?}").to_lowercase()),
        Signal::Asks { text, .. } => Some(format!("asks {text}").trim().into()),
        Signal::GoesOn => Some("goes on".into()),
        Signal::WantsMore
        | Signal::Doing(_)
        | Signal::Detail(_)
        | Signal::Folder(_)
        | Signal::Identity(_)
        | Signal::Background(_)
        | Signal::Named(_) => None,
    }
}

#[test]
fn an_agent_that_reports_everything_is_understood_to_the_word() {
    let mut player = Player::new("claude");
    assert_eq!(player.play("start"), ["ready"]);
    assert_eq!(player.message("working"), ["started"]);
    assert_eq!(player.play("done"), ["completed", "ready"]);
    assert!(!player.shows_choices());
    let asking = player.message("asking");
    assert!(
        matches!(&asking[..], [started, asks] if started == "started" && asks.starts_with("asks approve ")),
        "{asking:?}"
    );
    assert!(player.shows_choices());
    assert_eq!(player.play("allowed"), ["goes on", "completed", "ready"]);
    let denied = player.message("denied");
    assert_eq!(denied.last().map(String::as_str), Some("ready"), "{denied:?}");
    assert!(denied.contains(&"interrupted".to_owned()), "{denied:?}");
    let question = player.message("question");
    assert!(question.iter().any(|word| word.starts_with("asks answer: ")), "{question:?}");
    assert_eq!(player.play("answered"), ["goes on", "completed", "ready"]);
    assert_eq!(player.message("interrupted"), ["started", "interrupted", "ready"]);
    let failed = player.message("failed");
    assert!(matches!(&failed[..], [_, failed, _] if failed.starts_with("failed API Error")), "{failed:?}");
}

#[test]
fn an_agent_whose_id_is_read_is_understood() {
    let mut player = Player::new("codex");
    assert_eq!(player.play("start"), ["ready"]);
    assert_eq!(player.message("working"), ["started"]);
    assert_eq!(player.play("done"), ["completed", "ready"]);
    let asking = player.message("asking");
    assert_eq!(
        asking.last().map(String::as_str),
        Some("asks touch allowed"),
        "its report has no words, its screen has"
    );
    assert!(player.shows_choices());
    assert_eq!(player.play("allowed"), ["goes on", "completed", "ready"]);
    let denied = player.message("denied");
    assert!(denied.contains(&"interrupted".to_owned()), "{denied:?}");
    let question = player.message("question");
    assert_eq!(question.last().map(String::as_str), Some("asks Which colour?"), "{question:?}");
    assert_eq!(player.play("answered"), ["goes on", "completed", "ready"]);
    assert_eq!(player.message("interrupted").last().map(String::as_str), Some("ready"));
    let failed = player.message("failed");
    assert!(failed.contains(&"failed".to_owned()), "{failed:?}");
}

#[test]
fn a_dialog_about_trust_is_told_whether_it_is_reported_or_only_shown_and_is_never_taken_for_a_prompt() {
    let trust = Player::new("claude").play("trust");
    assert!(matches!(&trust[..], [asks] if asks.contains("trust")), "{trust:?}");
    assert_eq!(Player::new("codex").play("trust"), ["asks trust this folder"]);
}

#[test]
fn an_agent_that_asks_nobody_is_understood() {
    let mut player = Player::new("pi");
    assert_eq!(player.play("start"), ["ready"]);
    assert_eq!(player.message("working"), ["started"]);
    assert_eq!(player.play("done"), ["completed", "ready"]);
    let allowed = player.message("allowed");
    assert_eq!(allowed, ["started", "completed", "ready"]);
    assert_eq!(player.message("interrupted"), ["started", "interrupted", "ready"]);
    let failed = player.message("failed");
    assert!(failed.iter().any(|word| word.starts_with("failed")), "{failed:?}");
}

/// Its hooks tell how a turn ended; what its bytes alone tell must not end one that goes on.
#[test]
fn a_title_and_a_screen_tell_when_work_begins_and_that_something_is_asked_and_end_nothing() {
    let mut player = Player::new("qwen");
    assert_eq!(player.play("start"), ["ready"]);
    assert_eq!(player.message("working"), ["started"]);
    assert_eq!(player.play("done"), [""; 0]);

    let mut player = Player::new("qwen");
    player.play("start");
    assert_eq!(player.message("asking"), ["started", "asks"]);
    assert!(player.shows_choices());
}

#[test]
fn a_question_is_answered_by_number_by_label_or_in_words_and_only_while_it_is_shown() {
    let table = [("claude", "3"), ("codex", "\u{1b}[A\t"), ("opencode", "3"), ("qwen", "3")];
    for (agent, opens) in table {
        let mut player = Player::new(agent);
        player.play("start");
        assert_eq!(player.typed_for("2"), None, "{agent}");
        for part in ["working", "done", "asking"] {
            player.play(part);
            assert_eq!(player.typed_for("2"), None, "{agent} {part}");
        }
        for part in ["allowed", "denied", "question"] {
            player.play(part);
        }
        assert_eq!(player.typed_for("2").as_deref(), Some("2"), "{agent}");
        assert_eq!(player.typed_for("blue").as_deref(), Some("2"), "{agent}");
        assert_eq!(player.typed_for("a dark one").as_deref(), Some(opens), "{agent}");
        player.play("answered");
        assert_eq!(player.typed_for("2"), None, "{agent}");
    }
}
