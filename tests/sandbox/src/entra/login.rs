//! The way through the pages: address, password, second factor, consent, and back to the app.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::error::EntraError;
use super::{pages, scopes};
use crate::exchange::{Answer, Request, find};
use crate::random;
use crate::sandbox::Sandbox;
use crate::world::grant::Session;
use crate::world::{App, AuthorizationCode, Flow, Realm, User, World};

const COOKIE: &str = "ESTSAUTH";
/// Seconds a page may stay open.
const PAGE_LIFE: i64 = 3_600;

/// `POST /{tenant}/login`: one step of a person.
pub fn answer(sandbox: &Sandbox, request: &Request) -> Answer {
    let form = request.form();
    let id = find(&form, "ctx").unwrap_or_default().to_owned();
    let mut world = sandbox.world();
    let now = sandbox.clock.now();
    world.grants.flows.retain(|_, flow| flow.begun + PAGE_LIFE > now);
    let Some(mut flow) = world.grants.flows.get(&id).cloned() else {
        return EntraError::request(
            165_000,
            "Invalid Request: the request tokens do not match the user context. Sign in again.",
        )
        .page(sandbox, request);
    };
    let complaint = match take(sandbox, &world, &mut flow, &form) {
        Step::Next(complaint) => complaint,
        Step::Cancelled => {
            world.grants.flows.remove(&id);
            return send_back(&flow, declined(sandbox, request, &flow));
        }
        Step::Consented => {
            agree(&mut world, &flow);
            world.grants.flows.insert(id.clone(), flow);
            return finish(sandbox, &mut world, &id);
        }
        Step::NoAdmin => {
            world.grants.flows.remove(&id);
            let text = "The administrator has not consented to use the application.";
            let error = EntraError::new(90_094, "consent_required", text);
            return send_back(&flow, error.callback(sandbox, request));
        }
    };
    if flow.prompt.as_deref() == Some("select_account") && find(&form, "step") == Some("address") {
        // The tile of a person who is signed in: no password again.
        let session = cookie(request).and_then(|cookie| world.grants.sessions.get(&cookie).cloned());
        if session.is_some_and(|session| flow.user.as_deref() == Some(session.user.as_str())) {
            flow.password_passed = true;
            flow.mfa_passed = true;
        }
    }
    world.grants.flows.insert(id.clone(), flow);
    proceed(sandbox, request, &mut world, &id, complaint)
}

/// What the app hears of a refusal. An administrator's comes with `admin_consent=True` all the same.
fn declined(sandbox: &Sandbox, request: &Request, flow: &Flow) -> Vec<(String, String)> {
    if !flow.admin_consent {
        let error = EntraError::new(65_004, "access_denied", "User declined to consent to access the app.");
        return error.because("cancel").callback(sandbox, request);
    }
    let error = EntraError::new(
        65_004,
        "consent_required",
        "User declined to consent to access the app.",
    );
    let mut fields = vec![("admin_consent".to_owned(), "True".to_owned())];
    fields.extend(error.callback(sandbox, request));
    fields
}

/// Whether this person got as far as the consent page, and may agree to what stands on it.
fn may_agree(sandbox: &Sandbox, world: &World, flow: &Flow) -> bool {
    let (Some(user), Some(app)) = (
        flow.user.as_deref().and_then(|user| world.user(user)),
        world.app(&flow.client_id),
    ) else {
        return false;
    };
    let second_factor = flow.mfa_passed || user.mfa.is_none() || !sandbox.settings().mfa;
    let tenant = tenant_of(flow, user);
    flow.password_passed
        && second_factor
        && admit(world, app, user, flow).is_ok()
        && (user.admin || !needs_admin(world, app, flow, &tenant, &flow.scopes))
}

fn needs_admin(world: &World, app: &App, flow: &Flow, tenant: &str, scopes: &[String]) -> bool {
    let users_may = world.tenant(tenant).is_none_or(|tenant| tenant.user_consent);
    flow.admin_consent || app.admin_consent_only || !users_may || scopes.iter().any(|scope| scopes::needs_admin(scope))
}

