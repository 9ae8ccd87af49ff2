//! Messages and attachments: listing, reading, saving, moving (contract, section 6).

use std::path::Path;

use crate::base::account::AccountName;
use crate::base::clock::UtcInstant;
use crate::base::failure::Result;
use crate::base::problem::Problem;
use crate::graph::value::{Attachment, MailboxSettings, Message};
use crate::service::context::Context;

/// Which messages a list holds.
#[derive(Debug, Clone, Default)]
pub struct MessageQuery {
    /// The folder; `None`: the account's inbox folder.
    pub folder: Option<String>,
    /// At most so many.
    pub limit: Option<u64>,
    /// Received at or after.
    pub since: Option<UtcInstant>,
    /// Only unread ones.
    pub unread_only: bool,
    /// Newest first instead of oldest first.
    pub newest_first: bool,
}

/// A walk through a list, a page at a time; moving messages meanwhile skips none.
#[derive(Debug)]
pub struct MessageWalk {
    query: MessageQuery,
}

impl MessageWalk {
    /// A walk from the beginning; makes no request.
    pub fn new(query: MessageQuery) -> Self {
        Self { query }
    }

    /// The next messages; empty at the end.
    pub fn next_page(&mut self, _context: &Context, _name: &AccountName) -> Result<Vec<Message>> {
        let _ = &self.query;
        unimplemented!()
    }
}

/// How many messages a query fits (without its limit); one request.
pub fn total(_context: &Context, _name: &AccountName, _query: &MessageQuery) -> Result<u64> {
    unimplemented!()
}

/// One message with body and headers.
pub fn get_message(_context: &Context, _name: &AccountName, _message: &str, _text_body: bool) -> Result<Message> {
    unimplemented!()
}

/// A message's MIME source; at most `max_bytes`.
pub fn get_mime(_context: &Context, _name: &AccountName, _message: &str, _max_bytes: Option<u64>) -> Result<Vec<u8>> {
    unimplemented!()
}

/// The same into a file; bytes written.
pub fn save_mime(
    _context: &Context,
    _name: &AccountName,
    _message: &str,
    _path: &Path,
    _max_bytes: Option<u64>,
) -> Result<u64> {
    unimplemented!()
}

/// A message's attachments.
pub fn list_attachments(_context: &Context, _name: &AccountName, _message: &str) -> Result<Vec<Attachment>> {
    unimplemented!()
}

/// An attachment's bytes.
pub fn get_attachment(
    _context: &Context,
    _name: &AccountName,
    _message: &str,
    _attachment: &str,
    _max_bytes: Option<u64>,
) -> Result<Vec<u8>> {
    unimplemented!()
}

/// The same into a file; bytes written.
pub fn save_attachment(
    _context: &Context,
    _name: &AccountName,
    _message: &str,
    _attachment: &str,
    _path: &Path,
    _max_bytes: Option<u64>,
) -> Result<u64> {
    unimplemented!()
}

/// Moves a message; the message as it is afterwards.
pub fn move_message(_context: &Context, _name: &AccountName, _message: &str, _folder: &str) -> Result<Message> {
    unimplemented!()
}

/// What became of one of several moves.
#[derive(Debug, Clone)]
pub struct MoveResult {
    /// The id as it was given.
    pub id: String,
    /// The message afterwards.
    pub message: Option<Message>,
    /// Why it was not moved.
    pub problem: Option<Problem>,
}

/// Moves several; one result an id, in order.
pub fn move_messages(
    _context: &Context,
    _name: &AccountName,
    _messages: &[String],
    _folder: &str,
) -> Result<Vec<MoveResult>> {
    unimplemented!()
}

/// Copies a message; the copy.
pub fn copy_message(_context: &Context, _name: &AccountName, _message: &str, _folder: &str) -> Result<Message> {
    unimplemented!()
}

/// What to change of a message; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct MessageChange {
    /// Read.
    pub is_read: Option<bool>,
    /// Categories.
    pub categories: Option<Vec<String>>,
    /// Flagged for follow-up.
    pub flagged: Option<bool>,
}

/// Changes a message.
pub fn update_message(
    _context: &Context,
    _name: &AccountName,
    _message: &str,
    _change: &MessageChange,
) -> Result<Message> {
    unimplemented!()
}

/// Deletes a message: into Deleted Items, or for good.
pub fn delete_message(_context: &Context, _name: &AccountName, _message: &str, _permanently: bool) -> Result<()> {
    unimplemented!()
}

/// The mailbox's regional settings.
pub fn get_mailbox_settings(_context: &Context, _name: &AccountName) -> Result<MailboxSettings> {
    unimplemented!()
}
