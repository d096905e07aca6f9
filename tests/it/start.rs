//! How a host comes to be: exactly one, in a folder that is ours alone, and with clear words where that cannot be.

use crate::home::{Home, LIMIT, PROGRAM, Ran, Signal, command_line_of, copy_of_program, is_alive, kill, wait_until};
use std::collections::BTreeSet;
use std::fs::Permissions;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use threadkeep::client::{ClientError, View};
use threadkeep::domain::id::{ConversationId, Timestamp};
use threadkeep::lock::{self, Lock};
use threadkeep::protocol::codec;
use threadkeep::protocol::message::{Asked, Counts, Hello, HostReport, Refusal, Reply, Request, Told};
use threadkeep::terminal::frame::Size;

fn hosts(home: &Home) -> Vec<i32> {
    home.processes().into_iter().filter(|pid| command_line_of(*pid).contains("host run")).collect()
}

#[test]
fn however_many_clients_start_at_the_same_moment_one_host_serves_them_all() {
    let home = Home::new();
    let running: Vec<_> = (0..50).map(|_| home.call(&["new", "--json"]).start()).collect();
    let made: BTreeSet<i64> =
        running.into_iter().map(|one| one.end().done().json()["conversation"].as_i64().expect("a number")).collect();
    assert_eq!(made, (1..=50).collect());
    let host = home.host_pid();
    wait_until("the hosts that came second have left", || hosts(&home) == [host]);
}

#[test]
fn what_a_killed_host_left_behind_hinders_nobody() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("true");
    let shell = tab.pid();
    home.kill_host_and_holder();
    assert!(home.paths().socket.exists() && home.paths().lock.exists(), "a killed host cleans nothing up");
    home.run(&["host", "status"]).ended_with(7);
    let running: Vec<_> = (0..20).map(|_| home.call(&["ls", "--json"]).start()).collect();
    for one in running {
        one.end().done();
    }
    let host = home.host_pid();
    wait_until("one host is left", || hosts(&home) == [host]);
    wait_until("the shell of the killed host is gone", || !is_alive(shell));
}

#[test]
fn rubbish_in_the_place_of_socket_and_lock_hinders_nobody() {
    let home = Home::new();
    home.tab();
    home.run(&["host", "stop"]).done();
    std::fs::write(home.paths().socket, "rubbish").expect("a file");
    std::fs::write(home.paths().lock, "rubbish").expect("a file");
    home.run(&["ls"]).done();
}

#[test]
fn a_host_that_loses_its_socket_is_not_joined_by_a_second_one() {
    let home = Home::new();
    home.tab();
    let host = home.host_pid();
    std::fs::remove_file(home.paths().socket).expect("it is there");
    // Within 30 s (reliability S5).
    wait_until("its socket is back", || home.paths().socket.exists());
    assert_eq!(home.host_pid(), host);
    assert_eq!(hosts(&home), [host]);
}

/// The broken one could not make its socket again without its folder, and nobody found it any more.
#[test]
fn a_host_whose_runtime_folder_was_removed_makes_it_again_and_stays_the_only_one() {
    let home = Home::new();
    let runtime = home.path().with_file_name("r");
    std::fs::create_dir(&runtime).expect("a folder");
    std::fs::set_permissions(&runtime, Permissions::from_mode(0o700)).expect("it is ours");
    let call = |arguments: &[&str]| {
        home.call(arguments)
            .set("THREADKEEP_HOME", "")
            .set("XDG_RUNTIME_DIR", &runtime)
            .set("XDG_STATE_HOME", home.path())
    };
    let pid = || call(&["host", "status", "--json"]).run().done().json()["pid"].clone();
    call(&["send", "--wait", "echo one"]).run().done();
    let host = pid();
    let folder = runtime.join("threadkeep");
    std::fs::remove_dir_all(&folder).expect("it is there");

    // Until then a second host that is started finds the store in use and says so.
    let second = call(&["host", "run"]).run();
    assert_eq!(second.code, 7, "{second:?}");
    assert!(second.stderr.contains("another host has the store"), "{second:?}");
    assert!(second.stderr.contains("makes a new one within 10 s"), "{second:?}");

    wait_until("its socket is back", || folder.join("host.sock").exists());
    assert_eq!(pid(), host);
    let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let Lock::Busy = lock::take(&folder.join("host.lock")).expect("it can be tried") else {
        panic!("the host has its lock again");
    };
    let sent = call(&["send", "--wait", "--json", "echo two\necho three"]).run().done().json();
    assert_eq!((&sent["decision"], &sent["answer"]), (&"reused".into(), &"two\nthree".into()), "{sent}");
    call(&["host", "stop"]).run().done();
    assert!(!folder.join("host.sock").exists() && !folder.join("host.lock").exists());
}

