<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * The sandbox of this test run.
 */
final class Sandbox extends \Squeeze\Graph\Testing\Sandbox
{
    private static ?self $shared = null;

    public static function shared(): self
    {
        return self::$shared ??= new self();
    }
}
