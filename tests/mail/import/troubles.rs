//! Whose trouble it is decides: a bad mail never stops the run, the host's trouble moves no mail.

use std::time::{Duration, Instant};

use serde_json::json;
use squeeze_graph::base::failure::{Class, Error};
use squeeze_graph::service::import::{Handled, ImportOptions, ImportOutcome, import_messages};

use super::{Host, expected, files, folders, import, lying_in, mail, options, outcomes};
use crate::support::{World, class, failure};

/// A handler that fails for mails of that subject.
fn failing(subject: &'static str) -> Host<'static> {
    Host::new(move |mail| {
        if mail.message.subject.as_deref() == Some(subject) {
            Handled::Failed("kaputt".to_owned())
        } else {
            Handled::Imported
        }
    })
}

#[test]
fn a_mail_goes_to_the_error_folder_at_its_third_failure_and_stops_nobody() {
    let world = World::new();
    mail(&world, "gift", 0);
    mail(&world, "gut", 1);
    for run in 1..=3 {
        let mut host = failing("gift");
        let report = import(&world, &options(), &mut host).unwrap();
        assert_eq!(host.handed().first(), Some(&("gift".to_owned(), run)));
        assert_eq!(outcomes(&report).first(), Some(&ImportOutcome::Failed));
        let inbox: &[&str] = if run < 3 { &["gift"] } else { &[] };
        let error: &[&str] = if run < 3 { &[] } else { &["gift"] };
        assert_eq!(folders(&world), expected([inbox, &["gut"], error]), "run {run}");
    }
    // Brought back by a person, it begins anew.
    world.control(
        "POST",
        "messages/move",
        &json!({ "subject": "gift", "to": "/Posteingang" }),
    );
    let mut host = failing("gift");
    import(&world, &options(), &mut host).unwrap();
    assert_eq!(host.handed(), [("gift".to_owned(), 1)]);
    assert_eq!(lying_in(&world, "/Posteingang"), ["gift"]);
}

#[test]
fn an_outage_of_the_host_ends_the_run_and_moves_no_mail() {
    let world = World::new();
    let all = ["eins", "zwei", "drei", "vier", "fünf"];
    for (minute, subject) in (0..).zip(all) {
        mail(&world, subject, minute);
    }
    let options = ImportOptions {
        max_failures: 3,
        ..options()
    };
    for _ in 0..5 {
        let mut host = Host::new(|_| Handled::Failed("die Datenbank ist nicht da".to_owned()));
        let report = import(&world, &options, &mut host).unwrap();
        assert_eq!(report.failed, 3, "the third in a row ends the run");
        assert!(host.mails.iter().all(|mail| mail.attempt == 1), "no attempt is counted");
        assert_eq!(folders(&world), expected([&all, &[], &[]]));
    }
    let mut host = Host::taking();
    import(&world, &options, &mut host).unwrap();
    assert!(host.mails.iter().all(|mail| mail.attempt == 1));
    assert_eq!(folders(&world), expected([&[], &all, &[]]));
}

#[test]
fn failures_in_a_row_count_once_another_mail_succeeds() {
    let world = World::new();
    for (minute, subject) in (0..).zip(["a", "a", "gut", "a"]) {
        mail(&world, subject, minute);
    }
    let options = ImportOptions {
        max_failures: 3,
        ..options()
    };
    for _ in 0..3 {
        import(&world, &options, &mut failing("a")).unwrap();
        // Something that succeeds in between, each time.
        mail(&world, "gut", 2);
    }
    assert_eq!(lying_in(&world, "/Fehler").len(), 3);
}

#[test]
fn a_mail_that_graph_can_not_deliver_goes_to_the_error_folder_after_three_runs() {
    let world = World::new();
    mail(&world, "kaputt", 0);
    mail(&world, "gut", 1);
    let listed = world.control("GET", "messages", &json!({ "folder": "/Posteingang" }));
    let broken = listed["messages"][0]["immutableId"]
        .as_str()
        .unwrap()
        .trim_end_matches('=')
        .to_owned();
    world.fault(&json!({
        "path": format!("{broken}*$value"), "count": null, "graph": { "status": 400, "code": "ErrorMimeContentConversionFailed" },
    }));
    for run in 1..=3 {
        let mut host = Host::taking();
        let report = import(&world, &options(), &mut host).unwrap();
        assert_eq!(report.results[0].outcome, ImportOutcome::Failed);
        assert!(report.results[0].reason.is_some());
        assert!(
            host.mails
                .iter()
                .all(|mail| mail.message.subject.as_deref() == Some("gut"))
        );
        let inbox: &[&str] = if run < 3 { &["kaputt"] } else { &[] };
        let error: &[&str] = if run < 3 { &[] } else { &["kaputt"] };
        assert_eq!(folders(&world), expected([inbox, &["gut"], error]), "run {run}");
    }
}

#[test]
fn when_nothing_can_be_delivered_no_mail_is_blamed() {
    let world = World::new();
    let all = ["eins", "zwei", "drei", "vier", "fünf", "sechs"];
    for (minute, subject) in (0..).zip(all) {
        mail(&world, subject, minute);
    }
    world.fault(&json!({ "path": "$value", "count": null, "graph": { "status": 400, "code": "ErrorMimeContentConversionFailed" } }));
    // How many failures of a handler are an outage says nothing about downloads.
    for max_failures in [5, 100, 100, 100] {
        let options = ImportOptions {
            max_failures,
            ..options()
        };
        let report = import(&world, &options, &mut Host::taking()).unwrap();
        assert_eq!(report.failed, 6);
        assert_eq!(folders(&world), expected([&all, &[], &[]]));
    }
}

#[test]
fn a_lone_mail_that_can_not_be_delivered_goes_to_the_error_folder_whatever_is_an_outage() {
    let world = World::new();
    mail(&world, "kaputt", 0);
    world.fault(&json!({ "path": "$value", "count": null, "graph": { "status": 400, "code": "ErrorMimeContentConversionFailed" } }));
    let options = ImportOptions {
        max_failures: 1,
        ..options()
    };
    for run in 1..=3 {
        import(&world, &options, &mut Host::taking()).unwrap();
        let moved: [&[&str]; 3] = if run < 3 {
            [&["kaputt"], &[], &[]]
        } else {
            [&[], &[], &["kaputt"]]
        };
        assert_eq!(folders(&world), expected(moved), "run {run}");
    }
}

#[test]
fn a_limit_of_no_bytes_is_a_mistake_and_moves_nothing() {
    let world = World::new();
    mail(&world, "eins", 0);
    let options = ImportOptions {
        max_bytes: Some(0),
        ..options()
    };
    let refused = import(&world, &options, &mut Host::taking());
    assert!(
        matches!(
            refused,
            Err(Error::Argument {
                argument: "max_bytes",
                ..
            })
        ),
        "{refused:?}"
    );
    assert_eq!(folders(&world), expected([&["eins"], &[], &[]]));
}

#[test]
fn trouble_with_the_network_or_the_sign_in_ends_the_run_and_blames_no_mail() {
    let world = World::new();
    mail(&world, "eins", 0);
    mail(&world, "zwei", 1);
    let cases = [
        (
            json!({ "path": "/graph/*messages/", "count": null, "cut": "reset" }),
            Class::Connection,
        ),
        (
            json!({ "path": "$value", "count": null, "graph": { "status": 429, "code": "ApplicationThrottled" }, "headers": { "Retry-After": "30" } }),
            Class::Throttled,
        ),
    ];
    for (rule, expected_class) in cases {
        world.fault(&rule);
        for _ in 0..3 {
            assert_eq!(
                class(import(&world, &options(), &mut Host::taking())),
                expected_class,
                "{rule}"
            );
        }
        world.heal();
        assert_eq!(folders(&world), expected([&["eins", "zwei"], &[], &[]]));
    }
    let mut host = Host::taking();
    import(&world, &options(), &mut host).unwrap();
    assert_eq!(host.handed(), [("eins".to_owned(), 1), ("zwei".to_owned(), 1)]);
}

#[test]
fn a_folder_that_can_not_be_written_is_named_before_anything_is_asked() {
    let world = World::new();
    mail(&world, "eins", 0);
    let target = tempfile::tempdir().unwrap();
    let file = target.path().join("datei");
    std::fs::write(&file, "").unwrap();
    for directory in [file, target.path().join("fehlt")] {
        let options = ImportOptions {
            directory: Some(directory.clone()),
            ..options()
        };
        let (refused, requests) = world.requests(|| failure(import(&world, &options, &mut Host::taking())));
        assert_eq!((refused.class, requests), (Class::Configuration, 0));
        assert_eq!(
            refused.problem.facts.get("path").map(String::as_str),
            directory.to_str()
        );
    }
    assert_eq!(lying_in(&world, "/Posteingang"), ["eins"]);
}

#[test]
fn a_disk_that_fails_in_the_middle_ends_the_run_and_blames_no_mail() {
    let world = World::new();
    mail(&world, "eins", 0);
    mail(&world, "zwei", 1);
    let target = tempfile::tempdir().unwrap();
    let options = ImportOptions {
        directory: Some(target.path().to_owned()),
        ..options()
    };
    // A file stands where the second mail's folder should be made: nobody can write there, not even root.
    let mut first = None;
    let mut host = Host::new(|mail| {
        first.get_or_insert_with(|| mail.message.id.clone());
        Handled::Left {
            reason: String::new(),
            not_before: None,
        }
    });
    import(&world, &options, &mut host).unwrap();
    let keys: Vec<String> = host.mails.iter().map(|mail| mail.import_key.clone()).collect();
    drop(host);
    std::fs::write(target.path().join(&keys[1]), "im Weg").unwrap();
    for _ in 0..4 {
        let refused = failure(import(&world, &options, &mut Host::taking()));
        assert_eq!(refused.class, Class::Store);
        // What was taken is moved, although the run ends right after it.
        assert_eq!(folders(&world), expected([&["zwei"], &["eins"], &[]]));
    }
    std::fs::remove_file(target.path().join(&keys[1])).unwrap();
    let mut host = Host::taking();
    import(&world, &options, &mut host).unwrap();
    assert_eq!(host.handed(), [("zwei".to_owned(), 2)]);
}

#[test]
fn folders_that_do_not_fit_are_refused_before_the_first_download() {
    let world = World::new();
    mail(&world, "eins", 0);
    let cases: [(&str, Option<&str>, Option<&str>, Class); 8] = [
        ("wellknown:inbox", None, Some("/Fehler"), Class::Configuration),
        ("wellknown:inbox", Some("/Verarbeitet"), None, Class::Configuration),
        (
            "wellknown:inbox",
            Some("/Verarbeitet"),
            Some("Verarbeitet"),
            Class::Configuration,
        ),
        (
            "wellknown:inbox",
            Some("Posteingang"),
            Some("/Fehler"),
            Class::Configuration,
        ),
        (
            "wellknown:inbox",
            Some("/Gibt es nicht"),
            Some("/Fehler"),
            Class::Configuration,
        ),
        (
            "wellknown:inbox",
            Some("Rechnungen"),
            Some("/Fehler"),
            Class::Configuration,
        ),
        ("wellknown:inbox", Some("a//b"), Some("/Fehler"), Class::Configuration),
        (
            "/Gibt es nicht",
            Some("/Verarbeitet"),
            Some("/Fehler"),
            Class::FolderNotFound,
        ),
    ];
    for (inbox, processed, error, expected) in cases {
        let name = world.account("falsch", |settings| {
            settings.folder_inbox = inbox.to_owned();
            settings.folder_processed = processed.map(str::to_owned);
            settings.folder_error = error.map(str::to_owned);
        });
        world.control("DELETE", "counters", &json!(null));
        let refused = failure(import_messages(
            &world.context(),
            &name,
            &options(),
            &mut Host::taking(),
        ));
        assert_eq!(refused.class, expected, "{inbox} {processed:?} {error:?}");
        assert_eq!(refused.account.as_ref(), Some(&name));
        assert_eq!(world.asked("$value"), 0);
    }
    assert_eq!(lying_in(&world, "/Posteingang"), ["eins"]);
}

#[test]
fn names_from_a_mail_never_lead_out_of_its_folder() {
    let world = World::new();
    let long = "x".repeat(400);
    let names = [
        "../../etc/passwd",
        "",
        "CON",
        &long,
        "..",
        "a\\b",
        "Rechnung.pdf",
        "Rechnung.pdf",
    ];
    let mut mime =
        "From: a@b.example\r\nSubject: böse\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
            .to_owned();
    for name in names {
        let name = name.replace('\\', "\\\\");
        mime += "--x\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"";
        mime += &name;
        mime += "\"\r\n\r\n%PDF\r\n";
    }
    mime += "--x--\r\n";
    world.control("POST", "mails", &json!({ "mime": mime }));
    let target = tempfile::tempdir().unwrap();
    let options = ImportOptions {
        directory: Some(target.path().join("")),
        ..options()
    };
    let mut host = Host::taking();
    import(&world, &options, &mut host).unwrap();
    assert_eq!(host.mails[0].attachments.len(), names.len());
    let written = files(target.path());
    assert_eq!(written.len(), names.len() + 1);
    let folder = target.path().join(&host.mails[0].import_key);
    for path in &written {
        assert_eq!(path.parent(), Some(folder.as_path()));
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            name.len() <= 120 && !name.contains(['/', '\\', ':']) && !name.starts_with('.'),
            "{name}"
        );
    }
}

#[test]
fn a_cancelled_import_ends_soon_and_keeps_its_promises() {
    let world = World::new();
    world.control("POST", "mails/generate", &json!({ "count": 12, "size": 2_000 }));
    let context = world.context();
    let cancel = context.cancel.clone();
    let mut seen = 0;
    let mut cancelled_at = None;
    let mut host = Host::new(|_| {
        seen += 1;
        if seen == 4 {
            cancel.cancel();
            cancelled_at = Some(Instant::now());
        }
        Handled::Imported
    });
    let ended = import_messages(&context, &world.name(), &options(), &mut host);
    drop(host);
    assert!(matches!(ended, Err(Error::Cancelled(_))), "{ended:?}");
    assert!(cancelled_at.unwrap().elapsed() < Duration::from_secs(2));
    let mut host = Host::taking();
    import(&world, &options(), &mut host).unwrap();
    assert_eq!(host.mails.len(), 8, "those whose handler returned are only moved");
    assert_eq!(lying_in(&world, "/Verarbeitet").len(), 12);
}
