<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\KeyPair;
use Squeeze\Graph\Tests\Support\Terminal;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\find_folder;
use function Squeeze\Graph\get_account;
use function Squeeze\Graph\has_account;

/**
 * The programs with somebody at the terminal.
 */
final class TerminalTest extends GraphTestCase
{
    private const PROGRAM = __DIR__ . '/../../php/bin/squeeze-graph';
    private const REFRESH = __DIR__ . '/../../php/bin/refresh-tokens';

    public function testASignalEndsAQuestion(): void
    {
        $terminal = new Terminal([self::PROGRAM, 'account:add', 'invoices', '--lang=en']);
        $terminal->waitFor('tenant: GUID or domain')->signal(SIGINT);
        self::assertSame(75, $terminal->wait(10)->status(), $terminal->shown());
        self::assertStringContainsString('Interrupted', $terminal->shown());
        self::assertFalse(has_account('invoices'));
    }

    public function testASecretIsNotShownAndTheTerminalIsAsItWasAfterASignal(): void
    {
        $terminal = $this->adding('--tenant-id=' . World::TENANT, '--client-id=' . World::CLIENT, '--redirect-uri=' . World::REDIRECT_URI);
        $terminal->waitFor('client secret');
        $this->until(static fn (): bool => !$terminal->echoes());
        $terminal->signal(SIGINT);
        self::assertSame(75, $terminal->wait(10)->status(), $terminal->shown());
        self::assertTrue($terminal->echoes());
    }

    public function testWhatIsWrongIsAskedForAgainAndNoAnswerIsLost(): void
    {
        $terminal = $this->adding('--redirect-uri=http://host.example/callback');
        $terminal->waitFor('tenant: GUID or domain')->type("\n");
        $terminal->waitFor('This is needed.')->waitFor('tenant: GUID')->type(World::TENANT . "\n");
        $terminal->waitFor('client) ID')->type(World::CLIENT . "\n");
        $terminal->waitFor('nothing: a certificate')->type("\n")->waitFor('nothing: back to the secret')->type("\n");
        $terminal->waitFor('client secret')->type("3f1e2d4c-5b6a-4789-9a0b-1c2d3e4f5a6b\n")->waitFor('column "Value"');
        $terminal->waitFor('client secret')->type(World::SECRET . "\n");
        $terminal->waitFor('when the secret ends')->type("2028-01-31\n");
        // Saving says what the options got wrong; everything else stands there for Enter.
        $terminal->waitFor('→')->waitFor('tenant: GUID or domain [' . World::TENANT . ']')->type("\n");
        $terminal->waitFor('client) ID [' . World::CLIENT . ']')->type("\n");
        $terminal->waitFor('[http://host.example/callback]')->type("https://host.example/callback\n");
        foreach (['who is to sign in [' . World::USER, 'shared mailbox', '[wellknown:inbox]', '[/Verarbeitet]', '[/Fehler]', 'client secret (nothing', '[2028-01-31]'] as $question) {
            $terminal->waitFor($question)->type("\n");
        }
        self::assertSame(0, $terminal->wait()->status(), $terminal->shown());
        self::assertSame('https://host.example/callback', get_account('invoices')->redirectUri);
        self::assertTrue(get_account('invoices')->hasSecret);
        self::assertStringNotContainsString(World::SECRET, $terminal->shown());
    }

    public function testACertificateIsAskedForWhereNoSecretIsEnteredAndAgainWhereItIsNoGood(): void
    {
        KeyPair::lay(KeyPair::APP, $this->folder);
        $terminal = $this->adding('--tenant-id=' . World::TENANT, '--client-id=' . World::CLIENT, '--redirect-uri=' . World::REDIRECT_URI);
        $terminal->waitFor('nothing: a certificate')->type("\n");
        $terminal->waitFor('certificate instead of a secret')->type($this->folder . "/no.pem\n");
        $terminal->waitFor('private key of the certificate (path of a PEM file): ')->type("\n")->waitFor('This is needed.');
        $terminal->waitFor('private key')->type($this->folder . "/app.key\n");
        $terminal->waitFor('→');
        foreach (['tenant: GUID', 'client) ID', 'redirect URI', 'who is to sign in', 'shared mailbox', 'folder to read', 'processed mails', 'rejected mails'] as $question) {
            $terminal->waitFor($question)->type("\n");
        }
        $terminal->waitFor('nothing: a certificate')->type("\n");
        $terminal->waitFor('[' . $this->folder . '/no.pem]')->type($this->folder . "/app.pem\n");
        $terminal->waitFor('[' . $this->folder . '/app.key]')->type("\n");
        self::assertSame(0, $terminal->wait()->status(), $terminal->shown());
        $account = get_account('invoices');
        self::assertSame([$this->folder . '/app.pem', $this->folder . '/app.key'], [$account->clientCertificate, $account->clientKey]);
        self::assertFalse($account->hasSecret);
        self::assertStringNotContainsString('when the secret ends', $terminal->shown());
    }

