//! Whether a request that failed is made again, and after how long. Decisions only; the client waits.
//!
//! | what happened | a read, or a change that may be repeated | any other change |
//! |---|---|---|
//! | 429 | as Retry-After says, as often as the budget lasts | the same: it was not executed |
//! | 503, 504 | as Retry-After says, as often as the budget lasts | never: look it up |
//! | 408, 500, 502, 509, an answer cut off | backoff, [`ATTEMPTS`] in all | never: look it up |
//! | no connection, no DNS | backoff, [`ATTEMPTS`] in all | the same: nothing was sent |
//! | connection broken, time-out | backoff, two in all for a time-out | never: look it up |
//! | no trust, proxy, settings, too large, any other status | never | never |
//!
//! Retry-After may be seconds, decimals, a date, or absent: then the backoff counts. It doubles from half a second, with jitter, so
//! that processes that were throttled together do not come back together.

use std::time::Duration;

use http::StatusCode;

use crate::graph::error::{Cause, Executed, GraphError};
use crate::transport::Stage;

/// How often a request is made at most when the server does not say when to come back.
pub const ATTEMPTS: u32 = 4;

/// How often it is made at most in any case: a server that says "at once" for ever must not be asked for ever.
const ATTEMPTS_WHEN_TOLD: u32 = 20;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// The shortest wait for a server that names one: immediate retries count against the limit.
const LEAST: Duration = Duration::from_millis(100);

/// Which requests may be made again although an earlier one may have been executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Reads, and changes that have the same effect once or twice.
    Freely,
    /// Everything else: only if the earlier one was certainly not executed.
    IfNotExecuted,
}

/// How long to wait before the next attempt; `None`: give up. `attempt` is the one that failed, from 1; `jitter` lies in 0…1.
pub fn wait(error: &GraphError, repeat: Repeat, attempt: u32, jitter: f64) -> Option<Duration> {
    if repeat == Repeat::IfNotExecuted && error.executed == Executed::Maybe {
        return None;
    }
    let (attempts, told) = match &error.cause {
        Cause::Refused(refusal) => match refusal.status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                let attempts = if refusal.retry_after.is_some() {
                    ATTEMPTS_WHEN_TOLD
                } else {
                    ATTEMPTS
                };
                (attempts, refusal.retry_after)
            }
            // 509 "Bandwidth limit exceeded" has no name of its own.
            StatusCode::REQUEST_TIMEOUT | StatusCode::INTERNAL_SERVER_ERROR | StatusCode::BAD_GATEWAY => {
                (ATTEMPTS, refusal.retry_after)
            }
            status if status.as_u16() == 509 => (ATTEMPTS, refusal.retry_after),
            _ => return None,
        },
        Cause::Transport(error) => match error.stage {
            Stage::Dns | Stage::Connect | Stage::Broken => (ATTEMPTS, None),
            Stage::Timeout => (2, None),
            Stage::Configuration | Stage::Tls | Stage::Proxy | Stage::TooLarge | Stage::Cancelled => return None,
        },
        Cause::Unreadable { cut: true, .. } => (ATTEMPTS, None),
        Cause::Unreadable { .. } | Cause::TooLarge { .. } | Cause::Sink { .. } | Cause::Above(_) => return None,
    };
    if attempt >= attempts {
        return None;
    }
    Some(match told {
        Some(told) => told.max(LEAST) + LEAST.mul_f64(jitter),
        None => backoff(attempt, jitter),
    })
}

/// Half a second, one, two, … at most half a minute; between half of it and all of it.
pub(super) fn backoff(attempt: u32, jitter: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX));
    doubled.min(LONGEST).mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::UtcInstant;
    use crate::graph::error::Refusal;
    use crate::transport::TransportError;

    const AT: UtcInstant = UtcInstant::from_epoch(0);

    fn refused(status: u16, retry_after: Option<u64>) -> GraphError {
        let mut refusal = Refusal::new(StatusCode::from_u16(status).unwrap());
        refusal.retry_after = retry_after.map(Duration::from_secs);
        GraphError::refused(refusal, AT)
    }

    fn broken(stage: Stage, sent: bool) -> GraphError {
        let error = TransportError {
            stage,
            sent,
            host: String::new(),
            reason: String::new(),
        };
        GraphError::transport(error, AT)
    }

    /// How often a request is made in all, if it fails the same way each time.
    fn attempts(error: &GraphError, repeat: Repeat) -> u32 {
        (1..100)
            .find(|attempt| wait(error, repeat, *attempt, 0.5).is_none())
            .unwrap()
    }

    #[test]
    fn a_read_is_repeated_and_a_change_only_if_it_was_certainly_not_executed() {
        let cases = [
            ("400", refused(400, None), 1, 1),
            ("401", refused(401, None), 1, 1),
            ("403", refused(403, None), 1, 1),
            ("404", refused(404, None), 1, 1),
            ("409", refused(409, None), 1, 1),
            ("412", refused(412, None), 1, 1),
            ("429", refused(429, None), 4, 4),
            ("429 told", refused(429, Some(1)), 20, 20),
            ("500", refused(500, None), 4, 1),
            ("501", refused(501, None), 1, 1),
            ("502", refused(502, None), 4, 1),
            ("503", refused(503, None), 4, 1),
            ("503 told", refused(503, Some(1)), 20, 1),
            ("504", refused(504, None), 4, 1),
            ("507", refused(507, None), 1, 1),
            ("509", refused(509, None), 4, 1),
            ("refused connection", broken(Stage::Connect, false), 4, 4),
            ("no such host", broken(Stage::Dns, false), 4, 4),
            ("no trust", broken(Stage::Tls, false), 1, 1),
            ("proxy", broken(Stage::Proxy, false), 1, 1),
            ("settings", broken(Stage::Configuration, false), 1, 1),
            ("cut", broken(Stage::Broken, true), 4, 1),
            ("silent", broken(Stage::Timeout, true), 2, 1),
            ("silent while connecting", broken(Stage::Timeout, false), 2, 2),
            ("half a JSON", GraphError::unreadable("", true, AT), 4, 1),
            ("another JSON", GraphError::unreadable("", false, AT), 1, 1),
            ("large", GraphError::too_large(1, AT), 1, 1),
        ];
        for (name, error, read, change) in cases {
            assert_eq!(attempts(&error, Repeat::Freely), read, "{name}, read");
            assert_eq!(attempts(&error, Repeat::IfNotExecuted), change, "{name}, change");
        }
    }

    #[test]
    fn the_wait_is_what_the_server_says_or_doubles_within_its_jitter() {
        let told = wait(&refused(429, Some(7)), Repeat::Freely, 3, 0.0).unwrap();
        assert_eq!(told, Duration::from_secs(7));
        let at_once = wait(&refused(429, Some(0)), Repeat::Freely, 3, 0.0).unwrap();
        assert_eq!(at_once, LEAST);
        for (attempt, least, most) in [(1, 250, 500), (2, 500, 1000), (3, 1000, 2000)] {
            let wait = |jitter| wait(&refused(503, None), Repeat::Freely, attempt, jitter).unwrap();
            assert_eq!(wait(0.0), Duration::from_millis(least));
            assert_eq!(wait(1.0), Duration::from_millis(most));
        }
        assert_eq!(backoff(60, 1.0), LONGEST);
    }
}
