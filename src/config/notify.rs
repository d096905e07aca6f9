//! The table `[notify]`: what is said of turns that nobody looks at, and by which ways.
//!
//! Not here: when something is said (`host/core/notify.rs`) or how (`host/notifier.rs`, `tui/announce.rs`).

use super::Reason;
use super::value::{Lines, command, list, nearest, number, one_of, set_each};
use std::ops::RangeInclusive;
use toml::de::{DeTable, DeValue};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// A turn completed.
    pub done: Ways,
    /// A turn failed, or its outcome is not known.
    pub failed: Ways,
    /// The agent asks something.
    pub needs_you: Ways,
    /// A turn that ended within this time is not worth a word.
    pub after_seconds: u32,
    /// What an attached terminal is told.
    pub terminal: Terminal,
    pub desktop: Desktop,
    /// A program and its arguments; empty: none.
    pub command: Vec<String>,
}

/// By which ways something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ways {
    pub terminal: bool,
    pub desktop: bool,
    pub command: bool,
}

impl Ways {
    pub const ALL: Ways = Ways { terminal: true, desktop: true, command: true };
    pub const NONE: Ways = Ways { terminal: false, desktop: false, command: false };
}

/// What is written to the terminal of the window that had the focus last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminal {
    /// As the terminal is known to take it, else the bell.
    Auto,
    Osc9,
    Osc777,
    Osc99,
    Bell,
}

/// When the desktop is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Desktop {
    /// Only where no window could tell it.
    NoWindow,
    Always,
}

/// A day: a longer one is never what is meant.
const AFTER_SECONDS: RangeInclusive<u32> = 0..=86_400;

const DONE: &str = "done";
const FAILED: &str = "failed";
const NEEDS_YOU: &str = "needs_you";
const AFTER_SECONDS_KEY: &str = "after_seconds";
const TERMINAL: &str = "terminal";
const DESKTOP: &str = "desktop";
const COMMAND: &str = "command";
pub const KEYS: [&str; 7] = [DONE, FAILED, NEEDS_YOU, AFTER_SECONDS_KEY, TERMINAL, DESKTOP, COMMAND];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Terminal,
    Desktop,
    Command,
}

impl Default for Notify {
    fn default() -> Notify {
        Notify {
            done: Ways::ALL,
            failed: Ways::ALL,
            needs_you: Ways::ALL,
            after_seconds: 10,
            terminal: Terminal::Auto,
            desktop: Desktop::NoWindow,
            command: Vec::new(),
        }
    }
}

impl Notify {
    pub fn read(&mut self, table: &DeTable, lines: Lines) -> Result<(), (usize, Reason)> {
        set_each(table, lines, |key, value| self.set(key, value))
    }

    fn set(&mut self, key: &str, value: &DeValue) -> Result<(), Reason> {
        match key {
            DONE => self.done = ways(DONE, value)?,
            FAILED => self.failed = ways(FAILED, value)?,
            NEEDS_YOU => self.needs_you = ways(NEEDS_YOU, value)?,
            AFTER_SECONDS_KEY => self.after_seconds = number(AFTER_SECONDS_KEY, value, AFTER_SECONDS)?,
            TERMINAL => {
                let words = [
                    ("auto", Terminal::Auto),
                    ("osc9", Terminal::Osc9),
                    ("osc777", Terminal::Osc777),
                    ("osc99", Terminal::Osc99),
                    ("bell", Terminal::Bell),
                ];
                self.terminal = one_of(TERMINAL, value, &words)?;
            }
            DESKTOP => {
                let words = [("no_window", Desktop::NoWindow), ("always", Desktop::Always)];
                self.desktop = one_of(DESKTOP, value, &words)?;
            }
            COMMAND => self.command = command(COMMAND, value)?,
            _ => return Err(Reason::UnknownKey { key: format!("notify.{key}"), nearest: nearest(key, &KEYS) }),
        }
        Ok(())
    }
}

fn ways(key: &'static str, value: &DeValue) -> Result<Ways, Reason> {
    let words = [("terminal", Way::Terminal), ("desktop", Way::Desktop), ("command", Way::Command)];
    let mut ways = Ways::NONE;
    for way in list(key, value, |one| one_of(key, one, &words))? {
        match way {
            Way::Terminal => ways.terminal = true,
            Way::Desktop => ways.desktop = true,
            Way::Command => ways.command = true,
        }
    }
    Ok(ways)
}
