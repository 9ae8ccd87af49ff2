//! What comes from Graph: pages, refusals, and how long it wants to be left alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use squeeze_graph::base::failure::Error;
use squeeze_graph::base::language::Language;
use squeeze_graph::graph::error::{GraphError, Refusal};
use squeeze_graph::graph::folders::{FolderRow, apply, changes_after};
use squeeze_graph::graph::retry::{Repeat, wait};
use squeeze_graph::graph::value::Folder;
use squeeze_graph::graph::{attachments, messages};
use squeeze_graph::service::folders::name::FolderName;
use squeeze_graph::service::folders::tree::{Resolution, Tree};
use squeeze_graph::service::import::file_name;
use squeeze_graph::transport::retry_after::{LIMIT, retry_after};
use url::Url;

use crate::names::is_one_safe_component;
use crate::run::run;
use crate::scripted::{GRAPH, NOW, Script, client};
use crate::{is_tame, label};

/// No token goes anywhere but to Graph, whatever a page calls the next one.
fn stays_at_graph(script: &Script) {
    let root = Url::parse(GRAPH).unwrap();
    for url in script.asked() {
        assert_eq!(url.origin(), root.origin(), "a token went to {url}");
    }
}

/// A failure as it is shown; it must be fit for a log.
fn refused(error: GraphError) -> String {
    let Error::Failure(failure) = Error::from(error) else {
        panic!("no failure");
    };
    let problem = &failure.problem;
    assert!(is_tame(&problem.message) && is_tame(&problem.code), "{problem:?}");
    assert!(problem.request_id.as_deref().is_none_or(is_tame), "{problem:?}");
    assert!(problem.facts.values().all(|fact| is_tame(fact)), "{problem:?}");
    for language in [Language::English, Language::German] {
        assert!(is_tame(&problem.explanation(language)) && is_tame(&problem.remedy(language)));
    }
    format!("{:?} {}", failure.class, label(&problem.source))
}

const LINKS: [&str; 9] = [
    "@odata.nextLink",
    "@odata.deltaLink",
    "@removed",
    "https://graph.microsoft.com/v1.0/next",
    "https://graph.microsoft.com.evil.example/",
    "https://graph.microsoft.com@evil.example/",
    "http://graph.microsoft.com/",
    "//evil.example/",
    "https://graph.microsoft.com:444/",
];

#[test]
fn a_page_of_folders_becomes_a_tree_whose_paths_can_be_passed_back() {
    run("folders", &LINKS, 2, |input| {
        let script = Arc::new(Script::new(
            StatusCode::OK,
            input,
            r#"{"value":[],"@odata.deltaLink":"https://graph.microsoft.com/v1.0/me/mailFolders/delta?$deltatoken=x"}"#,
        ));
        let outcome = changes_after(&client(&script), None, &format!("{GRAPH}/me/mailFolders/delta"));
        stays_at_graph(&script);
        let changes = match outcome {
            Ok((changes, _)) => changes,
            Err(error) => return refused(error),
        };
        let mut rows = Vec::new();
        apply(&mut rows, changes.clone());
        let once = rows.clone();
        apply(&mut rows, changes);
        assert_eq!(rows, once, "the same changes twice did harm");
        let root = FolderRow {
            id: "root".to_owned(),
            ..FolderRow::default()
        };
        let tree = Tree::new(&root, rows, &BTreeMap::new(), true);
        // No mailbox has a folder without a name, or one with a null byte in it; such a one can not be named by a path, nor what lies
        // below it.
        let strange =
            |folder: &Folder| folder.path.ends_with('/') || folder.path.contains("//") || folder.path.contains('\0');
        for folder in tree.folders().iter().filter(|folder| !strange(folder)) {
            let name = match FolderName::parse(&folder.path) {
                Ok(name) => name,
                Err(message) => {
                    assert!(folder.path.len() > 16 * 1024, "{:?} {message}", folder.path);
                    continue;
                }
            };
            match tree.resolve(&name) {
                Resolution::Found(found) => assert_eq!(found.path, folder.path),
                Resolution::Ambiguous(paths) => assert!(paths.contains(&folder.path), "{paths:?}"),
                Resolution::NotFound(_) => panic!("{:?} is not found", folder.path),
            }
        }
        format!("{} folders", tree.folders().len().min(3))
    });
}

