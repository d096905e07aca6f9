//! Faults on purpose: the real program under load, a fault in the midst of it, and a checker that knows what was acknowledged.
//!
//! `cargo test --test faults` runs all and prints a table; names behind `--` (`F1 F8`) pick some. `THREADKEEP_FAULT_ROUNDS=20` injects each as
//! many times more. What needs root or a tool that is not here is named as skipped. Ends with 1 where anything was lost.
//!
//! Reading order: `world.rs` is what faults speak through, `agent.rs` the agent that they drive, `load.rs` the ledgers and the checker; then one
//! file a chapter. The same program is that agent: `faults agent ...`.

mod agent;
mod agents;
mod clocks;
mod doors;
mod floods;
#[allow(dead_code)]
#[path = "../it/home.rs"]
mod home;
mod kills;
mod limits;
mod load;
mod neighbours;
#[allow(dead_code)]
#[path = "../it/screen.rs"]
mod screen;
mod soak;
mod storage;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

/// What an injection came to. What does not hold panics, with what was lost in words.
pub struct Outcome {
    pub injected: usize,
    pub held: String,
}

/// Why a fault was not injected here.
pub struct Skipped(pub String);

type Fault = (&'static str, &'static str, fn() -> Result<Outcome, Skipped>);

fn held(injected: usize, held: impl Into<String>) -> Result<Outcome, Skipped> {
    Ok(Outcome { injected, held: held.into() })
}

/// So many times, or more where more was asked for.
fn times(usual: usize) -> usize {
    let more = std::env::var("THREADKEEP_FAULT_ROUNDS").ok().and_then(|value| value.parse::<usize>().ok());
    usual * more.unwrap_or(1).max(1)
}

/// `F` and a number.
fn is_fault(argument: &str) -> bool {
    argument.strip_prefix('F').is_some_and(|number| number.parse::<u32>().is_ok())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "agent") {
        agent::run(&arguments);
    }
    // A host asks its agents for their version by starting them. Whatever else this program is called with, and by whomever it is called within
    // a world of its own, it must not begin to inject faults: that would go on without end.
    let is_called_by_a_host = std::env::var_os(agent::LEDGER).is_some();
    if is_called_by_a_host || arguments.iter().any(|argument| !is_fault(argument)) {
        println!("faults 1.0");
        return ExitCode::from(2);
    }
    let wanted: Vec<&String> = arguments.iter().collect();
    let faults = [
        kills::FAULTS,
        agents::FAULTS,
        storage::FAULTS,
        limits::FAULTS,
        floods::FAULTS,
        doors::FAULTS,
        neighbours::FAULTS,
        clocks::FAULTS,
        soak::FAULTS,
    ];
    let mut all: Vec<&Fault> = faults.iter().flat_map(|chapter| chapter.iter()).collect();
    all.sort_by_key(|(id, _, _)| id[1..].split('.').next().and_then(|number| number.parse::<u32>().ok()));
    let mut rows = Vec::new();
    let mut lost = false;
    for (id, what, inject) in all {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| *wanted == id) {
            continue;
        }
        eprintln!("== {id} {what}");
        let began = Instant::now();
        let row = match catch_unwind(AssertUnwindSafe(inject)) {
            Ok(Ok(Outcome { injected, held })) => format!("| {id} | {what} | {injected} | {held} | nothing |"),
            Ok(Err(Skipped(why))) => format!("| {id} | {what} | 0 | skipped: {why} | |"),
            Err(panic) => {
                lost = true;
                let said = panic.downcast_ref::<String>().cloned();
                let said = said.or(panic.downcast_ref::<&str>().map(|said| said.to_string())).unwrap_or_default();
                format!("| {id} | {what} | | NOT HELD | {} |", said.replace('\n', " "))
            }
        };
        eprintln!("   {:.1} s: {row}", began.elapsed().as_secs_f32());
        rows.push(row);
    }
    let day = world::done("date -u +%Y-%m-%d");
    let names = wanted.iter().map(|name| format!(" {name}")).collect::<String>();
    let picked = if names.is_empty() { names } else { format!(" --{names}") };
    println!("Run on {}, all rows in one run: `cargo test --test faults{picked}`, a debug build.\n", day.trim());
    println!("| fault | what | injected | held | lost |\n|---|---|---|---|---|\n{}", rows.join("\n"));
    ExitCode::from(u8::from(lost))
}
