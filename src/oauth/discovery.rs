//! Whether the authority answers, and what its clock says: its metadata document (OpenID Connect Discovery 1.0 section 4; Microsoft
//! identity platform, "Find your app's OpenID configuration document URI").
//!
//! Nothing is taken from the document: an account's endpoints follow from its settings, so that no answer can move a secret elsewhere.

use std::time::Duration;

use http::Method;
use serde_json::Value;
use url::Url;

use crate::base::cancel::CancelToken;
use crate::base::clock::Clock;
use crate::base::problem::{Problem, Source};
use crate::oauth::error_body::ErrorBody;
use crate::oauth::token_request::skew;
use crate::transport::retry_after::server_date;
use crate::transport::{Request, Transport, body};

/// The document has about 2 kB.
const LIMIT: u64 = 256 << 10;

/// What an authority's answer tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// Server's clock minus ours, seconds, where the server says what time it has.
    pub clock_skew: Option<i64>,
}

/// Asks `{authority}/v2.0/.well-known/openid-configuration` once. The problem is the way there, or what Entra says of the tenant.
pub fn metadata(
    transport: &dyn Transport,
    clock: &dyn Clock,
    cancel: &CancelToken,
    authority: &Url,
    deadline: Duration,
) -> Result<Metadata, Box<Problem>> {
    let mut url = authority.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty()
            .extend(["v2.0", ".well-known", "openid-configuration"]);
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    let mut request = Request::new(Method::GET, url);
    request.deadline = Some(deadline);
    let sent_at = clock.now();
    let mut response = transport
        .send(request, cancel)
        .map_err(|error| Box::new(error.problem(clock.now())))?;
    let now = clock.now();
    let answer = body::read_all(response.body.as_mut(), LIMIT, &host).map_err(|error| Box::new(error.problem(now)))?;
    let document: Option<Value> = serde_json::from_slice(&answer).ok();
    let is_metadata = document.is_some_and(|document| document.get("token_endpoint").is_some_and(Value::is_string));
    if response.status.is_success() && is_metadata {
        return Ok(Metadata {
            clock_skew: server_date(&response.headers).map(|server| skew(server, sent_at, now)),
        });
    }
    let mut problem = match serde_json::from_slice::<ErrorBody>(&answer) {
        Ok(error) => error.problem(now),
        Err(_) => Problem::new(Source::Entra, "unreadable_answer", "", now),
    };
    problem.http_status = Some(response.status.as_u16());
    Err(Box::new(problem.with_fact("host", host)))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use http::header::DATE;
    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::base::clock::{SystemClock, UtcInstant};
    use crate::transport::{Response, TransportError};

    /// Answers each request with the same status and body.
    struct Scripted(u16, &'static str);

    impl Transport for Scripted {
        fn send(&self, request: Request, _cancel: &CancelToken) -> Result<Response, TransportError> {
            assert_eq!(
                request.url.as_str(),
                "https://login.example/entra/contoso.example/v2.0/.well-known/openid-configuration"
            );
            let hour_ahead = SystemClock.now().plus(3600).epoch();
            let date = std::time::UNIX_EPOCH + Duration::from_secs(hour_ahead.try_into().unwrap());
            let mut headers = HeaderMap::new();
            headers.insert(DATE, httpdate::fmt_http_date(date).parse().unwrap());
            Ok(Response {
                status: StatusCode::from_u16(self.0).unwrap(),
                headers,
                body: Box::new(Cursor::new(self.1)),
            })
        }
    }

    #[test]
    fn only_a_metadata_document_proves_an_authority_and_its_clock_is_compared() {
        let authority = Url::parse("https://login.example/entra/contoso.example").unwrap();
        let ask = |status, body| {
            let transport = Scripted(status, body);
            metadata(
                &transport,
                &SystemClock,
                &CancelToken::new(),
                &authority,
                Duration::from_secs(1),
            )
        };
        let good = ask(200, r#"{"token_endpoint":"https://login.example/token"}"#).unwrap();
        assert!((3598..=3602).contains(&good.clock_skew.unwrap()), "{good:?}");
        let cases = [
            (200, "<html>proxy</html>", "unreadable_answer", None),
            (200, "{}", "unreadable_answer", None),
            (302, "", "unreadable_answer", None),
            (503, "busy", "unreadable_answer", None),
            (
                400,
                r#"{"error":"invalid_tenant","error_description":"AADSTS90002: Tenant not found.","error_codes":[90002]}"#,
                "invalid_tenant",
                Some(90_002),
            ),
        ];
        for (status, body, code, aadsts) in cases {
            let problem = ask(status, body).unwrap_err();
            assert_eq!(
                (problem.code.as_str(), problem.aadsts),
                (code, aadsts),
                "{status} {body}"
            );
            assert_eq!(problem.http_status, Some(status));
            assert!(problem.since > UtcInstant::from_epoch(0));
        }
    }
}
