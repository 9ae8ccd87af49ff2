//! What the product does: sign in, keep tokens good, find folders, read and move mails, import them, test a connection.
//!
//! Every operation takes a [`Context`](context::Context) (settings, clock, randomness, transport, store, cancellation) and blocks
//! until it is done. None of them knows who calls: callbacks are plain traits and closures.

pub mod accounts;
pub mod ahead;
pub mod connection_test;
pub mod context;
pub mod file_target;
pub mod folders;
pub mod import;
pub mod mailbox;
pub mod messages;
pub mod refresh_job;
pub mod sign_in;
pub mod token_status;
pub mod tokens;
