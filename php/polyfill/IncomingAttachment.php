<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** An attachment as an import downloaded it. */
final class IncomingAttachment implements \JsonSerializable
{
    use Polyfill\PlainValue;

    public readonly Attachment $attachment;
    /** Where it lies; null for a link. */
    public readonly ?string $path;
    /** SHA-256 of its bytes, lower-case hex. */
    public readonly ?string $sha256;
}
