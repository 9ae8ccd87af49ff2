<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\AccountNotFoundException;
use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\Text;
use Squeeze\Graph\Console\UsageException;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * Deletes an account with its tokens, after a question.
 */
final class AccountRemove extends Command
{
    protected function configure(): void
    {
        $this->setName('account:remove')->describe('Deletes an account with its tokens')->needsAccount()
            ->addOption('yes', 'y', InputOption::VALUE_NONE, $this->text('do not ask'));
    }

    /** @throws AccountNotFoundException */
    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        $account = $this->client->getAccount($this->account($input))->account;
        if ($input->getOption('yes') !== true) {
            if (!$input->isInteractive()) {
                throw new UsageException('Say --yes to delete without a question.');
            }
            $question = $this->text('Delete %s with its tokens? Someone will have to sign in again.', $account);
            if (!$this->prompt($input, $output)->confirm($question, false)) {
                self::errors($output)->writeln($this->text('Nothing is deleted.'));

                return ExitCode::AllWell;
            }
        }
        $this->client->deleteAccount($account);
        if (self::wantsJson($input)) {
            $this->json($output, 'removed', ['account' => $account]);
        } else {
            $output->writeln(sprintf('<info>✓</info> %s', Text::line($this->text('%s is deleted', $account))));
        }

        return ExitCode::AllWell;
    }
}
