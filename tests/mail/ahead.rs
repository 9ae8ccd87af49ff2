//! Attachments that come with their message: for the call right after it, and as nothing else than a list of their own would be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use squeeze_graph::base::clock::{Clock, SystemClock, UtcInstant};
use squeeze_graph::base::failure::Class;
use squeeze_graph::graph::value::Attachment;
use squeeze_graph::service::context::Context;
use squeeze_graph::service::folders::find_folder;
use squeeze_graph::service::messages::{
    MessageChange, delete_message, get_message, list_attachments, move_message, save_mime, update_message,
};

use crate::support::{World, failure};

/// Brings a mail with these parts; its id.
fn deliver(world: &World, parts: &[String], references: &Value) -> String {
    let mut mime = "From: a@example.com\r\nSubject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n\
        --x\r\nContent-Type: text/html\r\n\r\n<img src=\"cid:logo\">\r\n"
        .to_owned();
    for part in parts {
        mime.push_str(part);
    }
    mime.push_str("--x--\r\n");
    let mail = json!({ "folder": "/Posteingang", "mime": mime, "references": references });
    let id = world.control("POST", "mails", &mail)["immutableId"].clone();
    id.as_str().unwrap().to_owned()
}

fn file(name: &str) -> String {
    format!(
        "--x\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename={name}\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n"
    )
}

fn picture() -> String {
    "--x\r\nContent-Type: image/png; name=logo.png\r\nContent-Disposition: inline\r\nContent-ID: <logo>\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n"
        .to_owned()
}

fn mail() -> String {
    "--x\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=inner.eml\r\n\r\n\
    From: b@example.com\r\nSubject: inner\r\n\r\nhello\r\n"
        .to_owned()
}

/// The attachments as a process lists them that did nothing before, which is asking for them.
fn asked_for(world: &World, id: &str) -> Vec<Attachment> {
    let (list, requests) = world.requests(|| list_attachments(&world.context(), &world.name(), id).unwrap());
    assert!(requests > 0);
    list
}

#[test]
fn a_message_and_its_attachments_are_one_request_and_the_same_list() {
    let world = World::new();
    let link = json!([{ "name": "plan.docx", "url": "https://cloud.example/plan", "size": 9 }]);
    let none = json!([]);
    let many: Vec<String> = (0..20).map(|number| file(&format!("{number}.pdf"))).collect();
    let cases = [
        ("none", vec![], &none, 1),
        ("a file", vec![file("a.pdf")], &none, 1),
        ("a picture in the text", vec![picture()], &none, 1),
        ("all kinds", vec![picture(), mail(), file("a.pdf")], &link, 1),
        // As many as might not be all.
        ("very many", many, &none, 2),
    ];
    for (name, parts, references, expected) in cases {
        let id = deliver(&world, &parts, references);
        let context = world.context();
        let (list, requests) = world.requests(|| {
            get_message(&context, &world.name(), &id, false).unwrap();
            list_attachments(&context, &world.name(), &id).unwrap()
        });
        assert_eq!(requests, expected, "{name}");
        assert_eq!(list, asked_for(&world, &id), "{name}");
        assert_eq!(list.len(), parts.len() + references.as_array().unwrap().len(), "{name}");
    }
}

/// A clock that stands still unless it is put forward, however busy the machine is.
#[derive(Default)]
struct Later(AtomicU64);

