<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\adopt_token;
use function Squeeze\Graph\authorization_url;
use function Squeeze\Graph\export_token;
use function Squeeze\Graph\list_messages;
use function Squeeze\Graph\token_status;

/**
 * The extension in PHP-FPM, with the command line on the same store.
 */
final class FpmTest extends GraphTestCase
{
    /** @var ?resource */
    private $master = null;
    private string $socket;

    protected function setUp(): void
    {
        parent::setUp();
        $binary = glob('/usr/sbin/php-fpm' . PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION)[0] ?? self::fail('PHP-FPM is not installed: run tools/setup');
        $this->socket = $this->folder . '/fpm.sock';
        $root = posix_geteuid() === 0;
        file_put_contents($this->folder . '/fpm.conf', implode("\n", [
            '[global]',
            'error_log = ' . $this->folder . '/fpm.log',
            'daemonize = no',
            '[www]',
            'listen = ' . $this->socket,
            'pm = static',
            'pm.max_children = 2',
            'clear_env = no',
            // Started as root it must be told to stay what it is, so that one user owns the store.
            ...($root ? ['user = root', 'group = root'] : []),
            'php_admin_value[squeeze_graph.store] = ' . $this->folder . '/store.sqlite',
            'php_admin_value[display_errors] = 1',
            '',
        ]));
        $command = [$binary, '-F', '-O', '-y', $this->folder . '/fpm.conf', '-d', 'extension=' . Php::extension(), '-d', 'squeeze_graph.custom_endpoints=1', ...($root ? ['-R'] : [])];
        $this->master = proc_open($command, [['file', '/dev/null', 'r'], ['file', '/dev/null', 'w'], ['file', $this->folder . '/fpm.err', 'w']], $pipes) ?: null;
        $end = microtime(true) + 10;
        while (!file_exists($this->socket) && microtime(true) < $end) {
            usleep(10_000);
        }
        self::assertFileExists($this->socket, (string) @file_get_contents($this->folder . '/fpm.err') . @file_get_contents($this->folder . '/fpm.log'));
    }

    protected function tearDown(): void
    {
        if ($this->master !== null) {
            proc_terminate($this->master, SIGQUIT);
            proc_close($this->master);
        }
        parent::tearDown();
    }

    public function testAWebSignInServesTheJobAndTheImportOfBothSides(): void
    {
        self::assertSame('true', $this->web('echo json_encode(save_account("invoices", ' . var_export($this->settings(), true) . '));'));
        $url = $this->web('echo authorization_url("invoices", "cookie of the browser");');
        $callback = $this->sandbox->signIn($url);
        self::assertSame('Valid', $this->web('echo exchange_code(' . var_export($callback, true) . ', "cookie of the browser")->state->name;'));
        self::assertSame('Valid', token_status('invoices')->state->name);

        adopt_token('invoices', ['expires_at' => time() - 60] + export_token('invoices'));
        $job = Php::run([__DIR__ . '/../../php/bin/refresh-tokens']);
        self::assertSame(0, $job->status(), $job->output() . $job->errors());
        self::assertSame('Valid', $this->web('echo token_status("invoices")->state->name;'));

        adopt_token('invoices', ['expires_at' => time() - 60] + export_token('invoices'));
        self::assertSame('1', $this->web('echo refresh_tokens()->refreshed;'));
        self::assertFalse(\Squeeze\Graph\is_token_expired('invoices'));
        foreach (['one', 'two', 'three'] as $subject) {
            $this->sandbox->deliver(World::USER, Mail::mime($subject, ['a.pdf' => '%PDF ' . $subject]));
        }
        mkdir($this->folder . '/in');
        self::assertSame('1', $this->web('echo import_messages("invoices", function () {}, limit: 1)->imported;'));
        $import = Php::run([__DIR__ . '/../../php/bin/import-emails', '--directory', $this->folder . '/in']);
        self::assertSame(0, $import->status(), $import->output() . $import->errors());
        self::assertStringContainsString('2 imported', $import->output());
        self::assertSame(3, list_messages('invoices', 'Verarbeitet')->total());
        self::assertSame('3', $this->web('echo list_messages("invoices", "Verarbeitet")->total();'));
    }

    public function testTheWebNeedsASessionForASignIn(): void
    {
        $this->account();
        self::assertSame('refused', $this->web('try { authorization_url("invoices"); echo "url"; } catch (ConfigurationException $e) { echo "refused"; }'));
        $url = $this->web('session_save_path(' . var_export($this->folder, true) . '); session_id("abcdefghijklmnopqrstuvwxyz"); session_start(); echo authorization_url("invoices");');
        $callback = $this->sandbox->signIn($url);
        $exchange = 'session_save_path(' . var_export($this->folder, true) . '); session_id("%s"); session_start();
            try { echo exchange_code(' . var_export($callback, true) . ')->state->name; } catch (SignInFailedException $e) { echo $e->getReason(); }';
        self::assertSame('wrong_session', $this->web(sprintf($exchange, 'zyxwvutsrqponmlkjihgfedcba')));
        self::assertSame('Valid', $this->web(sprintf($exchange, 'abcdefghijklmnopqrstuvwxyz')));
        self::assertNotSame('', authorization_url('invoices'), 'the command line needs none');
    }

    public function testWebAndCommandLineRenewOnce(): void
    {
        $this->signedIn();
        adopt_token('invoices', ['expires_at' => time() - 60] + export_token('invoices'));
        $this->sandbox->fault(['path' => '/token', 'delay_ms' => 500]);
        $child = Php::startCode('echo access_token("invoices");');
        $token = $this->web('echo access_token("invoices");');
        self::assertSame($token, $child->wait()->output());
        self::assertSame(1, $this->sandbox->asked('token refresh_token'));
    }

    public function testAFatalErrorInOneRequestLeavesTheWorkerWell(): void
    {
        $this->signedIn();
        $this->sandbox->deliver(World::USER, Mail::mime('mail', ['a.pdf' => 'x']));
        for ($i = 0; $i < 4; $i++) {
            self::assertStringContainsString('boom', $this->web('import_messages("invoices", function () { trigger_error("boom", E_USER_ERROR); });'));
        }
        self::assertSame('1', $this->web('echo import_messages("invoices", function () {})->imported;'));
    }

    /**
     * Runs statements in a request.
     */
    private function web(string $code): string
    {
        $script = $this->folder . '/request-' . bin2hex(random_bytes(4)) . '.php';
        file_put_contents($script, "<?php\nnamespace Squeeze\\Graph;\n" . $code);
        $process = proc_open(
            ['cgi-fcgi', '-bind', '-connect', $this->socket],
            [['file', '/dev/null', 'r'], ['pipe', 'w'], ['pipe', 'w']],
            $pipes,
            null,
            ['SCRIPT_FILENAME' => $script, 'SCRIPT_NAME' => '/' . basename($script), 'REQUEST_METHOD' => 'GET', 'SERVER_PROTOCOL' => 'HTTP/1.1', 'PATH' => (string) getenv('PATH')],
        ) ?: self::fail('cgi-fcgi is not installed: run tools/setup');
        $answer = stream_get_contents($pipes[1]);
        proc_close($process);

        return explode("\r\n\r\n", $answer, 2)[1] ?? self::fail('no answer: ' . $answer . file_get_contents($this->folder . '/fpm.log'));
    }
}
