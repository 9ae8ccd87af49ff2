//! Work that must end once it is begun: a token request on its way carries an answer that exists nowhere else.
//!
//! It runs on a thread of its own, which stores the answer by itself. The caller waits for it and may stop waiting; a process that
//! wants to end waits for all of them ([`wait_for_commits`]). A fork does not: the thread goes on in the parent, and the child, which has
//! no such thread, has none of its work either.

use std::any::Any;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::base::account::AccountName;
use crate::base::cancel::{CancelToken, Cancelled};
use crate::store::record::Written;
use crate::store::{Store, StoreError, TokenChange};

/// How often a waiting caller looks whether it was cancelled.
const SLICE: Duration = Duration::from_millis(20);

/// How long, after each vain try, a busy store is left alone before its tokens are offered to it again, milliseconds.
const PAUSES: [u64; 3] = [100, 400, 1600];

/// How many commits run in this process. A child inherits the number with a fork, but none of the threads, so it counts anew.
struct Running {
    process: u32,
    count: usize,
}

static RUNNING: Mutex<Running> = Mutex::new(Running { process: 0, count: 0 });
static ENDED: Condvar = Condvar::new();

impl Running {
    /// The count of this very process.
    fn here(&mut self) -> &mut usize {
        let process = std::process::id();
        if self.process != process {
            *self = Self { process, count: 0 };
        }
        &mut self.count
    }
}

/// Counts one commit for as long as it lives.
struct Counted;

impl Counted {
    fn new() -> Self {
        *RUNNING.lock().unwrap_or_else(PoisonError::into_inner).here() += 1;
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let count = running.here();
        *count = count.saturating_sub(1);
        ENDED.notify_all();
    }
}

/// Waits until no commit runs in this process any more; false if `timeout` passed first.
pub fn wait_for_commits(timeout: Duration) -> bool {
    let end = Instant::now() + timeout;
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    while *running.here() > 0 {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        running = ENDED
            .wait_timeout(running, left)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
    }
    true
}

/// Holds the count as it is until dropped: for a fork, see [`crate::store::quiesce`].
pub fn hold() -> Box<dyn Any> {
    Box::new(RUNNING.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Stores what came with an answer, durably. The answer exists nowhere else, and what it was given for may be used up (the code of a
/// sign-in): so a store that is busy for longer than it waits by itself is asked again.
pub(crate) fn store_tokens(
    store: &dyn Store,
    account: &AccountName,
    identity_generation: i64,
    change: TokenChange<'_>,
) -> Result<Written, StoreError> {
    for pause in PAUSES {
        match store.change_tokens(account, identity_generation, change) {
            Err(error) if error.0.passes() => std::thread::sleep(Duration::from_millis(pause)),
            written => return written,
        }
    }
    store.change_tokens(account, identity_generation, change)
}

/// Runs `work` to its end, whatever becomes of the caller, and returns its result unless the caller was cancelled meanwhile. A panic
/// in `work` goes on in the caller that still waits.
pub(crate) fn run<T: Send + 'static>(
    cancel: &CancelToken,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Cancelled> {
    // Without an end there is always a result.
    run_until(cancel, None, work)?.ok_or(Cancelled)
}

/// The same for a caller who can do without the result: `None` once `patience` is over, while `work` goes on.
pub(crate) fn run_patiently<T: Send + 'static>(
    cancel: &CancelToken,
    patience: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Option<T>, Cancelled> {
    run_until(cancel, Some(Instant::now() + patience), work)
}

fn run_until<T: Send + 'static>(
    cancel: &CancelToken,
    end: Option<Instant>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Option<T>, Cancelled> {
    cancel.check()?;
    let counted = Counted::new();
    let (sender, receiver) = channel();
    let job = move || {
        let result = work();
        drop(counted);
        // Nobody may be listening any more; the work is done all the same.
        let _ = sender.send(result);
    };
    // Kept where it can be taken back, should there be no thread to be had.
    let job = Arc::new(Mutex::new(Some(job)));
    let job_of_thread = Arc::clone(&job);
    let thread = Builder::new()
        .name("token-commit".to_owned())
        .spawn(move || take(&job_of_thread));
    if let Ok(thread) = thread {
        return wait(cancel, end, &receiver, thread);
    }
    take(&job);
    receiver.recv().map(Some).map_err(|_| Cancelled)
}

/// Does what is still to be done.
fn take(job: &Mutex<Option<impl FnOnce()>>) {
    let job = job.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(job) = job {
        job();
    }
}

fn wait<T>(
    cancel: &CancelToken,
    end: Option<Instant>,
    receiver: &Receiver<T>,
    thread: JoinHandle<()>,
) -> Result<Option<T>, Cancelled> {
    loop {
        match receiver.recv_timeout(SLICE) {
            Ok(result) => return Ok(Some(result)),
            Err(RecvTimeoutError::Timeout) if end.is_some_and(|end| Instant::now() >= end) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => cancel.check()?,
            Err(RecvTimeoutError::Disconnected) => match thread.join() {
                Err(panic) => resume_unwind(panic),
                // It sends before it ends, so this is not reached; not to wait for ever is all that matters.
                Ok(()) => return Err(Cancelled),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn a_cancelled_caller_leaves_and_the_work_goes_on() {
        let done = Arc::new(AtomicBool::new(false));
        let cancel = CancelToken::new();
        let (inner, stopper) = (Arc::clone(&done), cancel.clone());
        let outcome = run(&cancel, move || {
            stopper.cancel();
            std::thread::sleep(Duration::from_millis(200));
            inner.store(true, Ordering::SeqCst);
        });
        assert_eq!(outcome, Err(Cancelled));
        assert!(!done.load(Ordering::SeqCst));
        assert!(!wait_for_commits(Duration::ZERO));
        assert!(wait_for_commits(Duration::from_secs(10)));
        assert!(done.load(Ordering::SeqCst));
        assert!(run(&cancel, || unreachable!("a cancelled call begins nothing")).is_err());
    }

    #[test]
    #[should_panic(expected = "a bug")]
    fn a_panic_goes_on_in_the_caller() {
        let _ = run(&CancelToken::new(), || panic!("a bug"));
    }
}
