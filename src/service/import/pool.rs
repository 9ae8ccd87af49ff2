//! The threads that fetch mails ahead of the handler and move the finished ones behind it.
//!
//! As many threads as the mailbox takes requests: more would only wait for each other. Moves go before downloads, because a finished
//! mail should leave the inbox soon. Results come back over a channel to the one thread that imports; nothing is shared but the queue.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::base::cancel::CancelToken;
use crate::base::failure::{Class, Error, Failure, Result};
use crate::base::problem::Problem;
use crate::graph::client::Client;
use crate::graph::error::Cause;
use crate::graph::folders;
use crate::graph::messages;
use crate::service::import::disk::{self, DiskBudget};
use crate::service::import::download::{self, Fetched, Order};
use crate::service::import::spool::Spool;

/// How often the importing thread looks whether it was cancelled.
const SLICE: Duration = Duration::from_millis(50);

/// A mail to be moved.
#[derive(Debug, Clone)]
pub struct Move {
    /// The message's id.
    pub message: String,
    /// Where to: a folder's id.
    pub folder: String,
}

/// What came of a move.
#[derive(Debug)]
pub enum Moved {
    /// The mail is there, or gone for good.
    There,
    /// Graph refuses to move this one; the next run tries again.
    Stuck(Box<Failure>),
}

/// Something that was done, or could not be.
pub enum Done {
    /// A mail was fetched, or not.
    Fetched(u64, Result<Fetched>),
    /// A mail was moved, or not.
    Moved(String, Result<Moved>),
    /// A thread panicked: a bug of ours.
    Panicked(Box<dyn std::any::Any + Send>),
}

#[derive(Default)]
struct Queue {
    moves: VecDeque<Move>,
    orders: VecDeque<Order>,
    closed: bool,
}

struct Shared {
    fetcher: Client,
    mover: Client,
    spool: Spool,
    disk: DiskBudget,
    queue: Mutex<Queue>,
    changed: Condvar,
}

enum Task {
    Fetch(Order),
    Move(Move),
}

/// The threads of one import. Dropping it ends them; what is in flight is waited for.
pub struct Pool {
    shared: Arc<Shared>,
    done: Receiver<Done>,
    threads: Vec<JoinHandle<()>>,
    /// Stops downloads; moves go on, for what is done should leave the inbox.
    cancel: CancelToken,
}

impl Pool {
    /// Starts the threads. `fetcher` must stop with `cancel`; `mover` stops with the call.
    pub fn start(fetcher: Client, cancel: CancelToken, mover: Client, spool: Spool) -> Result<Self> {
        let (sender, done) = channel();
        let count = fetcher.concurrency();
        let now = fetcher.now();
        let mut pool = Self {
            shared: Arc::new(Shared {
                fetcher,
                mover,
                spool,
                disk: DiskBudget::new(disk::LIMIT),
                queue: Mutex::default(),
                changed: Condvar::new(),
            }),
            done,
            threads: Vec::with_capacity(count),
            cancel,
        };
        for _ in 0..count {
            let (shared, sender) = (Arc::clone(&pool.shared), sender.clone());
            let started = std::thread::Builder::new()
                .name("import".to_owned())
                .spawn(move || work(&shared, &sender));
            match started {
                Ok(thread) => pool.threads.push(thread),
                // Fewer do as well.
                Err(_) if !pool.threads.is_empty() => break,
                Err(reason) => {
                    let problem = Problem::own("import_threads_failed", now).with_fact("reason", reason.to_string());
                    return Err(problem.into());
                }
            }
        }
        Ok(pool)
    }

    /// Where mails lie.
    pub fn spool(&self) -> &Spool {
        &self.shared.spool
    }

    /// What they may take of the disk.
    pub fn disk(&self) -> &DiskBudget {
        &self.shared.disk
    }

    /// Has a mail fetched.
    pub fn fetch(&self, order: Order) {
        self.lock().orders.push_back(order);
        self.shared.changed.notify_one();
    }

