//! `OpenID` Connect discovery and the signing keys.

use axum::http::StatusCode;
use serde_json::json;

use super::client::unknown_tenant;
use super::id_token;
use crate::exchange::{Answer, Request};
use crate::sandbox::Sandbox;
use crate::world::Realm;

/// `/{tenant}/v2.0/.well-known/openid-configuration`
pub fn configuration(sandbox: &Sandbox, tenant: &str) -> Answer {
    let realm = sandbox.world().realm(tenant);
    let Some(realm) = realm else {
        return refuse(sandbox, tenant);
    };
    let root = &sandbox.root;
    let issuer = match &realm {
        Realm::Tenant(id) => format!("{root}/{id}/v2.0"),
        Realm::Consumers => format!("{root}/{}/v2.0", crate::world::CONSUMERS),
        Realm::Common | Realm::Organizations => format!("{root}/{{tenantid}}/v2.0"),
    };
    let name = realm.name();
    Answer::json(
        StatusCode::OK,
        &json!({
            "token_endpoint": format!("{root}/{name}/oauth2/v2.0/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": format!("{root}/{name}/discovery/v2.0/keys"),
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": issuer,
            "request_uri_parameter_supported": false,
            "authorization_endpoint": format!("{root}/{name}/oauth2/v2.0/authorize"),
            "http_logout_supported": true,
            "frontchannel_logout_supported": true,
            "end_session_endpoint": format!("{root}/{name}/oauth2/v2.0/logout"),
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver", "oid", "email"],
            "tenant_region_scope": null,
            "cloud_instance_name": "sandbox",
            "msgraph_host": sandbox.graph_url(),
        }),
    )
}

/// `/{tenant}/discovery/v2.0/keys`
pub fn keys(sandbox: &Sandbox, tenant: &str) -> Answer {
    if sandbox.world().realm(tenant).is_none() {
        return refuse(sandbox, tenant);
    }
    Answer::json(StatusCode::OK, &id_token::keys(&sandbox.root))
}

fn refuse(sandbox: &Sandbox, tenant: &str) -> Answer {
    let request = Request {
        method: axum::http::Method::GET,
        path: String::new(),
        query: String::new(),
        headers: axum::http::HeaderMap::new(),
        body: bytes::Bytes::new(),
    };
    unknown_tenant(tenant).answer(sandbox, &request)
}
