//! What becomes of a mail when everything works.

use std::path::Path;

use serde_json::json;
use sha2::{Digest, Sha256};
use squeeze_graph::base::clock::{Clock, SystemClock};
use squeeze_graph::graph::value::AttachmentKind;
use squeeze_graph::service::import::{BodyForm, Disposition, Handled, ImportOptions, ImportOutcome};
use squeeze_graph_sandbox::SHARED;

use super::{Host, expected, files, folders, import, lying_in, mail, mode, options, outcomes};
use crate::support::World;

fn sha256(path: &Path) -> String {
    let digest = Sha256::digest(std::fs::read(path).unwrap());
    digest
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from_digit(digit.into(), 16).unwrap())
        .collect()
}

#[test]
fn real_mails_reach_the_handler_whole_and_the_right_folder_afterwards() {
    let world = World::new();
    let mails = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sandbox/mails");
    world.control("POST", "mails/load", &json!({ "directory": mails }));
    let before = world.control("GET", "messages", &json!({ "folder": "/Posteingang", "hash": true }));
    let before = before["messages"].as_array().unwrap();
    let target = tempfile::tempdir().unwrap();
    let options = ImportOptions {
        directory: Some(target.path().to_owned()),
        ..options()
    };
    let mut host = Host::taking();
    let report = import(&world, &options, &mut host).unwrap();

    assert!(report.imported >= 8 && report.rejected >= 2, "{report:?}");
    assert_eq!((report.left, report.failed), (0, 0));
    assert_eq!(
        usize::try_from(report.imported + report.rejected).unwrap(),
        before.len()
    );
    assert_eq!(lying_in(&world, "/Posteingang"), Vec::<String>::new());
    assert_eq!(lying_in(&world, "/Verarbeitet").len(), host.mails.len());
    for mail in &host.mails {
        assert_eq!(mail.attempt, 1);
        let known = before
            .iter()
            .find(|known| known["immutableId"] == mail.message.id.as_str())
            .unwrap();
        assert_eq!(
            sha256(&mail.mime_path),
            known["sha256"].as_str().unwrap(),
            "{:?}",
            mail.message.subject
        );
        assert_eq!(mail.mime_path, target.path().join(&mail.import_key).join("message.eml"));
        let parts = known["attachments"].as_array().unwrap();
        assert_eq!(mail.attachments.len(), parts.len());
        for (attachment, part) in mail.attachments.iter().zip(parts) {
            let path = attachment.path.as_deref().unwrap();
            assert_eq!(path.parent(), mail.mime_path.parent(), "nothing is written elsewhere");
            assert_eq!(Some(sha256(path)), attachment.sha256);
            if attachment.attachment.kind == AttachmentKind::File {
                assert_eq!(attachment.sha256.as_deref(), part["sha256"].as_str(), "{part}");
            }
            assert_eq!(mode(path), 0o600);
        }
    }
    let keys: std::collections::BTreeSet<&str> = host.mails.iter().map(|mail| mail.import_key.as_str()).collect();
    assert_eq!(keys.len(), host.mails.len());
    // Only what the handler took is left, and nothing half-written.
    let kept: usize = host.mails.iter().map(|mail| 1 + mail.attachments.len()).sum();
    assert_eq!(files(target.path()).len(), kept);
    assert!(report.bytes > 0 && report.seconds > 0.0);
}

#[test]
fn mails_come_oldest_first_and_the_limit_counts_those_handed_over() {
    let world = World::new();
    for (subject, minute) in [("drei", 3), ("eins", 1), ("vier", 4), ("zwei", 2)] {
        mail(&world, subject, minute);
    }
    let limited = |limit| ImportOptions {
        limit: Some(limit),
        ..options()
    };
    let mut host = Host::taking();
    assert_eq!(import(&world, &limited(0), &mut host).unwrap().results.len(), 0);
    // What is filtered does not count.
    let mut host = Host::taking().accepting(|message| {
        Some(if message.subject.as_deref() == Some("eins") {
            Disposition::Leave
        } else {
            Disposition::Import
        })
    });
    let report = import(&world, &limited(2), &mut host).unwrap();
    assert_eq!(host.handed(), [("zwei".to_owned(), 1), ("drei".to_owned(), 1)]);
    assert_eq!(
        outcomes(&report),
        [
            ImportOutcome::Filtered,
            ImportOutcome::Imported,
            ImportOutcome::Imported
        ]
    );
    assert_eq!(folders(&world), expected([&["eins", "vier"], &["zwei", "drei"], &[]]));
}

