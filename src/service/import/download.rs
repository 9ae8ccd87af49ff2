//! Fetching one mail whose attachments are listed already, which may make the rest needless: its source, then each attachment.
//!
//! What fails is told apart by whose trouble it is ([`blame`](super::blame)); the disk's is ours. A mail that Graph can not deliver
//! although the inbox can be read is that mail's own trouble.

use crate::base::clock::UtcInstant;
use crate::base::failure::{Class, Failure, Result};
use crate::graph::attachments;
use crate::graph::client::Client;
use crate::graph::error::{Cause, GraphError};
use crate::graph::messages;
use crate::graph::value::{Attachment, AttachmentKind};
use crate::service::import::blame::{Blame, Place};
use crate::service::import::disk::DiskBudget;
use crate::service::import::spool::{Finished, MailFolder, Spool, SpoolError, SpoolFile};
use crate::service::import::{BodyForm, IncomingAttachment, disk_failed, file_name};

/// Failures of a download that the next one would meet, too. A connection may break over one mail alone.
const OURS: [Class; 5] = [
    Class::Throttled,
    Class::SignInRequired,
    Class::ActionRequired,
    Class::Configuration,
    Class::Store,
];

/// What is to be fetched.
#[derive(Debug, Clone)]
pub struct Order {
    /// The mail's place in the run: earlier ones get disk space first.
    pub number: u64,
    /// The message's id.
    pub message: String,
    /// When it came, if it has such a time.
    pub received_at: Option<UtcInstant>,
    /// The inbox folder's id.
    pub inbox: String,
    /// The import key, which names the mail's folder.
    pub import_key: String,
    /// A mail without an attachment is not fetched.
    pub require_attachments: bool,
    /// Read the body, too.
    pub body: Option<BodyForm>,
    /// No mail larger than this.
    pub max_bytes: Option<u64>,
}

/// What came of it.
#[derive(Debug)]
pub enum Fetched {
    /// All of it lies on the disk.
    Ready(Box<Parts>),
    /// It has no attachment, and one is required.
    NoAttachment,
    /// It is larger than allowed.
    TooLarge(u64),
    /// It is not in the inbox any more.
    Gone,
    /// Graph can not deliver it.
    Undeliverable(Box<Failure>),
}

/// A mail on the disk.
#[derive(Debug)]
pub struct Parts {
    /// Its folder.
    pub folder: MailFolder,
    /// Its source.
    pub mime: Finished,
    /// Its attachments, in Graph's order.
    pub attachments: Vec<IncomingAttachment>,
    /// Its body, if asked for.
    pub body: Option<String>,
    /// How many bytes were downloaded: what it holds of the disk budget.
    pub bytes: u64,
}

/// Why a file did not come.
enum Broken {
    Graph(GraphError),
    Disk(SpoolError),
}

/// What is known of a mail's attachments before it is fetched.
pub type Listed = Result<Vec<Attachment>, GraphError>;

/// Fetches a mail. An error is our own trouble and ends the run.
pub fn fetch(client: &Client, spool: &Spool, disk: &DiskBudget, order: &Order, listed: Listed) -> Result<Fetched> {
    match attempt(client, spool, disk, order, listed) {
        Ok(fetched) => Ok(fetched),
        Err(Broken::Disk(error)) => Err(disk_failed(&error, client.now())),
        Err(Broken::Graph(error)) => judge(client, order, error),
    }
}

fn attempt(
    client: &Client,
    spool: &Spool,
    disk: &DiskBudget,
    order: &Order,
    listed: Listed,
) -> Result<Fetched, Broken> {
    let list = listed.map_err(Broken::Graph)?;
    if order.require_attachments && !list.iter().any(counts) {
        return Ok(Fetched::NoAttachment);
    }
    let reserved = expected(&list);
    disk.take(order.number, reserved, client.cancel())
        .map_err(|_| Broken::Graph(GraphError::cancelled(client.now())))?;
    let mut folder = match spool.mail(&order.import_key) {
        Ok(folder) => folder,
        Err(error) => {
            disk.give_back(reserved);
            return Err(Broken::Disk(error));
        }
    };
    match fill(client, spool, order, &mut folder, list) {
        Ok((mime, attachments, body)) => {
            let files = attachments.iter().map(|(_, bytes)| bytes).sum::<u64>();
            let bytes = mime.bytes.saturating_add(files);
            // What Graph says of sizes is a guess, and of a link or an item hardly that.
            disk.correct(reserved, bytes);
            Ok(Fetched::Ready(Box::new(Parts {
                bytes,
                folder,
                mime,
                attachments: attachments.into_iter().map(|(attachment, _)| attachment).collect(),
                body,
            })))
        }
        Err(broken) => {
            spool.remove(&folder);
            disk.give_back(reserved);
            match broken {
                Broken::Graph(GraphError {
                    cause: Cause::TooLarge { limit },
                    ..
                }) => Ok(Fetched::TooLarge(limit)),
                other => Err(other),
            }
        }
    }
}

/// A mail's source, attachments (each with its size) and body.
type Contents = (Finished, Vec<(IncomingAttachment, u64)>, Option<String>);

