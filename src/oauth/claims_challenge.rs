//! Claims challenges (continuous access evaluation and Conditional Access): Graph refuses a token that has not ended and says in
//! `WWW-Authenticate` what the next one must prove; the next token request repeats that as its `claims`.
//!
//! Every request to Entra declares the capability `cp1`, because challenges are answered here: without it Graph would send none and
//! tokens would live an hour instead of a day. Source: Microsoft identity platform, "Claims challenges, claims requests and client
//! capabilities".

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value, json};

/// No challenge that is longer is looked at.
const LIMIT: usize = 16 * 1024;

const EITHER_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, EITHER_PADDING);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, EITHER_PADDING);

/// The claims a refusal asks for, as JSON text: from all `WWW-Authenticate` headers of a 401 (or a 403 with `insufficient_claims`).
pub fn from_www_authenticate<'a>(headers: impl IntoIterator<Item = &'a str>) -> Option<String> {
    headers.into_iter().find_map(|header| {
        let parameters = parameters(header.get(..LIMIT).unwrap_or(header));
        let value = |name: &str| {
            let found = parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        };
        // A `claims` beside another error is no challenge for us.
        if value("error").is_some_and(|error| !error.eq_ignore_ascii_case("insufficient_claims")) {
            return None;
        }
        decode(value("claims")?)
    })
}

/// A challenge as JSON text, whether it came as JSON or as base64 of JSON. `None` if it is no JSON object.
pub fn decode(claims: &str) -> Option<String> {
    let claims = claims.trim();
    if claims.len() > LIMIT {
        return None;
    }
    if let Some(object) = object(claims) {
        return Some(object);
    }
    let bytes = STANDARD.decode(claims).or_else(|_| URL_SAFE.decode(claims)).ok()?;
    object(std::str::from_utf8(&bytes).ok()?)
}

fn object(text: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    value.is_object().then(|| value.to_string())
}

/// The `claims` parameter of the next request: our capability, and what a challenge asks for.
pub fn parameter(challenge: Option<&str>) -> String {
    let challenge = challenge.and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok());
    let mut claims = challenge.unwrap_or_default();
    let access_token = claims.entry("access_token").or_insert_with(|| json!({}));
    if !access_token.is_object() {
        *access_token = json!({});
    }
    if let Some(access_token) = access_token.as_object_mut() {
        access_token.insert("xms_cc".to_owned(), json!({ "values": ["cp1"] }));
    }
    Value::Object(claims).to_string()
}

/// The `name=value` pairs of a header. Commas inside quotes separate nothing, values may be unquoted, and the scheme before the first
/// pair is dropped.
fn parameters(header: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for part in split_outside_quotes(header) {
        let Some((name, value)) = part.split_once('=') else {
            continue;
        };
        // The first pair, and the first of a further challenge in the same header, stand behind their scheme: `Bearer realm=""`.
        let name = name.split_whitespace().last().unwrap_or_default();
        pairs.push((name.to_owned(), unquote(value.trim())));
    }
    pairs
}

fn split_outside_quotes(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut quoted, mut escaped, mut start) = (false, false, 0);
    for (index, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.extend(text.get(start..index));
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    parts
}

fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else {
        return value.to_owned();
    };
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}`
    const BASE64: &str = "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNjA0MTA2NjUxIn19fQ==";
    const JSON: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;

    #[test]
    fn a_challenge_is_found_in_every_spelling_of_the_header() {
        let unpadded = BASE64.trim_end_matches('=');
        let cases = [
            format!(r#"Bearer realm="", error="insufficient_claims", claims="{BASE64}""#),
            format!(r#"Bearer claims="{BASE64}", error="insufficient_claims""#),
            format!(
                r#"Bearer realm="", authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize, client_id="x", errorDescription="Continuous access evaluation, with \"quotes\", resulted in challenge", error=insufficient_claims, claims={BASE64}"#
            ),
            format!(r#"bearer Error="insufficient_claims",CLAIMS="{unpadded}""#),
            format!(r#"Basic realm="a, b", Bearer claims="{BASE64}""#),
        ];
        for header in &cases {
            assert_eq!(
                from_www_authenticate([header.as_str()]).as_deref(),
                Some(JSON),
                "{header}"
            );
        }
        let several = ["Negotiate", "Basic realm=\"x\"", cases[0].as_str()];
        assert_eq!(from_www_authenticate(several).as_deref(), Some(JSON));
    }

    #[test]
    fn what_is_no_challenge_is_none() {
        let cases = [
            String::new(),
            "Bearer".to_owned(),
            r#"Bearer realm="", error="invalid_token""#.to_owned(),
            format!(r#"Bearer error="invalid_token", claims="{BASE64}""#),
            r#"Bearer error="insufficient_claims", claims="%%%""#.to_owned(),
            r#"Bearer error="insufficient_claims", claims="bnVsbA==""#.to_owned(), // null
            r#"Bearer error="insufficient_claims", claims="eyJhIjox""#.to_owned(), // half a JSON
            r#"Bearer claims="unfinished \"#.to_owned(),
        ];
        for header in &cases {
            assert_eq!(from_www_authenticate([header.as_str()]), None, "{header}");
        }
    }

    #[test]
    fn the_capability_is_always_declared_and_the_challenge_kept() {
        assert_eq!(parameter(None), r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#);
        let merged: Value = serde_json::from_str(&parameter(Some(JSON))).unwrap();
        assert_eq!(merged["access_token"]["nbf"]["value"], "1604106651");
        assert_eq!(merged["access_token"]["xms_cc"]["values"], json!(["cp1"]));
        let id_token = parameter(Some(r#"{"id_token":{"auth_time":null},"access_token":null}"#));
        let merged: Value = serde_json::from_str(&id_token).unwrap();
        assert_eq!(merged["id_token"], json!({ "auth_time": null }));
        assert_eq!(merged["access_token"], json!({ "xms_cc": { "values": ["cp1"] } }));
    }

    proptest::proptest! {
        #[test]
        fn no_header_makes_it_panic(header in ".{0,200}") {
            let _ = from_www_authenticate([header.as_str()]);
            let _ = decode(&header);
            let _: Value = serde_json::from_str(&parameter(Some(&header))).unwrap();
        }
    }
}
