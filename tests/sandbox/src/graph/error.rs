//! Graph's errors and their bodies.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::JSON;
use crate::clock;
use crate::exchange::Answer;

/// One refusal.
#[derive(Debug, Clone)]
pub struct GraphError {
    /// The HTTP status.
    pub status: u16,
    /// `ErrorItemNotFound` and so on.
    pub code: String,
    /// The message.
    pub message: String,
    /// Further header fields.
    pub headers: Vec<(&'static str, String)>,
}

impl GraphError {
    /// A refusal.
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
            headers: Vec::new(),
        }
    }

    /// 400 with the gateway's own code.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 404: no such thing in this mailbox (any more).
    pub fn not_found() -> Self {
        Self::new(
            404,
            "ErrorItemNotFound",
            "The specified object was not found in the store.",
        )
    }

    /// 400: that is no id.
    pub fn malformed_id() -> Self {
        Self::new(400, "ErrorInvalidIdMalformed", "Id is malformed.")
    }

    /// 403: scope or mailbox right missing.
    pub fn denied() -> Self {
        Self::new(
            403,
            "ErrorAccessDenied",
            "Access is denied. Check credentials and try again.",
        )
    }

    /// 400: a segment of the path means nothing.
    pub fn no_segment(segment: &str) -> Self {
        Self::bad_request(format!("Resource not found for the segment '{segment}'."))
    }

    /// 405
    pub fn method() -> Self {
        Self::new(
            405,
            "Request_BadRequest",
            "Specified HTTP method is not allowed for the request target.",
        )
    }

    /// 401, with the header that says where tokens come from.
    pub fn unauthorized(message: &str) -> Self {
        let mut error = Self::new(401, "InvalidAuthenticationToken", message);
        error.headers.push(("www-authenticate", challenge()));
        error
    }

    /// The answer. `request_id` is the one in its header.
    pub fn answer(&self, now: i64, request_id: &str, client_request_id: &str) -> Answer {
        let body: Value = json!({ "error": {
            "code": self.code,
            "message": self.message,
            "innerError": {
                "date": clock::zoneless(now),
                "request-id": request_id,
                "client-request-id": client_request_id,
            }
        }});
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = Answer::new(status, JSON, body.to_string());
        for (name, value) in &self.headers {
            answer = answer.and(name, value);
        }
        answer
    }
}

/// The plain challenge; real ones mix quoted and unquoted values.
pub fn challenge() -> String {
    "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\""
        .to_owned()
}
