//! Bytes of any number, streamed to wherever the caller wants them.
//!
//! A chunk is in memory at a time, whatever the size. A download has no deadline, because nobody knows how large it is; the
//! transport ends one that hardly moves.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};

use crate::graph::client::{Call, Client, is_from_graph};
use crate::graph::error::GraphError;
use crate::graph::retry::Repeat;
use crate::transport::body;

/// How many bytes of a download are held in memory at a time.
const CHUNK: usize = 64 << 10;

/// Where the bytes of a download go. A download that broke is begun again, so a sink can be emptied.
pub trait Sink: Write {
    /// Drops everything written so far.
    fn restart(&mut self) -> io::Result<()>;
}

impl Sink for Vec<u8> {
    fn restart(&mut self) -> io::Result<()> {
        self.clear();
        Ok(())
    }
}

impl Sink for File {
    fn restart(&mut self) -> io::Result<()> {
        self.set_len(0)?;
        self.seek(SeekFrom::Start(0)).map(|_| ())
    }
}

impl Client {
    /// Streams bytes into `sink`; how many. A download that breaks is begun again with an emptied sink.
    pub fn download(&self, path: &[&str], max_bytes: Option<u64>, sink: &mut dyn Sink) -> Result<u64, GraphError> {
        let call = Call {
            raw: true,
            ..Call::new(Method::GET, self.url(path, &[])?, Repeat::Freely)
        };
        let mut begun = false;
        self.answer(&call, &mut |mut response| {
            if is_a_page(&response.headers) {
                return Err(GraphError::unreadable(
                    "a page of something on the way came in place of the bytes",
                    true,
                    self.now(),
                ));
            }
            if std::mem::replace(&mut begun, true) {
                sink.restart().map_err(|error| GraphError::sink(&error, self.now()))?;
            }
            self.copy(&mut *response.body, max_bytes, sink)
        })
    }

    fn copy(&self, body: &mut dyn Read, max_bytes: Option<u64>, sink: &mut dyn Sink) -> Result<u64, GraphError> {
        let mut chunk = vec![0; CHUNK];
        let mut copied: u64 = 0;
        loop {
            self.check()?;
            let count = match body.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let error = body::read_error(&error, self.host());
                    return Err(GraphError::transport(error, self.now()));
                }
            };
            copied = copied.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
            if let Some(limit) = max_bytes.filter(|limit| copied > *limit) {
                return Err(GraphError::too_large(limit, self.now()));
            }
            sink.write_all(chunk.get(..count).unwrap_or_default())
                .map_err(|error| GraphError::sink(&error, self.now()))?;
        }
        sink.flush().map_err(|error| GraphError::sink(&error, self.now()))?;
        Ok(copied)
    }
}

/// A proxy or a guest network's portal answers with success, too, and its page must never become somebody's mail. HTML and JSON are
/// believed only from Graph itself.
fn is_a_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let suspicious = kind.is_some_and(|kind| {
        let kind = kind.to_ascii_lowercase();
        kind.contains("html") || kind.contains("json")
    });
    suspicious && !is_from_graph(headers)
}
