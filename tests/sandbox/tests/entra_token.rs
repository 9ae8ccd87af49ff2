//! The token endpoint: every refusal of protocol sections 2 and 3, and how tokens live and die.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{Stage, basic, code_fields, json_of, refresh_fields, value};
use serde_json::{Value, json};
use squeeze_graph_sandbox::{CLIENT, OTHER_TENANT, SECRET, TENANT, USER};

const DAY: i64 = 86_400;

fn app(number: u32) -> String {
    format!("c0ffee00-{number:04}-4000-8000-000000000001")
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn a_code_is_refused_for_each_thing_that_does_not_fit() {
    let stage = Stage::new();
    let code = stage.code();
    let base = code_fields(&code);
    let (expired, disabled, public, other) = (app(2), app(5), app(8), app(9));
    for (tenant, changes, status, error, number) in [
        ("nobody.example", vec![], 400, "invalid_request", 90_002),
        (TENANT, vec![("grant_type", "-")], 400, "invalid_request", 900_144),
        (
            TENANT,
            vec![("grant_type", "password")],
            400,
            "unsupported_grant_type",
            70_003,
        ),
        (TENANT, vec![("client_id", "-")], 400, "invalid_request", 900_144),
        (
            TENANT,
            vec![("client_id", "c0ffee00-dead-4000-8000-000000000001")],
            400,
            "unauthorized_client",
            700_016,
        ),
        (
            TENANT,
            vec![("client_id", disabled.as_str())],
            400,
            "unauthorized_client",
            7_000_112,
        ),
        (TENANT, vec![("client_secret", "-")], 401, "invalid_client", 7_000_218),
        (
            TENANT,
            vec![("client_secret", "wrong")],
            401,
            "invalid_client",
            7_000_215,
        ),
        (
            TENANT,
            vec![("client_secret", "5ec2e700-0001-4000-8000-000000000001")],
            401,
            "invalid_client",
            7_000_215,
        ),
        (
            TENANT,
            vec![("client_id", expired.as_str())],
            401,
            "invalid_client",
            7_000_222,
        ),
        (
            TENANT,
            vec![("client_id", public.as_str())],
            401,
            "invalid_client",
            700_025,
        ),
        (
            TENANT,
            vec![("client_id", other.as_str())],
            400,
            "invalid_grant",
            70_000,
        ),
        (TENANT, vec![("code", "-")], 400, "invalid_request", 900_144),
        (TENANT, vec![("code", "made-up")], 400, "invalid_grant", 9_002_313),
        (TENANT, vec![("redirect_uri", "-")], 400, "invalid_request", 900_144),
        (
            TENANT,
            vec![("redirect_uri", "http://localhost:9/callback")],
            400,
            "invalid_grant",
            70_000,
        ),
        (OTHER_TENANT, vec![], 400, "invalid_grant", 700_005),
        ("common", vec![], 400, "invalid_grant", 700_005),
        ("consumers", vec![], 400, "invalid_request", 9_002_332),
        (TENANT, vec![("code_verifier", "-")], 400, "invalid_grant", 50_148),
        (
            TENANT,
            vec![("code_verifier", "short")],
            400,
            "invalid_request",
            501_491,
        ),
        (
            TENANT,
            vec![("code_verifier", "X123456789abcdefghijklmnopqrstuvwxyz-._~ABC")],
            400,
            "invalid_grant",
            501_481,
        ),
        (TENANT, vec![("scope", " ")], 400, "invalid_scope", 28_003),
        (TENANT, vec![("scope", "Mail.Send")], 400, "invalid_grant", 70_000),
        (
            TENANT,
            vec![("scope", "User.Read https://outlook.office.com/Mail.Read")],
            400,
            "invalid_request",
            28_000,
        ),
    ] {
        let (got, body) = stage.token(tenant, &base, &changes);
        assert_eq!(
            (got, &body["error"], &body["error_codes"]),
            (status, &json!(error), &json!([number])),
            "{changes:?}: {body}"
        );
        let text = body["error_description"].as_str().expect("a description");
        assert!(
            text.starts_with(&format!("AADSTS{number}: ")) && text.contains("\r\nTimestamp: "),
            "{text}"
        );
        for name in ["timestamp", "trace_id", "correlation_id", "error_uri"] {
            assert!(body[name].is_string(), "{name}: {body}");
        }
    }
    // None of these burnt the code. The second redemption of a good one fails, and so does a late one.
    assert_eq!(stage.redeem(&code, &[]).0, 200);
    assert_eq!(stage.redeem(&code, &[]).1["error_codes"], json!([54_005]));
    let late = stage.code();
    stage.sandbox.advance(601);
    assert_eq!(stage.redeem(&late, &[]).1["error_codes"], json!([70_008]));
}

#[test]
fn method_media_type_and_origin_count() {
    let stage = Stage::new();
    let url = format!("{}/{TENANT}/oauth2/v2.0/token", stage.sandbox.url());
    let code = stage.code();
    let form = code_fields(&code);
    let number = |request| json_of(request).1["error_codes"][0].clone();
    let twice = stage
        .client
        .post(&url)
        .form(&[("grant_type", "refresh_token"), ("grant_type", "refresh_token")]);
    assert_eq!(number(twice), 9_000_411);
    assert_eq!(number(stage.client.get(&url)), 900_561);
    assert_eq!(
        number(
            stage
                .client
                .post(&url)
                .header("content-type", "application/json")
                .body("{}")
        ),
        900_144
    );
    assert_eq!(
        number(
            stage
                .client
                .post(&url)
                .header("origin", "https://x.example")
                .form(&form)
        ),
        9_002_326
    );
    let spa = app(3);
    let back = stage.callback(TENANT, &[("client_id", &spa)]);
    let (_, body) = stage.redeem(&value(&back, "code").expect("a code"), &[("client_id", &spa)]);
    assert_eq!(body["error_codes"], json!([9_002_327]));
}

#[test]
fn the_secret_may_come_by_basic_and_ids_are_echoed() {
    let stage = Stage::new();
    let url = format!("{}/{TENANT}/oauth2/v2.0/token", stage.sandbox.url());
    let mut form = code_fields(&stage.code());
    form.retain(|(name, _)| !name.starts_with("client_"));
    let response = stage
        .client
        .post(&url)
        .header("authorization", basic(CLIENT, SECRET))
        .header("client-request-id", "11112222-3333-4444-8555-666677778888")
        .header("return-client-request-id", "true")
        .form(&form)
        .send()
        .expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["client-request-id"],
        "11112222-3333-4444-8555-666677778888"
    );
    assert!(response.headers().contains_key("x-ms-request-id"));
}

