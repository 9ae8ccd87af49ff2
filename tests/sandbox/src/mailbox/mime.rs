//! What Graph shows of a MIME message, read with mail-parser.
//!
//! A broken message still yields what can be had: Exchange, too, delivers mails no parser likes.

use mail_parser::{Address as ParsedAddress, HeaderName, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use serde::Serialize;

use super::file_name;

/// A person in a header field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Address {
    /// The display name.
    pub name: Option<String>,
    /// The mail address.
    pub address: String,
}

/// What an attachment is to Graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum PartKind {
    /// `fileAttachment`
    File,
    /// `itemAttachment`: a message inside the message.
    Item,
}

/// One attachment.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    /// The file name as the message gives it, decoded; may be empty or hold path characters.
    pub name: String,
    /// The media type.
    pub content_type: Option<String>,
    /// Bytes after decoding.
    pub size: u64,
    /// Shown inside the text.
    pub is_inline: bool,
    /// The content id, without angle brackets.
    pub content_id: Option<String>,
    /// File or item.
    pub kind: PartKind,
}

/// Graph's derived type of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum Kind {
    /// A plain message.
    #[default]
    Message,
    /// An invitation.
    MeetingRequest,
    /// An answer to one.
    MeetingResponse,
    /// A cancellation.
    MeetingCancelled,
}

/// What is read from the bytes once.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// The subject.
    pub subject: Option<String>,
    /// The author.
    pub from: Option<Address>,
    /// Who sent it for the author.
    pub sender: Option<Address>,
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// Bcc.
    pub bcc: Vec<Address>,
    /// Reply-To.
    pub reply_to: Vec<Address>,
    /// UTC second of the Date field.
    pub sent: Option<i64>,
    /// UTC second of the topmost Received field.
    pub received: Option<i64>,
    /// With angle brackets.
    pub message_id: Option<String>,
    /// All header fields, unfolded.
    pub headers: Vec<(String, String)>,
    /// The text body.
    pub text: Option<String>,
    /// The HTML body.
    pub html: Option<String>,
    /// `low`, `normal`, `high`.
    pub importance: String,
    /// Whether the sender wants a read receipt.
    pub read_receipt: Option<bool>,
    /// The derived type.
    pub kind: Kind,
    /// The attachments in order.
    pub parts: Vec<Part>,
    /// Bytes of the whole.
    pub size: u64,
}

/// Reads what Graph shows.
pub fn summarise(bytes: &[u8]) -> Summary {
    let mut summary = Summary {
        size: bytes.len() as u64,
        importance: "normal".to_owned(),
        ..Summary::default()
    };
    let Some(message) = MessageParser::default().parse(bytes) else {
        return summary;
    };
    summary.subject = message.subject().map(str::to_owned);
    summary.from = message.from().and_then(first_address);
    summary.sender = message
        .sender()
        .and_then(first_address)
        .or_else(|| summary.from.clone());
    summary.to = message.to().map(addresses).unwrap_or_default();
    summary.cc = message.cc().map(addresses).unwrap_or_default();
    summary.bcc = message.bcc().map(addresses).unwrap_or_default();
    summary.reply_to = message.reply_to().map(addresses).unwrap_or_default();
    summary.sent = message
        .date()
        .filter(|date| date.is_valid())
        .map(mail_parser::DateTime::to_timestamp);
    summary.received = message
        .received()
        .and_then(mail_parser::Received::date)
        .map(|date| date.to_timestamp());
    summary.message_id = message.message_id().map(|id| format!("<{id}>"));
    summary.headers = message
        .headers_raw()
        .map(|(name, value)| (name.to_owned(), value.split_whitespace().collect::<Vec<_>>().join(" ")))
        .collect();
    importance(&message).clone_into(&mut summary.importance);
    summary.read_receipt = Some(message.header("Disposition-Notification-To").is_some());
    summary.kind = kind(&message);
    summary.text = first_text(&message);
    summary.html = first_html(&message);
    summary.parts = match signed(&message) {
        Some(part) => vec![part],
        None => parts(&message).iter().map(|part| describe(&message, part)).collect(),
    };
    summary
}

/// The decoded bytes of the attachment at `position`.
pub fn part_bytes(bytes: &[u8], position: usize) -> Vec<u8> {
    let Some(message) = MessageParser::default().parse(bytes) else {
        return Vec::new();
    };
    if signed(&message).is_some() {
        return bytes.to_vec();
    }
    parts(&message)
        .get(position)
        .map(|part| contents(part).to_vec())
        .unwrap_or_default()
}

fn contents<'a>(part: &'a MessagePart<'_>) -> &'a [u8] {
    match &part.body {
        PartType::Message(nested) => nested.raw_message(),
        _ => part.contents(),
    }
}

