//! Signed `id_tokens`, and the keys to check them with.
//!
//! The signing key is part of the sandbox and secret to nobody: whoever trusts it trusts a test server.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{self, KeyPair, RsaKeyPair, RsaPublicKeyComponents};
use serde_json::{Value, json};

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
