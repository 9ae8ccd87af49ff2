<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** The report of an import. */
final class ImportReport implements \JsonSerializable
{
    use Polyfill\PlainValue;

    private const LISTS = ['results' => ImportResult::class];

    public readonly int $imported;
    public readonly int $rejected;
    public readonly int $left;
    public readonly int $failed;
    /** Bytes downloaded. */
    public readonly int $bytes;
    public readonly float $seconds;
    /** @var list<ImportResult> */
    public readonly array $results;
}
