//! A message's attachments: what they are, and their bytes.
//!
//! A plain list would carry every file's bytes in base64, so it names its properties; bytes come from `$value`, raw and streamed.
//! `contentId` exists on files only and is asked for by a cast; where that is refused, the inline files are read one by one, because
//! only those are referred to by it.

use http::StatusCode;
use serde::Deserialize;

use crate::graph::batch::{BatchRequest, BatchResponse};
use crate::graph::client::Client;
use crate::graph::download::Sink;
use crate::graph::error::GraphError;
use crate::graph::message::or_default;
use crate::graph::page::Page;
use crate::graph::value::{Attachment, AttachmentKind};

const SELECT: &str = "id,name,contentType,size,isInline,lastModifiedDateTime";
const SELECT_WITH_CAST: &str =
    "id,name,contentType,size,isInline,lastModifiedDateTime,microsoft.graph.fileAttachment/contentId";

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AttachmentJson {
    #[serde(rename = "@odata.type")]
    kind: Option<String>,
    #[serde(deserialize_with = "or_default")]
    id: String,
    #[serde(deserialize_with = "or_default")]
    name: String,
    content_type: Option<String>,
    #[serde(deserialize_with = "or_default")]
    size: i64,
    #[serde(deserialize_with = "or_default")]
    is_inline: bool,
    content_id: Option<String>,
    source_url: Option<String>,
}

impl From<AttachmentJson> for Attachment {
    fn from(json: AttachmentJson) -> Self {
        Self {
            kind: kind(json.kind.as_deref()),
            id: json.id,
            name: json.name,
            content_type: json.content_type.filter(|kind| !kind.is_empty()),
            size: json.size,
            is_inline: json.is_inline,
            content_id: json.content_id.filter(|id| !id.is_empty()),
            source_url: json.source_url.filter(|url| !url.is_empty()),
        }
    }
}

/// The type with or without `#`; anything unknown is a file, which is what can be downloaded.
fn kind(name: Option<&str>) -> AttachmentKind {
    match name.map(|name| name.trim_start_matches('#')) {
        Some("microsoft.graph.itemAttachment") => AttachmentKind::Item,
        Some("microsoft.graph.referenceAttachment") => AttachmentKind::Reference,
        _ => AttachmentKind::File,
    }
}

/// All attachments of a message, inline ones included.
pub fn list(client: &Client, message: &str) -> Result<Vec<Attachment>, GraphError> {
    let path = ["messages", message, "attachments"];
    match client.all::<AttachmentJson>(&path, &[("$select", SELECT_WITH_CAST)], &[]) {
        Err(error) if error.status() == Some(StatusCode::BAD_REQUEST) => {}
        outcome => return Ok(outcome?.into_iter().map(Attachment::from).collect()),
    }
    let rows: Vec<AttachmentJson> = client.all(&path, &[("$select", SELECT)], &[])?;
    let mut attachments: Vec<Attachment> = rows.into_iter().map(Attachment::from).collect();
    for attachment in &mut attachments {
        if attachment.is_inline && attachment.kind == AttachmentKind::File && attachment.content_id.is_none() {
            attachment.content_id = get(client, message, &attachment.id)?.content_id;
        }
    }
    Ok(attachments)
}

/// The same for several messages, twenty in a request; an outcome each, in order.
pub fn list_many(client: &Client, messages: &[&str]) -> Vec<Result<Vec<Attachment>, GraphError>> {
    let requests: Vec<BatchRequest> = messages
        .iter()
        .map(|message| BatchRequest::get(&["messages", message, "attachments"], &[("$select", SELECT_WITH_CAST)]))
        .collect();
    let answers = client.batch(&requests);
    messages
        .iter()
        .zip(answers)
        .map(|(message, answer)| first_page(client, message, answer))
        .collect()
}

/// A list that came in a batch. One with further pages, or whose cast was refused, is read by itself.
fn first_page(client: &Client, message: &str, answer: BatchResponse) -> Result<Vec<Attachment>, GraphError> {
    let page = match answer {
        Ok(body) => serde_json::from_value::<Page<AttachmentJson>>(body).map_err(|error| {
            GraphError::unreadable(format!("the answer can not be read: {error}"), false, client.now())
        })?,
        Err(error) if error.status() == Some(StatusCode::BAD_REQUEST) => return list(client, message),
        Err(error) => return Err(error),
    };
    if page.next.is_some() {
        return list(client, message);
    }
    Ok(page.value.into_iter().map(Attachment::from).collect())
}

/// One attachment with its `contentId`. Carries its bytes over the wire, too: for small ones, and where nothing else says what it is.
pub fn get(client: &Client, message: &str, attachment: &str) -> Result<Attachment, GraphError> {
    let path = ["messages", message, "attachments", attachment];
    client.get::<AttachmentJson>(&path, &[], &[]).map(Attachment::from)
}

/// An attachment's bytes into `sink`: a file as it is, an item as MIME. A link has no bytes, and Graph says 405.
pub fn download(
    client: &Client,
    message: &str,
    attachment: &str,
    max_bytes: Option<u64>,
    sink: &mut dyn Sink,
) -> Result<u64, GraphError> {
    client.download(
        &["messages", message, "attachments", attachment, "$value"],
        max_bytes,
        sink,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_read_with_and_without_its_sign() {
        for (name, expected) in [
            (Some("#microsoft.graph.fileAttachment"), AttachmentKind::File),
            (Some("microsoft.graph.fileAttachment"), AttachmentKind::File),
            (Some("#microsoft.graph.itemAttachment"), AttachmentKind::Item),
            (Some("microsoft.graph.referenceAttachment"), AttachmentKind::Reference),
            (Some("#microsoft.graph.newAttachment"), AttachmentKind::File),
            (None, AttachmentKind::File),
        ] {
            assert_eq!(kind(name), expected, "{name:?}");
        }
    }
}
