//! Trouble of the disk: full, failing, read-only, damaged, locked, and all of that while the schema changes.

use super::home::{Home, Signal, kill, wait_until, wait_until_or};
use super::load::Load;
use super::world::{
    Disk, Point, done, fake_tab, host_under_strace, need, need_root, teach, trouble, until_trouble, until_well, world,
};
use super::{Fault, Outcome, Skipped, held, times};
use rusqlite::Connection;
use std::fs;
use std::time::Duration;

pub const FAULTS: &[Fault] = &[
    ("F7", "disk full: before the start, under load; then room again", full),
    ("F7", "disk full while a backup is made", full_backup),
    ("F8", "EIO and ENOSPC at the Nth sync, write and open, once and from there on", failing),
    ("F9", "read-only disk", read_only),
    ("F10", "damaged store: header, pages, cut, text, foreign", damaged),
    ("F11", "store locked by another program: under load, and at the start", locked),
    ("F33", "migration killed, on a full disk, with EIO", migrations),
];

/// How soon a host must work again once the cause is gone.
const RECOVERED_WITHIN: Duration = Duration::from_secs(5);

fn full() -> Result<Outcome, Skipped> {
    let home = world();
    let disk = Disk::in_memory(&home.path(), "3m")?;
    teach(&home);
    let load = Load::new(&home, 2);
    let mut recovered = Duration::ZERO;
    for _ in 0..times(2) {
        load.during(4, || {
            let filler = disk.fill();
            let said = until_trouble(&home);
            assert!(said.contains("disk is full"), "{said}");
            assert!(!load.tabs[0].log().is_empty() || load.tabs[0].state().is_object(), "reads go on");
            fs::remove_file(filler).expect("room again");
            recovered = recovered.max(until_well(&home));
        });
        load.check();
    }
    assert!(recovered < RECOVERED_WITHIN, "{recovered:?}");
    // Full before the start: the host says so, and serves as soon as there is room.
    home.run(&["host", "stop"]).done();
    let filler = disk.fill();
    let ran = home.run(&["ls"]);
    assert!(matches!(ran.code, 0 | 6), "what is saved, or the reason: {ran:?}");
    // This one meets the trouble and waits for its end.
    let waiting = load.tabs[0].call("send", &["--json", "-"]).input("full").start();
    wait_until("the trouble is known", || !trouble(&home).is_null());
    fs::remove_file(filler).expect("room again");
    wait_until("the store opens", || home.run(&["ls"]).code == 0 && trouble(&home).is_null());
    waiting.end();
    let counted = load.check();
    home.run(&["host", "stop"]).done();
    held(times(2) + 1, format!("refused with the reason, well again {} ms after; {counted}", recovered.as_millis()))
}

fn full_backup() -> Result<Outcome, Skipped> {
    let home = world();
    let disk = Disk::in_memory(&home.path(), "12m")?;
    teach(&home);
    let tab = fake_tab(&home);
    for number in 0..20 {
        tab.send(&format!("message {number} {}", "word ".repeat(20_000)));
    }
    let made = |ending: &str| {
        let names = fs::read_dir(home.path()).expect("a folder").flatten();
        names.map(|one| one.file_name().to_string_lossy().into_owned()).filter(|name| name.ends_with(ending)).count()
    };
    let log = || fs::read_to_string(home.paths().log).unwrap_or_default();
    // Room for a message, but not for a copy of the store.
    home.run(&["host", "stop"]).done();
    let store = fs::metadata(home.paths().store).expect("it is there").len();
    let filler = disk.fill();
    let size = fs::metadata(&filler).expect("it is there").len();
    let room = fs::OpenOptions::new().write(true).open(&filler).expect("it is there");
    room.set_len(size - store * 2 / 3).expect("a little room");
    // Held open, its blocks would not come free with its name.
    drop(room);
    assert_eq!(tab.send("with little room").value["state"], "completed");
    wait_until("the backup was tried", || log().contains("no backup could be made"));
    assert_eq!((made(".backup"), made(".part")), (0, 0), "nothing is left of it");
    assert_eq!(tab.send("beside it").value["state"], "completed", "{:?}", trouble(&home));
    assert!(trouble(&home).is_null());
    home.run(&["host", "stop"]).done();
    fs::remove_file(filler).expect("room again");
    home.run(&["ls"]).done();
    wait_until_or("the next host makes it", || (made(".backup") == 1).then_some(()), log);
    assert_eq!(tab.log().len(), 22);
    home.run(&["host", "stop"]).done();
    held(1, "no backup and nothing left of one, messages go on, the next host makes it; all messages there")
}

