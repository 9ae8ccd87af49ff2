//! Graph's ids: long, opaque, case-sensitive, URL-safe base64 with padding.
//!
//! A mutable message id holds the message's generation, so it dies with every move. An immutable id does not, and lives.

use std::cell::RefCell;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use ring::digest::{Context, SHA256, digest};

use super::error::GraphError;

const FILLER: usize = 60;
const MARK: usize = 16;
const LENGTH: usize = FILLER + MARK + 1 + 8 + 4 + 2 + MARK;

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Folder,
    /// A message, by an id that dies with a move.
    Mutable,
    /// A message, by an id that lives.
    Immutable,
}

/// An id, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id {
    /// What kind of thing.
    pub kind: Kind,
    /// Its number.
    pub key: u64,
    /// The generation in a mutable id.
    pub generation: u32,
    /// An attachment's position plus one; 0 for the message itself.
    pub part: u16,
}

impl Id {
    const fn tag(self) -> u8 {
        match self.kind {
            Kind::Folder => 1,
            Kind::Mutable => 2,
            Kind::Immutable => 3,
        }
    }

    const fn prefix(self) -> &'static str {
        match self.kind {
            Kind::Folder | Kind::Mutable => "AAMk",
            Kind::Immutable => "AAkA",
        }
    }

    /// The id as text, in the mailbox with this GUID.
    pub fn write(self, mailbox: &str) -> String {
        let filler = filler(mailbox);
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend_from_slice(&filler);
        bytes.push(self.tag());
        bytes.extend_from_slice(&self.key.to_be_bytes());
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes.extend_from_slice(&self.part.to_be_bytes());
        let mark = digest(&SHA256, &bytes);
        bytes.extend_from_slice(mark.as_ref().get(..MARK).unwrap_or_default());
        format!("{}{}", self.prefix(), URL_SAFE.encode(bytes))
    }

    /// Reads an id. One of another mailbox is not found; what is no id at all is malformed.
    pub fn read(text: &str, mailbox: &str) -> Result<Self, GraphError> {
        let body = text
            .strip_prefix("AAMk")
            .or_else(|| text.strip_prefix("AAkA"))
            .ok_or_else(GraphError::malformed_id)?;
        let bytes = URL_SAFE.decode(body).map_err(|_| GraphError::malformed_id())?;
        let (signed, mark) = bytes
            .split_at_checked(LENGTH - MARK)
            .ok_or_else(GraphError::malformed_id)?;
        if digest(&SHA256, signed).as_ref().get(..MARK) != Some(mark) {
            return Err(GraphError::malformed_id());
        }
        let (filled, rest) = signed.split_at(FILLER + MARK);
        let number = |range: std::ops::Range<usize>| {
            rest.get(range)
                .unwrap_or_default()
                .iter()
                .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
        };
        let kind = match number(0..1) {
            1 => Kind::Folder,
            2 => Kind::Mutable,
            3 => Kind::Immutable,
            _ => return Err(GraphError::malformed_id()),
        };
        let id = Self {
            kind,
            key: number(1..9),
            generation: u32::try_from(number(9..13)).unwrap_or_default(),
            part: u16::try_from(number(13..15)).unwrap_or_default(),
        };
        if !text.starts_with(id.prefix()) {
            return Err(GraphError::malformed_id());
        }
        if filled == filler(mailbox) {
            Ok(id)
        } else {
            Err(GraphError::not_found())
        }
    }
}

thread_local! {
    /// A page of messages has two ids for each, all of one mailbox.
    static LAST: RefCell<(String, Vec<u8>)> = RefCell::default();
}

/// What all ids of a mailbox have in common.
fn filler(mailbox: &str) -> Vec<u8> {
    LAST.with_borrow_mut(|(known, bytes)| {
        if known != mailbox || bytes.is_empty() {
            mailbox.clone_into(known);
            *bytes = made(mailbox);
        }
        bytes.clone()
    })
}

fn made(mailbox: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(FILLER + MARK);
    for round in 0_u8..3 {
        let mut context = Context::new(&SHA256);
        context.update(&[round]);
        context.update(mailbox.as_bytes());
        bytes.extend_from_slice(context.finish().as_ref());
    }
    bytes.truncate(FILLER + MARK);
    bytes
}

/// A folder's id.
pub fn folder(mailbox: &str, key: u64) -> String {
    Id {
        kind: Kind::Folder,
        key,
        generation: 0,
        part: 0,
    }
    .write(mailbox)
}

/// A message's id.
pub fn message(mailbox: &str, key: u64, generation: u32, immutable: bool) -> String {
    part(mailbox, key, generation, immutable, 0)
}

/// An attachment's id; `part` is its position plus one.
pub fn part(mailbox: &str, key: u64, generation: u32, immutable: bool, part: u16) -> String {
    let (kind, generation) = if immutable {
        (Kind::Immutable, 0)
    } else {
        (Kind::Mutable, generation)
    };
    Id {
        kind,
        key,
        generation,
        part,
    }
    .write(mailbox)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_long_case_sensitive_and_bound_to_its_mailbox() {
        let text = message("box", 42, 3, false);
        assert!(text.len() > 120 && text.ends_with('='), "{text}");
        let id = Id::read(&text, "box").expect("its own id");
        assert_eq!((id.kind, id.key, id.generation), (Kind::Mutable, 42, 3));
        assert_eq!(
            Id::read(&text, "other").expect_err("another mailbox").code,
            "ErrorItemNotFound"
        );
        for wrong in [
            text.to_lowercase(),
            text.replace('=', ""),
            text[1..].to_owned(),
            "inbox".into(),
            String::new(),
        ] {
            assert_eq!(
                Id::read(&wrong, "box").expect_err("no id").code,
                "ErrorInvalidIdMalformed",
                "{wrong}"
            );
        }
        assert_ne!(message("box", 42, 4, false), text);
        assert_eq!(message("box", 42, 4, true), message("box", 42, 3, true));
    }
}
