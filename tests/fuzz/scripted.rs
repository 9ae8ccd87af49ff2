//! A server that answers what it was told to, for targets that reach their parser through a request, and the place and time they run in.

use std::io::Cursor;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use squeeze_graph::base::budget::Budget;
use squeeze_graph::base::cancel::CancelToken;
use squeeze_graph::base::clock::{Clock, UtcInstant};
use squeeze_graph::base::failure;
use squeeze_graph::base::log::NoLog;
use squeeze_graph::base::random::OsRandom;
use squeeze_graph::base::secret::Secret;
use squeeze_graph::graph::client::{Client, Environment};
use squeeze_graph::graph::path::Mailbox;
use squeeze_graph::graph::tokens::{Renewed, Tokens};
use squeeze_graph::transport::{Request, Response, Transport, TransportError};
use tempfile::TempDir;
use url::Url;

/// The time of all targets: Tue, 14 Nov 2023 22:13:20 GMT.
pub const NOW: UtcInstant = UtcInstant::from_epoch(1_700_000_000);

/// Stands still.
pub struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> UtcInstant {
        NOW
    }

    fn since_boot(&self) -> Duration {
        Duration::ZERO
    }
}

/// A folder in memory, where the system has such a place: for targets that write thousands of files or commits.
pub fn in_memory() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

/// Answers the first request with one body, all later ones with another, and keeps where they went.
pub struct Script {
    status: StatusCode,
    first: Mutex<Option<Vec<u8>>>,
    later: &'static str,
    asked: Mutex<Vec<Url>>,
}

impl Script {
    pub fn new(status: StatusCode, first: &[u8], later: &'static str) -> Self {
        Self {
            status,
            first: Mutex::new(Some(first.to_vec())),
            later,
            asked: Mutex::new(Vec::new()),
        }
    }

    /// Where all requests went.
    pub fn asked(&self) -> Vec<Url> {
        self.asked.lock().unwrap().clone()
    }
}

impl Transport for Script {
    fn send(&self, request: Request, _cancel: &CancelToken) -> Result<Response, TransportError> {
        self.asked.lock().unwrap().push(request.url);
        let first = self.first.lock().unwrap().take();
        let status = if first.is_some() { self.status } else { StatusCode::OK };
        let body = first.unwrap_or_else(|| self.later.as_bytes().to_vec());
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // Keeps a refused request from being repeated after a pause.
        headers.insert(RETRY_AFTER, HeaderValue::from_static("3600"));
        Ok(Response {
            status,
            headers,
            body: Box::new(Cursor::new(body)),
        })
    }
}

struct OneToken;

impl Tokens for OneToken {
    fn current(&self) -> failure::Result<Secret> {
        Ok(Secret::new("token"))
    }

    fn after_rejection(&self, _rejected: &Secret, _challenges: &[String]) -> failure::Result<Renewed> {
        Ok(Renewed {
            token: Secret::new("another"),
            answers: true,
        })
    }
}

/// Where the script pretends to be.
pub const GRAPH: &str = "https://graph.microsoft.com/v1.0";

/// A client that talks to the script and never waits.
pub fn client(script: &Arc<Script>) -> Client {
    let environment = Environment {
        transport: script.clone(),
        clock: Arc::new(StoppedClock),
        random: Arc::new(OsRandom),
        log: Arc::new(NoLog),
        cancel: CancelToken::new(),
        budget: Arc::new(Budget::new(Duration::ZERO)),
        concurrency: 4,
        idle: Duration::from_secs(1),
    };
    Client::new(
        environment,
        Url::parse(GRAPH).unwrap(),
        Mailbox::Me,
        &["fuzz".to_owned()],
        Arc::new(OneToken),
    )
}
