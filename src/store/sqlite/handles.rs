//! The handles of this process: one for each store and list of keys, so that a process that serves many tenants opens each store once
//! and none can be reached with another's key; and all of them at one place, so that a fork can close them.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use crate::base::clock::UtcInstant;
use crate::base::random::Random;
use crate::base::settings::Settings;
use crate::store::gate::GATE;
use crate::store::key::{KeyRing, KeySource};
use crate::store::place::Place;
use crate::store::sqlite::connection::Handle;
use crate::store::sqlite::database::create;
use crate::store::{Result, trouble};

/// How many stores are kept open between calls; each takes three file descriptors.
const KEPT: usize = 32;

struct Handles {
    /// The ones used last, the latest at the end.
    kept: Vec<Arc<Handle>>,
    /// Also those that only a running call still holds.
    all: Vec<Weak<Handle>>,
}

static HANDLES: Mutex<Handles> = Mutex::new(Handles {
    kept: Vec::new(),
    all: Vec::new(),
});

/// The handle of the store that `settings` name; makes store and key if there is none. `patience`: how long it may be found busy.
pub fn open(settings: &Settings, random: &dyn Random, now: UtcInstant, patience: Duration) -> Result<Arc<Handle>> {
    let place = Place::parse(&settings.store, now)?;
    let (source, ring) = if place.file(now)?.is_some() {
        keys_of_existing(settings, &place, now)?
    } else {
        make(settings, &place, random, now)?
    };
    let handle = keep(place, source, ring);
    handle.ensure_open(now, patience)?;
    Ok(handle)
}

fn keys_of_existing(settings: &Settings, place: &Place, now: UtcInstant) -> Result<(KeySource, KeyRing)> {
    let source = KeySource::find(settings, place).ok_or_else(|| {
        let key_file = place.beside(".key");
        trouble::error(
            trouble::about("key_missing", place.path(), now).with_fact("key_file", key_file.to_string_lossy()),
        )
    })?;
    let ring = source.load(place, now)?;
    Ok((source, ring))
}

/// Makes the store, and before it its key if there is none, under the place's lock: of many who come at once one makes it.
fn make(settings: &Settings, place: &Place, random: &dyn Random, now: UtcInstant) -> Result<(KeySource, KeyRing)> {
    place.check(now)?;
    let _lock = place.lock(now)?;
    if place.file(now)?.is_some() {
        return keys_of_existing(settings, place, now);
    }
    // A store is never empty, and a key beside it says that there was one: whatever was in it is lost, and that must be said. Without
    // that key an empty file is one that somebody made to be filled.
    if place.path().exists() && place.beside(".key").exists() {
        return Err(trouble::error(trouble::about("store_corrupt", place.path(), now)));
    }
    let source = match KeySource::find(settings, place) {
        Some(source) => source,
        None => KeySource::make(place, random, now)?,
    };
    let ring = source.load(place, now)?;
    create(place, &ring, random, now)?;
    Ok((source, ring))
}

fn keep(place: Place, source: KeySource, ring: KeyRing) -> Arc<Handle> {
    let fingerprint = ring.fingerprint();
    // Dropped after the pass: a handle that ends passes the gate itself.
    let mut dropped = Vec::new();
    let _pass = GATE.enter();
    let mut handles = HANDLES.lock().unwrap_or_else(PoisonError::into_inner);
    // Among all: one that is not kept any more may still be in use, and a second handle on a file would cost descriptors that SQLite
    // can not close before both are gone.
    dropped.extend(handles.all.iter().filter_map(Weak::upgrade));
    let known = dropped.iter().find(|handle| handle.is_for(&place, &fingerprint));
    let handle = if let Some(known) = known.map(Arc::clone) {
        handles.kept.retain(|other| !Arc::ptr_eq(other, &known));
        known.set_source(source);
        known
    } else {
        let handle = Arc::new(Handle::new(place, source, ring));
        handles.all.retain(|other| other.strong_count() > 0);
        handles.all.push(Arc::downgrade(&handle));
        handle
    };
    handles.kept.push(Arc::clone(&handle));
    while handles.kept.len() > KEPT {
        let oldest = handles.kept.remove(0);
        oldest.close_if_idle();
        dropped.push(oldest);
    }
    handle
}

/// See [`crate::store::quiesce`].
pub fn quiesce() -> Quiesced {
    GATE.close();
    // Whoever holds this lock is inside the gate: nobody does.
    let handles = HANDLES.lock().unwrap_or_else(PoisonError::into_inner);
    let all: Vec<_> = handles.all.iter().filter_map(Weak::upgrade).collect();
    for handle in &all {
        handle.close();
    }
    Quiesced { _closed: all }
}

/// Holds the store's handles closed; see [`crate::store::quiesce`].
#[derive(Debug)]
pub struct Quiesced {
    /// Kept until the gate is open again, for the last owner of a handle passes the gate when it ends.
    _closed: Vec<Arc<Handle>>,
}

impl Drop for Quiesced {
    fn drop(&mut self) {
        GATE.open();
    }
}
