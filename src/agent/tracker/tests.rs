//! Tables of what the real agents were seen saying, and random talk of all sources at once.

use super::*;
use proptest::prelude::*;

const AT: Timestamp = Timestamp(1_000);

fn tracker() -> Tracker {
    Tracker::new(TrackerRules {
        sources: vec![Source::ProgramStatus, Source::Hook, Source::Transcript, Source::Title],
        settle: Duration::from_millis(100),
        answer_wait: Duration::from_millis(300),
    })
}

fn claimed(source: Source, claim: Claim) -> Claimed {
    Claimed { source, claim, words: "said".into() }
}

/// A tracker with a clock, spoken to in words.
struct Talk {
    tracker: Tracker,
    now: Duration,
}

impl Talk {
    fn new() -> Talk {
        Talk { tracker: tracker(), now: Duration::ZERO }
    }

    /// An agent with these sources, best first.
    fn of(sources: &[Source]) -> Talk {
        let rules = TrackerRules { sources: sources.to_vec(), ..tracker().rules };
        Talk { tracker: Tracker::new(rules), now: Duration::ZERO }
    }

    /// At its first prompt.
    fn ready() -> Talk {
        let mut talk = Talk::new();
        talk.say(Claim::Idle);
        assert_eq!(talk.wait(100), ["ready"]);
        talk
    }

    fn running(turn: u32) -> Talk {
        let mut talk = Talk::ready();
        talk.begin(turn);
        talk
    }

    /// A turn of ours starts.
    fn begin(&mut self, turn: u32) {
        self.tracker.expect(TurnNumber(turn));
        assert_eq!(self.say(working()), [""; 0]);
        assert_eq!(self.wait(100), [format!("start {turn}")]);
    }

    fn say(&mut self, claim: Claim) -> Vec<String> {
        self.say_by(Source::ProgramStatus, claim)
    }

    fn say_by(&mut self, source: Source, claim: Claim) -> Vec<String> {
        words(self.tracker.hear(claimed(source, claim), self.now, AT))
    }

    fn wait(&mut self, ms: u64) -> Vec<String> {
        self.now += Duration::from_millis(ms);
        words(self.tracker.pass_time(self.now))
    }
}

fn working() -> Claim {
    Claim::Working { doing: None }
}

fn asks(text: &str) -> Claim {
    Claim::Asks { kind: RequestKind::Permission, text: text.into() }
}

fn answer(text: &str) -> Claim {
    Claim::Detail(Detail { answer: Some(text.into()), ..Detail::default() })
}

fn words(heard: Vec<Heard>) -> Vec<String> {
    let number = |turn: Option<TurnNumber>| turn.map_or("typed".to_owned(), |turn| turn.to_string());
    let word = |heard| match heard {
        Heard::Noted(evidence) => format!("noted {}", evidence.source.word()),
        Heard::Seen(Seen { signal, .. }) => match signal {
            Signal::Ready => "ready".into(),
            Signal::TurnStarted { turn, text: None } => format!("start {}", number(turn)),
            Signal::TurnStarted { turn, text: Some(text) } => format!("start {} {text}", number(turn)),
            Signal::TurnEnded { turn, ending, answer } => {
                let answer = answer.map(|answer| format!(" {}", answer.text)).unwrap_or_default();
                format!("end {} {}{answer}", number(turn), ending_word(&ending))
            }
            Signal::Asks { text, .. } => format!("asks {text}"),
            Signal::GoesOn => "goes on".into(),
            Signal::Doing(step) => format!("doing {step}"),
            other => format!("{other:?}"),
        },
    };
    heard.into_iter().map(word).collect()
}

fn ending_word(ending: &Ending) -> &'static str {
    match ending {
        Ending::Status(_) => "status",
        Ending::Completed => "completed",
        Ending::Failed { .. } => "failed",
        Ending::Interrupted => "interrupted",
        Ending::LooksDone => "looks done",
        Ending::NotTold => "not told",
    }
}

#[test]
fn a_turn_starts_and_completes_and_its_answer_is_waited_for() {
    let mut talk = Talk::running(1);
    assert_eq!(talk.say(Claim::Done), [""; 0]);
    assert_eq!(talk.say_by(Source::Transcript, answer("42")), [""; 0]);
    assert_eq!(talk.wait(299), [""; 0]);
    assert_eq!(talk.wait(1), ["end 1 completed 42", "ready"]);
    assert_eq!(talk.tracker.due(), None);
}

