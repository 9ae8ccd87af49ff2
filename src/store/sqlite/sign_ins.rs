//! Sign-ins between their two legs, and their outcomes: when and for which account in clear, everything else sealed.

use rusqlite::{OptionalExtension, Row};
use serde::{Deserialize, Serialize};

use super::connection::Work;
use super::fault::Fault;
use super::secret_text;
use crate::base::account::AccountName;
use crate::base::clock::UtcInstant;
use crate::base::failure::Failure;
use crate::base::secret::Secret;
use crate::store::SignInChange;
use crate::store::record::{SignInProgress, SignInRecord, StateHash};
use crate::store::schema::SIGN_INS;
use crate::store::seal::Part;

/// How a sign-in is written. A field that a later version adds needs a default, so that older rows still open.
#[derive(Serialize, Deserialize)]
#[serde(remote = "SignInRecord")]
struct SignIn {
    state: StateHash,
    account: AccountName,
    identity_generation: i64,
    session: [u8; 32],
    #[serde(with = "secret_text")]
    verifier: Secret,
    #[serde(with = "secret_text")]
    nonce: Secret,
    redirect_uri: String,
    scopes: Vec<String>,
    admin_consent: bool,
    created_at: UtcInstant,
    #[serde(with = "Progress")]
    progress: SignInProgress,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SignInProgress")]
enum Progress {
    Pending,
    Redeeming {
        answer: [u8; 32],
        sent: bool,
    },
    Ended {
        answer: [u8; 32],
        at: UtcInstant,
        failure: Option<Box<Failure>>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Sealed(#[serde(with = "SignIn")] SignInRecord);

/// A row before it is opened.
type Closed = (Vec<u8>, String, i64, i64, Vec<u8>);

fn closed(row: &Row<'_>) -> rusqlite::Result<Closed> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

/// A sign-in by the hash of its state.
pub fn get(work: &Work<'_>, state: &StateHash) -> Result<Option<SignInRecord>, Fault> {
    work.database
        .prepare_cached(
            "SELECT state, account, identity_generation, created_at, sealed FROM sign_ins WHERE state = ?1",
        )?
        .query_row([state.as_slice()], closed)
        .optional()?
        .map(|(state, account, identity_generation, created_at, sealed)| {
            let parts = [
                Part::Blob(&state),
                Part::Text(&account),
                Part::Integer(identity_generation),
                Part::Integer(created_at),
            ];
            let Sealed(record) = work.unseal(&SIGN_INS, &parts, &sealed)?;
            Ok(record)
        })
        .transpose()
}

/// Keeps a sign-in.
pub fn put(work: &Work<'_>, record: SignInRecord) -> Result<(), Fault> {
    let state = record.state;
    let account = record.account.clone();
    let (identity_generation, created_at) = (record.identity_generation, record.created_at.epoch());
    let ended_at = match &record.progress {
        SignInProgress::Ended { at, .. } => Some(at.epoch()),
        SignInProgress::Pending | SignInProgress::Redeeming { .. } => None,
    };
    let parts = [
        Part::Blob(&state),
        Part::Text(account.as_str()),
        Part::Integer(identity_generation),
        Part::Integer(created_at),
    ];
    let sealed = work.seal(&SIGN_INS, &parts, &Sealed(record))?;
    work.database
        .prepare_cached(
            "INSERT INTO sign_ins (state, account, identity_generation, created_at, ended_at, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (state) DO UPDATE SET
                account = ?2, identity_generation = ?3, created_at = ?4, ended_at = ?5, sealed = ?6",
        )?
        .execute((
            state.as_slice(),
            account.as_str(),
            identity_generation,
            created_at,
            ended_at,
            sealed,
        ))?;
    Ok(())
}

/// Drops the sign-ins that ended (or, if they never did, were handed out) before that.
pub fn purge(work: &Work<'_>, before: UtcInstant) -> Result<(), Fault> {
    work.database
        .prepare_cached("DELETE FROM sign_ins WHERE coalesce(ended_at, created_at) < ?1")?
        .execute([before.epoch()])?;
    Ok(())
}

/// Changes a sign-in.
pub fn change(work: &Work<'_>, state: &StateHash, change: SignInChange<'_>) -> Result<(), Fault> {
    match change(get(work, state)?) {
        Some(record) => put(work, record),
        None => Ok(()),
    }
}
