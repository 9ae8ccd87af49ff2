//! Mails and folders from outside: adding, generating, looking, and what a person at Outlook would do.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ring::digest;
use serde_json::{Map, Value, json};

use super::{Refusal, number, parse, text};
use crate::clock;
use crate::exchange::Content;
use crate::graph::ids;
use crate::mailbox::generated::Recipe;
use crate::mailbox::{Mailbox, Reference, Source, eml};
use crate::random;
use crate::sandbox::Sandbox;
use crate::world::{World, default, tree};

/// `/control/mails`, `/control/messages`, `/control/folders`, `/control/mailboxes`
pub fn route(sandbox: &Sandbox, method: &str, path: &[&str], body: &Value) -> Result<Value, Refusal> {
    match (method, path) {
        ("POST", ["mails"]) => add(sandbox, body, None),
        ("POST", ["mails", "generate"]) => generate(sandbox, body),
        ("POST", ["mails", "load"]) => load(sandbox, body),
        ("POST", ["messages", "move"]) => change(sandbox, body, Change::Move),
        ("POST", ["messages", "delete"]) => change(sandbox, body, Change::Purge),
        ("POST", ["messages", "read"]) => change(sandbox, body, Change::Read),
        ("GET", ["messages"]) => listing(sandbox, body),
        ("POST", ["folders"]) => make_folder(sandbox, body),
        ("POST", ["folders", "rename"]) => rename(sandbox, body),
        ("POST", ["folders", "delete"]) => remove_folder(sandbox, body),
        ("POST", ["folders", "generate"]) => generate_folders(sandbox, body),
        ("GET", ["folders"]) => tree_of(sandbox, body),
        ("POST", ["mailboxes", "stale-delta"]) => with(sandbox, body, |mailbox, _| {
            mailbox.epoch += 1;
            Ok(json!({}))
        }),
        ("POST", ["mailboxes", "clear"]) => with(sandbox, body, |mailbox, _| {
            // What an older mailbox gave out leads nowhere in this one.
            let mut new = tree::german(&mailbox.id);
            tree::furnish(&mut new);
            if body.get("again").and_then(Value::as_bool) != Some(true) {
                new.go_on_after(mailbox);
            }
            *mailbox = new;
            Ok(json!({}))
        }),
        _ => Err(Refusal::missing(format!(
            "no control request {method} /control/{}",
            path.join("/")
        ))),
    }
}

/// Runs `action` on the mailbox `body` names (`mailbox`, an address or object id; the default user's else).
fn with(
    sandbox: &Sandbox,
    body: &Value,
    action: impl FnOnce(&mut Mailbox, i64) -> Result<Value, Refusal>,
) -> Result<Value, Refusal> {
    let name = body.get("mailbox").and_then(Value::as_str).unwrap_or(default::USER);
    let now = sandbox.clock.now();
    let mut world: std::sync::MutexGuard<'_, World> = sandbox.world();
    let mailbox = world
        .mailbox_of(name)
        .ok_or_else(|| Refusal::missing(format!("no mailbox '{name}'")))?;
    action(mailbox, now)
}

fn folder(mailbox: &mut Mailbox, body: &Value, name: &str) -> u64 {
    mailbox.make_path(body.get(name).and_then(Value::as_str).unwrap_or("inbox"))
}

/// Adds a mail: `mime` (text) or `base64` or a body of `message/rfc822`, with `folder`, `received` (UTC second), `read`,
/// `draft`, `references`.
pub fn add(sandbox: &Sandbox, body: &Value, raw: Option<Bytes>) -> Result<Value, Refusal> {
    let bytes = match (
        raw,
        body.get("mime").and_then(Value::as_str),
        body.get("base64").and_then(Value::as_str),
    ) {
        (Some(raw), ..) => raw,
        (None, Some(mime), _) => mime.to_owned().into(),
        (None, None, Some(encoded)) => STANDARD
            .decode(encoded)
            .map_err(|error| Refusal::wrong(error.to_string()))?
            .into(),
        (None, None, None) => return Err(Refusal::wrong("'mime', 'base64' or a body of message/rfc822 is needed")),
    };
    let references: Vec<Reference> = body.get("references").map_or_else(|| Ok(Vec::new()), parse)?;
    let truth = |name: &str| {
        body.get(name)
            .is_some_and(|value| value == &Value::Bool(true) || value.as_str() == Some("true"))
    };
    let (read, draft) = (truth("read"), truth("draft"));
    with(sandbox, body, |mailbox, now| {
        let folder = folder(mailbox, body, "folder");
        let received = number(body, "received").unwrap_or(now);
        let key = mailbox.add_message(folder, Source::inline(bytes), Some(received), now);
        mailbox.edit_message(key, received, |message| {
            message.is_read = read;
            message.is_draft = draft;
            message.references = references;
        });
        describe(mailbox, key, false)
    })
}

