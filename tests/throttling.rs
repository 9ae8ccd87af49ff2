//! Throttling, faults and refused tokens against the sandbox: the right wait, the right class, within the budget, and never more
//! requests at a time than Exchange takes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected shall panic, in its helper functions, too"
)]

mod mailbox;

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use mailbox::TestMailbox;
use serde_json::{Value, json};
use squeeze_graph::base::failure::{Class, Detail, Error};
use squeeze_graph::graph::error::GraphError;
use squeeze_graph::graph::page::Page;
use squeeze_graph::graph::{attachments, messages};

const MESSAGE: &str = "GET /me/messages/{id}";

fn class(error: GraphError) -> (Class, bool) {
    match Error::from(error) {
        Error::Failure(failure) => (failure.class, failure.problem.retryable()),
        other => panic!("no failure: {other}"),
    }
}

#[test]
fn a_read_is_asked_again_after_the_wait_the_server_names() {
    let cases = [
        (
            "seconds",
            json!({ "status": 429, "headers": { "Retry-After": "1" } }),
            1000,
            2500,
        ),
        (
            "decimals",
            json!({ "status": 429, "headers": { "Retry-After": "0.3" } }),
            900,
            2500,
        ),
        ("no word", json!({ "status": 429 }), 200, 1500),
        (
            "503",
            json!({ "status": 503, "headers": { "Retry-After": "1" } }),
            1000,
            2500,
        ),
        ("504", json!({ "status": 504 }), 200, 1500),
        ("500", json!({ "status": 500 }), 200, 1500),
        (
            "an HTML page",
            json!({ "status": 502, "body": "<html>busy</html>" }),
            200,
            1500,
        ),
        (
            "an HTML page instead of JSON",
            json!({ "status": 200, "body": "<html>hello</html>" }),
            200,
            1500,
        ),
        ("a connection reset", json!({ "cut": "reset" }), 0, 1500),
        ("half a JSON", json!({ "truncate_after": 30 }), 200, 1500),
    ];
    for (name, mut rule, least, most) in cases {
        let mailbox = TestMailbox::new();
        mailbox.generate("inbox", 1, 10);
        let id = mailbox.ids("inbox").remove(0);
        rule["path"] = "/messages/".into();
        mailbox.fault(rule);
        let began = Instant::now();
        let message = messages::get(&mailbox.client(), &id, false).unwrap_or_else(|error| panic!("{name}: {error}"));
        let took = began.elapsed();
        assert_eq!(message.id, id);
        assert_eq!(mailbox.asked(MESSAGE), 2, "{name}");
        assert!(
            (Duration::from_millis(least)..Duration::from_millis(most)).contains(&took),
            "{name} took {took:?}"
        );
    }
}

#[test]
fn a_read_is_asked_again_at_the_instant_the_server_names() {
    let mailbox = TestMailbox::new();
    mailbox.generate("inbox", 1, 10);
    let id = mailbox.ids("inbox").remove(0);
    // Both are whole seconds by the server's clock, so that up to one is lost.
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(4));
    mailbox.fault(json!({ "path": "/messages/", "status": 429, "headers": { "Retry-After": date } }));
    let began = Instant::now();
    messages::get(&mailbox.client(), &id, false).unwrap();
    let took = began.elapsed();
    assert_eq!(mailbox.asked(MESSAGE), 2);
    assert!(
        (Duration::from_secs(2)..Duration::from_secs(8)).contains(&took),
        "it took {took:?}"
    );
}

#[test]
fn silence_lasts_no_longer_than_the_budget_where_it_is_a_repetition() {
    /// Idle limit, and budget.
    const LIMITS: (Duration, Duration) = (Duration::from_secs(4), Duration::from_secs(1));
    type Action = fn(&TestMailbox, &str) -> Option<GraphError>;
    let cases: [(&str, &str, Action); 5] = [
        ("a read", "/messages/", |mailbox, id| {
            messages::get(&mailbox.client(), id, false).err()
        }),
        ("a download", "/$value", |mailbox, id| {
            messages::mime(&mailbox.client(), id, None, &mut Vec::new()).err()
        }),
        ("a move", "/move", |mailbox, id| {
            messages::move_to(&mailbox.client(), id, "archive").err()
        }),
        ("a copy", "/copy", |mailbox, id| {
            messages::copy_to(&mailbox.client(), id, "archive").err()
        }),
        ("a batch", "$batch", |mailbox, id| {
            let ids = [id.to_owned(), mailbox.ids("inbox").remove(1)];
            messages::move_many(&mailbox.client(), &ids, "archive").remove(0).err()
        }),
    ];
    thread::scope(|scope| {
        for (name, path, action) in cases {
            scope.spawn(move || {
                let mailbox = TestMailbox::with_limits(LIMITS.1, LIMITS.0);
                mailbox.generate("inbox", 2, 10);
                let id = mailbox.ids("inbox").remove(0);
                // Silent for longer than anybody waits, and then it was not done. The look-up in between is answered.
                let contains = if path == "$batch" { "move" } else { "" };
                mailbox.fault(json!({
                    "path": path, "contains": contains, "count": null, "delay_ms": 9000, "status": 503,
                }));
                let began = Instant::now();
                let error = action(&mailbox, &id).unwrap_or_else(|| panic!("{name} went well"));
                let took = began.elapsed();
                assert_eq!(class(error).0, Class::Connection, "{name}");
                assert!(took >= LIMITS.0, "{name} took {took:?}");
                // Twice the idle limit, if the second attempt were as patient as the first.
                assert!(took < LIMITS.0 * 2, "{name} took {took:?}");
            });
        }
    });
}

