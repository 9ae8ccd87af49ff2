//! Local times into UTC, and the question what instant a stored expiry means (contract, section 4: `is_expired`, `to_utc`).
//!
//! Older scripts kept expiries in whatever form their database had. Here nothing is guessed: numbers are epoch seconds, a text with an
//! offset is what it says, and a text without one needs a zone from whoever knows it. The process's own zone (`TZ`, `date.timezone`)
//! is never looked at: comparing a local time with UTC is the bug that made expired tokens look valid.

mod local;
mod written;

use chrono_tz::Tz;

use crate::base::clock::UtcInstant;
use crate::base::problem::tame;
use written::{Unreadable, Written};

/// A time as a caller gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeInput {
    /// Epoch seconds.
    Epoch(i64),
    /// Text: all digits, with an offset, or naive.
    Text(String),
    /// An instant already.
    Instant(UtcInstant),
}

/// Why a time can not be read. `argument` is the parameter's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{argument}: {message}")]
pub struct TimeError {
    /// The parameter that is wrong, without `$`.
    pub argument: &'static str,
    /// What it must be, as PHP words it.
    pub message: String,
}

/// The last second of the year 9999. A larger number is not seconds: milliseconds of any day since 1978 are.
const LAST: i64 = 253_402_300_799;

/// The instant that `input` means; `argument` names the parameter in errors.
///
/// A local time that exists twice is the earlier of the two, one that does not exist is the instant at which the clocks jumped.
pub fn instant(input: &TimeInput, timezone: Option<&str>, argument: &'static str) -> Result<UtcInstant, TimeError> {
    let wrong = |argument, message| Err(TimeError { argument, message });
    // Before anything else: a misspelt zone shall not wait for the first time without an offset to show.
    let zone = match timezone.map(|name| (name, local::zone(name))) {
        None => None,
        Some((_, Some(zone))) => Some(zone),
        Some((name, None)) => return wrong("timezone", unknown_zone(name)),
    };
    let text = match input {
        TimeInput::Instant(instant) => return Ok(*instant),
        TimeInput::Epoch(seconds) => return epoch(*seconds, argument),
        TimeInput::Text(text) => text.trim(),
    };
    match written::read(text) {
        Ok(Written::Epoch(seconds)) => epoch(seconds, argument),
        Ok(Written::Offset { local, offset }) => Ok(UtcInstant::from_epoch(local.and_utc().timestamp()).plus(-offset)),
        Ok(Written::Local(local)) => match zone {
            Some(zone) => Ok(local::to_utc(local, zone)),
            None => wrong(
                "timezone",
                format!("must be given for a time without an offset ({})", shown(text)),
            ),
        },
        Err(Unreadable::Empty) => wrong(argument, "must not be empty".to_owned()),
        Err(Unreadable::ZeroDate) => wrong(argument, format!("must not be a zero date ({})", shown(text))),
        Err(Unreadable::TooLarge) => wrong(argument, milliseconds(text)),
        Err(Unreadable::NotATime) => wrong(
            argument,
            format!(
                "must be epoch seconds or a time such as \"2026-01-31 12:00:00\" or \"2026-01-31T12:00:00Z\", {} given",
                shown(text)
            ),
        ),
    }
}

/// Whether a text is written as a time at all, even if there is no such time. What is not may be anything, also a secret in the wrong
/// place.
pub fn is_written_as_time(text: &str) -> bool {
    !matches!(written::read(text.trim()), Err(Unreadable::NotATime))
}

/// A naive local time of a zone (IANA or Windows name) as an instant.
pub fn to_utc(local_time: &str, timezone: &str) -> Result<UtcInstant, TimeError> {
    instant(&TimeInput::Text(local_time.to_owned()), Some(timezone), "local_time")
}

/// The IANA name for a Windows zone name; IANA names come back as they are written there. `None` if it is neither.
pub fn iana_name(name: &str) -> Option<&'static str> {
    local::zone(name).map(Tz::name)
}

/// The release of the IANA database whose rules are compiled in, such as `2025b`.
pub const fn release() -> &'static str {
    chrono_tz::IANA_TZDB_VERSION
}

fn epoch(seconds: i64, argument: &'static str) -> Result<UtcInstant, TimeError> {
    // The same limit below: minus milliseconds are no better.
    if (-LAST..=LAST).contains(&seconds) {
        return Ok(UtcInstant::from_epoch(seconds));
    }
    Err(TimeError {
        argument,
        message: milliseconds(&seconds.to_string()),
    })
}

fn milliseconds(given: &str) -> String {
    format!("must be epoch seconds, not milliseconds ({} given)", shorter(given))
}

fn unknown_zone(name: &str) -> String {
    format!(
        "must be a time zone such as \"Europe/Berlin\" or \"W. Europe Standard Time\", {} given",
        shown(name)
    )
}

