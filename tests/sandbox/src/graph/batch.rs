//! `$batch`: up to twenty requests in one, at most four of them at a time.
//!
//! The items take the mailbox's places like any request: what finds none is answered 429 by itself, the batch stays 200.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::error::GraphError;
use super::{JSON, bearer};
use crate::exchange::{Answer, Request};
use crate::sandbox::Sandbox;
use crate::server;

/// Requests in a batch (Graph's JSON batching).
const MOST: usize = 20;
/// Items the service works on at a time.
const WAVE: usize = 4;

#[derive(Debug)]
struct Item {
    id: String,
    depends_on: Vec<String>,
    request: Request,
}

/// Runs a batch.
pub async fn answer(sandbox: &Sandbox, request: &Request) -> Result<Answer, GraphError> {
    if request.method != Method::POST {
        return Err(GraphError::method());
    }
    bearer::token(&sandbox.world(), request, sandbox.clock.now())?;
    let items = items(request)?;
    let mut responses: BTreeMap<String, Value> = BTreeMap::new();
    let mut order = Vec::new();
    let mut waiting = items;
    while !waiting.is_empty() {
        let (ready, rest): (Vec<Item>, Vec<Item>) = waiting
            .into_iter()
            .partition(|item| item.depends_on.iter().all(|other| responses.contains_key(other)));
        if ready.is_empty() {
            return Err(GraphError::bad_request("The batch's dependsOn members form a circle."));
        }
        waiting = rest;
        let mut ready = ready;
        while !ready.is_empty() {
            let wave: Vec<Item> = ready.drain(..ready.len().min(WAVE)).collect();
            let settings = sandbox.settings();
            let latency = if responses.is_empty() {
                settings.latency_ms
            } else {
                settings.latency_ms.max(settings.batch_latency_ms)
            };
            for (id, response) in run(sandbox, wave, latency, &responses).await {
                order.push(id.clone());
                responses.insert(id, response);
            }
        }
    }
    // Answers come in any order: the last ones first shows who relies on it.
    let shown: Vec<Value> = order.iter().rev().filter_map(|id| responses.get(id).cloned()).collect();
    Ok(Answer::new(
        StatusCode::OK,
        JSON,
        json!({ "responses": shown }).to_string(),
    ))
}

async fn run(sandbox: &Sandbox, wave: Vec<Item>, latency: u64, done: &BTreeMap<String, Value>) -> Vec<(String, Value)> {
    let mut held = Vec::new();
    let mut longest = latency;
    for item in wave {
        let failed = item.depends_on.iter().any(|other| {
            done.get(other)
                .and_then(|response| response.get("status"))
                .and_then(Value::as_u64)
                .is_none_or(|status| !(200..300).contains(&status))
        });
        let fault = sandbox.faults.strike(&item.request);
        longest = longest.max(fault.as_ref().map_or(0, |fault| fault.delay_ms));
        let place = if failed {
            Ok(None)
        } else {
            server::place(sandbox, &item.request).map(Some)
        };
        held.push((item, failed, fault, place));
    }
    if longest > 0 {
        tokio::time::sleep(Duration::from_millis(longest)).await;
    }
    held.into_iter()
        .map(|(item, failed, fault, place)| {
            let answer = if failed {
                let error = GraphError::new(424, "FailedDependency", "A request this one depends on has failed.");
                server::refuse(sandbox, &item.request, &error)
            } else {
                match &place {
                    Ok(_) => server::graph_answer(sandbox, &item.request, fault.as_ref()),
                    Err(error) => server::refuse(sandbox, &item.request, error),
                }
            };
            (item.id.clone(), wrap(&item.id, answer))
        })
        .collect()
}

