//! Misbehaviour on demand: rules that match requests and say what goes wrong.
//!
//! A rule matches by method, path and content, skips the first `skip` matches, strikes `count` times and is spent.
//! Rules stand in a queue; the first that matches strikes, and only that one.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::exchange::Request;

/// A slow body: so many bytes, then a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drip {
    /// Bytes at a time.
    pub bytes: usize,
    /// Milliseconds between them.
    pub interval_ms: u64,
}

/// How a connection is ended instead of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// Closed in order (FIN).
    Close,
    /// Reset (RST).
    Reset,
}

/// An error of Entra's token endpoint, written out in full by the sandbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntraFault {
    /// The AADSTS number.
    pub code: u32,
    /// `invalid_grant` and so on.
    #[serde(default = "invalid_grant")]
    pub error: String,
    /// The text after `AADSTSnnn: `.
    #[serde(default)]
    pub description: Option<String>,
    /// `basic_action`, `bad_token`, …
    #[serde(default)]
    pub suberror: Option<String>,
    /// A claims challenge in the error, JSON as a string.
    #[serde(default)]
    pub claims: Option<String>,
    /// The HTTP status.
    #[serde(default = "bad_request")]
    pub status: u16,
}

fn invalid_grant() -> String {
    "invalid_grant".to_owned()
}

const fn bad_request() -> u16 {
    400
}

/// An error of Graph, written out in full by the sandbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraphFault {
    /// The HTTP status.
    pub status: u16,
    /// `ErrorItemNotFound` and so on.
    pub code: String,
    /// The message.
    #[serde(default)]
    pub message: String,
}

/// Changes to a JSON answer's top level.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JsonPatch {
    /// Members to set.
    pub set: Map<String, Value>,
    /// Members to leave out.
    pub remove: Vec<String>,
}

/// What goes wrong.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Action {
    /// Milliseconds to wait before answering.
    pub delay_ms: u64,
    /// Runs the request for real first; what follows then happens to its answer ("the answer was lost").
    pub execute: bool,
    /// Ends the connection instead of answering.
    pub cut: Option<Cut>,
    /// Answers with this status.
    pub status: Option<u16>,
    /// Header fields of that answer (or added to the real one).
    pub headers: Map<String, Value>,
    /// The body of that answer: a string as it is, anything else as JSON.
    pub body: Option<Value>,
    /// That answer comes from something in between (a proxy, a guest network's portal): without Microsoft's own header fields.
    pub stranger: bool,
    /// Answers with an error of Entra.
    pub entra: Option<EntraFault>,
    /// Answers with an error of Graph.
    pub graph: Option<GraphFault>,
    /// Answers 401 with a claims challenge (continuous access evaluation): the claims JSON.
    pub claims_challenge: Option<String>,
    /// Changes the real JSON answer.
    pub patch_json: Option<JsonPatch>,
    /// Claims to put in the `id_token` of the real answer.
    pub id_token: Option<Map<String, Value>>,
    /// Signs the `id_token` with a key nobody knows.
    pub id_token_bad_signature: bool,
    /// Sends the body slowly.
    pub drip: Option<Drip>,
    /// Breaks off after so many bytes of the body.
    pub truncate_after: Option<u64>,
}

impl Action {
    /// Whether the sandbox answers in place of the real endpoint.
    pub fn answers(&self) -> bool {
        self.status.is_some() || self.entra.is_some() || self.graph.is_some() || self.claims_challenge.is_some()
    }
}

const fn one() -> u64 {
    1
}

/// One rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    /// The rule's number, given by the sandbox.
    #[serde(default)]
    pub id: u64,
    /// The method; any when left out.
    #[serde(default)]
    pub method: Option<String>,
    /// Part of the decoded path with query; `*` stands for anything. Any when left out.
    #[serde(default)]
    pub path: Option<String>,
    /// Part of the body, for example `grant_type=refresh_token`.
    #[serde(default)]
    pub contains: Option<String>,
    /// Matches to let through first.
    #[serde(default)]
    pub skip: u64,
    /// Times to strike; null is for ever.
    #[serde(default = "always_once")]
    pub count: Option<u64>,
    /// How often it struck.
    #[serde(default)]
    pub hits: u64,
    /// What goes wrong.
    #[serde(flatten)]
    pub action: Action,
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's type")]
const fn always_once() -> Option<u64> {
    Some(one())
}

#[derive(Debug, Default)]
struct Queue {
    rules: Vec<Rule>,
    next: u64,
}

/// The rules in force.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Queue>);

impl Faults {
    /// Adds a rule at the end of the queue and tells its number.
    pub fn add(&self, mut rule: Rule) -> u64 {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queue.next += 1;
        rule.id = queue.next;
        rule.hits = 0;
        queue.rules.push(rule);
        queue.next
    }

    /// Removes one rule, or all.
    pub fn remove(&self, id: Option<u64>) -> usize {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = queue.rules.len();
        queue.rules.retain(|rule| id.is_some_and(|id| rule.id != id));
        before - queue.rules.len()
    }

    /// All rules, spent ones too.
    pub fn list(&self) -> Vec<Rule> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).rules.clone()
    }

    /// What happens to this request, if anything does.
    pub fn strike(&self, request: &Request) -> Option<Action> {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.rules.is_empty() {
            return None;
        }
        let target = format!("/{}?{}", request.segments().join("/"), decoded(&request.query));
        for rule in &mut queue.rules {
            if rule.count == Some(0) || !rule.matches(request, &target) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            if let Some(count) = &mut rule.count {
                *count -= 1;
            }
            rule.hits += 1;
            return Some(rule.action.clone());
        }
        None
    }
}

fn decoded(query: &str) -> String {
    percent_encoding::percent_decode_str(query)
        .decode_utf8_lossy()
        .into_owned()
}

impl Rule {
    fn matches(&self, request: &Request, target: &str) -> bool {
        self.method
            .as_ref()
            .is_none_or(|method| method.eq_ignore_ascii_case(request.method.as_str()))
            && self.path.as_ref().is_none_or(|path| glob(path, target))
            && self
                .contains
                .as_ref()
                .is_none_or(|part| String::from_utf8_lossy(&request.body).contains(part.as_str()))
    }
}

/// Whether `text` contains the pieces of `pattern` between its `*` in this order.
fn glob(pattern: &str, text: &str) -> bool {
    let mut rest = text;
    for piece in pattern.split('*') {
        match rest.find(piece) {
            Some(at) => rest = rest.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_its_pieces_in_order() {
        let path = "/graph/v1.0/me/messages/AAMk=/move?";
        for (pattern, expected) in [
            ("", true),
            ("/messages/*/move", true),
            ("/move*/messages", false),
            ("/token", false),
        ] {
            assert_eq!(glob(pattern, path), expected, "{pattern}");
        }
    }

    #[test]
    fn a_rule_skips_strikes_and_is_spent() {
        let faults = Faults::default();
        faults.add(
            serde_json::from_value(serde_json::json!({"path": "/x", "skip": 1, "count": 2, "status": 503}))
                .expect("a rule"),
        );
        let request = Request {
            method: axum::http::Method::GET,
            path: "/x".into(),
            query: String::new(),
            headers: axum::http::HeaderMap::new(),
            body: bytes::Bytes::new(),
        };
        let struck: Vec<bool> = (0..5).map(|_| faults.strike(&request).is_some()).collect();
        assert_eq!(struck, [false, true, true, false, false]);
    }
}
