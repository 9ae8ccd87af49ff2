<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

use Squeeze\Graph\Actor;
use Squeeze\Graph\RefreshOutcome;
use Squeeze\Graph\RefreshResult;

use function Squeeze\Graph\refresh_tokens;

/**
 * The job: renews the tokens of every account that is due.
 */
final class RefreshTokens extends Script
{
    private ?int $horizon = null;

    protected function name(): string
    {
        return 'refresh-tokens';
    }

    protected function help(): array
    {
        return [
            'en' => <<<'TEXT'
                Renews the tokens of every enabled account that is due. Meant for cron (5 * * * *), and can be started at any
                time by hand, also while another one runs.

                Usage: refresh-tokens [options]

                  --horizon SECONDS   renew what ends within this time (default: 3900)
                TEXT,
            'de' => <<<'TEXT'
                Erneuert die Tokens aller eingeschalteten Konten, bei denen es fällig ist. Gedacht für cron (5 * * * *);
                kann jederzeit auch von Hand gestartet werden, auch während ein anderer Lauf noch arbeitet.

                Aufruf: refresh-tokens [Optionen]

                  --horizon SEKUNDEN  erneuern, was in dieser Zeit abläuft (sonst: 3900)
                TEXT,
        ];
    }

    protected function options(): array
    {
        return ['horizon' => true];
    }

    protected function prepare(): void
    {
        $this->horizon = $this->arguments->number('horizon', 0);
    }

    protected function run(?array $accounts): ExitCode
    {
        $exit = ExitCode::AllWell;
        $progress = function (int $done, int $total, RefreshResult $result) use (&$exit): void {
            $exit = $exit->and($this->show($result));
            $this->output->progress($done, $total, $result->account);
        };
        $report = $this->horizon === null
            ? refresh_tokens(accounts: $accounts, progress: $progress)
            : refresh_tokens(horizon: $this->horizon, accounts: $accounts, progress: $progress);
        $this->output->endProgress();
        $this->output->record('summary', [
            'refreshed' => $report->refreshed,
            'skipped' => $report->skipped,
            'failed' => $report->failed,
            'seconds' => $report->seconds,
        ]);
        $this->output->say($report->results === []
            ? $this->words->text('no account is set up')
            : $this->words->text('%d renewed, %d not due, %d failed', $report->refreshed, $report->skipped, $report->failed));

        return $exit;
    }

    private function show(RefreshResult $result): ExitCode
    {
        $this->output->record('result', $result->jsonSerialize());
        $line = sprintf('%s: %s', $result->account, $this->words->text($result->outcome->name));
        $problem = $result->problem ?? $result->status?->problem;
        $exit = match ($result->outcome) {
            RefreshOutcome::SignInRequired => ExitCode::PersonNeeded,
            // Not the account: a setting of this machine, which no run without another one can do with.
            RefreshOutcome::ActionRequired => $problem?->actor === Actor::Host ? ExitCode::Configuration : ExitCode::PersonNeeded,
            // What is called temporary may last until somebody acts: a certificate that is not trusted, for example.
            RefreshOutcome::TemporaryFailure => $problem === null ? ExitCode::TryAgain : ExitCode::ofProblem($problem),
            RefreshOutcome::UnknownAccount => ExitCode::Configuration,
            default => ExitCode::AllWell,
        };
        if ($exit !== ExitCode::AllWell || $problem !== null) {
            // A secret that ends soon is a problem of an account that is well: it is told, and does not count.
            $this->output->tell($problem === null ? '! ' . $line : $this->advice($line, $problem));
        } else {
            $until = $result->status?->expiresAt?->format('Y-m-d H:i \U\T\C');
            $this->output->say($until === null ? $line : $line . ', ' . $this->words->text('valid until %s', $until));
        }

        return $exit;
    }
}
