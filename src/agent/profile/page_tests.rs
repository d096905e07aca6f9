//! The page docs/agents.md against the language: no field, source or word is missing there, and every example is a profile.

use super::*;

const PAGE: &str = include_str!("../../../docs/agents.md");

/// What a fragment stands in.
const AROUND: &str = "name = \"x\"\n[program]\nfirst_of = [\"x\"]\n";

/// Places in a profile, as a text that spoils one: the reader answers with what may stand there.
const PLACES: [&str; 33] = [
    "no = 1\n",
    "[program]\nno = 1",
    "[version]\nno = 1",
    "[state]\nno = 1",
    "[[variant]]\nno = 1",
    "[[variant]]\nsubmit = { no = 1 }",
    "[[variant]]\nsubmit = { brackets = \"no!\" }",
    "[identity]\nno = 1",
    "[identity]\nchoose = \"no\"",
    "[[identity.read]]\nno = 1",
    "[[signal]]\nno = 1",
    "[[signal]]\nsource = \"no\"",
    "[[signal]]\nsource = \"hook\"\n[[signal.rule]]\nno = 1",
    "[[signal]]\nsource = \"hook\"\n[[signal.rule]]\nmeans = \"no\"",
    "[request]\nno = 1",
    "[request]\npermission = { no = 1 }",
    "[request]\nquestion = { no = 1 }",
    "[request]\nquestion = { choose = \"no\" }",
    "[request]\nquestion = { text = \"no\" }",
    "[request]\nquestion = { multiple = { no = 1 } }",
    "[[failure]]\nno = 1",
    "[[failure]]\npattern = \"x\"\nmeans = \"no\"",
    "[model]\nno = 1",
    "[model]\nswitch = \"no\"",
    "[continuity]\nno = 1",
    "[continuity]\nbefore_resume = [{ no = 1 }]",
    "[adopt]\nno = 1",
    "[adopt]\nprompt = { no = 1 }",
    "[deadlines]\nno = 1",
    "[turn_end]\nno = 1",
    "[turn_end]\nprocess_exit = \"no\"",
    "[[interrupt]]\nno = 1",
    "[[stop]]\nwait_ms = 1\nsignal = \"no\"",
];

/// The words in back quotes behind "expected" in what the reader says.
fn expected(place: &str) -> Vec<String> {
    let around = if place.starts_with("[program]") { "name = \"x\"\n" } else { AROUND };
    // A top-level field stands before all tables.
    let text = if place.starts_with('[') { format!("{around}{place}") } else { format!("{place}{around}") };
    let reason = Profile::parse(&text).unwrap_err().reason;
    let (_, words) = reason.split_once("expected").unwrap_or_else(|| panic!("{place:?}: {reason}"));
    words.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_word_of_the_language_stands_in_the_page() {
    let (mut words, mut missing) = (0, Vec::new());
    for place in PLACES {
        let expected = expected(place);
        assert!(!expected.is_empty(), "{place:?}");
        for word in expected {
            let shown = [format!("`{word}`"), format!("`\"{word}\"`")];
            if !shown.iter().any(|shown| PAGE.contains(shown.as_str())) {
                missing.push(format!("{word} of {place:?}"));
            }
            words += 1;
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(words > 120, "the reader tells what may stand in each place: {words}");
}

#[test]
fn every_example_is_a_profile() {
    let blocks: Vec<&str> = PAGE.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let whole = blocks.iter().filter(|block| block.starts_with("name = ")).count();
    assert_eq!(whole, 10, "the smallest profile and nine examples");
    for block in blocks {
        let text = if block.starts_with("name = ") { block.to_owned() } else { format!("{AROUND}{block}") };
        if let Err(error) = Profile::parse(&text) {
            panic!("{error}\n{text}");
        }
    }
}

#[test]
fn the_examples_do_what_the_page_says_of_them() {
    let example = |name: &str| {
        let begin = PAGE.find(&format!("name = \"{name}\"")).unwrap();
        Profile::parse(PAGE[begin..].split("```").next().unwrap()).unwrap()
    };
    let turns = |name: &str| example(name).abilities().turns;
    assert_eq!([turns("titled"), turns("repl"), turns("plain"), turns("nameless")], [Turns::Guess; 4]);
    assert_eq!([turns("scribe"), turns("slowly"), turns("served")], [Turns::Exact; 3]);
    assert_eq!(turns("mine"), Turns::Unknown);
    let resume = |name: &str| example(name).abilities().resume;
    assert_eq!(
        [resume("scribe"), resume("locked"), resume("nameless")],
        [CanResume::Yes, CanResume::Yes, CanResume::No]
    );
}

#[test]
fn the_holes_stand_in_the_page() {
    for text in ["{no}", "x{no}"] {
        let launch = crate::agent::template::LaunchTemplate::try_from(text.to_owned()).unwrap_err();
        let path = crate::agent::glob::PathTemplate::try_from(format!("/{text}")).unwrap_err();
        for told in [launch, path] {
            let (_, holes) = told.split_once("here stand ").unwrap();
            for hole in holes.split(", ").flat_map(|part| part.split(" and ")) {
                assert!(PAGE.contains(&format!("`{}`", hole.trim_matches('`'))), "{hole} is not in the page");
            }
        }
    }
}
