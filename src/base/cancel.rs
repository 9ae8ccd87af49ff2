//! The one way to stop long work from outside.
//!
//! The thread that waits for a result cancels; the thread that works looks between its steps and sleeps only through
//! [`CancelToken::sleep`], so that it notices within a moment. A request that was sent is not torn off: its answer may carry a new
//! refresh token.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Somebody cancelled: stop as soon as what is begun is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// Shared between the thread that works and the one that may stop it. Clones are the same token.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    cancelled: Mutex<bool>,
    changed: Condvar,
}

impl CancelToken {
    /// A token nobody has cancelled yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels; every sleeper wakes up.
    pub fn cancel(&self) {
        *self.0.cancelled.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.changed.notify_all();
    }

    /// Whether both are the same token, or clones of one.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        *self.0.cancelled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `Err` once it was cancelled: for `?` between two steps.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }

    /// Sleeps for `duration`, or until cancelled.
    pub fn sleep(&self, duration: Duration) -> Result<(), Cancelled> {
        let end = Instant::now() + duration;
        let mut cancelled = self.0.cancelled.lock().unwrap_or_else(PoisonError::into_inner);
        while !*cancelled {
            let Some(left) = end
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())
            else {
                return Ok(());
            };
            cancelled = self
                .0
                .changed
                .wait_timeout(cancelled, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        Err(Cancelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleeper_wakes_when_cancelled_and_sleeps_out_when_not() {
        let token = CancelToken::new();
        assert_eq!(token.sleep(Duration::from_millis(5)), Ok(()));
        let other = token.clone();
        let sleeper = std::thread::spawn(move || other.sleep(Duration::from_hours(1)));
        token.cancel();
        assert_eq!(sleeper.join().unwrap(), Err(Cancelled));
        assert_eq!(token.check(), Err(Cancelled));
    }
}
