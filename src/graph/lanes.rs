//! At most `squeeze_graph.concurrency` requests in flight per mailbox, over all threads of this process.
//!
//! Exchange Online serves four requests per application and mailbox at a time and refuses the fifth, so waiting here is cheaper than
//! being throttled there. A [`Lane`] is fair: who came first goes first, so that a batch, which needs several places at once, is not
//! starved by downloads that need one each.
//!
//! A lane also minds connections. Over HTTP/1.1 a request that finds all of them in use opens one more, and while it does so it takes the
//! first that another request gives back. That other thread's next request would then open yet another, although the one that is being
//! opened will be nobody's. So a request that fewer others are beside than connections were asked for waits until the opening ones are
//! there: once a burst, for the time of a handshake.

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::base::cancel::{CancelToken, Cancelled};

/// How often a waiting thread looks whether it was cancelled: a cancelled call ends within 100 ms.
const SLICE: Duration = Duration::from_millis(50);

/// How often it looks whether a connection is still being opened, and how long it waits for that: one that does not come must not hold
/// up those that are there.
const LOOK: Duration = Duration::from_millis(1);
const PATIENCE: Duration = Duration::from_secs(1);

/// The lanes of this process. A child after a fork gets lanes of its own: permits of its parent's threads never come back to it.
static LANES: Mutex<Option<(u32, Lanes)>> = Mutex::new(None);

type Lanes = HashMap<String, Weak<Lane>>;

