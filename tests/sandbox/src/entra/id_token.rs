//! Signed `id_tokens`, the keys to check them with, and the check of client assertions.
//!
//! The signing key is part of the sandbox and secret to nobody: whoever trusts it trusts a test server.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{self, KeyPair, RsaKeyPair, RsaPublicKeyComponents};
use serde_json::{Map, Value, json};

use super::error::EntraError;
use crate::world::App;

const SIGNING_KEY: &[u8] = include_bytes!("signing_key.der");
const KEY_ID: &str = "sandbox-signing-key-1";

/// Signs claims. `broken` leaves a signature that does not fit.
pub fn sign(claims: &Value, broken: bool) -> String {
    let header = json!({ "typ": "JWT", "alg": "RS256", "kid": KEY_ID });
    let mut token = format!("{}.{}", encode(&header), encode(claims));
    let signature = signature_of(token.as_bytes(), broken).unwrap_or_default();
    token.push('.');
    token.push_str(&URL_SAFE_NO_PAD.encode(signature));
    token
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn signature_of(text: &[u8], broken: bool) -> Option<Vec<u8>> {
    let key = RsaKeyPair::from_pkcs8(SIGNING_KEY).ok()?;
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
        .ok()?;
    if broken && let Some(byte) = signature.first_mut() {
        *byte ^= 0x55;
    }
    Some(signature)
}

/// The key set: `{"keys":[…]}`.
pub fn keys(root: &str) -> Value {
    let Ok(key) = RsaKeyPair::from_pkcs8(SIGNING_KEY) else {
        return json!({ "keys": [] });
    };
    let public = RsaPublicKeyComponents::<Vec<u8>>::from(key.public_key());
    json!({ "keys": [{
        "kty": "RSA",
        "use": "sig",
        "kid": KEY_ID,
        "x5t": KEY_ID,
        "n": URL_SAFE_NO_PAD.encode(&public.n),
        "e": URL_SAFE_NO_PAD.encode(&public.e),
        "issuer": format!("{root}/{{tenantid}}/v2.0"),
    }] })
}

/// Checks a client assertion ([certificate credentials](https://learn.microsoft.com/entra/identity-platform/certificate-credentials)).
pub fn check_assertion(
    app: &App,
    assertion: &str,
    kind: &str,
    now: i64,
    audience: &[String],
) -> Result<(), EntraError> {
    if kind != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
        return Err(EntraError::missing("client_assertion_type"));
    }
    let refuse = |code, text: &str| Err(EntraError::client(code, text.to_owned()));
    let parts: Vec<&str> = assertion.split('.').collect();
    let [head, payload, signature] = parts.as_slice() else {
        return refuse(50_027, "JWT token is invalid or malformed.");
    };
    let (Some(header), Some(claims), Ok(signature)) =
        (object(head), object(payload), URL_SAFE_NO_PAD.decode(signature))
    else {
        return refuse(50_027, "JWT token is invalid or malformed.");
    };
    let text =
        |map: &Map<String, Value>, name: &str| map.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let thumbprint = text(&header, "x5t#S256");
    let certificate = app.certificates.iter().filter_map(|pem| der(pem)).find(|der| {
        URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, der)) == thumbprint
            || URL_SAFE_NO_PAD.encode(sha1(der)) == text(&header, "x5t")
    });
    let Some(certificate) = certificate else {
        return refuse(
            700_027,
            "The certificate with identifier used to sign the client assertion is not registered on application. \
             [Reason - The key was not found.]",
        );
    };
    let algorithm: &dyn signature::VerificationAlgorithm = match text(&header, "alg").as_str() {
        "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
        "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
        _ => return refuse(50_027, "JWT token is invalid or malformed."),
    };
    let signed = format!("{head}.{payload}");
    let key = rsa_key(&certificate).unwrap_or_default();
    if signature::UnparsedPublicKey::new(algorithm, key)
        .verify(signed.as_bytes(), &signature)
        .is_err()
    {
        return refuse(
            700_027,
            "Client assertion failed signature validation. [Reason - The key used is incorrect.]",
        );
    }
    if !text(&claims, "iss").eq_ignore_ascii_case(&app.client_id)
        || !text(&claims, "sub").eq_ignore_ascii_case(&app.client_id)
    {
        return refuse(
            700_021,
            "Client assertion application identifier doesn't match 'client_id' parameter.",
        );
    }
    if !audience.contains(&text(&claims, "aud")) {
        return refuse(700_023, "Client assertion audience claim does not match Realm issuer.");
    }
    let time = |name: &str| {
        claims
            .get(name)
            .and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()))
    };
    match (time("exp"), time("nbf")) {
        (Some(end), begin) if end + 300 > now && begin.is_none_or(|begin| begin - 300 <= now) => Ok(()),
        _ => refuse(700_024, "Client assertion is not within its valid time range."),
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn der(pem: &str) -> Option<Vec<u8>> {
    let body: String = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .map(str::trim)
        .collect();
    STANDARD.decode(body).ok()
}

fn sha1(bytes: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, bytes)
        .as_ref()
        .to_vec()
}

/// The PKCS#1 public key inside an X.509 certificate: what follows the RSA algorithm identifier in a bit string.
fn rsa_key(certificate: &[u8]) -> Option<Vec<u8>> {
    const RSA: [u8; 15] = [
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ];
    let at = certificate.windows(RSA.len()).position(|window| window == RSA)? + RSA.len();
    let rest = certificate.get(at..)?.strip_prefix(&[0x03])?;
    let (length, rest) = match *rest.first()? {
        0x82 => (
            usize::from(*rest.get(1)?) << 8 | usize::from(*rest.get(2)?),
            rest.get(3..)?,
        ),
        0x81 => (usize::from(*rest.get(1)?), rest.get(2..)?),
        short => (usize::from(short), rest.get(1..)?),
    };
    rest.get(1..length).map(<[u8]>::to_vec)
}
