//! The job: keeps every account signed in (contract, section 4: `refresh_tokens`).
//!
//! Accounts are renewed side by side by a few threads that share a queue; results reach the caller's own thread one by one, so that
//! progress can be shown there. One account's failure is its own. A run that is stopped hands out no more work and waits only for what
//! is begun.

use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use crate::base::account::{AccountName, AccountSettings, Protocol};
use crate::base::clock::UtcInstant;
use crate::base::failure::{Class, Error, Failure, Result};
use crate::base::log::Level;
use crate::base::problem::Problem;
use crate::service::context::Context;
use crate::service::token_status::{self, TokenState, TokenStatus};
use crate::service::tokens::read;
use crate::service::tokens::refresh::{self, Demand, Want};
use crate::store::record::{AccountRecord, JobRecord, TokenRecord};

/// The job's name in the store.
pub const JOB: &str = "refresh-tokens";

/// How many accounts are renewed at a time. The token endpoint's own limits lie far higher, and a thread mostly waits; more of them
/// would only queue for the store, where each renewal is a durable commit of its own.
const SIDE_BY_SIDE: usize = 16;

/// How often the waiting caller looks whether it was cancelled.
const SLICE: Duration = Duration::from_millis(20);

/// What became of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// Renewed.
    Refreshed,
    /// Good for long enough.
    NotDue,
    /// Nobody has signed in yet.
    NeverSignedIn,
    /// The user must sign in.
    SignInRequired,
    /// An administrator must act, of the account or of this host.
    ActionRequired,
    /// It passes by itself.
    TemporaryFailure,
    /// No such account.
    UnknownAccount,
}

/// `RefreshResult` of the contract.
#[derive(Debug, Clone)]
pub struct RefreshResult {
    /// The account's name as it was given or found.
    pub account: String,
    /// What became of it.
    pub outcome: RefreshOutcome,
    /// Its state afterwards.
    pub status: Option<TokenStatus>,
    /// Why it failed.
    pub problem: Option<Problem>,
}

/// `RefreshReport` of the contract.
#[derive(Debug, Clone)]
pub struct RefreshReport {
    /// Accounts renewed.
    pub refreshed: usize,
    /// Accounts that needed or wanted nothing.
    pub skipped: usize,
    /// Accounts that failed.
    pub failed: usize,
    /// How long it took, seconds.
    pub seconds: f64,
    /// One an account, by name.
    pub results: Vec<RefreshResult>,
}

/// An account to look after, as it was when the run began.
#[derive(Debug, Clone)]
struct Task {
    name: String,
    /// The version of its tokens then; a newer one means that somebody else renewed them since.
    version: i64,
}

/// Renews what is due. `accounts`: only these. `progress` is told of each result as it comes; `Break` ends the run after what is begun.
pub fn refresh_tokens(
    context: &Context,
    horizon: i64,
    accounts: Option<&[String]>,
    progress: &mut dyn FnMut(usize, usize, &RefreshResult) -> ControlFlow<()>,
) -> Result<RefreshReport> {
    if horizon < 0 {
        return Err(Error::argument("horizon", "must be greater than or equal to 0"));
    }
    let begun = Instant::now();
    let tasks = tasks(context, accounts)?;
    let mut job = JobRecord {
        name: JOB.to_owned(),
        started_at: context.clock.now(),
        ended_at: None,
        counts: [0; 3],
    };
    // A run by hand for some accounts says nothing about whether the job itself is alive.
    let is_the_job = accounts.is_none();
    if is_the_job {
        context.store.put_job(&job)?;
    }
    let results = work(context, horizon, tasks, progress)?;
    let report = report(results, begun.elapsed());
    if is_the_job {
        job.ended_at = Some(context.clock.now());
        job.counts =
            [report.refreshed, report.skipped, report.failed].map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        context.store.put_job(&job)?;
    }
    context.log.event(
        Level::Info,
        "refresh ended",
        &[
            ("refreshed", &report.refreshed),
            ("skipped", &report.skipped),
            ("failed", &report.failed),
        ],
    );
    Ok(report)
}

