//! Git worktrees of conversations: made on request, counted, and never removed with work that is nowhere else.

use crate::home::{Home, Tab, wait_until};
use crate::screen::Screen;
use crate::window::{is_ready, open};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Git in this folder, as nobody's configuration has it.
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let out = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git is here");
    assert!(out.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("UTF-8").trim().to_owned()
}

/// The folder of the home is a repository with one commit, and a hook that would tell that it ran.
pub fn home_with_repository() -> Home {
    let home = Home::new();
    let work = home.work();
    git(&work, &["init", "--quiet"]);
    std::fs::write(home.file("file"), "one\n").expect("a file");
    git(&work, &["add", "file"]);
    git(&work, &["commit", "--quiet", "-m", "first"]);
    let hook = work.join(".git/hooks/post-checkout");
    std::fs::create_dir_all(hook.parent().expect("a folder")).expect("it can be made");
    std::fs::write(&hook, format!("#!/bin/sh\ntouch '{}'\n", home.own().join("hooked").display())).expect("a file");
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("rights");
    home
}

pub fn new_in_worktree<'a>(home: &'a Home, option: &str) -> (Tab<'a>, PathBuf) {
    let made = home.run(&["new", option, "--json"]).done().json();
    let tab = Tab { home, id: made["conversation"].to_string() };
    let path = tab.state()["worktree"]["path"].as_str().expect("a path").into();
    (tab, path)
}

fn counts(state: &Value) -> [i64; 3] {
    ["changed", "untracked", "ahead"].map(|name| state["worktree"][name].as_i64().unwrap_or(-1))
}

#[test]
fn a_conversation_works_in_a_worktree_of_its_own_and_says_what_stands_there() {
    let home = home_with_repository();
    let (tab, path) = new_in_worktree(&home, "--worktree=fix login");
    assert!(path.starts_with(home.path().join("worktrees")), "{path:?}");
    assert!(!home.own().join("hooked").exists(), "no hook runs");
    assert_eq!(tab.state()["worktree"]["branch"], "fix-login");
    assert_eq!(tab.state()["folder"], path.to_str().expect("UTF-8"), "without a slash at its end");
    tab.wait_for("git was asked", |state| counts(state) == [0, 0, 0]);
    tab.send("pwd").is("fresh", "first_message", "completed");
    assert_eq!(tab.log()[0]["answer"], path.to_str().expect("UTF-8"));
    tab.send("echo two > file; echo new > other; echo sub > third");
    tab.wait_for("the changes are counted at the turn's end", |state| counts(state) == [1, 2, 0]);
    let told = tab.run("worktree", &["--json"]).done().json();
    assert_eq!((&told["changed"], &told["branch"]), (&json!(1), &json!("fix-login")));
    assert_eq!(
        std::fs::read_to_string(home.file("file")).expect("it is there"),
        "one\n",
        "the person's own is untouched"
    );
    assert_eq!(git(&home.work(), &["status", "--porcelain"]), "");
    let again = home.run(&["new", "--worktree=fix login"]).ended_with(6);
    assert!(again.stderr.contains("git:"), "one branch is in one worktree: {again:?}");
    assert!(home.run(&["new", "--worktree=.."]).ended_with(6).stderr.contains("cannot be the name of a branch"));
}

#[test]
fn a_worktree_without_work_is_removed_and_the_conversation_goes_on_in_the_repository() {
    let home = home_with_repository();
    let (tab, path) = new_in_worktree(&home, "--worktree");
    let branch = tab.state()["worktree"]["branch"].as_str().expect("a name").to_owned();
    tab.send("true");
    tab.run("worktree", &["--remove"]).done();
    assert!(!path.exists());
    assert_eq!(git(&home.work(), &["branch", "--list", &branch]), "", "a branch without commits of its own goes too");
    assert_eq!(tab.state()["worktree"], json!(null));
    tab.send("pwd").is("fresh", "folder_changed", "completed");
    assert_eq!(tab.log()[1]["answer"], home.work().to_str().expect("UTF-8"));
    assert!(tab.run("worktree", &["--remove"]).ended_with(6).stderr.contains("no worktree of its own"));
}

#[test]
fn work_that_is_nowhere_else_is_refused_first_and_never_lost() {
    let home = home_with_repository();
    let (tab, path) = new_in_worktree(&home, "--worktree=task");
    git(&path, &["commit", "--quiet", "--allow-empty", "-m", "own"]);
    std::fs::write(path.join("file"), "changed\n").expect("a file");
    std::fs::write(path.join("new file"), "untracked\n").expect("a file");
    tab.send("true");
    let refused = tab.run("worktree", &["--remove"]).ended_with(6);
    tab.send("true").is("reused", "agent_alive", "completed");
    assert!(refused.stderr.contains("1 changed, 1 untracked, 1 commit of its own"), "{refused:?}");
    assert!(path.join("new file").exists());

    let told = tab.run("worktree", &["--remove", "--save-work", "--json"]).done().json();
    assert!(!path.exists());
    let saved = told["saved"].as_str().expect("a name");
    let of_saved = |file: &str| git(&home.work(), &["show", &format!("{saved}:{file}")]);
    assert_eq!((of_saved("file"), of_saved("new file")), ("changed".into(), "untracked".into()));
    assert_eq!(git(&home.work(), &["log", "-1", "--format=%s", "task"]), "own", "its branch stays with its commit");
}

