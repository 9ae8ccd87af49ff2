<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Php;

/**
 * The account page as somebody starts it for a look.
 */
final class WebServeTest extends GraphTestCase
{
    private const SERVE = __DIR__ . '/../../php/web/serve';

    public function testOnlyTheLinkOnTheConsoleLetsABrowserIn(): void
    {
        $this->account('invoices');
        $listener = stream_socket_server('tcp://127.0.0.1:0') ?: throw new \RuntimeException('no port is free');
        $port = (int) substr((string) strrchr((string) stream_socket_get_name($listener, false), ':'), 1);
        fclose($listener);
        $settings = [
            'extension=' . Php::extension(), 'squeeze_graph.custom_endpoints=1', 'squeeze_graph.store=' . ini_get('squeeze_graph.store'),
            'session.save_path=' . $this->folder,
        ];
        $options = array_merge(...array_map(static fn (string $setting): array => ['-d', $setting], $settings));
        $page = Php::start([self::SERVE, (string) $port, ...$options]);
        try {
            $page->waitFor("\n");
            self::assertSame(1, preg_match('#^Open (http://localhost:' . $port . '/)\?token=(\w{64})$#m', $page->output(), $shown));
            [, $address, $token] = $shown;
            for ($end = microtime(true) + 20; ($closed = $this->ask($address)) === null && microtime(true) < $end; usleep(20_000)) {
                self::assertTrue($page->running(), $page->errors());
            }
            self::assertStringStartsWith('403', (string) $closed);
            self::assertStringContainsString('the address that was shown where the page was started', (string) $closed);
            self::assertStringNotContainsStringIgnoringCase('set-cookie', (string) $closed);
            // As nginx's plain proxy_pass asks for everybody.
            self::assertStringStartsWith('403', (string) $this->ask($address . 'default/'));
            $come = (string) $this->ask($address . '?token=' . $token);
            self::assertStringStartsWith('303', $come);
            preg_match_all('/^Set-Cookie: ([^;]+)/mi', $come, $cookies);
            self::assertStringContainsString('invoices', (string) $this->ask($address . 'default/', (string) end($cookies[1])));
        } finally {
            $page->signal(SIGTERM);
            $page->wait(10);
        }
        self::assertNull($this->ask($address), 'the page has ended');
    }

    /** The answer with its status before it and its headers; null: nobody answers. */
    private function ask(string $url, string $cookie = ''): ?string
    {
        $handle = curl_init($url);
        curl_setopt_array($handle, [
            CURLOPT_RETURNTRANSFER => true, CURLOPT_HEADER => true, CURLOPT_NOPROXY => '*', CURLOPT_COOKIE => $cookie, CURLOPT_TIMEOUT => 30,
        ]);
        $answer = curl_exec($handle);

        return is_string($answer) ? curl_getinfo($handle, CURLINFO_RESPONSE_CODE) . ' ' . $answer : null;
    }
}
