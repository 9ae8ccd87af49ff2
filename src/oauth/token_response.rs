//! A token answer: RFC 6749 section 5.1 with Microsoft's fields, read with the tolerance that real answers need.
//!
//! `expires_in` comes as a number or as text. Missing or unreadable, it counts as ten minutes (as MSAL assumes); zero or less means a
//! token that has ended already; and no life is believed to be longer than Microsoft's longest. Access tokens are opaque: nothing
//! here looks into one.

use std::time::Duration;

use oauth2::basic::BasicTokenType;
use oauth2::{AccessToken, RefreshToken};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::base::clock::UtcInstant;
use crate::base::secret::Secret;
use crate::oauth::id_token;

/// The life of a token whose answer does not say it.
pub const DEFAULT_LIFE: i64 = 600;

/// No access token is believed to live longer: 28 hours is Microsoft's longest (with continuous access evaluation).
pub const LONGEST_LIFE: i64 = 28 * 3600;

/// A refresh token with so little time left has a fixed end that a refresh does not move (`spa` redirect URIs); the usual 90 days
/// start anew with every refresh and are no end.
const FIXED_SIGN_IN: i64 = 24 * 3600;

/// The body as the `oauth2` crate hands it out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TokenBody {
    access_token: AccessToken,
    token_type: BasicTokenType,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<i64>,
    #[serde(default, deserialize_with = "seconds")]
    ext_expires_in: Option<i64>,
    #[serde(default, deserialize_with = "seconds")]
    refresh_in: Option<i64>,
    #[serde(default, deserialize_with = "seconds")]
    refresh_token_expires_in: Option<i64>,
    #[serde(default, deserialize_with = "refresh_token")]
    refresh_token: Option<RefreshToken>,
    #[serde(default, deserialize_with = "text")]
    scope: Option<String>,
    /// Wrapped in the crate's type only because that one prints nothing.
    #[serde(default, deserialize_with = "access_token")]
    id_token: Option<AccessToken>,
    #[serde(default, deserialize_with = "text")]
    client_info: Option<String>,
}

impl oauth2::TokenResponse for TokenBody {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in
            .map(|seconds| Duration::from_secs(seconds.unsigned_abs()))
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<oauth2::Scope>> {
        // `scope` is kept as it came: what it means needs more than splitting (see `oauth::scope`).
        None
    }
}

/// What a token request brought.
#[derive(Debug, Clone)]
pub struct TokenAnswer {
    /// The access token.
    pub access_token: Secret,
    /// A new refresh token; `None`: the old one goes on.
    pub refresh_token: Option<Secret>,
    /// Who signed in, signed by Microsoft; not looked into here.
    pub id_token: Option<Secret>,
    /// Home account id, base64url JSON; not looked into here.
    pub client_info: Option<String>,
    /// Seconds the access token lives from its receipt on; never negative.
    pub expires_in: i64,
    /// Seconds for which the token may be used while Entra is down.
    pub ext_expires_in: Option<i64>,
    /// Seconds after which Microsoft would like the token renewed; always less than its life.
    pub refresh_in: Option<i64>,
    /// Seconds until the sign-in ends whatever is refreshed, where known.
    pub sign_in_ends_in: Option<i64>,
    /// The scopes granted, as they were echoed; `None`: as requested.
    pub scope: Option<String>,
    /// The server's clock, from the answer's `Date`.
    pub server_time: Option<UtcInstant>,
    /// The server's clock minus ours, seconds; `None` without a `Date`.
    pub clock_skew: Option<i64>,
    /// When it was received, by our clock.
    pub received_at: UtcInstant,
    /// When the certificate ends that the request was signed with; `None` for a secret.
    pub certificate_ends_at: Option<UtcInstant>,
}

/// From this length on, bytes, a secret does not stand in a text by chance. Microsoft's have more.
const UNMISTAKABLE: usize = 16;

impl TokenAnswer {
    /// Without what quotes one of `secrets`, which were sent: who signed in and what was granted is shown to people. No server of
    /// Microsoft's quotes any, and who signed in is not to be believed of one that does.
    pub(super) fn without(mut self, secrets: &[Secret]) -> Self {
        for secret in secrets.iter().filter(|secret| secret.expose().len() >= UNMISTAKABLE) {
            self.id_token = self.id_token.filter(|token| !id_token::quotes(token, secret));
            self.scope = self.scope.map(|scope| {
                let kept = scope
                    .split_whitespace()
                    .filter(|scope| !scope.contains(secret.expose()));
                kept.collect::<Vec<_>>().join(" ")
            });
        }
        self
    }
}

