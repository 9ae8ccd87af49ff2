//! What an import hands to its handler, and its report.

use super::message::{attachment, message};
use super::{Shape, Value, case_of, count, list};
use crate::php::zend::Outcome;
use crate::service::import::{ImportReport, ImportResult, IncomingAttachment, IncomingMessage};

/// Classes of this family.
pub const SHAPES: &[Shape] = &[
    Shape {
        name: "IncomingAttachment",
        properties: "Attachment $attachment, ?string $path, ?string $sha256",
        methods: Vec::new,
    },
    Shape {
        name: "IncomingMessage",
        properties: "Message $message, string $mimePath, list<IncomingAttachment> $attachments, string $importKey, \
            int $attempt, ?string $body",
        methods: Vec::new,
    },
    Shape {
        name: "ImportResult",
        properties: "Message $message, ImportOutcome $outcome, ?string $reason, string $importKey",
        methods: Vec::new,
    },
    Shape {
        name: "ImportReport",
        properties: "int $imported, int $rejected, int $left, int $failed, int $bytes, float $seconds, \
            list<ImportResult> $results",
        methods: Vec::new,
    },
];

fn incoming_attachment(incoming: &IncomingAttachment) -> Outcome {
    let path = incoming.path.as_ref().map(|path| path.to_string_lossy().into_owned());
    Ok(Value::new("IncomingAttachment")?
        .set("attachment", attachment(&incoming.attachment)?)?
        .set("path", path)?
        .set("sha256", incoming.sha256.as_deref())?
        .finish())
}

/// What the handler gets.
pub fn incoming_message(mail: &IncomingMessage) -> Outcome {
    Ok(Value::new("IncomingMessage")?
        .set("message", message(&mail.message)?)?
        .set("mimePath", mail.mime_path.to_string_lossy().as_ref())?
        .set("attachments", list(mail.attachments.iter().map(incoming_attachment))?)?
        .set("importKey", mail.import_key.as_str())?
        .set("attempt", i64::from(mail.attempt))?
        .set("body", mail.body.as_deref())?
        .finish())
}

/// What became of one mail.
pub fn import_result(result: &ImportResult) -> Outcome {
    Ok(Value::new("ImportResult")?
        .set("message", message(&result.message)?)?
        .set("outcome", case_of("ImportOutcome", result.outcome)?)?
        .set("reason", result.reason.as_deref())?
        .set("importKey", result.import_key.as_str())?
        .finish())
}

/// The report.
pub fn import_report(report: &ImportReport) -> Outcome {
    Ok(Value::new("ImportReport")?
        .set("imported", count(report.imported))?
        .set("rejected", count(report.rejected))?
        .set("left", count(report.left))?
        .set("failed", count(report.failed))?
        .set("bytes", count(report.bytes))?
        .set("seconds", report.seconds)?
        .set("results", list(report.results.iter().map(import_result))?)?
        .finish())
}