#[test]
fn the_handlers_word_decides_where_a_mail_goes() {
    let world = World::new();
    for (minute, subject) in (0..).zip(["nimm", "nein", "warte", "kaputt", "später"]) {
        mail(&world, subject, minute);
    }
    let now = SystemClock.now();
    let handler = |mail: &squeeze_graph::service::import::IncomingMessage| match mail.message.subject.as_deref() {
        Some("nein") => Handled::Rejected("kein Beleg".to_owned()),
        Some("warte") => Handled::Left {
            reason: String::new(),
            not_before: None,
        },
        Some("kaputt") => Handled::Failed("RuntimeException: nicht lesbar".to_owned()),
        Some("später") => Handled::Left {
            reason: "Stammdaten fehlen".to_owned(),
            not_before: Some(now.plus(3600)),
        },
        _ => Handled::Imported,
    };
    let mut told = Vec::new();
    let mut host = Host::new(handler).told(|done, known, result| {
        told.push((done, known, result.outcome));
        true
    });
    let report = import(&world, &options(), &mut host).unwrap();
    drop(host);
    let all = [
        ImportOutcome::Imported,
        ImportOutcome::Rejected,
        ImportOutcome::Left,
        ImportOutcome::Failed,
        ImportOutcome::Left,
    ];
    assert_eq!(outcomes(&report), all);
    assert_eq!(
        told,
        (1..)
            .zip(all)
            .map(|(done, outcome)| (done, 5, outcome))
            .collect::<Vec<_>>()
    );
    assert_eq!(
        (report.imported, report.rejected, report.left, report.failed),
        (1, 1, 2, 1)
    );
    let reasons: Vec<Option<&str>> = report.results.iter().map(|result| result.reason.as_deref()).collect();
    assert_eq!(
        reasons,
        [
            None,
            Some("kein Beleg"),
            None,
            Some("RuntimeException: nicht lesbar"),
            Some("Stammdaten fehlen")
        ]
    );
    assert_eq!(
        folders(&world),
        expected([&["warte", "kaputt", "später"], &["nimm"], &["nein"]])
    );

    // What waits for a time is not even handed over before it; the others come with the same key and the next attempt.
    let keys: Vec<String> = report.results.iter().map(|result| result.import_key.clone()).collect();
    let mut host = Host::taking();
    let report = import(&world, &options(), &mut host).unwrap();
    assert_eq!(host.handed(), [("warte".to_owned(), 2), ("kaputt".to_owned(), 2)]);
    assert_eq!(host.mails[0].import_key, keys[2]);
    assert_eq!(host.mails[1].import_key, keys[3]);
    assert_eq!(outcomes(&report).last(), Some(&ImportOutcome::Left));
    assert_eq!(lying_in(&world, "/Posteingang"), ["später"]);
}

#[test]
fn accept_decides_before_anything_is_downloaded() {
    let world = World::new();
    for (minute, subject) in (0..).zip(["lassen", "erledigt", "fehler", "import"]) {
        mail(&world, subject, minute);
    }
    let mut host = Host::taking().accepting(|message| {
        Some(match message.subject.as_deref() {
            Some("lassen") => Disposition::Leave,
            Some("erledigt") => Disposition::Processed,
            Some("fehler") => Disposition::Error,
            _ => Disposition::Import,
        })
    });
    world.control("DELETE", "counters", &json!(null));
    let report = import(&world, &options(), &mut host).unwrap();
    assert_eq!(world.asked("$value"), 2, "one mail with one attachment");
    assert_eq!((report.imported, report.left), (1, 1));
    assert_eq!(
        folders(&world),
        expected([&["lassen"], &["erledigt", "import"], &["fehler"]])
    );

    // Saying nothing ends the run.
    let mut host = Host::taking().accepting(|_| None);
    assert!(import(&world, &options(), &mut host).unwrap().results.is_empty());
    assert_eq!(lying_in(&world, "/Posteingang"), ["lassen"]);
}

#[test]
fn a_mail_without_attachment_is_rejected_only_if_one_is_required() {
    let plain =
        "From: a@b.example\r\nSubject: nur Text\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nGuten Tag\r\n";
    for require_attachments in [true, false] {
        let world = World::new();
        world.control("POST", "mails", &json!({ "mime": plain }));
        let options = ImportOptions {
            require_attachments,
            body: Some(BodyForm::Text),
            ..options()
        };
        let mut host = Host::taking();
        let report = import(&world, &options, &mut host).unwrap();
        if require_attachments {
            assert_eq!(outcomes(&report), [ImportOutcome::Rejected]);
            assert_eq!(folders(&world), expected([&[], &[], &["nur Text"]]));
        } else {
            assert_eq!(host.mails[0].body.as_deref().map(str::trim), Some("Guten Tag"));
            assert_eq!(folders(&world), expected([&[], &["nur Text"], &[]]));
        }
    }
}

