//! A message as Graph writes it in JSON.
//!
//! Everything is tolerant: derived types (event messages) are messages, any property may be missing or `null`, and times carry up to
//! twelve fraction digits. `hasAttachments` is Graph's own word: false when only inline attachments exist.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::base::clock::UtcInstant;
use crate::graph::attachments::{AttachmentJson, Expanded};
use crate::graph::value::{Address, Message};

/// What a list reads of each message; bodies stay away.
pub const SELECT: &str = "id,internetMessageId,subject,from,sender,toRecipients,ccRecipients,bccRecipients,replyTo,\
receivedDateTime,sentDateTime,hasAttachments,isRead,importance,categories,parentFolderId,bodyPreview";

/// What a single read adds.
pub const SELECT_WHOLE: &str = "id,internetMessageId,subject,from,sender,toRecipients,ccRecipients,bccRecipients,replyTo,\
receivedDateTime,sentDateTime,hasAttachments,isRead,importance,categories,parentFolderId,bodyPreview,body,internetMessageHeaders";

/// What asks for a message's size, which is no property of its own in v1.0 (`PidTagMessageSize`; Graph reference, resource type
/// `singleValueLegacyExtendedProperty`). Answers to a change never have it.
pub const EXPAND_SIZE: &str = "singleValueExtendedProperties($filter=id eq 'Integer 0x0E08')";

/// A [`Message`] as it is read from JSON, without a list of [`MessageJson`] in between.
#[derive(Debug, Clone)]
pub struct Read(pub Message);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(MessageJson::deserialize(deserializer)?.into()))
    }
}

/// A message in JSON; becomes a [`Message`]. Only the id must be there: an object without it is no message, and must not pass for one
/// that was moved.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageJson {
    pub(super) id: String,
    internet_message_id: Option<String>,
    subject: Option<String>,
    from: Option<RecipientJson>,
    sender: Option<RecipientJson>,
    #[serde(default, deserialize_with = "or_default")]
    to_recipients: Vec<RecipientJson>,
    #[serde(default, deserialize_with = "or_default")]
    cc_recipients: Vec<RecipientJson>,
    #[serde(default, deserialize_with = "or_default")]
    bcc_recipients: Vec<RecipientJson>,
    #[serde(default, deserialize_with = "or_default")]
    reply_to: Vec<RecipientJson>,
    received_date_time: Option<String>,
    sent_date_time: Option<String>,
    #[serde(rename = "singleValueExtendedProperties", default, deserialize_with = "or_default")]
    extended: Vec<PropertyJson>,
    #[serde(default, deserialize_with = "or_default")]
    has_attachments: bool,
    #[serde(default, deserialize_with = "or_default")]
    is_read: bool,
    importance: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    categories: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    parent_folder_id: String,
    #[serde(default, deserialize_with = "or_default")]
    body_preview: String,
    body: Option<BodyJson>,
    internet_message_headers: Option<Vec<HeaderJson>>,
    /// Comes only with an `$expand`, and so does the next.
    #[serde(default, deserialize_with = "if_known")]
    attachments: Option<Vec<AttachmentJson>>,
    #[serde(rename = "attachments@odata.nextLink")]
    more_attachments: Option<IgnoredAny>,
}

