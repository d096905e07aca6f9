//! What a person writes: the configuration and agent profiles. Each is right or is refused in words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use threadkeep::agent::profile::Profile;
use threadkeep::config::Config;

fuzz_target!(|text: &str| {
    if let Err((line, why)) = Config::parse(text) {
        assert!(line <= text.lines().count() + 1 && !why.to_string().is_empty());
    }
    if let Err(why) = Profile::parse(text) {
        assert!(!why.to_string().is_empty());
    }
});
