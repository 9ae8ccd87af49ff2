//! A message's attachments: what they are, and their bytes.
//!
//! A plain list would carry every file's bytes in base64, so it names its properties; bytes come from `$value`, raw and streamed.
//! `contentId` exists on files only and is asked for by a cast; where that is refused, the inline files are read one by one, because
//! only those are referred to by it.
//!
//! The attachments of many neighbouring messages come with one page of their folder's list ([`stretch`]): one request, where a batch
//! costs Exchange one for each of them. Those of a single message can come with it ([`messages::get_with_attachments`]).
//!
//! [`messages::get_with_attachments`]: super::messages::get_with_attachments

use std::collections::HashMap;

use http::StatusCode;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::base::clock::UtcInstant;
use crate::graph::batch::{BatchRequest, BatchResponse};
use crate::graph::client::Client;
use crate::graph::download::Sink;
use crate::graph::error::GraphError;
use crate::graph::message::{MessageJson, or_default};
use crate::graph::messages::LARGEST_PAGE;
use crate::graph::page::Page;
use crate::graph::value::{Attachment, AttachmentKind};

const SELECT: &str = "id,name,contentType,size,isInline,lastModifiedDateTime";
const SELECT_WITH_CAST: &str =
    "id,name,contentType,size,isInline,lastModifiedDateTime,microsoft.graph.fileAttachment/contentId";

/// No such page is larger, by far, if it holds no bytes of attachments.
const STRETCH_LIMIT: u64 = 2 << 20;

/// Expanded lists end at this number, without a word, in other parts of Graph ("Use query parameters", `$expand`): one that long may not
/// be whole.
const EXPANDED: usize = 20;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AttachmentJson {
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
    /// Comes only where it was not left out.
    content_bytes: Option<IgnoredAny>,
}

/// The attachments that came with their message.
#[derive(Debug)]
pub(super) struct Expanded {
    pub has_attachments: bool,
    /// `None`: they did not come.
    pub rows: Option<Vec<AttachmentJson>>,
    /// Whether there are more of them.
    pub more: bool,
}

impl Expanded {
    /// The attachments, if there is no doubt that these are all: a list that was cut off, or in which what `hasAttachments` speaks of
    /// is missing (links were), has to be asked for by itself.
    pub fn whole(self) -> Option<Vec<Attachment>> {
        let rows = self.rows?;
        let told = !self.has_attachments || rows.iter().any(|row| !row.is_inline);
        let typed = rows.iter().all(|row| row.kind.is_some());
        let whole = !self.more && rows.len() < EXPANDED && told && typed;
        whole.then(|| rows.into_iter().map(Attachment::from).collect())
    }

    /// Whether bytes came with them that nobody asked for.
    pub fn is_heavy(&self) -> bool {
        let mut rows = self.rows.iter().flatten();
        rows.any(|row| row.content_bytes.is_some())
    }
}

/// The `$expand` that brings a message's attachments along. The nested `$select` is what keeps the bytes away.
pub(super) fn expansion() -> String {
    format!("attachments($select={SELECT_WITH_CAST})")
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

/// Neighbouring messages of a folder with their attachments.
#[derive(Debug)]
pub struct Stretch {
    /// The attachments by message, where they are known to be all.
    pub lists: HashMap<String, Vec<Attachment>>,
    /// Whether the service gave what was asked for, and no more: the bytes must stay away.
    pub honoured: bool,
}

/// The attachments of the first `most` messages of `folder` that came from `from` up to `to`, both included: one request.
///
/// The error tells nothing of the messages themselves: whoever gets one asks for them in another way.
pub fn stretch(
    client: &Client,
    folder: &str,
    from: UtcInstant,
    to: UtcInstant,
    most: usize,
) -> Result<Stretch, GraphError> {
    // Exchange keeps fractions of a second that it does not show.
    let filter = format!(
        "receivedDateTime ge {} and receivedDateTime lt {}",
        from.to_rfc3339(),
        to.plus(1).to_rfc3339()
    );
    let expand = expansion();
    let most = most.clamp(1, LARGEST_PAGE).to_string();
    let query = [
        ("$select", "id,hasAttachments"),
        ("$filter", filter.as_str()),
        ("$orderby", "receivedDateTime"),
        ("$expand", expand.as_str()),
        ("$top", most.as_str()),
    ];
    let path = ["mailFolders", folder, "messages"];
    let page: Page<MessageJson> = client.get_within(STRETCH_LIMIT, &path, &query)?;
    let mut stretch = Stretch {
        lists: HashMap::new(),
        honoured: true,
    };
    for mut message in page.value {
        let expanded = message.expanded();
        stretch.honoured &= expanded.rows.is_some() && !expanded.is_heavy();
        if let Some(list) = expanded.whole() {
            stretch.lists.insert(message.id, list);
        }
    }
    Ok(stretch)
}

/// The same as [`list`] for several messages, twenty in a request; an outcome each, in order.
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
    use serde_json::json;

    use super::*;

    #[test]
    fn an_expanded_list_is_believed_only_if_it_is_certainly_whole() {
        let file =
            |inline: bool| json!({ "@odata.type": "#microsoft.graph.fileAttachment", "id": "a", "isInline": inline });
        let untyped = json!({ "id": "a", "isInline": false });
        let many = vec![file(false); EXPANDED];
        let cases = [
            (
                "a file",
                json!({ "hasAttachments": true, "attachments": [file(false)] }),
                Some(1),
            ),
            ("none", json!({ "hasAttachments": false, "attachments": [] }), Some(0)),
            (
                "a picture in the text",
                json!({ "hasAttachments": false, "attachments": [file(true)] }),
                Some(1),
            ),
            (
                "a link that was left out",
                json!({ "hasAttachments": true, "attachments": [] }),
                None,
            ),
            (
                "a link beside a picture",
                json!({ "hasAttachments": true, "attachments": [file(true)] }),
                None,
            ),
            ("not expanded", json!({ "hasAttachments": false }), None),
            (
                "no type",
                json!({ "hasAttachments": true, "attachments": [untyped] }),
                None,
            ),
            (
                "very many",
                json!({ "hasAttachments": true, "attachments": many }),
                None,
            ),
            (
                "more to come",
                json!({ "hasAttachments": true, "attachments": [file(false)], "attachments@odata.nextLink": "https://x" }),
                None,
            ),
        ];
        for (name, mut row, expected) in cases {
            row["id"] = "m".into();
            let mut row: MessageJson = serde_json::from_value(row).unwrap();
            assert_eq!(row.expanded().whole().map(|list| list.len()), expected, "{name}");
        }
    }

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
