//! The time that all retries and throttle waits of one call may take together (`squeeze_graph.retry_budget`).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The time left for retries and throttle waits. Shared by everything that works for one call.
#[derive(Debug)]
pub struct Budget(Mutex<Duration>);

impl Budget {
    /// A budget of so much.
    pub const fn new(time: Duration) -> Self {
        Self(Mutex::new(time))
    }

    /// Takes `wait` out of the budget; false, and nothing taken, if that much is not left.
    pub fn take(&self, wait: Duration) -> bool {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match left.checked_sub(wait) {
            Some(rest) => {
                *left = rest;
                true
            }
            None => false,
        }
    }

    /// What is left.
    pub fn left(&self) -> Duration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes out time that a repeated request has already used, down to nothing.
    pub fn spend(&self, used: Duration) {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *left = left.saturating_sub(used);
    }
}