/// The calls that are made to fail: which, with what, from where on.
fn failures() -> Vec<String> {
    let mut all = Vec::new();
    for number in 1..=times(6) {
        all.push(format!("fsync,fdatasync:error=EIO:when={number}"));
    }
    for number in (1..=times(24)).step_by(4) {
        all.push(format!("pwrite64:error=EIO:when={number}"));
        all.push(format!("pwrite64:error=ENOSPC:when={number}..{}", number + 3));
    }
    all.extend([
        "fsync,fdatasync:error=EIO:when=3..6".to_owned(),
        "ftruncate:error=EIO:when=1".into(),
        "rename:error=EIO:when=1".into(),
    ]);
    all
}

fn failing() -> Result<Outcome, Skipped> {
    need("strace")?;
    let failures = failures();
    let mut acknowledged = 0;
    for failure in &failures {
        let home = world();
        let tab = fake_tab(&home);
        home.run(&["host", "stop"]).done();
        let load = Load::with(&home, vec![tab]);
        let tracer = host_under_strace(&home, std::slice::from_ref(failure));
        for _ in 0..4 {
            load.send(&load.tabs[0]);
        }
        wait_until("a fault that passes is recovered from", || trouble(&home).is_null());
        for pid in super::world::hosts(&home) {
            kill(pid, Signal::KILL);
        }
        // The holder, which it follows too, goes on with the session; so would it. Without it they run on as they are.
        kill(tracer.pid(), Signal::KILL);
        tracer.end();
        acknowledged += load.check().acknowledged;
    }
    held(failures.len(), format!("{acknowledged} acknowledged messages there once, in order; each time saving went on"))
}

fn read_only() -> Result<Outcome, Skipped> {
    need_root()?;
    // A home that is read-only as a whole has no room for a host: said in words.
    let home = world();
    let disk = Disk::in_memory(&home.path(), "3m")?;
    teach(&home);
    fake_tab(&home).send("kept");
    home.run(&["host", "stop"]).done();
    done(&format!("mount -o remount,ro {}", disk.at.display()));
    let ran = home.run(&["ls"]);
    assert!(ran.code != 0 && ran.stderr.contains("ead-only"), "{ran:?}");
    let looks = |home: &Home| home.run(&["look", "log", "-c", "1", "--json"]).done().json()["prompt"].clone();
    assert_eq!(looks(&home), "kept");
    done(&format!("mount -o remount,rw {}", disk.at.display()));
    home.run(&["ls"]).done();
    // With a place for the socket of its own, the host serves, says so, and opens the store once that can be written.
    home.run(&["host", "stop"]).done();
    let store = fs::read(home.paths().store).expect("it is there");
    drop(disk);
    let mut apart = world();
    let runtime = apart.path().with_file_name("r");
    fs::create_dir(&runtime).expect("a folder");
    done(&format!("chmod 700 {}", runtime.display()));
    apart.set("THREADKEEP_HOME", "");
    apart.set("XDG_RUNTIME_DIR", runtime);
    apart.set("XDG_STATE_HOME", apart.file("state"));
    apart.set("XDG_DATA_HOME", apart.file("data"));
    let data = apart.file("data/threadkeep");
    fs::create_dir_all(&data).expect("a folder");
    let disk = Disk::in_memory(&data, "3m")?;
    fs::write(data.join("threadkeep.db"), store).expect("a store");
    done(&format!("chmod 600 {}", data.join("threadkeep.db").display()));
    done(&format!("mount -o remount,ro {}", data.display()));
    let ran = apart.run(&["ls"]).ended_with(6);
    assert!(ran.stderr.contains("cannot be written"), "{ran:?}");
    assert_eq!(looks(&apart), "kept");
    done(&format!("mount -o remount,rw {}", data.display()));
    wait_until("the store opens", || apart.run(&["ls"]).code == 0);
    assert_eq!(apart.run(&["log", "-c", "1", "--json"]).done().json()["prompt"], "kept");
    apart.run(&["host", "stop"]).done();
    drop(disk);
    apart.set("THREADKEEP_HOME", apart.path());
    held(4, "said in words; what is saved can be read all the same; the store opens by itself once it can be written")
}

