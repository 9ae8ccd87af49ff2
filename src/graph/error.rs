//! What can go wrong between a request to Graph and its value, and what Graph's error body says.
//!
//! Every error says whether the request may have been executed: a change that may have been must be looked up before anybody repeats
//! it. It becomes a [`Failure`] at the top of this layer, by `From`.

use std::fmt;
use std::io;
use std::time::Duration;

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;

use crate::base::cancel::Cancelled;
use crate::base::clock::UtcInstant;
use crate::base::failure::{self, Class, Detail, Failure};
use crate::base::problem::{Problem, Source, foreign};
use crate::transport::TransportError;
use crate::transport::retry_after::retry_after;

/// Graph's id of a request, as its support asks for it.
pub(super) const REQUEST_ID: &str = "request-id";

/// Whether a request that failed may have had its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Executed {
    /// Certainly not: it was never sent, or refused.
    No,
    /// Nobody knows from here.
    Maybe,
}

/// A request that did not give its value.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{cause}")]
pub struct GraphError {
    /// Why.
    pub cause: Cause,
    /// Whether it may have had its effect all the same.
    pub executed: Executed,
    /// When it failed.
    pub at: UtcInstant,
}

/// Why a request did not give its value.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Cause {
    /// Graph answered with an error.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// No whole answer came.
    #[error("{0}")]
    Transport(Box<TransportError>),
    /// The answer can not be understood; `cut` if it ends too early, which may be better the next time.
    #[error("{reason}")]
    Unreadable {
        /// What is wrong with it.
        reason: String,
        /// It ends in the middle.
        cut: bool,
    },
    /// More bytes came than the caller allows.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The caller's limit.
        limit: u64,
    },
    /// The bytes that came could not be put where the caller wants them.
    #[error("{reason}")]
    Sink {
        /// The operating system's error number, where there is one.
        code: Option<i32>,
        /// Its words.
        reason: String,
    },
    /// Something above failed (no token to be had), or the call was cancelled.
    #[error("{0}")]
    Above(Box<failure::Error>),
}

/// Graph's answer to a request that it refuses (Graph reference, "Error responses").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status: what to branch on.
    pub status: StatusCode,
    /// The codes of the nested error objects, outermost first; may be empty.
    pub codes: Vec<String>,
    /// The outermost message; for people, never for branching.
    pub message: String,
    /// Graph's id of the request.
    pub request_id: Option<String>,
    /// Our id of the request.
    pub client_request_id: Option<String>,
    /// How long Graph wants to be left alone.
    pub retry_after: Option<Duration>,
    /// The values of all `WWW-Authenticate` headers.
    pub challenges: Vec<String>,
}

impl Refusal {
    /// A refusal without words.
    pub fn new(status: StatusCode) -> Self {
        Self {
            status,
            codes: Vec::new(),
            message: String::new(),
            request_id: None,
            client_request_id: None,
            retry_after: None,
            challenges: Vec::new(),
        }
    }

    /// Takes the request id, the wait and the challenges from an answer's headers.
    #[must_use]
    pub fn with_headers(mut self, headers: &HeaderMap, now: UtcInstant) -> Self {
        let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
        self.request_id = headers.get(REQUEST_ID).and_then(text).and_then(|id| word(&id));
        self.retry_after = retry_after(headers, now).map(Duration::from_secs);
        self.challenges = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(text).collect();
        self
    }

    /// Takes codes, message and request id from an error body; anything else (HTML, nothing, half a JSON) adds nothing.
    #[must_use]
    pub fn with_body(self, body: &[u8]) -> Self {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => self.with_json(&value),
            Err(_) => self,
        }
    }

    /// The same for a body that is parsed already (an item of a batch).
    #[must_use]
    pub fn with_json(mut self, body: &Value) -> Self {
        let mut level = body.get("error");
        // Deeper than any answer seen; a bound, so that a hostile body costs nothing.
        for _ in 0..16 {
            let Some(error) = level else { break };
            let text = |name: &str| {
                let found = error.get(name).and_then(Value::as_str);
                found.filter(|text| !text.is_empty()).map(str::to_owned)
            };
            // Short words; they stand in log lines, and anything longer or with a line break in it is somebody's attempt to fill those.
            let word = |name: &str| word(&text(name)?);
            self.codes.extend(word("code"));
            if self.message.is_empty() {
                self.message = text("message").unwrap_or_default();
            }
            self.request_id = self.request_id.or_else(|| word("request-id"));
            level = error.get("innerError").or_else(|| error.get("innererror"));
        }
        self
    }

    /// Whether one of the nested codes is `code`; Graph's spelling varies in case.
    pub fn says(&self, code: &str) -> bool {
        self.codes.iter().any(|said| said.eq_ignore_ascii_case(code))
    }

    /// The refusal as a problem: by the innermost code that the table knows, else by the outermost.
    fn problem(&self, at: UtcInstant) -> Problem {
        let build = |code: &str| {
            let mut problem = Problem::new(Source::Graph, code, &self.message, at);
            problem.http_status = Some(self.status.as_u16());
            problem.request_id.clone_from(&self.request_id);
            problem.correlation_id.clone_from(&self.client_request_id);
            problem
        };
        let fallback = build("");
        let known = self
            .codes
            .iter()
            .rev()
            .map(|code| build(code))
            .find(|problem| !std::ptr::eq(problem.row(), fallback.row()));
        known.unwrap_or_else(|| match self.codes.first() {
            Some(code) => build(code),
            None => build(&format!("http_{}", self.status.as_u16())),
        })
    }
}

