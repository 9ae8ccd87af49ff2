<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * What is written to Laravel's log.
 */
final class LaravelLog
{
    /** @var list<array{string, string}> */
    public array $lines = [];

    /** @param array<string, mixed> $context */
    public function log(string $level, string $message, array $context = []): void
    {
        $this->lines[] = [$level, $message];
    }
}
