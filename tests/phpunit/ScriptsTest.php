<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\LeaveInInbox;
use Squeeze\Graph\Testing\Sandbox;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\adopt_token;
use function Squeeze\Graph\delete_account;
use function Squeeze\Graph\export_token;
use function Squeeze\Graph\import_messages;
use function Squeeze\Graph\list_messages;
use function Squeeze\Graph\save_account;
use function Squeeze\Graph\with_settings;

final class ScriptsTest extends GraphTestCase
{
    private const REFRESH = __DIR__ . '/../../php/bin/refresh-tokens';
    private const IMPORT = __DIR__ . '/../../php/bin/import-emails';

    public function testTheJobRenewsAndEndsWithZero(): void
    {
        $this->expired('due');
        $this->account('new');
        $run = Php::run([self::REFRESH]);
        self::assertSame(0, $run->status(), $run->errors());
        self::assertStringContainsString('due: renewed, valid until', $run->output());
        self::assertStringContainsString('new: never signed in', $run->output());
        self::assertStringContainsString('1 renewed', $run->output());
        self::assertSame('', $run->errors());
        self::assertStringNotContainsString(export_token('due')['access_token'], $run->output());
    }

    public function testQuietSaysNothingWhenAllIsWell(): void
    {
        $this->expired('due');
        $run = Php::run([self::REFRESH, '--quiet']);
        self::assertSame([0, '', ''], [$run->status(), $run->output(), $run->errors()]);
    }

    public function testJsonIsOneObjectALine(): void
    {
        $this->expired('due');
        $lines = Php::run([self::REFRESH, '--json'])->lines();
        self::assertSame(['result', 'summary'], array_column($lines, 'type'));
        self::assertSame('due', $lines[0]['account']);
        self::assertMatchesRegularExpression('/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/', $lines[0]['status']['expiresAt']);
        self::assertSame(1, $lines[1]['refreshed']);
    }

    /**
     * @dataProvider troubles
     * @param array<string, mixed> $fault
     */
    public function testTheExitCodeSaysWhoHasToAct(array $fault, int $status): void
    {
        $this->expired('broken');
        $this->expired('fine');
        delete_account('fine');
        $this->sandbox->fault(['path' => '/token', 'count' => null] + $fault);
        $run = Php::run([self::REFRESH], ['squeeze_graph.retry_budget' => '1']);
        self::assertSame($status, $run->status(), $run->output() . $run->errors());
        self::assertStringContainsString('! broken: ', $run->output());
        self::assertStringContainsString('→ ', $run->output());

        $quiet = Php::run([self::REFRESH, '--quiet'], ['squeeze_graph.retry_budget' => '1']);
        self::assertStringContainsString('! broken: ', $quiet->output());
        self::assertSame($status, $quiet->status());
    }

    /**
     * @return iterable<string, array{array<string, mixed>, int}>
     */
    public function troubles(): iterable
    {
        yield 'a dead refresh token' => [['entra' => ['code' => 700082]], 1];
        yield 'an expired secret' => [['entra' => ['code' => 7000222, 'error' => 'invalid_client', 'status' => 401]], 1];
        yield 'Microsoft is down' => [['status' => 503, 'body' => ''], 75];
    }

    public function testWhatNoLaterRunWillMendIsNotCalledPassing(): void
    {
        $server = new Sandbox(['--tls', $this->folder]);
        $url = rtrim($server->about('authority_url'), '/');
        $this->account('broken', ['authority_url' => $url, 'graph_url' => $url]);
        adopt_token('broken', ['access_token' => 'old', 'refresh_token' => 'older', 'expires_at' => time() - 60]);
        $run = Php::run([self::REFRESH], ['squeeze_graph.retry_budget' => '1']);
        self::assertSame(78, $run->status(), $run->output() . $run->errors());
        self::assertStringContainsString('squeeze_graph.ca_file', $run->output());
    }

