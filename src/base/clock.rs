//! Time as integer seconds in UTC, and the clock it is read from.
//!
//! An instant is a newtype so that local times, durations and instants can not be mixed up: exactly that mix-up made tokens
//! "expire although the job runs". Nothing here reads a zone from the process.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat};
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// A point in time: whole seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UtcInstant(i64);

impl UtcInstant {
    /// The instant that lies `seconds` after the epoch (before it, if negative).
    pub const fn from_epoch(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    pub const fn epoch(self) -> i64 {
        self.0
    }

    /// The instant `seconds` later (earlier, if negative); stops at the ends of the range instead of wrapping.
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this instant; negative if `earlier` lies after it.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// RFC 3339 with `Z`, whole seconds; instants outside years 0–9999 are clamped to the nearest that can be written.
    pub fn to_rfc3339(self) -> String {
        /// 0000-01-01T00:00:00Z
        const FIRST: i64 = -62_167_219_200;
        /// 9999-12-31T23:59:59Z
        const LAST: i64 = 253_402_300_799;
        DateTime::from_timestamp(self.0.clamp(FIRST, LAST), 0)
            .unwrap_or(DateTime::UNIX_EPOCH)
            .to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// Reads RFC 3339 (any offset, any number of fraction digits, which are dropped). `None` if it is not that.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|time| Self(time.timestamp()))
    }
}

/// Where "now" comes from. A parameter everywhere, so that each decision can be tested at any time of any day.
pub trait Clock: Send + Sync {
    /// The wall clock, UTC. May jump in either direction.
    fn now(&self) -> UtcInstant;

    /// Time since the machine booted, sleep included (`CLOCK_BOOTTIME`): never jumps, means nothing on another machine.
    fn since_boot(&self) -> Duration;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UtcInstant {
        let seconds = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
        };
        UtcInstant(seconds)
    }

    fn since_boot(&self) -> Duration {
        // The call can only fail for a clock the kernel does not know; every kernel since 2.6.39 knows this one.
        clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_3339_is_written_with_z_and_read_with_any_offset() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ];
        for (epoch, text) in cases {
            assert_eq!(UtcInstant::from_epoch(epoch).to_rfc3339(), text);
            assert_eq!(UtcInstant::from_rfc3339(text), Some(UtcInstant(epoch)));
        }
        assert_eq!(
            UtcInstant::from_rfc3339("2023-11-14T23:13:20.1234567+01:00"),
            Some(UtcInstant(1_700_000_000))
        );
        assert_eq!(UtcInstant::from_rfc3339("2023-11-14 22:13"), None);
    }

    #[test]
    fn arithmetic_stops_at_the_ends() {
        assert_eq!(UtcInstant(i64::MAX).plus(1), UtcInstant(i64::MAX));
        assert_eq!(UtcInstant(i64::MIN).since(UtcInstant(1)), i64::MIN);
        assert_eq!(UtcInstant(i64::MAX).to_rfc3339(), "9999-12-31T23:59:59Z");
    }
}
