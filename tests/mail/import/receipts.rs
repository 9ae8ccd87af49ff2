//! Nothing is lost and nothing comes twice unseen, wherever an import is broken off.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;
use squeeze_graph::base::failure::Class;
use squeeze_graph::service::import::{Handled, ImportOutcome};

use super::{Host, expected, folders, import, lying_in, mail, options, outcomes};
use crate::support::{World, class};

#[test]
fn a_mail_comes_again_with_its_key_if_the_process_dies_in_its_handler() {
    let world = World::new();
    mail(&world, "eins", 0);
    mail(&world, "zwei", 1);
    let mut keys = Vec::new();
    for attempt in 1..=4 {
        let mut host = Host::new(|_| panic!("killed"));
        assert!(catch_unwind(AssertUnwindSafe(|| import(&world, &options(), &mut host))).is_err());
        assert_eq!(host.handed(), [("eins".to_owned(), attempt)]);
        keys.push(host.mails[0].import_key.clone());
        assert_eq!(
            folders(&world),
            expected([&["eins", "zwei"], &[], &[]]),
            "being killed is no failure"
        );
    }
    let mut host = Host::taking();
    import(&world, &options(), &mut host).unwrap();
    assert_eq!(host.handed(), [("eins".to_owned(), 5), ("zwei".to_owned(), 1)]);
    keys.push(host.mails[0].import_key.clone());
    keys.dedup();
    assert_eq!(keys.len(), 1);
    assert_eq!(folders(&world), expected([&[], &["eins", "zwei"], &[]]));
}

#[test]
fn stopping_keeps_what_is_done_and_leaves_the_current_mail() {
    let world = World::new();
    for (minute, subject) in (0..).zip(["eins", "zwei", "drei"]) {
        mail(&world, subject, minute);
    }
    let mut host = Host::new(|mail| {
        if mail.message.subject.as_deref() == Some("zwei") {
            Handled::Stop
        } else {
            Handled::Imported
        }
    });
    let report = import(&world, &options(), &mut host).unwrap();
    assert_eq!(outcomes(&report), [ImportOutcome::Imported]);
    assert_eq!(folders(&world), expected([&["zwei", "drei"], &["eins"], &[]]));
    let key = host.mails[1].import_key.clone();

    // The same from $progress: the mail it is told of is done, the next one was never begun.
    let mut host = Host::taking().told(|_, _, _| false);
    let report = import(&world, &options(), &mut host).unwrap();
    assert_eq!(report.imported, 1);
    assert_eq!(host.handed(), [("zwei".to_owned(), 2)]);
    assert_eq!(host.mails[0].import_key, key);
    let mut host = Host::taking();
    import(&world, &options(), &mut host).unwrap();
    assert_eq!(host.handed(), [("drei".to_owned(), 1)]);
}

#[test]
fn a_mail_whose_handler_returned_is_moved_by_the_next_run_and_not_handed_over_again() {
    let world = World::new();
    mail(&world, "eins", 0);
    mail(&world, "nein", 1);
    world.fault(&json!({ "method": "POST", "path": "/move", "count": null, "cut": "reset" }));
    let mut host = Host::new(|mail| {
        if mail.message.subject.as_deref() == Some("nein") {
            Handled::Rejected(String::new())
        } else {
            Handled::Imported
        }
    });
    assert_eq!(class(import(&world, &options(), &mut host)), Class::Connection);
    let handed = host.mails.len();
    assert!(handed >= 1);
    assert_eq!(lying_in(&world, "/Posteingang").len(), 2);
    world.heal();
    let mut host = Host::new(|_| Handled::Rejected(String::new()));
    import(&world, &options(), &mut host).unwrap();
    assert_eq!(host.mails.len(), 2 - handed, "{:?}", host.handed());
    assert_eq!(folders(&world), expected([&[], &["eins"], &["nein"]]));
}

#[test]
fn a_move_whose_answer_is_lost_has_one_effect() {
    for execute in [true, false] {
        let world = World::new();
        mail(&world, "eins", 0);
        world.fault(&json!({ "method": "POST", "path": "/move", "execute": execute, "cut": "reset" }));
        let mut host = Host::taking();
        let report = import(&world, &options(), &mut host).unwrap();
        assert_eq!(report.imported, 1);
        assert_eq!(folders(&world), expected([&[], &["eins"], &[]]));
        let moved = world.control("GET", "messages", &json!({ "folder": "/Verarbeitet" }));
        assert_eq!(moved["messages"][0]["moves"], 1);
    }
}

#[test]
fn a_mail_that_a_person_drags_back_is_a_new_import() {
    let world = World::new();
    mail(&world, "eins", 0);
    let mut keys = Vec::new();
    for _ in 0..3 {
        let mut host = Host::taking();
        import(&world, &options(), &mut host).unwrap();
        assert_eq!(host.handed(), [("eins".to_owned(), 1)]);
        keys.push(host.mails[0].import_key.clone());
        world.control(
            "POST",
            "messages/move",
            &json!({ "subject": "eins", "to": "/Posteingang" }),
        );
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 3);
}

