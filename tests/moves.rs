//! Moving and copying against the sandbox: one effect each, whatever becomes of the answer.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected shall panic, in its helper functions, too"
)]

mod mailbox;

use std::time::Duration;

use mailbox::TestMailbox;
use serde_json::json;
use squeeze_graph::graph::messages;

/// What may happen to a request and its answer, and how often the move is asked for then.
fn mishaps() -> [(&'static str, serde_json::Value, u64); 12] {
    [
        ("nothing", json!({ "path": "/nowhere" }), 1),
        ("done, answer cut off", json!({ "execute": true, "cut": "close" }), 1),
        ("done, answer reset", json!({ "execute": true, "cut": "reset" }), 1),
        (
            "done, half an answer",
            json!({ "execute": true, "truncate_after": 20 }),
            1,
        ),
        ("done, answered 500", json!({ "execute": true, "status": 500 }), 1),
        ("done, answered 504", json!({ "execute": true, "status": 504 }), 1),
        ("done, silent", json!({ "execute": true, "delay_ms": 3000 }), 1),
        (
            "done, a byte now and then",
            json!({ "execute": true, "drip": { "bytes": 1, "interval_ms": 100 } }),
            1,
        ),
        ("not done, answered 503", json!({ "status": 503 }), 2),
        (
            "not done, throttled",
            json!({ "status": 429, "headers": { "Retry-After": "0" } }),
            2,
        ),
        ("not done, cut off", json!({ "cut": "close" }), 2),
        (
            "not done, changed by somebody else",
            json!({ "graph": { "status": 412, "code": "ErrorIrresolvableConflict" } }),
            2,
        ),
    ]
}

fn with_path(mut rule: serde_json::Value, path: &str) -> serde_json::Value {
    let fields = rule.as_object_mut().unwrap();
    if !fields.contains_key("path") {
        fields.insert("path".to_owned(), path.into());
        fields.insert("method".to_owned(), "POST".into());
    }
    rule
}

#[test]
fn a_move_happens_once_whatever_becomes_of_its_answer() {
    for (name, rule, asked) in mishaps() {
        let mailbox = TestMailbox::new();
        mailbox.generate("inbox", 2, 10);
        let target = mailbox.folder_id("archive");
        let id = mailbox.ids("inbox").remove(0);
        mailbox.fault(with_path(rule, "/move"));
        let moved = messages::move_to(&mailbox.client(), &id, &target).unwrap();
        assert_eq!(
            (moved.id.as_str(), moved.folder_id.as_str()),
            (id.as_str(), target.as_str()),
            "{name}"
        );
        assert_eq!(mailbox.asked("POST /me/messages/{id}/move"), asked, "{name}");
        assert_eq!(mailbox.ids("archive"), [id], "{name}");
        assert_eq!(mailbox.messages("archive")[0]["moves"], 1, "{name}");
        assert_eq!(mailbox.ids("inbox").len(), 1, "{name}");
    }
}

#[test]
fn a_lost_move_to_a_well_known_name_is_recognised() {
    let mailbox = TestMailbox::new();
    mailbox.generate("inbox", 1, 10);
    let id = mailbox.ids("inbox").remove(0);
    mailbox.fault(json!({ "path": "/move", "execute": true, "cut": "close" }));
    messages::delete(&mailbox.client(), &id, false).unwrap();
    assert_eq!(mailbox.asked("POST /me/messages/{id}/move"), 1);
    assert_eq!(mailbox.ids("deleteditems"), [id]);
}

#[test]
fn a_copy_happens_once_whatever_becomes_of_its_answer() {
    for (name, rule, asked) in mishaps() {
        let mailbox = TestMailbox::new();
        mailbox.generate("inbox", 2, 10);
        let target = mailbox.folder_id("archive");
        let id = mailbox.ids("inbox").remove(0);
        // A copy made earlier must not be taken for the one that was lost.
        let earlier = messages::copy_to(&mailbox.client(), &id, &target).unwrap();
        mailbox.control("DELETE", "counters", json!(null));
        mailbox.fault(with_path(rule, "/copy"));
        let copy = messages::copy_to(&mailbox.client(), &id, &target).unwrap();
        assert_ne!(copy.id, id, "{name}");
        assert_ne!(copy.id, earlier.id, "{name}");
        assert_eq!(copy.folder_id, target, "{name}");
        assert_eq!(mailbox.asked("POST /me/messages/{id}/copy"), asked, "{name}");
        assert_eq!(mailbox.ids("archive").len(), 2, "{name}");
        assert_eq!(mailbox.ids("inbox").len(), 2, "{name}");
    }
}

#[test]
fn a_message_that_is_gone_is_not_found_and_not_asked_for_twice() {
    let mailbox = TestMailbox::new();
    mailbox.generate("inbox", 1, 10);
    let id = mailbox.ids("inbox").remove(0);
    mailbox.control("POST", "messages/delete", json!({ "id": id }));
    let error = messages::move_to(&mailbox.client(), &id, "archive").unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert_eq!(mailbox.requests(), 1);
}

#[test]
fn many_moves_take_a_request_for_twenty_and_answer_in_order() {
    let mailbox = TestMailbox::new();
    mailbox.generate("inbox", 45, 10);
    let target = mailbox.folder_id("archive");
    let mut ids = mailbox.ids("inbox");
    mailbox.control("POST", "messages/delete", json!({ "id": ids[3] }));
    mailbox.control("DELETE", "counters", json!(null));
    // One that is named twice is moved once and answers twice.
    ids.push(ids[0].clone());
    let outcomes = messages::move_many(&mailbox.client(), &ids, &target);
    assert_eq!(outcomes.len(), 46);
    for (index, (id, outcome)) in ids.iter().zip(&outcomes).enumerate() {
        match outcome {
            Ok(message) => assert_eq!(&message.id, id),
            Err(error) => assert!(index == 3 && error.is_not_found(), "{index}: {error}"),
        }
    }
    assert_eq!(mailbox.ids("archive").len(), 44);
    assert!(mailbox.messages("archive").iter().all(|message| message["moves"] == 1));
    assert_eq!(mailbox.asked("POST /$batch"), 3);
    assert_eq!(mailbox.requests(), 3);
}

#[test]
fn many_moves_whose_answers_are_lost_happen_once_each() {
    for (name, rule) in [
        (
            "done, cut off",
            json!({ "path": "$batch", "execute": true, "cut": "close" }),
        ),
        (
            "done, half an answer",
            json!({ "path": "$batch", "execute": true, "truncate_after": 500 }),
        ),
        (
            "done, silent",
            json!({ "path": "$batch", "execute": true, "delay_ms": 3000 }),
        ),
        (
            "done, a byte now and then",
            json!({ "path": "$batch", "execute": true, "drip": { "bytes": 1, "interval_ms": 100 } }),
        ),
        ("not done, 503", json!({ "path": "$batch", "status": 503 })),
        (
            "throttled",
            json!({ "path": "$batch", "status": 429, "headers": { "Retry-After": "1" } }),
        ),
        (
            "items throttled",
            json!({ "path": "/move", "status": 429, "count": 5, "headers": { "Retry-After": "1" } }),
        ),
        ("items failing", json!({ "path": "/move", "status": 503, "count": 5 })),
        (
            "items in conflict",
            json!({ "path": "/move", "count": 5, "graph": { "status": 412, "code": "ErrorIrresolvableConflict" } }),
        ),
        (
            "items done and failing",
            json!({ "path": "/move", "execute": true, "status": 504, "count": 5 }),
        ),
    ] {
        let mailbox = TestMailbox::with_limits(Duration::from_secs(20), Duration::from_secs(2));
        mailbox.generate("inbox", 20, 10);
        let target = mailbox.folder_id("archive");
        let ids = mailbox.ids("inbox");
        mailbox.fault(rule);
        let outcomes = messages::move_many(&mailbox.client(), &ids, &target);
        for (id, outcome) in ids.iter().zip(outcomes) {
            let moved = outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!((&moved.id, &moved.folder_id), (id, &target), "{name}");
        }
        let there = mailbox.messages("archive");
        assert_eq!(there.len(), 20, "{name}");
        assert!(there.iter().all(|message| message["moves"] == 1), "{name}");
    }
}

#[test]
fn what_a_change_answers_with_is_shown_as_in_a_list_without_its_body() {
    let mailbox = TestMailbox::new();
    mailbox.generate("inbox", 3, 10);
    let ids = mailbox.ids("inbox");
    let client = mailbox.client();
    let change = messages::MessageChange {
        is_read: Some(true),
        ..messages::MessageChange::default()
    };
    let mut changed = vec![
        messages::update(&client, &ids[0], &change).unwrap(),
        messages::copy_to(&client, &ids[0], "archive").unwrap(),
        messages::move_to(&client, &ids[0], "archive").unwrap(),
    ];
    changed.extend(
        messages::move_many(&client, &ids[1..], "archive")
            .into_iter()
            .map(Result::unwrap),
    );
    assert_eq!(changed.len(), 5);
    for message in changed {
        assert!(message.subject.is_some());
        assert_eq!((message.body, message.body_type, message.headers), (None, None, None));
    }
}
