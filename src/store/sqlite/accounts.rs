//! Accounts: name and identity generation in clear, all settings sealed.
//!
//! Not only the secret is sealed: who could change `authority_url` in the file could have the secret sent to himself.

use rusqlite::{OptionalExtension, Row};
use serde::{Deserialize, Serialize};

use super::connection::Work;
use super::fault::Fault;
use super::{secret_text, tokens};
use crate::base::account::{AccountName, AccountSettings, CertificateFiles, Cloud, Protocol};
use crate::base::clock::UtcInstant;
use crate::base::secret::Secret;
use crate::store::AccountChange;
use crate::store::record::AccountRecord;
use crate::store::schema::ACCOUNTS;
use crate::store::seal::Part;

/// How settings are written. A field that a later version adds needs a default, so that older rows still open.
#[derive(Serialize, Deserialize)]
#[serde(remote = "AccountSettings")]
struct Settings {
    protocol: Protocol,
    tenant_id: String,
    client_id: String,
    #[serde(with = "secret_text::optional")]
    client_secret: Option<Secret>,
    #[serde(default)]
    client_certificate: Option<CertificateFiles>,
    secret_expires_at: Option<UtcInstant>,
    redirect_uri: Option<String>,
    user: Option<String>,
    mailbox: Option<String>,
    folder_inbox: String,
    folder_processed: Option<String>,
    folder_error: Option<String>,
    scopes: Vec<String>,
    refresh_interval: i64,
    enabled: bool,
    cloud: Cloud,
    authority_url: Option<String>,
    graph_url: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Sealed(#[serde(with = "Settings")] AccountSettings);

/// A row before it is opened.
type Closed = (String, i64, Vec<u8>);

fn closed(row: &Row<'_>) -> rusqlite::Result<Closed> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn open(work: &Work<'_>, (name, identity_generation, sealed): Closed) -> Result<AccountRecord, Fault> {
    let parts = [Part::Text(&name), Part::Integer(identity_generation)];
    let Sealed(settings) = work.unseal(&ACCOUNTS, &parts, &sealed)?;
    Ok(AccountRecord {
        settings,
        identity_generation,
        name: AccountName::new(name).map_err(|_| Fault::Unreadable)?,
    })
}

/// One account.
pub fn get(work: &Work<'_>, name: &AccountName) -> Result<Option<AccountRecord>, Fault> {
    work.database
        .prepare_cached("SELECT name, identity_generation, sealed FROM accounts WHERE name = ?1")?
        .query_row([name.as_str()], closed)
        .optional()?
        .map(|row| open(work, row))
        .transpose()
}

/// All accounts, by name.
pub fn all(work: &Work<'_>) -> Result<Vec<AccountRecord>, Fault> {
    let mut statement = work
        .database
        .prepare_cached("SELECT name, identity_generation, sealed FROM accounts ORDER BY name")?;
    let rows = statement.query_map([], closed)?.collect::<Result<Vec<_>, _>>()?;
    rows.into_iter().map(|row| open(work, row)).collect()
}

/// Creates or changes an account with its tokens.
pub fn change(work: &Work<'_>, name: &AccountName, change: AccountChange<'_>) -> Result<(), Fault> {
    let before = get(work, name)?;
    let is_new = before.is_none();
    let Some((mut record, mut new_tokens)) = change(before, tokens::get(work, name)?) else {
        return Ok(());
    };
    let highest = highest_generation(work)?;
    if is_new {
        // Whatever was asked for: a number that no account ever had, so that nothing of a deleted namesake fits.
        let asked = record.identity_generation;
        record.identity_generation = highest.saturating_add(1);
        if let Some(tokens) = &mut new_tokens
            && tokens.identity_generation == asked
        {
            tokens.identity_generation = record.identity_generation;
        }
    }
    if record.identity_generation > highest {
        work.database
            .prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES ('identity_generation', ?1)")?
            .execute([record.identity_generation])?;
    }
    put(work, name, record)?;
    match new_tokens {
        Some(new_tokens) => tokens::put(work, name, new_tokens),
        None => tokens::delete(work, name),
    }
}

fn put(work: &Work<'_>, name: &AccountName, record: AccountRecord) -> Result<(), Fault> {
    let parts = [Part::Text(name.as_str()), Part::Integer(record.identity_generation)];
    let sealed = work.seal(&ACCOUNTS, &parts, &Sealed(record.settings))?;
    work.database
        .prepare_cached(
            "INSERT INTO accounts (name, identity_generation, sealed) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET identity_generation = ?2, sealed = ?3",
        )?
        .execute((name.as_str(), record.identity_generation, sealed))?;
    Ok(())
}

/// The highest generation that any account, also a deleted one, ever had.
fn highest_generation(work: &Work<'_>) -> Result<i64, Fault> {
    let highest = work
        .database
        .prepare_cached("SELECT value FROM meta WHERE name = 'identity_generation'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(highest.unwrap_or(0))
}

/// Deletes an account with all that is its own.
pub fn delete(work: &Work<'_>, name: &AccountName) -> Result<bool, Fault> {
    let deleted = work
        .database
        .prepare_cached("DELETE FROM accounts WHERE name = ?1")?
        .execute([name.as_str()])?;
    tokens::delete(work, name)?;
    work.database
        .prepare_cached("DELETE FROM sign_ins WHERE account = ?1")?
        .execute([name.as_str()])?;
    super::cache::delete_of(work, name)?;
    Ok(deleted > 0)
}
