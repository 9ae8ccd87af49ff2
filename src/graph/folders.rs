//! Mail folders as Graph lists, reads and creates them.
//!
//! Three ways lead to the whole tree, with the same answer. `mailFolders/delta` lists every level flat and gives a link to later
//! changes: two or three requests for hundreds of folders. It writes a little state into the mailbox, which a full mailbox refuses,
//! and some clouds do not offer it; then the tree is descended level by level, twenty folders to a batch. Hidden folders are not
//! counted as children, so asking for them descends everywhere.
//!
//! Source: Graph reference, `user-list-mailfolders`, `mailfolder-list-childfolders`, `mailfolder-delta`, `mailfolder-get`,
//! `user-post-mailfolders`, `mailfolder-post-childfolders`, resource type `mailFolder`.

use std::collections::{BTreeMap, HashMap, HashSet};

use http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;

use crate::graph::batch::{BatchRequest, BatchResponse};
use crate::graph::client::Client;
use crate::graph::error::{Executed, GraphError};
use crate::graph::page::{Page, Pages};
use crate::graph::retry;

/// All that is shown of a folder.
const SELECT: &str = "id,displayName,parentFolderId,childFolderCount,totalItemCount,unreadItemCount,isHidden";

/// Folders on a page; the service's own default is 10.
const PAGE: &str = "1000";

/// The same as a preference, which is how delta queries are told.
const PAGE_PREFERENCE: &str = "odata.maxpagesize=1000";

/// A folder as a list or a delta round shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FolderRow {
    /// Graph's id; constant.
    pub id: String,
    /// Its display name.
    #[serde(rename = "displayName", default, deserialize_with = "or_default")]
    pub name: String,
    /// The parent's id, the root's included.
    #[serde(rename = "parentFolderId", default, deserialize_with = "or_default")]
    pub parent_id: String,
    /// Direct children.
    #[serde(rename = "childFolderCount", default, deserialize_with = "or_default")]
    pub child_count: i64,
    /// Items of all kinds.
    #[serde(rename = "totalItemCount", default, deserialize_with = "or_default")]
    pub total_count: i64,
    /// Unread items.
    #[serde(rename = "unreadItemCount", default, deserialize_with = "or_default")]
    pub unread_count: i64,
    /// Hidden from mail clients.
    #[serde(rename = "isHidden", default, deserialize_with = "or_default")]
    pub is_hidden: bool,
    /// The derived type, where it is one.
    #[serde(rename = "@odata.type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

impl FolderRow {
    /// Whether it only shows what lies elsewhere: nothing can be moved into it.
    pub fn is_search_folder(&self) -> bool {
        self.kind
            .as_deref()
            .is_some_and(|kind| kind.ends_with("microsoft.graph.mailSearchFolder"))
    }
}

/// Graph sends `null` for what a user may not see.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// What changed of a folder: what is `None` did not.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct FolderChange {
    /// Graph's id.
    pub id: String,
    #[serde(rename = "displayName")]
    name: Option<String>,
    #[serde(rename = "parentFolderId")]
    parent_id: Option<String>,
    #[serde(rename = "childFolderCount")]
    child_count: Option<i64>,
    #[serde(rename = "totalItemCount")]
    total_count: Option<i64>,
    #[serde(rename = "unreadItemCount")]
    unread_count: Option<i64>,
    #[serde(rename = "isHidden")]
    is_hidden: Option<bool>,
    #[serde(rename = "@odata.type")]
    kind: Option<String>,
    #[serde(rename = "@removed")]
    removed: Option<serde::de::IgnoredAny>,
}

