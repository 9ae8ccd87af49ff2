//! What the store keeps, as plain values. Secrets in them are [`Secret`]s; sealing them is the store's business.

use serde::{Deserialize, Serialize};

use crate::base::account::{AccountName, AccountSettings};
use crate::base::clock::UtcInstant;
use crate::base::failure::Failure;
use crate::base::problem::Problem;
use crate::base::secret::Secret;
use crate::store::grip::Grip;

/// An account as it is kept.
#[derive(Debug, Clone)]
pub struct AccountRecord {
    /// Its name.
    pub name: AccountName,
    /// Its settings.
    pub settings: AccountSettings,
    /// Grows with every change of identity; tokens and sign-ins of an older generation are void. Starts again for a deleted and
    /// recreated account at a number never used before.
    pub identity_generation: i64,
}

/// Who signed in, for ever: `oid` and `tid` of the `id_token` never change, addresses do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The user's object id.
    pub oid: String,
    /// The user's tenant id.
    pub tid: String,
}

/// Whether something stands against using the refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Block {
    /// Nothing.
    #[default]
    None,
    /// It is dead: the user signs in.
    SignIn,
    /// An administrator acts first; it is tried again.
    Action,
}

/// An account's tokens and all that is known about them.
#[derive(Debug, Clone, Default)]
pub struct TokenRecord {
    /// The identity they were issued under; older than the account's means void (kept only until the next success).
    pub identity_generation: i64,
    /// Grows with every token that was stored; a late answer is stored only over an older one.
    pub version: i64,
    /// Grows with every answer to a token request, good or bad: whoever waited for another's request sees that it has ended.
    pub attempts: i64,
    /// What the tokens descend from: the state of the sign-in, or a hash of what was adopted. A refresh that began under another
    /// origin never overwrites them, and a sign-in that died after its commit is recognised.
    pub origin: Option<StateHash>,
    /// The access token.
    pub access_token: Option<Secret>,
    /// The refresh token.
    pub refresh_token: Option<Secret>,
    /// When the access token was issued (our clock, at receipt).
    pub issued_at: Option<UtcInstant>,
    /// When the access token ends (our clock).
    pub expires_at: Option<UtcInstant>,
    /// When Microsoft would like it renewed (`refresh_in`).
    pub refresh_at: Option<UtcInstant>,
    /// When the last renewal (or sign-in) succeeded.
    pub refreshed_at: Option<UtcInstant>,
    /// When a refresh was last asked for only because of a large `$min_validity`.
    pub forced_at: Option<UtcInstant>,
    /// The scopes granted, short names.
    pub granted_scopes: Vec<String>,
    /// The person the account is pinned to; `None` until known.
    pub subject: Option<Subject>,
    /// The address to show for that person.
    pub signed_in_as: Option<String>,
    /// All addresses of that person which the last `id_token` named, that one among them.
    pub addresses: Vec<String>,
    /// The `id_token`'s `login_hint` claim.
    pub login_hint: Option<String>,
    /// Server's clock minus ours, seconds, as last seen.
    pub clock_skew: i64,
    /// When the sign-in ends whatever is refreshed, where known.
    pub sign_in_expires_at: Option<UtcInstant>,
    /// When the certificate ends that the tokens were last asked for with: its file may be another than when the account was saved.
    pub certificate_ends_at: Option<UtcInstant>,
    /// Whether and by whom something must be done first.
    pub block: Block,
    /// The last failure, until the next success.
    pub problem: Option<Problem>,
    /// No request before this (throttling, or a passing failure that is not asked again at once).
    pub not_before: Option<UtcInstant>,
    /// A claims challenge to answer with the next request or sign-in.
    pub claims: Option<String>,
    /// When this was written, by two clocks; the store sets it, and tells the instants above anew where the wall clock was set back since.
    pub written_at: Option<Moment>,
}

