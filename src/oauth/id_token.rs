//! Who signed in: the claims of an `id_token` that came straight from the token endpoint.
//!
//! It came over TLS from the authority itself, so its signature says nothing new (`OpenID` Connect Core 1.0 section 3.1.3.7, point 6);
//! audience, issuer, tenant, nonce and time are checked. A person is `oid` and `tid`; addresses change and are only shown, or compared
//! with the one that an administrator configured.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use subtle::ConstantTimeEq;
use url::Url;

use crate::base::clock::UtcInstant;
use crate::base::secret::Secret;

/// How far the clocks of Entra's own machines may be apart, seconds.
const LEEWAY: i64 = 300;

/// The tenant of all personal accounts; `consumers` is its name.
const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Login hosts whose tokens name another of them as issuer: aliases of one cloud.
const ALIASES: [&[&str]; 3] = [
    &[
        "login.microsoftonline.com",
        "login.windows.net",
        "login.microsoft.com",
        "sts.windows.net",
    ],
    &["login.microsoftonline.us", "login.usgovcloudapi.net"],
    &["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
];

/// The claims that are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user's object id in the tenant that issued the token.
    pub oid: String,
    /// That tenant.
    pub tid: String,
    /// All addresses the token names, the one to show first.
    pub addresses: Vec<String>,
    /// The opaque hint that finds this person again at the next sign-in.
    pub login_hint: Option<String>,
}

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'a> {
    /// The client id.
    pub client_id: &'a str,
    /// `{authority}/{tenant}`.
    pub authority: &'a Url,
    /// The nonce of the authorization request; `None` for a refresh, which has none.
    pub nonce: Option<&'a Secret>,
    /// The server's time (ours, if it did not say).
    pub now: UtcInstant,
}

/// Why a token is refused. The text names the claim, not its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// No JWT, or claims of wrong types.
    #[error("it can not be read")]
    Unreadable,
    /// `aud` is another application.
    #[error("it was issued for another application (aud)")]
    Audience,
    /// `iss` is another authority.
    #[error("it was issued by another authority (iss)")]
    Issuer,
    /// `tid` is another tenant than the account's.
    #[error("it was issued for another tenant (tid)")]
    Tenant,
    /// `nonce` is not ours: it belongs to another sign-in.
    #[error("it belongs to another sign-in (nonce)")]
    Nonce,
    /// `exp` has passed.
    #[error("it has expired (exp)")]
    Expired,
    /// No `oid`: the person can not be told from others.
    #[error("it does not say who signed in (oid)")]
    Nobody,
}

#[derive(Deserialize)]
struct Claims {
    aud: Value,
    iss: String,
    exp: i64,
    #[serde(default)]
    tid: Option<String>,
    #[serde(default)]
    oid: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    preferred_username: Option<String>,
    #[serde(default)]
    upn: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    login_hint: Option<String>,
}

/// Checks an `id_token` and says who signed in.
pub fn check(token: &Secret, expected: &Expectation<'_>) -> Result<Identity, Invalid> {
    let claims = claims(token).ok_or(Invalid::Unreadable)?;
    if !audience_contains(&claims.aud, expected.client_id) {
        return Err(Invalid::Audience);
    }
    let tid = claims.tid.clone().ok_or(Invalid::Tenant)?;
    if !is_issuer(&claims.iss, &tid, expected.authority) {
        return Err(Invalid::Issuer);
    }
    if !fits_tenant(&tid, tenant_of(expected.authority)) {
        return Err(Invalid::Tenant);
    }
    if let Some(nonce) = expected.nonce {
        let returned = claims.nonce.as_deref().unwrap_or_default();
        if !bool::from(returned.as_bytes().ct_eq(nonce.expose().as_bytes())) {
            return Err(Invalid::Nonce);
        }
    }
    if claims.exp.saturating_add(LEEWAY) < expected.now.epoch() {
        return Err(Invalid::Expired);
    }
    identity(claims).ok_or(Invalid::Nobody)
}

