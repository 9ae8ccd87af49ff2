<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\Actor;
use Squeeze\Graph\Problem;

/**
 * Problems as the extension tells them, in short.
 *
 * @internal
 */
final class Problems
{
    public static function of(
        string $code,
        string $explanation,
        string $remedy = '',
        Actor $actor = Actor::Host,
        bool $retryable = false,
    ): Problem {
        return Problem::fromArray([
            'code' => $code,
            'message' => $explanation,
            'explanation' => $explanation,
            'remedy' => $remedy,
            'actor' => $actor,
            'retryable' => $retryable,
            'since' => new \DateTimeImmutable(),
        ]);
    }
}
