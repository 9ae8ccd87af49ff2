//! Reading and changing single messages, and one page of a list.
//!
//! Moving and copying, which need care when an answer is lost, are in [`moves`](super::moves).

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::base::clock::UtcInstant;
use crate::graph::attachments;
use crate::graph::client::Client;
use crate::graph::download::Sink;
use crate::graph::error::{Cause, GraphError};
use crate::graph::message::{self, EXPAND_SIZE, MessageJson, Read, SELECT, SELECT_WHOLE};
use crate::graph::page::Page;
use crate::graph::retry::Repeat;
use crate::graph::value::{Attachment, Message};
use crate::transport::Stage;

pub use crate::graph::moves::{copy_to, move_many, move_to};

/// The most messages one page may hold (Graph reference, "List messages").
pub const LARGEST_PAGE: usize = 1000;

/// In bytes. A message with the list of its attachments is seldom larger, if it holds no bytes of them.
const WHOLE_LIMIT: u64 = 4 << 20;

/// One page of a folder's messages. `filter` and `order` are OData's; what is ordered by must stand first in the filter, or Exchange
/// refuses it as inefficient.
pub fn page(
    client: &Client,
    folder: &str,
    filter: Option<&str>,
    order: Option<&str>,
    top: usize,
) -> Result<Page<Message>, GraphError> {
    let top = top.clamp(1, LARGEST_PAGE).to_string();
    let mut query = vec![("$select", SELECT), ("$expand", EXPAND_SIZE), ("$top", top.as_str())];
    query.extend(filter.map(|filter| ("$filter", filter)));
    query.extend(order.map(|order| ("$orderby", order)));
    client
        .get(&["mailFolders", folder, "messages"], &query, &[])
        .map(messages)
}

/// The page that a link of an earlier one leads to.
pub fn next_page(client: &Client, link: &str) -> Result<Page<Message>, GraphError> {
    client.next(link).map(messages)
}

fn messages(page: Page<Read>) -> Page<Message> {
    Page {
        value: page.value.into_iter().map(|Read(message)| message).collect(),
        next: page.next,
        delta: page.delta,
        count: page.count,
    }
}

/// A folder's messages, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// How many there are.
    pub count: u64,
    /// The folder in which one of them lies; `None` if there is none.
    pub place: Option<String>,
}

/// How many messages of a folder fit; one request.
pub fn count(client: &Client, folder: &str, filter: Option<&str>) -> Result<Counted, GraphError> {
    let mut query = vec![("$count", "true"), ("$top", "1"), ("$select", "id,parentFolderId")];
    query.extend(filter.map(|filter| ("$filter", filter)));
    let page: Page<Read> = client.get(&["mailFolders", folder, "messages"], &query, &[])?;
    let count = page.count.and_then(|count| u64::try_from(count).ok());
    let count = count.ok_or_else(|| GraphError::unreadable("the answer has no count", false, client.now()))?;
    let place = page.value.into_iter().next().map(|Read(message)| message.folder_id);
    Ok(Counted { count, place })
}

/// One message with headers and body: HTML as Exchange sanitised it, or plain text.
pub fn get(client: &Client, message: &str, text_body: bool) -> Result<Message, GraphError> {
    let query = [("$select", SELECT_WHOLE), ("$expand", EXPAND_SIZE)];
    let json: MessageJson = client.get(&["messages", message], &query, &[body_type(text_body)])?;
    Ok(json.into())
}

/// A message, and its attachments with it.
#[derive(Debug)]
pub struct WithAttachments {
    /// The message.
    pub message: Message,
    /// Its attachments, if they came and are certainly all.
    pub attachments: Option<Vec<Attachment>>,
    /// Whether the service can be asked like that again: it refused to, or brought the bytes along, which must stay away.
    pub honoured: bool,
}

