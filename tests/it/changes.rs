//! What a turn changed in the files of its repository: noted around it, told later, and nothing of the person's is touched for that.

use crate::home::{Home, Tab, wait_until, wait_until_or};
use crate::window::{is_ready, open};
use crate::worktree::{git, home_with_repository, new_in_worktree};
use serde_json::{Value, json};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn diff(tab: &Tab, more: &[&str]) -> Value {
    tab.run("diff", &[&["--json"], more].concat()).done().json()
}

/// `M name +1 -0` of each file.
fn files(diff: &Value) -> Vec<String> {
    let files = diff["files"].as_array().expect("a list");
    let words = |file: &Value| {
        let letter = &file["kind"].as_str().expect("a word")[..1];
        let from = file["from"].as_str().map(|from| format!("{from} -> ")).unwrap_or_default();
        let name = file["path"].as_str().expect("a name");
        format!("{letter} {from}{name} +{} -{}", file["added"], file["removed"])
    };
    files.iter().map(words).collect()
}

fn patch<'a>(diff: &'a Value, path: &str) -> &'a str {
    let file = diff["files"].as_array().expect("a list").iter().find(|file| file["path"] == path).expect("it is there");
    file["patch"].as_str().expect("a text")
}

fn write(path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
    std::fs::write(path, text).expect("a file");
}

/// All that a person has in the repository beside its files.
fn of_person(work: &Path) -> [String; 5] {
    [
        git(work, &["status", "--porcelain=v1", "--untracked-files=all"]),
        git(work, &["for-each-ref"]),
        git(work, &["stash", "list"]),
        git(work, &["count-objects"]),
        git(work, &["ls-files", "--stage"]),
    ]
}

#[test]
fn what_a_turn_changed_is_told_and_what_was_changed_before_is_not() {
    let home = home_with_repository();
    let work = home.work();
    write(home.file("moved"), "a\nb\nc\nd\n");
    write(home.file("gone"), "was here\n");
    write(home.file(".gitignore"), "ignored\n");
    git(&work, &["add", "."]);
    git(&work, &["commit", "--quiet", "-m", "second"]);
    write(home.file("file"), "changed by the person\n");
    write(home.file("untracked"), "of the person\n");
    write(home.file("staged"), "of the person\n");
    git(&work, &["add", "staged"]);
    let (before, tab) = (of_person(&work), home.tab());
    let gate = home.own().join("gate");
    tab.send_on(&format!("until [ -e {} ]; do sleep 0.05; done; echo 1 >> file; mv moved away; rm gone; echo new > new; echo no > ignored; printf 'a\\0' > binary", gate.display()));
    // It comes behind the note of what the turn finds.
    tab.wait_for("it works", |state| state["turn_state"] == "working");
    assert_eq!(files(&diff(&tab, &[])), Vec::<String>::new());
    write(gate, "");
    tab.run("wait", &[]);
    let told = diff(&tab, &[]);
    let changed = ["n binary +null -null", "c file +1 -0", "d gone +0 -1", "n new +1 -0", "r moved -> away +0 -0"];
    let mut found = files(&told);
    found.sort_by_key(|words| words.rsplit(' ').nth(2).map(str::to_owned));
    let mut wanted = changed.map(str::to_owned);
    wanted.sort_by_key(|words| words.rsplit(' ').nth(2).map(str::to_owned));
    assert_eq!(found, wanted, "{told}");
    assert_eq!(patch(&told, "file"), "@@ -1 +1,2 @@\n changed by the person\n+1\n");
    assert_eq!(
        (&told["until"], &told["changed"]),
        (&json!("turn_end"), &json!({"files": 5, "added": 2, "removed": 1}))
    );

    assert!(!home.own().join("hooked").exists(), "no hook runs");
    std::fs::rename(home.file("away"), home.file("moved")).expect("it is there");
    git(&work, &["checkout", "--quiet", "gone"]);
    for name in ["new", "binary"] {
        std::fs::remove_file(home.file(name)).expect("it is there");
    }
    write(home.file("file"), "changed by the person\n");
    assert_eq!(of_person(&work), before, "index, refs, stash and objects are as they were");

    // Told again later, as it was; and what stands there now.
    assert_eq!(files(&diff(&tab, &["--turn", "1"])).len(), 5);
    assert_eq!(files(&diff(&tab, &["--since"])), Vec::<String>::new());
    let words = tab.run("diff", &["--since"]).done().stdout;
    assert_eq!(words.trim(), "turn 1, from its beginning until now: no file changed");
}

