//! Finding, listing and creating folders.

use serde_json::json;
use squeeze_graph::base::failure::{Class, Detail, Error};
use squeeze_graph::graph::value::Folder;
use squeeze_graph::service::folders::{create_folder, find_folder, list_folders, resolve, resolve_all};
use squeeze_graph_sandbox::SHARED;

use crate::support::{World, class, failure};

fn find(world: &World, folder: &str) -> Result<Folder, Error> {
    find_folder(&world.context(), &world.name(), folder)
}

#[test]
fn every_way_to_name_a_folder_leads_to_it() {
    let world = World::new();
    let cases = [
        ("wellknown:inbox", "/Posteingang"),
        ("inbox", "/Posteingang"),
        ("Posteingang", "/Posteingang"),
        ("posteingang", "/Posteingang"),
        ("wellknown:inbox/Rechnungen", "/Posteingang/Rechnungen"),
        ("Inbox/Rechnungen", "/Posteingang/Rechnungen"),
        ("/Verarbeitet", "/Verarbeitet"),
        ("Angebote", "/Projekte/2026/Q1/Angebote"),
        ("/Kunden/Muster\\/AG", "/Kunden/Muster\\/AG"),
        ("Muster\\/AG", "/Kunden/Muster\\/AG"),
        ("\"Zitat\" & 'Apostroph'", "/Kunden/\"Zitat\" & 'Apostroph'"),
        ("🎉 Feier", "/Kunden/🎉 Feier"),
        ("Büro", "/Kunden/Bu\u{308}ro"),
    ];
    for (name, path) in cases {
        let folder = find(&world, name).unwrap();
        assert_eq!(folder.path, path, "{name}");
        assert_eq!(find(&world, &folder.path).unwrap(), folder, "{path}");
        assert_eq!(
            find(&world, &format!("id:{}", folder.id)).unwrap(),
            folder,
            "{path} by id"
        );
        assert_eq!(
            resolve(&world.context(), &world.name(), name).unwrap(),
            folder.id,
            "{name}"
        );
    }
}

#[test]
fn names_that_fit_several_none_or_nothing_real_say_so() {
    let world = World::new();
    let ambiguous = failure(find(&world, "Rechnungen"));
    assert_eq!(ambiguous.class, Class::AmbiguousFolder);
    let Detail::Candidates(paths) = &ambiguous.detail else {
        panic!("{ambiguous:?}");
    };
    assert_eq!(
        paths,
        &[
            "/Kunden/Müller & Söhne/Rechnungen",
            "/Posteingang/Rechnungen",
            "/Projekte/2025/Rechnungen"
        ]
    );

    let missing = failure(find(&world, "Verabeitet"));
    assert_eq!(missing.class, Class::FolderNotFound);
    let Detail::Suggestions(paths) = &missing.detail else {
        panic!("{missing:?}");
    };
    assert_eq!(paths.first().map(String::as_str), Some("/Verarbeitet"));
    assert_eq!(missing.account, Some(world.name()));

    for name in [
        "Ungelesene Rechnungen",
        "Verborgen",
        "id:AAMkGone=",
        "wellknown:clutter",
        "wellknown:posteingang",
    ] {
        assert_eq!(class(find(&world, name)), Class::FolderNotFound, "{name}");
    }
    assert!(matches!(
        find(&world, ""),
        Err(Error::Argument { argument: "folder", .. })
    ));
}

#[test]
fn a_list_holds_every_folder_of_every_page_once() {
    let world = World::new();
    world.control("POST", "folders/generate", &json!({ "count": 60 }));
    let context = world.context();
    let all = list_folders(&context, &world.name(), None, true, false).unwrap();
    let known = world.control("GET", "folders", &json!({}));
    let mut expected: Vec<&str> = known["folders"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|folder| folder["isHidden"] == false && folder["isSearchFolder"] == false)
        .map(|folder| folder["path"].as_str().unwrap())
        .filter(|path| !path.starts_with("/Synchronisierungsprobleme"))
        .collect();
    expected.sort_unstable();
    let mut paths: Vec<&str> = all.iter().map(|folder| folder.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, expected);

    let top = list_folders(&context, &world.name(), None, false, false).unwrap();
    assert!(
        top.iter()
            .all(|folder| folder.path.matches('/').count() == 1 && folder.parent_id.is_none())
    );
    let below = list_folders(&context, &world.name(), Some("Projekte"), true, false).unwrap();
    assert_eq!(
        below.iter().map(|folder| folder.path.as_str()).collect::<Vec<_>>(),
        [
            "/Projekte/2025",
            "/Projekte/2025/Rechnungen",
            "/Projekte/2026",
            "/Projekte/2026/Q1",
            "/Projekte/2026/Q1/Angebote"
        ]
    );
    let hidden = list_folders(&context, &world.name(), None, true, true).unwrap();
    let found = hidden.iter().find(|folder| folder.name == "Verborgen").unwrap();
    assert!(found.is_hidden);
    assert_eq!(find(&world, &found.path).unwrap().id, found.id);
    assert!(
        hidden
            .iter()
            .any(|folder| folder.path == "/Synchronisierungsprobleme/Konflikte")
    );
}