/// Brings `rows` up to date. The same change twice does no harm: a delta round may repeat what an earlier one told.
pub fn apply(rows: &mut Vec<FolderRow>, changes: Vec<FolderChange>) {
    if changes.is_empty() {
        return;
    }
    let mut positions: HashMap<String, usize> = HashMap::with_capacity(rows.len());
    positions.extend(
        rows.iter()
            .enumerate()
            .map(|(position, row)| (row.id.clone(), position)),
    );
    let mut removed: HashSet<String> = HashSet::new();
    for change in changes {
        if change.removed.is_some() {
            removed.insert(change.id);
            continue;
        }
        let position = *positions.entry(change.id.clone()).or_insert(rows.len());
        if position == rows.len() {
            rows.push(FolderRow::default());
        }
        let Some(row) = rows.get_mut(position) else {
            continue;
        };
        if removed.remove(&change.id) {
            *row = FolderRow::default();
        }
        row.id = change.id;
        change.name.into_iter().for_each(|name| row.name = name);
        change.parent_id.into_iter().for_each(|parent| row.parent_id = parent);
        row.child_count = change.child_count.unwrap_or(row.child_count);
        row.total_count = change.total_count.unwrap_or(row.total_count);
        row.unread_count = change.unread_count.unwrap_or(row.unread_count);
        row.is_hidden = change.is_hidden.unwrap_or(row.is_hidden);
        row.kind = change.kind.or_else(|| row.kind.take());
    }
    rows.retain(|row| !removed.contains(&row.id));
}

/// One folder, by its id or well-known name.
pub fn get(client: &Client, folder: &str) -> Result<FolderRow, GraphError> {
    client.get(&["mailFolders", folder], &[("$select", SELECT)], &[])
}

/// The request of [`get`] for a batch.
pub fn get_in_batch(folder: &str) -> BatchRequest {
    BatchRequest::get(&["mailFolders", folder], &[("$select", SELECT)])
}

/// Those of `names` (well-known names) that the mailbox has, in one batch.
pub fn well_known(client: &Client, names: &[&str]) -> Result<BTreeMap<String, FolderRow>, GraphError> {
    let requests: Vec<BatchRequest> = names.iter().map(|name| get_in_batch(name)).collect();
    named(client, names, client.batch(&requests))
}