    public function testQuestionsDoNotGoWhereTheResultsGo(): void
    {
        $this->account();
        $terminal = new Terminal([self::PROGRAM, 'account:remove', 'invoices', '--json', '--lang=de'], piped: true);
        $terminal->waitFor('Jemand muss sich dann neu anmelden. [j/N]: ')->type("j\n");
        self::assertSame(0, $terminal->wait()->status(), $terminal->shown());
        self::assertSame(['type' => 'removed', 'account' => 'invoices'], json_decode($terminal->piped(), true));
    }

    public function testAFolderThatIsMissingCanBeCreated(): void
    {
        $this->signedIn('invoices', ['folder_error' => '/Fehler/Neue Rechnungen', 'folder_processed' => '/Neu']);
        $terminal = new Terminal([self::PROGRAM, 'test', 'invoices', '--lang=en']);
        $terminal->waitFor('Testing invoices')->waitFor('no folder /Neu. Create it? [Y/n]')->type("\n");
        $terminal->waitFor('no folder /Fehler/Neue Rechnungen')->type("n\n");
        self::assertSame(78, $terminal->wait()->status(), $terminal->shown());
        self::assertSame('/Neu', find_folder('invoices', '/Neu')->path);
        $this->thrown(\Squeeze\Graph\FolderNotFoundException::class, static fn () => find_folder('invoices', '/Fehler/Neue Rechnungen'));
    }

    /**
     * @dataProvider terminals
     */
    public function testTheBarStaysOnItsLineAndIsWipedAway(string $kind, bool $drawn): void
    {
        $name = 'an account with a name that is longer than the terminal is wide';
        $this->signedIn($name);
        $terminal = new Terminal([self::REFRESH, '--lang=en'], ['TERM' => $kind, 'COLUMNS' => '50']);
        self::assertSame(0, $terminal->wait()->status());
        $shown = $terminal->shown();
        self::assertSame($drawn, str_contains($shown, "\e[K"), $shown);
        if ($drawn) {
            self::assertSame(1, preg_match('/\r\e\[K(█[^\r\e]*)\r\e\[K/', $shown, $bar), $shown);
            self::assertSame(49, mb_strwidth($bar[1]));
            self::assertStringEndsWith('…', $bar[1]);
        }
    }

    /** @return iterable<string, array{string, bool}> */
    public function terminals(): iterable
    {
        yield 'one that can go back' => ['xterm', true];
        yield 'one that can not' => ['dumb', false];
    }

    public function testATableFitsTheTerminal(): void
    {
        $this->signedIn();
        $this->account('orders');
        foreach ([['80', true], ['200', false]] as [$columns, $cut]) {
            $terminal = (new Terminal([self::PROGRAM, 'account:list', '--lang=en', '--no-ansi'], ['COLUMNS' => $columns]))->wait();
            self::assertStringContainsString('squeeze-graph sign-in orders', $terminal->shown());
            self::assertSame($cut, str_contains($terminal->shown(), '…'), $terminal->shown());
            self::assertLessThanOrEqual((int) $columns, max(array_map(mb_strwidth(...), explode("\n", str_replace("\r", '', $terminal->shown())))), $terminal->shown());
        }
    }

    private function adding(string ...$options): Terminal
    {
        $rest = ['--user=' . World::USER, '--mailbox=', '--folder-inbox=wellknown:inbox', '--folder-processed=/Verarbeitet', '--folder-error=/Fehler'];

        return new Terminal([self::PROGRAM, 'account:add', 'invoices', '--lang=en', ...$rest, ...$options]);
    }

    private function until(callable $true, float $seconds = 10): void
    {
        for ($end = microtime(true) + $seconds; !$true(); usleep(10_000)) {
            if (microtime(true) > $end) {
                self::fail('it did not happen in time');
            }
        }
    }
}
