//! The store in SQLite: one private file in WAL mode, for all processes of one machine.
//!
//! A file per noun holds that noun's statements; `connection` runs them, `database` makes and proves the file, `handles` keeps what is open, `reseal` changes keys.
//! The file is ours alone: other code that opens it in the same process (PHP's PDO, say) would drop our locks when it closes it.

mod accounts;
mod cache;
mod connection;
mod database;
mod fault;
pub mod handles;
mod jobs;
mod leases;
mod receipts;
mod reseal;
mod secret_text;
mod sign_ins;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use crate::base::account::AccountName;
use crate::base::clock::{Clock, UtcInstant};
use crate::base::random::Random;
use crate::base::settings::Settings;
use crate::store::gate::GATE;
use crate::store::holder::Holder;
use crate::store::record::{
    AccountRecord, JobRecord, Lease, LeaseAttempt, Moment, Receipt, SignInRecord, StateHash, TokenRecord, Written,
};
use crate::store::{AccountChange, Result, SignInChange, Store, TokenChange};
use connection::{Durability, Handle, Work};
use fault::Fault;

/// A store in a SQLite file.
pub struct SqliteStore {
    handle: Arc<Handle>,
    name: Arc<str>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    /// How long the database may be found busy.
    patience: Duration,
}

impl SqliteStore {
    /// Opens the store that `settings` name, and makes it (and its key) if there is none. `patience`: how long it may be found busy.
    pub fn open(
        settings: &Settings,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        patience: Duration,
    ) -> Result<Self> {
        let handle = handles::open(settings, &*random, clock.now(), patience)?;
        Ok(Self {
            name: handle.place().path().to_string_lossy().into(),
            handle,
            clock,
            random,
            patience,
        })
    }

    /// The time by the wall clock and by the clock of this boot.
    fn moment(&self) -> Moment {
        let _pass = GATE.enter();
        Moment {
            now: self.clock.now(),
            since_boot: i64::try_from(self.clock.since_boot().as_secs()).unwrap_or(i64::MAX),
            boot: Holder::current().boot,
        }
    }

    /// The same two clocks as they stand now, after whatever was waited for: a lease lives from the moment in which it is taken.
    fn clocks(&self) -> leases::Clocks {
        leases::Clocks {
            now: self.clock.now(),
            since_boot: self.clock.since_boot(),
        }
    }

    fn read<T>(&self, work: impl FnMut(&Work<'_>) -> Result<T, Fault>) -> Result<T> {
        self.handle.read(&self.moment(), &*self.random, self.patience, work)
    }

    fn write<T>(&self, durability: Durability, work: impl FnMut(&Work<'_>) -> Result<T, Fault>) -> Result<T> {
        self.handle
            .write(&self.moment(), &*self.random, self.patience, durability, work)
    }
}

impl Store for SqliteStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn patient(&self, patience: Duration) -> Arc<dyn Store> {
        Arc::new(Self {
            handle: Arc::clone(&self.handle),
            name: Arc::clone(&self.name),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            patience,
        })
    }

    fn account(&self, name: &AccountName) -> Result<Option<AccountRecord>> {
        self.read(|work| accounts::get(work, name))
    }

    fn accounts(&self) -> Result<Vec<AccountRecord>> {
        self.read(accounts::all)
    }

    fn change_account(&self, name: &AccountName, change: AccountChange<'_>) -> Result<()> {
        self.write(Durability::Full, |work| accounts::change(work, name, &mut *change))
    }

    fn delete_account(&self, name: &AccountName) -> Result<bool> {
        self.write(Durability::Full, |work| accounts::delete(work, name))
    }

    fn tokens(&self, name: &AccountName) -> Result<Option<TokenRecord>> {
        self.read(|work| tokens::get(work, name))
    }

    fn all_tokens(&self) -> Result<Vec<(AccountName, TokenRecord)>> {
        self.read(tokens::all)
    }

    fn change_tokens(&self, name: &AccountName, identity_generation: i64, change: TokenChange<'_>) -> Result<Written> {
        self.write(Durability::Full, |work| {
            tokens::change(work, name, identity_generation, &mut *change)
        })
    }

    fn delete_tokens(&self, name: &AccountName) -> Result<()> {
        self.write(Durability::Full, |work| tokens::delete(work, name))
    }

    fn acquire_lease(&self, key: &str, seconds: u32) -> Result<LeaseAttempt> {
        self.write(Durability::Normal, |work| {
            leases::acquire(work, key, seconds, self.clocks())
        })
    }

    fn renew_lease(&self, lease: &Lease, seconds: u32) -> Result<bool> {
        self.write(Durability::Normal, |work| {
            leases::renew(work, lease, seconds, self.clocks())
        })
    }

    fn release_lease(&self, lease: &Lease) -> Result<()> {
        self.write(Durability::Normal, |work| leases::release(work, lease))
    }

    fn put_sign_in(&self, sign_in: &SignInRecord, purge_before: UtcInstant) -> Result<()> {
        self.write(Durability::Full, |work| {
            sign_ins::purge(work, purge_before)?;
            sign_ins::put(work, sign_in.clone())
        })
    }

    fn sign_in(&self, state: &StateHash) -> Result<Option<SignInRecord>> {
        self.read(|work| sign_ins::get(work, state))
    }

    fn change_sign_in(&self, state: &StateHash, change: SignInChange<'_>) -> Result<()> {
        self.write(Durability::Full, |work| sign_ins::change(work, state, &mut *change))
    }

    fn receipt(&self, mailbox: &str, message: &str) -> Result<Option<Receipt>> {
        self.read(|work| receipts::get(work, mailbox, message))
    }

    fn open_receipts(&self, mailbox: &str) -> Result<Vec<Receipt>> {
        self.read(|work| receipts::all_open(work, mailbox))
    }

    fn write_receipts(&self, receipts: &[Receipt]) -> Result<()> {
        self.write(Durability::Full, |work| receipts::write(work, receipts))
    }

    fn cached(&self, kind: &str, key: &str) -> Result<Option<Vec<u8>>> {
        self.read(|work| cache::get(work, kind, key))
    }

    fn cache(&self, kind: &str, key: &str, value: Option<&[u8]>) -> Result<()> {
        self.write(Durability::Normal, |work| cache::put(work, kind, key, value))
    }

    fn put_job(&self, job: &JobRecord) -> Result<()> {
        self.write(Durability::Normal, |work| jobs::put(work, job))
    }

    fn job(&self, name: &str) -> Result<Option<JobRecord>> {
        self.read(|work| jobs::get(work, name))
    }

    fn reseal(&self) -> Result<u64> {
        reseal::reseal(&self.handle, &self.moment(), &*self.random)
    }
}