/// The folders that have well-known names, from the answers to [`get_in_batch`] for each of `names`.
fn named(
    client: &Client,
    names: &[&str],
    answers: Vec<BatchResponse>,
) -> Result<BTreeMap<String, FolderRow>, GraphError> {
    let mut found = BTreeMap::new();
    for (name, answer) in names.iter().zip(answers) {
        match item::<FolderRow>(client, answer) {
            Ok(row) => {
                found.insert((*name).to_owned(), row);
            }
            // A mailbox without an archive, or a delegate who may not see all.
            Err(error) if error.is_not_found() || error.status() == Some(StatusCode::FORBIDDEN) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// What a batch's item answered.
pub fn item<T: DeserializeOwned>(client: &Client, answer: BatchResponse) -> Result<T, GraphError> {
    serde_json::from_value(answer?)
        .map_err(|error| GraphError::unreadable(format!("the answer can not be read: {error}"), false, client.now()))
}

/// All folders flat, and the link to later changes; or why there is none.
pub type Everything = Result<(Vec<FolderChange>, String), GraphError>;

/// Those of `names` (well-known names) that the mailbox has, and all its folders flat, hidden ones perhaps among them: in one request,
/// unless there are very many.
pub fn everything(client: &Client, names: &[&str]) -> Result<(BTreeMap<String, FolderRow>, Everything), GraphError> {
    let mut requests: Vec<BatchRequest> = names.iter().map(|name| get_in_batch(name)).collect();
    let mut delta = BatchRequest::get(&["mailFolders", "delta"], &[("$select", SELECT)]);
    delta.prefer.push(PAGE_PREFERENCE.to_owned());
    requests.push(delta);
    let mut answers = client.batch(&requests);
    let first = answers.pop().unwrap_or_else(|| Err(unfinished(client)));
    let everything = item::<Page<FolderChange>>(client, first).and_then(|first| rest_of_round(client, first));
    Ok((named(client, names, answers)?, everything))
}

/// The request for what changed since `link` was given, for a batch; `None` if the link leads elsewhere.
pub fn changes_in_batch(client: &Client, link: &str) -> Option<BatchRequest> {
    BatchRequest::link(client, link, &[PAGE_PREFERENCE])
}

/// What changed since `link` was given, and the link to what comes later; `first` is the answer to `link`, if it is there already.
pub fn changes_after(
    client: &Client,
    first: Option<Page<FolderChange>>,
    link: &str,
) -> Result<(Vec<FolderChange>, String), GraphError> {
    let Some(first) = first else {
        return round(client, client.pages_from(link.to_owned(), &[PAGE_PREFERENCE]));
    };
    rest_of_round(client, first)
}

/// A delta round to its end, from its first page on.
fn rest_of_round(client: &Client, first: Page<FolderChange>) -> Result<(Vec<FolderChange>, String), GraphError> {
    let mut all = first.value;
    match (first.next, first.delta) {
        (Some(next), _) => {
            let (rest, link) = round(client, client.pages_from(next, &[PAGE_PREFERENCE]))?;
            all.extend(rest);
            Ok((all, link))
        }
        (None, Some(link)) => Ok((all, link)),
        (None, None) => Err(unfinished(client)),
    }
}

/// A delta round to its end.
fn round(client: &Client, pages: Pages<'_, FolderChange>) -> Result<(Vec<FolderChange>, String), GraphError> {
    let mut all = Vec::new();
    for page in pages {
        let page = page?;
        all.extend(page.value);
        if let Some(link) = page.delta {
            return Ok((all, link));
        }
    }
    Err(unfinished(client))
}

fn unfinished(client: &Client) -> GraphError {
    GraphError::unreadable(
        "a delta round ended without a link to later changes",
        false,
        client.now(),
    )
}

/// Whether a delta query was refused for good, so that the tree must be descended: the mailbox is full, the cloud has no such query,
/// or a delegate has no right to all folders.
pub fn refuses_delta(error: &GraphError) -> bool {
    error.says("ErrorQuotaExceeded")
        || matches!(
            error.status(),
            Some(
                StatusCode::BAD_REQUEST
                    | StatusCode::FORBIDDEN
                    | StatusCode::NOT_FOUND
                    | StatusCode::METHOD_NOT_ALLOWED
                    | StatusCode::NOT_IMPLEMENTED
                    | StatusCode::INSUFFICIENT_STORAGE
            )
        )
}

/// Whether the round of changes must begin anew: the service has forgotten what it told before (410), or refuses delta queries by now.
pub fn wants_restart(error: &GraphError) -> bool {
    error.status() == Some(StatusCode::GONE)
        || error.says("SyncStateNotFound")
        || error.says("resyncRequired")
        || refuses_delta(error)
}

/// All folders, level by level from the root down.
pub fn descend(client: &Client, hidden: bool) -> Result<Vec<FolderRow>, GraphError> {
    let query = list_query(hidden);
    let mut all = Vec::new();
    // A folder that is moved while it is read could be met again further down, for ever if it were its own parent.
    let mut seen = HashSet::new();
    let mut level: Vec<FolderRow> = client.all(&["mailFolders"], &query, &[])?;
    while !level.is_empty() {
        level.retain(|row| seen.insert(row.id.clone()));
        let requests: Vec<BatchRequest> = level
            .iter()
            .filter(|row| (hidden || row.child_count > 0) && !row.is_search_folder())
            .map(|row| BatchRequest::get(&["mailFolders", &row.id, "childFolders"], &query))
            .collect();
        all.append(&mut level);
        for answer in client.batch(&requests) {
            match item::<Page<FolderRow>>(client, answer) {
                Ok(page) => {
                    level.extend(page.value);
                    if let Some(link) = page.next {
                        for page in client.pages_from(link, &[]) {
                            level.extend(page?.value);
                        }
                    }
                }
                // Deleted since its parent was read.
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(all)
}

/// The children of a folder, hidden ones included.
pub fn children(client: &Client, parent: &str) -> Result<Vec<FolderRow>, GraphError> {
    client.all(&["mailFolders", parent, "childFolders"], &list_query(true), &[])
}

fn list_query(hidden: bool) -> Vec<(&'static str, &'static str)> {
    let mut query = vec![("$select", SELECT), ("$top", PAGE)];
    if hidden {
        query.push(("includeHiddenFolders", "true"));
    }
    query
}

/// What came of creating a folder.
#[derive(Debug)]
pub enum Created {
    /// It was made.
    New(FolderRow),
    /// The name is taken, or the answer was lost and it may have been made: look it up.
    Perhaps(GraphError),
}

/// Makes a folder below `parent`. A name is unique among siblings, so trying twice makes one folder; a lost answer is looked up.
/// `attempt` counts from 1.
pub fn create(client: &Client, parent: &str, name: &str, attempt: u32) -> Result<Created, GraphError> {
    match client.post_after(
        attempt.saturating_sub(1),
        &["mailFolders", parent, "childFolders"],
        &json!({ "displayName": name }),
    ) {
        Ok(row) => Ok(Created::New(row)),
        Err(error) if error.status() == Some(StatusCode::CONFLICT) => Ok(Created::Perhaps(error)),
        Err(error) if error.executed == Executed::Maybe && !error.is_cancelled() => Ok(Created::Perhaps(error)),
        Err(error) => Err(error),
    }
}

/// Waits before a creation that is known by now not to have happened is tried once more; gives `error` back if it shall not be. A name
/// that is taken by nobody one can see is the work of a moment: the list lags behind.
pub fn pause(client: &Client, error: GraphError, attempt: u32) -> Result<(), GraphError> {
    if error.status() == Some(StatusCode::CONFLICT) {
        let wait = retry::backoff(attempt, client.jitter());
        if attempt < retry::ATTEMPTS && client.rest(wait, &error, attempt)? {
            return Ok(());
        }
        return Err(error);
    }
    client.pause_before_repeat(error, attempt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(json: serde_json::Value) -> FolderChange {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_change_touches_only_what_it_names_and_can_come_twice() {
        let all = [
            json!({"id": "a", "displayName": "A", "parentFolderId": "root", "totalItemCount": 3, "isHidden": false}),
            json!({"id": "b", "displayName": "B", "parentFolderId": "a", "displayName": "B"}),
        ];
        let mut rows = Vec::new();
        apply(&mut rows, all.iter().cloned().map(change).collect());
        apply(&mut rows, all.iter().cloned().map(change).collect());
        assert_eq!(rows.len(), 2);
        apply(
            &mut rows,
            vec![
                change(json!({"id": "a", "displayName": "Ä"})),
                change(json!({"id": "b", "@removed": {"reason": "deleted"}})),
                change(json!({"id": "gone", "@removed": {"reason": "deleted"}})),
            ],
        );
        assert_eq!(
            rows,
            [FolderRow {
                id: "a".to_owned(),
                name: "Ä".to_owned(),
                parent_id: "root".to_owned(),
                total_count: 3,
                ..FolderRow::default()
            }]
        );
        // Removed and there again in one round: nothing of before is left. And the other way round.
        apply(
            &mut rows,
            vec![
                change(json!({"id": "a", "@removed": {"reason": "changed"}})),
                change(json!({"id": "a", "displayName": "A"})),
                change(json!({"id": "c", "displayName": "C"})),
                change(json!({"id": "c", "@removed": {"reason": "deleted"}})),
            ],
        );
        assert_eq!(
            rows,
            [FolderRow {
                id: "a".to_owned(),
                name: "A".to_owned(),
                ..FolderRow::default()
            }]
        );
    }

    #[test]
    fn nulls_and_derived_types_are_read() {
        let row: FolderRow = serde_json::from_value(json!({
            "@odata.type": "#microsoft.graph.mailSearchFolder",
            "id": "s",
            "displayName": null,
            "parentFolderId": null,
            "isHidden": null,
        }))
        .unwrap();
        assert!(row.is_search_folder() && row.name.is_empty() && !row.is_hidden);
    }
}
