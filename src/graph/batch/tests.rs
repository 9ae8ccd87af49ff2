//! Batches against answers that are written out: any order, items missing, each with a wait of its own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::HeaderMap;
use url::Url;

use super::*;
use crate::base::budget::Budget;
use crate::base::cancel::CancelToken;
use crate::base::clock::SystemClock;
use crate::base::failure;
use crate::base::log::NoLog;
use crate::base::random::OsRandom;
use crate::base::secret::Secret;
use crate::graph::client::Environment;
use crate::graph::path::Mailbox;
use crate::graph::tokens::Tokens;
use crate::transport::{Request, Response, Transport, TransportError};

/// Answers one after the other and keeps what was asked.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<(u16, Value)>>,
    asked: Mutex<Vec<Value>>,
}

impl Transport for Script {
    fn send(&self, request: Request, _cancel: &CancelToken) -> Result<Response, TransportError> {
        assert_eq!(request.url.path(), "/v1.0/$batch");
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        self.asked.lock().unwrap().push(body);
        let (status, body) = self
            .answers
            .lock()
            .unwrap()
            .pop_front()
            .expect("no more requests were expected");
        Ok(Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Box::new(std::io::Cursor::new(body.to_string().into_bytes())),
        })
    }
}

struct OneToken;

impl Tokens for OneToken {
    fn current(&self) -> failure::Result<Secret> {
        Ok(Secret::new("token"))
    }

    fn after_rejection(&self, _rejected: &Secret, _challenges: &[String]) -> failure::Result<Secret> {
        self.current()
    }
}

fn scripted(budget: Duration, answers: impl IntoIterator<Item = (u16, Value)>) -> (Client, Arc<Script>) {
    let script = Arc::new(Script {
        answers: Mutex::new(answers.into_iter().collect()),
        ..Script::default()
    });
    let environment = Environment {
        transport: script.clone(),
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
        log: Arc::new(NoLog),
        cancel: CancelToken::new(),
        budget: Arc::new(Budget::new(budget)),
        concurrency: 4,
        idle: Duration::from_secs(1),
    };
    let root = Url::parse("https://graph.example/v1.0").unwrap();
    let client = Client::new(environment, root, Mailbox::Me, "scripted", Arc::new(OneToken));
    (client, script)
}

fn ok(id: &str) -> Value {
    json!({ "id": id, "status": 200, "body": { "of": id } })
}

fn refused(id: &str, status: u16, retry_after: Option<Value>) -> Value {
    let headers = retry_after.map_or_else(|| json!({}), |wait| json!({ "retry-after": wait }));
    json!({ "id": id, "status": status, "headers": headers, "body": { "error": { "code": "Code" } } })
}

fn answer(items: &[Value]) -> (u16, Value) {
    (200, json!({ "responses": items }))
}

fn gets(count: usize) -> Vec<BatchRequest> {
    let get = |index: usize| BatchRequest::get(&["messages", &index.to_string()], &[("$select", "id")]);
    (0..count).map(get).collect()
}

fn moves(count: usize) -> Vec<BatchRequest> {
    let post = |index: usize| BatchRequest::post(&["messages", &index.to_string(), "move"], json!({}));
    (0..count).map(post).collect()
}

