<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** An attachment, without its bytes. */
final class Attachment implements \JsonSerializable
{
    use Polyfill\PlainValue;

    public readonly string $id;
    /** As it came: it may be empty, repeated or hostile. Never use it as a file name unchecked. */
    public readonly string $name;
    public readonly ?string $contentType;
    /** Microsoft's word on its size: approximate. */
    public readonly int $size;
    /** Shown inside the body. */
    public readonly bool $isInline;
    public readonly ?string $contentId;
    public readonly AttachmentKind $kind;
    /** Where a reference points, if Graph says so. Its version 1.0 does not: null. Outlook shows the link. */
    public readonly ?string $sourceUrl;
}
