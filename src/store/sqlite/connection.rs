//! One SQLite database as this process uses it: opened when needed, reopened when the file changed, closed before a fork.
//!
//! Work runs as a whole and is repeated as a whole: SQLite itself never waits (`busy_timeout` 0), we do, for a jittered and bounded
//! time, outside the gate and with the connection given back. So neither a fork nor another thread waits for our waiting. Who writes
//! waits in the order of arrival, as far as that goes (see [`Queue`]).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::base::clock::UtcInstant;
use crate::base::random::Random;
use crate::store::gate::GATE;
use crate::store::key::{Key, KeyRing, KeySource};
use crate::store::place::{Disk, FileId, Place};
use crate::store::queue::Queue;
use crate::store::record::Moment;
use crate::store::schema::SealedTable;
use crate::store::seal::{self, Identity, Part, SealError};
use crate::store::sqlite::database;
use crate::store::sqlite::fault::Fault;
use crate::store::{PATIENCE, Result, StoreError, trouble};

/// The longest single wait, milliseconds.
const LONGEST_WAIT: u64 = 40;
/// How long somebody at the front of the queue waits before it tries again, and somebody further behind before it looks again,
/// milliseconds.
const FRONT_WAIT: u64 = 2;
const QUEUE_WAIT: u64 = 10;
/// After so long in the queue even somebody far behind tries, and again and again: those before it may have been stopped (a frozen
/// container, a debugger).
const OUT_OF_TURN: Duration = Duration::from_millis(250);

/// How a commit is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It survives a power cut once the call returned (`synchronous=FULL`).
    Full,
    /// It survives the death of any process, but the last ones may be lost at a power cut (`synchronous=NORMAL`).
    Normal,
}

/// A store's database. Shared by all threads of the process that use the same file with the same keys.
pub struct Handle {
    place: Place,
    keys: Mutex<Keys>,
    slot: Mutex<Option<Open>>,
}

/// The keys and where to read them again.
struct Keys {
    source: KeySource,
    ring: Arc<KeyRing>,
}

/// An open connection.
struct Open {
    pid: u32,
    file: FileId,
    connection: Connection,
    synchronous: Durability,
}

/// What a piece of work has at hand: the database inside its transaction (or reading outside one), and the seals.
pub struct Work<'a> {
    /// The database.
    pub database: &'a Connection,
    /// The time of the call.
    pub now: UtcInstant,
    /// The same by two clocks.
    pub moment: &'a Moment,
    random: &'a dyn Random,
    ring: &'a KeyRing,
    key: &'a Key,
}