impl MessageJson {
    /// Takes out the attachments that came with the message.
    pub(super) fn expanded(&mut self) -> Expanded {
        Expanded {
            has_attachments: self.has_attachments,
            rows: self.attachments.take(),
            more: self.more_attachments.is_some(),
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct PropertyJson {
    #[serde(deserialize_with = "or_default")]
    id: String,
    #[serde(deserialize_with = "or_default")]
    value: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RecipientJson {
    email_address: Option<AddressJson>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct AddressJson {
    name: Option<String>,
    address: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct BodyJson {
    content_type: Option<String>,
    content: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct HeaderJson {
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    value: String,
}

impl From<MessageJson> for Message {
    fn from(json: MessageJson) -> Self {
        let many = |recipients: Vec<RecipientJson>| recipients.into_iter().filter_map(address).collect();
        let (body, body_type) = match json.body {
            Some(body) => (
                Some(body.content.unwrap_or_default()),
                Some(
                    body.content_type
                        .unwrap_or_else(|| "html".to_owned())
                        .to_ascii_lowercase(),
                ),
            ),
            None => (None, None),
        };
        Self {
            id: json.id,
            internet_message_id: json.internet_message_id,
            subject: json.subject,
            from: json.from.and_then(address),
            sender: json.sender.and_then(address),
            to: many(json.to_recipients),
            cc: many(json.cc_recipients),
            bcc: many(json.bcc_recipients),
            reply_to: many(json.reply_to),
            received_at: json.received_date_time.as_deref().and_then(instant),
            sent_at: json.sent_date_time.as_deref().and_then(instant),
            size: size(&json.extended),
            has_attachments: json.has_attachments,
            is_read: json.is_read,
            // Documented as lower case; answers with a capital were seen for other enumerations.
            importance: json
                .importance
                .map_or_else(|| "normal".to_owned(), |importance| importance.to_ascii_lowercase()),
            categories: json.categories,
            folder_id: json.parent_folder_id,
            body_preview: json.body_preview,
            body,
            body_type,
            headers: json
                .internet_message_headers
                .map(|headers| headers.into_iter().map(|header| (header.name, header.value)).collect()),
        }
    }
}

/// As a list would show the message, from an answer that holds all of it: body and headers are what [`get`](super::messages::get) is for.
pub(super) fn summary(json: MessageJson) -> Message {
    Message {
        body: None,
        body_type: None,
        headers: None,
        ..json.into()
    }
}

/// A recipient without name and address says nothing.
fn address(recipient: RecipientJson) -> Option<Address> {
    let json = recipient.email_address?;
    let name = json.name.filter(|name| !name.is_empty());
    if name.is_none() && json.address.as_ref().is_none_or(String::is_empty) {
        return None;
    }
    Some(Address {
        name,
        address: json.address.unwrap_or_default(),
    })
}

/// The size among extended properties; their ids come back without the zeros they were asked for with.
fn size(extended: &[PropertyJson]) -> Option<i64> {
    let is_size = |id: &str| {
        let tag = id.split_once(" 0x").map(|(_, tag)| tag.trim_start_matches('0'));
        tag.is_some_and(|tag| tag.eq_ignore_ascii_case("e08"))
    };
    let property = extended.iter().find(|property| is_size(&property.id))?;
    property.value.parse().ok().filter(|size| *size >= 0)
}

/// Message times are always UTC; the zero date of .NET stands for "none".
fn instant(text: &str) -> Option<UtcInstant> {
    if text.starts_with("0001-01-01") {
        return None;
    }
    // One without a zone was seen in examples; it is UTC, too.
    UtcInstant::from_rfc3339(text).or_else(|| UtcInstant::from_rfc3339(&format!("{text}Z")))
}

/// `null` is the same as missing.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Attachments of a shape that nobody knows are asked for by themselves; the message can be read.
fn if_known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<AttachmentJson>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Shape {
        Known(Vec<AttachmentJson>),
        Unknown(IgnoredAny),
    }
    Ok(match Shape::deserialize(deserializer)? {
        Shape::Known(rows) => Some(rows),
        Shape::Unknown(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Message {
        serde_json::from_str::<MessageJson>(json).unwrap().into()
    }

    #[test]
    fn times_are_utc_with_any_number_of_fraction_digits() {
        let cases = [
            ("2023-11-14T22:13:20Z", Some(1_700_000_000)),
            ("2023-11-14T22:13:20.1Z", Some(1_700_000_000)),
            ("2023-11-14T22:13:20.9999999Z", Some(1_700_000_000)),
            ("2023-11-14T22:13:20.123456789012Z", Some(1_700_000_000)),
            ("2023-11-14T23:13:20+01:00", Some(1_700_000_000)),
            ("2023-11-14T22:13:20", Some(1_700_000_000)),
            ("0001-01-01T00:00:00Z", None),
            ("yesterday", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(instant(text), expected.map(UtcInstant::from_epoch), "{text}");
        }
    }

    #[test]
    fn a_message_may_lack_everything_but_its_id() {
        let nulls = read(
            r##"{"@odata.type":"#microsoft.graph.eventMessageRequest","id":"1","subject":null,"from":null,"sender":{"emailAddress":null},
            "toRecipients":null,"receivedDateTime":null,"isRead":null,"categories":null,"bodyPreview":null,"importance":null,"unknown":{}}"##,
        );
        assert_eq!(nulls, read(r#"{"id":"1"}"#));
        assert_eq!(nulls.importance, "normal");
        assert_eq!(nulls.received_at, None);
    }

    #[test]
    fn the_size_is_the_extended_property_of_that_tag() {
        let cases = [
            (r#"[{"id":"Integer 0xe08","value":"4711"}]"#, Some(4711)),
            (
                r#"[{"id":"Integer 0x3008","value":"1"},{"id":"Integer 0x0E08","value":"2"}]"#,
                Some(2),
            ),
            (r#"[{"id":"Integer 0xe08","value":"-1"}]"#, None),
            (r#"[{"id":"Integer 0xe08","value":"large"}]"#, None),
            (r#"[{"id":"Integer 0x1e08","value":"1"}]"#, None),
            (r#"[{"id":null,"value":null}]"#, None),
            ("null", None),
        ];
        for (properties, expected) in cases {
            let message = read(&format!(r#"{{"id":"1","singleValueExtendedProperties":{properties}}}"#));
            assert_eq!(message.size, expected, "{properties}");
        }
    }

    #[test]
    fn a_whole_message_has_body_and_headers_in_order() {
        let message = read(
            r#"{"id":"1","from":{"emailAddress":{"name":"","address":"a@example.com"}},
            "toRecipients":[{"emailAddress":{"name":"B","address":""}},{"emailAddress":{"name":"","address":""}},{}],
            "body":{"contentType":"Text","content":"Grüße"},"importance":"High",
            "internetMessageHeaders":[{"name":"Received","value":"2"},{"name":"Received","value":"1"}]}"#,
        );
        assert_eq!(message.from.unwrap().name, None);
        assert_eq!(message.to.len(), 1);
        assert_eq!(
            (message.body.as_deref(), message.body_type.as_deref()),
            (Some("Grüße"), Some("text"))
        );
        assert_eq!(message.importance, "high");
        let headers = message.headers.unwrap();
        assert_eq!(headers[0], ("Received".to_owned(), "2".to_owned()));
        assert_eq!(headers[1].1, "1");
    }
}
