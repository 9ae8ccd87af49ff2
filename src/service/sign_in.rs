//! Signing in: the authorization code flow from the first URL to the stored token (contract, section 3).
//!
//! What ties the two legs together is in the store, under the hash of the state: account and identity, browser session, PKCE
//! verifier, nonce and redirect URI. A state is used once; the same callback again gets the same outcome, without Microsoft being asked
//! twice for one code.

mod authorization;
mod callback;
mod redemption;
mod state;

pub use authorization::{AuthorizationOptions, admin_consent_url, authorization_url};
pub use callback::Callback;
pub use redemption::exchange_code;
pub use state::callback_route;

use sha2::{Digest, Sha256};

use crate::base::account::AccountName;
use crate::base::clock::UtcInstant;
use crate::base::failure::{Class, Detail, Error, Failure, SignInReason};
use crate::base::problem::Problem;
use crate::store::record::SignInRecord;

/// How long a state lives, seconds; as long as Microsoft's codes.
const STATE_LIFE: i64 = 600;

/// How long an outcome is kept for a reload of its callback, seconds.
const OUTCOME_LIFE: i64 = 24 * 3600;

/// The session as the store knows it.
fn session_hash(session: &[u8]) -> Result<[u8; 32], Error> {
    if session.is_empty() {
        return Err(Error::argument("session", "must not be empty"));
    }
    Ok(Sha256::digest(session).into())
}

/// A sign-in that failed for `reason`, told by `problem`.
fn failed(reason: SignInReason, problem: Problem, account: Option<&AccountName>) -> Failure {
    let failure = Failure::new(problem)
        .as_class(Class::SignInFailed)
        .with_detail(Detail::Reason(reason));
    match account {
        Some(account) => failure.of(account),
        None => failure,
    }
}

/// The same with the words of the reason itself.
fn failed_by_reason(reason: SignInReason, now: UtcInstant, account: Option<&AccountName>) -> Failure {
    failed(reason, Problem::own(code(reason), now), account)
}

/// The row that speaks for a reason.
const fn code(reason: SignInReason) -> &'static str {
    match reason {
        SignInReason::Denied => "sign_in_denied",
        SignInReason::ConsentRequired => "sign_in_consent_required",
        SignInReason::UnknownState => "sign_in_unknown_state",
        SignInReason::ExpiredState => "sign_in_expired_state",
        SignInReason::Replayed => "sign_in_replayed",
        SignInReason::WrongSession => "sign_in_wrong_session",
        SignInReason::WrongAccount => "sign_in_wrong_account",
        SignInReason::AccountChanged => "sign_in_account_changed",
        SignInReason::Interrupted => "sign_in_interrupted",
        SignInReason::InvalidCallback => "sign_in_invalid_callback",
        SignInReason::Refused => "sign_in_refused",
    }
}

/// Whether a state that was handed out still counts. One from the future was handed out before the clock was set back.
fn is_alive(sign_in: &SignInRecord, now: UtcInstant) -> bool {
    (-STATE_LIFE..=STATE_LIFE).contains(&now.since(sign_in.created_at))
}
