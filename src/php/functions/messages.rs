//! Messages and attachments: reading, saving, moving, changing.

use std::path::PathBuf;

use ext_php_rs::convert::IntoZval;
use ext_php_rs::types::Zval;

use crate::base::failure::{Error, Failure};
use crate::base::problem::Problem;
use crate::php::arrays;
use crate::php::message_list;
use crate::php::operation::{self, Operation, account_name, permitted};
use crate::php::register::{Function, function};
use crate::php::values::{
    attachment, connection_report, count, list, mailbox_settings, message, move_result, timestamp,
};
use crate::php::zend::{self, Arguments, Outcome, Raised};
use crate::service::connection_test;
use crate::service::folders::name::FolderName;
use crate::service::messages::{self, MessageChange, MessageQuery};

/// Functions of this concern.
pub fn functions() -> Vec<Function> {
    vec![
        function!(
            "list_messages(string $account, ?string $folder = null, ?int $limit = null, \
                ?\\DateTimeInterface $since = null, bool $unread_only = false, \
                bool $newest_first = false): MessageList",
            list_messages
        ),
        function!(
            "get_message(string $account, string $message_id, bool $text_body = false): Message",
            get_message
        ),
        function!(
            "get_mime(string $account, string $message_id, ?int $max_bytes = null): string",
            get_mime
        ),
        function!(
            "save_mime(string $account, string $message_id, string $path, ?int $max_bytes = null): int",
            save_mime
        ),
        function!(
            "list_attachments(string $account, string $message_id): array",
            list_attachments
        ),
        function!(
            "get_attachment(string $account, string $message_id, string $attachment_id, \
                ?int $max_bytes = null): string",
            get_attachment
        ),
        function!(
            "save_attachment(string $account, string $message_id, string $attachment_id, string $path, \
                ?int $max_bytes = null): int",
            save_attachment
        ),
        function!(
            "move_message(string $account, string $message_id, string $folder): Message",
            move_message
        ),
        function!(
            "move_messages(string $account, array $message_ids, string $folder): array",
            move_messages
        ),
        function!(
            "copy_message(string $account, string $message_id, string $folder): Message",
            copy_message
        ),
        function!(
            "update_message(string $account, string $message_id, ?bool $is_read = null, \
                ?array $categories = null, ?bool $flagged = null): Message",
            update_message
        ),
        function!(
            "delete_message(string $account, string $message_id, bool $permanently = false): void",
            delete_message
        ),
        function!(
            "get_mailbox_settings(string $account): MailboxSettings",
            get_mailbox_settings
        ),
        function!("test_connection(string $account): ConnectionReport", test_connection),
    ]
}

/// What a script needs beside a large string: what it allocates before it lets go of it, and the engine's own chunks.
const SPARE_MEMORY: u64 = 4 << 20;

fn list_messages(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let since = arguments.optional_object(3, zend::date_time_interface()?)?;
    let folder = arguments.optional_name(1)?;
    // Nothing is asked for yet, but what can be no folder is this call's fault and not the loop's.
    if let Some(Err(must)) = folder.map(FolderName::parse) {
        return Err(arguments.value_error(1, must));
    }
    let query = MessageQuery {
        folder: folder.map(str::to_owned),
        limit: arguments
            .optional_int_from(2, 0)?
            .and_then(|limit| u64::try_from(limit).ok()),
        since: since.map(timestamp).transpose()?,
        unread_only: arguments.bool(4)?,
        newest_first: arguments.bool(5)?,
    };
    message_list::message_list(Operation::begin()?, name, query)
}

fn get_message(arguments: &Arguments) -> Outcome {
    let (name, id, text_body) = (
        account_name(arguments, 0)?,
        arguments.name(1)?.to_owned(),
        arguments.bool(2)?,
    );
    let found = Operation::begin()?.run(Some(arguments), move |context| {
        messages::get_message(context, &name, &id, text_body)
    })?;
    message(&found)
}

/// `?int $max_bytes`.
fn max_bytes(arguments: &Arguments, index: usize) -> Outcome<Option<u64>> {
    Ok(arguments
        .optional_int_from(index, 0)?
        .and_then(|bytes| u64::try_from(bytes).ok()))
}

/// What a function that returns bytes may take, and what says so when it is more.
struct Room {
    /// The smaller of `$max_bytes` and what `memory_limit` leaves.
    most: Option<u64>,
    /// Whether `memory_limit` decided.
    by_memory: bool,
    /// The function that needs little memory.
    instead: &'static str,
}

impl Room {
    fn new(max_bytes: Option<u64>, instead: &'static str) -> Self {
        let memory = zend::memory_headroom().map(|bytes| bytes.saturating_sub(SPARE_MEMORY));
        let by_memory = memory.is_some_and(|memory| max_bytes.is_none_or(|max| memory < max));
        Self {
            most: if by_memory { memory } else { max_bytes },
            by_memory,
            instead,
        }
    }

    /// "Too large" says which limit it was: the caller's own, or the one that would have ended the script.
    fn explain(&self, error: Error) -> Error {
        match error {
            Error::Failure(failure) if self.by_memory && failure.problem.code == "too_large" => {
                let problem = Problem::own("memory_limit", failure.problem.since)
                    .with_fact("bytes", self.most.unwrap_or_default().to_string())
                    .with_fact("function", self.instead);
                let explained = Failure::new(problem);
                match &failure.account {
                    Some(account) => explained.of(account).into(),
                    None => explained.into(),
                }
            }
            error => error,
        }
    }
}

