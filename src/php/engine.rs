//! What a process keeps warm, and how work runs beside PHP.
//!
//! The core blocks, and PHP's thread must not: it could not run signal handlers or notice a time-out. So work runs on a
//! helper thread, and PHP's thread waits in short slices, running pending interrupts between them and answering what
//! the work asks of PHP code. When an interrupt or a callback ends the call, the work is told to stop and finishes by
//! itself what must not be lost.
//!
//! Nothing here survives a fork: in a child the helper threads are gone and connections belong to the parent, so the
//! engine is keyed by process id and a stale one is forgotten, never dropped. It is never made while the module starts.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, SigmaskHow};

use super::zend::{self, Outcome, Raised};
use crate::base::cancel::CancelToken;
use crate::base::settings::Settings;
use crate::service::ahead::Ahead;
use crate::service::tokens::wait_for_commits;
use crate::store::Quiesced;
use crate::transport::Transport;
use crate::transport::http::HttpTransport;

/// How long PHP's thread waits before it looks for interrupts: signals are noticed well within 100 ms.
const SLICE: Duration = Duration::from_millis(25);

/// How often a helper that waits for an answer looks whether the call was given up.
const ABANDONED: Duration = Duration::from_millis(100);

/// How long the end of the process waits for work that still runs.
const FAREWELL: Duration = Duration::from_secs(5);

/// How many differently configured transports are kept.
const TRANSPORTS: usize = 16;

/// Helpers that run in this process.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

struct Engine {
    pid: u32,
    /// Panics before it was made. After another one nothing in here is relied on: the thread of a client may have died
    /// of it, and every request through that client would fail from then on.
    panics: usize,
    transports: HashMap<String, Arc<dyn Transport>>,
    ahead: Arc<Ahead>,
}

/// What a call takes from the engine.
pub struct Warm {
    /// The transport for its settings.
    pub transport: Arc<dyn Transport>,
    /// What came ahead of its call.
    pub ahead: Arc<Ahead>,
}

/// This process's engine. The threads of a thread-safe PHP share it: threads come and go, connections stay.
///
/// Never dropped: a client waits for its own thread when it is dropped, and in a forked child that thread is not there
/// (seen to hang for ever).
static ENGINE: Mutex<Option<ManuallyDrop<Engine>>> = Mutex::new(None);

fn engine() -> MutexGuard<'static, Option<ManuallyDrop<Engine>>> {
    ENGINE.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    /// Keeps everything still between the two sides of a fork.
    static FORKING: RefCell<Option<Still>> = const { RefCell::new(None) };

    /// The calls that run on this thread: several, where a callback calls back or suspends its fiber.
    static OPEN: RefCell<Vec<OpenCall>> = const { RefCell::new(Vec::new()) };

    /// The helper that has brought the result of the last call.
    static LAST: RefCell<Option<Helper>> = const { RefCell::new(None) };
}

/// What no thread may be in the middle of when the process forks. A lock that a helper holds at that moment would stay
/// locked in the child for ever, for there the helper does not exist.
struct Still {
    _store: Quiesced,
    _locks: [Box<dyn Any>; 4],
}

impl Still {
    fn new() -> Self {
        Self {
            // First: whoever is inside the store takes none of the other locks.
            _store: crate::store::quiesce(),
            _locks: [
                crate::graph::lanes::hold(),
                crate::transport::hold(),
                crate::service::tokens::hold(),
                Box::new(engine()),
            ],
        }
    }
}

/// A call that waits for its helper.
struct OpenCall {
    pid: u32,
    cancel: CancelToken,
}

/// Ends, with the request, the calls that nobody waits for any more. Such a call was left in a fiber that is never
/// resumed: the engine ends it by unwinding, but not after a fatal error.
pub fn end_request() {
    let left = OPEN.with_borrow_mut(std::mem::take);
    for call in left {
        // One that began before a fork ends in the parent, and only there.
        if call.pid == std::process::id() {
            call.cancel.cancel();
        }
    }
}

/// Counts a call as open for as long as it lives.
struct Opened(CancelToken);

