//! Kills: the host at random times and at chosen points, its clients, everybody stopped for a while, and many starts at once.

use super::home::{Home, Signal, kill, wait_until};
use super::load::Load;
use super::world::{Disk, Point, done, fake_tab, holders_and_agents, host, hosts, need, need_root, teach, tool, world};
use super::{Fault, Outcome, Skipped, held, times};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

pub const FAULTS: &[Fault] = &[
    ("F1", "host kill -9 at random times, 8 clients sending", random_kills),
    ("F2", "host kill -9 at chosen points of saving, writing and backup", chosen_kills),
    ("F3", "power cut (ext4 without its journal) under load", power_cuts),
    ("F4", "200 clients killed at once", killed_clients),
    ("F12", "host, agent, client and holder stopped, then continued", stopped),
    ("F23", "20 clients start while the host dies", start_race),
];

/// Random enough, and told, so that a round can be played again.
fn random() -> impl FnMut(u64) -> u64 {
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).expect("random bytes");
    let mut random = u64::from_le_bytes(seed) | 1;
    eprintln!("   seed {random}");
    move |below| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    }
}

fn kill_host(home: &Home) -> bool {
    let host = host(home);
    if let Some(pid) = host {
        kill(pid, Signal::KILL);
    }
    host.is_some()
}

fn random_kills() -> Result<Outcome, Skipped> {
    let home = world();
    let load = Load::new(&home, 4);
    let mut random = random();
    let mut killed = 0;
    load.during(8, || {
        for _ in 0..times(20) {
            // The moment is what is random; nothing is waited for.
            sleep(Duration::from_millis(20 + random(380)));
            killed += usize::from(kill_host(&home));
        }
    });
    let counted = load.check();
    assert!(counted.acknowledged > killed, "the load was a load: {counted}");
    held(killed, counted.to_string())
}

fn chosen_kills() -> Result<Outcome, Skipped> {
    if !cfg!(debug_assertions) {
        return Err(Skipped("a release build has no points".into()));
    }
    let points = ["before-commit", "after-commit", "after-write"];
    for name in points {
        let home = world();
        let load = Load::new(&home, 1);
        assert!(load.send(&load.tabs[0]));
        load.tabs[0].run("wait", &[]);
        let point = Point::hold(&home, name);
        let waiting = load.tabs[0].call("send", &["--json", "at the point"]).start();
        point.kill();
        let told = waiting.end();
        load.check();
        let kept = load.tabs[0].log().iter().any(|turn| turn["prompt"] == "at the point");
        // Before the commit nobody may have been told; after it the message must be there, whoever was told.
        assert!(name != "before-commit" || told.code != 0, "{told:?}");
        assert_eq!(kept, name != "before-commit", "{name}");
    }
    let home = world();
    let load = Load::new(&home, 1);
    assert!(load.send(&load.tabs[0]));
    let point = Point::hold(&home, "mid-backup");
    point.kill();
    load.check();
    let backup = || {
        let names = std::fs::read_dir(home.path()).expect("a folder").flatten();
        names.map(|one| one.file_name().to_string_lossy().into_owned()).filter(|name| name.ends_with(".backup")).count()
    };
    wait_until("the next host makes the backup", || backup() == 1);
    held(points.len() + 1, "committed is there, not committed was told to nobody; a backup is whole or not there")
}

/// `EXT4_IOC_SHUTDOWN` with "drop the journal": what was not synced is gone, as with the plug.
const PULL_THE_PLUG: &str =
    "import fcntl,os,struct,sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";

