//! Delta queries: everything once, then what changed.
//!
//! The token says how far a client has seen the mailbox's log of changes. What changes while it pages comes again later:
//! replays are part of the contract.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::error::GraphError;
use super::{Call, folders, ids, view};
use crate::exchange::Answer;
use crate::mailbox::Mailbox;

const PAGE: usize = 10;

#[derive(Debug, Clone, Copy)]
struct Cursor {
    epoch: u32,
    /// The folder of a message delta; 0 for the folders' own.
    scope: u64,
    /// Removals up to here are known.
    base: u64,
    /// Changes up to here are told.
    seen: u64,
}

impl Cursor {
    fn write(self) -> String {
        URL_SAFE_NO_PAD.encode(format!(
            "sandbox:{}:{}:{}:{}",
            self.epoch, self.scope, self.base, self.seen
        ))
    }

    fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let mut parts = text.strip_prefix("sandbox:")?.split(':');
        let cursor = Self {
            epoch: parts.next()?.parse().ok()?,
            scope: parts.next()?.parse().ok()?,
            base: parts.next()?.parse().ok()?,
            seen: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(cursor)
    }
}

fn start(call: &Call<'_>, mailbox: &Mailbox, scope: u64) -> Result<Cursor, GraphError> {
    let Some(token) = call.query.delta.as_ref().or(call.query.skip_token.as_ref()) else {
        return Ok(Cursor {
            epoch: mailbox.epoch,
            scope,
            base: mailbox.change,
            seen: 0,
        });
    };
    if call.query.delta.as_deref() == Some("latest") {
        return Ok(Cursor {
            epoch: mailbox.epoch,
            scope,
            base: mailbox.change,
            seen: mailbox.change,
        });
    }
    let gone = || {
        GraphError::new(
            410,
            "SyncStateNotFound",
            "The sync state generation is not found; a full synchronization is needed.",
        )
    };
    let cursor = Cursor::read(token).ok_or_else(|| GraphError::bad_request("Badly formed token."))?;
    if cursor.epoch != mailbox.epoch || cursor.scope != scope || cursor.seen > mailbox.change {
        return Err(gone());
    }
    Ok(cursor)
}

/// One page: entries with the number of their change, already sorted.
fn page(call: &Call<'_>, mailbox: &Mailbox, cursor: Cursor, entries: Vec<(u64, Value)>, context: &str) -> Answer {
    let size = call.prefer.page.or(call.query.top).unwrap_or(PAGE);
    let more = entries.len() > size;
    let shown: Vec<(u64, Value)> = entries.into_iter().take(size).collect();
    let last = shown.last().map_or(cursor.seen, |(change, _)| *change);
    let mut body = Map::new();
    body.insert("@odata.context".into(), call.context(context).into());
    body.insert("value".into(), shown.into_iter().map(|(_, value)| value).collect());
    let drop = ["$deltatoken", "$skiptoken"];
    if more {
        let token = Cursor { seen: last, ..cursor }.write();
        body.insert(
            "@odata.nextLink".into(),
            call.query.link(&call.here(), &[("$skiptoken", token)], &drop).into(),
        );
    } else {
        let token = Cursor {
            base: mailbox.change,
            seen: mailbox.change,
            ..cursor
        }
        .write();
        body.insert(
            "@odata.deltaLink".into(),
            call.query.link(&call.here(), &[("$deltatoken", token)], &drop).into(),
        );
    }
    Call::json(StatusCode::OK, &Value::Object(body))
}

