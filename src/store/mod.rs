//! The store: the only state there is. What a web request, the job and a worker on another machine know of each other is here.
//!
//! [`Store`] speaks of accounts, tokens, leases, sign-ins and receipts, not of rows: SQLite stands behind it today, a server database
//! can stand behind it tomorrow. Every implementation seals secrets before they leave the process.

mod gate;
mod grip;
mod holder;
pub mod key;
mod lease;
pub mod place;
mod queue;
pub mod record;
mod schema;
pub mod seal;
mod sqlite;
mod trouble;

pub use lease::give_back;

use std::sync::Arc;
use std::time::Duration;

use crate::base::account::AccountName;
use crate::base::clock::{Clock, UtcInstant};
use crate::base::failure::Failure;
use crate::base::random::Random;
use crate::base::settings::Settings;
use record::{AccountRecord, JobRecord, Lease, LeaseAttempt, Receipt, SignInRecord, StateHash, TokenRecord, Written};

/// Why the store did not do it. Becomes a `StoreException` (or a `ConfigurationException` for what the administrator set).
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}: {}", .0.problem.code, .0.problem.message())]
pub struct StoreError(pub Box<Failure>);

impl From<StoreError> for crate::base::failure::Error {
    fn from(error: StoreError) -> Self {
        Self::Failure(error.0)
    }
}

/// How long a store may be found busy before a call fails. Sixty-four processes writing at once need well under a second.
const PATIENCE: Duration = Duration::from_secs(20);

/// What store calls return.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Changes one account and its tokens in one transaction: gets what is there, returns what shall be there (`None`: leave all as it
/// is; `Some((_, None))`: the tokens, if any, go).
pub type AccountChange<'a> =
    &'a mut dyn FnMut(Option<AccountRecord>, Option<TokenRecord>) -> Option<(AccountRecord, Option<TokenRecord>)>;

/// Changes one account's tokens in one transaction; gets the account and its tokens as they are now (`None`: leave them).
pub type TokenChange<'a> = &'a mut dyn FnMut(&AccountRecord, Option<TokenRecord>) -> Option<TokenRecord>;

/// Changes one pending sign-in in one transaction (`None`: leave it).
pub type SignInChange<'a> = &'a mut dyn FnMut(Option<SignInRecord>) -> Option<SignInRecord>;

/// The store. All calls are short; none may be made while PHP code runs inside one (no transaction spans a callback into PHP).
/// The closures of the `change_…` calls run inside a write transaction: they decide, and do nothing slow. They may run more than once
/// (when the database was busy) and must give the same answer for the same input.
pub trait Store: Send + Sync {
    /// Which store this is, for messages and cache keys: the path or the DSN without credentials.
    fn name(&self) -> &str;

    /// The same store for a caller who waits no longer than `patience` for one that is busy; without it, a call waits for 20 s.
    fn patient(&self, patience: Duration) -> Arc<dyn Store>;

    /// One account.
    fn account(&self, name: &AccountName) -> Result<Option<AccountRecord>>;

    /// All accounts, by name (bytewise).
    fn accounts(&self) -> Result<Vec<AccountRecord>>;

