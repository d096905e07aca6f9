//! Programs that take the whole terminal, inside a tab: alternate screen, colours, wide characters, resize, scrollback.

use crate::home::Home;
use crate::screen::Screen;
use crate::window::{open, send};
use std::path::Path;
use threadkeep::terminal::frame::{Color, RunWidth};

/// Whether the program is there; its absence is said.
pub fn has(program: &str) -> bool {
    let found = ["/bin", "/usr/bin", "/usr/local/bin"].iter().any(|folder| Path::new(folder).join(program).exists());
    if !found {
        eprintln!("SKIPPED what needs {program}: it is not installed");
    }
    found
}

/// A window with a live shell that has the keyboard.
fn in_the_shell(home: &Home, columns: u16, rows: u16) -> Screen {
    let mut ui = open(home, columns, rows);
    send(&mut ui, "PS1='$ '", 1, "completed");
    ui.keys("<prefix>o");
    ui.wait_for("AGENT");
    ui
}

#[test]
fn vim_works_inside_the_tab() {
    if !has("vim") {
        return;
    }
    let home = Home::new();
    let mut ui = in_the_shell(&home, 100, 24);
    ui.keys("vim -u NONE -N file.txt<enter>");
    ui.wait_for("~");
    ui.keys("ihello from vim 漢字<escape>");
    ui.wait_for("hello from vim 漢字");
    ui.keys(":wq<enter>");
    ui.wait_until("the shell's screen is back", |seen| {
        seen.pane().contains("$ vim -u NONE") && !seen.pane().contains('~')
    });
    let text = std::fs::read_to_string(home.file("file.txt")).expect("vim wrote it");
    assert_eq!(text, "hello from vim 漢字\n");
}

#[test]
fn less_works_inside_the_tab() {
    if !has("less") {
        return;
    }
    let home = Home::new();
    let mut ui = in_the_shell(&home, 100, 24);
    ui.keys("seq 1 500 | less<enter>");
    ui.wait_until("its first page", |seen| seen.pane().starts_with("1\n2\n3\n"));
    ui.keys("G");
    ui.wait_until("its last page", |seen| seen.pane().contains("\n500\n"));
    ui.keys("?^250$<enter>");
    ui.wait_until("what was searched", |seen| seen.pane().starts_with("250\n"));
    ui.keys("q");
    ui.wait_until("the shell's screen is back", |seen| seen.pane().contains("$ seq 1 500 | less"));
}

#[test]
fn python_works_inside_the_tab() {
    if !has("python3") {
        return;
    }
    let home = Home::new();
    let mut ui = in_the_shell(&home, 100, 24);
    ui.keys("python3 -q<enter>");
    ui.wait_for(">>>");
    ui.keys("print(6 * 7, 'wide 漢字')<enter>");
    ui.wait_for("42 wide 漢字");
    ui.keys("exit()<enter>");
    ui.wait_until("it is over", |seen| seen.panel().contains("turn 2 · completed"));
}

#[test]
fn top_works_inside_the_tab() {
    if !has("top") {
        return;
    }
    let home = Home::new();
    let mut ui = in_the_shell(&home, 100, 24);
    ui.keys("top<enter>");
    ui.wait_until("its table", |seen| seen.pane().contains("PID") && seen.pane().contains("%CPU"));
    ui.keys("q");
    ui.wait_until("it is over", |seen| seen.panel().contains("turn 2 · completed"));
}

#[test]
fn an_editor_opened_by_git_works_inside_the_tab() {
    if !has("git") || !has("vim") {
        return;
    }
    let home = Home::new();
    let mut ui = in_the_shell(&home, 100, 24);
    ui.keys("git init -q; export GIT_EDITOR='vim -u NONE -N' GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b.invalid");
    ui.keys(" GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b.invalid; git commit --allow-empty<enter>");
    ui.wait_for("Please enter the commit message");
    ui.keys("ithe message<escape>:wq<enter>");
    ui.wait_for("(root-commit)");
    ui.keys("git log --format=%s | cat<enter>");
    ui.wait_until("it is committed", |seen| seen.pane().contains("\nthe message\n"));
}

