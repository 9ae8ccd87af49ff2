//! Entra's error body: RFC 6749 section 5.2 plus what Microsoft adds (`suberror`, `claims`, `error_codes`, trace and correlation id).
//!
//! Nothing in it is trusted to have its documented type: a field of another type counts as absent. Whoever reacts branches on the HTTP
//! status, `error`, `suberror` and `claims`; the AADSTS number only refines the hint (Microsoft: clients must not depend on it).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::base::clock::UtcInstant;
use crate::base::problem::{Problem, Source};

/// An error as Entra writes it, also where it comes back through the browser.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// `invalid_grant`, `invalid_client`, …
    pub error: String,
    /// `AADSTSnnnn: …` with trace id, correlation id and time stamp; for people.
    #[serde(default, deserialize_with = "text")]
    pub error_description: Option<String>,
    /// The AADSTS numbers, most important first.
    #[serde(default, deserialize_with = "numbers")]
    pub error_codes: Vec<u32>,
    /// `consent_required`, `bad_token`, …
    #[serde(default, deserialize_with = "text")]
    pub suberror: Option<String>,
    /// A claims challenge, JSON as text.
    #[serde(default, deserialize_with = "text")]
    pub claims: Option<String>,
    /// Microsoft's id of the request.
    #[serde(default, deserialize_with = "text")]
    pub trace_id: Option<String>,
    /// The `client-request-id` of the request, or Microsoft's own.
    #[serde(default, deserialize_with = "text")]
    pub correlation_id: Option<String>,
}

impl fmt::Display for ErrorBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.error)
    }
}

impl oauth2::ErrorResponse for ErrorBody {}

impl ErrorBody {
    /// The number after `AADSTS`: the first of `error_codes`, else the one the description begins with.
    pub fn aadsts(&self) -> Option<u32> {
        let first = self.error_codes.first().copied();
        first.or_else(|| aadsts_in(self.error_description.as_deref()?))
    }

    /// The claims a sign-in or the next request must answer.
    pub fn challenge(&self) -> Option<String> {
        super::claims_challenge::decode(self.claims.as_deref()?)
    }

    /// Puts another text in place of each, before any of them is cut to its length.
    pub(super) fn replace_texts(&mut self, replaced: &dyn Fn(&str) -> String) {
        self.error = replaced(&self.error);
        let others = [
            &mut self.error_description,
            &mut self.suberror,
            &mut self.claims,
            &mut self.trace_id,
            &mut self.correlation_id,
        ];
        for text in others.into_iter().flatten() {
            *text = replaced(text);
        }
    }

    /// The problem this error is.
    pub fn problem(&self, now: UtcInstant) -> Problem {
        let message = self.error_description.as_deref().unwrap_or_default();
        let mut problem = Problem::new(Source::Entra, capped(&self.error), message, now);
        problem.aadsts = self.aadsts();
        problem.suberror = self.suberror.as_deref().map(capped);
        // A callback has them in its description only.
        let id = |given: &Option<String>, label| given.as_deref().or_else(|| id_in(message, label)).map(capped);
        problem.request_id = id(&self.trace_id, "Trace ID: ");
        problem.correlation_id = id(&self.correlation_id, "Correlation ID: ");
        problem
    }
}

/// Codes and ids are short words; anything longer is somebody's attempt to fill a log.
pub(super) fn capped(text: &str) -> String {
    crate::base::problem::foreign(text).chars().take(128).collect()
}

fn aadsts_in(description: &str) -> Option<u32> {
    let (_, after) = description.split_once("AADSTS")?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The GUID after a label.
fn id_in<'a>(description: &'a str, label: &str) -> Option<&'a str> {
    let id = description.split_once(label)?.1.get(..36)?;
    let fits = id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    fits.then_some(id)
}

/// Text, or `None` for anything else.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    })
}