/// One item's answer: JSON as it is, anything else in base64.
fn wrap(id: &str, answer: Answer) -> Value {
    let mut headers = Map::new();
    for (name, value) in &answer.headers {
        headers.insert(capitalised(name.as_str()), value.to_str().unwrap_or_default().into());
    }
    let json = answer
        .headers
        .get("content-type")
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let parsed = if json { answer.as_json() } else { None };
    let status = answer.status.as_u16();
    let bytes = answer.content.collect();
    let mut response = Map::new();
    response.insert("id".into(), id.into());
    response.insert("status".into(), status.into());
    response.insert("headers".into(), headers.into());
    if let Some(body) = parsed {
        response.insert("body".into(), body);
    } else if !bytes.is_empty() {
        response.insert("body".into(), STANDARD.encode(&bytes).into());
    }
    Value::Object(response)
}

fn capitalised(name: &str) -> String {
    name.split('-')
        .map(|part| {
            let mut letters = part.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
                .unwrap_or_default()
        })
        .collect::<Vec<_>>()
        .join("-")
}

fn items(request: &Request) -> Result<Vec<Item>, GraphError> {
    let malformed = |text: &str| GraphError::bad_request(format!("Invalid batch payload format. {text}"));
    let body: Value = serde_json::from_slice(&request.body).map_err(|_| malformed("The body is no JSON."))?;
    let requests = body
        .get("requests")
        .and_then(Value::as_array)
        .ok_or_else(|| malformed("'requests' is missing."))?;
    if requests.is_empty() {
        return Err(malformed("'requests' is empty."));
    }
    if requests.len() > MOST {
        return Err(GraphError::bad_request(format!(
            "Number of batch request steps exceeds the maximum value of {MOST}."
        )));
    }
    let mut items: Vec<Item> = Vec::with_capacity(requests.len());
    for entry in requests {
        let item = item(request, entry)?;
        if items.iter().any(|other| other.id == item.id) {
            return Err(malformed(&format!("Request id '{}' is used twice.", item.id)));
        }
        items.push(item);
    }
    for item in &items {
        if let Some(missing) = item
            .depends_on
            .iter()
            .find(|other| !items.iter().any(|item| item.id == **other))
        {
            return Err(malformed(&format!(
                "Request id '{missing}' in dependsOn does not exist."
            )));
        }
    }
    Ok(items)
}

fn item(outer: &Request, entry: &Value) -> Result<Item, GraphError> {
    let malformed = |text: &str| GraphError::bad_request(format!("Invalid batch payload format. {text}"));
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let id = text("id")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| malformed("A request has no id."))?;
    let method = text("method")
        .and_then(|method| method.to_ascii_uppercase().parse::<Method>().ok())
        .ok_or_else(|| malformed("A request has no method."))?;
    let url = text("url").ok_or_else(|| malformed("A request has no url."))?;
    if url.contains("://") {
        return Err(malformed("Only relative URLs are allowed."));
    }
    let url = url.trim_start_matches('/');
    if url.starts_with("v1.0/") || url.starts_with("$batch") {
        return Err(malformed(&format!(
            "The url '{url}' must be relative to the version and no batch."
        )));
    }
    let mut headers = HeaderMap::new();
    for name in ["authorization", "host"] {
        if let Some(value) = outer.headers.get(name) {
            headers.insert(name, value.clone());
        }
    }
    for (name, value) in entry.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let (Ok(name), Some(Ok(value))) = (
            name.parse::<HeaderName>(),
            value.as_str().map(str::parse::<HeaderValue>),
        ) else {
            return Err(malformed("A header is no header."));
        };
        headers.insert(name, value);
    }
    let body = match entry.get("body") {
        None | Some(Value::Null) => Bytes::new(),
        Some(_) if !headers.contains_key("content-type") => {
            return Err(GraphError::bad_request(format!(
                "Write request id : {id} does not contain Content-Type header or body."
            )));
        }
        Some(body) => body.to_string().into(),
    };
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let depends_on = entry
        .get("dependsOn")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    Ok(Item {
        id: id.to_owned(),
        depends_on,
        request: Request {
            method,
            path: format!("/graph/v1.0/{path}"),
            query: query.to_owned(),
            headers,
            body,
        },
    })
}
