//! Sealing every row anew, while others read and write: in small transactions, each of which leaves the store whole.
//!
//! First the store is told that the first key seals from now on; whoever writes afterwards uses it (and reads the keys again, if it
//! does not have it yet). Then only rows from before are left, and their number is bounded.

use rusqlite::types::ValueRef;

use super::connection::{Durability, Handle, Work, seal_with_first};
use super::fault::Fault;
use crate::base::random::Random;
use crate::store::record::Moment;
use crate::store::schema::{SEALED, SealedTable};
use crate::store::seal::Part;
use crate::store::{PATIENCE, Result};

/// Rows a transaction.
const BATCH: i64 = 100;

/// Seals every row with the first key; rows done.
pub fn reseal(handle: &Handle, moment: &Moment, random: &dyn Random) -> Result<u64> {
    handle.write(moment, random, PATIENCE, Durability::Full, seal_with_first)?;
    let mut done = 0;
    for table in &SEALED {
        let last: i64 = handle.read(moment, random, PATIENCE, |work| {
            let sql = format!("SELECT coalesce(max(id), 0) FROM {}", table.name);
            Ok(work.database.query_row(&sql, [], |row| row.get(0))?)
        })?;
        let mut after = 0;
        while after < last {
            let (reached, rows) = handle.write(moment, random, PATIENCE, Durability::Full, |work| {
                batch(work, table, after, last)
            })?;
            after = reached;
            done += rows;
        }
    }
    // What the log still holds was sealed with the old key.
    handle.empty_log(moment.now)?;
    Ok(done)
}

/// One row: its id, its sealed value and its key columns.
struct Sealed {
    id: i64,
    value: Vec<u8>,
    identity: Vec<Column>,
}

enum Column {
    Text(String),
    Integer(i64),
    Blob(Vec<u8>),
}

/// Does the rows after id `after` up to `last`, at most a batch of them: the id that was reached, and how many there were.
fn batch(work: &Work<'_>, table: &SealedTable, after: i64, last: i64) -> Result<(i64, u64), Fault> {
    let sql = format!(
        "SELECT id, sealed, {} FROM {} WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3",
        table.identity, table.name
    );
    let mut statement = work.database.prepare_cached(&sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query((after, last, BATCH))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let identity = (2..columns)
            .map(|column| match row.get_ref(column)? {
                ValueRef::Text(text) => {
                    let text = std::str::from_utf8(text).map_err(|_| Fault::Unreadable)?;
                    Ok(Column::Text(text.to_owned()))
                }
                ValueRef::Integer(number) => Ok(Column::Integer(number)),
                ValueRef::Blob(blob) => Ok(Column::Blob(blob.to_vec())),
                ValueRef::Null | ValueRef::Real(_) => Err(Fault::Unreadable),
            })
            .collect::<Result<_, Fault>>()?;
        found.push(Sealed {
            id: row.get(0)?,
            value: row.get(1)?,
            identity,
        });
    }
    let mut update = work
        .database
        .prepare_cached(&format!("UPDATE {} SET sealed = ?2 WHERE id = ?1", table.name))?;
    for row in &found {
        let parts: Vec<_> = row
            .identity
            .iter()
            .map(|column| match column {
                Column::Text(text) => Part::Text(text),
                Column::Integer(number) => Part::Integer(*number),
                Column::Blob(blob) => Part::Blob(blob),
            })
            .collect();
        let plain = work.unseal_bytes(table, &parts, &row.value)?;
        update.execute((row.id, work.seal_bytes(table, &parts, &plain)?))?;
    }
    let reached = found.last().map_or(last, |row| row.id);
    Ok((reached, found.len() as u64))
}
