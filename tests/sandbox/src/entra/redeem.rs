//! What each grant is worth: an authorization code, a refresh token, the client's own credentials.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

use super::error::EntraError;
use super::login::tenant_of;
use super::scopes::{self, Scopes};
use super::token::Given;
use super::{CODE_LIFE, REFRESH_LIFE};
use crate::clock;
use crate::exchange::find;
use crate::random;
use crate::sandbox::Sandbox;
use crate::world::{App, Flow, Platform, Realm, RefreshToken, User, World};

const GRAPH: &str = "https://graph.microsoft.com";

/// Whether the grant belongs to a redirect URI of a single-page app.
pub fn is_spa(world: &World, app: &App, form: &[(String, String)]) -> bool {
    let uri = match find(form, "grant_type") {
        Some("authorization_code") => find(form, "code")
            .and_then(|code| world.grants.codes.get(code))
            .map(|code| code.flow.redirect_uri.as_str()),
        _ => None,
    };
    uri.and_then(|uri| app.redirect(uri))
        .is_some_and(|uri| uri.platform == Platform::Spa)
}

fn required<'f>(form: &'f [(String, String)], name: &str) -> Result<&'f str, EntraError> {
    find(form, name)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| EntraError::missing(name))
}

fn malformed() -> EntraError {
    EntraError::grant(9_002_313, "Invalid request. Request is malformed or invalid.")
}

/// `grant_type=authorization_code`
pub fn code(
    sandbox: &Sandbox,
    world: &mut World,
    app: &App,
    realm: &Realm,
    form: &[(String, String)],
) -> Result<Given, EntraError> {
    let text = required(form, "code")?;
    let redirect_uri = required(form, "redirect_uri")?;
    let code = world.grants.codes.get(text).cloned().ok_or_else(malformed)?;
    let now = sandbox.clock.now();
    if code.flow.client_id != app.client_id {
        return Err(EntraError::grant(
            70_000,
            "Provided grant is invalid or malformed. The code was issued to another client.",
        ));
    }
    if code.flow.realm != realm.name() {
        return Err(EntraError::grant(
            700_005,
            "Provided Authorization Code is intended to use against other tenant, thus rejected.",
        ));
    }
    if code.flow.redirect_uri != redirect_uri {
        return Err(EntraError::grant(
            70_000,
            "The provided value for the input parameter 'redirect_uri' is not valid. The expected value is a URI which matches a redirect URI \
             registered for this client application.",
        ));
    }
    if code.used {
        return Err(EntraError::grant(
            54_005,
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.",
        ));
    }
    if code.issued + CODE_LIFE <= now {
        return Err(EntraError::grant(
            70_008,
            "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this \
             user and resource.",
        ));
    }
    check_verifier(&code.flow, find(form, "code_verifier"))?;
    let user = world.user(&code.user).cloned().ok_or_else(malformed)?;
    usable(&user)?;
    let tenant = tenant_of(&code.flow, &user);
    let asked = asked(
        sandbox,
        world,
        app,
        &user,
        &tenant,
        &code.flow.scopes,
        find(form, "scope"),
        true,
    )?;
    if let Some(code) = world.grants.codes.get_mut(text) {
        code.used = true;
    }
    let offline = code.flow.scopes.iter().any(|scope| scope == "offline_access");
    let refresh = offline.then(|| RefreshToken {
        client_id: app.client_id.clone(),
        user: user.id.clone(),
        tenant: tenant.clone(),
        scopes: code.flow.scopes.clone(),
        issued: now,
        signed_in: code.issued,
        revoked: false,
        family: random::guid(),
    });
    Ok(Given {
        user: Some(user.id),
        tenant,
        audience: asked.audience,
        scopes: asked.scopes,
        oidc: code
            .flow
            .scopes
            .iter()
            .filter(|scope| ["openid", "profile", "email"].contains(&scope.as_str()))
            .cloned()
            .collect(),
        roles: Vec::new(),
        nonce: code.flow.nonce.clone(),
        refresh,
        claims_aware: code.flow.claims_aware || claims_aware(form),
    })
}

