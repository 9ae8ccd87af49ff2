//! What needs neither network nor disk, by itself: `cargo bench --no-default-features`.
//!
//! Sizes are those of the rows of `tools/bench`: a tree of 500 folders, a page of 1000 messages, a store's row with tokens.

#![expect(clippy::unwrap_used, reason = "a measurement that meets the unexpected shall stop")]

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use squeeze_graph::base::random::OsRandom;
use squeeze_graph::base::zone;
use squeeze_graph::graph::folders::{FolderChange, FolderRow, apply};
use squeeze_graph::graph::message::Read;
use squeeze_graph::graph::page::Page;
use squeeze_graph::service::folders::name::FolderName;
use squeeze_graph::service::folders::tree::Tree;
use squeeze_graph::store::key::KeyRing;
use squeeze_graph::store::seal::{Identity, Part, seal, unseal};

const FOLDERS: usize = 500;
const MESSAGES: usize = 1000;

/// A folder of a tree in which every folder has up to six others below it.
fn folder(number: usize) -> Value {
    let parent = if number < 6 {
        "root".to_owned()
    } else {
        id(number / 6 - 1)
    };
    json!({
        "id": id(number), "displayName": format!("Ordner {number:04}"), "parentFolderId": parent,
        "childFolderCount": 6, "totalItemCount": number, "unreadItemCount": 1, "isHidden": false,
    })
}

fn id(number: usize) -> String {
    format!("AAMkAGI2{number:0100}AAA=")
}

fn changes(numbers: impl Iterator<Item = usize>) -> Vec<FolderChange> {
    numbers
        .map(|number| serde_json::from_value(folder(number)).unwrap())
        .collect()
}

fn rows() -> Vec<FolderRow> {
    let mut rows = Vec::new();
    apply(&mut rows, changes(0..FOLDERS));
    rows
}

fn tree(criterion: &mut Criterion) {
    let root = FolderRow {
        id: "root".to_owned(),
        ..FolderRow::default()
    };
    let known: BTreeMap<String, String> = [("inbox".to_owned(), id(0)), ("archive".to_owned(), id(1))].into();
    let tree = Tree::new(&root, rows(), &known, false);
    assert_eq!(tree.folders().len(), FOLDERS);
    criterion.bench_function("tree/build", |bencher| {
        bencher.iter_batched(
            rows,
            |rows| Tree::new(&root, rows, &known, false),
            BatchSize::LargeInput,
        );
    });
    for (what, name) in [
        ("tree/name", "Ordner 0250"),
        ("tree/path", "wellknown:inbox/Ordner 0006"),
        ("tree/none", "Ordnr 0250"),
    ] {
        let name = FolderName::parse(name).unwrap();
        criterion.bench_function(what, |bencher| bencher.iter(|| tree.resolve(black_box(&name))));
    }
}

fn delta(criterion: &mut Criterion) {
    criterion.bench_function("delta/whole tree", |bencher| {
        bencher.iter_batched(
            || changes(0..FOLDERS),
            |changes| {
                let mut rows = Vec::new();
                apply(&mut rows, changes);
                rows
            },
            BatchSize::LargeInput,
        );
    });
    criterion.bench_function("delta/five changes", |bencher| {
        bencher.iter_batched(
            || (rows(), changes((0..FOLDERS).step_by(100))),
            |(mut rows, changes)| {
                apply(&mut rows, changes);
                rows
            },
            BatchSize::LargeInput,
        );
    });
}

fn messages(criterion: &mut Criterion) {
    let person = json!({ "emailAddress": { "name": "Erika Sommer", "address": "erika@kunde.example" } });
    let message = |number: usize| {
        json!({
            "@odata.etag": "W/\"CQAAABYAAAA\"", "id": id(number), "internetMessageId": format!("<{number}@kunde.example>"),
            "subject": format!("Rechnung {number:06} für März"), "from": person, "sender": person, "toRecipients": [person],
            "ccRecipients": [], "bccRecipients": [], "replyTo": [], "receivedDateTime": "2026-03-02T07:00:00Z",
            "sentDateTime": "2026-03-02T06:59:58Z", "hasAttachments": true, "isRead": false, "importance": "normal",
            "categories": [], "parentFolderId": id(0), "bodyPreview": "Guten Tag, anbei die Rechnung. ".repeat(8),
        })
    };
    let page = json!({ "value": (0..MESSAGES).map(message).collect::<Vec<_>>() }).to_string();
    let read = || serde_json::from_str::<Page<Read>>(black_box(&page)).unwrap();
    assert_eq!(read().value.len(), MESSAGES);
    criterion.bench_function("messages/page of 1000", |bencher| bencher.iter(read));
}

fn sealing(criterion: &mut Criterion) {
    let ring = KeyRing::parse("11".repeat(32).as_bytes()).unwrap();
    let identity = Identity::new("tokens", &[Part::Text("konto"), Part::Integer(1)]);
    // A row of tokens, and a tree of 500 folders.
    for (size, bytes) in [("3 KB", 3_000), ("150 KB", 150_000)] {
        let plain = vec![7; bytes];
        let sealed = seal(ring.first(), &OsRandom, &identity, &plain).unwrap();
        criterion.bench_function(&format!("seal/{size}"), |bencher| {
            bencher.iter(|| seal(ring.first(), &OsRandom, &identity, black_box(&plain)).unwrap());
        });
        criterion.bench_function(&format!("open/{size}"), |bencher| {
            bencher.iter(|| unseal(&ring, &identity, black_box(&sealed)).unwrap());
        });
    }
}

fn zones(criterion: &mut Criterion) {
    for (what, time, zone) in [
        ("zone/IANA name", "2026-07-01 12:00:00", "Europe/Berlin"),
        ("zone/Windows name", "2026-07-01 12:00:00", "W. Europe Standard Time"),
        ("zone/hour that exists twice", "2026-10-25 02:30:00", "Europe/Berlin"),
    ] {
        criterion.bench_function(what, |bencher| {
            bencher.iter(|| zone::to_utc(black_box(time), black_box(zone)).unwrap());
        });
    }
}

criterion_group!(pure, tree, delta, messages, sealing, zones);
criterion_main!(pure);
