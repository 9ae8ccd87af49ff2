//! The control endpoint: faults, clock, counters, state, https.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::io::Read;
use std::time::{Duration, Instant};

use common::{Graph, Stage, json_of};
use serde_json::{Value, json};
use squeeze_graph_sandbox::{Flaw, Options, TENANT, Tls, browser, start};

#[test]
fn faults_answer_in_place_of_the_real_endpoint_and_are_spent() {
    let stage = Stage::new();
    let graph = stage.graph();
    for (fault, status, header, body) in [
        (
            json!({ "status": 429, "headers": { "Retry-After": "2.128" } }),
            429,
            Some(("retry-after", "2.128")),
            "",
        ),
        (
            json!({ "status": 503, "headers": { "Retry-After": "Mon, 23 Nov 2026 20:12:01 GMT" } }),
            503,
            Some(("retry-after", "Mon, 23 Nov 2026 20:12:01 GMT")),
            "",
        ),
        (
            json!({ "status": 502, "body": "<html>Bad gateway</html>" }),
            502,
            Some(("content-type", "text/html; charset=utf-8")),
            "<html>Bad gateway</html>",
        ),
        (
            json!({ "status": 200, "body": "{\"value\":[" }),
            200,
            None,
            "{\"value\":[",
        ),
        (json!({ "status": 200 }), 200, None, ""),
    ] {
        stage.control("POST", "faults", &fault);
        let response = graph.send("GET", "me/mailFolders/inbox", None);
        assert_eq!(response.status(), status, "{fault}");
        if let Some((name, value)) = header {
            assert_eq!(response.headers()[name], value);
        }
        assert_eq!(response.text().expect("text"), body);
        assert_eq!(graph.outcome("GET", "me/mailFolders/inbox", None).0, 200);
    }
    let refused = stage.sandbox.control("POST", "faults", &json!({ "stauts": 500 }));
    assert!(refused.expect_err("a misspelt member").to_string().contains("stauts"));
}

#[test]
fn answers_can_be_lost_cut_slow_and_changed() {
    let stage = Stage::new();
    let graph = stage.graph();
    stage.control("POST", "mails/generate", &json!({ "count": 2, "size": 20_000 }));
    let id = graph.inbox()[0].clone();
    let move_path = format!("me/messages/{id}/move");
    let send = |cut: &str, execute: bool| {
        stage.control(
            "POST",
            "faults",
            &json!({ "path": "/move", "cut": cut, "execute": execute }),
        );
        let request = graph
            .request("POST", &move_path)
            .header("content-type", "application/json")
            .body("{\"destinationId\":\"archive\"}");
        assert!(request.send().is_err(), "the connection was to be cut");
    };
    send("close", false);
    send("reset", false);
    assert_eq!(graph.get("me/mailFolders/archive")["totalItemCount"], 0);
    send("reset", true);
    assert_eq!(
        graph.get("me/mailFolders/archive")["totalItemCount"],
        1,
        "executed, and the answer lost"
    );

    let value = format!("me/messages/{}/$value", graph.inbox()[0]);
    stage.control("POST", "faults", &json!({ "path": "/$value", "truncate_after": 1000 }));
    let mut response = graph.send("GET", &value, None);
    assert!(response.content_length().is_some_and(|length| length > 20_000));
    let mut got = Vec::new();
    assert!(response.read_to_end(&mut got).is_err());
    assert_eq!(got.len(), 1000);

    stage.control(
        "POST",
        "faults",
        &json!({ "path": "/$value", "drip": { "bytes": 10_000, "interval_ms": 50 } }),
    );
    let begun = Instant::now();
    assert!(graph.send("GET", &value, None).bytes().expect("bytes").len() > 20_000);
    assert!(begun.elapsed() >= Duration::from_millis(100));

    stage.control(
        "POST",
        "faults",
        &json!({ "path": "/messages", "patch_json": { "set": { "@odata.nextLink": "https://evil.example/next" } } }),
    );
    assert_eq!(
        graph.get("me/mailFolders/inbox/messages")["@odata.nextLink"],
        "https://evil.example/next"
    );
}

