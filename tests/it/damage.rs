//! A store that does not open: the host says why and goes on trying, and a damaged one is repaired only when the person agrees.

use crate::home::{Home, wait_until};
use rusqlite::Connection;
use std::fs;

/// A home with one conversation that was said something in, and no host.
fn with_record() -> Home {
    let home = Home::new();
    home.tab().send("echo kept");
    home.run(&["host", "stop"]).done();
    home
}

fn trouble(home: &Home) -> String {
    home.run(&["host", "status", "--json"]).done().json()["store_trouble"].to_string()
}

#[test]
fn a_host_whose_store_is_damaged_says_so_acknowledges_nothing_and_leaves_the_file_as_it_is() {
    let home = with_record();
    let sound = fs::read(home.paths().store).expect("it is there");
    let mut damaged = sound.clone();
    damaged[..4096].fill(0);
    fs::write(home.paths().store, &damaged).expect("it can be damaged");
    for verb in [&["ls"][..], &["log", "-c", "1"], &["send", "-c", "1", "echo new"], &["new"]] {
        let ran = home.run(verb).ended_with(6);
        assert!(ran.stderr.contains("threadkeep.db") && ran.stderr.contains("doctor --repair"), "{ran:?}");
        assert!(ran.stdout.is_empty(), "no word of what is not known: {ran:?}");
    }
    assert!(trouble(&home).contains("doctor --repair"));
    let doctor = home.run(&["doctor"]).done();
    assert!(doctor.stdout.contains("TROUBLE") && doctor.stdout.contains("doctor --repair"), "{doctor:?}");
    assert_eq!(fs::read(home.paths().store).expect("it is there"), damaged);
    // Whoever puts a good one back has everything again, without a word to the host.
    // In one step: a file that is empty for a moment would be a new store.
    let beside = home.path().join("mended");
    fs::write(&beside, &sound).expect("it can be written");
    fs::rename(beside, home.paths().store).expect("it can be mended");
    wait_until("the store is open", || trouble(&home) == "null");
    let log = home.run(&["log", "-c", "1", "--json"]).done().json();
    assert_eq!(log["answer"], "kept");
}

#[test]
fn a_repair_tells_what_it_would_do_before_it_does_it() {
    let home = with_record();
    let sound = home.run(&["doctor", "--repair"]).done();
    assert!(sound.stdout.contains("is sound"), "{sound:?}");
    home.run(&["ls"]).done();
    let newest = || {
        let all = fs::read_dir(home.path()).expect("a folder").flatten();
        all.map(|one| one.file_name().to_string_lossy().into_owned()).find(|name| name.ends_with(".backup"))
    };
    wait_until("the backup of the day is made", || newest().is_some());
    home.run(&["host", "stop"]).done();
    let damaged = vec![0x5a; 5000];
    fs::write(home.paths().store, &damaged).expect("it can be damaged");
    home.run(&["ls"]).ended_with(6);

    let plan = home.run(&["doctor", "--repair"]).ended_with(6).stdout;
    let backup = newest().expect("it is still there");
    for said in
        ["is damaged", "end the host", ".damaged-DATE", "1 conversation and 1 turn ", &backup, "nothing was changed"]
    {
        assert!(plan.contains(said), "{said}: {plan}");
    }
    assert_eq!(fs::read(home.paths().store).expect("it is there"), damaged);

    let done = home.run(&["doctor", "--repair", "--yes"]).done();
    assert!(done.stdout.contains("the damaged one is kept as"), "{done:?}");
    let mut aside = fs::read_dir(home.path()).expect("a folder").flatten().map(|one| one.path());
    // Its journal is kept beside it, where the host's backup had it open to the end.
    let is_it = |name: &str| name.contains(".damaged-") && !name.ends_with("-wal");
    let aside = aside.find(|path| is_it(&path.to_string_lossy())).expect("it is kept");
    assert_eq!(fs::read(aside).expect("it can be read"), damaged);
    let log = home.run(&["log", "-c", "1", "--json"]).done().json();
    assert_eq!(log["answer"], "kept");
}

#[test]
fn a_newer_store_is_refused_in_words_and_left_as_it_is() {
    let home = with_record();
    let raw = Connection::open(home.paths().store).expect("it is there");
    raw.pragma_update(None, "user_version", 999).expect("it can be changed");
    raw.close().expect("it closes");
    let before = fs::read(home.paths().store).expect("it is there");
    for verb in [&["ls"][..], &["doctor", "--repair"], &["doctor", "--repair", "--yes"]] {
        let ran = home.run(verb);
        assert_ne!(ran.code, 0, "{ran:?}");
        assert!(ran.stderr.contains("newer threadkeep (schema 999"), "{ran:?}");
    }
    assert_eq!(fs::read(home.paths().store).expect("it is there"), before);
}
