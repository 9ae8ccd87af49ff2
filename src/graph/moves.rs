//! Moving and copying, each with exactly one effect even if its answer is lost.
//!
//! A move whose answer did not come is looked up: the message keeps its immutable id, so its `parentFolderId` tells whether the move
//! happened. A copy gets a new id, so what stands in the target is noted before it and compared after a lost answer.

use std::collections::{HashMap, HashSet};

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::graph::batch::{self, BatchRequest};
use crate::graph::client::Client;
use crate::graph::error::{Executed, GraphError};
use crate::graph::message::{MessageJson, SELECT, summary};
use crate::graph::messages;
use crate::graph::path;
use crate::graph::value::Message;

/// Moves a message to a folder (an id or a well-known name); the message afterwards.
pub fn move_to(client: &Client, message: &str, folder: &str) -> Result<Message, GraphError> {
    let mut attempt = 1;
    loop {
        let path = ["messages", message, "move"];
        let error = match client.post_after::<MessageJson>(attempt - 1, &path, &destination(folder)) {
            Ok(json) => return Ok(summary(json)),
            Err(error) => error,
        };
        match kind(&error, attempt) {
            Kind::Lost => {
                let found = messages::summary(client, message).map_err(|second| worse(&error, second))?;
                if lies_in(client, &found, folder, &mut None)? {
                    return Ok(found);
                }
            }
            Kind::Conflict => {}
            Kind::Final => return Err(error),
        }
        client.pause_before_repeat(error, attempt)?;
        attempt += 1;
    }
}

/// Moves any number of messages, twenty in a request; one outcome each, in order. A message named twice is moved once.
pub fn move_many(client: &Client, ids: &[String], folder: &str) -> Vec<Result<Message, GraphError>> {
    let mut seen = HashSet::new();
    let unique: Vec<&str> = ids.iter().map(String::as_str).filter(|id| seen.insert(*id)).collect();
    let mut target = None;
    let mut outcomes: HashMap<&str, Result<Message, GraphError>> = HashMap::new();
    for chunk in unique.chunks(batch::LARGEST) {
        if let &[id] = chunk {
            outcomes.insert(id, move_to(client, id, folder));
        } else {
            outcomes.extend(
                chunk
                    .iter()
                    .copied()
                    .zip(move_chunk(client, chunk, folder, &mut target)),
            );
        }
    }
    let missing = || Err(GraphError::unreadable("a move has no outcome", false, client.now()));
    ids.iter()
        .map(|id| outcomes.get(id.as_str()).cloned().unwrap_or_else(missing))
        .collect()
}

fn move_chunk(
    client: &Client,
    ids: &[&str],
    folder: &str,
    target: &mut Option<String>,
) -> Vec<Result<Message, GraphError>> {
    let mut outcomes: Vec<Option<Result<Message, GraphError>>> = ids.iter().map(|_| None).collect();
    let mut open: Vec<(usize, &str)> = ids.iter().copied().enumerate().collect();
    let mut attempt = 1;
    while !open.is_empty() {
        let requests: Vec<BatchRequest> = open
            .iter()
            .map(|(_, id)| BatchRequest::post(&["messages", id, "move"], destination(folder)))
            .collect();
        let mut lost: Vec<(usize, &str, GraphError)> = Vec::new();
        let mut again: Vec<(usize, &str, GraphError)> = Vec::new();
        for ((index, id), answer) in open.iter().copied().zip(client.batch_after(attempt - 1, &requests)) {
            let outcome = answer.and_then(|body| message(client, body));
            match outcome {
                Err(error) => match kind(&error, attempt) {
                    Kind::Lost => lost.push((index, id, error)),
                    Kind::Conflict => again.push((index, id, error)),
                    Kind::Final => settle(&mut outcomes, index, Err(error)),
                },
                moved => settle(&mut outcomes, index, moved),
            }
        }
        for ((index, id, error), found) in lost.iter().cloned().zip(look_up(client, &lost)) {
            let moved = found.and_then(|found| Ok((lies_in(client, &found, folder, target)?, found)));
            match moved {
                Ok((true, found)) => settle(&mut outcomes, index, Ok(found)),
                Ok((false, _)) => again.push((index, id, error)),
                Err(second) => settle(&mut outcomes, index, Err(worse(&error, second))),
            }
        }
        // One pause for all, the longest that the retry budget allows.
        again.sort_by_key(|(_, _, error)| {
            let told = error.refusal().and_then(|refusal| refusal.retry_after);
            (!is_conflict(error), told)
        });
        open = Vec::new();
        while let Some((index, id, error)) = again.pop() {
            match client.pause_before_repeat(error, attempt) {
                Ok(()) => {
                    open.push((index, id));
                    open.extend(again.drain(..).map(|(index, id, _)| (index, id)));
                }
                Err(stopped) => {
                    if stopped.is_cancelled() {
                        for (index, _, _) in again.drain(..) {
                            settle(&mut outcomes, index, Err(stopped.clone()));
                        }
                    }
                    settle(&mut outcomes, index, Err(stopped));
                }
            }
        }
        attempt += 1;
    }
    outcomes.into_iter().flatten().collect()
}

