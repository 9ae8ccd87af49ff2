//! Receipts of imports: one row a message while its import is open.
//!
//! Mailbox and message stand there as hashes only, for a mailbox's name is a person's address; what they are is inside the seal.
//! A closed receipt's row goes: a message that comes back is a new import, and nothing asks for old ones.

use rusqlite::{OptionalExtension, Row};
use sha2::{Digest, Sha256};

use super::connection::Work;
use super::fault::Fault;
use crate::store::record::{Receipt, ReceiptState};
use crate::store::schema::RECEIPTS;
use crate::store::seal::Part;

/// Receipts that nothing happened to for so long are forgotten, seconds: their messages left the inbox by another way. Never one
/// whose handler returned, for that message would be handed over again.
const FORGOTTEN_AFTER: i64 = 400 * 24 * 3600;

/// As the column `state` counts.
const RETURNED: i64 = 3;

fn state_number(state: ReceiptState) -> Option<i64> {
    match state {
        ReceiptState::Begun => Some(1),
        ReceiptState::Waiting => Some(2),
        ReceiptState::Returned => Some(RETURNED),
        ReceiptState::Closed => None,
    }
}

fn hashed(what: &str, value: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(what)
        .chain_update([0])
        .chain_update(value)
        .finalize()
        .into()
}

/// A row before it is opened.
type Closed = (Vec<u8>, Vec<u8>, i64, Vec<u8>);

fn closed(row: &Row<'_>) -> rusqlite::Result<Closed> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn open(work: &Work<'_>, (mailbox, message, state, sealed): &Closed) -> Result<Receipt, Fault> {
    let parts = [Part::Blob(mailbox), Part::Blob(message), Part::Integer(*state)];
    work.unseal(&RECEIPTS, &parts, sealed)
}

/// The open receipt of a message.
pub fn get(work: &Work<'_>, mailbox: &str, message: &str) -> Result<Option<Receipt>, Fault> {
    work.database
        .prepare_cached("SELECT mailbox, message, state, sealed FROM receipts WHERE mailbox = ?1 AND message = ?2")?
        .query_row((hashed("mailbox", mailbox), hashed("message", message)), closed)
        .optional()?
        .map(|row| open(work, &row))
        .transpose()
}

/// All open receipts of a mailbox, in the order in which their imports began.
pub fn all_open(work: &Work<'_>, mailbox: &str) -> Result<Vec<Receipt>, Fault> {
    let mut statement = work
        .database
        .prepare_cached("SELECT mailbox, message, state, sealed FROM receipts WHERE mailbox = ?1 ORDER BY id")?;
    let rows = statement
        .query_map([hashed("mailbox", mailbox)], closed)?
        .collect::<Result<Vec<_>, _>>()?;
    rows.iter().map(|row| open(work, row)).collect()
}

/// Writes receipts, in order.
pub fn write(work: &Work<'_>, receipts: &[Receipt]) -> Result<(), Fault> {
    for receipt in receipts {
        let mailbox = hashed("mailbox", &receipt.mailbox);
        let message = hashed("message", &receipt.message);
        let Some(state) = state_number(receipt.state) else {
            work.database
                .prepare_cached("DELETE FROM receipts WHERE mailbox = ?1 AND message = ?2")?
                .execute((mailbox, message))?;
            continue;
        };
        let parts = [Part::Blob(&mailbox), Part::Blob(&message), Part::Integer(state)];
        let sealed = work.seal(&RECEIPTS, &parts, receipt)?;
        work.database
            .prepare_cached(
                "INSERT INTO receipts (mailbox, message, state, updated_at, sealed) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (mailbox, message) DO UPDATE SET state = ?3, updated_at = ?4, sealed = ?5",
            )?
            .execute((mailbox, message, state, receipt.updated_at.epoch(), sealed))?;
    }
    work.database
        .prepare_cached("DELETE FROM receipts WHERE state IN (1, 2) AND updated_at < ?1")?
        .execute([work.now.plus(-FORGOTTEN_AFTER).epoch()])?;
    Ok(())
}
