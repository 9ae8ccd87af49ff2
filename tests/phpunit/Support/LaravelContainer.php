<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * What a service provider uses of Laravel's container, as that behaves: an instance wins over how to make one.
 */
final class LaravelContainer
{
    /** @var array<string, class-string> */
    private array $classes = [];
    /** @var array<string, object> */
    private array $instances = [];

    /** @param class-string $concrete */
    public function singleton(string $abstract, string $concrete): void
    {
        unset($this->instances[$abstract]);
        $this->classes[$abstract] = $concrete;
    }

    public function instance(string $abstract, object $instance): object
    {
        return $this->instances[$abstract] = $instance;
    }

    public function make(string $abstract): object
    {
        return $this->instances[$abstract] ??= new $this->classes[$abstract]();
    }
}