#[test]
fn plain_descent_gives_the_same_answer_as_the_short_cut() {
    let world = World::new();
    world.control("POST", "folders/generate", &json!({ "count": 45 }));
    let list = || list_folders(&world.context(), &world.name(), None, true, false).unwrap();
    let by_delta = list();
    for refusal in [
        json!({ "status": 403, "code": "ErrorQuotaExceeded" }),
        json!({ "status": 400, "code": "BadRequest" }),
        json!({ "status": 501, "code": "NotImplemented" }),
    ] {
        let fresh = World::new();
        fresh.control("POST", "folders/generate", &json!({ "count": 45 }));
        fresh.fault(&json!({ "path": "mailFolders/delta", "count": null, "graph": refusal }));
        let by_descent = list_folders(&fresh.context(), &fresh.name(), None, true, false).unwrap();
        let shown = |folders: &[Folder]| -> Vec<(String, i64, Option<String>)> {
            folders
                .iter()
                .map(|folder| (folder.path.clone(), folder.child_count, folder.well_known_name.clone()))
                .collect()
        };
        assert_eq!(shown(&by_descent), shown(&by_delta));
        assert_eq!(find(&fresh, "Angebote").unwrap().path, "/Projekte/2026/Q1/Angebote");
        let asked = fresh.batched("mailFolders/delta");
        assert_eq!(
            (asked, fresh.asked("mailFolders/delta")),
            (1, 0),
            "a refusal is remembered"
        );
    }
}

#[test]
fn a_remembered_name_costs_one_request_and_sees_every_change() {
    let world = World::new();
    let first = find(&world, "Angebote").unwrap();
    let (again, requests) = world.requests(|| find(&world, "Angebote").unwrap());
    assert_eq!((again, requests), (first.clone(), 1));
    let (_, requests) = world.requests(|| resolve(&world.context(), &world.name(), "Angebote").unwrap());
    assert_eq!(requests, 1);
    let (_, requests) = world.requests(|| resolve(&world.context(), &world.name(), "wellknown:inbox").unwrap());
    assert_eq!(requests, 1);
    let names = ["wellknown:inbox", "/Verarbeitet", "/Fehler", "wellknown:msgfolderroot"];
    let (ids, requests) = world.requests(|| resolve_all(&world.context(), &world.name(), &names).unwrap());
    assert_eq!(requests, 1);
    assert!(ids.iter().all(Result::is_ok), "{ids:?}");

    // A new folder of the same name elsewhere.
    world.control("POST", "folders", &json!({ "path": "/Kunden/Angebote" }));
    assert_eq!(class(find(&world, "Angebote")), Class::AmbiguousFolder);
    assert_eq!(
        class(resolve(&world.context(), &world.name(), "Angebote")),
        Class::AmbiguousFolder
    );

    // The first one is renamed, so the name means the other.
    let path = "/Projekte/2026/Q1/Angebote";
    world.control(
        "POST",
        "folders/rename",
        &json!({ "path": path, "name": "Alte Angebote" }),
    );
    assert_eq!(find(&world, "Angebote").unwrap().path, "/Kunden/Angebote");
    assert_eq!(
        find(&world, &format!("id:{}", first.id)).unwrap().path,
        "/Projekte/2026/Q1/Alte Angebote"
    );

    // Deleted and made anew: another id.
    let before = find(&world, "Angebote").unwrap();
    world.control("POST", "folders/delete", &json!({ "path": "/Kunden/Angebote" }));
    assert_eq!(class(find(&world, "Angebote")), Class::FolderNotFound);
    assert_eq!(class(find(&world, &format!("id:{}", before.id))), Class::FolderNotFound);
    world.control("POST", "folders", &json!({ "path": "/Kunden/Angebote" }));
    assert_ne!(find(&world, "Angebote").unwrap().id, before.id);

    // The service forgets what it told: everything is read anew.
    world.control("POST", "mailboxes/stale-delta", &json!({}));
    assert_eq!(find(&world, "Angebote").unwrap().path, "/Kunden/Angebote");
    let (_, requests) = world.requests(|| find(&world, "Angebote").unwrap());
    assert_eq!(requests, 1);
}

#[test]
fn counts_are_those_of_this_moment() {
    let world = World::new();
    assert_eq!(find(&world, "wellknown:inbox").unwrap().total_count, 0);
    assert_eq!(find(&world, "/Posteingang").unwrap().total_count, 0);
    world.control("POST", "mails/generate", &json!({ "count": 3 }));
    for name in ["wellknown:inbox", "/Posteingang", "Posteingang"] {
        let folder = find(&world, name).unwrap();
        assert_eq!((folder.total_count, folder.unread_count), (3, 3), "{name}");
    }
}

#[test]
fn a_large_tree_takes_a_handful_of_requests() {
    let world = World::new();
    world.control("POST", "folders/generate", &json!({ "count": 500 }));
    let names = ["Ordner 0499", "/Verarbeitet", "wellknown:inbox/Rechnungen"];
    let look = || names.map(|name| find(&world, name).unwrap().id);
    let (cold, requests) = world.requests(look);
    assert!(requests <= 6, "{requests} requests for a tree nobody knows yet");
    let (warm, requests) = world.requests(look);
    assert_eq!((warm, requests), (cold, 3));
}

