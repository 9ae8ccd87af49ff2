//! The token endpoint: reads the form, checks the client, hands the grant on, writes the answer.

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::client::{Credential, disabled_app, single_tenant, unknown_app, unknown_tenant, work_accounts_only};
use super::error::EntraError;
use super::redeem;
use super::{client_assertion, id_token, login, scopes};
use crate::exchange::{Answer, Request, find};
use crate::faults::Action;
use crate::random;
use crate::sandbox::Sandbox;
use crate::world::{AccessToken, App, Realm, RefreshToken, World};

/// What a grant turned out to give.
#[derive(Debug)]
pub struct Given {
    /// The user's object id; none for client credentials.
    pub user: Option<String>,
    /// The directory.
    pub tenant: String,
    /// The resource.
    pub audience: String,
    /// What the access token may do.
    pub scopes: Vec<String>,
    /// OIDC scopes among what was asked for; decides on `id_token` and refresh token.
    pub oidc: Vec<String>,
    /// Application permissions.
    pub roles: Vec<String>,
    /// For the `id_token`.
    pub nonce: Option<String>,
    /// A new refresh token to issue.
    pub refresh: Option<RefreshToken>,
    /// Whether the client understands claims challenges.
    pub claims_aware: bool,
}

/// `/{tenant}/oauth2/v2.0/token`
pub fn answer(sandbox: &Sandbox, request: &Request, tenant: &str, fault: Option<&Action>) -> Answer {
    match grant(sandbox, request, tenant, fault) {
        Ok(body) => Answer::json(StatusCode::OK, &body),
        Err(error) => error.answer(sandbox, request),
    }
}

fn grant(sandbox: &Sandbox, request: &Request, tenant: &str, fault: Option<&Action>) -> Result<Value, EntraError> {
    if request.method != Method::POST {
        return Err(EntraError::request(
            900_561,
            format!(
                "The endpoint only accepts POST requests. Received a {} request.",
                request.method
            ),
        ));
    }
    let is_form = request.header("content-type").is_some_and(|kind| {
        kind.to_ascii_lowercase()
            .starts_with("application/x-www-form-urlencoded")
    });
    let form = if is_form { request.form() } else { Vec::new() };
    EntraError::duplicate(&form)?;
    let mut world = sandbox.world();
    let realm = world.realm(tenant).ok_or_else(|| unknown_tenant(tenant))?;
    let grant_type = find(&form, "grant_type")
        .filter(|kind| !kind.is_empty())
        .ok_or_else(|| EntraError::missing("grant_type"))?;
    if !["authorization_code", "refresh_token", "client_credentials"].contains(&grant_type) {
        return Err(EntraError::new(
            70_003,
            "unsupported_grant_type",
            format!("The app requested an unsupported grant type '{grant_type}'."),
        ));
    }
    let credential = Credential::read(request, &form);
    let app = credential.app(&world, tenant)?.clone();
    if grant_type != "client_credentials" || realm != Realm::Consumers {
        reach(&app, &realm, tenant)?;
    }
    check_client(sandbox, request, &credential, &app, tenant, &realm, &form, &world)?;
    if let Some((assertion, _)) = &credential.assertion {
        client_assertion::use_once(&mut world.grants, &app, assertion, sandbox.clock.now())?;
    }
    let given = match grant_type {
        "authorization_code" => redeem::code(sandbox, &mut world, &app, &realm, &form)?,
        "refresh_token" => redeem::refresh_token(sandbox, &mut world, &app, &realm, &form)?,
        _ => redeem::client_credentials(sandbox, &world, &app, &realm, &form)?,
    };
    Ok(issue(
        sandbox,
        &mut world,
        &app,
        given,
        find(&form, "client_info") == Some("1"),
        fault,
    ))
}

/// Whether the app can be used at this endpoint at all.
fn reach(app: &App, realm: &Realm, tenant: &str) -> Result<(), EntraError> {
    if app.disabled {
        return Err(disabled_app(app));
    }
    if app.multi_tenant {
        return if *realm == Realm::Consumers {
            Err(work_accounts_only())
        } else {
            Ok(())
        };
    }
    match realm {
        Realm::Tenant(id) if *id == app.tenant => Ok(()),
        Realm::Tenant(_) => Err(unknown_app(&app.client_id, tenant)),
        other => Err(single_tenant(app, other.name())),
    }
}

#[expect(clippy::too_many_arguments, reason = "each is one thing Entra looks at")]
fn check_client(
    sandbox: &Sandbox,
    request: &Request,
    credential: &Credential,
    app: &App,
    tenant: &str,
    realm: &Realm,
    form: &[(String, String)],
    world: &World,
) -> Result<(), EntraError> {
    let origin = request.header("origin");
    let spa = redeem::is_spa(world, app, form);
    if spa {
        return match origin {
            Some(_) if credential.secret.is_some() => Err(EntraError::request(
                9_002_326,
                "Client credentials must not be presented with a cross-origin token redemption.",
            )),
            Some(_) => Ok(()),
            None => Err(EntraError::request(
                9_002_327,
                "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.",
            )),
        };
    }
    if let Some(origin) = origin {
        return Err(EntraError::request(
            9_002_326,
            format!(
                "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request origin: '{origin}'."
            ),
        ));
    }
    let audience: Vec<String> = [tenant, realm.name()]
        .iter()
        .flat_map(|name| {
            [
                format!("{}/{name}/oauth2/v2.0/token", sandbox.root),
                format!("{}/{name}/v2.0", sandbox.root),
            ]
        })
        .collect();
    credential.check(app, sandbox.clock.now(), &audience)
}

