//! One message: what Exchange knows of it, and where its MIME comes from.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::generated::{Generated, Recipe, Stream};
use super::mime::{self, Part, Summary};
use crate::exchange::Content;

/// Where a message's bytes are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Kept in memory.
    Inline(Arc<Mime>),
    /// In a file that stays where it is, read when wanted.
    File(Arc<File>),
    /// Made on the fly.
    Generated(Arc<Generated>),
}

/// MIME bytes with what was read from them.
#[derive(Debug)]
pub struct Mime {
    bytes: Bytes,
    summary: Summary,
}

impl Serialize for Mime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.bytes))
    }
}

impl<'de> Deserialize<'de> for Mime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(serde::de::Error::custom)?;
        Ok(Self {
            summary: mime::summarise(&bytes),
            bytes: bytes.into(),
        })
    }
}

/// A file of MIME with what was read from it.
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    summary: Summary,
}

impl Serialize for File {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.path.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for File {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = PathBuf::deserialize(deserializer)?;
        let bytes = std::fs::read(&path).unwrap_or_default();
        Ok(Self {
            summary: mime::summarise(&bytes),
            path,
        })
    }
}

impl Source {
    /// Bytes kept in memory.
    pub fn inline(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self::Inline(Arc::new(Mime {
            summary: mime::summarise(&bytes),
            bytes,
        }))
    }

    /// A file, read now for its properties and again whenever its bytes are wanted.
    pub fn file(path: PathBuf) -> std::io::Result<Self> {
        let bytes = std::fs::read(&path)?;
        Ok(Self::File(Arc::new(File {
            summary: mime::summarise(&bytes),
            path,
        })))
    }

    /// Made on the fly by a recipe.
    pub fn generated(recipe: Recipe) -> Self {
        Self::Generated(Arc::new(recipe.into()))
    }

    /// What is known without touching the bytes.
    pub fn summary(&self) -> &Summary {
        match self {
            Self::Inline(mime) => &mime.summary,
            Self::File(file) => &file.summary,
            Self::Generated(generated) => &generated.summary,
        }
    }

    /// The MIME, byte for byte.
    pub fn mime(&self) -> Content {
        match self {
            Self::Inline(mime) => Content::Whole(mime.bytes.clone()),
            Self::File(file) => Content::Whole(std::fs::read(&file.path).unwrap_or_default().into()),
            Self::Generated(generated) => Content::Generated(Stream::mime(generated.recipe)),
        }
    }

    /// The bytes of the attachment at `position` of [`Summary::parts`].
    pub fn part(&self, position: usize) -> Content {
        match self {
            Self::Generated(generated) => Content::Generated(Stream::attachment(generated.recipe)),
            Self::Inline(_) | Self::File(_) => {
                Content::Whole(mime::part_bytes(&self.mime().collect(), position).into())
            }
        }
    }
}

/// Outlook's follow-up flag.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Flag {
    /// None.
    #[default]
    NotFlagged,
    /// To do.
    Flagged,
    /// Done.
    Complete,
}

/// A link to a file elsewhere, listed among the attachments.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reference {
    /// The file's name.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Bytes, as metadata only.
    pub size: u64,
}

/// A message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    /// Its number, which survives moves.
    pub key: u64,
    /// The folder it lies in.
    pub folder: u64,
    /// Counts its moves; part of the mutable id.
    pub generation: u32,
    /// The number of its latest change; Graph's change key is made from it.
    pub changed: u64,
    /// UTC second of arrival; none for drafts.
    pub received: Option<i64>,
    /// UTC second of creation.
    pub created: i64,
    /// UTC second of the latest change.
    pub modified: i64,
    /// Read.
    pub is_read: bool,
    /// Not yet sent.
    pub is_draft: bool,
    /// Category names.
    pub categories: Vec<String>,
    /// The follow-up flag.
    pub flag: Flag,
    /// `low`, `normal`, `high`.
    pub importance: String,
    /// `focused`, `other`.
    pub inference: String,
    /// A subject set by an edit of a draft.
    pub subject: Option<String>,
    /// Links among the attachments.
    pub references: Vec<Reference>,
    /// Where the bytes are.
    pub source: Source,
}

impl Message {
    /// A new, unread message.
    pub fn new(key: u64, folder: u64, source: Source, received: Option<i64>, now: i64, changed: u64) -> Self {
        let importance = source.summary().importance.clone();
        Self {
            key,
            folder,
            generation: 0,
            changed,
            received,
            created: received.unwrap_or(now),
            modified: received.unwrap_or(now),
            is_read: false,
            is_draft: false,
            categories: Vec::new(),
            flag: Flag::NotFlagged,
            importance,
            inference: "focused".to_owned(),
            subject: None,
            references: Vec::new(),
            source,
        }
    }

    /// The subject people see.
    pub fn subject(&self) -> Option<String> {
        self.subject.clone().or_else(|| self.source.summary().subject.clone())
    }

    /// Whether Graph says that there are attachments: inline ones do not count.
    pub fn has_attachments(&self) -> bool {
        !self.references.is_empty() || self.source.summary().parts.iter().any(|part: &Part| !part.is_inline)
    }
}