/// An instant by the wall clock, which can be set, and by the clock of this boot, which can not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The wall clock.
    pub now: UtcInstant,
    /// Seconds since the boot.
    pub since_boot: i64,
    /// Which boot.
    pub boot: String,
}

/// Two clocks that went apart by less than this were not set: whole seconds and a write that took its time explain it, seconds.
const CLOCK_JITTER: i64 = 10;

impl Moment {
    /// By how many seconds the wall clock was set back between this moment and `later`: 0 if it was not, or if the boot is another.
    pub fn set_back_until(&self, later: &Self) -> i64 {
        if self.boot.is_empty() || self.boot != later.boot {
            return 0;
        }
        let passed = later.since_boot.saturating_sub(self.since_boot);
        let back = passed.saturating_sub(later.now.since(self.now));
        if passed >= 0 && back >= CLOCK_JITTER { back } else { 0 }
    }
}

impl TokenRecord {
    /// The same tokens as the clock stands at `present`.
    ///
    /// Where it was set back since they were written, every instant is as much earlier on it: else a token would look good, and a
    /// pause last, for as long as the clock was set back. A clock that was set forward needs nothing: at worst a token is renewed
    /// that was still good. `issued_at` stays as it was read, because with `clock_skew` it tells the server's time.
    #[must_use]
    pub fn seen_at(mut self, present: &Moment) -> Self {
        let back = self
            .written_at
            .as_ref()
            .map_or(0, |written_at| written_at.set_back_until(present));
        if back > 0 {
            for instant in [
                &mut self.expires_at,
                &mut self.refresh_at,
                &mut self.refreshed_at,
                &mut self.forced_at,
                &mut self.sign_in_expires_at,
                &mut self.not_before,
            ] {
                *instant = instant.map(|instant| instant.plus(-back));
            }
        }
        self
    }
}

/// Whether a guarded write was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Done.
    Stored,
    /// The change left all as it was.
    Unchanged,
    /// Dropped: the account is gone or has another identity by now.
    Dropped,
}

/// A lease that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What it is for, e.g. `refresh:account`.
    pub key: String,
    /// Grows with every holder.
    pub generation: i64,
    /// By which this process knows that it still has the lease in its hands: it is free when the last copy of this is dropped.
    pub grip: Grip,
}

/// What came of trying to take a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseAttempt {
    /// It is ours now.
    Acquired(Lease),
    /// Someone else holds it, for at most so many seconds more if they die.
    Held {
        /// The time left.
        seconds: u32,
    },
}

/// SHA-256 of a state, so that the store holds nothing a callback could be forged with.
pub type StateHash = [u8; 32];

/// A sign-in between its two legs, and its outcome afterwards.
#[derive(Debug, Clone)]
pub struct SignInRecord {
    /// Its key.
    pub state: StateHash,
    /// Which account.
    pub account: AccountName,
    /// The account's identity when it began.
    pub identity_generation: i64,
    /// SHA-256 of the browser session it belongs to.
    pub session: [u8; 32],
    /// PKCE code verifier.
    pub verifier: Secret,
    /// The nonce the `id_token` must repeat.
    pub nonce: Secret,
    /// The redirect URI of the authorization request: the token request must repeat it.
    pub redirect_uri: String,
    /// The scopes asked for.
    pub scopes: Vec<String>,
    /// Whether it asked for admin consent instead of a sign-in.
    pub admin_consent: bool,
    /// When it was handed out.
    pub created_at: UtcInstant,
    /// How far it came.
    pub progress: SignInProgress,
}

/// How far a sign-in came.
#[derive(Debug, Clone)]
pub enum SignInProgress {
    /// The browser is at Microsoft.
    Pending,
    /// A callback is being redeemed.
    Redeeming {
        /// SHA-256 of the code (or of the whole answer, where there is none).
        answer: [u8; 32],
        /// Whether the code may have reached Microsoft.
        sent: bool,
    },
    /// It ended; the same callback has the same outcome.
    Ended {
        /// SHA-256 of the code (or of the whole answer).
        answer: [u8; 32],
        /// When.
        at: UtcInstant,
        /// `None`: success.
        failure: Option<Box<Failure>>,
    },
}

