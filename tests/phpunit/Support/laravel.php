<?php

/**
 * As much of Laravel as a service provider touches.
 */

declare(strict_types=1);

namespace Illuminate\Support;

use Squeeze\Graph\Tests\Support\LaravelContainer;

abstract class ServiceProvider
{
    public function __construct(protected LaravelContainer $app)
    {
    }
}