/// The broken one acknowledged messages that were saved nowhere.
#[test]
fn a_host_whose_store_was_removed_says_so_and_takes_no_message() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("true");
    let host = home.host_pid();
    std::fs::remove_dir_all(home.path()).expect("it is there");
    wait_until("its socket is back", || home.paths().socket.exists());
    assert_eq!(home.host_pid(), host);
    // The one that finds out is neither acknowledged nor lost; it waits as long as the trouble does.
    let waiting = tab.call("send", &["true"]).start();
    let refused = || home.run(&["host", "status", "--json"]).done().json()["store_trouble"].to_string();
    wait_until("the trouble is known", || refused().contains("is gone; put it back or end the host"));
    home.run(&["send", "--json", "true"]).ended_with(6);
    home.run(&["host", "stop"]).done();
    assert_ne!(waiting.end().code, 0);
}

/// The broken one emptied the folder of the sessions and took the socket away before it found the store in use.
#[test]
fn a_second_host_that_finds_the_store_in_use_leaves_the_things_of_the_first_alone() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("true");
    let host = home.host_pid();
    let session = || std::fs::read_dir(home.paths().run).expect("a folder").flatten().map(|one| one.path()).next();
    let before = session().expect("a folder of the session");
    std::fs::remove_file(home.paths().lock).expect("it is there");
    let second = home.run(&["host", "run"]).ended_with(7);
    assert!(second.stderr.contains("another host has the store"), "{second:?}");
    assert!(before.read_dir().expect("it is still there").next().is_some(), "with its files");
    assert_eq!(home.host_pid(), host, "its socket is there");
    assert_eq!(tab.send("echo one\necho two").reused().answer(), "one\ntwo");
}