/// The attachments as Exchange sees them: a meeting's calendar part is none.
fn parts<'a>(message: &'a Message<'a>) -> Vec<&'a MessagePart<'a>> {
    let meeting = kind(message) != Kind::Message;
    message
        .attachments()
        .filter(|part| !(meeting && is_type(part, "text", "calendar")))
        .collect()
}

/// A clear-signed message is one attachment, `smime.p7m`, that holds the whole of it.
fn signed(message: &Message<'_>) -> Option<Part> {
    let root = message.root_part();
    let is_signed = is_type(root, "multipart", "signed")
        && root
            .content_type()?
            .attribute("protocol")
            .is_some_and(|protocol| protocol.contains("pkcs7"));
    is_signed.then(|| Part {
        name: "smime.p7m".to_owned(),
        content_type: Some("multipart/signed".to_owned()),
        size: message.raw_message().len() as u64,
        is_inline: false,
        content_id: None,
        kind: PartKind::File,
    })
}

fn describe(message: &Message<'_>, part: &MessagePart<'_>) -> Part {
    let nested = match &part.body {
        PartType::Message(nested) => Some(nested),
        _ => None,
    };
    let content_type = part.content_type().map(|kind| match kind.subtype() {
        Some(subtype) => format!("{}/{subtype}", kind.ctype()),
        None => kind.ctype().to_owned(),
    });
    let content_id = part.content_id().map(|id| id.trim_matches(['<', '>']).to_owned());
    let attached = part
        .content_disposition()
        .is_some_and(mail_parser::ContentType::is_attachment);
    let inline = part
        .content_disposition()
        .is_some_and(mail_parser::ContentType::is_inline)
        || content_id.is_some();
    let spread = part.headers().iter().find_map(|header| {
        let range = header.offset_start() as usize..header.offset_end() as usize;
        file_name::continued(message.raw_message().get(range)?)
    });
    let name = match (spread.as_deref().or_else(|| part.attachment_name()), nested) {
        (Some(name), _) => name.to_owned(),
        (None, Some(nested)) => nested.subject().unwrap_or_default().to_owned(),
        (None, None) => String::new(),
    };
    Part {
        name,
        content_type: if nested.is_some() {
            None
        } else {
            content_type.map(|kind| kind.to_ascii_lowercase())
        },
        size: contents(part).len() as u64,
        is_inline: !attached && inline && content_id.is_some(),
        content_id,
        kind: if nested.is_some() {
            PartKind::Item
        } else {
            PartKind::File
        },
    }
}

fn is_type(part: &MessagePart<'_>, main: &str, sub: &str) -> bool {
    part.content_type().is_some_and(|kind| {
        kind.ctype().eq_ignore_ascii_case(main)
            && kind.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case(sub))
    })
}

fn kind(message: &Message<'_>) -> Kind {
    let calendar = message.parts.iter().find(|part| is_type(part, "text", "calendar"));
    let method = calendar
        .and_then(|part| part.content_type())
        .and_then(|kind| kind.attribute("method"));
    match method.map(str::to_ascii_uppercase).as_deref() {
        Some("REQUEST") => Kind::MeetingRequest,
        Some("REPLY") => Kind::MeetingResponse,
        Some("CANCEL") => Kind::MeetingCancelled,
        _ => Kind::Message,
    }
}

fn importance(message: &Message<'_>) -> &'static str {
    let text = |name: &'static str| {
        message
            .header_raw(HeaderName::from(name))
            .map(|value| value.trim().to_ascii_lowercase())
    };
    match (
        text("Importance").as_deref(),
        text("X-Priority").as_deref().and_then(|value| value.chars().next()),
    ) {
        (Some("high"), _) | (None, Some('1' | '2')) => "high",
        (Some("low"), _) | (None, Some('4' | '5')) => "low",
        _ => "normal",
    }
}

fn first_text(message: &Message<'_>) -> Option<String> {
    message.text_bodies().find_map(|part| match &part.body {
        PartType::Text(text) => Some(text.to_string()),
        _ => None,
    })
}

fn first_html(message: &Message<'_>) -> Option<String> {
    message.html_bodies().find_map(|part| match &part.body {
        PartType::Html(html) => Some(html.to_string()),
        _ => None,
    })
}

fn first_address(address: &ParsedAddress<'_>) -> Option<Address> {
    addresses(address).into_iter().next()
}

fn addresses(address: &ParsedAddress<'_>) -> Vec<Address> {
    address
        .iter()
        .filter(|entry| entry.name().is_some() || entry.address().is_some())
        .map(|entry| Address {
            name: entry
                .name()
                .map(str::to_owned)
                .or_else(|| entry.address().map(str::to_owned)),
            address: entry.address().unwrap_or_default().to_owned(),
        })
        .collect()
}
