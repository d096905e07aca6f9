//! A profile with every source: what is seen, what is claimed, what is wanted.

use super::*;
use crate::domain::request::RequestKind;

const ALL: &str = r#"
name = "one"
[program]
first_of = ["one"]
[state]
home = ".one"
[[identity.read]]
open_file = "{state}/locks/{id}.lock"
[[identity.read]]
title = '^(?<id>[0-9a-f-]{8})\.\.\.$'
complete = "{state}/s/*/r-{id}.jsonl"
[[signal]]
source = "program-status"
[[signal]]
source = "hook"
[[signal.rule]]
when = { "/event" = "Stop" }
means = "done"
answer = "/last"
identity = "/session"
[[signal]]
source = "transcript"
path = "{state}/s/*/r-{id}.jsonl"
[[signal.rule]]
when = { "/type" = "user" }
means = "started"
text = "/text"
[[signal]]
source = "state-file"
path = "{state}/{pid}.json"
[[signal.rule]]
when = { "/status" = "busy" }
means = "working"
[[signal]]
source = "notification"
[[signal.rule]]
pattern = 'needs your permission to (.*)'
means = "asks-permission"
text = "$1"
[[signal]]
source = "progress"
[[signal]]
source = "title"
[[signal.rule]]
pattern = '^\* '
means = "working"
[[signal]]
source = "paste-mode"
[[signal]]
source = "screen"
[[signal.rule]]
pattern = '(?m)^> $'
means = "idle"
[[signal]]
source = "bell"
"#;

fn readers(text: &str) -> Readers {
    Readers::new(&Profile::parse(text).unwrap())
}

fn one(readers: &mut Readers, seen: Seen) -> Option<(Source, Claim)> {
    let mut claims = readers.see(seen);
    assert!(claims.len() <= 1, "{claims:?}");
    claims.pop().map(|claimed| (claimed.source, claimed.claim))
}

