//! The threads that fetch mails ahead of the handler and move the finished ones behind it.
//!
//! As many threads as the mailbox takes requests at a time: more of them open more connections and are no faster. What can go together
//! goes together: attachments are listed for the next twenty mails, once there are [`WORTHWHILE`] or the importing thread waits for a
//! mail; and finished mails are moved in batches, once there are twenty, or the first has waited for [`PATIENCE`], or for [`MOMENT`] while
//! there is nothing else to do.
//!
//! Attachments come with one page of the inbox's list, which takes one place where a batch takes all of them for as long as each of its
//! items would take by itself. A batch lists those that the page does not answer for: mails without a time, or with many others in the
//! same second, or in an inbox most of which is left alone; and all of them, for the rest of the run, once the service does not give
//! what is asked for.
//! Results come back over a channel to the one thread that imports; nothing is shared but the queue.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::base::cancel::CancelToken;
use crate::base::failure::{Class, Failure, Result};
use crate::base::problem::Problem;
use crate::graph::attachments;
use crate::graph::batch;
use crate::graph::client::Client;
use crate::graph::error::GraphError;
use crate::graph::messages;
use crate::graph::value::Attachment;
use crate::service::import::blame::{Blame, Place};
use crate::service::import::disk::{self, DiskBudget};
use crate::service::import::download::{self, Fetched, Listed, Order};
use crate::service::import::spool::Spool;

/// How often the importing thread looks whether it was cancelled.
const SLICE: Duration = Duration::from_millis(50);

/// How long a finished mail waits for others to be moved with.
const PATIENCE: Duration = Duration::from_secs(2);

/// Failures of a move that the next one would meet, too.
const OURS: [Class; 6] = [
    Class::Throttled,
    Class::Connection,
    Class::SignInRequired,
    Class::ActionRequired,
    Class::AccountNotFound,
    Class::Configuration,
];

/// The same while nothing else is to be done.
const MOMENT: Duration = Duration::from_millis(100);

/// How many mails are worth a request that lists their attachments, as long as nobody waits for one of them.
const WORTHWHILE: usize = 16;

/// Of how many mails more than are wanted a page may show the attachments: those that are left in the inbox between them.
const NEIGHBOURS: u64 = 20;

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
    /// Mails to be moved, with the time since when.
    moves: VecDeque<(Move, Instant)>,
    /// Mails whose attachments are not listed yet.
    orders: VecDeque<Order>,
    /// Mails to be fetched, by their numbers.
    listed: BTreeMap<u64, (Order, Listed)>,
    /// The importing thread has nothing to hand over.
    awaited: bool,
    /// Nothing more will be fetched: moves need not wait for company.
    last: bool,
    closed: bool,
}

impl Queue {
    /// Whether attachments should be listed now.
    fn is_worth_listing(&self) -> bool {
        self.orders.len() >= WORTHWHILE || (self.awaited && !self.orders.is_empty())
    }

    /// For how long the moves should wait for company; `None`: there are none.
    fn company(&self) -> Option<Duration> {
        let (_, since) = self.moves.front()?;
        let busy = !self.listed.is_empty() || self.is_worth_listing();
        Some(match (self.last || self.moves.len() >= batch::LARGEST, busy) {
            (true, _) => Duration::ZERO,
            (false, true) => PATIENCE.saturating_sub(since.elapsed()),
            (false, false) => MOMENT.saturating_sub(since.elapsed()),
        })
    }
}

struct Shared {
    fetcher: Client,
    mover: Client,
    spool: Spool,
    disk: DiskBudget,
    /// Whether the inbox's list shows attachments as it is asked to.
    expands: AtomicBool,
    queue: Mutex<Queue>,
    changed: Condvar,
}

enum Task {
    List(Vec<Order>),
    Fetch(Box<(Order, Listed)>),
    /// All to the same folder.
    Move(Vec<Move>),
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
                expands: AtomicBool::new(true),
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
        self.lock().moves.push_back((order, Instant::now()));
        self.shared.changed.notify_one();
    }

    /// Waits for the next thing done; `None` if `cancel` was cancelled first.
    pub fn wait(&self, cancel: &CancelToken) -> Option<Done> {
        if let Some(done) = self.poll() {
            return Some(done);
        }
        self.lock().awaited = true;
        self.shared.changed.notify_all();
        let done = self.next_done(cancel);
        self.lock().awaited = false;
        done
    }

    fn next_done(&self, cancel: &CancelToken) -> Option<Done> {
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
        {
            let mut queue = self.lock();
            queue.orders.clear();
            queue.listed.clear();
            queue.last = true;
        }
        self.cancel.cancel();
        self.shared.changed.notify_all();
    }

    /// Forgets the moves that have not begun.
    pub fn forget_moves(&self) -> Vec<Move> {
        self.lock().moves.drain(..).map(|(order, _)| order).collect()
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
            queue.listed.clear();
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
            Task::List(orders) => {
                list(shared, orders);
                Vec::new()
            }
            Task::Fetch(order) => {
                let (order, listed) = *order;
                let fetched = download::fetch(&shared.fetcher, &shared.spool, &shared.disk, &order, listed);
                vec![Done::Fetched(order.number, fetched)]
            }
            Task::Move(orders) => relocate(&shared.mover, orders),
        }));
        for done in done.unwrap_or_else(|panicked| vec![Done::Panicked(panicked)]) {
            if sender.send(done).is_err() {
                return;
            }
        }
    }
}

