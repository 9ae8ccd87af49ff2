//! The one way to Graph: every request carries the token, the wish for immutable ids and an id of its own, takes its place in the
//! mailbox's lane, and is repeated or not as [`retry`] decides.
//!
//! Left out on purpose: redirects (the token goes to the configured origin only) and `SdkVersion` (Microsoft's own telemetry).

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::base::budget::Budget;
use crate::base::cancel::CancelToken;
use crate::base::clock::{Clock, UtcInstant};
use crate::base::log::{Level, Log};
use crate::base::random::Random;
use crate::base::secret::Secret;
use crate::graph::error::{self, Executed, GraphError, Refusal};
use crate::graph::lanes::Lane;
use crate::graph::path::{self, Mailbox};
use crate::graph::retry::{self, Repeat};
use crate::graph::tokens::{Renewals, Renewed, Tokens};
use crate::transport::body::{self, JsonError};
use crate::transport::{Request, Response, Stage, Transport, TransportError};

/// No JSON answer is larger: a page of 1000 messages has about 2 MB.
pub const JSON_LIMIT: u64 = 64 << 20;

/// No error body is read further.
const ERROR_LIMIT: u64 = 64 << 10;

/// A JSON answer may take this many idle limits in all.
const DEADLINE_FACTOR: u32 = 3;

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// Asked for on every request, so that a message keeps its id when it is moved (Graph reference, "Immutable identifiers").
pub(super) const IMMUTABLE: &str = "IdType=\"ImmutableId\"";

/// What a client works with, from the call it works for.
#[derive(Clone)]
pub struct Environment {
    /// HTTP.
    pub transport: Arc<dyn Transport>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for request ids and jitter.
    pub random: Arc<dyn Random>,
    /// Where records go.
    pub log: Arc<dyn Log>,
    /// Stops the call.
    pub cancel: CancelToken,
    /// What retries and waits may take.
    pub budget: Arc<Budget>,
    /// Requests in flight per mailbox.
    pub concurrency: usize,
    /// How long no byte may move.
    pub idle: Duration,
}

/// One mailbox as one account sees it, for the length of one call. Cheap to clone; clones can be used on several threads at once.
#[derive(Clone)]
pub struct Client {
    environment: Environment,
    root: Url,
    mailbox: Mailbox,
    tokens: Arc<dyn Tokens>,
    lane: Arc<Lane>,
    until: Option<Instant>,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("root", &self.root.as_str())
            .field("mailbox", &self.mailbox)
            .finish_non_exhaustive()
    }
}

/// One request before it gets its headers.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    /// What repetitions ask for instead, where that is less: what fails once may fail because of what was asked for beyond need.
    pub(super) less: Option<Url>,
    pub(super) body: Option<Vec<u8>>,
    pub(super) prefer: &'a [&'a str],
    pub(super) repeat: Repeat,
    /// How many requests Exchange makes of it: several only of a batch.
    pub(super) places: usize,
    /// Bytes, not JSON: no deadline.
    pub(super) raw: bool,
    /// How often the same was asked for before, in other calls: its first attempt is a repetition, too.
    pub(super) before: u32,
}

impl Client {
    /// A client for `mailbox` below `root` (`{graph}/v1.0`). `names` are the mailbox's for the limit on requests in flight: who talks
    /// to the same mailbox knows it by one of them.
    pub fn new(
        environment: Environment,
        root: Url,
        mailbox: Mailbox,
        names: &[String],
        tokens: Arc<dyn Tokens>,
    ) -> Self {
        let origin = root.origin().ascii_serialization();
        let names: Vec<String> = names.iter().map(|name| format!("{origin} {name}")).collect();
        let lane = Lane::of(&names);
        Self {
            environment,
            root,
            mailbox,
            tokens,
            lane,
            until: None,
        }
    }

    /// The same for the signed-in user's own mailbox, whatever mailbox this one is about.
    #[must_use]
    pub fn of_me(&self) -> Self {
        Self {
            mailbox: Mailbox::Me,
            ..self.clone()
        }
    }

