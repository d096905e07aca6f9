//! Reads the configuration: text to a `Config` that cannot be wrong. What is not understood is an error with its line, never passed over.
//!
//! Change here: a key is a field, a line in `Config::default`, an arm in `set` and a paragraph in `assets/config.toml`, which is the reference.
//! Tables have a file each. Not here: where the file lies (`paths.rs`), when it is read anew (tui, host) or what the keys do (tui, which knows
//! the names of the actions).

pub mod changes;
pub mod key_name;
pub mod keys;
pub mod notify;
pub mod theme;
mod value;
pub mod watch;

use crate::terminal::keys::{Key, KeyCode, Modifiers};
use changes::Changes;
use keys::Bound;
use notify::Notify;
use std::collections::BTreeMap;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use theme::{Theme, ThemeChoice};
use toml::de::{DeTable, DeValue};
use value::{Lines, Name, Value, entries, nearest, number, one_of, table, text};

/// The commented file with all defaults. Actions and their keys follow in what `threadkeep config default` prints.
pub const REFERENCE: &str = include_str!("../assets/config.toml");

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The profile of a new tab.
    pub default_agent: String,
    /// The key before every command.
    pub prefix: Key,
    /// Who has the keyboard when a tab opens.
    pub start_keyboard: Keyboard,
    pub turn_panel: TurnPanel,
    pub turn_panel_columns: u16,
    /// From the prefix to the help with the keys.
    pub which_key_ms: u32,
    pub animation: Animation,
    /// A program and its arguments that takes what is copied; empty: the terminal does.
    pub copy_command: Vec<String>,
    pub theme: ThemeChoice,
    /// What `auto` is on a dark and on a light terminal.
    pub dark_theme: Theme,
    pub light_theme: Theme,
    pub notify: Notify,
    pub changes: Changes,
    /// Keys that the person gave to actions, in the order of the file.
    pub keys: Vec<Bound>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyboard {
    Composer,
    Agent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnPanel {
    Right,
    Hidden,
}

/// Whether anything may move by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Animation {
    /// The time of a running turn goes on by seconds.
    Moving,
    /// By minutes: else only what happens changes the window, so that a screen reader is not told the time.
    Still,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("could not read the configuration {path} ({source}); mend or remove it")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path}, line {line}: {reason}")]
    Line { path: PathBuf, line: usize, reason: Reason },
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("{0}")]
    Syntax(String),
    #[error("there is no key `{key}`; did you mean `{nearest}`?")]
    UnknownKey { key: String, nearest: String },
    #[error("`{key}` is {wanted}, not {found}")]
    WrongType { key: &'static str, wanted: &'static str, found: &'static str },
    #[error("`{key}` cannot be \"{found}\"; write one of {wanted}")]
    WrongWord { key: &'static str, found: String, wanted: String },
    #[error("`{key}` cannot be {found}; write a number from {least} to {most}")]
    WrongNumber { key: &'static str, found: String, least: u32, most: u32 },
    #[error("`{key}`: {reason}")]
    WrongKeyName { key: &'static str, reason: key_name::KeyNameError },
    #[error(
        "`prefix` cannot be \"{0}\": that key is needed for typing; take one with ctrl or alt (but not ctrl-h, ctrl-i, ctrl-j, ctrl-m or ctrl-[) or f1 to f24"
    )]
    PrefixNeededForTyping(String),
    #[error("`{key}` is no color; write \"#rrggbb\", \"default\", \"dim\", or one of {wanted}")]
    WrongColor { key: String, wanted: String },
    #[error("there is no theme `{name}`; there are {known}")]
    NoTheme { name: String, known: String },
    #[error("`{0}` is the name of a theme that is built in; take another one")]
    ThemeTaken(String),
    #[error("`{key}` must not be empty: {wanted}")]
    Empty { key: &'static str, wanted: &'static str },
    #[error("\"{0}\" is needed for typing there; take a key with ctrl or alt, or f1 to f24")]
    NeededForTyping(String),
    /// What the window says of a key that was given to an action.
    #[error("{0}")]
    Binding(String),
    #[error("`default_agent` is empty; write the name of a profile, for example \"shell\"")]
    NoAgent,
}

/// A panel narrower than this shows no word whole; a wider one leaves the agent nothing on any screen we know.
const TURN_PANEL_COLUMNS: RangeInclusive<u32> = 20..=200;

/// Up to a minute; who wants the help never can wait that long.
const WHICH_KEY_MS: RangeInclusive<u32> = 0..=60_000;

const DEFAULT_AGENT: &str = "default_agent";
const PREFIX: &str = "prefix";
const START_KEYBOARD: &str = "start_keyboard";
const TURN_PANEL: &str = "turn_panel";
const TURN_PANEL_COLUMNS_KEY: &str = "turn_panel_columns";
const WHICH_KEY_MS_KEY: &str = "which_key_ms";
const ANIMATION: &str = "animation";
const COPY_COMMAND: &str = "copy_command";
const THEME: &str = "theme";
const DARK_THEME: &str = "dark_theme";
const LIGHT_THEME: &str = "light_theme";
const THEMES: &str = "themes";
const NOTIFY: &str = "notify";
const CHANGES: &str = "changes";
const KEYS_TABLE: &str = "keys";
pub const KEYS: [&str; 15] = [
    DEFAULT_AGENT,
    PREFIX,
    START_KEYBOARD,
    TURN_PANEL,
    TURN_PANEL_COLUMNS_KEY,
    WHICH_KEY_MS_KEY,
    ANIMATION,
    COPY_COMMAND,
    THEME,
    DARK_THEME,
    LIGHT_THEME,
    THEMES,
    NOTIFY,
    CHANGES,
    KEYS_TABLE,
];

impl Default for Config {
    fn default() -> Config {
        Config {
            default_agent: "shell".into(),
            prefix: Key { code: KeyCode::Char(']'), modifiers: Modifiers::CONTROL },
            start_keyboard: Keyboard::Composer,
            turn_panel: TurnPanel::Right,
            turn_panel_columns: 38,
            which_key_ms: 400,
            animation: Animation::Moving,
            copy_command: Vec::new(),
            theme: ThemeChoice::One(theme::TERMINAL),
            dark_theme: theme::DARK,
            light_theme: theme::LIGHT,
            notify: Notify::default(),
            changes: Changes::default(),
            keys: Vec::new(),
        }
    }
}

/// The themes that the file names, each with the line it is named in; settled once all tables are read.
#[derive(Default)]
struct Named {
    theme: Option<(usize, String)>,
    dark: Option<(usize, String)>,
    light: Option<(usize, String)>,
    own: BTreeMap<String, Theme>,
}

impl Config {
    /// Reads the file; where there is none, everything is as by default.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Config::default()),
            Err(source) => return Err(ConfigError::Read { path: path.into(), source }),
        };
        Config::parse(&text).map_err(|(line, reason)| ConfigError::Line { path: path.into(), line, reason })
    }

    /// The first thing that is wrong, with its line counted from 1.
    pub fn parse(text: &str) -> Result<Config, (usize, Reason)> {
        let lines = Lines(text);
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            (lines.of(at), Reason::Syntax(error.message().into()))
        })?;
        let mut config = Config::default();
        let mut named = Named::default();
        for (key, value) in entries(table.get_ref()) {
            config.set(key, value, lines, &mut named)?;
        }
        config.settle_themes(named)?;
        Ok(config)
    }

    fn set(&mut self, key: &Name, value: &Value, lines: Lines, named: &mut Named) -> Result<(), (usize, Reason)> {
        let line = lines.of(key.span().start);
        match key.get_ref().as_ref() {
            NOTIFY => self.notify.read(table(NOTIFY, value.get_ref()).map_err(|reason| (line, reason))?, lines),
            CHANGES => self.changes.read(table(CHANGES, value.get_ref()).map_err(|reason| (line, reason))?, lines),
            KEYS_TABLE => {
                let tables = table(KEYS_TABLE, value.get_ref()).map_err(|reason| (line, reason))?;
                self.keys = keys::read(tables, lines)?;
                Ok(())
            }
            THEMES => {
                let tables = table(THEMES, value.get_ref()).map_err(|reason| (line, reason))?;
                named.own = theme::read_own(tables, lines)?;
                Ok(())
            }
            plain => self.set_plain(plain, value.get_ref(), line, named).map_err(|reason| (line, reason)),
        }
    }

    fn set_plain(&mut self, key: &str, value: &DeValue, line: usize, named: &mut Named) -> Result<(), Reason> {
        match key {
            DEFAULT_AGENT => {
                let agent = text(DEFAULT_AGENT, value)?.trim();
                self.default_agent = if agent.is_empty() { return Err(Reason::NoAgent) } else { agent.into() };
            }
            PREFIX => self.prefix = prefix(text(PREFIX, value)?)?,
            START_KEYBOARD => {
                let words = [("composer", Keyboard::Composer), ("agent", Keyboard::Agent)];
                self.start_keyboard = one_of(START_KEYBOARD, value, &words)?;
            }
            TURN_PANEL => {
                let words = [("right", TurnPanel::Right), ("hidden", TurnPanel::Hidden)];
                self.turn_panel = one_of(TURN_PANEL, value, &words)?;
            }
            TURN_PANEL_COLUMNS_KEY => {
                self.turn_panel_columns = number(TURN_PANEL_COLUMNS_KEY, value, TURN_PANEL_COLUMNS)?;
            }
            WHICH_KEY_MS_KEY => self.which_key_ms = number(WHICH_KEY_MS_KEY, value, WHICH_KEY_MS)?,
            ANIMATION => {
                self.animation = match value::yes_or_no(ANIMATION, value)? {
                    true => Animation::Moving,
                    false => Animation::Still,
                };
            }
            COPY_COMMAND => self.copy_command = value::command(COPY_COMMAND, value)?,
            THEME => named.theme = Some((line, text(THEME, value)?.into())),
            DARK_THEME => named.dark = Some((line, text(DARK_THEME, value)?.into())),
            LIGHT_THEME => named.light = Some((line, text(LIGHT_THEME, value)?.into())),
            _ => return Err(Reason::UnknownKey { key: key.into(), nearest: nearest(key, &KEYS) }),
        }
        Ok(())
    }

    fn settle_themes(&mut self, named: Named) -> Result<(), (usize, Reason)> {
        let find = |(line, name): (usize, String)| theme::find(&name, &named.own).map_err(|reason| (line, reason));
        if let Some(dark) = named.dark {
            self.dark_theme = find(dark)?;
        }
        if let Some(light) = named.light {
            self.light_theme = find(light)?;
        }
        match named.theme {
            Some((_, name)) if name == theme::AUTO => self.theme = ThemeChoice::Auto,
            Some(theme) => self.theme = ThemeChoice::One(find(theme)?),
            None => {}
        }
        Ok(())
    }
}

