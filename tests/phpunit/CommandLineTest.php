<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Console\Application;
use Squeeze\Graph\FakeClient;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\World;
use Squeeze\Graph\TokenState;
use Symfony\Component\Console\Tester\CommandTester;

use function Squeeze\Graph\create_folder;
use function Squeeze\Graph\delete_account;
use function Squeeze\Graph\export_token;
use function Squeeze\Graph\get_account;
use function Squeeze\Graph\has_account;
use function Squeeze\Graph\list_messages;
use function Squeeze\Graph\token_status;
use function Squeeze\Graph\with_settings;

/**
 * `squeeze-graph` as somebody at a terminal, or a script, uses it.
 */
final class CommandLineTest extends GraphTestCase
{
    private const PROGRAM = __DIR__ . '/../../php/bin/squeeze-graph';

    public function testAnAccountIsAddedShownListedAndRemoved(): void
    {
        file_put_contents($this->folder . '/secret', World::SECRET . "\n");
        $settings = array_diff_key($this->settings(), ['client_secret' => 0]);
        $options = array_map(
            static fn (string $name, string $value): string => sprintf('--%s=%s', strtr($name, '_', '-'), $value),
            array_keys($settings),
            $settings,
        );
        $run = $this->program('account:add', 'invoices', '--client-secret-file', $this->folder . '/secret', '-n', ...$options);
        self::assertSame(0, $run->status(), $run->errors());
        self::assertStringContainsString('squeeze-graph sign-in invoices', $run->output());
        self::assertTrue(has_account('invoices'));
        $this->signIn('invoices');

        $run = $this->program('account:show', 'invoices');
        self::assertStringContainsString(World::TENANT, $run->output());
        self::assertStringNotContainsString(World::SECRET, $run->output());
        $run = $this->program('account:list');
        self::assertSame(0, $run->status());
        self::assertMatchesRegularExpression('/invoices .*valid .*' . preg_quote(World::USER) . '/', $run->output());
        self::assertSame(['account'], array_column($this->program('account:list', '--json')->lines(), 'type'));

        self::assertSame(78, $this->program('account:remove', 'invoices', '-n')->status(), 'not without a question');
        self::assertTrue(has_account('invoices'));
        self::assertSame(0, $this->program('account:remove', 'invoices', '--yes')->status());
        self::assertFalse(has_account('invoices'));
    }

    public function testOnATerminalItAsksForWhatIsMissing(): void
    {
        require_once 'Symfony/Component/Console/autoload.php';
        $client = new FakeClient();
        $add = new CommandTester((new Application($client, ['squeeze-graph', '--lang=en']))->find('account:add'));
        $add->setInputs(['contoso.example', World::CLIENT, 'https://host.example/callback', '', '', '/Fertig', '', 'secret', '2028-01-31']);
        self::assertSame(0, $add->execute(['account' => 'invoices', '--user' => World::USER]), $add->getDisplay());
        $account = $client->getAccount('invoices');
        self::assertSame(['contoso.example', World::USER, null], [$account->tenantId, $account->user, $account->mailbox]);
        self::assertSame(['wellknown:inbox', '/Fertig', '/Fehler'], [$account->folderInbox, $account->folderProcessed, $account->folderError]);
        self::assertTrue($account->hasSecret);
        self::assertSame('2028-01-31', $account->secretExpiresAt?->format('Y-m-d'));
    }

    public function testSettingsComeFromAFileAndOptionsWin(): void
    {
        file_put_contents($this->folder . '/settings.json', json_encode($this->settings(['folder_error' => '/Falsch'])));
        $run = $this->program('account:add', 'invoices', '--settings=' . $this->folder . '/settings.json', '--folder-error=/Fehler', '--disable', '-n', '--json');
        self::assertSame([['type' => 'account', 'account' => 'invoices', 'needsSignIn' => true]], $run->lines());
        self::assertSame('/Fehler', get_account('invoices')->folderError);
        self::assertFalse(get_account('invoices')->enabled);
        self::assertSame(0, $this->program('account:add', 'invoices', '--enable', '-n')->status());
        self::assertTrue(get_account('invoices')->enabled);
    }