#[test]
fn every_source_speaks_for_itself() {
    let mut readers = readers(ALL);
    let working = || Claim::Working { doing: None };
    let asks = Claim::Asks { kind: RequestKind::Permission, text: "run ls".into() };
    let table = [
        (Seen::Osc(b"7501;state=done"), Some((Source::ProgramStatus, Claim::Done))),
        (Seen::Osc(b"9;4;3"), Some((Source::Progress, working()))),
        (Seen::Osc(b"9;One needs your permission to run ls"), Some((Source::Notification, asks))),
        (Seen::Osc(b"9;other"), None),
        (Seen::Osc(b"133;A"), None),
        (Seen::Title("* busy"), Some((Source::Title, working()))),
        (Seen::Title("idle"), None),
        (Seen::PasteMode(PasteMode::On), Some((Source::PasteMode, Claim::Idle))),
        (Seen::PasteMode(PasteMode::Off), Some((Source::PasteMode, working()))),
        (Seen::Bell, Some((Source::Bell, Claim::Done))),
        (Seen::Screen("a\n> \nb"), Some((Source::Screen, Claim::Idle))),
        (Seen::Screen("a"), None),
        (Seen::StateFile(r#"{"status": "busy"}"#), Some((Source::StateFile, working()))),
        (Seen::StateFile(r#"{"status": "bu"#), None),
        (Seen::Transcript(b"{\"type\": \"user\", \"te"), None),
        (
            Seen::Transcript(b"xt\": \"hi\"}\n"),
            Some((Source::Transcript, Claim::Started { prompt: Some("hi".into()) })),
        ),
        (Seen::Transcript(b"{\"type\": \"us"), None),
        (Seen::TranscriptReplaced, None),
        (Seen::Transcript(b"{\"type\": \"user\"}\n"), Some((Source::Transcript, Claim::Started { prompt: None }))),
        (Seen::Osc(b"7501;state=working:id=a"), Some((Source::ProgramStatus, Claim::Background { count: 1 }))),
        (Seen::Reset, Some((Source::ProgramStatus, Claim::Background { count: 0 }))),
    ];
    for (seen, wanted) in table {
        assert_eq!(one(&mut readers, seen), wanted, "{seen:?}");
    }
    let told = readers.see(Seen::Hook(r#"{"event": "Stop", "last": "bye", "session": "s1"}"#));
    assert!(
        matches!(&told[..], [
        Claimed { source: Source::Hook, claim: Claim::Identity(id), words },
        Claimed { claim: Claim::Detail(detail), .. },
        Claimed { claim: Claim::Done, .. },
    ] if id == "s1" && words == "Stop" && detail.answer.as_deref() == Some("bye")),
        "{told:?}"
    );
}

#[test]
fn a_source_that_the_profile_does_not_list_is_silent() {
    let mut readers = readers("name = \"one\"\n[program]\nfirst_of = [\"one\"]\n[[signal]]\nsource = \"bell\"");
    let seen = [
        Seen::Osc(b"7501;state=done"),
        Seen::Osc(b"9;4;3"),
        Seen::Osc(b"9;x"),
        Seen::Title("x"),
        Seen::PasteMode(PasteMode::On),
        Seen::Screen("x"),
        Seen::StateFile("{}"),
        Seen::Hook("{}"),
        Seen::Transcript(b"{}\n"),
        Seen::Reset,
    ];
    for seen in seen {
        assert_eq!(readers.see(seen), [], "{seen:?}");
    }
    assert_eq!(readers.see(Seen::Bell).len(), 1);
}

fn places(id: Option<&AgentId>) -> Places<'_> {
    Places { state: Some("/h/.one"), home: Some("/h"), cwd: "/w", pid: Some(5), id, dir: "/run/1" }
}

#[test]
fn what_is_wanted_follows_what_is_known_of_the_id() {
    let mut readers = readers(ALL);
    let id = AgentId::try_from("0a1b2c3d-77".to_owned()).unwrap();

    let wants = readers.wants(&places(None));
    let [Want::StateFile(state), Want::OpenFile(open)] = &wants[..] else { panic!("{wants:?}") };
    assert_eq!(state.path().as_deref(), Some("/h/.one/5.json"));
    let found = Seen::Found { glob: open, path: "/h/.one/locks/0a1b2c3d-77.lock" };
    assert_eq!(one(&mut readers, found), Some((Source::Process, Claim::Identity("0a1b2c3d-77".into()))));

    // The title has the beginning; a file completes it, and only one with this beginning.
    assert_eq!(readers.see(Seen::Title("0a1b2c3d...")), []);
    let wants = readers.wants(&places(None));
    let [Want::StateFile(_), Want::OpenFile(open), Want::NamedFile(named)] = &wants[..] else { panic!("{wants:?}") };
    assert!(named.matches("/h/.one/s/x/r-0a1b2c3d-77.jsonl") && !named.matches("/h/.one/s/x/r-ffffffff-77.jsonl"));
    assert!(!open.matches("/h/.one/locks/ffffffff-77.lock"));

    // It is known: now the transcript is, and nothing more is looked for.
    let wants = readers.wants(&places(Some(&id)));
    let [Want::Transcript(transcript), Want::StateFile(_)] = &wants[..] else { panic!("{wants:?}") };
    assert!(transcript.matches("/h/.one/s/x/r-0a1b2c3d-77.jsonl"));

    // The agent went on to another session.
    readers.see(Seen::Title("ffffffff..."));
    assert_eq!(readers.wants(&places(Some(&id))).len(), 4);
}

/// The broken one took its title's word for it, and a resume by it was never verified.
#[test]
fn a_process_that_takes_up_an_id_is_looked_at_until_it_shows_that_it_has_it() {
    let mut readers = readers(ALL);
    let id = AgentId::try_from("0a1b2c3d-77".to_owned()).unwrap();
    readers.see(Seen::Title("0a1b2c3d..."));
    let wants = readers.wants(&places(Some(&id)));
    let open = wants.iter().find_map(|want| match want {
        Want::OpenFile(open) => Some(open.clone()),
        _ => None,
    });
    let open = open.unwrap();
    let found = Seen::Found { glob: &open, path: "/h/.one/locks/0a1b2c3d-77.lock" };
    assert_eq!(one(&mut readers, found), Some((Source::Process, Claim::Identity("0a1b2c3d-77".into()))));
    assert!(!readers.wants(&places(Some(&id))).iter().any(|want| matches!(want, Want::OpenFile(_))));
}
