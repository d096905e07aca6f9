//! Clocks that jump: the wall clock in the midst of work (a library in front of the system's own, `clock.c`), the steady one at the start.

use super::home::{Home, wait_until};
use super::load::Load;
use super::world::{held_by, need, need_root, world};
use super::{Fault, Outcome, Skipped, held};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

pub const FAULTS: &[Fault] =
    &[("F13", "wall clock +3 years, -1 day, over a change of DST; steady clock +1 day", jumps)];

const YEAR_S: i64 = 365 * 24 * 3600;

fn jumps() -> Result<Outcome, Skipped> {
    need("cc")?;
    let mut home = world();
    let library = build(&home)?;
    let offset = home.file("offset");
    fs::write(&offset, "0").expect("a file");
    home.set("LD_PRELOAD", library);
    home.set("FAULTS_CLOCK", &offset);
    home.set("TZ", "Europe/Berlin");
    let load = Load::new(&home, 2);
    let pid = home.host_pid();
    let jumps = [3 * YEAR_S, -24 * 3600, 0, 5 * 30 * 24 * 3600, -3 * YEAR_S];
    load.during(4, || {
        for jump in jumps {
            sleep(Duration::from_millis(400));
            fs::write(&offset, jump.to_string()).expect("the clock can be set");
        }
        sleep(Duration::from_millis(400));
    });
    assert_eq!(home.host_pid(), pid, "the host lives");
    let counted = load.check();
    let before = held_by(pid).cpu;
    sleep(Duration::from_secs(1));
    let busy = held_by(pid).cpu - before;
    assert!(busy < 20, "no timer floods: {busy} % of a core");
    // Newer turns stand behind older ones though their clock says otherwise.
    let log = load.tabs[0].log();
    let accepted: Vec<i64> = log.iter().filter_map(|turn| turn["accepted_ms"].as_i64()).collect();
    assert!(!accepted.is_sorted(), "the clock did go back");
    home.run(&["host", "stop"]).done();
    let mut injected = jumps.len();
    if need_root().is_ok() && need("unshare").is_ok() {
        let arguments =
            ["--time", "--monotonic", "86400", "--fork", super::home::PROGRAM, "host", "run"].map(str::to_owned);
        let running = home.other("unshare", &arguments).start();
        wait_until("the host serves", || home.run(&["host", "status"]).code == 0);
        assert!(load.send(&load.tabs[0]));
        load.check();
        home.run(&["host", "stop"]).done();
        running.end();
        injected += 1;
    }
    held(injected, format!("{counted}; order by number; {busy} % of a core afterwards"))
}

fn build(home: &Home) -> Result<PathBuf, Skipped> {
    let (source, library) = (home.file("clock.c"), home.file("clock.so"));
    fs::write(&source, include_str!("clock.c")).expect("a file");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).args(["-ldl"]).output();
    match built {
        Ok(output) if output.status.success() => Ok(library),
        Ok(output) => Err(Skipped(format!("clock.c: {}", String::from_utf8_lossy(&output.stderr)))),
        Err(error) => Err(Skipped(error.to_string())),
    }
}