    /// The same, but no request lasts beyond `end`.
    #[must_use]
    pub fn until(&self, end: Instant) -> Self {
        Self {
            until: Some(self.until.map_or(end, |until| until.min(end))),
            ..self.clone()
        }
    }

    /// Requests in flight this client may have.
    pub fn concurrency(&self) -> usize {
        self.environment.concurrency.max(1)
    }

    /// Stops the call this client works for.
    pub fn cancel(&self) -> &CancelToken {
        &self.environment.cancel
    }

    /// Reads JSON. `path` are the segments below the mailbox; `prefer` are preferences beside the one for immutable ids.
    pub fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        prefer: &[&str],
    ) -> Result<T, GraphError> {
        let url = self.url(path, query)?;
        self.get_url(url, prefer)
    }

    /// The same where more than `limit` bytes are not worth reading: such an answer is an error of [`Stage::TooLarge`].
    pub(super) fn get_within<T: DeserializeOwned>(
        &self,
        limit: u64,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, GraphError> {
        let call = Call::new(Method::GET, self.url(path, query)?, Repeat::Freely);
        self.answer(&call, &mut |response| self.json_within(limit, response))
    }

    /// The same for a path with more than needs be in `query`: repetitions make do with `less`.
    pub(super) fn get_more<T: DeserializeOwned>(
        &self,
        limit: u64,
        path: &[&str],
        [query, less]: [&[(&str, &str)]; 2],
        prefer: &[&str],
    ) -> Result<T, GraphError> {
        let call = Call {
            less: Some(self.url(path, less)?),
            prefer,
            ..Call::new(Method::GET, self.url(path, query)?, Repeat::Freely)
        };
        self.answer(&call, &mut |response| self.json_within(limit, response))
    }

    /// Reads what an `@odata.nextLink` or `deltaLink` leads to, verbatim. A link to another origin is refused: the token goes along.
    pub fn next<T: DeserializeOwned>(&self, link: &str) -> Result<T, GraphError> {
        self.next_with(link, &[])
    }

    /// The same with preferences beside the one for immutable ids.
    pub fn next_with<T: DeserializeOwned>(&self, link: &str, prefer: &[&str]) -> Result<T, GraphError> {
        let url = Url::parse(link)
            .ok()
            .filter(|url| path::same_origin(&self.root, url))
            .ok_or_else(|| GraphError::unreadable("a link in the answer leads to another server", false, self.now()))?;
        self.get_url(url, prefer)
    }

    fn get_url<T: DeserializeOwned>(&self, url: Url, prefer: &[&str]) -> Result<T, GraphError> {
        let call = Call {
            prefer,
            ..Call::new(Method::GET, url, Repeat::Freely)
        };
        self.answer(&call, &mut |response| self.json(response))
    }

    /// Does something that must not happen twice: repeated only if it certainly did not happen.
    pub fn post<T: DeserializeOwned>(&self, path: &[&str], body: &impl Serialize) -> Result<T, GraphError> {
        self.post_after(0, path, body)
    }

    /// The same where it was tried `before` times already: what that takes, the retry budget bounds.
    pub(super) fn post_after<T: DeserializeOwned>(
        &self,
        before: u32,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, GraphError> {
        let call = Call {
            body: Some(self.encode(body)?),
            before,
            ..Call::new(Method::POST, self.url(path, &[])?, Repeat::IfNotExecuted)
        };
        self.answer(&call, &mut |response| self.json(response))
    }

    /// The same for an action that answers with nothing (or with something nobody needs).
    pub fn post_for_nothing(&self, path: &[&str], repeat: Repeat) -> Result<(), GraphError> {
        let call = Call::new(Method::POST, self.url(path, &[])?, repeat);
        self.answer(&call, &mut |response| self.drain(response))
    }

    /// Changes properties: the same once or twice, so it is repeated like a read.
    pub fn patch<T: DeserializeOwned>(&self, path: &[&str], body: &impl Serialize) -> Result<T, GraphError> {
        let call = Call {
            body: Some(self.encode(body)?),
            ..Call::new(Method::PATCH, self.url(path, &[])?, Repeat::Freely)
        };
        self.answer(&call, &mut |response| self.json(response))
    }

    /// Deletes; repeated like a read. If an attempt without an answer was the one that did it, the next one finds nothing, and that
    /// is success.
    pub fn delete(&self, path: &[&str]) -> Result<(), GraphError> {
        let call = Call::new(Method::DELETE, self.url(path, &[])?, Repeat::Freely);
        gone_is_done(self.answer(&call, &mut |response| self.drain(response)))
    }

    /// The URL of a path below the mailbox.
    pub(super) fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, GraphError> {
        self.below_root(&self.relative(path, query)?)
    }

    /// Where requests go, for messages.
    pub(super) fn host(&self) -> &str {
        self.root.host_str().unwrap_or_default()
    }

    /// The URL of a path below the root.
    pub(super) fn below_root(&self, relative: &str) -> Result<Url, GraphError> {
        path::absolute(&self.root, relative)
            .ok_or_else(|| GraphError::unreadable("the request has no valid URL", false, self.now()))
    }

    /// What a link leads to, as a batch names it; `None` if that is not below the root.
    pub(super) fn relative_link(&self, link: &str) -> Option<String> {
        let url = Url::parse(link).ok().filter(|url| path::same_origin(&self.root, url))?;
        let root = self.root.as_str().trim_end_matches('/');
        let below = url.as_str().strip_prefix(root)?;
        below.starts_with('/').then(|| below.to_owned())
    }

    /// A path below the mailbox as a batch names it. What can be no id is not asked for: it is as if Graph had said so.
    pub(super) fn relative(&self, path: &[&str], query: &[(&str, &str)]) -> Result<String, GraphError> {
        path::relative(&self.mailbox, path, query).ok_or_else(|| {
            let refusal = Refusal {
                codes: vec!["ErrorInvalidIdMalformed".to_owned()],
                ..Refusal::new(StatusCode::BAD_REQUEST)
            };
            GraphError::refused(refusal, self.now())
        })
    }

    pub(super) fn encode(&self, body: &impl Serialize) -> Result<Vec<u8>, GraphError> {
        serde_json::to_vec(body).map_err(|error| GraphError::unreadable(error.to_string(), false, self.now()))
    }

    /// What the clock of this call says.
    pub fn now(&self) -> UtcInstant {
        self.environment.clock.now()
    }

    pub(super) fn check(&self) -> Result<(), GraphError> {
        let cancelled = self.environment.cancel.check();
        cancelled.map_err(|_| GraphError::cancelled(self.now()))
    }

    /// A whole JSON answer. One that ends too early is worth another try; one of another shape is not.
    pub(super) fn json<T: DeserializeOwned>(&self, response: Response) -> Result<T, GraphError> {
        self.json_within(JSON_LIMIT, response)
    }

    fn json_within<T: DeserializeOwned>(&self, limit: u64, mut response: Response) -> Result<T, GraphError> {
        body::read_json(&mut *response.body, limit, self.host()).map_err(|error| match error {
            JsonError::Transport(error) => GraphError::transport(error, self.now()),
            JsonError::Json(error) => {
                // A text that is no JSON at all comes from something in between (a proxy's page), which passes, too.
                let cut = error.is_eof() || error.is_syntax();
                GraphError::unreadable(format!("the answer can not be read: {error}"), cut, self.now())
            }
        })
    }

    /// Takes an answer that nobody needs: the status said all, and a body that is left unread costs the connection.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "one of the ways to read an answer, and others fail"
    )]
    fn drain(&self, mut response: Response) -> Result<(), GraphError> {
        let _ = body::read_all(&mut *response.body, ERROR_LIMIT, self.host());
        Ok(())
    }

    /// Makes a request until it is answered, given up or cancelled; `read` takes the answer while the request still has its place.
    pub(super) fn answer<T>(
        &self,
        call: &Call<'_>,
        read: &mut dyn FnMut(Response) -> Result<T, GraphError>,
    ) -> Result<T, GraphError> {
        self.answer_and_token(call, read).map(|(value, _)| value)
    }

    /// The same, and the token that the answered request carried.
    pub(super) fn answer_and_token<T>(
        &self,
        call: &Call<'_>,
        read: &mut dyn FnMut(Response) -> Result<T, GraphError>,
    ) -> Result<(T, Secret), GraphError> {
        let mut renewed: Option<Secret> = None;
        let mut renewals = Renewals::default();
        let mut executed = Executed::No;
        let mut attempt = call.before.saturating_add(1);
        loop {
            let token = match &renewed {
                Some(token) => token.clone(),
                None => self.token(self.tokens.current())?,
            };
            let mut began = Instant::now();
            let mut error = match self.attempt(call, &token, attempt, &mut began, read) {
                Ok(value) => return Ok((value, token)),
                Err(error) => error,
            };
            if attempt > 1 {
                self.spend(began);
            }
            if renewals.allow_another()
                && let Some(refusal) = error.refusal().filter(|refusal| rejects_token(refusal))
            {
                renewed = Some(self.renew(&token, &refusal.challenges, &mut renewals)?);
                continue;
            }
            if error.executed == Executed::Maybe {
                executed = Executed::Maybe;
            }
            error.executed = executed;
            self.pause(error, call.repeat, attempt)?;
            attempt += 1;
        }
    }

    /// Waits before attempt `attempt + 1`, or gives the error back if there shall be none.
    fn pause(&self, error: GraphError, repeat: Repeat, attempt: u32) -> Result<(), GraphError> {
        match retry::wait(&error, repeat, attempt, self.jitter()) {
            Some(wait) if self.rest(wait, &error, attempt)? => Ok(()),
            _ => Err(error),
        }
    }

    /// The same for a change that is known by now not to have happened.
    pub(super) fn pause_before_repeat(&self, error: GraphError, attempt: u32) -> Result<(), GraphError> {
        if error.status() == Some(StatusCode::PRECONDITION_FAILED) {
            return Ok(());
        }
        self.pause(error, Repeat::Freely, attempt)
    }

    /// Waits, if the retry budget and the end of the call allow that much; false if they do not.
    pub(super) fn rest(&self, wait: Duration, cause: &GraphError, attempt: u32) -> Result<bool, GraphError> {
        let in_time = self.until.is_none_or(|until| Instant::now() + wait < until);
        if !in_time || !self.environment.budget.take(wait) {
            return Ok(false);
        }
        self.environment.log.event(
            Level::Info,
            "Graph is asked again",
            &[("cause", cause), ("attempt", &attempt), ("wait_ms", &wait.as_millis())],
        );
        if cause.status() == Some(StatusCode::TOO_MANY_REQUESTS) {
            self.lane.pause_until(Instant::now() + wait);
        }
        let slept = self.environment.cancel.sleep(wait);
        slept.map(|()| true).map_err(|_| GraphError::cancelled(self.now()))
    }

    /// Waits as long as a refusal asked for that somebody else got on this mailbox: asking meanwhile would only be refused, and count.
    /// Where budget or end do not allow it, Graph is asked all the same and tells for how long.
    fn mind_pause(&self) -> Result<(), GraphError> {
        let wait = self.lane.pause(Instant::now());
        let in_time = self.until.is_none_or(|until| Instant::now() + wait < until);
        if wait.is_zero() || !in_time || !self.environment.budget.take(wait) {
            return Ok(());
        }
        let slept = self.environment.cancel.sleep(wait);
        slept.map_err(|_| GraphError::cancelled(self.now()))
    }

    /// Makes the tokens' keeper replace the token that a request, or an item of a batch, was refused with.
    pub(super) fn renew(
        &self,
        refused: &Secret,
        challenges: &[String],
        renewals: &mut Renewals,
    ) -> Result<Secret, GraphError> {
        let Renewed { token, answers } = self.token(self.tokens.after_rejection(refused, challenges))?;
        renewals.count(answers);
        Ok(token)
    }

    /// Takes what a repetition has used since `began` out of the retry budget.
    pub(super) fn spend(&self, began: Instant) {
        self.environment.budget.spend(began.elapsed());
    }

    fn token<T>(&self, token: crate::base::failure::Result<T>) -> Result<T, GraphError> {
        token.map_err(|error| GraphError::above(error, self.now()))
    }

    pub(super) fn jitter(&self) -> f64 {
        self.environment
            .random
            .bytes::<1>()
            .map_or(0.5, |[byte]| f64::from(byte) / 255.0)
    }

    fn attempt<T>(
        &self,
        call: &Call<'_>,
        token: &Secret,
        attempt: u32,
        began: &mut Instant,
        read: &mut dyn FnMut(Response) -> Result<T, GraphError>,
    ) -> Result<T, GraphError> {
        self.check()?;
        let environment = &self.environment;
        let (request, id) = self.request(call, token, attempt)?;
        let limit = self.concurrency();
        let is_connecting = || environment.transport.is_connecting();
        let permit = self.lane.enter(call.places, limit, &is_connecting, &environment.cancel);
        let mut permit = permit.map_err(|_| GraphError::cancelled(self.now()))?;
        self.mind_pause()?;
        // Waiting for a place is no retrying: other requests of this call take their time.
        *began = Instant::now();
        match environment.transport.send(request, &environment.cancel) {
            Ok(response) => {
                permit.answered();
                let status = response.status;
                self.log_answer(call, &response, &id, attempt, *began);
                if status.is_success() {
                    read(response)
                } else {
                    Err(self.refusal(response, id))
                }
            }
            Err(error) => Err(GraphError::transport(error, self.now())),
        }
    }

    fn request(&self, call: &Call<'_>, token: &Secret, attempt: u32) -> Result<(Request, String), GraphError> {
        let unusable = |what: &str| GraphError::unreadable(format!("{what} can not be sent"), false, self.now());
        let id = self.environment.random.guid().unwrap_or_default();
        let mut headers = HeaderMap::new();
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| GraphError {
            executed: Executed::No,
            ..unusable("the token")
        })?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        headers.insert(
            ACCEPT,
            HeaderValue::from_static(if call.raw { "*/*" } else { "application/json" }),
        );
        headers.insert(
            PREFER,
            HeaderValue::from_str(&prefer(call.prefer)).map_err(|_| unusable("the preference"))?,
        );
        if let Ok(id) = HeaderValue::from_str(&id) {
            headers.insert(CLIENT_REQUEST_ID, id);
        }
        if call.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let url = match &call.less {
            Some(less) if attempt > 1 => less,
            _ => &call.url,
        };
        let request = Request {
            method: call.method.clone(),
            url: url.clone(),
            headers,
            body: call.body.clone().unwrap_or_default(),
            deadline: self.deadline(call.raw, attempt)?,
            idle: (call.raw && attempt > 1).then(|| self.left_for_a_repetition()),
        };
        Ok((request, id))
    }

    /// What the retry budget leaves for a repetition: nothing comes within less than a second.
    fn left_for_a_repetition(&self) -> Duration {
        self.environment.budget.left().max(Duration::from_secs(1))
    }

    /// How long an attempt may take: a repeated JSON request no longer than the budget lasts, and nothing beyond `until`. Bytes may come
    /// as long as they come: of those a repetition only waits no longer for the first, and for each, than the budget lasts.
    fn deadline(&self, raw: bool, attempt: u32) -> Result<Option<Duration>, GraphError> {
        let environment = &self.environment;
        let mut deadline = if raw {
            None
        } else {
            Some(environment.idle.saturating_mul(DEADLINE_FACTOR))
        };
        if !raw && attempt > 1 {
            deadline = deadline.map(|limit| limit.min(self.left_for_a_repetition()));
        }
        if let Some(until) = self.until {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let error = TransportError {
                    stage: Stage::Timeout,
                    sent: false,
                    host: self.host().to_owned(),
                    reason: "the time for this call is over".to_owned(),
                };
                return Err(GraphError::transport(error, self.now()));
            }
            deadline = Some(deadline.map_or(left, |limit| limit.min(left)));
        }
        Ok(deadline)
    }

    /// What an answer without success means. One that is not Graph's (a redirect, a page of a proxy or of a guest network's portal) says
    /// nothing about mailbox and message: it passes.
    fn refusal(&self, mut response: Response, id: String) -> GraphError {
        let now = self.now();
        let host = self.host();
        let status = response.status;
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            let error = TransportError {
                stage: Stage::Proxy,
                sent: false,
                host: host.to_owned(),
                reason: "the proxy wants credentials (HTTP 407)".to_owned(),
            };
            return GraphError::transport(error, now);
        }
        // Whatever can be read of the body helps; where Graph answers, the status alone decides.
        let body = body::read_all(&mut *response.body, ERROR_LIMIT, host);
        let mut refusal = Refusal::new(status)
            .with_headers(&response.headers, now)
            .with_body(body.as_deref().unwrap_or_default());
        let empty = body.is_ok_and(|body| body.is_empty());
        let stranger = refusal.codes.is_empty()
            && !empty
            && !is_from_graph(&response.headers)
            && !refusal.challenges.iter().any(|challenge| wants_a_token(challenge));
        if status.is_redirection() || (stranger && is_a_verdict(status)) {
            let reason = format!("HTTP {} came from something on the way", status.as_u16());
            return GraphError::unreadable(reason, !status.is_redirection(), now);
        }
        refusal.client_request_id = Some(id).filter(|id| !id.is_empty());
        GraphError::refused(refusal, now)
    }

    fn log_answer(&self, call: &Call<'_>, response: &Response, id: &str, attempt: u32, began: Instant) {
        let log = &self.environment.log;
        if log.wants(Level::Debug) {
            let request_id = response
                .headers
                .get(error::REQUEST_ID)
                .and_then(|value| value.to_str().ok())
                .and_then(error::word);
            log.event(
                Level::Debug,
                "Graph answered",
                &[
                    ("method", &call.method),
                    ("status", &response.status.as_u16()),
                    ("attempt", &attempt),
                    ("milliseconds", &began.elapsed().as_millis()),
                    ("request_id", &request_id.unwrap_or_default()),
                    ("client_request_id", &id),
                ],
            );
        }
    }
}

