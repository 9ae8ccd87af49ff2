//! The control endpoint: everything a test (or a person) may do to the sandbox from outside the protocols.
//!
//! `tests/sandbox/README.md` lists the requests. The same calls are there in-process as
//! [`crate::RunningSandbox::control`].

mod mail;
mod people;

use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::clock::Setting;
use crate::exchange::{Answer, Request};
use crate::faults::Rule;
use crate::sandbox::Sandbox;
use crate::world::default;

/// Why a control request is refused.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// What is wrong.
    pub text: String,
}

impl Refusal {
    fn wrong(text: impl Into<String>) -> Self {
        Self {
            status: 400,
            text: text.into(),
        }
    }

    fn missing(text: impl Into<String>) -> Self {
        Self {
            status: 404,
            text: text.into(),
        }
    }
}

/// Answers a control request over HTTP.
pub fn answer(sandbox: &Sandbox, request: &Request) -> Answer {
    let mail = request
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("message/rfc822"));
    let mut body = if request.body.is_empty() || mail {
        Ok(Value::Null)
    } else {
        serde_json::from_slice(&request.body)
    };
    if let (true, Ok(body)) = (mail, &mut body) {
        let fields: Map<String, Value> = request
            .pairs()
            .into_iter()
            .map(|(name, value)| (name, Value::from(value)))
            .collect();
        *body = Value::Object(fields);
        return reply(mail::add(sandbox, body, Some(request.body.clone())));
    }
    let mut body = match body {
        Ok(body) => body,
        Err(error) => return reply(Err(Refusal::wrong(format!("the body is no JSON: {error}")))),
    };
    if body.is_null() && !request.query.is_empty() {
        body = Value::Object(
            request
                .pairs()
                .into_iter()
                .map(|(name, value)| (name, Value::from(value)))
                .collect(),
        );
    }
    reply(run(sandbox, request.method.as_str(), &request.path, &body))
}

fn reply(result: Result<Value, Refusal>) -> Answer {
    match result {
        Ok(value) => Answer::json(StatusCode::OK, &value),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
            Answer::json(status, &json!({ "error": refusal.text }))
        }
    }
}

/// Runs a control request.
pub fn run(sandbox: &Sandbox, method: &str, path: &str, body: &Value) -> Result<Value, Refusal> {
    let path: Vec<&str> = path
        .trim_matches('/')
        .split('/')
        .skip_while(|part| *part == "control")
        .collect();
    match (method, path.as_slice()) {
        ("GET", []) => Ok(overview(sandbox)),
        ("POST", ["reset"]) => {
            reset(sandbox)?;
            Ok(overview(sandbox))
        }
        ("GET", ["clock"]) => Ok(clock(sandbox)),
        ("PUT" | "POST", ["clock"]) => set_clock(sandbox, body),
        ("GET", ["settings"]) => Ok(serde_json::to_value(sandbox.settings()).unwrap_or_default()),
        ("PUT" | "PATCH" | "POST", ["settings"]) => set_settings(sandbox, body),
        ("GET", ["faults"]) => Ok(json!({ "faults": sandbox.faults.list() })),
        ("POST", ["faults"]) => add_faults(sandbox, body),
        ("DELETE", ["faults"]) => Ok(json!({ "removed": sandbox.faults.remove(None) })),
        ("DELETE", ["faults", id]) => {
            let id = id.parse().map_err(|_| Refusal::wrong("a fault's id is a number"))?;
            Ok(json!({ "removed": sandbox.faults.remove(Some(id)) }))
        }
        ("GET", ["counters"]) => Ok(counters(sandbox)),
        ("DELETE", ["counters"]) | ("POST", ["counters", "reset"]) => {
            sandbox.journal.forget();
            sandbox.gate.forget();
            Ok(json!({}))
        }
        ("GET", ["requests"]) => Ok(json!({ "requests": sandbox.journal.last() })),
        ("GET" | "POST" | "DELETE", ["mails" | "messages" | "folders" | "mailboxes", ..]) => {
            mail::route(sandbox, method, &path, body)
        }
        (
            _,
            [
                "world" | "tenants" | "apps" | "users" | "consents" | "revoke" | "tokens" | "sign-in",
                ..,
            ],
        ) => people::route(sandbox, method, &path, body),
        _ => Err(Refusal::missing(format!(
            "no control request {method} /control/{}",
            path.join("/")
        ))),
    }
}

/// Reads a value, naming what is wrong with it.
fn parse<T: DeserializeOwned>(value: &Value) -> Result<T, Refusal> {
    serde_json::from_value(value.clone()).map_err(|error| Refusal::wrong(error.to_string()))
}

