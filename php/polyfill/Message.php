<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** A message. `body`, `bodyType` and `headers` come from `get_message()` only. */
final class Message implements \JsonSerializable
{
    use Polyfill\PlainValue;

    private const LISTS = [
        'to' => Address::class,
        'cc' => Address::class,
        'bcc' => Address::class,
        'replyTo' => Address::class,
    ];

    /** Immutable id: it survives a move within the mailbox. */
    public readonly string $id;
    public readonly ?string $internetMessageId;
    public readonly ?string $subject;
    public readonly ?Address $from;
    public readonly ?Address $sender;
    /** @var list<Address> */
    public readonly array $to;
    /** @var list<Address> */
    public readonly array $cc;
    /** @var list<Address> */
    public readonly array $bcc;
    /** @var list<Address> */
    public readonly array $replyTo;
    public readonly ?\DateTimeImmutable $receivedAt;
    public readonly ?\DateTimeImmutable $sentAt;
    /** Bytes as Exchange counts them; null in the answers of changes (move, copy, update), which do not tell. */
    public readonly ?int $size;
    /** False when only inline attachments exist. */
    public readonly bool $hasAttachments;
    public readonly bool $isRead;
    public readonly Importance $importance;
    /** @var list<string> */
    public readonly array $categories;
    /** The folder it lies in. */
    public readonly string $folderId;
    /** The first 255 characters. */
    public readonly string $bodyPreview;
    public readonly ?string $body;
    public readonly ?BodyType $bodyType;
    /** @var list<array{name: string, value: string}>|null */
    public readonly ?array $headers;
}
