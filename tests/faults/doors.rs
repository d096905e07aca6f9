//! Those who may not come in, and what comes in at the doors that are open: other users, broken frames, floods of hooks, hostile names, secrets.

use super::home::{Home, LIMIT, PROGRAM, wait_until};
use super::world::{fake_tab, ledger, need, need_root, stop_session, tab_of, teach_hooks, world};
use super::{Fault, Outcome, Skipped, held, times};
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use threadkeep::domain::id::ConversationId;
use threadkeep::protocol::codec;
use threadkeep::protocol::message::Request;

pub const FAULTS: &[Fault] = &[
    ("F24", "runtime folder: link, file, open to others, deleted, too long", folders),
    ("F25", "another user at every socket and file", other_user),
    ("F27", "frames cut at each byte, wild lengths, random bytes", frames),
    ("F28", "hooks: flood, wrong tokens, huge bodies", hooks),
    ("F28", "hooks with tokens of other and old sessions, a flood with the right one", tokens),
    ("F30", "hostile folders, titles, ids and messages", names),
    ("F34", "canary secrets in environment, message, paste and error", secrets),
];

fn folders() -> Result<Outcome, Skipped> {
    let home = Home::new();
    let refuse = |folder: &Path, said: &str| {
        let ran = home.call(&["ls"]).set("THREADKEEP_HOME", folder).run();
        assert!(ran.code != 0 && ran.stdout.is_empty() && ran.stderr.contains(said), "{said}: {ran:?}");
    };
    std::os::unix::fs::symlink(home.work(), home.file("link")).expect("a link");
    refuse(&home.file("link"), "is a link");
    std::os::unix::fs::symlink("/nowhere", home.file("dangling")).expect("a link");
    refuse(&home.file("dangling"), "is a link");
    fs::write(home.file("file"), "").expect("a file");
    refuse(&home.file("file"), "is not a folder");
    fs::create_dir(home.file("open")).expect("a folder");
    for mode in [0o777, 0o755, 0o710] {
        fs::set_permissions(home.file("open"), Permissions::from_mode(mode)).expect("its mode");
        refuse(&home.file("open"), "chmod 700");
    }
    refuse(&home.file(&"d".repeat(120)), "shorter");
    home.tab();
    fs::remove_file(home.paths().socket).expect("it is there");
    wait_until("its socket is back", || home.paths().socket.exists());
    held(8, "each refused with the way out; a lost socket is made again")
}

fn as_nobody(arguments: &[&str], home: &Home) -> Output {
    Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
        .args(arguments)
        .env_clear()
        .envs(home.environment().iter().cloned())
        .current_dir("/")
        .output()
        .expect("setpriv runs")
}

fn other_user() -> Result<Outcome, Skipped> {
    need_root()?;
    need("setpriv")?;
    let home = world();
    let tab = fake_tab(&home);
    tab.send("a secret");
    home.run(&["host", "stop"]).done();
    home.run(&["ls"]).done();
    wait_until("there is a backup", || {
        fs::read_dir(home.path())
            .expect("a folder")
            .flatten()
            .any(|one| one.file_name().to_string_lossy().ends_with(".backup"))
    });
    let tab = super::home::Tab { home: &home, ..tab };
    tab.send("again");
    let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).expect("its mode");
    let outer = home.work().parent().expect("it lies in one").to_owned();
    set(&outer, 0o755);
    let program = outer.join("program");
    fs::copy(PROGRAM, &program).expect("a copy");
    // As it is, and then as somebody made it who opened every folder.
    let mut injected = 0;
    for opened in [false, true] {
        if opened {
            let folders =
                Command::new("find").arg(home.path()).args(["-type", "d", "-exec", "chmod", "755", "{}", "+"]).status();
            assert!(folders.expect("find runs").success());
            set(&home.paths().socket, 0o777);
        }
        let found = as_nobody(&["find", home.path().to_str().expect("UTF-8"), "-type", "f", "-readable"], &home);
        assert_eq!(String::from_utf8_lossy(&found.stdout), "", "files that anybody may read");
        for verb in [&["host", "status"][..], &["host", "stop"]] {
            let ran = as_nobody(&[&[program.to_str().expect("UTF-8")], verb].concat(), &home);
            assert!(!ran.status.success() && ran.stdout.is_empty(), "{verb:?}: {ran:?}");
            injected += 1;
        }
    }
    let folders =
        Command::new("find").arg(home.path()).args(["-type", "d", "-exec", "chmod", "700", "{}", "+"]).status();
    assert!(folders.expect("find runs").success());
    assert_eq!(tab.send("served").value["state"], "completed");
    held(injected, "0 bytes from the socket, no file can be read, the host serves on")
}

