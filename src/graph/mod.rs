//! Graph's protocol: one client (retries, throttling, paging, batches) and what mail needs of it. Takes tokens from a small trait and
//! knows no store.

pub mod attachments;
pub mod batch;
pub mod client;
pub mod download;
pub mod error;
pub mod folders;
pub mod lanes;
pub mod mailbox;
pub mod message;
pub mod messages;
pub mod moves;
pub mod page;
pub mod path;
pub mod reachability;
pub mod retry;
pub mod tokens;
pub mod value;
