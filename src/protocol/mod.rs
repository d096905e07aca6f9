//! The words between a client and the host: closed enums, and how they lie on the wire.
//!
//! Change here: what can be asked and told. Not here: who answers (host) or asks (cli, tui).

pub mod codec;
pub mod message;
