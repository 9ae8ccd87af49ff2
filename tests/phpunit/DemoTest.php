<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Php;

final class DemoTest extends GraphTestCase
{
    private const DEMO = __DIR__ . '/../../tools/demo.php';

    public function testItRunsAloneAsTheReadmeShows(): void
    {
        $run = Php::run([self::DEMO, '--once'], ['sys_temp_dir' => $this->folder]);
        self::assertSame(0, $run->status(), $run->output() . $run->errors());
        self::assertStringContainsString('invoices: renewed', $run->output());
        self::assertSame([], glob($this->folder . '/squeeze-graph-demo-*'), 'nothing is left behind');

        preg_match('/^```console[^\n]*\n\$ tools\/demo --once\n(.*?)^```$/ms', file_get_contents(__DIR__ . '/../../README.md'), $shown);
        self::assertSame($this->withoutNumbers($shown[1]), $this->withoutNumbers($run->output()));
    }

    public function testNoLineIsLostWhereOutputAndErrorsGoToOneFile(): void
    {
        $log = $this->folder . '/demo.log';
        $command = implode(' ', array_map('escapeshellarg', [...Php::command(['sys_temp_dir' => $this->folder]), self::DEMO, '--once']));
        exec("$command >" . escapeshellarg($log) . ' 2>&1', result_code: $status);
        self::assertSame(0, $status);
        self::assertStringStartsWith('✓ The sandbox stands in', (string) file_get_contents($log));
        self::assertStringContainsString('✓ Signed in as', (string) file_get_contents($log));
    }

    public function testAPersonCanSignInOnTheAccountPage(): void
    {
        $demo = Php::start([self::DEMO, '--keep'], ['sys_temp_dir' => $this->folder], ['DISPLAY' => '', 'WAYLAND_DISPLAY' => '']);
        $demo->waitFor('Sign in as');
        preg_match('#Open ((http://localhost:\d+)/\?token=\w+)$#m', $demo->output(), $page);
        [, $link, $page] = $page;
        $browser = new \ArrayObject();
        $list = $this->ask($browser, $link);
        self::assertStringContainsString('never signed in', $list);
        preg_match('/name="csrf" value="(\w+)"/', $list, $csrf);
        $leaving = $this->ask($browser, $page . '/demo/sign-in', ['csrf' => $csrf[1], 'account' => 'invoices']);
        preg_match('/id="leave" href="([^"]+)"/', $leaving, $link);
        $location = $this->sandbox->walk(html_entity_decode($link[1]));
        self::assertStringStartsWith($page . '/callback?', $location);
        self::assertStringContainsString('invoices is authenticated', $this->ask($browser, $location));
        self::assertSame(0, $demo->wait()->status(), $demo->errors());
        self::assertStringContainsString('Signed in as', $demo->output());
        self::assertStringContainsString('The imported mails are in ' . $this->folder, $demo->output());
        self::assertCount(1, glob($this->folder . '/squeeze-graph-demo-*/mails'), '--keep leaves the folder');
        self::assertFalse(@fsockopen('127.0.0.1', parse_url($page, PHP_URL_PORT)), 'the page has ended');
    }

    public function testItEndsOnInterruptAndLeavesNothing(): void
    {
        $demo = Php::start([self::DEMO], ['sys_temp_dir' => $this->folder], ['DISPLAY' => '', 'WAYLAND_DISPLAY' => '']);
        $demo->waitFor('Sign in as');
        $demo->signal(SIGINT);
        self::assertSame(130, $demo->wait(10)->status());
        self::assertSame([], glob($this->folder . '/squeeze-graph-demo-*'));
    }

    /**
     * A page as a browser gets it that keeps cookies and follows redirects.
     *
     * @param \ArrayObject<string, string> $cookies
     * @param array<string, string>|null $form
     */
    private function ask(\ArrayObject $cookies, string $url, ?array $form = null): string
    {
        $page = file_get_contents($url, false, stream_context_create(['http' => [
            'method' => $form === null ? 'GET' : 'POST',
            'header' => ['Cookie: ' . implode('; ', (array) $cookies), 'Content-Type: application/x-www-form-urlencoded'],
            'content' => http_build_query($form ?? []),
            'follow_location' => 0,
        ]]));
        $location = null;
        foreach ($http_response_header as $header) {
            if (preg_match('/^Set-Cookie: (([^=]+)=[^;]+)/i', $header, $cookie) === 1) {
                $cookies[$cookie[2]] = $cookie[1];
            }
            $location = preg_match('/^Location: (.*)/i', $header, $to) === 1 ? $to[1] : $location;
        }

        return $location === null ? (string) $page : $this->ask($cookies, preg_replace('#^(http://[^/]+).*#', '$1', $url) . $location);
    }

    /**
     * The text without what differs from run to run: ports, times, sizes.
     */
    private function withoutNumbers(string $text): string
    {
        return preg_replace(['/\d+/', '/ +/'], ['0', ' '], $text);
    }
}
