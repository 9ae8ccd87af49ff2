//! HTTP as one small trait, so that every protocol decision can be tested without a network.
//!
//! A [`Transport`] sends exactly one request and follows no redirect. Retries, throttling and tokens are `graph`'s and `oauth`'s.
//! [`http::HttpTransport`] is the real one; tests bring their own.

pub mod body;
mod fault;
pub mod http;
mod named_file;
pub mod proxy;
mod text;
mod trust;

pub mod retry_after;

pub use http::hold;

use std::io::Read;
use std::time::Duration;

use ::http::{HeaderMap, Method, StatusCode};
use url::Url;

use crate::base::cancel::{CancelToken, Cancelled};
use crate::base::clock::UtcInstant;
use crate::base::failure;
use crate::base::problem::{Problem, Source};

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Headers; values that hold a token are marked sensitive.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// How long sending, waiting and reading the whole body may take together; `None`: only the idle limit counts.
    pub deadline: Option<Duration>,
    /// How long no byte may come, where that is less than the idle limit of the settings; `None`: that limit.
    pub idle: Option<Duration>,
}

impl Request {
    /// A request without headers, body and deadline.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Vec::new(),
            deadline: None,
            idle: None,
        }
    }
}

/// An answer whose body is still to be read.
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decoded (gzip); a read fails with a [`TransportError`] inside an [`std::io::Error`].
    pub body: Box<dyn Read + Send>,
}

/// Where it broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The settings for the way there (proxy, CA file) can not be used.
    Configuration,
    /// The host's name was not found.
    Dns,
    /// No connection.
    Connect,
    /// No trust: unknown CA, expired, wrong name, or no CA store at all.
    Tls,
    /// The proxy refused or wants (other) credentials.
    Proxy,
    /// No byte moved for too long, or the deadline passed.
    Timeout,
    /// The connection broke after the request was on its way.
    Broken,
    /// The body is larger than the cap.
    TooLarge,
    /// The call was cancelled before anything was sent.
    Cancelled,
}

impl Stage {
    /// The problem code of this stage ([`Source::Transport`]).
    pub const fn code(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Proxy => "proxy",
            Self::Timeout => "timeout",
            Self::Broken => "broken",
            Self::TooLarge => "too_large",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A request that got no (whole) answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{host}: {reason}")]
pub struct TransportError {
    /// Where it broke.
    pub stage: Stage,
    /// Whether the server may have seen the request: then a change must be looked up, not repeated.
    pub sent: bool,
    /// The host, without path and query.
    pub host: String,
    /// The chain of causes, without the URL.
    pub reason: String,
}

impl TransportError {
    /// The problem this is: its stage as the code, the chain of causes as the message, the host as the fact `host`.
    pub fn problem(&self, now: UtcInstant) -> Problem {
        let problem =
            Problem::new(Source::Transport, self.stage.code(), &self.reason, now).with_fact("host", &self.host);
        match self.stage {
            // Our own words about our own settings: without them nobody knows which one is wrong.
            Stage::Configuration => problem.with_fact("reason", &self.reason),
            _ => problem,
        }
    }

    /// The same as the error of a service call.
    pub fn into_error(self, now: UtcInstant) -> failure::Error {
        match self.stage {
            Stage::Cancelled => Cancelled.into(),
            _ => self.problem(now).into(),
        }
    }
}

/// The way to send a request.
pub trait Transport: Send + Sync {
    /// Sends one request and returns when the headers are there. Not cancellable in between: a request that was sent is waited for
    /// (within its limits), its body can be left unread. `cancel` only keeps a cancelled call from starting.
    fn send(&self, request: Request, cancel: &CancelToken) -> Result<Response, TransportError>;

    /// Whether a connection is just being opened. It may be nobody's by then, for a request takes the first that another one gives back;
    /// who waits until it is there needs not open one more. A transport without connections has none.
    fn is_connecting(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::language::Language;

    #[test]
    fn a_setting_that_can_not_be_used_is_named_and_other_trouble_stays_in_the_message() {
        let explanation = |stage| {
            let error = TransportError {
                stage,
                sent: false,
                host: "gateway.example".to_owned(),
                reason: "squeeze_graph.ca_file /none: No such file".to_owned(),
            };
            error
                .problem(UtcInstant::from_epoch(1_700_000_000))
                .explanation(Language::English)
        };
        let told = explanation(Stage::Configuration);
        assert!(told.contains("squeeze_graph.ca_file /none: No such file."), "{told}");
        let told = explanation(Stage::Connect);
        assert!(!told.contains("No such file"), "{told}");
    }
}
