//! What the outer terminal sends: keys, mouse, pastes and answers, cut anywhere, whole or not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use threadkeep::tui::input::Input;

fuzz_target!(|bytes: &[u8]| {
    let [cut, bytes @ ..] = bytes else { return };
    let mut input = Input::default();
    let mut events = 0;
    for piece in bytes.chunks(usize::from(*cut) + 1) {
        events += input.feed(piece).len();
    }
    while input.is_waiting() {
        // What is waited for comes, or nothing is waited for any more.
        if input.settle().is_none() {
            break;
        }
        events += 1;
    }
    assert!(events <= bytes.len() + 1, "no key out of nothing");
});
