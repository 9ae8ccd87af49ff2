<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use PHPUnit\Framework\TestCase;
use Squeeze\Graph\Tests\Support\Php;

/**
 * Memory over many calls; tools/prove growth does it at full length.
 */
final class MemoryTest extends TestCase
{
    public function testNoFamilyOfFunctionsKeepsMemoryOfTheEngine(): void
    {
        $run = Php::run([__DIR__ . '/../memory/growth.php', '48'], seconds: 300);
        self::assertSame(0, $run->status(), $run->output() . $run->errors());
        self::assertSame(14, preg_match_all('/^flat /m', $run->output()), $run->output());
    }
}