    /// Creates or changes an account. Durable. A new account gets an identity generation that none ever had, whatever the change
    /// says (tokens that come with it and name the same generation, too).
    fn change_account(&self, name: &AccountName, change: AccountChange<'_>) -> Result<()>;

    /// Deletes an account with its tokens, pending sign-ins and cached folders; receipts stay, they belong to the mailbox.
    fn delete_account(&self, name: &AccountName) -> Result<bool>;

    /// An account's tokens, whatever identity they belong to.
    fn tokens(&self, name: &AccountName) -> Result<Option<TokenRecord>>;

    /// The tokens of all accounts, for lists and the job, in one read.
    fn all_tokens(&self) -> Result<Vec<(AccountName, TokenRecord)>>;

    /// Changes an account's tokens. Durable. Dropped (and said so) if the account is gone or its identity generation is not
    /// `identity_generation`: who began before a change can not resurrect old tokens.
    fn change_tokens(&self, name: &AccountName, identity_generation: i64, change: TokenChange<'_>) -> Result<Written>;

    /// Forgets an account's tokens. Durable.
    fn delete_tokens(&self, name: &AccountName) -> Result<()>;

    /// Tries to take the lease `key` for `seconds`. A holder on this machine that is dead loses it at once, any other when its time
    /// is over. Dead is also a holder in this process that dropped the [`Lease`] without giving it back.
    fn acquire_lease(&self, key: &str, seconds: u32) -> Result<LeaseAttempt>;

    /// Prolongs a lease to `seconds` from now; false if it was lost meanwhile.
    fn renew_lease(&self, lease: &Lease, seconds: u32) -> Result<bool>;

    /// Gives a lease back; a lost one is no error.
    fn release_lease(&self, lease: &Lease) -> Result<()>;

    /// Keeps a pending sign-in. Durable. Also drops those that ended before `purge_before`.
    fn put_sign_in(&self, sign_in: &SignInRecord, purge_before: UtcInstant) -> Result<()>;

    /// A sign-in by the hash of its state.
    fn sign_in(&self, state: &StateHash) -> Result<Option<SignInRecord>>;

    /// Changes a sign-in. Durable.
    fn change_sign_in(&self, state: &StateHash, change: SignInChange<'_>) -> Result<()>;

    /// The open receipt of a message (anything but closed).
    fn receipt(&self, mailbox: &str, message: &str) -> Result<Option<Receipt>>;

    /// All open receipts of a mailbox, oldest first.
    fn open_receipts(&self, mailbox: &str) -> Result<Vec<Receipt>>;

    /// Writes receipts in one durable commit, in order; a closed one ends the message's open receipt.
    fn write_receipts(&self, receipts: &[Receipt]) -> Result<()>;

    /// A sealed value of a cache: `kind` says what it is (`folders`), `key` whose: an account's name, alone or as first line. It goes
    /// with the account.
    fn cached(&self, kind: &str, key: &str) -> Result<Option<Vec<u8>>>;

    /// Keeps a value in a cache; `None` drops it. May be lost at a power cut.
    fn cache(&self, kind: &str, key: &str, value: Option<&[u8]>) -> Result<()>;

    /// Notes a run of a job.
    fn put_job(&self, job: &JobRecord) -> Result<()>;

    /// The last run of the job of that name.
    fn job(&self, name: &str) -> Result<Option<JobRecord>>;

    /// Seals every row anew with the first key; rows done.
    fn reseal(&self) -> Result<u64>;
}

/// Opens (and on first use makes) the store that `settings` name. Handles are kept per process and location; a DSN of a server
/// database is refused with a configuration problem until such a store exists.
pub fn open(settings: &Settings, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<Arc<dyn Store>> {
    Ok(Arc::new(sqlite::SqliteStore::open(settings, clock, random, PATIENCE)?))
}

/// The same for a caller who waits no longer than `patience` for a store that is busy, while it is opened and afterwards.
pub fn open_patient(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    patience: Duration,
) -> Result<Arc<dyn Store>> {
    Ok(Arc::new(sqlite::SqliteStore::open(settings, clock, random, patience)?))
}

/// For the moment of a fork: waits for running statements, closes every SQLite handle of this process and holds new ones off until
/// the guard is dropped, in the parent and in the child. Must not be called from inside a store call.
pub fn quiesce() -> Quiesced {
    Quiesced(sqlite::handles::quiesce())
}

/// Holds the store's handles closed; see [`quiesce`].
#[derive(Debug)]
#[must_use = "the store stays closed only as long as this lives"]
pub struct Quiesced(#[expect(dead_code, reason = "it acts when it is dropped")] sqlite::handles::Quiesced);
