<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** A mailbox's regional settings. */
final class MailboxSettings implements \JsonSerializable
{
    use Polyfill\PlainValue;

    /**
     * IANA name. A zone that somebody defined by hand has none: it comes as Microsoft calls it (`Customized Time Zone`),
     * which \DateTimeZone refuses rather than guesses.
     */
    public readonly string $timeZone;
    /** E.g. `de-DE`. */
    public readonly ?string $language;
    /** .NET pattern. */
    public readonly ?string $dateFormat;
    /** .NET pattern. */
    public readonly ?string $timeFormat;
}