/// The broken ones waited 20 s and said no reason.
#[test]
fn a_host_that_cannot_start_says_at_once_why() {
    let home = Home::new();
    home.run(&["ls"]).done();
    home.run(&["host", "stop"]).done();
    std::fs::remove_file(home.paths().store).expect("it is there");
    std::fs::create_dir(home.paths().store).expect("a folder in its place");
    let began = Instant::now();
    refused(&home, &home.path(), &[7], &["is not a plain file", "move it away", "host.log"]);
    let launched = home.run(&["host", "launch"]).ended_with(7);
    assert!(launched.stderr.contains("is not a plain file"), "{launched:?}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

/// The broken one looked again after 3 s.
#[test]
fn a_client_that_meets_an_ending_host_starts_another_as_soon_as_that_is_gone() {
    let home = Home::new();
    home.run(&["ls"]).done();
    let took = || {
        home.run(&["host", "stop"]).done();
        std::fs::remove_file(home.paths().log).expect("it is there");
        let Lock::Taken(held) = lock::take(&home.paths().lock).expect("it can be taken") else {
            panic!("the host has let go of its lock");
        };
        let waiting = home.call(&["ls"]).start();
        wait_until("a host was launched and has left again", || home.paths().log.exists() && hosts(&home).is_empty());
        drop(held);
        let began = Instant::now();
        waiting.end().done();
        began.elapsed()
    };
    // Other work of the machine may hold one up, the broken one took long every time.
    let quick = (0..5).map(|_| took()).find(|took| *took < Duration::from_secs(2));
    assert!(quick.is_some());
}

#[test]
fn the_host_keeps_nothing_open_that_its_caller_had_open() {
    let home = Home::new();
    let ran = Command::new("sh")
        .args(["-c", "exec \"$0\" ls 9>held 8<held", PROGRAM])
        .env_clear()
        .envs(home.environment().iter().cloned())
        .current_dir(home.work())
        .output()
        .expect("sh runs");
    assert!(ran.status.success(), "{ran:?}");
    let open = std::fs::read_dir(format!("/proc/{}/fd", home.host_pid())).expect("it is our process");
    let open: Vec<_> = open.flatten().filter_map(|one| std::fs::read_link(one.path()).ok()).collect();
    assert!(!open.contains(&home.file("held")), "{open:?}");
}

/// A connection that has greeted, as a client of a newer build would.
fn greeted(home: &Home) -> UnixStream {
    let mut stream = UnixStream::connect(home.paths().socket).expect("the host listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a limit");
    let hello = serde_json::json!({
        "magic": "threadkeep", "major": 1, "minor": 99, "build": "newer", "pid": 1, "started_at": 0,
    });
    stream.write_all(&codec::encode(&hello).expect("it can be told")).expect("there is room");
    let theirs: Hello = read_frame(&mut stream);
    assert_eq!(theirs.magic, "threadkeep");
    stream
}

fn read_frame<T: serde::de::DeserializeOwned>(stream: &mut UnixStream) -> T {
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("the host answers");
    let mut body = vec![0; codec::body_length(length).expect("a length")];
    stream.read_exact(&mut body).expect("a whole frame");
    codec::decode(&body).expect("it can be read")
}

#[test]
fn a_host_of_another_build_is_told_with_the_command_that_helps() {
    let home = Home::new();
    let version = home.run(&["--version"]).done().stdout;
    let status = home.run(&["doctor", "--json"]).done().json();
    assert_eq!(format!("threadkeep {}\n", status["host"]["build"].as_str().expect("a text")), version);
    let said = home.run(&["host", "status"]).done().stdout;
    assert!(said.contains(version.trim()) && !said.contains("host restart"), "{said}");
    home.run(&["host", "stop"]).done();

    let listener = std::os::unix::net::UnixListener::bind(home.paths().socket).expect("a socket");
    let older = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client comes");
        let hello: Hello = read_frame(&mut stream);
        let hello = codec::encode(&Hello { build: "0.0.9+abc".into(), ..hello }).expect("it can be told");
        stream.write_all(&hello).expect("there is room");
        let Asked { id, .. } = read_frame(&mut stream);
        let report = HostReport {
            pid: 7,
            build: "0.0.9+abc".into(),
            started_at: Timestamp(0),
            conversations: 0,
            sessions: 0,
            turns_running: 0,
            clients: 0,
            store_trouble: None,
            counts: Counts::default(),
            holder: None,
            unheld: 0,
        };
        let reply = codec::encode(&Told::Reply { id, reply: Reply::Host(report) }).expect("it can be told");
        stream.write_all(&reply).expect("there is room");
    });
    let said = home.run(&["host", "status"]).done().stdout;
    older.join().expect("no panic");
    std::fs::remove_file(home.paths().socket).expect("it is there");
    for word in
        ["host is threadkeep 0.0.9+abc", version.trim_start_matches("threadkeep ").trim(), "threadkeep host restart"]
    {
        assert!(said.contains(word), "{word}: {said}");
    }
}

/// The broken one closed the connection where the first request was the unknown one.
#[test]
fn a_request_of_a_newer_build_is_refused_in_words_even_as_the_first() {
    let home = Home::new();
    home.tab();
    let mut stream = greeted(&home);
    for id in [7, 8] {
        let asked = serde_json::json!({ "id": id, "request": { "dance": { "steps": 3 } } });
        stream.write_all(&codec::encode(&asked).expect("it can be told")).expect("there is room");
        let refused = Told::Reply { id, reply: Reply::Refused { why: Refusal::NotUnderstood } };
        assert_eq!(read_frame::<Told>(&mut stream), refused);
    }
}

/// The broken one said only that there was something.
#[test]
fn what_is_wrong_with_the_lock_is_said() {
    let home = Home::new();
    home.run(&["ls"]).done();
    home.run(&["host", "stop"]).done();
    std::fs::create_dir(home.paths().lock).expect("a folder in its place");
    let ran = home.run(&["host", "run"]).ended_with(7);
    let asked = home.run(&["ls"]).ended_with(7);
    std::fs::remove_dir(home.paths().lock).expect("it is empty");
    assert!(asked.stderr.contains("host.lock") && asked.stderr.contains("Is a directory"), "{asked:?}");
    assert!(ran.stderr.contains("host.lock") && ran.stderr.contains("Is a directory"), "{ran:?}");
}