enum Step {
    Next(Option<&'static str>),
    Cancelled,
    Consented,
    NoAdmin,
}

/// Reads what the person sent into the flow.
fn take(sandbox: &Sandbox, world: &World, flow: &mut Flow, form: &[(String, String)]) -> Step {
    match find(form, "step") {
        Some("address") => {
            let typed = find(form, "loginfmt").unwrap_or_default().trim();
            let name = sandbox.settings().sign_in_as.unwrap_or_else(|| typed.to_owned());
            match world.user(&name).filter(|user| user.password.is_some()) {
                Some(user) => {
                    flow.user = Some(user.id.clone());
                    flow.password_passed = false;
                    Step::Next(None)
                }
                None => Step::Next(Some(
                    "This username may be incorrect. Make sure you typed it correctly. Otherwise, contact your admin. (50034)",
                )),
            }
        }
        Some("password") => {
            let user = flow.user.as_deref().and_then(|user| world.user(user));
            let typed = find(form, "passwd").unwrap_or_default();
            flow.password_passed = user.is_some_and(|user| user.password.as_deref() == Some(typed))
                || sandbox.settings().sign_in_as.is_some();
            Step::Next((!flow.password_passed).then_some("Your account or password is incorrect. (50126)"))
        }
        Some("code") => {
            let user = flow.user.as_deref().and_then(|user| world.user(user));
            let typed = find(form, "otc").unwrap_or_default().trim();
            flow.mfa_passed = flow.password_passed && user.is_some_and(|user| user.mfa.as_deref() == Some(typed));
            Step::Next(
                (!flow.mfa_passed)
                    .then_some("You didn't enter the expected verification code. Please try again. (500121)"),
            )
        }
        Some("other") => {
            flow.user = None;
            flow.prompt = Some("login".to_owned());
            Step::Next(None)
        }
        Some("consent") if find(form, "decision") == Some("accept") => {
            if may_agree(sandbox, world, flow) {
                Step::Consented
            } else {
                Step::Next(None)
            }
        }
        Some("admin") => Step::NoAdmin,
        Some("consent" | "cancel") => Step::Cancelled,
        _ => Step::Next(None),
    }
}

/// Shows the next page, or sends the person back.
pub fn proceed(sandbox: &Sandbox, request: &Request, world: &mut World, id: &str, complaint: Option<&str>) -> Answer {
    let Some(mut flow) = world.grants.flows.get(id).cloned() else {
        return EntraError::request(165_000, "Invalid Request.").page(sandbox, request);
    };
    let session = cookie(request)
        .and_then(|cookie| world.grants.sessions.get(&cookie))
        .map(|session| session.user.clone());
    if flow.user.is_none() {
        resume(world, &mut flow, session.as_deref());
        world.grants.flows.insert(id.to_owned(), flow.clone());
    }
    let silent = flow.prompt.as_deref() == Some("none");
    let Some(app) = world.app(&flow.client_id).cloned() else {
        return EntraError::request(700_016, "The application is gone.").page(sandbox, request);
    };
    let Some(user) = flow.user.as_deref().and_then(|user| world.user(user)).cloned() else {
        if silent {
            let error = EntraError::new(
                50_058,
                "login_required",
                "A silent sign-in request was sent but no user is signed in.",
            );
            return send_back(&flow, error.callback(sandbox, request));
        }
        let known = session.and_then(|user| world.user(&user)).map(|user| user.upn.clone());
        let show_tiles = flow.prompt.as_deref() == Some("select_account");
        return match known.filter(|_| show_tiles) {
            Some(known) => page(pages::accounts(&flow.realm, id, &app.name, &known)),
            None => page(pages::address(
                &flow.realm,
                id,
                &app.name,
                flow.login_hint.as_deref(),
                complaint,
            )),
        };
    };
    if !flow.password_passed {
        return page(pages::password(&flow.realm, id, &user.upn, complaint));
    }
    if let Err(error) = admit(world, &app, &user, &flow) {
        return error.page(sandbox, request);
    }
    if sandbox.settings().mfa && user.mfa.is_some() && !flow.mfa_passed {
        return page(pages::code(&flow.realm, id, &user.upn, complaint));
    }
    consent(sandbox, request, world, id, &flow, &app, &user)
}

/// Takes over a browser session where the request allows it.
fn resume(world: &World, flow: &mut Flow, session: Option<&str>) {
    if matches!(flow.prompt.as_deref(), Some("login" | "select_account")) {
        return;
    }
    let Some(user) = session.and_then(|user| world.user(user)) else {
        return;
    };
    if flow.login_hint.as_deref().is_none_or(|hint| user.is_called(hint)) {
        flow.user = Some(user.id.clone());
        flow.password_passed = true;
        flow.mfa_passed = true;
    }
}

/// Whether this person may use this app here.
fn admit(world: &World, app: &App, user: &User, flow: &Flow) -> Result<(), EntraError> {
    if user.disabled {
        return Err(EntraError::grant(50_057, "The user account is disabled."));
    }
    let tenant = tenant_of(flow, user);
    if !user.belongs_to(&tenant) {
        return Err(EntraError::grant(
            50_020,
            format!(
                "User account '{}' from identity provider does not exist in tenant '{}' and cannot access the application '{}'({}) in that tenant. \
                 The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different user account.",
                user.upn,
                world
                    .tenant(&tenant)
                    .map_or(tenant.as_str(), |tenant| tenant.name.as_str()),
                app.client_id,
                app.name
            ),
        ));
    }
    if app
        .assigned
        .as_ref()
        .is_some_and(|assigned| !assigned.contains(&user.id))
    {
        return Err(EntraError::grant(
            50_105,
            format!(
                "Your administrator has configured the application {} ('{}') to block users unless they are specifically granted ('assigned') access \
                 to the application. The signed in user '{}' is blocked because they are not a direct member of a group with access, nor had access \
                 directly assigned by an administrator. Please contact your administrator to assign access to this application.",
                app.name, app.client_id, user.upn
            ),
        ));
    }
    Ok(())
}

fn consent(
    sandbox: &Sandbox,
    request: &Request,
    world: &mut World,
    id: &str,
    flow: &Flow,
    app: &App,
    user: &User,
) -> Answer {
    let tenant = tenant_of(flow, user);
    let given = world.grants.consented(&tenant, &app.client_id, &user.id);
    let wanted: BTreeSet<String> = flow
        .scopes
        .iter()
        .filter(|scope| scopes::is_permission(scope))
        .cloned()
        .collect();
    let missing: Vec<String> = wanted.difference(&given).cloned().collect();
    let asked = flow.prompt.as_deref() == Some("consent") || flow.admin_consent;
    if missing.is_empty() && !asked && (!wanted.is_empty() || !given.is_empty()) {
        return finish(sandbox, world, id);
    }
    if flow.prompt.as_deref() == Some("none") {
        let error = EntraError::new(
            65_001,
            "interaction_required",
            format!(
                "The user or administrator has not consented to use the application with ID '{}' named '{}'. Send an interactive authorization \
                 request for this user and resource.",
                app.client_id, app.name
            ),
        );
        return send_back(flow, error.because("consent_required").callback(sandbox, request));
    }
    if needs_admin(world, app, flow, &tenant, &missing) && !user.admin {
        return page(pages::need_admin(&flow.realm, id, &app.name, &user.upn));
    }
    let shown: Vec<String> = if missing.is_empty() {
        wanted.into_iter().collect()
    } else {
        missing
    };
    page(pages::consent(
        &flow.realm,
        id,
        &app.name,
        &user.upn,
        &shown,
        flow.admin_consent,
    ))
}

/// Notes the person's agreement.
fn agree(world: &mut World, flow: &Flow) {
    let Some(user) = flow.user.as_deref().and_then(|user| world.user(user)).cloned() else {
        return;
    };
    let tenant = tenant_of(flow, &user);
    let who = if flow.admin_consent { "*" } else { user.id.as_str() };
    let permissions: Vec<String> = flow
        .scopes
        .iter()
        .filter(|scope| scopes::is_permission(scope))
        .cloned()
        .collect();
    world.grants.consent(&tenant, &flow.client_id, who, permissions);
}

/// Sends the person back with a code (or with the administrator's consent).
fn finish(sandbox: &Sandbox, world: &mut World, id: &str) -> Answer {
    let Some(flow) = world.grants.flows.remove(id) else {
        return Answer::html(StatusCode::OK, pages::not_found());
    };
    let Some(user) = flow.user.as_deref().and_then(|user| world.user(user)).cloned() else {
        return Answer::html(StatusCode::OK, pages::not_found());
    };
    let tenant = tenant_of(&flow, &user);
    let now = sandbox.clock.now();
    if flow.admin_consent {
        let scope = flow
            .scopes
            .iter()
            .map(|scope| format!("https://graph.microsoft.com/{scope}"))
            .collect::<Vec<_>>()
            .join(" ");
        return send_back(
            &flow,
            vec![
                ("admin_consent".to_owned(), "True".to_owned()),
                ("tenant".to_owned(), tenant),
                ("scope".to_owned(), scope),
            ],
        );
    }
    let code = random::opaque::<600>("1.AXoA");
    let mut fields = vec![("code".to_owned(), code.clone())];
    if flow.client_info {
        fields.push(("client_info".to_owned(), client_info(&user)));
    }
    let session_state = random::guid();
    let answer = send_back_with(&flow, fields, vec![("session_state".to_owned(), session_state)]);
    world.grants.codes.insert(
        code,
        AuthorizationCode {
            flow,
            user: user.id.clone(),
            issued: now,
            used: false,
        },
    );
    let session = random::opaque::<32>("");
    world
        .grants
        .sessions
        .insert(session.clone(), Session { user: user.id, at: now });
    answer.and(
        "set-cookie",
        &format!("{COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax"),
    )
}

/// `client_info`: the account at home, base64url JSON.
pub fn client_info(user: &User) -> String {
    URL_SAFE_NO_PAD.encode(json!({ "uid": user.id, "utid": user.tenant }).to_string())
}

/// The directory a sign-in is for.
pub fn tenant_of(flow: &Flow, user: &User) -> String {
    let everyone = [&Realm::Common, &Realm::Organizations, &Realm::Consumers].map(Realm::name);
    if everyone.contains(&flow.realm.as_str()) {
        user.tenant.clone()
    } else {
        flow.realm.clone()
    }
}

/// Sends fields and the state to the app.
pub fn send_back(flow: &Flow, fields: Vec<(String, String)>) -> Answer {
    send_back_with(flow, fields, Vec::new())
}

fn send_back_with(flow: &Flow, mut fields: Vec<(String, String)>, last: Vec<(String, String)>) -> Answer {
    if let Some(state) = &flow.state {
        fields.push(("state".to_owned(), state.clone()));
    }
    fields.extend(last);
    if flow.response_mode == "form_post" {
        return page(pages::form_post(&flow.redirect_uri, &fields));
    }
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let joined = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect::<Vec<_>>()
        .join("&");
    let mut location = flow.redirect_uri.clone();
    if url::Url::parse(&location)
        .is_ok_and(|url| url.path() == "/" && !location.ends_with('/') && url.query().is_none())
    {
        location.push('/');
    }
    let mark = if flow.response_mode == "fragment" {
        '#'
    } else if location.contains('?') {
        '&'
    } else {
        '?'
    };
    Answer::redirect(&format!("{location}{mark}{joined}"))
}

/// `/{tenant}/oauth2/v2.0/logout`
pub fn sign_out(sandbox: &Sandbox, request: &Request) -> Answer {
    if let Some(cookie) = cookie(request) {
        sandbox.world().grants.sessions.remove(&cookie);
    }
    page(pages::signed_out()).and("set-cookie", &format!("{COOKIE}=; Path=/; Max-Age=0"))
}

fn cookie(request: &Request) -> Option<String> {
    let cookies = request.header("cookie")?;
    cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned())
}

fn page(html: String) -> Answer {
    Answer::html(StatusCode::OK, html)
}