/// Whom the run is about, by name, each once.
fn tasks(context: &Context, accounts: Option<&[String]>) -> Result<Vec<Task>> {
    let stored = context.store.all_tokens()?.into_iter();
    let versions: HashMap<String, i64> = stored
        .map(|(name, tokens)| (name.as_str().to_owned(), tokens.version))
        .collect();
    let mut names: Vec<String> = match accounts {
        Some(names) => names.to_vec(),
        None => enabled(context)?,
    };
    names.sort();
    names.dedup();
    let task = |name: String| Task {
        version: versions.get(&name).copied().unwrap_or(0),
        name,
    };
    Ok(names.into_iter().map(task).collect())
}

/// The accounts the job looks after.
fn enabled(context: &Context) -> Result<Vec<String>> {
    let accounts = context.store.accounts()?.into_iter();
    let looked_after = accounts.filter(|account| is_looked_after(&account.settings));
    Ok(looked_after.map(|account| account.name.as_str().to_owned()).collect())
}

/// An application's token is fetched on demand, and a disabled account is left alone.
fn is_looked_after(settings: &AccountSettings) -> bool {
    settings.enabled && settings.protocol == Protocol::Delegated
}

/// What a thread brings of one account: its result, or the bug that it met.
type Looked = std::thread::Result<Result<RefreshResult>>;

/// Looks after one account; a bug is caught, so that neither its account nor the thread's next ones vanish from the run.
fn attempt(context: &Context, horizon: i64, task: &Task) -> Looked {
    catch_unwind(AssertUnwindSafe(|| look_after(context, horizon, task)))
}

/// Does the tasks side by side. The threads own all they touch: nothing of this call's stack is theirs, whatever ends it. A bug with
/// one account goes on in the caller once the others are done.
fn work(
    context: &Context,
    horizon: i64,
    tasks: Vec<Task>,
    progress: &mut dyn FnMut(usize, usize, &RefreshResult) -> ControlFlow<()>,
) -> Result<Vec<RefreshResult>> {
    let total = tasks.len();
    let threads = total.min(SIDE_BY_SIDE);
    let queue = Arc::new(Mutex::new(VecDeque::from(tasks)));
    let next = |queue: &Mutex<VecDeque<Task>>| queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let (sender, receiver) = channel();
    for _ in 0..threads {
        let (context, queue, sender) = (context.clone(), Arc::clone(&queue), sender.clone());
        let worker = move || {
            while let Some(task) = next(&queue) {
                // The receiver is gone only if nobody wants to know any more.
                if sender.send(attempt(&context, horizon, &task)).is_err() {
                    break;
                }
            }
        };
        // No thread to be had: those there are do it all.
        if Builder::new().name("refresh-job".to_owned()).spawn(worker).is_err() {
            break;
        }
    }
    drop(sender);
    let mut results = Vec::with_capacity(total);
    let mut bug = None;
    let stop = || queue.lock().unwrap_or_else(PoisonError::into_inner).clear();
    loop {
        let looked = match receiver.recv_timeout(SLICE) {
            Ok(looked) => looked,
            Err(RecvTimeoutError::Timeout) => {
                if context.cancel.is_cancelled() {
                    stop();
                }
                continue;
            }
            // Done, or there was not one thread to be had: then this one does the work itself.
            Err(RecvTimeoutError::Disconnected) => match next(&queue) {
                Some(task) => attempt(context, horizon, &task),
                None => break,
            },
        };
        let result = match looked {
            Ok(result) => result,
            Err(panic) => {
                bug.get_or_insert(panic);
                continue;
            }
        };
        match result {
            Ok(result) => {
                let broken_off = progress(results.len() + 1, total, &result).is_break();
                results.push(result);
                if broken_off {
                    stop();
                }
            }
            Err(Error::Cancelled(_)) => stop(),
            Err(error) => return Err(error),
        }
    }
    if let Some(panic) = bug {
        resume_unwind(panic);
    }
    context.cancel.check()?;
    Ok(results)
}

