//! How many requests, connections and handshakes a job takes: what its speed rests on. Never how long it takes.

use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use squeeze_graph::base::settings::Settings;
use squeeze_graph::service::folders::{find_folder, resolve_all};
use squeeze_graph::service::import::{Disposition, Handled, ImportOptions};
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
fn a_tree_of_500_folders_is_read_in_one_request_and_asked_again_in_one() {
    let world = World::new();
    world.control("POST", "folders/generate", &json!({ "count": 470, "children": 6 }));
    let find = |name: &str| find_folder(&world.context(), &world.name(), name).unwrap();
    // The well-known names and the tree in a batch; what it shows was read this moment.
    assert_eq!(world.requests(|| find("Ordner 0017")).1, 1);
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
fn an_import_asks_twice_for_each_mail_and_for_many_at_once_of_the_rest() {
    const MAILS: u64 = 60;
    let world = World::new();
    world.control("POST", "mails/generate", &json!({ "count": MAILS, "size": 10 }));
    find_folder(&world.context(), &world.name(), "/Verarbeitet").unwrap();
    let (report, requests) = world.requests(|| import(&world, &options(), &mut Host::taking()).unwrap());
    assert_eq!(report.imported, MAILS);
    assert_eq!(world.asked("messages/{id}/$value"), MAILS);
    assert_eq!(world.asked("attachments/{id}/$value"), MAILS);
    // One after another it would be four each. What is left: the folders, the inbox, attachments of at least two mails a request as
    // long as any are waited for, and moves. How many go together depends on who waits for whom.
    assert_eq!(world.batched("/attachments"), 0);
    assert!(requests <= 2 * MAILS + 30, "{requests} requests");
    assert!(most_in_flight(&world) <= 4);
}

/// Where the inbox's list does not show attachments as asked, a batch does, and what was imported is the same.
#[test]
fn attachments_are_listed_in_batches_where_the_inbox_does_not_show_them() {
    const MAILS: u64 = 30;
    let refused = json!({ "graph": { "status": 400, "code": "RequestBroker--ParseUri" } });
    let ignored = json!({ "patch_json": { "set": { "value": [{ "id": "a" }, { "id": "b" }] } } });
    let large = json!({ "status": 200, "body": { "value": [{ "id": "a", "attachments": [{ "contentBytes": "A".repeat(3 << 20) }] }] } });
    for (name, mut rule) in [("refused", refused), ("ignored", ignored), ("too large", large)] {
        let world = World::new();
        world.control("POST", "mails/generate", &json!({ "count": MAILS, "size": 10 }));
        rule["path"] = "$expand=attachments".into();
        rule["count"] = Value::Null;
        world.fault(&rule);
        let mut host = Host::taking();
        let (report, requests) = world.requests(|| import(&world, &options(), &mut host).unwrap());
        assert_eq!((report.imported, report.failed), (MAILS, 0), "{name}");
        assert!(host.mails.iter().all(|mail| mail.attachments.len() == 1), "{name}");
        assert!(world.batched("/attachments") > 0, "{name}");
        // Two may have been under way when the first told that it is no use.
        let asked = world.asked("GET /me/mailFolders/{id}/messages");
        assert!((2..=4).contains(&asked), "{name}: {asked}");
        assert!(requests <= 3 * MAILS + 10, "{name}: {requests} requests");
    }
}

#[test]
fn attachments_come_without_their_bytes_or_the_inbox_is_not_asked_again() {
    const MAILS: u64 = 60;
    let world = World::new();
    world.control("POST", "mails/generate", &json!({ "count": MAILS, "size": 10 }));
    let listed = world.control("GET", "messages", &json!({ "folder": "/Posteingang" }));
    let row = |message: &Value| {
        let file = json!({ "@odata.type": "#microsoft.graph.fileAttachment", "id": "none", "name": "a", "contentBytes": "AA==" });
        json!({ "id": message["immutableId"], "hasAttachments": true, "attachments": [file] })
    };
    let rows: Vec<Value> = listed["messages"].as_array().unwrap().iter().map(row).collect();
    // As if `$select` were not heeded; what was told is true nevertheless, so it is used (here it is not, so these mails are lost to it).
    world.fault(&json!({ "path": "$expand=attachments", "count": null, "patch_json": { "set": { "value": rows } } }));
    world.requests(|| import(&world, &options(), &mut Host::taking()).unwrap());
    let asked = world.asked("GET /me/mailFolders/{id}/messages");
    assert!((2..=4).contains(&asked), "{asked}");
}

#[test]
fn the_first_mail_of_a_full_inbox_is_handed_over_after_one_page_and_the_last_is_reached() {
    const MAILS: u64 = 1200;
    let world = World::new();
    world.control("POST", "mails/generate", &json!({ "count": MAILS, "size": 10 }));
    find_folder(&world.context(), &world.name(), "/Verarbeitet").unwrap();
    let one = ImportOptions {
        limit: Some(1),
        ..options()
    };
    let (report, requests) = world.requests(|| import(&world, &one, &mut Host::taking()).unwrap());
    assert_eq!(report.imported, 1);
    // The folders, a page, how many there are, the attachments, two downloads, the move.
    assert!(requests <= 7, "{requests} requests");

    let mut known = 0;
    let mut left = 0;
    let mut host = Host::taking()
        .accepting(|message| {
            left += 1;
            let last = message
                .subject
                .as_deref()
                .is_some_and(|subject| subject.contains("001200"));
            Some(if last { Disposition::Import } else { Disposition::Leave })
        })
        .told(|_, of, _| {
            known = of;
            true
        });
    let (report, _) = world.requests(|| import(&world, &options(), &mut host).unwrap());
    drop(host);
    assert_eq!((report.imported, report.left), (1, MAILS - 2));
    assert_eq!((left, known), (MAILS - 1, MAILS - 1));
    // Pages of 1000: two, and one for what has no time.
    assert!(world.asked("GET /me/mailFolders/{id}/messages") <= 3);
}

#[test]
fn never_more_requests_are_in_flight_than_the_setting_allows() {
    for concurrency in [1, 2, 3] {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            concurrency,
            ..settings(&folder.path().join("store.sqlite"))
        };
        let world = World::at(start(Options::default()).unwrap(), settings, folder);
        world.control("POST", "mails/generate", &json!({ "count": 30, "size": 10 }));
        world.control("PATCH", "settings", &json!({ "latency_ms": 2 }));
        let ids = ids(&world);
        let (moved, _) =
            world.requests(|| move_messages(&world.context(), &world.name(), &ids[..20], "wellknown:archive").unwrap());
        assert!(moved.iter().all(|moved| moved.message.is_some()));
        assert!(most_in_flight(&world) <= concurrency as u64, "{concurrency}");
        let (report, _) = world.requests(|| import(&world, &options(), &mut Host::taking()).unwrap());
        assert_eq!(report.imported, 10);
        assert!(most_in_flight(&world) <= concurrency as u64, "{concurrency}");
    }
}

