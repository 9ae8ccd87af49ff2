//! Client certificates: a signed assertion in the place of a secret.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::Stage;
use rcgen::{Certificate, CertificateParams, KeyPair, PKCS_RSA_SHA256, date_time_ymd};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};
use squeeze_graph_sandbox::TENANT;

const KEY: &[u8] = include_bytes!("../src/entra/signing_key.der");
const APP: &str = "c0ffee00-0007-4000-8000-000000000001";
/// What the next assertion is called.
static ID: AtomicU32 = AtomicU32::new(1);
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn sign(header: &Value, claims: &Value, encoding: &'static dyn RsaEncoding) -> String {
    let key = RsaKeyPair::from_pkcs8(KEY).expect("a key");
    let text = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(encoding, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .expect("a signature");
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn an_assertion_is_taken_once_when_key_thumbprint_audience_and_time_fit() {
    let stage = Stage::new();
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(KEY), &PKCS_RSA_SHA256).expect("a key");
    let certificate = |ends: i32| {
        let mut params = CertificateParams::new(vec![]).expect("parameters");
        params.not_after = date_time_ymd(ends, 1, 1);
        params.self_signed(&key).expect("a certificate")
    };
    let (good, ended) = (certificate(2100), certificate(2001));
    stage.control(
        "PATCH",
        &format!("apps/{APP}"),
        &json!({ "certificates": [ended.pem(), good.pem()] }),
    );
    let thumbprint = |certificate: &Certificate| {
        URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, certificate.der()))
    };
    let endpoint = format!("{}/{TENANT}/oauth2/v2.0/token", stage.sandbox.url());
    let now = stage.sandbox.now();
    let claims = || {
        let jti = ID.fetch_add(1, Ordering::Relaxed).to_string();
        json!({ "aud": endpoint, "iss": APP, "sub": APP, "jti": jti, "nbf": now, "exp": now + 600 })
    };
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        claims
    };
    let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint(&good) });
    let plain = json!({ "alg": "RS256", "typ": "JWT", "x5t#S256": thumbprint(&good) });
    let late = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint(&ended) });
    let stranger = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": "AAAA" });
    let used = sign(&header, &claims(), &RSA_PSS_SHA256);
    for (assertion, number) in [
        (used.clone(), None),
        (used, Some(50_013)),
        (sign(&header, &with("jti", json!("")), &RSA_PSS_SHA256), Some(50_013)),
        (sign(&header, &claims(), &RSA_PSS_SHA256), None),
        (sign(&plain, &claims(), &RSA_PKCS1_SHA256), None),
        (sign(&header, &claims(), &RSA_PKCS1_SHA256), Some(700_027)),
        (sign(&late, &claims(), &RSA_PSS_SHA256), Some(700_027)),
        (sign(&stranger, &claims(), &RSA_PSS_SHA256), Some(700_027)),
        (
            sign(
                &header,
                &with("aud", json!("https://elsewhere.example/token")),
                &RSA_PSS_SHA256,
            ),
            Some(700_023),
        ),
        (
            sign(&header, &with("iss", json!("someone")), &RSA_PSS_SHA256),
            Some(700_021),
        ),
        (
            sign(&header, &with("exp", json!(now - 600)), &RSA_PSS_SHA256),
            Some(700_024),
        ),
        ("no.assertion".to_owned(), Some(50_027)),
    ] {
        let base = [
            ("client_id", APP.to_owned()),
            ("client_assertion_type", TYPE.to_owned()),
            ("client_assertion", assertion),
            ("grant_type", "client_credentials".to_owned()),
            ("scope", "https://graph.microsoft.com/.default".to_owned()),
        ];
        let (_, body) = stage.token(TENANT, &base, &[]);
        assert_eq!(body["error_codes"][0].as_u64(), number, "{body}");
    }
}