/// Renews one account, if it is due. Only being cancelled ends the run.
fn look_after(context: &Context, horizon: i64, task: &Task) -> Result<RefreshResult> {
    let result = |outcome, status: Option<TokenStatus>, problem: Option<Problem>| RefreshResult {
        account: task.name.clone(),
        outcome,
        status,
        problem,
    };
    let now = context.clock.now();
    let unknown = || {
        let problem = Problem::own("account_not_found", now).with_fact("account", &task.name);
        Ok(result(RefreshOutcome::UnknownAccount, None, Some(problem)))
    };
    let Ok(name) = AccountName::new(&task.name) else {
        return unknown();
    };
    match renew(context, horizon, &name, task.version) {
        Ok((outcome, status)) => {
            let problem = match outcome {
                RefreshOutcome::SignInRequired => {
                    let told = status.problem.clone();
                    told.or_else(|| Some(Failure::new(Problem::own("sign_in_required", now)).of(&name).problem))
                }
                _ => None,
            };
            Ok(result(outcome, Some(status), problem))
        }
        Err(Error::Cancelled(cancelled)) => Err(Error::Cancelled(cancelled)),
        Err(Error::Failure(failure)) if failure.class == Class::AccountNotFound => unknown(),
        Err(Error::Failure(failure)) => {
            let status = crate::service::tokens::token_status(context, &name).ok();
            Ok(result(
                outcome_of(&failure, status.as_ref()),
                status,
                Some(failure.problem),
            ))
        }
        Err(error @ Error::Argument { .. }) => Err(error),
    }
}

fn outcome_of(failure: &Failure, status: Option<&TokenStatus>) -> RefreshOutcome {
    match (failure.class, status.map(|status| status.state)) {
        (Class::SignInRequired, Some(TokenState::NeverSignedIn)) => RefreshOutcome::NeverSignedIn,
        (Class::SignInRequired, _) => RefreshOutcome::SignInRequired,
        _ if failure.passes() => RefreshOutcome::TemporaryFailure,
        // Whatever does not pass by itself, the host's own trouble among it (a CA, a proxy, the store): a run that called it passing
        // would look well until the sign-ins are dead. It is this run's outcome; what is stored of the account stays as it was.
        _ => RefreshOutcome::ActionRequired,
    }
}

fn renew(context: &Context, horizon: i64, name: &AccountName, version: i64) -> Result<(RefreshOutcome, TokenStatus)> {
    let (account, tokens) = read(context, name)?;
    let now = context.clock.now();
    let status = token_status::status(&account, tokens.as_ref(), now);
    let idle = match status.state {
        _ if !is_looked_after(&account.settings) => Some(RefreshOutcome::NotDue),
        TokenState::NeverSignedIn => Some(RefreshOutcome::NeverSignedIn),
        TokenState::SignInRequired => Some(RefreshOutcome::SignInRequired),
        // It may have been acted on since.
        TokenState::ActionRequired => None,
        TokenState::Valid | TokenState::Expired => {
            let is_due = |tokens: &TokenRecord| tokens.version == version && is_due(&account, tokens, horizon, now);
            (!tokens.as_ref().is_some_and(is_due)).then_some(RefreshOutcome::NotDue)
        }
    };
    if let Some(outcome) = idle {
        return Ok((outcome, status));
    }
    let demand = Demand {
        want: Want::NewerThan(version),
    };
    let obtained = refresh::obtain(context, name, &demand).map_err(|error| error.of(name))?;
    let outcome = if obtained.asked {
        RefreshOutcome::Refreshed
    } else {
        RefreshOutcome::NotDue
    };
    Ok((outcome, obtained.status(context.clock.now())))
}

/// Whether the access token ends within `horizon` seconds, or its last renewal is too long ago.
fn is_due(account: &AccountRecord, tokens: &TokenRecord, horizon: i64, now: UtcInstant) -> bool {
    let ends_soon = token_status::remaining(tokens, now) <= horizon;
    let too_old = tokens.refreshed_at.is_none_or(|refreshed_at| {
        let age = now.since(refreshed_at);
        // A renewal in the future: the clock was set back, and the age is not known.
        age < -token_status::RENEWAL_MARGIN || age >= account.settings.refresh_interval
    });
    ends_soon || too_old
}

fn report(mut results: Vec<RefreshResult>, took: Duration) -> RefreshReport {
    results.sort_by(|one, other| one.account.cmp(&other.account));
    let mut report = RefreshReport {
        refreshed: 0,
        skipped: 0,
        failed: 0,
        seconds: took.as_secs_f64(),
        results: Vec::new(),
    };
    for result in &results {
        match result.outcome {
            RefreshOutcome::Refreshed => report.refreshed += 1,
            RefreshOutcome::NotDue | RefreshOutcome::NeverSignedIn => report.skipped += 1,
            RefreshOutcome::SignInRequired
            | RefreshOutcome::ActionRequired
            | RefreshOutcome::TemporaryFailure
            | RefreshOutcome::UnknownAccount => report.failed += 1,
        }
    }
    report.results = results;
    report
}