#[test]
fn a_shared_mailbox_has_folders_of_its_own() {
    let world = World::new();
    let shared = world.account("gemeinsam", |settings| settings.mailbox = Some(SHARED.to_owned()));
    let own = find(&world, "wellknown:inbox").unwrap();
    let theirs = find_folder(&world.context(), &shared, "wellknown:inbox").unwrap();
    assert_ne!(own.id, theirs.id);
    assert_eq!(
        find_folder(&world.context(), &shared, "Posteingang").unwrap().id,
        theirs.id
    );
    let closed = world.account("fremd", |settings| {
        settings.mailbox = Some("personal@contoso.example".to_owned());
    });
    let refused = failure(find_folder(&world.context(), &closed, "Posteingang"));
    assert!(
        matches!(refused.class, Class::AccessDenied | Class::Configuration),
        "{refused:?}"
    );
}

#[test]
fn a_delegate_who_may_not_read_the_tree_still_finds_the_folder_itself() {
    let world = World::new();
    let denied = json!({ "status": 403, "code": "ErrorAccessDenied" });
    for path in ["/mailFolders?", "/mailFolders/delta", "/mailFolders/msgfolderroot"] {
        world.fault(&json!({ "path": path, "count": null, "graph": denied }));
    }
    let folder = find(&world, "wellknown:inbox").unwrap();
    assert_eq!(
        (folder.path.as_str(), folder.name.as_str()),
        ("wellknown:inbox", "Posteingang")
    );
    assert_eq!(find(&world, &folder.path).unwrap(), folder);
    assert_eq!(
        find(&world, &format!("id:{}", folder.id)).unwrap().path,
        format!("id:{}", folder.id)
    );
    assert_eq!(class(find(&world, "Posteingang")), Class::AccessDenied);
}

#[test]
fn a_path_is_made_part_by_part_and_what_is_there_is_kept() {
    let world = World::new();
    let create = |path: &str| create_folder(&world.context(), &world.name(), path).unwrap();
    let made = create("/Import/2026/Ein\\/Aus");
    assert_eq!(
        (made.path.as_str(), made.name.as_str()),
        ("/Import/2026/Ein\\/Aus", "Ein/Aus")
    );
    assert_eq!(create("/Import/2026/Ein\\/Aus").id, made.id);
    assert_eq!(find(&world, "Ein\\/Aus").unwrap(), create("/import/2026/ein\\/aus"));
    assert_eq!(create("wellknown:inbox/Neu").path, "/Posteingang/Neu");
    assert_eq!(create("Inbox/Neu").path, "/Posteingang/Neu");
    assert_eq!(create("Ablage").path, "/Ablage");
    assert_eq!(create("Ablage").path, "/Ablage");
    assert_eq!(create("inbox").path, "/Posteingang");
    // Hidden, so the tree does not show it, but its name is taken.
    assert!(create("/Verborgen").is_hidden);
    for name in ["wellknown:syncissues", "/Synchronisierungsprobleme"] {
        let hidden = create(name);
        assert_eq!(hidden.well_known_name.as_deref(), Some("syncissues"), "{name}");
        assert_eq!(hidden, find(&world, "wellknown:syncissues").unwrap(), "{name}");
    }
    let below = create("wellknown:syncissues/Ablage der Fehler");
    assert_eq!(below.path, "/Synchronisierungsprobleme/Ablage der Fehler");
    assert_eq!(
        create("wellknown:syncissues/Ablage der Fehler"),
        find(&world, &below.path).unwrap()
    );
    // A plain name is a path from the root, though it fits a folder further down.
    assert_eq!(create("Angebote").path, "/Angebote");
    let folders = world.control("GET", "folders", &json!({}));
    let count = |name: &str| {
        folders["folders"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|folder| folder["name"] == name)
            .count()
    };
    assert_eq!(
        (count("Ein/Aus"), count("Neu"), count("Ablage"), count("Verborgen")),
        (1, 1, 1, 1)
    );
}

#[test]
fn a_creation_whose_answer_is_lost_has_one_effect() {
    for answer in [
        json!({ "cut": "reset" }),
        json!({ "graph": { "status": 503, "code": "serviceNotAvailable" } }),
    ] {
        for execute in [true, false] {
            let world = World::new();
            let mut rule = json!({ "method": "POST", "path": "childFolders", "execute": execute });
            rule.as_object_mut()
                .unwrap()
                .extend(answer.as_object().unwrap().clone());
            world.fault(&rule);
            let made = create_folder(&world.context(), &world.name(), "/Neu/Unter").unwrap();
            assert_eq!(made.path, "/Neu/Unter");
            let folders = world.control("GET", "folders", &json!({}));
            let named = folders["folders"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|folder| folder["name"] == "Neu");
            assert_eq!(named.count(), 1, "{rule}");
        }
    }
}