fn frames() -> Result<Outcome, Skipped> {
    let home = world();
    let tab = fake_tab(&home);
    tab.send("before");
    let pid = home.host_pid();
    let hello = codec::encode(&serde_json::json!({
        "magic": "threadkeep", "major": 1, "minor": 1, "build": "x", "pid": 1, "started_at": 0,
    }))
    .expect("it can be told");
    let asked = codec::encode(&serde_json::json!({ "id": 1, "request": "list" })).expect("it can be told");
    let whole = [hello.clone(), asked].concat();
    let mut streams: Vec<Vec<u8>> = (0..=whole.len()).map(|cut| whole[..cut].to_vec()).collect();
    for length in [0_u32, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX, 1 << 20, (1 << 20) + 1] {
        streams.push([hello.clone(), length.to_be_bytes().to_vec(), b"rest".to_vec()].concat());
        streams.push(length.to_be_bytes().to_vec());
    }
    for _ in 0..times(300) {
        let mut bytes = vec![0; 64];
        getrandom::fill(&mut bytes).expect("random bytes");
        streams.push([hello.clone(), 64_u32.to_be_bytes().to_vec(), bytes].concat());
    }
    let count = streams.len();
    for bytes in streams {
        let mut stream = UnixStream::connect(home.paths().socket).expect("the host listens");
        // It may have closed already, at a length that no frame has.
        let _ = stream.write_all(&bytes);
    }
    assert_eq!(home.host_pid(), pid);
    assert_eq!(tab.send("after").value["state"], "completed");
    held(count, "the host serves on, sessions untouched")
}