#[test]
fn a_record_that_has_its_end_is_not_waited_for() {
    let mut talk = Talk::running(1);
    talk.say_by(Source::Transcript, answer("42"));
    assert_eq!(talk.say_by(Source::Transcript, Claim::Done), ["noted transcript"]);
    assert_eq!(talk.say(Claim::Done), ["end 1 completed 42", "ready"]);

    let mut talk = Talk::running(1);
    assert_eq!(talk.say(Claim::Done), [""; 0]);
    talk.say_by(Source::Transcript, answer("42"));
    assert_eq!(talk.say_by(Source::Transcript, Claim::Done), ["noted transcript", "end 1 completed 42", "ready"]);
}

#[test]
fn failed_interrupted_and_denied_are_told_apart() {
    let mut talk = Talk::running(1);
    talk.say(Claim::Failed { text: "API Error: 500".into() });
    assert_eq!(talk.wait(300), ["end 1 failed", "ready"]);

    let mut talk = Talk::running(2);
    assert_eq!(talk.say(Claim::Idle), ["end 2 interrupted", "ready"]);

    let mut talk = Talk::running(3);
    assert_eq!(talk.say(asks("run ls")), ["asks run ls"]);
    assert_eq!(talk.say(working()), ["goes on"]);
    assert_eq!(talk.say(asks("run rm")), ["asks run rm"]);
    assert_eq!(talk.say(Claim::Idle), ["end 3 interrupted", "ready"]);
}

/// Seen of an agent whose report of a failure has no words, while its record has them.
#[test]
fn the_words_of_a_failure_come_from_whoever_has_them() {
    let ending = |heard: Vec<Heard>| {
        heard.into_iter().find_map(|told| match told {
            Heard::Seen(Seen { signal: Signal::TurnEnded { ending, .. }, .. }) => Some(ending),
            _ => None,
        })
    };
    let failed = |text: &str| Claim::Failed { text: text.into() };
    let told = Some(Ending::Failed { kind: FailureKind::Other, text: "500 of the service".into() });
    for words_first in [true, false] {
        let mut talk = Talk::running(1);
        let wordless = claimed(Source::ProgramStatus, failed(""));
        let record = claimed(Source::Transcript, failed("500 of the service"));
        let (first, second) = if words_first { (record, wordless) } else { (wordless, record) };
        talk.tracker.hear(first, talk.now, AT);
        assert_eq!(ending(talk.tracker.hear(second, talk.now, AT)), told, "{words_first}");
    }
}

/// Seen of two agents: what the record tells of an interrupted turn was read after the next one had begun, and ended up in it.
#[test]
fn the_late_record_of_an_interrupted_turn_belongs_to_no_later_one() {
    let mut talk = Talk::running(1);
    talk.say_by(Source::Transcript, working());
    assert_eq!(talk.say(Claim::Idle), ["end 1 interrupted", "ready"]);
    talk.begin(2);
    talk.say_by(Source::Transcript, answer("cut off in"));
    talk.say_by(Source::Transcript, Claim::Interrupted);
    talk.say_by(Source::Transcript, working());
    assert_eq!(talk.say(Claim::Done), [""; 0], "its own record is waited for");
    talk.say_by(Source::Transcript, answer("42"));
    assert_eq!(talk.say_by(Source::Transcript, Claim::Done), ["noted transcript", "end 2 completed 42", "ready"]);
}

/// The broken one added the numbers of the turn before to the one that had begun.
#[test]
fn late_numbers_of_an_interrupted_turn_belong_to_no_later_one() {
    let usage = |tokens| Usage { input_tokens: tokens, ..Usage::default() };
    let detail = |tokens| Claim::Detail(Detail { usage: Some(usage(tokens)), ..Detail::default() });
    let mut talk = Talk::running(1);
    talk.say_by(Source::Transcript, working());
    talk.say(Claim::Idle);
    assert_eq!(talk.say_by(Source::Transcript, detail(3)).len(), 1, "between the turns it is known whose they are");
    talk.begin(2);
    assert_eq!(talk.say_by(Source::Transcript, detail(5)), [""; 0]);
    talk.say_by(Source::Transcript, working());
    let heard = talk.tracker.hear(claimed(Source::Transcript, detail(7)), talk.now, AT);
    let Some(Heard::Seen(Seen { signal: Signal::Detail(told), .. })) = heard.first() else { panic!("{heard:?}") };
    assert_eq!(told.usage, Some(usage(7)));
}

