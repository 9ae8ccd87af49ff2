//! Folders: what is listed, what is found, what is refused.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeSet;

use common::Stage;
use serde_json::{Value, json};

fn names(folders: &[Value]) -> BTreeSet<String> {
    folders
        .iter()
        .map(|folder| folder["displayName"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_listing_has_the_roots_children_only_ten_a_page() {
    let stage = Stage::new();
    let graph = stage.graph();
    let first = graph.get("me/mailFolders");
    assert_eq!(first["value"].as_array().map(Vec::len), Some(10));
    let all = graph.all("me/mailFolders");
    let named = names(&all);
    for name in [
        "Posteingang",
        "Entwürfe",
        "Gesendete Elemente",
        "Gelöschte Elemente",
        "Verarbeitet",
        "Fehler",
    ] {
        assert!(named.contains(name), "{name}");
    }
    assert!(!named.contains("Rechnungen") && !named.contains("Verborgen"));
    assert!(names(&graph.all("me/mailFolders?includeHiddenFolders=true")).contains("Verborgen"));
    assert_eq!(graph.all("me/mailFolders?$top=100").len(), all.len());
    assert_eq!(
        graph.all("me/mailFolders?$filter=displayName eq 'Verarbeitet'").len(),
        1
    );
    assert_eq!(
        graph.get("me/mailFolders?$count=true&$top=1")["@odata.count"],
        all.len()
    );
}

#[test]
fn names_are_what_makes_resolving_hard() {
    let stage = Stage::new();
    let graph = stage.graph();
    let customers = graph.folder("Kunden")["id"].as_str().expect("an id").to_owned();
    let children = names(&graph.all(&format!("me/mailFolders/{customers}/childFolders")));
    for name in [
        "Muster/AG",
        "\"Zitat\" & 'Apostroph'",
        "🎉 Feier",
        "Bu\u{308}ro",
        "Müller & Söhne",
    ] {
        assert!(children.contains(name), "{name}: {children:?}");
    }
    let delta = graph.all("me/mailFolders/delta?$select=displayName,parentFolderId");
    assert_eq!(
        delta
            .iter()
            .filter(|folder| folder["displayName"] == "Rechnungen")
            .count(),
        3
    );
    let search: Vec<&Value> = delta
        .iter()
        .filter(|folder| folder.get("@odata.type").is_some())
        .collect();
    assert_eq!(search[0]["@odata.type"], "#microsoft.graph.mailSearchFolder");
}

#[test]
fn well_known_names_work_in_any_case_and_language() {
    let stage = Stage::new();
    let graph = stage.graph();
    for (name, shown) in [
        ("inbox", "Posteingang"),
        ("INBOX", "Posteingang"),
        ("deleteditems", "Gelöschte Elemente"),
        ("msgfolderroot", "Oberste Ebene des Informationsspeichers"),
    ] {
        assert_eq!(graph.get(&format!("me/mailFolders/{name}"))["displayName"], shown);
    }
    assert_eq!(
        graph.outcome("GET", "me/mailFolders/posteingang", None),
        (400, "ErrorInvalidIdMalformed".into())
    );
    assert_eq!(
        graph.outcome("GET", "me/mailFolders/clutter", None),
        (404, "ErrorItemNotFound".into())
    );
    assert_eq!(
        graph.outcome("GET", "me/mailFolders?$select=wellKnownName", None),
        (400, "BadRequest".into())
    );
}

#[test]
fn folders_are_made_renamed_moved_and_removed() {
    let stage = Stage::new();
    let graph = stage.graph();
    let body = json!({ "displayName": "Neu" });
    let made: Value = graph
        .send("POST", "me/mailFolders", Some(&body))
        .bytes()
        .map(|bytes| serde_json::from_slice(&bytes).expect("JSON"))
        .expect("a body");
    let id = made["id"].as_str().expect("an id").to_owned();
    assert_eq!(
        graph.outcome("POST", "me/mailFolders", Some(&json!({ "displayName": "NEU" }))),
        (409, "ErrorFolderExists".into())
    );
    assert_eq!(
        graph
            .outcome("POST", "me/mailFolders/inbox/childFolders", Some(&body))
            .0,
        201
    );
    let odd = json!({ "displayName": "x", "colour": "red" });
    assert_eq!(
        graph.outcome("POST", "me/mailFolders", Some(&odd)),
        (400, "BadRequest".into())
    );
    assert_eq!(
        graph
            .outcome("POST", "me/mailFolders", Some(&json!({ "displayName": " " })))
            .0,
        400
    );
    assert_eq!(
        graph
            .outcome(
                "PATCH",
                &format!("me/mailFolders/{id}"),
                Some(&json!({ "displayName": "Alt" }))
            )
            .0,
        200
    );
    assert_eq!(
        graph
            .outcome("PATCH", "me/mailFolders/inbox", Some(&json!({ "displayName": "Alt" })))
            .0,
        403
    );
    assert_eq!(
        graph
            .outcome(
                "POST",
                &format!("me/mailFolders/{id}/move"),
                Some(&json!({ "destinationId": "archive" }))
            )
            .0,
        200
    );
    assert_eq!(
        graph.get(&format!("me/mailFolders/{id}"))["displayName"],
        "Alt",
        "a folder's id survives"
    );
    assert_eq!(graph.outcome("DELETE", &format!("me/mailFolders/{id}"), None).0, 204);
    let bin = graph.get("me/mailFolders/deleteditems")["id"].clone();
    assert_eq!(graph.get(&format!("me/mailFolders/{id}"))["parentFolderId"], bin);
    assert_eq!(
        graph
            .outcome("POST", &format!("me/mailFolders/{id}/permanentDelete"), None)
            .0,
        204
    );
    assert_eq!(
        graph.outcome("GET", &format!("me/mailFolders/{id}"), None),
        (404, "ErrorItemNotFound".into())
    );
}

#[test]
fn the_folders_delta_tells_changes_and_a_stale_token_is_gone() {
    let stage = Stage::new();
    let graph = stage.graph();
    let mut page = graph.get("me/mailFolders/delta?$select=displayName");
    while let Some(next) = page["@odata.nextLink"].as_str() {
        page = graph.get(next);
    }
    let link = page["@odata.deltaLink"].as_str().expect("a link").to_owned();
    assert_eq!(graph.get(&link)["value"], json!([]));
    stage.control("POST", "folders", &json!({ "path": "/Ganz neu" }));
    stage.control("POST", "folders/delete", &json!({ "path": "/RSS-Feeds" }));
    let changes = graph.get(&link)["value"].as_array().expect("changes").clone();
    assert_eq!(changes.len(), 2);
    assert!(changes.iter().any(|change| change["displayName"] == "Ganz neu"));
    assert!(changes.iter().any(|change| change["@removed"]["reason"] == "deleted"));
    stage.control("POST", "mailboxes/stale-delta", &json!({}));
    assert_eq!(graph.outcome("GET", &link, None), (410, "SyncStateNotFound".into()));
}

#[test]
fn expand_looks_one_level_ahead() {
    let stage = Stage::new();
    let graph = stage.graph();
    stage.control("POST", "folders/generate", &json!({ "path": "/Ablage", "count": 12 }));
    let all = graph.all("me/mailFolders?$expand=childFolders&$top=50");
    let found = all
        .iter()
        .find(|folder| folder["displayName"] == "Ablage")
        .expect("the folder");
    assert_eq!(found["childFolders"].as_array().map(Vec::len), Some(10));
    assert_eq!(found["childFolderCount"], 10);
    assert_eq!(graph.outcome("GET", "me/mailFolders?$expand=parents", None).0, 400);
}