/// The same as [`get`], in as many requests, with the attachments (`$expand`; "List attachments" names it as a way). They are no
/// reason to fail: repetitions leave them out, and so does another request where the service does not take the first one. The errors are
/// those of [`get`].
pub fn get_with_attachments(client: &Client, message: &str, text_body: bool) -> Result<WithAttachments, GraphError> {
    let path = ["messages", message];
    let expand = format!("{EXPAND_SIZE},{}", attachments::expansion());
    let query = [("$select", SELECT_WHOLE), ("$expand", expand.as_str())];
    let less = [("$select", SELECT_WHOLE), ("$expand", EXPAND_SIZE)];
    match client.get_more::<MessageJson>(WHOLE_LIMIT, &path, [&query, &less], &[body_type(text_body)]) {
        Ok(mut json) => {
            let expanded = json.expanded();
            Ok(WithAttachments {
                honoured: !expanded.is_heavy(),
                attachments: expanded.whole(),
                message: json.into(),
            })
        }
        Err(error) if is_no_verdict(&error) => Ok(WithAttachments {
            message: get(client, message, text_body)?,
            attachments: None,
            honoured: false,
        }),
        Err(error) => Err(error),
    }
}

/// Whether it may be what was asked for beside the message that failed.
fn is_no_verdict(error: &GraphError) -> bool {
    match &error.cause {
        Cause::Refused(refusal) => refusal.status == StatusCode::BAD_REQUEST,
        Cause::Transport(error) => error.stage == Stage::TooLarge,
        _ => false,
    }
}

fn body_type(text: bool) -> &'static str {
    if text {
        "outlook.body-content-type=\"text\""
    } else {
        "outlook.body-content-type=\"html\""
    }
}

/// One message as a list shows it.
pub fn summary(client: &Client, message: &str) -> Result<Message, GraphError> {
    let json: MessageJson = client.get(&["messages", message], &[("$select", SELECT)], &[])?;
    Ok(json.into())
}

/// A message's MIME source into `sink`; bytes.
pub fn mime(client: &Client, message: &str, max_bytes: Option<u64>, sink: &mut dyn Sink) -> Result<u64, GraphError> {
    client.download(&["messages", message, "$value"], max_bytes, sink)
}

/// What to change of a message; `None` leaves it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageChange {
    /// Read.
    pub is_read: Option<bool>,
    /// Categories.
    pub categories: Option<Vec<String>>,
    /// Flagged for follow-up.
    pub flagged: Option<bool>,
}

impl MessageChange {
    fn json(&self) -> Value {
        let mut fields = Map::new();
        if let Some(is_read) = self.is_read {
            fields.insert("isRead".to_owned(), is_read.into());
        }
        if let Some(categories) = &self.categories {
            fields.insert("categories".to_owned(), categories.clone().into());
        }
        if let Some(flagged) = self.flagged {
            let status = if flagged { "flagged" } else { "notFlagged" };
            fields.insert("flag".to_owned(), json!({ "flagStatus": status }));
        }
        Value::Object(fields)
    }
}

/// Changes a message; the message afterwards.
pub fn update(client: &Client, id: &str, change: &MessageChange) -> Result<Message, GraphError> {
    if *change == MessageChange::default() {
        return summary(client, id);
    }
    let json: MessageJson = client.patch(&["messages", id], &change.json())?;
    Ok(message::summary(json))
}

/// Deletes a message. `DELETE` does not promise where it goes, so without `permanently` it is moved to Deleted Items.
pub fn delete(client: &Client, message: &str, permanently: bool) -> Result<(), GraphError> {
    if permanently {
        let done = client.post_for_nothing(&["messages", message, "permanentDelete"], Repeat::Freely);
        super::client::gone_is_done(done)
    } else {
        move_to(client, message, "deleteditems").map(|_| ())
    }
}

/// An instant as a filter writes it.
pub fn filter_instant(instant: UtcInstant) -> String {
    instant.to_rfc3339()
}
