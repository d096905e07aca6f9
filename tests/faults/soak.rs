//! An hour of everything: many conversations under load, faults at random, and nothing that grows. `THREADKEEP_SOAK_MINUTES` says how long.

use super::home::{Home, Signal, kill, wait_until};
use super::load::Load;
use super::world::{fake_tab, held_by, host, world};
use super::{Fault, Outcome, Skipped, held};
use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};
use threadkeep::client::{Absent, Control};
use threadkeep::domain::id::ConversationId;
use threadkeep::protocol::message::Request;

pub const FAULTS: &[Fault] = &[("F35", "soak: mixed load, faults at random", soak)];

const LIVE: usize = 20;
const CONVERSATIONS: usize = 100;
/// A soak of this time shows that it works; an hour shows what grows.
const USUAL_MINUTES: f64 = 0.5;

fn seed() -> u64 {
    let given = std::env::var("THREADKEEP_SOAK_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| {
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).expect("random bytes");
        u64::from_le_bytes(seed) | 1
    })
}

/// Descriptors and memory of a host that is quiet.
fn settled(home: &Home) -> (usize, usize) {
    home.run(&["ls"]).done();
    let pid = host(home).expect("it serves");
    let mut last = held_by(pid);
    wait_until("it is quiet", || {
        sleep(Duration::from_millis(200));
        let now = held_by(pid);
        let same = now.descriptors == last.descriptors && now.threads == last.threads;
        last = now;
        same
    });
    (last.descriptors, last.memory_kb)
}

fn soak() -> Result<Outcome, Skipped> {
    let minutes = std::env::var("THREADKEEP_SOAK_MINUTES").ok().and_then(|value| value.parse().ok());
    let length = Duration::from_secs_f64(60.0 * minutes.unwrap_or(USUAL_MINUTES));
    let seed = seed();
    eprintln!("   seed {seed}");
    let mut random = seed;
    let mut random = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let home = world();
    for _ in LIVE..CONVERSATIONS {
        fake_tab(&home);
    }
    let load = Load::new(&home, LIVE);
    for tab in &load.tabs {
        load.send(tab);
    }
    for tab in &load.tabs {
        tab.run("wait", &[]);
        // What is kept above a screen is full before anything is counted: what grows from then on has no bound.
        flood(tab, &["--wait"]);
    }
    let (descriptors, memory) = settled(&home);
    let mut injected: BTreeMap<&str, usize> = BTreeMap::new();
    let began = Instant::now();
    load.during(4, || {
        while began.elapsed() < length {
            sleep(Duration::from_millis(100 + random(900)));
            let tab = &load.tabs[random(LIVE as u64) as usize];
            let what = match random(10) {
                0 => "host killed",
                1 => "host stopped and continued",
                2 => "host restarted",
                3 => "agent killed",
                4 => "agent stopped and continued",
                5 => "window opened and closed",
                6 => "100 connections",
                7 => "interrupt",
                8 => "session stopped",
                _ => "a flood of output",
            };
            inject(&home, tab, what);
            *injected.entry(what).or_default() += 1;
        }
    });
    let counted = load.check();
    let (descriptors_after, memory_after) = settled(&home);
    // Sessions that were ended and begun anew have as many as before; a host that came new may know fewer.
    assert!(descriptors_after <= descriptors + 8, "{descriptors} descriptors before, {descriptors_after} after");
    assert!(memory_after < memory + memory / 2 + 20 * 1024, "{memory} kB before, {memory_after} kB after, seed {seed}");
    let count = injected.values().sum();
    held(
        count,
        format!(
            "{:.1} minutes, seed {seed}: {counted}; {descriptors} descriptors and {} MB before, {descriptors_after} and {} MB after; {injected:?}",
            length.as_secs_f64() / 60.0,
            memory / 1024,
            memory_after / 1024
        ),
    )
}

fn inject(home: &Home, tab: &super::home::Tab, what: &str) {
    let signal_for_a_while = |pid: Option<i32>| {
        if let Some(pid) = pid {
            kill(pid, Signal::STOP);
            sleep(Duration::from_millis(300));
            kill(pid, Signal::CONT);
        }
    };
    // Only where it lives this moment.
    let agent = || {
        let listed = home.run(&["ls", "--json"]);
        let all = if listed.code == 0 { listed.json_lines() } else { Vec::new() };
        let one = all.into_iter().find(|one| one["conversation"].as_i64() == tab.id.parse().ok())?;
        i32::try_from(one["pid"].as_i64()?).ok()
    };
    match what {
        "host killed" => host(home).into_iter().for_each(|pid| kill(pid, Signal::KILL)),
        "host stopped and continued" => signal_for_a_while(host(home)),
        "host restarted" => drop(home.run(&["host", "restart"])),
        "agent killed" => agent().into_iter().for_each(|pid| kill(pid, Signal::KILL)),
        "agent stopped and continued" => signal_for_a_while(agent()),
        "window opened and closed" => super::screen::Screen::open(home, 80, 24).kill(),
        "100 connections" => {
            let connect = || std::os::unix::net::UnixStream::connect(home.paths().socket).ok();
            drop((0..100).filter_map(|_| connect()).collect::<Vec<_>>());
        }
        "interrupt" => drop(tab.run("interrupt", &[])),
        "session stopped" => {
            let request = Request::StopSession { conversation: ConversationId(tab.id.parse().expect("a number")) };
            // Refused where no host serves this moment.
            let control = Control::connect(&home.paths(), Absent::Fail);
            drop(control.and_then(|mut control| control.ask(&request, Some(Duration::from_secs(5)))));
        }
        _ => flood(tab, &[]),
    }
}

/// More rows than are kept of a session.
fn flood(tab: &super::home::Tab, more: &[&str]) {
    // Refused where no host serves this moment.
    drop(tab.call("send", &[&["--json", "-"], more].concat()).input("flood:2").run());
}
