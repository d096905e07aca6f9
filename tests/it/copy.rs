//! Copying out of the pane, as a person does it: by keys from far above, and with the mouse.

use crate::home::{Home, wait_until};
use crate::screen::Seen;
use crate::window::{open, send};

/// What a terminal is told to put into its clipboard.
fn clipboard(base64: &str) -> Vec<u8> {
    format!("\x1b]52;c;{base64}\x07").into_bytes()
}

fn has(written: &[u8], wanted: &[u8]) -> bool {
    written.windows(wanted.len()).any(|part| part == wanted)
}

#[test]
fn text_from_far_above_is_found_selected_and_copied() {
    let home = Home::new();
    let mut ui = open(&home, 80, 24);
    send(&mut ui, "seq -f 'number %g' 3000", 1, "completed");
    ui.keys("<prefix>[");
    ui.wait_until("the whole text was read", |seen| seen.status().contains("COPY") && seen.has(" of 30"));
    ui.keys("?number 7<enter>");
    ui.wait_until("all are counted", |seen| seen.has("111 of 111 found"));
    ui.keys("g/number 77<enter>");
    ui.wait_until("it is shown", |seen| seen.has("1 of 11 found") && seen.pane().contains("\nnumber 77\n"));
    ui.keys("Vjy");
    ui.wait_until("how much was copied, back at the end", |seen| {
        seen.status().contains("copied 2 lines, 19 characters") && seen.pane().contains("number 3000")
    });
    let copied = clipboard("bnVtYmVyIDc3Cm51bWJlciA3OA==");
    wait_until("the terminal is told", || has(&ui.written(), &copied));
}

#[test]
fn a_drag_over_the_pane_copies_what_it_covers() {
    let home = Home::new();
    let mut ui = open(&home, 80, 24);
    send(&mut ui, "clear; echo some words", 1, "completed");
    // The command's own line ends with the same words.
    let row_of = |seen: &Seen| (1..24).find(|row| seen.row(*row).starts_with("some words"));
    let seen = ui.wait_until("it is shown", |seen| row_of(seen).is_some());
    let row = row_of(&seen).expect("it is there") + 1;
    ui.bytes(format!("\x1b[<0;6;{row}M\x1b[<32;10;{row}M").as_bytes());
    ui.wait_until("it is being selected", |seen| seen.status().contains("COPY"));
    ui.bytes(format!("\x1b[<0;10;{row}m").as_bytes());
    ui.wait_until("it is copied", |seen| seen.status().contains("copied 5 characters"));
    wait_until("the terminal is told", || has(&ui.written(), &clipboard("d29yZHM=")));
}

/// For terminals that take nothing by OSC 52.
#[test]
fn what_is_copied_goes_to_the_program_that_the_person_named() {
    let home = Home::new();
    let file = home.file("copied");
    let script = format!("cat > '{0}.new'; mv '{0}.new' '{0}'", file.display());
    // The first verb makes the folder as it must be.
    home.run(&["ls"]).done();
    std::fs::write(home.paths().config, format!("copy_command = [\"sh\", \"-c\", \"{script}\"]\n"))
        .expect("a configuration");
    let mut ui = open(&home, 100, 24);
    ui.keys("echo to be copied<enter>");
    ui.wait_until("the turn ended", |seen| seen.panel().contains("turn 1 · completed"));
    ui.keys("<prefix>qy");
    ui.wait_for("copied 12 characters");
    wait_until("the program has it", || file.exists());
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "to be copied");
    assert!(!has(&ui.written(), b"\x1b]52;"), "the terminal is left alone");
}