    public function testAdviceIsInTheReadersLanguage(): void
    {
        $this->expired('broken');
        $this->sandbox->fault(['path' => '/token', 'count' => null, 'entra' => ['code' => 700082]]);
        $english = Php::run([self::REFRESH, '--lang', 'en'])->output();
        $german = Php::run([self::REFRESH, '--lang=de'])->output();
        self::assertStringContainsString('sign-in needed', $english);
        self::assertStringContainsString('Anmeldung nötig', $german);
        self::assertNotSame(explode('→', $english)[1], explode('→', $german)[1]);
        $locale = Php::run([self::REFRESH], environment: ['LC_ALL' => 'de_AT.UTF-8']);
        self::assertSame($german, $locale->output());
        foreach ([self::REFRESH, self::IMPORT] as $script) {
            self::assertStringContainsString('Rückgabewerte: 0 alles gut', Php::run([$script, '--help', '--lang', 'de'])->output());
            self::assertStringContainsString('Unbekannte Option: --frobnicate', Php::run([$script, '--lang=de', '--frobnicate'])->errors());
        }
        self::assertStringContainsString('Die Option --directory fehlt', Php::run([self::IMPORT, '--lang=de'])->errors());
    }

    /**
     * @dataProvider usageErrors
     * @param list<string> $arguments
     */
    public function testACommandLineThatIsWrongIsRefused(string $script, array $arguments, string $named): void
    {
        $run = Php::run([$script, ...$arguments]);
        self::assertSame(78, $run->status(), $run->output());
        self::assertSame('', $run->output());
        self::assertStringContainsString($named, $run->errors());
    }

    /**
     * @return iterable<string, array{string, list<string>, string}>
     */
    public function usageErrors(): iterable
    {
        yield 'unknown option' => [self::REFRESH, ['--frobnicate'], '--frobnicate'];
        yield 'a word' => [self::REFRESH, ['invoices'], 'invoices'];
        yield 'no value' => [self::REFRESH, ['--account'], '--account'];
        yield 'value for a switch' => [self::REFRESH, ['--json=yes'], '--json'];
        yield 'no number' => [self::REFRESH, ['--horizon', 'soon'], 'soon'];
        yield 'unknown language' => [self::REFRESH, ['--lang', 'fr'], 'fr'];
        yield 'two keys for one store' => [self::REFRESH, ['--store', '/a', '--key-file', '/b', '--key-file', '/c'], '--key-file'];
        yield 'unknown account' => [self::REFRESH, ['--account', 'nobody'], 'nobody'];
        yield 'a name that no account can have' => [self::REFRESH, ['--account', str_repeat('n', 191)], 'nnn'];
        yield 'no directory' => [self::IMPORT, [], '--directory'];
        yield 'a directory below a file' => [self::IMPORT, ['--directory', __FILE__ . '/x'], 'ScriptsTest.php/x'];
        yield 'limit of zero' => [self::IMPORT, ['--directory', '/tmp', '--limit', '0'], '--limit'];
    }

    /**
     * @dataProvider withoutTheExtension
     * @param list<string> $arguments
     */
    public function testWithoutTheExtensionOnlyHelpIsGiven(array $arguments, int $expected, string $text): void
    {
        exec(implode(' ', array_map(escapeshellarg(...), [PHP_BINARY, '-n', ...$arguments])) . ' 2>&1', $output, $status);
        self::assertSame($expected, $status);
        self::assertStringContainsString($text, implode("\n", $output));
    }

    /**
     * @return iterable<array{list<string>, int, string}>
     */
    public function withoutTheExtension(): iterable
    {
        yield [[self::REFRESH, '--help'], 0, 'Exit codes'];
        yield [[self::IMPORT, '--help'], 0, 'Exit codes'];
        yield [[self::REFRESH, '--version'], 0, 'refresh-tokens'];
        yield [[self::IMPORT, '--version'], 0, 'import-emails'];
        yield [[self::REFRESH], 78, 'extension=squeeze_graph'];
        yield [[self::IMPORT, '--directory', '/tmp'], 78, 'extension=squeeze_graph'];
    }

