//! How much of the disk mails may take that are downloaded ahead of their handler.
//!
//! Space is taken before a download begins, and the mail that is to be handled next always gets its share: otherwise later mails could
//! hold all of it while the handler waits for that one.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::base::cancel::{CancelToken, Cancelled};

/// What mails ahead of their handler may take together, bytes. The mail handled next may go beyond.
pub const LIMIT: u64 = 256 << 20;

/// How often a waiting thread looks whether it was cancelled.
const SLICE: Duration = Duration::from_millis(50);

/// The disk space of one import.
#[derive(Debug)]
pub struct DiskBudget {
    limit: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    used: u64,
    /// The number of the mail that is handled next.
    head: u64,
}

impl DiskBudget {
    /// A budget of so many bytes.
    pub fn new(limit: u64) -> Self {
        Self {
            limit,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Takes `bytes` for the mail of that number; waits until there is room, or until it is the next one to be handled.
    pub fn take(&self, number: u64, bytes: u64, cancel: &CancelToken) -> Result<(), Cancelled> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            cancel.check()?;
            let free = self.limit.saturating_sub(state.used);
            if number <= state.head || bytes <= free {
                state.used = state.used.saturating_add(bytes);
                return Ok(());
            }
            state = self
                .changed
                .wait_timeout(state, SLICE)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Makes what was taken, `reserved`, what it turned out to need. That can be more: the bytes lie on the disk already, so there is
    /// nothing to wait for, but others wait the longer.
    pub fn correct(&self, reserved: u64, needed: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.used = state.used.saturating_sub(reserved).saturating_add(needed);
        drop(state);
        self.changed.notify_all();
    }

    /// Gives `bytes` back.
    pub fn give_back(&self, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.used = state.used.saturating_sub(bytes);
        drop(state);
        self.changed.notify_all();
    }

    /// The mail of that number is handled next.
    pub fn advance(&self, head: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.head = state.head.max(head);
        drop(state);
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    #[test]
    fn later_mails_wait_for_room_and_the_next_one_never_does() {
        let disk = Arc::new(DiskBudget::new(100));
        let cancel = CancelToken::new();
        disk.take(1, 80, &cancel).unwrap();
        // Mail 0 is handled next: it gets its share though there is no room.
        disk.take(0, 500, &cancel).unwrap();
        let (sender, receiver) = channel();
        let waiter = {
            let (disk, cancel) = (Arc::clone(&disk), cancel.clone());
            thread::spawn(move || {
                disk.take(2, 30, &cancel).unwrap();
                sender.send(()).unwrap();
            })
        };
        assert!(receiver.recv_timeout(Duration::from_millis(120)).is_err());
        disk.give_back(500);
        assert!(receiver.recv_timeout(Duration::from_millis(120)).is_err());
        disk.give_back(80);
        receiver.recv_timeout(Duration::from_secs(5)).unwrap();
        waiter.join().unwrap();
    }

    #[test]
    fn what_a_mail_turned_out_to_need_counts_and_not_what_was_expected() {
        let disk = DiskBudget::new(100);
        let cancel = CancelToken::new();
        cancel.cancel();
        let open = CancelToken::new();
        disk.take(1, 10, &open).unwrap();
        disk.correct(10, 95);
        // There would have been room for it before: now it waits, until it is cancelled.
        assert_eq!(disk.take(2, 10, &cancel), Err(Cancelled));
        disk.correct(95, 20);
        disk.take(2, 80, &open).unwrap();
        disk.give_back(100);
        assert_eq!(disk.state.lock().unwrap().used, 0);
    }

    #[test]
    fn a_waiting_mail_goes_on_when_it_becomes_the_next_one_and_stops_when_cancelled() {
        let disk = Arc::new(DiskBudget::new(100));
        let cancel = CancelToken::new();
        disk.take(0, 100, &cancel).unwrap();
        let wait = |number| {
            let (disk, cancel) = (Arc::clone(&disk), cancel.clone());
            thread::spawn(move || disk.take(number, 50, &cancel))
        };
        let (next, later) = (wait(1), wait(2));
        disk.advance(1);
        assert_eq!(next.join().unwrap(), Ok(()));
        cancel.cancel();
        assert_eq!(later.join().unwrap(), Err(Cancelled));
    }
}
