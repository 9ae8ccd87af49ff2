//! Signing in, keeping tokens good, and the job, against the sandbox over real HTTP and a real store.

mod job;
mod one_at_a_time;
mod sign_in;
mod support;
mod tokens;