    public function testTheIdOfASecretIsNotTakenForItsValue(): void
    {
        file_put_contents($this->folder . '/secret', "3f1e2d4c-5b6a-4789-9a0b-1c2d3e4f5a6b\n");
        $run = $this->program('account:add', 'invoices', '--client-secret-file', $this->folder . '/secret', '-n', '--lang', 'de');
        self::assertSame(78, $run->status(), $run->output());
        self::assertStringContainsString('Spalte „Wert“', (string) preg_replace('/\s+/', ' ', $run->output() . $run->errors()));
        self::assertFalse(has_account('invoices'));
    }

    public function testASecretIsNoOption(): void
    {
        $run = $this->program('account:add', 'invoices', '--client-secret=x', '-n');
        self::assertSame(78, $run->status());
        self::assertStringContainsString('--client-secret', $run->errors());
    }

    public function testSomeoneSignsInWithTheBrowserOfThisMachine(): void
    {
        $this->account();
        $run = Php::start([self::PROGRAM, 'sign-in', 'invoices', '--no-browser', '--timeout=60', '--lang=en'])->waitFor("state=");
        self::assertSame(1, preg_match('~^http\S+$~m', $run->waitFor("\n")->output(), $url));
        self::assertSame(World::REDIRECT_URI, get_account('invoices')->redirectUri, 'the account is as it was');
        $page = (string) file_get_contents($this->sandbox->walk($url[0]));
        self::assertStringContainsString('Signed in as ' . World::USER, $page);
        self::assertSame(0, $run->wait()->status(), $run->errors());
        self::assertStringContainsString('✓ Signed in as ' . World::USER, $run->output());
        self::assertSame(TokenState::Valid, token_status('invoices')->state);
    }

    public function testADeclinedSignInSaysWhoHasToActAndNobodyComingIsPolite(): void
    {
        $this->account();
        $run = Php::start([self::PROGRAM, 'sign-in', 'invoices', '--no-browser', '--lang=de'])->waitFor("state=");
        preg_match('~^http\S+$~m', $run->waitFor("\n")->output(), $url);
        file_get_contents($this->sandbox->walk($url[0], ['decline' => true]));
        self::assertSame(1, $run->wait()->status());
        self::assertStringContainsString('✗ invoices: ', $run->errors());
        self::assertStringContainsString('→ ', $run->errors());

        $run = $this->program('sign-in', 'invoices', '--no-browser', '--timeout=1');
        self::assertSame(75, $run->status());
        self::assertStringContainsString('Nobody signed in within 1 seconds', $run->errors());
        $lines = $this->program('sign-in', 'invoices', '--json', '--timeout=1')->lines();
        self::assertSame(['url', 'error'], array_column($lines, 'type'));
    }

    public function testWhoeverElseComesToThePortEndsNoSignIn(): void
    {
        $this->account();
        $run = Php::start([self::PROGRAM, 'sign-in', 'invoices', '--no-browser', '--timeout=60', '--lang=de'])->waitFor('state=');
        preg_match('~^http\S+$~m', $run->waitFor("\n")->output(), $url);
        parse_str((string) parse_url($url[0], PHP_URL_QUERY), $asked);
        // A browser that connects ahead of time and says nothing.
        $silent = stream_socket_client(str_replace('http://localhost', 'tcp://127.0.0.1', substr($asked['redirect_uri'], 0, -strlen('/callback'))));
        $ignore = stream_context_create(['http' => ['ignore_errors' => true]]);
        foreach (['', '?state=made-up&code=x', '?state[]=' . $asked['state'], '/else'] as $query) {
            $page = (string) file_get_contents($asked['redirect_uri'] . $query, false, $ignore);
            self::assertStringContainsString('nicht die Anmeldung, auf die gewartet wird', $page);
            self::assertStringContainsString(' 404 ', $http_response_header[0]);
        }
        self::assertStringContainsString('Angemeldet als', (string) file_get_contents($this->sandbox->walk($url[0])));
        self::assertSame(0, $run->wait()->status(), $run->errors());
        fclose($silent);
    }

