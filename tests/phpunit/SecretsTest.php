<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\Canaries;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\Wiretap;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\export_token;

/**
 * The hunt: every secret that travels is known, every function is called, and everything that is left behind is searched.
 *
 * SECRETS_FULL=1 answers every function with every careless answer, instead of with a few.
 */
final class SecretsTest extends GraphTestCase
{
    private const KINDS = [
        'client_secret', 'code', 'code_verifier', 'refresh_token', 'access_token', 'id_token', 'state', 'nonce', 'session', 'store key',
        'key of the environment', 'password of the proxy', 'password in the proxy', 'password of a database',
    ];
    private const MAIL_TEXT = 'what-only-the-recipient-may-read';

    public function testNoSecretIsLeftAnywhere(): void
    {
        $modes = getenv('SECRETS_FULL') === false ? ['says-400', 'types'] : Wiretap::CARELESS;
        [$places, $canaries] = $this->everything($modes);
        foreach ($places as $place => $text) {
            self::assertSame([], $canaries->in($text), $place);
        }
        // Mails are for PHP code and for the files it asked for, not for what is left behind.
        $mail = new Canaries();
        $mail->add('mail text', self::MAIL_TEXT);
        foreach (['log', "PHP's error log", 'standard error', 'store'] as $place) {
            self::assertSame([], $mail->in($places[$place]), $place);
        }
    }

    public function testTheHuntFindsWhatIsLeaked(): void
    {
        [$places, $canaries] = $this->everything([], ['LEAK' => '1']);
        foreach ($places as $place => $text) {
            self::assertNotSame([], $canaries->in($text), $place);
        }
    }

    /**
     * Errors that nobody catches, as the web server and the error log see them.
     *
     * @dataProvider uncaught
     */
    public function testAnUncaughtErrorShowsNoSecret(string $code): void
    {
        $canaries = new Canaries();
        $canaries->add('client secret', World::SECRET);
        $this->account();
        foreach (['0', '1'] as $html) {
            $log = $this->folder . '/php.log';
            $child = Php::code(strtr($code, ['SECRET' => "'" . World::SECRET . "'"]), [
                'display_errors' => '1', 'html_errors' => $html, 'log_errors' => '1', 'error_log' => $log,
                'zend.exception_ignore_args' => '0', 'zend.exception_string_param_max_len' => '1000',
            ]);
            self::assertSame(255, $child->status());
            self::assertStringContainsString('Uncaught', (string) file_get_contents($log));
            self::assertSame([], $canaries->in($child->output() . $child->errors() . file_get_contents($log)));
        }
    }

    /**
     * @return iterable<string, array{string}>
     */
    public function uncaught(): iterable
    {
        yield 'an unknown setting' => ['save_account("x", ["client_secret" => SECRET, "unknown" => 1]);'];
        yield 'a secret of another type' => ['save_account("x", ["client_secret" => [SECRET]]);'];
        yield 'a secret for settings' => ['save_account("x", SECRET);'];
        yield 'a callback nobody started' => ['exchange_code(["code" => SECRET, "state" => SECRET], SECRET);'];
        yield 'a query of another type' => ['exchange_code(SECRET);'];
        yield 'a session of another type' => ['exchange_code([], [SECRET]);'];
        yield 'a callback without account' => ['authorization_url("nobody", SECRET);'];
        yield 'no token' => ['adopt_token("invoices", ["refresh_token" => SECRET, "expires_at" => SECRET]);'];
        yield 'a token of another type' => ['adopt_token("invoices", SECRET);'];
        yield 'too many arguments' => ['adopt_token("invoices", [SECRET], null, false, [SECRET]);'];
        yield 'an unknown name' => ['exchange_code(query: ["code" => SECRET], sesion: SECRET);'];
        yield 'a store with a password' => ['with_settings(["store" => "mysql://root:" . SECRET . "@host/x"], list_accounts(...));'];
        yield 'an unknown setting of ours' => ['with_settings(["proxy" => SECRET, "unknown" => SECRET], list_accounts(...));'];
        yield 'a cause' => ['with_settings(["language" => "de"], function () { try { exchange_code(["state" => SECRET], SECRET); } catch (\Throwable $e) { throw new \LogicException("x", 0, $e); } });'];
    }

