//! Mails made on the fly: thousands of them, or one of 150 MB, without keeping a byte.
//!
//! The attachment repeats one pseudo-random block whose first line carries the block's number, so that a lost, doubled
//! or swapped block is noticed. The same recipe always gives the same bytes.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::mime::{Address, Kind, Part, PartKind, Summary};
use crate::clock;

/// Bytes a base64 line of 76 characters carries.
const LINE: usize = 57;
/// Lines in a block.
const LINES: usize = 1_024;
const BLOCK: usize = LINE * LINES;
const ENCODED_LINE: usize = 78;
const BOUNDARY: &str = "=_sandbox_boundary_0001";

/// How to make a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// Which mail of its series.
    pub index: u64,
    /// Bytes of the attachment; 0 is a mail without one.
    pub attachment: u64,
    /// Varies the attachment's bytes.
    pub seed: u64,
    /// UTC second of the Date field.
    pub sent: i64,
}

/// A recipe with what parsing its MIME would give.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Recipe", into = "Recipe")]
pub struct Generated {
    /// How to make it.
    pub recipe: Recipe,
    /// What it says of itself.
    pub summary: Summary,
}

impl From<Recipe> for Generated {
    fn from(recipe: Recipe) -> Self {
        Self {
            recipe,
            summary: recipe.summary(),
        }
    }
}

impl From<Generated> for Recipe {
    fn from(generated: Generated) -> Self {
        generated.recipe
    }
}

impl Recipe {
    fn subject(self) -> String {
        format!("Rechnung {:06}", self.index)
    }

    fn file_name(self) -> String {
        format!("Rechnung-{:06}.pdf", self.index)
    }

    fn message_id(self) -> String {
        format!("<generated-{}-{}@lieferant.example>", self.seed, self.index)
    }

    fn text(self) -> String {
        format!(
            "Guten Tag,\r\n\r\nanbei erhalten Sie die Rechnung {:06}.\r\n\r\nFreundliche Grüße\r\n",
            self.index
        )
    }

    fn headers(self) -> Vec<(String, String)> {
        let content_type = if self.attachment == 0 {
            "text/plain; charset=utf-8".to_owned()
        } else {
            format!("multipart/mixed; boundary=\"{BOUNDARY}\"")
        };
        let mut headers = vec![
            (
                "From".to_owned(),
                "Buchhaltung <buchhaltung@lieferant.example>".to_owned(),
            ),
            ("To".to_owned(), "rechnung@contoso.example".to_owned()),
            ("Subject".to_owned(), self.subject()),
            ("Date".to_owned(), clock::date(self.sent).to_rfc2822()),
            ("Message-ID".to_owned(), self.message_id()),
            ("MIME-Version".to_owned(), "1.0".to_owned()),
            ("Content-Type".to_owned(), content_type),
        ];
        if self.attachment == 0 {
            headers.push(("Content-Transfer-Encoding".to_owned(), "8bit".to_owned()));
        }
        headers
    }

    /// Everything before the attachment's base64.
    fn head(self) -> String {
        let headers: Vec<String> = self
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let mut head = headers.concat();
        head.push_str("\r\n");
        if self.attachment > 0 {
            let parts = format!(
                "--{BOUNDARY}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n\
                 --{BOUNDARY}\r\nContent-Type: application/pdf; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\n",
                self.text(),
                name = self.file_name(),
            );
            head.push_str(&parts);
        } else {
            head.push_str(&self.text());
        }
        head
    }

    fn tail(self) -> String {
        if self.attachment > 0 {
            format!("--{BOUNDARY}--\r\n")
        } else {
            String::new()
        }
    }

    /// Bytes of the whole MIME.
    pub fn size(self) -> u64 {
        (self.head().len() + self.tail().len()) as u64 + encoded_length(self.attachment)
    }

    /// What parsing the MIME would give.
    pub fn summary(self) -> Summary {
        let parts = if self.attachment == 0 {
            Vec::new()
        } else {
            vec![Part {
                name: self.file_name(),
                content_type: Some("application/pdf".to_owned()),
                size: self.attachment,
                is_inline: false,
                content_id: None,
                kind: PartKind::File,
            }]
        };
        let from = Address {
            name: Some("Buchhaltung".to_owned()),
            address: "buchhaltung@lieferant.example".to_owned(),
        };
        let to = Address {
            name: Some("rechnung@contoso.example".to_owned()),
            address: "rechnung@contoso.example".to_owned(),
        };
        Summary {
            subject: Some(self.subject()),
            from: Some(from.clone()),
            sender: Some(from),
            to: vec![to],
            sent: Some(self.sent),
            message_id: Some(self.message_id()),
            headers: self.headers(),
            text: Some(self.text()),
            importance: "normal".to_owned(),
            read_receipt: Some(false),
            kind: Kind::Message,
            parts,
            size: self.size(),
            ..Summary::default()
        }
    }
}

