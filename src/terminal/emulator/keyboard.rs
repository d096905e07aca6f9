//! The flags of kitty's keyboard protocol and their stack, one of each for a screen.

use alacritty_terminal::vte::ansi::{KeyboardModes, KeyboardModesApplyBehavior};

/// Kitty's protocol wants a bounded stack; the emulator's own panics when it is full.
const KEYBOARD_STACK: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Keyboard {
    pub flags: u8,
    stack: Vec<u8>,
}

impl Keyboard {
    pub fn push(&mut self, mode: KeyboardModes) {
        if self.stack.len() == KEYBOARD_STACK {
            self.stack.remove(0);
        }
        self.stack.push(self.flags);
        self.flags = mode.bits();
    }

    pub fn pop(&mut self, count: usize) {
        for _ in 0..count.min(KEYBOARD_STACK) {
            self.flags = self.stack.pop().unwrap_or_default();
        }
    }

    pub fn set(&mut self, mode: KeyboardModes, behavior: KeyboardModesApplyBehavior) {
        self.flags = match behavior {
            KeyboardModesApplyBehavior::Replace => mode.bits(),
            KeyboardModesApplyBehavior::Union => self.flags | mode.bits(),
            KeyboardModesApplyBehavior::Difference => self.flags & !mode.bits(),
        };
    }
}
