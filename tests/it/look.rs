//! What is saved can be read where no host can open it, or none is wanted: `threadkeep look`, which changes nothing.

use crate::home::{Call, Home, Ran};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;

/// A home with two turns, its host gone, and a folder of its own for what is temporary.
fn with_record() -> Home {
    let mut home = Home::new();
    std::fs::create_dir(home.file("tmp")).expect("a folder");
    home.set("TMPDIR", home.file("tmp"));
    let tab = home.tab();
    tab.send("echo kept");
    tab.send("echo as well");
    home
}

fn look(home: &Home, verb: &[&str]) -> Ran {
    let call: Call = home.call(&[&["look"], verb].concat());
    call.run()
}

/// All files below, with what is in them.
fn contents(folder: &Path) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("it is there").flatten() {
        let kind = entry.file_type().expect("it has one");
        if kind.is_dir() {
            all.extend(contents(&entry.path()));
        } else if kind.is_file() {
            all.insert(entry.path(), std::fs::read(entry.path()).expect("it can be read"));
        }
    }
    all
}

fn is_untouched(home: &Home, before: &BTreeMap<std::path::PathBuf, Vec<u8>>) {
    assert!(contents(&home.path()) == *before, "nothing of the folder changed");
    assert_eq!(home.processes(), Vec::<i32>::new(), "nothing was started");
    let left: Vec<_> = std::fs::read_dir(home.file("tmp")).expect("it is there").flatten().collect();
    assert!(left.is_empty(), "the copy is gone: {left:?}");
}

#[test]
fn a_store_of_a_newer_build_can_be_read_though_no_host_opens_it() {
    let home = with_record();
    let told = ["ls", "log", "export"].map(|verb| home.run(&[verb]).done().stdout);
    home.run(&["host", "stop"]).done();
    let store = Connection::open(home.paths().store).expect("it is there");
    store.pragma_update(None, "user_version", 999).expect("it can be written");
    drop(store);
    let before = contents(&home.path());
    assert!(home.run(&["log"]).code != 0);
    crate::home::wait_until("the host that would not start is gone", || home.processes().is_empty());
    let before_look = contents(&home.path());
    assert_eq!(before.get(&home.paths().store), before_look.get(&home.paths().store));
    let ran = look(&home, &["log"]).done();
    assert_eq!(ran.stdout, told[1]);
    assert!(ran.stderr.contains("a copy of what is saved") && ran.stderr.contains("newer threadkeep"), "{ran:?}");
    assert_eq!(look(&home, &["export"]).done().stdout, told[2]);
    let found = look(&home, &["search", "well"]).done().stdout;
    assert!(found.contains("turn 2"), "{found}");
    let listed = look(&home, &["ls"]).done().stdout;
    assert!(listed.contains("echo kept"), "{listed}\n{}", told[0]);
    is_untouched(&home, &before_look);
}

/// The newest turns stand in the journal, which a look at the file alone does not see.
#[test]
fn what_a_killed_host_left_can_be_read_and_stays_as_it_is() {
    let home = with_record();
    let told = home.run(&["log"]).done().stdout;
    home.kill_host_and_holder();
    crate::home::wait_until("all of it is gone", || home.processes().is_empty());
    let before = contents(&home.path());
    assert_eq!(look(&home, &["log"]).done().stdout, told);
    let ran = look(&home, &["log", "--follow"]);
    assert_ne!(ran.code, 0, "nothing comes: {ran:?}");
    is_untouched(&home, &before);
    // The next host takes up what was left.
    home.run(&["ls"]).done();
}

#[test]
fn a_look_needs_a_store_and_tells_a_damaged_one() {
    let home = with_record();
    home.run(&["host", "stop"]).done();
    std::fs::write(home.paths().store, "no store").expect("it can be damaged");
    let ran = look(&home, &["log"]);
    assert!(ran.code != 0 && ran.stderr.contains("doctor --repair"), "{ran:?}");
    std::fs::remove_file(home.paths().store).expect("it is there");
    let ran = look(&home, &["ls"]);
    assert!(ran.code != 0 && ran.stderr.contains("threadkeep.db"), "{ran:?}");
}
