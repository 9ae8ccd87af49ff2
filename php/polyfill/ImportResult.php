<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** What became of one mail of an import. */
final class ImportResult implements \JsonSerializable
{
    use Polyfill\PlainValue;

    public readonly Message $message;
    public readonly ImportOutcome $outcome;
    public readonly ?string $reason;
    public readonly string $importKey;
}