#[test]
fn a_host_asked_by_the_system_to_end_leaves_nothing() {
    let home = Home::new();
    let tab = home.tab();
    tab.send_and_see_it_run("sleep 1000");
    let host = home.host_pid();
    kill(host, Signal::HUP);
    assert_eq!(home.host_pid(), host, "a terminal that closes is nothing to a host");
    kill(host, Signal::TERM);
    wait_until("nothing of it is left", || home.processes().is_empty());
    assert!(!home.paths().socket.exists() && !home.paths().lock.exists());
}

#[test]
fn the_host_holds_no_folder_and_no_terminal() {
    let home = Home::new();
    home.tab();
    let pid = home.host_pid();
    let link = |name: &str| std::fs::read_link(format!("/proc/{pid}/{name}")).expect("it is our process");
    assert_eq!(link("cwd"), Path::new("/"));
    assert_eq!((link("fd/0"), link("fd/1")), ("/dev/null".into(), "/dev/null".into()));
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it is our process");
    let fields: Vec<&str> = stat.rsplit_once(')').expect("its form").1.split_whitespace().collect();
    assert_eq!((fields[3].parse(), fields[4]), (Ok(pid), "0"), "a process session of its own, and no terminal");
}

#[test]
fn an_agent_gets_no_descriptor_but_its_terminal() {
    let home = Home::new();
    let (first, second) = (home.tab(), home.tab());
    first.send("true");
    second.send("true");
    let sent = second.send("ls /proc/self/fd | wc -l; readlink /proc/$$/fd/*");
    let (count, links) = sent.answer().split_once('\n').expect("two answers");
    // Three, and the folder that is being listed.
    assert_eq!(count.trim(), "4", "{sent:?}");
    assert!(links.lines().all(|link| link.starts_with("/dev/pts/") || link == "/dev/tty"), "{links}");
}

#[test]
fn rubbish_and_silence_on_the_socket_hinder_nobody() {
    let home = Home::new();
    let tab = home.tab();
    let host = home.host_pid();
    let connect = || UnixStream::connect(home.paths().socket).expect("the host listens");
    let silent: Vec<_> = (0..100).map(|_| connect()).collect();
    let rubbish: [&[u8]; 6] = [
        b"\xff\xff\xff\xff",
        b"\0\0\0\0",
        b"\0\0\0\x80",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x05\0\0\0abcde",
        &[0xc1; 70_000],
    ];
    for bytes in rubbish {
        let mut stream = connect();
        // The host may have closed it already.
        let _ = stream.write_all(bytes);
        assert_eq!(tab.send("echo served").answer(), "served");
    }
    assert_eq!(home.host_pid(), host);
    for mut stream in silent {
        stream.set_read_timeout(Some(LIMIT)).expect("a limit");
        // Reads on where a signal comes between, which a plain read would give back.
        let told = stream.read_exact(&mut [0; 1]).expect_err("who does not greet is told nothing");
        assert_eq!(told.kind(), std::io::ErrorKind::UnexpectedEof, "and is let go");
    }
}

/// The broken one took as many as there were descriptors, and said nothing to the next.
#[test]
fn a_host_that_is_full_says_so_and_has_room_again() {
    let home = Home::new();
    let tab = home.tab();
    let host = home.host_pid();
    // Each is kept open by a client that has greeted, so it does not go by itself.
    rustix::process::setrlimit(
        rustix::process::Resource::Nofile,
        rustix::process::Rlimit {
            current: Some(4096),
            maximum: rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum,
        },
    )
    .expect("this test may have so many files open");
    let mut kept = Vec::new();
    let busy = loop {
        assert!(kept.len() <= 1024, "no host takes so many");
        let mut stream = UnixStream::connect(home.paths().socket).expect("the host listens");
        stream.set_read_timeout(Some(LIMIT)).expect("a limit");
        let hello = serde_json::json!({
            "magic": "threadkeep", "major": 1, "minor": 1, "build": "x", "pid": 1, "started_at": 0,
        });
        // One that is full may have closed already.
        let _ = stream.write_all(&codec::encode(&hello).expect("it can be told"));
        let theirs: Hello = read_frame(&mut stream);
        if theirs.busy {
            break kept.len();
        }
        let asked = Asked { id: 1, request: Request::HostStatus };
        stream.write_all(&codec::encode(&asked).expect("it can be told")).expect("there is room");
        kept.push(stream);
    };
    assert!(busy >= 500, "{busy}");
    let ran = home.run(&["host", "status"]).ended_with(7);
    assert!(ran.stderr.contains("as many connections as it takes"), "{ran:?}");
    drop(kept);
    wait_until("it has room again", || home.run(&["host", "status"]).code == 0);
    assert_eq!(home.host_pid(), host);
    assert_eq!(tab.send("echo served").answer(), "served");
}

