//! Folders, messages and attachments.

use super::Shape;

/// Classes of this family.
pub const SHAPES: &[Shape] = &[
    Shape {
        name: "Folder",
        properties: "string $id, string $name, string $path, ?string $parentId, int $childCount, int $totalCount, \
            int $unreadCount, bool $isHidden, ?string $wellKnownName",
        methods: Vec::new,
    },
    Shape {
        name: "Address",
        properties: "?string $name, string $address",
        methods: Vec::new,
    },
    Shape {
        name: "Message",
        properties: "string $id, ?string $internetMessageId, ?string $subject, ?Address $from, ?Address $sender, \
            list<Address> $to, list<Address> $cc, list<Address> $bcc, list<Address> $replyTo, \
            ?\\DateTimeImmutable $receivedAt, ?\\DateTimeImmutable $sentAt, ?int $size, bool $hasAttachments, \
            bool $isRead, Importance $importance, list<string> $categories, string $folderId, string $bodyPreview, \
            ?string $body, ?BodyType $bodyType, ?list<map> $headers",
        methods: Vec::new,
    },
    Shape {
        name: "Attachment",
        properties: "string $id, string $name, ?string $contentType, int $size, bool $isInline, ?string $contentId, \
            AttachmentKind $kind, ?string $sourceUrl",
        methods: Vec::new,
    },
    Shape {
        name: "MoveResult",
        properties: "string $id, ?Message $message, ?Problem $problem",
        methods: Vec::new,
    },
    Shape {
        name: "MailboxSettings",
        properties: "?string $timeZone, ?string $language, ?string $dateFormat, ?string $timeFormat",
        methods: Vec::new,
    },
];
