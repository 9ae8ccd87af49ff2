//! Attachments that came with their message, for the call that asks for them next.
//!
//! Most scripts that read a message list its attachments right after, and Graph tells both in one answer. What came is kept for that
//! one call: any other call about a mailbox forgets it, and so do a few seconds. So nothing that this process did is overlooked, and what
//! others did meanwhile is no older than with an answer that was long on its way.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::account::AccountName;
use crate::graph::value::Attachment;
use crate::store::record::AccountRecord;

/// How long it counts. Attachments of a message that was received never change; those of a draft do.
const FRESH: Duration = Duration::from_secs(5);

/// What a process keeps of the message it read last.
#[derive(Debug, Default)]
pub struct Ahead(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The service does not take it, or brings too much: it is not asked for any more.
    unwanted: bool,
    kept: Option<Kept>,
}

#[derive(Debug)]
struct Kept {
    whose: Whose,
    message: String,
    since: Duration,
    attachments: Vec<Attachment>,
}

/// A mailbox, as an account reaches it at the moment. A process may use several stores, and each may have an account of that name.
#[derive(Debug, PartialEq, Eq)]
struct Whose {
    store: String,
    account: AccountName,
    identity_generation: i64,
    mailbox: Option<String>,
}

impl Whose {
    fn of(store: &str, account: &AccountRecord) -> Self {
        Self {
            store: store.to_owned(),
            account: account.name.clone(),
            identity_generation: account.identity_generation,
            mailbox: account.settings.mailbox.clone(),
        }
    }
}

impl Ahead {
    /// Whether attachments may be asked for with their message.
    pub fn is_wanted(&self) -> bool {
        !self.state().unwanted
    }

    /// They may not: the service showed that it does not take it.
    pub fn stop(&self) {
        self.state().unwanted = true;
    }

    /// Keeps what came with a message of an account in `store` at `now` (since the machine booted).
    pub fn keep(
        &self,
        (store, account): (&str, &AccountRecord),
        message: &str,
        attachments: Vec<Attachment>,
        now: Duration,
    ) {
        self.state().kept = Some(Kept {
            whose: Whose::of(store, account),
            message: message.to_owned(),
            since: now,
            attachments,
        });
    }

    /// Gives away what came with this message, once, if it is fresh at `now`. Nothing is kept afterwards.
    pub fn take(
        &self,
        (store, account): (&str, &AccountRecord),
        message: &str,
        now: Duration,
    ) -> Option<Vec<Attachment>> {
        let kept = self.state().kept.take()?;
        let fresh = now.checked_sub(kept.since).is_some_and(|age| age < FRESH);
        let asked = kept.message == message && kept.whose == Whose::of(store, account);
        (fresh && asked).then_some(kept.attachments)
    }

    /// Forgets what is kept.
    pub fn forget(&self) {
        self.state().kept = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
