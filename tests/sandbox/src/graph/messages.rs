//! Messages: lists, single ones, changes, moves.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::error::GraphError;
use super::filter::{Filter, Property};
use super::ids::{Id, Kind};
use super::{Call, attachments, folders, view};
use crate::exchange::Answer;
use crate::mailbox::{Mailbox, Message, WellKnown};

/// Messages on a page when nothing is asked for.
const PAGE: usize = 10;
const SORTABLE: [&str; 8] = [
    "receivedDateTime",
    "sentDateTime",
    "createdDateTime",
    "lastModifiedDateTime",
    "subject",
    "isRead",
    "importance",
    "from/emailAddress/address",
];
const FILTERABLE: [&str; 13] = [
    "receivedDateTime",
    "sentDateTime",
    "createdDateTime",
    "lastModifiedDateTime",
    "subject",
    "isRead",
    "isDraft",
    "importance",
    "hasAttachments",
    "internetMessageId",
    "from/emailAddress/address",
    "sender/emailAddress/address",
    "conversationId",
];

/// Everything below `…/messages`, in one folder or in the whole mailbox.
pub fn route(call: &Call<'_>, mailbox: &mut Mailbox, folder: Option<u64>, rest: &[&str]) -> Result<Answer, GraphError> {
    let method = call.request.method.as_str();
    match (method, rest) {
        ("GET", []) => list(call, mailbox, folder),
        ("POST", []) => create(call, mailbox, folder),
        ("GET", ["$count"]) => count(call, mailbox, folder),
        (_, [] | ["$count", ..]) => Err(GraphError::method()),
        (_, [id, rest @ ..]) => {
            let key = find(mailbox, id)?;
            if folder.is_some_and(|folder| {
                mailbox
                    .messages
                    .get(&key)
                    .is_none_or(|message| message.folder != folder)
            }) {
                return Err(GraphError::not_found());
            }
            match (method, rest) {
                ("GET", []) => get(call, mailbox, key),
                ("PATCH", []) => update(call, mailbox, key),
                ("DELETE", []) => delete(call, mailbox, key),
                ("GET", ["$value"]) => mime(mailbox, key),
                ("POST", ["permanentDelete"]) => {
                    mailbox.purge_message(key);
                    Ok(Answer::empty(StatusCode::NO_CONTENT))
                }
                ("POST", ["move"]) => relocate(call, mailbox, key, false),
                ("POST", ["copy"]) => relocate(call, mailbox, key, true),
                ("GET", ["attachments", rest @ ..]) => attachments::route(call, mailbox, key, rest),
                (_, [] | ["attachments" | "move" | "copy" | "permanentDelete" | "$value", ..]) => {
                    Err(GraphError::method())
                }
                (_, [other, ..]) => Err(GraphError::no_segment(other)),
            }
        }
    }
}

/// The message an id names. A mutable id of before its last move names nothing.
pub fn find(mailbox: &Mailbox, text: &str) -> Result<u64, GraphError> {
    let id = Id::read(text, &mailbox.id)?;
    if id.kind == Kind::Folder || id.part != 0 {
        return Err(GraphError::malformed_id());
    }
    match mailbox.messages.get(&id.key) {
        Some(message) if id.kind == Kind::Immutable || message.generation == id.generation => Ok(id.key),
        _ => Err(GraphError::not_found()),
    }
}

fn property(message: &Message, name: &str) -> Property {
    let summary = || message.source.summary();
    let text = |text: Option<String>| text.map_or(Property::Null, Property::Text);
    let time = |time: Option<i64>| time.map_or(Property::Null, Property::Time);
    match name {
        "receivedDateTime" => time(message.received),
        "sentDateTime" => time(summary().sent.or(message.received)),
        "createdDateTime" => time(Some(message.created)),
        "lastModifiedDateTime" => time(Some(message.modified)),
        "subject" => text(message.subject()),
        "isRead" => Property::Bool(message.is_read),
        "isDraft" => Property::Bool(message.is_draft),
        "importance" => Property::Text(message.importance.clone()),
        "hasAttachments" => Property::Bool(message.has_attachments()),
        "internetMessageId" => text(summary().message_id.clone()),
        "from/emailAddress/address" => text(summary().from.as_ref().map(|from| from.address.clone())),
        "sender/emailAddress/address" => text(summary().sender.as_ref().map(|from| from.address.clone())),
        _ => Property::Null,
    }
}