#[test]
fn the_token_endpoint_can_be_made_odd() {
    let stage = Stage::new();
    let fault = |change: Value| {
        let mut fault = json!({ "contains": "grant_type=authorization_code" });
        fault
            .as_object_mut()
            .expect("an object")
            .extend(change.as_object().expect("an object").clone());
        stage.control("POST", "faults", &fault);
        stage.redeem(&stage.code(), &[])
    };
    for expires in [json!("3600"), json!(0), json!(-5), json!(9_000_000_000_000_i64)] {
        assert_eq!(
            fault(json!({ "patch_json": { "set": { "expires_in": expires } } })).1["expires_in"],
            expires
        );
    }
    let (_, body) = fault(json!({ "patch_json": { "remove": ["expires_in", "refresh_token"] } }));
    assert!(body["expires_in"].is_null() && body["refresh_token"].is_null() && body["access_token"].is_string());
    let (status, body) =
        fault(json!({ "entra": { "code": 50076, "suberror": "basic_action", "claims": "{\"access_token\":{}}" } }));
    assert_eq!(
        (status, &body["error"], &body["suberror"]),
        (400, &json!("invalid_grant"), &json!("basic_action"))
    );
    assert!(
        body["error_description"]
            .as_str()
            .expect("text")
            .starts_with("AADSTS50076: ")
    );
    let claims = |body: &Value| {
        use base64::Engine;
        let part = body["id_token"]
            .as_str()
            .expect("a token")
            .split('.')
            .nth(1)
            .expect("claims")
            .to_owned();
        serde_json::from_slice::<Value>(
            &base64::engine::general_purpose::URL_SAFE_NO_PAD
                .decode(part)
                .expect("base64"),
        )
        .expect("JSON")
    };
    let (_, body) = fault(json!({ "id_token": { "nonce": "another", "oid": null } }));
    assert_eq!(
        (&claims(&body)["nonce"], claims(&body).get("oid")),
        (&json!("another"), None)
    );
    stage.control(
        "PATCH",
        "settings",
        &json!({ "sign_in_as": "bernd.jaeger@contoso.example" }),
    );
    let (_, body) = stage.redeem(&stage.code(), &[]);
    assert_eq!(claims(&body)["preferred_username"], "bernd.jaeger@contoso.example");
}

#[test]
fn the_clock_rules_the_date_header_and_counters_count() {
    let stage = Stage::new();
    let graph = stage.graph();
    stage.control("POST", "clock", &json!({ "frozen": 1_900_000_000 }));
    stage.control("POST", "clock", &json!({ "advance": 5 }));
    let response = graph.send("GET", "me/mailFolders/inbox", None);
    assert_eq!(response.headers()["date"], "Sun, 17 Mar 2030 17:46:45 GMT");
    stage.control("POST", "clock", &json!({ "frozen": null }));
    stage.control("POST", "counters/reset", &Value::Null);
    let (_, _) = json_of(
        graph
            .request("GET", "me/mailFolders/inbox")
            .header("prefer", "IdType=\"ImmutableId\""),
    );
    let (status, _) = stage.token(TENANT, &[], &[("grant_type", "refresh_token")]);
    assert_eq!(status, 400);
    let counters = stage.control("GET", "counters", &Value::Null);
    assert_eq!(counters["endpoints"]["GET /me/mailFolders/{id}"], 1);
    assert_eq!(
        counters["endpoints"]["POST /{tenant}/oauth2/v2.0/token refresh_token"],
        1
    );
    let last = stage.control("GET", "requests", &Value::Null)["requests"].clone();
    assert_eq!(
        (&last[0]["headers"]["prefer"], &last[0]["status"]),
        (&json!("IdType=\"ImmutableId\""), &json!(200))
    );
    assert!(!last.to_string().contains(&graph.token));
}

