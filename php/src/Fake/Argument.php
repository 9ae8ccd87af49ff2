<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

/**
 * What PHP itself would say of an argument.
 *
 * @internal
 */
final class Argument
{
    /** @throws \ValueError it is negative */
    public static function notNegative(string $method, string $argument, ?int $given): void
    {
        if ($given !== null && $given < 0) {
            throw new \ValueError(sprintf('%s(): Argument (%s) must be greater than or equal to 0', $method, $argument));
        }
    }
}
