//! Themes: what color each role of the window has. The themes that are built in, and those of the person.
//!
//! Change here: a role is a variant, a place in `ROLES` and a color in each built-in theme.
//! Not here: which part of the window has which role (`tui/view`), or how a color is drawn (`tui/theme.rs`).

use super::Reason;
use super::value::{Lines, entries, nearest, table};
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// What a color means in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The part that has the keyboard, and work that goes on.
    Accent,
    /// What failed, and trouble.
    Trouble,
    /// What waits for the person, and what was interrupted.
    Alert,
    /// What completed.
    Done,
    /// An outcome that is not known, and the agent's screen when it has the keyboard.
    Unknown,
    /// The sign of a page in the status line.
    Page,
    /// What is at rest or of less weight.
    Quiet,
}

pub const ROLES: [(&str, Role); 7] = [
    ("accent", Role::Accent),
    ("trouble", Role::Trouble),
    ("alert", Role::Alert),
    ("done", Role::Done),
    ("unknown", Role::Unknown),
    ("page", Role::Page),
    ("quiet", Role::Quiet),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// The terminal's own color of text.
    Default,
    /// The same, dimmed.
    Dim,
    /// One of the terminal's sixteen.
    Ansi(u8),
    Rgb(u8, u8, u8),
}

/// A color for each role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    pub accent: Ink,
    pub trouble: Ink,
    pub alert: Ink,
    pub done: Ink,
    pub unknown: Ink,
    pub page: Ink,
    pub quiet: Ink,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThemeChoice {
    One(Theme),
    /// The dark or the light one, as the terminal is; where it does not tell, its sixteen colors.
    Auto,
}

/// The terminal's sixteen colors, which follow whatever the person chose there.
pub const TERMINAL: Theme = Theme {
    accent: Ink::Ansi(6),
    trouble: Ink::Ansi(1),
    alert: Ink::Ansi(3),
    done: Ink::Ansi(2),
    unknown: Ink::Ansi(5),
    page: Ink::Ansi(4),
    quiet: Ink::Dim,
};

pub const DARK: Theme = Theme {
    accent: Ink::Rgb(0x74, 0xc7, 0xec),
    trouble: Ink::Rgb(0xf3, 0x7b, 0x84),
    alert: Ink::Rgb(0xe8, 0xc3, 0x6a),
    done: Ink::Rgb(0x8f, 0xcf, 0x86),
    unknown: Ink::Rgb(0xc5, 0x9c, 0xee),
    page: Ink::Rgb(0x86, 0xab, 0xf5),
    quiet: Ink::Rgb(0x8b, 0x93, 0xa3),
};

pub const LIGHT: Theme = Theme {
    accent: Ink::Rgb(0x00, 0x62, 0x7a),
    trouble: Ink::Rgb(0xb0, 0x1b, 0x2e),
    alert: Ink::Rgb(0x80, 0x50, 0x00),
    done: Ink::Rgb(0x1f, 0x6f, 0x2b),
    unknown: Ink::Rgb(0x76, 0x3a, 0x9c),
    page: Ink::Rgb(0x1d, 0x55, 0xb0),
    quiet: Ink::Rgb(0x5f, 0x67, 0x73),
};

/// For dark terminals; nothing is dimmed.
pub const CONTRAST: Theme = Theme {
    accent: Ink::Rgb(0x00, 0xff, 0xff),
    trouble: Ink::Rgb(0xff, 0x6b, 0x6b),
    alert: Ink::Rgb(0xff, 0xff, 0x00),
    done: Ink::Rgb(0x00, 0xff, 0x5f),
    unknown: Ink::Rgb(0xff, 0x8f, 0xff),
    page: Ink::Rgb(0x9f, 0xc5, 0xff),
    quiet: Ink::Default,
};

/// No color at all: shapes and weight tell everything.
pub const PLAIN: Theme = Theme {
    accent: Ink::Default,
    trouble: Ink::Default,
    alert: Ink::Default,
    done: Ink::Default,
    unknown: Ink::Default,
    page: Ink::Default,
    quiet: Ink::Dim,
};

pub const AUTO: &str = "auto";
pub const BUILT_IN: [(&str, Theme); 5] =
    [("terminal", TERMINAL), ("dark", DARK), ("light", LIGHT), ("contrast", CONTRAST), ("plain", PLAIN)];

