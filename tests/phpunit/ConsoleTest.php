<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use PHPUnit\Framework\TestCase;
use Squeeze\Graph\Console\Arguments;
use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\Language;
use Squeeze\Graph\Console\LoopbackListener;
use Squeeze\Graph\Console\UsageException;
use Squeeze\Graph\Console\Words;
use Squeeze\Graph\ImportOutcome;
use Squeeze\Graph\RefreshOutcome;

final class ConsoleTest extends TestCase
{
    private const OPTIONS = ['store' => true, 'key-file' => true, 'account' => true, 'json' => false];

    /**
     * @dataProvider tenants
     * @param list<string> $words
     * @param list<array<string, string>> $expected
     */
    public function testAKeyFileBelongsToTheStoreBeforeIt(array $words, array $expected): void
    {
        self::assertSame($expected, Arguments::parse($words, self::OPTIONS)->tenants());
    }

    /**
     * @return iterable<string, array{list<string>, list<array<string, string>>}>
     */
    public function tenants(): iterable
    {
        $store = static fn (string $path): array => ['squeeze_graph.store' => $path];
        $key = static fn (string $path): array => ['squeeze_graph.key_file' => $path];
        yield 'none' => [[], [[]]];
        yield 'a store' => [['--store', '/a'], [$store('/a')]];
        yield 'a key only' => [['--key-file=/k'], [$key('/k')]];
        yield 'pairs' => [['--store', '/a', '--key-file', '/k', '--store=/b', '--key-file=/l'], [$store('/a') + $key('/k'), $store('/b') + $key('/l')]];
        yield 'the second without key' => [['--store', '/a', '--key-file', '/k', '--store', '/b'], [$store('/a') + $key('/k'), $store('/b')]];
        yield 'the first without key' => [['--store', '/a', '--json', '--store', '/b', '--account', 'x', '--key-file', '/l'], [$store('/a'), $store('/b') + $key('/l')]];
    }

    public function testAKeyFileBeforeSeveralStoresIsRefused(): void
    {
        $this->expectException(UsageException::class);
        Arguments::parse(['--key-file', '/k', '--store', '/a', '--store', '/b'], self::OPTIONS)->tenants();
    }

    public function testValuesAreReadInBothForms(): void
    {
        $arguments = Arguments::parse(['--account', 'a=b', '--account=--odd', '--json'], self::OPTIONS);
        self::assertSame(['a=b', '--odd'], $arguments->values('account'));
        self::assertSame('--odd', $arguments->value('account'));
        self::assertTrue($arguments->has('json'));
        self::assertNull($arguments->value('store'));
    }

    /**
     * @dataProvider outcomes
     */
    public function testAPersonIsToldOfWhatWillNotPassFirst(ExitCode $one, ExitCode $other, ExitCode $both): void
    {
        self::assertSame($both, $one->and($other));
        self::assertSame($both, $other->and($one));
    }

    /**
     * @return iterable<array{ExitCode, ExitCode, ExitCode}>
     */
    public function outcomes(): iterable
    {
        yield [ExitCode::AllWell, ExitCode::AllWell, ExitCode::AllWell];
        yield [ExitCode::AllWell, ExitCode::TryAgain, ExitCode::TryAgain];
        yield [ExitCode::TryAgain, ExitCode::PersonNeeded, ExitCode::PersonNeeded];
        yield [ExitCode::PersonNeeded, ExitCode::Configuration, ExitCode::Configuration];
    }

    public function testEverythingTheScriptsSayIsThereInGerman(): void
    {
        $said = array_column([...RefreshOutcome::cases(), ...ImportOutcome::cases()], 'name');
        foreach ([...glob(__DIR__ . '/../../php/src/Console/*.php'), ...glob(__DIR__ . '/../../php/src/Console/*/*.php')] as $file) {
            preg_match_all("/(?:->text|->describe|new UsageException)\(\s*'((?:[^'\\\\]|\\\\.)+)'[,)]/", file_get_contents($file), $texts);
            array_push($said, ...array_map(stripslashes(...), $texts[1]));
        }
        self::assertGreaterThan(130, count($said));
        $german = new Words('de');
        foreach (array_unique($said) as $text) {
            self::assertNotSame($text, $german->text($text));
            self::assertSame(substr_count($text, '%'), substr_count($german->text($text), '%'), $text);
        }
    }

    /**
     * @dataProvider locales
     * @param array<string, string> $environment
     */
    public function testTheLocaleOfATerminalIsUnderstood(array $environment, string $expected): void
    {
        ini_set('squeeze_graph.language', $expected === 'de' ? 'en' : 'de');
        self::assertSame($expected, Language::spoken([], $environment));
        ini_restore('squeeze_graph.language');
        self::assertSame('en', Language::spoken(['status', '--lang', 'en'], $environment));
    }

    /** @return iterable<array{array<string, string>, string}> */
    public function locales(): iterable
    {
        yield [['LANG' => 'de'], 'de'];
        yield [['LANG' => 'de_DE.UTF-8'], 'de'];
        yield [['LANG' => 'de@euro'], 'de'];
        yield [['LANG' => 'en_US.UTF-8', 'LC_MESSAGES' => 'de_CH'], 'de'];
        yield [['LANG' => 'de_DE', 'LC_ALL' => 'en_GB.UTF-8'], 'en'];
        yield [['LANG' => 'den_CA'], 'en'];
        yield [['LANG' => 'fr_FR.UTF-8'], 'en'];
    }

    public function testWhoNeverEndsARequestIsNoBrowser(): void
    {
        $listener = new LoopbackListener();
        $address = 'tcp://127.0.0.1:' . parse_url($listener->uri(), PHP_URL_PORT);
        $half = stream_socket_client($address);
        fwrite($half, "GET /callback?code=x&state=y HTTP/1.1\r\nHost: localhost\r\n");
        $endless = stream_socket_client($address);
        stream_set_blocking($endless, false);
        fwrite($endless, 'GET /callback?' . str_repeat('a', 80_000));
        self::assertFalse($listener->wait(1, static fn (): string => 'never'));
        foreach ([$half, $endless] as $browser) {
            stream_set_blocking($browser, true);
            self::assertSame('', (string) @stream_get_contents($browser), 'it was hung up on');
        }
    }

    public function testTheListenerGivesUpAfterItsTime(): void
    {
        $listener = new LoopbackListener();
        self::assertMatchesRegularExpression('#^http://localhost:\d+/callback$#', $listener->uri());
        $start = microtime(true);
        self::assertFalse($listener->wait(1, static fn (): string => 'never'));
        self::assertEqualsWithDelta(1, microtime(true) - $start, 0.5);
    }
}
