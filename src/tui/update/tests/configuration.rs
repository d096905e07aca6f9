//! A configuration that is changed while the window is open, and keys that the person bound anew.

use super::super::super::app::Panel;
use super::super::super::event::Event;
use super::super::super::keymap::Keymap;
use super::super::super::testing::{Window, idle, working};
use crate::config::Config;
use crate::protocol::message::Request;

fn configured(window: &mut Window, text: &str) {
    let config = Config::parse(text).expect("it can be read");
    let keymap = Keymap::new(&config).expect("its keys are free");
    window.event(Event::Configured(Box::new(config), Box::new(keymap)));
}

const OTHER_KEYS: &str = "prefix = \"ctrl-g\"\n[keys.prefix]\ninterrupt = \"k\"\nswitch_keyboard = \"K\"\nhelp = \"h\"\n\
    [keys.anywhere]\nzoom = \"alt-z\"\n[keys.composer]\nsend = \"ctrl-s\"\nnewline = [\"enter\", \"alt-enter\"]\nclear_text = \"alt-c\"";

#[test]
fn keys_are_in_force_at_once_wherever_they_are_pressed() {
    let mut window = Window::with(80, 24, vec![working(1, "a")]);
    window.frame(&["$ "], Some((2, 0)));
    window.take();
    configured(&mut window, OTHER_KEYS);
    assert!(window.status().contains("the changed configuration is in force"), "{}", window.status());
    window.press("<ctrl-g>k");
    assert!(matches!(window.requests().as_slice(), [Request::Interrupt { .. }]));
    window.press("<alt-z>");
    assert!(window.app.zoomed);
    window.press("<alt-z>one<enter>two<ctrl-s>");
    assert!(matches!(window.requests().as_slice(), [Request::Submit { text, .. }] if text == "one\ntwo"));
    window.press("<prefix>");
    assert_eq!(window.app.prefix, super::super::super::app::Prefix::None, "the old prefix is a key like others");
}

/// Hints named keys that were not in force.
#[test]
fn what_is_shown_names_the_keys_in_force() {
    let mut window = Window::with(80, 24, vec![working(1, "a")]);
    window.frame(&["$ "], Some((2, 0)));
    configured(&mut window, OTHER_KEYS);
    window.press("<ctrl-g>K");
    assert!(window.picture().contains("Ctrl+G K: write a message"), "{}", window.picture());
    window.press("<ctrl-g>K<alt-c>");
    assert!(window.status().contains("Ctrl+G k interrupts the turn"), "{}", window.status());
    window.press("<ctrl-g>").after(400);
    let picture = window.picture();
    assert!(picture.contains("(h lists all keys)") && picture.contains("k interrupt the turn"), "{picture}");
    window.press("h");
    let picture = window.picture();
    assert!(picture.contains("After Ctrl+G") && !picture.contains("Ctrl+]"), "{picture}");
    window.press("q<ctrl-g>:zoom the");
    assert!(window.picture().contains("Ctrl+G z"), "{}", window.picture());
}

#[test]
fn a_wrong_one_is_told_with_its_line_and_changes_nothing() {
    let mut window = Window::with(80, 24, vec![idle(1, "a")]);
    let before = window.app.config.clone();
    window.event(Event::ConfigurationWrong("config.toml, line 3: there is no key `foo`".into()));
    let picture = window.picture();
    assert!(picture.contains("line 3: there is no key `foo`; what was in force before stays"), "{picture}");
    assert_eq!(window.app.config, before);
}

#[test]
fn the_panel_follows_its_line_and_else_stays_as_the_person_put_it() {
    let mut window = Window::with(120, 40, vec![idle(1, "a")]);
    configured(&mut window, "turn_panel = \"hidden\"");
    assert_eq!(window.app.panel, Panel::Hidden);
    window.press("<prefix>t");
    configured(&mut window, "turn_panel = \"hidden\"\nwhich_key_ms = 1");
    assert_ne!(window.app.panel, Panel::Hidden);
}