#[test]
fn a_restarted_sandbox_goes_on_where_it_was() {
    let directory = std::env::temp_dir().join(format!("sandbox-state-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    let options = || Options {
        state: Some(directory.clone()),
        ..Options::default()
    };
    let first = Stage::with(options());
    first.control(
        "POST",
        "mails",
        &json!({ "mime": "From: a@b.example\r\nSubject: Bleibt\r\n\r\nText" }),
    );
    let refresh = first.redeem(&first.code(), &[]).1["refresh_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let id = first.graph().inbox()[0].clone();
    first.sandbox.stop().expect("an orderly end");
    let second = Stage::with(options());
    let (status, body) = second.refresh(&refresh, &[]);
    assert_eq!(status, 200);
    let graph = Graph {
        stage: &second,
        token: body["access_token"].as_str().expect("a token").to_owned(),
    };
    assert_eq!(graph.get(&format!("me/messages/{id}"))["subject"], "Bleibt");
    drop(second);
    std::fs::write(directory.join("world.json"), "{").expect("a file");
    assert!(start(options()).is_err(), "half a state is no state");
    let _ = std::fs::remove_dir_all(&directory);
}

#[test]
fn https_is_trusted_with_its_ca_and_flaws_are_noticed() {
    let directory = std::env::temp_dir().join(format!("sandbox-tls-{}", std::process::id()));
    for (flaw, http2, trusted) in [
        (None, false, true),
        (None, true, true),
        (Some(Flaw::Expired), false, false),
        (Some(Flaw::WrongName), false, false),
    ] {
        let tls = Tls {
            directory: directory.clone(),
            flaw,
            http2,
        };
        let sandbox = start(Options {
            tls: Some(tls),
            ..Options::default()
        })
        .expect("a sandbox");
        assert!(sandbox.url().starts_with("https://127.0.0.1:"));
        let client = browser(Some(&directory.join("ca.pem"))).expect("a client");
        if flaw.is_none() && !http2 {
            for _ in 0..2 {
                let request = client.get(sandbox.control_url()).header("connection", "close");
                assert!(request.send().expect("an answer").bytes().is_ok());
            }
            let counters = sandbox.control("GET", "counters", &Value::Null).expect("counters");
            assert_eq!(
                (&counters["full_handshakes"], &counters["resumed_handshakes"]),
                (&json!(1), &json!(1))
            );
        }
        let outcome = client.get(sandbox.control_url()).send();
        assert_eq!(outcome.is_ok(), trusted, "{flaw:?} {outcome:?}");
        assert!(
            browser(None)
                .expect("a client")
                .get(sandbox.control_url())
                .send()
                .is_err()
        );
    }
    let _ = std::fs::remove_dir_all(&directory);
}

#[test]
fn nothing_but_loopback_is_listened_on() {
    let options = Options {
        listen: "0.0.0.0:0".parse().expect("an address"),
        ..Options::default()
    };
    assert!(start(options).is_err());
}

#[test]
fn a_request_is_worked_on_though_its_client_hangs_up() {
    let stage = Stage::new();
    let graph = stage.graph();
    stage.control("POST", "mails/generate", &json!({ "count": 1, "size": 10 }));
    let path = format!("me/messages/{}/move", graph.inbox()[0]);
    stage.control("POST", "faults", &json!({ "path": "/move", "delay_ms": 300 }));
    let request = graph
        .request("POST", &path)
        .timeout(Duration::from_millis(100))
        .header("content-type", "application/json")
        .body("{\"destinationId\":\"archive\"}");
    assert!(request.send().is_err());
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(graph.get("me/mailFolders/archive")["totalItemCount"], 1);
}

#[test]
fn a_cleared_mailbox_gives_out_no_id_again() {
    let stage = Stage::new();
    let graph = stage.graph();
    stage.control("POST", "mails/generate", &json!({ "count": 2, "size": 10 }));
    let before = graph.inbox();
    // One that comes late finds nothing, and not the mail that lies there by then.
    let path = format!("me/messages/{}/permanentDelete", before[0]);
    stage.control("POST", "mailboxes/clear", &json!({}));
    stage.control("POST", "mails/generate", &json!({ "count": 2, "size": 10 }));
    let after = graph.inbox();
    assert_eq!((before.len(), after.len()), (2, 2));
    assert!(after.iter().all(|id| !before.contains(id)), "{before:?} {after:?}");
    assert_eq!(graph.outcome("POST", &path, None).0, 404);
    assert_eq!(graph.inbox(), after);
}

#[test]
fn scopes_can_be_withheld_though_they_were_consented_to() {
    let stage = Stage::new();
    stage.control(
        "PATCH",
        "settings",
        &json!({ "withheld_scopes": ["Mail.ReadWrite.Shared"] }),
    );
    let scope = stage.redeem(&stage.code(), &[]).1["scope"]
        .as_str()
        .expect("scopes")
        .to_owned();
    assert!(scope.contains("Mail.ReadWrite") && !scope.contains("Shared"), "{scope}");
}

#[test]
fn bodies_can_come_in_chunks_and_connections_late() {
    let stage = Stage::new();
    stage.control(
        "PATCH",
        "settings",
        &json!({ "chunked": true, "connect_latency_ms": 120 }),
    );
    let graph = stage.graph();
    let begun = Instant::now();
    let response = graph.send("GET", "me/mailFolders/inbox", None);
    assert!(begun.elapsed() >= Duration::from_millis(120));
    assert_eq!(response.headers()["transfer-encoding"], "chunked");
    assert!(response.headers().get("content-length").is_none());
    assert!(response.text().expect("a body").ends_with('}'));
    let begun = Instant::now();
    assert_eq!(graph.outcome("GET", "me/mailFolders/inbox", None).0, 200);
    assert!(begun.elapsed() < Duration::from_millis(120), "the connection is kept");
}