fn ids(asked: &Value) -> Vec<&str> {
    let items = asked["requests"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[test]
fn answers_in_any_order_find_their_items() {
    let (client, _) = scripted(Duration::ZERO, [answer(&[ok("2"), ok("0"), ok("1")])]);
    let outcomes = client.batch(&gets(3));
    let of: Vec<Value> = outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap()["of"].clone())
        .collect();
    assert_eq!(of, ["0", "1", "2"]);
}

#[test]
fn each_item_is_relative_and_carries_its_own_preferences() {
    let (client, script) = scripted(Duration::ZERO, [answer(&[ok("0")]), answer(&[ok("0")])]);
    client.batch(&gets(1));
    client.batch(&moves(1));
    let asked = script.asked.lock().unwrap();
    let item = &asked[0]["requests"][0];
    assert_eq!(item["url"], "/me/messages/0?$select=id");
    assert_eq!(item["headers"], json!({ "Prefer": "IdType=\"ImmutableId\"" }));
    let item = &asked[1]["requests"][0];
    assert_eq!(item["method"], "POST");
    assert_eq!(item["headers"]["Content-Type"], "application/json");
}

#[test]
fn more_than_twenty_go_in_several_requests() {
    let twenty: Vec<Value> = (0..20).map(|index| ok(&index.to_string())).collect();
    let (client, script) = scripted(Duration::ZERO, [answer(&twenty), answer(&[ok("0")])]);
    assert_eq!(
        client.batch(&gets(21)).iter().filter(|outcome| outcome.is_ok()).count(),
        21
    );
    assert_eq!(script.asked.lock().unwrap().len(), 2);
}

#[test]
fn only_throttled_items_are_asked_again_after_the_longest_of_their_waits() {
    let first = [
        refused("0", 429, Some(json!("0"))),
        ok("1"),
        refused("2", 429, Some(json!(1))),
    ];
    let (client, script) = scripted(Duration::from_secs(5), [answer(&first), answer(&[ok("0"), ok("2")])]);
    let began = Instant::now();
    let outcomes = client.batch(&moves(3));
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(ids(&script.asked.lock().unwrap()[1]), ["0", "2"]);
}

#[test]
fn a_wait_beyond_the_budget_gives_the_item_its_own_error_and_the_others_their_answers() {
    let first = [refused("0", 429, Some(json!("60"))), ok("1")];
    let (client, _) = scripted(Duration::from_secs(5), [answer(&first)]);
    let outcomes = client.batch(&moves(2));
    let error = outcomes[0].as_ref().unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::TOO_MANY_REQUESTS));
    assert_eq!(error.refusal().unwrap().retry_after, Some(Duration::from_mins(1)));
    assert!(outcomes[1].is_ok());
}

#[test]
fn a_change_that_may_have_happened_is_not_made_again_but_a_read_is() {
    let failing = || answer(&[refused("0", 504, None)]);
    let (client, script) = scripted(Duration::from_secs(5), [failing()]);
    let outcome = client.batch(&moves(1)).remove(0).unwrap_err();
    assert_eq!(outcome.executed, Executed::Maybe);
    assert_eq!(script.asked.lock().unwrap().len(), 1);

    let (client, script) = scripted(Duration::from_secs(5), [failing(), answer(&[ok("0")])]);
    assert!(client.batch(&gets(1)).remove(0).is_ok());
    assert_eq!(script.asked.lock().unwrap().len(), 2);
}

#[test]
fn an_item_without_an_answer_may_have_been_executed() {
    let (client, script) = scripted(Duration::ZERO, [answer(&[ok("1")])]);
    let outcomes = client.batch(&moves(2));
    assert_eq!(outcomes[0].as_ref().unwrap_err().executed, Executed::Maybe);
    assert!(outcomes[1].is_ok());
    assert_eq!(script.asked.lock().unwrap().len(), 1);
}

#[test]
fn a_refused_batch_is_refused_for_each_item() {
    let (client, _) = scripted(Duration::ZERO, [(400, json!({ "error": { "code": "BadRequest" } }))]);
    for outcome in client.batch(&moves(3)) {
        let error = outcome.unwrap_err();
        assert_eq!(
            (error.status(), error.executed),
            (Some(StatusCode::BAD_REQUEST), Executed::No)
        );
    }
}

#[test]
fn what_can_be_no_id_is_not_asked_for() {
    let (client, script) = scripted(Duration::ZERO, [answer(&[ok("1")])]);
    let mut requests = gets(2);
    requests[0].path[1] = "..".to_owned();
    let outcomes = client.batch(&requests);
    assert!(outcomes[0].as_ref().unwrap_err().is_not_found());
    assert!(outcomes[1].is_ok());
    assert_eq!(ids(&script.asked.lock().unwrap()[0]), ["1"]);
}
