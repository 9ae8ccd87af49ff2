<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\Client;

/**
 * What was called, and what the next calls fail with.
 *
 * @internal
 */
final class Calls
{
    /** @var array<string, list<\Throwable>> by method */
    private array $failures = [];
    /** @var list<array{method: string, arguments: list<mixed>}> */
    private array $all = [];

    /**
     * @param string $method of {@see Client}
     * @throws \ValueError it has no such method
     */
    public function failNext(string $method, \Throwable $failure): void
    {
        if (!method_exists(Client::class, $method)) {
            throw new \ValueError(sprintf('%s has no method %s()', Client::class, $method));
        }
        $this->failures[$method][] = $failure;
    }

    /**
     * Notes a call, which fails where it was told to.
     *
     * @param array<array-key, mixed> $arguments
     */
    public function note(string $method, array $arguments): void
    {
        $this->all[] = ['method' => $method, 'arguments' => array_values($arguments)];
        $this->fail($method);
    }

    /** The next failure of a method, if there is one. */
    public function fail(string $method): void
    {
        $failures = $this->failures[$method] ?? [];
        $failure = array_shift($failures);
        $this->failures[$method] = $failures;
        if ($failure !== null) {
            throw $failure;
        }
    }

    /** @return list<array{method: string, arguments: list<mixed>}> in order */
    public function all(): array
    {
        return $this->all;
    }
}
