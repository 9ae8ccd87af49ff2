<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\RefreshTokens;
use Symfony\Component\Console\Input\InputArgument;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * Renews what is due, of all accounts or of those named, as the job `refresh-tokens` does; with --force what is not due, too.
 */
final class Refresh extends Command
{
    protected function configure(): void
    {
        $this->setName('refresh')->describe('Renews the tokens that are due, as the job does')
            ->addArgument('accounts', InputArgument::IS_ARRAY, $this->text('the accounts; none: all'))
            ->addOption('horizon', null, InputOption::VALUE_REQUIRED, $this->text('renew what ends within so many seconds'))
            ->addOption('force', 'f', InputOption::VALUE_NONE, $this->text('renew whatever is left of the old token'));
    }

    /** Named accounts are those of one store: in another they would be unknown. */
    protected function takesSeveralStores(InputInterface $input): bool
    {
        return $input->getArgument('accounts') === [];
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        /** @var list<string> $accounts */
        $accounts = $input->getArgument('accounts');
        $horizon = $input->getOption('force') === true ? 2_000_000_000 : self::number($input, 'horizon', 0);
        $script = ['--lang', $this->application->words->language];
        foreach ($accounts as $account) {
            array_push($script, '--account', self::accountName($account));
        }
        if ($horizon !== null) {
            array_push($script, '--horizon', (string) $horizon);
        }

        return ExitCode::from((new RefreshTokens())->main(['squeeze-graph refresh', ...$script, ...Import::shared($input, $output)]));
    }
}
