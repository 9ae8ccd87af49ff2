<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Actor;
use Squeeze\Graph\ConfigurationException;
use Squeeze\Graph\ConnectionException;
use Squeeze\Graph\GraphException;
use Squeeze\Graph\RefreshOutcome;
use Squeeze\Graph\Tests\Support\Faults\ConnectProxy;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\Sandbox;
use Squeeze\Graph\Tests\Support\World;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\adopt_token;
use function Squeeze\Graph\export_token;
use function Squeeze\Graph\list_folders;
use function Squeeze\Graph\move_messages;
use function Squeeze\Graph\refresh_token;
use function Squeeze\Graph\refresh_tokens;
use function Squeeze\Graph\save_account;
use function Squeeze\Graph\save_mime;
use function Squeeze\Graph\test_connection;
use function Squeeze\Graph\token_status;

/**
 * No way to Microsoft: no name, no connection, no trust, no proxy. Named as what it is, and no reason to sign in.
 */
final class WayTest extends GraphTestCase
{
    private const REFRESH = __DIR__ . '/../../php/bin/refresh-tokens';

    /** @var array<string, array{?string, ?string, bool}> credentials in the proxy's address, in a file, and whether they fit */
    private const CREDENTIALS = [
        'in a file' => [null, 'squeeze:Hidden-Pass:1', true],
        'in the address' => ['squeeze:Hidden-Pass%3A1', null, true],
        'wrong ones in a file' => [null, 'squeeze:Wrong-Pass', false],
        'wrong ones in the address' => ['squeeze:Wrong-Pass', null, false],
        'none' => [null, null, false],
    ];

    /** @var resource|null a port that takes connections and says nothing */
    private $silent = null;
    private ?Sandbox $server = null;
    /** @var array<string, mixed>|null */
    private ?array $token = null;

    protected function setUp(): void
    {
        parent::setUp();
        ini_set('squeeze_graph.retry_budget', '1');
        ini_set('squeeze_graph.connect_timeout', '1');
        ini_set('squeeze_graph.timeout', '2');
    }

    protected function tearDown(): void
    {
        foreach (['connect_timeout', 'proxy', 'proxy_auth_file', 'ca_file'] as $name) {
            ini_restore('squeeze_graph.' . $name);
        }
        $this->silent = $this->server = null;
        parent::tearDown();
    }

    /**
     * What passes by itself is passing trouble for the job. What the host has to mend is not: were it told as passing, the job would look
     * well until the sign-ins are dead.
     *
     * @dataProvider ways
     * @param list<string> $options of the sandbox there, if there is one
     * @param array<string, string> $settings php.ini settings
     */
    public function testAWayThatIsNotThereIsNamedAndCostsNoSignIn(string $url, array $options, array $settings, string $code): void
    {
        $passes = in_array($code, ['dns', 'connect', 'timeout'], true);
        $account = $this->accountAt($this->url($url, $options), $settings);
        $before = export_token($account)['refresh_token'];
        $calls = [
            static fn () => list_folders($account),
            static fn () => save_mime($account, 'AAMkAA', '/nonexistent-' . getmypid()),
            static fn () => refresh_token($account),
        ];
        foreach ($calls as $call) {
            try {
                $call();
                self::fail('it went well');
            } catch (GraphException $exception) {
                self::assertInstanceOf(ConnectionException::class, $exception, $exception->getMessage());
                self::assertSame($code, $exception->getProblem()->code, $exception->getMessage());
            }
        }
        self::assertSame($code, move_messages($account, ['AAMkAA', 'AAMkAB'], 'id:AAMkAC')[0]->problem?->code);
        self::assertSame(TokenState::Valid, token_status($account)->state);

        $this->adopt($account, ['expires_at' => time() - 60]);
        self::assertSame($passes ? RefreshOutcome::TemporaryFailure : RefreshOutcome::ActionRequired, refresh_tokens()->results[0]->outcome);
        $report = test_connection($account);
        self::assertFalse($report->ok);
        self::assertContains($code, array_map(static fn ($check) => $check->problem?->code, $report->checks));
        $run = Php::run([self::REFRESH], $this->iniOf($settings));
        // Certificates and proxies are the host's to mend; the rest passes.
        self::assertSame($passes ? 75 : 78, $run->status(), $run->output() . $run->errors());
        self::assertSame([TokenState::Expired, $before], [token_status($account)->state, export_token($account)['refresh_token']]);
    }

