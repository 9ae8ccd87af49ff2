<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Php;

/**
 * What `squeeze-graph` says to people: in their language, in sentences, and in terms of the command line.
 */
final class CommandLineWordsTest extends GraphTestCase
{
    private const PROGRAM = __DIR__ . '/../../php/bin/squeeze-graph';

    /**
     * @dataProvider impossibleNames
     */
    public function testANameThatNoAccountCanHaveIsRefusedInASentence(string ...$arguments): void
    {
        $run = $this->program(...$arguments);
        self::assertSame(78, $run->status(), $run->errors());
        self::assertMatchesRegularExpression('/^squeeze-graph: The name of an account .*\n$/D', $run->errors());
        self::assertSame('', $run->output());
    }

    /** @return iterable<string, list<string>> */
    public function impossibleNames(): iterable
    {
        $long = str_repeat('ä', 191);
        foreach (['account:show', 'account:remove', 'status', 'test', 'folders', 'messages', 'refresh', 'sign-in'] as $command) {
            yield $command . ' with an empty one' => [$command, ''];
            yield $command . ' with a long one' => [$command, $long];
        }
        yield 'account:add' => ['account:add', '', '-n'];
        yield 'import' => ['import', $long, '--directory=/tmp'];
        yield 'control characters' => ['status', "a\nb"];
    }

    public function testAnEmptyFolderIsRefusedInASentence(): void
    {
        $this->signedIn();
        foreach ([['messages', 'invoices', ''], ['folders', 'invoices', '--create=']] as $arguments) {
            $run = $this->program(...$arguments);
            self::assertSame(78, $run->status(), $run->errors());
            self::assertMatchesRegularExpression('/^squeeze-graph: (folder|path) must not be empty\n$/D', $run->errors());
        }
    }

    /**
     * @dataProvider germanCommandLines
     * @param list<string> $arguments
     */
    public function testWhatIsSaidIsGerman(array $arguments, string $expected): void
    {
        $run = $this->program(...$arguments, ...['--lang=de']);
        $said = preg_replace(['/redirect URI|application \(|delegated or|the token/', '/\s+/'], ['', ' '], $run->output() . $run->errors());
        self::assertStringContainsString($expected, $said);
        self::assertDoesNotMatchRegularExpression('/\b(the|is|are|not|missing|needs?|usage|options|available|display|must|command|given|output)\b/i', str_replace($arguments, '', $said));
    }

    /** @return iterable<string, array{list<string>, string}> */
    public function germanCommandLines(): iterable
    {
        foreach (['account:add', 'account:list', 'account:show', 'account:remove', 'sign-in', 'status', 'test', 'folders', 'messages', 'import', 'refresh', 'adopt', 'key:rotate', 'doctor', 'list', 'help'] as $command) {
            yield $command . ' --help' => [[$command, '--help'], 'Aufruf:'];
        }
        yield 'nothing' => [[], 'Befehle:'];
        yield 'no account' => [['account:show'], 'Es fehlt: account.'];
        yield 'too much' => [['account:list', 'x'], 'Hier steht kein Argument'];
        yield 'an unknown option' => [['status', '--frobnicate'], 'Die Option --frobnicate gibt es nicht.'];
        yield 'a value too many' => [['status', '--json=x'], 'nimmt keinen Wert'];
        yield 'an unknown command' => [['statsu'], 'Den Befehl statsu gibt es nicht. Meinten Sie: status'];
        yield 'no number' => [['messages', 'x', '--limit=viele'], 'braucht eine ganze Zahl'];
        yield 'no directory' => [['import', 'x'], 'Die Option --directory fehlt'];
        yield 'no name' => [['status', ''], 'darf nicht leer sein'];
        yield 'no file' => [['adopt', 'x', '/nirgends'], '/nirgends lässt sich nicht lesen'];
        yield 'no JSON' => [['adopt', 'x', '/dev/null'], 'enthält kein JSON-Objekt'];
        yield 'no such account' => [['account:show', 'x'], 'kein Konto namens „x“'];
        yield 'nothing there' => [['status'], 'kein Konto eingerichtet'];
    }

    public function testTheLanguageIsAskedForElseTheTerminalsElseThatOfPhpIni(): void
    {
        $this->signedIn();
        $cases = [
            [[], [], 'de', 'gültig'],
            [[], ['LANG' => 'C.UTF-8'], 'de', 'gültig'],
            [[], ['LANG' => 'en_GB.UTF-8'], 'de', 'valid'],
            [[], ['LANG' => 'de_AT.UTF-8'], 'en', 'gültig'],
            [[], ['LANG' => 'de_AT.UTF-8', 'LC_ALL' => 'en_US'], 'en', 'valid'],
            [['--lang', 'en'], ['LANG' => 'de_AT.UTF-8'], 'de', 'valid'],
        ];
        foreach ($cases as [$options, $locale, $ini, $expected]) {
            $environment = $locale + ['LANG' => '', 'LC_ALL' => '', 'LC_MESSAGES' => ''];
            $run = Php::run([self::PROGRAM, 'status', ...$options], ['squeeze_graph.language' => $ini], $environment);
            self::assertStringContainsString('invoices: ' . $expected, $run->output());
        }
        $run = $this->program('status', '--lang', 'fr');
        self::assertSame([78, ''], [$run->status(), $run->output()]);
        self::assertStringContainsString('en or de, not fr', $run->errors());
    }

    public function testRemediesNameCommands(): void
    {
        $errors = $this->program('account:show', 'nobody')->errors();
        self::assertStringContainsString('squeeze-graph account:add nobody', $errors);
        self::assertStringNotContainsString('save_account', $errors);
    }

    private function program(string ...$arguments): Php
    {
        $language = array_filter($arguments, static fn (string $argument): bool => str_starts_with($argument, '--lang'));

        return Php::run([self::PROGRAM, ...$arguments, ...($language === [] ? ['--lang=en'] : [])]);
    }
}
