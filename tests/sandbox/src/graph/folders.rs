//! Mail folders.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::error::GraphError;
use super::filter::{Filter, Property};
use super::ids::{self, Id, Kind};
use super::{Call, delta, messages};
use crate::exchange::Answer;
use crate::mailbox::{Count, Folder, Mailbox, WellKnown};

/// Folders on a page when nothing is asked for.
const PAGE: usize = 10;
/// Properties of a folder.
pub const PROPERTIES: [&str; 13] = [
    "id",
    "displayName",
    "parentFolderId",
    "childFolderCount",
    "unreadItemCount",
    "totalItemCount",
    "isHidden",
    "childFolders",
    "messages",
    "filterQuery",
    "includeNestedFolders",
    "isSupported",
    "sourceFolderIds",
];

/// Everything below `/mailFolders` but its delta.
pub fn route(call: &Call<'_>, mailbox: &mut Mailbox, rest: &[&str]) -> Result<Answer, GraphError> {
    let method = call.request.method.as_str();
    match (method, rest) {
        ("GET", []) => list(call, mailbox, Mailbox::ROOT),
        ("POST", []) => create(call, mailbox, Mailbox::ROOT),
        ("GET", ["$count"]) => Ok(count(call, mailbox, Mailbox::ROOT)),
        (_, [parent, "childFolders", child, rest @ ..]) if *child != "$count" && *child != "delta" => {
            let (parent, key) = (find(mailbox, parent)?, find(mailbox, child)?);
            if mailbox
                .folders
                .get(&key)
                .is_none_or(|folder| folder.parent != Some(parent))
            {
                return Err(GraphError::not_found());
            }
            let mut path = vec![*child];
            path.extend_from_slice(rest);
            route(call, mailbox, &path)
        }
        (_, [id, rest @ ..]) => {
            let key = find(mailbox, id)?;
            match (method, rest) {
                ("GET", []) => get(call, mailbox, key),
                ("PATCH", []) => update(call, mailbox, key),
                ("DELETE", []) => delete(mailbox, key, false),
                ("POST", ["permanentDelete"]) => delete(mailbox, key, true),
                ("POST", ["move"]) => relocate(call, mailbox, key, false),
                ("POST", ["copy"]) => relocate(call, mailbox, key, true),
                ("GET", ["childFolders"]) => list(call, mailbox, key),
                ("POST", ["childFolders"]) => create(call, mailbox, key),
                ("GET", ["childFolders", "$count"]) => Ok(count(call, mailbox, key)),
                ("GET", ["childFolders", "delta"]) => delta::folders(call, mailbox),
                ("GET", ["messages", "delta"]) => delta::messages(call, mailbox, key),
                (_, ["messages", rest @ ..]) => messages::route(call, mailbox, Some(key), rest),
                (_, [] | ["childFolders" | "move" | "copy" | "permanentDelete", ..]) => Err(GraphError::method()),
                (_, [other, ..]) => Err(GraphError::no_segment(other)),
            }
        }
        _ => Err(GraphError::method()),
    }
}

/// The folder a path segment or a `destinationId` names.
pub fn find(mailbox: &Mailbox, name: &str) -> Result<u64, GraphError> {
    if let Some(known) = WellKnown::parse(name) {
        return mailbox.well_known(known).ok_or_else(|| {
            GraphError::new(
                404,
                "ErrorItemNotFound",
                format!("The specified object was not found in the store., Default folder {name} not found."),
            )
        });
    }
    let id = Id::read(name, &mailbox.id)?;
    if id.kind != Kind::Folder {
        return Err(GraphError::malformed_id());
    }
    if mailbox.folders.contains_key(&id.key) {
        Ok(id.key)
    } else {
        Err(GraphError::not_found())
    }
}

fn visible<'m>(call: &Call<'_>, mailbox: &'m Mailbox, parent: u64) -> Vec<&'m Folder> {
    mailbox
        .children(parent)
        .into_iter()
        .filter(|folder| call.query.hidden || !folder.hidden)
        .collect()
}

/// A folder as Graph shows it.
pub fn show(call: &Call<'_>, mailbox: &Mailbox, folder: &Folder, counts: &BTreeMap<u64, Count>) -> Map<String, Value> {
    let count = counts.get(&folder.key).copied().unwrap_or_default();
    let children = mailbox
        .folders
        .values()
        .filter(|child| child.parent == Some(folder.key) && !child.hidden)
        .count();
    let parent = folder.parent.unwrap_or(folder.key);
    let mut body = Map::new();
    if folder.search {
        body.insert("@odata.type".into(), "#microsoft.graph.mailSearchFolder".into());
    }
    body.insert("id".into(), ids::folder(&mailbox.id, folder.key).into());
    let mut put = |name: &str, value: Value| {
        if call.query.wants(name) {
            body.insert(name.to_owned(), value);
        }
    };
    put("displayName", folder.name.clone().into());
    put("parentFolderId", ids::folder(&mailbox.id, parent).into());
    put("childFolderCount", children.into());
    put("unreadItemCount", count.unread.into());
    put("totalItemCount", count.total.into());
    put("isHidden", folder.hidden.into());
    if folder.search {
        put("isSupported", true.into());
        put("includeNestedFolders", true.into());
        put("sourceFolderIds", json!([ids::folder(&mailbox.id, parent)]));
        put("filterQuery", "isRead eq false".into());
    }
    body
}