/// `/mailFolders/delta`: folders of every level, flat.
pub fn folders(call: &Call<'_>, mailbox: &Mailbox) -> Result<Answer, GraphError> {
    if call.request.method != "GET" {
        return Err(GraphError::method());
    }
    call.query.check_select(&folders::PROPERTIES, "mailFolder")?;
    let cursor = start(call, mailbox, 0)?;
    let counts = mailbox.counts();
    let mut entries: Vec<(u64, Value)> = mailbox
        .folders
        .values()
        .filter(|folder| folder.key != Mailbox::ROOT && folder.changed > cursor.seen)
        .filter(|folder| {
            call.query.hidden
                || !folder.hidden
                    && folder
                        .parent
                        .and_then(|parent| mailbox.folders.get(&parent))
                        .is_none_or(|parent| !parent.hidden)
        })
        .map(|folder| {
            (
                folder.changed,
                Value::Object(folders::show(call, mailbox, folder, &counts)),
            )
        })
        .collect();
    entries.extend(
        mailbox
            .tombstones
            .iter()
            .filter(|tombstone| {
                tombstone.folder.is_none() && tombstone.change > cursor.base && tombstone.change > cursor.seen
            })
            .map(|tombstone| {
                (
                    tombstone.change,
                    removed(&ids::folder(&mailbox.id, tombstone.key), "deleted"),
                )
            }),
    );
    entries.sort_by_key(|(change, _)| *change);
    Ok(page(call, mailbox, cursor, entries, "mailFolders/$delta"))
}

/// `/mailFolders/{id}/messages/delta`
pub fn messages(call: &Call<'_>, mailbox: &Mailbox, folder: u64) -> Result<Answer, GraphError> {
    call.query.check_select(&view::PROPERTIES, "message")?;
    if call.query.search.is_some() {
        return Err(GraphError::bad_request(
            "The query parameter '$search' is not supported with delta.",
        ));
    }
    if !call.query.orderby.is_empty() && call.query.orderby != [("receivedDateTime".to_owned(), true)] {
        return Err(GraphError::bad_request(
            "The only supported $orderby expression is receivedDateTime desc.",
        ));
    }
    let since = call.query.filter.as_deref().map(since).transpose()?;
    let cursor = start(call, mailbox, folder)?;
    let kinds = call.query.change_type.as_deref().unwrap_or("created,updated,deleted");
    let mut entries: Vec<(u64, Value)> = Vec::new();
    if kinds.contains("created") || kinds.contains("updated") {
        entries.extend(
            mailbox
                .messages
                .values()
                .filter(|message| message.folder == folder && message.changed > cursor.seen)
                .filter(|message| since.is_none_or(|since| message.received.is_some_and(|received| received >= since)))
                .map(|message| (message.changed, Value::Object(view::show(call, mailbox, message)))),
        );
    }
    if kinds.contains("deleted") {
        entries.extend(
            mailbox
                .tombstones
                .iter()
                .filter(|tombstone| {
                    tombstone.folder == Some(folder) && tombstone.change > cursor.base && tombstone.change > cursor.seen
                })
                .filter(|tombstone| {
                    mailbox
                        .messages
                        .get(&tombstone.key)
                        .is_none_or(|message| message.folder != folder)
                })
                .map(|tombstone| {
                    let id = ids::message(&mailbox.id, tombstone.key, tombstone.generation, call.prefer.immutable);
                    (tombstone.change, removed(&id, "deleted"))
                }),
        );
    }
    entries.sort_by_key(|(change, _)| *change);
    Ok(page(call, mailbox, cursor, entries, "messages/$delta"))
}

fn removed(id: &str, reason: &str) -> Value {
    json!({ "@removed": { "reason": reason }, "id": id })
}

/// Delta filters by `receivedDateTime ge` or `gt` and nothing else.
fn since(filter: &str) -> Result<i64, GraphError> {
    let parts: Vec<&str> = filter.split_whitespace().collect();
    let time = |text: &str| {
        chrono::DateTime::parse_from_rfc3339(text)
            .map(|time| time.timestamp())
            .ok()
    };
    match parts.as_slice() {
        ["receivedDateTime", "ge", text] => time(text),
        ["receivedDateTime", "gt", text] => time(text).map(|time| time + 1),
        _ => None,
    }
    .ok_or_else(|| {
        GraphError::bad_request(
            "The only supported $filter expressions are receivedDateTime ge and receivedDateTime gt.",
        )
    })
}
