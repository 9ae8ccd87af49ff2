//! Leases: one at a time over all processes and machines that share the store, and none for ever.
//!
//! The decision is a pure function of what the row says and what can be seen from here:
//! a dead holder loses its lease at once, on the same machine (also after a reboot); a living one, or one that can not be seen, when
//! its time is over. On the same boot that time is counted by `CLOCK_BOOTTIME`, which nobody can set. Elsewhere only the wall clocks
//! can be compared: who asks for a lease makes it longer than the work may take (a token request ends after 30 s, its lease after
//! 45 s), and that difference is the margin for clocks that disagree. A lease taken in a future that no such disagreement explains is
//! from a clock that was wrong, and counts as over.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::base::clock::UtcInstant;
use crate::store::Store;
use crate::store::holder::{Holder, Life};
use crate::store::record::Lease;

/// Clocks that differ by more than this are not "a little off" but wrong, seconds.
const PLAUSIBLE_SKEW: i64 = 600;

/// Gives a lease back where nobody can be told that it failed: in a destructor, also while a bug unwinds. A lease that stays ends by
/// itself, but until then everybody waits for a holder that lives and does nothing, so a bug on the way is answered by a second try.
pub fn give_back(store: &dyn Store, lease: &Lease) {
    let release = || drop(store.release_lease(lease));
    if catch_unwind(AssertUnwindSafe(release)).is_err() {
        let _ = catch_unwind(AssertUnwindSafe(release));
    }
}

/// A lease as its row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Who holds it.
    pub holder: Holder,
    /// For how long it was taken or renewed, seconds.
    pub seconds: u32,
    /// When, on the holder's `CLOCK_BOOTTIME`.
    pub since_boot: Duration,
    /// When, on the holder's wall clock.
    pub taken_at: UtcInstant,
}

/// What is seen from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// This process.
    pub me: Holder,
    /// Our `CLOCK_BOOTTIME`.
    pub since_boot: Duration,
    /// Our wall clock.
    pub now: UtcInstant,
    /// Whether the holder lives.
    pub life: Life,
}

/// For how many seconds more the lease is held; `None`: it can be taken.
pub fn remaining(held: &Held, view: &View) -> Option<u32> {
    if view.life == Life::Dead || held.holder.before_reboot(&view.me) {
        return None;
    }
    let left = if held.holder.same_boot(&view.me) {
        let end = held.since_boot + Duration::from_secs(held.seconds.into());
        let left = end.checked_sub(view.since_boot)?;
        i64::try_from(left.as_secs())
            .unwrap_or(i64::MAX)
            .saturating_add(i64::from(left.subsec_nanos() > 0))
    } else {
        if held.taken_at.since(view.now) > PLAUSIBLE_SKEW {
            return None;
        }
        held.taken_at.plus(held.seconds.into()).since(view.now)
    };
    // A holder whose clock is ahead of ours has at most its whole time left.
    u32::try_from(left.min(held.seconds.into()))
        .ok()
        .filter(|left| *left > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(machine: &str, boot: &str) -> Holder {
        Holder {
            machine: machine.to_owned(),
            boot: boot.to_owned(),
            space: "pid:[1]".to_owned(),
            pid: 17,
            started: 1,
        }
    }

    #[test]
    fn who_may_take_a_lease_and_when() {
        use Life::{Alive, Dead, Unknown};
        // Taken for 45 s at boot second 100 and wall second 1000, by process 17 of machine `m`, boot `b`.
        // (what, machine, boot, life, our boot second, our wall second) → seconds left
        let cases = [
            ("just taken", "m", "b", Alive, 100, 1000, Some(45)),
            ("half way", "m", "b", Alive, 120, 1020, Some(25)),
            ("its last second", "m", "b", Alive, 144, 1044, Some(1)),
            ("over, though the holder lives", "m", "b", Alive, 145, 1045, None),
            ("killed", "m", "b", Dead, 100, 1000, None),
            (
                "another container of this machine",
                "m",
                "b",
                Unknown,
                120,
                1020,
                Some(25),
            ),
            ("another container, over", "m", "b", Unknown, 145, 1045, None),
            (
                "wall clock set forward by a day, same boot",
                "m",
                "b",
                Alive,
                120,
                87_400,
                Some(25),
            ),
            (
                "wall clock set back by a day, same boot",
                "m",
                "b",
                Alive,
                120,
                -85_400,
                Some(25),
            ),
            ("rebooted meanwhile", "m", "c", Unknown, 5, 1010, None),
            ("another machine", "n", "c", Unknown, 7, 1020, Some(25)),
            ("another machine, over", "n", "c", Unknown, 7, 1045, None),
            ("another machine, clock behind", "n", "c", Unknown, 7, 970, Some(45)),
            (
                "another machine, clock wrong by a day",
                "n",
                "c",
                Unknown,
                7,
                -85_400,
                None,
            ),
            (
                "no machine id known on either side",
                "",
                "c",
                Unknown,
                7,
                1020,
                Some(25),
            ),
        ];
        for (what, machine, boot, life, since_boot, now, left) in cases {
            let held = Held {
                holder: holder(if machine.is_empty() { "" } else { "m" }, "b"),
                seconds: 45,
                since_boot: Duration::from_secs(100),
                taken_at: UtcInstant::from_epoch(1000),
            };
            let view = View {
                me: holder(machine, boot),
                since_boot: Duration::from_secs(since_boot),
                now: UtcInstant::from_epoch(now),
                life,
            };
            assert_eq!(remaining(&held, &view), left, "{what}");
        }
    }
}
