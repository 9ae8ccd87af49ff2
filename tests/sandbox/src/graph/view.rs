//! A message as Graph's JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::{Call, ids};
use crate::clock;
use crate::mailbox::mime::{Address, Kind, Summary};
use crate::mailbox::{Flag, Mailbox, Message};

/// Properties of a message.
pub const PROPERTIES: [&str; 31] = [
    "id",
    "createdDateTime",
    "lastModifiedDateTime",
    "changeKey",
    "categories",
    "receivedDateTime",
    "sentDateTime",
    "hasAttachments",
    "internetMessageId",
    "internetMessageHeaders",
    "subject",
    "bodyPreview",
    "importance",
    "parentFolderId",
    "conversationId",
    "conversationIndex",
    "isDeliveryReceiptRequested",
    "isReadReceiptRequested",
    "isRead",
    "isDraft",
    "webLink",
    "inferenceClassification",
    "body",
    "uniqueBody",
    "sender",
    "from",
    "toRecipients",
    "ccRecipients",
    "bccRecipients",
    "replyTo",
    "flag",
];

/// The message's id in the form the request prefers.
pub fn id(call: &Call<'_>, mailbox: &Mailbox, message: &Message) -> String {
    ids::message(&mailbox.id, message.key, message.generation, call.prefer.immutable)
}

/// The message's change key, which changes with every change.
pub fn change_key(message: &Message) -> String {
    STANDARD.encode(format!("CQAAABYAAAD{:020}", message.changed))
}

/// Graph's name of a derived type, for anything but a plain message.
fn derived(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Message => None,
        Kind::MeetingRequest => Some("#microsoft.graph.eventMessageRequest"),
        Kind::MeetingResponse => Some("#microsoft.graph.eventMessageResponse"),
        Kind::MeetingCancelled => Some("#microsoft.graph.eventMessage"),
    }
}

/// `meetingMessageType` of a derived type.
fn meeting(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Message => None,
        Kind::MeetingRequest => Some("meetingRequest"),
        Kind::MeetingResponse => Some("meetingAccepted"),
        Kind::MeetingCancelled => Some("meetingCancelled"),
    }
}

/// The message, as far as `$select` wants it.
pub fn show(call: &Call<'_>, mailbox: &Mailbox, message: &Message) -> Map<String, Value> {
    let summary = message.source.summary();
    let query = &call.query;
    let digits = call.sandbox.settings().fraction_digits;
    let stamp = |seconds: i64| timestamp(seconds, digits);
    let mut body = Map::new();
    if let Some(name) = derived(summary.kind) {
        body.insert("@odata.type".into(), name.into());
    }
    body.insert("@odata.etag".into(), format!("W/\"{}\"", change_key(message)).into());
    body.insert("id".into(), id(call, mailbox, message).into());
    let mut put = |name: &str, make: &dyn Fn() -> Value| {
        if query.wants(name) {
            body.insert(name.to_owned(), make());
        }
    };
    put("createdDateTime", &|| stamp(message.created).into());
    put("lastModifiedDateTime", &|| stamp(message.modified).into());
    put("changeKey", &|| change_key(message).into());
    put("categories", &|| json!(message.categories));
    put("receivedDateTime", &|| message.received.map(stamp).into());
    put("sentDateTime", &|| summary.sent.or(message.received).map(stamp).into());
    put("hasAttachments", &|| message.has_attachments().into());
    put("internetMessageId", &|| json!(summary.message_id));
    put("subject", &|| json!(message.subject()));
    put("bodyPreview", &|| preview(summary).into());
    put("importance", &|| message.importance.clone().into());
    put("parentFolderId", &|| ids::folder(&mailbox.id, message.folder).into());
    put("conversationId", &|| {
        format!("AAQk{}", STANDARD.encode(format!("conversation-{:08}", message.key))).into()
    });
    put("conversationIndex", &|| {
        STANDARD.encode(format!("{:022}", message.key)).into()
    });
    put("isDeliveryReceiptRequested", &|| Value::Null);
    put("isReadReceiptRequested", &|| json!(summary.read_receipt));
    put("isRead", &|| message.is_read.into());
    put("isDraft", &|| message.is_draft.into());
    put("webLink", &|| {
        format!(
            "https://outlook.office365.com/owa/?ItemID={}&exvsurl=1&viewmodel=ReadMessageItem",
            id(call, mailbox, message)
        )
        .into()
    });
    put("inferenceClassification", &|| message.inference.clone().into());
    put("body", &|| content(call, summary));
    put("sender", &|| recipient(summary.sender.as_ref()));
    put("from", &|| recipient(summary.from.as_ref()));
    put("toRecipients", &|| recipients(&summary.to));
    put("ccRecipients", &|| recipients(&summary.cc));
    put("bccRecipients", &|| recipients(&summary.bcc));
    put("replyTo", &|| recipients(&summary.reply_to));
    put("flag", &|| json!({ "flagStatus": message.flag }));
    if query.select.is_none()
        && let Some(meeting) = meeting(summary.kind)
    {
        body.insert("meetingMessageType".into(), meeting.into());
    }
    if query.names("internetMessageHeaders") {
        let headers: Vec<Value> = summary
            .headers
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        body.insert("internetMessageHeaders".into(), headers.into());
    }
    if query.names("uniqueBody") {
        body.insert("uniqueBody".into(), content(call, summary));
    }
    let expansions = query.expansions();
    let mut extended = expansions
        .iter()
        .filter(|expand| expand.starts_with("singleValueExtendedProperties"));
    if let Some(expand) = extended.next() {
        body.insert(
            "singleValueExtendedProperties".into(),
            size_property(expand, summary.size),
        );
    }
    body
}