fn check_verifier(flow: &Flow, verifier: Option<&str>) -> Result<(), EntraError> {
    let mismatch = || {
        EntraError::grant(
            501_481,
            "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        )
    };
    match (&flow.challenge, verifier.filter(|verifier| !verifier.is_empty())) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(EntraError::grant(
            50_148,
            "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE.",
        )),
        (None, Some(_)) => Err(mismatch()),
        (Some((challenge, hashed)), Some(verifier)) => {
            if !(43..=128).contains(&verifier.len()) {
                return Err(EntraError::request(501_491, "Invalid size of Code_Verifier parameter."));
            }
            let computed = if *hashed {
                URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
            } else {
                verifier.to_owned()
            };
            if computed == *challenge {
                Ok(())
            } else {
                Err(mismatch())
            }
        }
    }
}

fn claims_aware(form: &[(String, String)]) -> bool {
    find(form, "claims").is_some_and(|claims| claims.contains("xms_cc") && claims.contains("cp1"))
}

fn usable(user: &User) -> Result<(), EntraError> {
    if user.disabled {
        Err(EntraError::grant(50_057, "The user account is disabled."))
    } else {
        Ok(())
    }
}

/// `grant_type=refresh_token`
pub fn refresh_token(
    sandbox: &Sandbox,
    world: &mut World,
    app: &App,
    realm: &Realm,
    form: &[(String, String)],
) -> Result<Given, EntraError> {
    let text = required(form, "refresh_token")?;
    let token = world.grants.refresh_tokens.get(text).cloned().ok_or_else(malformed)?;
    let now = sandbox.clock.now();
    if token.client_id != app.client_id {
        return Err(EntraError::grant(
            70_000,
            "Provided grant is invalid or malformed. The refresh token was issued to another client.",
        ));
    }
    if token.issued + REFRESH_LIFE <= now {
        return Err(EntraError::grant(
            700_082,
            format!(
                "The refresh token has expired due to inactivity. The token was issued on {} and was inactive for 90.00:00:00.",
                clock::iso(token.issued)
            ),
        ));
    }
    let user = world.user(&token.user).cloned().ok_or_else(|| {
        EntraError::grant(50_034, "The user account does not exist in the directory. To sign into this application, the account must be added to the directory.")
    })?;
    usable(&user)?;
    if token.revoked || token.signed_in < user.tokens_valid_from {
        return Err(EntraError::grant(
            50_173,
            format!(
                "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their \
                 password. The grant was issued on '{}' and the TokensValidFrom date (before which tokens are not valid) for this user is '{}'.",
                clock::iso(token.signed_in),
                clock::iso(user.tokens_valid_from.max(token.signed_in)),
            ),
        ));
    }
    let tenant = match realm {
        Realm::Tenant(id) => id.clone(),
        Realm::Common | Realm::Organizations | Realm::Consumers => token.tenant.clone(),
    };
    if !user.belongs_to(&tenant) {
        return Err(EntraError::grant(
            50_020,
            format!(
                "User account '{}' from identity provider does not exist in tenant '{tenant}' and cannot access the application '{}' in that tenant.",
                user.upn, app.client_id
            ),
        ));
    }
    let asked = asked(
        sandbox,
        world,
        app,
        &user,
        &tenant,
        &token.scopes,
        find(form, "scope"),
        false,
    )?;
    let rotate = sandbox.settings().rotate_refresh_tokens;
    let oidc = if asked.oidc.is_empty() {
        token.scopes.clone()
    } else {
        asked.oidc
    };
    Ok(Given {
        user: Some(user.id),
        tenant: tenant.clone(),
        audience: asked.audience,
        scopes: asked.scopes,
        oidc: oidc
            .into_iter()
            .filter(|scope| ["openid", "profile", "email"].contains(&scope.as_str()))
            .collect(),
        roles: Vec::new(),
        nonce: None,
        refresh: rotate.then_some(RefreshToken {
            tenant,
            issued: now,
            ..token
        }),
        claims_aware: claims_aware(form),
    })
}