/// Waits for something to do; `None` at the end.
fn next(shared: &Shared) -> Option<Task> {
    let mut queue = shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if queue.closed {
            return None;
        }
        let company = queue.company();
        if company == Some(Duration::ZERO) {
            return Some(Task::Move(together(&mut queue.moves)));
        }
        if let Some((_, order)) = queue.listed.pop_first() {
            return Some(Task::Fetch(Box::new(order)));
        }
        if queue.is_worth_listing() {
            let count = queue.orders.len().min(batch::LARGEST);
            return Some(Task::List(queue.orders.drain(..count).collect()));
        }
        queue = match company {
            None => shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
            Some(wait) => {
                let woken = shared.changed.wait_timeout(queue, wait);
                woken.unwrap_or_else(PoisonError::into_inner).0
            }
        };
    }
}

/// The first moves that go to one folder, at most a batch.
fn together(moves: &mut VecDeque<(Move, Instant)>) -> Vec<Move> {
    let mut some: Vec<Move> = Vec::new();
    while some.len() < batch::LARGEST
        && let Some((order, _)) =
            moves.pop_front_if(|(order, _)| some.first().is_none_or(|first| first.folder == order.folder))
    {
        some.push(order);
    }
    some
}

/// Lists the attachments of mails to be fetched.
fn list(shared: &Shared, orders: Vec<Order>) {
    let mut known = stretch(shared, &orders);
    let (shown, rest): (Vec<Order>, Vec<Order>) =
        orders.into_iter().partition(|order| known.contains_key(&order.message));
    let shown = shown
        .into_iter()
        .filter_map(|order| known.remove(&order.message).map(|list| (order, Ok(list))));
    ready(shared, shown);
    let listed = match rest.as_slice() {
        [] => return,
        [order] => vec![attachments::list(&shared.fetcher, &order.message)],
        several => {
            let messages: Vec<&str> = several.iter().map(|order| order.message.as_str()).collect();
            attachments::list_many(&shared.fetcher, &messages)
        }
    };
    ready(shared, rest.into_iter().zip(listed));
}

/// Has mails fetched whose attachments are listed.
fn ready(shared: &Shared, listed: impl Iterator<Item = (Order, Listed)>) {
    let mut queue = shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
    for (order, listed) in listed {
        queue.listed.insert(order.number, (order, listed));
    }
    drop(queue);
    shared.changed.notify_all();
}

/// What one page of the inbox's list shows of the attachments of these mails, which are neighbours in it.
fn stretch(shared: &Shared, orders: &[Order]) -> HashMap<String, Vec<Attachment>> {
    let ([first, .., last], true) = (orders, shared.expands.load(Ordering::Relaxed)) else {
        return HashMap::new();
    };
    let times = orders.iter().filter_map(|order| order.received_at);
    let (Some(from), Some(to)) = (times.clone().min(), times.max()) else {
        return HashMap::new();
    };
    let count = u64::try_from(orders.len()).unwrap_or(u64::MAX);
    // Mails have their numbers in the order of the inbox.
    let span = last.number.saturating_sub(first.number).saturating_add(1);
    if span > count.saturating_add(NEIGHBOURS) {
        return HashMap::new();
    }
    let most = usize::try_from(span.saturating_add(NEIGHBOURS / 2)).unwrap_or(batch::LARGEST);
    let stretch = attachments::stretch(&shared.fetcher, &first.inbox, from, to, most);
    match stretch {
        Ok(stretch) => {
            let hits = orders.iter().filter(|order| stretch.lists.contains_key(&order.message));
            if !stretch.honoured || hits.count() < orders.len() / 2 {
                shared.expands.store(false, Ordering::Relaxed);
            }
            stretch.lists
        }
        // Whatever it was, the batch asks again and is told more of each mail.
        Err(error) => {
            if !error.is_cancelled() {
                shared.expands.store(false, Ordering::Relaxed);
            }
            HashMap::new()
        }
    }
}

/// Moves mails to one folder.
fn relocate(client: &Client, orders: Vec<Move>) -> Vec<Done> {
    let messages: Vec<String> = orders.iter().map(|order| order.message.clone()).collect();
    let folder = orders.first().map(|order| order.folder.clone()).unwrap_or_default();
    let outcomes = messages::move_many(client, &messages, &folder);
    orders
        .into_iter()
        .zip(outcomes)
        .map(|(order, outcome)| {
            let moved = outcome.map_or_else(|error| judge(client, &order, error), |_| Ok(Moved::There));
            Done::Moved(order.message, moved)
        })
        .collect()
}

/// What a failed move means. A mail that is gone by now, because its handler or a person took it away, is as good as moved. An error
/// is our own trouble and ends the run.
fn judge(client: &Client, order: &Move, error: GraphError) -> Result<Moved> {
    let blame = Blame::of(client, error, &OURS, &order.message)?;
    if matches!(&blame.place, Place::Folder(folder) if *folder == order.folder) {
        return Ok(Moved::There);
    }
    // Whether it is the mail or the folder it should go to.
    let blame = blame.if_answers(client, &order.folder)?;
    match blame.place {
        Place::Gone => Ok(Moved::There),
        Place::Folder(_) | Place::Unknown => Ok(Moved::Stuck(blame.failure)),
    }
}
