//! How many requests are in flight per app and mailbox: Exchange Online takes four at a time and answers 429 beyond.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// Requests one app may have in flight on one mailbox (Graph's limits for the Outlook service).
pub const LIMIT: usize = 4;

#[derive(Debug, Default, Clone, Serialize)]
struct Lane {
    in_flight: usize,
    max: usize,
    refused: usize,
}

/// Counts requests in flight by app and mailbox.
#[derive(Debug, Default)]
pub struct Gate(Mutex<BTreeMap<String, Lane>>);

/// A place in the lane of one mailbox; given back when dropped.
#[derive(Debug)]
pub struct Permit {
    gate: Arc<Gate>,
    lane: String,
}

impl Gate {
    /// Takes a place, or none when all `limit` are taken.
    pub fn enter(self: &Arc<Self>, app: &str, mailbox: &str, limit: usize) -> Option<Permit> {
        let name = format!("{app}|{mailbox}");
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(name.clone()).or_default();
        if lane.in_flight >= limit {
            lane.refused += 1;
            return None;
        }
        lane.in_flight += 1;
        lane.max = lane.max.max(lane.in_flight);
        Some(Permit {
            gate: Arc::clone(self),
            lane: name,
        })
    }

    /// The lanes as JSON: `app|mailbox` to `in_flight`, `max`, `refused`.
    pub fn report(&self) -> serde_json::Value {
        serde_json::to_value(&*self.0.lock().unwrap_or_else(PoisonError::into_inner)).unwrap_or_default()
    }

    /// Forgets the maxima and refusals, keeps what is in flight.
    pub fn forget(&self) {
        for lane in self.0.lock().unwrap_or_else(PoisonError::into_inner).values_mut() {
            lane.max = lane.in_flight;
            lane.refused = 0;
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(lane) = self
            .gate
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(&self.lane)
        {
            lane.in_flight = lane.in_flight.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifth_request_on_a_mailbox_is_refused_until_one_leaves() {
        let gate = Arc::new(Gate::default());
        let mut held: Vec<_> = (0..4)
            .map(|_| gate.enter("app", "box", LIMIT).expect("a free place"))
            .collect();
        assert!(gate.enter("app", "box", LIMIT).is_none());
        assert!(gate.enter("app", "other", LIMIT).is_some());
        held.pop();
        assert!(gate.enter("app", "box", LIMIT).is_some());
    }
}
