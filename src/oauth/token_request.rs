//! The token requests: a code, a refresh token or the application's own credential becomes an access token.
//!
//! One call is at most two HTTP requests (a 5xx without `Retry-After` is repeated once after a second, as MSAL does) and ends within
//! [`DEADLINE`] whatever the server does. A code is never sent twice. Waiting for throttling is the caller's business: it must not
//! happen while a lease is held.
//!
//! With a certificate, each request carries an assertion of its own, for one may be used once. Where the server's clock shows that
//! ours is wrong, an assertion that was refused for its time is made anew by the server's clock, once; the grant was not looked at
//! then, so that a code may go along.
//!
//! The `oauth2` crate builds the requests and tells answers from errors; status, headers and the beginning of an unreadable body are
//! kept beside it, because it drops them.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::Read;
use std::time::{Duration, Instant};

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use oauth2::basic::{BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    PkceCodeVerifier, RefreshToken, RequestTokenError, Scope, StandardRevocableToken, SyncHttpClient, TokenUrl,
};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use url::Url;

use crate::base::budget::Budget;
use crate::base::cancel::CancelToken;
use crate::base::clock::{Clock, UtcInstant};
use crate::base::problem::{Problem, Source};
use crate::base::random::Random;
use crate::base::secret::Secret;
use crate::oauth::application::{Application, Credential};
use crate::oauth::authorization_request::redirect_url;
use crate::oauth::claims_challenge;
use crate::oauth::client_certificate::{ASSERTION_TYPE, ClientCertificate};
use crate::oauth::error_body::{ErrorBody, capped};
use crate::oauth::token_response::{TokenAnswer, TokenBody};
use crate::transport::retry_after::{retry_after, server_date};
use crate::transport::{Request, Stage, Transport, TransportError};

/// How long one call may take, all in all.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How long a 5xx is left alone before the one repetition.
const PAUSE: Duration = Duration::from_secs(1);

/// AADSTS700024: the assertion is not within its time.
const OUT_OF_TIME: u32 = 700_024;

/// Clocks that are closer than this are not why an assertion was refused for its time, seconds.
const CLOCK_TOLERANCE: u64 = 60;

/// No token answer is larger; a real one has about 10 kB.
const BODY_LIMIT: usize = 1024 * 1024;

/// What is exchanged for tokens.
#[derive(Debug, Clone, Copy)]
pub enum Grant<'a> {
    /// The code of a sign-in.
    AuthorizationCode {
        /// The code.
        code: &'a Secret,
        /// The verifier whose hash stood in the authorization request.
        verifier: &'a Secret,
        /// The redirect URI of the authorization request.
        redirect_uri: &'a str,
    },
    /// A refresh token. No scope is sent: the original scopes stay, and one the user has not consented to would make the refresh
    /// fail.
    RefreshToken(&'a Secret),
    /// The application itself, with everything it was granted.
    ClientCredentials,
}

/// Whether a request reached Microsoft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Surely not.
    Never,
    /// It was sent, and no (whole) answer came.
    Unknown,
    /// There is an answer.
    Answered,
}

/// A token request that brought no token.
#[derive(Debug, Clone)]
pub struct TokenFailure {
    /// What was said, by whom.
    pub problem: Problem,
    /// How long the server wants to be left alone, seconds.
    pub retry_after: Option<u64>,
    /// The claims that the next request or sign-in must answer, JSON as text.
    pub challenge: Option<String>,
    /// Whether the request reached Microsoft.
    pub arrival: Arrival,
    /// The server's clock minus ours, seconds, where it was told.
    pub clock_skew: Option<i64>,
}

impl TokenFailure {
    /// An answer that can not be used, for a reason of ours.
    pub fn of(problem: Problem) -> Self {
        Self {
            problem,
            retry_after: None,
            challenge: None,
            arrival: Arrival::Answered,
            clock_skew: None,
        }
    }
}

