//! Attachments: files, nested messages, links.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::error::GraphError;
use super::ids::{self, Id, Kind};
use super::query::unknown_property;
use super::view::timestamp;
use super::{Call, view};
use crate::exchange::Answer;
use crate::mailbox::mime::{Part, PartKind};
use crate::mailbox::{Mailbox, Message, Reference, Source};

/// What every kind of attachment has.
const BASE: [&str; 6] = ["id", "name", "contentType", "size", "isInline", "lastModifiedDateTime"];
/// What only a file has; reached in a `$select` by a cast.
const FILE: [&str; 3] = ["contentId", "contentBytes", "contentLocation"];
const CAST: &str = "microsoft.graph.fileAttachment/";
/// Bytes Exchange counts on top of an attachment's own.
const OVERHEAD: u64 = 182;

enum Attachment<'a> {
    Part(&'a Part),
    Reference(&'a Reference),
}

/// Everything below `…/messages/{id}/attachments`, reading only.
pub fn route(call: &Call<'_>, mailbox: &Mailbox, key: u64, rest: &[&str]) -> Result<Answer, GraphError> {
    let message = mailbox.messages.get(&key).ok_or_else(GraphError::not_found)?;
    let total = message.source.summary().parts.len() + message.references.len();
    match rest {
        [] => list(call, mailbox, message),
        ["$count"] => Ok(Answer::new(StatusCode::OK, "text/plain", total.to_string())),
        [id, rest @ ..] => {
            let position = find(mailbox, message, id, total)?;
            match rest {
                [] => get(call, mailbox, message, position),
                ["$value"] => value(message, position),
                [other, ..] => Err(GraphError::no_segment(other)),
            }
        }
    }
}

fn find(mailbox: &Mailbox, message: &Message, text: &str, total: usize) -> Result<usize, GraphError> {
    let id = Id::read(text, &mailbox.id)?;
    let position = usize::from(id.part)
        .checked_sub(1)
        .ok_or_else(GraphError::malformed_id)?;
    let current = id.kind == Kind::Immutable || id.kind == Kind::Mutable && id.generation == message.generation;
    if id.key == message.key && current && position < total {
        Ok(position)
    } else {
        Err(GraphError::not_found())
    }
}

fn check_select(select: Option<&Vec<String>>) -> Result<(), GraphError> {
    for wanted in select.into_iter().flatten() {
        let cast = wanted.strip_prefix(CAST).is_some_and(|name| FILE.contains(&name));
        if !cast && !BASE.contains(&wanted.as_str()) && wanted != "*" {
            return Err(unknown_property(wanted, "attachment"));
        }
    }
    Ok(())
}

fn check(call: &Call<'_>) -> Result<(), GraphError> {
    check_select(call.query.select.as_ref())?;
    match call.query.expand.as_deref() {
        None => Ok(()),
        Some(expand)
            if expand
                .to_ascii_lowercase()
                .starts_with("microsoft.graph.itemattachment/item") =>
        {
            Ok(())
        }
        Some(other) => Err(unknown_property(other, "attachment")),
    }
}

fn list(call: &Call<'_>, mailbox: &Mailbox, message: &Message) -> Result<Answer, GraphError> {
    check(call)?;
    if call.query.filter.is_some() {
        return Err(GraphError::new(
            400,
            "ErrorInvalidUrlQueryFilter",
            "The query filter is not supported on attachments.",
        ));
    }
    let mut body = Map::new();
    body.insert(
        "@odata.context".into(),
        call.context(&format!("messages('{}')/attachments", view::id(call, mailbox, message)))
            .into(),
    );
    let all = all(call, mailbox, message, call.query.select.as_ref());
    let mut value: Vec<Value> = all.into_iter().skip(call.query.skip).collect();
    value.truncate(call.query.top.unwrap_or(usize::MAX));
    body.insert("value".into(), value.into());
    Ok(Call::json(StatusCode::OK, &Value::Object(body)))
}

/// What `attachments(…)` in a message's `$expand` selects of them: `None` for all. The message's own `$select` says nothing of it.
pub fn expansion(expand: &str) -> Result<Option<Vec<String>>, GraphError> {
    let options = match expand.strip_prefix("attachments") {
        Some("") => return Ok(None),
        Some(rest) => rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')),
        None => None,
    };
    let select = options
        .and_then(|options| options.split_once('='))
        .filter(|(name, _)| *name == "$select")
        .ok_or_else(|| unknown_property(expand, "message"))?
        .1;
    let select = select.split(',').map(|name| name.trim().to_owned()).collect();
    check_select(Some(&select))?;
    Ok(Some(select))
}

/// All attachments as JSON, with what `select` names of each.
pub fn all(call: &Call<'_>, mailbox: &Mailbox, message: &Message, select: Option<&Vec<String>>) -> Vec<Value> {
    let summary = message.source.summary();
    let parts = summary.parts.iter().map(Attachment::Part);
    let references = message.references.iter().map(Attachment::Reference);
    parts
        .chain(references)
        .enumerate()
        .map(|(position, attachment)| Value::Object(show(call, mailbox, message, &attachment, position, select)))
        .collect()
}

fn show(
    call: &Call<'_>,
    mailbox: &Mailbox,
    message: &Message,
    attachment: &Attachment<'_>,
    position: usize,
    select: Option<&Vec<String>>,
) -> Map<String, Value> {
    let settings = call.sandbox.settings();
    let hash = if settings.attachment_type_hash { "#" } else { "" };
    let wants = |name: &str| select.is_none_or(|select| select.iter().any(|wanted| wanted == name));
    let wants_file = |name: &str| wants(&format!("{CAST}{name}"));
    let number = u16::try_from(position + 1).unwrap_or(u16::MAX);
    let mut body = Map::new();
    let type_name = match attachment {
        Attachment::Part(part) if part.kind == PartKind::File => "fileAttachment",
        Attachment::Part(_) => "itemAttachment",
        Attachment::Reference(_) => "referenceAttachment",
    };
    body.insert(
        "@odata.type".into(),
        format!("{hash}microsoft.graph.{type_name}").into(),
    );
    if type_name == "fileAttachment" {
        body.insert("@odata.mediaContentType".into(), content_type(attachment));
    }
    body.insert(
        "id".into(),
        ids::part(
            &mailbox.id,
            message.key,
            message.generation,
            call.prefer.immutable,
            number,
        )
        .into(),
    );
    let mut put = |name: &str, value: Value| {
        if wants(name) {
            body.insert(name.to_owned(), value);
        }
    };
    put(
        "lastModifiedDateTime",
        timestamp(message.created, settings.fraction_digits).into(),
    );
    put("name", name(attachment).into());
    put("contentType", content_type(attachment));
    put("size", size(attachment).into());
    put(
        "isInline",
        matches!(attachment, Attachment::Part(part) if part.is_inline).into(),
    );
    if let Attachment::Part(part) = attachment
        && part.kind == PartKind::File
    {
        if wants_file("contentId") {
            body.insert("contentId".into(), part.content_id.clone().into());
        }
        if wants_file("contentLocation") {
            body.insert("contentLocation".into(), Value::Null);
        }
        if wants_file("contentBytes") {
            body.insert(
                "contentBytes".into(),
                STANDARD.encode(message.source.part(position).collect()).into(),
            );
        }
    }
    let item = call
        .query
        .expand
        .as_deref()
        .is_some_and(|expand| expand.to_ascii_lowercase().contains("itemattachment/item"));
    if item && type_name == "itemAttachment" {
        body.insert("item".into(), nested(call, mailbox, message, position));
    }
    body
}

fn name(attachment: &Attachment<'_>) -> String {
    match attachment {
        Attachment::Part(part) => part.name.clone(),
        Attachment::Reference(reference) => reference.name.clone(),
    }
}

fn content_type(attachment: &Attachment<'_>) -> Value {
    match attachment {
        Attachment::Part(part) => part.content_type.clone().into(),
        Attachment::Reference(_) => Value::Null,
    }
}

fn size(attachment: &Attachment<'_>) -> u64 {
    match attachment {
        Attachment::Part(part) => part.size + OVERHEAD,
        Attachment::Reference(reference) => reference.size,
    }
}

/// The message inside an item attachment.
fn nested(call: &Call<'_>, mailbox: &Mailbox, message: &Message, position: usize) -> Value {
    let source = Source::inline(message.source.part(position).collect());
    let inner = Message::new(
        message.key,
        message.folder,
        source,
        message.received,
        message.created,
        message.changed,
    );
    let mut item = view::show(call, mailbox, &inner);
    item.insert("@odata.type".into(), "#microsoft.graph.message".into());
    item.insert("id".into(), "".into());
    Value::Object(item)
}

fn get(call: &Call<'_>, mailbox: &Mailbox, message: &Message, position: usize) -> Result<Answer, GraphError> {
    check(call)?;
    let summary = message.source.summary();
    let attachment = attachment(&summary.parts, message, position)?;
    let mut body = Map::new();
    body.insert(
        "@odata.context".into(),
        call.context(&format!(
            "messages('{}')/attachments/$entity",
            view::id(call, mailbox, message)
        ))
        .into(),
    );
    let select = call.query.select.as_ref();
    body.extend(show(call, mailbox, message, &attachment, position, select));
    Ok(Call::json(StatusCode::OK, &Value::Object(body)))
}

fn attachment<'a>(parts: &'a [Part], message: &'a Message, position: usize) -> Result<Attachment<'a>, GraphError> {
    match parts.get(position) {
        Some(part) => Ok(Attachment::Part(part)),
        None => message
            .references
            .get(position - parts.len())
            .map(Attachment::Reference)
            .ok_or_else(GraphError::not_found),
    }
}

fn value(message: &Message, position: usize) -> Result<Answer, GraphError> {
    let summary = message.source.summary();
    match attachment(&summary.parts, message, position)? {
        Attachment::Reference(_) => Err(GraphError::new(
            405,
            "ErrorInvalidRequest",
            "Reference attachments have no content that could be read.",
        )),
        Attachment::Part(part) => {
            let kind = if part.kind == PartKind::Item {
                "text/plain"
            } else {
                "application/octet-stream"
            };
            let mut answer = Answer::new(StatusCode::OK, kind, Vec::new());
            answer.content = message.source.part(position);
            if part.kind == PartKind::File
                && let Some(content_type) = &part.content_type
            {
                answer = answer.with("content-type", content_type);
            }
            Ok(answer)
        }
    }
}