fn fill(
    client: &Client,
    spool: &Spool,
    order: &Order,
    folder: &mut MailFolder,
    list: Vec<Attachment>,
) -> Result<Contents, Broken> {
    let mime = save(folder, file_name::MIME, |file| {
        messages::mime(client, &order.message, order.max_bytes, file)
    })?;
    let mut saved = Vec::with_capacity(list.len());
    for (position, attachment) in (1..).zip(list) {
        // A link has no bytes.
        let finished = if attachment.kind == AttachmentKind::Reference {
            None
        } else {
            let name = file_name::attachment(position, &attachment);
            Some(save(folder, &name, |file| {
                attachments::download(client, &order.message, &attachment.id, order.max_bytes, file)
            })?)
        };
        let bytes = finished.as_ref().map_or(0, |finished| finished.bytes);
        let (path, sha256) = finished.map(|finished| (finished.path, finished.sha256)).unzip();
        let attachment = IncomingAttachment {
            attachment,
            path,
            sha256,
        };
        saved.push((attachment, bytes));
    }
    spool.settle(folder).map_err(Broken::Disk)?;
    let body = match order.body {
        None => None,
        Some(form) => {
            let message = messages::get(client, &order.message, form == BodyForm::Text).map_err(Broken::Graph)?;
            Some(message.body.unwrap_or_default())
        }
    };
    Ok((mime, saved, body))
}

fn save(
    folder: &mut MailFolder,
    name: &str,
    download: impl FnOnce(&mut SpoolFile) -> Result<u64, GraphError>,
) -> Result<Finished, Broken> {
    let mut file = folder.create(name).map_err(Broken::Disk)?;
    match download(&mut file) {
        Ok(_) => file.finish(folder).map_err(Broken::Disk),
        Err(error) => Err(file.take_error(folder).map_or(Broken::Graph(error), Broken::Disk)),
    }
}

/// What a failed download means.
fn judge(client: &Client, order: &Order, error: GraphError) -> Result<Fetched> {
    let blame = Blame::of(client, error, &OURS, &order.message)?;
    let blame = match &blame.place {
        Place::Folder(_) => blame,
        Place::Gone | Place::Unknown => blame.if_answers(client, &order.inbox)?,
    };
    match blame.place {
        Place::Folder(folder) if folder != order.inbox => Ok(Fetched::Gone),
        Place::Gone => Ok(Fetched::Gone),
        Place::Folder(_) | Place::Unknown => Ok(Fetched::Undeliverable(blame.failure)),
    }
}

/// Whether an attachment is one in the sense of "attachment required": neither a picture inside the text nor a link. A signed or
/// encrypted mail counts, for what it holds is inside.
pub fn counts(attachment: &Attachment) -> bool {
    if attachment.name.eq_ignore_ascii_case("smime.p7m") {
        return true;
    }
    match attachment.kind {
        AttachmentKind::Reference => false,
        AttachmentKind::Item => true,
        // Some mail programs send documents as inline, too: only a picture is part of the text.
        AttachmentKind::File => !attachment.is_inline || !is_picture(attachment),
    }
}

fn is_picture(attachment: &Attachment) -> bool {
    const EXTENSIONS: [&str; 9] = ["png", "jpg", "jpeg", "gif", "bmp", "svg", "webp", "emz", "wmz"];
    let kind = attachment
        .content_type
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if kind.starts_with("image/") {
        return true;
    }
    let unsure = kind.is_empty() || kind.starts_with("application/octet-stream");
    let extension = attachment.name.rsplit_once('.').map(|(_, extension)| extension);
    unsure && extension.is_some_and(|own| EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(own)))
}

/// How much disk a mail may need: its attachments, and its source, where they stand in base64.
fn expected(list: &[Attachment]) -> u64 {
    /// For headers, text, and what Graph does not count.
    const BASE: u64 = 64 << 10;
    let files: u64 = list
        .iter()
        .map(|attachment| u64::try_from(attachment.size).unwrap_or(0))
        .fold(0, u64::saturating_add);
    BASE.saturating_add(files).saturating_add(files / 5 * 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_in_the_text_and_links_are_no_attachments() {
        use AttachmentKind::{File, Item, Reference};
        let cases = [
            ("rechnung.pdf", Some("application/pdf"), false, File, true),
            ("rechnung.pdf", Some("application/pdf"), true, File, true),
            ("scan.png", Some("image/png"), false, File, true),
            ("logo.png", Some("image/png"), true, File, false),
            ("logo.PNG", None, true, File, false),
            ("image001.gif", Some("application/octet-stream"), true, File, false),
            ("smime.p7m", Some("application/pkcs7-mime"), true, File, true),
            ("SMIME.P7M", Some("multipart/signed"), false, File, true),
            ("AW: Angebot", None, false, Item, true),
            ("AW: Angebot", None, true, Item, true),
            ("Ordner in der Cloud", None, false, Reference, false),
            ("", None, false, File, true),
        ];
        for (name, content_type, is_inline, kind, expected) in cases {
            let attachment = Attachment {
                id: "a".to_owned(),
                name: name.to_owned(),
                content_type: content_type.map(str::to_owned),
                size: 1,
                is_inline,
                content_id: None,
                kind,
                source_url: None,
            };
            assert_eq!(
                counts(&attachment),
                expected,
                "{name} {content_type:?} {is_inline} {kind:?}"
            );
        }
    }
}
