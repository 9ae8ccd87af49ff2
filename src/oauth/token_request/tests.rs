//! Token requests against a scripted transport: what is sent, and what becomes of every kind of answer.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::*;
use crate::base::random::OsRandom;
use crate::oauth::application::tests::application;

const NOW: i64 = 1_700_000_000; // Tue, 14 Nov 2023 22:13:20 GMT

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> UtcInstant {
        UtcInstant::from_epoch(NOW)
    }

    fn since_boot(&self) -> Duration {
        Duration::ZERO
    }
}

type Headers = Vec<(&'static str, String)>;

enum Answer {
    Http(u16, Headers, String),
    Broken(TransportError),
}

/// Gives its answers in order and keeps the requests.
struct Script {
    answers: Mutex<Vec<Answer>>,
    requests: Mutex<Vec<Request>>,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let mut answers: Vec<Answer> = answers.into_iter().collect();
        answers.reverse();
        Self {
            answers: Mutex::new(answers),
            requests: Mutex::new(Vec::new()),
        }
    }
}

impl Transport for Script {
    fn send(&self, request: Request, _cancel: &CancelToken) -> Result<crate::transport::Response, TransportError> {
        self.requests.lock().unwrap().push(request);
        let (status, headers, body) = match self.answers.lock().unwrap().pop().expect("one request too many") {
            Answer::Http(status, headers, body) => (status, headers, body),
            Answer::Broken(error) => return Err(error),
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        Ok(crate::transport::Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: map,
            body: Box::new(std::io::Cursor::new(body.into_bytes())),
        })
    }
}

fn json(status: u16, body: &str) -> Answer {
    let headers = vec![("content-type", "application/json; charset=utf-8".to_owned())];
    Answer::Http(status, headers, body.to_owned())
}

fn ask(script: &Script, grant: Grant<'_>, challenge: Option<&str>) -> Result<TokenAnswer, Box<TokenFailure>> {
    ask_within(Duration::from_mins(2), false, script, grant, challenge)
}

fn ask_within(
    budget: Duration,
    repeats: bool,
    script: &Script,
    grant: Grant<'_>,
    challenge: Option<&str>,
) -> Result<TokenAnswer, Box<TokenFailure>> {
    let endpoint = TokenEndpoint {
        transport: script,
        clock: &FixedClock,
        random: &OsRandom,
        cancel: &CancelToken::new(),
        budget: &Budget::new(budget),
        clock_skew: 0,
        repeats,
    };
    endpoint.request(&application("contoso.com"), grant, challenge)
}

fn refresh(script: &Script) -> Result<TokenAnswer, Box<TokenFailure>> {
    ask(script, Grant::RefreshToken(&Secret::new("canary-refresh")), None)
}

fn form(request: &Request) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(&request.body).into_owned().collect()
}

const GOOD: &str = r#"{"token_type":"Bearer","access_token":"at","refresh_token":"rt","expires_in":3600}"#;
const CLAIMS: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;