    public function testABrowserThatStaysIsNotWaitedFor(): void
    {
        $this->account();
        mkdir($this->folder . '/bin');
        file_put_contents($this->folder . '/bin/xdg-open', "#!/bin/sh\necho $$ > {$this->folder}/browser\nprintf '%s' \"$1\" > {$this->folder}/url\nexec sleep 300\n");
        chmod($this->folder . '/bin/xdg-open', 0755);
        $environment = ['DISPLAY' => ':99', 'PATH' => $this->folder . '/bin:' . getenv('PATH')];
        $run = Php::start([self::PROGRAM, 'sign-in', 'invoices', '--timeout=60', '--lang=en'], environment: $environment)->waitFor('state=');
        try {
            preg_match('~^http\S+$~m', $run->waitFor("\n")->output(), $url);
            file_get_contents($this->sandbox->walk($url[0]));
            self::assertSame(0, $run->wait(40)->status(), $run->errors());
            for ($tries = 0; $tries < 1_000 && @file_get_contents($this->folder . '/url') !== $url[0]; $tries++) {
                usleep(10_000);
            }
            self::assertSame($url[0], file_get_contents($this->folder . '/url'));
        } finally {
            posix_kill((int) @file_get_contents($this->folder . '/browser') ?: PHP_INT_MAX, SIGKILL);
        }
    }

    public function testTwoSignInsAtOnceLeaveTheAccountAsItWas(): void
    {
        $this->account();
        $runs = [];
        foreach (['one', 'other'] as $who) {
            $runs[$who] = Php::start([self::PROGRAM, 'sign-in', 'invoices', '--no-browser', '--timeout=60'])->waitFor('state=');
            preg_match('~^http\S+$~m', $runs[$who]->waitFor("\n")->output(), $url[$who]);
            self::assertSame(World::REDIRECT_URI, get_account('invoices')->redirectUri);
        }
        $runs['one']->signal(SIGKILL);
        $runs['one']->wait();
        file_get_contents($this->sandbox->walk($url['other'][0]));
        self::assertSame(0, $runs['other']->wait()->status(), $runs['other']->errors());
        self::assertSame(World::REDIRECT_URI, get_account('invoices')->redirectUri);
    }

    public function testADisabledAccountMakesNobodyAct(): void
    {
        $this->signedIn();
        $this->sandbox->fault(['path' => '/token', 'count' => null, 'entra' => ['code' => 700082]]);
        self::assertSame(1, $this->program('refresh', 'invoices', '--force')->status());
        foreach ([['--enable', 1], ['--disable', 0]] as [$switch, $status]) {
            $this->program('account:add', 'invoices', '-n', $switch);
            foreach ([['status'], ['status', 'invoices'], ['account:show', 'invoices'], ['account:list']] as $arguments) {
                $run = $this->program(...$arguments);
                self::assertSame($status, $run->status(), implode(' ', $arguments) . $switch);
                self::assertSame($status === 0, str_contains($run->output(), '(disabled)'), $run->output());
                self::assertSame($status === 1 && $arguments[0] === 'account:list', str_contains($run->output(), 'squeeze-graph sign-in invoices'));
            }
        }
    }

    public function testASecretComesFromStandardInput(): void
    {
        $settings = array_diff_key($this->settings(), ['client_secret' => 0]);
        file_put_contents($this->folder . '/settings.json', json_encode($settings));
        foreach ([['-'], ['=-']] as $index => [$way]) {
            $option = $way === '-' ? ['--client-secret-file', '-'] : ['--client-secret-file=-'];
            $command = [...Php::command(), self::PROGRAM, 'account:add', 'invoices' . $index, '--settings', $this->folder . '/settings.json', ...$option];
            $process = proc_open($command, [['pipe', 'r'], ['pipe', 'w'], ['pipe', 'w']], $pipes);
            fwrite($pipes[0], World::SECRET . "\n");
            fclose($pipes[0]);
            $shown = stream_get_contents($pipes[1]) . stream_get_contents($pipes[2]);
            self::assertSame(0, proc_close($process), $shown);
            $this->signIn('invoices' . $index);
        }
    }

    public function testWithoutATerminalNothingIsAsked(): void
    {
        $run = $this->program('account:add', 'invoices');
        self::assertSame(78, $run->status());
        self::assertStringContainsString('tenant_id', $run->errors());
        self::assertStringNotContainsString('Aborted', $run->errors());
    }

