//! Messages as the service lists, moves and explains them.

use std::sync::Arc;
use std::thread;

use serde_json::{Value, json};
use squeeze_graph::base::failure::{Class, Error};
use squeeze_graph::graph::value::Message;
use squeeze_graph::service::folders::find_folder;
use squeeze_graph::service::messages::{
    MessageQuery, MessageWalk, get_attachment, get_message, get_mime, list_attachments, move_message, move_messages,
    total,
};
use squeeze_graph_sandbox::USER;

use crate::support::{World, class};

fn generate(world: &World, count: u64) -> Vec<String> {
    world.control("POST", "mails/generate", &json!({ "count": count, "size": 300 }));
    let listed = world.control("GET", "messages", &json!({ "folder": "/Posteingang" }));
    let messages = listed["messages"].as_array().unwrap();
    let id = |message: &Value| message["immutableId"].as_str().unwrap().to_owned();
    messages.iter().map(id).collect()
}

fn query(folder: &str) -> MessageQuery {
    MessageQuery {
        folder: Some(folder.to_owned()),
        ..MessageQuery::default()
    }
}

fn list(world: &World, folder: &str) -> Result<Vec<Message>, Error> {
    let mut walk = MessageWalk::new(query(folder));
    let mut all = Vec::new();
    loop {
        let page = walk.next_page(&world.context(), &world.name())?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

#[test]
fn a_search_folder_is_no_folder_whose_messages_are_listed_or_counted() {
    let world = World::new();
    generate(&world, 3);
    let tree = world.control("GET", "folders", &Value::Null);
    let id = |wanted: &dyn Fn(&Value) -> bool| {
        let folders = tree["folders"].as_array().unwrap();
        format!(
            "id:{}",
            folders.iter().find(|folder| wanted(folder)).unwrap()["id"]
                .as_str()
                .unwrap()
        )
    };
    let search = id(&|folder| folder["isSearchFolder"] == true);
    assert_eq!(class(list(&world, &search)), Class::FolderNotFound);
    let counted = total(&world.context(), &world.name(), &query(&search));
    assert_eq!(class(counted), Class::FolderNotFound);
    // Any other folder proves itself by what lies in it.
    let inbox = id(&|folder| folder["path"] == "/Posteingang");
    let (listed, requests) = world.requests(|| list(&world, &inbox).unwrap());
    assert_eq!((listed.len(), requests), (3, 1));
    let (counted, requests) = world.requests(|| total(&world.context(), &world.name(), &query(&inbox)).unwrap());
    assert_eq!((counted, requests), (3, 1));
}

#[test]
fn what_is_missing_is_said_only_where_it_is_known() {
    let world = World::new();
    let id = generate(&world, 1).remove(0);
    let nowhere = format!(
        "id:{}",
        find_folder(&world.context(), &world.name(), "Verarbeitet").unwrap().id
    );
    world.control("POST", "folders/delete", &json!({ "path": "/Verarbeitet" }));
    let moved = || class(move_message(&world.context(), &world.name(), &id, &nowhere));
    let missing = "AAMkMissing=";
    let got = || class(get_attachment(&world.context(), &world.name(), &id, missing, None));
    assert_eq!((moved(), got()), (Class::FolderNotFound, Class::AttachmentNotFound));
    // What would tell the mail from its folder and from its attachment is throttled for longer than the budget lasts.
    let look_up = json!({
        "method": "GET", "path": "/messages/*?$select", "count": null, "status": 429, "headers": { "Retry-After": "600" },
    });
    world.fault(&look_up);
    assert_eq!((moved(), got()), (Class::Throttled, Class::Throttled));
    let many = move_messages(&world.context(), &world.name(), &[id.clone(), id.clone()], &nowhere).unwrap();
    assert!(
        many.iter()
            .all(|moved| moved.problem.as_ref().unwrap().http_status == Some(429)),
        "{many:?}"
    );
    world.heal();
    world.control("POST", "messages/delete", &json!({ "id": id }));
    assert_eq!((moved(), got()), (Class::MessageNotFound, Class::MessageNotFound));
}

#[test]
fn a_message_has_its_size_where_microsoft_tells_it() {
    let world = World::new();
    let id = generate(&world, 1).remove(0);
    let bytes = get_mime(&world.context(), &world.name(), &id, None).unwrap().len();
    let message = get_message(&world.context(), &world.name(), &id, false).unwrap();
    assert_eq!(message.size, Some(i64::try_from(bytes).unwrap()));
    assert_eq!(list(&world, "wellknown:inbox").unwrap()[0].size, message.size);
    let moved = move_message(&world.context(), &world.name(), &id, "wellknown:archive").unwrap();
    assert_eq!(moved.size, None);
}

#[test]
fn accounts_of_one_mailbox_share_its_requests_in_flight() {
    let world = World::new();
    let ids = Arc::new(generate(&world, 12));
    world.account("zweites", |_| {});
    world.account("genannt", |settings| settings.mailbox = Some(USER.to_uppercase()));
    // Who signed in shows with the first renewal, for these tokens were brought from elsewhere.
    for name in ["konto", "zweites", "genannt"] {
        let name = squeeze_graph::base::account::AccountName::new(name).unwrap();
        squeeze_graph::service::tokens::refresh_token(&world.context(), &name).unwrap();
    }
    world.control("PATCH", "settings", &json!({ "latency_ms": 30 }));
    world.control("DELETE", "counters", &Value::Null);
    thread::scope(|scope| {
        for name in ["konto", "zweites", "genannt"] {
            let name = squeeze_graph::base::account::AccountName::new(name).unwrap();
            for chunk in ids.chunks(3) {
                let context = world.context();
                let name = name.clone();
                scope.spawn(move || {
                    for id in chunk {
                        get_mime(&context, &name, id, None).unwrap();
                        list_attachments(&context, &name, id).unwrap();
                    }
                });
            }
        }
    });
    let counters = world.control("GET", "counters", &Value::Null);
    for (mailbox, seen) in counters["mailboxes"].as_object().unwrap() {
        assert_eq!(seen["refused"], 0, "{mailbox}: {seen}");
        assert!(seen["max"].as_u64().unwrap() <= 4, "{mailbox}: {seen}");
    }
}
