<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\World;

/**
 * A bug in the extension, provoked by a clock that fails at each of the places where it is read, one after the other:
 * on PHP's thread, in helpers, in token requests and in the HTTP client.
 */
final class PanicTest extends GraphTestCase
{
    public function testABugAnywhereIsAnErrorThatNamesItsPlaceAndTheNextCallWorks(): void
    {
        $this->signedIn();
        for ($i = 0; $i < 3; $i++) {
            $this->sandbox->deliver(World::USER, Mail::mime('mail ' . $i, ['a.pdf' => '%PDF']));
        }
        $library = $this->folder . '/failing-clock.so';
        exec(sprintf('cc -shared -fPIC -O1 -o %s %s -ldl 2>&1', escapeshellarg($library), escapeshellarg(__DIR__ . '/Support/failing-clock.c')), $output, $status);
        self::assertSame(0, $status, implode("\n", $output));
        exec(sprintf("nm -S -C --defined-only %s | awk '/ t .*std::thread::.*park_timeout$/ { print $1, $2 }'", escapeshellarg(Php::extension())), $spares);
        self::assertNotSame([], $spares, Php::extension() . ' has no symbols; tools/build makes one that has');
        file_put_contents($this->folder . '/clock', str_repeat("\0", 16));
        // Every place costs a run; the small form takes about so many of them, evenly.
        $places = (int) (getenv('PANIC_PLACES') ?: 5);

        $child = Php::run(
            [__DIR__ . '/Support/panics.php', $this->folder . '/clock', (string) $places, World::SECRET],
            ['log_errors' => '1', 'error_log' => $this->folder . '/php.log', 'squeeze_graph.log' => $this->folder . '/log', 'squeeze_graph.log_level' => 'debug', 'squeeze_graph.timeout' => '2'],
            ['LD_PRELOAD' => $library, 'FAILING_CLOCK' => $this->folder . '/clock', 'FAILING_CLOCK_SPARES' => implode(' ', $spares)],
            600,
        );
        self::assertSame(0, $child->status(), $child->output() . $child->errors());
        self::assertSame('', $child->errors(), 'standard error is not littered');
        $seen = $tried = $broken = $after = 0;
        foreach ($child->lines() as $line) {
            self::assertGreaterThan(0, $line['tried'], $line['call']);
            $seen += $line['errors'];
            $tried += $line['tried'];
            $broken = max($broken, $line['broken']);
            $after = max($after, $line['slowest']);
        }
        self::assertGreaterThan(2 * $places, $seen, 'hardly any place failed');
        if (getenv('FIGURES') !== false) {
            $figure = "figure: a bug at %d places of ten calls: %d \\Error, the others caught or retried within; call with the bug at most %.1f s, the next one worked within %.2f s\n";
            file_put_contents(getenv('FIGURES'), sprintf($figure, $tried, $seen, $broken, $after), FILE_APPEND);
        }
        foreach (['php.log', 'log'] as $name) {
            self::assertStringNotContainsString(World::SECRET, (string) @file_get_contents($this->folder . '/' . $name));
        }
    }
}
