//! A configuration that is changed while the window is open, and keys that the person bound anew.

use super::super::super::app::Panel;
use super::super::super::background::Background;
use super::super::super::event::{Effect, Event};
use super::super::super::keymap::Keymap;
use super::super::super::outer::{Outer, Program};
use super::super::super::testing::{Window, idle, working};
use super::super::super::theme::Colors;
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

#[test]
fn a_theme_that_follows_the_terminal_asks_it_and_takes_what_it_tells() {
    let mut window = Window::with(80, 24, vec![idle(1, "a")]);
    let (asks, plain) = (|window: &mut Window| window.take().contains(&Effect::AskBackground), window.picture());
    assert!(!asks(&mut window), "the default asks nothing");
    configured(&mut window, "theme = \"auto\"");
    assert!(asks(&mut window));
    window.press("<esc>");
    assert_eq!(window.picture(), plain, "no answer, no other colors");
    window.event(Event::Background(Background::Light));
    let light = window.picture();
    window.event(Event::Background(Background::Dark));
    assert!(light != plain && window.picture() != light, "{light}");
    window.app.colors = Colors::None;
    assert_ne!(window.picture(), plain, "no color at all");
}

#[test]
fn a_prefix_that_a_multiplexer_takes_is_said_with_another_one() {
    let mut window = Window::with(80, 24, vec![idle(1, "a")]);
    let key = Config::default().prefix;
    window.event(Event::Outer(Outer { program: Program::Tmux, keys: vec![key] }));
    let picture = window.picture();
    assert!(picture.contains("tmux around this window takes Ctrl+] for itself"), "{picture}");
    assert!(picture.contains("prefix = \"ctrl-g\""), "{picture}");
    window.press("x");
    configured(&mut window, "prefix = \"ctrl-g\"");
    assert!(!window.picture().contains("around this window"), "{}", window.picture());
    configured(&mut window, "");
    assert!(window.picture().contains("around this window"), "back again");
}

#[test]
fn with_animation_off_a_running_turn_goes_on_by_minutes() {
    let mut window = Window::with(80, 24, vec![working(1, "a")]);
    assert!(window.picture().contains("working 0:14"), "{}", window.picture());
    configured(&mut window, "animation = false");
    window.press("<esc>");
    assert!(window.picture().contains("working <1m"), "{}", window.picture());
    assert_eq!(window.app.deadline_ms(), Some(window.now.steady_ms + 46_000));
    window.after(46_000);
    assert!(window.picture().contains("working 1m"), "{}", window.picture());
}
