//! One refresh at a time per account, over all processes and machines that share a store.
//!
//! Whoever needs new tokens takes the account's lease, reads again, decides again, asks, stores and releases. Others wait for the
//! outcome and take it, good or bad: a version that grew is a new token, an attempt that was counted is a failure. Waiting for
//! throttling happens outside the lease. A token that is good enough is handed out before anybody waits for anybody else; who then
//! renews it waits a moment for the new one, and leaves with the old one when Microsoft takes longer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::account::{AccountName, Protocol};
use crate::base::clock::UtcInstant;
use crate::base::failure::{Class, Error, Failure, Result};
use crate::base::log::Level;
use crate::base::problem::Problem;
use crate::base::secret::Secret;
use crate::oauth::application::Application;
use crate::oauth::token_request::TokenFailure;
use crate::service::context::Context;
use crate::service::token_status::{self, Freshness, LAST_RESORT, TokenStatus};
use crate::service::tokens::outcome::{self, Began};
use crate::service::tokens::request::RefreshRequest;
use crate::service::tokens::{commit, not_signed_in, read};
use crate::store::give_back;
use crate::store::record::{AccountRecord, Block, Lease, LeaseAttempt, TokenRecord};

/// How long a lease lives: longer than a token request may take, so that it ends only with its holder.
pub(crate) const LEASE_SECONDS: u32 = 45;

/// How long a caller whose token is still good waits for its own renewal, which then goes on without it. Microsoft mostly answers
/// within half a second; a slow answer is nothing that such a caller should pay for.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a caller whose token is still good waits for a store that somebody else writes, before it leaves the renewal to a later
/// call.
const STORE_PATIENCE: Duration = Duration::from_millis(100);

/// How long others are waited for, beside what the call may spend on retries (`squeeze_graph.retry_budget`): until the lease of one
/// holder ends that died where it can not be seen, and a moment more.
const HOLDER_WAIT: Duration = Duration::from_secs(LEASE_SECONDS as u64 + 1);

/// How long others are waited for at most, whatever the budget is: two such holders.
const LONGEST_WAIT: Duration = Duration::from_secs(100);

/// How many requests of one call may fail: whoever goes on asking meets Entra's loop detection (AADSTS50196).
const REQUESTS: u32 = 4;

/// Why somebody wants an access token.
#[derive(Debug, Clone)]
pub(crate) enum Want {
    /// Good for so many seconds.
    Valid(i64),
    /// A new one, whatever is there.
    New,
    /// One that answers a claims challenge.
    Answered(String),
    /// Another one than Graph just refused.
    Other {
        /// The refused one.
        rejected: Secret,
        /// The claims challenge that came with the refusal.
        claims: Option<String>,
    },
    /// A new one, unless there is a newer version than this.
    NewerThan(i64),
}

impl Want {
    /// For how many seconds the token has to be good.
    fn min_validity(&self) -> i64 {
        match self {
            Self::Valid(min_validity) => *min_validity,
            Self::New | Self::Answered(_) | Self::Other { .. } | Self::NewerThan(_) => 0,
        }
    }

    fn challenge(&self) -> Option<&str> {
        match self {
            Self::Answered(claims) => Some(claims),
            Self::Other { claims, .. } => claims.as_deref(),
            Self::Valid(_) | Self::New | Self::NewerThan(_) => None,
        }
    }
}

/// What is asked of [`obtain`].
#[derive(Debug, Clone)]
pub(crate) struct Demand {
    /// Why.
    pub want: Want,
}

/// The account and its tokens, as good as they were asked for.
#[derive(Debug)]
pub(crate) struct Obtained {
    /// The account.
    pub account: AccountRecord,
    /// Its tokens.
    pub tokens: TokenRecord,
    /// Whether this call asked Microsoft for them.
    pub asked: bool,
}

impl Obtained {
    /// The access token; there is one after every success.
    pub fn access_token(&self, context: &Context, name: &AccountName) -> Result<Secret> {
        self.tokens.access_token.clone().ok_or_else(|| {
            let problem = Problem::own("sign_in_required", context.clock.now());
            Failure::new(problem).of(name).into()
        })
    }

    /// The status of the account.
    pub fn status(&self, now: UtcInstant) -> TokenStatus {
        token_status::status(&self.account, Some(&self.tokens), now)
    }
}

/// How far an account's token requests have come, as far as others can see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    version: i64,
    attempts: i64,
}

impl Mark {
    fn of(tokens: Option<&TokenRecord>) -> Self {
        Self {
            version: tokens.map_or(0, |tokens| tokens.version),
            attempts: tokens.map_or(0, |tokens| tokens.attempts),
        }
    }
}