    /// Has a mail moved.
    pub fn relocate(&self, order: Move) {
        self.lock().moves.push_back(order);
        self.shared.changed.notify_one();
    }

    /// Waits for the next thing done; `None` if `cancel` was cancelled first.
    pub fn wait(&self, cancel: &CancelToken) -> Option<Done> {
        loop {
            match self.done.recv_timeout(SLICE) {
                Ok(Done::Panicked(payload)) => resume_unwind(payload),
                Ok(done) => return Some(done),
                Err(RecvTimeoutError::Timeout) if !cancel.is_cancelled() => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// What is done already.
    pub fn poll(&self) -> Option<Done> {
        match self.done.try_recv() {
            Ok(Done::Panicked(payload)) => resume_unwind(payload),
            other => other.ok(),
        }
    }

    /// Forgets the downloads that have not begun and stops those that have.
    pub fn stop_fetching(&self) {
        self.lock().orders.clear();
        self.cancel.cancel();
    }

    /// Forgets the moves that have not begun.
    pub fn forget_moves(&self) -> Vec<Move> {
        self.lock().moves.drain(..).collect()
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.threads.len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.cancel.cancel();
        {
            let mut queue = self.lock();
            queue.closed = true;
            queue.moves.clear();
            queue.orders.clear();
        }
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        // What was fetched and nobody took.
        while let Ok(done) = self.done.try_recv() {
            if let Done::Fetched(_, Ok(Fetched::Ready(parts))) = done {
                self.shared.spool.remove(&parts.folder);
            }
        }
    }
}

fn work(shared: &Shared, sender: &Sender<Done>) {
    while let Some(task) = next(shared) {
        let done = catch_unwind(AssertUnwindSafe(|| match task {
            Task::Fetch(order) => {
                let fetched = download::fetch(&shared.fetcher, &shared.spool, &shared.disk, &order);
                Done::Fetched(order.number, fetched)
            }
            Task::Move(order) => {
                let moved = relocate(&shared.mover, &order);
                Done::Moved(order.message, moved)
            }
        }));
        if sender.send(done.unwrap_or_else(Done::Panicked)).is_err() {
            return;
        }
    }
}

fn next(shared: &Shared) -> Option<Task> {
    let mut queue = shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if queue.closed {
            return None;
        }
        if let Some(order) = queue.moves.pop_front() {
            return Some(Task::Move(order));
        }
        if let Some(order) = queue.orders.pop_front() {
            return Some(Task::Fetch(order));
        }
        queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Moves a mail. One that is gone by now, because its handler or a person took it away, is as good as moved. An error is our own
/// trouble and ends the run.
pub fn relocate(client: &Client, order: &Move) -> Result<Moved> {
    let Err(error) = messages::move_to(client, &order.message, &order.folder) else {
        return Ok(Moved::There);
    };
    if error.is_cancelled() || matches!(error.cause, Cause::Above(_)) {
        return Err(error.into());
    }
    let failure = match Error::from(error) {
        Error::Failure(failure) => failure,
        other => return Err(other),
    };
    if matches!(
        failure.class,
        Class::Throttled | Class::Connection | Class::SignInRequired | Class::ActionRequired
    ) {
        return Err(Error::Failure(failure));
    }
    // Whether it is the mail, the folder or the whole mailbox.
    let gone = match messages::summary(client, &order.message) {
        Ok(message) if message.folder_id == order.folder => return Ok(Moved::There),
        Ok(_) => false,
        Err(second) if second.is_cancelled() => return Err(second.into()),
        Err(second) => second.is_not_found(),
    };
    match folders::get(client, &order.folder) {
        Ok(_) if gone => Ok(Moved::There),
        Ok(_) => Ok(Moved::Stuck(failure)),
        Err(third) if third.is_cancelled() => Err(third.into()),
        Err(_) => Err(Error::Failure(failure)),
    }
}