/// Generates `count` mails with an attachment of `size` bytes each, a minute apart, the last one received `received`.
fn generate(sandbox: &Sandbox, body: &Value) -> Result<Value, Refusal> {
    let count = number(body, "count").unwrap_or(1).max(0);
    let size = number(body, "size").unwrap_or(1_000).max(0).unsigned_abs();
    let seed = number(body, "seed").unwrap_or(1).unsigned_abs();
    let first = number(body, "first").unwrap_or(1).unsigned_abs();
    with(sandbox, body, |mailbox, now| {
        let folder = folder(mailbox, body, "folder");
        let last = number(body, "received").unwrap_or(now);
        let step = number(body, "step").unwrap_or(60);
        for index in 0..count {
            let received = last - (count - 1 - index) * step;
            let recipe = Recipe {
                index: first + index.unsigned_abs(),
                attachment: size,
                seed,
                sent: received - 5,
            };
            mailbox.add_message(folder, Source::generated(recipe), Some(received), now);
        }
        Ok(json!({ "count": count }))
    })
}

fn load(sandbox: &Sandbox, body: &Value) -> Result<Value, Refusal> {
    let directory = text(body, "directory")?.to_owned();
    with(sandbox, body, |mailbox, now| {
        let folder = folder(mailbox, body, "folder");
        let count = eml::load(mailbox, folder, directory.as_ref(), now)
            .map_err(|error| Refusal::wrong(format!("{directory}: {error}")))?;
        Ok(json!({ "count": count }))
    })
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Move,
    Purge,
    Read,
}

/// Moves (`to`), removes for good, or marks (`read`) the messages that match `id`, `key`, `subject` or `from_folder`.
fn change(sandbox: &Sandbox, body: &Value, change: Change) -> Result<Value, Refusal> {
    with(sandbox, body, |mailbox, now| {
        let keys = matching(mailbox, body)?;
        let target = matches!(change, Change::Move).then(|| folder(mailbox, body, "to"));
        let read = body.get("read").and_then(Value::as_bool).unwrap_or(true);
        for key in &keys {
            match (change, target) {
                (Change::Move, Some(target)) => {
                    mailbox.move_message(*key, target, now);
                }
                (Change::Read, _) => mailbox.edit_message(*key, now, |message| message.is_read = read),
                _ => {
                    mailbox.purge_message(*key);
                }
            }
        }
        Ok(json!({ "changed": keys.len() }))
    })
}

fn matching(mailbox: &Mailbox, body: &Value) -> Result<Vec<u64>, Refusal> {
    let field = |name: &str| body.get(name).and_then(Value::as_str);
    if field("id").is_none()
        && field("subject").is_none()
        && field("from_folder").is_none()
        && number(body, "key").is_none()
    {
        return Err(Refusal::wrong("one of 'id', 'key', 'subject', 'from_folder' is needed"));
    }
    let folder = match field("from_folder") {
        Some(path) => Some(
            mailbox
                .at_path(path)
                .ok_or_else(|| Refusal::missing(format!("no folder '{path}'")))?,
        ),
        None => None,
    };
    let id = match field("id") {
        Some(id) => Some(
            ids::Id::read(id, &mailbox.id)
                .map_err(|error| Refusal::wrong(error.message))?
                .key,
        ),
        None => None,
    };
    Ok(mailbox
        .messages
        .values()
        .filter(|message| id.is_none_or(|id| message.key == id))
        .filter(|message| number(body, "key").is_none_or(|key| message.key == key.unsigned_abs()))
        .filter(|message| field("subject").is_none_or(|subject| message.subject().as_deref() == Some(subject)))
        .filter(|message| folder.is_none_or(|folder| message.folder == folder))
        .map(|message| message.key)
        .collect())
}

/// A message for assertions; with `hash`, the SHA-256 of its MIME and of each attachment.
fn describe(mailbox: &Mailbox, key: u64, hash: bool) -> Result<Value, Refusal> {
    let message = mailbox
        .messages
        .get(&key)
        .ok_or_else(|| Refusal::missing("no such message"))?;
    let summary = message.source.summary();
    let mut entry = Map::new();
    entry.insert("key".into(), key.into());
    entry.insert(
        "id".into(),
        ids::message(&mailbox.id, key, message.generation, false).into(),
    );
    entry.insert("immutableId".into(), ids::message(&mailbox.id, key, 0, true).into());
    entry.insert("folder".into(), mailbox.path(message.folder).into());
    entry.insert("subject".into(), json!(message.subject()));
    entry.insert(
        "from".into(),
        json!(summary.from.as_ref().map(|from| from.address.clone())),
    );
    entry.insert("internetMessageId".into(), json!(summary.message_id));
    entry.insert("received".into(), json!(message.received.map(clock::iso)));
    entry.insert("isRead".into(), message.is_read.into());
    entry.insert("categories".into(), json!(message.categories));
    entry.insert("flag".into(), json!(message.flag));
    entry.insert("moves".into(), message.generation.into());
    entry.insert("size".into(), summary.size.into());
    let attachments: Vec<Value> = summary
        .parts
        .iter()
        .enumerate()
        .map(|(position, part)| {
            let digest = if hash { Value::from(sha256(message.source.part(position))) } else { Value::Null };
            json!({ "name": part.name, "size": part.size, "isInline": part.is_inline, "contentType": part.content_type, "sha256": digest })
        })
        .collect();
    entry.insert("attachments".into(), attachments.into());
    if hash {
        entry.insert("sha256".into(), sha256(message.source.mime()).into());
    }
    Ok(Value::Object(entry))
}

