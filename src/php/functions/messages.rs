//! Messages and attachments: reading, saving, moving, changing.

use std::path::PathBuf;

use ext_php_rs::convert::IntoZval;
use ext_php_rs::types::Zval;

use crate::php::arrays;
use crate::php::message_list;
use crate::php::operation::{Operation, account_name, permitted, refused};
use crate::php::register::{Function, function};
use crate::php::values::{
    attachment, connection_report, count, list, mailbox_settings, message, move_result, timestamp,
};
use crate::php::zend::{self, Arguments, Outcome};
use crate::service::connection_test;
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
    let query = MessageQuery {
        folder: arguments.optional_name(1)?.map(str::to_owned),
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

/// How many bytes `memory_limit` still lets PHP take as one string; None: any number.
fn room() -> Option<u64> {
    zend::memory_headroom().map(|bytes| bytes.saturating_sub(SPARE_MEMORY))
}

/// Bytes as a PHP string, unless `memory_limit` would end the script.
fn bytes(bytes: &[u8], instead: &str) -> Outcome {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if room().is_some_and(|room| size > room) {
        let facts = [("bytes", size.to_string()), ("function", instead.to_owned())];
        let facts: Vec<(&str, &str)> = facts.iter().map(|(name, value)| (*name, value.as_str())).collect();
        return Err(refused("memory_limit", &facts));
    }
    let mut value = Zval::new();
    value.set_zend_string(ext_php_rs::types::ZendStr::new(bytes, false));
    Ok(value)
}

fn get_mime(arguments: &Arguments) -> Outcome {
    let (name, id, max) = (
        account_name(arguments, 0)?,
        arguments.name(1)?.to_owned(),
        max_bytes(arguments, 2)?,
    );
    let operation = Operation::begin()?;
    let mime = operation.run(Some(arguments), move |context| {
        messages::get_mime(context, &name, &id, max)
    })?;
    bytes(&mime, "save_mime")
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
    let (attachment, max) = (arguments.name(2)?.to_owned(), max_bytes(arguments, 3)?);
    let operation = Operation::begin()?;
    let content = operation.run(Some(arguments), move |context| {
        messages::get_attachment(context, &name, &id, &attachment, max)
    })?;
    bytes(&content, "save_attachment")
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

fn test_connection(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let operation = Operation::begin()?;
    let report = operation.run(Some(arguments), move |context| {
        Ok(connection_test::test_connection(context, &name))
    })?;
    connection_report(&report, operation.language())
}
