<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Console\Machine\Proxy;
use Squeeze\Graph\Console\Machine\Server;
use Squeeze\Graph\FakeClient;
use Squeeze\Graph\Testing\Sandbox;
use Squeeze\Graph\Tests\Support\Faults\ConnectProxy;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Php;

/**
 * `squeeze-graph doctor`: what a machine lacks is found there, by the rules of the extension.
 */
final class DoctorTest extends GraphTestCase
{
    private const PROGRAM = __DIR__ . '/../../php/bin/squeeze-graph';
    private const NO_PROXY = ['HTTPS_PROXY' => '', 'https_proxy' => '', 'HTTP_PROXY' => '', 'http_proxy' => '', 'ALL_PROXY' => '', 'all_proxy' => '', 'NO_PROXY' => '', 'no_proxy' => ''];

    private ?Sandbox $server = null;

    public function testItLooksAtThisMachine(): void
    {
        $this->signedIn();
        $run = $this->doctor();
        self::assertSame(0, $run->status(), $run->output() . $run->errors());
        foreach (['squeeze_graph ', 'store.sqlite (', 'accounts: 1', 'DNS 127.0.0.1', 'differs from the server by 0 s'] as $text) {
            self::assertStringContainsString($text, $run->output());
        }
        chmod($this->folder . '/store.sqlite.key', 0644);
        self::assertMatchesRegularExpression('/^! key /m', $this->doctor()->output());
        $run = $this->doctor(['--store', '/proc/none/store.sqlite']);
        self::assertSame(78, $run->status());
        self::assertMatchesRegularExpression('/^✗ store /m', $run->output());
    }

    public function testAProgramFindsTheSameIdsInEveryLanguage(): void
    {
        $this->signedIn();
        [$english, $german] = array_map(fn (string $language): array => $this->doctor(['--json', '--lang', $language])->lines(), ['en', 'de']);
        self::assertSame(array_column($english, 'id'), array_column($german, 'id'));
        self::assertContains('Uhr', array_column($german, 'label'));
        foreach (['php', 'extension', 'php.ini', 'user', 'squeeze_graph.store', 'store', 'disk', 'key', 'proxy', 'ca', 'dns', 'connection', 'clock'] as $id) {
            self::assertContains($id, array_column($english, 'id'));
        }
    }

    public function testANameThatNobodyKnowsIsATroubleWhateverNoProxySays(): void
    {
        $this->account('faraway', ['authority_url' => 'https://login.invalid', 'graph_url' => 'https://graph.invalid']);
        $run = $this->doctor(environment: ['NO_PROXY' => 'localhost']);
        self::assertSame(78, $run->status(), $run->output());
        self::assertMatchesRegularExpression('/^✗ DNS login\.invalid /m', $run->output());
    }

    public function testItGoesThroughTheProxyAndTrustsTheCaFile(): void
    {
        $this->server = new Sandbox(['--tls', $this->folder, '--tls-flaw', 'wrong-name']);
        $port = (int) parse_url($this->server->about('graph_url'), PHP_URL_PORT);
        $proxy = new ConnectProxy($port, 'squeeze:Hidden-Pass:1');
        $url = 'https://another-host.example:' . $port;
        $this->account('faraway', ['authority_url' => $url, 'graph_url' => $url]);
        file_put_contents($this->folder . '/auth', "squeeze:Hidden-Pass:1\n");
        $settings = ['squeeze_graph.proxy' => 'http://127.0.0.1:' . $proxy->port, 'squeeze_graph.proxy_auth_file' => $this->folder . '/auth'];

        $run = $this->doctor(settings: $settings);
        self::assertSame(78, $run->status());
        self::assertMatchesRegularExpression('/^✗ connection .*certificate verify failed/m', $run->output());
        $settings['squeeze_graph.ca_file'] = $this->folder . '/ca.pem';
        $run = $this->doctor(settings: $settings);
        self::assertSame(0, $run->status(), $run->output());
        self::assertMatchesRegularExpression('/^✓ DNS another-host\.example .*the proxy resolves it/m', $run->output());
        self::assertMatchesRegularExpression('/^✓ connection .*another-host\.example:\d+ through http:\/\/127/m', $run->output());
        self::assertMatchesRegularExpression('/^✓ clock .*by 0 s/m', $run->output());
        file_put_contents($this->folder . '/auth', "squeeze:Wrong-Pass\n");
        $run = $this->doctor(settings: $settings);
        self::assertSame(78, $run->status());
        self::assertMatchesRegularExpression('/^✗ connection .*407/m', $run->output());
        self::assertStringNotContainsString('Pass', $run->output() . $run->errors());
        $proxy->end();
    }

    public function testAWrongValueInPhpIniIsSaid(): void
    {
        $run = $this->doctor(settings: ['squeeze_graph.retry_budget' => 'abc', 'squeeze_graph.timeout' => '30', 'squeeze_graph.ca_file' => '/dev/null']);
        self::assertMatchesRegularExpression('/^! squeeze_graph\.retry_budget +php\.ini says abc, .*; 120 is in force$/m', $run->output());
        self::assertMatchesRegularExpression('/^✓ squeeze_graph\.timeout +30 \(php\.ini\)$/m', $run->output());
        self::assertMatchesRegularExpression('/^✗ CA .*\/dev\/null/m', $run->output());
    }

