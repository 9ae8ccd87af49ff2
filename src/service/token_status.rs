//! The state of an account's sign-in, as anybody may see it: no secret in it, no request behind it.

use crate::base::account::AccountName;
use crate::base::clock::UtcInstant;
use crate::base::problem::Problem;

/// `TokenState` of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenState {
    /// Nobody has signed in yet.
    NeverSignedIn,
    /// The access token is good.
    Valid,
    /// The access token has ended; a refresh will do.
    Expired,
    /// The user must sign in.
    SignInRequired,
    /// An administrator must act first.
    ActionRequired,
}

/// `TokenStatus` of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenStatus {
    /// Whose.
    pub account: AccountName,
    /// The state.
    pub state: TokenState,
    /// When the access token ends.
    pub expires_at: Option<UtcInstant>,
    /// When it was last renewed.
    pub refreshed_at: Option<UtcInstant>,
    /// Who signed in.
    pub signed_in_as: Option<String>,
    /// Scopes granted.
    pub granted_scopes: Vec<String>,
    /// Scopes configured, not granted.
    pub missing_scopes: Vec<String>,
    /// The last failure, until the next success.
    pub problem: Option<Problem>,
    /// Server's clock minus ours, seconds.
    pub clock_skew: i64,
    /// When the sign-in ends whatever is refreshed, where known.
    pub sign_in_expires_at: Option<UtcInstant>,
}