/// A code or an id, as it may stand in a log line.
pub(super) fn word(text: &str) -> Option<String> {
    let word: String = foreign(text).chars().take(128).collect();
    (!word.is_empty()).then_some(word)
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.status.as_u16())?;
        if let Some(code) = self.codes.first() {
            write!(formatter, " {code}")?;
        }
        Ok(())
    }
}

impl GraphError {
    /// A refusal. What a server error did nobody knows; all other refusals did nothing.
    pub fn refused(refusal: Refusal, at: UtcInstant) -> Self {
        let executed = if refusal.status.is_server_error() || refusal.status == StatusCode::REQUEST_TIMEOUT {
            Executed::Maybe
        } else {
            Executed::No
        };
        Self {
            cause: Cause::Refused(Box::new(refusal)),
            executed,
            at,
        }
    }

    /// No whole answer.
    pub fn transport(error: TransportError, at: UtcInstant) -> Self {
        let executed = if error.sent { Executed::Maybe } else { Executed::No };
        Self {
            cause: Cause::Transport(Box::new(error)),
            executed,
            at,
        }
    }

    /// An answer that can not be understood.
    pub fn unreadable(reason: impl Into<String>, cut: bool, at: UtcInstant) -> Self {
        Self {
            cause: Cause::Unreadable {
                reason: foreign(&reason.into()),
                cut,
            },
            executed: Executed::Maybe,
            at,
        }
    }

    /// More bytes than allowed.
    pub fn too_large(limit: u64, at: UtcInstant) -> Self {
        Self {
            cause: Cause::TooLarge { limit },
            executed: Executed::Maybe,
            at,
        }
    }

    /// The caller's sink failed.
    pub fn sink(error: &io::Error, at: UtcInstant) -> Self {
        Self {
            cause: Cause::Sink {
                code: error.raw_os_error(),
                reason: error.to_string(),
            },
            executed: Executed::Maybe,
            at,
        }
    }

    /// Something above failed before the request was made.
    pub fn above(error: failure::Error, at: UtcInstant) -> Self {
        Self {
            cause: Cause::Above(Box::new(error)),
            executed: Executed::No,
            at,
        }
    }

    /// The call was cancelled before (or between) requests.
    pub fn cancelled(at: UtcInstant) -> Self {
        Self::above(Cancelled.into(), at)
    }

    /// Graph's refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.cause {
            Cause::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The HTTP status of a refusal.
    pub fn status(&self) -> Option<StatusCode> {
        self.refusal().map(|refusal| refusal.status)
    }

    /// Whether a refusal carries this code at any depth.
    pub fn says(&self, code: &str) -> bool {
        self.refusal().is_some_and(|refusal| refusal.says(code))
    }

    /// Whether what the path names is not there: gone, moved away under another id, never existed, or no id at all. A mailbox that is
    /// not there is another matter, although it is a 404, too.
    pub fn is_not_found(&self) -> bool {
        /// What a 404 says that is about the mailbox or the user.
        const ABOUT_THE_MAILBOX: [&str; 6] = [
            "MailboxNotEnabledForRESTAPI",
            "MailboxNotSupportedForRESTAPI",
            "ResourceNotFound",
            "Request_ResourceNotFound",
            "ErrorInvalidUser",
            "ErrorNonExistentMailbox",
        ];
        match self.status() {
            Some(StatusCode::NOT_FOUND | StatusCode::GONE) => !ABOUT_THE_MAILBOX.iter().any(|code| self.says(code)),
            Some(StatusCode::BAD_REQUEST) => self.says("ErrorInvalidIdMalformed"),
            _ => false,
        }
    }