/// Transactions that SQLite's write-ahead log holds: each ends with a frame that names the size of the database (sqlite.org, "WAL-mode
/// File Format").
fn commits(world: &World) -> usize {
    let log = std::fs::read(world.folder.path().join("store.sqlite-wal")).unwrap();
    let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().unwrap());
    let (page, salt) = (number(8) as usize, number(16));
    let frames = (32..log.len()).step_by(24 + page);
    // Frames of an earlier round have another salt.
    frames
        .filter(|at| number(at + 8) == salt && number(at + 4) != 0)
        .count()
}

/// Waits until so many mails were downloaded below `folder`: where a handler is ahead of the downloads there is nothing to commit together.
fn all_lie_ready(folder: &Path, mails: usize) {
    fn downloaded(folder: &Path) -> usize {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let count = |entry: std::fs::DirEntry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => downloaded(&entry.path()),
            _ => usize::from(entry.file_name() == "message.eml"),
        };
        entries.map(count).sum()
    }
    for _ in 0..600 {
        if downloaded(folder) >= mails {
            // The last one is handed to the import a moment after its file is there.
            thread::sleep(Duration::from_millis(200));
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("{} of {mails} mails were downloaded", downloaded(folder));
}

#[test]
fn a_mail_costs_one_commit_whatever_its_handler_does_with_it() {
    const MAILS: usize = 40;
    let left = || Handled::Left {
        reason: String::new(),
        not_before: None,
    };
    for handled in [Handled::Imported, Handled::Rejected(String::new()), left()] {
        let world = World::new();
        world.control("POST", "mails/generate", &json!({ "count": MAILS, "size": 10 }));
        // It keeps the log from being emptied.
        let context = world.context();
        find_folder(&context, &world.name(), "/Verarbeitet").unwrap();
        let mut seen = Vec::new();
        let mut host = Host::new(|_| {
            if seen.is_empty() {
                all_lie_ready(world.folder.path(), MAILS);
            }
            seen.push(commits(&world));
            handled.clone()
        });
        import(&world, &options(), &mut host).unwrap();
        drop(host);
        let (first, last) = (seen[0], seen[MAILS - 1]);
        // The lease is renewed now and then.
        assert!(last - first <= MAILS + 5, "{handled:?}: {} commits", last - first);
    }
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
fn an_import_shakes_hands_five_times_at_most_and_resumes_what_it_can() {
    const MAILS: u64 = 80;
    let world = secured(false);
    world.control("POST", "mails/generate", &json!({ "count": MAILS, "size": 2000 }));
    // Connections that take longer than answers: a request takes one that comes back, and its own comes when nobody wants it.
    let far = json!({ "latency_ms": 30, "connect_latency_ms": 60 });
    world.control("PATCH", "settings", &far);
    let (report, _) = world.requests(|| import(&world, &options(), &mut Host::taking()).unwrap());
    assert_eq!(report.imported, MAILS);
    let counters = world.control("GET", "counters", &Value::Null);
    assert!((2..=5).contains(&handshakes(&world)), "{counters}");
    assert!(counters["resumed_handshakes"].as_u64().unwrap() >= 1, "{counters}");
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
