//! What each event makes of a mail's receipt (contract, section 7). Pure: when the receipts are written is the run's business.
//!
//! ```text
//! (nothing) ──begin──▶ Begun ──imported, rejected, third failure──▶ Returned ──move confirmed──▶ Closed
//!                       │ ▲
//!      left, failed ────▼ │ begin (same key, next attempt)
//!                     Waiting ──third run in which Graph could not deliver it──▶ Returned
//! ```
//!
//! A receipt found `Begun` belongs to a killed attempt: whether its handler finished is not known, so the mail comes again with the
//! same key and a higher attempt.

use crate::base::clock::UtcInstant;
use crate::store::record::{Destination, Receipt, ReceiptState};

/// How many failures send a mail to the error folder: in its handler, or in as many runs on Graph's side.
pub const FAILURES: u32 = 3;

/// Which mail, and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source<'a> {
    /// The mailbox's key.
    pub mailbox: &'a str,
    /// The inbox folder's id.
    pub folder: &'a str,
    /// The message's id.
    pub message: &'a str,
}

/// A receipt for a mail that is about to be handed over the first time, or of which there is something to remember before that.
pub fn new(source: &Source<'_>, import_key: &str, now: UtcInstant) -> Receipt {
    Receipt {
        mailbox: source.mailbox.to_owned(),
        message: source.message.to_owned(),
        folder: source.folder.to_owned(),
        import_key: import_key.to_owned(),
        attempt: 0,
        failures: 0,
        undeliverable: 0,
        state: ReceiptState::Waiting,
        destination: None,
        not_before: None,
        updated_at: now,
    }
}

/// It is handed over now.
pub fn begun(receipt: &Receipt, now: UtcInstant) -> Receipt {
    Receipt {
        attempt: receipt.attempt.saturating_add(1),
        state: ReceiptState::Begun,
        not_before: None,
        ..written(receipt, now)
    }
}

/// It is done with: it goes there.
pub fn returned(receipt: &Receipt, destination: Destination, now: UtcInstant) -> Receipt {
    Receipt {
        state: ReceiptState::Returned,
        destination: Some(destination),
        ..written(receipt, now)
    }
}

/// The handler left it in the inbox, or the run ended in it.
pub fn left(receipt: &Receipt, not_before: Option<UtcInstant>, now: UtcInstant) -> Receipt {
    Receipt {
        state: ReceiptState::Waiting,
        not_before,
        ..written(receipt, now)
    }
}

/// The handler failed, and that counts.
pub fn failed(receipt: &Receipt, now: UtcInstant) -> Receipt {
    let failures = receipt.failures.saturating_add(1);
    let counted = Receipt {
        failures,
        ..left(receipt, None, now)
    };
    if failures >= FAILURES {
        returned(&counted, Destination::Error, now)
    } else {
        counted
    }
}

/// The handler failed because the host as a whole did: as if it had not been handed over.
pub fn not_attempted(receipt: &Receipt, now: UtcInstant) -> Receipt {
    Receipt {
        attempt: receipt.attempt.saturating_sub(1),
        ..left(receipt, None, now)
    }
}

/// Graph could not deliver it in this run.
pub fn undeliverable(receipt: &Receipt, now: UtcInstant) -> Receipt {
    let undeliverable = receipt.undeliverable.saturating_add(1);
    let counted = Receipt {
        undeliverable,
        ..left(receipt, receipt.not_before, now)
    };
    if undeliverable >= FAILURES {
        returned(&counted, Destination::Error, now)
    } else {
        counted
    }
}

/// It is where it belongs, or gone: nothing is left to do.
pub fn closed(receipt: &Receipt, now: UtcInstant) -> Receipt {
    Receipt {
        state: ReceiptState::Closed,
        ..written(receipt, now)
    }
}

fn written(receipt: &Receipt, now: UtcInstant) -> Receipt {
    Receipt {
        updated_at: now,
        ..receipt.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcInstant = UtcInstant::from_epoch(1_700_000_000);

    fn fresh() -> Receipt {
        let source = Source {
            mailbox: "box",
            folder: "inbox",
            message: "m",
        };
        new(&source, "key", NOW)
    }

    #[test]
    fn every_event_counts_what_it_should_and_keeps_the_key() {
        type Event = fn(&Receipt) -> Receipt;
        type Case = (&'static [Event], ReceiptState, (u32, u32, u32), Option<Destination>);
        const BEGIN: Event = |receipt| begun(receipt, NOW);
        const FAIL: Event = |receipt| failed(receipt, NOW);
        const LEAVE: Event = |receipt| left(receipt, Some(NOW.plus(60)), NOW);
        const OUTAGE: Event = |receipt| not_attempted(receipt, NOW);
        const BROKEN: Event = |receipt| undeliverable(receipt, NOW);
        const DONE: Event = |receipt| returned(receipt, Destination::Processed, NOW);
        const CLOSE: Event = |receipt| closed(receipt, NOW);
        let (error, processed) = (Some(Destination::Error), Some(Destination::Processed));
        let cases: [Case; 11] = [
            (&[BEGIN], ReceiptState::Begun, (1, 0, 0), None),
            // Killed twice.
            (&[BEGIN, BEGIN, BEGIN], ReceiptState::Begun, (3, 0, 0), None),
            (&[BEGIN, DONE], ReceiptState::Returned, (1, 0, 0), processed),
            (&[BEGIN, DONE, CLOSE], ReceiptState::Closed, (1, 0, 0), processed),
            (&[BEGIN, FAIL], ReceiptState::Waiting, (1, 1, 0), None),
            (&[BEGIN, FAIL, BEGIN, FAIL], ReceiptState::Waiting, (2, 2, 0), None),
            (
                &[BEGIN, FAIL, BEGIN, FAIL, BEGIN, FAIL],
                ReceiptState::Returned,
                (3, 3, 0),
                error,
            ),
            // Leaving it and being killed are no failures.
            (
                &[BEGIN, FAIL, BEGIN, LEAVE, BEGIN, BEGIN, FAIL],
                ReceiptState::Waiting,
                (4, 2, 0),
                None,
            ),
            (&[BEGIN, FAIL, BEGIN, OUTAGE], ReceiptState::Waiting, (1, 1, 0), None),
            (&[BROKEN, BROKEN], ReceiptState::Waiting, (0, 0, 2), None),
            (
                &[BROKEN, BEGIN, FAIL, BROKEN, BROKEN],
                ReceiptState::Returned,
                (1, 1, 3),
                error,
            ),
        ];
        for (events, state, (attempt, failures, undelivered), destination) in cases {
            let receipt = events.iter().fold(fresh(), |receipt, event| event(&receipt));
            let number = events.len();
            assert_eq!(receipt.state, state, "{number} events");
            assert_eq!(
                (receipt.attempt, receipt.failures, receipt.undeliverable),
                (attempt, failures, undelivered),
                "{number} events"
            );
            assert_eq!(receipt.destination, destination, "{number} events");
            assert_eq!(receipt.import_key, "key");
        }
    }

    #[test]
    fn waiting_for_a_time_ends_with_the_next_attempt() {
        let waiting = left(&begun(&fresh(), NOW), Some(NOW.plus(60)), NOW);
        assert_eq!(waiting.not_before, Some(NOW.plus(60)));
        assert_eq!(undeliverable(&waiting, NOW).not_before, Some(NOW.plus(60)));
        assert_eq!(begun(&waiting, NOW).not_before, None);
    }
}
