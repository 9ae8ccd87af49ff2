//! What an operation works with. Made anew for each call from what the process keeps warm.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::base::cancel::CancelToken;
use crate::base::clock::Clock;
use crate::base::log::Log;
use crate::base::random::Random;
use crate::base::settings::Settings;
use crate::store::Store;
use crate::transport::Transport;

/// Everything an operation works with; cheap to clone, and clones share budget and cancellation.
#[derive(Clone)]
pub struct Context {
    /// The settings of this call.
    pub settings: Arc<Settings>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// HTTP.
    pub transport: Arc<dyn Transport>,
    /// The store.
    pub store: Arc<dyn Store>,
    /// Where records go.
    pub log: Arc<dyn Log>,
    /// Stops the operation.
    pub cancel: CancelToken,
    /// What all retries and throttle waits of this call may still take.
    pub budget: Arc<Budget>,
}

/// The time left for retries and throttle waits.
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
}
