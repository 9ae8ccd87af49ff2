//! What an import hands to its handler, and its report.

use super::Shape;

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
