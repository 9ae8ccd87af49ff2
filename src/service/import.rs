//! The import: takes what lies in the inbox folder, hands it over, and moves it (contract, section 7).

mod attempt;
mod blame;
mod disk;
mod download;
pub mod file_name;
mod inbox;
mod lease;
mod ledger;
mod plan;
mod pool;
mod recovery;
mod run;
mod spool;

use std::fmt::Display;
use std::path::PathBuf;

use crate::base::account::AccountName;
use crate::base::cancel::CancelToken;
use crate::base::clock::UtcInstant;
use crate::base::failure::{Error, Result};
use crate::base::log::Level;
use crate::base::problem::Problem;
use crate::graph::value::{Attachment, Message};
use crate::service::context::Context;
use crate::service::import::inbox::Inbox;
use crate::service::import::lease::KeptLease;
use crate::service::import::ledger::Ledger;
use crate::service::import::plan::Plan;
use crate::service::import::pool::Pool;
use crate::service::import::run::Run;
use crate::service::import::spool::{Spool, SpoolError};
use crate::service::mailbox;

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
    /// The run ends and the mail stays: `\Error`, `exit`, `StopImport`, an interrupt, a fork. No failure, but an attempt: whether the
    /// handler had done its work by then is not known, so the mail comes again with the next number.
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
    context: &Context,
    name: &AccountName,
    options: &ImportOptions,
    host: &mut dyn ImportHost,
) -> Result<ImportReport> {
    if options.max_failures == 0 {
        return Err(Error::argument("max_failures", "must be greater than 0"));
    }
    if options.max_bytes == Some(0) {
        return Err(Error::argument("max_bytes", "must be greater than 0"));
    }
    let begun = context.clock.since_boot();
    let mut import = || -> Result<ImportReport> {
        let given = options.directory.as_deref().map(Spool::given).transpose();
        let given = given.map_err(|error| directory_unusable(context, &error))?;
        let plan = Plan::make(context, name)?;
        let Some(lease) = KeptLease::take(&context.store, &context.clock, &plan.lease())? else {
            return Err(Problem::own("import_running", context.clock.now()).into());
        };
        let ledger = Ledger::open(&context.store, &plan.mailbox, &plan.inbox)?;
        let client = mailbox::client(context, name)?;
        let inbox = Inbox::open(client.clone(), plan.inbox.clone(), options.limit)?;
        let spool = match given {
            Some(spool) => spool,
            None => private(context)?,
        };
        let cancel = CancelToken::new();
        let stoppable = Context {
            cancel: cancel.clone(),
            ..context.clone()
        };
        let pool = Pool::start(mailbox::client(&stoppable, name)?, cancel, client, spool)?;
        Run::new(context, options, host, (plan, lease, pool, ledger), inbox).run()
    };
    let mut report = import().map_err(|error| error.of(name)).inspect_err(|error| {
        if let Error::Failure(failure) = error {
            let facts: [(&str, &dyn Display); 2] = [("account", name), ("code", &failure.problem.code)];
            context.log.event(Level::Warning, "import stopped", &facts);
        }
    })?;
    report.seconds = context.clock.since_boot().saturating_sub(begun).as_secs_f64();
    context.log.event(
        Level::Info,
        "import ended",
        &[
            ("account", name),
            ("imported", &report.imported),
            ("rejected", &report.rejected),
            ("left", &report.left),
            ("failed", &report.failed),
        ],
    );
    Ok(report)
}

/// A private folder beside the store, or in the system's folder for passing files where the store is no file.
fn private(context: &Context) -> Result<Spool> {
    let store = &context.settings.store;
    let prefix = if store.contains("://") {
        std::env::temp_dir().join(format!("squeeze-graph-{}.import-", nix::unistd::geteuid()))
    } else {
        PathBuf::from(format!("{store}.import-"))
    };
    let now = context.clock.now();
    let prefix = std::path::absolute(&prefix).unwrap_or(prefix);
    let make = || -> Result<Spool> {
        let unique = run::new_key(context.random.as_ref(), now)?;
        Spool::private(&prefix, &unique).map_err(|error| disk_failed(&error, now))
    };
    // Another import may have swept the folder in the moment before it was locked; it will not do so twice.
    make().or_else(|_| make())
}

/// The given folder can not be used.
fn directory_unusable(context: &Context, error: &SpoolError) -> Error {
    Problem::own("import_directory_unusable", context.clock.now())
        .with_fact("path", error.path.to_string_lossy())
        .with_fact("reason", error.reason.to_string())
        .into()
}

/// The disk failed in the middle: the host's trouble.
fn disk_failed(error: &SpoolError, now: UtcInstant) -> Error {
    Problem::own("import_disk_failed", now)
        .with_fact("path", error.path.to_string_lossy())
        .with_fact("reason", error.reason.to_string())
        .into()
}