/// Copies a message to a folder; the copy.
pub fn copy_to(client: &Client, message: &str, folder: &str) -> Result<Message, GraphError> {
    let original = messages::summary(client, message)?;
    let before: HashSet<String> = twins(client, folder, &original)?
        .into_iter()
        .map(|twin| twin.id)
        .collect();
    let new = || -> Result<Option<Message>, GraphError> {
        let after = twins(client, folder, &original)?;
        Ok(after.into_iter().find(|twin| !before.contains(&twin.id)))
    };
    let mut attempt = 1;
    loop {
        let path = ["messages", message, "copy"];
        let error = match client.post_after::<MessageJson>(attempt - 1, &path, &destination(folder)) {
            Ok(json) => return Ok(summary(json)),
            Err(error) => error,
        };
        match kind(&error, attempt) {
            Kind::Lost => {
                if let Some(copy) = new().map_err(|second| worse(&error, second))? {
                    return Ok(copy);
                }
                client.pause_before_repeat(error, attempt)?;
                // A server that gave up waiting for itself may have gone on copying meanwhile.
                if let Some(copy) = new()? {
                    return Ok(copy);
                }
            }
            Kind::Conflict => client.pause_before_repeat(error, attempt)?,
            Kind::Final => return Err(error),
        }
        attempt += 1;
    }
}

/// What to make of a change that gave no value.
enum Kind {
    /// It may have happened: look it up.
    Lost,
    /// It did not happen because somebody else changed the message at the same moment: once more.
    Conflict,
    /// It did not happen.
    Final,
}

fn kind(error: &GraphError, attempt: u32) -> Kind {
    if error.executed == Executed::Maybe && !error.is_cancelled() {
        Kind::Lost
    } else if is_conflict(error) && attempt == 1 {
        Kind::Conflict
    } else {
        Kind::Final
    }
}

/// Somebody else changed the message at the same moment (`ErrorIrresolvableConflict`).
fn is_conflict(error: &GraphError) -> bool {
    error.status() == Some(StatusCode::PRECONDITION_FAILED)
}

/// Which of two errors tells the caller more: the first, unless the look-up found nothing or was cancelled.
fn worse(first: &GraphError, second: GraphError) -> GraphError {
    if second.is_not_found() || second.is_cancelled() {
        GraphError {
            executed: Executed::Maybe,
            ..second
        }
    } else {
        first.clone()
    }
}

fn destination(folder: &str) -> Value {
    json!({ "destinationId": folder })
}

fn message(client: &Client, body: Value) -> Result<Message, GraphError> {
    match serde_json::from_value::<MessageJson>(body) {
        Ok(json) => Ok(summary(json)),
        Err(error) => Err(GraphError::unreadable(error.to_string(), true, client.now())),
    }
}

fn settle(outcomes: &mut [Option<Result<Message, GraphError>>], index: usize, outcome: Result<Message, GraphError>) {
    if let Some(kept) = outcomes.get_mut(index) {
        *kept = Some(outcome);
    }
}

fn look_up(client: &Client, lost: &[(usize, &str, GraphError)]) -> Vec<Result<Message, GraphError>> {
    if lost.is_empty() {
        return Vec::new();
    }
    let requests: Vec<BatchRequest> = lost
        .iter()
        .map(|(_, id, _)| BatchRequest::get(&["messages", id], &[("$select", SELECT)]))
        .collect();
    let answers = client.batch(&requests).into_iter();
    answers
        .map(|answer| answer.and_then(|body| message(client, body)))
        .collect()
}

/// Whether a message lies in `folder`, which may be a well-known name: then its id is asked for, once (`target` keeps it).
fn lies_in(client: &Client, found: &Message, folder: &str, target: &mut Option<String>) -> Result<bool, GraphError> {
    #[derive(Deserialize)]
    struct Id {
        id: String,
    }
    if found.folder_id == folder {
        return Ok(true);
    }
    let id = match target {
        Some(id) => id,
        None => target.insert(
            client
                .get::<Id>(&["mailFolders", folder], &[("$select", "id")], &[])?
                .id,
        ),
    };
    Ok(found.folder_id == *id)
}

/// The messages of a folder that could be copies of `original`.
fn twins(client: &Client, folder: &str, original: &Message) -> Result<Vec<Message>, GraphError> {
    let filter = match (&original.internet_message_id, original.received_at) {
        (Some(id), _) if !id.is_empty() => format!("internetMessageId eq {}", path::literal(id)),
        (_, Some(at)) => format!(
            "receivedDateTime ge {} and receivedDateTime lt {}",
            at.to_rfc3339(),
            at.plus(1).to_rfc3339()
        ),
        _ => "isDraft eq true".to_owned(),
    };
    let query = [("$select", SELECT), ("$filter", filter.as_str()), ("$top", "100")];
    let twins: Vec<MessageJson> = client.all(&["mailFolders", folder, "messages"], &query, &[])?;
    Ok(twins.into_iter().map(Message::from).collect())
}
