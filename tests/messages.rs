//! Messages and attachments as PHP calls them, against the sandbox: what they give, how many requests they take, and which failure
//! is thrown for what is not there.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected shall panic, in its helper functions, too"
)]

mod mailbox;

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mailbox::TestMailbox;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use squeeze_graph::base::account::{AccountName, AccountSettings, Cloud, Protocol};
use squeeze_graph::base::budget::Budget;
use squeeze_graph::base::cancel::CancelToken;
use squeeze_graph::base::clock::{Clock, SystemClock};
use squeeze_graph::base::failure::{Class, Error};
use squeeze_graph::base::log::NoLog;
use squeeze_graph::base::random::{OsRandom, Random};
use squeeze_graph::base::secret::Secret;
use squeeze_graph::base::settings::Settings;
use squeeze_graph::graph::value::{AttachmentKind, Message};
use squeeze_graph::service::context::Context;
use squeeze_graph::service::messages::{self, MessageChange, MessageQuery, MessageWalk};
use squeeze_graph::service::tokens::{self, AdoptedToken};
use squeeze_graph::store;
use squeeze_graph::store::record::AccountRecord;
use squeeze_graph::transport::http::HttpTransport;
use tempfile::TempDir;

/// An account that is signed in to a sandbox.
struct Setup {
    mailbox: TestMailbox,
    context: Context,
    name: AccountName,
    folder: TempDir,
}

impl Setup {
    fn new() -> Self {
        let mailbox = TestMailbox::new();
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let settings = Settings {
            store: folder.path().join("store.sqlite").display().to_string(),
            timeout: Duration::from_secs(5),
            custom_endpoints: true,
            ..Settings::default()
        };
        let (clock, random): (Arc<dyn Clock>, Arc<dyn Random>) = (Arc::new(SystemClock), Arc::new(OsRandom));
        let context = Context {
            store: store::open(&settings, clock.clone(), random.clone()).unwrap(),
            transport: Arc::new(HttpTransport::new(&settings)),
            settings: Arc::new(settings),
            clock,
            random,
            log: Arc::new(NoLog),
            ahead: Arc::default(),
            cancel: CancelToken::new(),
            budget: Arc::new(Budget::new(Duration::from_secs(10))),
        };
        let name = AccountName::new("invoices").unwrap();
        let record = AccountRecord {
            name: name.clone(),
            settings: account_settings(&mailbox),
            identity_generation: 1,
        };
        context
            .store
            .change_account(&name, &mut |_, _| Some((record.clone(), None)))
            .unwrap();
        let issued = mailbox.control("POST", "tokens", json!({ "life": 3600 }));
        let secret = |field: &str| Some(Secret::new(issued[field].as_str().unwrap()));
        let adopted = AdoptedToken {
            access_token: secret("access_token"),
            refresh_token: secret("refresh_token"),
            issued_at: None,
            expires_at: Some(context.clock.now().plus(3600)),
            scope: None,
            id_token: None,
        };
        tokens::adopt_token(&context, &name, &adopted, false).unwrap();
        Self {
            mailbox,
            context,
            name,
            folder,
        }
    }

    fn with_mails(count: usize, size: usize) -> Self {
        let setup = Self::new();
        setup.mailbox.generate("inbox", count, size);
        setup
    }

