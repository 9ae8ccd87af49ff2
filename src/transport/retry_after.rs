//! How long a server wants to be left alone: the `Retry-After` header (RFC 9110 section 10.2.3), as Microsoft really sends it.
//!
//! Whole seconds, seconds with decimals (`2.128`), or an HTTP date. A date is read against the answer's own `Date`, so that a wrong
//! clock here makes no wrong wait.

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

use crate::base::clock::UtcInstant;

/// No wait is longer, whatever a server says: MSAL's cap (`RetryAfterProvider`).
pub const LIMIT: u64 = 3600;

/// The wait in whole seconds, rounded up and capped at [`LIMIT`]; `None` if there is no such header or it can not be read. `now` is
/// what a date is compared with if the answer has no `Date` of its own.
pub fn retry_after(headers: &HeaderMap, now: UtcInstant) -> Option<u64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    seconds(text).or_else(|| {
        let until = http_date(text)?;
        let from = server_date(headers).unwrap_or(now);
        Some(u64::try_from(until.since(from)).unwrap_or(0).min(LIMIT))
    })
}

/// The answer's `Date` (RFC 9110 section 6.6.1).
pub fn server_date(headers: &HeaderMap) -> Option<UtcInstant> {
    http_date(headers.get(DATE)?.to_str().ok()?)
}

/// `12` or `12.5`, rounded up.
fn seconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    // More digits than a number holds is a very long time, not an unreadable header.
    let whole: u64 = whole.parse().unwrap_or(u64::MAX);
    let started = u64::from(fraction.bytes().any(|digit| digit != b'0'));
    Some(whole.saturating_add(started).min(LIMIT))
}

fn http_date(text: &str) -> Option<UtcInstant> {
    let time = httpdate::parse_http_date(text).ok()?;
    let seconds = time.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
    Some(UtcInstant::from_epoch(i64::try_from(seconds).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_wait_is_understood() {
        let now = UtcInstant::from_epoch(1_700_000_000); // Tue, 14 Nov 2023 22:13:20 GMT
        let cases = [
            ("0", None, Some(0)),
            ("17", None, Some(17)),
            (" 17 ", None, Some(17)),
            ("2.128", None, Some(3)),
            ("0.249", None, Some(1)),
            ("3.0", None, Some(3)),
            ("86400", None, Some(3600)),
            ("99999999999999999999999", None, Some(3600)),
            ("Tue, 14 Nov 2023 22:13:50 GMT", None, Some(30)),
            (
                "Tue, 14 Nov 2023 22:13:50 GMT",
                Some("Tue, 14 Nov 2023 22:13:45 GMT"),
                Some(5),
            ),
            ("Tue, 14 Nov 2023 22:13:00 GMT", None, Some(0)),
            ("", None, None),
            ("-5", None, None),
            (".5", None, None),
            ("1e3", None, None),
            ("soon", None, None),
        ];
        for (value, date, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, value.parse().unwrap());
            if let Some(date) = date {
                headers.insert(DATE, date.parse().unwrap());
            }
            assert_eq!(retry_after(&headers, now), expected, "{value:?} {date:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