    public function testAnApplicationIsAskedForItsMailboxAndNotWhereABrowserComesBack(): void
    {
        require_once 'Symfony/Component/Console/autoload.php';
        $client = new FakeClient();
        $add = new CommandTester((new Application($client, ['squeeze-graph', '--lang=en']))->find('account:add'));
        $add->setInputs(['contoso.example', World::CLIENT, '', World::SHARED, '', '', '', 'secret', '']);
        self::assertSame(0, $add->execute(['account' => 'robot', '--protocol' => 'application']), $add->getDisplay());
        self::assertSame([World::SHARED, null], [$client->getAccount('robot')->mailbox, $client->getAccount('robot')->redirectUri]);
        self::assertStringContainsString('This is needed.', $add->getDisplay());
    }

    public function testStatusAndRefreshTellHowAccountsStand(): void
    {
        $this->signedIn();
        $this->account('new');
        $run = $this->program('status');
        self::assertSame(0, $run->status());
        self::assertStringContainsString('invoices: valid', $run->output());
        self::assertStringContainsString('new: never signed in', $run->output());
        $before = export_token('invoices')['access_token'];
        self::assertStringContainsString('renewed', $this->program('refresh', 'invoices', '--force')->output());
        self::assertNotSame($before, export_token('invoices')['access_token']);
        self::assertSame(78, $this->program('status', 'nobody')->status());
        self::assertSame('error', $this->program('status', 'nobody', '--json')->lines()[0]['type']);
        self::assertStringContainsString('gültig', $this->program('status', 'invoices', '--lang', 'de')->output());
        $german = Php::run([self::PROGRAM, 'status', 'invoices'], environment: ['LC_ALL' => 'de_AT.UTF-8']);
        self::assertStringContainsString('gültig', $german->output());
    }

    public function testTheConnectionTestMarksWhatFails(): void
    {
        $this->signedIn();
        $run = $this->program('test', 'invoices');
        self::assertStringContainsString('✓', $run->output());
        self::assertSame(0, $run->status(), $run->output());
        $this->account('invoices', ['folder_error' => '/Gibt es nicht']);
        $run = $this->program('test', 'invoices');
        self::assertStringContainsString('✗', $run->output());
        self::assertStringContainsString('→', $run->output());
        self::assertSame(78, $run->status(), $run->output());
    }

    public function testFoldersAreATreeWithAmbiguousNamesMarked(): void
    {
        $this->signedIn();
        create_folder('invoices', '/Verarbeitet/Rechnungen');
        create_folder('invoices', 'wellknown:inbox/Rechnungen');
        $run = $this->program('folders', 'invoices');
        self::assertSame(0, $run->status(), $run->errors());
        self::assertMatchesRegularExpression('/^[├└]── Posteingang \(0\) inbox\n[│ ]   └── Rechnungen \(0\) ambiguous use \/Posteingang\/Rechnungen$/mu', $run->output());
        self::assertStringContainsString('use /Verarbeitet/Rechnungen', $run->output());
        // One letter, written in two ways; and a name that is well known in another folder.
        create_folder('invoices', "/Verarbeitet/M\u{e4}rz");
        create_folder('invoices', "/Fehler/Ma\u{308}rz");
        create_folder('invoices', '/Verarbeitet/rechnungen alt');
        create_folder('invoices', '/Fehler/Inbox');
        $marked = array_keys(array_filter(array_column($this->program('folders', 'invoices', '--json')->lines(), 'ambiguous', 'path')));
        sort($marked);
        $expected = ['/Fehler/Inbox', "/Fehler/Ma\u{308}rz", '/Posteingang/Rechnungen', "/Verarbeitet/M\u{e4}rz", '/Verarbeitet/Rechnungen'];
        self::assertSame($expected, array_values(array_intersect($marked, $expected)));
        self::assertNotContains('/Posteingang', $marked);
        foreach (['Inbox', "M\u{e4}rz"] as $name) {
            $this->thrown(\Squeeze\Graph\AmbiguousFolderException::class, static fn () => \Squeeze\Graph\find_folder('invoices', $name));
        }
        $marked = array_column($this->program('folders', 'invoices', '--json')->lines(), 'ambiguous', 'path');
        self::assertTrue($marked['/Verarbeitet/Rechnungen']);
        self::assertFalse($marked['/Verarbeitet']);
    }

