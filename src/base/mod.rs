//! Values and decisions without I/O: instants and zones, secrets, accounts, settings, and every failure as one table row.
//!
//! Everything above (store, transport, protocols, services) is built from these; nothing here opens a file or a socket, except for
//! the two smallest doors to the outside, [`clock::SystemClock`] and [`random::OsRandom`].

pub mod account;
pub mod budget;
pub mod cancel;
pub mod clock;
pub mod failure;
pub mod language;
pub mod log;
pub mod problem;
pub mod random;
pub mod secret;
pub mod settings;
pub mod zone;