/// What token requests are sent with.
#[derive(Clone, Copy)]
pub struct TokenEndpoint<'a> {
    /// HTTP.
    pub transport: &'a dyn Transport,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// Randomness, for request ids.
    pub random: &'a dyn Random,
    /// Ends the pause before a repetition; a request on its way is not torn off.
    pub cancel: &'a CancelToken,
    /// What that pause, and the repetition, are taken from.
    pub budget: &'a Budget,
    /// The server's clock minus ours as last seen, seconds; 0 where nothing is known. An assertion is dated by it.
    pub clock_skew: i64,
    /// Whether the same call has asked in vain before: then this, too, is a repetition, and takes no longer than the budget lasts.
    pub repeats: bool,
}

type Client = oauth2::Client<
    ErrorBody,
    TokenBody,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

impl TokenEndpoint<'_> {
    /// Asks for tokens. `challenge` is the claims challenge to answer, as JSON text.
    pub fn request(
        &self,
        application: &Application,
        grant: Grant<'_>,
        challenge: Option<&str>,
    ) -> Result<TokenAnswer, Box<TokenFailure>> {
        let end = Instant::now()
            + if self.repeats {
                DEADLINE.min(self.budget.left())
            } else {
                DEADLINE
            };
        let mut outcome = self.ask(application, grant, challenge, end);
        if let (Credential::Certificate(_), Err(failure)) = (&application.credential, &outcome)
            && failure.problem.aadsts == Some(OUT_OF_TIME)
            && let Some(clock_skew) = failure.clock_skew
            && clock_skew.abs_diff(self.clock_skew) > CLOCK_TOLERANCE
        {
            outcome = Self { clock_skew, ..*self }.ask(application, grant, challenge, end);
        }
        if let (Credential::Certificate(certificate), Ok(answer)) = (&application.credential, &mut outcome) {
            answer.certificate_ends_at = Some(certificate.ends_at());
        }
        outcome
    }

    fn ask(
        &self,
        application: &Application,
        grant: Grant<'_>,
        challenge: Option<&str>,
        end: Instant,
    ) -> Result<TokenAnswer, Box<TokenFailure>> {
        let now = self.clock.now();
        let never = |problem: Box<Problem>| {
            Box::new(TokenFailure {
                problem: *problem,
                retry_after: None,
                challenge: None,
                arrival: Arrival::Never,
                clock_skew: None,
            })
        };
        let request_id = self.random.guid();
        let request_id = request_id.map_err(|_| never(Box::new(Problem::own("random_unavailable", now))))?;
        let exchange = Exchange {
            endpoint: *self,
            application,
            request_id: &request_id,
            end,
            repeat: !matches!(grant, Grant::AuthorizationCode { .. }),
            secrets: RefCell::new(secrets(application, grant)),
            received: RefCell::new(None),
        };
        let client = client(application);
        let claims = claims_challenge::parameter(challenge);
        let outcome = match grant {
            Grant::AuthorizationCode {
                code,
                verifier,
                redirect_uri,
            } => client
                .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
                .set_redirect_uri(Cow::Owned(redirect_url(redirect_uri, now).map_err(never)?))
                .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()))
                .add_extra_param("client_info", "1")
                .add_extra_param("claims", claims)
                .request(&exchange),
            Grant::RefreshToken(token) => client
                .exchange_refresh_token(&RefreshToken::new(token.expose().to_owned()))
                .add_extra_param("client_info", "1")
                .add_extra_param("claims", claims)
                .request(&exchange),
            Grant::ClientCredentials => client
                .exchange_client_credentials()
                .add_scope(Scope::new(application.default_scope()))
                .add_extra_param("claims", claims)
                .request(&exchange),
        };
        let (received, secrets) = (exchange.received.into_inner(), exchange.secrets.into_inner());
        match (outcome, received) {
            (Ok(body), Some(received)) => body
                .answer(received.at, server_date(&received.headers), received.clock_skew)
                .map(|answer| answer.without(&secrets))
                .ok_or_else(|| unreadable(&received, &request_id)),
            (Err(RequestTokenError::ServerResponse(error)), Some(received))
                if is_a_strangers(&error, received.status) =>
            {
                Err(unreadable(&received, &request_id))
            }
            (Err(RequestTokenError::ServerResponse(mut error)), Some(received)) => {
                error.replace_texts(&|text| masked(text, &secrets));
                let mut failure = TokenFailure {
                    problem: error.problem(received.at),
                    retry_after: retry_after(&received.headers, received.at),
                    challenge: error.challenge(),
                    arrival: Arrival::Answered,
                    clock_skew: received.clock_skew,
                };
                received.complete(&mut failure.problem, &request_id);
                Err(Box::new(failure))
            }
            (Err(RequestTokenError::Request(error)), _) => {
                let mut failure = never(Box::new(error.problem(self.clock.now())));
                failure.problem.correlation_id = Some(request_id);
                if error.sent {
                    failure.arrival = Arrival::Unknown;
                }
                Err(failure)
            }
            (_, Some(received)) => Err(unreadable(&received, &request_id)),
            // The crate could not even build the request.
            (_, None) => Err(never(Box::new(Problem::own("token_request_invalid", now)))),
        }
    }
}