    public function testTheScriptsPrintNoSecret(): void
    {
        $token = export_token($this->signedIn());
        $canaries = new Canaries();
        foreach (['client secret' => World::SECRET, 'access token' => $token['access_token'], 'refresh token' => $token['refresh_token']] as $kind => $secret) {
            $canaries->add($kind, $secret);
        }
        $this->sandbox->deliver(World::USER, Mail::mime('a', ['a.pdf' => 'x']));
        $settings = ['squeeze_graph.log' => 'stderr', 'squeeze_graph.log_level' => 'debug', 'squeeze_graph.retry_budget' => '0'];
        foreach ([null, ['entra' => ['code' => 70000, 'description' => 'AADSTS70000: ' . $token['refresh_token'] . ' ' . World::SECRET]]] as $fault) {
            if ($fault !== null) {
                $this->sandbox->fault(['path' => '/token', 'count' => null] + $fault);
            }
            foreach (['refresh-tokens', 'import-emails'] as $script) {
                foreach ([[], ['--json']] as $options) {
                    $directory = $script === 'import-emails' ? ['--directory', $this->folder . '/mails'] : [];
                    @mkdir($this->folder . '/mails');
                    $run = Php::run([__DIR__ . '/../../php/bin/' . $script, ...$directory, ...$options], $settings);
                    self::assertNotSame('', $run->output() . $run->errors(), $script);
                    self::assertSame([], $canaries->in($run->output() . $run->errors()), $script);
                }
            }
        }
    }

    /**
     * @param list<string> $modes
     * @param array<string, string> $environment
     * @return array{array<string, string>, Canaries} what is to be searched, by place, and for what
     */
    private function everything(array $modes, array $environment = []): array
    {
        [$tap, $own, $temporary] = [$this->folder . '/tap', $this->folder . '/own', $this->folder . '/temporary'];
        array_map(static fn (string $folder) => mkdir($folder, 0700), [$tap, $own, $temporary]);
        $gateway = new Wiretap($this->sandbox, $tap);
        for ($i = 0; $i < 20; ++$i) {
            $this->sandbox->deliver(World::USER, Mail::mime("Invoice $i", ['a.pdf' => 'x'], self::MAIL_TEXT));
        }
        $run = Php::start(
            [__DIR__ . '/Support/every-function.php', $gateway->url, $tap, $this->sandbox->about('url'), implode(',', $modes)],
            [
                'squeeze_graph.store' => $own . '/store.sqlite', 'squeeze_graph.log' => $own . '/graph.log', 'squeeze_graph.log_level' => 'debug',
                'squeeze_graph.retry_budget' => '0', 'squeeze_graph.timeout' => '3',
                'log_errors' => '1', 'error_log' => $own . '/php.log', 'memory_limit' => '-1',
                'zend.exception_ignore_args' => '0', 'zend.exception_string_param_max_len' => '1000',
            ],
            ['TMPDIR' => $temporary] + $environment,
        );
        // What is there for a moment only counts, too: the write-ahead log before it is written back, the files of a download.
        $seen = ['store' => [], 'temporary files' => []];
        $places = ['store' => $own . '/store.sqlite*', 'temporary files' => $temporary . '/*'];
        // The key file, also in the moment before it gets its name.
        $isKey = static fn (string $file): bool => preg_match('/\.key(\.new)?$/', $file) === 1;
        do {
            $running = $run->running();
            foreach ($places as $place => $pattern) {
                foreach (glob($pattern) as $file) {
                    $bytes = $isKey($file) || is_dir($file) ? '' : (string) @file_get_contents($file);
                    // Each page of the database once: in the write-ahead log it has 24 bytes before it, and the file has 32.
                    [$start, $size] = str_ends_with($file, '-wal') ? [32, 4_120] : [0, 4_096];
                    foreach ($bytes === '' ? [] : str_split(substr($bytes, $start), $size) as $page) {
                        $seen[$place][md5($page)] = $page;
                    }
                }
            }
            usleep(200_000);
        } while ($running);
        $run->wait(600);
        self::assertSame(0, $run->status(), substr($run->output(), -2000) . $run->errors());
        self::assertStringContainsString('every function was called', $run->errors());

        self::assertSame([$own . '/store.sqlite.key'], glob($own . '/*.key*'), 'only the key file holds the key');

        $canaries = new Canaries();
        $kinds = [];
        foreach ($gateway->secrets() as [$kind, $secret]) {
            $canaries->add($kind, $secret);
            $kinds[$kind] = true;
        }
        self::assertSame([], array_diff(self::KINDS, array_keys($kinds)), 'secrets that did not pass');
        $texts = [
            'standard output' => $run->output(),
            'standard error' => $run->errors(),
            'log' => (string) file_get_contents($own . '/graph.log'),
            "PHP's error log" => (string) @file_get_contents($own . '/php.log'),
            'store' => implode("\n", $seen['store']),
            'temporary files' => implode("\n", $seen['temporary files']),
        ];
        self::assertStringContainsString('"level":"debug"', $texts['log']);
        self::assertStringContainsString('SQLite format 3', $texts['store']);
        if (getenv('SECRETS_FULL') !== false) {
            $sizes = array_map(static fn (string $place, string $text): string => sprintf('%s %d kB', $place, strlen($text) / 1000), array_keys($texts), $texts);
            fprintf(STDERR, "\nfigure: %d secrets of %d kinds, %d spellings, searched for in %s\n", count($gateway->secrets()), count($kinds), $canaries->count(), implode(', ', $sizes));
        }

        return [$texts, $canaries];
    }
}