/// Bytes of `raw` bytes as base64 in lines of 76 characters, each with CR LF.
fn encoded_length(raw: u64) -> u64 {
    let (full, rest) = (raw / LINE as u64, raw % LINE as u64);
    full * ENCODED_LINE as u64 + if rest == 0 { 0 } else { rest.div_ceil(3) * 4 + 2 }
}

/// Bytes made block by block.
#[derive(Debug, Clone)]
pub struct Stream {
    recipe: Recipe,
    encoded: bool,
    head: Option<Bytes>,
    tail: Option<Bytes>,
    block: u64,
    length: u64,
    raw: Arc<Vec<u8>>,
    lines: Arc<Vec<u8>>,
}

impl Stream {
    /// The whole MIME.
    pub fn mime(recipe: Recipe) -> Self {
        Self::new(recipe, true, recipe.head().into(), recipe.tail().into(), recipe.size())
    }

    /// The attachment's bytes.
    pub fn attachment(recipe: Recipe) -> Self {
        Self::new(recipe, false, Bytes::new(), Bytes::new(), recipe.attachment)
    }

    fn new(recipe: Recipe, encoded: bool, head: Bytes, tail: Bytes, length: u64) -> Self {
        let raw = if recipe.attachment == 0 {
            Vec::new()
        } else {
            block(recipe)
        };
        let lines = if encoded { encode(&raw) } else { Vec::new() };
        let some = |bytes: Bytes| (!bytes.is_empty()).then_some(bytes);
        Self {
            recipe,
            encoded,
            head: some(head),
            tail: some(tail),
            block: 0,
            length,
            raw: Arc::new(raw),
            lines: Arc::new(lines),
        }
    }

    /// Bytes in all.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// The next block: a stamp in its first line, the common rest, cut at the attachment's end.
    fn next_block(&mut self) -> Option<Bytes> {
        let offset = self.block * BLOCK as u64;
        let left = self.recipe.attachment.checked_sub(offset).filter(|left| *left > 0)?;
        let take = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
        let mut first = self.raw.get(..LINE.min(self.raw.len())).unwrap_or_default().to_vec();
        for (byte, stamp) in first.iter_mut().skip(16).zip(self.block.to_be_bytes()) {
            *byte = stamp;
        }
        self.block += 1;
        first.truncate(take);
        if !self.encoded {
            first.extend_from_slice(self.raw.get(LINE..take).unwrap_or_default());
            return Some(first.into());
        }
        let mut text = encode(&first);
        let full = take / LINE * ENCODED_LINE;
        text.extend_from_slice(self.lines.get(ENCODED_LINE..full).unwrap_or_default());
        if take > LINE {
            text.extend_from_slice(&encode(self.raw.get(take / LINE * LINE..take).unwrap_or_default()));
        }
        Some(text.into())
    }
}

impl Iterator for Stream {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        self.head
            .take()
            .or_else(|| self.next_block())
            .or_else(|| self.tail.take())
    }
}

/// The block all others are made from; it begins like a PDF.
fn block(recipe: Recipe) -> Vec<u8> {
    let mut state = recipe.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ recipe.index.wrapping_add(1);
    let mut raw = b"%PDF-1.4\n%".to_vec();
    let length = usize::try_from(recipe.attachment).unwrap_or(BLOCK).min(BLOCK);
    while raw.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        raw.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    raw.truncate(length);
    raw
}

fn encode(raw: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(raw.len() / LINE * ENCODED_LINE + ENCODED_LINE);
    for line in raw.chunks(LINE) {
        text.extend_from_slice(STANDARD.encode(line).as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Content;
    use crate::mailbox::mime;

    #[test]
    fn what_is_streamed_is_what_a_parser_reads_and_as_long_as_promised() {
        for attachment in [0, 1, 56, 57, 58, 114, 1_000, 58_367, 58_368, 58_369, 200_000] {
            let recipe = Recipe {
                index: 7,
                attachment,
                seed: 3,
                sent: 1_700_000_000,
            };
            let mime = Content::Generated(Stream::mime(recipe)).collect();
            assert_eq!(mime.len() as u64, recipe.size(), "{attachment}");
            let read = mime::summarise(&mime);
            let told = recipe.summary();
            assert_eq!(
                (&read.subject, read.parts.len(), &read.message_id),
                (&told.subject, told.parts.len(), &told.message_id)
            );
            if attachment > 0 {
                let raw = Content::Generated(Stream::attachment(recipe)).collect();
                assert_eq!(raw.len() as u64, attachment);
                assert_eq!(mime::part_bytes(&mime, 0), raw, "{attachment}");
            }
        }
    }
}