struct Asked {
    audience: String,
    scopes: Vec<String>,
    oidc: Vec<String>,
}

/// The scopes of a token request against what was consented to.
#[expect(clippy::too_many_arguments, reason = "consent depends on all of them")]
fn asked(
    sandbox: &Sandbox,
    world: &World,
    app: &App,
    user: &User,
    tenant: &str,
    original: &[String],
    scope: Option<&str>,
    first_leg: bool,
) -> Result<Asked, EntraError> {
    let original_text = original.join(" ");
    let text = match scope {
        Some(text) if text.trim().is_empty() => {
            return Err(EntraError::new(
                28_003,
                "invalid_scope",
                "Provided value for the input parameter scope cannot be empty when requesting an access token using the provided authorization code. \
                 Please specify a valid scope.",
            ));
        }
        Some(text) => text,
        None => original_text.as_str(),
    };
    let wanted = Scopes::parse(text, sandbox, app)?;
    if first_leg && scope.is_some() && wanted.several_resources() {
        return Err(EntraError::new(
            28_000,
            "invalid_request",
            "Provided value for the input parameter scope is not valid because it contains more than one resource.",
        ));
    }
    let audience = wanted.first.clone().unwrap_or_else(|| GRAPH.to_owned());
    let given = world.grants.consented(tenant, &app.client_id, &user.id);
    if audience != GRAPH {
        return Ok(Asked {
            audience,
            scopes: wanted.other,
            oidc: wanted.oidc,
        });
    }
    if !wanted.default
        && let Some(missing) = wanted.graph.iter().find(|scope| !given.contains(*scope))
    {
        return Err(if first_leg {
            EntraError::grant(
                70_000,
                "The request was denied because one or more scopes requested are unauthorized or expired. The user must first sign in and grant the \
                 client application access to the requested scope.",
            )
        } else {
            EntraError::grant(
                65_001,
                format!(
                    "The user or administrator has not consented to use the application with ID '{}' named '{}' (scope {missing}). Send an \
                     interactive authorization request for this user and resource.",
                    app.client_id, app.name
                ),
            )
            .because("consent_required")
        });
    }
    Ok(Asked {
        audience,
        scopes: given.into_iter().collect(),
        oidc: wanted.oidc,
    })
}

/// `grant_type=client_credentials`
pub fn client_credentials(
    sandbox: &Sandbox,
    world: &World,
    app: &App,
    realm: &Realm,
    form: &[(String, String)],
) -> Result<Given, EntraError> {
    let tenant = match realm {
        Realm::Tenant(id) => id.clone(),
        Realm::Organizations => app.tenant.clone(),
        Realm::Common | Realm::Consumers => {
            return Err(EntraError::request(
                9_001_023,
                "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.",
            ));
        }
    };
    let scope = required(form, "scope")?;
    let refuse = || {
        EntraError::new(
            1_002_012,
            "invalid_scope",
            format!(
                "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the \
                 resource identifier (application ID URI)."
            ),
        )
    };
    let mut names = scope.split(' ').filter(|name| !name.is_empty());
    let (Some(name), None) = (names.next(), names.next()) else {
        return Err(refuse());
    };
    let resource = name.strip_suffix("/.default").ok_or_else(refuse)?;
    if !scopes::is_graph(resource, sandbox) {
        return Err(EntraError::new(
            500_011,
            "invalid_resource",
            format!(
                "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant."
            ),
        ));
    }
    let home = app.tenant == tenant
        || world
            .grants
            .consents
            .keys()
            .any(|key| key.starts_with(&format!("{tenant}|{}|", app.client_id)));
    if !home {
        return Err(super::client::unknown_app(&app.client_id, &tenant));
    }
    Ok(Given {
        user: None,
        tenant,
        audience: GRAPH.to_owned(),
        scopes: Vec::new(),
        oidc: Vec::new(),
        roles: app.roles.clone(),
        nonce: None,
        refresh: None,
        claims_aware: claims_aware(form),
    })
}
