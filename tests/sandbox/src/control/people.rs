//! Tenants, apps, users, consents and tokens from outside.

use serde_json::{Value, json};

use super::{Refusal, parse, text};
use crate::random;
use crate::sandbox::Sandbox;
use crate::world::user::MailHome;
use crate::world::{AccessToken, App, RefreshToken, Tenant, User, default, tree};

/// `/control/world`, `/control/tenants`, `/control/apps`, `/control/users`, `/control/consents`, `/control/revoke`,
/// `/control/tokens`
pub fn route(sandbox: &Sandbox, method: &str, path: &[&str], body: &Value) -> Result<Value, Refusal> {
    match (method, path) {
        ("GET", ["world"]) => {
            let world = sandbox.world();
            Ok(
                json!({ "tenants": world.tenants, "apps": world.apps, "users": world.users, "mailboxes": world.mailboxes.keys().collect::<Vec<_>>() }),
            )
        }
        ("PUT" | "POST", ["tenants"]) => {
            let tenant: Tenant = parse(body)?;
            let mut world = sandbox.world();
            world.tenants.retain(|other| other.id != tenant.id);
            world.tenants.push(tenant);
            Ok(json!({}))
        }
        ("PATCH", ["tenants", id]) => {
            let mut world = sandbox.world();
            let tenant = world
                .tenants
                .iter_mut()
                .find(|tenant| tenant.id == *id)
                .ok_or_else(|| Refusal::missing("no such tenant"))?;
            *tenant = merged(tenant, body)?;
            Ok(json!(tenant))
        }
        ("PUT" | "POST", ["apps"]) => {
            let app: App = parse(body)?;
            let mut world = sandbox.world();
            world.apps.retain(|other| other.client_id != app.client_id);
            world.apps.push(app);
            Ok(json!({}))
        }
        ("PATCH", ["apps", id]) => {
            let mut world = sandbox.world();
            let app = world
                .apps
                .iter_mut()
                .find(|app| app.client_id == *id)
                .ok_or_else(|| Refusal::missing("no such app"))?;
            *app = merged(app, body)?;
            Ok(json!(app))
        }
        ("PUT" | "POST", ["users"]) => add_user(sandbox, body),
        ("PATCH", ["users", name]) => {
            let mut world = sandbox.world();
            let user = world.user_mut(name).ok_or_else(|| Refusal::missing("no such user"))?;
            *user = merged(user, body)?;
            Ok(json!(user))
        }
        ("DELETE", ["users", name]) => {
            let mut world = sandbox.world();
            world.users.retain(|user| !user.is_called(name));
            Ok(json!({}))
        }
        ("GET", ["consents"]) => Ok(json!(sandbox.world().grants.consents)),
        ("DELETE", ["consents"]) => {
            sandbox.world().grants.consents.clear();
            Ok(json!({}))
        }
        ("POST", ["consents"]) => {
            let scopes: Vec<String> = parse(body.get("scopes").unwrap_or(&Value::Null))?;
            let field = |name: &str, or: &str| body.get(name).and_then(Value::as_str).unwrap_or(or).to_owned();
            let mut world = sandbox.world();
            let user = field("user", "*");
            let user = world.user(&user).map_or(user, |user| user.id.clone());
            world.grants.consent(
                &field("tenant", default::TENANT),
                &field("client_id", default::CLIENT),
                &user,
                scopes,
            );
            Ok(json!({}))
        }
        ("POST", ["revoke"]) => revoke(sandbox, body),
        ("POST", ["tokens"]) => issue(sandbox, body),
        ("GET", ["tokens"]) => {
            let world = sandbox.world();
            let grants = &world.grants;
            Ok(
                json!({ "access_tokens": grants.access_tokens.len(), "refresh_tokens": grants.refresh_tokens.len(), "codes": grants.codes.len(), "sessions": grants.sessions.len() }),
            )
        }
        _ => Err(Refusal::missing(format!(
            "no control request {method} /control/{}",
            path.join("/")
        ))),
    }
}

fn merged<T: serde::Serialize + serde::de::DeserializeOwned>(old: &T, body: &Value) -> Result<T, Refusal> {
    let mut all = serde_json::to_value(old).unwrap_or_default();
    let changes = body
        .as_object()
        .ok_or_else(|| Refusal::wrong("an object of what to change"))?;
    if let Some(all) = all.as_object_mut() {
        if let Some(unknown) = changes.keys().find(|name| !all.contains_key(name.as_str())) {
            return Err(Refusal::wrong(format!("unknown member '{unknown}'")));
        }
        all.extend(changes.clone());
    }
    parse(&all)
}

