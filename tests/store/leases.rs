//! Leases of holders that are not on this machine, or that were before it booted anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use squeeze_graph::base::clock::{Clock, SystemClock, UtcInstant};
use squeeze_graph::base::random::OsRandom;
use squeeze_graph::base::settings::Settings;
use squeeze_graph::store::record::{Lease, LeaseAttempt};
use squeeze_graph::store::{self, Store};

use crate::support::Folder;

/// The machine's clock, so many seconds later; the wall clock can be set besides.
#[derive(Default)]
struct Later {
    passed: AtomicI64,
    set: AtomicI64,
}

impl Clock for Later {
    fn now(&self) -> UtcInstant {
        let moved = self.passed.load(Ordering::SeqCst) + self.set.load(Ordering::SeqCst);
        SystemClock.now().plus(moved)
    }

    fn since_boot(&self) -> Duration {
        SystemClock.since_boot() + Duration::from_secs(self.passed.load(Ordering::SeqCst).unsigned_abs())
    }
}

/// The seconds somebody else still holds the lease; `None`: we got it.
fn held(store: &dyn Store) -> Option<u32> {
    match store.acquire_lease("refresh:a", 45).unwrap() {
        LeaseAttempt::Held { seconds } => Some(seconds),
        LeaseAttempt::Acquired(_) => None,
    }
}

fn taken(store: &dyn Store) -> Lease {
    match store.acquire_lease("refresh:a", 45).unwrap() {
        LeaseAttempt::Held { .. } => panic!("a free lease was not given"),
        LeaseAttempt::Acquired(lease) => lease,
    }
}

/// A store whose lease is held; `change` says what its holder is instead of this process, as parts of its text.
fn with_holder(change: impl Fn(&mut Vec<String>)) -> (Folder, Arc<dyn Store>, Arc<Later>, Lease) {
    let folder = Folder::new();
    let clock = Arc::new(Later::default());
    let store = store::open(&folder.settings(), Arc::<Later>::clone(&clock), Arc::new(OsRandom)).unwrap();
    let lease = taken(&*store);
    drop(store::quiesce());
    let database = Connection::open(folder.store_path()).unwrap();
    let text: String = database
        .query_row("SELECT holder FROM leases", [], |row| row.get(0))
        .unwrap();
    let mut parts: Vec<String> = text.split(' ').map(str::to_owned).collect();
    assert_eq!(parts.len(), 5, "{text}");
    change(&mut parts);
    database
        .execute("UPDATE leases SET holder = ?1", [parts.join(" ")])
        .unwrap();
    (folder, store, clock, lease)
}

/// Changes the parts of a holder's text.
type Change = fn(&mut Vec<String>);

const PID: usize = 0;
const STARTED: usize = 1;
const BOOT: usize = 2;
const SPACE: usize = 3;
const MACHINE: usize = 4;

#[test]
fn a_holder_elsewhere_keeps_its_lease_for_its_time_and_no_longer() {
    let cases: [(&str, Change); 3] = [
        ("another machine", |parts| {
            parts[BOOT] = "another-boot".to_owned();
            parts[MACHINE] = "another-machine".to_owned();
        }),
        ("another container of this machine", |parts| {
            parts[SPACE] = "pid:[1]".to_owned();
        }),
        ("this process", |_| {}),
    ];
    for (what, change) in cases {
        let (_folder, store, clock, _lease) = with_holder(change);
        assert!(held(&*store).is_some_and(|seconds| seconds >= 43), "{what}");
        clock.passed.store(40, Ordering::SeqCst);
        assert!(
            held(&*store).is_some_and(|seconds| (1..=5).contains(&seconds)),
            "{what}"
        );
        clock.passed.store(46, Ordering::SeqCst);
        assert_eq!(held(&*store), None, "{what}");
    }
}

#[test]
fn a_holder_that_is_dead_loses_its_lease_at_once() {
    let cases: [(&str, Change); 3] = [
        ("the machine booted anew", |parts| {
            parts[BOOT] = "an-earlier-boot".to_owned();
        }),
        ("no such process", |parts| parts[PID] = "4194303".to_owned()),
        ("another process with the same id", |parts| {
            parts[STARTED] = "1".to_owned();
        }),
    ];
    for (what, change) in cases {
        let (_folder, store, _clock, _lease) = with_holder(change);
        assert_eq!(held(&*store), None, "{what}");
    }
}

#[test]
fn setting_the_clock_neither_frees_nor_prolongs_a_lease_on_this_machine() {
    for set in [-86_400, -3_600, 3_600, 86_400] {
        let (_folder, store, clock, _lease) = with_holder(|_| {});
        clock.set.store(set, Ordering::SeqCst);
        assert!(
            held(&*store).is_some_and(|seconds| (43..=45).contains(&seconds)),
            "clock set by {set} s"
        );
        clock.passed.store(46, Ordering::SeqCst);
        assert_eq!(held(&*store), None, "clock set by {set} s");
    }
}

#[test]
fn a_lease_that_this_process_dropped_without_giving_it_back_is_free_at_once() {
    let folder = Folder::new();
    let store = folder.open();
    // Of its own: grips are told apart by key and generation, and the other tests beside this one take theirs.
    let attempt = |store: &dyn Store| store.acquire_lease("refresh:dropped", 45).unwrap();
    let held = |store: &dyn Store| matches!(attempt(store), LeaseAttempt::Held { .. });
    let LeaseAttempt::Acquired(lease) = attempt(&*store) else {
        panic!("a free lease was not given");
    };
    let copy = lease.clone();
    let bug = std::thread::spawn(move || panic!("a bug with {lease:?}"));
    assert!(bug.join().is_err());
    assert!(held(&*store), "another thread has it still");
    // Reached by another path it is the same store.
    let settings = Settings {
        store: folder.path().join("./store.sqlite").to_str().unwrap().to_owned(),
        ..folder.settings()
    };
    assert!(held(
        &*store::open(&settings, Arc::new(SystemClock), Arc::new(OsRandom)).unwrap()
    ));
    drop(copy);
    let LeaseAttempt::Acquired(second) = attempt(&*store) else {
        panic!("a dropped lease was not given");
    };
    assert!(held(&*store));
    assert!(store.renew_lease(&second, 45).unwrap());
}

/// Elsewhere a lease is told by the wall clock alone: were it told from before the wait, it would end early there.
#[test]
fn a_lease_lives_from_when_it_was_taken_or_renewed_not_from_when_that_was_asked_for() {
    let folder = Folder::new();
    let store = folder.open();
    let database = Connection::open(folder.store_path()).unwrap();
    // While somebody else writes for two seconds: what `ask` returns, and how many seconds after it began the lease says it was taken.
    let waited = |ask: &(dyn Fn() -> Option<Lease> + Sync)| {
        database.execute_batch("BEGIN IMMEDIATE").unwrap();
        let begun = SystemClock.now();
        let lease = std::thread::scope(|scope| {
            let asking = scope.spawn(ask);
            std::thread::sleep(Duration::from_millis(2100));
            database.execute_batch("ROLLBACK").unwrap();
            asking.join().unwrap()
        });
        let taken: i64 = database
            .query_row("SELECT taken_at FROM leases", [], |row| row.get(0))
            .unwrap();
        (lease, taken - begun.epoch())
    };
    let (lease, after) = waited(&|| Some(taken(&*store)));
    assert!(after >= 2, "taken {after} s after it was asked for");
    let lease = lease.unwrap();
    let (_, after) = waited(&|| {
        assert!(store.renew_lease(&lease, 45).unwrap());
        None
    });
    assert!(after >= 2, "renewed {after} s after it was asked for");
}