    /// Whether it failed above the protocol, before any request: no token was to be had.
    pub fn is_above(&self) -> bool {
        matches!(self.cause, Cause::Above(_))
    }

    /// Whether the caller stopped waiting.
    pub fn is_cancelled(&self) -> bool {
        matches!(&self.cause, Cause::Above(error) if matches!(**error, failure::Error::Cancelled(_)))
    }

    /// The error of a service call, with another class where the table's would be too general (a 404 is a message, a folder or an
    /// attachment: only the caller knows which).
    pub fn as_class(self, class: Class) -> failure::Error {
        match failure::Error::from(self) {
            failure::Error::Failure(failure) => failure::Error::Failure(Box::new(failure.as_class(class))),
            other => other,
        }
    }
}

impl From<GraphError> for failure::Error {
    fn from(error: GraphError) -> Self {
        let at = error.at;
        match error.cause {
            Cause::Refused(refusal) => {
                let mut failure = Failure::new(refusal.problem(at));
                if let (Class::Throttled, Some(wait)) = (failure.class, refusal.retry_after) {
                    let seconds = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX);
                    failure = failure.with_detail(Detail::RetryAt(at.plus(seconds)));
                }
                failure.into()
            }
            Cause::Transport(error) => error.into_error(at),
            Cause::Unreadable { reason, .. } => Problem::own("answer_unreadable", at)
                .with_fact("reason", &reason)
                .into(),
            Cause::TooLarge { limit } => Problem::own("too_large", at)
                .with_fact("limit", limit.to_string())
                .into(),
            Cause::Sink { reason, .. } => Problem::own("target_not_writable", at)
                .with_fact("reason", &reason)
                .into(),
            Cause::Above(error) => *error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_at_every_depth_in_both_spellings() {
        let cases: [(&str, &[&str], Option<&str>); 6] = [
            (
                r#"{"error":{"code":"ErrorAccessDenied","message":"no","innerError":{"code":"inner","request-id":"r1","innererror":{"code":"deepest"}}}}"#,
                &["ErrorAccessDenied", "inner", "deepest"],
                Some("r1"),
            ),
            (r#"{"error":{"code":"","message":"no"}}"#, &[], None),
            (r#"{"error":"invalid"}"#, &[], None),
            ("<html>busy</html>", &[], None),
            ("", &[], None),
            (r#"{"error":{"code":"cut"#, &[], None),
        ];
        for (body, codes, request_id) in cases {
            let refusal = Refusal::new(StatusCode::FORBIDDEN).with_body(body.as_bytes());
            assert_eq!(refusal.codes, codes, "{body}");
            assert_eq!(refusal.request_id.as_deref(), request_id, "{body}");
        }
    }

    #[test]
    fn only_an_answer_that_refuses_proves_that_nothing_happened() {
        let at = UtcInstant::from_epoch(0);
        for (status, executed) in [
            (400, Executed::No),
            (401, Executed::No),
            (404, Executed::No),
            (408, Executed::Maybe),
            (429, Executed::No),
            (500, Executed::Maybe),
            (503, Executed::Maybe),
            (504, Executed::Maybe),
        ] {
            let refusal = Refusal::new(StatusCode::from_u16(status).unwrap());
            assert_eq!(GraphError::refused(refusal, at).executed, executed, "{status}");
        }
    }

    #[test]
    fn a_refusal_becomes_a_problem_with_all_that_support_asks_for() {
        let mut refusal = Refusal::new(StatusCode::FORBIDDEN).with_body(
            br#"{"error":{"code":"ErrorAccessDenied","message":"Access is denied.","innerError":{"request-id":"r"}}}"#,
        );
        refusal.client_request_id = Some("c".to_owned());
        let error = failure::Error::from(GraphError::refused(refusal, UtcInstant::from_epoch(7)));
        let failure::Error::Failure(failure) = error else {
            panic!("no failure: {error}")
        };
        let problem = failure.problem;
        assert_eq!(problem.code, "ErrorAccessDenied");
        assert_eq!(problem.http_status, Some(403));
        assert_eq!(problem.request_id.as_deref(), Some("r"));
        assert_eq!(problem.correlation_id.as_deref(), Some("c"));
        assert_eq!(problem.since, UtcInstant::from_epoch(7));
    }
}