impl TokenBody {
    /// The answer; `None` if it holds no bearer token that could stand in a header.
    pub(super) fn answer(
        self,
        received_at: UtcInstant,
        server_time: Option<UtcInstant>,
        clock_skew: Option<i64>,
    ) -> Option<TokenAnswer> {
        let is_bearer = self.token_type.as_ref().eq_ignore_ascii_case("bearer");
        let access_token = Secret::new(self.access_token.into_secret());
        let in_header = !access_token.is_empty() && access_token.expose().bytes().all(|byte| byte.is_ascii_graphic());
        if !is_bearer || !in_header {
            return None;
        }
        let expires_in = self
            .expires_in
            .map_or(DEFAULT_LIFE, |seconds| seconds.clamp(0, LONGEST_LIFE));
        let refresh_token = self.refresh_token.map(RefreshToken::into_secret);
        let id_token = self.id_token.map(AccessToken::into_secret);
        let scope = self.scope.filter(|scope| !scope.trim().is_empty());
        Some(TokenAnswer {
            access_token,
            refresh_token: refresh_token.filter(|token| !token.trim().is_empty()).map(Secret::new),
            id_token: id_token.filter(|token| !token.is_empty()).map(Secret::new),
            client_info: self.client_info,
            expires_in,
            ext_expires_in: self.ext_expires_in.filter(|seconds| *seconds > 0),
            refresh_in: self.refresh_in.filter(|seconds| (1..expires_in).contains(seconds)),
            sign_in_ends_in: self
                .refresh_token_expires_in
                .filter(|seconds| (1..=FIXED_SIGN_IN).contains(seconds)),
            scope,
            server_time,
            clock_skew,
            received_at,
            certificate_ends_at: None,
        })
    }
}

/// Seconds as a number or as text, decimals dropped; `None` for anything else.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let text = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return Ok(None),
    };
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(Some(whole));
    }
    let decimal = text.parse::<f64>().ok().filter(|number| number.is_finite());
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast from float saturates, and its ends are senseless anyway"
    )]
    Ok(decimal.map(|number| number as i64))
}

/// Text, or `None` for anything else.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

fn refresh_token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RefreshToken>, D::Error> {
    Ok(text(deserializer)?.map(RefreshToken::new))
}

