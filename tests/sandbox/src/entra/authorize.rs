//! The authorization endpoint: checks the request in Microsoft's order, then leads into the pages.
//!
//! Nothing is ever sent to a redirect URI before it is known to be registered: such refusals are pages of the login host.

use axum::http::Method;

use super::client::{disabled_app, single_tenant, unknown_app, unknown_tenant, work_accounts_only};
use super::error::EntraError;
use super::login;
use super::scopes::Scopes;
use crate::exchange::{Answer, Request, find};
use crate::random;
use crate::sandbox::Sandbox;
use crate::world::{App, Flow, Realm, World};

/// `/{tenant}/oauth2/v2.0/authorize`
pub fn answer(sandbox: &Sandbox, request: &Request, tenant: &str) -> Answer {
    let pairs = if request.method == Method::POST {
        request.form()
    } else {
        request.pairs()
    };
    let mut world = sandbox.world();
    let (realm, app, redirect_uri) = match target(&world, &pairs, tenant) {
        Ok((realm, app, redirect_uri)) => (realm, app.clone(), redirect_uri.to_owned()),
        Err(error) => return error.page(sandbox, request),
    };
    let mut flow = Flow {
        realm: realm.name().to_owned(),
        client_id: app.client_id.clone(),
        redirect_uri,
        response_mode: find(&pairs, "response_mode").unwrap_or("query").to_owned(),
        scopes: Vec::new(),
        state: find(&pairs, "state").map(str::to_owned),
        nonce: find(&pairs, "nonce").map(str::to_owned),
        challenge: None,
        prompt: find(&pairs, "prompt")
            .filter(|prompt| !prompt.is_empty())
            .map(str::to_owned),
        // The `login_hint` claim of an earlier id_token is good as well.
        login_hint: find(&pairs, "login_hint")
            .filter(|hint| !hint.is_empty())
            .map(|hint| hint.strip_prefix("O.").unwrap_or(hint).to_owned()),
        claims_aware: find(&pairs, "claims").is_some_and(|claims| claims.contains("xms_cc") && claims.contains("cp1")),
        client_info: find(&pairs, "client_info") == Some("1"),
        admin_consent: false,
        user: None,
        password_passed: false,
        mfa_passed: false,
        begun: sandbox.clock.now(),
    };
    if let Err(error) = complete(sandbox, &app, &pairs, &mut flow) {
        if !["query", "fragment", "form_post"].contains(&flow.response_mode.as_str()) {
            "query".clone_into(&mut flow.response_mode);
        }
        return login::send_back(&flow, error.callback(sandbox, request));
    }
    let id = random::opaque::<24>("");
    world.grants.flows.insert(id.clone(), flow);
    login::proceed(sandbox, request, &mut world, &id, None)
}

/// Who asks and where the answer may go. Errors in here are shown, never redirected.
pub fn target<'a>(
    world: &'a World,
    pairs: &'a [(String, String)],
    tenant: &str,
) -> Result<(Realm, &'a App, &'a str), EntraError> {
    EntraError::duplicate(pairs)?;
    let realm = world.realm(tenant).ok_or_else(|| unknown_tenant(tenant))?;
    let client_id = find(pairs, "client_id")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| EntraError::missing("client_id"))?;
    let app = world.app(client_id).ok_or_else(|| unknown_app(client_id, tenant))?;
    if !app.multi_tenant {
        match &realm {
            Realm::Tenant(id) if *id != app.tenant => return Err(unknown_app(client_id, tenant)),
            Realm::Tenant(_) => {}
            other => return Err(single_tenant(app, other.name())),
        }
    }
    if app.multi_tenant && realm == Realm::Consumers {
        return Err(work_accounts_only());
    }
    if app.disabled {
        return Err(disabled_app(app));
    }
    let Some(redirect_uri) = find(pairs, "redirect_uri").filter(|uri| !uri.is_empty()) else {
        return Err(EntraError::request(900_971, "No reply address provided."));
    };
    if app.redirect(redirect_uri).is_none() {
        return Err(EntraError::request(
            50_011,
            format!(
                "The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs configured for the application \
                 '{client_id}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. Navigate \
                 to https://aka.ms/redirectUriMismatchError to learn more about how to troubleshoot this."
            ),
        ));
    }
    Ok((realm, app, redirect_uri))
}

/// The rest of the request. Errors in here go back to the app.
fn complete(sandbox: &Sandbox, app: &App, pairs: &[(String, String)], flow: &mut Flow) -> Result<(), EntraError> {
    match find(pairs, "response_type") {
        None | Some("") => return Err(EntraError::missing("response_type")),
        Some("code") => {}
        Some(other) => {
            return Err(EntraError::new(
                700_051,
                "unsupported_response_type",
                format!("response_type '{other}' is not enabled for the application."),
            ));
        }
    }
    if !["query", "fragment", "form_post"].contains(&flow.response_mode.as_str()) {
        return Err(EntraError::request(
            70_007,
            format!(
                "'{}' is not a supported value of 'response_mode' when requesting a token.",
                flow.response_mode
            ),
        ));
    }
    if let Some(prompt) = &flow.prompt {
        if !["login", "none", "consent", "select_account"].contains(&prompt.as_str()) {
            return Err(EntraError::request(90_023, "Unsupported 'prompt' value."));
        }
        if prompt == "select_account" && flow.login_hint.is_some() {
            return Err(EntraError::request(
                90_023,
                "'login_hint' can't be used together with 'prompt=select_account'.",
            ));
        }
    }
    let scope = find(pairs, "scope")
        .filter(|scope| !scope.trim().is_empty())
        .ok_or_else(|| EntraError::missing("scope"))?;
    flow.scopes = Scopes::parse(scope, sandbox, app)?.all();
    flow.challenge = challenge(pairs)?;
    Ok(())
}

fn challenge(pairs: &[(String, String)]) -> Result<Option<(String, bool)>, EntraError> {
    let Some(challenge) = find(pairs, "code_challenge").filter(|challenge| !challenge.is_empty()) else {
        return match find(pairs, "code_challenge_method") {
            Some(method) if !method.is_empty() => Err(EntraError::missing("code_challenge")),
            _ => Ok(None),
        };
    };
    let hashed = match find(pairs, "code_challenge_method") {
        None | Some("" | "plain") => false,
        Some("S256") => true,
        Some(other) => {
            return Err(EntraError::request(
                90_023,
                format!("Unsupported 'code_challenge_method' value '{other}'."),
            ));
        }
    };
    let fits = if hashed {
        challenge.len() == 43
    } else {
        (43..=128).contains(&challenge.len())
    };
    if !fits
        || !challenge
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    {
        return Err(EntraError::request(
            501_491,
            "Invalid size of Code_Challenge parameter.",
        ));
    }
    Ok(Some((challenge.to_owned(), hashed)))
}
