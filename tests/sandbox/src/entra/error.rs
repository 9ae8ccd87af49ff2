//! Entra's errors: as JSON at the token endpoint, as a page where no redirect can be trusted, as a redirect otherwise.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::pages;
use crate::clock;
use crate::exchange::{Answer, Request};
use crate::faults::EntraFault;
use crate::random;
use crate::sandbox::Sandbox;

/// One refusal.
#[derive(Debug, Clone)]
pub struct EntraError {
    /// The AADSTS number.
    pub code: u32,
    /// The OAuth error.
    pub error: String,
    /// The text after the number.
    pub description: String,
    /// The HTTP status at the token endpoint.
    pub status: u16,
    /// A refinement.
    pub suberror: Option<String>,
    /// A claims challenge.
    pub claims: Option<String>,
}

impl EntraError {
    /// A refusal with status 400.
    pub fn new(code: u32, error: &str, description: impl Into<String>) -> Self {
        Self {
            code,
            error: error.to_owned(),
            description: description.into(),
            status: 400,
            suberror: None,
            claims: None,
        }
    }

    /// `invalid_request`
    pub fn request(code: u32, description: impl Into<String>) -> Self {
        Self::new(code, "invalid_request", description)
    }

    /// `invalid_grant`
    pub fn grant(code: u32, description: impl Into<String>) -> Self {
        Self::new(code, "invalid_grant", description)
    }

    /// `invalid_client`, status 401
    pub fn client(code: u32, description: impl Into<String>) -> Self {
        Self {
            status: 401,
            ..Self::new(code, "invalid_client", description)
        }
    }

    /// A form field is missing.
    pub fn missing(name: &str) -> Self {
        Self::request(
            900_144,
            format!("The request body must contain the following parameter: '{name}'."),
        )
    }

    /// The same field twice (RFC 6749 §3.1 and §3.2 forbid it).
    pub fn duplicate(fields: &[(String, String)]) -> Result<(), Self> {
        let twice = fields
            .iter()
            .enumerate()
            .find(|(at, (name, _))| fields.iter().take(*at).any(|(other, _)| other == name));
        match twice {
            None => Ok(()),
            Some((_, (name, _))) => Err(Self::request(
                9_000_411,
                format!("The request is not properly formatted. The parameter '{name}' is duplicated."),
            )),
        }
    }

    /// With a `suberror`.
    #[must_use]
    pub fn because(mut self, suberror: &str) -> Self {
        self.suberror = Some(suberror.to_owned());
        self
    }

    /// The JSON answer of the token endpoint.
    pub fn answer(&self, sandbox: &Sandbox, request: &Request) -> Answer {
        let ids = Ids::of(sandbox, request);
        let mut body = Map::new();
        body.insert("error".into(), self.error.clone().into());
        body.insert("error_description".into(), self.text(&ids).into());
        body.insert("error_codes".into(), json!([self.code]));
        body.insert("timestamp".into(), ids.timestamp.into());
        body.insert("trace_id".into(), ids.trace.into());
        body.insert("correlation_id".into(), ids.correlation.into());
        body.insert(
            "error_uri".into(),
            format!("{}/error?code={}", sandbox.root, self.code).into(),
        );
        if let Some(suberror) = &self.suberror {
            body.insert("suberror".into(), suberror.clone().into());
        }
        if let Some(claims) = &self.claims {
            body.insert("claims".into(), claims.clone().into());
        }
        Answer::json(
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST),
            &Value::Object(body),
        )
    }

    /// Microsoft's own error page: nothing is sent back to the app.
    pub fn page(&self, sandbox: &Sandbox, request: &Request) -> Answer {
        let ids = Ids::of(sandbox, request);
        Answer::html(StatusCode::OK, pages::error(&self.text(&ids)))
    }

    /// The fields of an error that goes back to the app.
    pub fn callback(&self, sandbox: &Sandbox, request: &Request) -> Vec<(String, String)> {
        let ids = Ids::of(sandbox, request);
        let mut fields = vec![("error".to_owned(), self.error.clone())];
        if let Some(suberror) = &self.suberror {
            fields.push(("error_subcode".to_owned(), suberror.clone()));
        }
        fields.push(("error_description".to_owned(), self.text(&ids)));
        fields.push((
            "error_uri".to_owned(),
            format!("{}/error?code={}", sandbox.root, self.code),
        ));
        fields
    }

    fn text(&self, ids: &Ids) -> String {
        format!(
            "AADSTS{}: {}\r\nTrace ID: {}\r\nCorrelation ID: {}\r\nTimestamp: {}",
            self.code, self.description, ids.trace, ids.correlation, ids.timestamp
        )
    }
}

impl From<&EntraFault> for EntraError {
    fn from(fault: &EntraFault) -> Self {
        Self {
            code: fault.code,
            error: fault.error.clone(),
            description: fault
                .description
                .clone()
                .unwrap_or_else(|| "An error asked for by the sandbox's control endpoint.".to_owned()),
            status: fault.status,
            suberror: fault.suberror.clone(),
            claims: fault.claims.clone(),
        }
    }
}

struct Ids {
    trace: String,
    correlation: String,
    timestamp: String,
}

impl Ids {
    fn of(sandbox: &Sandbox, request: &Request) -> Self {
        Self {
            trace: random::guid(),
            correlation: request
                .header("client-request-id")
                .map_or_else(random::guid, str::to_owned),
            timestamp: clock::entra(sandbox.clock.now()),
        }
    }
}