#[test]
fn a_repeated_download_may_last_as_long_as_bytes_come() {
    let mailbox = TestMailbox::with_limits(Duration::from_secs(2), Duration::from_secs(5));
    mailbox.generate("inbox", 1, 6000);
    let id = mailbox.ids("inbox").remove(0);
    mailbox.fault(json!({ "path": "/$value", "status": 429, "headers": { "Retry-After": "1" } }));
    // 4 KB a second: longer than what is left of the budget.
    mailbox.fault(json!({ "path": "/$value", "drip": { "bytes": 800, "interval_ms": 200 } }));
    let mut bytes = Vec::new();
    let began = Instant::now();
    messages::mime(&mailbox.client(), &id, None, &mut bytes).unwrap();
    assert!(began.elapsed() > Duration::from_secs(2));
    assert!(bytes.len() > 8000);
}

#[test]
fn a_gateway_that_wants_a_sign_in_of_its_own_says_nothing_of_our_token() {
    let page = |headers: Value| {
        json!({
            "path": "/messages/", "status": 401, "stranger": true, "body": "<html>Please sign in</html>", "headers": headers,
        })
    };
    let cases = [
        (page(json!({})), 0),
        (page(json!({ "WWW-Authenticate": "Basic realm=\"guests\"" })), 0),
        // Graph may be short of words, too.
        (page(json!({ "WWW-Authenticate": "Bearer error=\"invalid_token\"" })), 1),
    ];
    for (rule, renewals) in cases {
        let mailbox = TestMailbox::new();
        mailbox.generate("inbox", 1, 10);
        let id = mailbox.ids("inbox").remove(0);
        mailbox.fault(rule.clone());
        messages::get(&mailbox.client(), &id, false).unwrap();
        assert_eq!(mailbox.asked(MESSAGE), 2, "{rule}");
        assert_eq!(mailbox.tokens.rejections.lock().unwrap().len(), renewals, "{rule}");
    }
    let mailbox = TestMailbox::with_limits(Duration::from_secs(1), Duration::from_secs(2));
    mailbox.generate("inbox", 1, 10);
    let id = mailbox.ids("inbox").remove(0);
    let mut for_ever = page(json!({}));
    for_ever["count"] = Value::Null;
    mailbox.fault(for_ever);
    let error = messages::get(&mailbox.client(), &id, false).unwrap_err();
    assert_eq!(class(error), (Class::Service, true));
}