#[test]
fn a_move_that_was_made_but_never_confirmed_is_closed_by_the_next_run() {
    let world = World::new();
    mail(&world, "eins", 0);
    // The move is made, its answer lost, and so is every look-up.
    world.fault(&json!({ "method": "POST", "path": "/move", "execute": true, "cut": "reset" }));
    world.fault(&json!({ "method": "GET", "path": "/messages/*parentFolderId", "count": null, "cut": "reset" }));
    let mut host = Host::taking();
    let _ = import(&world, &options(), &mut host);
    assert_eq!(host.mails.len(), 1);
    assert_eq!(folders(&world), expected([&[], &["eins"], &[]]));
    world.heal();
    import(&world, &options(), &mut Host::taking()).unwrap();
    world.control(
        "POST",
        "messages/move",
        &json!({ "subject": "eins", "to": "/Posteingang" }),
    );
    let mut again = Host::taking();
    import(&world, &options(), &mut again).unwrap();
    assert_eq!(again.handed(), [("eins".to_owned(), 1)]);
    assert_ne!(again.mails[0].import_key, host.mails[0].import_key);
}

#[test]
fn a_handler_may_take_its_mail_away_itself() {
    for change in ["messages/delete", "messages/move"] {
        let world = World::new();
        mail(&world, "eins", 0);
        mail(&world, "zwei", 1);
        let mut host = Host::new(|mail| {
            let id = mail.message.id.as_str();
            world.control("POST", change, &json!({ "id": id, "to": "/Kunden" }));
            Handled::Imported
        });
        let report = import(&world, &options(), &mut host).unwrap();
        drop(host);
        assert_eq!(report.imported, 2, "{change}");
        assert_eq!(lying_in(&world, "/Posteingang"), Vec::<String>::new());
        // Nothing is left open.
        let mut host = Host::taking();
        assert!(import(&world, &options(), &mut host).unwrap().results.is_empty());
    }
}

#[test]
fn a_mail_that_somebody_takes_away_while_it_waits_is_new_when_it_comes_back() {
    let world = World::new();
    mail(&world, "eins", 0);
    let mut host = Host::new(|_| Handled::Failed("kaputt".to_owned()));
    import(&world, &options(), &mut host).unwrap();
    let key = host.mails[0].import_key.clone();
    world.control("POST", "messages/move", &json!({ "subject": "eins", "to": "/Kunden" }));
    import(&world, &options(), &mut Host::taking()).unwrap();
    world.control(
        "POST",
        "messages/move",
        &json!({ "subject": "eins", "to": "/Posteingang" }),
    );
    let mut host = Host::taking();
    import(&world, &options(), &mut host).unwrap();
    assert_eq!(host.handed(), [("eins".to_owned(), 1)]);
    assert_ne!(host.mails[0].import_key, key);
}

#[test]
fn two_imports_of_one_inbox_do_not_run_at_once_but_two_of_two_folders_do() {
    let world = World::new();
    mail(&world, "eins", 0);
    let other = world.account("anderes", |_| {});
    let bills = world.account("rechnungen", |settings| {
        settings.folder_inbox = "/Posteingang/Rechnungen".to_owned();
    });
    world.control(
        "POST",
        "mails/generate",
        &json!({ "count": 1, "folder": "/Posteingang/Rechnungen" }),
    );
    let (first, options) = (world.name(), options());
    let run = |name, host: &mut Host<'_>| {
        squeeze_graph::service::import::import_messages(&world.context(), name, &options, host)
    };
    let mut host = Host::new(|_| {
        // Under whichever account, and however long the first one takes.
        assert_eq!(class(run(&first, &mut Host::taking())), Class::ImportRunning);
        assert_eq!(class(run(&other, &mut Host::taking())), Class::ImportRunning);
        assert_eq!(run(&bills, &mut Host::taking()).unwrap().imported, 1);
        Handled::Imported
    });
    assert_eq!(run(&first, &mut host).unwrap().imported, 1);
    assert_eq!(run(&other, &mut Host::taking()).unwrap().imported, 0);
}

#[test]
fn accounts_that_read_the_same_mailbox_share_its_receipts() {
    let world = World::new();
    let other = world.account("anderes", |_| {});
    mail(&world, "eins", 0);
    let mut host = Host::new(|_| Handled::Failed("kaputt".to_owned()));
    import(&world, &options(), &mut host).unwrap();
    let key = host.mails[0].import_key.clone();
    let mut host = Host::taking();
    squeeze_graph::service::import::import_messages(&world.context(), &other, &options(), &mut host).unwrap();
    assert_eq!((host.mails[0].import_key.clone(), host.mails[0].attempt), (key, 2));
}