/// The messages a query means, sorted.
fn chosen<'m>(call: &Call<'_>, mailbox: &'m Mailbox, folder: Option<u64>) -> Result<Vec<&'m Message>, GraphError> {
    let search = folder
        .and_then(|folder| mailbox.folders.get(&folder))
        .filter(|folder| folder.search);
    let mut messages: Vec<&Message> = match search {
        Some(search) => mailbox
            .messages
            .values()
            .filter(|message| !message.is_read && Some(message.folder) == search.parent)
            .collect(),
        None => mailbox
            .messages
            .values()
            .filter(|message| folder.is_none_or(|folder| message.folder == folder))
            .collect(),
    };
    let filter = call
        .query
        .filter
        .as_deref()
        .map(|filter| Filter::parse(filter, "message", &FILTERABLE))
        .transpose()?;
    for (name, _) in &call.query.orderby {
        if !SORTABLE.contains(&name.as_str()) {
            return Err(GraphError::bad_request(format!(
                "Could not find a property named '{name}' on type 'microsoft.graph.message'."
            )));
        }
    }
    if let Some(filter) = &filter {
        let ordered: Vec<&String> = call.query.orderby.iter().map(|(name, _)| name).collect();
        let leading: Vec<&String> = filter.properties.iter().take(ordered.len()).collect();
        if ordered != leading {
            return Err(GraphError::new(
                400,
                "InefficientFilter",
                "The restriction or sort order is too complex for this operation.",
            ));
        }
        messages.retain(|message| filter.matches(&|name| property(message, name)));
    }
    if let Some(search) = &call.query.search {
        if call.query.filter.is_some() || !call.query.orderby.is_empty() {
            return Err(GraphError::new(
                400,
                "SearchWithFilter",
                "The query parameter '$search' can't be combined with '$filter' or '$orderby'.",
            ));
        }
        let words = search
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .ok_or_else(|| {
                GraphError::bad_request(format!(
                    "Syntax error: character ':' is not valid at position 0 in '{search}'."
                ))
            })?
            .to_lowercase();
        messages.retain(|message| {
            message
                .subject()
                .is_some_and(|subject| subject.to_lowercase().contains(&words))
        });
    }
    messages.sort_by_key(|message| (std::cmp::Reverse(message.received), std::cmp::Reverse(message.key)));
    for (name, descending) in call.query.orderby.iter().rev() {
        sort(&mut messages, name, *descending);
    }
    Ok(messages)
}

fn sort(messages: &mut [&Message], name: &str, descending: bool) {
    let key = |message: &Message| match property(message, name) {
        Property::Time(number) | Property::Number(number) => (number, String::new()),
        Property::Bool(flag) => (i64::from(flag), String::new()),
        Property::Text(text) => (0, text.to_lowercase()),
        Property::Null => (i64::MIN, String::new()),
    };
    // A stable sort in both directions keeps equal ones in order of arrival.
    messages.sort_by_key(|message| message.key);
    if descending {
        messages.sort_by_cached_key(|message| std::cmp::Reverse(key(message)));
    } else {
        messages.sort_by_cached_key(|message| key(message));
    }
}

/// Refuses what a message can not be asked for.
fn check(call: &Call<'_>) -> Result<(), GraphError> {
    call.query.check_select(&view::PROPERTIES, "message")?;
    for expand in call.query.expansions() {
        if !expand.starts_with("singleValueExtendedProperties(") {
            attachments::expansion(expand)?;
        }
    }
    Ok(())
}