/// Holds the process's lanes as they are until dropped: for a fork, see [`crate::store::quiesce`].
pub fn hold() -> Box<dyn Any> {
    Box::new(LANES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The requests in flight on one mailbox.
#[derive(Debug, Default)]
pub struct Lane {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Places taken: a batch has several.
    in_flight: usize,
    /// Requests that have them.
    requests: usize,
    /// The most requests that were in flight at a time: so many connections there are, or are being opened.
    connections: usize,
    /// Requests in flight that asked for one more connection and have no answer yet.
    opening: usize,
    next: u64,
    waiting: VecDeque<u64>,
    /// When requests are welcome again, after one was refused.
    paused_until: Option<Instant>,
}

/// The right to have a number of requests in flight, until dropped.
#[derive(Debug)]
pub struct Permit<'a> {
    lane: &'a Lane,
    places: usize,
    opening: bool,
}

impl Lane {
    /// The lane of the mailbox that all of `names` name; the same for everybody in this process who knows it by one of them.
    pub fn of(names: &[String]) -> Arc<Self> {
        let mut kept = LANES.lock().unwrap_or_else(PoisonError::into_inner);
        let pid = std::process::id();
        let lanes = match kept.as_mut() {
            Some((owner, lanes)) if *owner == pid => lanes,
            _ => &mut kept.insert((pid, Lanes::new())).1,
        };
        let known: Vec<Option<Arc<Self>>> = names
            .iter()
            .map(|name| lanes.get(name).and_then(Weak::upgrade))
            .collect();
        if let [Some(lane)] = known.as_slice() {
            return Arc::clone(lane);
        }
        let lane = known.iter().flatten().next().cloned().unwrap_or_else(|| {
            lanes.retain(|_, lane| lane.strong_count() > 0);
            Arc::default()
        });
        // A name that leads elsewhere keeps to that: who is on that lane stays there.
        for (name, _) in names.iter().zip(&known).filter(|(_, known)| known.is_none()) {
            lanes.insert(name.clone(), Arc::downgrade(&lane));
        }
        lane
    }

    /// Notes that the service wants no requests on this mailbox before `end`.
    pub fn pause_until(&self, end: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.paused_until = Some(state.paused_until.map_or(end, |known| known.max(end)));
    }

    /// For how long, from `now`, the service wants no requests.
    pub fn pause(&self, now: Instant) -> Duration {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let paused_until = state.paused_until;
        paused_until.map_or(Duration::ZERO, |end| end.saturating_duration_since(now))
    }

    /// Waits for its turn and for `places` (at most `limit`) of `limit` places. The limit is the caller's: settings can differ
    /// between calls. `is_connecting` tells whether the way there is just opening a connection.
    pub fn enter(
        &self,
        places: usize,
        limit: usize,
        is_connecting: &dyn Fn() -> bool,
        cancel: &CancelToken,
    ) -> Result<Permit<'_>, Cancelled> {
        let limit = limit.max(1);
        let places = places.clamp(1, limit);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = state.next;
        state.next += 1;
        state.waiting.push_back(ticket);
        let mut patience = None;
        loop {
            if cancel.is_cancelled() {
                state.waiting.retain(|waiting| *waiting != ticket);
                drop(state);
                self.changed.notify_all();
                return Err(Cancelled);
            }
            let opening = state.requests >= state.connections;
            let is_next = state.waiting.front() == Some(&ticket) && state.in_flight + places <= limit;
            // An answer does not say that the connection which was opened for it is there: it may have come by another one.
            let awaits = is_next && !opening && (state.opening > 0 || is_connecting());
            if awaits && patience.is_none() {
                patience = Some(Instant::now() + PATIENCE);
            }
            if is_next && (!awaits || patience.is_some_and(|end| end <= Instant::now())) {
                state.waiting.pop_front();
                state.in_flight += places;
                state.requests += 1;
                if opening {
                    state.connections += 1;
                    state.opening += 1;
                }
                drop(state);
                self.changed.notify_all();
                return Ok(Permit {
                    lane: self,
                    places,
                    opening,
                });
            }
            state = self
                .changed
                .wait_timeout(state, if awaits { LOOK } else { SLICE })
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

impl Permit<'_> {
    /// Notes that an answer has begun: whatever connection the request had to wait for is there.
    pub fn answered(&mut self) {
        if std::mem::take(&mut self.opening) {
            let mut state = self.lane.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.opening = state.opening.saturating_sub(1);
            drop(state);
            self.lane.changed.notify_all();
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.lane.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.in_flight = state.in_flight.saturating_sub(self.places);
        state.requests = state.requests.saturating_sub(1);
        if self.opening {
            // No answer, and perhaps no connection.
            state.opening = state.opening.saturating_sub(1);
            state.connections = state.connections.saturating_sub(1);
        }
        drop(state);
        self.lane.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread;

    /// A way that says nothing of its connections.
    const NO_NEWS: fn() -> bool = || false;

    #[test]
    fn never_more_than_the_limit_are_in_flight_and_a_batch_is_alone() {
        let lane = Lane::default();
        let cancel = CancelToken::new();
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for index in 0..12 {
                let (lane, cancel, now, most) = (&lane, &cancel, &now, &most);
                scope.spawn(move || {
                    let places = if index % 4 == 0 { 4 } else { 1 };
                    for _ in 0..20 {
                        let permit = lane.enter(places, 4, &NO_NEWS, cancel).unwrap();
                        let seen = now.fetch_add(places, Ordering::SeqCst) + places;
                        most.fetch_max(seen, Ordering::SeqCst);
                        thread::yield_now();
                        now.fetch_sub(places, Ordering::SeqCst);
                        drop(permit);
                    }
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 4);
    }

    #[test]
    fn who_came_first_goes_first_even_if_it_needs_more() {
        let lane = Arc::new(Lane::default());
        let cancel = CancelToken::new();
        let first = lane.enter(1, 4, &NO_NEWS, &cancel).unwrap();
        let (sender, order) = mpsc::channel();
        let mut threads = Vec::new();
        for (name, places) in [("batch", 4), ("download", 1)] {
            let (waiter, cancel, sender) = (lane.clone(), cancel.clone(), sender.clone());
            threads.push(thread::spawn(move || {
                let _permit = waiter.enter(places, 4, &NO_NEWS, &cancel).unwrap();
                sender.send(name).unwrap();
            }));
            while lane.state.lock().unwrap().waiting.len() < threads.len() {
                thread::yield_now();
            }
        }
        drop(first);
        assert_eq!(order.recv().unwrap(), "batch");
        assert_eq!(order.recv().unwrap(), "download");
        for thread in threads {
            thread.join().unwrap();
        }
    }

    #[test]
    fn who_needs_no_new_connection_waits_for_those_that_are_being_opened_and_everybody_else_goes_on() {
        let lane = Arc::new(Lane::default());
        let cancel = CancelToken::new();
        let mut first = lane.enter(1, 4, &NO_NEWS, &cancel).unwrap();
        first.answered();
        // One more beside it needs a connection of its own, and takes the one that the first gives back.
        let mut second = lane.enter(1, 4, &NO_NEWS, &cancel).unwrap();
        drop(first);
        let (sender, entered) = mpsc::channel();
        let third = {
            let (lane, cancel) = (lane.clone(), cancel.clone());
            thread::spawn(move || {
                let mut permit = lane.enter(1, 4, &NO_NEWS, &cancel).unwrap();
                sender.send(()).unwrap();
                permit.answered();
            })
        };
        assert!(entered.recv_timeout(Duration::from_millis(200)).is_err());
        second.answered();
        entered.recv().unwrap();
        third.join().unwrap();
        // A failed one leaves no connection to wait for.
        drop(second);
        let [a, b] = [(); 2].map(|()| lane.enter(1, 4, &NO_NEWS, &cancel).unwrap());
        let failing = lane.enter(1, 4, &NO_NEWS, &cancel).unwrap();
        drop((a, failing));
        drop(lane.enter(1, 4, &NO_NEWS, &cancel).unwrap());
        drop(b);
    }

    #[test]
    fn a_connection_that_nobody_waits_for_any_more_is_waited_for_and_not_for_ever() {
        let lane = Lane::default();
        let cancel = CancelToken::new();
        let [mut one, mut other] = [(); 2].map(|()| lane.enter(1, 4, &NO_NEWS, &cancel).unwrap());
        one.answered();
        other.answered();
        drop(one);
        let looks = AtomicUsize::new(0);
        let connecting = || looks.fetch_add(1, Ordering::SeqCst) < 5;
        let again = lane.enter(1, 4, &connecting, &cancel).unwrap();
        assert_eq!(looks.load(Ordering::SeqCst), 6);
        // Who needs one of its own asks for it at once.
        drop(lane.enter(1, 4, &|| panic!("looked"), &cancel).unwrap());
        drop(again);
        let began = Instant::now();
        drop(lane.enter(1, 4, &|| true, &cancel).unwrap());
        assert!(began.elapsed() >= PATIENCE);
    }

    #[test]
    fn a_cancelled_waiter_leaves_and_lets_the_next_one_pass() {
        let lane = Arc::new(Lane::default());
        let cancel = CancelToken::new();
        let held = lane.enter(1, 1, &NO_NEWS, &cancel).unwrap();
        let other = CancelToken::new();
        let waiter = {
            let (lane, other) = (lane.clone(), other.clone());
            thread::spawn(move || lane.enter(1, 1, &NO_NEWS, &other).map(|_| ()))
        };
        other.cancel();
        assert_eq!(waiter.join().unwrap(), Err(Cancelled));
        drop(held);
        assert!(lane.enter(1, 1, &NO_NEWS, &cancel).is_ok());
    }

    #[test]
    fn a_mailbox_has_one_lane_as_long_as_anybody_uses_it() {
        let lane = |names: &[&str]| Lane::of(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        let one = lane(&["https://graph.example a@example.com"]);
        assert!(Arc::ptr_eq(&one, &lane(&["https://graph.example a@example.com"])));
        assert!(!Arc::ptr_eq(&one, &lane(&["https://graph.example b@example.com"])));
        // Whose `/me` it is shows only together with the address; from then on either will do.
        let known = lane(&["https://graph.example person 7", "https://graph.example a@example.com"]);
        assert!(Arc::ptr_eq(&one, &known));
        assert!(Arc::ptr_eq(&one, &lane(&["https://graph.example person 7"])));
    }
}