fn list(call: &Call<'_>, mailbox: &Mailbox, parent: u64) -> Result<Answer, GraphError> {
    call.query.check_select(&PROPERTIES, "mailFolder")?;
    let mut folders = visible(call, mailbox, parent);
    if let Some(filter) = &call.query.filter {
        let filter = Filter::parse(
            filter,
            "mailFolder",
            &[
                "displayName",
                "isHidden",
                "totalItemCount",
                "unreadItemCount",
                "childFolderCount",
                "id",
            ],
        )?;
        let counts = mailbox.counts();
        folders.retain(|folder| {
            filter.matches(&|name| {
                let count = counts.get(&folder.key).copied().unwrap_or_default();
                match name {
                    "displayName" => Property::Text(folder.name.clone()),
                    "isHidden" => Property::Bool(folder.hidden),
                    "totalItemCount" => Property::Number(i64::try_from(count.total).unwrap_or(i64::MAX)),
                    "unreadItemCount" => Property::Number(i64::try_from(count.unread).unwrap_or(i64::MAX)),
                    "childFolderCount" => {
                        Property::Number(i64::try_from(mailbox.children(folder.key).len()).unwrap_or(i64::MAX))
                    }
                    _ => Property::Null,
                }
            })
        });
    }
    for (name, descending) in call.query.orderby.iter().rev() {
        if name != "displayName" {
            return Err(GraphError::bad_request(format!(
                "The property '{name}' cannot be used in the $orderby query option."
            )));
        }
        folders.sort_by_key(|folder| folder.name.to_lowercase());
        if *descending {
            folders.reverse();
        }
    }
    let expand = match call.query.expand.as_deref() {
        Some(expand) if expand == "childFolders" || expand.starts_with("childFolders(") => true,
        None | Some("messages") => false,
        Some(other) => return Err(super::query::unknown_property(other, "mailFolder")),
    };
    let counts = mailbox.counts();
    let total = folders.len();
    let top = call.query.top.unwrap_or(PAGE);
    let value: Vec<Value> = folders
        .iter()
        .skip(call.query.skip)
        .take(top)
        .map(|folder| {
            let mut body = show(call, mailbox, folder, &counts);
            if expand {
                let children = visible(call, mailbox, folder.key);
                let shown: Vec<Value> = children
                    .iter()
                    .take(PAGE)
                    .map(|child| Value::Object(show(call, mailbox, child, &counts)))
                    .collect();
                body.insert("childFolders".into(), shown.into());
                if children.len() > PAGE {
                    let id = percent_encoding::utf8_percent_encode(
                        &ids::folder(&mailbox.id, folder.key),
                        percent_encoding::NON_ALPHANUMERIC,
                    )
                    .to_string();
                    let link = format!("{}/mailFolders/{id}/childFolders?%24skip={PAGE}", call.base);
                    body.insert("childFolders@odata.nextLink".into(), link.into());
                }
            }
            Value::Object(body)
        })
        .collect();
    let mut body = Map::new();
    body.insert("@odata.context".into(), call.context("mailFolders").into());
    if call.query.count {
        body.insert("@odata.count".into(), total.into());
    }
    let next = call.query.skip + value.len();
    body.insert("value".into(), value.into());
    if next < total {
        body.insert(
            "@odata.nextLink".into(),
            call.query
                .link(&call.here(), &[("$skip", next.to_string())], &[])
                .into(),
        );
    }
    Ok(Call::json(StatusCode::OK, &Value::Object(body)))
}

fn count(call: &Call<'_>, mailbox: &Mailbox, parent: u64) -> Answer {
    Answer::new(
        StatusCode::OK,
        "text/plain",
        visible(call, mailbox, parent).len().to_string(),
    )
}

fn get(call: &Call<'_>, mailbox: &Mailbox, key: u64) -> Result<Answer, GraphError> {
    call.query.check_select(&PROPERTIES, "mailFolder")?;
    one(call, mailbox, key, StatusCode::OK)
}

fn one(call: &Call<'_>, mailbox: &Mailbox, key: u64, status: StatusCode) -> Result<Answer, GraphError> {
    let folder = mailbox.folders.get(&key).ok_or_else(GraphError::not_found)?;
    let mut body = Map::new();
    body.insert("@odata.context".into(), call.context("mailFolders/$entity").into());
    let counts = mailbox.counts();
    body.extend(show(call, mailbox, folder, &counts));
    if call
        .query
        .expand
        .as_deref()
        .is_some_and(|expand| expand.starts_with("childFolders"))
    {
        let children: Vec<Value> = visible(call, mailbox, key)
            .iter()
            .take(PAGE)
            .map(|child| Value::Object(show(call, mailbox, child, &counts)))
            .collect();
        body.insert("childFolders".into(), children.into());
    }
    Ok(Call::json(status, &Value::Object(body)))
}

