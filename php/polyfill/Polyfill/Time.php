<?php

declare(strict_types=1);

namespace Squeeze\Graph\Polyfill;

/**
 * Times as the extension's values hold them: whole seconds in zone UTC.
 *
 * @internal
 */
final class Time
{
    private const RFC_3339 = '/^(\d{4})-(\d{2})-(\d{2})[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/D';

    public static function of(\DateTimeInterface $time): \DateTimeImmutable
    {
        return (new \DateTimeImmutable('@' . $time->getTimestamp()))->setTimezone(new \DateTimeZone('UTC'));
    }

    /** Null if the text is no RFC 3339 time. */
    public static function read(string $text): ?\DateTimeImmutable
    {
        if (
            preg_match(self::RFC_3339, $text, $part) !== 1
            || !checkdate((int) $part[2], (int) $part[3], (int) $part[1])
        ) {
            return null;
        }
        try {
            $time = new \DateTimeImmutable($text);
        } catch (\Exception) {
            return null;
        }

        return self::of($time);
    }

    /** In RFC 3339 with `Z`. */
    public static function text(\DateTimeImmutable $time): string
    {
        return $time->format('Y-m-d\TH:i:s\Z');
    }
}
