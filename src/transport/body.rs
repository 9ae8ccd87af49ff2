//! Reading an answer's body: with a cap on its size, and an end to slow drips.
//!
//! The idle limit ends a server that sends nothing, the deadline ends one that sends for ever; [`Pace`] is for downloads, which have no
//! deadline: whoever sends less than [`LEAST_RATE`] for a whole idle limit is as good as silent.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use crate::transport::text::Text;
use crate::transport::{Stage, TransportError};

/// Bytes a second below which a download counts as stalled. The slowest line that Exchange is of any use on has ten times that.
pub const LEAST_RATE: u64 = 1024;

/// How fast a body comes, counting only the time spent waiting for it: a reader that takes a break makes no server slow.
#[derive(Debug)]
pub(super) struct Pace {
    window: Duration,
    waited: Duration,
    bytes: u64,
}

impl Pace {
    /// Judges each `window` of waiting by itself.
    pub(super) const fn new(window: Duration) -> Self {
        Self {
            window,
            waited: Duration::ZERO,
            bytes: 0,
        }
    }

    /// Notes `bytes` that took `waited`; false once a whole window brought too little.
    pub(super) fn moved(&mut self, bytes: u64, waited: Duration) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        self.waited = self.waited.saturating_add(waited);
        if self.waited < self.window {
            return true;
        }
        let enough = self.bytes >= LEAST_RATE.saturating_mul(self.waited.as_secs().max(1));
        self.waited = Duration::ZERO;
        self.bytes = 0;
        enough
    }
}

/// A body whose reads fail with a [`TransportError`] inside the [`io::Error`].
pub(super) struct Body<R> {
    inner: R,
    host: String,
    pace: Pace,
    until: Option<Instant>,
    explain: fn(&io::Error) -> (Stage, String),
}

impl<R: Read> Body<R> {
    /// `idle` is how long nothing may come (kept by `inner`), `until` when the whole body must be there.
    pub(super) fn new(
        inner: R,
        host: String,
        idle: Duration,
        until: Option<Instant>,
        explain: fn(&io::Error) -> (Stage, String),
    ) -> Self {
        Self {
            inner,
            host,
            pace: Pace::new(idle),
            until,
            explain,
        }
    }

    fn fail(&self, stage: Stage, reason: String) -> io::Error {
        io::Error::other(TransportError {
            stage,
            sent: true,
            host: self.host.clone(),
            reason,
        })
    }
}

impl<R: Read> Read for Body<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let began = Instant::now();
        if self.until.is_some_and(|until| began >= until) {
            return Err(self.fail(Stage::Timeout, "the answer did not end in time".to_owned()));
        }
        match self.inner.read(buffer) {
            Ok(count) => {
                let bytes = u64::try_from(count).unwrap_or(u64::MAX);
                if count > 0 && !self.pace.moved(bytes, began.elapsed()) {
                    return Err(self.fail(
                        Stage::Timeout,
                        format!("the answer came at less than {LEAST_RATE} bytes a second"),
                    ));
                }
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let (stage, reason) = (self.explain)(&error);
                Err(self.fail(stage, reason))
            }
        }
    }
}

/// The [`TransportError`] that a failed read of a response body carries (made up as broken, if it carries none).
pub fn read_error(error: &io::Error, host: &str) -> TransportError {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<TransportError>())
        .cloned()
        .unwrap_or_else(|| TransportError {
            stage: Stage::Broken,
            sent: true,
            host: host.to_owned(),
            reason: error.to_string(),
        })
}

/// Why a body is no such JSON as was expected.
#[derive(Debug)]
pub enum JsonError {
    /// It did not come whole, or is too large.
    Transport(TransportError),
    /// It came, and is something else.
    Json(serde_json::Error),
}