    /**
     * @dataProvider withoutTheExtension
     * @param list<string> $arguments
     */
    public function testWithoutTheExtensionItSaysHowToLoadIt(array $arguments, int $status, string $expected): void
    {
        $modules = [];
        foreach (['mbstring', 'tokenizer', 'ctype', 'posix', 'iconv', 'intl'] as $module) {
            array_push($modules, ...(is_file(PHP_EXTENSION_DIR . '/' . $module . '.so') ? ['-d', 'extension=' . $module] : []));
        }
        $command = [PHP_BINARY, '-n', '-d', 'include_path=' . get_include_path(), ...$modules, self::PROGRAM, ...$arguments, '--lang=en'];
        exec(implode(' ', array_map(escapeshellarg(...), $command)) . ' 2>&1', $output, $code);
        self::assertSame($status, $code, implode("\n", $output));
        self::assertStringContainsString($expected, implode("\n", $output));
    }

    /** @return iterable<string, array{list<string>, int, string}> */
    public function withoutTheExtension(): iterable
    {
        yield 'help' => [['help', 'status'], 0, 'Usage:'];
        yield 'the list' => [['list'], 0, 'account:add'];
        yield 'the version' => [['--version'], 0, 'squeeze_graph is not loaded'];
        yield 'doctor' => [['doctor'], 78, 'Add "extension=squeeze_graph" to '];
        yield 'anything else' => [['status'], 78, 'Add "extension=squeeze_graph" to '];
    }

    /**
     * @dataProvider proxies
     * @param array<string, string> $environment
     */
    public function testAProxyIsChosenAsTheExtensionDoes(string $configured, array $environment, string $host, ?string $expected): void
    {
        $proxy = new Proxy($configured, '', $environment);
        self::assertSame($expected, $proxy->of(new Server($host, 443, true)));
        self::assertStringNotContainsString('secret', implode(' ', $proxy->settings()));
    }

    /** @return iterable<string, array{string, array<string, string>, string, ?string}> */
    public function proxies(): iterable
    {
        $https = ['HTTPS_PROXY' => 'http://user:secret@proxy:1'];
        yield 'none' => ['', [], 'graph.example', null];
        yield 'only exceptions' => ['', ['NO_PROXY' => 'localhost'], 'graph.example', null];
        yield 'by the environment' => ['', $https, 'graph.example', 'http://user:secret@proxy:1'];
        yield 'in small letters' => ['', ['https_proxy' => 'proxy:1'], 'graph.example', 'http://proxy:1'];
        yield 'for everything' => ['', ['ALL_PROXY' => 'socks5://proxy:1'], 'graph.example', 'socks5://proxy:1'];
        yield 'for http only' => ['', ['HTTP_PROXY' => 'http://proxy:1'], 'graph.example', null];
        yield 'php.ini before the environment' => ['proxy:2', $https, 'graph.example', 'http://proxy:2'];
        yield 'loopback' => ['proxy:2', [], '127.0.0.2', null];
        yield 'the same name' => ['proxy:2', ['NO_PROXY' => 'a.example, graph.example'], 'graph.example', null];
        yield 'a name below' => ['proxy:2', ['NO_PROXY' => '.example'], 'graph.example', null];
        yield 'a name that only ends so' => ['proxy:2', ['NO_PROXY' => 'graph.example'], 'mygraph.example', 'http://proxy:2'];
        yield 'all' => ['proxy:2', ['NO_PROXY' => '*'], 'graph.example', null];
        yield 'a network' => ['proxy:2', ['NO_PROXY' => '10.1.0.0/20'], '10.1.15.3', null];
        yield 'another network' => ['proxy:2', ['NO_PROXY' => '10.1.0.0/20'], '10.1.16.3', 'http://proxy:2'];
        yield 'a network of IPv6' => ['proxy:2', ['no_proxy' => 'fd00::/8'], 'fd00::17', null];
    }

    public function testTheServersAreThoseOfAllAccountsInTheirClouds(): void
    {
        $names = static fn (FakeClient $client): array => array_map(static fn (Server $server): string => $server->name(), Server::of($client->listAccounts()));
        $client = new FakeClient();
        self::assertSame(['login.microsoftonline.com:443', 'graph.microsoft.com:443'], $names($client));
        $client->addAccount('a', ['cloud' => 'china']);
        $client->addAccount('b');
        $client->addAccount('c', ['authority_url' => 'http://[::1]:8080/x', 'graph_url' => 'https://gateway.example/graph']);
        $client->addAccount('d', ['cloud' => 'usgov', 'enabled' => false]);
        self::assertSame(
            [
                'login.partner.microsoftonline.cn:443', 'microsoftgraph.chinacloudapi.cn:443', 'login.microsoftonline.com:443',
                'graph.microsoft.com:443', '[::1]:8080', 'gateway.example:443',
            ],
            $names($client),
        );
        self::assertSame(['127.0.0.1', '::1'], (new Server('localhost', 443, true))->addresses());
        self::assertSame(['::1'], (new Server('::1', 443, true))->addresses());
    }

    /**
     * @param list<string> $options
     * @param array<string, string> $settings
     * @param array<string, string> $environment
     */
    private function doctor(array $options = [], array $settings = [], array $environment = []): Php
    {
        $language = array_intersect(['--lang', '--lang=en'], $options) === [] ? ['--lang=en'] : [];

        return Php::run([self::PROGRAM, 'doctor', ...$options, ...$language], $settings, $environment + self::NO_PROXY);
    }
}
