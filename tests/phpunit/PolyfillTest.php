<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use PHPUnit\Framework\TestCase;

/**
 * The values, enums and exceptions of the library, which stand in where the extension is not loaded, are the extension's.
 */
final class PolyfillTest extends TestCase
{
    /** The extension's list is no value that anybody else can make. */
    private const ABSENT = ['Squeeze\Graph\MessageList', 'Squeeze\Graph\MessageIterator'];

    public function testTheLibraryHasTheClassesOfTheExtension(): void
    {
        $extension = self::classes(self::extensionOptions(), []);
        $library = self::classes(['-n'], [__DIR__ . '/../../php/src/autoload.php', ...self::files()]);
        foreach ($extension as $name => $class) {
            if (in_array($name, self::ABSENT, true)) {
                self::assertArrayNotHasKey($name, $library);
            } else {
                self::assertArrayHasKey($name, $library);
                self::assertSame($class, $library[$name], $name);
            }
        }
        self::assertGreaterThan(40, count($extension));
    }

    public function testItsValuesAreMadeAndToldAsTheExtensionsAre(): void
    {
        $script = (string) file_get_contents(__DIR__ . '/../phpt/values-roundtrip.phpt');
        self::assertSame(1, preg_match('/^--FILE--\n<\?php\n(.*)\?>\n--EXPECT--\n(.*)\z/ms', $script, $part));
        $code = str_replace(
            "(new ReflectionExtension('squeeze_graph'))->getClasses()",
            sprintf(
                'array_map(static fn (string $file) => new ReflectionClass("Squeeze\\\\Graph\\\\" . basename($file, ".php")), %s)',
                var_export(self::files(), true),
            ),
            sprintf("require %s;\n%s", var_export(__DIR__ . '/../../php/src/autoload.php', true), $part[1]),
            $replaced,
        );
        self::assertSame(1, $replaced);
        self::assertSame(trim($part[2]), trim(self::php(['-n', '-r', $code])));
    }

    public function testItRefusesWithTheExtensionsWords(): void
    {
        $code = <<<'PHP'
            use Squeeze\Graph\{Actor, Message, RefreshReport, TokenStatus};
            $status = ['account' => 'a', 'state' => 'valid', 'clockSkew' => 0];
            $report = ['refreshed' => 0, 'skipped' => 0, 'failed' => 0, 'seconds' => 1];
            foreach (
                [
                    [], ['stat' => 1] + $status, [7 => 1] + $status, ['account' => null] + $status,
                    ['clockSkew' => '0'] + $status, ['state' => 'good'] + $status, ['state' => Actor::User] + $status,
                    ['expiresAt' => 'tomorrow'] + $status, ['expiresAt' => 1700000000] + $status,
                    ['expiresAt' => '2026-02-30T00:00:00Z'] + $status, ['expiresAt' => '2026-03-01 00:00:00Z'] + $status,
                    ['grantedScopes' => ['a', 1]] + $status, ['grantedScopes' => ['x' => 'a']] + $status,
                    ['signedInAs' => 1] + $status, $status,
                ] as $data
            ) {
                try {
                    echo json_encode(TokenStatus::fromArray($data)), "\n";
                } catch (\Throwable $error) {
                    echo $error::class, ': ', $error->getMessage(), "\n";
                }
            }
            echo json_encode(RefreshReport::fromArray($report)), "\n";
            PHP;
        $library = self::php(['-n', '-r', sprintf("require %s;\n%s", var_export(__DIR__ . '/../../php/src/autoload.php', true), $code)]);
        self::assertSame(self::php([...self::extensionOptions(), '-r', $code]), $library);
    }

    public function testATimeIsInUtcHoweverItIsGiven(): void
    {
        $code = <<<'PHP'
            date_default_timezone_set('Asia/Tokyo');
            foreach (
                [
                    new DateTimeImmutable('2026-01-01 12:00:00.5 Europe/Berlin'), new DateTimeImmutable('2026-01-01T12:00:00+01:00'),
                    new DateTimeImmutable('2026-01-01 11:00:00.5 UTC'), new DateTime('2026-01-01 20:00:00'), '2026-01-01T12:00:00.5+01:00',
                ] as $time
            ) {
                $status = Squeeze\Graph\TokenStatus::fromArray(['account' => 'a', 'state' => 'valid', 'clockSkew' => 0, 'expiresAt' => $time]);
                echo $status->expiresAt->format('Y-m-d\TH:i:s.u e '), json_encode($status->jsonSerialize()['expiresAt']), "\n";
            }
            PHP;
        $library = sprintf("require %s;\n%s", var_export(__DIR__ . '/../../php/src/autoload.php', true), $code);
        $expected = str_repeat('2026-01-01T11:00:00.000000 UTC "2026-01-01T11:00:00Z"' . "\n", 5);
        self::assertSame($expected, self::php(['-n', '-r', $library]), 'the library');
        self::assertSame($expected, self::php([...self::extensionOptions(), '-r', $code]), 'the extension');
    }

    /** @return list<string> */
    private static function files(): array
    {
        $files = glob(__DIR__ . '/../../php/polyfill/*.php');
        self::assertNotEmpty($files);

        return array_values($files);
    }

    /** @return list<string> */
    private static function extensionOptions(): array
    {
        return ['-n', '-d', 'extension=' . Support\Php::extension()];
    }

    /**
     * What can be seen of each class from outside.
     *
     * @param list<string> $options
     * @param list<string> $files
     * @return array<string, mixed>
     */
    private static function classes(array $options, array $files): array
    {
        $output = self::php([...$options, __DIR__ . '/../stub-parity/dump.php', ...$files]);
        /** @var array{classes: array<string, array{constants: array<string, mixed>, methods: array<string, array{modifiers: list<string>}>}>} $all */
        $all = json_decode($output, true, 512, JSON_THROW_ON_ERROR);
        foreach ($all['classes'] as $name => $class) {
            $all['classes'][$name]['methods'] = array_filter(
                $class['methods'],
                static fn (array $method, string $called): bool => $called === '__construct'
                    || !in_array('private', $method['modifiers'], true),
                ARRAY_FILTER_USE_BOTH,
            );
            unset($all['classes'][$name]['constants']['LISTS']);   // private
        }

        return $all['classes'];
    }

    /** @param list<string> $arguments */
    private static function php(array $arguments): string
    {
        $process = proc_open([PHP_BINARY, ...$arguments], [['file', '/dev/null', 'r'], ['pipe', 'w'], ['pipe', 'w']], $pipes);
        self::assertIsResource($process);
        $output = (string) stream_get_contents($pipes[1]);
        $errors = (string) stream_get_contents($pipes[2]);
        self::assertSame(0, proc_close($process), $errors . $output);

        return $output;
    }
}
