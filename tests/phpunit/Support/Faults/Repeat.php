<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support\Faults;

/**
 * How often a request is made that fails the same way each time, and after which waits.
 */
enum Repeat
{
    /** It is not made again. */
    case Never;
    /** Once more, after a second: a token request whose server failed without a word about when to come back. */
    case AfterASecond;
    /** Once more: what was silent for a whole time-out costs enough. */
    case Once;
    /** Up to four times in all, after half a second that doubles, drawn down to its half. */
    case Backoff;
    /** As often as the budget lets it, each after the wait that was told. */
    case Told;

    /**
     * Requests in all, if the budget lets it.
     */
    public function most(): int
    {
        return match ($this) {
            self::Never => 1,
            self::AfterASecond, self::Once => 2,
            self::Backoff => 4,
            self::Told => 20,
        };
    }

    /**
     * The shortest wait before the request after $attempt (from 1), in milliseconds.
     */
    public function leastWait(int $attempt, int $told): int
    {
        return match ($this) {
            self::Never => 0,
            self::AfterASecond => 1000,
            self::Once, self::Backoff => 250 * 2 ** ($attempt - 1),
            self::Told => $told * 1000,
        };
    }
}