/// What is done to the bytes of a store; the number is a seed.
type Damage = fn(Vec<u8>, usize) -> Vec<u8>;

fn damages() -> Vec<(String, Damage)> {
    let mut all: Vec<(String, Damage)> = vec![
        ("header of zeros".into(), |mut bytes, _| {
            bytes[..100].fill(0);
            bytes
        }),
        ("text".into(), |_, _| b"this is no store at all\n".repeat(300)),
        ("another program's".into(), |mut bytes, _| {
            bytes[68..72].fill(7);
            bytes
        }),
        ("cut in the midst".into(), |bytes, _| bytes[..bytes.len() / 2 + 100].to_vec()),
        ("all but the first page gone".into(), |bytes, _| bytes[..4096].to_vec()),
    ];
    for page in 0..times(12) {
        all.push((format!("garbage in page {}", page + 1), |mut bytes, number| {
            let pages = bytes.len() / 4096;
            let page = (number * 5 + 1) % pages;
            bytes[page * 4096..(page + 1) * 4096].fill(0x5a);
            bytes
        }));
    }
    all
}

fn damaged() -> Result<Outcome, Skipped> {
    let template = world();
    let tab = fake_tab(&template);
    for number in 1..=20 {
        tab.send(&format!("message {number} {}", "word ".repeat(200)));
    }
    template.run(&["host", "stop"]).done();
    let sound = fs::read(template.paths().store).expect("it is there");
    let all = damages();
    let (mut seen, mut kept) = (0, 0);
    for (number, (what, damage)) in all.iter().enumerate() {
        let home = world();
        let bytes = damage(sound.clone(), number);
        let store = home.paths().store;
        fs::write(&store, &bytes).expect("a store");
        done(&format!("chmod 600 {}", store.display()));
        // Whatever it says, it says it, and the file is not touched before somebody agrees.
        let ran = home.run(&["log", "-c", "1", "--json"]);
        assert!(ran.code == 0 || !ran.stderr.is_empty(), "{what}: {ran:?}");
        home.run(&["host", "stop"]).done();
        let now = fs::read(&store).expect("it is there");
        let plan = home.run(&["doctor", "--repair"]);
        if plan.code == 0 {
            assert!(plan.stdout.contains("sound"), "{what}: {plan:?}");
            continue;
        }
        seen += 1;
        assert!(plan.stdout.contains("is damaged"), "{what}: {plan:?}");
        home.run(&["doctor", "--repair", "--yes"]).done();
        let aside = fs::read_dir(home.path()).expect("a folder").flatten().map(|one| one.path());
        let aside = aside.into_iter().find(|path| {
            let name = path.to_string_lossy();
            name.contains(".damaged-") && !name.ends_with("-wal")
        });
        assert!(
            fs::read(aside.expect("it is kept")).expect("it can be read") == now,
            "{what}: the damaged file is kept as it was"
        );
        home.run(&["ls"]).done();
        let log = home.run(&["log", "-c", "1", "--json"]);
        kept += if log.code == 0 { log.json_lines().len() } else { 0 };
        let sent = fake_tab(&home).send("after");
        assert_eq!(sent.value["state"], "completed", "{what}");
    }
    held(
        all.len(),
        format!(
            "{seen} seen as damage and repaired without a backup, {kept} of {} turns read of them, each damaged file kept",
            seen * 20
        ),
    )
}

/// Another program that holds the store for a while.
fn hold(home: &Home) -> Connection {
    let connection = Connection::open(home.paths().store).expect("it is there");
    connection.execute_batch("BEGIN EXCLUSIVE").expect("it can be locked");
    connection
}

