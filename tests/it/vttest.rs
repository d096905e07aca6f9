//! vttest in a session, its screens compared with stored pictures: what a VT100 shows, an agent's pane shows.
//!
//! The pictures lie in `vttest/`, each as text and, below it, what of it is not plain. `VTTEST_UPDATE=1` stores them anew: then look at each, it says
//! on itself what should be seen. What we leave out on purpose (132 columns, letters of double size) stands in them as it is.

use crate::home::{Home, LIMIT};
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
/// A key that was thrown away changes nothing for so long; one that was only slow to be read must not be typed twice.
const AGAIN: Duration = Duration::from_secs(5);
const MENU: &str = "Enter choice number";

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

/// Goes on from the picture `before`, which stands there, to the one of this name, and returns it. vttest throws away what was typed before it
/// waits for a key, so a key that changed nothing is typed again.
fn go_on(screen: &mut Screen, key: &str, before: &str, name: &str) -> String {
    let file = folder().join(format!("{name}.txt"));
    if updates() {
        screen.keys(key);
        let now = settled(screen);
        fs::write(&file, &now).expect("a picture can be stored");
        return now;
    }
    let wanted = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    if wanted == before {
        // Nobody sees when it has come; the next one comes behind it.
        return wanted;
    }
    let mut typed = None;
    let until = Instant::now() + LIMIT;
    loop {
        let now = picture(&screen.seen());
        if now == wanted {
            return wanted;
        }
        assert!(Instant::now() < until, "picture {name} is\n{now}\ninstead of\n{wanted}");
        if now == before && typed.is_none_or(|typed: Instant| typed.elapsed() > AGAIN) {
            screen.keys(key);
            typed = Some(Instant::now());
        }
        screen.wait_a_moment();
    }
}

/// Goes through all screens of a menu's point, until the menu is back.
fn walk(screen: &mut Screen, menus: &[&str], point: &str) {
    for menu in menus {
        screen.keys(&format!("{menu}<enter>"));
        screen.wait_for(&format!("Menu {menu}:"));
    }
    let name = [menus, &[point]].concat().join("-");
    let mut key = format!("{point}<enter>");
    let mut now = picture(&screen.wait_for(MENU));
    for number in 1..=MOST_SCREENS {
        now = go_on(screen, &key, &now, &format!("{name}-{number:02}"));
        key = "<enter>".into();
        if now.contains(MENU) {
            return menus.iter().rev().for_each(|menu| {
                screen.keys("0<enter>");
                screen.wait_until("the menu before", |seen| !seen.has(&format!("Menu {menu}:")) && seen.has(MENU));
            });
        }
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
    screen.wait_for(MENU);
    for (menus, point) in [(&[][..], "1"), (&[], "2"), (&["3"], "8"), (&[], "8")] {
        walk(&mut screen, menus, point);
    }
    screen.keys("0<enter><prefix>d");
    assert_eq!(screen.ended().0, 0);
}