    fn walk(&self, query: MessageQuery) -> Vec<Message> {
        let mut walk = MessageWalk::new(query);
        let mut all = Vec::new();
        loop {
            let page = walk.next_page(&self.context, &self.name).unwrap();
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// What is left of files that never got their name.
    fn leftovers(&self) -> usize {
        let names = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().contains(".part")).count()
    }
}

fn account_settings(mailbox: &TestMailbox) -> AccountSettings {
    AccountSettings {
        protocol: Protocol::Delegated,
        tenant_id: squeeze_graph_sandbox::TENANT.to_owned(),
        client_id: squeeze_graph_sandbox::CLIENT.to_owned(),
        client_secret: Some(Secret::new(squeeze_graph_sandbox::SECRET)),
        client_certificate: None,
        secret_expires_at: None,
        redirect_uri: Some("http://localhost/callback".to_owned()),
        user: None,
        mailbox: None,
        folder_inbox: "wellknown:inbox".to_owned(),
        folder_processed: None,
        folder_error: None,
        scopes: vec!["Mail.ReadWrite".to_owned(), "offline_access".to_owned()],
        refresh_interval: 43_200,
        enabled: true,
        cloud: Cloud::Global,
        authority_url: Some(mailbox.sandbox.authority_url()),
        graph_url: Some(mailbox.sandbox.graph_url()),
    }
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> (Class, String) {
    match outcome {
        Err(Error::Failure(failure)) => (failure.class, failure.problem.code),
        other => panic!("no failure: {other:?}"),
    }
}

fn sha256(bytes: &[u8]) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(bytes) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

const LIST: &str = "GET /me/mailFolders/{id}/messages";

#[test]
fn a_list_is_whole_in_order_and_takes_few_requests() {
    let setup = Setup::with_mails(1200, 10);
    let all = setup.walk(MessageQuery::default());
    let ids: Vec<String> = all.iter().map(|message| message.id.clone()).collect();
    assert_eq!(ids, setup.mailbox.ids("inbox"));
    // Two pages, and those without an instant.
    assert_eq!(setup.mailbox.asked(LIST), 3);

    setup.mailbox.control("DELETE", "counters", Value::Null);
    let newest = setup.walk(MessageQuery {
        limit: Some(5),
        newest_first: true,
        ..MessageQuery::default()
    });
    let expected: Vec<&String> = ids.iter().rev().take(5).collect();
    assert_eq!(newest.iter().map(|message| &message.id).collect::<Vec<_>>(), expected);
    assert_eq!(setup.mailbox.asked(LIST), 1);

    let since = all[700].received_at.unwrap();
    let query = MessageQuery {
        since: Some(since),
        ..MessageQuery::default()
    };
    assert_eq!(setup.walk(query.clone()).len(), 500);
    setup.mailbox.control("DELETE", "counters", Value::Null);
    assert_eq!(messages::total(&setup.context, &setup.name, &query).unwrap(), 500);
    assert_eq!(setup.mailbox.requests(), 1);
}

#[test]
fn moving_each_message_while_it_is_listed_skips_none() {
    let setup = Setup::with_mails(45, 10);
    // Ten of one second, so that a page ends in the middle of them.
    setup.mailbox.control(
        "POST",
        "mails/generate",
        json!({ "folder": "inbox", "count": 10, "step": 0, "first": 100 }),
    );
    let expected = setup.mailbox.ids("inbox").len();
    let mut walk = MessageWalk::new(MessageQuery::default()).with_page(4);
    let mut seen = 0;
    loop {
        let page = walk.next_page(&setup.context, &setup.name).unwrap();
        if page.is_empty() {
            break;
        }
        seen += page.len();
        let ids: Vec<String> = page.into_iter().map(|message| message.id).collect();
        let results = messages::move_messages(&setup.context, &setup.name, &ids, "wellknown:archive").unwrap();
        assert!(results.iter().all(|result| result.message.is_some()), "{results:?}");
    }
    assert_eq!(seen, expected);
    assert_eq!(setup.mailbox.ids("inbox").len(), 0);
    assert_eq!(setup.mailbox.ids("archive").len(), expected);
}

#[test]
fn unread_messages_alone_are_listed_and_counted() {
    let setup = Setup::with_mails(6, 10);
    let ids = setup.mailbox.ids("inbox");
    let change = MessageChange {
        is_read: Some(true),
        categories: Some(vec!["Grün".to_owned()]),
        flagged: Some(true),
    };
    let changed = messages::update_message(&setup.context, &setup.name, &ids[2], &change).unwrap();
    assert!(changed.is_read);
    assert_eq!(changed.categories, ["Grün"]);
    let there = setup.mailbox.messages("inbox").remove(2);
    assert!(there["flag"].to_string().contains("flagged"), "{there}");
    let unread = MessageQuery {
        unread_only: true,
        ..MessageQuery::default()
    };
    assert_eq!(setup.walk(unread.clone()).len(), 5);
    assert_eq!(messages::total(&setup.context, &setup.name, &unread).unwrap(), 5);
}

#[test]
fn bytes_are_exact_in_memory_and_in_a_file() {
    let setup = Setup::with_mails(1, 300_000);
    let (context, name) = (&setup.context, &setup.name);
    let there = setup.mailbox.messages("inbox").remove(0);
    let id = there["immutableId"].as_str().unwrap();
    let mime = messages::get_mime(context, name, id, None).unwrap();
    assert_eq!(there["sha256"], sha256(&mime));
    let path = setup.path("mail.eml");
    fs::write(&path, "old").unwrap();
    let saved = messages::save_mime(context, name, id, &path, None).unwrap();
    assert_eq!(saved, u64::try_from(mime.len()).unwrap());
    assert_eq!(fs::read(&path).unwrap(), mime);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let attachments = messages::list_attachments(context, name, id).unwrap();
    assert_eq!(attachments.len(), 1);
    assert_eq!(attachments[0].kind, AttachmentKind::File);
    let bytes = messages::get_attachment(context, name, id, &attachments[0].id, None).unwrap();
    assert_eq!(there["attachments"][0]["sha256"], sha256(&bytes));
    let path = setup.path("attachment");
    messages::save_attachment(context, name, id, &attachments[0].id, &path, None).unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(setup.leftovers(), 0);
}

#[test]
fn a_download_that_breaks_is_begun_again_and_its_bytes_are_still_exact() {
    let setup = Setup::with_mails(1, 300_000);
    let there = setup.mailbox.messages("inbox").remove(0);
    let id = there["immutableId"].as_str().unwrap();
    for fault in [
        json!({ "truncate_after": 100_000 }),
        json!({ "status": 503 }),
        json!({ "cut": "reset" }),
    ] {
        let mut rule = fault.clone();
        rule["path"] = "$value".into();
        setup.mailbox.fault(rule);
        let path = setup.path("mail.eml");
        messages::save_mime(&setup.context, &setup.name, id, &path, None).unwrap();
        assert_eq!(there["sha256"], sha256(&fs::read(&path).unwrap()), "{fault}");
    }
}

#[test]
fn too_many_bytes_end_the_download_and_leave_no_file() {
    let setup = Setup::with_mails(1, 300_000);
    let id = setup.mailbox.ids("inbox").remove(0);
    let path = setup.path("mail.eml");
    let saved = messages::save_mime(&setup.context, &setup.name, &id, &path, Some(1000));
    assert_eq!(code(saved), (Class::Service, "too_large".to_owned()));
    assert!(!path.exists());
    assert_eq!(setup.leftovers(), 0);
    let read = messages::get_mime(&setup.context, &setup.name, &id, Some(1000));
    assert_eq!(code(read), (Class::Service, "too_large".to_owned()));
}

#[test]
fn a_failed_download_leaves_the_old_file_alone() {
    let setup = Setup::with_mails(1, 10);
    let id = setup.mailbox.ids("inbox").remove(0);
    let path = setup.path("mail.eml");
    fs::write(&path, "old").unwrap();
    setup
        .mailbox
        .fault(json!({ "path": "$value", "graph": { "status": 403, "code": "ErrorAccessDenied" } }));
    let saved = messages::save_mime(&setup.context, &setup.name, &id, &path, None);
    assert_eq!(code(saved).0, Class::AccessDenied);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(setup.leftovers(), 0);
    let saved = messages::save_mime(&setup.context, &setup.name, &id, Path::new("/proc/none/mail.eml"), None);
    assert_eq!(code(saved), (Class::Configuration, "target_not_writable".to_owned()));
}

#[test]
fn all_kinds_of_attachments_are_told_apart() {
    let setup = Setup::new();
    let mime = "From: a@example.com\r\nSubject: three kinds\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n\
        --x\r\nContent-Type: text/html\r\n\r\n<img src=\"cid:logo\">\r\n\
        --x\r\nContent-Type: image/png; name=logo.png\r\nContent-Disposition: inline\r\nContent-ID: <logo>\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n\
        --x\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=inner.eml\r\n\r\n\
        From: b@example.com\r\nSubject: inner\r\n\r\nhello\r\n--x--\r\n";
    let references = json!([{ "name": "plan.docx", "url": "https://cloud.example/plan", "size": 9 }]);
    setup.mailbox.control(
        "POST",
        "mails",
        json!({ "folder": "inbox", "mime": mime, "references": references }),
    );
    let id = setup.mailbox.ids("inbox").remove(0);
    let (context, name) = (&setup.context, &setup.name);
    for hash in [true, false] {
        setup
            .mailbox
            .control("PATCH", "settings", json!({ "attachment_type_hash": hash }));
        let attachments = messages::list_attachments(context, name, &id).unwrap();
        let of = |kind| attachments.iter().find(|attachment| attachment.kind == kind).unwrap();
        assert_eq!(attachments.len(), 3);
        let (file, item, reference) = (
            of(AttachmentKind::File),
            of(AttachmentKind::Item),
            of(AttachmentKind::Reference),
        );
        assert!(file.is_inline);
        assert_eq!(file.content_id.as_deref(), Some("logo"));
        let inner = messages::get_attachment(context, name, &id, &item.id, None).unwrap();
        assert!(String::from_utf8_lossy(&inner).contains("Subject: inner"));
        let link = messages::get_attachment(context, name, &id, &reference.id, None);
        assert_eq!(code(link), (Class::Service, "attachment_is_reference".to_owned()));
    }
    // Where the cast to a file is refused, inline files are read one by one.
    let refused = json!({ "path": "fileAttachment/contentId", "graph": { "status": 400, "code": "BadRequest" } });
    setup.mailbox.fault(refused);
    let attachments = messages::list_attachments(context, name, &id).unwrap();
    assert!(
        attachments
            .iter()
            .any(|attachment| attachment.content_id.as_deref() == Some("logo"))
    );
}

#[test]
fn what_is_not_there_is_named() {
    let setup = Setup::with_mails(1, 10);
    let (context, name) = (&setup.context, &setup.name);
    let id = setup.mailbox.ids("inbox").remove(0);
    let attachment = messages::list_attachments(context, name, &id).unwrap().remove(0).id;
    setup.mailbox.generate("archive", 1, 10);
    let gone = setup.mailbox.ids("archive").remove(0);
    setup.mailbox.control("POST", "messages/delete", json!({ "id": gone }));

    let message = (Class::MessageNotFound, "message_not_found".to_owned());
    assert_eq!(code(messages::get_message(context, name, &gone, true)), message);
    assert_eq!(
        code(messages::get_message(context, name, "no-id-at-all", true)),
        message
    );
    assert_eq!(code(messages::list_attachments(context, name, &gone)), message);
    assert_eq!(
        code(messages::get_attachment(context, name, &gone, &attachment, None)),
        message
    );
    assert_eq!(
        code(messages::move_message(context, name, &gone, "wellknown:archive")),
        message
    );
    assert_eq!(code(messages::delete_message(context, name, &gone, true)), message);
    let missing = messages::get_attachment(context, name, &id, &gone, None);
    assert_eq!(
        code(missing),
        (Class::AttachmentNotFound, "attachment_not_found".to_owned())
    );
    for folder in [
        "No such folder",
        "id:AAMknone",
        "id:..",
        "wellknown:clutter/none",
        "wellknown:nothing",
    ] {
        let moved = messages::move_message(context, name, &id, folder);
        assert_eq!(code(moved).0, Class::FolderNotFound, "{folder}");
        let query = MessageQuery {
            folder: Some(folder.to_owned()),
            ..MessageQuery::default()
        };
        let listed = MessageWalk::new(query.clone()).next_page(context, name);
        assert_eq!(code(listed).0, Class::FolderNotFound, "{folder}");
        assert_eq!(
            code(messages::total(context, name, &query)).0,
            Class::FolderNotFound,
            "{folder}"
        );
    }
    let unknown = AccountName::new("unknown").unwrap();
    assert_eq!(
        code(messages::get_message(context, &unknown, &id, true)).0,
        Class::AccountNotFound
    );

    let results = messages::move_messages(context, name, &[gone.clone(), id.clone()], "wellknown:archive").unwrap();
    assert_eq!(results[0].problem.as_ref().unwrap().code, "message_not_found");
    assert_eq!(results[1].message.as_ref().unwrap().id, id);
}

#[test]
fn arguments_that_can_be_no_id_are_refused_before_any_request() {
    let setup = Setup::with_mails(1, 10);
    let (context, name) = (&setup.context, &setup.name);
    let large = "x".repeat(10 << 20);
    for id in ["", "a\0b", "a b", "a\nb", ".", "..", large.as_str()] {
        let outcome = messages::get_message(context, name, id, false);
        assert!(
            matches!(
                outcome,
                Err(Error::Argument {
                    argument: "message_id",
                    ..
                })
            ),
            "{outcome:?}"
        );
        let outcome = messages::get_attachment(context, name, "x", id, None);
        assert!(
            matches!(
                outcome,
                Err(Error::Argument {
                    argument: "attachment_id",
                    ..
                })
            ),
            "{outcome:?}"
        );
        let outcome = messages::move_messages(context, name, &[id.to_owned()], "wellknown:archive");
        assert!(
            matches!(
                outcome,
                Err(Error::Argument {
                    argument: "message_ids",
                    ..
                })
            ),
            "{outcome:?}"
        );
    }
    assert_eq!(setup.mailbox.requests(), 0);
}

#[test]
fn a_single_read_brings_body_and_headers_in_the_form_asked_for() {
    let setup = Setup::with_mails(1, 10);
    let id = setup.mailbox.ids("inbox").remove(0);
    let text = messages::get_message(&setup.context, &setup.name, &id, true).unwrap();
    assert_eq!(text.body_type.as_deref(), Some("text"));
    let html = messages::get_message(&setup.context, &setup.name, &id, false).unwrap();
    assert_eq!(html.body_type.as_deref(), Some("html"));
    assert!(
        html.headers
            .unwrap()
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("subject"))
    );
    let listed = setup.walk(MessageQuery::default()).remove(0);
    assert_eq!((listed.body, listed.headers), (None, None));
    assert_eq!(listed.received_at, text.received_at);
}

#[test]
fn deleting_moves_to_deleted_items_or_removes_for_good() {
    let setup = Setup::with_mails(2, 10);
    let ids = setup.mailbox.ids("inbox");
    messages::delete_message(&setup.context, &setup.name, &ids[0], false).unwrap();
    assert_eq!(setup.mailbox.ids("deleteditems"), [ids[0].clone()]);
    // Done, but the answer was lost: the second request finds nothing, and that is success.
    setup
        .mailbox
        .fault(json!({ "path": "permanentDelete", "execute": true, "cut": "close" }));
    messages::delete_message(&setup.context, &setup.name, &ids[1], true).unwrap();
    assert_eq!(setup.mailbox.ids("inbox").len(), 0);
    assert_eq!(setup.mailbox.ids("deleteditems").len(), 1);
}

#[test]
fn every_request_asks_for_immutable_ids_and_carries_an_id_of_its_own() {
    let setup = Setup::with_mails(3, 10);
    let ids = setup.mailbox.ids("inbox");
    let (context, name) = (&setup.context, &setup.name);
    setup.walk(MessageQuery::default());
    messages::get_message(context, name, &ids[0], true).unwrap();
    messages::get_mime(context, name, &ids[0], None).unwrap();
    messages::list_attachments(context, name, &ids[0]).unwrap();
    messages::copy_message(context, name, &ids[0], "wellknown:archive").unwrap();
    messages::move_messages(context, name, &ids, "wellknown:archive").unwrap();
    let requests = setup.mailbox.control("GET", "requests", Value::Null);
    let mut seen = Vec::new();
    for request in requests["requests"].as_array().unwrap() {
        let headers = &request["headers"];
        let prefer = headers["prefer"].as_str().unwrap();
        assert!(prefer.contains("IdType=\"ImmutableId\""), "{request}");
        assert!(
            headers["user-agent"].as_str().unwrap().starts_with("squeeze_graph/"),
            "{request}"
        );
        let id = headers["client-request-id"].as_str().unwrap().to_owned();
        assert_eq!(id.len(), 36, "{request}");
        assert!(!seen.contains(&id), "{request}");
        seen.push(id);
    }
    assert!(seen.len() >= 7);
}

#[test]
fn the_zone_of_the_mailbox_comes_as_iana_name() {
    let setup = Setup::new();
    let settings = messages::get_mailbox_settings(&setup.context, &setup.name).unwrap();
    assert!(settings.time_zone.contains('/'), "{settings:?}");
    assert_eq!(settings.language.as_deref(), Some("de-DE"));
}
