//! `$batch`: form, order, places in flight.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use common::Stage;
use serde_json::{Value, json};

fn run(stage: &Stage, body: &Value) -> (u16, Value) {
    let response = stage.graph().send("POST", "$batch", Some(body));
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_slice(&response.bytes().expect("a body")).expect("JSON"),
    )
}

fn get(id: &str, url: &str) -> Value {
    json!({ "id": id, "method": "GET", "url": url })
}

fn find(body: &Value, id: &str) -> Value {
    body["responses"]
        .as_array()
        .and_then(|all| all.iter().find(|one| one["id"] == id))
        .cloned()
        .unwrap_or_else(|| panic!("no {id} in {body}"))
}

#[test]
fn a_malformed_batch_is_refused_whole() {
    let stage = Stage::new();
    let many: Vec<Value> = (0..21).map(|number| get(&number.to_string(), "/me")).collect();
    for body in [
        json!({}),
        json!({ "requests": [] }),
        json!({ "requests": many }),
        json!({ "requests": [get("1", "/me"), get("1", "/me")] }),
        json!({ "requests": [get("1", "https://graph.microsoft.com/v1.0/me")] }),
        json!({ "requests": [get("1", "/v1.0/me")] }),
        json!({ "requests": [get("1", "/$batch")] }),
        json!({ "requests": [{ "id": "1", "method": "GET" }] }),
        json!({ "requests": [{ "id": "1", "method": "GET", "url": "/me", "dependsOn": ["9"] }] }),
        json!({ "requests": [{ "id": "1", "method": "PATCH", "url": "/me/messages/x", "body": { "isRead": true } }] }),
    ] {
        assert_eq!(run(&stage, &body).0, 400, "{body}");
    }
}

#[test]
fn items_succeed_and_fail_by_themselves() {
    let stage = Stage::new();
    stage.control("POST", "mails/generate", &json!({ "count": 1, "size": 10 }));
    let id = stage.graph().inbox()[0].clone();
    let (status, body) = run(
        &stage,
        &json!({ "requests": [
            { "id": "plain", "method": "GET", "url": "/me/mailFolders/inbox/messages?$select=id" },
            { "id": "lasting", "method": "GET", "url": "me/mailFolders/inbox/messages?$select=id", "headers": { "Prefer": "IdType=\"ImmutableId\"" } },
            { "id": "wrong", "method": "GET", "url": "/me/messages/abc" },
            { "id": "mime", "method": "GET", "url": format!("/me/messages/{id}/$value") },
            { "id": "after", "method": "GET", "url": "/me", "dependsOn": ["wrong"] },
            { "id": "move", "method": "POST", "url": format!("/me/messages/{id}/move"), "headers": { "Content-Type": "application/json" }, "body": { "destinationId": "archive" }, "dependsOn": ["plain", "lasting", "mime"] },
        ] }),
    );
    assert_eq!(status, 200);
    let status_of = |id: &str| find(&body, id)["status"].as_u64();
    assert_eq!(
        (
            status_of("plain"),
            status_of("wrong"),
            status_of("after"),
            status_of("move")
        ),
        (Some(200), Some(400), Some(424), Some(201))
    );
    assert_ne!(
        find(&body, "plain")["body"]["value"][0]["id"],
        find(&body, "lasting")["body"]["value"][0]["id"]
    );
    assert!(find(&body, "mime")["body"].is_string(), "bytes come in base64");
    assert_eq!(
        find(&body, "lasting")["headers"]["Preference-Applied"],
        "IdType=\"ImmutableId\""
    );
}

#[test]
fn a_batch_fills_the_places_and_its_items_are_throttled_one_by_one() {
    let stage = Stage::new();
    stage.control("PATCH", "settings", &json!({ "latency_ms": 200 }));
    let graph = stage.graph();
    let requests: Vec<Value> = (0..4)
        .map(|number| get(&number.to_string(), "/me/mailFolders/inbox"))
        .collect();
    let (status, body) = std::thread::scope(|scope| {
        let other = scope.spawn(|| graph.send("GET", "me/mailFolders/inbox", None).status().as_u16());
        std::thread::sleep(std::time::Duration::from_millis(60));
        let outcome = run(&stage, &json!({ "requests": requests }));
        assert_eq!(other.join().expect("an answer"), 200);
        outcome
    });
    assert_eq!(status, 200);
    let refused: Vec<&Value> = body["responses"]
        .as_array()
        .expect("answers")
        .iter()
        .filter(|one| one["status"] == 429)
        .collect();
    assert_eq!(refused.len(), 1, "{body}");
    assert_eq!(refused[0]["headers"]["Retry-After"], "1");
    assert_eq!(refused[0]["body"]["error"]["code"], "ApplicationThrottled");
}

#[test]
fn faults_reach_single_items() {
    let stage = Stage::new();
    stage.control(
        "POST",
        "faults",
        &json!({ "path": "/me/mailFolders/drafts", "status": 503, "headers": { "Retry-After": "0.5" } }),
    );
    let (_, body) = run(
        &stage,
        &json!({ "requests": [get("1", "/me/mailFolders/inbox"), get("2", "/me/mailFolders/drafts")] }),
    );
    assert_eq!(
        (find(&body, "1")["status"].as_u64(), find(&body, "2")["status"].as_u64()),
        (Some(200), Some(503))
    );
    assert_eq!(find(&body, "2")["headers"]["Retry-After"], "0.5");
}