#[test]
fn a_mail_larger_than_allowed_is_rejected_and_leaves_nothing_behind() {
    let world = World::new();
    world.control("POST", "mails/generate", &json!({ "count": 1, "size": 50_000 }));
    mail(&world, "klein", 0);
    let target = tempfile::tempdir().unwrap();
    let options = ImportOptions {
        max_bytes: Some(20_000),
        directory: Some(target.path().to_owned()),
        ..options()
    };
    let mut host = Host::taking();
    let report = import(&world, &options, &mut host).unwrap();
    assert_eq!((report.imported, report.rejected), (1, 1));
    assert_eq!(lying_in(&world, "/Fehler").len(), 1);
    assert_eq!(files(target.path()).len(), 2);
}

#[test]
fn the_private_folder_is_there_for_the_handler_and_gone_afterwards() {
    let world = World::new();
    mail(&world, "eins", 0);
    mail(&world, "zwei", 1);
    let beside = world.folder.path().to_owned();
    let mut host = Host::new(|mail| {
        assert!(mail.mime_path.starts_with(&beside));
        assert_eq!(mode(&mail.mime_path), 0o600);
        assert_eq!(mode(mail.mime_path.parent().unwrap().parent().unwrap()), 0o700);
        assert!(
            mail.attachments
                .iter()
                .all(|attachment| attachment.path.as_ref().unwrap().exists())
        );
        Handled::Imported
    });
    import(&world, &options(), &mut host).unwrap();
    assert_eq!(host.mails.len(), 2);
    let left = files(&beside);
    assert!(
        left.iter().all(|path| !path.to_string_lossy().contains("import-")),
        "{left:?}"
    );
}

#[test]
fn files_are_removed_where_the_handler_did_not_take_the_mail() {
    let world = World::new();
    let target = tempfile::tempdir().unwrap();
    let options = ImportOptions {
        directory: Some(target.path().to_owned()),
        ..options()
    };
    for (minute, handled) in (0..).zip([
        Handled::Rejected("nein".to_owned()),
        Handled::Failed("kaputt".to_owned()),
        Handled::Left {
            reason: String::new(),
            not_before: None,
        },
        Handled::Stop,
    ]) {
        mail(&world, "eine", minute);
        let mut host = Host::new(|_| handled.clone());
        import(&world, &options, &mut host).unwrap();
        assert_eq!(std::fs::read_dir(target.path()).unwrap().count(), 0, "{handled:?}");
    }
}

#[test]
fn a_shared_mailbox_is_imported_into_its_own_folders() {
    let world = World::new();
    let shared = world.account("gemeinsam", |settings| {
        settings.mailbox = Some(SHARED.to_owned());
        settings.folder_processed = Some("wellknown:archive".to_owned());
        settings.folder_error = Some("wellknown:junkemail".to_owned());
    });
    world.control("POST", "mails/generate", &json!({ "count": 3, "mailbox": SHARED }));
    let mut host = Host::taking();
    let report =
        squeeze_graph::service::import::import_messages(&world.context(), &shared, &options(), &mut host).unwrap();
    assert_eq!(report.imported, 3);
    let moved = world.control("GET", "messages", &json!({ "folder": "/Archiv", "mailbox": SHARED }));
    assert_eq!(moved["messages"].as_array().unwrap().len(), 3);
}

#[test]
fn many_mails_are_fetched_side_by_side_within_the_limit() {
    let world = World::new();
    world.control("POST", "mails/generate", &json!({ "count": 40, "size": 3_000 }));
    world.control("PATCH", "settings", &json!({ "latency_ms": 5 }));
    world.control("DELETE", "counters", &json!(null));
    let mut host = Host::taking();
    let report = import(&world, &options(), &mut host).unwrap();
    assert_eq!(report.imported, 40);
    let counters = world.control("GET", "counters", &json!(null));
    let most = counters["max_in_flight"].as_u64().unwrap();
    assert!((2..=4).contains(&most), "{most} in flight");
    // Each: its source and one attachment; lists of attachments and moves go twenty at a time where they can.
    let requests = counters["requests"].as_u64().unwrap();
    assert!(requests <= 40 * 2 + 30, "{requests} requests");
    let order: Vec<_> = host.mails.iter().map(|mail| mail.message.received_at).collect();
    assert!(order.is_sorted());
}
