//! The example mails are read as Exchange would read them.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::path::Path;

use common::Stage;
use serde_json::{Value, json};
use squeeze_graph_sandbox::Options;

struct Expected {
    subject: &'static str,
    has_attachments: bool,
    /// Kind, name, inline.
    attachments: &'static [(&'static str, &'static str, bool)],
}

const fn mail(
    subject: &'static str,
    has_attachments: bool,
    attachments: &'static [(&'static str, &'static str, bool)],
) -> Expected {
    Expected {
        subject,
        has_attachments,
        attachments,
    }
}

/// Stands for the name that is too long to stand here.
const LONG: &str = "400 characters";

#[test]
fn every_example_mail_is_shown_as_outlook_would() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("mails");
    let stage = Stage::with(Options {
        mailboxes: vec![directory.clone()],
        ..Options::default()
    });
    let graph = stage.graph();
    let messages = graph.all("me/mailFolders/inbox/messages?$top=100&$filter=receivedDateTime ge 1900-01-01T00:00:00Z&$orderby=receivedDateTime");
    let expected = [
        mail("Rechnung RE-2026-0417", true, &[("file", "RE-2026-0417.pdf", false)]),
        mail(
            "Ihre Abrechnung für Februar",
            true,
            &[
                ("file", "Abrechnung-Februar.pdf", false),
                ("file", "xrechnung.xml", false),
            ],
        ),
        mail(
            "Rechnung für Bürotüren – Größe XL",
            true,
            &[
                ("file", "Rechnung Bürotüren.pdf", false),
                ("file", "factur-x – Müller & Söhne.xml", false),
                ("file", "Aufmaß-Straße-7.pdf", false),
            ],
        ),
        mail("WG: Gutschrift über 12 €", true, &[("item", "Gutschrift.eml", false)]),
        mail("Unser neues Logo", false, &[("file", "logo.png", true)]),
        mail(
            "Rechnung über Anzeigen",
            true,
            &[("file", "logo.png", true), ("file", "Anzeigen.pdf", false)],
        ),
        mail("Frage zur Rechnung 0417", false, &[]),
        mail(
            "Kaputt und =?utf-8?B?abgeschnitten",
            true,
            &[("file", "halb.pdf", false)],
        ),
        mail(
            "Rechnung mit seltsamem Namen",
            true,
            &[
                ("file", "../../etc/passwd", false),
                ("file", "", false),
                ("file", LONG, false),
                ("file", "..\\..\\CON.pdf", false),
            ],
        ),
        mail("Signierte Abrechnung", true, &[("file", "smime.p7m", false)]),
        mail("Verschlüsselte Abrechnung", true, &[("file", "smime.p7m", false)]),
        mail("📰 Neues im März: E-Rechnung wird Pflicht", false, &[]),
        mail("Lieferschein für Türen", true, &[("file", "Scan0001.tif", false)]),
        mail("Sammelrechnung als ZIP", true, &[("file", "Sammelrechnung.zip", false)]),
        mail("Besprechung Rechnungseingang", false, &[]),
        mail(
            "Zwei Rechnungen, ein Name",
            true,
            &[
                ("file", "Rechnung.pdf", false),
                ("file", "Rechnung.pdf", false),
                ("file", "RECHNUNG.PDF", false),
            ],
        ),
    ];
    assert_eq!(messages.len(), expected.len());
    let mut files: Vec<_> = std::fs::read_dir(&directory)
        .expect("the folder")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    files.sort();
    for ((message, expected), file) in messages.iter().zip(&expected).zip(files) {
        let subject = message["subject"].as_str().unwrap_or_default();
        assert_eq!(subject, expected.subject);
        assert_eq!(message["hasAttachments"], expected.has_attachments, "{subject}");
        let id = message["id"].as_str().expect("an id");
        let list = graph.get(&format!("me/messages/{id}/attachments?$select=id,name,isInline,size"));
        let found: Vec<(String, String, bool)> = list["value"].as_array().expect("a list").iter().map(shown).collect();
        let wanted: Vec<(String, String, bool)> = expected
            .attachments
            .iter()
            .map(|(kind, name, inline)| {
                (
                    format!("#microsoft.graph.{kind}Attachment"),
                    (*name).to_owned(),
                    *inline,
                )
            })
            .collect();
        assert_eq!(found, wanted, "{subject}");
        let mime = graph
            .send("GET", &format!("me/messages/{id}/$value"), None)
            .bytes()
            .expect("bytes");
        assert_eq!(mime, std::fs::read(&file).expect("the file"), "{}", file.display());
    }
}

fn shown(attachment: &Value) -> (String, String, bool) {
    let text = |name: &str| attachment[name].as_str().unwrap_or_default().to_owned();
    let name = Some(text("name")).filter(|name| name.len() < 100);
    let name = name.unwrap_or_else(|| format!("{} characters", text("name").chars().count()));
    (
        text("@odata.type"),
        name,
        attachment["isInline"].as_bool().unwrap_or_default(),
    )
}