/// Who an `id_token` that somebody kept names, without judging its age or origin; `None` if it is not for `client_id` or names nobody.
pub fn peek(token: &Secret, client_id: &str) -> Option<Identity> {
    let claims = claims(token)?;
    audience_contains(&claims.aud, client_id).then(|| identity(claims))?
}

/// Home object id and tenant from `client_info`, for answers without an `id_token`.
pub fn home_account(client_info: &str) -> Option<Identity> {
    #[derive(Deserialize)]
    struct Info {
        uid: String,
        utid: String,
    }
    let bytes = URL_SAFE_NO_PAD.decode(client_info.trim_end_matches('=')).ok()?;
    let info: Info = serde_json::from_slice(&bytes).ok()?;
    (is_id(&info.uid) && is_id(&info.utid)).then(|| Identity {
        oid: info.uid,
        tid: info.utid,
        addresses: Vec::new(),
        login_hint: None,
    })
}

/// Whether one of the claims quotes `secret`.
pub(super) fn quotes(token: &Secret, secret: &Secret) -> bool {
    payload(token).is_some_and(|claims| has_text(&claims, &|text| text.contains(secret.expose())))
}

fn has_text(value: &Value, is_meant: &dyn Fn(&str) -> bool) -> bool {
    match value {
        // As it came, and as it would be shown.
        Value::String(text) => is_meant(text) || is_meant(&crate::base::problem::tame(text)),
        Value::Array(values) => values.iter().any(|value| has_text(value, is_meant)),
        Value::Object(values) => values
            .iter()
            .any(|(name, value)| is_meant(name) || has_text(value, is_meant)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

impl Identity {
    /// Whether one of the addresses is `user`, whatever its case.
    pub fn is_called(&self, user: &str) -> bool {
        let user = user.trim().to_lowercase();
        self.addresses.iter().any(|address| address.to_lowercase() == user)
    }
}

fn claims(token: &Secret) -> Option<Claims> {
    payload(token)
}

fn payload<T: DeserializeOwned>(token: &Secret) -> Option<T> {
    let payload = token.expose().split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn identity(claims: Claims) -> Option<Identity> {
    let (oid, tid) = (claims.oid?, claims.tid?);
    if !is_id(&oid) || !is_id(&tid) {
        return None;
    }
    let mut addresses: Vec<String> = Vec::new();
    let known = [claims.preferred_username, claims.upn, claims.email];
    for address in known.into_iter().flatten() {
        let address = crate::base::problem::tame(&address);
        if !address.is_empty() && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Some(Identity {
        oid,
        tid,
        addresses,
        login_hint: claims.login_hint.filter(|hint| !hint.is_empty() && hint.len() <= 1024),
    })
}

/// An id is a short word; a GUID at Microsoft.
fn is_id(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

fn audience_contains(audience: &Value, client_id: &str) -> bool {
    let is_ours = |value: &Value| value.as_str().is_some_and(|name| name.eq_ignore_ascii_case(client_id));
    match audience {
        Value::Array(several) => several.iter().any(is_ours),
        one => is_ours(one),
    }
}

fn tenant_of(authority: &Url) -> &str {
    let segments = authority.path_segments();
    segments
        .and_then(|mut segments| segments.rfind(|segment| !segment.is_empty()))
        .unwrap_or_default()
}

/// Whether a token of tenant `tid` fits the tenant that the account names. A domain's id is not known here, so it fits any.
fn fits_tenant(tid: &str, tenant: &str) -> bool {
    let is_guid = tenant.len() == 36 && tenant.bytes().filter(|byte| *byte == b'-').count() == 4;
    if is_guid {
        tid.eq_ignore_ascii_case(tenant)
    } else if tenant.eq_ignore_ascii_case("consumers") {
        tid.eq_ignore_ascii_case(CONSUMERS)
    } else if tenant.eq_ignore_ascii_case("organizations") {
        !tid.eq_ignore_ascii_case(CONSUMERS)
    } else {
        true
    }
}

/// Whether `iss` is `{authority}/{tid}/v2.0`. Behind a gateway of our own the tokens are Microsoft's, so its login hosts always count.
fn is_issuer(iss: &str, tid: &str, authority: &Url) -> bool {
    let Ok(iss) = Url::parse(iss) else {
        return false;
    };
    let Some(host) = iss.host_str() else {
        return false;
    };
    let own_host = authority.host_str().unwrap_or_default();
    let aliases = ALIASES.iter().find(|hosts| hosts.contains(&own_host));
    let microsoft = match aliases {
        Some(hosts) => hosts.contains(&host),
        None => ALIASES.iter().any(|hosts| hosts.contains(&host)),
    };
    let path = iss.path().trim_end_matches('/');
    if microsoft && iss.scheme() == "https" && iss.port().is_none() {
        return path.eq_ignore_ascii_case(&format!("/{tid}/v2.0"));
    }
    let root = authority.path().trim_end_matches('/');
    let root = root.rsplit_once('/').map_or("", |(root, _)| root);
    iss.origin() == authority.origin() && path.eq_ignore_ascii_case(&format!("{root}/{tid}/v2.0"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: UtcInstant = UtcInstant::from_epoch(1_700_000_000);
    const TENANT: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
    const CLIENT: &str = "11111111-2222-3333-4444-555555555555";

    fn token(claims: &Value) -> Secret {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        Secret::new(format!(
            "{}.{}.signature",
            part(&json!({ "alg": "RS256" })),
            part(claims)
        ))
    }

    fn claims() -> Value {
        json!({
            "aud": CLIENT,
            "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
            "exp": NOW.epoch() + 3600,
            "tid": TENANT,
            "oid": "00000000-0000-0000-0000-00000000000a",
            "nonce": "the-nonce",
            "preferred_username": "Anna@contoso.com",
            "email": "anna.arendt@contoso.com",
        })
    }

    fn checked(claims: &Value, authority: &str) -> Result<Identity, Invalid> {
        check(
            &token(claims),
            &Expectation {
                client_id: CLIENT,
                authority: &Url::parse(authority).unwrap(),
                nonce: Some(&Secret::new("the-nonce")),
                now: NOW,
            },
        )
    }

    #[test]
    fn a_right_token_says_who_signed_in() {
        let identity = checked(&claims(), &format!("https://login.microsoftonline.com/{TENANT}")).unwrap();
        assert_eq!(identity.oid, "00000000-0000-0000-0000-00000000000a");
        assert_eq!(identity.tid, TENANT);
        assert_eq!(identity.addresses, ["Anna@contoso.com", "anna.arendt@contoso.com"]);
        for (user, expected) in [
            ("anna@CONTOSO.com", true),
            (" anna.arendt@contoso.com", true),
            ("bob@contoso.com", false),
            ("", false),
        ] {
            assert_eq!(identity.is_called(user), expected, "{user}");
        }
    }

    #[test]
    fn each_wrong_claim_is_refused_by_its_name() {
        let authority = format!("https://login.microsoftonline.com/{TENANT}");
        let cases = [
            ("aud", json!("another"), Invalid::Audience),
            ("aud", json!(["another"]), Invalid::Audience),
            (
                "iss",
                json!(format!("https://evil.example/{TENANT}/v2.0")),
                Invalid::Issuer,
            ),
            (
                "iss",
                json!(format!("https://login.microsoftonline.us/{TENANT}/v2.0")),
                Invalid::Issuer,
            ),
            (
                "iss",
                json!(format!("https://login.microsoftonline.com/{TENANT}")),
                Invalid::Issuer,
            ),
            (
                "iss",
                json!(format!("http://login.microsoftonline.com/{TENANT}/v2.0")),
                Invalid::Issuer,
            ),
            ("iss", json!("nonsense"), Invalid::Issuer),
            ("tid", json!("bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee"), Invalid::Issuer),
            ("tid", Value::Null, Invalid::Tenant),
            ("nonce", json!("another"), Invalid::Nonce),
            ("nonce", Value::Null, Invalid::Nonce),
            ("exp", json!(NOW.epoch() - 301), Invalid::Expired),
            ("exp", json!("soon"), Invalid::Unreadable),
            ("oid", Value::Null, Invalid::Nobody),
            ("oid", json!(""), Invalid::Nobody),
        ];
        for (claim, value, expected) in cases {
            let mut claims = claims();
            claims[claim] = value.clone();
            assert_eq!(checked(&claims, &authority), Err(expected), "{claim} {value}");
        }
        for text in ["", "a.b", "a.!!!.c", "e30.e30.e30", "a..c"] {
            let expected = Expectation {
                client_id: CLIENT,
                authority: &Url::parse(&authority).unwrap(),
                nonce: None,
                now: NOW,
            };
            assert_eq!(
                check(&Secret::new(text), &expected),
                Err(Invalid::Unreadable),
                "{text:?}"
            );
        }
    }

    #[test]
    fn the_tenant_must_fit_what_the_account_names() {
        let other = "bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee";
        let cases = [
            (TENANT, TENANT, true),
            ("AAAAAAAA-bbbb-cccc-dddd-eeeeeeeeeeee", TENANT, true),
            (other, TENANT, false),
            ("contoso.com", TENANT, true),
            ("common", TENANT, true),
            ("common", CONSUMERS, true),
            ("organizations", TENANT, true),
            ("organizations", CONSUMERS, false),
            ("consumers", CONSUMERS, true),
            ("consumers", TENANT, false),
        ];
        for (tenant, tid, fits) in cases {
            let mut claims = claims();
            claims["tid"] = json!(tid);
            claims["iss"] = json!(format!("https://login.microsoftonline.com/{tid}/v2.0"));
            let outcome = checked(&claims, &format!("https://login.microsoftonline.com/{tenant}"));
            assert_eq!(outcome.is_ok(), fits, "{tenant} {tid} {outcome:?}");
        }
    }

    #[test]
    fn aliases_of_a_cloud_and_custom_roots_are_known_as_issuers() {
        let cases = [
            (
                "https://login.windows.net/T",
                "https://login.microsoftonline.com/T/v2.0",
                true,
            ),
            (
                "https://login.chinacloudapi.cn/T",
                "https://login.partner.microsoftonline.cn/T/v2.0",
                true,
            ),
            ("http://127.0.0.1:8080/T", "http://127.0.0.1:8080/T/v2.0", true),
            (
                "http://127.0.0.1:8080/entra/T",
                "http://127.0.0.1:8080/entra/T/v2.0",
                true,
            ),
            ("http://127.0.0.1:8080/entra/T", "http://127.0.0.1:8080/T/v2.0", false),
            ("http://127.0.0.1:8080/T", "http://127.0.0.1:9090/T/v2.0", false),
            (
                "https://gateway.example/T",
                "https://login.microsoftonline.com/T/v2.0",
                true,
            ),
            (
                "https://gateway.example/T",
                "https://login.microsoftonline.com:444/T/v2.0",
                false,
            ),
        ];
        for (authority, issuer, expected) in cases {
            let (authority, issuer) = (
                authority.replace("/T", &format!("/{TENANT}")),
                issuer.replace("/T", &format!("/{TENANT}")),
            );
            let mut claims = claims();
            claims["iss"] = json!(issuer);
            assert_eq!(checked(&claims, &authority).is_ok(), expected, "{authority} {issuer}");
        }
    }

    #[test]
    fn client_info_names_the_home_account() {
        let info = URL_SAFE_NO_PAD.encode(r#"{"uid":"u","utid":"t"}"#);
        let identity = home_account(&info).unwrap();
        assert_eq!((identity.oid.as_str(), identity.tid.as_str()), ("u", "t"));
        for broken in ["", "e30", "!!", &URL_SAFE_NO_PAD.encode(r#"{"uid":"","utid":"t"}"#)] {
            assert_eq!(home_account(broken), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_token_makes_it_panic(text in ".{0,200}") {
            let _ = peek(&Secret::new(text.clone()), CLIENT);
            let _ = home_account(&text);
        }
    }
}
