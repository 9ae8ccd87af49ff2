//! Folders, messages and attachments.

use ext_php_rs::types::{ZendHashTable, Zval};

use super::token::optional_problem;
use super::{Shape, Value, case, case_of, list, optional, optional_time, texts};
use crate::base::language::Language;
use crate::graph::value;
use crate::php::zend::Outcome;
use crate::service::messages::MoveResult;

/// Classes of this family.
pub const SHAPES: &[Shape] = &[
    Shape {
        name: "Folder",
        properties: "string $id, string $name, string $path, ?string $parentId, int $childCount, int $totalCount, \
            int $unreadCount, bool $isHidden, ?string $wellKnownName",
        methods: Vec::new,
    },
    Shape {
        name: "Address",
        properties: "?string $name, string $address",
        methods: Vec::new,
    },
    Shape {
        name: "Message",
        properties: "string $id, ?string $internetMessageId, ?string $subject, ?Address $from, ?Address $sender, \
            list<Address> $to, list<Address> $cc, list<Address> $bcc, list<Address> $replyTo, \
            ?\\DateTimeImmutable $receivedAt, ?\\DateTimeImmutable $sentAt, ?int $size, bool $hasAttachments, \
            bool $isRead, Importance $importance, list<string> $categories, string $folderId, string $bodyPreview, \
            ?string $body, ?BodyType $bodyType, ?list<map> $headers",
        methods: Vec::new,
    },
    Shape {
        name: "Attachment",
        properties: "string $id, string $name, ?string $contentType, int $size, bool $isInline, ?string $contentId, \
            AttachmentKind $kind, ?string $sourceUrl",
        methods: Vec::new,
    },
    Shape {
        name: "MoveResult",
        properties: "string $id, ?Message $message, ?Problem $problem",
        methods: Vec::new,
    },
    Shape {
        name: "MailboxSettings",
        properties: "string $timeZone, ?string $language, ?string $dateFormat, ?string $timeFormat",
        methods: Vec::new,
    },
];

/// A folder.
pub fn folder(folder: &value::Folder) -> Outcome {
    Ok(Value::new("Folder")?
        .set("id", folder.id.as_str())?
        .set("name", folder.name.as_str())?
        .set("path", folder.path.as_str())?
        .set("parentId", folder.parent_id.as_deref())?
        .set("childCount", folder.child_count)?
        .set("totalCount", folder.total_count)?
        .set("unreadCount", folder.unread_count)?
        .set("isHidden", folder.is_hidden)?
        .set("wellKnownName", folder.well_known_name.as_deref())?
        .finish())
}

fn address(address: &value::Address) -> Outcome {
    Ok(Value::new("Address")?
        .set("name", address.name.as_deref())?
        .set("address", address.address.as_str())?
        .finish())
}

fn addresses(addresses: &[value::Address]) -> Outcome {
    list(addresses.iter().map(address))
}

/// A message.
pub fn message(message: &value::Message) -> Outcome {
    let importance = match message.importance.as_str() {
        "low" => "Low",
        "high" => "High",
        _ => "Normal",
    };
    let body_type = match message.body_type.as_deref() {
        Some("html") => case("BodyType", "Html")?,
        Some(_) => case("BodyType", "Text")?,
        None => Zval::null(),
    };
    Ok(Value::new("Message")?
        .set("id", message.id.as_str())?
        .set("internetMessageId", message.internet_message_id.as_deref())?
        .set("subject", message.subject.as_deref())?
        .set("from", optional(message.from.as_ref(), address)?)?
        .set("sender", optional(message.sender.as_ref(), address)?)?
        .set("to", addresses(&message.to)?)?
        .set("cc", addresses(&message.cc)?)?
        .set("bcc", addresses(&message.bcc)?)?
        .set("replyTo", addresses(&message.reply_to)?)?
        .set("receivedAt", optional_time(message.received_at)?)?
        .set("sentAt", optional_time(message.sent_at)?)?
        .set("size", message.size)?
        .set("hasAttachments", message.has_attachments)?
        .set("isRead", message.is_read)?
        .set("importance", case("Importance", importance)?)?
        .set("categories", texts(&message.categories)?)?
        .set("folderId", message.folder_id.as_str())?
        .set("bodyPreview", message.body_preview.as_str())?
        .set("body", message.body.as_deref())?
        .set("bodyType", body_type)?
        .set(
            "headers",
            optional(message.headers.as_ref(), |headers| list(headers.iter().map(header)))?,
        )?
        .finish())
}

fn header((name, value): &(String, String)) -> Outcome {
    let mut table = ZendHashTable::new();
    table.insert("name", name.as_str())?;
    table.insert("value", value.as_str())?;
    let mut header = Zval::new();
    header.set_hashtable(table);
    Ok(header)
}

/// An attachment.
pub fn attachment(attachment: &value::Attachment) -> Outcome {
    Ok(Value::new("Attachment")?
        .set("id", attachment.id.as_str())?
        .set("name", attachment.name.as_str())?
        .set("contentType", attachment.content_type.as_deref())?
        .set("size", attachment.size)?
        .set("isInline", attachment.is_inline)?
        .set("contentId", attachment.content_id.as_deref())?
        .set("kind", case_of("AttachmentKind", attachment.kind)?)?
        .set("sourceUrl", attachment.source_url.as_deref())?
        .finish())
}

/// What became of one of several moves.
pub fn move_result(result: &MoveResult, language: Language) -> Outcome {
    Ok(Value::new("MoveResult")?
        .set("id", result.id.as_str())?
        .set("message", optional(result.message.as_ref(), message)?)?
        .set("problem", optional_problem(result.problem.as_ref(), language)?)?
        .finish())
}

/// The mailbox's regional settings.
pub fn mailbox_settings(settings: &value::MailboxSettings) -> Outcome {
    Ok(Value::new("MailboxSettings")?
        .set("timeZone", settings.time_zone.as_str())?
        .set("language", settings.language.as_deref())?
        .set("dateFormat", settings.date_format.as_deref())?
        .set("timeFormat", settings.time_format.as_deref())?
        .finish())
}
