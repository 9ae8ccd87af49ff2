//! Caches: sealed values that may be lost.

use rusqlite::OptionalExtension;

use super::connection::Work;
use super::fault::Fault;
use crate::base::account::AccountName;
use crate::store::schema::CACHE;
use crate::store::seal::Part;

/// A value.
pub fn get(work: &Work<'_>, kind: &str, key: &str) -> Result<Option<Vec<u8>>, Fault> {
    work.database
        .prepare_cached("SELECT sealed FROM cache WHERE kind = ?1 AND key = ?2")?
        .query_row((kind, key), |row| row.get::<_, Vec<u8>>(0))
        .optional()?
        .map(|sealed| {
            let value = work.unseal_bytes(&CACHE, &[Part::Text(kind), Part::Text(key)], &sealed)?;
            Ok(value.to_vec())
        })
        .transpose()
}

/// Keeps a value, or drops it.
pub fn put(work: &Work<'_>, kind: &str, key: &str, value: Option<&[u8]>) -> Result<(), Fault> {
    match value {
        Some(value) => {
            let sealed = work.seal_bytes(&CACHE, &[Part::Text(kind), Part::Text(key)], value)?;
            work.database
                .prepare_cached(
                    "INSERT INTO cache (kind, key, sealed) VALUES (?1, ?2, ?3)
                     ON CONFLICT (kind, key) DO UPDATE SET sealed = ?3",
                )?
                .execute((kind, key, sealed))?;
        }
        None => {
            work.database
                .prepare_cached("DELETE FROM cache WHERE kind = ?1 AND key = ?2")?
                .execute((kind, key))?;
        }
    }
    Ok(())
}

/// Drops what is kept for an account: its name is the key, or the key's first line.
pub fn delete_of(work: &Work<'_>, name: &AccountName) -> Result<(), Fault> {
    work.database
        .prepare_cached("DELETE FROM cache WHERE key = ?1 OR substr(key, 1, length(?1) + 1) = ?1 || char(10)")?
        .execute([name.as_str()])?;
    Ok(())
}