fn sha256(content: Content) -> String {
    let mut hasher = digest::Context::new(&digest::SHA256);
    match content {
        Content::Whole(bytes) => hasher.update(&bytes),
        Content::Generated(stream) => stream.for_each(|chunk| hasher.update(&chunk)),
    }
    random::hex(hasher.finish().as_ref())
}

/// Messages, oldest first; `folder` (a path) limits, `hash` adds digests.
fn listing(sandbox: &Sandbox, body: &Value) -> Result<Value, Refusal> {
    let hash = body
        .get("hash")
        .is_some_and(|value| value == &Value::Bool(true) || value.as_str() == Some("true"));
    with(sandbox, body, |mailbox, _| {
        let folder = match body.get("folder").and_then(Value::as_str) {
            Some(path) => Some(
                mailbox
                    .at_path(path)
                    .ok_or_else(|| Refusal::missing(format!("no folder '{path}'")))?,
            ),
            None => None,
        };
        let mut keys: Vec<(Option<i64>, u64)> = mailbox
            .messages
            .values()
            .filter(|message| folder.is_none_or(|folder| message.folder == folder))
            .map(|message| (message.received, message.key))
            .collect();
        keys.sort_unstable();
        let messages = keys
            .into_iter()
            .map(|(_, key)| describe(mailbox, key, hash))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(json!({ "messages": messages }))
    })
}

fn make_folder(sandbox: &Sandbox, body: &Value) -> Result<Value, Refusal> {
    let path = text(body, "path")?.to_owned();
    let truth = |name: &str| body.get(name).and_then(Value::as_bool).unwrap_or_default();
    with(sandbox, body, |mailbox, _| {
        let key = mailbox.make_path(&path);
        if let Some(folder) = mailbox.folders.get_mut(&key) {
            folder.hidden |= truth("hidden");
            folder.search |= truth("search");
        }
        Ok(json!({ "id": ids::folder(&mailbox.id, key), "path": mailbox.path(key) }))
    })
}

fn existing(mailbox: &Mailbox, body: &Value) -> Result<u64, Refusal> {
    let path = text(body, "path")?;
    mailbox
        .at_path(path)
        .ok_or_else(|| Refusal::missing(format!("no folder '{path}'")))
}

fn rename(sandbox: &Sandbox, body: &Value) -> Result<Value, Refusal> {
    let name = text(body, "name")?.to_owned();
    with(sandbox, body, |mailbox, _| {
        let key = existing(mailbox, body)?;
        mailbox.rename_folder(key, &name);
        Ok(json!({ "path": mailbox.path(key) }))
    })
}

fn remove_folder(sandbox: &Sandbox, body: &Value) -> Result<Value, Refusal> {
    with(sandbox, body, |mailbox, _| {
        let key = existing(mailbox, body)?;
        mailbox.purge_folder(key);
        Ok(json!({}))
    })
}

/// A tree of `count` folders below `path`, `children` (ten) each.
fn generate_folders(sandbox: &Sandbox, body: &Value) -> Result<Value, Refusal> {
    let count = number(body, "count").unwrap_or(100).max(0);
    let children = number(body, "children").unwrap_or(10).max(1);
    with(sandbox, body, |mailbox, _| {
        let top = mailbox.make_path(body.get("path").and_then(Value::as_str).unwrap_or("/Ablage"));
        let mut keys = vec![top];
        for index in 0..count {
            let parent = usize::try_from(index / children)
                .ok()
                .and_then(|at| keys.get(at))
                .copied()
                .unwrap_or(top);
            keys.push(mailbox.add_folder(Some(parent), &format!("Ordner {:04}", index + 1), None));
        }
        Ok(json!({ "count": count }))
    })
}

/// Every folder with its path, id and messages.
fn tree_of(sandbox: &Sandbox, body: &Value) -> Result<Value, Refusal> {
    with(sandbox, body, |mailbox, _| {
        let mut folders: Vec<Value> = mailbox
            .folders
            .values()
            .filter(|folder| folder.parent.is_some())
            .map(|folder| {
                let messages: Vec<Value> = mailbox
                    .messages
                    .values()
                    .filter(|message| message.folder == folder.key)
                    .map(|message| json!({ "id": ids::message(&mailbox.id, message.key, message.generation, false), "immutableId": ids::message(&mailbox.id, message.key, 0, true), "subject": message.subject() }))
                    .collect();
                json!({
                    "path": mailbox.path(folder.key),
                    "id": ids::folder(&mailbox.id, folder.key),
                    "name": folder.name,
                    "wellKnownName": folder.well_known,
                    "isHidden": folder.hidden,
                    "isSearchFolder": folder.search,
                    "count": messages.len(),
                    "messages": messages,
                })
            })
            .collect();
        folders.sort_by_key(|folder| {
            folder
                .get("path")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        });
        Ok(json!({ "folders": folders }))
    })
}
