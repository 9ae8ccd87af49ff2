//! How many requests, connections and handshakes a job takes: what its speed rests on. Never how long it takes.

use serde_json::{Value, json};
use squeeze_graph::base::settings::Settings;
use squeeze_graph::service::folders::{find_folder, resolve_all};
use squeeze_graph::service::messages::{MessageQuery, MessageWalk, move_messages, save_mime};
use squeeze_graph::service::tokens::refresh_token;
use squeeze_graph_sandbox::{Options, Tls, start};

use crate::import::{Host, import, options};
use crate::support::{World, settings};

/// The most requests that were in flight on one mailbox.
fn most_in_flight(world: &World) -> u64 {
    let counters = world.control("GET", "counters", &Value::Null);
    let mailboxes = counters["mailboxes"].as_object().unwrap();
    mailboxes
        .values()
        .map(|lane| lane["max"].as_u64().unwrap())
        .max()
        .unwrap_or(0)
}

fn ids(world: &World) -> Vec<String> {
    let listed = world.control("GET", "messages", &json!({ "folder": "/Posteingang" }));
    let messages = listed["messages"].as_array().unwrap();
    messages
        .iter()
        .map(|message| message["immutableId"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_tree_of_500_folders_is_read_in_three_requests_and_asked_again_in_one() {
    let world = World::new();
    world.control("POST", "folders/generate", &json!({ "count": 470, "children": 6 }));
    let find = |name: &str| find_folder(&world.context(), &world.name(), name).unwrap();
    // The well-known names in a batch, the tree, and the folder as it is now.
    assert_eq!(world.requests(|| find("Ordner 0017")).1, 3);
    // The folder together with what changed.
    assert_eq!(world.requests(|| find("Ordner 0250")).1, 1);
    let three = ["Ordner 0450", "wellknown:inbox", "/Verarbeitet"];
    let resolve = || resolve_all(&world.context(), &world.name(), &three).unwrap();
    let (found, requests) = world.requests(resolve);
    assert!(found.iter().all(Result::is_ok), "{found:?}");
    assert_eq!(requests, 1);
}

#[test]
fn a_thousand_messages_are_listed_in_one_request_and_two_hundred_are_moved_in_ten() {
    let world = World::new();
    world.control("POST", "mails/generate", &json!({ "count": 1000, "size": 10 }));
    let (listed, requests) = world.requests(|| {
        let mut walk = MessageWalk::new(MessageQuery::default());
        let mut listed = 0;
        loop {
            match walk.next_page(&world.context(), &world.name()).unwrap().len() {
                0 => break listed,
                count => listed += count,
            }
        }
    });
    assert_eq!((listed, requests), (1000, 1));
    let ids = ids(&world);
    let moved = || move_messages(&world.context(), &world.name(), &ids[..200], "wellknown:archive").unwrap();
    let (moved, requests) = world.requests(moved);
    assert!(moved.iter().all(|moved| moved.message.is_some()));
    assert_eq!(requests, 10);
    assert!(most_in_flight(&world) <= 4);
}

#[test]
fn a_large_mail_is_one_request() {
    let world = World::new();
    world.control("POST", "mails/generate", &json!({ "count": 1, "size": 15_000_000 }));
    let id = ids(&world).remove(0);
    let path = world.folder.path().join("mail.eml");
    let (bytes, requests) = world.requests(|| save_mime(&world.context(), &world.name(), &id, &path, None).unwrap());
    assert!(bytes > 20_000_000);
    assert_eq!(requests, 1);
}

#[test]
fn an_import_asks_twice_for_each_mail_and_batches_the_rest() {
    const MAILS: u64 = 60;
    let world = World::new();
    world.control("POST", "mails/generate", &json!({ "count": MAILS, "size": 10 }));
    find_folder(&world.context(), &world.name(), "/Verarbeitet").unwrap();
    let (report, requests) = world.requests(|| import(&world, &options(), &mut Host::taking()).unwrap());
    assert_eq!(report.imported, MAILS);
    assert_eq!(world.asked("messages/{id}/$value"), MAILS);
    assert_eq!(world.asked("attachments/{id}/$value"), MAILS);
    // One after another it would be four each. How many mails share a batch depends on who waits for whom.
    assert!(requests <= 3 * MAILS + 5, "{requests} requests");
    assert!(most_in_flight(&world) <= 4);
}

/// A host whose server speaks TLS.
fn secured(http2: bool) -> World {
    let folder = tempfile::tempdir().unwrap();
    let tls = Tls {
        directory: folder.path().to_owned(),
        flaw: None,
        http2,
    };
    let sandbox = start(Options {
        tls: Some(tls),
        ..Options::default()
    });
    let settings = Settings {
        ca_file: Some(folder.path().join("ca.pem")),
        ..settings(&folder.path().join("store.sqlite"))
    };
    World::at(sandbox.unwrap(), settings, folder)
}

/// TLS handshakes so far.
fn handshakes(world: &World) -> u64 {
    let counters = world.control("GET", "counters", &Value::Null);
    ["full_handshakes", "resumed_handshakes"]
        .map(|name| counters[name].as_u64().unwrap())
        .iter()
        .sum()
}

#[test]
fn a_worker_shakes_hands_once_for_all_its_calls_in_turn() {
    let world = secured(false);
    world.control("POST", "mails/generate", &json!({ "count": 12, "size": 10 }));
    world.control("DELETE", "counters", &Value::Null);
    // What a worker keeps over all its calls. Login and Graph are one host here; at Microsoft there is one more.
    let context = world.context();
    for _ in 0..10 {
        refresh_token(&context, &world.name()).unwrap();
        find_folder(&context, &world.name(), "wellknown:inbox").unwrap();
        let mut walk = MessageWalk::new(MessageQuery::default());
        assert_eq!(walk.next_page(&context, &world.name()).unwrap().len(), 12);
    }
    assert_eq!(handshakes(&world), 1);
}

/// Servers behind a balancer end their connections now and then, with `Connection: close` or GOAWAY, also while others are in flight on them.
#[test]
fn a_server_that_ends_its_connections_in_order_is_not_noticed() {
    const MAILS: u64 = 40;
    for http2 in [false, true] {
        let world = secured(http2);
        world.control("POST", "mails/generate", &json!({ "count": MAILS, "size": 2000 }));
        world.control("PATCH", "settings", &json!({ "requests_per_connection": 3 }));
        let (report, requests) = world.requests(|| import(&world, &options(), &mut Host::taking()).unwrap());
        assert_eq!((report.imported, report.failed), (MAILS, 0), "HTTP/2: {http2}");
        // Nothing was asked for twice.
        assert_eq!(world.asked("messages/{id}/$value"), MAILS);
        assert_eq!(world.asked("attachments/{id}/$value"), MAILS);
        assert!(handshakes(&world) * 6 >= requests, "it ended none");
    }
}
