//! Local times into UTC, and the question whether a stored expiry has passed (contract, section 4: `is_expired`, `to_utc`).

use crate::base::clock::UtcInstant;

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

/// The instant that `input` means; `argument` names the parameter in errors.
pub fn instant(_input: &TimeInput, _timezone: Option<&str>, _argument: &'static str) -> Result<UtcInstant, TimeError> {
    unimplemented!()
}

/// A naive local time of a zone (IANA or Windows name) as an instant.
pub fn to_utc(_local_time: &str, _timezone: &str) -> Result<UtcInstant, TimeError> {
    unimplemented!()
}

/// The IANA name for a Windows zone name; IANA names come back as they are. `None` if it is neither.
pub fn iana_name(_name: &str) -> Option<&'static str> {
    unimplemented!()
}
