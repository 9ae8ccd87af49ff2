//! Which leases this process still has in its hands.
//!
//! A lease's row says which process holds it, and that one lives as long as PHP does. When a bug ended the call that had taken the
//! lease before anybody could give it back, everybody would wait for a holder that lives and does nothing. So every lease that was
//! taken carries a grip, and this process knows the grips that exist: a row that names this process, but no grip, is free.
//!
//! Grips are told apart by key and generation only, not by store: one store may be reached by two paths. At worst, two stores with the
//! same of both, the lease ends as any other.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Held by every copy of a lease; gone with the last one, however that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grip(Arc<()>);

#[derive(Debug)]
struct Known {
    key: String,
    generation: i64,
    grip: Weak<()>,
}

/// Only locked inside a store call, and so inside the gate: no fork finds it locked. A child's copy does no harm: rows of its parent
/// name another process, and those it takes itself have a later generation.
static KNOWN: Mutex<Vec<Known>> = Mutex::new(Vec::new());

impl Grip {
    /// The grip on a lease that is being taken. Known before the row can be seen by others.
    pub fn on(key: &str, generation: i64) -> Self {
        let grip = Arc::new(());
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|known| known.grip.strong_count() > 0);
        known.push(Known {
            key: key.to_owned(),
            generation,
            grip: Arc::downgrade(&grip),
        });
        Self(grip)
    }
}

/// Whether this process still has that lease in its hands.
pub fn is_held(key: &str, generation: i64) -> bool {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known
        .iter()
        .any(|known| known.generation == generation && known.key == key && known.grip.strong_count() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grip_lasts_as_long_as_its_last_copy_also_while_a_bug_unwinds() {
        let grip = Grip::on("grip:a", 7);
        assert!(is_held("grip:a", 7) && !is_held("grip:a", 8) && !is_held("grip:b", 7));
        let copy = grip.clone();
        drop(grip);
        assert!(is_held("grip:a", 7));
        let ended = std::thread::spawn(move || panic!("a bug with {copy:?}"));
        assert!(ended.join().is_err());
        assert!(!is_held("grip:a", 7));
    }
}