#[test]
fn each_grant_sends_exactly_its_own_fields() {
    let code = Secret::new("the+code/=");
    let verifier = Secret::new("the-verifier");
    let token = Secret::new("the-refresh-token");
    let client = [
        ("client_id", "11111111-2222-3333-4444-555555555555"),
        ("client_secret", "canary+secret/=&%"),
        ("claims", CLAIMS),
    ];
    let cases = [
        (
            Grant::AuthorizationCode {
                code: &code,
                verifier: &verifier,
                redirect_uri: "https://host.example/cb",
            },
            vec![
                ("grant_type", "authorization_code"),
                ("code", "the+code/="),
                ("code_verifier", "the-verifier"),
                ("redirect_uri", "https://host.example/cb"),
                ("client_info", "1"),
            ],
        ),
        (
            Grant::RefreshToken(&token),
            vec![
                ("grant_type", "refresh_token"),
                ("refresh_token", "the-refresh-token"),
                ("client_info", "1"),
            ],
        ),
        (
            Grant::ClientCredentials,
            vec![
                ("grant_type", "client_credentials"),
                ("scope", "https://graph.microsoft.com/.default"),
            ],
        ),
    ];
    for (grant, fields) in cases {
        let script = Script::new([json(200, GOOD)]);
        ask(&script, grant, None).unwrap();
        let requests = script.requests.lock().unwrap();
        let expected: BTreeMap<String, String> = fields
            .iter()
            .chain(&client)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(form(&requests[0]), expected);
        assert_eq!(
            requests[0].url.as_str(),
            "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token"
        );
        let header = |name: &str| {
            requests[0]
                .headers
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(header("content-type").unwrap(), "application/x-www-form-urlencoded");
        assert_eq!(header("x-ms-lib-capability").unwrap(), "retry-after, h429");
        assert_eq!(header("return-client-request-id").unwrap(), "true");
        assert_eq!(header("client-request-id").unwrap().len(), 36);
        assert_eq!(header("origin"), None);
        assert!(requests[0].deadline.unwrap() <= DEADLINE);
    }
}

#[test]
fn a_challenge_is_sent_along() {
    let script = Script::new([json(200, GOOD)]);
    let challenge = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    ask(&script, Grant::ClientCredentials, Some(challenge)).unwrap();
    let claims = form(&script.requests.lock().unwrap()[0])["claims"].clone();
    assert!(claims.contains(r#""value":"c1""#) && claims.contains("cp1"), "{claims}");
}

#[test]
fn the_servers_clock_is_compared_with_ours() {
    let cases = [
        ("Tue, 14 Nov 2023 22:13:20 GMT", Some(0)),
        ("Tue, 14 Nov 2023 22:18:20 GMT", Some(300)),
        ("Tue, 14 Nov 2023 21:13:20 GMT", Some(-3600)),
        ("nonsense", None),
    ];
    for (date, expected) in cases {
        let script = Script::new([Answer::Http(200, vec![("date", date.to_owned())], GOOD.to_owned())]);
        assert_eq!(refresh(&script).unwrap().clock_skew, expected, "{date}");
    }
}

#[test]
fn an_error_keeps_everything_microsoft_said() {
    let body = r#"{"error":"invalid_grant","error_description":"AADSTS50076: use MFA, not canary-refresh","error_codes":[50076],
        "suberror":"basic_action","claims":"{\"access_token\":{\"a\":1}}","trace_id":"t","correlation_id":"c"}"#;
    let failure = refresh(&Script::new([json(400, body)])).unwrap_err();
    assert_eq!(failure.problem.code, "invalid_grant");
    assert_eq!(failure.problem.aadsts, Some(50076));
    assert_eq!(failure.problem.http_status, Some(400));
    assert_eq!(failure.problem.request_id.as_deref(), Some("t"));
    assert_eq!(failure.problem.correlation_id.as_deref(), Some("c"));
    assert_eq!(failure.challenge.as_deref(), Some(r#"{"access_token":{"a":1}}"#));
    assert_eq!(failure.arrival, Arrival::Answered);
    assert_eq!(failure.problem.message, "AADSTS50076: use MFA, not …");
}

#[test]
fn an_unreadable_answer_keeps_status_and_ids_but_no_token() {
    let page = format!("<html><body>Bad gateway {}</body></html>", "canary".repeat(20));
    let long = "x".repeat(BODY_LIMIT + 1);
    let cases = [
        (200, "text/html", page.as_str(), "HTTP 200, text/html, "),
        (200, "application/json", "", "HTTP 200, application/json, 0 bytes"),
        (
            200,
            "application/json",
            r#"{"access_token":"canary","refresh_"#,
            "HTTP 200, application/json, 34 bytes",
        ),
        (
            200,
            "application/json",
            r#"{"token_type":"Bearer"}"#,
            "HTTP 200, application/json, 23 bytes",
        ),
        (
            400,
            "application/json",
            r#"{"foo":"canary"}"#,
            "HTTP 400, application/json, 16 bytes",
        ),
        (302, "text/html", "", "HTTP 302, text/html, 0 bytes"),
        (407, "text/html", page.as_str(), "HTTP 407, text/html, "),
    ];
    for (status, content_type, body, message) in cases {
        let headers = vec![
            ("content-type", content_type.to_owned()),
            ("x-ms-request-id", "the-request".to_owned()),
        ];
        let failure = refresh(&Script::new([Answer::Http(status, headers, body.to_owned())])).unwrap_err();
        assert_eq!(failure.problem.code, "unreadable_answer", "{status} {body}");
        assert_eq!(failure.problem.http_status, Some(status));
        assert_eq!(failure.problem.request_id.as_deref(), Some("the-request"));
        assert!(failure.problem.correlation_id.is_some());
        assert!(
            failure.problem.message.starts_with(message),
            "{}",
            failure.problem.message
        );
        assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
    }
    let failure = refresh(&Script::new([json(200, &long)])).unwrap_err();
    assert_eq!(
        (failure.problem.code.as_str(), failure.arrival),
        ("too_large", Arrival::Unknown)
    );
}

#[test]
fn a_server_error_without_retry_after_is_repeated_once() {
    let script = Script::new([json(503, ""), json(200, GOOD)]);
    assert_eq!(refresh(&script).unwrap().access_token, Secret::new("at"));
    let script = Script::new([json(500, ""), json(502, "<p>no</p>")]);
    assert_eq!(refresh(&script).unwrap_err().problem.http_status, Some(502));
}

#[test]
fn a_call_without_time_for_repetitions_asks_once() {
    let script = Script::new([json(503, ""), json(200, GOOD)]);
    let grant = Grant::RefreshToken(&Secret::new("canary-refresh"));
    let failure = ask_within(Duration::ZERO, false, &script, grant, None).unwrap_err();
    assert_eq!(failure.problem.http_status, Some(503));
    assert_eq!(script.requests.lock().unwrap().len(), 1);
}

#[test]
fn a_repetition_ends_with_the_budget() {
    const BUDGET: Duration = Duration::from_secs(5);
    // The pause before a repetition is a part of it.
    const AFTER_PAUSE: Duration = Duration::from_secs(4);
    let token = Secret::new("canary-refresh");
    for (repeats, longest) in [(false, [DEADLINE, AFTER_PAUSE]), (true, [BUDGET, AFTER_PAUSE])] {
        let script = Script::new([json(503, ""), json(200, GOOD)]);
        ask_within(BUDGET, repeats, &script, Grant::RefreshToken(&token), None).unwrap();
        let deadlines = script
            .requests
            .lock()
            .unwrap()
            .iter()
            .map(|request| request.deadline.unwrap())
            .collect::<Vec<_>>();
        assert_eq!(deadlines.len(), 2);
        for (deadline, longest) in deadlines.into_iter().zip(longest) {
            assert!(
                deadline <= longest && deadline + PAUSE > longest,
                "{repeats}: {deadline:?} of {longest:?}"
            );
        }
    }
}

#[test]
fn only_what_entra_can_have_said_is_believed() {
    // status, body, whether it is Entra's verdict
    let cases = [
        (400, r#"{"error":"invalid_grant"}"#, true),
        (401, r#"{"error":"invalid_client"}"#, true),
        (403, r#"{"error":"invalid_grant","error_codes":[50173]}"#, true),
        (403, r#"{"error":"access_denied"}"#, false),
        (404, r#"{"error":"invalid_grant"}"#, false),
        (302, r#"{"error":"login_required"}"#, false),
    ];
    for (status, body, believed) in cases {
        let problem = refresh(&Script::new([json(status, body)])).unwrap_err().problem;
        assert_eq!(problem.code != "unreadable_answer", believed, "{status} {body}");
        assert!(believed || problem.retryable(), "{status} {body}");
    }
}

#[test]
fn a_throttled_or_delayed_request_is_not_repeated_here() {
    for status in [429, 503] {
        let script = Script::new([Answer::Http(
            status,
            vec![("retry-after", "2.5".to_owned())],
            String::new(),
        )]);
        let failure = refresh(&script).unwrap_err();
        assert_eq!(failure.retry_after, Some(3));
        assert_eq!(failure.problem.http_status, Some(status));
    }
}

#[test]
fn a_code_is_never_sent_twice() {
    let script = Script::new([json(500, "")]);
    let secret = Secret::new("x");
    let grant = Grant::AuthorizationCode {
        code: &secret,
        verifier: &secret,
        redirect_uri: "https://host.example/cb",
    };
    ask(&script, grant, None).unwrap_err();
    assert_eq!(script.requests.lock().unwrap().len(), 1);
}

#[test]
fn a_broken_way_says_whether_the_request_may_have_arrived() {
    for (sent, arrival) in [(false, Arrival::Never), (true, Arrival::Unknown)] {
        let error = TransportError {
            stage: Stage::Connect,
            sent,
            host: "login.microsoftonline.com".to_owned(),
            reason: "connection refused".to_owned(),
        };
        let failure = refresh(&Script::new([Answer::Broken(error)])).unwrap_err();
        assert_eq!(failure.arrival, arrival);
        assert_eq!(failure.problem.source, Source::Transport);
        assert_eq!(failure.problem.code, "connect");
    }
}

#[test]
fn what_we_sent_is_shown_nowhere_not_even_cut_in_half() {
    let before = "x".repeat(crate::base::problem::MESSAGE_LIMIT - 10);
    let bodies = [
        r#"{"error":"canary-refresh","suberror":"canary-refresh","trace_id":"canary-refresh","claims":"{\"canary-refresh\":1}"}"#
            .to_owned(),
        format!(r#"{{"error":"e","error_description":"{before}canary-refresh"}}"#),
        format!("<{} canary-refresh>", "x ".repeat(144)),
        "<p>canary-refresh</p>".to_owned(),
    ];
    for body in bodies {
        let failure = refresh(&Script::new([json(400, &body)])).unwrap_err();
        assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
    }
}

#[test]
fn what_was_sent_is_masked_as_it_is_in_a_form_and_in_urls() {
    let secret = Secret::new("sbx~8+a/b=c.1%-_d");
    for spelled in [
        "sbx~8+a/b=c.1%-_d",
        "sbx%7E8%2Ba%2Fb%3Dc.1%25-_d",
        "sbx~8%2Ba%2Fb%3Dc.1%25-_d",
        "sbx%7E8%2Ba%2Fb%3Dc%2E1%25%2D%5Fd",
    ] {
        let text = masked(
            &format!("you sent client_secret={spelled}&x=1"),
            std::slice::from_ref(&secret),
        );
        assert_eq!(text, "you sent client_secret=…&x=1", "{spelled}");
    }
}

/// An application with a certificate whose files lie in `folder`.
fn with_certificate(folder: &tempfile::TempDir) -> Application {
    let files = crate::oauth::client_certificate::tests::good(folder);
    let certificate = ClientCertificate::read(&files, None, UtcInstant::from_epoch(NOW)).unwrap();
    Application {
        credential: Credential::Certificate(certificate.into()),
        ..application("contoso.com")
    }
}

fn ask_with_certificate(script: &Script, clock_skew: i64, grant: Grant<'_>) -> Result<TokenAnswer, Box<TokenFailure>> {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = TokenEndpoint {
        transport: script,
        clock: &FixedClock,
        random: &OsRandom,
        cancel: &CancelToken::new(),
        budget: &Budget::new(Duration::from_mins(2)),
        clock_skew,
        repeats: false,
    };
    endpoint.request(&with_certificate(&folder), grant, None)
}

/// The claims of each assertion that was sent.
fn assertions(script: &Script) -> Vec<serde_json::Value> {
    use base64::Engine;
    let requests = script.requests.lock().unwrap();
    let claims = requests.iter().map(|request| {
        let form = form(request);
        assert!(!form.contains_key("client_secret"));
        assert_eq!(form["client_assertion_type"], ASSERTION_TYPE);
        let claims = form["client_assertion"].split('.').nth(1).unwrap();
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();
        serde_json::from_slice(&claims).unwrap()
    });
    claims.collect()
}

#[test]
fn with_a_certificate_each_grant_sends_an_assertion_and_no_secret() {
    let secret = Secret::new("x");
    let code = Grant::AuthorizationCode {
        code: &secret,
        verifier: &secret,
        redirect_uri: "https://host.example/cb",
    };
    for grant in [code, Grant::RefreshToken(&secret), Grant::ClientCredentials] {
        let script = Script::new([json(200, GOOD)]);
        let answer = ask_with_certificate(&script, 120, grant).unwrap();
        assert_eq!(answer.certificate_ends_at.unwrap().to_rfc3339(), "2031-01-01T00:00:00Z");
        let claims = &assertions(&script)[0];
        let endpoint = "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token";
        assert_eq!(claims["aud"], endpoint);
        assert_eq!(claims["nbf"], NOW + 120, "by the server's clock");
        let form = form(&script.requests.lock().unwrap()[0]);
        assert_eq!(form["client_id"], "11111111-2222-3333-4444-555555555555");
    }
}

#[test]
fn a_repetition_carries_an_assertion_of_its_own() {
    let script = Script::new([json(503, ""), json(200, GOOD)]);
    ask_with_certificate(&script, 0, Grant::ClientCredentials).unwrap();
    let claims = assertions(&script);
    assert_eq!(claims.len(), 2);
    assert_ne!(claims[0]["jti"], claims[1]["jti"]);
}

#[test]
fn an_assertion_refused_for_its_time_is_made_anew_by_the_servers_clock_once() {
    let refused = |date: &str| {
        let body = r#"{"error":"invalid_client","error_description":"AADSTS700024: no","error_codes":[700024]}"#;
        let headers = vec![
            ("date", date.to_owned()),
            ("content-type", "application/json".to_owned()),
        ];
        Answer::Http(401, headers, body.to_owned())
    };
    let hour_later = "Tue, 14 Nov 2023 23:13:20 GMT";
    let script = Script::new([refused(hour_later), json(200, GOOD)]);
    ask_with_certificate(&script, 0, Grant::ClientCredentials).unwrap();
    let begins: Vec<_> = assertions(&script).iter().map(|claims| claims["nbf"].clone()).collect();
    assert_eq!(begins, [NOW, NOW + 3600]);
    // Our clock is right, or was corrected already: the same would be refused again.
    for (date, skew, asked) in [("Tue, 14 Nov 2023 22:13:20 GMT", 0, 1), (hour_later, 3600, 1)] {
        let script = Script::new([refused(date)]);
        let failure = ask_with_certificate(&script, skew, Grant::ClientCredentials).unwrap_err();
        assert_eq!(failure.problem.aadsts, Some(700_024));
        assert_eq!(assertions(&script).len(), asked, "{date}");
    }
    let script = Script::new([refused(hour_later), refused(hour_later)]);
    ask_with_certificate(&script, 0, Grant::ClientCredentials).unwrap_err();
    assert_eq!(assertions(&script).len(), 2);
}
