//! The gate every use of a store passes, so that a fork can find no SQLite handle open.
//!
//! A child inherits SQLite's in-process table of locks but not the locks themselves; a handle that is open across a fork has been seen
//! to lose commits. So whoever forks closes the gate, waits for what is inside, closes all handles, forks, and opens the gate in
//! parent and child.
//!
//! It is one atomic word and waits by polling, not a lock with a queue: a lock that another thread holds for a moment at the very
//! instant of the fork would stay locked in the child for ever, for that thread does not exist there.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

/// Set while the gate is closed; the bits below count who is inside.
const CLOSED: usize = 1 << (usize::BITS - 1);

/// How often a waiter looks again.
const POLL: Duration = Duration::from_micros(500);

/// A gate: many may be inside, one may close it.
#[derive(Debug)]
pub struct Gate(AtomicUsize);

/// The gate of this process.
pub static GATE: Gate = Gate::new();

impl Gate {
    /// An open gate with nobody inside.
    pub const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Goes in, as soon as the gate is open. Must not be called again by a thread that is inside: if the gate closes in between,
    /// both sides would wait for each other.
    pub fn enter(&self) -> Pass<'_> {
        loop {
            let state = self.0.load(Ordering::Acquire);
            if state & CLOSED != 0 {
                sleep(POLL);
            } else if self
                .0
                .compare_exchange_weak(state, state + 1, Ordering::AcqRel, Ordering::Acquire)
                .is_ok()
            {
                return Pass(self);
            }
        }
    }

    /// Closes the gate and waits until nobody is inside. Of two who close it the second waits until the first has opened it again.
    pub fn close(&self) {
        while self.0.fetch_or(CLOSED, Ordering::AcqRel) & CLOSED != 0 {
            sleep(POLL);
        }
        while self.0.load(Ordering::Acquire) != CLOSED {
            sleep(POLL);
        }
    }

    /// Opens the gate that [`Gate::close`] closed.
    pub fn open(&self) {
        self.0.fetch_and(!CLOSED, Ordering::AcqRel);
    }
}

/// Being inside; ends when dropped.
#[derive(Debug)]
pub struct Pass<'a>(&'a Gate);

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::sync::{Arc, mpsc};
    use std::thread;

    use super::*;

    #[test]
    fn closing_waits_for_who_is_inside() {
        let gate = Arc::new(Gate::new());
        let left = Arc::new(AtomicBool::new(false));
        let (inside, is_inside) = mpsc::channel();
        let visitor = {
            let (gate, left) = (Arc::clone(&gate), Arc::clone(&left));
            thread::spawn(move || {
                let _pass = gate.enter();
                inside.send(()).unwrap();
                sleep(Duration::from_millis(50));
                left.store(true, Ordering::SeqCst);
            })
        };
        is_inside.recv().unwrap();
        gate.close();
        assert!(left.load(Ordering::SeqCst), "closed while somebody was inside");
        gate.open();
        visitor.join().unwrap();
    }

    #[test]
    fn nobody_enters_a_closed_gate() {
        let gate = Arc::new(Gate::new());
        gate.close();
        let (entered, has_entered) = mpsc::channel();
        let visitor = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                let _pass = gate.enter();
                entered.send(()).unwrap();
            })
        };
        assert!(has_entered.recv_timeout(Duration::from_millis(50)).is_err());
        gate.open();
        assert!(has_entered.recv_timeout(Duration::from_secs(5)).is_ok());
        visitor.join().unwrap();
    }
}