/// Seen on a busy machine, where hooks come late and in any order: the message that was on its way "completed" before the agent had it.
#[test]
fn a_late_end_from_a_source_that_tells_of_starts_ends_no_message_that_is_on_its_way() {
    let mut talk = Talk::new();
    let started = |text: &str| Claim::Started { prompt: Some(text.into()) };
    talk.say_by(Source::Hook, Claim::Idle);
    talk.wait(100);
    talk.tracker.expect(TurnNumber(1));
    talk.say_by(Source::Hook, started("one"));
    talk.wait(100);
    talk.say_by(Source::Hook, Claim::Done);
    assert_eq!(talk.wait(500), ["end 1 completed", "ready"]);
    talk.say_by(Source::Hook, Claim::Interrupted);
    talk.tracker.expect(TurnNumber(2));
    assert_eq!(talk.say_by(Source::Hook, Claim::Done), [""; 0]);
    assert_eq!(talk.wait(500), [""; 0]);
    talk.say_by(Source::Hook, started("two"));
    assert_eq!(talk.wait(100), ["start 2"]);
}

#[test]
fn a_refused_message_failed_although_the_best_source_says_nothing_of_it() {
    let failed = || Claim::Failed { text: "no key".into() };
    let mut talk = Talk::ready();
    assert_eq!(talk.say_by(Source::Hook, failed()), ["noted hook"], "nothing was sent");
    talk.tracker.expect(TurnNumber(1));
    talk.say_by(Source::Hook, failed());
    assert_eq!(talk.wait(500), ["end 1 failed", "ready"]);
}

#[test]
fn a_turn_that_wanted_a_login_failed_for_that() {
    let failed = || Claim::Failed { text: "not logged in".into() };
    let asks = || Claim::Asks { kind: RequestKind::Login, text: "log in".into() };
    let mut talk = Talk::running(1);
    talk.say_by(Source::Hook, failed());
    assert_eq!(talk.say(asks()), [""; 0], "over, and not asked");
    assert_eq!(talk.wait(500), ["end 1 failed", "ready"]);
    let mut talk = Talk::running(1);
    assert_eq!(talk.say(asks()), ["asks log in"]);
    talk.say_by(Source::Hook, failed());
    assert_eq!(talk.wait(500), ["end 1 failed", "ready"]);
}

/// The broken one called a turn completed whose best source knew only that it was over.
#[test]
fn a_failure_that_a_worse_source_told_is_how_a_turn_ended_that_merely_looks_done() {
    let by_screen = |talk: &mut Talk, text: &str| talk.say_by(Source::Screen, Claim::Failed { text: text.into() });
    let mut talk = Talk::of(&[Source::Title, Source::Screen]);
    talk.say_by(Source::Title, Claim::Idle);
    talk.wait(100);
    for (turn, end) in [(1, "end 1 failed"), (2, "end 2 looks done"), (3, "end 3 failed")] {
        // Gone before the third, so what stands there then is new.
        if turn == 3 {
            talk.tracker.see_nothing(Source::Screen);
        }
        talk.tracker.expect(TurnNumber(turn));
        talk.say_by(Source::Title, working());
        talk.wait(100);
        talk.say_by(Source::Title, Claim::Idle);
        by_screen(&mut talk, "no luck");
        assert_eq!(talk.wait(500), [end, "ready"]);
    }
}

/// What a program's report leaves out may stand on its screen.
#[test]
fn a_worse_source_says_what_is_asked_and_never_that_something_is() {
    let mut talk = Talk::running(1);
    assert_eq!(talk.say_by(Source::Title, asks("touch x")), ["noted title"], "nothing is asked");
    assert_eq!(talk.say(asks("")), ["asks "]);
    assert_eq!(talk.say_by(Source::Title, asks("touch x")), ["asks touch x", "noted title"]);
    assert_eq!(talk.say_by(Source::Title, asks("touch x")), ["noted title"], "known");
    assert_eq!(talk.say_by(Source::Title, asks("something else")), ["noted title"], "another thing");
    assert_eq!(talk.say(working()), ["goes on"]);
    assert_eq!(talk.say_by(Source::Title, asks("touch x")), ["noted title"], "it is asked no more");
}

