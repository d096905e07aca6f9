//! Terminal bytes to pictures, and keys to terminal bytes. Values in, values out.
//!
//! Change here: what a program in a pane may show and ask. Not here: ptys (host) or drawing on the person's terminal (tui).

pub mod clean;
pub mod emulator;
pub mod excerpt;
pub mod filter;
pub mod frame;
pub mod keys;
pub mod line;
pub mod modes;
pub mod paste;
pub mod prelude;
pub mod replies;
pub mod scrollback;