impl Opened {
    fn new(cancel: &CancelToken) -> Self {
        OPEN.with_borrow_mut(|open| {
            open.push(OpenCall {
                pid: std::process::id(),
                cancel: cancel.clone(),
            });
        });
        Self(cancel.clone())
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        OPEN.with_borrow_mut(|open| open.retain(|call| !call.cancel.is(&self.0)));
        // A bug on this thread: nobody will take what the helper brings.
        if thread::panicking() {
            self.0.cancel();
        }
    }
}

/// What is warm for these settings.
pub fn warm(settings: &Settings) -> Warm {
    watch_forks();
    let key = HttpTransport::key(settings);
    let mut left = HashMap::new();
    let warm = {
        let mut slot = engine();
        let (pid, panics) = (std::process::id(), zend::panics());
        if slot
            .as_ref()
            .is_some_and(|engine| engine.pid != pid || engine.panics != panics)
        {
            *slot = None;
        }
        let engine = slot.get_or_insert_with(|| {
            ManuallyDrop::new(Engine {
                pid,
                panics,
                transports: HashMap::new(),
                ahead: Arc::default(),
            })
        });
        if engine.transports.len() >= TRANSPORTS && !engine.transports.contains_key(&key) {
            left = std::mem::take(&mut engine.transports);
        }
        let transport = engine
            .transports
            .entry(key)
            .or_insert_with(|| Arc::new(HttpTransport::new(settings)));
        Warm {
            transport: Arc::clone(transport),
            ahead: Arc::clone(&engine.ahead),
        }
    };
    // Not under the lock: a client waits for its thread when it is dropped.
    drop(left);
    warm
}

/// Registers, once, what happens around every fork: no `SQLite` handle may be open across one.
fn watch_forks() {
    zend::on_fork(zend::ForkSteps {
        prepare: || FORKING.with_borrow_mut(|slot| *slot = Some(Still::new())),
        parent: || FORKING.with_borrow_mut(|slot| *slot = None),
        child: || {
            RUNNING.store(0, Ordering::SeqCst);
            FORKING.with_borrow_mut(|slot| *slot = None);
        },
    });
}

/// What the helper tells PHP's thread.
enum Message<Q, T> {
    /// A question for PHP code; the helper waits for the answer.
    Question(Q),
    /// The end, with the place of the panic if the work had one.
    Done(Result<T, String>),
}

/// The helper's side of the questions.
pub struct Asker<Q, A, T> {
    questions: Sender<Message<Q, T>>,
    answers: Receiver<A>,
    cancel: CancelToken,
}

impl<Q, A, T> Asker<Q, A, T> {
    /// Asks PHP's thread and waits. None: it no longer answers.
    pub fn ask(&self, question: Q) -> Option<A> {
        self.questions.send(Message::Question(question)).ok()?;
        loop {
            match self.answers.recv_timeout(ABANDONED) {
                Ok(answer) => return Some(answer),
                Err(RecvTimeoutError::Timeout) if !self.cancel.is_cancelled() => {}
                Err(_) => return None,
            }
        }
    }
}

/// What PHP's thread does with a question.
pub enum Reply<A> {
    /// The answer.
    Go(A),
    /// The last answer: the reason to end is kept, and the work is given a moment to end in order.
    Last(A, Raised),
    /// End at once; the work is told to stop.
    Stop(Raised),
}

/// How long work may take to end in order after its last answer.
const ORDERLY_END: Duration = Duration::from_secs(2);

/// The thread of a call. It is left to itself unless it is waited for; in a forked child it is not there, and no word may be said of it.
struct Helper {
    pid: u32,
    thread: Option<JoinHandle<()>>,
}

impl Helper {
    /// Waits until it is gone. It has to be at its end.
    fn join(mut self) {
        if self.pid == std::process::id()
            && let Some(thread) = self.thread.take()
        {
            // What its work came to was told already.
            let _ = thread.join();
        }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        if self.pid != std::process::id() {
            std::mem::forget(self.thread.take());
        }
    }
}