fn hooks() -> Result<Outcome, Skipped> {
    let home = world();
    let tab = fake_tab(&home);
    tab.send("before");
    let before = tab.state();
    let mut control = home.control();
    let count = times(10_000);
    let signal = |token: &str, payload: String| Request::Signal {
        conversation: ConversationId(1),
        token: token.into(),
        payload,
    };
    let mut slowest = Duration::ZERO;
    let began = Instant::now();
    for number in 0..count {
        let token = ["wrong", "", "00000000000000000000000000000000", "\u{1b}[31m"][number % 4];
        control
            .ask(&signal(token, r#"{"hook_event_name":"Stop"}"#.into()), Some(LIMIT))
            .expect("it is answered at once");
        if number % 1000 == 0 {
            let asked = Instant::now();
            home.run(&["host", "status"]).done();
            slowest = slowest.max(asked.elapsed());
        }
    }
    let rate = count as f64 / began.elapsed().as_secs_f64();
    // By the verb, as a process in the pane would, with bodies that are too much.
    for (token, body) in
        [("wrong", "x".repeat(8_000_000)), ("", "{}".into()), ("wrong", "\0\u{1b}]0;x\u{7}".repeat(1000))]
    {
        let ran =
            home.call(&["signal"]).set("THREADKEEP_CONVERSATION", "1").set("THREADKEEP_TOKEN", token).input(body).run();
        assert!(ran.stdout.is_empty(), "{ran:?}");
    }
    assert_eq!(tab.state(), before, "nothing was believed");
    assert_eq!(tab.send("after").value["decision"], "reused");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    held(
        count + 3,
        format!("none believed; {rate:.0} a second, the host's answer beside them within {} ms", slowest.as_millis()),
    )
}

/// The token that the agent of this conversation was started with.
fn token_of(tab: &super::home::Tab) -> String {
    let environment = super::home::environment_of(tab.pid());
    let token = environment.split('\0').find_map(|one| one.strip_prefix("THREADKEEP_TOKEN="));
    token.expect("its agent has one").to_owned()
}

fn tokens() -> Result<Outcome, Skipped> {
    let home = world();
    teach_hooks(&home);
    let tabs = [tab_of(&home, "hooked"), tab_of(&home, "hooked")];
    // By the verb, as the agent itself does.
    let call = |tab: &super::home::Tab, token: &str, payload: &str| {
        let call = home.call(&["signal"]).set("THREADKEEP_CONVERSATION", &tab.id).set("THREADKEEP_TOKEN", token);
        let ran = call.input(payload).run().done();
        assert!(ran.stdout.is_empty() && ran.stderr.is_empty(), "{ran:?}");
    };
    let (start, stop) = (
        |text: &str| format!(r#"{{"hook_event_name":"UserPromptSubmit","prompt":"{text}"}}"#),
        r#"{"hook_event_name":"Stop","last_assistant_message":"answered"}"#,
    );
    for tab in &tabs {
        tab.send_on("first");
        let token = token_of(tab);
        call(tab, &token, r#"{"hook_event_name":"SessionStart"}"#);
        wait_until("it has the message", || ledger(&home, "read").len() >= tab.id.parse::<usize>().expect("a number"));
        call(tab, &token, &start("first"));
        tab.wait_for("it works", |state| state["turn_state"] == "working");
    }
    let (own, other) = (token_of(&tabs[0]), token_of(&tabs[1]));
    assert_ne!(own, other);
    let mut injected = 0;
    let mut believed_nobody = |token: &str| {
        call(&tabs[0], token, stop);
        // Behind it in the same line: what it did would be seen by now.
        home.run(&["host", "status"]).done();
        assert_eq!(tabs[0].state()["turn_state"], "working", "a foreign token was believed");
        injected += 1;
    };
    believed_nobody(&other);
    believed_nobody(&own.to_uppercase());
    believed_nobody(&own[..31]);
    believed_nobody(&format!("{own}0"));
    believed_nobody(" ");
    call(&tabs[0], &own, stop);
    assert_eq!(tabs[0].run("wait", &["--json"]).done().json()["answer"], "answered", "the right one is believed");
    // The process that had the token is gone; the next one has another.
    stop_session(&tabs[0]);
    tabs[0].wait_for("it is asleep", |state| state["pid"].is_null());
    tabs[0].send_on("second");
    tabs[0].wait_for("a new process", |state| state["pid"].is_i64());
    let new = token_of(&tabs[0]);
    assert_ne!(own, new);
    call(&tabs[0], &new, r#"{"hook_event_name":"SessionStart"}"#);
    wait_until("it has the message", || ledger(&home, "read").contains(&"second".to_owned()));
    call(&tabs[0], &new, &start("second"));
    tabs[0].wait_for("it works", |state| state["turn_state"] == "working");
    call(&tabs[0], &own, stop);
    home.run(&["host", "status"]).done();
    assert_eq!(tabs[0].state()["turn_state"], "working", "an old token was believed");
    // A flood with the right one, of the longest that fits: each is answered at once, and few are heard.
    let mut control = home.control();
    let id = ConversationId(tabs[0].id.parse().expect("a number"));
    let payload = format!(r#"{{"hook_event_name":"Other","text":"{}"}}"#, "x".repeat(900 * 1024));
    let count = times(200);
    let (mut slowest, mut beside) = (Duration::ZERO, Duration::ZERO);
    for number in 0..count {
        let request = Request::Signal { conversation: id, token: new.clone(), payload: payload.clone() };
        let asked = Instant::now();
        control.ask(&request, Some(LIMIT)).expect("it is answered at once");
        slowest = slowest.max(asked.elapsed());
        if number % 50 == 0 {
            let asked = Instant::now();
            home.run(&["host", "status"]).done();
            beside = beside.max(asked.elapsed());
        }
    }
    wait_until("there is room again, and it is heard", || {
        call(&tabs[0], &new, stop);
        tabs[0].state()["turn_state"] == "completed"
    });
    // A host that is stopped keeps no agent waiting.
    let pid = home.host_pid();
    super::home::kill(pid, super::home::Signal::STOP);
    let asked = Instant::now();
    call(&tabs[0], &new, stop);
    let waited = asked.elapsed();
    super::home::kill(pid, super::home::Signal::CONT);
    assert!(waited < Duration::from_secs(4), "{waited:?}");
    held(
        injected + 2 + count,
        format!(
            "none but the right one believed; {count} of a megabyte answered within {} ms each, others beside them within {} ms; beside a stopped host a hook takes {} ms",
            slowest.as_millis(),
            beside.as_millis(),
            waited.as_millis()
        ),
    )
}

const HOSTILE: [&str; 9] = [
    "--settings=x",
    "-c",
    "$(touch pwned)",
    "`touch pwned`",
    "a;touch pwned",
    "a\nb",
    "'\"\\",
    "../../x",
    "\u{202e}txt.exe",
];

fn names() -> Result<Outcome, Skipped> {
    let home = world();
    let mut injected = 0;
    for name in HOSTILE {
        let folder = home.file(&format!("in/{}", name.replace('/', "_")));
        fs::create_dir_all(&folder).expect("a folder");
        let title = format!("--title={name}");
        let ran = home
            .call(&["new", "--agent", "fake", "--json", &title, "--model", &format!("m{name}")])
            .within(&folder)
            .run()
            .done();
        let tab = super::home::Tab { home: &home, id: ran.json()["conversation"].to_string() };
        let sent = tab.send(&format!("argv {name}"));
        assert_eq!(sent.value["state"], "completed", "{name:?}: {sent:?}");
        assert_eq!(tab.log()[0]["prompt"], format!("argv {name}"));
        injected += 3;
        let listed = home.run(&["ls"]).done().stdout;
        assert!(!listed.chars().any(|sign| sign == '\u{202e}' || (sign.is_control() && sign != '\n')), "{listed:?}");
    }
    for line in ledger(&home, "argv") {
        // `agent --id UUID -m mNAME`: a model stays one argument, and no message is one.
        assert_eq!(line.matches("\", \"").count() + 1, 5, "{line}");
        assert!(!line.contains("argv"), "a message is no argument: {line}");
    }
    for id in ["--settings=x", "0 OR 1=1", "-1", "9999999999999999999999", "1\n2"] {
        let ran = home.run(&["log", "-c", id, "--json"]);
        assert!(matches!(ran.code, 2 | 6), "{ran:?}");
        injected += 1;
    }
    let pwned = Command::new("find").arg(home.work()).args(["-name", "pwned"]).output().expect("find runs");
    assert!(pwned.stdout.is_empty(), "{pwned:?}");
    held(injected, "each is text: no option, no shell, no other path; what hides or reorders is not printed")
}

fn secrets() -> Result<Outcome, Skipped> {
    let mut home = world();
    home.set("CANARY_API_KEY", "canary-environment-1");
    let tab = fake_tab(&home);
    tab.send("canary-message-2");
    // Errors, deaths and starts that fail are what logs are full of.
    tab.send("exit:3 canary-message-2");
    let hook = home.call(&["signal"]).set("THREADKEEP_CONVERSATION", "1").set("THREADKEEP_TOKEN", "canary-token-3");
    hook.input("canary-hook-4").run();
    let mut view = threadkeep::client::View::open(
        &home.paths(),
        ConversationId(1),
        threadkeep::terminal::frame::Size { columns: 80, rows: 24 },
    );
    if let Ok(view) = &mut view {
        view.send(&threadkeep::protocol::message::ViewInput::Paste("canary-paste-5".into())).expect("it is taken");
    }
    home.run(&["new", "--agent", "canary-agent"]);
    home.kill_host();
    tab.send("after");
    home.run(&["host", "stop"]).done();
    let mut hits = Vec::new();
    let mut files = vec![home.path()];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(&path).expect("a folder").flatten().map(|one| one.path()));
            continue;
        }
        let mut bytes = Vec::new();
        fs::File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)).expect("a file");
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        for canary in ["canary-environment-1", "canary-message-2", "canary-token-3", "canary-hook-4", "canary-paste-5"]
        {
            let is_there = bytes.windows(canary.len()).any(|bytes| bytes == canary.as_bytes());
            // What was said stands in the store, and nowhere else.
            if is_there && !(canary == "canary-message-2" && name.starts_with("threadkeep.db")) {
                hits.push(format!("{canary} in {name}"));
            }
        }
    }
    assert!(hits.is_empty(), "{hits:?}");
    held(5, "0 hits in log, run folder, socket folder and store, but for messages in the store")
}