#[test]
fn a_good_answer_has_what_microsofts_has() {
    let stage = Stage::new();
    stage.control(
        "PATCH",
        "settings",
        &json!({ "refresh_in": 1800, "expires_in_as_string": true }),
    );
    let (status, body) = stage.redeem(&stage.code(), &[]);
    assert_eq!(status, 200);
    assert_eq!(body["token_type"], "Bearer");
    let life: i64 = body["expires_in"].as_str().expect("a string").parse().expect("digits");
    assert!((3_599..5_400).contains(&life), "{life}");
    assert_eq!(body["refresh_in"], "1800");
    let scope = body["scope"].as_str().expect("scopes");
    assert!(
        scope.contains("Mail.ReadWrite.Shared") && scope.contains("openid") && !scope.contains("offline_access"),
        "{scope}"
    );
    let parts: Vec<&str> = body["id_token"].as_str().expect("an id_token").split('.').collect();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).expect("base64")).expect("claims");
    assert_eq!(
        (&claims["aud"], &claims["tid"], &claims["nonce"]),
        (&json!(CLIENT), &json!(TENANT), &json!("the nonce"))
    );
    assert_eq!(claims["iss"], format!("{}/{TENANT}/v2.0", stage.sandbox.url()));
    assert_eq!(
        (&claims["preferred_username"], &claims["ver"]),
        (&json!(USER), &json!("2.0"))
    );
    assert!(claims["oid"].is_string() && claims["sub"].is_string() && claims["oid"] != claims["sub"]);

    let keys = json_of(
        stage
            .client
            .get(format!("{}/{TENANT}/discovery/v2.0/keys", stage.sandbox.url())),
    )
    .1;
    let part = |name: &str| {
        URL_SAFE_NO_PAD
            .decode(keys["keys"][0][name].as_str().expect("a key"))
            .expect("base64")
    };
    let key = ring::signature::RsaPublicKeyComponents {
        n: part("n"),
        e: part("e"),
    };
    let signed = format!("{}.{}", parts[0], parts[1]);
    let signature = URL_SAFE_NO_PAD.decode(parts[2]).expect("base64");
    key.verify(
        &ring::signature::RSA_PKCS1_2048_8192_SHA256,
        signed.as_bytes(),
        &signature,
    )
    .expect("its signature");
}

#[test]
fn without_offline_access_there_is_no_refresh_token_and_a_prefix_makes_it_nothing() {
    let stage = Stage::new();
    for (scope, refresh, id) in [
        ("User.Read", false, false),
        ("openid User.Read", false, true),
        ("User.Read offline_access", true, false),
        ("User.Read https://graph.microsoft.com/offline_access", false, false),
    ] {
        let back = stage.callback(TENANT, &[("scope", scope)]);
        let (_, body) = stage.redeem(&value(&back, "code").expect("a code"), &[]);
        assert_eq!(
            (body["refresh_token"].is_string(), body["id_token"].is_string()),
            (refresh, id),
            "{scope}: {body}"
        );
    }
}

