//! Signing in, keeping tokens good, and the job, against the sandbox over real HTTP and a real store.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what fails here fails the test"
)]

mod certificate;
mod job;
mod killed;
mod one_at_a_time;
mod process;
mod readers;
mod sign_in;
mod support;
mod tokens;
