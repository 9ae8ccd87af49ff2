//! Folders and imports, end to end: the services over the real transport and the real store, against the sandbox.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what these tests share stands outside the functions marked as tests, and a failure there should end the test"
)]

mod ahead;
mod counts;
mod folders;
mod import;
mod messages;
mod support;
