//! Reading a time as it is written: RFC 3339 with the liberties that databases and PHP take.
//!
//! Only forms with one reading: year first, so that day and month can not change places; no words, no two-digit years. Fractions of a
//! second are dropped, because everything here counts whole seconds.

use chrono::{Duration, NaiveDate, NaiveDateTime};

/// What stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Digits only: seconds since the epoch.
    Epoch(i64),
    /// A local time with its distance from UTC, in seconds.
    Offset {
        /// The local time.
        local: NaiveDateTime,
        /// Seconds east of UTC.
        offset: i64,
    },
    /// A local time of a zone that is not named.
    Local(NaiveDateTime),
}

/// Why nothing can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// Nothing stands there.
    Empty,
    /// A date that databases write for "none".
    ZeroDate,
    /// A number beyond all seconds.
    TooLarge,
    /// Anything else.
    NotATime,
}

/// Reads a trimmed text.
pub fn read(text: &str) -> Result<Written, Unreadable> {
    if text.is_empty() {
        return Err(Unreadable::Empty);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map(Written::Epoch).map_err(|_| Unreadable::TooLarge);
    }
    let mut rest = Reader(text);
    let (year, month, day) = rest.date().ok_or(Unreadable::NotATime)?;
    if year == 0 || month == 0 || day == 0 {
        return Err(Unreadable::ZeroDate);
    }
    let date = i32::try_from(year)
        .ok()
        .and_then(|year| NaiveDate::from_ymd_opt(year, month, day));
    let date = date.ok_or(Unreadable::NotATime)?;
    rest.after(date).ok_or(Unreadable::NotATime)
}

/// What is still to be read; every method takes its part from the front.
struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn date(&mut self) -> Option<(u32, u32, u32)> {
        let year = self.digits(4)?;
        self.sign("-")?;
        let month = self.digits(2)?;
        self.sign("-")?;
        Some((year, month, self.digits(2)?))
    }

    /// What follows the date: nothing, or a time with or without an offset.
    fn after(&mut self, date: NaiveDate) -> Option<Written> {
        if self.0.is_empty() {
            return date.and_hms_opt(0, 0, 0).map(Written::Local);
        }
        self.sign(" Tt")?;
        let local = self.time(date)?;
        if self.0.is_empty() {
            return Some(Written::Local(local));
        }
        self.0 = self.0.trim_start_matches(' ');
        let offset = self.offset()?;
        self.0.is_empty().then_some(Written::Offset { local, offset })
    }

    /// `12:34`, `12:34:56` or `12:34:56.789`. A leap second (RFC 3339 section 5.7) is the first second of the next minute.
    fn time(&mut self, date: NaiveDate) -> Option<NaiveDateTime> {
        let hour = self.digits(2)?;
        self.sign(":")?;
        let minute = self.digits(2)?;
        if self.sign(":").is_none() {
            return date.and_hms_opt(hour, minute, 0);
        }
        let second = self.digits(2)?;
        if self.sign(".,").is_some() {
            let fraction = self.0.trim_start_matches(|digit: char| digit.is_ascii_digit());
            if fraction.len() == self.0.len() {
                return None;
            }
            self.0 = fraction;
        }
        let leap = second == 60;
        let time = date.and_hms_opt(hour, minute, if leap { 59 } else { second })?;
        time.checked_add_signed(Duration::seconds(i64::from(leap)))
    }

    /// `Z`, `UTC`, `GMT`, `+02:00`, `+0200` or `+02`, in seconds.
    fn offset(&mut self) -> Option<i64> {
        if ["z", "utc", "gmt"].iter().any(|name| self.0.eq_ignore_ascii_case(name)) {
            self.0 = "";
            return Some(0);
        }
        let sign = if self.sign("+").is_some() {
            1
        } else {
            self.sign("-")?;
            -1
        };
        let hours = self.digits(2)?;
        let colon = self.sign(":").is_some();
        let minutes = if self.0.is_empty() && !colon {
            0
        } else {
            self.digits(2)?
        };
        (hours < 24 && minutes < 60).then_some(sign * i64::from(hours * 3600 + minutes * 60))
    }

    /// Exactly so many ASCII digits.
    fn digits(&mut self, count: usize) -> Option<u32> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.0 = rest;
        digits.parse().ok()
    }

    /// One of the characters in `any`.
    fn sign(&mut self, any: &str) -> Option<()> {
        let first = self.0.chars().next().filter(|first| any.contains(*first))?;
        self.0 = self.0.get(first.len_utf8()..)?;
        Some(())
    }
}
