//! Messages and attachments: listing, reading, saving, moving (contract, section 6).
//!
//! Here arguments are checked, folders resolved, and a 404 gets its meaning: only this floor knows whether a message, a folder or an
//! attachment was asked for.

pub(super) mod walk;

use std::path::Path;

use http::StatusCode;

use crate::base::account::AccountName;
use crate::base::clock::UtcInstant;
use crate::base::failure::{Class, Error, Result};
use crate::base::problem::Problem;
use crate::graph::client::Client;
use crate::graph::error::GraphError;
use crate::graph::value::{Attachment, Message};
use crate::graph::{attachments, messages};
use crate::service::context::Context;
use crate::service::file_target::FileTarget;
use crate::service::folders;
use crate::service::folders::name::{FolderName, well_known};
use crate::service::mailbox;

pub use crate::graph::messages::MessageChange;
pub use crate::service::mailbox::get_mailbox_settings;

/// No id is longer: Graph's have 120 to 200 characters.
const LONGEST_ID: usize = 2048;

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
    folder: Option<String>,
    folder_id: Option<String>,
    /// Whether the folder still has to show that it is one in which messages lie.
    unproven: bool,
    walk: walk::Walk,
}

impl MessageWalk {
    /// A walk from the beginning; makes no request.
    pub fn new(query: MessageQuery) -> Self {
        Self {
            walk: walk::Walk::new(&query),
            folder: query.folder,
            folder_id: None,
            unproven: true,
        }
    }

    /// The same with at most so many messages a page (1 to 1000), unless more were received in one second.
    #[must_use]
    pub fn with_page(mut self, page: usize) -> Self {
        self.walk.set_page(page);
        self
    }

    /// The next messages; empty at the end.
    pub fn next_page(&mut self, context: &Context, name: &AccountName) -> Result<Vec<Message>> {
        let account = mailbox::account(context, name)?;
        let client = mailbox::client_of(context, &account)?;
        let folder = if let Some(id) = &self.folder_id {
            id.clone()
        } else {
            let named = self.folder.as_deref().unwrap_or(&account.settings.folder_inbox);
            self.folder_id.insert(folder_segment(context, name, named)?).clone()
        };
        let mut messages = Vec::new();
        while let Some(ask) = self.walk.ask() {
            let page = match ask {
                walk::Ask::Query { filter, order, top } => {
                    messages::page(&client, &folder, filter.as_deref(), order, top)
                }
                walk::Ask::Link(link) => messages::next_page(&client, &link),
            };
            let page = page.map_err(|error| folder_error(error, &folder).of(name))?;
            if let (true, Some(message)) = (self.unproven, page.value.first()) {
                refuse_search_folder(&client, &folder, &message.folder_id).map_err(|error| error.of(name))?;
                self.unproven = false;
            }
            let taken = self.walk.take(page);
            if messages.is_empty() {
                messages = taken;
            } else {
                messages.extend(taken);
            }
            if !messages.is_empty() && !self.walk.is_inside() {
                break;
            }
        }
        Ok(messages)
    }
}

/// How many messages a query fits (without its limit); one request, and one more where the folder may be a search folder.
pub fn total(context: &Context, name: &AccountName, query: &MessageQuery) -> Result<u64> {
    let account = mailbox::account(context, name)?;
    let client = mailbox::client_of(context, &account)?;
    let named = query.folder.as_deref().unwrap_or(&account.settings.folder_inbox);
    let folder = folder_segment(context, name, named)?;
    let counted = messages::count(&client, &folder, walk::count_filter(query).as_deref())
        .map_err(|error| folder_error(error, named).of(name))?;
    if let Some(place) = &counted.place {
        refuse_search_folder(&client, &folder, place).map_err(|error| error.of(name))?;
    }
    Ok(counted.count)
}

/// One message with body and headers. Its attachments come with it and are kept for [`list_attachments`], if that is called next.
pub fn get_message(context: &Context, name: &AccountName, message: &str, text_body: bool) -> Result<Message> {
    check_id("message_id", message)?;
    let account = mailbox::account(context, name)?;
    let client = mailbox::client_of(context, &account)?;
    let explain = |error| message_error(error, message).of(name);
    if !context.ahead.is_wanted() {
        return messages::get(&client, message, text_body).map_err(explain);
    }
    let asked = context.clock.since_boot();
    let whole = messages::get_with_attachments(&client, message, text_body).map_err(explain)?;
    if !whole.honoured {
        context.ahead.stop();
    } else if let Some(attachments) = whole.attachments {
        let reader = (context.settings.store.as_str(), &account);
        context.ahead.keep(reader, message, attachments, asked);
    }
    Ok(whole.message)
}

/// A message's MIME source; at most `max_bytes`.
pub fn get_mime(context: &Context, name: &AccountName, message: &str, max_bytes: Option<u64>) -> Result<Vec<u8>> {
    check_id("message_id", message)?;
    let client = mailbox::client(context, name)?;
    let mut bytes = Vec::new();
    messages::mime(&client, message, max_bytes, &mut bytes).map_err(|error| message_error(error, message).of(name))?;
    Ok(bytes)
}

