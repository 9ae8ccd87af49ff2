//! Knobs that hold until they are changed, as against faults, which strike and are spent.

use serde::{Deserialize, Serialize};

/// How the sandbox behaves.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the control endpoint"
)]
pub struct Settings {
    /// Milliseconds every answer takes longer (control requests excepted).
    pub latency_ms: u64,
    /// Milliseconds a new connection takes longer: the round trips of TCP and TLS.
    pub connect_latency_ms: u64,
    /// Milliseconds every four items of a batch take longer after the first four, whose time is the request's own.
    pub batch_latency_ms: u64,
    /// After so many requests a connection is ended in order, as servers behind a balancer do; 0: never.
    pub requests_per_connection: u64,
    /// Graph's bodies come in chunks, without `Content-Length`, as they mostly do at Microsoft.
    pub chunked: bool,
    /// Seconds an access token lives; null: random, 3600 to 5400 as at Microsoft.
    pub token_life: Option<i64>,
    /// `refresh_in` in token answers; null: not sent.
    pub refresh_in: Option<i64>,
    /// `expires_in` and `ext_expires_in` as strings.
    pub expires_in_as_string: bool,
    /// Whether the pages ask for the second factor of users that have one.
    pub mfa: bool,
    /// Scopes in token answers: `short` names or `prefixed` with the resource.
    pub scope_style: ScopeStyle,
    /// Requests in flight per app and mailbox before 429.
    pub concurrency: usize,
    /// Seconds in the `Retry-After` of those 429; null: none.
    pub retry_after: Option<String>,
    /// Whoever signs in, this user (address) does: the wrong account picked in the browser.
    pub sign_in_as: Option<String>,
    /// Prefix `/messages/$count` with a byte order mark, as seen at Microsoft.
    pub count_bom: bool,
    /// Digits of fractions in Graph's timestamps (0 to 7).
    pub fraction_digits: usize,
    /// `#` before attachments' type names; Microsoft's own examples have it both ways.
    pub attachment_type_hash: bool,
    /// JSON is compressed for clients that accept gzip.
    pub gzip: bool,
    /// Scopes that are never granted, whatever was consented to (as Conditional Access does).
    pub withheld_scopes: Vec<String>,
    /// Refresh answers bring a new refresh token.
    pub rotate_refresh_tokens: bool,
}

/// How scopes are written in token answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeStyle {
    /// `Mail.ReadWrite`
    Short,
    /// `https://graph.microsoft.com/Mail.ReadWrite`
    Prefixed,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            latency_ms: 0,
            connect_latency_ms: 0,
            batch_latency_ms: 0,
            requests_per_connection: 0,
            chunked: false,
            token_life: None,
            refresh_in: None,
            expires_in_as_string: false,
            mfa: true,
            scope_style: ScopeStyle::Short,
            concurrency: crate::gate::LIMIT,
            retry_after: Some("1".to_owned()),
            sign_in_as: None,
            count_bom: false,
            fraction_digits: 0,
            attachment_type_hash: true,
            gzip: true,
            withheld_scopes: Vec::new(),
            rotate_refresh_tokens: true,
        }
    }
}