impl Later {
    fn forward(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for Later {
    fn now(&self) -> UtcInstant {
        SystemClock.now()
    }

    fn since_boot(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

#[test]
fn they_are_for_the_next_call_only_and_for_a_few_seconds() {
    type Between = fn(&World, &Context, &str, &Later);
    let world = World::new();
    let other = world.account("anderes", |_| {});
    let cases: [(&str, Between, u64); 10] = [
        ("nothing", |_, _, _, _| {}, 0),
        ("4 seconds", |_, _, _, clock| clock.forward(4), 0),
        ("5 seconds", |_, _, _, clock| clock.forward(5), 1),
        (
            "the same list",
            |world, context, id, _| drop(list_attachments(context, &world.name(), id).unwrap()),
            1,
        ),
        (
            "a change",
            |world, context, id, _| {
                let read = MessageChange {
                    is_read: Some(true),
                    ..MessageChange::default()
                };
                update_message(context, &world.name(), id, &read).unwrap();
            },
            1,
        ),
        (
            "a move",
            |world, context, id, _| drop(move_message(context, &world.name(), id, "wellknown:archive").unwrap()),
            1,
        ),
        (
            "a download",
            |world, context, id, _| {
                save_mime(context, &world.name(), id, &world.folder.path().join("mail.eml"), None).unwrap();
            },
            1,
        ),
        (
            "a folder",
            |world, context, _, _| drop(find_folder(context, &world.name(), "/Verarbeitet").unwrap()),
            1,
        ),
        (
            "another message",
            |world, context, _, _| {
                let another = deliver(world, &[], &json!([]));
                drop(get_message(context, &world.name(), &another, false).unwrap());
            },
            1,
        ),
        (
            "a message that is not there",
            |world, context, _, _| {
                failure(get_message(context, &world.name(), "AAMkAGI2TG93AAA=", false));
            },
            1,
        ),
    ];
    for (name, between, expected) in cases {
        let clock = Arc::new(Later::default());
        let context = Context {
            clock: clock.clone(),
            ..world.context()
        };
        let id = deliver(&world, &[file("a.pdf")], &json!([]));
        get_message(&context, &world.name(), &id, false).unwrap();
        between(&world, &context, &id, &clock);
        let (list, requests) = world.requests(|| list_attachments(&context, &world.name(), &id).unwrap());
        assert_eq!((list.len(), requests), (1, expected), "{name}");
    }
    // Another account asks by itself, also where it sees the same mailbox.
    let context = world.context();
    let id = deliver(&world, &[], &json!([]));
    get_message(&context, &world.name(), &id, false).unwrap();
    let (_, requests) = world.requests(|| list_attachments(&context, &other, &id).unwrap());
    assert_eq!(requests, 1);
}

#[test]
fn what_this_process_deleted_has_no_attachments_any_more() {
    let world = World::new();
    let context = world.context();
    let id = deliver(&world, &[file("a.pdf")], &json!([]));
    get_message(&context, &world.name(), &id, false).unwrap();
    delete_message(&context, &world.name(), &id, true).unwrap();
    let class = failure(list_attachments(&context, &world.name(), &id)).class;
    assert_eq!(class, Class::MessageNotFound);
}

#[test]
fn an_account_of_the_same_name_in_another_store_is_somebody_else() {
    let (world, tenant) = (World::new(), World::new());
    let context = world.context();
    let id = deliver(&world, &[file("a.pdf")], &json!([]));
    get_message(&context, &world.name(), &id, false).unwrap();
    let theirs = Context {
        ahead: context.ahead.clone(),
        ..tenant.context()
    };
    let class = failure(list_attachments(&theirs, &tenant.name(), &id)).class;
    assert_eq!(class, Class::MessageNotFound);
}

/// A message is read as well where it can not come with its attachments; and a service that showed so is not asked for that again.
#[test]
fn attachments_are_no_reason_for_a_message_to_fail() {
    let heavy = json!({ "set": { "attachments": [{ "@odata.type": "#microsoft.graph.fileAttachment", "id": "a", "contentBytes": "AA==" }] } });
    let cases = [
        (
            "refused",
            json!({ "graph": { "status": 400, "code": "RequestBroker--ParseUri" } }),
            2,
            false,
        ),
        (
            "no list",
            json!({ "patch_json": { "set": { "attachments": 7 } } }),
            1,
            true,
        ),
        (
            "too large",
            json!({ "patch_json": { "set": { "more": "A".repeat(5 << 20) } } }),
            2,
            false,
        ),
        ("with their bytes", json!({ "patch_json": heavy }), 1, false),
        (
            "left out",
            json!({ "patch_json": { "remove": ["attachments"] } }),
            1,
            true,
        ),
        // Exchange may fail at a broken attachment, and is not asked for it again in this call.
        (
            "failed",
            json!({ "graph": { "status": 500, "code": "ErrorInternalServerError" } }),
            2,
            true,
        ),
        ("cut off", json!({ "truncate_after": 100 }), 2, true),
    ];
    for (name, mut rule, expected, again) in cases {
        let world = World::new();
        let context = world.context();
        let id = deliver(&world, &[file("a.pdf")], &json!([]));
        rule["path"] = "attachments($select".into();
        rule["count"] = Value::Null;
        world.fault(&rule);
        let (message, requests) = world.requests(|| get_message(&context, &world.name(), &id, false).unwrap());
        assert_eq!(
            (message.subject.as_deref(), requests),
            (Some("parts"), expected),
            "{name}"
        );
        assert_eq!(
            list_attachments(&context, &world.name(), &id).unwrap()[0].name,
            "a.pdf",
            "{name}"
        );
        world.heal();
        let ((), requests) = world.requests(|| {
            get_message(&context, &world.name(), &id, false).unwrap();
            list_attachments(&context, &world.name(), &id).unwrap();
        });
        assert_eq!(requests, if again { 1 } else { 2 }, "{name}");
    }
}
