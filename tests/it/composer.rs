//! Writing a message: in one's own editor, with files of the folder, and from earlier ones.

use crate::home::{Home, write_program};
use crate::window::{is_ready, open, send};

/// An editor that notes the rights of the file and what it gets, and puts something in front of it.
fn home_with_editor(ends: &str) -> Home {
    let mut home = Home::new();
    let script = home.work().join("editor");
    let text = format!(
        "#!/bin/sh\nstat -c %a \"$2\" > \"$1.rights\"\ncp \"$2\" \"$1.got\"\nprintf 'edited: ' > \"$1.new\"\ncat \"$2\" >> \"$1.new\"\necho >> \"$1.new\"\nmv \"$1.new\" \"$2\"\necho the editor was here\n{ends}\n"
    );
    write_program(&script, &text);
    let seen = home.work().join("seen");
    home.set("EDITOR", format!("{} {}", script.display(), seen.display()));
    home
}

#[test]
fn the_editor_gets_the_text_in_a_private_file_and_what_it_wrote_comes_back() {
    let home = home_with_editor("exit 0");
    let mut ui = open(&home, 100, 24);
    ui.keys("one<alt-enter>日本 'two'<ctrl-g>");
    ui.wait_until("it came back", |seen| {
        seen.has("> edited: one") && seen.has("  日本 'two'") && seen.alternate && is_ready(seen)
    });
    let read = |name: &str| std::fs::read_to_string(home.work().join(name)).expect("the editor was here");
    assert_eq!((read("seen.rights").trim(), read("seen.got").as_str()), ("600", "one\n日本 'two'"));
    let left = std::fs::read_dir(home.paths().run).expect("the folder is there");
    let left: Vec<_> = left.flatten().filter(|file| file.file_name().to_string_lossy().contains("message")).collect();
    assert!(left.is_empty(), "{left:?}");
    ui.keys("<ctrl-z><ctrl-z>");
    ui.wait_until("it can be undone", |seen| seen.has("> one") && !seen.has("edited"));
}

#[test]
fn an_editor_that_fails_changes_nothing_and_that_is_said() {
    let home = home_with_editor("exit 3");
    let mut ui = open(&home, 100, 24);
    ui.keys("one<prefix>E");
    ui.wait_until("it is said", |seen| {
        seen.has("exit status: 3, so nothing was taken over") && seen.has("> one") && !seen.has("edited")
    });
    ui.keys(" two");
    ui.wait_until("the composer goes on", |seen| seen.has("> one two"));
}

#[test]
fn a_file_of_the_folder_is_offered_behind_an_at_sign() {
    let home = Home::new();
    std::fs::create_dir(home.work().join("src")).expect("a folder");
    std::fs::write(home.work().join("src/some notes.txt"), "").expect("a file");
    let mut ui = open(&home, 80, 24);
    ui.keys("cat @snotes");
    ui.wait_until("it is offered", |seen| seen.has("src/some notes.txt") && seen.has("Tab takes"));
    ui.keys("<tab>now");
    ui.wait_until("it is taken", |seen| seen.has("> cat @\"src/some notes.txt\" now"));
    ui.keys("<ctrl-u>cat @some no");
    ui.wait_until("it is offered by its words too", |seen| seen.has("Tab takes"));
    ui.keys("<tab>");
    ui.wait_until("it is written with quotes", |seen| seen.has("> cat @\"src/some notes.txt\""));
}

#[test]
fn a_message_of_another_conversation_is_found_and_taken() {
    let home = Home::new();
    let mut ui = open(&home, 80, 24);
    send(&mut ui, "echo the first one", 1, "completed");
    ui.keys("<ctrl-t>");
    ui.wait_until("a second tab", |seen| seen.has("no turn yet") && is_ready(seen));
    ui.keys("<ctrl-r>");
    ui.wait_until("they are listed", |seen| seen.status().contains("EARLIER") && seen.has("1 of 1"));
    ui.keys("first<enter>");
    ui.wait_until("it is in the composer", |seen| seen.has("> echo the first one") && seen.has("no turn yet"));
}
