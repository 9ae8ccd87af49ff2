<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** What the refresh job did. */
final class RefreshReport implements \JsonSerializable
{
    use Polyfill\PlainValue;

    private const LISTS = ['results' => RefreshResult::class];

    /** Accounts renewed. */
    public readonly int $refreshed;
    /** Accounts that needed or wanted nothing. */
    public readonly int $skipped;
    /** Accounts that failed. */
    public readonly int $failed;
    public readonly float $seconds;
    /** @var list<RefreshResult> */
    public readonly array $results;
}