fn power_cuts() -> Result<Outcome, Skipped> {
    need_root()?;
    need("python3")?;
    need("mkfs.ext4")?;
    let mut random = random();
    let mut told = String::new();
    for _ in 0..times(3) {
        let home = world();
        let image = home.file("disk");
        std::fs::remove_dir_all(home.path()).expect("it is there");
        std::fs::create_dir(home.path()).expect("a place for the disk");
        done(&format!("truncate -s 64M {}", image.display()));
        done(&format!("mkfs.ext4 -q {}", image.display()));
        let mount = format!("mount -o loop {} {}", image.display(), home.path().display());
        let output = tool(&mount);
        if !output.status.success() {
            return Err(Skipped(format!("no loop disk: {}", String::from_utf8_lossy(&output.stderr).trim())));
        }
        let disk = Disk { at: home.path() };
        done(&format!("chmod 700 {}", disk.at.display()));
        teach(&home);
        done("sync");
        let load = Load::new(&home, 2);
        load.during(4, || {
            sleep(Duration::from_millis(500 + random(1000)));
            let pid = host(&home).expect("it serves");
            let output = std::process::Command::new("python3").arg("-c").arg(PULL_THE_PLUG).arg(&disk.at).output();
            let output = output.expect("python3 runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            // Without power nothing runs.
            kill(pid, Signal::KILL);
            holders_and_agents(&home).into_iter().for_each(|pid| kill(pid, Signal::KILL));
        });
        wait_until("the disk is free", || {
            // Clients that came meanwhile may have started a host on the dead disk, and that one a holder.
            home.processes().into_iter().for_each(|pid| kill(pid, Signal::KILL));
            tool(&format!("umount {}", disk.at.display())).status.success()
        });
        done(&mount);
        told = load.check().to_string();
        home.run(&["host", "stop"]).done();
    }
    held(times(3), told)
}

fn killed_clients() -> Result<Outcome, Skipped> {
    let home = world();
    let tab = fake_tab(&home);
    let gate = home.file("gate");
    let waiting: Vec<_> = (0..times(200))
        .map(|_| tab.call("send", &["--wait", "--json", &format!("wait:{}", gate.display())]).start())
        .collect();
    let before = Instant::now();
    tab.state();
    let answered = before.elapsed();
    let count = waiting.len();
    for one in &waiting {
        kill(one.pid(), Signal::KILL);
    }
    waiting.into_iter().for_each(|one| drop(one.end()));
    std::fs::write(gate, "").expect("a gate");
    tab.run("wait", &[]).done();
    assert_eq!(tab.send("after").value["state"], "completed");
    held(count, format!("the host answers (in {} ms beside them) and goes on", answered.as_millis()))
}

fn stopped() -> Result<Outcome, Skipped> {
    const FOR: Duration = Duration::from_secs(3);
    let home = world();
    let load = Load::new(&home, 2);
    load.during(4, || {
        let pid = host(&home).expect("it serves");
        kill(pid, Signal::STOP);
        sleep(FOR);
        kill(pid, Signal::CONT);
    });
    let counted = load.check();
    // An agent that stands still holds up nobody else.
    let agent = load.tabs[0].pid();
    kill(agent, Signal::STOP);
    let sent = load.tabs[0].send_on("while stopped");
    assert_eq!(sent.code, 0, "{sent:?}");
    assert_eq!(load.tabs[1].send("other").value["state"], "completed");
    kill(agent, Signal::CONT);
    load.tabs[0].run("wait", &[]).done();
    // A client that reads nothing does not either.
    let client = load.tabs[0].call("send", &["--wait", "--json", "slow"]).start();
    kill(client.pid(), Signal::STOP);
    assert_eq!(load.tabs[1].send("other").value["state"], "completed");
    kill(client.pid(), Signal::CONT);
    client.end().done();
    // Nor a holder: what lives goes on, and what is to be started waits for it.
    let holder = home.holder_pid().expect("it runs");
    kill(holder, Signal::STOP);
    let new = fake_tab(&home);
    assert_eq!(new.send_on("beside a stopped holder").code, 0);
    assert_eq!(load.tabs[1].send("beside").value["decision"], "reused");
    sleep(FOR);
    assert_eq!(load.tabs[0].send("beside").value["decision"], "reused");
    kill(holder, Signal::CONT);
    new.run("wait", &[]).done();
    held(4, counted.to_string())
}

fn start_race() -> Result<Outcome, Skipped> {
    let home = world();
    let load = Load::new(&home, 1);
    let mut random = random();
    let rounds = times(5);
    let mut slowest = Duration::ZERO;
    for _ in 0..rounds {
        let began = Instant::now();
        thread::scope(|scope| {
            let pid = host(&home);
            for _ in 0..20 {
                scope.spawn(|| load.send(&load.tabs[0]));
            }
            sleep(Duration::from_millis(random(30)));
            if let Some(pid) = pid {
                kill(pid, Signal::KILL);
            }
        });
        slowest = slowest.max(began.elapsed());
        wait_until("one host is left", || hosts(&home).len() == 1);
    }
    let counted = load.check();
    held(rounds, format!("one host, all served within {} ms; {counted}", slowest.as_millis()))
}
