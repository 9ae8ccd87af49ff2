//! The admin consent endpoint: an administrator agrees for the whole directory. No code comes of it.

use super::authorize;
use super::client::unknown_tenant;
use super::error::EntraError;
use super::login;
use super::scopes::Scopes;
use crate::exchange::{Answer, Request, find};
use crate::random;
use crate::sandbox::Sandbox;
use crate::world::{Flow, Realm};

/// `/{tenant}/v2.0/adminconsent`
pub fn answer(sandbox: &Sandbox, request: &Request, tenant: &str) -> Answer {
    let pairs = request.pairs();
    let mut world = sandbox.world();
    let (realm, app, redirect_uri) = match authorize::target(&world, &pairs, tenant) {
        Ok((Realm::Common | Realm::Consumers, ..)) => return unknown_tenant(tenant).page(sandbox, request),
        Ok((realm, app, redirect_uri)) => (realm, app.clone(), redirect_uri.to_owned()),
        Err(error) => return error.page(sandbox, request),
    };
    let scopes = match find(&pairs, "scope").filter(|scope| !scope.is_empty()) {
        Some(scope) => Scopes::parse(scope, sandbox, &app),
        None => Err(EntraError::missing("scope")),
    };
    let scopes = match scopes {
        Ok(scopes) => scopes,
        Err(error) => return error.page(sandbox, request),
    };
    let flow = Flow {
        realm: realm.name().to_owned(),
        client_id: app.client_id,
        redirect_uri,
        response_mode: "query".to_owned(),
        scopes: scopes.graph,
        state: find(&pairs, "state").map(str::to_owned),
        nonce: None,
        challenge: None,
        prompt: None,
        login_hint: None,
        claims_aware: false,
        client_info: false,
        admin_consent: true,
        user: None,
        password_passed: false,
        mfa_passed: false,
        begun: sandbox.clock.now(),
    };
    let id = random::opaque::<24>("");
    world.grants.flows.insert(id.clone(), flow);
    login::proceed(sandbox, request, &mut world, &id, None)
}