fn client(application: &Application) -> Client {
    let client = oauth2::Client::new(ClientId::new(application.client_id.clone()))
        .set_auth_type(AuthType::RequestBody)
        .set_token_uri(TokenUrl::from_url(application.token_endpoint()));
    match &application.credential {
        Credential::Secret(secret) => client.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
        // The assertion is added to each request on its way.
        Credential::Certificate(_) => client,
    }
}

/// Whether an error is the work of something on the way, such as a gateway's `{"error":"access_denied"}`: Entra refuses with 400 or
/// 401, and numbers its errors. Without this a proxy could void a sign-in.
fn is_a_strangers(error: &ErrorBody, status: StatusCode) -> bool {
    let entras = [
        StatusCode::BAD_REQUEST,
        StatusCode::UNAUTHORIZED,
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    error.aadsts().is_none() && !status.is_server_error() && !entras.contains(&status)
}

/// An answer that is neither tokens nor an error of Entra's: a proxy's page, half a body, nothing.
fn unreadable(received: &Received, request_id: &str) -> Box<TokenFailure> {
    let mut problem = Problem::new(Source::Entra, "unreadable_answer", &received.excerpt, received.at);
    received.complete(&mut problem, request_id);
    Box::new(TokenFailure {
        problem,
        retry_after: retry_after(&received.headers, received.at),
        challenge: None,
        arrival: Arrival::Answered,
        clock_skew: received.clock_skew,
    })
}

/// What is worth keeping of an answer beside its body.
#[derive(Debug)]
struct Received {
    status: StatusCode,
    headers: HeaderMap,
    at: UtcInstant,
    clock_skew: Option<i64>,
    excerpt: String,
    /// Its number of the request, without what a careless server quotes there of what we sent.
    request_id: Option<String>,
}

impl Received {
    /// Adds status and ids where the body did not name them.
    fn complete(&self, problem: &mut Problem, request_id: &str) {
        problem.http_status = Some(self.status.as_u16());
        if problem.request_id.is_none() {
            problem.request_id.clone_from(&self.request_id);
        }
        problem.correlation_id.get_or_insert_with(|| request_id.to_owned());
    }
}

/// One call's way to the server, as the `oauth2` crate wants it.
struct Exchange<'a> {
    endpoint: TokenEndpoint<'a>,
    application: &'a Application,
    request_id: &'a str,
    end: Instant,
    repeat: bool,
    /// What was sent and nobody may see; grows by each assertion.
    secrets: RefCell<Vec<Secret>>,
    received: RefCell<Option<Received>>,
}

