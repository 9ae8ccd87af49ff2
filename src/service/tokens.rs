//! Tokens: fresh, aging, expired, dead; and one refresh at a time (contract, section 4).

use crate::base::account::AccountName;
use crate::base::clock::UtcInstant;
use crate::base::failure::Result;
use crate::base::secret::Secret;
use crate::service::context::Context;
use crate::service::token_status::TokenStatus;

/// An access token good for `min_validity` seconds; `challenge`: the claims of a 401 that the caller got.
pub fn access_token(
    _context: &Context,
    _name: &AccountName,
    _min_validity: i64,
    _challenge: Option<&str>,
) -> Result<Secret> {
    unimplemented!()
}

/// The access token if the store has one that needs no request; never blocks on anything but the store.
pub fn fresh_access_token(_context: &Context, _name: &AccountName, _min_validity: i64) -> Result<Option<Secret>> {
    unimplemented!()
}

/// The state of an account's sign-in; store only.
pub fn token_status(_context: &Context, _name: &AccountName) -> Result<TokenStatus> {
    unimplemented!()
}

/// Whether the access token has ended or ends within `leeway` seconds; store only.
pub fn is_token_expired(_context: &Context, _name: &AccountName, _leeway: i64) -> Result<bool> {
    unimplemented!()
}

/// Asks Microsoft for new tokens now.
pub fn refresh_token(_context: &Context, _name: &AccountName) -> Result<TokenStatus> {
    unimplemented!()
}

/// Forgets the tokens here.
pub fn revoke_tokens(_context: &Context, _name: &AccountName) -> Result<()> {
    unimplemented!()
}

/// A token that older scripts kept.
#[derive(Debug, Clone)]
pub struct AdoptedToken {
    /// Access token.
    pub access_token: Option<Secret>,
    /// Refresh token.
    pub refresh_token: Option<Secret>,
    /// When the access token ends; `None`: expired.
    pub expires_at: Option<UtcInstant>,
    /// `scope`.
    pub scope: Option<String>,
    /// `id_token`.
    pub id_token: Option<Secret>,
}

/// Takes over a token that older scripts kept.
pub fn adopt_token(
    _context: &Context,
    _name: &AccountName,
    _token: &AdoptedToken,
    _only_if_absent: bool,
) -> Result<TokenStatus> {
    unimplemented!()
}

/// What [`export_token`] gives to hosts that keep a copy of their own.
#[derive(Debug, Clone)]
pub struct ExportedToken {
    /// Access token.
    pub access_token: Option<Secret>,
    /// Refresh token.
    pub refresh_token: Option<Secret>,
    /// When the access token ends.
    pub expires_at: Option<UtcInstant>,
    /// Scopes, separated by spaces.
    pub scope: String,
}

/// The tokens in clear, for hosts that keep a copy of their own.
pub fn export_token(_context: &Context, _name: &AccountName) -> Result<ExportedToken> {
    unimplemented!()
}

/// The account's access tokens, as the Graph client takes them.
pub fn tokens_for(_context: &Context, _name: &AccountName) -> std::sync::Arc<dyn crate::graph::tokens::Tokens> {
    unimplemented!()
}
