<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\Size;

use function Squeeze\Graph\access_token;
use function Squeeze\Graph\adopt_token;
use function Squeeze\Graph\export_token;

/**
 * One refresh at a time, over real PHP processes. REFRESH_ROUNDS and READER_SECONDS ask for the full size.
 */
final class OneAtATimeTest extends GraphTestCase
{
    private const REFRESH = 'token refresh_token';

    /** @var list<Php> */
    private array $processes = [];

    protected function tearDown(): void
    {
        foreach ($this->processes as $process) {
            if ($process->running()) {
                $process->signal(SIGKILL);
                $process->wait();
            }
        }
        parent::tearDown();
    }

    public function testSixteenProcessesWithAnEndedTokenAskOnceARound(): void
    {
        $rounds = Size::of('REFRESH_ROUNDS', 3);
        $this->signedIn();
        $worker = sprintf(
            'for ($round = 1; $round <= %d; ++$round) {
                echo "ready $round\n";
                while (!file_exists(%s . $round)) { usleep(300); }
                try {
                    echo "got $round ", sha1(access_token("invoices")), "\n";
                } catch (\Throwable $error) {
                    echo "got $round ", $error::class, ": ", $error->getMessage(), "\n";
                }
            }',
            $rounds,
            var_export($this->folder . '/go-', true),
        );
        $workers = array_map(fn (): Php => $this->start($worker), range(1, 16));
        $seen = [sha1(export_token('invoices')['access_token'])];
        for ($round = 1; $round <= $rounds; ++$round) {
            $this->expire();
            $this->sandbox->fault(['path' => '/token', 'delay_ms' => 100]);
            foreach ($workers as $process) {
                $process->waitFor("ready $round\n");
            }
            touch($this->folder . '/go-' . $round);
            $got = [];
            foreach ($workers as $process) {
                $process->waitFor($round === $rounds ? "got $round " : 'ready ' . ($round + 1) . "\n");
                if ($round === $rounds) {
                    $process->wait();
                }
                self::assertSame(1, preg_match("/^got $round (.*)\$/m", $process->output(), $matches));
                $got[] = $matches[1];
            }
            self::assertSame($round, $this->sandbox->asked(self::REFRESH), "requests after round $round");
            $new = sha1(export_token('invoices')['access_token']);
            self::assertSame([$new], array_values(array_unique($got)), "round $round");
            self::assertNotContains($new, $seen, "round $round: an old token");
            $seen[] = $new;
        }
        if (Size::isFull('REFRESH_ROUNDS')) {
            Size::figure(sprintf('16 processes, %d rounds: %d token requests, one new token for all in every round', $rounds, $this->sandbox->asked(self::REFRESH)));
        }
    }

    public function testAKilledHolderIsTakenOverAtOnce(): void
    {
        $this->signedIn();
        $this->expire();
        $this->sandbox->fault(['path' => '/token', 'delay_ms' => 20_000]);
        $holder = $this->start('access_token("invoices");');
        $this->waitForRequest($holder);
        $holder->signal(SIGKILL);
        $holder->wait();
        $begun = microtime(true);
        access_token('invoices');
        self::assertLessThan(5.0, microtime(true) - $begun, 'it has waited for a dead holder');
        self::assertSame(2, $this->sandbox->asked(self::REFRESH));
    }

    public function testReadersAreDoneWhileAnotherProcessStillAsks(): void
    {
        $full = Size::of('READER_SECONDS', 0);
        $takes = $full > 0 ? $full : 20;
        $this->signedIn();
        $good = sha1(access_token('invoices'));
        $this->sandbox->fault(['path' => '/token', 'delay_ms' => $takes * 1000]);
        $stop = $this->folder . '/stop';
        $reader = sprintf(
            '$reads = 0; $slowest = 0; $seen = [];
            echo "ready\n";
            while (!file_exists(%s)) {
                $begun = hrtime(true);
                $token = access_token("invoices");
                token_status("invoices");
                is_token_expired("invoices");
                $slowest = max($slowest, hrtime(true) - $begun);
                $seen[sha1($token)] = ++$reads;
                usleep(2000);
            }
            echo json_encode(["reads" => $reads, "slowest" => $slowest / 1e6, "seen" => array_keys($seen)]), "\n";',
            var_export($stop, true),
        );
        $readers = array_map(fn (): Php => $this->start($reader), range(1, 4));
        foreach ($readers as $process) {
            $process->waitFor("ready\n");
        }
        $asking = $this->start('refresh_token("invoices"); echo sha1(access_token("invoices")), "\n";');
        $this->waitForRequest($asking);
        usleep($full > 0 ? $full * 700_000 : 300_000);
        touch($stop);
        $reads = 0;
        $slowest = 0.0;
        foreach ($readers as $process) {
            $told = json_decode((string) strrchr("\n" . trim($process->wait()->output()), "\n"), true, 8, JSON_THROW_ON_ERROR);
            self::assertSame([$good], $told['seen']);
            $reads += $told['reads'];
            $slowest = max($slowest, $told['slowest']);
        }
        self::assertTrue($asking->running(), 'the readers have waited for the request');
        self::assertSame(1, $this->sandbox->asked(self::REFRESH));
        if ($full > 0) {
            $new = trim($asking->wait()->output());
            self::assertSame(sha1(access_token('invoices')), $new);
            self::assertNotSame($good, $new);
            Size::figure(sprintf('token endpoint takes %d s: 4 processes read %d times meanwhile (token, status, expiry each), the slowest %.1f ms', $takes, $reads, $slowest));
        }
    }

    public function testAScriptThatFindsItsTokenDueForRenewalLeavesASlowRequestBehindWhichIsStoredAllTheSame(): void
    {
        $this->sandbox->set(['token_life' => 86_400, 'refresh_in' => 1]);
        $this->signedIn();
        $before = export_token('invoices');
        sleep(2);
        $this->sandbox->fault(['path' => '/token', 'delay_ms' => 3000]);
        $script = Php::code('echo access_token("invoices");');
        self::assertSame($before['access_token'], $script->output(), $script->errors());
        self::assertNotSame($before['refresh_token'], export_token('invoices')['refresh_token']);
        self::assertSame(1, $this->sandbox->asked(self::REFRESH));
    }

    private function start(string $code): Php
    {
        return $this->processes[] = Php::startCode($code);
    }

    private function expire(): void
    {
        adopt_token('invoices', ['expires_at' => time() - 60] + export_token('invoices'));
    }

    private function waitForRequest(Php $process): void
    {
        $end = microtime(true) + 30;
        while ($this->sandbox->asked(self::REFRESH) === 0) {
            self::assertTrue($process->running(), $process->output() . $process->errors());
            self::assertLessThan($end, microtime(true), 'no token request arrived');
            usleep(10_000);
        }
    }
}
