//! What was asked: counters per endpoint, the last requests, connections.
//!
//! Header fields that carry credentials are never kept; of a form only the names of its fields and the grant type are.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Map, Value, json};

use crate::exchange::{Request, find};

const KEPT: usize = 5_000;
const HEADERS: [&str; 12] = [
    "accept",
    "accept-encoding",
    "client-request-id",
    "connection",
    "content-type",
    "expect",
    "host",
    "origin",
    "prefer",
    "return-client-request-id",
    "user-agent",
    "x-ms-lib-capability",
];

#[derive(Debug, Default)]
struct Book {
    next: u64,
    endpoints: BTreeMap<String, u64>,
    last: VecDeque<Map<String, Value>>,
}

/// The record of requests.
#[derive(Debug)]
pub struct Journal {
    began: Instant,
    book: Mutex<Book>,
    connections: AtomicU64,
    handshakes: AtomicU64,
    resumed: AtomicU64,
    failed: AtomicU64,
    in_flight: AtomicU64,
    max_in_flight: AtomicU64,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            book: Mutex::default(),
            connections: AtomicU64::default(),
            handshakes: AtomicU64::default(),
            resumed: AtomicU64::default(),
            failed: AtomicU64::default(),
            in_flight: AtomicU64::default(),
            max_in_flight: AtomicU64::default(),
        }
    }
}

impl Journal {
    /// Milliseconds since the sandbox started, by a clock that nobody sets: waits are measured with it.
    fn elapsed_ms(&self) -> Value {
        u64::try_from(self.began.elapsed().as_millis())
            .unwrap_or(u64::MAX)
            .into()
    }

    /// Counts a TCP connection and gives it a number.
    pub fn connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Counts a TLS handshake.
    pub fn handshake(&self, resumed: bool) {
        (if resumed { &self.resumed } else { &self.handshakes }).fetch_add(1, Ordering::SeqCst);
    }

    /// Counts a TLS handshake the client broke off.
    pub fn failed_handshake(&self) {
        self.failed.fetch_add(1, Ordering::SeqCst);
    }

    /// Notes a request before it is handled; the number is for [`Journal::answered`].
    pub fn asked(&self, request: &Request, connection: u64, at: i64) -> u64 {
        let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.max_in_flight.fetch_max(now, Ordering::SeqCst);
        let endpoint = endpoint(request);
        let mut entry = Map::new();
        entry.insert("at".into(), at.into());
        entry.insert("asked_ms".into(), self.elapsed_ms());
        entry.insert("connection".into(), connection.into());
        entry.insert("method".into(), request.method.as_str().into());
        entry.insert("path".into(), request.path.clone().into());
        entry.insert("endpoint".into(), endpoint.clone().into());
        if request.path.starts_with("/graph/") {
            entry.insert("query".into(), request.query.clone().into());
        }
        let form = request
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if form {
            let fields = request.form();
            entry.insert(
                "fields".into(),
                fields.iter().map(|(name, _)| Value::from(name.as_str())).collect(),
            );
            for name in ["grant_type", "scope", "claims"] {
                if let Some(value) = find(&fields, name) {
                    entry.insert(name.into(), value.into());
                }
            }
        }
        if request.path.ends_with("/$batch") {
            entry.insert("items".into(), items(request).into());
        }
        let headers: Map<String, Value> = HEADERS
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), Value::from(request.header(name)?))))
            .collect();
        entry.insert("headers".into(), headers.into());
        entry.insert(
            "authorization".into(),
            request.headers.contains_key("authorization").into(),
        );
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.next += 1;
        let number = book.next;
        entry.insert("number".into(), number.into());
        *book.endpoints.entry(endpoint).or_default() += 1;
        if book.last.len() == KEPT {
            book.last.pop_front();
        }
        book.last.push_back(entry);
        number
    }

    /// Notes how a request ended: its status, or 0 when the connection was cut.
    pub fn answered(&self, number: u64, status: u16) {
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        let answered = self.elapsed_ms();
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = book
            .last
            .iter_mut()
            .rev()
            .find(|entry| entry.get("number") == Some(&number.into()))
        {
            entry.insert("status".into(), status.into());
            entry.insert("answered_ms".into(), answered);
        }
    }

    /// Everything but the gate's lanes.
    pub fn report(&self) -> Map<String, Value> {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let mut report = Map::new();
        report.insert("connections".into(), self.connections.load(Ordering::SeqCst).into());
        report.insert("full_handshakes".into(), self.handshakes.load(Ordering::SeqCst).into());
        report.insert("resumed_handshakes".into(), self.resumed.load(Ordering::SeqCst).into());
        report.insert("failed_handshakes".into(), self.failed.load(Ordering::SeqCst).into());
        report.insert("requests".into(), book.endpoints.values().sum::<u64>().into());
        report.insert("max_in_flight".into(), self.max_in_flight.load(Ordering::SeqCst).into());
        report.insert("endpoints".into(), json!(book.endpoints));
        report
    }

    /// The last requests, oldest first.
    pub fn last(&self) -> Vec<Value> {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.last.iter().cloned().map(Value::Object).collect()
    }

    /// Starts counting anew.
    pub fn forget(&self) {
        *self.book.lock().unwrap_or_else(PoisonError::into_inner) = Book::default();
        for counter in [&self.connections, &self.handshakes, &self.resumed, &self.failed] {
            counter.store(0, Ordering::SeqCst);
        }
        self.max_in_flight
            .store(self.in_flight.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

/// The request's endpoint with ids left out, for counting: `GET /me/mailFolders/{id}/messages`.
fn endpoint(request: &Request) -> String {
    let segments = request.segments();
    let mut shown = Vec::with_capacity(segments.len());
    let graph = segments.first().is_some_and(|first| first == "graph");
    for (position, segment) in segments.iter().enumerate() {
        let previous = position
            .checked_sub(1)
            .and_then(|at| segments.get(at))
            .map(String::as_str);
        match previous {
            _ if graph && position < 2 => {}
            Some("users") => shown.push("{user}".to_owned()),
            Some("mailFolders" | "childFolders" | "messages" | "attachments") if !fixed(segment) => {
                shown.push("{id}".to_owned());
            }
            _ if !graph && position == 0 => shown.push("{tenant}".to_owned()),
            _ => shown.push(segment.clone()),
        }
    }
    let mut name = format!("{} /{}", request.method, shown.join("/"));
    if name.ends_with("/token") {
        let form = request.form();
        name.push(' ');
        name.push_str(find(&form, "grant_type").unwrap_or("-"));
    }
    name
}

/// What a batch asks for: method and path of each item, in order.
fn items(request: &Request) -> Vec<String> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let text = |item: &Value, member: &str| item.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let requests = body.get("requests").and_then(Value::as_array);
    requests
        .into_iter()
        .flatten()
        .map(|item| {
            let url = text(item, "url");
            let path = url.split('?').next().unwrap_or_default();
            format!("{} {path}", text(item, "method"))
        })
        .collect()
}

fn fixed(segment: &str) -> bool {
    segment.starts_with('$') || segment == "delta" || segment == "delta()"
}