    public function testAStoreThatCanNotBeOpenedIsConfiguration(): void
    {
        $run = Php::run([self::REFRESH, '--store', $this->folder . '/none/deep/store.sqlite']);
        self::assertSame(78, $run->status());
        self::assertStringContainsString($this->folder . '/none/deep', $run->output());
    }

    public function testOneTenantsBrokenStoreDoesNotStopTheOthers(): void
    {
        $stores = [];
        foreach (['one', 'two'] as $tenant) {
            $stores[$tenant] = $this->folder . '/' . $tenant . '.sqlite';
            $key = $this->folder . '/' . $tenant . '.key';
            file_put_contents($key, bin2hex(random_bytes(32)) . "\n");
            chmod($key, 0600);
            with_settings(
                ['squeeze_graph.store' => $stores[$tenant], 'squeeze_graph.key_file' => $key],
                fn () => $this->expired('account of ' . $tenant),
            );
        }
        $arguments = ['--store', $stores['one'], '--key-file', $this->folder . '/one.key', '--store', '/none/store.sqlite', '--store', $stores['two'], '--key-file', $this->folder . '/two.key'];
        $run = Php::run([self::REFRESH, ...$arguments]);
        self::assertSame(78, $run->status());
        self::assertStringContainsString('account of one: renewed', $run->output());
        self::assertStringContainsString('account of two: renewed', $run->output());

        $run = Php::run([self::REFRESH, '--account', 'account of two', ...$arguments]);
        self::assertStringNotContainsString('account of one', $run->output());
    }

    public function testTheJobTwiceAtOnceRenewsOnce(): void
    {
        $this->expired('due');
        $this->sandbox->fault(['path' => '/token', 'delay_ms' => 500]);
        $runs = [Php::start([self::REFRESH]), Php::start([self::REFRESH])];
        foreach ($runs as $run) {
            self::assertSame(0, $run->wait()->status(), $run->errors());
        }
        self::assertSame(1, $this->sandbox->asked('token refresh_token'));
    }

    public function testTheJobEndsPolitelyOnSigterm(): void
    {
        $this->expired('due');
        $this->sandbox->fault(['path' => '/token', 'delay_ms' => 4_000]);
        $run = Php::start([self::REFRESH]);
        $this->waitUntil(fn (): bool => $this->sandbox->asked('token refresh_token') > 0);
        $run->signal(SIGTERM);
        self::assertSame(75, $run->wait(8)->status(), $run->errors());
        self::assertStringContainsString('Interrupted', $run->errors());
    }

    public function testMailsBecomeFolders(): void
    {
        $this->mailbox();
        $target = $this->folder . '/new/in';
        $run = Php::run([self::IMPORT, '--directory', $target]);
        self::assertSame(0, $run->status(), $run->output() . $run->errors());
        self::assertStringContainsString('invoices: 2 imported, 1 rejected, 0 left, 0 failed', $run->output());
        $folders = glob($target . '/*');
        self::assertCount(2, $folders);
        foreach ($folders as $folder) {
            $mail = json_decode(file_get_contents($folder . '/mail.json'), true, 512, JSON_THROW_ON_ERROR);
            self::assertSame(basename($folder), $mail['importKey']);
            self::assertSame('invoices', $mail['account']);
            self::assertFileExists($folder . '/message.eml');
            [$attachment] = $mail['attachments'];
            self::assertSame($attachment['sha256'], hash_file('sha256', $folder . '/' . $attachment['file']));
            self::assertCount(3, array_diff(scandir($folder), ['.', '..']));
        }
        self::assertSame(0, list_messages('invoices')->total());
        self::assertSame(0, Php::run([self::IMPORT, '--directory', $target])->status());
    }

    public function testAGermanImportTellsItsReasonsInGerman(): void
    {
        $this->mailbox();
        import_messages('invoices', static fn () => throw new LeaveInInbox('', new \DateTimeImmutable('+1 hour')), limit: 1);
        $output = Php::run([self::IMPORT, '--directory', $this->folder . '/in', '--lang', 'de'])->output();
        self::assertMatchesRegularExpression('/^invoices: abgewiesen: .*\(keine Anlage\)$/m', $output);
        self::assertMatchesRegularExpression('/^invoices: liegen gelassen: .*\(nicht vor \d{4}-.*\)$/m', $output);
        self::assertStringContainsString('1 abgewiesen, 1 liegen gelassen', $output);
    }