#[test]
fn what_does_not_pass_is_reported_in_its_class_after_the_budget_is_used() {
    let for_ever = |mut rule: Value| {
        rule["count"] = Value::Null;
        rule["path"] = "/messages/".into();
        rule
    };
    let cases = [
        // A wait that is longer than the budget is not begun. Waits of our own are drawn, so that their number varies.
        (
            "429 for an hour",
            json!({ "status": 429, "headers": { "Retry-After": "3600" } }),
            Class::Throttled,
            true,
            1..=1,
        ),
        (
            "429 for ever",
            json!({ "status": 429, "headers": { "Retry-After": "1" } }),
            Class::Throttled,
            true,
            3..=3,
        ),
        (
            "503 for ever",
            json!({ "status": 503, "headers": { "Retry-After": "1" } }),
            Class::Service,
            true,
            3..=3,
        ),
        (
            "cut for ever",
            json!({ "cut": "close" }),
            Class::Connection,
            true,
            3..=4,
        ),
        ("silence", json!({ "delay_ms": 5000 }), Class::Connection, true, 2..=2),
        (
            "a drip",
            json!({ "drip": { "bytes": 1, "interval_ms": 100 } }),
            Class::Connection,
            true,
            2..=2,
        ),
        (
            "no right",
            json!({ "graph": { "status": 403, "code": "ErrorAccessDenied" } }),
            Class::AccessDenied,
            false,
            1..=1,
        ),
        (
            "too large",
            json!({ "graph": { "status": 413, "code": "RequestEntityTooLarge" } }),
            Class::Service,
            false,
            1..=1,
        ),
    ];
    for (name, rule, expected, retryable, asked) in cases {
        let mailbox = TestMailbox::with_limits(Duration::from_millis(2900), Duration::from_millis(500));
        mailbox.generate("inbox", 1, 10);
        let id = mailbox.ids("inbox").remove(0);
        mailbox.fault(for_ever(rule));
        let began = Instant::now();
        let error = messages::get(&mailbox.client(), &id, false).unwrap_err();
        let took = began.elapsed();
        assert_eq!(class(error), (expected, retryable), "{name}");
        let times = mailbox.asked(MESSAGE);
        assert!(asked.contains(&times), "{name} was asked {times} times");
        assert!(took < Duration::from_secs(5), "{name} took {took:?}");
    }
}

#[test]
fn a_throttled_call_says_when_to_come_back() {
    let mailbox = TestMailbox::new();
    mailbox.generate("inbox", 1, 10);
    mailbox.fault(json!({ "path": "/messages", "status": 429, "headers": { "Retry-After": "600" } }));
    let error = messages::page(&mailbox.client(), "inbox", None, None, 1).unwrap_err();
    let at = error.at;
    let Error::Failure(failure) = Error::from(error) else {
        panic!("no failure")
    };
    assert_eq!(failure.detail, Detail::RetryAt(at.plus(600)));
}

#[test]
fn a_refused_token_is_renewed_once_and_the_request_made_once_more() {
    let mailbox = TestMailbox::new();
    mailbox.generate("inbox", 1, 10);
    let id = mailbox.ids("inbox").remove(0);
    let unauthorized =
        json!({ "path": "/messages/", "graph": { "status": 401, "code": "InvalidAuthenticationToken" } });
    mailbox.fault(unauthorized.clone());
    messages::get(&mailbox.client(), &id, false).unwrap();
    assert_eq!(mailbox.asked(MESSAGE), 2);
    assert_eq!(mailbox.tokens.rejections.lock().unwrap().len(), 1);

    let mut for_ever = unauthorized;
    for_ever["count"] = Value::Null;
    mailbox.fault(for_ever);
    mailbox.control("DELETE", "counters", Value::Null);
    let error = messages::get(&mailbox.client(), &id, false).unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 401);
    assert_eq!(mailbox.asked(MESSAGE), 2);
    assert_eq!(mailbox.tokens.rejections.lock().unwrap().len(), 2);
}

#[test]
fn a_claims_challenge_reaches_the_keeper_of_the_tokens_also_from_within_a_batch() {
    let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#;
    let mailbox = TestMailbox::new();
    mailbox.generate("inbox", 3, 10);
    let ids = mailbox.ids("inbox");
    mailbox.fault(json!({ "path": "/messages/", "claims_challenge": claims }));
    messages::get(&mailbox.client(), &ids[0], false).unwrap();
    let rejections = mailbox.tokens.rejections.lock().unwrap().clone();
    assert_eq!(rejections.len(), 1);
    assert!(
        rejections[0]
            .iter()
            .any(|challenge| challenge.contains("insufficient_claims")),
        "{rejections:?}"
    );

    mailbox.fault(json!({ "path": "/move", "claims_challenge": claims }));
    let moved = messages::move_many(&mailbox.client(), &ids, "archive");
    assert!(moved.iter().all(Result::is_ok), "{moved:?}");
    assert!(mailbox.messages("archive").iter().all(|message| message["moves"] == 1));
    assert_eq!(mailbox.tokens.rejections.lock().unwrap().len(), 2);
}

