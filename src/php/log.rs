//! Where log records of a call go: to the file or standard error named in `squeeze_graph.log`, and to the logger that
//! PHP code has set.
//!
//! Records come from the thread that works. The file is written there and then; a logger is PHP code, so its records
//! wait in a queue until PHP's own thread picks them up. It gets every level, the file those from
//! `squeeze_graph.log_level` up: loggers of frameworks filter by themselves.
//!
//! A log that can not be written stops no work, but is not silent either: PHP's own error log hears of it, once a request.

use std::cell::RefCell;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ext_php_rs::convert::IntoZval;
use ext_php_rs::types::{ZendHashTable, Zval};
use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use serde_json::{Map, Value, json};

use super::zend::{self, Outcome};
use crate::base::clock::{Clock, SystemClock};
use crate::base::log::{Level, Log, Record};
use crate::base::settings::LogTarget;

/// The log of one call.
pub struct CallLog {
    target: LogTarget,
    level: Level,
    /// The store's path, for each line: one log may serve many tenants, whose accounts can have the same names. Empty for a database,
    /// whose name can hold a password.
    store: String,
    /// Records for PHP's logger; None where none is set.
    queue: Option<Mutex<Vec<Record>>>,
    /// Why a line could not be written, until PHP's thread says so.
    unwritten: Mutex<Option<String>>,
}

impl CallLog {
    /// The log for the settings of a call and the logger that is set now.
    pub fn new(target: LogTarget, level: Level, store: &str) -> Self {
        let queue = has_logger().then(|| Mutex::new(Vec::new()));
        Self {
            target,
            level,
            store: if store.starts_with('/') { store } else { "" }.to_owned(),
            queue,
            unwritten: Mutex::new(None),
        }
    }

    /// Hands what has gathered to PHP's logger. Runs on PHP's thread.
    pub fn deliver(&self) -> Outcome<()> {
        let unwritten = self.unwritten.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (Some(reason), LogTarget::File(path)) = (unwritten, &self.target) {
            say_once(path, &reason);
        }
        let Some(queue) = &self.queue else { return Ok(()) };
        loop {
            let records = std::mem::take(&mut *queue.lock().unwrap_or_else(PoisonError::into_inner));
            if records.is_empty() {
                return Ok(());
            }
            for record in &records {
                tell_logger(record)?;
            }
        }
    }

    fn goes_to_file(&self, level: Level) -> bool {
        self.target != LogTarget::None && level >= self.level
    }

    fn line(&self, record: &Record) -> String {
        let mut fields = Map::new();
        fields.insert("time".to_owned(), json!(SystemClock.now().to_rfc3339()));
        fields.insert("level".to_owned(), json!(record.level.name()));
        fields.insert("message".to_owned(), json!(record.message));
        fields.insert("pid".to_owned(), json!(std::process::id()));
        if !self.store.is_empty() {
            fields.insert("store".to_owned(), json!(self.store));
        }
        for (name, value) in &record.context {
            fields.entry(*name).or_insert_with(|| json!(value));
        }
        format!("{}\n", Value::Object(fields))
    }
}

impl Log for CallLog {
    fn wants(&self, level: Level) -> bool {
        self.queue.is_some() || self.goes_to_file(level)
    }

    fn write(&self, record: Record) {
        if self.goes_to_file(record.level)
            && let Err(error) = append(&self.target, &self.line(&record))
        {
            *self.unwritten.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        }
        if let Some(queue) = &self.queue {
            queue.lock().unwrap_or_else(PoisonError::into_inner).push(record);
        }
    }
}

/// One write a line, so that lines of several processes do not mix.
fn append(target: &LogTarget, line: &str) -> io::Result<()> {
    match target {
        LogTarget::None => Ok(()),
        LogTarget::Stderr => to_standard_error(line.as_bytes()),
        LogTarget::File(path) => open(path)?.write_all(line.as_bytes()),
    }
}

/// Opens the log, or makes it. A symbolic link is not followed, a pipe is not waited for: `stderr` is there for whoever reads along.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .append(true)
        .mode(0o600)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
    // First without O_CREAT: in a sticky folder the kernel may refuse it on somebody else's file, even to root, and then nothing could be
    // said of that file.
    let file = match options.open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => options.create(true).open(path)?,
        opened => opened?,
    };
    let metadata = file.metadata()?;
    let kind = metadata.file_type();
    // `/dev/null` and terminals.
    if kind.is_char_device() {
        return Ok(file);
    }
    if !kind.is_file() {
        return Err(io::Error::other("it is neither a regular file nor a device"));
    }
    if is_a_strangers(&metadata, path) {
        return Err(io::Error::other(format!(
            "it belongs to another user ({}), in a folder where everybody may write",
            metadata.uid()
        )));
    }
    Ok(file)
}

/// Whether somebody could have put the file there to read along. Where not everybody may make files, who may is trusted.
fn is_a_strangers(file: &Metadata, path: &Path) -> bool {
    const EVERYBODY_WRITES: u32 = 0o002;
    let folder = path.parent().and_then(|folder| folder.metadata().ok());
    let trusted = [Some(geteuid().as_raw()), Some(0), folder.as_ref().map(MetadataExt::uid)];
    folder.is_none_or(|folder| folder.mode() & EVERYBODY_WRITES != 0) && !trusted.contains(&Some(file.uid()))
}

/// Past the lock that Rust's library keeps on standard error: a helper can be stuck in a write while it holds that lock (a full pipe),
/// and in a child that is forked at that moment the lock would stay closed for ever.
fn to_standard_error(mut line: &[u8]) -> io::Result<()> {
    let standard_error = io::stderr();
    while !line.is_empty() {
        match nix::unistd::write(standard_error.as_fd(), line).map_err(io::Error::from) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => line = line.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

thread_local! {
    /// The logger of the running request.
    static LOGGER: RefCell<Option<Zval>> = const { RefCell::new(None) };
    /// The log of which the running request has said that it can not be written.
    static SAID: RefCell<Option<PathBuf>> = const { RefCell::new(None) };
}

/// Tells PHP's error log that our log can not be written: not a warning of the engine, which an error handler could make
/// an exception of.
fn say_once(path: &Path, reason: &str) {
    let said = SAID.with_borrow_mut(|said| said.replace(path.to_path_buf()));
    if said.as_deref() != Some(path) {
        zend::error_log(&format!(
            "squeeze_graph.log {} can not be written: {reason} (symbolic links are not followed)",
            path.display()
        ));
    }
}

/// The end of a request: its logger is PHP code and goes with it.
pub fn end_request() {
    set_logger(None);
    SAID.take();
}

fn has_logger() -> bool {
    LOGGER.with_borrow(Option::is_some)
}

/// Sets or removes the logger.
pub fn set_logger(logger: Option<&Zval>) {
    // The old one is dropped outside the borrow: its destructor is PHP code.
    let old = LOGGER.with_borrow_mut(|slot| std::mem::replace(slot, logger.map(Zval::shallow_clone)));
    drop(old);
}

fn tell_logger(record: &Record) -> Outcome<()> {
    let Some(logger) = LOGGER.with_borrow(|slot| slot.as_ref().map(Zval::shallow_clone)) else {
        return Ok(());
    };
    let arguments = zend::built(|| {
        let mut context = ZendHashTable::new();
        for (name, value) in &record.context {
            context.insert(*name, value.as_str())?;
        }
        let mut table = Zval::new();
        table.set_hashtable(context);
        Ok(vec![
            record.level.name().into_zval(false)?,
            record.message.into_zval(false)?,
            table,
        ])
    })?;
    zend::call(&logger, arguments).value_beside_helper().map(drop)
}
