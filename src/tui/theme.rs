//! The colors of the window. Its parts are drawn in roles, each of which has one of the names below; when a picture is done, each role gets
//! the color that the theme has for it. An agent's own picture has none of these names (its sixteen colors are numbers), so it stays as it is.
//!
//! Change here: how a color is said to a terminal that has fewer. Not here: roles and themes (`config/theme.rs`).

use super::background::Background;
use crate::config::Config;
use crate::config::theme::{Ink, PLAIN, ROLES, Role, TERMINAL, Theme, ThemeChoice};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

pub const ACCENT: Color = Color::Cyan;
pub const TROUBLE: Color = Color::Red;
pub const ALERT: Color = Color::Yellow;
pub const DONE: Color = Color::Green;
pub const UNKNOWN: Color = Color::Magenta;
pub const PAGE: Color = Color::Blue;
pub const QUIET: Color = Color::Gray;

/// How many colors the person's terminal has, or wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colors {
    None,
    Sixteen,
    Indexed,
    True,
}

/// What the environment says of the terminal.
pub fn colors(variable: impl Fn(&str) -> Option<String>) -> Colors {
    let is = |name: &str, one_of: &[&str]| variable(name).is_some_and(|value| one_of.contains(&value.as_str()));
    let term = variable("TERM").unwrap_or_default();
    if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) || term == "dumb" || term == "vt100" {
        Colors::None
    } else if is("COLORTERM", &["truecolor", "24bit"]) || term.ends_with("-direct") {
        Colors::True
    } else if term.contains("256color") {
        Colors::Indexed
    } else {
        Colors::Sixteen
    }
}

/// The theme in force.
pub fn in_force(config: &Config, background: Option<Background>, colors: Colors) -> Theme {
    let chosen = match (config.theme, background) {
        (ThemeChoice::One(theme), _) => theme,
        (ThemeChoice::Auto, Some(Background::Dark)) => config.dark_theme,
        (ThemeChoice::Auto, Some(Background::Light)) => config.light_theme,
        (ThemeChoice::Auto, None) => TERMINAL,
    };
    let is_rgb = |(_, role): &(&str, Role)| matches!(chosen.ink(*role), Ink::Rgb(..));
    match colors {
        Colors::None => PLAIN,
        Colors::Sixteen if ROLES.iter().any(is_rgb) => TERMINAL,
        Colors::Sixteen | Colors::Indexed | Colors::True => chosen,
    }
}

/// Gives each role in the picture its color.
pub fn paint(buffer: &mut Buffer, theme: &Theme, colors: Colors) {
    for cell in &mut buffer.content {
        if let Some(role) = role(cell.fg) {
            let (color, modifier) = drawn(theme.ink(role), colors);
            cell.fg = color;
            cell.modifier |= modifier;
        }
        paint_background(cell, theme, colors);
    }
}

fn paint_background(cell: &mut Cell, theme: &Theme, colors: Colors) {
    if let Some(role) = role(cell.bg) {
        cell.bg = drawn(theme.ink(role), colors).0;
    }
}

fn role(color: Color) -> Option<Role> {
    match color {
        ACCENT => Some(Role::Accent),
        TROUBLE => Some(Role::Trouble),
        ALERT => Some(Role::Alert),
        DONE => Some(Role::Done),
        UNKNOWN => Some(Role::Unknown),
        PAGE => Some(Role::Page),
        QUIET => Some(Role::Quiet),
        _ => None,
    }
}

fn drawn(ink: Ink, colors: Colors) -> (Color, Modifier) {
    match ink {
        Ink::Default => (Color::Reset, Modifier::empty()),
        Ink::Dim => (Color::Reset, Modifier::DIM),
        Ink::Ansi(number) => (sixteen(number), Modifier::empty()),
        Ink::Rgb(red, green, blue) if colors == Colors::True => (Color::Rgb(red, green, blue), Modifier::empty()),
        Ink::Rgb(red, green, blue) => (Color::Indexed(nearest(red, green, blue)), Modifier::empty()),
    }
}

fn sixteen(number: u8) -> Color {
    match number {
        0 => Color::Black,
        1 => Color::Red,
        2 => Color::Green,
        3 => Color::Yellow,
        4 => Color::Blue,
        5 => Color::Magenta,
        6 => Color::Cyan,
        7 => Color::Gray,
        8 => Color::DarkGray,
        9 => Color::LightRed,
        10 => Color::LightGreen,
        11 => Color::LightYellow,
        12 => Color::LightBlue,
        13 => Color::LightMagenta,
        14 => Color::LightCyan,
        15 => Color::White,
        other => Color::Indexed(other),
    }
}

