//! What an operation works with. Made anew for each call from what the process keeps warm.

use std::sync::Arc;

pub use crate::base::budget::Budget;
use crate::base::cancel::CancelToken;
use crate::base::clock::Clock;
use crate::base::log::Log;
use crate::base::random::Random;
use crate::base::settings::Settings;
use crate::service::ahead::Ahead;
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
    /// What the last message brought along for the next call.
    pub ahead: Arc<Ahead>,
    /// What all retries and throttle waits of this call may still take.
    pub budget: Arc<Budget>,
}