#[test]
fn colours_and_wide_characters_arrive_as_the_program_chose_them() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    let message = r"printf '\033[31mred\033[m \033[38;5;208morange\033[m \033[38;2;1;2;3mexact\033[m 漢字 👍\n'";
    send(&mut ui, message, 1, "completed");
    let seen = ui.wait_until("the colours", |seen| seen.pane().contains("\nred orange exact 漢字 👍\n"));
    let row = seen.rows().find(|row| row.text().starts_with("red orange")).expect("it was shown just now");
    let colour_of = |text: &str| row.runs.iter().find(|run| run.text.contains(text)).map(|run| run.style.foreground);
    assert_eq!(colour_of("red"), Some(Color::Indexed(1)));
    assert_eq!(colour_of("orange"), Some(Color::Indexed(208)));
    assert_eq!(colour_of("exact"), Some(Color::Rgb(1, 2, 3)));
    assert!(row.runs.iter().any(|run| run.width == RunWidth::Wide && run.text.contains('漢')), "{row:?}");
}

#[test]
fn a_resize_reaches_the_program_and_lines_are_wrapped_anew() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    let line = "abcdefghij".repeat(9);
    send(&mut ui, &format!("echo {line}"), 1, "completed");
    ui.resize(140, 30);
    ui.wait_until("the line is in one row", |seen| seen.pane().contains(&format!("\n{line}\n")));
    send(&mut ui, "stty size", 2, "completed");
    let answer = home.run(&["log", "--json"]).done().json_lines()[1]["answer"].clone();
    let size: Vec<u16> =
        answer.as_str().expect("a text").split(' ').map(|number| number.parse().expect("a number")).collect();
    assert!(size[0] > 20 && size[0] < 30 && size[1] > 90 && size[1] < 140, "{answer}");
    ui.resize(80, 24);
    ui.wait_until("nothing of it is lost", |seen| seen.pane().replace('\n', "").contains(&line));
}

#[test]
fn ten_thousand_lines_of_scrollback_are_there() {
    let home = Home::new();
    let mut ui = open(&home, 100, 44);
    send(&mut ui, "seq -f 'line-%.0f.' 1 10500", 1, "completed");
    ui.wait_for("line-10500.");
    let mut oldest = 10_500;
    for _ in 0..600 {
        ui.keys("<shift-pageup>");
        let seen = ui.wait_until("older lines", |seen| first_line(seen).is_some_and(|line| line < oldest || line <= 1));
        oldest = first_line(&seen).expect("it was there just now");
        if oldest <= 500 {
            break;
        }
    }
    assert!(oldest <= 500, "10,000 lines back: {oldest}");
    ui.keys("<shift-pagedown>");
    ui.wait_until("newer lines", |seen| first_line(seen).is_some_and(|line| line > oldest));
    ui.keys("x");
    ui.keys("<prefix>o ");
    ui.wait_until("typing goes back to the live screen", |seen| seen.pane().contains("line-10500."));
}

/// The number of the first whole line that is shown.
fn first_line(seen: &crate::screen::Seen) -> Option<u32> {
    let pane = seen.pane();
    pane.lines().find_map(|line| line.strip_prefix("line-")?.strip_suffix('.')?.parse().ok())
}

#[test]
fn the_wheel_scrolls_the_pane_and_the_mouse_reaches_a_program_that_asks_for_it() {
    let home = Home::new();
    let mut ui = open(&home, 100, 24);
    send(&mut ui, "seq -f 'line-%.0f.' 1 200", 1, "completed");
    ui.wait_for("line-200.");
    for _ in 0..3 {
        ui.bytes(b"\x1b[<64;5;5M");
    }
    ui.wait_until("older lines", |seen| !seen.pane().contains("line-200.") && seen.pane().contains("line-190."));
    for _ in 0..3 {
        ui.bytes(b"\x1b[<65;5;5M");
    }
    ui.wait_until("the live screen", |seen| seen.pane().contains("line-200."));
    let program = r"printf '\033[?1000h\033[?1006h'; stty raw -echo; printf 'as''ks'; head -c 9 > mouse; stty sane; printf '\033[?1000l'";
    ui.keys(&format!("{program}<enter>"));
    ui.wait_until("it works", |seen| seen.panel().contains("turn 2 · working"));
    // The picture with this text tells the window as well whose the clicks are.
    ui.wait_until("it asks for the mouse", |seen| seen.pane().contains("asks"));
    ui.keys("<prefix>o");
    ui.wait_for("AGENT");
    // The place of the pane's third column and second row.
    ui.bytes(b"\x1b[<0;3;3M\x1b[<0;3;3m");
    ui.wait_until("it got it", |seen| seen.panel().contains("turn 2 · completed"));
    let got = std::fs::read_to_string(home.file("mouse")).expect("the program wrote it");
    assert_eq!(got, "\x1b[<0;3;2M");
}
