//! What a run does first: it finishes what an earlier one could not.
//!
//! A mail whose handler returned is moved and never handed over again. A receipt whose mail is not in the inbox any more, because the
//! move was made but not confirmed or because somebody took the mail away, is closed, so that the mail would be a new one if it came
//! back.

use std::collections::HashSet;

use serde::Deserialize;

use crate::base::failure::{Error, Result};
use crate::graph::batch::BatchRequest;
use crate::graph::client::Client;
use crate::graph::error::GraphError;
use crate::service::import::attempt;
use crate::service::import::run::Run;
use crate::service::mailbox;
use crate::store::record::{Destination, ReceiptState};

impl Run<'_> {
    /// Finishes what an earlier run could not: mails whose handler returned are moved, and receipts of mails that are gone are closed.
    pub(super) fn recover(&mut self) -> Result<()> {
        let listed: HashSet<&str> = self.queue.iter().map(|message| message.id.as_str()).collect();
        let missing: Vec<String> = self
            .ledger
            .of_this_folder()
            .filter(|receipt| !listed.contains(receipt.message.as_str()))
            .map(|receipt| receipt.message.clone())
            .collect();
        let client = mailbox::client(self.context, &self.plan.account)?;
        let now = self.now();
        for (message, place) in missing.iter().zip(places(&client, &missing)) {
            match place {
                // It arrived, or was brought back, while the inbox was being listed.
                Ok(Some(folder)) if folder == self.plan.inbox => {}
                Ok(_) => {
                    if let Some(receipt) = self.ledger.take(message) {
                        self.ledger.keep_back(attempt::closed(&receipt, now));
                    }
                }
                // It is looked up again by the next run.
                Err(Error::Failure(_)) => {}
                Err(other) => return Err(other),
            }
        }
        let returned: Vec<String> = self
            .ledger
            .of_this_folder()
            .filter(|receipt| receipt.state == ReceiptState::Returned)
            .map(|receipt| receipt.message.clone())
            .collect();
        for message in returned {
            if let Some(receipt) = self.ledger.take(&message) {
                self.relocate(
                    &message,
                    receipt.destination.unwrap_or(Destination::Processed),
                    Some(receipt),
                );
            }
        }
        let moving = &self.moving;
        self.queue.retain(|message| !moving.contains_key(&message.id));
        self.known = u64::try_from(self.queue.len()).unwrap_or(u64::MAX);
        Ok(())
    }
}

/// The ids of the folders in which messages lie; `None` for one that is gone.
fn places(client: &Client, messages: &[String]) -> Vec<Result<Option<String>>> {
    #[derive(Deserialize)]
    struct Place {
        #[serde(rename = "parentFolderId")]
        folder: Option<String>,
    }
    let requests: Vec<BatchRequest> = messages
        .iter()
        .map(|message| BatchRequest::get(&["messages", message], &[("$select", "parentFolderId")]))
        .collect();
    let read = |answer: Result<serde_json::Value, GraphError>| {
        answer.and_then(|body| {
            serde_json::from_value::<Place>(body)
                .map_err(|error| GraphError::unreadable(error.to_string(), false, client.now()))
        })
    };
    client
        .batch(&requests)
        .into_iter()
        .map(|answer| match read(answer) {
            Ok(place) => Ok(place.folder),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(Error::from(error)),
        })
        .collect()
}