/// How far the import of a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReceiptState {
    /// Handed to the handler, which has not returned.
    Begun,
    /// Left in the inbox after an attempt (or could not be delivered); the counts stay.
    Waiting,
    /// The handler is done with it (imported or rejected); the move is still to be done or confirmed.
    Returned,
    /// The move is confirmed: nothing is left to do, and the message would be new if it came again.
    Closed,
}

/// Where a finished message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Destination {
    /// `folder_processed`.
    Processed,
    /// `folder_error`.
    Error,
}

/// The import of one message, as far as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The mailbox: stable for the same mailbox whichever account reads it.
    pub mailbox: String,
    /// The message's immutable id.
    pub message: String,
    /// The id of the folder it was taken from: an import tidies up only after itself, two may run in two folders of one mailbox.
    pub folder: String,
    /// What the host's own unique index is made on; new for each import of a message, the same for each attempt of it.
    pub import_key: String,
    /// Which attempt was begun last, from 1; 0 before the first.
    pub attempt: u32,
    /// Attempts that failed in the handler.
    pub failures: u32,
    /// Runs in which Graph could not deliver it.
    pub undeliverable: u32,
    /// How far it came.
    pub state: ReceiptState,
    /// Where it goes, once returned.
    pub destination: Option<Destination>,
    /// Not handed over again before this.
    pub not_before: Option<UtcInstant>,
    /// When this was written.
    pub updated_at: UtcInstant,
}

/// A run of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRecord {
    /// `refresh-tokens`.
    pub name: String,
    /// When it began.
    pub started_at: UtcInstant,
    /// When it ended; `None` while it runs, or if it died.
    pub ended_at: Option<UtcInstant>,
    /// Accounts renewed, skipped and failed.
    pub counts: [u32; 3],
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(now: i64, since_boot: i64, boot: &str) -> Moment {
        Moment {
            now: UtcInstant::from_epoch(now),
            since_boot,
            boot: boot.to_owned(),
        }
    }

    #[test]
    fn only_a_clock_that_was_set_back_on_the_same_boot_moves_what_was_written() {
        // Written at 1000 of the wall clock, 100 s after boot `b`. (what, now, since boot, boot) → set back by
        let cases = [
            ("at once", 1000, 100, "b", 0),
            ("an hour later", 4600, 3700, "b", 0),
            ("a second of rounding", 4599, 3700, "b", 0),
            ("set back by 40 minutes after 50", 1600, 3100, "b", 2400),
            ("set back by a day", 1000 - 86_400, 100, "b", 86_400),
            ("set forward by a day", 87_400, 100, "b", 0),
            ("another boot", 1000 - 86_400, 5000, "c", 0),
            ("a machine restored from an image", 90_000, 50, "b", 0),
        ];
        for (what, now, since_boot, boot, back) in cases {
            let present = moment(now, since_boot, boot);
            assert_eq!(moment(1000, 100, "b").set_back_until(&present), back, "{what}");
            let tokens = TokenRecord {
                issued_at: Some(UtcInstant::from_epoch(1000)),
                expires_at: Some(UtcInstant::from_epoch(4600)),
                not_before: Some(UtcInstant::from_epoch(1030)),
                written_at: Some(moment(1000, 100, "b")),
                ..TokenRecord::default()
            };
            let seen = tokens.seen_at(&present);
            assert_eq!(seen.issued_at.unwrap().epoch(), 1000, "{what}");
            assert_eq!(seen.expires_at.unwrap().epoch(), 4600 - back, "{what}");
            assert_eq!(seen.not_before.unwrap().epoch(), 1030 - back, "{what}");
        }
        assert_eq!(
            moment(1000, 0, "").set_back_until(&moment(0, 0, "")),
            0,
            "no boot is known"
        );
    }
}
