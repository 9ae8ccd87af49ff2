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

        preg_match('/^```console\n\$ tools\/demo --once\n(.*?)^```$/ms', file_get_contents(__DIR__ . '/../../README.md'), $shown);
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

    public function testAPersonCanSignInWithABrowser(): void
    {
        $demo = Php::start([self::DEMO, '--keep'], ['sys_temp_dir' => $this->folder], ['DISPLAY' => '', 'WAYLAND_DISPLAY' => '']);
        $demo->waitFor("code_challenge");
        preg_match('/^\s+(http\S+authorize\S+)$/m', $demo->output(), $url);
        $location = $this->sandbox->walk($url[1]);
        self::assertStringStartsWith('http://localhost:', $location);
        $elsewhere = stream_context_create(['http' => ['ignore_errors' => true]]);
        self::assertStringContainsString('Not found', (string) file_get_contents(strtok($location, '?') . '-icon', false, $elsewhere));
        self::assertStringContainsString('Thank you', (string) file_get_contents($location));
        self::assertSame(0, $demo->wait()->status(), $demo->errors());
        self::assertStringContainsString('The imported mails are in ' . $this->folder, $demo->output());
        self::assertCount(1, glob($this->folder . '/squeeze-graph-demo-*/mails'), '--keep leaves the folder');
    }

    public function testItEndsOnInterruptAndLeavesNothing(): void
    {
        $demo = Php::start([self::DEMO], ['sys_temp_dir' => $this->folder], ['DISPLAY' => '', 'WAYLAND_DISPLAY' => '']);
        $demo->waitFor("code_challenge");
        $demo->signal(SIGINT);
        self::assertSame(130, $demo->wait(10)->status());
        self::assertSame([], glob($this->folder . '/squeeze-graph-demo-*'));
    }

    /**
     * The text without what differs from run to run: ports, times, sizes.
     */
    private function withoutNumbers(string $text): string
    {
        return preg_replace(['/\d+/', '/ +/'], ['0', ' '], $text);
    }
}