#[test]
fn attachments_of_all_three_kinds_answer_as_they_should() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("mails");
    let stage = Stage::with(Options {
        mailboxes: vec![directory.clone()],
        ..Options::default()
    });
    stage.control("POST", "messages/delete", &json!({ "from_folder": "inbox" }));
    stage.control("POST", "reset", &Value::Null);
    let graph = stage.graph();
    let forwarded = stage.control("GET", "messages", &json!({ "folder": "inbox" }))["messages"]
        .as_array()
        .expect("messages")[3]
        .clone();
    let base = format!("me/messages/{}/attachments", forwarded["id"].as_str().expect("an id"));
    let item = graph.get(&format!("{base}?$expand=microsoft.graph.itemattachment/item"))["value"][0].clone();
    assert_eq!(item["item"]["subject"], "Gutschrift über 12 €");
    let mime = graph
        .send(
            "GET",
            &format!("{base}/{}/$value", item["id"].as_str().expect("an id")),
            None,
        )
        .text()
        .expect("text");
    assert!(
        mime.starts_with("Received: ") && mime.contains("Gutschrift-12.pdf"),
        "{mime}"
    );

    let linked = stage.control(
        "POST",
        "mails",
        &json!({
            "mime": "From: a@b.example\r\nSubject: Link\r\n\r\nSiehe Link",
            "references": [{ "name": "Angebot.docx", "url": "https://files.example/1", "size": 5000 }]
        }),
    );
    let base = format!("me/messages/{}/attachments", linked["id"].as_str().expect("an id"));
    let reference = graph.get(&base)["value"][0].clone();
    assert_eq!(reference["@odata.type"], "#microsoft.graph.referenceAttachment");
    assert_eq!(
        graph
            .outcome(
                "GET",
                &format!("{base}/{}/$value", reference["id"].as_str().expect("an id")),
                None
            )
            .0,
        405
    );

    let picture = stage.control("GET", "messages", &json!({ "folder": "inbox" }))["messages"]
        .as_array()
        .expect("messages")[4]
        .clone();
    let base = format!("me/messages/{}/attachments", picture["id"].as_str().expect("an id"));
    assert_eq!(
        graph.outcome("GET", &format!("{base}?$select=contentId"), None),
        (400, "BadRequest".into())
    );
    assert_eq!(
        graph
            .outcome("GET", &format!("{base}?$filter=isInline eq true"), None)
            .0,
        400
    );
    let cast = graph.get(&format!("{base}?$select=id,microsoft.graph.fileAttachment/contentId"))["value"][0].clone();
    assert_eq!(
        (&cast["contentId"], cast.get("contentBytes")),
        (&json!("logo@werbung.example"), None)
    );
    assert!(graph.get(&base)["value"][0]["contentBytes"].is_string());
}

#[test]
fn bodies_come_as_asked_for() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("mails");
    let stage = Stage::with(Options {
        mailboxes: vec![directory],
        ..Options::default()
    });
    let graph = stage.graph();
    let news = stage.control("GET", "messages", &json!({ "folder": "inbox" }))["messages"]
        .as_array()
        .expect("messages")[11]
        .clone();
    let path = format!(
        "me/messages/{}?$select=body,internetMessageHeaders",
        news["id"].as_str().expect("an id")
    );
    for (prefer, kind, holds, lacks) in [
        ("", "html", "<h1>Neues im März</h1>", "alert(1)"),
        ("outlook.allow-unsafe-html", "html", "alert(1)", "@@"),
        (
            "outlook.body-content-type=\"text\"",
            "text",
            "Die E-Rechnung wird Pflicht.",
            "<h1>",
        ),
    ] {
        let (_, body) = common::json_of(graph.request("GET", &path).header("prefer", prefer));
        let content = body["body"]["content"].as_str().expect("a body");
        assert_eq!(body["body"]["contentType"], kind);
        assert!(
            content.contains(holds) && !content.contains(lacks),
            "{prefer}: {content}"
        );
        let headers = body["internetMessageHeaders"].as_array().expect("headers");
        assert!(headers.iter().any(|header| header["name"] == "List-Unsubscribe"));
    }
}

#[test]
fn mails_cut_off_anywhere_still_load_byte_for_byte() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("mails");
    let stage = Stage::new();
    let graph = stage.graph();
    for entry in std::fs::read_dir(&directory).expect("the folder") {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "eml") {
            continue;
        }
        let whole = std::fs::read(&path).expect("bytes");
        for part in 0..6 {
            let cut = &whole[..whole.len() * part / 6];
            let encoded = {
                use base64::Engine;
                base64::engine::general_purpose::STANDARD.encode(cut)
            };
            let added = stage.control("POST", "mails", &json!({ "base64": encoded, "folder": "/Kunden" }));
            let base = format!("me/messages/{}", added["id"].as_str().expect("an id"));
            graph.get(&base);
            graph.get(&format!("{base}/attachments"));
            let mime = graph
                .send("GET", &format!("{base}/$value"), None)
                .bytes()
                .expect("bytes");
            assert_eq!(mime, cut, "{} cut at {}", path.display(), cut.len());
        }
    }
}
