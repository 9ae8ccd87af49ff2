<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\Text;
use Symfony\Component\Console\Helper\Table;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * All accounts at a glance, and what to do about those that are not well.
 */
final class AccountList extends Command
{
    protected function configure(): void
    {
        $this->setName('account:list')->describe('Lists the accounts and how they stand');
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        $accounts = $this->client->listAccounts();
        if (self::wantsJson($input)) {
            foreach ($accounts as $account) {
                self::json($output, 'account', $account->jsonSerialize());
            }
        } elseif ($accounts === []) {
            $output->writeln($this->text('no account is set up'));
        } else {
            $table = new Table($output);
            $table->setStyle('compact');
            $table->setHeaders(array_map($this->text(...), ['account', 'state', 'expires in', 'signed in as', 'mailbox', 'what to do']));
            foreach ($accounts as $account) {
                $status = $account->status;
                $table->addRow([
                    Text::line($account->account),
                    $this->state($status) . ($account->enabled ? '' : ' (' . $this->text('disabled') . ')'),
                    $this->left($status->expiresAt),
                    Text::line($status->signedInAs ?? '–'),
                    Text::line($account->mailbox ?? $status->signedInAs ?? '–'),
                    Text::line($status->problem->remedy ?? ''),
                ]);
            }
            $table->render();
        }
        $exit = ExitCode::AllWell;
        foreach ($accounts as $account) {
            $exit = $account->enabled ? $exit->and(self::exitFor($account->status)) : $exit;
        }

        return $exit;
    }
}