/// What to do with what the store has.
enum Decision {
    /// It is good enough.
    Have,
    /// It fails.
    Fail(Box<Failure>),
    /// It is good enough, and somebody should renew it.
    Prefer(Renewal),
    /// It must be renewed.
    Renew(Renewal),
}

struct Renewal {
    /// Only a large `$min_validity` makes it necessary.
    forced: bool,
}

/// Gets what `demand` asks for, by at most one token request at a time.
pub(crate) fn obtain(context: &Context, name: &AccountName, demand: &Demand) -> Result<Obtained> {
    let begun = Instant::now();
    let longest_wait = (HOLDER_WAIT + context.budget.left()).min(LONGEST_WAIT);
    let mut first: Option<Mark> = None;
    let mut failures = 0;
    loop {
        context.cancel.check()?;
        let (account, stored) = read(context, name)?;
        let now = context.clock.now();
        let mark = Mark::of(stored.as_ref());
        let first_mark = *first.get_or_insert(mark);
        let decision = decide(&account, stored.as_ref(), demand, first_mark, now);
        let good_enough = match decision {
            Decision::Have => return have(account, stored.as_ref(), now),
            Decision::Fail(failure) => return Err(Error::Failure(failure)),
            Decision::Prefer(_) => true,
            Decision::Renew(_) => false,
        };
        if let Some(pause) = pause(&account, stored.as_ref(), demand, now) {
            if good_enough || last_resort(stored.as_ref(), demand, now) {
                return have(account, stored.as_ref(), now);
            }
            pause.outlast(context)?;
            // What stood in the way is over; an attempt that is counted from now on is somebody else's.
            first = None;
            continue;
        }
        // Refused here, before anybody else has to wait for it.
        application(context, &account)?;
        let store = if good_enough {
            context.store.patient(STORE_PATIENCE)
        } else {
            Arc::clone(&context.store)
        };
        let held = match store.acquire_lease(&key(name), LEASE_SECONDS) {
            Ok(LeaseAttempt::Acquired(lease)) => Held::new(context, lease),
            // A store that can be read but not written, or not now: its trouble is told once the token is good no longer.
            Err(error) if good_enough => {
                let code = &error.0.problem.code;
                let facts: [(&'static str, &dyn std::fmt::Display); 2] = [("account", name), ("code", code)];
                context.log.event(Level::Warning, "token not renewed", &facts);
                return have(account, stored.as_ref(), now);
            }
            Err(error) => return Err(error.into()),
            Ok(LeaseAttempt::Held { .. }) if good_enough => return have(account, stored.as_ref(), now),
            Ok(LeaseAttempt::Held { .. }) if begun.elapsed() > longest_wait => {
                return Err(Failure::new(Problem::own("refresh_busy", now)).of(name).into());
            }
            Ok(LeaseAttempt::Held { .. }) => {
                wait_a_moment(context)?;
                continue;
            }
        };
        let asked_at = Instant::now();
        match inside(context, name, demand, first_mark, held, failures > 0)? {
            Inside::Obtained(obtained) => return Ok(*obtained),
            Inside::Again => {}
            Inside::Failed(failed) => {
                if failures > 0 {
                    context.budget.spend(asked_at.elapsed());
                }
                failures += 1;
                match after_failure(context, name, demand, &failed, failures < REQUESTS)? {
                    Some(obtained) => return Ok(obtained),
                    None => first = None,
                }
            }
        }
    }
}

/// The lease's key.
pub(crate) fn key(name: &AccountName) -> String {
    format!("refresh:{name}")
}

/// A wait for someone else's lease: short at first sight of a release, and never in step with other waiters.
pub(crate) fn wait_a_moment(context: &Context) -> Result<()> {
    let random = context.random.bytes::<1>().map_or(0, |[byte]| u64::from(byte));
    // 50 to 240 ms.
    Ok(context.cancel.sleep(Duration::from_millis(50 + random * 3 / 4))?)
}

fn have(account: AccountRecord, stored: Option<&TokenRecord>, now: UtcInstant) -> Result<Obtained> {
    let current = token_status::current(&account, stored).cloned();
    match current {
        Some(tokens) => Ok(Obtained {
            account,
            tokens,
            asked: false,
        }),
        None => Err(not_signed_in(&account, stored, now).into()),
    }
}

/// The decision, the same before the lease and inside it. `first` is what this call saw first: what grew since then is the outcome of
/// a request that ran while this call was waiting.
fn decide(
    account: &AccountRecord,
    stored: Option<&TokenRecord>,
    demand: &Demand,
    first: Mark,
    now: UtcInstant,
) -> Decision {
    let tokens = token_status::current(account, stored);
    let protocol = account.settings.protocol;
    let mark = Mark::of(stored);
    let renew = Decision::Renew(Renewal { forced: false });
    if let Some(tokens) = tokens {
        if mark.version != first.version && token_status::remaining(tokens, now) > 0 && !is_rejected(tokens, demand) {
            return Decision::Have;
        }
        // A wanted token may still be there although a renewal failed; only then does the failure not matter.
        if mark.attempts != first.attempts
            && mark.version == first.version
            && let Some(problem) = &tokens.problem
            && !is_good_enough(protocol, tokens, demand, now)
        {
            return Decision::Fail(Box::new(outcome::again(account, tokens, problem)));
        }
    }
    let can_renew = protocol == Protocol::Application || tokens.is_some_and(|tokens| tokens.refresh_token.is_some());
    match &demand.want {
        Want::Valid(min_validity) => match token_status::freshness(protocol, tokens, *min_validity, now) {
            Freshness::Fresh => Decision::Have,
            Freshness::Aging => Decision::Prefer(Renewal { forced: false }),
            Freshness::Expired => {
                let forced = tokens.is_some_and(|tokens| token_status::remaining(tokens, now) > LAST_RESORT);
                Decision::Renew(Renewal { forced })
            }
            Freshness::Dead => dead(account, stored, now),
        },
        Want::Other { rejected, .. } => match tokens {
            Some(tokens)
                if tokens.access_token.as_ref() != Some(rejected)
                    && token_status::remaining(tokens, now) > LAST_RESORT =>
            {
                Decision::Have
            }
            _ if !can_renew => dead(account, stored, now),
            _ => renew,
        },
        Want::NewerThan(version) if mark.version > *version && tokens.is_some() => Decision::Have,
        _ if !can_renew => dead(account, stored, now),
        Want::New | Want::Answered(_) | Want::NewerThan(_) => renew,
    }
}

/// Whether the stored access token is the very one that Graph refused.
fn is_rejected(tokens: &TokenRecord, demand: &Demand) -> bool {
    matches!(&demand.want, Want::Other { rejected, .. } if tokens.access_token.as_ref() == Some(rejected))
}

/// Whether the caller can do with what is there.
fn is_good_enough(protocol: Protocol, tokens: &TokenRecord, demand: &Demand, now: UtcInstant) -> bool {
    let Want::Valid(min_validity) = demand.want else {
        return false;
    };
    matches!(
        token_status::freshness(protocol, Some(tokens), min_validity, now),
        Freshness::Fresh | Freshness::Aging
    ) || last_resort(Some(tokens), demand, now)
}

/// Whether the old access token can be handed out because a renewal fails for a passing reason.
fn last_resort(stored: Option<&TokenRecord>, demand: &Demand, now: UtcInstant) -> bool {
    let Some(stored) = stored else {
        return false;
    };
    matches!(demand.want, Want::Valid(_))
        && stored.block == Block::None
        && token_status::remaining(stored, now) > LAST_RESORT
}

/// There is nothing to renew with.
fn dead(account: &AccountRecord, stored: Option<&TokenRecord>, now: UtcInstant) -> Decision {
    let current = token_status::current(account, stored);
    let told = current.filter(|tokens| tokens.block == Block::SignIn);
    Decision::Fail(Box::new(
        match told.and_then(|tokens| tokens.problem.as_ref().zip(Some(tokens))) {
            Some((problem, tokens)) => outcome::again(account, tokens, problem),
            None => not_signed_in(account, stored, now),
        },
    ))
}

/// A time in which Microsoft is not asked.
struct Pause {
    failure: Failure,
    seconds: u64,
}

impl Pause {
    /// Waits until it is over, if it is throttling and the budget allows; else its failure.
    fn outlast(self, context: &Context) -> Result<()> {
        let wait = Duration::from_secs(self.seconds);
        if self.failure.class == Class::Throttled && context.budget.take(wait) {
            return Ok(context.cancel.sleep(wait)?);
        }
        Err(self.failure.into())
    }
}

fn pause(account: &AccountRecord, stored: Option<&TokenRecord>, demand: &Demand, now: UtcInstant) -> Option<Pause> {
    /// Longer than any pause that is ever set: the clock was set back.
    const LONGEST: i64 = 3600;
    let tokens = token_status::current(account, stored)?;
    let seconds = tokens.not_before?.since(now);
    if seconds <= 0 || seconds > LONGEST {
        return None;
    }
    let failure = outcome::again(account, tokens, tokens.problem.as_ref()?);
    // Who says "now" is asked for now, except where Microsoft itself said "later".
    if matches!(demand.want, Want::New) && failure.class != Class::Throttled {
        return None;
    }
    Some(Pause {
        failure,
        seconds: u64::try_from(seconds).unwrap_or(0),
    })
}

/// The application of an account, or why there is none.
fn application(context: &Context, account: &AccountRecord) -> Result<Application> {
    Application::of(&account.settings, &context.settings, context.clock.now())
        .map_err(|problem| Failure::new(*problem).of(&account.name).into())
}

/// What came of holding the lease.
pub(super) enum Inside {
    /// What was asked for.
    Obtained(Box<Obtained>),
    /// Microsoft was asked, and refused.
    Failed(Box<TokenFailure>),
    /// Things have changed: look again.
    Again,
}

/// Gives the lease back when dropped, also when a thread dies.
pub(crate) struct Held {
    context: Context,
    lease: Lease,
}

impl Held {
    /// Takes care of a lease.
    pub fn new(context: &Context, lease: Lease) -> Self {
        Self {
            context: Context {
                cancel: crate::base::cancel::CancelToken::new(),
                ..context.clone()
            },
            lease,
        }
    }

    /// The context that work under this lease runs with: nobody cancels it.
    pub fn context(&self) -> &Context {
        &self.context
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        give_back(&*self.context.store, &self.lease);
    }
}

/// Decides again, now that nobody else asks for this account, and asks.
fn inside(
    context: &Context,
    name: &AccountName,
    demand: &Demand,
    first: Mark,
    held: Held,
    repeats: bool,
) -> Result<Inside> {
    let (account, stored) = read(context, name)?;
    let now = context.clock.now();
    let (forced, good_enough) = match decide(&account, stored.as_ref(), demand, first, now) {
        Decision::Have => return Ok(Inside::Obtained(Box::new(have(account, stored.as_ref(), now)?))),
        Decision::Fail(failure) => return Err(Error::Failure(failure)),
        Decision::Prefer(renewal) => (renewal.forced, Some((account.clone(), stored.clone()))),
        Decision::Renew(renewal) => (renewal.forced, None),
    };
    if pause(&account, stored.as_ref(), demand, now).is_some() {
        return Ok(Inside::Again);
    }
    let application = match (application(context, &account), good_enough.is_some()) {
        // A certificate whose file is just being renewed, for one: what is good for a while goes on.
        (Err(_), true) => return Ok(Inside::Obtained(Box::new(have(account, stored.as_ref(), now)?))),
        (application, _) => application?,
    };
    let stored = outcome::basis(&account, stored);
    let kept = stored.as_ref().and_then(|tokens| tokens.claims.clone());
    let challenge = demand.want.challenge().map(str::to_owned).or(kept);
    let began = Began::with(stored.as_ref(), forced, challenge).demanding(demand.want.min_validity());
    let request = RefreshRequest {
        held,
        account,
        application,
        stored,
        began,
        repeats,
    };
    let Some((account, stored)) = good_enough else {
        return commit::run(&context.cancel, move || request.make())?;
    };
    match commit::run_patiently(&context.cancel, PATIENCE, move || request.make())? {
        Some(inside) => inside,
        None => Ok(Inside::Obtained(Box::new(have(account, stored.as_ref(), now)?))),
    }
}

/// What to do after our own request failed: hand out the old token, wait for throttling to pass and go on (`None`), or fail.
fn after_failure(
    context: &Context,
    name: &AccountName,
    demand: &Demand,
    failed: &TokenFailure,
    may_ask_again: bool,
) -> Result<Option<Obtained>> {
    let (account, stored) = read(context, name)?;
    let now = context.clock.now();
    let current = token_status::current(&account, stored.as_ref());
    let protocol = account.settings.protocol;
    if current.is_some_and(|tokens| is_good_enough(protocol, tokens, demand, now)) {
        return have(account, stored.as_ref(), now).map(Some);
    }
    let failure = outcome::failure(&account, failed, now);
    if let Some(seconds) = failed.retry_after
        && failure.passes()
        && may_ask_again
    {
        let wait = Duration::from_secs(seconds.max(1));
        // Something has to be left for the request itself.
        if context.budget.left() > wait && context.budget.take(wait) {
            context.cancel.sleep(wait)?;
            return Ok(None);
        }
    }
    Err(failure.into())
}
