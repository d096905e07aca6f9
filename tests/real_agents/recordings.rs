//! What real agents wrote, for tests that need no agent: written down on request, scrubbed of what belongs to one machine, and checked here.
//!
//! Change here: which parts there are and what is scrubbed. `tests/it/recordings/README.md` tells how they are made.
//! Not here: how a part is played (`alone.rs`).

use crate::agents::Agent;
use crate::drive::{COLUMNS, ROWS};
use crate::sandbox::Sandbox;
use crate::sequences::{Scanner, Sequence};
use std::fs;
use std::path::{Path, PathBuf};
use threadkeep::terminal::emulator::Screen;
use threadkeep::terminal::frame::Size;

/// Where it is set to 1, what is played is written down.
const RECORD: &str = "THREADKEEP_RECORD";

/// One part of a session, in the order they are played. Trust is a session of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Trust,
    Start,
    Working,
    Done,
    Asking,
    Allowed,
    Denied,
    Question,
    Answered,
    Interrupted,
    Failed,
}

impl Part {
    const SESSION: [Part; 10] = [
        Part::Start,
        Part::Working,
        Part::Done,
        Part::Asking,
        Part::Allowed,
        Part::Denied,
        Part::Question,
        Part::Answered,
        Part::Interrupted,
        Part::Failed,
    ];

    fn name(self) -> &'static str {
        match self {
            Part::Trust => "trust",
            Part::Start => "start",
            Part::Working => "working",
            Part::Done => "done",
            Part::Asking => "asking",
            Part::Allowed => "allowed",
            Part::Denied => "denied",
            Part::Question => "question",
            Part::Answered => "answered",
            Part::Interrupted => "interrupted",
            Part::Failed => "failed",
        }
    }

    fn file(self, agent: Agent) -> PathBuf {
        folder().join(agent.name()).join(self.name()).with_extension("bytes")
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/recordings")
}

/// Writes the parts down, if that is wanted.
pub fn keep(sandbox: &Sandbox, parts: &[(Part, Vec<u8>)]) {
    if std::env::var(RECORD).is_ok_and(|value| value == "1") {
        let secrets = Secrets::of(sandbox);
        for (part, bytes) in parts {
            let file = part.file(sandbox.agent);
            fs::create_dir_all(file.parent().expect("it lies in a folder")).expect("a folder for recordings");
            fs::write(file, secrets.scrub(bytes)).expect("a recording can be written");
        }
    }
}

/// What belongs to one run, with what stands in its place: of the same length, so that nothing on the screen moves.
struct Secrets {
    replaced: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Secrets {
    fn of(sandbox: &Sandbox) -> Secrets {
        let own = sandbox.home.own();
        let root = own.parent().expect("the home lies in a folder");
        let name = root.file_name().expect("it has a name").to_string_lossy().into_owned();
        let url = sandbox.model.url();
        let port = url.rsplit_once(':').map_or("", |(_, port)| port).to_owned();
        let replaced = [
            (name.clone(), "tkhome00"[..name.len().min(8)].to_owned()),
            (format!("127.0.0.1:{port}"), format!("127.0.0.1:{}", "9".repeat(port.len()))),
        ];
        Secrets { replaced: replaced.map(|(from, to)| (from.into_bytes(), to.into_bytes())).into() }
    }

    fn scrub(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for (from, to) in &self.replaced {
            assert_eq!(from.len(), to.len(), "a placeholder of another length moves what stands behind it");
            replace(&mut bytes, from, to);
        }
        blank_ids(&mut bytes);
        bytes
    }
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let mut at = 0;
    while at + from.len() <= bytes.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
            at += from.len();
        } else {
            at += 1;
        }
    }
}

/// Identities look like `8-4-4-4-12` hexadecimal digits; a title may hold only the first of them. Their digits become zeros.
fn blank_ids(bytes: &mut [u8]) {
    const DASHES: [usize; 3] = [8, 13, 18];
    let is_of_id = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'-';
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take(36).take_while(|byte| is_of_id(byte)).count();
        let starts_word = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        if starts_word && length > DASHES[2] && DASHES.iter().all(|dash| bytes[at + dash] == b'-') {
            bytes[at..at + length].iter_mut().filter(|byte| **byte != b'-').for_each(|byte| *byte = b'0');
        }
        at += length.max(1);
    }
}

#[test]
fn ids_are_blanked_and_nothing_moves() {
    let mut bytes =
        b"a 0198f3c2-1b2c-7def-8123-456789abcdef; 0198f3c2-1b2c-7def-8123-45678...; 2026-11-23; deadbeef".to_vec();
    blank_ids(&mut bytes);
    let wanted = b"a 00000000-0000-0000-0000-000000000000; 00000000-0000-0000-0000-00000...; 2026-11-23; deadbeef";
    assert_eq!(String::from_utf8_lossy(&bytes), String::from_utf8_lossy(wanted));
}

/// What a part shows at its end, and what it reports last where the agent reports.
fn shown(part: Part) -> (&'static str, &'static str) {
    match part {
        Part::Trust => ("trust", "blocked"),
        Part::Start => ("", "idle"),
        Part::Working => ("first 1.", "working"),
        Part::Done => ("I see 1 by you.", "done"),
        Part::Asking => ("touch allowed", "blocked"),
        Part::Allowed => ("The tool said", "done"),
        Part::Denied => ("touch denied", "idle"),
        Part::Question => ("Which colour?", "blocked"),
        Part::Answered => ("Blue", "done"),
        Part::Interrupted => ("never 2.", "idle"),
        Part::Failed => ("", "error"),
    }
}

#[test]
fn recordings_show_and_report_what_they_are_named_for() {
    for agent in Agent::ALL {
        for session in [&[Part::Trust][..], &Part::SESSION] {
            let mut screen = Screen::new(Size { columns: COLUMNS, rows: ROWS });
            for part in session {
                let Ok(bytes) = fs::read(part.file(agent)) else { continue };
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    rest = &rest[screen.feed(rest).used..];
                }
                let text: String = screen.frame(0).rows.iter().map(|row| row.text().trim().to_owned() + " ").collect();
                let (wanted, state) = shown(*part);
                assert!(text.contains(wanted), "{} {part:?} does not show {wanted:?}:\n{text}", agent.name());
                let reported = reported(&bytes);
                let is_so = reported.is_empty() || reported.last().is_some_and(|last| last == state);
                assert!(is_so, "{} {part:?} reports {reported:?}", agent.name());
            }
        }
    }
}

#[test]
fn every_agent_is_recorded() {
    for agent in Agent::ALL {
        for part in [Part::Start, Part::Working, Part::Done, Part::Allowed, Part::Interrupted, Part::Failed] {
            assert!(part.file(agent).is_file(), "{} has no {part:?}", agent.name());
        }
    }
}

fn reported(bytes: &[u8]) -> Vec<String> {
    let reports = Scanner::default().take(bytes).into_iter().filter_map(|sequence| match sequence {
        Sequence::Osc(text) => text.strip_prefix("7501;state=").map(|rest| rest.split(':').next().unwrap_or("").into()),
        Sequence::Csi(_) => None,
    });
    reports.collect()
}
