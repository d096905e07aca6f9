//! What a program has asked of its terminal, as far as it changes the bytes that we send to it.
//!
//! Change here: a mode that keys, mouse, focus or paste must know. Not here: setting modes (`emulator/control.rs`).

/// The modes of one screen at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Modes {
    pub cursor_keys: CursorKeys,
    pub keypad: Keypad,
    pub bracketed_paste: bool,
    pub mouse: MouseMode,
    pub mouse_encoding: MouseEncoding,
    pub focus_events: bool,
    pub alternate_screen: bool,
    /// The wheel means arrow keys while the alternate screen shows and the program takes no mouse.
    pub alternate_scroll: bool,
    /// The kitty keyboard flags: the bits of `Modes::DISAMBIGUATE` and its neighbours.
    pub kitty: u8,
    /// The program is between the begin and the end of a synchronized update: hold pictures back, 150 ms at most.
    pub sync: bool,
}

impl Modes {
    pub const DISAMBIGUATE: u8 = 1;
    pub const EVENT_TYPES: u8 = 2;
    pub const ALTERNATE_KEYS: u8 = 4;
    pub const ALL_KEYS: u8 = 8;
    pub const ASSOCIATED_TEXT: u8 = 16;
}

/// A mode that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switched {
    On,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CursorKeys {
    #[default]
    Normal,
    Application,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keypad {
    #[default]
    Numeric,
    Application,
}

/// Which mouse events a program wants; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum MouseMode {
    #[default]
    None,
    Click,
    Drag,
    Motion,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MouseEncoding {
    #[default]
    Bytes,
    Utf8,
    Sgr,
}
