//! The store against everything it must withstand: what is kept, who may open it, broken files, many processes, forks and kills.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in what its cases share"
)]

mod broken;
mod child;
mod kept;
mod keys;
mod leases;
mod processes;
mod support;