impl Work<'_> {
    /// Seals a record for its row.
    pub fn seal<T: Serialize>(&self, table: &SealedTable, parts: &[Part<'_>], record: &T) -> Result<Vec<u8>, Fault> {
        // Large enough that it does not grow for a record with tokens: growing would leave copies behind.
        let mut text = Zeroizing::new(Vec::with_capacity(16 * 1024));
        serde_json::to_writer(&mut *text, record).map_err(|_| Fault::Unreadable)?;
        self.seal_bytes(table, parts, &text)
    }

    /// Seals bytes for their row.
    pub fn seal_bytes(&self, table: &SealedTable, parts: &[Part<'_>], bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        Ok(seal::seal(
            self.key,
            self.random,
            &Identity::new(table.name, parts),
            bytes,
        )?)
    }

    /// Opens a record that was sealed for its row.
    pub fn unseal<T: DeserializeOwned>(
        &self,
        table: &SealedTable,
        parts: &[Part<'_>],
        sealed: &[u8],
    ) -> Result<T, Fault> {
        serde_json::from_slice(&self.unseal_bytes(table, parts, sealed)?).map_err(|_| Fault::Unreadable)
    }

    /// Opens bytes that were sealed for their row.
    pub fn unseal_bytes(
        &self,
        table: &SealedTable,
        parts: &[Part<'_>],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        Ok(seal::unseal(self.ring, &Identity::new(table.name, parts), sealed)?)
    }
}

impl Handle {
    /// A handle that is not open yet.
    pub fn new(place: Place, source: KeySource, ring: KeyRing) -> Self {
        Self {
            place,
            keys: Mutex::new(Keys {
                source,
                ring: Arc::new(ring),
            }),
            slot: Mutex::new(None),
        }
    }

    /// Whether it is the one for this place and these keys: those it has now, which may be others than at its start.
    pub fn is_for(&self, place: &Place, fingerprint: &[u8; 32]) -> bool {
        self.place == *place && lock(&self.keys).ring.fingerprint() == *fingerprint
    }

    /// The keys between two tries: inside the gate, as every lock here, so that no fork finds them locked.
    fn keys<T>(&self, look: impl FnOnce(&mut Keys) -> T) -> T {
        let _pass = GATE.enter();
        look(&mut lock(&self.keys))
    }

    /// From where the same keys are read from now on.
    pub fn set_source(&self, source: KeySource) {
        lock(&self.keys).source = source;
    }

    /// Where the database is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Reads. The work may run more than once; `patience` is how long it may find the database busy before it fails.
    pub fn read<T>(
        &self,
        moment: &Moment,
        random: &dyn Random,
        patience: Duration,
        mut work: impl FnMut(&Work<'_>) -> Result<T, Fault>,
    ) -> Result<T> {
        self.run(moment.now, patience, None, |open, ring| {
            work(&Work {
                database: &open.connection,
                now: moment.now,
                moment,
                random,
                ring,
                key: ring.first(),
            })
        })
    }

    /// Writes, in one transaction that takes the write lock first, so that nothing it read can change before it is written.
    /// The work may run more than once; `patience` is how long it may find the database busy before it fails.
    pub fn write<T>(
        &self,
        moment: &Moment,
        random: &dyn Random,
        patience: Duration,
        durability: Durability,
        mut work: impl FnMut(&Work<'_>) -> Result<T, Fault>,
    ) -> Result<T> {
        self.run(moment.now, patience, Queue::of(&self.place), |open, ring| {
            open.synchronise(durability)?;
            let transaction = open
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            let id = database::sealing_key(&transaction)?;
            let result = work(&Work {
                database: &transaction,
                now: moment.now,
                moment,
                random,
                ring,
                key: ring.find(id).ok_or(SealError::UnknownKey(id))?,
            })?;
            transaction.commit()?;
            Ok(result)
        })
    }

    /// Opens the database now, so that what stands against it is told at once.
    pub fn ensure_open(&self, now: UtcInstant, patience: Duration) -> Result<()> {
        self.run(now, patience, None, |_, _| Ok(()))
    }

    /// Copies what the write-ahead log holds into the database and empties the log, if nobody is in the way.
    pub fn empty_log(&self, now: UtcInstant) -> Result<()> {
        self.run(now, PATIENCE, None, |open, _| {
            let busy = open
                .connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                .map_err(Fault::from);
            match busy {
                Err(fault) if fault.is_busy() => Ok(()),
                other => other,
            }
        })
    }

    /// Runs work until it is done or fails for good; `queue`: the one to wait in.
    fn run<T>(
        &self,
        now: UtcInstant,
        patience: Duration,
        mut queue: Option<Queue>,
        mut work: impl FnMut(&mut Open, &KeyRing) -> Result<T, Fault>,
    ) -> Result<T> {
        let begun = Instant::now();
        let mut tried = begun;
        let mut longest = 1;
        let mut looks = None;
        let mut moved = false;
        loop {
            if let Some(queue) = &mut queue {
                while tried.elapsed() < OUT_OF_TURN.min(patience) && queue.must_wait() {
                    sleep(jittered(QUEUE_WAIT));
                }
                tried = Instant::now();
            }
            let outcome = {
                let _pass = GATE.enter();
                let ring = Arc::clone(&lock(&self.keys).ring);
                let mut slot = lock(&self.slot);
                let outcome = self.connect(&mut slot, &ring, now).and_then(|open| work(open, &ring));
                if outcome.as_ref().is_err_and(Fault::spoils_handle) {
                    *slot = None;
                }
                outcome
            };
            match outcome {
                Ok(result) => return Ok(result),
                Err(fault) if fault.is_busy() && begun.elapsed() < patience => {
                    let limit = match &mut queue {
                        Some(queue) => {
                            queue.join();
                            FRONT_WAIT
                        }
                        None => LONGEST_WAIT,
                    };
                    sleep(jittered(longest));
                    longest = (longest * 2).min(limit);
                }
                Err(fault) if fault.has_moved() && !moved => moved = true,
                Err(fault) if fault.lacks_key() => {
                    // The keys were changed since we read them, or we read them while they were being written.
                    let source = self.keys(|keys| keys.source.clone());
                    if looks.is_some_and(|looks| !source.may_be_in_writing(looks)) {
                        let problem = trouble::about(fault.code(Disk::Fine), self.place.path(), now);
                        return Err(trouble::error(match source.file() {
                            Some(file) => problem.with_fact("key_file", file.to_string_lossy()),
                            None => problem,
                        }));
                    }
                    looks = Some(looks.map_or(0, |looks| looks + 1));
                    let fresh = source.load(&self.place, now)?;
                    self.keys(|keys| keys.ring = Arc::new(fresh));
                }
                Err(fault) => return Err(told(&self.place, fault, now)),
            }
        }
    }

    /// The open connection: the one there is, if it is of this process and of the file that stands there now.
    fn connect<'a>(&self, slot: &'a mut Option<Open>, ring: &KeyRing, now: UtcInstant) -> Result<&'a mut Open, Fault> {
        let pid = std::process::id();
        let file = self.place.file(now)?.ok_or(Fault::Gone)?;
        match slot.take() {
            Some(open) if open.pid == pid && open.file == file => return Ok(slot.insert(open)),
            Some(open) => open.discard(),
            None => {}
        }
        self.place.check(now)?;
        let connection = database::open(self.place.path())?;
        database::verify(&connection, &self.place, ring, now)?;
        // Had it been replaced between the look and the opening, we would go on with the one that is gone.
        if self.place.file(now)? != Some(file) {
            return Err(Fault::Moved);
        }
        Ok(slot.insert(Open {
            pid,
            file,
            connection,
            synchronous: Durability::Full,
        }))
    }

    /// Closes the connection, for a fork or because too many are open.
    pub fn close(&self) {
        if let Some(open) = lock(&self.slot).take() {
            open.discard();
        }
    }

    /// Closes the connection unless it is in use just now.
    pub fn close_if_idle(&self) {
        if let Ok(mut slot) = self.slot.try_lock()
            && let Some(open) = slot.take()
        {
            open.discard();
        }
    }
}

/// Makes the first key the one that seals, and seals the proof of it anew.
pub fn seal_with_first(work: &Work<'_>) -> Result<(), Fault> {
    database::write_proof(work.database, work.ring.first(), work.random)
}

/// The fault as the caller is told it.
pub fn told(place: &Place, fault: Fault, now: UtcInstant) -> StoreError {
    let code = fault.code(place.disk());
    match fault {
        Fault::Told(error) => error,
        Fault::Sqlite(rusqlite::Error::SqliteFailure(error, message)) => {
            let text = message.unwrap_or_else(|| error.to_string());
            let text = format!("SQLite {}: {text}", error.extended_code);
            // "Can not open" is about the folder or the files beside the database; SQLite does not say which.
            let code = if error.code == rusqlite::ErrorCode::CannotOpen && !place.folder_is_writable() {
                "store_not_writable"
            } else {
                code
            };
            trouble::error(trouble::about(code, place.path(), now).with_message(&text))
        }
        _ => trouble::error(trouble::about(code, place.path(), now)),
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Handle")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Closing runs SQLite code, which must not happen during a fork.
        let _pass = GATE.enter();
        self.close();
    }
}

impl Open {
    fn synchronise(&mut self, durability: Durability) -> rusqlite::Result<()> {
        if self.synchronous != durability {
            let level = match durability {
                Durability::Full => "FULL",
                Durability::Normal => "NORMAL",
            };
            self.connection.pragma_update(None, "synchronous", level)?;
            self.synchronous = durability;
        }
        Ok(())
    }

    /// Closes it; one that came here by a fork is left alone, for closing would clean up what the parent still uses.
    fn discard(self) {
        if self.pid == std::process::id() {
            drop(self.connection);
        } else {
            std::mem::forget(self.connection);
        }
    }
}

/// Somewhere between half of `longest` and all of it, milliseconds; by the clock's last digits, which differ enough between processes.
fn jittered(longest: u64) -> Duration {
    let noise = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |time| u64::from(time.subsec_nanos()))
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(u64::from(std::process::id()).wrapping_mul(0xD1B5_4A32_D192_ED03))
        >> 40;
    let half = longest * 500;
    Duration::from_micros(half + noise % (half + 1))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_jittered_and_bounded() {
        for longest in [1, 2, 40] {
            for _ in 0..100 {
                let wait = jittered(longest);
                assert!(wait >= Duration::from_micros(longest * 500) && wait <= Duration::from_millis(longest));
            }
        }
    }
}
