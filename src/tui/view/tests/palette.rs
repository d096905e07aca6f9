//! Pictures of the palette.

use super::super::super::testing::{asking, idle, working};
use super::check;

#[test]
fn every_action_and_conversation() {
    check("palette", &[idle(1, "fix login"), working(2, "Büro 日本語"), asking(3, "api")], |window| {
        window.press("<prefix>:");
    });
}

#[test]
fn the_best_match_of_what_is_typed() {
    check("palette_typed", &[idle(1, "fix login"), working(2, "new Büro 日本語"), asking(3, "api")], |window| {
        window.press("<prefix>:nw<down>");
    });
}
