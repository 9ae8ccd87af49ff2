<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** A mailbox's regional settings. */
final class MailboxSettings implements \JsonSerializable
{
    use Polyfill\PlainValue;

    /** IANA name. */
    public readonly string $timeZone;
    /** E.g. `de-DE`. */
    public readonly ?string $language;
    /** .NET pattern. */
    public readonly ?string $dateFormat;
    /** .NET pattern. */
    public readonly ?string $timeFormat;
}
