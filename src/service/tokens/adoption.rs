//! Taking over tokens that older scripts kept, so that a migration costs nobody a sign-in.

use sha2::{Digest, Sha256};

use crate::base::account::AccountName;
use crate::base::clock::UtcInstant;
use crate::base::failure::{Error, Result};
use crate::base::secret::Secret;
use crate::oauth::{id_token, scope};
use crate::service::context::Context;
use crate::service::token_status::{self, TokenStatus};
use crate::service::tokens::read;
use crate::store::record::{TokenRecord, Written};

/// How many bytes of a token are taken: Microsoft's have some thousand, and every read of the account carries them along.
const TOKEN_LIMIT: usize = 65_536;

/// A token that older scripts kept.
#[derive(Debug, Clone)]
pub struct AdoptedToken {
    /// Access token.
    pub access_token: Option<Secret>,
    /// Refresh token.
    pub refresh_token: Option<Secret>,
    /// When the access token was issued, where known.
    pub issued_at: Option<UtcInstant>,
    /// When the access token ends; `None`: expired.
    pub expires_at: Option<UtcInstant>,
    /// `scope`.
    pub scope: Option<String>,
    /// `id_token`.
    pub id_token: Option<Secret>,
}

/// Takes over a token that older scripts kept. Whose it is, only Microsoft's next answer proves: the account is pinned then.
pub fn adopt_token(
    context: &Context,
    name: &AccountName,
    token: &AdoptedToken,
    only_if_absent: bool,
) -> Result<TokenStatus> {
    let given = |secret: &Option<Secret>| secret.clone().filter(|secret| !secret.is_empty());
    let (access_token, refresh_token) = (given(&token.access_token), given(&token.refresh_token));
    let mut digest = Sha256::new();
    for secret in [&refresh_token, &access_token].into_iter().flatten() {
        digest.update(secret.expose().as_bytes());
    }
    let origin: [u8; 32] = digest.finalize().into();
    if access_token.is_none() && refresh_token.is_none() {
        return Err(Error::argument(
            "token",
            "must contain an access_token or a refresh_token",
        ));
    }
    check("access_token", access_token.as_ref(), u8::is_ascii_graphic)?;
    check("refresh_token", refresh_token.as_ref(), |byte| {
        matches!(byte, b' '..=b'~')
    })?;
    check("id_token", token.id_token.as_ref(), |_| true)?;
    if token.scope.as_ref().is_some_and(|scope| scope.len() > TOKEN_LIMIT) {
        return Err(too_long("scope"));
    }
    let now = context.clock.now();
    // Dropped: the account's identity was changed this very moment, so it is looked at again.
    loop {
        let (account, _) = read(context, name)?;
        let identity = token
            .id_token
            .as_ref()
            .and_then(|id_token| id_token::peek(id_token, &account.settings.client_id));
        let adopted = TokenRecord {
            identity_generation: account.identity_generation,
            origin: Some(origin),
            access_token: access_token.clone(),
            refresh_token: refresh_token.clone(),
            // Where it is not known, "now" would let a clock that is set right look like one that jumped back.
            issued_at: token.issued_at,
            expires_at: Some(token.expires_at.unwrap_or(now)),
            granted_scopes: token.scope.as_deref().map(scope::granted).unwrap_or_default(),
            signed_in_as: identity
                .as_ref()
                .and_then(|identity| identity.addresses.first().cloned()),
            addresses: identity
                .as_ref()
                .map(|identity| identity.addresses.clone())
                .unwrap_or_default(),
            login_hint: identity.and_then(|identity| identity.login_hint),
            ..TokenRecord::default()
        };
        let written = context
            .store
            .change_tokens(name, account.identity_generation, &mut |account, stored| {
                let present = token_status::current(account, stored.as_ref());
                let has_tokens =
                    present.is_some_and(|present| present.refresh_token.is_some() || present.access_token.is_some());
                if only_if_absent && has_tokens {
                    return None;
                }
                Some(TokenRecord {
                    version: stored.as_ref().map_or(0, |stored| stored.version) + 1,
                    attempts: stored.as_ref().map_or(0, |stored| stored.attempts),
                    clock_skew: stored.as_ref().map_or(0, |stored| stored.clock_skew),
                    ..adopted.clone()
                })
            })?;
        if written != Written::Dropped {
            break;
        }
    }
    let (account, tokens) = read(context, name)?;
    Ok(token_status::status(&account, tokens.as_ref(), context.clock.now()))
}

/// Refuses what can be no token: each travels in a header or a form field, of printable ASCII (RFC 6749 A.12 and A.17; in a header
/// without spaces, RFC 6750 section 2.1).
fn check(key: &str, token: Option<&Secret>, may_hold: fn(&u8) -> bool) -> Result<()> {
    let Some(token) = token else { return Ok(()) };
    if token.expose().len() > TOKEN_LIMIT {
        return Err(too_long(key));
    }
    if token.expose().as_bytes().iter().all(may_hold) {
        return Ok(());
    }
    let without = match key {
        "refresh_token" => "control characters and non-ASCII letters",
        _ => "spaces, control characters and non-ASCII letters",
    };
    Err(Error::argument(
        "token",
        format!("must contain a \"{key}\" without {without}"),
    ))
}

fn too_long(key: &str) -> Error {
    Error::argument(
        "token",
        format!("must contain a \"{key}\" of at most {TOKEN_LIMIT} bytes"),
    )
}