fn list(call: &Call<'_>, mailbox: &Mailbox, folder: Option<u64>) -> Result<Answer, GraphError> {
    check(call)?;
    let messages = chosen(call, mailbox, folder)?;
    let total = messages.len();
    let size = call.query.top.or(call.prefer.page).unwrap_or(PAGE);
    let value: Vec<Value> = messages
        .iter()
        .skip(call.query.skip)
        .take(size)
        .map(|message| Value::Object(shown(call, mailbox, message)))
        .collect();
    let next = call.query.skip + value.len();
    let mut body = Map::new();
    body.insert("@odata.context".into(), call.context("messages").into());
    if call.query.count {
        // Microsoft's count over the whole mailbox is wrong; -1 has been seen.
        body.insert(
            "@odata.count".into(),
            if folder.is_some() {
                Value::from(total)
            } else {
                Value::from(-1)
            },
        );
    }
    body.insert("value".into(), value.into());
    if next < total {
        body.insert(
            "@odata.nextLink".into(),
            call.query
                .link(&call.here(), &[("$skip", next.to_string())], &["$count"])
                .into(),
        );
    }
    Ok(Call::json(StatusCode::OK, &Value::Object(body)))
}

fn shown(call: &Call<'_>, mailbox: &Mailbox, message: &Message) -> Map<String, Value> {
    let mut body = view::show(call, mailbox, message);
    let expansions = call.query.expansions();
    if let Some(select) = expansions.iter().find_map(|expand| attachments::expansion(expand).ok()) {
        let attachments = attachments::all(call, mailbox, message, select.as_ref());
        body.insert("attachments".into(), attachments.into());
    }
    body
}

fn count(call: &Call<'_>, mailbox: &Mailbox, folder: Option<u64>) -> Result<Answer, GraphError> {
    let number = chosen(call, mailbox, folder)?.len();
    let mark = if call.sandbox.settings().count_bom {
        "\u{feff}"
    } else {
        ""
    };
    Ok(Answer::new(StatusCode::OK, "text/plain", format!("{mark}{number}")))
}

fn one(call: &Call<'_>, mailbox: &Mailbox, key: u64, status: StatusCode) -> Result<Answer, GraphError> {
    let message = mailbox.messages.get(&key).ok_or_else(GraphError::not_found)?;
    let mut body = Map::new();
    body.insert("@odata.context".into(), call.context("messages/$entity").into());
    body.extend(shown(call, mailbox, message));
    Ok(Call::json(status, &Value::Object(body)))
}

fn get(call: &Call<'_>, mailbox: &Mailbox, key: u64) -> Result<Answer, GraphError> {
    check(call)?;
    one(call, mailbox, key, StatusCode::OK)
}

fn mime(mailbox: &Mailbox, key: u64) -> Result<Answer, GraphError> {
    let message = mailbox.messages.get(&key).ok_or_else(GraphError::not_found)?;
    let mut answer = Answer::new(StatusCode::OK, "text/plain", Vec::new());
    answer.content = message.source.mime();
    Ok(answer)
}

fn create(call: &Call<'_>, mailbox: &mut Mailbox, folder: Option<u64>) -> Result<Answer, GraphError> {
    let body = call.body()?;
    let folder = folder
        .or_else(|| mailbox.well_known(WellKnown::Drafts))
        .ok_or_else(GraphError::not_found)?;
    let subject = Call::text(&body, "subject");
    let text = body
        .get("body")
        .and_then(|body| body.get("content"))
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mime = format!(
        "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}"
    );
    let key = mailbox.add_message(folder, crate::mailbox::Source::inline(mime), Some(call.now), call.now);
    mailbox.edit_message(key, call.now, |message| {
        message.is_draft = true;
        message.is_read = true;
        message.subject = Some(subject.unwrap_or_default());
    });
    one(call, mailbox, key, StatusCode::CREATED)
}

