//! Leases: one row a key, which stays after a release, so that the generation never starts again.

use std::time::Duration;

use rusqlite::OptionalExtension;

use super::connection::Work;
use super::fault::Fault;
use crate::base::clock::UtcInstant;
use crate::store::grip::{self, Grip};
use crate::store::holder::{Holder, Life};
use crate::store::lease::{Held, View, remaining};
use crate::store::record::{Lease, LeaseAttempt};

/// The moment in which a lease is taken or renewed, by two clocks.
#[derive(Debug, Clone, Copy)]
pub struct Clocks {
    /// The wall clock.
    pub now: UtcInstant,
    /// `CLOCK_BOOTTIME`.
    pub since_boot: Duration,
}

/// Takes the lease `key` for `seconds` from `clocks` on, if nobody has it.
pub fn acquire(work: &Work<'_>, key: &str, seconds: u32, clocks: Clocks) -> Result<LeaseAttempt, Fault> {
    let me = Holder::current();
    let row: Option<(i64, Option<Held>)> = work
        .database
        .prepare_cached("SELECT generation, holder, seconds, since_boot, taken_at FROM leases WHERE key = ?1")?
        .query_row([key], |row| {
            let holder: Option<String> = row.get(1)?;
            let held = match holder.as_deref().and_then(Holder::from_text) {
                Some(holder) => Some(Held {
                    holder,
                    seconds: row.get(2)?,
                    since_boot: Duration::from_millis(u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0)),
                    taken_at: UtcInstant::from_epoch(row.get(4)?),
                }),
                None => None,
            };
            Ok((row.get(0)?, held))
        })
        .optional()?;
    let (generation, held) = row.unwrap_or((0, None));
    if let Some(held) = held {
        let view = View {
            life: life(&held.holder, &me, key, generation),
            since_boot: clocks.since_boot,
            now: clocks.now,
            me: me.clone(),
        };
        if let Some(seconds) = remaining(&held, &view) {
            return Ok(LeaseAttempt::Held { seconds });
        }
    }
    let generation = generation.saturating_add(1);
    let grip = Grip::on(key, generation);
    work.database
        .prepare_cached(
            "INSERT OR REPLACE INTO leases (key, generation, holder, seconds, since_boot, taken_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            key,
            generation,
            me.to_text(),
            seconds,
            milliseconds(clocks.since_boot),
            clocks.now.epoch(),
        ))?;
    Ok(LeaseAttempt::Acquired(Lease {
        key: key.to_owned(),
        generation,
        grip,
    }))
}

/// Whether the holder lives; this process itself only as long as it knows of holding that lease.
fn life(holder: &Holder, me: &Holder, key: &str, generation: i64) -> Life {
    // Without a start time two processes could look alike.
    if holder == me && me.started != 0 && !grip::is_held(key, generation) {
        return Life::Dead;
    }
    holder.life(me)
}

/// Prolongs a lease, if it is still ours. Also one whose time is over, as long as nobody took it: then nobody was let in.
pub fn renew(work: &Work<'_>, lease: &Lease, seconds: u32, clocks: Clocks) -> Result<bool, Fault> {
    let renewed = work
        .database
        .prepare_cached(
            "UPDATE leases SET seconds = ?4, since_boot = ?5, taken_at = ?6
             WHERE key = ?1 AND generation = ?2 AND holder = ?3",
        )?
        .execute((
            &lease.key,
            lease.generation,
            Holder::current().to_text(),
            seconds,
            milliseconds(clocks.since_boot),
            clocks.now.epoch(),
        ))?;
    Ok(renewed > 0)
}

/// Gives a lease back. Only the process that took it can: a forked child that drops its copy takes nothing from its parent.
pub fn release(work: &Work<'_>, lease: &Lease) -> Result<(), Fault> {
    work.database
        .prepare_cached("UPDATE leases SET holder = NULL WHERE key = ?1 AND generation = ?2 AND holder = ?3")?
        .execute((&lease.key, lease.generation, Holder::current().to_text()))?;
    Ok(())
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
