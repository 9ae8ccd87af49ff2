//! The queue of those who write: whoever has waited longest gets the store next.
//!
//! SQLite gives its write lock to whoever asks in the right moment. Of many who ask again and again, one can be out of luck for as long
//! as the others go on. So who finds the store busy takes a place: a lock on one byte of `<store>.lock`, whose number is the time of
//! arrival. Who sees [`FRONT`] others before itself waits; the ones at the front try. Nobody counts and nothing is written: the kernel
//! drops the locks of a process that ends, and a forked child has none of them.
//!
//! It is for fairness alone. What is right is decided by SQLite's lock; where there can be no queue, everybody just tries.
//! These are the locks that belong to a process, not to an open file: when another thread closes the same file our place is gone, so
//! every look takes it again. Threads of one process do not see each other here; they share one connection anyway.

use std::fs::File;

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc::{F_UNLCK, F_WRLCK, SEEK_SET, c_int, c_short, flock, off_t};

use crate::base::clock::{Clock, SystemClock};
use crate::store::place::Place;

/// How many may try at once. One alone would leave the store idle until it looks again.
const FRONT: usize = 4;

/// One writer's view of the queue.
#[derive(Debug)]
pub struct Queue {
    file: File,
    /// The time of arrival, microseconds since boot.
    arrival: off_t,
    waiting: bool,
}

impl Queue {
    /// Looks at the queue of the store at `place`; `None` where there is none.
    pub fn of(place: &Place) -> Option<Self> {
        let arrival = off_t::try_from(SystemClock.since_boot().as_micros()).ok()?;
        let file = place.lock_file().ok()?;
        Some(Self {
            file,
            arrival,
            waiting: false,
        })
    }

    /// Takes the place by the time of arrival.
    pub fn join(&mut self) {
        self.waiting = true;
        // Another one came in the same microsecond: both count as first.
        let _ = fcntl(&self.file, FcntlArg::F_SETLK(&lock(F_WRLCK, self.arrival, 1)));
    }

    /// Whether it is not our turn yet. Who has to wait has a place from then on.
    pub fn must_wait(&mut self) -> bool {
        if self.waiting {
            self.join();
        }
        let must_wait = self.ahead() >= FRONT;
        if must_wait && !self.waiting {
            self.join();
        }
        must_wait
    }

    /// How many others came earlier and wait; counted up to [`FRONT`].
    fn ahead(&self) -> usize {
        let mut found = 0;
        let mut ranges = vec![(0, self.arrival)];
        while let Some((start, end)) = ranges.pop() {
            if start >= end || found == FRONT {
                continue;
            }
            let mut seen = lock(F_WRLCK, start, end - start);
            let asked = fcntl(&self.file, FcntlArg::F_GETLK(&mut seen));
            if asked.is_err() || c_int::from(seen.l_type) == F_UNLCK {
                continue;
            }
            found += 1;
            // The kernel tells of one: the others are before or behind it.
            ranges.push((start, seen.l_start));
            if seen.l_len > 0 {
                ranges.push((seen.l_start + seen.l_len, end));
            }
        }
        found
    }
}

fn lock(kind: c_int, start: off_t, length: off_t) -> flock {
    flock {
        l_type: c_short::try_from(kind).unwrap_or_default(),
        l_whence: c_short::try_from(SEEK_SET).unwrap_or_default(),
        l_start: start,
        l_len: length,
        l_pid: 0,
    }
}
