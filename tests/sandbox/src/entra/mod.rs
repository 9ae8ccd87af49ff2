//! Microsoft Entra ID, v2.0 endpoints: authorize and its pages, token, admin consent, discovery, keys.

pub mod admin_consent;
pub mod authorize;
pub mod client;
pub mod client_assertion;
pub mod discovery;
pub mod error;
pub mod id_token;
pub mod login;
pub mod pages;
pub mod redeem;
pub mod scopes;
pub mod token;

use axum::http::{Method, StatusCode};

use crate::exchange::{Answer, Request};
use crate::faults::Action;
use crate::random;
use crate::sandbox::Sandbox;

/// Seconds an authorization code lives.
pub const CODE_LIFE: i64 = 600;
/// Seconds a refresh token lives without being used.
pub const REFRESH_LIFE: i64 = 90 * 86_400;

/// Answers a request to the login host.
pub fn answer(sandbox: &Sandbox, request: &Request, fault: Option<&Action>) -> Answer {
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let answer = match path.as_slice() {
        [tenant, "oauth2", "v2.0", "authorize"] => authorize::answer(sandbox, request, tenant),
        [tenant, "oauth2", "v2.0", "token"] => token::answer(sandbox, request, tenant, fault),
        [tenant, "v2.0", "adminconsent"] => admin_consent::answer(sandbox, request, tenant),
        [_, "login"] if request.method == Method::POST => login::answer(sandbox, request),
        [_, "oauth2", "v2.0", "logout"] => login::sign_out(sandbox, request),
        [tenant, "v2.0", ".well-known", "openid-configuration"] => discovery::configuration(sandbox, tenant),
        [tenant, "discovery", "v2.0", "keys"] => discovery::keys(sandbox, tenant),
        _ => Answer::html(StatusCode::NOT_FOUND, pages::not_found()),
    };
    let mut answer = answer
        .with("x-ms-request-id", &random::guid())
        .with("x-ms-ests-server", "2.1.0 - SANDBOX")
        .with("cache-control", "no-store, no-cache")
        .with("pragma", "no-cache");
    if request
        .header("return-client-request-id")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"))
        && let Some(id) = request.header("client-request-id")
    {
        answer = answer.with("client-request-id", id);
    }
    answer
}