#[test]
fn refresh_tokens_roll_for_ninety_days_and_old_ones_stay_good() {
    let stage = Stage::new();
    let first = stage.redeem(&stage.code(), &[]).1["refresh_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let second = stage.refresh(&first, &[]).1["refresh_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    assert_ne!(first, second);
    assert_eq!(stage.refresh(&first, &[]).0, 200, "rotation revokes nothing");
    stage.sandbox.advance(89 * DAY);
    let third = stage.refresh(&second, &[]).1["refresh_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    stage.sandbox.advance(2 * DAY);
    assert_eq!(stage.refresh(&second, &[]).1["error_codes"], json!([700_082]));
    assert_eq!(stage.refresh(&third, &[]).0, 200);
}

#[test]
fn a_refresh_is_refused_for_each_thing_that_ended_it() {
    for (name, method, path, change, number, suberror) in [
        (
            "revoked",
            "POST",
            "revoke".to_owned(),
            json!({ "user": USER }),
            50_173,
            Value::Null,
        ),
        (
            "disabled",
            "PATCH",
            format!("users/{USER}"),
            json!({ "disabled": true }),
            50_057,
            Value::Null,
        ),
        (
            "deleted",
            "DELETE",
            format!("users/{USER}"),
            Value::Null,
            50_034,
            Value::Null,
        ),
        (
            "app off",
            "PATCH",
            format!("apps/{CLIENT}"),
            json!({ "disabled": true }),
            7_000_112,
            Value::Null,
        ),
        (
            "consent withdrawn",
            "DELETE",
            "consents".to_owned(),
            Value::Null,
            65_001,
            json!("consent_required"),
        ),
        (
            "secret expired",
            "PATCH",
            format!("apps/{CLIENT}"),
            json!({ "secrets": [{ "id": "x", "value": SECRET, "expires": 1 }] }),
            7_000_222,
            Value::Null,
        ),
    ] {
        let stage = Stage::new();
        let token = stage.redeem(&stage.code(), &[]).1["refresh_token"]
            .as_str()
            .expect("a token")
            .to_owned();
        stage.control(method, &path, &change);
        let (_, body) = stage.refresh(&token, &[]);
        assert_eq!(
            (&body["error_codes"], &body["suberror"]),
            (&json!([number]), &suberror),
            "{name}: {body}"
        );
    }
    let stage = Stage::new();
    for (changes, number) in [
        (vec![("refresh_token", "-")], 900_144),
        (vec![("refresh_token", "made-up")], 9_002_313),
        (vec![("scope", "Mail.Send")], 65_001),
        (vec![("client_secret", "wrong")], 7_000_215),
    ] {
        let token = stage.redeem(&stage.code(), &[]).1["refresh_token"]
            .as_str()
            .expect("a token")
            .to_owned();
        let (_, body) = stage.token(TENANT, &refresh_fields(&token), &changes);
        assert_eq!(body["error_codes"], json!([number]), "{changes:?}");
    }
}

#[test]
fn client_credentials_take_default_of_one_tenant_only() {
    let stage = Stage::new();
    let daemon = app(7);
    let base = [
        ("client_id", daemon),
        ("client_secret", SECRET.to_owned()),
        ("grant_type", "client_credentials".to_owned()),
        ("scope", "https://graph.microsoft.com/.default".to_owned()),
    ];
    for (tenant, changes, number) in [
        ("common", vec![], 9_001_023),
        ("consumers", vec![], 9_001_023),
        (OTHER_TENANT, vec![], 700_016),
        (TENANT, vec![("scope", "-")], 900_144),
        (
            TENANT,
            vec![("scope", "https://graph.microsoft.com/Mail.Read")],
            1_002_012,
        ),
        (
            TENANT,
            vec![(
                "scope",
                "https://graph.microsoft.com/.default https://outlook.office.com/.default",
            )],
            1_002_012,
        ),
        (TENANT, vec![("scope", "https://nowhere.example/.default")], 500_011),
    ] {
        assert_eq!(
            stage.token(tenant, &base, &changes).1["error_codes"],
            json!([number]),
            "{tenant} {changes:?}"
        );
    }
    let (status, body) = stage.token(TENANT, &base, &[]);
    assert_eq!(
        (status, body["refresh_token"].is_null(), body["id_token"].is_null()),
        (200, true, true)
    );
    assert_eq!(
        stage
            .token(
                "contoso.example",
                &base,
                &[("scope", &format!("{}/.default", stage.sandbox.graph_url()))]
            )
            .0,
        200
    );
}