/// A value read from a JSON body of at most `limit` bytes, whole, which lets its connection be used again. Text and value are in memory
/// together for a moment: read byte by byte while it comes, the text of a long list took twice the time.
pub fn read_json<T: DeserializeOwned>(body: &mut dyn Read, limit: u64, host: &str) -> Result<T, JsonError> {
    let text = Text::read(body, limit).map_err(|error| JsonError::Transport(read_error(&error, host)))?;
    if is_over(text.len(), limit) {
        return Err(JsonError::Transport(too_large(limit, host)));
    }
    serde_json::from_slice(&text).map_err(JsonError::Json)
}

fn is_over(bytes: usize, limit: u64) -> bool {
    u64::try_from(bytes).unwrap_or(u64::MAX) > limit
}

fn too_large(limit: u64, host: &str) -> TransportError {
    TransportError {
        stage: Stage::TooLarge,
        sent: true,
        host: host.to_owned(),
        reason: format!("the answer is larger than {limit} bytes"),
    }
}

/// A whole body of at most `limit` bytes; one that is larger is [`Stage::TooLarge`] and is not read to its end.
pub fn read_all(body: &mut dyn Read, limit: u64, host: &str) -> Result<Vec<u8>, TransportError> {
    let mut bytes = Vec::new();
    body.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| read_error(&error, host))?;
    if is_over(bytes.len(), limit) {
        return Err(too_large(limit, host));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_over_its_cap_is_too_large_and_one_at_its_cap_is_whole() {
        let body = vec![7; 1000];
        assert_eq!(read_all(&mut body.as_slice(), 1000, "h").unwrap(), body);
        let error = read_all(&mut body.as_slice(), 999, "h").unwrap_err();
        assert_eq!((error.stage, error.sent), (Stage::TooLarge, true));
    }

    /// A body that stops coming.
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            let timeout = TransportError {
                stage: Stage::Timeout,
                sent: true,
                host: "h".to_owned(),
                reason: String::new(),
            };
            Err(io::Error::other(timeout))
        }
    }

    #[test]
    fn json_is_read_to_its_end_and_told_from_what_is_none() {
        let read = |text: &str, limit| {
            let mut rest = text.as_bytes();
            let value = read_json::<Vec<u32>>(&mut rest, limit, "h");
            (value, rest.len())
        };
        assert_eq!(read("[1, 2]\n ", 100).0.unwrap(), [1, 2]);
        assert_eq!(read("[1, 2]\n ", 100).1, 0, "the end was not read");
        assert!(matches!(read("[1, 2]", 5).0, Err(JsonError::Transport(error)) if error.stage == Stage::TooLarge));
        assert!(matches!(read("[1, 2", 100).0, Err(JsonError::Json(error)) if error.is_eof()));
        assert!(matches!(read("<html>", 100).0, Err(JsonError::Json(error)) if error.is_syntax()));
        assert!(matches!(read("[1, -2]", 100).0, Err(JsonError::Json(error)) if error.is_data()));

        let broken = read_json::<Vec<u32>>(&mut Broken, 100, "h");
        assert!(
            matches!(broken, Err(JsonError::Transport(error)) if error.stage == Stage::Timeout),
            "the stage was lost"
        );
    }

    #[test]
    fn a_drip_ends_after_one_window_and_a_slow_but_steady_line_does_not() {
        let window = Duration::from_mins(1);
        let second = Duration::from_secs(1);
        // bytes a second, seconds it may last (None: for ever)
        let cases = [(1, Some(60)), (1000, Some(60)), (1024, None), (50_000, None)];
        for (rate, end) in cases {
            let mut pace = Pace::new(window);
            let lasted = (1..=600).find(|_| !pace.moved(rate, second));
            assert_eq!(lasted, end, "{rate} bytes a second");
        }
    }

    #[test]
    fn a_reader_that_pauses_makes_no_server_slow() {
        let mut pace = Pace::new(Duration::from_secs(1));
        // Each read returns at once; whatever the reader does in between is not counted.
        assert!((0..10_000).all(|_| pace.moved(1, Duration::from_micros(10))));
    }
}