#[test]
fn the_first_prompt_must_hold_and_a_flash_of_work_is_nothing() {
    let mut talk = Talk::new();
    assert_eq!(talk.say(working()), [""; 0]);
    assert_eq!(talk.say(Claim::Idle), [""; 0]);
    assert_eq!(talk.wait(50), [""; 0]);
    assert_eq!(talk.say(working()), [""; 0]);
    assert_eq!(talk.wait(500), [""; 0], "not ready while it works");
    talk.say(Claim::Idle);
    assert_eq!(talk.wait(100), ["ready"]);
    // A screen that is cleared flashes too.
    talk.say(working());
    assert_eq!(talk.wait(50), [""; 0]);
    assert_eq!(talk.say(Claim::Idle), ["ready"]);
    assert_eq!(talk.wait(500), [""; 0]);
}

/// Seen of an agent that was resumed on a busy machine: its flash came behind the message, and the turn was "interrupted".
#[test]
fn a_flash_behind_a_message_is_not_its_turn() {
    let mut talk = Talk::ready();
    talk.tracker.expect(TurnNumber(1));
    talk.say(working());
    assert_eq!(talk.wait(50), [""; 0]);
    assert_eq!(talk.say(Claim::Idle), ["ready"]);
    talk.say(working());
    assert_eq!(talk.wait(100), ["start 1"]);
    let doing = Claim::Working { doing: Some("reads".into()) };
    let mut talk = Talk::ready();
    talk.tracker.expect(TurnNumber(2));
    assert_eq!(talk.say(doing), ["start 2", "doing reads"], "what is told of is no flash");
}

#[test]
fn what_is_typed_in_its_screen_is_a_turn_with_its_text_where_that_is_known() {
    let mut talk = Talk::ready();
    assert_eq!(talk.say_by(Source::Hook, Claim::Started { prompt: Some("fix it".into()) }), ["noted hook"]);
    assert_eq!(talk.say(working()), [""; 0]);
    assert_eq!(talk.wait(100), ["start typed fix it"]);
    talk.say(Claim::Done);
    assert_eq!(talk.wait(300), ["end typed completed", "ready"]);
}

#[test]
fn a_dialog_before_the_first_prompt_is_told_and_does_not_make_it_ready() {
    let mut talk = Talk::new();
    assert_eq!(talk.say(asks("trust this folder")), ["asks trust this folder"]);
    assert_eq!(talk.wait(5_000), [""; 0]);
    talk.say(Claim::Idle);
    assert_eq!(talk.wait(100), ["ready"]);
}

/// Seen of an agent that asked for a setting of its own as the first message came: taken for a turn, the lost message was "interrupted".
#[test]
fn a_dialog_at_the_prompt_starts_no_turn() {
    let mut talk = Talk::ready();
    talk.tracker.expect(TurnNumber(1));
    assert_eq!(talk.say(asks("dialog open")), ["asks dialog open"]);
    assert_eq!(talk.say(Claim::Idle), ["ready"]);
    assert_eq!(talk.say(asks("dialog open")), ["asks dialog open"]);
    talk.say(working());
    assert_eq!(talk.wait(100), ["start 1"]);
}

#[test]
fn a_state_told_again_ends_no_later_turn() {
    let mut talk = Talk::running(1);
    talk.say(Claim::Done);
    talk.wait(300);
    talk.tracker.expect(TurnNumber(2));
    assert_eq!(talk.say(Claim::Done), [""; 0]);
    assert_eq!(talk.say(Claim::Idle), ["ready"], "the next key acknowledges");
    talk.say(working());
    assert_eq!(talk.wait(100), ["start 2"]);
}

#[test]
fn a_source_that_knows_only_busy_and_not_ends_a_turn_as_far_as_it_knows() {
    let mut talk = Talk::new();
    talk.say_by(Source::Title, Claim::Idle);
    talk.wait(100);
    talk.tracker.expect(TurnNumber(1));
    assert_eq!(talk.say_by(Source::Title, working()), [""; 0]);
    assert_eq!(talk.wait(100), ["start 1"]);
    talk.say_by(Source::Title, Claim::Idle);
    assert_eq!(talk.wait(300), ["end 1 looks done", "ready"]);
}

#[test]
fn a_worse_source_is_noted_once_a_better_one_has_spoken() {
    let mut talk = Talk::running(1);
    assert_eq!(talk.say_by(Source::Title, Claim::Idle), ["noted title"]);
    assert_eq!(talk.say_by(Source::Hook, Claim::Done), ["noted hook"]);
    assert_eq!(talk.wait(5_000), [""; 0]);
}

#[test]
fn a_source_that_the_profile_does_not_trust_says_nothing() {
    let mut talk = Talk::running(1);
    assert_eq!(talk.say_by(Source::Bell, Claim::Done), [""; 0]);
}