    /**
     * @return iterable<string, array{string, list<string>, array<string, string>, string}>
     */
    public function ways(): iterable
    {
        yield 'a name that nobody has' => ['https://graph.invalid', [], [], 'dns'];
        yield 'nobody at the port' => ['closed', [], [], 'connect'];
        yield 'a port that says nothing' => ['silent', [], [], 'timeout'];
        yield 'an authority that nobody knows' => ['sandbox', ['--tls', '@'], [], 'tls'];
        yield 'a certificate that has expired' => ['sandbox', ['--tls', '@', '--tls-flaw', 'expired'], ['ca_file' => '@/ca.pem'], 'tls'];
        yield 'a certificate for another name' => ['sandbox', ['--tls', '@', '--tls-flaw', 'wrong-name'], ['ca_file' => '@/ca.pem'], 'tls'];
        yield 'http where https is asked for' => ['plain', [], [], 'tls'];
        yield 'no proxy at the port' => ['https://graph.example', [], ['proxy' => 'http://127.0.0.1:closed'], 'proxy'];
    }

    /**
     * A mistake in php.ini is the host's to mend: it is told at every call, and no account is the worse for it.
     *
     * @dataProvider mistakes
     * @param array<string, string> $settings php.ini settings
     */
    public function testAMistakeInTheSettingsIsToldAndCostsNoSignIn(array $settings): void
    {
        file_put_contents($this->folder . '/empty.pem', "no certificate\n");
        $account = $this->accountAt('https://graph.invalid', $settings);
        $before = export_token($account)['refresh_token'];
        $calls = [static fn () => list_folders($account), static fn () => refresh_token($account)];
        foreach ($calls as $call) {
            $error = $this->thrown(ConfigurationException::class, $call);
            self::assertSame(['configuration', Actor::Host], [$error->getProblem()->code, $error->getProblem()->actor]);
            self::assertStringContainsString('squeeze_graph.' . array_key_last($settings), $error->getMessage());
        }
        self::assertSame(TokenState::Valid, token_status($account)->state);

        $this->adopt($account, ['expires_at' => time() - 60]);
        self::assertSame('configuration', refresh_tokens()->results[0]->problem?->code);
        $run = Php::run([self::REFRESH], $this->iniOf($settings));
        self::assertSame(78, $run->status(), $run->output() . $run->errors());
        self::assertSame([TokenState::Expired, $before], [token_status($account)->state, export_token($account)['refresh_token']]);
    }

    /**
     * @return iterable<string, array{array<string, string>}>
     */
    public function mistakes(): iterable
    {
        yield 'no CA file there' => [['ca_file' => '@/none.pem']];
        yield 'a CA file without certificates' => [['ca_file' => '@/empty.pem']];
        yield 'a proxy that is no address' => [['proxy' => 'http://[::1']];
        yield 'no file with credentials' => [['proxy' => 'http://127.0.0.1:9', 'proxy_auth_file' => '@/none']];
    }

