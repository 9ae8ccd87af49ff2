//! What Graph's answers become: folders, messages, attachments and mailbox settings, as sections 5 and 6 of the contract show them.

use crate::base::clock::UtcInstant;

/// A mail folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Graph's id; constant.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// From the root, starts with `/`; `/` and `\` in names are escaped with `\`, so that it can be passed back.
    pub path: String,
    /// The parent's id; `None` below the root.
    pub parent_id: Option<String>,
    /// Direct children.
    pub child_count: i64,
    /// Items of all kinds.
    pub total_count: i64,
    /// Unread items.
    pub unread_count: i64,
    /// Hidden from mail clients.
    pub is_hidden: bool,
    /// `inbox`, `drafts`, …, where it is one of those.
    pub well_known_name: Option<String>,
}

/// A mail address with the name beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The display name.
    pub name: Option<String>,
    /// The address; may be empty or not SMTP (`/o=…`).
    pub address: String,
}

/// A message. The fields after `body_preview` come only from a single read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Immutable id.
    pub id: String,
    /// RFC 5322 Message-ID.
    pub internet_message_id: Option<String>,
    /// Subject.
    pub subject: Option<String>,
    /// The mailbox it is from.
    pub from: Option<Address>,
    /// Who sent it.
    pub sender: Option<Address>,
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// Bcc.
    pub bcc: Vec<Address>,
    /// Reply-To.
    pub reply_to: Vec<Address>,
    /// When it was received.
    pub received_at: Option<UtcInstant>,
    /// When it was sent.
    pub sent_at: Option<UtcInstant>,
    /// Bytes as Exchange counts them; `None` in the answers of changes, which do not tell.
    pub size: Option<i64>,
    /// Graph's word: false when only inline attachments exist.
    pub has_attachments: bool,
    /// Read.
    pub is_read: bool,
    /// `low`, `normal`, `high`.
    pub importance: String,
    /// Categories.
    pub categories: Vec<String>,
    /// The folder it lies in.
    pub folder_id: String,
    /// The first 255 characters.
    pub body_preview: String,
    /// The body.
    pub body: Option<String>,
    /// `html` or `text`.
    pub body_type: Option<String>,
    /// Internet message headers, in order.
    pub headers: Option<Vec<(String, String)>>,
}

/// What an attachment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentKind {
    /// A file.
    File,
    /// A mail, event or contact; comes as MIME.
    Item,
    /// A link; has no bytes.
    Reference,
}

/// An attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Graph's id.
    pub id: String,
    /// As it came: may be empty, repeated or hostile.
    pub name: String,
    /// MIME type.
    pub content_type: Option<String>,
    /// Graph's word on its size: approximate.
    pub size: i64,
    /// Shown inside the body.
    pub is_inline: bool,
    /// Content-ID, files only.
    pub content_id: Option<String>,
    /// What it is.
    pub kind: AttachmentKind,
    /// Where a reference points.
    pub source_url: Option<String>,
}

/// A mailbox's regional settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxSettings {
    /// IANA name.
    pub time_zone: String,
    /// E.g. `de-DE`.
    pub language: Option<String>,
    /// .NET pattern.
    pub date_format: Option<String>,
    /// .NET pattern.
    pub time_format: Option<String>,
}