#[test]
fn usage_comes_in_parts_and_is_told_as_the_sum_of_its_turn() {
    let part = |input_tokens, cost_micros| {
        let usage = Some(Usage { input_tokens, output_tokens: 1, cost_micros });
        claimed(Source::Transcript, Claim::Detail(Detail { usage, ..Detail::default() }))
    };
    let mut talk = Talk::running(1);
    talk.tracker.hear(part(5, None), talk.now, AT);
    let heard = talk.tracker.hear(part(7, Some(3)), talk.now, AT);
    let total = Usage { input_tokens: 12, output_tokens: 2, cost_micros: Some(3) };
    let detail = Detail { usage: Some(total), ..Detail::default() };
    assert!(
        matches!(&heard[..], [Heard::Seen(Seen { signal: Signal::Detail(told), .. })] if *told == detail),
        "{heard:?}"
    );
}

#[derive(Debug, Clone)]
enum Step {
    Say(Source, Claim),
    Expect,
    GiveUp,
    Wait(u64),
}

fn any_step() -> impl Strategy<Value = Step> {
    let source = prop::sample::select(vec![
        Source::ProgramStatus,
        Source::Hook,
        Source::Transcript,
        Source::Title,
        Source::Bell,
    ]);
    let claim = prop::sample::select(vec![
        Claim::Idle,
        working(),
        Claim::Working { doing: Some("reads".into()) },
        Claim::Started { prompt: Some("text".into()) },
        asks("run ls"),
        Claim::Done,
        Claim::Failed { text: "500".into() },
        Claim::Interrupted,
        answer("42"),
        Claim::Background { count: 1 },
    ]);
    prop_oneof![
        8 => (source, claim).prop_map(|(source, claim)| Step::Say(source, claim)),
        2 => Just(Step::Expect),
        1 => Just(Step::GiveUp),
        3 => (0u64..400).prop_map(Step::Wait),
    ]
}

proptest! {
    /// Late, doubled, missing or lying: one end for each start, none for a turn that is over, and no worse source moves anything
    /// after a better one spoke, but that a hook may say of a message that it was refused.
    #[test]
    fn any_talk_gives_each_turn_exactly_one_end(script in prop::collection::vec(any_step(), 1..200)) {
        let mut talk = Talk::new();
        let ranks = talk.tracker.rules.sources.clone();
        let (mut running, mut newest, mut asked, mut best) = (None::<Option<TurnNumber>>, 0, 0, usize::MAX);
        for step in script {
            let mut silenced = None;
            // An end that was told when its source was the best one still waits for the record, which may let it out later.
            let waits = matches!(talk.tracker.state, State::Ended { .. });
            let heard = match step {
                Step::Say(source, claim) => {
                    let states = !matches!(claim, Claim::Detail(_) | Claim::Background { .. });
                    let rank = ranks.iter().position(|known| *known == source);
                    let refuses = source == Source::Hook && matches!(claim, Claim::Failed { .. });
                    silenced = rank.is_none_or(|rank| rank > best && !refuses).then_some(source);
                    best = rank.filter(|_| states).map_or(best, |rank| best.min(rank));
                    talk.tracker.hear(claimed(source, claim), talk.now, AT)
                }
                Step::Expect => {
                    asked += 1;
                    talk.tracker.expect(TurnNumber(asked));
                    Vec::new()
                }
                Step::GiveUp => {
                    talk.tracker.expect_nothing();
                    Vec::new()
                }
                Step::Wait(ms) => {
                    talk.now += Duration::from_millis(ms);
                    talk.tracker.pass_time(talk.now)
                }
            };
            for told in heard {
                let Heard::Seen(Seen { signal, evidence }) = told else { continue };
                match signal {
                    Signal::TurnStarted { turn, .. } => {
                        prop_assert!(running.is_none(), "two at once");
                        prop_assert!(turn.is_none_or(|turn| turn.0 > newest), "an older turn began again");
                        newest = turn.map_or(newest, |turn| turn.0);
                        running = Some(turn);
                    }
                    Signal::TurnEnded { turn, .. } => {
                        prop_assert_eq!(running.take(), Some(turn), "an end without its start");
                    }
                    Signal::Detail(_) | Signal::Background(_) => continue,
                    _ => {}
                }
                prop_assert!(waits || silenced != Some(evidence.source), "a worse source moved something");
            }
            prop_assert!(talk.tracker.due().is_none_or(|due| due <= talk.now + Duration::from_millis(300)), "waits without an end");
        }
    }
}