fn bytes(bytes: &[u8]) -> Zval {
    let mut value = Zval::new();
    value.set_zend_string(ext_php_rs::types::ZendStr::new(bytes, false));
    value
}

fn get_mime(arguments: &Arguments) -> Outcome {
    let (name, id) = (account_name(arguments, 0)?, arguments.name(1)?.to_owned());
    let room = Room::new(max_bytes(arguments, 2)?, "save_mime");
    let mime = Operation::begin()?.run(Some(arguments), move |context| {
        messages::get_mime(context, &name, &id, room.most).map_err(|error| room.explain(error))
    })?;
    Ok(bytes(&mime))
}

/// `string $path`, as far as PHP has a say in it.
fn path(arguments: &Arguments, index: usize) -> Outcome<PathBuf> {
    permitted(arguments.name(index)?)
}

fn save_mime(arguments: &Arguments) -> Outcome {
    let (name, id, max) = (
        account_name(arguments, 0)?,
        arguments.name(1)?.to_owned(),
        max_bytes(arguments, 3)?,
    );
    let operation = Operation::begin()?;
    let path = path(arguments, 2)?;
    let written = operation.run(Some(arguments), move |context| {
        messages::save_mime(context, &name, &id, &path, max)
    })?;
    Ok(count(written).into_zval(false)?)
}

fn list_attachments(arguments: &Arguments) -> Outcome {
    let (name, id) = (account_name(arguments, 0)?, arguments.name(1)?.to_owned());
    let found = Operation::begin()?.run(Some(arguments), move |context| {
        messages::list_attachments(context, &name, &id)
    })?;
    list(found.iter().map(attachment))
}

fn get_attachment(arguments: &Arguments) -> Outcome {
    let (name, id) = (account_name(arguments, 0)?, arguments.name(1)?.to_owned());
    let attachment = arguments.name(2)?.to_owned();
    let room = Room::new(max_bytes(arguments, 3)?, "save_attachment");
    let content = Operation::begin()?.run(Some(arguments), move |context| {
        messages::get_attachment(context, &name, &id, &attachment, room.most).map_err(|error| room.explain(error))
    })?;
    Ok(bytes(&content))
}

fn save_attachment(arguments: &Arguments) -> Outcome {
    let (name, id) = (account_name(arguments, 0)?, arguments.name(1)?.to_owned());
    let (attachment, max) = (arguments.name(2)?.to_owned(), max_bytes(arguments, 4)?);
    let operation = Operation::begin()?;
    let path = path(arguments, 3)?;
    let written = operation.run(Some(arguments), move |context| {
        messages::save_attachment(context, &name, &id, &attachment, &path, max)
    })?;
    Ok(count(written).into_zval(false)?)
}

fn move_message(arguments: &Arguments) -> Outcome {
    let (name, id) = (account_name(arguments, 0)?, arguments.name(1)?.to_owned());
    let folder = arguments.name(2)?.to_owned();
    let moved = Operation::begin()?.run(Some(arguments), move |context| {
        messages::move_message(context, &name, &id, &folder)
    })?;
    message(&moved)
}

fn move_messages(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let ids = arrays::texts(arguments, 1)?.unwrap_or_default();
    let folder = arguments.name(2)?.to_owned();
    let operation = Operation::begin()?;
    let results = operation.run(Some(arguments), move |context| {
        messages::move_messages(context, &name, &ids, &folder)
    })?;
    list(results.iter().map(|result| move_result(result, operation.language())))
}

fn copy_message(arguments: &Arguments) -> Outcome {
    let (name, id) = (account_name(arguments, 0)?, arguments.name(1)?.to_owned());
    let folder = arguments.name(2)?.to_owned();
    let copied = Operation::begin()?.run(Some(arguments), move |context| {
        messages::copy_message(context, &name, &id, &folder)
    })?;
    message(&copied)
}

fn update_message(arguments: &Arguments) -> Outcome {
    let (name, id) = (account_name(arguments, 0)?, arguments.name(1)?.to_owned());
    let change = MessageChange {
        is_read: arguments.optional_bool(2)?,
        categories: arrays::texts(arguments, 3)?,
        flagged: arguments.optional_bool(4)?,
    };
    let updated = Operation::begin()?.run(Some(arguments), move |context| {
        messages::update_message(context, &name, &id, &change)
    })?;
    message(&updated)
}

fn delete_message(arguments: &Arguments) -> Outcome {
    let (name, id, permanently) = (
        account_name(arguments, 0)?,
        arguments.name(1)?.to_owned(),
        arguments.bool(2)?,
    );
    Operation::begin()?.run(Some(arguments), move |context| {
        messages::delete_message(context, &name, &id, permanently)
    })?;
    Ok(Zval::null())
}

fn get_mailbox_settings(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let settings = Operation::begin()?.run(Some(arguments), move |context| {
        messages::get_mailbox_settings(context, &name)
    })?;
    mailbox_settings(&settings)
}

/// Never throws: settings or a store that cannot be used are a failed check like any other.
fn test_connection(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let report = match Operation::try_begin() {
        Ok(operation) => operation.attempt(move |context| Ok(connection_test::test_connection(context, &name)))?,
        Err(failure) => Err(Error::Failure(failure)),
    };
    let language = operation::language();
    match report {
        Ok(report) => connection_report(&report, language),
        Err(Error::Failure(failure)) => {
            let report = connection_test::without_account(failure.problem, language);
            connection_report(&report, language)
        }
        Err(_) => Err(Raised::Pending),
    }
}