impl SyncHttpClient for Exchange<'_> {
    type Error = TransportError;

    fn call(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let url = Url::parse(&request.uri().to_string()).map_err(|error| not_sent(&error.to_string()))?;
        let mut headers = request.headers().clone();
        let id = HeaderValue::from_str(self.request_id).map_err(|error| not_sent(&error.to_string()))?;
        for (name, value) in [
            ("client-request-id", id),
            ("return-client-request-id", HeaderValue::from_static("true")),
            // Without it the loop protection may answer `invalid_grant` instead of 429.
            ("x-ms-lib-capability", HeaderValue::from_static("retry-after, h429")),
        ] {
            headers.insert(HeaderName::from_static(name), value);
        }
        let mut attempt = Request::new(request.method().clone(), url);
        attempt.headers = headers;
        attempt.body = request.into_body();

        let (status, headers, body) = self.send(attempt.clone(), self.left())?;
        let waits = headers.contains_key(http::header::RETRY_AFTER);
        let may =
            status.is_server_error() && !waits && self.repeat && self.left().min(self.endpoint.budget.left()) > PAUSE;
        if may && self.endpoint.budget.take(PAUSE) && self.endpoint.cancel.sleep(PAUSE).is_ok() {
            let began = Instant::now();
            let again = self.send(attempt, self.left().min(self.endpoint.budget.left()));
            self.endpoint.budget.spend(began.elapsed());
            let (status, headers, body) = again?;
            return Ok(response(status, &headers, body));
        }
        Ok(response(status, &headers, body))
    }
}

impl Exchange<'_> {
    /// Adds a fresh client assertion to the form.
    fn sign(&self, request: &mut Request, certificate: &ClientCertificate) -> Result<(), TransportError> {
        let assertion = certificate
            .assertion(
                &self.application.client_id,
                &request.url,
                self.endpoint.random,
                self.endpoint.clock.now().plus(self.endpoint.clock_skew),
            )
            .map_err(|error| not_sent(&error.to_string()))?;
        let proof = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_assertion_type", ASSERTION_TYPE)
            .append_pair("client_assertion", assertion.expose())
            .finish();
        request.body.push(b'&');
        request.body.extend_from_slice(proof.as_bytes());
        self.secrets.borrow_mut().push(assertion);
        Ok(())
    }

    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Sends once and reads the whole body, within `deadline`.
    fn send(
        &self,
        mut request: Request,
        deadline: Duration,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), TransportError> {
        let host = request.url.host_str().unwrap_or_default().to_owned();
        if let Credential::Certificate(certificate) = &self.application.credential {
            self.sign(&mut request, certificate)?;
        }
        request.deadline = Some(deadline);
        let sent_at = self.endpoint.clock.now();
        let mut response = self.endpoint.transport.send(request, self.endpoint.cancel)?;
        let mut body = Vec::new();
        let limit = u64::try_from(BODY_LIMIT).unwrap_or(u64::MAX);
        let read = response
            .body
            .by_ref()
            .take(limit.saturating_add(1))
            .read_to_end(&mut body);
        read.map_err(|error| broken(&host, &error))?;
        if body.len() > BODY_LIMIT {
            return Err(TransportError {
                stage: Stage::TooLarge,
                sent: true,
                host,
                reason: format!("the answer is larger than {BODY_LIMIT} bytes"),
            });
        }
        let at = self.endpoint.clock.now();
        let excerpt = excerpt(response.status, &response.headers, &body, &self.secrets.borrow());
        let request_id = response.headers.get("x-ms-request-id").and_then(|id| id.to_str().ok());
        *self.received.borrow_mut() = Some(Received {
            status: response.status,
            clock_skew: server_date(&response.headers).map(|server| skew(server, sent_at, at)),
            headers: response.headers.clone(),
            at,
            excerpt,
            request_id: request_id.map(|id| capped(&masked(id, &self.secrets.borrow()))),
        });
        Ok((response.status, response.headers, body))
    }
}

