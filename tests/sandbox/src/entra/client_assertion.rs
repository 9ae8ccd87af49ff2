//! The check of client assertions ([certificate
//! credentials](https://learn.microsoft.com/entra/identity-platform/certificate-credentials)): a registered certificate that has not
//! ended, its key's signature, whom it is about, for whom it is, its time, and that it is used once.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use serde_json::{Map, Value};
use x509_cert::der::Decode;

use super::error::EntraError;
use crate::clock;
use crate::world::{App, Grants};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far the clocks of client and server may be apart, seconds.
const SKEW: i64 = 300;

/// An assertion, taken apart.
struct Assertion {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signed: String,
    signature: Vec<u8>,
}

impl Assertion {
    fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else {
            return None;
        };
        Some(Self {
            signed: format!("{header}.{claims}"),
            header: object(header)?,
            claims: object(claims)?,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    fn claim(&self, name: &str) -> &str {
        self.claims.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn header(&self, name: &str) -> &str {
        self.header.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// MSAL for .NET sends times as text.
    fn time(&self, name: &str) -> Option<i64> {
        let value = self.claims.get(name)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }
}

fn refuse<T>(code: u32, text: impl Into<String>) -> Result<T, EntraError> {
    Err(EntraError::client(code, text.into()))
}

fn malformed<T>() -> Result<T, EntraError> {
    refuse(50_027, "JWT token is invalid or malformed.")
}

/// Checks everything but whether it was used before.
pub fn check(app: &App, assertion: &str, kind: &str, now: i64, audience: &[String]) -> Result<(), EntraError> {
    if kind != TYPE {
        return Err(EntraError::missing("client_assertion_type"));
    }
    let Some(assertion) = Assertion::read(assertion) else {
        return malformed();
    };
    let registered = app.certificates.iter().filter_map(|pem| der(pem)).find(|der| {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, der)) == assertion.header("x5t#S256")
            || URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, der)) == assertion.header("x5t")
    });
    let certificate = registered.and_then(|der| x509_cert::Certificate::from_der(&der).ok());
    let Some(certificate) = certificate else {
        return refuse(
            700_027,
            "The certificate with identifier used to sign the client assertion is not registered on application. \
             [Reason - The key was not found.]",
        );
    };
    let certificate = certificate.tbs_certificate();
    let ends = certificate.validity().not_after.to_unix_duration().as_secs();
    if i64::try_from(ends).unwrap_or(i64::MAX) <= now {
        return refuse(
            700_027,
            format!(
                "The certificate used to sign the client assertion is expired on application. [Reason - The key used is expired., Found key \
                 'End={}']",
                clock::iso(i64::try_from(ends).unwrap_or(i64::MAX))
            ),
        );
    }
    let algorithm: &dyn VerificationAlgorithm = match assertion.header("alg") {
        "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
        "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
        _ => return malformed(),
    };
    let key = &certificate.subject_public_key_info().subject_public_key;
    if UnparsedPublicKey::new(algorithm, key.raw_bytes())
        .verify(assertion.signed.as_bytes(), &assertion.signature)
        .is_err()
    {
        return refuse(
            700_027,
            "Client assertion failed signature validation. [Reason - The key used is incorrect.]",
        );
    }
    if ["iss", "sub"]
        .iter()
        .any(|name| !assertion.claim(name).eq_ignore_ascii_case(&app.client_id))
    {
        return refuse(
            700_021,
            "Client assertion application identifier doesn't match 'client_id' parameter.",
        );
    }
    if !audience.iter().any(|name| name == assertion.claim("aud")) {
        return refuse(700_023, "Client assertion audience claim does not match Realm issuer.");
    }
    match (assertion.time("exp"), assertion.time("nbf")) {
        (Some(end), begin) if end + SKEW > now && begin.is_none_or(|begin| begin - SKEW <= now) => Ok(()),
        _ => refuse(700_024, "Client assertion is not within its valid time range."),
    }
}

/// Notes that a checked assertion was used; one without a `jti`, or with one that was used before, is refused. Microsoft documents
/// the claim "to prevent token replays", and no number for a replay.
pub fn use_once(grants: &mut Grants, app: &App, assertion: &str, now: i64) -> Result<(), EntraError> {
    let Some(assertion) = Assertion::read(assertion) else {
        return malformed();
    };
    let id = format!("{}|{}", app.client_id, assertion.claim("jti"));
    grants.assertions.retain(|_, end| *end + SKEW > now);
    let used = grants
        .assertions
        .insert(id, assertion.time("exp").unwrap_or(now))
        .is_some();
    if assertion.claim("jti").is_empty() || used {
        return refuse(
            50_013,
            "Client assertion is missing its 'jti' claim or was used before.",
        );
    }
    Ok(())
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