#[test]
fn never_more_than_four_requests_are_in_flight_and_none_is_refused() {
    let mailbox = TestMailbox::new();
    mailbox.generate("inbox", 40, 2000);
    mailbox.control("PATCH", "settings", json!({ "latency_ms": 15 }));
    let ids = mailbox.ids("inbox");
    thread::scope(|scope| {
        for chunk in ids.chunks(4) {
            let client = mailbox.client();
            scope.spawn(move || {
                for id in chunk {
                    let mut bytes = Vec::new();
                    messages::mime(&client, id, None, &mut bytes).unwrap();
                    assert_eq!(attachments::list(&client, id).unwrap().len(), 1);
                }
                let chunk: Vec<String> = chunk.to_vec();
                assert!(
                    messages::move_many(&client, &chunk, "archive")
                        .iter()
                        .all(Result::is_ok)
                );
            });
        }
    });
    let counters = mailbox.control("GET", "counters", Value::Null);
    for (lane, seen) in counters["mailboxes"].as_object().unwrap() {
        assert_eq!(seen["refused"], 0, "{lane}");
        assert!(seen["max"].as_u64().unwrap() <= 4, "{lane}: {seen}");
    }
    assert!(counters["connections"].as_u64().unwrap() <= 5, "{counters}");
    assert_eq!(mailbox.ids("archive").len(), 40);
}

#[test]
fn a_cancelled_call_stops_waiting_within_a_moment() {
    let mailbox = TestMailbox::new();
    mailbox.generate("inbox", 1, 10);
    mailbox.fault(json!({ "path": "/messages", "status": 429, "count": null, "headers": { "Retry-After": "5" } }));
    let client = mailbox.client();
    let (began, outcome) = thread::scope(|scope| {
        let waiting = scope.spawn(|| messages::page(&client, "inbox", None, None, 1).map(|_| ()));
        while mailbox.asked("GET /me/mailFolders/{id}/messages") == 0 {
            thread::yield_now();
        }
        thread::sleep(Duration::from_millis(100));
        mailbox.cancel.cancel();
        (Instant::now(), waiting.join().unwrap())
    });
    assert!(outcome.unwrap_err().is_cancelled());
    assert!(began.elapsed() < Duration::from_millis(200));
    let error = messages::page(&client, "inbox", None, None, 1).unwrap_err();
    assert!(error.is_cancelled());
    assert_eq!(mailbox.asked("GET /me/mailFolders/{id}/messages"), 1);
}

#[test]
fn a_token_goes_nowhere_but_to_graph() {
    let mailbox = TestMailbox::new();
    mailbox.generate("inbox", 1, 10);
    let before = mailbox.requests();
    for link in [
        "https://graph.microsoft.com/v1.0/me/messages",
        "http://127.0.0.1:1/graph/v1.0/me",
        "not a link",
    ] {
        let error = mailbox.client().next::<Page<Value>>(link).unwrap_err();
        assert_eq!(class(error).0, Class::Service, "{link}");
    }
    assert_eq!(mailbox.requests(), before);
}

#[test]
fn pages_that_lead_in_a_circle_end_with_an_error() {
    let mailbox = TestMailbox::new();
    mailbox.generate("inbox", 30, 10);
    let first: Page<Value> = mailbox
        .client()
        .get(&["mailFolders", "inbox", "messages"], &[], &[])
        .unwrap();
    let circle = json!({ "@odata.nextLink": first.next.unwrap() });
    mailbox.fault(json!({ "path": "$skip", "count": null, "patch_json": { "set": circle } }));
    let all = mailbox
        .client()
        .all::<Value>(&["mailFolders", "inbox", "messages"], &[], &[]);
    assert!(all.unwrap_err().to_string().contains("circle"));
}

#[test]
fn a_refusal_holds_for_everybody_who_asks_on_that_mailbox() {
    let mailbox = TestMailbox::new();
    mailbox.generate("inbox", 4, 10);
    let ids = mailbox.ids("inbox");
    mailbox.fault(json!({ "path": "/messages/", "status": 429, "headers": { "Retry-After": "1" } }));
    thread::scope(|scope| {
        let client = mailbox.client();
        scope.spawn(move || messages::get(&client, "none", false).unwrap_err());
        // The wait is paid for as soon as the refusal has been read.
        while mailbox.budget.left() == Duration::from_secs(10) {
            thread::yield_now();
        }
        thread::sleep(Duration::from_millis(300));
        for id in &ids {
            let client = mailbox.client();
            scope.spawn(move || messages::get(&client, id, false).unwrap());
        }
    });
    let asked = mailbox.control("GET", "requests", Value::Null);
    let asked = asked["requests"].as_array().unwrap();
    let refused = asked.iter().find(|request| request["status"] == 429).unwrap();
    let end = refused["answered_ms"].as_u64().unwrap() + 1000;
    let others = asked
        .iter()
        .filter(|request| request["number"].as_u64() > refused["number"].as_u64());
    let early = others.filter(|request| request["asked_ms"].as_u64().unwrap() < end);
    assert_eq!(early.count(), 0, "{asked:#?}");
    assert!(
        mailbox.budget.left() > Duration::from_secs(8),
        "one wait was paid several times"
    );
}
