//! The lease on one inbox folder, kept alive for as long as the import runs.
//!
//! A handler may take minutes, so a thread of the call renews the lease meanwhile. The lease is short all the same: should this
//! machine vanish, another one may go on after [`SECONDS`]. A holder that merely died is noticed by the store at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::base::clock::Clock;
use crate::store::give_back;
use crate::store::record::{Lease, LeaseAttempt};
use crate::store::{Result, Store};

/// How long a lease lives without being renewed.
const SECONDS: u32 = 45;

/// How often it is renewed; three misses are survived.
const RENEWAL: Duration = Duration::from_secs(10);

/// However the renewing thread ends, a bug among the ways: nobody renews the lease afterwards, so it counts as lost.
struct LostAtTheEnd(Arc<AtomicBool>);

impl Drop for LostAtTheEnd {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A lease that is renewed until it is dropped, and then given back.
pub struct KeptLease {
    store: Arc<dyn Store>,
    lease: Lease,
    lost: Arc<AtomicBool>,
    /// Dropping the sender ends the thread.
    stop: Option<Sender<()>>,
    renewal: Option<JoinHandle<()>>,
}

impl KeptLease {
    /// Takes the lease `key`; `None` if someone else holds it.
    pub fn take(store: &Arc<dyn Store>, clock: &Arc<dyn Clock>, key: &str) -> Result<Option<Self>> {
        Self::take_for(store, clock, key, RENEWAL)
    }

    fn take_for(store: &Arc<dyn Store>, clock: &Arc<dyn Clock>, key: &str, every: Duration) -> Result<Option<Self>> {
        let LeaseAttempt::Acquired(lease) = store.acquire_lease(key, SECONDS)? else {
            return Ok(None);
        };
        let lost = Arc::new(AtomicBool::new(false));
        let (stop, stopped) = channel::<()>();
        let renewal = {
            let (store, clock, lease) = (Arc::clone(store), Arc::clone(clock), lease.clone());
            let lost = LostAtTheEnd(Arc::clone(&lost));
            std::thread::Builder::new()
                .name("import lease".to_owned())
                .spawn(move || {
                    let _lost = lost;
                    let mut renewed = clock.since_boot();
                    while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                        match store.renew_lease(&lease, SECONDS) {
                            Ok(true) => renewed = clock.since_boot(),
                            Ok(false) => return,
                            // The store is busy or its disk is full: ours until the time is over.
                            Err(_) => {
                                if clock.since_boot().saturating_sub(renewed) >= Duration::from_secs(SECONDS.into()) {
                                    return;
                                }
                            }
                        }
                    }
                })
        };
        // Without a thread the lease would run out under a long handler: then it counts as lost from the start, for what the thread was
        // to do was dropped.
        Ok(Some(Self {
            store: Arc::clone(store),
            lease,
            lost,
            stop: Some(stop),
            renewal: renewal.ok(),
        }))
    }

    /// Whether somebody else may hold it by now, or soon: then nothing more may be handed over or moved.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }
}

impl Drop for KeptLease {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(renewal) = self.renewal.take() {
            // A panic there has been reported already; the lease is given back either way.
            let _ = renewal.join();
        }
        give_back(&*self.store, &self.lease);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::SystemClock;
    use crate::base::random::OsRandom;
    use crate::base::settings::Settings;

    fn store(folder: &tempfile::TempDir) -> Arc<dyn Store> {
        let settings = Settings {
            store: folder.path().join("store.sqlite").to_str().unwrap().to_owned(),
            ..Settings::default()
        };
        crate::store::open(&settings, Arc::new(SystemClock), Arc::new(OsRandom)).unwrap()
    }

    fn take(store: &Arc<dyn Store>) -> Option<KeptLease> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        KeptLease::take_for(store, &clock, "import:test", Duration::from_millis(20)).unwrap()
    }

    #[test]
    fn a_lease_is_held_until_dropped_and_nobody_else_gets_it_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        let kept = take(&store).unwrap();
        std::thread::sleep(Duration::from_millis(100));
        assert!(take(&store).is_none());
        assert!(!kept.is_lost());
        drop(kept);
        assert!(take(&store).is_some());
    }

    /// The machine's clock, which fails on the thread that renews.
    struct FailingClock;

    impl Clock for FailingClock {
        fn now(&self) -> crate::base::clock::UtcInstant {
            SystemClock.now()
        }

        fn since_boot(&self) -> Duration {
            let here = std::thread::current();
            assert_ne!(here.name(), Some("import lease"), "a bug");
            SystemClock.since_boot()
        }
    }

    fn is_noticed(kept: &KeptLease) -> bool {
        (0..200).any(|_| {
            let lost = kept.is_lost();
            if !lost {
                std::thread::sleep(Duration::from_millis(20));
            }
            lost
        })
    }

    #[test]
    fn a_lease_that_a_bug_renews_no_longer_counts_as_lost() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        let clock: Arc<dyn Clock> = Arc::new(FailingClock);
        let kept = KeptLease::take_for(&store, &clock, "import:test", Duration::from_millis(20)).unwrap();
        assert!(is_noticed(&kept.unwrap()));
        // And it was given back.
        assert!(take(&store).is_some());
    }

    #[test]
    fn a_lease_that_somebody_else_took_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        let kept = take(&store).unwrap();
        // As if this machine had slept for longer than the lease lives.
        store.release_lease(&kept.lease).unwrap();
        let other = take(&store).unwrap();
        assert!(is_noticed(&kept) && !other.is_lost());
        // Giving the lost one back does not take it from who has it now.
        drop(kept);
        assert!(take(&store).is_none());
    }
}
