//! vttest in a session, its screens compared with stored pictures: what a VT100 shows, an agent's pane shows.
//!
//! The pictures lie in `vttest/`, each as text and, below it, what of it is not plain. `VTTEST_UPDATE=1` stores them anew: then look at each, it says
//! on itself what should be seen. What we leave out on purpose (132 columns, letters of double size) stands in them as it is.

use crate::home::Home;
use crate::screen::{Screen, Seen};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};
use threadkeep::terminal::frame::{Row, Style};

/// Nothing changed for so long: only where pictures are stored anew.
const STILL: Duration = Duration::from_millis(700);
/// No menu has so many screens.
const MOST_SCREENS: usize = 40;

fn updates() -> bool {
    std::env::var_os("VTTEST_UPDATE").is_some()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/vttest")
}

/// Text and looks of the whole screen.
fn picture(seen: &Seen) -> String {
    let rows: Vec<&Row> = seen.rows().collect();
    let text: String = rows.iter().map(|row| row.text().trim_end().to_owned() + "\n").collect();
    let looks: String = rows.iter().enumerate().flat_map(|(number, row)| looks_of(number + 1, row)).collect();
    format!("{text}--\n{looks}")
}

fn looks_of(number: usize, row: &Row) -> Vec<String> {
    let mut column = 1;
    let mut all = Vec::new();
    for run in &row.runs {
        let names = [
            (Style::BOLD, "bold"),
            (Style::DIM, "dim"),
            (Style::ITALIC, "italic"),
            (Style::UNDERLINE, "underline"),
            (Style::INVERSE, "inverse"),
            (Style::HIDDEN, "hidden"),
            (Style::STRIKEOUT, "struck"),
        ];
        let mut looks: Vec<String> =
            names.iter().filter(|(bit, _)| run.style.flags & bit != 0).map(|(_, name)| (*name).to_owned()).collect();
        if run.style.foreground != threadkeep::terminal::frame::Color::Default {
            looks.push(format!("{:?}", run.style.foreground));
        }
        if run.style.background != threadkeep::terminal::frame::Color::Default {
            looks.push(format!("on {:?}", run.style.background));
        }
        if !looks.is_empty() {
            all.push(format!("{number}:{column} {} \"{}\"\n", looks.join(" "), run.text));
        }
        column += run.text.chars().count();
    }
    all
}

/// Waits until nothing changes any more.
fn settled(screen: &Screen) -> String {
    let mut last = picture(&screen.seen());
    let mut since = Instant::now();
    while since.elapsed() < STILL {
        sleep(Duration::from_millis(50));
        let now = picture(&screen.seen());
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    last
}

/// The screen becomes the stored picture. Returns it.
fn shows(screen: &Screen, name: &str) -> String {
    let file = folder().join(format!("{name}.txt"));
    if updates() {
        let now = settled(screen);
        fs::write(&file, &now).expect("a picture can be stored");
        return now;
    }
    let wanted = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    screen.wait_until(&format!("picture {name}:\n{wanted}"), |seen| picture(seen) == wanted);
    wanted
}

/// Goes through all screens of a menu's point, until the menu is back.
fn walk(screen: &mut Screen, choices: &[&str]) {
    for choice in choices {
        screen.wait_until("the menu asks", |seen| seen.has("Enter choice number"));
        screen.keys(&format!("{choice}<enter>"));
    }
    let name = choices.join("-");
    for number in 1..=MOST_SCREENS {
        let now = shows(screen, &format!("{name}-{number:02}"));
        if now.contains("Enter choice number") {
            for _ in choices.iter().skip(1) {
                screen.keys("0<enter>");
            }
            return;
        }
        screen.keys("<enter>");
    }
    panic!("point {name} has no end");
}

#[test]
fn the_screens_of_vttest_are_as_they_should_be() {
    if !Path::new("/usr/bin/vttest").exists() {
        eprintln!("SKIPPED vttest inside a tab: it is not installed");
        return;
    }
    let home = Home::new();
    let tab = home.tab();
    tab.send("true");
    let mut screen = Screen::open_verb(&home, &["attach", &tab.id], 80, 24);
    screen.wait_until("the session's picture is here", |seen| seen.alternate && !seen.row(0).is_empty());
    screen.keys("clear; until [ \"$(stty size)\" = \"24 80\" ]; do sleep 0.05; done; vttest<enter>");
    for choices in [&["1"][..], &["2"], &["3", "8"], &["8"]] {
        walk(&mut screen, choices);
    }
    screen.wait_until("the menu asks", |seen| seen.has("Enter choice number"));
    screen.keys("0<enter>");
    screen.keys("<prefix>d");
    assert_eq!(screen.ended().0, 0);
}
