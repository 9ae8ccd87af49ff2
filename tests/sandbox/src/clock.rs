//! The sandbox's own clock, so that a test can make an hour or ninety days pass, or let the server's clock be wrong.
//!
//! Everything with a date reads it: the `Date` header, token lifetimes, received times. Waits (latency, slow bodies)
//! use real time.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// How far the sandbox's time is from the machine's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Seconds added to the machine's time.
    #[serde(default)]
    pub offset: i64,
    /// When set, time stands still at this UTC second and `offset` has no say.
    #[serde(default)]
    pub frozen: Option<i64>,
}

/// A clock that can be set, stopped and pushed.
#[derive(Debug, Default)]
pub struct Clock(Mutex<Setting>);

impl Clock {
    /// The current UTC second.
    pub fn now(&self) -> i64 {
        let setting = self.setting();
        setting
            .frozen
            .unwrap_or_else(|| machine_seconds().saturating_add(setting.offset))
    }

    /// How the clock is set.
    pub fn setting(&self) -> Setting {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the clock.
    pub fn set(&self, setting: Setting) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = setting;
    }

    /// Pushes the clock by `seconds`, which may be negative.
    pub fn advance(&self, seconds: i64) {
        let mut setting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut setting.frozen {
            Some(frozen) => *frozen = frozen.saturating_add(seconds),
            None => setting.offset = setting.offset.saturating_add(seconds),
        }
    }
}

/// The machine's UTC second.
pub fn machine_seconds() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |passed| i64::try_from(passed.as_secs()).unwrap_or(i64::MAX))
}

/// A UTC second as a date; seconds outside of what a date can hold become the epoch.
pub fn date(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

/// `2026-11-23T20:12:01Z`, the form of Graph's timestamps.
pub fn iso(seconds: i64) -> String {
    date(seconds).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// `2026-11-23 20:12:01Z`, the form of Entra's timestamps.
pub fn entra(seconds: i64) -> String {
    date(seconds).format("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// `2026-11-23T20:12:01`, the form of Graph's `innerError.date`.
pub fn zoneless(seconds: i64) -> String {
    date(seconds).format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// `Mon, 23 Nov 2026 20:12:01 GMT`, the form of HTTP headers.
pub fn http(seconds: i64) -> String {
    date(seconds).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_when_pushed() {
        let clock = Clock::default();
        clock.set(Setting {
            offset: 0,
            frozen: Some(1_000),
        });
        clock.advance(60);
        assert_eq!(clock.now(), 1_060);
        assert_eq!(iso(clock.now()), "1970-01-01T00:17:40Z");
    }
}