fn text<'v>(body: &'v Value, name: &str) -> Result<&'v str, Refusal> {
    body.get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| Refusal::wrong(format!("'{name}' is missing or no text")))
}

/// A number, also as text (of a query string).
fn number(body: &Value, name: &str) -> Option<i64> {
    body.get(name)
        .and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()))
}

fn overview(sandbox: &Sandbox) -> Value {
    json!({
        "url": sandbox.root,
        "authority_url": sandbox.root,
        "graph_url": sandbox.graph_url(),
        "control_url": format!("{}/control", sandbox.root),
        "now": sandbox.clock.now(),
        "tenant_id": default::TENANT,
        "client_id": default::CLIENT,
        "client_secret": default::SECRET,
        "user": default::USER,
        "password": default::PASSWORD,
        "mfa": default::MFA,
        "shared_mailbox": default::SHARED,
        "redirect_uris": sandbox.world().app(default::CLIENT).map(|app| app.redirect_uris.iter().map(|uri| uri.uri.clone()).collect::<Vec<_>>()),
    })
}

/// The world, settings, clock, faults and counters of a new sandbox, with the `.eml` files it was started with.
fn reset(sandbox: &Sandbox) -> Result<(), Refusal> {
    *sandbox.world() = default::world();
    sandbox.set(crate::settings::Settings::default());
    sandbox.clock.set(Setting::default());
    sandbox.faults.remove(None);
    sandbox.journal.forget();
    sandbox.gate.forget();
    sandbox
        .load_mailboxes()
        .map_err(|(path, error)| Refusal::wrong(format!("{}: {error}", path.display())))
}

fn clock(sandbox: &Sandbox) -> Value {
    let setting = sandbox.clock.setting();
    json!({ "now": sandbox.clock.now(), "iso": crate::clock::iso(sandbox.clock.now()), "offset": setting.offset, "frozen": setting.frozen })
}

fn set_clock(sandbox: &Sandbox, body: &Value) -> Result<Value, Refusal> {
    let fields = body
        .as_object()
        .ok_or_else(|| Refusal::wrong("an object with offset, frozen or advance"))?;
    let mut setting = sandbox.clock.setting();
    for (name, value) in fields {
        match name.as_str() {
            "offset" => setting.offset = value.as_i64().ok_or_else(|| Refusal::wrong("'offset' is seconds"))?,
            "frozen" if value.is_null() => setting.frozen = None,
            "frozen" if value == &Value::Bool(true) => setting.frozen = Some(sandbox.clock.now()),
            "frozen" if value == &Value::Bool(false) => setting.frozen = None,
            "frozen" => {
                setting.frozen = Some(
                    value
                        .as_i64()
                        .ok_or_else(|| Refusal::wrong("'frozen' is a UTC second, true or null"))?,
                );
            }
            "advance" => {}
            other => return Err(Refusal::wrong(format!("unknown member '{other}'"))),
        }
    }
    sandbox.clock.set(setting);
    if let Some(seconds) = fields.get("advance") {
        sandbox
            .clock
            .advance(seconds.as_i64().ok_or_else(|| Refusal::wrong("'advance' is seconds"))?);
    }
    Ok(clock(sandbox))
}

fn set_settings(sandbox: &Sandbox, body: &Value) -> Result<Value, Refusal> {
    let mut all = serde_json::to_value(sandbox.settings()).unwrap_or_default();
    if let (Some(all), Some(body)) = (all.as_object_mut(), body.as_object()) {
        all.extend(body.clone());
    }
    sandbox.set(parse(&all)?);
    Ok(all)
}

fn add_faults(sandbox: &Sandbox, body: &Value) -> Result<Value, Refusal> {
    let list = match body {
        Value::Array(list) => list.clone(),
        other => vec![other.clone()],
    };
    let mut rules = Vec::new();
    for entry in &list {
        let rule: Rule = parse(entry)?;
        let known = serde_json::to_value(&rule).unwrap_or_default();
        if let Some(unknown) = entry
            .as_object()
            .and_then(|entry| entry.keys().find(|name| known.get(name.as_str()).is_none()))
        {
            return Err(Refusal::wrong(format!("unknown member '{unknown}' in a fault")));
        }
        rules.push(rule);
    }
    let ids: Vec<u64> = rules.into_iter().map(|rule| sandbox.faults.add(rule)).collect();
    Ok(json!({ "id": ids.first(), "ids": ids }))
}

fn counters(sandbox: &Sandbox) -> Value {
    let mut report = sandbox.journal.report();
    report.insert("mailboxes".into(), sandbox.gate.report());
    Value::Object(report)
}
