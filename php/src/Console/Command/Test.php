<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\CheckStatus;
use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\Text;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * Every link of the chain with its own verdict, from DNS to the folders.
 */
final class Test extends Command
{
    protected function configure(): void
    {
        $this->setName('test')->describe('Tests everything a mailbox depends on')->needsAccount();
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        $account = self::account($input);
        $report = $this->client->testConnection($account);
        foreach ($report->checks as $check) {
            if (self::wantsJson($input)) {
                self::json($output, 'check', ['account' => $account] + $check->jsonSerialize());
                continue;
            }
            $mark = match ($check->status) {
                CheckStatus::Ok => '<info>✓</info>',
                CheckStatus::Warning => '<comment>!</comment>',
                CheckStatus::Failed => '<error>✗</error>',
                CheckStatus::Skipped => '-',
            };
            $output->writeln(sprintf('%s %s %s', $mark, Text::column($check->label, 26), Text::line($check->detail)));
            if ($check->problem !== null && $check->problem->remedy !== '') {
                $output->writeln('  → ' . Text::line($check->problem->remedy));
            }
        }

        return $report->ok ? ExitCode::AllWell : $this->verdict($report->checks);
    }

    /** @param list<\Squeeze\Graph\ConnectionCheck> $checks */
    private function verdict(array $checks): ExitCode
    {
        $exit = ExitCode::AllWell;
        foreach ($checks as $check) {
            if ($check->status === CheckStatus::Failed) {
                $exit = $exit->and(match (true) {
                    $check->problem === null => ExitCode::Configuration,
                    $check->problem->retryable => ExitCode::TryAgain,
                    $check->problem->actor === \Squeeze\Graph\Actor::Host => ExitCode::Configuration,
                    $check->problem->actor === \Squeeze\Graph\Actor::Nobody => ExitCode::TryAgain,
                    default => ExitCode::PersonNeeded,
                });
            }
        }

        return $exit;
    }
}
