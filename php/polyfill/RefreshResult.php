<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** What the refresh job did with one account. */
final class RefreshResult implements \JsonSerializable
{
    use Polyfill\PlainValue;

    public readonly string $account;
    public readonly RefreshOutcome $outcome;
    /** Its state afterwards; null for an unknown account. */
    public readonly ?TokenStatus $status;
    public readonly ?Problem $problem;
}
