<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\GraphException;
use Squeeze\Graph\RefreshOutcome;
use Squeeze\Graph\RefreshReport;
use Squeeze\Graph\RefreshResult;
use Squeeze\Graph\SignInRequiredException;
use Squeeze\Graph\TokenState;

/**
 * The job: renews what is due, one account after another. One account's failure is its own.
 *
 * @internal
 */
final class RefreshJob
{
    /** @param \Closure(): void $fail what a test wants the next renewal to throw */
    public function __construct(private readonly Accounts $accounts, private readonly \Closure $fail)
    {
    }

    /**
     * @param array<array-key, mixed>|null $accounts only these; null: all that are looked after
     * @param (callable(int, int, RefreshResult): void)|null $progress
     */
    public function run(int $horizon, ?array $accounts, ?callable $progress): RefreshReport
    {
        if ($horizon < 0) {
            throw new \ValueError('refreshTokens(): Argument #1 ($horizon) must be greater than or equal to 0');
        }
        $began = microtime(true);
        $results = [];
        $names = $accounts === null ? $this->lookedAfter() : self::checked($accounts);
        foreach ($names as $name) {
            $results[] = $result = $this->lookAfter($name, $horizon);
            if ($progress !== null) {
                $progress(count($results), count($names), $result);
            }
        }
        $count = static fn (RefreshOutcome ...$those): int => count(
            array_filter($results, static fn (RefreshResult $result): bool => in_array($result->outcome, $those, true)),
        );
        $refreshed = $count(RefreshOutcome::Refreshed);
        $skipped = $count(RefreshOutcome::NotDue, RefreshOutcome::NeverSignedIn);

        return RefreshReport::fromArray([
            'refreshed' => $refreshed,
            'skipped' => $skipped,
            'failed' => count($results) - $refreshed - $skipped,
            'seconds' => microtime(true) - $began,
            'results' => $results,
        ]);
    }

    /** @return list<string> */
    private function lookedAfter(): array
    {
        $isLookedAfter = fn (string $name): bool => $this->accounts->settings($name)->isLookedAfter();

        return array_values(array_filter($this->accounts->names(), $isLookedAfter));
    }

    /**
     * @param array<array-key, mixed> $accounts
     * @return list<string> by name, each once
     */
    private static function checked(array $accounts): array
    {
        $names = [];
        foreach ($accounts as $name) {
            // A name that was a key of an array may be an integer by now.
            $names[] = is_string($name) || is_int($name)
                ? (string) $name
                : throw new \TypeError('refreshTokens(): Argument #2 ($accounts) must contain only strings');
        }
        $names = array_unique($names);
        sort($names, SORT_STRING);

        return $names;
    }

    private function lookAfter(string $name, int $horizon): RefreshResult
    {
        try {
            $known = $this->accounts->has($name);
        } catch (\ValueError) {
            $known = false;
        }
        if (!$known) {
            return self::result($name, RefreshOutcome::UnknownAccount, ['problem' => Accounts::unknown($name)]);
        }
        $status = $this->accounts->status($name);
        $idle = match (true) {
            !$this->accounts->settings($name)->isLookedAfter() => RefreshOutcome::NotDue,
            $status->state === TokenState::NeverSignedIn => RefreshOutcome::NeverSignedIn,
            $status->state === TokenState::SignInRequired => RefreshOutcome::SignInRequired,
            // It may have been acted on since.
            $status->state === TokenState::ActionRequired, $this->isDue($name, $horizon) => null,
            default => RefreshOutcome::NotDue,
        };
        if ($idle !== null) {
            $problem = $idle === RefreshOutcome::SignInRequired
                ? $status->problem ?? Problems::signInRequired($name, true)->getProblem()
                : null;

            return self::result($name, $idle, ['status' => $status, 'problem' => $problem]);
        }
        try {
            ($this->fail)();
            $this->accounts->renew($name);

            return self::result($name, RefreshOutcome::Refreshed, ['status' => $this->accounts->status($name)]);
        } catch (GraphException $failure) {
            $outcome = match (true) {
                $failure instanceof SignInRequiredException => RefreshOutcome::SignInRequired,
                $failure->getProblem()->retryable => RefreshOutcome::TemporaryFailure,
                // The host's own trouble among it: whatever does not pass by itself.
                default => RefreshOutcome::ActionRequired,
            };

            return self::result($name, $outcome, [
                'status' => $this->accounts->status($name),
                'problem' => $failure->getProblem(),
            ]);
        }
    }

    private function isDue(string $name, int $horizon): bool
    {
        $now = $this->accounts->now();
        $token = $this->accounts->token($name);
        $interval = $this->accounts->settings($name)->refreshInterval();

        return $token !== null && (
            $token->remaining($now) <= $horizon
            || $token->refreshedAt === null
            || $now - $token->refreshedAt >= $interval
        );
    }

    /** @param array<string, mixed> $about */
    private static function result(string $name, RefreshOutcome $outcome, array $about): RefreshResult
    {
        return RefreshResult::fromArray(['account' => $name, 'outcome' => $outcome] + $about);
    }
}