/// `If-Match`, where it was sent, against the change key.
fn unchanged(call: &Call<'_>, mailbox: &Mailbox, key: u64) -> Result<(), GraphError> {
    let Some(wanted) = call.request.header("if-match").filter(|wanted| *wanted != "*") else {
        return Ok(());
    };
    let message = mailbox.messages.get(&key).ok_or_else(GraphError::not_found)?;
    if wanted.contains(&view::change_key(message)) {
        return Ok(());
    }
    Err(GraphError::new(
        412,
        "ErrorIrresolvableConflict",
        "The send or update operation could not be performed because the change key passed in the request does not match the current change key \
         for the item.",
    ))
}

fn update(call: &Call<'_>, mailbox: &mut Mailbox, key: u64) -> Result<Answer, GraphError> {
    let body = call.body()?;
    unchanged(call, mailbox, key)?;
    let draft = mailbox.messages.get(&key).is_some_and(|message| message.is_draft);
    let wrong = |name: &str| {
        GraphError::bad_request(format!(
            "Cannot convert the literal of property '{name}' to the expected type."
        ))
    };
    let mut edited = mailbox.messages.get(&key).cloned().ok_or_else(GraphError::not_found)?;
    for (name, value) in &body {
        match name.as_str() {
            "isRead" => edited.is_read = value.as_bool().ok_or_else(|| wrong(name))?,
            "categories" => edited.categories = serde_json::from_value(value.clone()).map_err(|_| wrong(name))?,
            "flag" => edited.flag = view::flag(value).ok_or_else(|| wrong(name))?,
            "importance" | "inferenceClassification" => {
                let known = if name == "importance" {
                    &["low", "normal", "high"][..]
                } else {
                    &["focused", "other"][..]
                };
                let text = value
                    .as_str()
                    .map(str::to_ascii_lowercase)
                    .filter(|text| known.contains(&text.as_str()))
                    .ok_or_else(|| wrong(name))?;
                *(if name == "importance" {
                    &mut edited.importance
                } else {
                    &mut edited.inference
                }) = text;
            }
            "subject" if draft => edited.subject = value.as_str().map(str::to_owned),
            "subject" | "body" | "replyTo" | "internetMessageId" | "toRecipients" | "ccRecipients"
            | "bccRecipients" | "from" | "sender"
                if !draft =>
            {
                return Err(GraphError::new(
                    400,
                    "ErrorInvalidPropertySet",
                    format!("Set action is invalid for property: {name}. Only drafts can be changed in this way."),
                ));
            }
            "body" | "replyTo" | "toRecipients" | "ccRecipients" | "bccRecipients" | "from" | "sender"
            | "internetMessageId" | "@odata.type" => {}
            other if view::PROPERTIES.contains(&other) => {
                return Err(GraphError::new(
                    400,
                    "ErrorInvalidPropertySet",
                    format!("Property '{other}' is read-only and cannot be set."),
                ));
            }
            other => {
                return Err(GraphError::bad_request(format!(
                    "The property '{other}' does not exist on type 'microsoft.graph.message'."
                )));
            }
        }
    }
    mailbox.edit_message(key, call.now, |message| *message = edited);
    one(call, mailbox, key, StatusCode::OK)
}

fn delete(call: &Call<'_>, mailbox: &mut Mailbox, key: u64) -> Result<Answer, GraphError> {
    unchanged(call, mailbox, key)?;
    let bin = mailbox.well_known(WellKnown::DeletedItems);
    let inside = mailbox.messages.get(&key).map(|message| message.folder);
    match bin {
        Some(bin) if inside != Some(bin) => mailbox.move_message(key, bin, call.now),
        _ => mailbox.purge_message(key),
    };
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

fn relocate(call: &Call<'_>, mailbox: &mut Mailbox, key: u64, copy: bool) -> Result<Answer, GraphError> {
    let target = folders::destination(call, mailbox)?;
    let key = if copy {
        mailbox
            .copy_message(key, target, call.now)
            .ok_or_else(GraphError::not_found)?
    } else {
        mailbox.move_message(key, target, call.now);
        key
    };
    one(call, mailbox, key, StatusCode::CREATED)
}
