<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\CheckStatus;
use Squeeze\Graph\ConnectionCheck;
use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\MissingFolders;
use Squeeze\Graph\Console\ProgressBar;
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
        $account = $this->account($input);
        $wait = new ProgressBar(STDERR);
        $wait->announce($this->text('Testing %s, for 20 seconds at most …', Text::plain($account)));
        try {
            $report = $this->client->testConnection($account);
        } finally {
            $wait->clear();
        }
        $exit = ExitCode::AllWell;
        foreach ($report->checks as $check) {
            if ($check->status === CheckStatus::Failed) {
                $exit = $exit->and($check->problem === null ? ExitCode::Configuration : ExitCode::ofProblem($check->problem));
            }
            if (self::wantsJson($input)) {
                $this->json($output, 'check', ['account' => $account] + $check->jsonSerialize());
            } else {
                $this->show($check, $account, $output);
            }
        }
        if (!self::wantsJson($input) && self::foldersMayBeMissing($report->checks)) {
            $prompt = $input->isInteractive() ? $this->prompt($input, $output) : null;
            (new MissingFolders($this->client, $this->application->words, $prompt))->offer($this->client->getAccount($account), $output);
        }

        return $report->ok ? ExitCode::AllWell : $exit;
    }

    private function show(ConnectionCheck $check, string $account, OutputInterface $output): void
    {
        $mark = match ($check->status) {
            CheckStatus::Ok => '<info>✓</info>',
            CheckStatus::Warning => '<comment>!</comment>',
            CheckStatus::Failed => '<error>✗</error>',
            CheckStatus::Skipped => '-',
        };
        $output->writeln(sprintf('%s %s %s', $mark, Text::column($check->label, 26), Text::line($check->detail)));
        if ($check->problem !== null && $check->problem->remedy !== '') {
            $output->writeln('  → ' . Text::line($this->inCommands($check->problem->remedy, $account)));
        }
    }

    /** @param list<ConnectionCheck> $checks */
    private static function foldersMayBeMissing(array $checks): bool
    {
        foreach ($checks as $check) {
            if ($check->status === CheckStatus::Failed && in_array($check->id, ['folder_processed', 'folder_error'], true)) {
                return true;
            }
        }

        return false;
    }
}