fn access_token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<AccessToken>, D::Error> {
    Ok(text(deserializer)?.map(AccessToken::new))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    const NOW: UtcInstant = UtcInstant::from_epoch(1_700_000_000);

    fn read(body: &str) -> Option<TokenAnswer> {
        serde_json::from_str::<TokenBody>(body).ok()?.answer(NOW, None, None)
    }

    #[test]
    fn what_quotes_a_secret_that_was_sent_is_not_kept() {
        let secret = "canary-client-secret-0123456789";
        // claims, whether they are kept
        let cases = [
            (r#"{"upn":"anna@contoso.example"}"#.to_owned(), true),
            (format!(r#"{{"upn":"{secret}"}}"#), false),
            (format!(r#"{{"upn":"an{secret}na@contoso.example"}}"#), false),
            (format!(r#"{{"x":[{{"y":"{secret}"}}]}}"#), false),
            (format!(r#"{{"{secret}":1}}"#), false),
            (r#"{"upn":"\u0063anary-client-secret-0123456789"}"#.to_owned(), false),
            // A carriage return, which is not shown.
            (r#"{"upn":"canary-\rclient-secret-0123456789"}"#.to_owned(), false),
            // Too short a secret to be told from a word.
            (r#"{"upn":"short"}"#.to_owned(), true),
        ];
        let secrets = [secret, "short", ""].map(|secret| Secret::new(secret.to_owned()));
        for (claims, expected) in cases {
            let payload = URL_SAFE_NO_PAD.encode(&claims);
            let body = format!(
                r#"{{"access_token":"at","token_type":"Bearer","id_token":"e30.{payload}.c2ln","scope":"short a{secret} User.Read"}}"#
            );
            let answer = read(&body).unwrap().without(&secrets);
            assert_eq!(answer.id_token.is_some(), expected, "{claims}");
            assert_eq!(answer.scope.as_deref(), Some("short User.Read"));
        }
    }

    #[test]
    fn a_life_is_read_from_anything_and_always_sane() {
        let cases = [
            ("3599", 3599),
            ("\"3599\"", 3599),
            ("\" 3599 \"", 3599),
            ("3599.9", 3599),
            ("\"3599.0\"", 3599),
            ("86399", 86399),
            ("0", 0),
            ("-5", 0),
            ("\"-5\"", 0),
            ("null", DEFAULT_LIFE),
            ("\"soon\"", DEFAULT_LIFE),
            ("{}", DEFAULT_LIFE),
            ("9999999999", LONGEST_LIFE),
            ("1e30", LONGEST_LIFE),
            ("\"99999999999999999999999999\"", LONGEST_LIFE),
            ("\"NaN\"", DEFAULT_LIFE),
        ];
        for (value, expected) in cases {
            let body = format!(r#"{{"access_token":"at","token_type":"Bearer","expires_in":{value}}}"#);
            assert_eq!(read(&body).unwrap().expires_in, expected, "{value}");
        }
        assert_eq!(
            read(r#"{"access_token":"at","token_type":"bearer"}"#)
                .unwrap()
                .expires_in,
            DEFAULT_LIFE
        );
    }

    #[test]
    fn all_fields_of_a_real_answer_are_kept() {
        let answer = read(
            r#"{"token_type":"Bearer","scope":"Mail.Read openid","expires_in":5000,"ext_expires_in":"5000","refresh_in":2500,
            "refresh_token_expires_in":86399,"access_token":"at","refresh_token":"rt","id_token":"a.b.c","client_info":"e30","new":1}"#,
        )
        .unwrap();
        assert_eq!(answer.access_token, Secret::new("at"));
        assert_eq!(answer.refresh_token, Some(Secret::new("rt")));
        assert_eq!(answer.id_token, Some(Secret::new("a.b.c")));
        assert_eq!(answer.client_info.as_deref(), Some("e30"));
        assert_eq!(answer.scope.as_deref(), Some("Mail.Read openid"));
        assert_eq!((answer.ext_expires_in, answer.refresh_in), (Some(5000), Some(2500)));
        assert_eq!(answer.sign_in_ends_in, Some(86399));
    }

    #[test]
    fn empty_or_senseless_fields_count_as_absent() {
        let answer = read(
            r#"{"token_type":"Bearer","access_token":"at","expires_in":3600,"refresh_token":"","id_token":"","scope":" ",
            "refresh_in":3600,"ext_expires_in":-1,"refresh_token_expires_in":7776000}"#,
        )
        .unwrap();
        assert_eq!(answer.refresh_token, None);
        assert_eq!(answer.id_token, None);
        assert_eq!(answer.scope, None);
        assert_eq!(
            (answer.refresh_in, answer.ext_expires_in, answer.sign_in_ends_in),
            (None, None, None)
        );
    }

    #[test]
    fn what_is_no_bearer_token_is_no_answer() {
        let cases = [
            r#"{"token_type":"Bearer"}"#,
            r#"{"token_type":"Bearer","access_token":""}"#,
            r#"{"token_type":"Bearer","access_token":"a b"}"#,
            r#"{"token_type":"Bearer","access_token":"a\r\nX: y"}"#,
            r#"{"token_type":"mac","access_token":"at"}"#,
            r#"{"access_token":"at"}"#,
            r#"{"token_type":"Bearer","access_token":7}"#,
            r"[]",
            r#"{"token_type":"Bearer","access_to"#,
            "",
        ];
        for body in cases {
            assert!(read(body).is_none(), "{body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_it_panic_and_no_life_is_senseless(value in "[-0-9.eE\"a-z{}]{0,30}", field in "(expires_in|refresh_in|scope|id_token)") {
            let body = format!(r#"{{"access_token":"at","token_type":"Bearer","{field}":{value}}}"#);
            if let Some(answer) = read(&body) {
                proptest::prop_assert!((0..=LONGEST_LIFE).contains(&answer.expires_in));
                proptest::prop_assert!(answer.refresh_in.is_none_or(|seconds| (1..answer.expires_in).contains(&seconds)));
            }
        }
    }

    #[test]
    fn debug_shows_no_token() {
        let body: TokenBody = serde_json::from_str(
            r#"{"token_type":"Bearer","access_token":"canary-a","refresh_token":"canary-b","id_token":"canary-c"}"#,
        )
        .unwrap();
        assert!(!format!("{body:?}").contains("canary"));
        assert!(!format!("{:?}", body.answer(NOW, None, None)).contains("canary"));
    }
}
