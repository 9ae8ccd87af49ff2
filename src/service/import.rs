//! The import: takes what lies in the inbox folder, hands it over, and moves it (contract, section 7).

pub mod attempt;
pub mod file_name;
pub mod lease;
pub mod spool;

use std::path::PathBuf;

use crate::base::account::AccountName;
use crate::base::clock::UtcInstant;
use crate::base::failure::Result;
use crate::graph::value::{Attachment, Message};
use crate::service::context::Context;

/// How to import.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// Where mails are put; `None`: a private folder beside the store, gone on return.
    pub directory: Option<PathBuf>,
    /// Hand over at most so many.
    pub limit: Option<u64>,
    /// Mails without an attachment go to the error folder.
    pub require_attachments: bool,
    /// Read the body, too.
    pub body: Option<BodyForm>,
    /// No mail larger than this.
    pub max_bytes: Option<u64>,
    /// So many failures in a row end the run.
    pub max_failures: u32,
}

/// In which form the body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyForm {
    /// Plain text.
    Text,
    /// HTML.
    Html,
}

/// An attachment as it was downloaded.
#[derive(Debug, Clone)]
pub struct IncomingAttachment {
    /// What Graph says of it.
    pub attachment: Attachment,
    /// Where it lies; `None` for a link.
    pub path: Option<PathBuf>,
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: Option<String>,
}

/// A mail, downloaded and ready to be handed over.
#[derive(Debug, Clone)]
pub struct IncomingMessage {
    /// What Graph says of it.
    pub message: Message,
    /// Its MIME source.
    pub mime_path: PathBuf,
    /// Its attachments.
    pub attachments: Vec<IncomingAttachment>,
    /// The same for every attempt of this import of this mail, and for nothing else.
    pub import_key: String,
    /// From 1.
    pub attempt: u32,
    /// The body, if asked for.
    pub body: Option<String>,
}

/// What `$accept` decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Download it and hand it over.
    Import,
    /// Leave it in the inbox.
    Leave,
    /// Move it to the processed folder unread.
    Processed,
    /// Move it to the error folder unread.
    Error,
}

/// How the handler ended.
#[derive(Debug, Clone)]
pub enum Handled {
    /// It returned.
    Imported,
    /// It threw `RejectMessage`.
    Rejected(String),
    /// It threw `LeaveInInbox`.
    Left {
        /// Why.
        reason: String,
        /// Not again before this.
        not_before: Option<UtcInstant>,
    },
    /// It threw any other `\Exception`; its class and message.
    Failed(String),
    /// The run ends and the mail stays: `\Error`, `exit`, `StopImport`, an interrupt, a fork. Counts as no attempt.
    Stop,
}

/// The host's side of an import. Called on the thread that imports, one call at a time, with no lock and no transaction held.
pub trait ImportHost {
    /// Decides on headers, before anything is downloaded; `None` ends the run.
    fn accept(&mut self, message: &Message) -> Option<Disposition>;

    /// Takes a mail.
    fn handle(&mut self, mail: &IncomingMessage) -> Handled;

    /// Is told of each result; false ends the run.
    fn progress(&mut self, done: u64, known: u64, result: &ImportResult) -> bool;
}

/// What became of one mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportOutcome {
    /// The handler took it.
    Imported,
    /// It was rejected.
    Rejected,
    /// It was left in the inbox.
    Left,
    /// `$accept` decided.
    Filtered,
    /// It failed.
    Failed,
}

/// `ImportResult` of the contract.
#[derive(Debug, Clone)]
pub struct ImportResult {
    /// The mail.
    pub message: Message,
    /// What became of it.
    pub outcome: ImportOutcome,
    /// Why.
    pub reason: Option<String>,
    /// Its import key.
    pub import_key: String,
}

/// `ImportReport` of the contract.
#[derive(Debug, Clone, Default)]
pub struct ImportReport {
    /// Mails imported.
    pub imported: u64,
    /// Mails rejected.
    pub rejected: u64,
    /// Mails left.
    pub left: u64,
    /// Mails failed.
    pub failed: u64,
    /// Bytes downloaded.
    pub bytes: u64,
    /// How long it took.
    pub seconds: f64,
    /// One a mail, in order.
    pub results: Vec<ImportResult>,
}

/// Imports. An end by `Handled::Stop` (or `None`/false of the other calls) returns the report so far; the caller knows why it said so
/// and whether to throw instead.
pub fn import_messages(
    _context: &Context,
    _name: &AccountName,
    _options: &ImportOptions,
    _host: &mut dyn ImportHost,
) -> Result<ImportReport> {
    unimplemented!()
}
