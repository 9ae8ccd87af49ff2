<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/**
 * The report of an import. A mail that `$accept` sent to a folder counts in none of the four numbers; each mail has a result.
 */
final class ImportReport implements \JsonSerializable
{
    use Polyfill\PlainValue;

    private const LISTS = ['results' => ImportResult::class];

    public readonly int $imported;
    public readonly int $rejected;
    /** What stays in the inbox: too early, left by the handler or by `$accept`, or gone meanwhile. */
    public readonly int $left;
    public readonly int $failed;
    /** Bytes downloaded. */
    public readonly int $bytes;
    public readonly float $seconds;
    /** @var list<ImportResult> */
    public readonly array $results;
}