    public function testFoldersAreCreatedAndOfferedWhereTheyAreMissing(): void
    {
        $this->signedIn('invoices', ['folder_processed' => '/Neu/O\'Hara & Co']);
        $hint = $this->program('test', 'invoices')->output();
        self::assertStringContainsString("squeeze-graph folders invoices --create '/Neu/O'\\''Hara & Co'\n", $hint);
        $run = $this->program('folders', 'invoices', '--create', "/Neu/O'Hara & Co", '--create=/Auch');
        self::assertSame([0, "✓ /Neu/O'Hara & Co is there\n✓ /Auch is there\n"], [$run->status(), $run->output()], $run->errors());
        self::assertSame(0, $this->program('test', 'invoices')->status());
        self::assertSame('/Auch', $this->program('folders', 'invoices', '--create=/Auch', '--json')->lines()[0]['path']);
    }

    public function testMessagesAreListedAndImported(): void
    {
        $this->signedIn();
        $this->sandbox->deliver(World::USER, Mail::mime("Rechnung 17 \u{202e}<error>x</error>", ['17.pdf' => '%PDF']));
        $run = $this->program('messages', 'invoices');
        self::assertMatchesRegularExpression('/^\d{4}-\d\d-\d\d \d\d:\d\d UTC •\+ billing@supplier.example .*Rechnung 17 \?<error>x<\/error>$/m', $run->output());
        self::assertSame('', $run->errors());
        $this->sandbox->deliver(World::USER, Mail::mime('Rechnung 18', ['18.pdf' => '%PDF']));
        $this->sandbox->deliver(World::USER, Mail::mime('Rechnung 19', ['19.pdf' => '%PDF']));
        $run = $this->program('messages', 'invoices', '--limit=2');
        self::assertSame(2, substr_count($run->output(), "\n"));
        self::assertStringContainsString('more than these 2', $run->errors());
        self::assertSame('', $this->program('messages', 'invoices', '--limit=3')->errors());
        $run = $this->program('import', 'invoices', '--directory', $this->folder . '/in');
        self::assertSame(0, $run->status(), $run->errors());
        self::assertCount(3, glob($this->folder . '/in/*/mail.json'));
        self::assertSame(3, list_messages('invoices', '/Verarbeitet')->total());
        self::assertStringContainsString('no mails', $this->program('messages', 'invoices')->output());
        self::assertSame(78, $this->program('import', 'invoices')->status(), 'where to?');
        self::assertSame(78, $this->program('messages', 'invoices', '--limit=many')->status());
        self::assertSame(78, $this->program('messages', 'invoices', '/Gibt es nicht')->status());
    }

    public function testAnOldTokenIsAdoptedWithItsZone(): void
    {
        $this->account();
        $token = ['access_token' => 'old', 'refresh_token' => 'older', 'expires_at' => '2026-10-25 02:30:00'];
        file_put_contents($this->folder . '/token.json', json_encode($token));
        $run = $this->program('adopt', 'invoices', $this->folder . '/token.json');
        self::assertSame(78, $run->status());
        self::assertStringContainsString('2026-10-25 02:30:00', $run->errors());
        $run = $this->program('adopt', 'invoices', $this->folder . '/token.json', '--timezone=Europe/Berlin');
        self::assertStringContainsString('2026-10-25 00:30 UTC', $run->output());
    }

    public function testTheKeyIsRotated(): void
    {
        $this->signedIn();
        $before = file_get_contents($this->folder . '/store.sqlite.key');
        $run = $this->program('key:rotate');
        self::assertSame(0, $run->status(), $run->errors());
        self::assertNotSame($before, file_get_contents($this->folder . '/store.sqlite.key'));
        self::assertSame('0600', substr(sprintf('%o', fileperms($this->folder . '/store.sqlite.key')), -4));
        self::assertNotNull(export_token('invoices')['access_token']);
        file_put_contents($this->folder . '/store.sqlite.key', $before);
        self::assertSame(78, $this->program('status')->status(), 'the old key opens nothing any more');
    }

    public function testARotationThatWasKilledIsInNobodysWayAndOneThatRunsIs(): void
    {
        $this->signedIn();
        $file = $this->folder . '/store.sqlite.key';
        $old = (string) file_get_contents($file);
        // Killed between its two steps, and again while it wrote the next file.
        file_put_contents($file, str_repeat('ab', 32) . "\n" . $old);
        file_put_contents($file . '.new', 'half a k');
        $running = fopen($file, 'rb');
        self::assertTrue(flock($running, LOCK_EX));
        $run = $this->program('key:rotate');
        self::assertNotSame(0, $run->status());
        self::assertStringContainsString('Another rotation', $run->errors());
        fclose($running);

        $run = $this->program('key:rotate');
        self::assertSame(0, $run->status(), $run->errors());
        self::assertFileDoesNotExist($file . '.new');
        self::assertMatchesRegularExpression('/^[0-9a-f]{64}$/D', trim((string) file_get_contents($file)));
        self::assertNotNull(export_token('invoices')['access_token']);
    }

