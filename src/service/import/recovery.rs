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
use crate::store::record::{Destination, Receipt, ReceiptState};

/// How many receipts are looked up before the first mail is handed over, beside those whose handler returned: three batches.
const LOOKED_UP: usize = 60;

impl Run<'_> {
    /// Finishes what an earlier run could not: mails whose handler returned are moved, and receipts of mails that are gone are closed.
    pub(super) fn recover(&mut self) -> Result<()> {
        self.close_missing(LOOKED_UP)?;
        self.closed_missing = self.inbox.ended();
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
                self.known = self.known.saturating_sub(1);
                self.settled.insert(message);
            }
        }
        Ok(())
    }

    /// Closes the receipts of mails that are not in the inbox folder any more. Those that were not read of it yet are looked up: the
    /// ones whose handler returned, and `most` others. The rest is done at the end of the inbox, when hardly any is left.
    pub(super) fn close_missing(&mut self, most: usize) -> Result<()> {
        let read: HashSet<&str> = self
            .inbox
            .read_ahead()
            .iter()
            .map(|message| message.id.as_str())
            .collect();
        let unseen = self
            .ledger
            .of_this_folder()
            .filter(|receipt| !read.contains(receipt.message.as_str()));
        let (returned, others): (Vec<&Receipt>, Vec<&Receipt>) =
            unseen.partition(|receipt| receipt.state == ReceiptState::Returned);
        let most = if self.inbox.ended() { usize::MAX } else { most };
        let missing: Vec<String> = returned
            .into_iter()
            .chain(others.into_iter().take(most))
            .map(|receipt| receipt.message.clone())
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let client = mailbox::client(self.context, &self.plan.account)?;
        let now = self.now();
        for (message, place) in missing.iter().zip(places(&client, &missing)) {
            match place {
                // It is further back, or arrived or was brought back meanwhile.
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