/// A command of a shell is done before any git could look: what it changed is its own all the same.
#[test]
fn each_turn_has_its_own_changes_also_those_that_wait_in_line() {
    let home = home_with_repository();
    let tab = home.tab();
    tab.send("true");
    // Each takes longer than the clock by which a file system tells when something changed.
    for text in ["echo 2 > two", "echo 3 >> file", "git add -A; git commit -q -m own"] {
        tab.send_on(&format!("sleep 0.3; {text}"));
    }
    tab.run("wait", &[]);
    diff(&tab, &[]); // It comes behind the notes.
    tab.send("rm two");
    let each: Vec<_> = (1..=5).map(|turn| files(&diff(&tab, &["--turn", &turn.to_string()]))).collect();
    let wanted: [&[&str]; 5] = [&[], &["n two +1 -0"], &["c file +1 -0"], &[], &["d two +0 -1"]];
    assert_eq!(each, wanted.map(|one| one.iter().map(|words| words.to_string()).collect::<Vec<_>>()));
    assert_eq!(files(&diff(&tab, &["--turn", "2", "--since"])), ["c file +1 -0"]);
    wait_until("the turns tell it as well", || {
        tab.log()[2]["changed"] == json!({"files": 1, "added": 1, "removed": 0})
    });
    let stat = tab.run("diff", &["--turn", "3", "--stat"]).done().stdout;
    assert_eq!(stat.trim(), "turn 3, from its beginning to its end: 1 file +1 -0\nM file +1 -0");
    let text = tab.run("diff", &["--turn", "3"]).done().stdout;
    assert!(text.contains("diff --git a/file b/file\n--- a/file\n+++ b/file\n@@ -1 +1,2 @@\n one\n+3\n"), "{text}");
    assert!(tab.run("diff", &["--turn", "9"]).ended_with(6).stderr.contains("no turn 9"));
}

