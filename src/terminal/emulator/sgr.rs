//! Reads the usual colours and looks (SGR, `ESC [ ... m`) for the shortcut past the parser.
//!
//! Change here: which attributes are read. They must be what vte makes of them; whatever is not here or looks odd is left to the parser.

use alacritty_terminal::vte::ansi::{Attr, Color, NamedColor, Rgb};

/// Enough for a colour and a background of three numbers each and some looks.
const MOST: usize = 12;
const BASIC: [NamedColor; 16] = [
    NamedColor::Black,
    NamedColor::Red,
    NamedColor::Green,
    NamedColor::Yellow,
    NamedColor::Blue,
    NamedColor::Magenta,
    NamedColor::Cyan,
    NamedColor::White,
    NamedColor::BrightBlack,
    NamedColor::BrightRed,
    NamedColor::BrightGreen,
    NamedColor::BrightYellow,
    NamedColor::BrightBlue,
    NamedColor::BrightMagenta,
    NamedColor::BrightCyan,
    NamedColor::BrightWhite,
];

/// One sequence.
pub(super) struct Sgr {
    pub bytes: usize,
    attributes: [Attr; MOST],
    count: usize,
}

impl Sgr {
    /// Reads the sequence that the bytes begin with, if it is whole and of a usual kind.
    pub fn read(bytes: &[u8]) -> Option<Sgr> {
        let (mut numbers, mut count, mut number) = ([0; MOST], 0, 0u8);
        let parameters = bytes.strip_prefix(b"\x1b[")?;
        for (place, byte) in parameters.iter().enumerate() {
            match byte {
                b'0'..=b'9' => number = number.checked_mul(10)?.checked_add(byte - b'0')?,
                b';' | b'm' => {
                    *numbers.get_mut(count)? = number;
                    (count, number) = (count + 1, 0);
                    if *byte == b'm' {
                        return Sgr::of(&numbers[..count], 2 + place + 1);
                    }
                }
                _ => return None,
            }
        }
        None
    }

    pub fn attributes(self) -> impl Iterator<Item = Attr> {
        self.attributes.into_iter().take(self.count)
    }

    fn of(numbers: &[u8], bytes: usize) -> Option<Sgr> {
        let mut sgr = Sgr { bytes, attributes: [const { Attr::Reset }; MOST], count: 0 };
        let mut numbers = numbers.iter().copied();
        while let Some(number) = numbers.next() {
            let basic = |first: u8| Color::Named(BASIC[usize::from(number - first) % BASIC.len()]);
            sgr.attributes[sgr.count] = match number {
                0 => Attr::Reset,
                1 => Attr::Bold,
                2 => Attr::Dim,
                3 => Attr::Italic,
                4 => Attr::Underline,
                7 => Attr::Reverse,
                22 => Attr::CancelBoldDim,
                23 => Attr::CancelItalic,
                24 => Attr::CancelUnderline,
                27 => Attr::CancelReverse,
                30..=37 => Attr::Foreground(basic(30)),
                38 => Attr::Foreground(color(&mut numbers)?),
                39 => Attr::Foreground(Color::Named(NamedColor::Foreground)),
                40..=47 => Attr::Background(basic(40)),
                48 => Attr::Background(color(&mut numbers)?),
                49 => Attr::Background(Color::Named(NamedColor::Background)),
                90..=97 => Attr::Foreground(basic(90 - 8)),
                100..=107 => Attr::Background(basic(100 - 8)),
                _ => return None,
            };
            sgr.count += 1;
        }
        Some(sgr)
    }
}

fn color(numbers: &mut impl Iterator<Item = u8>) -> Option<Color> {
    match numbers.next()? {
        2 => Some(Color::Spec(Rgb { r: numbers.next()?, g: numbers.next()?, b: numbers.next()? })),
        5 => Some(Color::Indexed(numbers.next()?)),
        _ => None,
    }
}
