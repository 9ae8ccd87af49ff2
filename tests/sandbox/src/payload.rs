//! The body of an answer on the wire: whole or generated, at full speed or dripping, complete or cut short.
//!
//! The place in the mailbox's lane is given back when the last bytes leave for the socket, not when the socket has them:
//! a client that has read its answer must find the place free.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use crate::exchange::Content;
use crate::faults::Drip;
use crate::gate::Permit;

/// Bytes handed to the socket at a time.
const PIECE: usize = 64 * 1024;

/// Why a body ends early: a fault asked for it.
#[derive(Debug)]
pub struct CutShort;

impl std::fmt::Display for CutShort {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the body was cut short on purpose")
    }
}

impl std::error::Error for CutShort {}

/// A body for hyper.
#[derive(Debug)]
pub struct Payload {
    content: Content,
    rest: Bytes,
    length: u64,
    left: u64,
    cut_after: Option<u64>,
    drip: Option<Drip>,
    pause: Option<Pin<Box<Sleep>>>,
    permit: Option<Permit>,
    chunked: bool,
}

impl Payload {
    /// A body that sends `content`, slowly if `drip` says so, and breaks off after `cut_after` bytes.
    pub fn new(content: Content, drip: Option<Drip>, cut_after: Option<u64>, permit: Option<Permit>) -> Self {
        let length = content.len();
        // A body without bytes is never polled.
        let permit = permit.filter(|_| length > 0);
        Self {
            content,
            rest: Bytes::new(),
            length,
            left: length,
            cut_after,
            drip,
            pause: None,
            permit,
            chunked: false,
        }
    }

    /// As [`Payload::new`], without telling its length beforehand.
    #[must_use]
    pub fn chunked(mut self, chunked: bool) -> Self {
        self.chunked = chunked;
        self
    }

    fn next_chunk(&mut self) -> Option<Bytes> {
        if self.rest.is_empty() {
            self.rest = match &mut self.content {
                Content::Whole(bytes) => std::mem::take(bytes),
                Content::Generated(stream) => stream.next()?,
            };
        }
        if self.rest.is_empty() {
            return None;
        }
        // In pieces, so that a place in flight is held for as long as a large body is under way.
        let mut take = self.rest.len().min(PIECE);
        if let Some(drip) = self.drip {
            take = take.min(drip.bytes.max(1));
        }
        if let Some(cut) = self.cut_after {
            let sent = self.length - self.left;
            take = take.min(usize::try_from(cut.saturating_sub(sent)).unwrap_or(usize::MAX));
        }
        Some(self.rest.split_to(take))
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        if let Some(pause) = &mut self.pause {
            if pause.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.pause = None;
        }
        if self.cut_after.is_some_and(|cut| self.length - self.left >= cut) {
            self.permit = None;
            return Poll::Ready(Some(Err(CutShort)));
        }
        let Some(chunk) = self.next_chunk() else {
            self.permit = None;
            return Poll::Ready(None);
        };
        self.left = self.left.saturating_sub(chunk.len() as u64);
        if self.left == 0 {
            self.permit = None;
        } else if self.cut_after.is_some_and(|cut| self.length - self.left >= cut) {
            // Gives the connection a moment to send what it has before it breaks.
            self.pause = Some(Box::pin(tokio::time::sleep(Duration::from_millis(30))));
        } else if let Some(drip) = self.drip {
            self.pause = Some(Box::pin(tokio::time::sleep(Duration::from_millis(drip.interval_ms))));
        }
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0 && self.cut_after.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        if self.chunked && self.left > 0 {
            SizeHint::new()
        } else {
            SizeHint::with_exact(self.left)
        }
    }
}