fn locked() -> Result<Outcome, Skipped> {
    let home = world();
    let load = Load::new(&home, 2);
    for tab in &load.tabs {
        load.send(tab);
    }
    let rounds = times(2);
    for _ in 0..rounds {
        load.during(4, || {
            let held = hold(&home);
            let said = until_trouble(&home);
            assert!(said.contains("another program holds the store"), "{said}");
            assert!(!load.tabs[0].log().is_empty(), "reads go on");
            drop(held);
            assert!(until_well(&home) < RECOVERED_WITHIN);
        });
        load.check();
    }
    home.run(&["host", "stop"]).done();
    let held_by_other = hold(&home);
    home.run(&["ls"]).done();
    assert!(!load.tabs[0].log().is_empty(), "what is saved is there from the start");
    drop(held_by_other);
    held(rounds + 1, load.check().to_string())
}

/// A home whose store is of the first schema, with a conversation in it.
fn old_home() -> Home {
    let home = world();
    let raw = Connection::open(home.paths().store).expect("a store");
    raw.execute_batch(include_str!("../../assets/schema/0001_first.sql")).expect("the first schema");
    raw.execute_batch(include_str!("../../src/store/golden/0001.sql")).expect("the golden store");
    raw.execute_batch("PRAGMA application_id = 0x746b7374; PRAGMA user_version = 1").expect("its marks");
    raw.close().expect("it closes");
    done(&format!("chmod 600 {}", home.paths().store.display()));
    home
}

fn schema_of(home: &Home) -> u32 {
    let raw = Connection::open(home.paths().store).expect("it is there");
    let number = raw.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a number");
    let sound: String = raw.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("it can be read");
    assert_eq!(sound, "ok");
    number
}

fn migrations() -> Result<Outcome, Skipped> {
    let newest = {
        let home = world();
        home.run(&["ls"]).done();
        schema_of(&home)
    };
    let check = |home: &Home, what: &str| {
        home.run(&["ls"]).done();
        assert_eq!(schema_of(home), newest, "{what}");
        let names = fs::read_dir(home.path()).expect("a folder").flatten();
        assert!(
            names.into_iter().any(|one| one.file_name().to_string_lossy().ends_with("schema0001.backup")),
            "{what}: a backup of the old one"
        );
        assert!(!home.run(&["log", "-c", "1", "--json"]).done().json_lines().is_empty(), "{what}");
    };
    let mut injected = 0;
    if cfg!(debug_assertions) {
        for name in ["mid-backup", "mid-migration", "between-migrations"] {
            let home = old_home();
            let point = Point::hold(&home, name);
            let starting = home.call(&["ls"]).start();
            point.kill();
            let found = schema_of(&home);
            assert!((1..=newest).contains(&found), "old or new, never between: {found}");
            // The client launches the next one.
            starting.end();
            check(&home, name);
            injected += 1;
        }
    }
    if need("strace").is_ok() {
        for failure in
            ["pwrite64:error=EIO:when=3", "fsync,fdatasync:error=EIO:when=2", "fsync,fdatasync:error=EIO:when=4"]
        {
            let home = old_home();
            let tracer = host_under_strace(&home, &[failure.to_owned()]);
            wait_until("it opens all the same", || trouble(&home).is_null());
            home.run(&["host", "stop"]).done();
            tracer.end();
            check(&home, failure);
            injected += 1;
        }
    }
    if need_root().is_ok() {
        let old = old_home();
        let bytes = fs::read(old.paths().store).expect("it is there");
        let home = world();
        let disk = Disk::in_memory(&home.path(), "1m")?;
        teach(&home);
        fs::write(home.paths().store, &bytes).expect("a store");
        done(&format!("chmod 600 {}", home.paths().store.display()));
        let filler = disk.fill();
        let ran = home.run(&["ls"]).ended_with(6);
        assert!(ran.stderr.contains("disk is full"), "{ran:?}");
        fs::remove_file(filler).expect("room again");
        wait_until("it opens", || home.run(&["ls"]).code == 0);
        check(&home, "full disk");
        home.run(&["host", "stop"]).done();
        injected += 1;
    }
    held(injected, "the old schema or the new one, a backup of the old, all turns there")
}
