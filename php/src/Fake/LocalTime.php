<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

/**
 * Local times as instants, by the extension's rule: of an hour that exists twice the earlier one, for an hour that does not
 * exist the instant at which the clocks jumped.
 *
 * @internal
 */
final class LocalTime
{
    /** As the extension shows every time: in zone UTC. */
    public static function utc(int $seconds): \DateTimeImmutable
    {
        return (new \DateTimeImmutable('@' . $seconds))->setTimezone(new \DateTimeZone('UTC'));
    }

    /** @throws \ValueError */
    public static function toUtc(string $local, string $timezone): \DateTimeImmutable
    {
        $zone = self::zone($timezone);
        $utc = new \DateTimeZone('UTC');
        $form = '/^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2})?)?$/D';
        $wall = preg_match($form, $local) === 1 ? date_create_immutable($local, $utc) : false;
        if ($wall === false || !str_starts_with($local, $wall->format('Y-m-d'))) {
            throw new \ValueError(sprintf('"%s" is no local time', $local));
        }
        $wanted = $wall->getTimestamp();
        // No zone is further from UTC than a day, and none changes twice within two.
        $transitions = $zone->getTransitions($wanted - 86_400, $wanted + 86_400);
        if ($transitions === false) {
            throw new \ValueError(sprintf('"%s" has no time zone rules', $timezone));
        }
        foreach ($transitions as $index => $transition) {
            $instant = $wanted - $transition['offset'];
            $end = $transitions[$index + 1]['ts'] ?? PHP_INT_MAX;
            if ($instant < $end) {
                $instant = $index === 0 ? $instant : max($instant, $transition['ts']);

                return self::utc($instant);
            }
        }

        throw new \LogicException('The last transition has no end.');
    }

    /** @throws \ValueError */
    public static function instant(int|string|\DateTimeInterface $time, ?string $timezone): int
    {
        if ($time instanceof \DateTimeInterface) {
            return $time->getTimestamp();
        }
        $text = trim((string) $time);
        if (preg_match('/^-?\d+$/D', $text) === 1) {
            if (abs((int) $text) >= 100_000_000_000) {
                throw new \ValueError(sprintf('"%s" is a time in milliseconds, not in seconds', $text));
            }

            return (int) $text;
        }
        if (preg_match('/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?(Z|[+-]\d{2}:?\d{2})$/Di', $text) === 1) {
            $instant = date_create_immutable($text);
            if ($instant !== false) {
                return $instant->getTimestamp();
            }
        }
        if ($timezone === null) {
            throw new \ValueError(sprintf('"%s" has no offset: say in which time zone it is', $text));
        }

        return self::toUtc($text, $timezone)->getTimestamp();
    }

    /** The same where a text that is no time is nothing to throw about. */
    public static function read(string $text, string $timezone): ?int
    {
        try {
            return self::instant($text, $timezone);
        } catch (\ValueError) {
            return null;
        }
    }

    private static function zone(string $name): \DateTimeZone
    {
        if (class_exists(\IntlTimeZone::class)) {
            $name = \IntlTimeZone::getIDForWindowsID($name) ?: $name;
        }
        try {
            return new \DateTimeZone($name);
        } catch (\Exception) {
            throw new \ValueError(sprintf('"%s" is no time zone', $name));
        }
    }
}
