<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** The report of a connection test. */
final class ConnectionReport implements \JsonSerializable
{
    use Polyfill\PlainValue;

    private const LISTS = ['checks' => ConnectionCheck::class];

    /** No check failed. */
    public readonly bool $ok;
    /** @var list<ConnectionCheck> */
    public readonly array $checks;
}