fn taken(mailbox: &Mailbox, parent: u64, name: &str) -> Result<(), GraphError> {
    if mailbox
        .children(parent)
        .iter()
        .any(|folder| folder.name.to_lowercase() == name.to_lowercase())
    {
        return Err(GraphError::new(
            409,
            "ErrorFolderExists",
            "A folder with the specified name already exists.",
        ));
    }
    Ok(())
}

fn create(call: &Call<'_>, mailbox: &mut Mailbox, parent: u64) -> Result<Answer, GraphError> {
    let body = call.body()?;
    if let Some(unknown) = body
        .keys()
        .find(|name| !["displayName", "isHidden", "@odata.type"].contains(&name.as_str()))
    {
        let text = format!("The property '{unknown}' does not exist on type 'microsoft.graph.mailFolder'.");
        return Err(GraphError::bad_request(text));
    }
    let name = Call::text(&body, "displayName").filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| {
        GraphError::new(
            400,
            "ErrorInvalidArgument",
            "The display name of the folder is missing or empty.",
        )
    })?;
    if name.chars().count() > 255 {
        return Err(GraphError::new(
            400,
            "ErrorInvalidArgument",
            "The folder name is too long.",
        ));
    }
    taken(mailbox, parent, &name)?;
    let key = mailbox.add_folder(Some(parent), &name, None);
    if body.get("isHidden").and_then(Value::as_bool).unwrap_or_default()
        && let Some(folder) = mailbox.folders.get_mut(&key)
    {
        folder.hidden = true;
    }
    one(call, mailbox, key, StatusCode::CREATED)
}

fn update(call: &Call<'_>, mailbox: &mut Mailbox, key: u64) -> Result<Answer, GraphError> {
    let body = call.body()?;
    if body.contains_key("isHidden") {
        return Err(GraphError::new(
            400,
            "ErrorInvalidPropertySet",
            "Property 'isHidden' is read-only and cannot be set.",
        ));
    }
    if let Some(name) = Call::text(&body, "displayName") {
        distinguished(mailbox, key)?;
        let folder = mailbox.folders.get(&key).ok_or_else(GraphError::not_found)?;
        if folder.name.to_lowercase() != name.to_lowercase() {
            taken(mailbox, folder.parent.unwrap_or(Mailbox::ROOT), &name)?;
        }
        mailbox.rename_folder(key, &name);
    }
    one(call, mailbox, key, StatusCode::OK)
}

/// Default folders can not be moved, renamed or deleted.
fn distinguished(mailbox: &Mailbox, key: u64) -> Result<(), GraphError> {
    match mailbox.folders.get(&key) {
        Some(folder) if folder.well_known.is_some() => Err(GraphError::new(
            403,
            "ErrorDeleteDistinguishedFolder",
            "Distinguished folders cannot be deleted, moved or renamed.",
        )),
        Some(_) => Ok(()),
        None => Err(GraphError::not_found()),
    }
}

fn delete(mailbox: &mut Mailbox, key: u64, purge: bool) -> Result<Answer, GraphError> {
    distinguished(mailbox, key)?;
    let bin = mailbox.well_known(WellKnown::DeletedItems);
    match bin {
        Some(bin) if !purge && !mailbox.is_within(key, bin) => mailbox.move_folder(key, bin),
        _ => mailbox.purge_folder(key),
    }
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// `destinationId` of a move or copy.
pub fn destination(call: &Call<'_>, mailbox: &Mailbox) -> Result<u64, GraphError> {
    let body = call.body()?;
    let name = Call::text(&body, "destinationId").ok_or_else(|| {
        GraphError::new(
            400,
            "ErrorInvalidParameter",
            "The parameter 'destinationId' is missing.",
        )
    })?;
    let key = find(mailbox, &name)?;
    if mailbox.folders.get(&key).is_some_and(|folder| folder.search) {
        return Err(GraphError::new(
            400,
            "ErrorCannotMoveOrCopyToSearchFolder",
            "Items cannot be moved or copied to a search folder.",
        ));
    }
    Ok(key)
}

fn relocate(call: &Call<'_>, mailbox: &mut Mailbox, key: u64, copy: bool) -> Result<Answer, GraphError> {
    let target = destination(call, mailbox)?;
    let name = mailbox
        .folders
        .get(&key)
        .map(|folder| folder.name.clone())
        .ok_or_else(GraphError::not_found)?;
    if mailbox.is_within(target, key) {
        return Err(GraphError::new(
            400,
            "ErrorMoveCopyFailed",
            "A folder can't be moved or copied into itself.",
        ));
    }
    taken(mailbox, target, &name)?;
    let key = if copy {
        mailbox
            .copy_folder(key, target, call.now)
            .ok_or_else(GraphError::not_found)?
    } else {
        distinguished(mailbox, key)?;
        mailbox.move_folder(key, target);
        key
    };
    one(call, mailbox, key, StatusCode::OK)
}