#[test]
fn a_commit_alone_stays_on_its_branch_and_a_deleted_conversation_leaves_its_worktree() {
    let home = home_with_repository();
    let (tab, path) = new_in_worktree(&home, "--worktree=task");
    git(&path, &["commit", "--quiet", "--allow-empty", "-m", "own"]);
    assert!(tab.run("worktree", &["--remove"]).ended_with(6).stderr.contains("1 commit of its own"));
    let told = tab.run("worktree", &["--remove", "--save-work", "--json"]).done().json();
    assert_eq!(told["saved"], json!(null));
    assert_eq!(git(&home.work(), &["log", "-1", "--format=%s", "task"]), "own");

    // The same where the agent left its branch: commits on none are saved under a name.
    let (detached, path) = new_in_worktree(&home, "--worktree=again");
    git(&path, &["checkout", "--quiet", "--detach"]);
    git(&path, &["commit", "--quiet", "--allow-empty", "-m", "on no branch"]);
    let told = detached.run("worktree", &["--remove", "--save-work", "--json"]).done().json();
    let saved = told["saved"].as_str().expect("a name");
    assert!(git(&home.work(), &["log", "--format=%s", saved]).contains("on no branch"));

    // A branch of the person's stays, whatever it has.
    git(&home.work(), &["branch", "mine"]);
    let (mine, _) = new_in_worktree(&home, "--worktree=mine");
    mine.run("worktree", &["--remove"]).done();
    assert!(git(&home.work(), &["branch", "--list", "mine"]).contains("mine"));

    let (other, path) = new_in_worktree(&home, "--worktree=other");
    std::fs::write(path.join("file"), "changed\n").expect("a file");
    let said = home.run(&["rm", "-c", &other.id, "--yes"]).done().stdout;
    assert!(
        said.contains("is kept") && said.contains(path.to_str().expect("UTF-8")) && said.contains("on other"),
        "{said}"
    );
    assert_eq!(std::fs::read_to_string(path.join("file")).expect("it is there"), "changed\n");
}

#[test]
fn with_a_conversation_its_worktree_goes_where_that_is_asked_for_and_loses_nothing() {
    let home = home_with_repository();
    let (clean, path) = new_in_worktree(&home, "--worktree=clean");
    let told = clean.run("rm", &["--yes", "--worktree", "remove", "--json"]).done().json();
    let at = path.to_str().expect("UTF-8");
    assert_eq!((&told["worktree"], &told["path"], &told["saved"]), (&json!("removed"), &json!(at), &json!(null)));
    assert!(!path.exists());

    let (tab, path) = new_in_worktree(&home, "--worktree=task");
    tab.send("echo own > new; git -c user.name=t -c user.email=t@localhost commit -q --allow-empty -m own");
    let refused = tab.run("rm", &["--yes", "--worktree", "remove"]).ended_with(6).stderr;
    assert!(refused.contains("1 untracked, 1 commit of its own") && refused.contains("--save-work"), "{refused}");
    assert!(path.join("new").exists() && tab.state()["worktree"]["branch"] == "task", "nothing was removed");

    // On a terminal it is asked, twice: what is typed else leaves all as it is.
    for (answers, removed) in
        [(["no", "", ""], false), (["yes", "remove", "no"], false), (["yes", "remove", "save"], true)]
    {
        let mut ui = Screen::open_verb(&home, &["rm", "-c", &tab.id], 80, 24);
        ui.wait_for("for good? Type yes:");
        ui.keys(&format!("{}<enter>", answers[0]));
        if answers[1] == "remove" {
            ui.wait_for("Type remove to remove it");
            ui.keys("remove<enter>");
            ui.wait_until("the work is told", |seen| seen.has("1 untracked, 1 commit of its own"));
            ui.keys(&format!("{}<enter>", answers[2]));
        }
        ui.wait_for(if removed { "git show refs/threadkeep/" } else { "nothing was removed" });
        assert_eq!(path.exists(), !removed);
    }
    assert_eq!(home.run(&["ls", "--json"]).done().stdout, "");
    assert_eq!(git(&home.work(), &["log", "-1", "--format=%s", "task"]), "own", "its branch stays");
    let saved = git(&home.work(), &["for-each-ref", "--format=%(refname)", "refs/threadkeep"]);
    assert_eq!(git(&home.work(), &["show", &format!("{saved}:new")]), "own");
}

#[test]
fn a_folder_without_git_makes_no_conversation() {
    let home = Home::new();
    let ran = home.run(&["new", "--worktree"]).ended_with(6);
    assert!(ran.stderr.contains("not a git repository"), "{ran:?}");
    assert_eq!(home.run(&["ls", "--json"]).done().stdout, "");
}

#[test]
fn the_window_shows_the_branch_and_asks_before_work_is_put_aside() {
    let home = home_with_repository();
    let (tab, path) = new_in_worktree(&home, "--worktree=task");
    std::fs::write(path.join("file"), "changed\n").expect("a file");
    tab.send("true");
    let mut ui = open(&home, 80, 24);
    // It is of another folder than the window, so it is not the tab that is shown first.
    ui.wait_until("a tab", is_ready);
    ui.keys("<alt-1>");
    ui.wait_until("its branch and its changes", |seen| seen.tabs().contains("on task: 1 changed"));
    ui.keys("<prefix>W");
    ui.wait_for("remove the worktree");
    ui.keys("y");
    ui.wait_until("the work is told", |seen| seen.has("work would be left") && seen.has("1 changed"));
    assert!(path.exists());
    ui.keys("y");
    ui.wait_until("what was saved is told", |seen| seen.has("git show refs/threadkeep/1/"));
    wait_until("the folder is gone", || !path.exists());
}