    /**
     * @dataProvider credentials
     */
    public function testAProxyThatAsksForCredentialsGetsThem(string $case): void
    {
        [$inTheUrl, $inAFile, $fits] = self::CREDENTIALS[$case];
        $this->server = new Sandbox(['--tls', $this->folder, '--tls-flaw', 'wrong-name']);
        $port = (int) parse_url($this->server->about('graph_url'), PHP_URL_PORT);
        $proxy = new ConnectProxy($port, 'squeeze:Hidden-Pass:1');
        $settings = ['ca_file' => $this->folder . '/ca.pem'];
        $settings['proxy'] = sprintf('http://%s127.0.0.1:%d', $inTheUrl === null ? '' : $inTheUrl . '@', $proxy->port);
        if ($inAFile !== null) {
            $settings['proxy_auth_file'] = $this->folder . '/proxy-auth';
            file_put_contents($settings['proxy_auth_file'], $inAFile . "\n");
        }
        // The name its certificate is for: what is wrong on loopback is right behind the proxy.
        $account = $this->accountAt('https://another-host.example:' . $port, $settings);
        if ($fits) {
            self::assertSame(TokenState::Valid, refresh_token($account)->state);
            self::assertNotSame([], list_folders($account));
        } else {
            foreach ([static fn () => refresh_token($account), static fn () => list_folders($account)] as $call) {
                $error = $this->thrown(ConnectionException::class, $call);
                self::assertSame('proxy', $error->getProblem()->code);
                self::assertStringContainsString('squeeze_graph.proxy', $error->getMessage());
                foreach (['Hidden', 'Wrong', base64_encode('squeeze:Hidden-Pass:1'), base64_encode('squeeze:Wrong-Pass')] as $secret) {
                    self::assertStringNotContainsString($secret, $error . json_encode($error->getProblem()) . var_export($error->getProblem(), true));
                }
            }
            self::assertSame(TokenState::Valid, token_status($account)->state);
        }
        $asked = $proxy->end();
        self::assertSame('CONNECT another-host.example:' . $port . ' HTTP/1.1 ' . ($fits ? 200 : 407), $asked[0]);
        self::assertLessThanOrEqual(2, count($asked), 'nobody tries wrong credentials over and over');
    }

    /**
     * Names only: a PHP with `zend.exception_ignore_args=0` writes what the test itself was given into every trace.
     *
     * @return iterable<string, array{string}>
     */
    public function credentials(): iterable
    {
        foreach (array_keys(self::CREDENTIALS) as $case) {
            yield $case => [$case];
        }
    }

    /**
     * @param list<string> $options
     */
    private function url(string $kind, array $options): string
    {
        if ($kind === 'sandbox') {
            $this->server = new Sandbox(str_replace('@', $this->folder, $options));

            return rtrim($this->server->about('authority_url'), '/');
        }

        return match ($kind) {
            'closed' => 'http://127.0.0.1:' . $this->port(),
            'silent' => 'http://127.0.0.1:' . $this->port(true),
            'plain' => str_replace('http://', 'https://', $this->sandbox->about('authority_url')),
            default => $kind,
        };
    }

    /**
     * A port where nobody listens; or somebody who never answers.
     */
    private function port(bool $listens = false): int
    {
        $listener = stream_socket_server('tcp://127.0.0.1:0');
        $port = (int) substr((string) strrchr((string) stream_socket_get_name($listener, false), ':'), 1);
        $this->silent = $listens ? $listener : null;

        return $port;
    }

    /**
     * @param array<string, string> $settings
     */
    private function accountAt(string $url, array $settings): string
    {
        foreach ($this->iniOf($settings) as $name => $value) {
            ini_set($name, $value);
        }
        save_account('faraway', $this->settings(['authority_url' => $url, 'graph_url' => $url . '/graph']));
        $this->adopt('faraway', ['expires_in' => 3600, 'issued_at' => time()]);

        return 'faraway';
    }

    /**
     * @param array<string, string> $settings
     * @return array<string, string>
     */
    private function iniOf(array $settings): array
    {
        $ini = ['squeeze_graph.retry_budget' => '1', 'squeeze_graph.connect_timeout' => '1', 'squeeze_graph.timeout' => '2'];
        foreach ($settings as $name => $value) {
            $ini['squeeze_graph.' . $name] = strtr($value, ['@/' => $this->folder . '/', 'closed' => (string) $this->port()]);
        }

        return $ini;
    }

    /**
     * @param array<string, mixed> $end
     */
    private function adopt(string $account, array $end): void
    {
        $token = $this->token ??= $this->server?->control('POST', '/tokens', ['user' => World::USER, 'client_id' => World::CLIENT, 'scopes' => ['Mail.ReadWrite']]);
        adopt_token($account, $end + [
            'access_token' => $token['access_token'] ?? 'access-token-of-nobody',
            'refresh_token' => $token['refresh_token'] ?? 'refresh-token-of-nobody',
            'scope' => 'Mail.ReadWrite',
        ]);
    }
}
