<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\Problem;

/**
 * What is kept of one sign-in.
 *
 * @internal
 */
final class Token
{
    /** What stands against a renewal; null: nothing. */
    public ?Problem $problem = null;
    /** Whether an administrator has to act, and not the user. */
    public bool $needsAdministrator = false;
    /** Whether the next renewal will succeed, because somebody acted. */
    public bool $isSettled = false;
    /** When it was last renewed only for a longer life than Microsoft gives. */
    public ?int $forcedAt = null;

    /**
     * @param int $generation of the account's identity that it belongs to
     * @param list<string> $scopes that were granted
     */
    public function __construct(
        public readonly int $generation,
        public readonly ?string $access,
        public readonly ?string $refresh,
        public ?int $expiresAt,
        public readonly ?int $refreshedAt,
        public readonly ?int $issuedAt,
        public readonly ?string $as,
        public readonly array $scopes,
    ) {
    }

    /** Seconds that the access token is good for. */
    public function remaining(int $now): int
    {
        // A clock that stands before the token's issue has jumped back.
        $jumped = $this->issuedAt !== null && $this->issuedAt > $now + 120;

        return $this->access === null || $this->expiresAt === null || $jumped ? 0 : max(0, $this->expiresAt - $now);
    }

    public function needsSignIn(): bool
    {
        return $this->problem !== null && !$this->needsAdministrator;
    }
}