/// The same into a file; bytes written.
pub fn save_mime(
    context: &Context,
    name: &AccountName,
    message: &str,
    path: &Path,
    max_bytes: Option<u64>,
) -> Result<u64> {
    check_id("message_id", message)?;
    let client = mailbox::client(context, name)?;
    save(context, name, path, |target| {
        let saved = messages::mime(&client, message, max_bytes, target);
        saved.map_err(|error| not_found(error, |error| message_error(error, message), target))
    })
}

/// A message's attachments; without a request right after [`get_message`] of the same message.
pub fn list_attachments(context: &Context, name: &AccountName, message: &str) -> Result<Vec<Attachment>> {
    check_id("message_id", message)?;
    let account = mailbox::account(context, name)?;
    let reader = (context.settings.store.as_str(), &account);
    if let Some(attachments) = context.ahead.take(reader, message, context.clock.since_boot()) {
        return Ok(attachments);
    }
    let client = mailbox::client_of(context, &account)?;
    attachments::list(&client, message).map_err(|error| message_error(error, message).of(name))
}

/// An attachment's bytes.
pub fn get_attachment(
    context: &Context,
    name: &AccountName,
    message: &str,
    attachment: &str,
    max_bytes: Option<u64>,
) -> Result<Vec<u8>> {
    check_id("message_id", message)?;
    check_id("attachment_id", attachment)?;
    let client = mailbox::client(context, name)?;
    let mut bytes = Vec::new();
    attachments::download(&client, message, attachment, max_bytes, &mut bytes)
        .map_err(|error| attachment_error(&client, error, message, attachment).of(name))?;
    Ok(bytes)
}

/// The same into a file; bytes written.
pub fn save_attachment(
    context: &Context,
    name: &AccountName,
    message: &str,
    attachment: &str,
    path: &Path,
    max_bytes: Option<u64>,
) -> Result<u64> {
    check_id("message_id", message)?;
    check_id("attachment_id", attachment)?;
    let client = mailbox::client(context, name)?;
    save(context, name, path, |target| {
        let saved = attachments::download(&client, message, attachment, max_bytes, target);
        let explain = |error| attachment_error(&client, error, message, attachment);
        saved.map_err(|error| not_found(error, explain, target))
    })
}

