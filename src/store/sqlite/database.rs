//! The database file itself: how it is made, opened, recognised as ours, brought up to date, and proven to belong to a key.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::connection::told;
use super::fault::Fault;
use crate::base::clock::UtcInstant;
use crate::base::random::Random;
use crate::store::gate::GATE;
use crate::store::key::{Key, KeyId, KeyRing};
use crate::store::place::Place;
use crate::store::schema::{APPLICATION_ID, MIGRATIONS};
use crate::store::seal::{self, Identity, Part};
use crate::store::{Result, trouble};

/// Makes a new store at `place`, whole or not at all: it is built under another name and then renamed. Only under the place's lock.
pub fn create(place: &Place, ring: &KeyRing, random: &dyn Random, now: UtcInstant) -> Result<()> {
    place.check(now)?;
    let unfinished = place.beside(".new");
    let failed = |error: std::io::Error| place.failed(&error, place.path(), now);
    // What an unfinished attempt or a deleted store left behind; an old log would be applied to the new file.
    for suffix in [
        ".key.new",
        ".new",
        ".new-journal",
        ".new-wal",
        ".new-shm",
        "-journal",
        "-wal",
        "-shm",
    ] {
        match fs::remove_file(place.beside(suffix)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    drop(place.create(&unfinished).map_err(failed)?);
    let filled = {
        let _pass = GATE.enter();
        fill(&unfinished, ring, random)
    };
    filled.map_err(|fault| {
        let _ = fs::remove_file(&unfinished);
        told(place, fault, now)
    })?;
    fs::rename(&unfinished, place.path()).map_err(failed)?;
    place.sync_folder().map_err(failed)
}

fn fill(path: &Path, ring: &KeyRing, random: &dyn Random) -> Result<(), Fault> {
    let mut connection = open(path)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    migrate(&connection, MIGRATIONS)?;
    let transaction = connection.transaction()?;
    write_proof(&transaction, ring.first(), random)?;
    transaction.commit()?;
    // Written into the file's header, for all who open it from now on.
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(Fault::Unreadable);
    }
    connection.close().map_err(|(_, error)| Fault::Sqlite(error))
}

/// A connection with the settings that every one has.
pub fn open(path: &Path) -> rusqlite::Result<Connection> {
    // Without CREATE: the file is made by us, with its mode and owner.
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::ZERO)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;
         PRAGMA synchronous = FULL;",
    )?;
    Ok(connection)
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    // A negative one was not written by us; as a huge one it is refused.
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

/// Does the steps that are missing, all in one transaction.
fn migrate(connection: &Connection, steps: &[&str]) -> Result<(), Fault> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let done = version(connection).map_err(Fault::from).and_then(|version| {
        for step in steps.iter().skip(version) {
            connection.execute_batch(step)?;
        }
        connection.pragma_update(None, "user_version", i64::try_from(steps.len()).unwrap_or(i64::MAX))?;
        connection.execute_batch("COMMIT")?;
        Ok(())
    });
    if done.is_err() && !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    done
}

/// The id of the key that seals.
pub fn sealing_key(connection: &Connection) -> Result<KeyId, Fault> {
    let id: Option<Vec<u8>> = connection
        .prepare_cached("SELECT value FROM meta WHERE name = 'sealed_with'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    id.and_then(|id| id.try_into().ok()).map(KeyId).ok_or(Fault::Unreadable)
}

fn proof_identity() -> Identity {
    Identity::new("meta", &[Part::Text("proof")])
}

/// Writes which key seals, and a value sealed with it, by which every process sees whether it has that key.
pub fn write_proof(connection: &Connection, key: &Key, random: &dyn Random) -> Result<(), Fault> {
    let proof = seal::seal(key, random, &proof_identity(), b"squeeze_graph")?;
    let mut put = connection.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?;
    put.execute(("proof", proof))?;
    put.execute(("sealed_with", key.id().0.to_vec()))?;
    Ok(())
}

/// Whether it is our database, of a version we know, and whether one of the keys is its key.
pub fn verify(connection: &Connection, place: &Place, ring: &KeyRing, now: UtcInstant) -> Result<(), Fault> {
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let version = version(connection)?;
    if application != APPLICATION_ID {
        // SQLite takes what is too short for a database for one that is still empty.
        let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        let code = if pages == 0 { "store_corrupt" } else { "store_foreign" };
        return Err(trouble::error(trouble::about(code, place.path(), now)).into());
    }
    if version > MIGRATIONS.len() {
        return Err(trouble::error(trouble::about("store_too_new", place.path(), now)).into());
    }
    if version < MIGRATIONS.len() {
        let _lock = place.lock(now)?;
        migrate(connection, MIGRATIONS)?;
    }
    let proof: Vec<u8> = connection.query_row("SELECT value FROM meta WHERE name = 'proof'", [], |row| row.get(0))?;
    seal::unseal(ring, &proof_identity(), &proof)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_run_once_in_order_and_all_or_none() {
        let connection = Connection::open_in_memory().unwrap();
        let steps = [
            "CREATE TABLE one (x)",
            "INSERT INTO one VALUES (1); CREATE TABLE two (x)",
        ];
        migrate(&connection, &steps[..1]).unwrap();
        assert_eq!(version(&connection).unwrap(), 1);
        migrate(&connection, &steps).unwrap();
        migrate(&connection, &steps).unwrap();
        assert_eq!(version(&connection).unwrap(), 2);
        let rows: i64 = connection
            .query_row("SELECT count(*) FROM one", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 1, "a step ran twice");

        let broken = [
            steps[0],
            steps[1],
            "INSERT INTO one VALUES (2); SELECT nonsense FROM nowhere",
        ];
        assert!(migrate(&connection, &broken).is_err());
        assert_eq!(version(&connection).unwrap(), 2);
        let rows: i64 = connection
            .query_row("SELECT count(*) FROM one", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 1, "a half step stayed");
        assert!(connection.is_autocommit(), "the transaction was left open");
    }
}
