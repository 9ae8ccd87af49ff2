//! The state of an account's sign-in, and the decisions about its access token: fresh, aging, expired or dead.
//!
//! All of it is pure: a token record and an instant in, a decision out. The margins are MSAL's where it has them. Nothing here is a
//! secret, so a [`TokenStatus`] may be shown to anybody.

use crate::base::account::{AccountName, Protocol};
use crate::base::clock::UtcInstant;
use crate::base::problem::Problem;
use crate::oauth::scope;
use crate::store::record::{AccountRecord, Block, TokenRecord};

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

/// An access token with less life than this is renewed before it is handed out, seconds.
pub const RENEWAL_MARGIN: i64 = 300;

/// An old access token with more life than this is handed out when it can not be renewed for a passing reason, seconds.
pub const LAST_RESORT: i64 = 60;

/// A validity that no token has is asked for at most once in this time, seconds.
pub const FORCED_PAUSE: i64 = 300;

/// A clock that stands further before the token's issue than this has jumped back, seconds.
const CLOCK_TOLERANCE: i64 = 120;

/// How long before its end a client secret is warned of, seconds.
pub const SECRET_NOTICE: i64 = 30 * 86400;

/// What an access token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Hand it out; no request is needed.
    Fresh,
    /// Good enough for the caller, and time to renew it.
    Aging,
    /// Not good enough: renew it first.
    Expired,
    /// Not good enough, and nothing here can renew it.
    Dead,
}

/// The tokens that count: those of the account's present identity.
pub fn current<'a>(account: &AccountRecord, tokens: Option<&'a TokenRecord>) -> Option<&'a TokenRecord> {
    tokens.filter(|tokens| tokens.identity_generation == account.identity_generation)
}

/// How many seconds the access token is still good for: 0 if there is none, if its end is not known, or if the clock stands before
/// its issue.
pub fn remaining(tokens: &TokenRecord, now: UtcInstant) -> i64 {
    let (Some(_), Some(expires_at)) = (&tokens.access_token, tokens.expires_at) else {
        return 0;
    };
    let jumped_back = tokens
        .issued_at
        .is_some_and(|issued_at| issued_at.since(now) > CLOCK_TOLERANCE);
    if jumped_back { 0 } else { expires_at.since(now).max(0) }
}

/// What the access token is good for, if the caller needs it for `min_validity` seconds. `tokens` are [`current`] ones.
pub fn freshness(protocol: Protocol, tokens: Option<&TokenRecord>, min_validity: i64, now: UtcInstant) -> Freshness {
    let Some(tokens) = tokens else {
        return match protocol {
            Protocol::Application => Freshness::Expired,
            Protocol::Delegated => Freshness::Dead,
        };
    };
    let remaining = remaining(tokens, now);
    let renewable = match protocol {
        Protocol::Application => true,
        Protocol::Delegated => tokens.refresh_token.is_some() && tokens.block != Block::SignIn,
    };
    let enough = remaining > 0 && remaining >= min_validity;
    let wanted_back = tokens.refresh_at.is_some_and(|refresh_at| now >= refresh_at);
    match (enough, renewable) {
        (true, true) if wanted_back || remaining < RENEWAL_MARGIN => Freshness::Aging,
        (true, _) => Freshness::Fresh,
        (false, true) if was_forced(tokens, now) && remaining > floor(tokens) => Freshness::Fresh,
        (false, true) => Freshness::Expired,
        (false, false) => Freshness::Dead,
    }
}

/// Whether a token was asked for just now only because somebody wanted one of a longer life than Microsoft gives.
fn was_forced(tokens: &TokenRecord, now: UtcInstant) -> bool {
    tokens
        .forced_at
        .is_some_and(|forced_at| (0..FORCED_PAUSE).contains(&now.since(forced_at)))
}

/// Below this a token is renewed whatever was asked for before: a minute, or half of a very short life.
fn floor(tokens: &TokenRecord) -> i64 {
    let life = tokens.expires_at.zip(tokens.issued_at);
    let half = life.map_or(LAST_RESORT, |(expires_at, issued_at)| expires_at.since(issued_at) / 2);
    half.clamp(0, LAST_RESORT)
}