/// The answer as the crate wants it; only its content type means something to it.
fn response(status: StatusCode, headers: &HeaderMap, body: Vec<u8>) -> HttpResponse {
    let mut response = oauth2::http::Response::new(body);
    *response.status_mut() = status;
    if let Some(content_type) = headers.get(CONTENT_TYPE) {
        response.headers_mut().insert(CONTENT_TYPE, content_type.clone());
    }
    response
}

/// A request that could not even be written.
fn not_sent(reason: &str) -> TransportError {
    TransportError {
        stage: Stage::Configuration,
        sent: false,
        host: String::new(),
        reason: reason.to_owned(),
    }
}

/// The transport's own error inside a failed read, or a broken connection.
fn broken(host: &str, error: &std::io::Error) -> TransportError {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<TransportError>())
        .cloned();
    inner.unwrap_or_else(|| TransportError {
        stage: Stage::Broken,
        sent: true,
        host: host.to_owned(),
        reason: error.to_string(),
    })
}

/// How far the server's clock is from ours: nothing, if its time lies between sending and receiving.
pub(super) fn skew(server: UtcInstant, sent_at: UtcInstant, received_at: UtcInstant) -> i64 {
    if server < sent_at.min(received_at) {
        server.since(sent_at.min(received_at))
    } else if server > received_at {
        server.since(received_at)
    } else {
        0
    }
}

/// What an unreadable body looks like, without anything that could be a token: a page's beginning, and only the size of everything
/// else (the beginning of half a token answer is an access token).
fn excerpt(status: StatusCode, headers: &HeaderMap, body: &[u8], secrets: &[Secret]) -> String {
    const LENGTH: usize = 300;
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or("no content type");
    // Masked before it is cut: half a secret would not be found any more.
    let start: String = masked(&String::from_utf8_lossy(body), secrets)
        .chars()
        .take(LENGTH)
        .collect();
    let summary = format!("HTTP {}, {content_type}, {} bytes", status.as_u16(), body.len());
    if start.trim_start().starts_with('<') {
        format!("{summary}: {}", without_long_words(&start))
    } else {
        summary
    }
}

/// Replaces every word too long to be one.
fn without_long_words(text: &str) -> String {
    const LONGEST: usize = 40;
    let words = text.split_whitespace();
    let shown = words.map(|word| if word.len() > LONGEST { "…" } else { word });
    shown.collect::<Vec<_>>().join(" ")
}

/// What we send and nobody may see, should it ever be quoted back.
fn secrets(application: &Application, grant: Grant<'_>) -> Vec<Secret> {
    let own = match &application.credential {
        Credential::Secret(secret) => Some(secret),
        Credential::Certificate(_) => None,
    };
    let sent = match grant {
        Grant::AuthorizationCode { code, verifier, .. } => [Some(code), Some(verifier)],
        Grant::RefreshToken(token) => [Some(token), None],
        Grant::ClientCredentials => [None, None],
    };
    let all = sent.into_iter().chain([own]).flatten();
    all.filter(|secret| !secret.is_empty()).cloned().collect()
}

/// A text of the answer without them: as they are, and as they were spelled in the form (and in URLs) that was sent.
fn masked(text: &str, secrets: &[Secret]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| {
        let form: String = url::form_urlencoded::byte_serialize(secret.expose().as_bytes()).collect();
        let escaped = percent_encode(secret.expose().as_bytes(), NON_ALPHANUMERIC).to_string();
        // Unreserved letters, which some escape and others do not (RFC 3986 section 2.3).
        let unreserved = ["%2D", "%5F", "%2E", "%7E"].into_iter().zip(["-", "_", ".", "~"]);
        let url = unreserved.fold(escaped.clone(), |text, (code, letter)| text.replace(code, letter));
        [secret.expose(), &form, &escaped, &url]
            .into_iter()
            .fold(text, |text, spelled| text.replace(spelled, "…"))
    })
}

#[cfg(test)]
mod tests;
