<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/**
 * The state of an account's sign-in.
 */
final class TokenStatus implements \JsonSerializable
{
    use Polyfill\PlainValue;

    public readonly string $account;
    public readonly TokenState $state;
    /** When the access token ends. */
    public readonly ?\DateTimeImmutable $expiresAt;
    /** When it was last renewed. */
    public readonly ?\DateTimeImmutable $refreshedAt;
    /** Who signed in. */
    public readonly ?string $signedInAs;
    /** @var list<string> */
    public readonly array $grantedScopes;
    /** @var list<string> configured, but not granted: asked for at the next sign-in */
    public readonly array $missingScopes;
    /** The last failure, until the next success. */
    public readonly ?Problem $problem;
    /** Server's clock minus this machine's, seconds. */
    public readonly int $clockSkew;
    /** When this sign-in ends whatever is refreshed, where known. */
    public readonly ?\DateTimeImmutable $signInExpiresAt;
}