/// Whether the access token has ended, or ends within `leeway` seconds. `tokens` are [`current`] ones.
pub fn is_expired(tokens: Option<&TokenRecord>, leeway: i64, now: UtcInstant) -> bool {
    tokens.is_none_or(|tokens| {
        let remaining = remaining(tokens, now);
        remaining <= 0 || remaining <= leeway
    })
}

/// The state of an account's sign-in.
fn state(account: &AccountRecord, tokens: Option<&TokenRecord>, now: UtcInstant) -> TokenState {
    let delegated = account.settings.protocol == Protocol::Delegated;
    let signed_in = |tokens: &TokenRecord| tokens.access_token.is_some() || tokens.refresh_token.is_some();
    let Some(tokens_now) = current(account, tokens) else {
        return match (delegated, tokens) {
            (false, _) => TokenState::Expired,
            // Somebody had signed in under an older identity.
            (true, Some(old)) if signed_in(old) => TokenState::SignInRequired,
            (true, _) => TokenState::NeverSignedIn,
        };
    };
    match tokens_now.block {
        _ if delegated && !signed_in(tokens_now) => TokenState::NeverSignedIn,
        Block::SignIn => TokenState::SignInRequired,
        Block::Action => TokenState::ActionRequired,
        Block::None if remaining(tokens_now, now) > 0 => TokenState::Valid,
        Block::None if delegated && tokens_now.refresh_token.is_none() => TokenState::SignInRequired,
        Block::None => TokenState::Expired,
    }
}

/// When the secret or certificate ends: as it was entered, else as the certificate says that was used last or saved.
pub fn credential_ends_at(account: &AccountRecord, tokens: Option<&TokenRecord>) -> Option<UtcInstant> {
    account.settings.secret_expires_at.or_else(|| {
        let files = account.settings.client_certificate.as_ref()?;
        let used = current(account, tokens).and_then(|tokens| tokens.certificate_ends_at);
        used.or(files.ends_at)
    })
}

/// What to say of a secret or certificate that ends at `end`, soon or already. Nothing else is wrong yet, so that no state changes.
pub fn credential_warning(account: &AccountRecord, end: UtcInstant, now: UtcInstant) -> Option<Problem> {
    let since = end.plus(-SECRET_NOTICE);
    if now < since {
        return None;
    }
    let (code, since) = match (account.settings.client_certificate.is_some(), now < end) {
        (false, true) => ("secret_ends_soon", since),
        (false, false) => ("secret_ended", end),
        (true, true) => ("certificate_ends_soon", since),
        (true, false) => ("certificate_ended", end),
    };
    let date = end.to_rfc3339();
    let date = date.split('T').next().unwrap_or_default();
    let mut problem = Problem::own(code, since).with_fact("account", account.name.as_str());
    if let Some(files) = &account.settings.client_certificate {
        problem = problem.with_fact("path", &files.certificate);
    }
    Some(problem.with_fact("date", date))
}

/// The status of an account from what the store has of it.
pub fn status(account: &AccountRecord, tokens: Option<&TokenRecord>, now: UtcInstant) -> TokenStatus {
    let state = state(account, tokens, now);
    let empty = TokenRecord::default();
    let tokens = current(account, tokens).unwrap_or(&empty);
    let delegated = account.settings.protocol == Protocol::Delegated;
    // Nothing granted is nothing known: a token adopted without its scope is not one without scopes.
    let missing_scopes = if delegated && !tokens.granted_scopes.is_empty() {
        let has_refresh_token = tokens.refresh_token.is_some();
        scope::missing(&account.settings.scopes, &tokens.granted_scopes, has_refresh_token)
    } else {
        Vec::new()
    };
    TokenStatus {
        account: account.name.clone(),
        state,
        expires_at: tokens.expires_at,
        refreshed_at: tokens.refreshed_at,
        signed_in_as: tokens.signed_in_as.clone(),
        granted_scopes: tokens.granted_scopes.clone(),
        missing_scopes,
        problem: tokens.problem.clone().or_else(|| match state {
            TokenState::SignInRequired | TokenState::ActionRequired => None,
            TokenState::NeverSignedIn | TokenState::Valid | TokenState::Expired => {
                let end = credential_ends_at(account, Some(tokens))?;
                credential_warning(account, end, now)
            }
        }),
        clock_skew: tokens.clock_skew,
        sign_in_expires_at: tokens.sign_in_expires_at,
    }
}

#[cfg(test)]
mod tests;
