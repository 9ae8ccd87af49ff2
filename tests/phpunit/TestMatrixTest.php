<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use PHPUnit\Framework\TestCase;

/**
 * tools/test-matrix tells of every variant, whatever became of those before it.
 */
final class TestMatrixTest extends TestCase
{
    private string $folder;

    protected function setUp(): void
    {
        $this->folder = sys_get_temp_dir() . '/squeeze-graph-matrix-' . bin2hex(random_bytes(4));
        mkdir($this->folder . '/tools', 0700, true);
        foreach (['test-matrix', 'environment.sh'] as $name) {
            copy(__DIR__ . '/../../tools/' . $name, $this->folder . '/tools/' . $name);
        }
    }

    protected function tearDown(): void
    {
        exec('rm -rf ' . escapeshellarg($this->folder));
    }

    public function testAPhpThatCanNotBeBuiltIsALineOfTheSumAndTheOthersGoOn(): void
    {
        $this->tool('php-from-source', 'echo "$2-$1 is built" >&2; [ "$1" != debug ] || exit 70; echo "$PWD/php"');
        $this->tool('test', 'echo "phpt        22 passed, 0 failed, 0 skipped"');
        [$status, $sum] = $this->matrix('8.2-debug', '8.4-nts');
        self::assertSame(['8.2-debug  PHP itself could not be built', '8.4-nts    phpt        22 passed, 0 failed, 0 skipped'], $sum);
        self::assertSame(1, $status);
    }

    public function testAVariantWhoseTestsFailIsALineOfTheSumAndTheOthersGoOn(): void
    {
        $this->tool('php-from-source', 'echo "$PWD/$1"');
        $this->tool('test', 'echo "phpt        21 passed, 1 failed, 0 skipped"; case $PHP in */debug/*) exit 1 ;; esac');
        [$status, $sum] = $this->matrix('8.2-debug', '8.4-nts');
        self::assertSame([
            '8.2-debug  phpt        21 passed, 1 failed, 0 skipped',
            '8.2-debug  ended with 1',
            '8.4-nts    phpt        21 passed, 1 failed, 0 skipped',
        ], $sum);
        self::assertSame(1, $status);
    }

    private function tool(string $name, string $script): void
    {
        file_put_contents($this->folder . '/tools/' . $name, "#!/usr/bin/env bash\n" . $script . "\n");
        chmod($this->folder . '/tools/' . $name, 0700);
    }

    /**
     * @return array{int, list<string>} how it ended, and the lines of the sum
     */
    private function matrix(string ...$variants): array
    {
        $command = 'env -u CARGO_TARGET_DIR bash ' . escapeshellarg($this->folder . '/tools/test-matrix') . ' ' . implode(' ', $variants) . ' 2>&1';
        exec($command, $lines, $status);
        $blank = array_keys($lines, '', true);

        return [$status, array_slice($lines, end($blank) + 1)];
    }
}
