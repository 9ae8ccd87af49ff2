//! Whose trouble it is when a request about one mail failed for good.
//!
//! Ours ends the run, for the next mail would fail the same way. Whether it is the mail's own is told by what still answers: where the
//! mail lies now, and if that is not to be had, the folder that matters.

use crate::base::failure::{Class, Error, Failure, Result};
use crate::graph::client::Client;
use crate::graph::error::{Cause, GraphError};
use crate::graph::folders;
use crate::graph::messages;

/// What a look at the mailbox showed.
#[derive(Debug)]
pub struct Blame {
    /// What failed.
    pub failure: Box<Failure>,
    /// Where the mail is.
    pub place: Place,
}

/// Where a mail is.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// In the folder of this id.
    Folder(String),
    /// Nowhere in the mailbox.
    Gone,
    /// Graph does not say, although it answers otherwise.
    Unknown,
}

impl Blame {
    /// Finds out where the mail is. An error is our own trouble: the call was cancelled, `ours` has its class, or nothing answers.
    pub fn of(client: &Client, error: GraphError, ours: &[Class], message: &str) -> Result<Self> {
        if error.is_cancelled() || matches!(error.cause, Cause::Above(_)) {
            return Err(error.into());
        }
        let failure = match Error::from(error) {
            Error::Failure(failure) if ours.contains(&failure.class) => return Err(Error::Failure(failure)),
            Error::Failure(failure) => failure,
            other => return Err(other),
        };
        let place = match messages::summary(client, message) {
            Ok(message) => Place::Folder(message.folder_id),
            Err(second) if second.is_cancelled() => return Err(second.into()),
            Err(second) if matches!(second.cause, Cause::Transport(_)) => return Err(Error::Failure(failure)),
            Err(second) if second.is_not_found() => Place::Gone,
            Err(_) => Place::Unknown,
        };
        Ok(Self { failure, place })
    }

    /// The same, if a folder can be read at all; else its trouble is ours.
    pub fn if_answers(self, client: &Client, folder: &str) -> Result<Self> {
        match folders::get(client, folder) {
            Ok(_) => Ok(self),
            Err(error) if error.is_cancelled() => Err(error.into()),
            Err(_) => Err(Error::Failure(self.failure)),
        }
    }
}
