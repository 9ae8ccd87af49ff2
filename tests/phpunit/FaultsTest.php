<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Actor;
use Squeeze\Graph\GraphException;
use Squeeze\Graph\Problem;
use Squeeze\Graph\Tests\Support\Faults\Family;
use Squeeze\Graph\Tests\Support\Faults\Fault;
use Squeeze\Graph\Tests\Support\Faults\Repeat;
use Squeeze\Graph\Tests\Support\Faults\Scene;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\ThrottledException;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\export_token;
use function Squeeze\Graph\token_status;

/**
 * Every fault at every function family: the right class, the right wait, within the budget, and never "sign in again".
 *
 * Each fault is met by one family here, once passing or lasting; FAULTS=all makes it every pair, and FAULTS_SHARD=1/4 a quarter of them. What was seen is
 * appended to the file that FAULTS_SEEN names, one JSON object a line.
 */
final class FaultsTest extends GraphTestCase
{
    /** Seconds for all repetitions and waits of a call. */
    private const BUDGET = 2;
    /** The same where the fault passes. A repetition has no more time than is left of it, which on a busy machine must do for its turn. */
    private const LARGE_BUDGET = 20;
    /** Seconds without a byte, where that is the fault. No other fault may take longer. */
    private const TIMEOUT = 1;

    /**
     * A request that nobody waits for any more is in flight until the sandbox has answered it, and keeps places that the next test needs.
     */
    protected function tearDown(): void
    {
        $isOpen = static fn (array $request): bool => ($request['status'] ?? null) === null;
        for ($end = time() + 20; time() < $end; usleep(50_000)) {
            if (array_filter($this->sandbox->control('GET', '/requests')['requests'], $isOpen) === []) {
                break;
            }
        }
        parent::tearDown();
    }

    /**
     * @dataProvider passing
     */
    public function testAFaultThatPassesWithinTheBudgetIsNotNoticed(string $fault, string $family): void
    {
        [$fault, $family, $scene] = $this->scene($fault, $family);
        ini_set('squeeze_graph.retry_budget', (string) self::LARGE_BUDGET);
        $this->strike($fault, $family, 1);
        $problem = ($family->call)($scene);
        self::assertNull($problem, $problem?->message ?? '');
        $requests = $this->struck($family);
        self::assertGreaterThanOrEqual(2, count($requests), 'it was made again');
        $this->checkWaits($fault, $family, array_slice($requests, 0, 2));
        $this->note('passing', $fault, $family, $requests);
    }

    /**
     * @dataProvider lasting
     */
    public function testAFaultThatLastsIsToldInItsClassAndCostsNoSignIn(string $fault, string $family): void
    {
        [$fault, $family, $scene] = $this->scene($fault, $family);
        $before = [token_status($scene->account)->state, export_token($scene->account)['refresh_token']];
        $this->strike($fault, $family, null);
        $problem = $this->problem($fault, $family, $scene);
        self::assertTrue($problem->retryable, $problem->code);
        self::assertNotContains($problem->actor, [Actor::User, Actor::AppAdministrator, Actor::TenantAdministrator]);
        $requests = $this->struck($family);
        self::assertLessThanOrEqual($family->most($fault), count($requests), 'requests');
        if ($fault->told > 0) {
            self::assertLessThanOrEqual(1 + intdiv(self::BUDGET, $fault->told), count($requests), 'waits within the budget');
        }
        $asked = array_column($requests, 'asked_ms');
        self::assertLessThanOrEqual(Scene::latest(self::TIMEOUT, self::BUDGET), max($asked) - min($asked), 'the last request begins within the budget, ms');
        $this->checkWaits($fault, $family, $requests);
        self::assertSame($before, [token_status($scene->account)->state, export_token($scene->account)['refresh_token']], 'the account is as it was');
        $this->note('lasting', $fault, $family, $requests, $problem);

        $this->sandbox->control('DELETE', '/faults');
        ini_set('squeeze_graph.timeout', '10');
        if (!$family->isToken) {
            self::assertNull(($family->call)($scene), 'as soon as it is over, all is well');
        }
    }

    /**
     * The first attempt may be silent for the whole time-out, a repetition only for what is left of the budget.
     *
     * @dataProvider changesAndBytes
     */
    public function testARepetitionIsSilentNoLongerThanTheBudgetLasts(string $family): void
    {
        [$timeout, $budget] = [4, 1];
        [$fault, $family, $scene] = $this->scene('silence, and nothing done', $family);
        ini_set('squeeze_graph.retry_budget', (string) $budget);
        ini_set('squeeze_graph.timeout', (string) $timeout);
        // A look-up by another batch is answered.
        $this->sandbox->fault(['count' => null, 'delay_ms' => 1000 * ($timeout + 1)] + $family->struck + ['contains' => $family->struck['path'] === '$batch' ? 'destinationId' : ''] + $fault->rule);
        $began = hrtime(true);
        $problem = $this->problem($fault, $family, $scene);
        $took = (hrtime(true) - $began) / 1e9;
        self::assertTrue($problem->retryable, $problem->code);
        self::assertGreaterThanOrEqual($timeout, $took);
        self::assertLessThan(2 * $timeout, $took, 'as long as if the repetition were as patient as the first attempt');
    }

