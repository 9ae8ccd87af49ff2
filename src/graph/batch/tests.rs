//! Batches against answers that are written out: any order, items missing, each with a wait of its own.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

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
use crate::graph::tokens::{Renewed, Tokens};
use crate::transport::{Request, Response, Transport, TransportError};

/// Answers one after the other and keeps what was asked.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<(u16, Value)>>,
    /// Of every answer.
    headers: HeaderMap,
    asked: Mutex<Vec<Value>>,
    deadlines: Mutex<Vec<Option<Duration>>>,
}

impl Transport for Script {
    fn send(&self, request: Request, _cancel: &CancelToken) -> Result<Response, TransportError> {
        assert_eq!(request.url.path(), "/v1.0/$batch");
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        self.asked.lock().unwrap().push(body);
        self.deadlines.lock().unwrap().push(request.deadline);
        let (status, body) = self
            .answers
            .lock()
            .unwrap()
            .pop_front()
            .expect("no more requests were expected");
        Ok(Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: self.headers.clone(),
            body: Box::new(std::io::Cursor::new(body.to_string().into_bytes())),
        })
    }
}

/// Hands out one token after the other, as if somebody else renewed each time, and keeps which of them were refused.
#[derive(Default)]
struct EverNewTokens {
    handed: AtomicUsize,
    refused: Mutex<Vec<String>>,
}

impl Tokens for EverNewTokens {
    fn current(&self) -> failure::Result<Secret> {
        let number = self.handed.fetch_add(1, Ordering::SeqCst);
        Ok(Secret::new(format!("token {number}")))
    }

    fn after_rejection(&self, rejected: &Secret, _challenges: &[String]) -> failure::Result<Renewed> {
        self.refused.lock().unwrap().push(rejected.expose().to_owned());
        Ok(Renewed {
            token: self.current()?,
            answers: false,
        })
    }
}

fn scripted(budget: Duration, answers: impl IntoIterator<Item = (u16, Value)>) -> (Client, Arc<Script>) {
    let (client, script, _) = scripted_at(budget, HeaderMap::new(), answers);
    (client, script)
}

/// The same with header fields of the outer answers, and the tokens that the requests carry.
fn scripted_at(
    budget: Duration,
    headers: HeaderMap,
    answers: impl IntoIterator<Item = (u16, Value)>,
) -> (Client, Arc<Script>, Arc<EverNewTokens>) {
    let script = Arc::new(Script {
        answers: Mutex::new(answers.into_iter().collect()),
        headers,
        ..Script::default()
    });
    let tokens = Arc::new(EverNewTokens::default());
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
    let client = Client::new(environment, root, Mailbox::Me, &["scripted".to_owned()], tokens.clone());
    (client, script, tokens)
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
fn an_item_that_must_wait_too_long_does_not_take_the_others_with_it() {
    let first = [
        refused("0", 429, Some(json!("60"))),
        refused("1", 429, Some(json!("0"))),
        refused("2", 429, Some(json!("3600"))),
    ];
    let (client, script) = scripted(Duration::from_secs(5), [answer(&first), answer(&[ok("1")])]);
    let outcomes = client.batch(&moves(3));
    let wait = |index: usize| outcomes[index].as_ref().unwrap_err().refusal().unwrap().retry_after;
    assert_eq!(
        (wait(0), wait(2)),
        (Some(Duration::from_mins(1)), Some(Duration::from_hours(1)))
    );
    assert!(outcomes[1].is_ok());
    assert_eq!(ids(&script.asked.lock().unwrap()[1]), ["1"]);
}

#[test]
fn a_repeated_batch_takes_no_longer_than_the_budget_lasts() {
    let throttled = || answer(&[refused("0", 429, Some(json!("0")))]);
    let (client, script) = scripted(Duration::from_secs(2), [throttled(), throttled(), answer(&[ok("0")])]);
    assert!(client.batch(&moves(1)).remove(0).is_ok());
    let deadlines = script.deadlines.lock().unwrap();
    assert_eq!(deadlines[0], Some(Duration::from_secs(3)), "three idle limits");
    assert!(
        deadlines[1..]
            .iter()
            .all(|deadline| *deadline < Some(Duration::from_secs(2))),
        "{deadlines:?}"
    );
}

#[test]
fn a_date_to_come_back_at_is_read_against_the_server_s_own_clock() {
    // The server is hours away from our clock.
    let now = SystemTime::now();
    let away = Duration::from_hours(2);
    for server in [now - away, now + away] {
        let date = |seconds| httpdate::fmt_http_date(server + Duration::from_secs(seconds));
        let headers = HeaderMap::from_iter([(DATE, date(0).parse().unwrap())]);
        let first = answer(&[refused("0", 429, Some(json!(date(40))))]);
        let (client, _, _) = scripted_at(Duration::from_secs(1), headers, [first]);
        let error = client.batch(&moves(1)).remove(0).unwrap_err();
        let wait = error.refusal().unwrap().retry_after;
        assert_eq!(wait, Some(Duration::from_secs(40)), "{}", date(0));
    }
}

#[test]
fn what_is_refused_is_the_token_that_the_batch_carried() {
    let unauthorized = || answer(&[refused("0", 401, None)]);
    let answers = [unauthorized(), unauthorized(), unauthorized()];
    let (client, script, tokens) = scripted_at(Duration::ZERO, HeaderMap::new(), answers);
    let error = client.batch(&moves(1)).remove(0).unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::UNAUTHORIZED));
    // Somebody else had renewed the first time, so there is one more try; then it is enough.
    assert_eq!(script.asked.lock().unwrap().len(), 3);
    assert_eq!(*tokens.refused.lock().unwrap(), ["token 0", "token 2"]);
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
