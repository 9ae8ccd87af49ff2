//! One refresh at a time per account, over processes: this test binary starts itself again as many processes.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use squeeze_graph::base::clock::SystemClock;
use squeeze_graph::service::sign_in::{Callback, exchange_code};
use squeeze_graph::service::tokens;

use crate::support::{House, SESSION, context, name};

/// Names the store for a process that is only to fetch a token and print it.
const STORE: &str = "SQUEEZE_GRAPH_TEST_STORE";

/// The callback that such a process is to finish a sign-in with instead, as JSON.
const CALLBACK: &str = "SQUEEZE_GRAPH_TEST_CALLBACK";

/// Does nothing in the parent; in a child it is the whole program.
#[test]
fn child() {
    let Ok(store) = std::env::var(STORE) else {
        return;
    };
    let context = context(Path::new(&store), Arc::new(SystemClock));
    if let Ok(callback) = std::env::var(CALLBACK) {
        let callback: Callback = serde_json::from_str(&callback).unwrap();
        let _ = exchange_code(&context, &callback, SESSION);
        return;
    }
    let token = tokens::access_token(&context, &name("invoices"), 300, None);
    match token {
        Ok(token) => println!("token={}", token.expose()),
        Err(error) => println!("error={error}"),
    }
}

/// A process that fetches a token, or finishes a sign-in.
pub fn start(house: &House, callback: Option<&Callback>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    if let Some(callback) = callback {
        command.env(CALLBACK, serde_json::to_string(callback).unwrap());
    }
    command
        .args(["--exact", "one_at_a_time::child", "--nocapture", "--test-threads=1"])
        .env(STORE, house.folder.path().join("store.sqlite"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What a child printed.
fn outcome(child: Child) -> String {
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let line = output
        .lines()
        .find_map(|line| line.split_once("token=").or(line.split_once("error=")));
    line.map_or_else(|| panic!("no outcome in {output:?}"), |(_, value)| value.to_owned())
}

#[test]
fn sixteen_processes_with_an_ended_token_ask_once_a_round() {
    let house = House::new();
    let account = house.signed_in("invoices");
    for round in 1..=3 {
        house.expire(&account);
        house.fault(&json!({ "path": "/token", "delay_ms": 200 }));
        let children: Vec<Child> = (0..16).map(|_| start(&house, None)).collect();
        let tokens: Vec<String> = children.into_iter().map(outcome).collect();
        let token = house.token(&account);
        assert!(tokens.iter().all(|other| *other == token), "{tokens:?}");
        assert_eq!(house.refreshes(), round);
    }
}

#[test]
fn waiting_processes_take_the_failure_too() {
    let house = House::new();
    let account = house.signed_in("invoices");
    house.expire(&account);
    house.fault(&json!({ "path": "/token", "count": null, "delay_ms": 400, "status": 503, "headers": { "Retry-After": "60" }, "body": "" }));
    let children: Vec<Child> = (0..8).map(|_| start(&house, None)).collect();
    for outcome in children.into_iter().map(outcome) {
        assert!(!outcome.is_empty());
    }
    assert_eq!(house.refreshes(), 1);
}

#[test]
fn a_killed_holder_is_taken_over_at_once() {
    let house = House::new();
    let account = house.signed_in("invoices");
    house.expire(&account);
    house.fault(&json!({ "path": "/token", "delay_ms": 20_000 }));
    let mut holder = start(&house, None);
    house.wait_for("refresh_token");
    holder.kill().unwrap();
    holder.wait().unwrap();
    let begun = Instant::now();
    house.token(&account);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(house.refreshes(), 2);
}
