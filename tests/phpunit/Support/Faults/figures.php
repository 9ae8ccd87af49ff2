<?php

/**
 * The figures of a run of FaultsTest, from the file that FAULTS_SEEN named.
 */

declare(strict_types=1);

$seen = array_map(static fn (string $line): array => json_decode($line, true, 16, JSON_THROW_ON_ERROR), file($argv[1]));
$column = static fn (string $name): array => array_unique(array_column($seen, $name));
$of = static fn (string $mode): int => count(array_filter($seen, static fn (array $case): bool => $case['mode'] === $mode));
$person = array_filter($seen, static fn (array $case): bool => !in_array($case['state'], ['valid', 'expired'], true));
printf("figure: %d faults at %d functions: %d cases (%d pass unnoticed, %d last and are told)\n", count($column('fault')), count($column('family')), count($seen), $of('passing'), $of('lasting'));
printf("figure: accounts that asked for a person afterwards: %d\n", count($person));
$early = $waits = [];
foreach ($seen as $case) {
    foreach ($case['named'] as [$wait, $least]) {
        $waits[] = $wait;
        if ($wait < $least - 1) {
            $early[] = $wait;
        }
    }
}
sort($waits);
printf("figure: %d waits that the server had named (1 s): shortest %d ms, median %d ms; too early: %d\n", count($waits), $waits[0], $waits[intdiv(count($waits), 2)], count($early));
$lasting = array_map(static fn (array $case): int => array_sum($case['waits']), array_filter($seen, static fn (array $case): bool => $case['mode'] === 'lasting'));
printf("figure: a fault that lasts, budget 2 s: from the first request to the last at most %.1f s, at most %d requests\n", max($lasting) / 1000, max(array_column($seen, 'requests')));
// The time-out of the first request, the budget, and a moment.
$late = array_filter($lasting, static fn (int $milliseconds): bool => $milliseconds > 1000 + 2000 + 1500);
printf("figure: requests that began after the budget was used up: %d\n", count($late));
exit($person === [] && $early === [] && $late === [] ? 0 : 1);
