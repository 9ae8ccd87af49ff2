<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\ConnectionException;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\World;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\get_message;
use function Squeeze\Graph\refresh_token;
use function Squeeze\Graph\save_mime;
use function Squeeze\Graph\token_status;

/**
 * A server that sends a byte a second is never silent, and yet a call ends. FAULTS=all adds the token request, which has its 30 seconds.
 */
final class DripTest extends GraphTestCase
{
    private const DRIP = ['bytes' => 1, 'interval_ms' => 1000];

    /**
     * @dataProvider calls
     * @param callable(string, string): mixed $call
     */
    public function testAByteASecondEndsAtTheDeadline(string $path, callable $call, int $deadline): void
    {
        $this->signedIn();
        $message = $this->sandbox->generate(World::USER, 1, 100)[0];
        ini_set('squeeze_graph.timeout', $deadline === 30 ? '60' : (string) $deadline);
        ini_set('squeeze_graph.retry_budget', '0');
        $this->sandbox->fault(['path' => $path, 'count' => null, 'drip' => self::DRIP]);
        $began = hrtime(true);
        $error = $this->thrown(ConnectionException::class, fn () => $call($message, $this->folder));
        $took = (hrtime(true) - $began) / 1e9;
        self::assertSame('timeout', $error->getProblem()->code);
        self::assertTrue($error->getProblem()->retryable);
        self::assertSame(TokenState::Valid, token_status('invoices')->state);
        if (getenv('FAULTS') === 'all') {
            fprintf(STDERR, "figure: a byte a second at %s: ended after %.1f s (deadline %d s)\n", $path, $took, $deadline);
        }
        // The whole answer would take minutes.
        self::assertLessThan(3 * $deadline + 5, $took);
    }

    /**
     * @return iterable<string, array{string, callable, int}>
     */
    public function calls(): iterable
    {
        $all = getenv('FAULTS') === 'all';
        yield 'JSON' => ['/messages/', static fn (string $message) => get_message('invoices', $message), $all ? 10 : 2];
        yield 'a download' => ['/$value', static fn (string $message, string $folder) => save_mime('invoices', $message, $folder . '/mail'), $all ? 10 : 2];
        if ($all) {
            yield 'a token' => ['/token', static fn () => refresh_token('invoices'), 30];
        }
    }
}