/// Runs `work` on a helper thread and answers its questions with `answer` on this thread; `between` runs in each pause.
pub fn run<Q, A, T>(
    cancel: &CancelToken,
    work: impl FnOnce(&Asker<Q, A, T>) -> T + Send + 'static,
    mut answer: impl FnMut(Q) -> Reply<A>,
    between: impl Fn() -> Outcome<()>,
) -> Outcome<T>
where
    Q: Send + 'static,
    A: Send + 'static,
    T: Send + 'static,
{
    let pid = std::process::id();
    let (questions, messages) = channel();
    let (answers, inbox) = channel();
    let _open = Opened::new(cancel);
    let theirs = cancel.clone();
    let helper = start(move || {
        let asker = Asker {
            questions,
            answers: inbox,
            cancel: theirs,
        };
        let result = catch_unwind(AssertUnwindSafe(|| work(&asker))).map_err(|_| zend::last_panic());
        // Nobody listens any more when the call was ended; what had to be kept is in the store.
        let _ = asker.questions.send(Message::Done(result));
    })?;
    let mut ending: Option<(Raised, Instant)> = None;
    let mut done;
    let ended = loop {
        let message = messages.recv_timeout(SLICE);
        done = matches!(message, Ok(Message::Done(_)));
        match message {
            // The end in order, or work that goes on asking after its last answer.
            Ok(_) if ending.is_some() => break Err(Raised::Pending),
            Ok(Message::Done(Ok(value))) => break between().map(|()| value),
            Ok(Message::Done(Err(place))) => break Err(Raised::internal(place)),
            Ok(Message::Question(question)) => {
                let reply = answer(question);
                if std::process::id() != pid {
                    break Err(match reply {
                        Reply::Last(_, reason) | Reply::Stop(reason) => reason,
                        Reply::Go(_) => zend::forked_away(),
                    });
                }
                match reply {
                    Reply::Go(reply) => drop(answers.send(reply)),
                    Reply::Last(reply, reason) => {
                        drop(answers.send(reply));
                        ending = Some((reason, Instant::now() + ORDERLY_END));
                    }
                    Reply::Stop(reason) => break Err(reason),
                }
            }
            Err(RecvTimeoutError::Timeout) => match &ending {
                Some((_, end)) if Instant::now() < *end => {}
                Some(_) => break Err(Raised::Pending),
                None => {
                    if let Err(reason) = zend::run_interrupts().and_then(|()| between()) {
                        break Err(reason);
                    }
                }
            },
            Err(RecvTimeoutError::Disconnected) => break Err(Raised::internal("the helper thread ended early")),
        }
    };
    if std::process::id() != pid {
        // A child of a fork inside a callback: the other ends of the channels are in a thread that is not here.
        std::mem::forget((messages, answers));
        return ended;
    }
    if ended.is_err() {
        cancel.cancel();
    }
    if done {
        LAST.set(Some(helper));
    }
    match ending {
        Some((reason, _)) => Err(reason),
        None => ended,
    }
}

/// Starts a helper. Signals stay with PHP's thread: handlers of PHP may only run there, and children of the helper
/// inherit its mask.
fn start(body: impl FnOnce() + Send + 'static) -> Outcome<Helper> {
    // The allocator gives a new thread the memory in which one that is gone has worked. If the last one is just going it would take more:
    // a list of several pages would have two of them in memory.
    if let Some(last) = LAST.take() {
        last.join();
    }
    let before = SigSet::all()
        .thread_swap_mask(SigmaskHow::SIG_SETMASK)
        .map_err(|error| Raised::internal(format!("signals cannot be blocked: {error}")))?;
    RUNNING.fetch_add(1, Ordering::SeqCst);
    let started = thread::Builder::new().name("squeeze_graph".to_owned()).spawn(move || {
        body();
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    });
    let restored = before.thread_set_mask();
    let thread = match started {
        Ok(thread) => thread,
        Err(error) => {
            RUNNING.fetch_sub(1, Ordering::SeqCst);
            return Err(Raised::internal(format!("no thread could be started: {error}")));
        }
    };
    restored.map_err(|error| Raised::internal(format!("signals cannot be unblocked: {error}")))?;
    Ok(Helper {
        pid: std::process::id(),
        thread: Some(thread),
    })
}

/// Waits, at the end of the process, for what was left behind by an interrupt: helpers that tidy up, and token requests
/// whose answers must be stored.
pub fn farewell() {
    let end = Instant::now() + FAREWELL;
    while RUNNING.load(Ordering::SeqCst) > 0 && Instant::now() < end {
        thread::sleep(Duration::from_millis(10));
    }
    wait_for_commits(end.saturating_duration_since(Instant::now()));
}
