<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use PHPUnit\Framework\TestCase;

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

    public function testWhatTheFilesOfAReleaseAreCalledInThePagesIsTheVersion(): void
    {
        preg_match('/^version = "(.+)"$/m', (string) file_get_contents(self::ROOT . 'Cargo.toml'), $version);
        foreach (['README.md', 'docs/quick-start.md'] as $page) {
            self::assertStringContainsString("php-squeeze-graph_{$version[1]}_amd64.deb", (string) file_get_contents(self::ROOT . $page));
        }
        self::assertMatchesRegularExpression('/^## \[' . preg_quote($version[1], '/') . '\]/m', (string) file_get_contents(self::ROOT . 'CHANGELOG.md'));
    }
}