/// Makes the tokens and the answer.
fn issue(
    sandbox: &Sandbox,
    world: &mut World,
    app: &App,
    mut given: Given,
    client_info: bool,
    fault: Option<&Action>,
) -> Value {
    let now = sandbox.clock.now();
    let settings = sandbox.settings();
    given.scopes.retain(|scope| !settings.withheld_scopes.contains(scope));
    let life = settings.token_life.unwrap_or_else(|| {
        if given.claims_aware {
            random::between(72_000, 100_800)
        } else {
            random::between(3_600, 5_400)
        }
    });
    let access = random::opaque::<1_100>("eyJ0eXAiOiJKV1QiLCJub25jZSI6I");
    let number = |seconds: i64| {
        if settings.expires_in_as_string {
            Value::from(seconds.to_string())
        } else {
            Value::from(seconds)
        }
    };
    let mut body = Map::new();
    body.insert("token_type".into(), "Bearer".into());
    if given.user.is_some() {
        let mut echoed = given.scopes.clone();
        echoed.extend(given.oidc.iter().cloned());
        body.insert("scope".into(), scopes::granted(&echoed, settings.scope_style).into());
    }
    body.insert("expires_in".into(), number(life - 1));
    body.insert("ext_expires_in".into(), number(life - 1));
    if let Some(refresh_in) = settings.refresh_in {
        body.insert("refresh_in".into(), number(refresh_in));
    }
    body.insert("access_token".into(), access.clone().into());
    if let Some(refresh) = given.refresh {
        let token = random::opaque::<900>("1.AXoA");
        body.insert("refresh_token".into(), token.clone().into());
        world.grants.refresh_tokens.insert(token, refresh);
    }
    if let Some(user) = given.user.as_deref().and_then(|user| world.user(user)).cloned() {
        if given.oidc.iter().any(|scope| scope == "openid") {
            let mut claims = claims(
                sandbox,
                app,
                &user,
                &given.tenant,
                &given.oidc,
                given.nonce.as_deref(),
                now,
            );
            let tampered = fault.and_then(|fault| fault.id_token.clone()).unwrap_or_default();
            for (name, value) in tampered {
                if value.is_null() {
                    claims.remove(&name);
                } else {
                    claims.insert(name, value);
                }
            }
            let token = id_token::sign(
                &Value::Object(claims),
                fault.is_some_and(|fault| fault.id_token_bad_signature),
            );
            body.insert("id_token".into(), token.into());
        }
        if client_info {
            body.insert("client_info".into(), login::client_info(&user).into());
        }
    }
    world.grants.sweep(now);
    world.grants.access_tokens.insert(
        access,
        AccessToken {
            client_id: app.client_id.clone(),
            user: given.user,
            tenant: given.tenant,
            audience: given.audience,
            scopes: given.scopes,
            roles: given.roles,
            issued: now,
            expires: now + life,
            revoked: false,
            claims_aware: given.claims_aware,
        },
    );
    Value::Object(body)
}

fn claims(
    sandbox: &Sandbox,
    app: &App,
    user: &crate::world::User,
    tenant: &str,
    oidc: &[String],
    nonce: Option<&str>,
    now: i64,
) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("aud".into(), app.client_id.clone().into());
    claims.insert("iss".into(), format!("{}/{tenant}/v2.0", sandbox.root).into());
    claims.insert("iat".into(), (now - 300).into());
    claims.insert("nbf".into(), (now - 300).into());
    claims.insert("exp".into(), (now + 3_600).into());
    if oidc.iter().any(|scope| scope == "profile") {
        claims.insert("name".into(), user.name.clone().into());
        claims.insert("oid".into(), user.id.clone().into());
        claims.insert("preferred_username".into(), user.upn.clone().into());
        claims.insert("login_hint".into(), format!("O.{}", user.upn).into());
    }
    if oidc.iter().any(|scope| scope == "email")
        && let Some(mail) = &user.mail
    {
        claims.insert("email".into(), mail.clone().into());
    }
    if let Some(nonce) = nonce {
        claims.insert("nonce".into(), nonce.into());
    }
    claims.insert("rh".into(), json!("1.AXoASANDBOX."));
    claims.insert("sub".into(), subject(app, user).into());
    claims.insert("tid".into(), tenant.into());
    claims.insert("uti".into(), random::opaque::<16>("").into());
    claims.insert("ver".into(), "2.0".into());
    claims
}

/// Pairwise: another one for every app.
fn subject(app: &App, user: &crate::world::User) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(ring::digest::digest(
        &ring::digest::SHA256,
        format!("{}|{}", app.client_id, user.id).as_bytes(),
    ))
}