    /**
     * @return iterable<string, array{string}>
     */
    public function changesAndBytes(): iterable
    {
        $names = ['get_mime', 'save_attachment', 'move_message', 'copy_message', 'create_folder', 'move_messages', 'get_message'];
        foreach (getenv('FAULTS') === 'all' ? $names : ['save_attachment', 'create_folder', 'move_messages'] as $name) {
            yield $name => [$name];
        }
    }

    /**
     * @return iterable<string, array{string, string}>
     */
    public function passing(): iterable
    {
        return self::pairs(static fn (Fault $fault, Family $family): bool => $family->repeat($fault) !== Repeat::Never, 0);
    }

    /**
     * @return iterable<string, array{string, string}>
     */
    public function lasting(): iterable
    {
        return self::pairs(static fn (): bool => true, 7);
    }

    /**
     * All pairs that can happen, or one for every second fault, another family each time.
     *
     * @param \Closure(Fault, Family): bool $wanted
     * @return iterable<string, array{string, string}>
     */
    private static function pairs(\Closure $wanted, int $first): iterable
    {
        [$shard, $shards] = array_map('intval', explode('/', getenv('FAULTS_SHARD') ?: '1/1'));
        $all = getenv('FAULTS') === 'all';
        $number = 0;
        foreach (array_values(Fault::all()) as $index => $fault) {
            if (!$all && $index % 2 !== $first % 2) {
                continue;
            }
            $families = array_values(array_filter(Family::all(), static fn (Family $family): bool => $family->meets($fault) && $wanted($fault, $family)));
            if ($families !== [] && !$all) {
                $families = [$families[($index * 5 + $first) % count($families)]];
            }
            foreach ($families as $family) {
                if ($number++ % $shards === $shard - 1) {
                    yield $fault->name . ' at ' . $family->name => [$fault->name, $family->name];
                }
            }
        }
    }

    /**
     * @return array{Fault, Family, Scene}
     */
    private function scene(string $fault, string $family): array
    {
        ini_set('squeeze_graph.retry_budget', (string) self::BUDGET);
        $family = Family::all()[$family];
        $scene = new Scene($this->account(), $this->sandbox, $this->folder, $family->isBytes);
        if ($family->isToken) {
            $scene->expire();
        }
        $fault = Fault::all()[$fault];
        ini_set('squeeze_graph.timeout', (string) $fault->timeout());

        return [$fault, $family, $scene];
    }

    private function strike(Fault $fault, Family $family, ?int $count): void
    {
        $this->sandbox->fault(['count' => $count] + $family->struck + $fault->rule);
    }

    private function problem(Fault $fault, Family $family, Scene $scene): Problem
    {
        try {
            $problem = ($family->call)($scene);
        } catch (GraphException $exception) {
            self::assertInstanceOf($fault->class, $exception, sprintf('%s: %s', $exception->getProblem()->code, $exception->getMessage()));
            self::assertSame($scene->account, $exception->getAccount());
            if ($exception instanceof ThrottledException && $fault->comesBack !== null) {
                self::assertEqualsWithDelta($fault->comesBack, $exception->getRetryAfter(), 2);
            }

            return $exception->getProblem();
        }
        self::assertNotNull($problem, 'it went well, which can not be');

        return $problem;
    }

    /**
     * The requests of the family that was struck, oldest first.
     *
     * @return list<array<string, mixed>>
     */
    private function struck(Family $family): array
    {
        $all = $this->sandbox->control('GET', '/requests')['requests'];

        return array_values(array_filter($all, static fn (array $request): bool => $family->isStruck($request)));
    }

    /**
     * Nothing comes back sooner than it may.
     *
     * @param list<array<string, mixed>> $requests
     */
    private function checkWaits(Fault $fault, Family $family, array $requests): void
    {
        foreach (array_slice($requests, 1) as $index => $request) {
            $waited = $request['asked_ms'] - $requests[$index]['asked_ms'];
            $least = $family->repeat($fault)->leastWait($index + 1, $fault->told);
            self::assertGreaterThanOrEqual($least, $waited + 1, sprintf('wait %d, ms', $index + 1));
        }
    }

    /**
     * @param list<array<string, mixed>> $requests
     */
    private function note(string $mode, Fault $fault, Family $family, array $requests, ?Problem $problem = null): void
    {
        $file = getenv('FAULTS_SEEN');
        if ($file === false || $file === '') {
            return;
        }
        $asked = array_column($requests, 'asked_ms');
        $waits = array_map(static fn (int $index): int => $asked[$index + 1] - $asked[$index], array_keys(array_slice($asked, 1)));
        $seen = [
            'mode' => $mode,
            'fault' => $fault->name,
            'family' => $family->name,
            'code' => $problem?->code,
            'requests' => count($requests),
            'told' => $fault->told,
            'waits' => $waits,
            // Those after a request that failed, each with the least that it has to be.
            'named' => $fault->told <= 0 ? [] : array_map(
                static fn (int $wait, int $index): array => [$wait, $family->repeat($fault)->leastWait($index + 1, $fault->told)],
                $failed = $mode === 'passing' ? array_slice($waits, 0, 1) : $waits,
                array_keys($failed),
            ),
            'state' => token_status('invoices')->state->value,
        ];
        file_put_contents($file, json_encode($seen, JSON_THROW_ON_ERROR) . "\n", FILE_APPEND | LOCK_EX);
    }
}
