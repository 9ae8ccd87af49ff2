//! What is worth telling an operator, without saying where it goes.
//!
//! Records hold facts (account, request id, duration), never a token, code, secret or mail text: there is no way to log a
//! [`Secret`](crate::base::secret::Secret), and callers pass no message contents.

use std::fmt;

/// PSR-3's levels, most urgent last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Detailed information for debugging.
    Debug,
    /// Interesting events.
    Info,
    /// Normal but significant events.
    Notice,
    /// Exceptional occurrences that are not errors.
    Warning,
    /// Errors that need no immediate action.
    Error,
    /// Critical conditions.
    Critical,
    /// Action must be taken immediately.
    Alert,
    /// The system is unusable.
    Emergency,
}

impl Level {
    /// The level's name as PSR-3 spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
            Self::Alert => "alert",
            Self::Emergency => "emergency",
        }
    }

    /// From PSR-3's name; `None` for anything else.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Debug,
            Self::Info,
            Self::Notice,
            Self::Warning,
            Self::Error,
            Self::Critical,
            Self::Alert,
            Self::Emergency,
        ]
        .into_iter()
        .find(|level| level.name() == name)
    }
}

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Record {
    /// How urgent it is.
    pub level: Level,
    /// A short English sentence without values; they are in `context`.
    pub message: &'static str,
    /// Names and values, in order.
    pub context: Vec<(&'static str, String)>,
}

/// Where records go. Must not block for long and must not fail.
pub trait Log: Send + Sync {
    /// Whether records of `level` are wanted; lets a caller skip building one.
    fn wants(&self, level: Level) -> bool;

    /// Takes one record.
    fn write(&self, record: Record);
}

impl dyn Log + '_ {
    /// Writes a record if its level is wanted.
    pub fn event(&self, level: Level, message: &'static str, context: &[(&'static str, &dyn fmt::Display)]) {
        if self.wants(level) {
            let context = context.iter().map(|(name, value)| (*name, value.to_string())).collect();
            self.write(Record {
                level,
                message,
                context,
            });
        }
    }
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLog;

impl Log for NoLog {
    fn wants(&self, _level: Level) -> bool {
        false
    }

    fn write(&self, _record: Record) {}
}
