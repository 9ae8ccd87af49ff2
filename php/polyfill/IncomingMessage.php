<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** A mail as an import hands it to the handler. */
final class IncomingMessage implements \JsonSerializable
{
    use Polyfill\PlainValue;

    private const LISTS = ['attachments' => IncomingAttachment::class];

    public readonly Message $message;
    /** Its MIME source. */
    public readonly string $mimePath;
    /** @var list<IncomingAttachment> */
    public readonly array $attachments;
    /**
     * The same for every attempt of this import of this mail, and for nothing else: a UNIQUE index on it in the host's
     * own transaction makes an import exactly once.
     */
    public readonly string $importKey;
    /** From 1. */
    public readonly int $attempt;
    /** The body, if it was asked for. */
    public readonly ?string $body;
}
