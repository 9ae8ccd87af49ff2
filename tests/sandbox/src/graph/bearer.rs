//! Who calls, and whose mailbox it may be.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::error::GraphError;
use crate::exchange::Request;
use crate::world::user::MailHome;
use crate::world::{AccessToken, User, World};

/// Checks the access token as Graph does: form, life, audience, and whether the session was revoked meanwhile.
pub fn token(world: &World, request: &Request, now: i64) -> Result<AccessToken, GraphError> {
    let header = request.header("authorization").unwrap_or_default();
    let text = header
        .strip_prefix("Bearer ")
        .or_else(|| header.strip_prefix("bearer "))
        .unwrap_or_default()
        .trim();
    if text.is_empty() {
        return Err(GraphError::unauthorized("Access token is empty."));
    }
    let token = world
        .grants
        .access_tokens
        .get(text)
        .ok_or_else(|| GraphError::unauthorized("IDX14100: JWT is not well formed, there are no dots (.).\nThe token needs to be in JWS or JWE Compact Serialization Format."))?;
    if token.expires <= now {
        return Err(GraphError::unauthorized(
            "Lifetime validation failed, the token is expired.",
        ));
    }
    if token.audience != "https://graph.microsoft.com" {
        return Err(GraphError::unauthorized(
            "Access token validation failure. Invalid audience.",
        ));
    }
    if token.claims_aware
        && let Some(user) = token.user.as_deref().and_then(|user| world.user(user))
        && (user.disabled || token.revoked)
    {
        let claims = format!(
            r#"{{"access_token":{{"nbf":{{"essential":true,"value":"{}"}}}}}}"#,
            user.tokens_valid_from
        );
        return Err(claims_challenge(&claims));
    }
    Ok(token.clone())
}

/// 401 with a claims challenge, as continuous access evaluation sends it.
pub fn claims_challenge(claims: &str) -> GraphError {
    let mut error = GraphError::new(
        401,
        "InvalidAuthenticationToken",
        "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp",
    );
    error.headers.push((
        "www-authenticate",
        format!(
            "Bearer realm=\"\", authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize, \
             client_id=00000003-0000-0000-c000-000000000000, errorDescription=\"Continuous access evaluation resulted in challenge\", \
             error=\"insufficient_claims\", claims=\"{}\"",
            STANDARD.encode(claims)
        ),
    ));
    error
}

/// What a request wants with a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Read mail.
    Read,
    /// Change mail.
    Write,
    /// Read mailbox settings.
    Settings,
    /// Change mailbox settings.
    WriteSettings,
    /// The user itself.
    User,
}

impl Need {
    const fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Read => &["Mail.Read", "Mail.ReadWrite"],
            Self::Write => &["Mail.ReadWrite"],
            Self::Settings => &["MailboxSettings.Read", "MailboxSettings.ReadWrite"],
            Self::WriteSettings => &["MailboxSettings.ReadWrite"],
            Self::User => &[
                "User.Read",
                "User.ReadWrite",
                "User.ReadBasic.All",
                "User.Read.All",
                "Directory.Read.All",
            ],
        }
    }
}

/// The user a path names: `me`, or `users/{id or address}`.
pub fn subject<'w>(world: &'w World, token: &AccessToken, name: Option<&str>) -> Result<&'w User, GraphError> {
    match (name, &token.user) {
        (None, Some(user)) => world.user(user).ok_or_else(|| {
            GraphError::unauthorized("The identity of the calling application could not be established.")
        }),
        (None, None) => Err(GraphError::bad_request(
            "/me request is only valid with delegated authentication flow.",
        )),
        (Some(name), _) => world
            .user(name)
            .filter(|user| user.belongs_to(&token.tenant))
            .ok_or_else(|| {
                GraphError::new(
                    404,
                    "ErrorInvalidUser",
                    format!("The requested user '{name}' is invalid."),
                )
            }),
    }
}

/// Whether the token (and the person behind it) may do this with that user's mailbox.
pub fn allow(world: &World, token: &AccessToken, owner: &User, need: Need) -> Result<(), GraphError> {
    let has = |list: &[String], suffix: &str| {
        need.scopes()
            .iter()
            .any(|scope| list.iter().any(|held| *held == format!("{scope}{suffix}")))
    };
    let Some(caller) = &token.user else {
        let app = world.app(&token.client_id);
        if !has(&token.roles, "") {
            return Err(GraphError::denied());
        }
        let policy = app.and_then(|app| app.mailbox_policy.as_ref());
        if need != Need::User && policy.is_some_and(|allowed| !allowed.iter().any(|name| owner.is_called(name))) {
            return Err(GraphError::new(
                403,
                "ErrorAccessDenied",
                "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings.",
            ));
        }
        return home(token, owner, need);
    };
    let own = *caller == owner.id;
    match need {
        Need::User if own && has(&token.scopes, "") => return Ok(()),
        Need::User => {
            let all = token.scopes.iter().any(|scope| {
                scope.starts_with("User.Read") && scope.ends_with(".All") || scope.starts_with("Directory.")
            });
            return if all {
                Ok(())
            } else {
                Err(GraphError::new(
                    403,
                    "Authorization_RequestDenied",
                    "Insufficient privileges to complete the operation.",
                ))
            };
        }
        // There is no `.Shared` variant of the settings' scopes: another user's are out of reach for delegated tokens.
        Need::Settings | Need::WriteSettings if !own => return Err(GraphError::denied()),
        _ => {}
    }
    if !(has(&token.scopes, ".Shared") || own && has(&token.scopes, "")) {
        return Err(GraphError::denied());
    }
    home(token, owner, need)?;
    if own || owner.full_access.contains(caller) {
        Ok(())
    } else {
        Err(GraphError::denied())
    }
}

/// Whether there is a mailbox that Graph reaches.
fn home(token: &AccessToken, owner: &User, need: Need) -> Result<(), GraphError> {
    if need == Need::User || owner.mail_home == MailHome::Online && owner.tenant == token.tenant {
        return Ok(());
    }
    Err(GraphError::new(
        404,
        "MailboxNotEnabledForRESTAPI",
        "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
    ))
}