/// The broken one forgot a connection as soon as it was a view.
#[test]
fn views_are_among_the_connections_that_a_host_takes() {
    let home = Home::new();
    // Three of four are for connections.
    let arguments = ["--nofile=240:240", PROGRAM, "host", "run"].map(str::to_owned);
    let running = home.other("prlimit", &arguments).start();
    wait_until("the host serves", || home.run(&["host", "status"]).code == 0);
    let tab = home.tab();
    tab.send("echo here");
    let id = ConversationId(tab.id.parse().expect("a number"));
    let mut views = Vec::new();
    let refused = loop {
        assert!(views.len() <= 180, "no such host takes so many");
        match View::open(&home.paths(), id, Size { columns: 20, rows: 4 }) {
            Ok(view) => views.push(view),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, ClientError::Busy), "{refused}");
    assert!(views.len() >= 150, "{}", views.len());
    drop(views);
    wait_until("there is room again", || home.run(&["host", "status"]).code == 0);
    assert_eq!(tab.send("echo served").answer(), "served");
    home.run(&["host", "stop"]).done();
    running.end();
}

/// More descriptors are the host's own need: what an agent may have is what the person has.
#[test]
fn an_agent_has_the_persons_limit_of_descriptors() {
    let home = Home::new();
    let arguments = ["--nofile=300:4000", PROGRAM, "host", "run"].map(str::to_owned);
    let running = home.other("prlimit", &arguments).start();
    wait_until("the host serves", || home.run(&["host", "status"]).code == 0);
    let tab = home.tab();
    assert_eq!(tab.send("ulimit -Sn; ulimit -Hn").answer(), "300\n4000");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", home.host_pid())).expect("it lives");
    let of_files = limits.lines().find(|line| line.starts_with("Max open files")).expect("it is told");
    assert_eq!(of_files.split_whitespace().nth(3), Some("4000"), "{limits}");
    home.run(&["host", "stop"]).done();
    running.end();
}

fn refused(home: &Home, folder: &Path, codes: &[i32], said: &[&str]) {
    let ran = home.call(&["ls"]).set("THREADKEEP_HOME", folder).run();
    assert!(codes.contains(&ran.code) && ran.stdout.is_empty(), "{ran:?}");
    for said in said {
        assert!(ran.stderr.contains(said), "{said} in {ran:?}");
    }
    assert_eq!(ran.stderr.lines().count(), 1, "one clear line: {ran:?}");
}

#[test]
fn a_folder_too_deep_for_a_socket_is_refused_with_the_way_out() {
    let home = Home::new();
    let deep = home.file(&"d".repeat(120));
    refused(&home, &deep, &[2], &["bytes", "THREADKEEP_HOME", "shorter"]);
    assert!(!deep.exists());
}

#[test]
fn a_file_in_the_place_of_the_folder_is_refused_with_the_way_out() {
    let home = Home::new();
    std::fs::write(home.file("file"), "").expect("a file");
    refused(&home, &home.file("file"), &[2, 7], &["is not a folder", "THREADKEEP_HOME"]);
    refused(&home, &home.file("file/below"), &[2, 7], &["file", "THREADKEEP_HOME"]);
}

#[test]
fn a_link_in_the_place_of_the_folder_is_refused_with_the_way_out() {
    let home = Home::new();
    std::os::unix::fs::symlink(home.work(), home.file("link")).expect("a link");
    refused(&home, &home.file("link"), &[2, 7], &["is a link", "THREADKEEP_HOME"]);
}

#[test]
fn a_folder_that_others_may_enter_is_refused_with_the_way_out() {
    let home = Home::new();
    let open = home.file("open");
    std::fs::create_dir(&open).expect("a folder");
    for mode in [0o755, 0o777, 0o500] {
        std::fs::set_permissions(&open, Permissions::from_mode(mode)).expect("its mode");
        refused(&home, &open, &[2, 7], &["chmod 700"]);
    }
}