fn add_user(sandbox: &Sandbox, body: &Value) -> Result<Value, Refusal> {
    let mut body = body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.entry("id").or_insert_with(|| random::guid().into());
        fields.entry("tenant").or_insert_with(|| default::TENANT.into());
        let upn = fields.get("upn").cloned().unwrap_or_default();
        fields.entry("mail").or_insert_with(|| upn.clone());
        fields.entry("name").or_insert(upn);
    }
    let user: User = parse(&body)?;
    let mut world = sandbox.world();
    if world.user(&user.upn).is_some() {
        return Err(Refusal {
            status: 409,
            text: format!("there is a user '{}'", user.upn),
        });
    }
    if user.mail_home == MailHome::Online {
        let mut mailbox = tree::german(&user.id);
        tree::furnish(&mut mailbox);
        world.mailboxes.insert(user.id.clone(), mailbox);
    }
    let answer = json!(user);
    world.users.push(user);
    Ok(answer)
}

/// Voids refresh tokens: of `user` (as an administrator does: whatever was signed in before now), or one `refresh_token`.
fn revoke(sandbox: &Sandbox, body: &Value) -> Result<Value, Refusal> {
    let now = sandbox.clock.now();
    let mut world = sandbox.world();
    if let Some(token) = body.get("refresh_token").and_then(Value::as_str) {
        let token = world
            .grants
            .refresh_tokens
            .get_mut(token)
            .ok_or_else(|| Refusal::missing("no such refresh token"))?;
        token.revoked = true;
        return Ok(json!({}));
    }
    let user = world
        .user_mut(text(body, "user")?)
        .ok_or_else(|| Refusal::missing("no such user"))?;
    user.tokens_valid_from = now;
    let id = user.id.clone();
    for token in world
        .grants
        .refresh_tokens
        .values_mut()
        .filter(|token| token.user == id)
    {
        token.revoked = true;
    }
    for token in world
        .grants
        .access_tokens
        .values_mut()
        .filter(|token| token.user.as_ref() == Some(&id))
    {
        token.revoked = true;
    }
    world.grants.sessions.retain(|_, session| session.user != id);
    Ok(json!({ "tokens_valid_from": now }))
}

/// Hands out tokens without a sign-in, for tests of what comes after: `user`, `client_id`, `scopes`, `life`, `app_only`.
fn issue(sandbox: &Sandbox, body: &Value) -> Result<Value, Refusal> {
    let now = sandbox.clock.now();
    let mut world = sandbox.world();
    let field = |name: &str, or: &str| body.get(name).and_then(Value::as_str).unwrap_or(or).to_owned();
    let client_id = field("client_id", default::CLIENT);
    let app = world
        .app(&client_id)
        .cloned()
        .ok_or_else(|| Refusal::missing("no such app"))?;
    let app_only = body.get("app_only").and_then(Value::as_bool).unwrap_or_default();
    let user = world
        .user(&field("user", default::USER))
        .cloned()
        .ok_or_else(|| Refusal::missing("no such user"))?;
    let scopes: Vec<String> = match body.get("scopes") {
        Some(scopes) => parse(scopes)?,
        None => app.scopes.clone(),
    };
    let life = body.get("life").and_then(Value::as_i64).unwrap_or(3_600);
    let access = random::opaque::<1_100>("eyJ0eXAiOiJKV1QiLCJub25jZSI6I");
    let refresh = random::opaque::<900>("1.AXoA");
    let tenant = user.tenant.clone();
    if !app_only {
        world.grants.consent(&tenant, &client_id, &user.id, scopes.clone());
        let mut asked = scopes.clone();
        asked.extend(["openid", "profile", "offline_access"].map(str::to_owned));
        let token = RefreshToken {
            client_id: client_id.clone(),
            user: user.id.clone(),
            tenant: tenant.clone(),
            scopes: asked,
            issued: now,
            signed_in: now,
            revoked: false,
            family: random::guid(),
        };
        world.grants.refresh_tokens.insert(refresh.clone(), token);
    }
    let token = AccessToken {
        client_id,
        user: (!app_only).then(|| user.id.clone()),
        tenant,
        audience: field("audience", "https://graph.microsoft.com"),
        scopes,
        roles: if app_only { app.roles } else { Vec::new() },
        issued: now,
        expires: now + life,
        revoked: false,
        claims_aware: body.get("claims_aware").and_then(Value::as_bool).unwrap_or_default(),
    };
    world.grants.access_tokens.insert(access.clone(), token);
    Ok(
        json!({ "access_token": access, "refresh_token": (!app_only).then_some(refresh), "expires_in": life, "oid": user.id, "tid": user.tenant }),
    )
}
