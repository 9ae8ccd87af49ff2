<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches\Rows;

/**
 * The same with a token that is still good.
 */
final class FpmStored extends FpmRefresh
{
    public function name(): string
    {
        return 'fpm-stored';
    }

    public function title(): string
    {
        return 'FPM request: token from store and two Graph calls, 2nd to 20th';
    }

    public function targets(): array
    {
        return [30 => 0.45, 0 => 0.08];
    }

    protected function renews(): bool
    {
        return false;
    }
}
