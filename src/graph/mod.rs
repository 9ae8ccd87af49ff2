//! Graph's protocol: one client (retries, throttling, paging, batches) and what mail needs of it. Takes tokens from a small trait and
//! knows no store.

pub mod folders;
pub mod lanes;
pub mod tokens;
pub mod value;