/// `Integer 0x0E08` (`PidTagMessageSize`) is the only way to a message's size in v1.0.
fn size_property(expand: &str, size: u64) -> Value {
    let lower = expand.to_ascii_lowercase();
    let tag = ["integer 0xe08", "integer 0x0e08", "long 0xe08", "long 0x0e08"]
        .iter()
        .find(|tag| lower.contains(*tag));
    match tag {
        Some(tag) => {
            let kind = if tag.starts_with("long") { "Long" } else { "Integer" };
            json!([{ "id": format!("{kind} 0xe08"), "value": size.to_string() }])
        }
        None => json!([]),
    }
}

/// A time with the number of fraction digits the settings ask for.
pub fn timestamp(seconds: i64, digits: usize) -> String {
    let text = clock::iso(seconds);
    match digits {
        0 => text,
        digits => text.replace('Z', &format!(".{}Z", "0".repeat(digits.min(12)))),
    }
}

fn recipient(address: Option<&Address>) -> Value {
    address.map_or(
        Value::Null,
        |address| json!({ "emailAddress": { "name": address.name, "address": address.address } }),
    )
}

fn recipients(addresses: &[Address]) -> Value {
    addresses.iter().map(|address| recipient(Some(address))).collect()
}

fn preview(summary: &Summary) -> String {
    let text = summary
        .text
        .clone()
        .unwrap_or_else(|| summary.html.as_deref().map(text_of).unwrap_or_default());
    text.chars().take(255).collect()
}

fn content(call: &Call<'_>, summary: &Summary) -> Value {
    if call.prefer.text == Some(true) {
        let text = summary
            .text
            .clone()
            .unwrap_or_else(|| summary.html.as_deref().map(text_of).unwrap_or_default());
        return json!({ "contentType": "text", "content": text });
    }
    let html = summary.html.clone().unwrap_or_else(|| {
        let text = crate::entra::pages::escape(summary.text.as_deref().unwrap_or_default()).replace("\r\n", "<br>\r\n");
        format!("<html><head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"></head><body>\r\n<div class=\"PlainText\">{text}</div>\r\n</body></html>")
    });
    json!({ "contentType": "html", "content": if call.prefer.unsafe_html { html } else { sanitised(&html) } })
}

/// Without scripts, as Exchange hands HTML out.
fn sanitised(html: &str) -> String {
    let mut rest = html;
    let mut clean = String::with_capacity(html.len());
    while let Some(begin) = rest.to_ascii_lowercase().find("<script") {
        clean.push_str(rest.get(..begin).unwrap_or_default());
        let after = rest.get(begin..).unwrap_or_default();
        rest = after
            .to_ascii_lowercase()
            .find("</script>")
            .and_then(|end| after.get(end + 9..))
            .unwrap_or_default();
    }
    clean.push_str(rest);
    clean
}

/// The text of HTML, tags left out.
fn text_of(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for character in html.chars() {
        match character {
            '<' => inside = true,
            '>' => inside = false,
            other if !inside => text.push(other),
            _ => {}
        }
    }
    text.replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
        .trim()
        .to_owned()
}

/// The wire form of a flag.
pub fn flag(value: &Value) -> Option<Flag> {
    serde_json::from_value(value.get("flagStatus")?.clone()).ok()
}