    public function testAStoreForEachTenant(): void
    {
        $stores = [];
        foreach (['one', 'two'] as $tenant) {
            $stores[$tenant] = $this->folder . '/' . $tenant . '.sqlite';
            with_settings(['squeeze_graph.store' => $stores[$tenant]], fn () => $this->account('of ' . $tenant));
        }
        $both = ['--store', $stores['one'], '--store', $stores['two'], '--key-file', $stores['two'] . '.key'];
        foreach ([['status'], ['account:list'], ['refresh'], ['doctor']] as $arguments) {
            $run = $this->program(...$arguments, ...$both);
            self::assertMatchesRegularExpression(sprintf('~%s\n(?s:.*)%s\n~', preg_quote($stores['one']), preg_quote($stores['two'])), $run->output(), $run->errors());
        }
        self::assertSame(
            [['of one', $stores['one']], ['of two', $stores['two']]],
            array_map(static fn (array $line): array => [$line['account'], $line['store']], $this->program('status', '--json', ...$both)->lines()),
        );
        $before = array_map(static fn (string $store): string => (string) file_get_contents($store . '.key'), $stores);
        self::assertSame(0, $this->program('key:rotate', ...$both)->status());
        foreach ($stores as $tenant => $store) {
            self::assertNotSame($before[$tenant], file_get_contents($store . '.key'));
        }
        // One broken tenant does not stop the others.
        $run = $this->program('status', '--store', $stores['one'], '--store', '/none/store.sqlite', '--store', $stores['two']);
        self::assertSame(78, $run->status());
        self::assertStringContainsString('of two: never signed in', $run->output());
        foreach ([['test', 'of one'], ['status', 'of one'], ['account:show', 'of one']] as $arguments) {
            $run = $this->program(...$arguments, ...$both);
            self::assertSame(78, $run->status());
            self::assertStringContainsString('one --store at a time', $run->errors());
        }
        self::assertSame(78, $this->program('status', '--key-file', '/a', ...$both)->status());
        $run = $this->program(...[...$both, 'status']);
        self::assertStringContainsString('of one: never', $run->output(), 'the options may stand before the command');
    }

    public function testTheShellCompletesWithoutMakingAStore(): void
    {
        $this->signedIn('invoices');
        $this->account('orders');
        $complete = fn (string ...$words): array => array_filter(explode("\n", trim($this->program(
            '_complete',
            '-sbash',
            '-S1',
            '-c' . (count($words) + 1),
            '-isqueeze-graph',
            ...array_map(static fn (string $word): string => '-i' . $word, $words),
        )->output())));
        self::assertSame(['invoices', 'orders'], $complete('status'));
        self::assertContains('/Verarbeitet', $complete('messages', 'invoices'));
        self::assertContains('/Fehler', $complete('account:add', 'invoices', '--folder-error'));
        self::assertSame(['delegated', 'application'], $complete('account:add', 'invoices', '--protocol'));
        self::assertSame(['en', 'de'], $complete('status', '--lang'));
        self::assertContains('Europe/Vienna', $complete('adopt', 'invoices', 'file', '--timezone'));
        $other = $this->folder . '/other.sqlite';
        self::assertSame([], $complete('status', '--store', $other));
        self::assertFileDoesNotExist($other);
        self::assertFileDoesNotExist($other . '.key');
        with_settings(['squeeze_graph.store' => $other], fn () => $this->account('elsewhere'));
        self::assertSame(['elsewhere'], $complete('status', '--store', $other));
        delete_account('orders');
    }

    private function program(string ...$arguments): Php
    {
        $language = array_filter($arguments, static fn (string $argument): bool => str_starts_with($argument, '--lang'));

        return Php::run([self::PROGRAM, ...$arguments, ...($language === [] ? ['--lang=en'] : [])]);
    }
}
