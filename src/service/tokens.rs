//! Tokens: fresh, aging, expired, dead; and one refresh at a time (contract, section 4).
//!
//! Reading is cheap and waits for nobody: whoever finds a good access token in the store has it. Everything else goes through
//! [`refresh`], where the decision is taken inside the account's lease, and through [`outcome`], which says what an answer makes of
//! what is stored. A request that was sent commits its answer by itself ([`commit`]), whether or not its caller still waits.

mod account_tokens;
mod adoption;
pub(crate) mod commit;
pub(crate) mod outcome;
pub(crate) mod person;
pub(crate) mod refresh;
mod request;

use crate::base::account::{AccountName, Protocol};
use crate::base::clock::UtcInstant;
use crate::base::failure::{Error, Failure, Result};
use crate::base::problem::Problem;
use crate::base::secret::Secret;
use crate::oauth::claims_challenge;
use crate::service::context::Context;
use crate::service::token_status::{self, Freshness, TokenStatus};
use crate::store::record::{AccountRecord, TokenRecord};

pub use account_tokens::{AccountTokens, tokens_for};
pub use adoption::{AdoptedToken, adopt_token};
pub use commit::{hold, wait_for_commits};

use refresh::{Demand, Want};

/// An access token good for `min_validity` seconds; `challenge`: the claims of a 401 that the caller got, as JSON or base64.
pub fn access_token(
    context: &Context,
    name: &AccountName,
    min_validity: i64,
    challenge: Option<&str>,
) -> Result<Secret> {
    if min_validity < 0 {
        return Err(Error::argument("min_validity", "must be greater than or equal to 0"));
    }
    let want = match challenge {
        None => Want::Valid(min_validity),
        Some(text) => {
            let claims = claims_challenge::decode(text)
                .ok_or_else(|| Error::argument("challenge", "must be a claims challenge, JSON or base64 of JSON"))?;
            Want::Answered(claims)
        }
    };
    let obtained = refresh::obtain(context, name, &Demand { want }).map_err(|error| error.of(name))?;
    obtained.access_token(context, name)
}

/// The access token if the store has one that needs no request; never blocks on anything but the store.
pub fn fresh_access_token(context: &Context, name: &AccountName, min_validity: i64) -> Result<Option<Secret>> {
    let (account, tokens) = read(context, name)?;
    let tokens = token_status::current(&account, tokens.as_ref());
    let freshness = token_status::freshness(account.settings.protocol, tokens, min_validity, context.clock.now());
    Ok(match freshness {
        Freshness::Fresh => tokens.and_then(|tokens| tokens.access_token.clone()),
        Freshness::Aging | Freshness::Expired | Freshness::Dead => None,
    })
}

/// The state of an account's sign-in; store only.
pub fn token_status(context: &Context, name: &AccountName) -> Result<TokenStatus> {
    let (account, tokens) = read(context, name)?;
    Ok(token_status::status(&account, tokens.as_ref(), context.clock.now()))
}

/// Whether the access token has ended or ends within `leeway` seconds; store only.
pub fn is_token_expired(context: &Context, name: &AccountName, leeway: i64) -> Result<bool> {
    let (account, tokens) = read(context, name)?;
    let tokens = token_status::current(&account, tokens.as_ref());
    Ok(token_status::is_expired(tokens, leeway, context.clock.now()))
}

/// Asks Microsoft for new tokens now.
pub fn refresh_token(context: &Context, name: &AccountName) -> Result<TokenStatus> {
    let demand = Demand { want: Want::New };
    let obtained = refresh::obtain(context, name, &demand).map_err(|error| error.of(name))?;
    Ok(obtained.status(context.clock.now()))
}

/// Forgets the tokens here.
pub fn revoke_tokens(context: &Context, name: &AccountName) -> Result<()> {
    read(context, name)?;
    Ok(context.store.delete_tokens(name)?)
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

/// The tokens in clear, for hosts that keep a copy of their own. Where there are none, the user must sign in; nobody can for an
/// application, so there none is what there is.
pub fn export_token(context: &Context, name: &AccountName) -> Result<ExportedToken> {
    let (account, tokens) = read(context, name)?;
    let current = token_status::current(&account, tokens.as_ref());
    match current.filter(|tokens| tokens.access_token.is_some() || tokens.refresh_token.is_some()) {
        Some(current) => Ok(ExportedToken {
            access_token: current.access_token.clone(),
            refresh_token: current.refresh_token.clone(),
            expires_at: current.expires_at,
            scope: current.granted_scopes.join(" "),
        }),
        None if account.settings.protocol == Protocol::Application => Ok(ExportedToken {
            access_token: None,
            refresh_token: None,
            expires_at: None,
            scope: String::new(),
        }),
        None => Err(not_signed_in(&account, tokens.as_ref(), context.clock.now()).into()),
    }
}

/// The account and whatever tokens the store has of it.
pub(crate) fn read(context: &Context, name: &AccountName) -> Result<(AccountRecord, Option<TokenRecord>)> {
    let account = context.store.account(name)?;
    let account = account
        .ok_or_else(|| Error::from(Failure::new(Problem::own("account_not_found", context.clock.now())).of(name)))?;
    Ok((account, context.store.tokens(name)?))
}

/// Why there is nothing to refresh with.
fn not_signed_in(account: &AccountRecord, tokens: Option<&TokenRecord>, now: UtcInstant) -> Failure {
    let was_signed_in = tokens.is_some_and(|tokens| tokens.access_token.is_some() || tokens.refresh_token.is_some());
    let code = if was_signed_in {
        "sign_in_required"
    } else {
        "never_signed_in"
    };
    let mut problem = Problem::own(code, now);
    if let Some(user) = &account.settings.user {
        problem = problem.with_fact("user", user);
    }
    Failure::new(problem).of(&account.name)
}