/// The steps of one part in the cube of 6 by 6 by 6 colors that most terminals have at 16 to 231.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The nearest color of that cube, or of the 24 greys behind it.
fn nearest(red: u8, green: u8, blue: u8) -> u8 {
    let of_cube = |part: u8| {
        let near = |step: &(u8, u8)| step.1.abs_diff(part);
        (0..).zip(STEPS).min_by_key(near).unwrap_or((0, 0))
    };
    let apart = |one: (u8, u8, u8)| {
        [(one.0, red), (one.1, green), (one.2, blue)]
            .into_iter()
            .map(|(one, other)| u32::from(one.abs_diff(other)).pow(2))
            .sum::<u32>()
    };
    let [(r, red_step), (g, green_step), (b, blue_step)] = [red, green, blue].map(of_cube);
    let cube = (16 + 36 * r + 6 * g + b, apart((red_step, green_step, blue_step)));
    let greys = (0..24_u8).map(|number| (232 + number, apart((8 + 10 * number, 8 + 10 * number, 8 + 10 * number))));
    [cube].into_iter().chain(greys).min_by_key(|(_, apart)| *apart).map_or(cube.0, |(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::theme::{CONTRAST, DARK, LIGHT};

    #[test]
    fn the_environment_tells_how_many_colors_there_are() {
        for (variables, wanted) in [
            (&[("TERM", "xterm-256color")][..], Colors::Indexed),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], Colors::True),
            (&[("TERM", "xterm"), ("COLORTERM", "24bit")], Colors::True),
            (&[("TERM", "xterm-direct")], Colors::True),
            (&[("TERM", "linux")], Colors::Sixteen),
            (&[("TERM", "dumb")], Colors::None),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("NO_COLOR", "1")], Colors::None),
            (&[("TERM", "linux"), ("NO_COLOR", "")], Colors::Sixteen),
        ] {
            let variable =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(colors(variable), wanted, "{variables:?}");
        }
    }

    #[test]
    fn auto_follows_the_terminal_and_fewer_colors_give_way() {
        let auto = Config { theme: ThemeChoice::Auto, dark_theme: CONTRAST, ..Config::default() };
        assert_eq!(in_force(&auto, None, Colors::True), TERMINAL);
        assert_eq!(in_force(&auto, Some(Background::Dark), Colors::True), CONTRAST);
        assert_eq!(in_force(&auto, Some(Background::Light), Colors::Indexed), LIGHT);
        assert_eq!(in_force(&auto, Some(Background::Light), Colors::Sixteen), TERMINAL);
        assert_eq!(in_force(&auto, Some(Background::Light), Colors::None), PLAIN);
        let own = Theme { accent: Ink::Ansi(13), ..TERMINAL };
        let own = Config { theme: ThemeChoice::One(own), ..Config::default() };
        assert_eq!(in_force(&own, None, Colors::Sixteen).accent, Ink::Ansi(13));
    }

    #[test]
    fn the_nearest_of_256_colors_is_taken() {
        for ((red, green, blue), number) in [
            ((0, 0, 0), 16),
            ((255, 255, 255), 231),
            ((255, 0, 0), 196),
            ((0x74, 0xc7, 0xec), 117),
            ((128, 128, 128), 244),
        ] {
            assert_eq!(nearest(red, green, blue), number);
        }
    }

    #[test]
    fn roles_are_painted_and_the_colors_of_an_agent_stay() {
        let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 5, 1));
        let agents = [Color::Indexed(6), Color::Rgb(1, 2, 3), Color::Reset];
        for (at, color) in agents.into_iter().chain([ACCENT, QUIET]).enumerate() {
            buffer.content[at].fg = color;
        }
        buffer.content[3].bg = TROUBLE;
        let before = buffer.clone();
        paint(&mut buffer, &TERMINAL, Colors::Sixteen);
        assert_eq!(buffer.content[..4], before.content[..4], "the default is the terminal's own");
        assert_eq!((buffer.content[4].fg, buffer.content[4].modifier), (Color::Reset, Modifier::DIM));
        let mut buffer = before.clone();
        paint(&mut buffer, &DARK, Colors::True);
        assert_eq!(buffer.content[..3], before.content[..3]);
        assert_eq!(buffer.content[3].fg, Color::Rgb(0x74, 0xc7, 0xec));
        assert_eq!(buffer.content[3].bg, Color::Rgb(0xf3, 0x7b, 0x84));
        assert!(buffer.content[4].modifier.is_empty());
    }
}
