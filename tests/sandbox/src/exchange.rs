//! One request and its answer, as the protocol code sees them: whole bodies in, whole or generated bodies out, no sockets.
//!
//! Keeping this apart from hyper lets a `$batch` item run through the same code as a request of its own.

use std::io::Write;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::mailbox::generated::Stream;

/// A request with its body read.
#[derive(Debug, Clone)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// The path as it came, still percent-encoded.
    pub path: String,
    /// The query string as it came, without the question mark.
    pub query: String,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Request {
    /// The path's segments, decoded *before* splitting: an encoded slash separates segments, as it does at Microsoft's
    /// gateways. `name('key')` becomes `name`, `key`.
    pub fn segments(&self) -> Vec<String> {
        let decoded = percent_decode_str(&self.path).decode_utf8_lossy();
        let mut segments = Vec::new();
        for segment in decoded.split('/').filter(|segment| !segment.is_empty()) {
            match segment
                .split_once("('")
                .and_then(|(name, rest)| Some((name, rest.strip_suffix("')")?)))
            {
                Some((name, key)) if !name.is_empty() => {
                    segments.push(name.to_owned());
                    segments.push(key.replace("''", "'"));
                }
                _ => segments.push(segment.to_owned()),
            }
        }
        segments
    }

    /// The query as decoded pairs.
    pub fn pairs(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .into_owned()
            .collect()
    }

    /// The body read as a form.
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// A header field as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The first value of `name` in decoded pairs.
pub fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

/// What an answer carries.
#[derive(Debug, Clone)]
pub enum Content {
    /// Bytes that are all there.
    Whole(Bytes),
    /// Bytes made while they are sent.
    Generated(Stream),
}

impl Content {
    /// How many bytes this is.
    pub fn len(&self) -> u64 {
        match self {
            Self::Whole(bytes) => bytes.len() as u64,
            Self::Generated(stream) => stream.len(),
        }
    }

    /// Everything in memory.
    pub fn collect(self) -> Bytes {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Generated(stream) => {
                let mut all = Vec::with_capacity(usize::try_from(stream.len()).unwrap_or_default());
                for chunk in stream {
                    all.extend_from_slice(&chunk);
                }
                all.into()
            }
        }
    }
}

/// An answer before it is put on the wire.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// Header fields beside those every answer gets.
    pub headers: HeaderMap,
    /// The body.
    pub content: Content,
}

/// A body as text: written at once, where `Display` would do it in thousands of small pieces.
pub fn text(body: &Value) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}

impl Answer {
    /// An answer without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            content: Content::Whole(Bytes::new()),
        }
    }

    /// An answer with a body of the given media type.
    pub fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut answer = Self::empty(status);
        answer
            .headers
            .insert("content-type", HeaderValue::from_static(content_type));
        answer.content = Content::Whole(body.into());
        answer
    }

    /// A JSON answer as Entra sends it.
    pub fn json(status: StatusCode, body: &Value) -> Self {
        Self::new(status, "application/json; charset=utf-8", text(body))
    }

    /// An HTML page.
    pub fn html(status: StatusCode, body: String) -> Self {
        Self::new(status, "text/html; charset=utf-8", body)
    }

    /// A redirect by GET.
    pub fn redirect(location: &str) -> Self {
        Self::empty(StatusCode::FOUND).with("location", location)
    }

    /// Adds (or replaces) a header field; a value no header can hold is left out.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// Adds a header field beside others of that name.
    #[must_use]
    pub fn and(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            self.headers.append(HeaderName::from_static(name), value);
        }
        self
    }

    /// Compressed, where it is JSON worth compressing.
    #[must_use]
    pub fn compressed(mut self) -> Self {
        let json = self
            .headers
            .get("content-type")
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        if let Content::Whole(bytes) = &self.content
            && json
            && bytes.len() > 512
        {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            if encoder.write_all(bytes).is_ok()
                && let Ok(packed) = encoder.finish()
            {
                self.content = Content::Whole(packed.into());
                return self.with("content-encoding", "gzip").with("vary", "Accept-Encoding");
            }
        }
        self
    }

    /// The body as JSON, if it is that.
    pub fn as_json(&self) -> Option<Value> {
        match &self.content {
            Content::Whole(bytes) => serde_json::from_slice(bytes).ok(),
            Content::Generated(_) => None,
        }
    }
}
