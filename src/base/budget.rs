//! The time that all retries and throttle waits of one call may take together (`squeeze_graph.retry_budget`).
//!
//! It is time as the caller feels it: several threads of one call that wait side by side use it up once, not once each.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The time left for retries and throttle waits. Shared by everything that works for one call.
#[derive(Debug)]
pub struct Budget(Mutex<State>);

#[derive(Debug)]
struct State {
    left: Duration,
    /// Up to when time has been paid for already.
    paid_until: Option<Instant>,
}

impl State {
    /// What the time from `begin` to `end` costs beyond what is paid for.
    fn cost(&self, begin: Instant, end: Instant) -> Duration {
        let begin = self.paid_until.map_or(begin, |paid| paid.max(begin));
        end.saturating_duration_since(begin)
    }

    fn pay(&mut self, cost: Duration, end: Instant) {
        self.left = self.left.saturating_sub(cost);
        self.paid_until = Some(self.paid_until.map_or(end, |paid| paid.max(end)));
    }
}

impl Budget {
    /// A budget of so much.
    pub const fn new(time: Duration) -> Self {
        Self(Mutex::new(State {
            left: time,
            paid_until: None,
        }))
    }

    /// Takes a wait that begins now out of the budget; false, and nothing taken, if that much is not left.
    pub fn take(&self, wait: Duration) -> bool {
        self.take_at(wait, Instant::now())
    }

    fn take_at(&self, wait: Duration, now: Instant) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let end = now + wait;
        let cost = state.cost(now, end);
        if cost > state.left {
            return false;
        }
        state.pay(cost, end);
        true
    }

    /// What is left.
    pub fn left(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).left
    }

    /// Takes out time that a repeated request has used up to now, down to nothing.
    pub fn spend(&self, used: Duration) {
        self.spend_at(used, Instant::now());
    }

    fn spend_at(&self, used: Duration, now: Instant) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cost = state.cost(now.checked_sub(used).unwrap_or(now), now);
        state.pay(cost, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn waits_one_after_the_other_add_up_and_waits_side_by_side_do_not() {
        let start = Instant::now();
        let budget = Budget::new(seconds(15));
        // Four threads that were throttled at the same moment.
        for _ in 0..4 {
            assert!(budget.take_at(seconds(10), start));
        }
        assert_eq!(budget.left(), seconds(5));
        // One that waits a little longer than they do.
        assert!(budget.take_at(seconds(10), start + seconds(2)));
        assert_eq!(budget.left(), seconds(3));
        // The next begins after all of them.
        assert!(!budget.take_at(seconds(4), start + seconds(20)));
        assert_eq!(budget.left(), seconds(3));
        assert!(budget.take_at(seconds(3), start + seconds(20)));
        assert!(!budget.take_at(seconds(1), start + seconds(30)));
    }

    #[test]
    fn time_that_repeats_used_counts_once_and_never_below_nothing() {
        let start = Instant::now();
        let budget = Budget::new(seconds(15));
        budget.spend_at(seconds(5), start + seconds(5));
        budget.spend_at(seconds(5), start + seconds(5));
        assert_eq!(budget.left(), seconds(10));
        budget.spend_at(seconds(3), start + seconds(6));
        assert_eq!(budget.left(), seconds(9));
        budget.spend_at(seconds(100), start + seconds(200));
        assert_eq!(budget.left(), seconds(0));
    }
}
