<?php

/**
 * The hourly job inside a host's own scheduler: renews what is due and tells whoever has to act.
 * (Where cron is at hand, php/bin/refresh-tokens does it without any code.)
 */

declare(strict_types=1);

use Squeeze\Graph\Actor;
use Squeeze\Graph\RefreshOutcome;

use function Squeeze\Graph\refresh_tokens;

$report = refresh_tokens();
foreach ($report->results as $result) {
    $problem = $result->problem;
    if ($problem === null || $problem->actor === Actor::Nobody) {
        continue;   // well, or it passes by itself
    }
    $to = match ($problem->actor) {
        Actor::User => 'the person who signs in',
        Actor::AppAdministrator, Actor::TenantAdministrator => 'the Microsoft 365 administrator',
        default => 'operations',
    };
    // Where a real host sends a mail or opens a ticket:
    printf("to %s: %s: %s %s\n", $to, $result->account, $problem->explanation, $problem->remedy);
}
$passing = array_filter($report->results, static fn ($result): bool => $result->outcome === RefreshOutcome::TemporaryFailure);
printf("%d renewed, %d failed, %d of them for a passing reason\n", $report->refreshed, $report->failed, count($passing));
