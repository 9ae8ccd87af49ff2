//! Signing in: the authorization code flow from the first URL to the stored token (contract, section 3).

use crate::base::account::AccountName;
use crate::base::failure::Result;
use crate::service::context::Context;
use crate::service::token_status::TokenStatus;

/// A callback's parameters as the browser brought them; `None` is a value that is not text (an array).
pub type Callback = Vec<(String, Option<String>)>;

/// What an authorization request can ask for.
#[derive(Debug, Clone, Default)]
pub struct AuthorizationOptions {
    /// `login`, `none`, `consent`, `select_account`.
    pub prompt: Option<String>,
    /// Whom to offer first.
    pub login_hint: Option<String>,
    /// What [`callback_route`] gives back.
    pub route: Option<String>,
}

/// The URL to send the browser to. `session` ties the callback to this browser; an empty one is an argument error.
pub fn authorization_url(
    _context: &Context,
    _name: &AccountName,
    _session: &str,
    _options: &AuthorizationOptions,
) -> Result<String> {
    unimplemented!()
}

/// Finishes a sign-in (or an admin consent) with what the callback brought.
pub fn exchange_code(_context: &Context, _callback: &Callback, _session: &str) -> Result<TokenStatus> {
    unimplemented!()
}

/// The route inside a callback's state, if any. Needs no store; the state is only proven by [`exchange_code`].
pub fn callback_route(_callback: &Callback) -> Option<String> {
    unimplemented!()
}

/// The URL at which an administrator consents for the whole tenant.
pub fn admin_consent_url(_context: &Context, _name: &AccountName, _session: &str) -> Result<String> {
    unimplemented!()
}