#[test]
fn a_page_of_messages_becomes_messages_with_everything_a_caller_relies_on() {
    let words = [
        "emailAddress",
        "receivedDateTime",
        "0001-01-01T00:00:00Z",
        "2026-01-31T12:00:00.0000000Z",
        "body",
        "contentType",
        "HIGH",
    ];
    let words: Vec<&str> = words.into_iter().chain(LINKS).collect();
    run("messages", &words, 2, |input| {
        let script = Arc::new(Script::new(StatusCode::OK, input, r#"{"value":[]}"#));
        let client = client(&script);
        let page = match messages::page(&client, "inbox", None, None, 50) {
            Ok(page) => page,
            Err(error) => return refused(error),
        };
        for message in &page.value {
            assert_eq!(message.body.is_some(), message.body_type.is_some());
            assert!(!message.importance.contains(|letter: char| letter.is_ascii_uppercase()));
            let named = [&message.from, &message.sender].into_iter().flatten();
            let lists = [&message.to, &message.cc, &message.bcc, &message.reply_to]
                .into_iter()
                .flatten();
            for address in named.chain(lists) {
                assert!(!address.address.is_empty() || address.name.as_ref().is_some_and(|name| !name.is_empty()));
            }
            for instant in [message.received_at, message.sent_at].into_iter().flatten() {
                assert!(instant.epoch().abs() <= 253_402_387_199, "{instant:?}");
            }
        }
        let further = page.next.map(|link| messages::next_page(&client, &link).is_ok());
        stays_at_graph(&script);
        format!("{} messages, next page: {further:?}", page.value.len().min(2))
    });
}

#[test]
fn a_page_of_attachments_gives_each_a_file_name_of_its_own() {
    let words = [
        "#microsoft.graph.itemAttachment",
        "#microsoft.graph.referenceAttachment",
        "../../etc/passwd",
        "CON",
        "a.pdf",
        "size",
    ];
    let words: Vec<&str> = words.into_iter().chain(LINKS).collect();
    run("attachments", &words, 2, |input| {
        let script = Arc::new(Script::new(StatusCode::OK, input, r#"{"value":[]}"#));
        let outcome = attachments::list(&client(&script), "message");
        stays_at_graph(&script);
        let attachments = match outcome {
            Ok(attachments) => attachments,
            Err(error) => return refused(error),
        };
        let names: Vec<String> = (1..)
            .zip(&attachments)
            .map(|(position, attachment)| file_name::attachment(position, attachment))
            .collect();
        for name in &names {
            is_one_safe_component(name);
        }
        // Some file systems do not tell upper from lower case.
        let mut names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), attachments.len(), "two files of one name");
        format!("{} attachments", attachments.len().min(3))
    });
}

#[test]
fn a_refusal_becomes_a_failure_that_fits_into_a_log() {
    const STATUSES: [u16; 16] = [
        400, 401, 403, 404, 408, 409, 410, 412, 413, 423, 429, 500, 502, 503, 504, 507,
    ];
    let words = [
        "code",
        "message",
        "innerError",
        "innererror",
        "request-id",
        "ErrorItemNotFound",
        "ErrorAccessDenied",
        "\\u0007",
        "\\n",
    ];
    run("graph_error", &words, 4, |input| {
        let status = StatusCode::from_u16(STATUSES[input.len() % STATUSES.len()]).unwrap();
        let refusal = Refusal::new(status).with_body(input);
        assert!(refusal.codes.len() <= 16 && refusal.codes.iter().all(|code| !code.is_empty()));
        refused(GraphError::refused(refusal, NOW))
    });
}

#[test]
fn a_wait_is_what_the_server_said_and_never_beyond_the_cap() {
    let words = [
        "Tue, 14 Nov 2023 22:13:20 GMT",
        "Wed, 15 Nov 2023 00:00:00 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "2.128",
        "120",
        "3600",
        "3601",
    ];
    run("retry_after", &words, 3, |input| {
        let mut lines = input.split(|byte| *byte == b'\n');
        let mut headers = HeaderMap::new();
        for name in [RETRY_AFTER, DATE] {
            if let Some(Ok(value)) = lines.next().map(HeaderValue::from_bytes) {
                headers.insert(name, value);
            }
        }
        let said = retry_after(&headers, NOW);
        assert!(said.is_none_or(|seconds| seconds <= LIMIT), "{said:?}");
        let text = headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let whole = text.parse::<u64>().unwrap_or(LIMIT);
            assert_eq!(said, Some(whole.min(LIMIT)), "{text}");
        }
        for attempt in [1, 2, 3, 4, 19, 20, u32::MAX] {
            for status in [429, 500, 503, 509] {
                let refusal = Refusal::new(StatusCode::from_u16(status).unwrap()).with_headers(&headers, NOW);
                let error = GraphError::refused(refusal, NOW);
                let wait = wait(&error, Repeat::Freely, attempt, 1.0);
                assert!(
                    wait.is_none_or(|wait| wait <= Duration::from_secs(LIMIT + 1)),
                    "{wait:?}"
                );
                if let (Some(wait), Some(said)) = (wait, said) {
                    assert!(wait >= Duration::from_secs(said), "asked again too early");
                }
                assert!(attempt < 20 || wait.is_none(), "asked for ever");
            }
        }
        match said {
            None => "unreadable",
            Some(0) => "at once",
            Some(LIMIT) => "cap",
            Some(_) => "wait",
        }
        .to_owned()
    });
}
