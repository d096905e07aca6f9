//! The closed list of answers that a program may get from its terminal.
//!
//! Change here: a new answer, with its shape in `emulator/tests/answers.rs`. An answer is made of our constants and of numbers:
//! no title, clipboard, file or unknown field is ever sent back, because a program could make them type commands.

/// Answers that nobody fetches pile up no further than this: 200,000 queries of a program that never reads made 1.2 MB in other hosts.
const UNTAKEN_BYTES: usize = 64 * 1024;

/// A colour as red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// The real colours of the person's terminal, as far as it told them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Colors {
    pub foreground: Option<Rgb>,
    pub background: Option<Rgb>,
    pub palette: [Option<Rgb>; 16],
}

/// How a program ended its question; the answer ends alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminator {
    Bell,
    StringTerminator,
}

/// Whether a mode is known and set, as DECRPM says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModeState {
    Unknown = 0,
    Set = 1,
    Reset = 2,
}

impl From<bool> for ModeState {
    fn from(set: bool) -> ModeState {
        if set { ModeState::Set } else { ModeState::Reset }
    }
}

/// Answers in the order of the questions, until the owner takes them.
#[derive(Debug, Default)]
pub struct Replies {
    untaken: Vec<u8>,
    dropped: u64,
}

impl Replies {
    /// All answers since the last call.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.untaken)
    }

    /// Answers that were dropped because nobody took those before them.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn push(&mut self, reply: &[u8]) {
        if self.untaken.len() + reply.len() > UNTAKEN_BYTES {
            self.dropped += 1;
        } else {
            self.untaken.extend_from_slice(reply);
        }
    }

    /// DA1: a VT220 with colour.
    pub fn primary_attributes(&mut self) {
        self.push(b"\x1b[?62;22c");
    }

    /// DA2: the number says VT220; the version is not ours to tell here (XTVERSION does).
    pub fn secondary_attributes(&mut self) {
        self.push(b"\x1b[>1;1;0c");
    }

    pub fn version(&mut self) {
        self.push(b"\x1bP>|threadkeep\x1b\\");
    }

    /// The program status protocol (OSC 7501) is understood. Programs ask for it right before DA1 and take an answer that comes after
    /// that one's as none.
    pub fn program_status(&mut self) {
        self.push(b"\x1b]7501;?\x1b\\");
    }

    pub fn status_ok(&mut self) {
        self.push(b"\x1b[0n");
    }

    /// CPR, counted from 1.
    pub fn cursor_position(&mut self, row: usize, column: usize) {
        self.push(format!("\x1b[{row};{column}R").as_bytes());
    }

    pub fn private_mode(&mut self, mode: u16, state: ModeState) {
        self.push(format!("\x1b[?{mode};{}$y", state as u8).as_bytes());
    }

    pub fn public_mode(&mut self, mode: u16, state: ModeState) {
        self.push(format!("\x1b[{mode};{}$y", state as u8).as_bytes());
    }

    pub fn kitty_flags(&mut self, flags: u8) {
        self.push(format!("\x1b[?{flags}u").as_bytes());
    }

    pub fn size_in_cells(&mut self, rows: usize, columns: usize) {
        self.push(format!("\x1b[8;{rows};{columns}t").as_bytes());
    }

    /// Answers OSC 4, 10 and 11 questions (`4;1;?`, `10;?;?`) with the colours that are known, and is silent on the rest.
    pub fn colors(&mut self, payload: &[u8], terminator: Terminator, colors: &Colors) {
        let mut fields = payload.split(|byte| *byte == b';');
        match fields.next() {
            Some(b"4") => {
                while let (Some(index), Some(question)) = (fields.next(), fields.next()) {
                    let index = std::str::from_utf8(index).ok().and_then(|text| text.parse::<u8>().ok());
                    let Some(index) = index.filter(|_| question == b"?") else { continue };
                    if let Some(Some(rgb)) = colors.palette.get(usize::from(index)) {
                        self.color(&format!("4;{index}"), *rgb, terminator);
                    }
                }
            }
            // `10;?;?` asks for 10 and 11, as in xterm.
            Some(b"10") => {
                let known = [("10", colors.foreground), ("11", colors.background)];
                for ((name, color), question) in known.into_iter().zip(fields) {
                    if let Some(rgb) = color.filter(|_| question == b"?") {
                        self.color(name, rgb, terminator);
                    }
                }
            }
            Some(b"11") => {
                if let Some(rgb) = colors.background.filter(|_| fields.next() == Some(b"?")) {
                    self.color("11", rgb, terminator);
                }
            }
            _ => (),
        }
    }

    fn color(&mut self, name: &str, Rgb(red, green, blue): Rgb, terminator: Terminator) {
        let end = match terminator {
            Terminator::Bell => "\x07",
            Terminator::StringTerminator => "\x1b\\",
        };
        self.push(
            format!("\x1b]{name};rgb:{red:02x}{red:02x}/{green:02x}{green:02x}/{blue:02x}{blue:02x}{end}").as_bytes(),
        );
    }
}