/// A key that nobody types text with.
fn prefix(name: &str) -> Result<Key, Reason> {
    let key = key_name::parse(name).map_err(|reason| Reason::WrongKeyName { key: PREFIX, reason })?;
    if is_typing(key) { Err(Reason::PrefixNeededForTyping(name.into())) } else { Ok(key) }
}

/// Whether people type text with this key. Terminals send backspace, tab, newline, enter and escape for five keys with ctrl.
pub fn is_typing(key: Key) -> bool {
    match key.code {
        KeyCode::Function(_) => false,
        KeyCode::Char('h' | 'i' | 'j' | 'm' | '[') => key.modifiers == Modifiers::CONTROL || !is_held(key.modifiers),
        _ => !is_held(key.modifiers),
    }
}

/// Whether anything but shift is held.
fn is_held(modifiers: Modifiers) -> bool {
    [Modifiers::CONTROL, Modifiers::ALT, Modifiers::SUPER].into_iter().any(|modifier| modifiers.has(modifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_file_is_the_default_and_names_every_key() {
        assert_eq!(Config::parse(REFERENCE), Ok(Config::default()));
        for key in KEYS.iter().chain(&notify::KEYS).chain(&changes::KEYS) {
            let stands = |line: &str| line.starts_with(&format!("{key} = ")) || line == format!("[{key}]");
            assert!(REFERENCE.lines().any(stands), "{key}");
        }
        for (role, _) in theme::ROLES {
            assert!(REFERENCE.contains(&format!("# {role} = ")), "{role}");
        }
    }

    #[test]
    fn a_missing_file_is_the_default_and_one_that_cannot_be_read_is_told() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("config.toml");
        assert_eq!(Config::load(&path).unwrap(), Config::default());
        std::fs::write(&path, "which_key_ms = 0\r\n").unwrap();
        assert_eq!(Config::load(&path).unwrap(), Config { which_key_ms: 0, ..Config::default() });
        std::fs::write(&path, "\n\nfoo = 1").unwrap();
        let told = Config::load(&path).unwrap_err().to_string();
        assert!(told.contains("config.toml, line 3: there is no key `foo`"), "{told}");
        assert!(matches!(Config::load(folder.path()), Err(ConfigError::Read { .. })));
    }

    #[test]
    fn every_key_is_read() {
        let text = r##"
            default_agent = "other"
            prefix = "alt-space"
            start_keyboard = "agent"
            turn_panel = "hidden"
            turn_panel_columns = 0x40
            which_key_ms = 1_000
            animation = false
            copy_command = ["wl-copy", "-n"]
            theme = "mine"
            dark_theme = "contrast"
            light_theme = "mine"
            [themes.mine]
            accent = "#010aFF"
            quiet = "bright-black"
            alert = "default"
            base = "dark"
            [notify]
            done = []
            failed = ["desktop"]
            needs_you = ["terminal", "command"]
            after_seconds = 0
            terminal = "osc99"
            desktop = "always"
            command = ["tell", "--me"]
            [changes]
            note = false
            [keys.composer]
            undo = ["alt-u", "ctrl-shift-up"]
        "##;
        let mine = Theme {
            accent: theme::Ink::Rgb(1, 10, 255),
            quiet: theme::Ink::Ansi(8),
            alert: theme::Ink::Default,
            ..theme::DARK
        };
        let wanted = Config {
            default_agent: "other".into(),
            prefix: Key { code: KeyCode::Char(' '), modifiers: Modifiers::ALT },
            start_keyboard: Keyboard::Agent,
            turn_panel: TurnPanel::Hidden,
            turn_panel_columns: 64,
            which_key_ms: 1000,
            animation: Animation::Still,
            copy_command: vec!["wl-copy".into(), "-n".into()],
            theme: ThemeChoice::One(mine),
            dark_theme: theme::CONTRAST,
            light_theme: mine,
            notify: Notify {
                done: notify::Ways::NONE,
                failed: notify::Ways { desktop: true, ..notify::Ways::NONE },
                needs_you: notify::Ways { desktop: false, ..notify::Ways::ALL },
                after_seconds: 0,
                terminal: notify::Terminal::Osc99,
                desktop: notify::Desktop::Always,
                command: vec!["tell".into(), "--me".into()],
            },
            changes: Changes { noting: changes::Noting::Off },
            keys: vec![Bound {
                place: keys::KeyPlace::Composer,
                action: "undo".into(),
                keys: vec![
                    Key { code: KeyCode::Char('u'), modifiers: Modifiers::ALT },
                    Key { code: KeyCode::Up, modifiers: Modifiers::CONTROL.with(Modifiers::SHIFT) },
                ],
                line: 29,
            }],
        };
        assert_eq!(Config::parse(text), Ok(wanted));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_the_way_out() {
        for (text, line, told) in [
            ("prefix = ", 1, ""),
            ("\nturn_panel = \"right\"\nturn_panel = \"right\"", 3, "duplicate"),
            ("\nprefx = \"ctrl-a\"", 2, "did you mean `prefix`"),
            ("turn_panel_cols = 3", 1, "did you mean `turn_panel_columns`"),
            ("# one\n[kezs]\nprefix = \"f1\"", 2, "did you mean `keys`"),
            ("keys = 1", 1, "a table, not integer"),
            ("[keys.prefx]", 1, "did you mean `prefix`"),
            ("animation = 1", 1, "true or false, not integer"),
            ("a = 1\ntheme = \"dark\"", 1, "no key `a`"),
            ("\ntheme = \"drak\"\n[themes.mine]", 2, "auto, terminal, dark, light, contrast, plain, mine"),
            ("[themes.dark]", 1, "built in"),
            ("[themes.x]\naccent = \"#12345\"", 2, "`accent` is no color"),
            ("[themes.x]\naccent = \"#+12345\"", 2, "`accent` is no color"),
            ("[themes.x]\nacent = \"red\"", 2, "did you mean `accent`"),
            ("[themes.x]\nbase = \"mine\"", 2, "one of \"terminal\""),
            ("[changes]\nnotes = false", 2, "no key `changes.notes`; did you mean `note`"),
            ("[changes]\nnote = \"no\"", 2, "true or false, not string"),
            ("[notify]\n\ndone = \"terminal\"", 3, "a list, not string"),
            ("[notify]\nfailed = [\"mail\"]", 2, "one of \"terminal\", \"desktop\", \"command\""),
            ("[notify]\nafter_second = 1", 2, "did you mean `after_seconds`"),
            ("[notify]\ncommand = [\"\"]", 2, "names the program"),
            ("[notify]\ncommand = \"tell me\"", 2, "a list, not string"),
            ("zzz = 1\ndefault_agent = 1", 1, "no key `zzz`"),
            ("default_agent = 1", 1, "a text in quotes, not integer"),
            ("default_agent = \" \"", 1, "is empty"),
            ("start_keyboard = \"Agent\"", 1, "one of \"composer\", \"agent\""),
            ("turn_panel = true", 1, "not boolean"),
            ("turn_panel_columns = 19", 1, "from 20 to 200"),
            ("turn_panel_columns = 1e2", 1, "a number, not float"),
            ("which_key_ms = -1", 1, "from 0 to 60000"),
            ("which_key_ms = 99999999999999999999", 1, ""),
            ("prefix = \"ctrl-xy\"", 1, "`xy` is not a key"),
            ("prefix = \"a\"", 1, "needed for typing"),
            ("prefix = \"shift-up\"", 1, "needed for typing"),
            ("prefix = \"ctrl-m\"", 1, "needed for typing"),
            ("prefix = \"ctrl-[\"", 1, "needed for typing"),
        ] {
            let (found, reason) = Config::parse(text).unwrap_err();
            assert_eq!(found, line, "{text}: {reason}");
            assert!(reason.to_string().contains(told), "{text}: {reason}");
        }
        assert!(Config::parse("prefix = \"ctrl-alt-m\"").is_ok());
    }
}
