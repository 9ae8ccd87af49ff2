//! Tokens: which account, identity and version in clear, everything else sealed.

use rusqlite::{OptionalExtension, Row};
use serde::{Deserialize, Serialize};

use super::connection::Work;
use super::fault::Fault;
use super::{accounts, secret_text};
use crate::base::account::AccountName;
use crate::base::clock::UtcInstant;
use crate::base::problem::Problem;
use crate::base::secret::Secret;
use crate::store::TokenChange;
use crate::store::record::{Block, Moment, StateHash, Subject, TokenRecord, Written};
use crate::store::schema::TOKENS;
use crate::store::seal::Part;

/// How tokens are written. A field that a later version adds needs a default, so that older rows still open.
#[derive(Serialize, Deserialize)]
#[serde(remote = "TokenRecord")]
struct Tokens {
    identity_generation: i64,
    version: i64,
    attempts: i64,
    origin: Option<StateHash>,
    #[serde(with = "secret_text::optional")]
    access_token: Option<Secret>,
    #[serde(with = "secret_text::optional")]
    refresh_token: Option<Secret>,
    issued_at: Option<UtcInstant>,
    expires_at: Option<UtcInstant>,
    refresh_at: Option<UtcInstant>,
    refreshed_at: Option<UtcInstant>,
    forced_at: Option<UtcInstant>,
    granted_scopes: Vec<String>,
    subject: Option<Subject>,
    signed_in_as: Option<String>,
    #[serde(default)]
    addresses: Vec<String>,
    login_hint: Option<String>,
    clock_skew: i64,
    sign_in_expires_at: Option<UtcInstant>,
    #[serde(default)]
    certificate_ends_at: Option<UtcInstant>,
    block: Block,
    problem: Option<Problem>,
    not_before: Option<UtcInstant>,
    claims: Option<String>,
    #[serde(default)]
    written_at: Option<Moment>,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Sealed(#[serde(with = "Tokens")] TokenRecord);

/// A row before it is opened.
type Closed = (String, i64, i64, Vec<u8>);

fn closed(row: &Row<'_>) -> rusqlite::Result<Closed> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn open(work: &Work<'_>, (account, identity_generation, version, sealed): &Closed) -> Result<TokenRecord, Fault> {
    let parts = [
        Part::Text(account),
        Part::Integer(*identity_generation),
        Part::Integer(*version),
    ];
    let Sealed(record) = work.unseal(&TOKENS, &parts, sealed)?;
    Ok(record.seen_at(work.moment))
}

/// An account's tokens.
pub fn get(work: &Work<'_>, name: &AccountName) -> Result<Option<TokenRecord>, Fault> {
    work.database
        .prepare_cached("SELECT account, identity_generation, version, sealed FROM tokens WHERE account = ?1")?
        .query_row([name.as_str()], closed)
        .optional()?
        .map(|row| open(work, &row))
        .transpose()
}

/// The tokens of all accounts.
pub fn all(work: &Work<'_>) -> Result<Vec<(AccountName, TokenRecord)>, Fault> {
    let mut statement = work
        .database
        .prepare_cached("SELECT account, identity_generation, version, sealed FROM tokens ORDER BY account")?;
    let rows = statement.query_map([], closed)?.collect::<Result<Vec<_>, _>>()?;
    rows.into_iter()
        .map(|row| {
            let record = open(work, &row)?;
            Ok((AccountName::new(row.0).map_err(|_| Fault::Unreadable)?, record))
        })
        .collect()
}

/// Changes an account's tokens, unless its identity is another by now.
pub fn change(
    work: &Work<'_>,
    name: &AccountName,
    identity_generation: i64,
    change: TokenChange<'_>,
) -> Result<Written, Fault> {
    let Some(account) = accounts::get(work, name)?.filter(|account| account.identity_generation == identity_generation)
    else {
        return Ok(Written::Dropped);
    };
    match change(&account, get(work, name)?) {
        Some(record) => {
            put(work, name, record)?;
            Ok(Written::Stored)
        }
        None => Ok(Written::Unchanged),
    }
}

/// Keeps an account's tokens.
pub fn put(work: &Work<'_>, name: &AccountName, mut record: TokenRecord) -> Result<(), Fault> {
    record.written_at = Some(work.moment.clone());
    let (identity_generation, version) = (record.identity_generation, record.version);
    let parts = [
        Part::Text(name.as_str()),
        Part::Integer(identity_generation),
        Part::Integer(version),
    ];
    let sealed = work.seal(&TOKENS, &parts, &Sealed(record))?;
    work.database
        .prepare_cached(
            "INSERT INTO tokens (account, identity_generation, version, sealed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (account) DO UPDATE SET identity_generation = ?2, version = ?3, sealed = ?4",
        )?
        .execute((name.as_str(), identity_generation, version, sealed))?;
    Ok(())
}

/// Forgets an account's tokens.
pub fn delete(work: &Work<'_>, name: &AccountName) -> Result<(), Fault> {
    work.database
        .prepare_cached("DELETE FROM tokens WHERE account = ?1")?
        .execute([name.as_str()])?;
    Ok(())
}
