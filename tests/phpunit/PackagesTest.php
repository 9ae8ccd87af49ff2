<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use PHPUnit\Framework\TestCase;
use Squeeze\Graph\Tests\Support\Php;

/**
 * What each of the Composer packages of this repository holds by itself.
 */
final class PackagesTest extends TestCase
{
    private const ROOT = __DIR__ . '/../../';

    /**
     * @dataProvider packages
     */
    public function testAPackageHasItsLicencesAndItsReadme(string $folder, string $name): void
    {
        $composer = json_decode((string) file_get_contents(self::ROOT . $folder . 'composer.json'), true, 512, JSON_THROW_ON_ERROR);
        self::assertSame($name, $composer['name']);
        self::assertSame(['MIT', 'Apache-2.0'], $composer['license']);
        self::assertSame('>=8.2', $composer['require']['php']);
        foreach (['LICENSE-MIT', 'LICENSE-APACHE'] as $licence) {
            self::assertFileEquals(self::ROOT . $licence, self::ROOT . $folder . $licence);
        }
        $readme = (string) file_get_contents(self::ROOT . $folder . 'README.md');
        self::assertStringContainsString($name, $readme);
        preg_match_all('/\]\(([^)#:]+)\)/', $readme, $links);
        foreach ($folder === '' ? [] : $links[1] as $link) {
            self::assertStringStartsNotWith('..', $link, 'the package is alone where it is installed');
        }
    }

    /**
     * @return iterable<string, array{string, string}>
     */
    public function packages(): iterable
    {
        yield 'the extension' => ['', 'squeeze/graph-extension'];
        yield 'the library' => ['php/', 'squeeze/graph'];
        yield 'the stub' => ['stubs/', 'squeeze/graph-stubs'];
    }

    /**
     * Composer links to a package that lies in a folder: what is beside the link is not beside the file.
     */
    public function testTheCommandFindsTheConsoleOfAProjectThatLinksToIt(): void
    {
        $project = sys_get_temp_dir() . '/squeeze-graph-' . bin2hex(random_bytes(6));
        mkdir($project . '/vendor/bin', 0700, true);
        mkdir($project . '/vendor/squeeze');
        symlink((string) realpath(self::ROOT . 'php'), $project . '/vendor/squeeze/graph');
        file_put_contents($project . '/vendor/autoload.php', "<?php\nrequire_once '/usr/share/php/Symfony/Component/Console/autoload.php';\n");
        // As Composer 2 writes it.
        file_put_contents($project . '/vendor/bin/squeeze-graph', '<?php
            $GLOBALS["_composer_autoload_path"] = __DIR__ . "/../autoload.php";
            include __DIR__ . "/../squeeze/graph/bin/squeeze-graph";
        ');
        try {
            // Debian's is not found.
            $settings = ['include_path' => $project];
            $command = Php::run([$project . '/vendor/bin/squeeze-graph', 'list', '--raw'], $settings);
            self::assertStringContainsString('account:add', $command->output(), $command->errors());
            self::assertSame(0, $command->status());
            $alone = Php::run([self::ROOT . 'php/bin/squeeze-graph', 'list', '--raw'], $settings);
            self::assertStringContainsString('Console is missing', $alone->errors(), $alone->output());
        } finally {
            foreach (['vendor/bin/squeeze-graph', 'vendor/autoload.php', 'vendor/squeeze/graph'] as $file) {
                unlink($project . '/' . $file);
            }
            array_map('rmdir', [$project . '/vendor/bin', $project . '/vendor/squeeze', $project . '/vendor', $project]);
        }
    }

    public function testWhatTheFilesOfAReleaseAreCalledInThePagesIsTheVersion(): void
    {
        preg_match('/^version = "(.+)"$/m', (string) file_get_contents(self::ROOT . 'Cargo.toml'), $version);
        foreach (['README.md', 'docs/quick-start.md'] as $page) {
            self::assertStringContainsString("php-squeeze-graph_{$version[1]}_amd64.deb", (string) file_get_contents(self::ROOT . $page));
        }
        self::assertMatchesRegularExpression('/^## \[' . preg_quote($version[1], '/') . '\]/m', (string) file_get_contents(self::ROOT . 'CHANGELOG.md'));
    }
}