/// The broken one asked only before git looked whether the next one had begun.
#[test]
fn a_turn_that_begins_while_git_looks_keeps_its_changes() {
    let mut home = home_with_repository();
    let [bin, holds, reached, gate] = ["bin", "holds", "reached", "gate"].map(|name| home.own().join(name));
    std::fs::create_dir(&bin).expect("a folder");
    let (held, there) = (holds.display(), reached.display());
    let waits = format!("[ -e {held} ] && touch {there}; while [ -e {held} ]; do sleep 0.02; done");
    let script = format!(
        "#!/bin/bash\ncase \" $* \" in *\" ls-files \"*) {waits} ;; esac\nPATH=${{PATH#*:}}\nexec git \"$@\"\n"
    );
    write(bin.join("git"), script);
    std::fs::set_permissions(bin.join("git"), PermissionsExt::from_mode(0o755)).expect("rights");
    home.set("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display()));
    let tab = home.tab();
    tab.send_on(&format!("until [ -e {} ]; do sleep 0.05; done; echo 1 > one", gate.display()));
    tab.wait_for("it works", |state| state["turn_state"] == "working");
    assert_eq!(files(&diff(&tab, &[])), Vec::<String>::new(), "it comes behind the note of what the turn finds");
    write(&holds, "");
    write(&gate, "");
    tab.run("wait", &[]);
    wait_until("git is about to look at what the turn left", || reached.exists());
    // It takes longer than the clock by which a file system tells when something changed.
    tab.send("sleep 0.1; echo 2 > two");
    std::fs::remove_file(&holds).expect("it is there");
    diff(&tab, &[]); // It comes behind the notes.
    let each = ["1", "2"].map(|turn| files(&diff(&tab, &["--turn", turn])));
    assert_eq!(each, [["n one +1 -0"], ["n two +1 -0"]].map(|one| one.map(str::to_owned).to_vec()));
}

#[test]
fn names_and_lines_of_any_kind_are_told_and_made_harmless() {
    let home = home_with_repository();
    let work = home.work();
    let below = work.join("below");
    std::fs::create_dir(&below).expect("a folder");
    let ran = home.call(&["new", "--json"]).within(&below).run().done().json();
    let tab = Tab { home: &home, id: ran["conversation"].to_string() };
    tab.send("true");
    let odd = std::ffi::OsStr::from_bytes(b"odd\n\t\"'\xff :(exclude)*");
    tab.send_on(&home.until_open("gate"));
    tab.wait_for("it works", |state| state["turn_state"] == "working");
    write(work.join(odd), "name\n");
    write(work.join("-f"), "\x1b[2J\x1b]0;x\x07red\r\n");
    write(work.join("long"), "x".repeat(5_000));
    write(work.join("many"), "line\n".repeat(6_000));
    write(work.join("huge"), vec![b'x'; 5 * 1024 * 1024]);
    std::os::unix::fs::symlink("/etc/passwd", work.join("link")).expect("a link");
    home.open("gate");
    tab.run("wait", &[]);
    let told = diff(&tab, &[]);
    let mut found = files(&told);
    found.sort();
    let mut wanted = [
        "n odd␊␉\"'\u{fffd} :(exclude)* +1 -0",
        "n -f +1 -0",
        "n gate +0 -0",
        "n link +1 -0",
        "n long +1 -0",
        "n many +6000 -0",
    ];
    wanted.sort_unstable();
    assert_eq!(found, wanted, "{told}");
    assert_eq!(told["not_looked_at"], 1, "{told}");
    assert_eq!(patch(&told, "-f"), "@@ -0,0 +1 @@\n+␛[2J␛]0;x␇red␍\n");
    assert_eq!(patch(&told, "link"), "@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n");
    assert!(patch(&told, "long").len() < 2_000);
    let text = tab.run("diff", &[]).done().stdout;
    assert!(text.contains("(too long to be shown: +6000 -0)") && text.contains("1 file not looked at"), "{text}");
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn a_repository_without_commits_and_one_within_another_are_told() {
    let home = Home::new();
    let work = home.work();
    git(&work, &["init", "--quiet"]);
    write(home.file("before"), "was there\n");
    let tab = home.tab();
    tab.send("echo new > new");
    assert_eq!(files(&diff(&tab, &[])), ["n new +1 -0"]);
    let inner = work.join("inner");
    git(&work, &["init", "--quiet", "inner"]);
    git(&inner, &["commit", "--quiet", "--allow-empty", "-m", "one"]);
    tab.send("echo more >> new");
    assert_eq!(files(&diff(&tab, &[])), ["c new +1 -0"], "what git does not know of is not looked into");
    git(&work, &["add", "inner"]);
    tab.send("true");
    git(&inner, &["commit", "--quiet", "--allow-empty", "-m", "two"]);
    assert_eq!(files(&diff(&tab, &["--since"])), ["s inner +1 -1"]);
    assert!(!inner.join(".git/objects/info/alternates").exists());
}

#[test]
fn a_host_that_ends_in_mid_turn_takes_no_note_along() {
    let home = home_with_repository();
    let (tab, path) = new_in_worktree(&home, "--worktree=task");
    write(path.join("early"), "before\n");
    tab.send("true");
    tab.send_and_see_it_run(&format!("echo new > new; {}", home.until_open("gate")));
    wait_until("it has begun to write", || path.join("new").exists());
    assert_eq!((files(&diff(&tab, &[])), &diff(&tab, &[])["until"]), (vec!["n new +1 -0".to_owned()], &json!("now")));
    home.kill_host();
    assert_eq!(files(&diff(&tab, &[])), ["n new +1 -0"], "while it runs on");
    write(path.join("late"), "after\n");
    home.open("gate");
    tab.run("wait", &[]);
    assert_eq!(files(&diff(&tab, &[])), ["n late +1 -0", "n new +1 -0"]);
    assert_eq!(diff(&tab, &[])["until"], "turn_end");
    home.run(&["host", "stop"]).done();
    assert_eq!(files(&diff(&tab, &["--turn", "2"])), ["n late +1 -0", "n new +1 -0"], "another host knows it too");
}

#[test]
fn what_a_turn_changed_in_a_worktree_is_told_when_that_is_gone() {
    let home = home_with_repository();
    let (tab, path) = new_in_worktree(&home, "--worktree=task");
    tab.send("echo new > new");
    assert_eq!(files(&diff(&tab, &[])), ["n new +1 -0"]);
    tab.run("worktree", &["--remove", "--save-work"]).done();
    assert!(!path.exists());
    assert_eq!(files(&diff(&tab, &[])), ["n new +1 -0"]);
    assert!(tab.run("diff", &["--since"]).ended_with(6).stderr.contains("git: "), "there is no now");
}

#[test]
fn what_was_noted_goes_with_its_conversation() {
    let home = home_with_repository();
    let tab = home.tab();
    tab.send("echo secret > new");
    assert_eq!(files(&diff(&tab, &[])).len(), 1);
    let kept = home.path().join("trees").join(&tab.id);
    assert!(kept.join("objects").is_dir());
    home.run(&["rm", "-c", &tab.id, "--yes"]).done();
    wait_until("it is removed", || !kept.exists());
    // One that a host left behind which ended too early.
    std::fs::create_dir_all(kept.join("objects")).expect("folders");
    home.run(&["host", "stop"]).done();
    home.run(&["host", "status"]);
    home.run(&["new"]).done();
    wait_until("the next host removes it", || !kept.exists());
}

#[test]
fn where_nothing_can_be_told_the_reason_is() {
    let home = Home::new();
    let tab = home.tab();
    assert!(tab.run("diff", &[]).ended_with(6).stderr.contains("nothing was said in this conversation yet"));
    tab.send("echo a > file");
    let refused = tab.run("diff", &[]).ended_with(6).stderr;
    assert!(refused.contains("is in no git repository; git init begins one"), "{refused}");
    assert!(!home.path().join("trees").exists(), "nothing is kept of what is no repository");
    git(&home.work(), &["init", "--quiet"]);
    let refused = tab.run("diff", &[]).ended_with(6).stderr;
    assert!(refused.contains("the files were not noted when it began: no repository was there"), "{refused}");
    tab.send_and_see_it_run(&home.until_open("gate"));
    tab.send_on("true");
    assert!(tab.run("diff", &["--turn", "3"]).ended_with(6).stderr.contains("waits in the queue"));
    home.open("gate");
    tab.run("wait", &[]);
    diff(&tab, &["--turn", "3"]); // It comes behind the last note.
    // What is noted is gone: nothing is made up.
    std::fs::remove_dir_all(home.path().join("trees")).expect("it is there");
    let refused = tab.run("diff", &["--turn", "2"]).ended_with(6).stderr;
    assert!(refused.contains("what was noted is not kept any more"), "{refused}");
    std::fs::rename(home.work().join(".git"), home.work().join("aside")).expect("it is there");
    assert!(tab.run("diff", &["--turn", "2"]).ended_with(6).stderr.contains("not a git repository"));
}

#[test]
fn a_person_who_turns_it_off_has_nothing_copied_and_is_told_so() {
    let home = home_with_repository();
    let tab = home.tab();
    tab.send("echo a > noted");
    assert_eq!(files(&diff(&tab, &[])), ["n noted +1 -0"]);
    let config = home.paths().config;
    write(&config, "[changes]\nnote = false\n");
    let said = format!("noting of files is turned off: note = false in [changes] in {}", config.display());
    // The host looks at the file with each request, beside it.
    let mut turn = 1;
    let refused = |more: &[&str]| {
        let ran = tab.run("diff", more);
        (ran.code == 6).then_some(ran.stderr)
    };
    wait_until_or(
        "it is off for a whole turn",
        || {
            tab.send("echo secret >> secret");
            turn += 1;
            refused(&[]).filter(|told| told.contains("not noted when it began") && told.contains(&said))
        },
        || tab.log(),
    );
    let kept = home.path().join("trees").join(&tab.id);
    let objects = || git(&home.work(), &["--git-dir", &kept.to_string_lossy(), "count-objects"]);
    std::fs::write(kept.join("HEAD"), "ref: refs/heads/none\n").expect("so that git counts there");
    std::fs::create_dir(kept.join("refs")).expect("a folder");
    let before = objects();
    tab.send("echo more >> secret");
    assert_eq!(tab.run("diff", &["--since", "--turn", "1"]).ended_with(6).stderr.matches(&said).count(), 1);
    assert_eq!(files(&diff(&tab, &["--turn", "1"])), ["n noted +1 -0"], "what was noted before can be read");
    assert_eq!(objects(), before, "nothing was copied");
    let mut ui = open(&home, 220, 24);
    ui.wait_until("its last turn", |seen| is_ready(seen) && seen.panel().contains(&format!("turn {}", turn + 1)));
    ui.keys("<prefix>D");
    ui.wait_until("the page says it", |seen| seen.has("noting of files is turned off") && seen.has("[changes]"));

    write(&config, "");
    wait_until("it is on again", || {
        tab.send("echo more >> secret");
        tab.run("diff", &[]).code == 0
    });
}

#[test]
fn without_git_turns_run_and_the_reason_is_said() {
    let mut home = home_with_repository();
    let tools = home.own().join("tools");
    std::fs::create_dir(&tools).expect("a folder");
    for entry in std::fs::read_dir("/usr/bin").expect("it is there").flatten() {
        if entry.file_name() != "git" {
            std::os::unix::fs::symlink(entry.path(), tools.join(entry.file_name())).expect("a link");
        }
    }
    home.set("PATH", tools.as_os_str());
    let tab = home.tab();
    tab.send("echo a > new").is("fresh", "first_message", "completed");
    let refused = tab.run("diff", &[]).ended_with(6).stderr;
    assert!(refused.contains("git was not found where the host was started"), "{refused}");
}

#[test]
fn the_window_shows_it_on_a_page() {
    let home = home_with_repository();
    let tab = home.tab();
    tab.send("true");
    tab.send("echo two > file; echo new > other");
    let mut ui = open(&home, 80, 24);
    ui.wait_until("the panel says how much", |seen| is_ready(seen) && seen.has("2 files +2 -1"));
    ui.keys("<prefix>D");
    ui.wait_until("files and lines", |seen| seen.has("what turn 2 changed") && seen.has("-one") && seen.has("+two"));
    ui.keys("]]");
    ui.wait_until("the second file", |seen| seen.has("── A other +1 -0") && !seen.has("+two"));
    write(home.file("file"), "three\n");
    ui.keys("t");
    ui.wait_until("until now", |seen| seen.has("changed since turn 2 began") && seen.has("+three"));
    ui.keys("q");
    ui.wait_until("the page is left", |seen| !seen.has("changed since"));
    ui.keys("<prefix>q<down>d");
    ui.wait_until("the turn that is chosen", |seen| seen.has("what turn 1 changed") && seen.has("no file changed"));
}
