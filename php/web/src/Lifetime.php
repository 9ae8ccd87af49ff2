<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

use Squeeze\Graph\TokenStatus;

/**
 * How much is left of an access token, for a bar that runs out.
 */
final class Lifetime
{
    /** What a token is taken to have had where nobody knows when it began. */
    private const USUAL = 3_600;

    /**
     * @param int $left seconds
     * @param int $whole seconds; at least 1 and at least what is left
     */
    private function __construct(public readonly int $left, public readonly int $whole, public readonly int $endsAt)
    {
    }

    /** Null where there is no token. */
    public static function of(TokenStatus $status, \DateTimeInterface $now): ?self
    {
        if ($status->expiresAt === null) {
            return null;
        }
        $end = $status->expiresAt->getTimestamp();
        $left = max(0, $end - $now->getTimestamp());
        $whole = $status->refreshedAt === null ? self::USUAL : $end - $status->refreshedAt->getTimestamp();

        return new self($left, max(1, $left, $whole), $end);
    }

    public function hours(): int
    {
        return intdiv($this->left, 3_600);
    }

    /** Beyond the hours. */
    public function minutes(): int
    {
        return intdiv($this->left, 60) % 60;
    }
}