/// Moves a message; the message as it is afterwards.
pub fn move_message(context: &Context, name: &AccountName, message: &str, folder: &str) -> Result<Message> {
    check_id("message_id", message)?;
    let client = mailbox::client(context, name)?;
    let target = folder_segment(context, name, folder)?;
    messages::move_to(&client, message, &target).map_err(|error| target_error(&client, error, message, folder).of(name))
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

/// Moves several; one result an id, in order. Fails as a whole only where no message was moved and none can be (no token to be had).
pub fn move_messages(context: &Context, name: &AccountName, ids: &[String], folder: &str) -> Result<Vec<MoveResult>> {
    for id in ids {
        check_id("message_ids", id)?;
    }
    let client = mailbox::client(context, name)?;
    let target = folder_segment(context, name, folder)?;
    let outcomes = messages::move_many(&client, ids, &target);
    if let Some(Err(error)) = outcomes
        .iter()
        .find(|outcome| matches!(outcome, Err(error) if error.is_cancelled()))
    {
        return Err(error.clone().into());
    }
    if outcomes.iter().all(Result::is_err)
        && let Some(Err(error)) = outcomes
            .iter()
            .find(|outcome| matches!(outcome, Err(error) if error.is_above()))
    {
        return Err(Error::from(error.clone()).of(name));
    }
    let none_moved = outcomes.iter().all(Result::is_err);
    ids.iter()
        .zip(outcomes)
        .map(|(id, outcome)| {
            let (message, problem) = match outcome {
                Ok(message) => (Some(message), None),
                Err(error) => match target_error(&client, error, id, folder).of(name) {
                    // No matter of single messages, however the folder was named.
                    Error::Failure(failure) if none_moved && failure.class == Class::FolderNotFound => {
                        return Err(Error::Failure(failure));
                    }
                    Error::Failure(failure) => (None, Some(failure.problem)),
                    other => return Err(other),
                },
            };
            Ok(MoveResult {
                id: id.clone(),
                message,
                problem,
            })
        })
        .collect()
}

/// Copies a message; the copy.
pub fn copy_message(context: &Context, name: &AccountName, message: &str, folder: &str) -> Result<Message> {
    check_id("message_id", message)?;
    let client = mailbox::client(context, name)?;
    let target = folder_segment(context, name, folder)?;
    messages::copy_to(&client, message, &target).map_err(|error| target_error(&client, error, message, folder).of(name))
}

/// Changes a message; the message afterwards.
pub fn update_message(context: &Context, name: &AccountName, message: &str, change: &MessageChange) -> Result<Message> {
    check_id("message_id", message)?;
    let client = mailbox::client(context, name)?;
    messages::update(&client, message, change).map_err(|error| message_error(error, message).of(name))
}

/// Deletes a message: into Deleted Items, or for good.
pub fn delete_message(context: &Context, name: &AccountName, message: &str, permanently: bool) -> Result<()> {
    check_id("message_id", message)?;
    let client = mailbox::client(context, name)?;
    messages::delete(&client, message, permanently).map_err(|error| message_error(error, message).of(name))
}

/// An id is opaque, but some values can be none, and some would be read as something else in a path.
fn check_id(argument: &'static str, id: &str) -> Result<()> {
    let wrong = if id.is_empty() {
        "must not be empty"
    } else if id.len() > LONGEST_ID {
        "must be at most 2048 bytes long"
    } else if id
        .chars()
        .any(|character| character.is_control() || character.is_whitespace())
    {
        "must not contain blanks or control characters"
    } else if id.bytes().all(|byte| byte == b'.') {
        "must be an id"
    } else {
        return Ok(());
    };
    Err(match argument {
        "message_ids" => Error::argument(argument, format!("must contain only message ids: each {wrong}")),
        _ => Error::argument(argument, wrong),
    })
}

/// What stands for a folder in a request. An id and a well-known name are good as they are: the request itself finds out whether
/// there is such a folder, and asking beforehand would only cost another one.
fn folder_segment(context: &Context, name: &AccountName, folder: &str) -> Result<String> {
    match FolderName::parse(folder) {
        Ok(FolderName::Id(id)) => Ok(id),
        Ok(FolderName::WellKnown { base, below }) if below.is_empty() => Ok(base.to_owned()),
        _ => folders::resolve(context, name, folder),
    }
}

/// A search folder shows messages that lie elsewhere (`place`), and is no folder to name. Only an id can lead to one; most often the
/// first message shows that it does not, without a request.
fn refuse_search_folder(client: &Client, folder: &str, place: &str) -> Result<()> {
    if place == folder || well_known(folder).is_some() {
        return Ok(());
    }
    let row = crate::graph::folders::get(client, folder).map_err(|error| folder_error(error, folder))?;
    if row.is_search_folder() {
        let problem = Problem::own("folder_not_found", client.now()).with_fact("folder", format!("id:{folder}"));
        return Err(problem.into());
    }
    Ok(())
}

/// Fills a new file and gives it its name.
fn save(
    context: &Context,
    name: &AccountName,
    path: &Path,
    fill: impl FnOnce(&mut FileTarget) -> Result<u64>,
) -> Result<u64> {
    let of_account = |error: Error| error.of(name);
    let mut target = FileTarget::create(path, &*context.random, context.clock.now()).map_err(of_account)?;
    let bytes = fill(&mut target).map_err(of_account)?;
    target.keep(context.clock.now()).map_err(of_account)?;
    Ok(bytes)
}

/// A download's error: a missing thing as `explain` says, trouble with the file as the file says.
fn not_found(error: GraphError, explain: impl FnOnce(GraphError) -> Error, target: &FileTarget) -> Error {
    match error.refusal() {
        Some(_) => explain(error),
        None => target.explain(error),
    }
}

/// One of our own problems in place of Graph's, with the ids that Graph gave.
fn instead(code: &'static str, error: &GraphError) -> Problem {
    let mut problem = Problem::own(code, error.at);
    if let Some(refusal) = error.refusal() {
        problem.http_status = Some(refusal.status.as_u16());
        problem.request_id.clone_from(&refusal.request_id);
        problem.correlation_id.clone_from(&refusal.client_request_id);
    }
    problem
}

fn message_error(error: GraphError, message: &str) -> Error {
    if error.is_not_found() {
        instead("message_not_found", &error)
            .with_fact("message", message)
            .into()
    } else {
        error.into()
    }
}

fn folder_error(error: GraphError, folder: &str) -> Error {
    if error.is_not_found() {
        instead("folder_not_found", &error).with_fact("folder", folder).into()
    } else {
        error.into()
    }
}

/// Not found may be the attachment or its message: one more request tells, and only then. If that fails, too, nobody knows, and its
/// own trouble is what is told.
fn attachment_error(client: &Client, error: GraphError, message: &str, attachment: &str) -> Error {
    if error.status() == Some(StatusCode::METHOD_NOT_ALLOWED) {
        return instead("attachment_is_reference", &error).into();
    }
    if !error.is_not_found() {
        return error.into();
    }
    match messages::summary(client, message) {
        Ok(_) => instead("attachment_not_found", &error)
            .with_fact("attachment", attachment)
            .into(),
        Err(second) => message_error(second, message),
    }
}

/// Not found may be the message or the folder it shall go to; told in the same way.
fn target_error(client: &Client, error: GraphError, message: &str, folder: &str) -> Error {
    if !error.is_not_found() {
        return error.into();
    }
    match messages::summary(client, message) {
        Ok(_) => folder_error(error, folder),
        Err(second) => message_error(second, message),
    }
}
