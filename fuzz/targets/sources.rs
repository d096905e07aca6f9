//! What agents tell: hooks, transcripts, state files, reports and notices in the terminal, titles and screens, through every built-in profile.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use threadkeep::agent::catalog::Catalog;
use threadkeep::agent::readers::{PasteMode, Readers, Seen};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::read(&[]).0);

fuzz_target!(|bytes: &[u8]| {
    let [which, bytes @ ..] = bytes else { return };
    let profiles = CATALOG.profiles();
    let Some(profile) = profiles.get(usize::from(*which) % profiles.len()) else { return };
    let mut readers = Readers::new(profile);
    // Each part begins with the byte that says what it is.
    for part in bytes.split(|byte| *byte == 0xff) {
        let [kind, part @ ..] = part else { continue };
        let text = String::from_utf8_lossy(part);
        let report = [b"7501;", part].concat();
        let seen = match kind % 10 {
            0 => Seen::Osc(part),
            1 => Seen::Osc(&report),
            2 => Seen::Title(&text),
            3 => Seen::PasteMode(PasteMode::On),
            4 => Seen::Bell,
            5 => Seen::Reset,
            6 => Seen::Screen(&text),
            7 => Seen::Transcript(part),
            8 => Seen::StateFile(&text),
            _ => Seen::Hook(&text),
        };
        let claims = readers.see(seen);
        assert!(claims.len() <= part.len() + 8, "no claim out of nothing");
    }
});