#[test]
fn a_relative_home_means_the_folder_that_the_client_stands_in() {
    let home = Home::new();
    let folder = home.path().parent().expect("it lies in one").to_owned();
    // A name that stands nowhere else, should the host take it for another folder.
    let name = format!("near-{}", folder.file_name().expect("a name").to_string_lossy());
    let relative = |arguments: &[&str]| home.call(arguments).set("THREADKEEP_HOME", &name).run();
    let sent = relative(&["send", "--wait", "--json", "echo hello"]);
    relative(&["host", "stop"]);
    assert_eq!(sent.done().json()["answer"], "hello");
    assert!(home.file(&name).join("threadkeep.db").exists());
}

/// Runs the program as a user who is nobody; none where that cannot be done, which is said.
fn as_nobody(test: &str, home: &Home, arguments: &[&str]) -> Option<Ran> {
    if !rustix::process::getuid().is_root() || Command::new("setpriv").arg("--version").output().is_err() {
        eprintln!("SKIPPED {test}: it needs root and setpriv");
        return None;
    }
    // The build may lie where nobody may go.
    let program = home.file("program");
    copy_of_program(&program);
    for (path, mode) in [(program.as_path(), 0o755), (&home.work(), 0o755), (home.work().parent().expect("one"), 0o755)]
    {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("its mode");
    }
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
        .arg(&program)
        .args(arguments)
        .env_clear()
        .envs(home.environment().iter().cloned())
        .current_dir("/")
        .output()
        .expect("setpriv runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Some(Ran { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) })
}

#[test]
fn another_user_gets_nothing_even_where_the_folder_was_opened() {
    let home = Home::new();
    let tab = home.tab();
    tab.send("echo a secret");
    let status = ["host", "status", "--json"];
    let name = "another_user_gets_nothing_even_where_the_folder_was_opened";
    let Some(ran) = as_nobody(name, &home, &status) else {
        return;
    };
    assert!(ran.code != 0 && !ran.stdout.contains("pid"), "{ran:?}");

    let set = |path: &Path, mode| std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("its mode");
    set(&home.path(), 0o755);
    set(&home.paths().socket, 0o777);
    for arguments in [&status[..], &["log", "-c", "1", "--json"], &["host", "stop"]] {
        let ran = as_nobody(name, &home, arguments).expect("it could be done just now");
        assert!(ran.code != 0 && !ran.stdout.contains("pid") && !ran.stdout.contains("secret"), "{ran:?}");
        // The broken one tried again and again for 30 s.
        assert!(ran.stderr.contains("is of another user (0)"), "{ran:?}");
    }
    set(&home.path(), 0o700);
    assert_eq!(tab.log()[0]["answer"], "a secret", "and the host serves on");
}

#[test]
fn a_home_that_cannot_be_written_to_is_refused_with_the_way_out() {
    let home = Home::new();
    home.run(&["host", "status"]).ended_with(7);
    let name = "a_home_that_cannot_be_written_to_is_refused_with_the_way_out";
    let Some(ran) = as_nobody(name, &home, &["ls"]) else {
        return;
    };
    assert!(matches!(ran.code, 2 | 7) && ran.stdout.is_empty(), "{ran:?}");
    assert!(ran.stderr.contains("could not make the folder") && ran.stderr.contains("THREADKEEP_HOME"), "{ran:?}");
}

#[test]
fn files_that_hold_what_was_said_are_for_us_alone() {
    let home = Home::new();
    home.tab().send("true");
    for (path, expected) in [
        (home.path(), 0o700),
        (home.paths().run, 0o700),
        (home.paths().store, 0o600),
        (home.paths().log, 0o600),
        (home.paths().lock, 0o600),
    ] {
        let mode = std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode, expected, "{}", path.display());
    }
}

#[test]
fn a_program_that_was_replaced_while_it_ran_still_starts_a_host() {
    let home = Home::new();
    let program = home.file("tk");
    copy_of_program(&program);
    let mut running = Command::new(&program)
        .args(["send", "--wait", "--json", "-"])
        .env_clear()
        .envs(home.environment().iter().cloned())
        .current_dir(home.work())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    // It waits for its message, and only then looks for a host.
    std::fs::remove_file(&program).expect("it can be removed");
    copy_of_program(&program);
    running.stdin.take().expect("piped").write_all(b"echo new").expect("it reads");
    let output = running.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(said["answer"], "new");
}