impl Call<'_> {
    pub(super) const fn new(method: Method, url: Url, repeat: Repeat) -> Self {
        Self {
            method,
            url,
            less: None,
            body: None,
            prefer: &[],
            repeat,
            places: 1,
            raw: false,
            before: 0,
        }
    }
}

/// All preferences in one header: several headers of that name are not reliably merged.
pub(super) fn prefer(preferences: &[&str]) -> String {
    let mut merged = IMMUTABLE.to_owned();
    for preference in preferences {
        merged.push_str(", ");
        merged.push_str(preference);
    }
    merged
}

/// Whether Graph itself answered: it names every request ("Best practices", `request-id`).
pub(super) fn is_from_graph(headers: &HeaderMap) -> bool {
    headers.contains_key(error::REQUEST_ID)
}

/// Whether a status would be taken for a verdict on what was asked for, or on its token: all refusals but those that pass.
fn is_a_verdict(status: StatusCode) -> bool {
    status.is_client_error() && !matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

/// Whether a challenge asks for a token, as Graph's do; a gateway or a portal asks for something else (RFC 6750 section 3).
fn wants_a_token(challenge: &str) -> bool {
    let scheme = challenge.trim_start().get(..6);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"))
}

/// Whether another token may help: any 401, and a 403 that asks for more claims (some endpoints answer so).
pub(super) fn rejects_token(refusal: &Refusal) -> bool {
    match refusal.status {
        StatusCode::UNAUTHORIZED => true,
        StatusCode::FORBIDDEN => {
            refusal.says("insufficient_claims")
                || refusal
                    .challenges
                    .iter()
                    .any(|challenge| challenge.contains("insufficient_claims"))
        }
        _ => false,
    }
}

/// A change that removes: not finding it any more after an attempt without an answer means that attempt did it.
pub(super) fn gone_is_done(outcome: Result<(), GraphError>) -> Result<(), GraphError> {
    match outcome {
        Err(error) if error.is_not_found() && error.executed == Executed::Maybe => Ok(()),
        other => other,
    }
}