/// Numbers, written as numbers or as text; others are left out.
fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
    let Value::Array(values) = Value::deserialize(deserializer)? else {
        return Ok(Vec::new());
    };
    let number = |value: &Value| match value {
        Value::Number(number) => u32::try_from(number.as_u64()?).ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    Ok(values.iter().filter_map(number).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcInstant = UtcInstant::from_epoch(1_700_000_000);

    #[test]
    fn every_field_of_a_real_error_reaches_the_problem() {
        let body = r#"{"error":"invalid_grant","error_description":"AADSTS50173: The provided grant has expired due to it being revoked.\r\nTrace ID: 1\r\nCorrelation ID: 2",
            "error_codes":[50173],"timestamp":"2016-01-09 02:02:12Z","trace_id":"trace","correlation_id":"correlation",
            "suberror":"bad_token","claims":"{\"access_token\":{\"x\":null}}","error_uri":"https://login.microsoftonline.com/error?code=50173"}"#;
        let error: ErrorBody = serde_json::from_str(body).unwrap();
        let problem = error.problem(NOW);
        assert_eq!(problem.source, Source::Entra);
        assert_eq!(problem.code, "invalid_grant");
        assert_eq!(problem.aadsts, Some(50173));
        assert_eq!(problem.suberror.as_deref(), Some("bad_token"));
        assert_eq!(problem.request_id.as_deref(), Some("trace"));
        assert_eq!(problem.correlation_id.as_deref(), Some("correlation"));
        assert!(problem.message.starts_with("AADSTS50173: ") && !problem.message.contains('\n'));
        assert_eq!(error.challenge().as_deref(), Some(r#"{"access_token":{"x":null}}"#));
    }

    #[test]
    fn the_ids_of_a_callback_are_read_from_its_description() {
        let ids = |description: &str| {
            let error = ErrorBody {
                error: "access_denied".to_owned(),
                error_description: Some(description.to_owned()),
                ..ErrorBody::default()
            };
            let problem = error.problem(NOW);
            (problem.request_id, problem.correlation_id)
        };
        let trace = "0f3b6f2c-1111-4222-8333-444455556666".to_owned();
        let correlation = "9a8b7c6d-1111-4222-8333-444455556666".to_owned();
        let text = format!(
            "AADSTS65004: User declined.\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: 2026-11-24 00:00:00Z"
        );
        assert_eq!(ids(&text), (Some(trace), Some(correlation)));
        for text in [
            "",
            "Correlation ID: ",
            "Correlation ID: 1",
            "Correlation ID: <script>alert(1)</script>0123456789abcdef",
            "Correlation ID: ü23456789012345678901234567890123456",
        ] {
            assert_eq!(ids(text), (None, None), "{text}");
        }
    }

    #[test]
    fn fields_of_a_wrong_type_count_as_absent() {
        let cases = [
            (r#"{"error":"x"}"#, None),
            (r#"{"error":"x","error_codes":["70008"]}"#, Some(70008)),
            (
                r#"{"error":"x","error_codes":[-1,{},"z"],"suberror":7,"claims":[],"trace_id":null}"#,
                None,
            ),
            (
                r#"{"error":"x","error_codes":"70008","error_description":"AADSTS90002: no"}"#,
                Some(90002),
            ),
            (r#"{"error":"x","error_description":"AADSTS99999999999999: no"}"#, None),
        ];
        for (body, aadsts) in cases {
            let error: ErrorBody = serde_json::from_str(body).unwrap();
            assert_eq!(error.aadsts(), aadsts, "{body}");
            assert_eq!(error.suberror, None);
            assert_eq!(error.challenge(), None);
        }
        assert!(serde_json::from_str::<ErrorBody>(r#"{"error":7}"#).is_err());
        assert!(serde_json::from_str::<ErrorBody>("[]").is_err());
    }

    proptest::proptest! {
        #[test]
        fn every_error_becomes_a_problem_that_fits_a_log_line(error in ".{0,200}", description in ".{0,2000}") {
            let body = serde_json::json!({ "error": error, "error_description": description }).to_string();
            let problem = serde_json::from_str::<ErrorBody>(&body).unwrap().problem(NOW);
            for text in [&problem.code, &problem.message] {
                proptest::prop_assert!(!text.chars().any(char::is_control));
            }
            proptest::prop_assert!(problem.code.chars().count() <= 128);
        }
    }
}