/// A foreign text as it may stand in a message.
fn shown(text: &str) -> String {
    format!("\"{}\"", shorter(text))
}

fn shorter(text: &str) -> String {
    tame(text).chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str, zone: Option<&str>) -> Result<i64, TimeError> {
        instant(&TimeInput::Text(text.to_owned()), zone, "expires_at").map(UtcInstant::epoch)
    }

    fn utc(text: &str) -> i64 {
        UtcInstant::from_rfc3339(text).unwrap().epoch()
    }

    #[test]
    fn local_times_at_the_edges_of_summer_time_have_one_meaning() {
        let cases = [
            // Plain winter and summer.
            ("Europe/Berlin", "2025-01-15 12:00:00", "2025-01-15T11:00:00Z"),
            ("Europe/Berlin", "2025-07-15 12:00:00", "2025-07-15T10:00:00Z"),
            // The last second before, the missing hour, the first second after.
            ("Europe/Berlin", "2025-03-30 01:59:59", "2025-03-30T00:59:59Z"),
            ("Europe/Berlin", "2025-03-30 02:00:00", "2025-03-30T01:00:00Z"),
            ("Europe/Berlin", "2025-03-30 02:30:00", "2025-03-30T01:00:00Z"),
            ("Europe/Berlin", "2025-03-30 02:59:59", "2025-03-30T01:00:00Z"),
            ("Europe/Berlin", "2025-03-30 03:00:00", "2025-03-30T01:00:00Z"),
            // The hour that exists twice.
            ("Europe/Berlin", "2025-10-26 01:59:59", "2025-10-25T23:59:59Z"),
            ("Europe/Berlin", "2025-10-26 02:00:00", "2025-10-26T00:00:00Z"),
            ("Europe/Berlin", "2025-10-26 02:30:00", "2025-10-26T00:30:00Z"),
            ("Europe/Berlin", "2025-10-26 03:00:00", "2025-10-26T02:00:00Z"),
            ("W. Europe Standard Time", "2025-10-26 02:30:00", "2025-10-26T00:30:00Z"),
            ("America/New_York", "2025-03-09 02:30:00", "2025-03-09T07:00:00Z"),
            ("America/New_York", "2025-11-02 01:30:00", "2025-11-02T05:30:00Z"),
            ("Eastern Standard Time", "2025-07-01 00:00:00", "2025-07-01T04:00:00Z"),
            // Half an hour only.
            ("Australia/Lord_Howe", "2025-10-05 02:15:00", "2025-10-04T15:30:00Z"),
            ("Australia/Lord_Howe", "2025-04-06 01:45:00", "2025-04-05T14:45:00Z"),
            // Odd offsets, and summer time that pauses for Ramadan.
            ("Asia/Kathmandu", "2025-06-01 12:00:00", "2025-06-01T06:15:00Z"),
            ("Africa/Casablanca", "2025-02-23 02:30:00", "2025-02-23T01:30:00Z"),
            ("Africa/Casablanca", "2025-04-06 02:30:00", "2025-04-06T02:00:00Z"),
            ("Africa/Casablanca", "2025-03-10 12:00:00", "2025-03-10T12:00:00Z"),
            // A whole day that does not exist.
            ("Pacific/Apia", "2011-12-30 12:00:00", "2011-12-30T10:00:00Z"),
            ("UTC", "2025-03-30 02:30:00", "2025-03-30T02:30:00Z"),
        ];
        for (zone, local, expected) in cases {
            assert_eq!(text(local, Some(zone)).unwrap(), utc(expected), "{zone} {local}");
            assert_eq!(to_utc(local, zone).unwrap().epoch(), utc(expected));
        }
    }

    #[test]
    fn the_forms_people_have_in_databases_are_read() {
        let expected = utc("2026-01-31T12:34:56Z");
        let minute = utc("2026-01-31T12:34:00Z");
        let cases = [
            ("2026-01-31 13:34:56", expected),
            ("2026-01-31T13:34:56", expected),
            ("2026-01-31t13:34:56", expected),
            (" 2026-01-31 13:34:56\n", expected),
            ("2026-01-31 13:34:56.7891234", expected),
            ("2026-01-31T13:34:56,5", expected),
            ("2026-01-31 13:34", minute),
            ("2026-01-31", utc("2026-01-30T23:00:00Z")),
            ("2026-01-31T12:34:56Z", expected),
            ("2026-01-31t12:34:56z", expected),
            ("2026-01-31T12:34:56.000Z", expected),
            ("2026-01-31 12:34:56 UTC", expected),
            ("2026-01-31T14:34:56+02:00", expected),
            ("2026-01-31T14:34:56+0200", expected),
            ("2026-01-31 14:34:56 +02", expected),
            ("2026-01-31T07:04:56-05:30", expected),
            ("2026-01-31T12:34:56-00:00", expected),
            ("2026-01-31T12:34Z", minute),
            ("1769862896", expected),
            ("0", 0),
            ("2016-12-31T23:59:60Z", utc("2017-01-01T00:00:00Z")),
        ];
        for (given, expected) in cases {
            assert_eq!(text(given, Some("Europe/Berlin")), Ok(expected), "{given:?}");
        }
    }

    #[test]
    fn what_is_no_time_or_could_be_two_is_refused_by_its_argument() {
        let cases = [
            ("", "expires_at", "must not be empty"),
            ("   ", "expires_at", "must not be empty"),
            ("0000-00-00", "expires_at", "zero date"),
            ("0000-00-00 00:00:00", "expires_at", "zero date"),
            ("2026-00-10 00:00:00", "expires_at", "zero date"),
            ("1769862896000", "expires_at", "not milliseconds"),
            ("99999999999999999999999", "expires_at", "not milliseconds"),
            ("2026-02-30 00:00:00", "expires_at", "must be epoch seconds or a time"),
            ("2026-13-01 00:00:00", "expires_at", "must be epoch seconds or a time"),
            ("2026-01-31 24:00:00", "expires_at", "must be epoch seconds or a time"),
            ("2026-01-31 12:60", "expires_at", "must be epoch seconds or a time"),
            ("2026-01-31 12", "expires_at", "must be epoch seconds or a time"),
            (
                "2026-01-31T12:34:56+25:00",
                "expires_at",
                "must be epoch seconds or a time",
            ),
            ("2026-01-31T12:34:56+2", "expires_at", "must be epoch seconds or a time"),
            ("2026-01-31T12:34:56Zx", "expires_at", "must be epoch seconds or a time"),
            ("2026-01-31 12:34:56.", "expires_at", "must be epoch seconds or a time"),
            ("31/01/2026", "expires_at", "must be epoch seconds or a time"),
            ("tomorrow", "expires_at", "must be epoch seconds or a time"),
            ("-5", "expires_at", "must be epoch seconds or a time"),
            ("1769862896.5", "expires_at", "must be epoch seconds or a time"),
            ("２０２６-01-31", "expires_at", "must be epoch seconds or a time"),
            (
                "2026-01-31 12:00:00",
                "timezone",
                "must be given for a time without an offset",
            ),
            ("2026-01-31", "timezone", "must be given for a time without an offset"),
        ];
        for (given, argument, message) in cases {
            let error = text(given, None).unwrap_err();
            assert_eq!(error.argument, argument, "{given:?}: {error}");
            assert!(error.message.contains(message), "{given:?}: {error}");
        }
        let huge = text(&"x".repeat(1_000_000), None).unwrap_err();
        assert!(huge.message.len() < 300);
    }

    #[test]
    fn an_unknown_zone_is_named_even_where_it_is_not_needed() {
        for zone in [
            "Europe/Berln",
            "",
            "CEST",
            "+02:00",
            "Customized Time Zone",
            "Europe/Berlin\0",
        ] {
            for input in [TimeInput::Epoch(0), TimeInput::Text("2026-01-31 12:00:00".to_owned())] {
                let error = instant(&input, Some(zone), "expires_at").unwrap_err();
                assert_eq!(error.argument, "timezone");
                let name = zone.trim_end_matches('\0');
                assert!(error.message.contains(name), "{zone:?}: {error}");
            }
        }
    }

    #[test]
    fn numbers_are_seconds_and_instants_stay_what_they_are() {
        let far = UtcInstant::from_epoch(i64::MAX);
        assert_eq!(instant(&TimeInput::Instant(far), None, "expires_at"), Ok(far));
        for seconds in [0, -1, 1_769_862_896, LAST] {
            let read = instant(&TimeInput::Epoch(seconds), Some("Europe/Berlin"), "expires_at");
            assert_eq!(read, Ok(UtcInstant::from_epoch(seconds)));
        }
        for number in [1_769_862_896_000, LAST + 1, i64::MAX, i64::MIN] {
            let error = instant(&TimeInput::Epoch(number), None, "expires_at").unwrap_err();
            assert_eq!(error.argument, "expires_at");
            assert!(error.message.contains("not milliseconds"), "{error}");
        }
    }

    #[test]
    fn windows_names_become_iana_names() {
        let cases = [
            ("W. Europe Standard Time", Some("Europe/Berlin")),
            ("W. Mars Standard Time", None),
            ("Pacific Standard Time", Some("America/Los_Angeles")),
            ("Nepal Standard Time", Some("Asia/Kathmandu")),
            ("India Standard Time", Some("Asia/Kolkata")),
            ("FLE Standard Time", Some("Europe/Kyiv")),
            ("Europe/Berlin", Some("Europe/Berlin")),
            ("europe/berlin", Some("Europe/Berlin")),
            ("UTC", Some("UTC")),
            ("Customized Time Zone", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(iana_name(name), expected, "{name}");
        }
    }
}