const BASE: &str = "base";
/// By the numbers of the terminal.
const SIXTEEN: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];

impl Theme {
    pub fn ink(&self, role: Role) -> Ink {
        match role {
            Role::Accent => self.accent,
            Role::Trouble => self.trouble,
            Role::Alert => self.alert,
            Role::Done => self.done,
            Role::Unknown => self.unknown,
            Role::Page => self.page,
            Role::Quiet => self.quiet,
        }
    }

    fn set(&mut self, role: Role, ink: Ink) {
        match role {
            Role::Accent => self.accent = ink,
            Role::Trouble => self.trouble = ink,
            Role::Alert => self.alert = ink,
            Role::Done => self.done = ink,
            Role::Unknown => self.unknown = ink,
            Role::Page => self.page = ink,
            Role::Quiet => self.quiet = ink,
        }
    }
}

/// The theme of this name.
pub fn find(name: &str, own: &BTreeMap<String, Theme>) -> Result<Theme, Reason> {
    let built_in = BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, theme)| *theme);
    built_in.or_else(|| own.get(name).copied()).ok_or_else(|| {
        let known: Vec<&str> = [AUTO]
            .into_iter()
            .chain(BUILT_IN.iter().map(|(known, _)| *known))
            .chain(own.keys().map(String::as_str))
            .collect();
        Reason::NoTheme { name: name.into(), known: known.join(", ") }
    })
}

/// The person's themes: `[themes.NAME]`, each a built-in one with other colors.
pub fn read_own(tables: &DeTable, lines: Lines) -> Result<BTreeMap<String, Theme>, (usize, Reason)> {
    let mut own = BTreeMap::new();
    for (name, value) in entries(tables) {
        let line = lines.of(name.span().start);
        if name.get_ref() == AUTO || BUILT_IN.iter().any(|(known, _)| known == name.get_ref()) {
            return Err((line, Reason::ThemeTaken(name.get_ref().clone().into_owned())));
        }
        let colors = table("themes", value.get_ref()).map_err(|reason| (line, reason))?;
        own.insert(name.get_ref().clone().into_owned(), read_one(colors, lines)?);
    }
    Ok(own)
}

fn read_one(colors: &DeTable, lines: Lines) -> Result<Theme, (usize, Reason)> {
    let mut theme = TERMINAL;
    let base = |key: &str| key == BASE;
    // The base first, wherever it stands: the rest changes it.
    let (bases, roles): (Vec<_>, Vec<_>) = entries(colors).into_iter().partition(|(key, _)| base(key.get_ref()));
    for (key, value) in bases.into_iter().chain(roles) {
        let line = lines.of(key.span().start);
        let role = ROLES.iter().find(|(known, _)| known == key.get_ref()).map(|(_, role)| *role);
        match (role, value.get_ref().as_str()) {
            (Some(role), color) => theme.set(role, ink(key.get_ref(), color).map_err(|reason| (line, reason))?),
            (None, _) if base(key.get_ref()) => {
                theme = super::value::one_of(BASE, value.get_ref(), &BUILT_IN).map_err(|reason| (line, reason))?;
            }
            (None, _) => return Err((line, unknown(key.get_ref(), value.get_ref()))),
        }
    }
    Ok(theme)
}

fn unknown(key: &str, _value: &DeValue) -> Reason {
    let known: Vec<&str> = [BASE].into_iter().chain(ROLES.iter().map(|(known, _)| *known)).collect();
    Reason::UnknownKey { key: key.into(), nearest: nearest(key, &known) }
}

fn ink(key: &str, color: Option<&str>) -> Result<Ink, Reason> {
    let named = |name: &str| SIXTEEN.iter().position(|known| *known == name).and_then(|at| u8::try_from(at).ok());
    let read = color.and_then(|color| match color {
        "default" => Some(Ink::Default),
        "dim" => Some(Ink::Dim),
        name => named(name).map(Ink::Ansi).or_else(|| rgb(name)),
    });
    read.ok_or_else(|| Reason::WrongColor { key: key.into(), wanted: SIXTEEN.join(", ") })
}

/// `#rrggbb`
fn rgb(color: &str) -> Option<Ink> {
    let digits = color.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let part = |from: usize| u8::from_str_radix(digits.get(from..from + 2)?, 16).ok();
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
    Some(Ink::Rgb(part(0)?, part(2)?, part(4)?))
}