    public function testTheImportWritesJsonAndKeepsToTheLimit(): void
    {
        $this->mailbox();
        $lines = Php::run([self::IMPORT, '--directory', $this->folder . '/in', '--limit', '1', '--json'])->lines();
        $summary = end($lines);
        self::assertSame(['summary', 'invoices', 1], [$summary['type'], $summary['account'], $summary['imported']]);
        self::assertSame('Imported', ucfirst(array_values(array_filter($lines, static fn (array $line): bool => $line['type'] === 'result'))[0]['outcome']));
    }

    public function testTheImportTwiceAtOnceTakesEachMailOnce(): void
    {
        $this->signedIn();
        $this->sandbox->generate(World::USER, 20, 1_000);
        $runs = [];
        for ($i = 0; $i < 3; $i++) {
            $runs[] = Php::start([self::IMPORT, '--directory', $this->folder . '/in']);
        }
        foreach ($runs as $run) {
            self::assertSame(0, $run->wait()->status(), $run->output() . $run->errors());
        }
        self::assertCount(20, glob($this->folder . '/in/*/mail.json'));
        self::assertSame(20, list_messages('invoices', 'Verarbeitet')->total());
    }

    public function testTheImportEndsPolitelyOnSigterm(): void
    {
        $this->signedIn();
        $this->sandbox->generate(World::USER, 30, 1_000);
        $this->sandbox->fault(['path' => '/$value', 'skip' => 5, 'delay_ms' => 4_000, 'count' => null]);
        $run = Php::start([self::IMPORT, '--directory', $this->folder . '/in']);
        $this->waitUntil(fn (): bool => glob($this->folder . '/in/*/mail.json') !== []);
        $run->signal(SIGTERM);
        self::assertSame(75, $run->wait(8)->status(), $run->output() . $run->errors());
        $this->sandbox->control('DELETE', '/faults');
        self::assertSame(0, Php::run([self::IMPORT, '--directory', $this->folder . '/in'])->status());
        self::assertCount(30, glob($this->folder . '/in/*/mail.json'));
        self::assertCount(30, glob($this->folder . '/in/*'));
    }

    public function testAnAccountThatCanNotImportIsNamedAndTheOthersGoOn(): void
    {
        $this->mailbox();
        $this->signedIn('another', ['folder_processed' => null]);
        $this->account('new');
        $run = Php::run([self::IMPORT, '--directory', $this->folder . '/in']);
        self::assertSame(78, $run->status(), $run->output());
        self::assertStringContainsString('! another: ', $run->output());
        self::assertStringContainsString('invoices: 2 imported', $run->output());
        self::assertStringContainsString('new: never signed in', $run->output());
        $lines = Php::run([self::IMPORT, '--directory', $this->folder . '/in', '--account', 'new', '--json'])->lines();
        self::assertSame([['type' => 'skipped', 'account' => 'new', 'reason' => 'never_signed_in']], $lines);

        save_account('another', ['enabled' => false]);
        self::assertSame(0, Php::run([self::IMPORT, '--directory', $this->folder . '/in'])->status());
    }

    private function mailbox(): void
    {
        $this->signedIn();
        $this->sandbox->deliver(World::USER, Mail::mime('first', ['a.pdf' => '%PDF 1']));
        $this->sandbox->deliver(World::USER, Mail::mime('nothing attached'));
        $this->sandbox->deliver(World::USER, Mail::mime('second', ['../b.pdf' => '%PDF 2']));
    }

    private function expired(string $account): void
    {
        $this->signedIn($account);
        adopt_token($account, ['expires_at' => time() - 60] + export_token($account));
    }

    private function waitUntil(callable $true, float $seconds = 15): void
    {
        $end = microtime(true) + $seconds;
        while (!$true()) {
            if (microtime(true) > $end) {
                self::fail('it did not happen in time');
            }
            usleep(20_000);
        }
    }
}
